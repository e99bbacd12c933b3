"""Guards: the tables keep to the architecture: keys point down, constraints have names, personal data are declared."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.postgres.constraints import ExclusionConstraint
from django.core.management import call_command
from django.db import connection, models

from gridhall.runtime import privacy

#: Who stands how high; a key may point to the same or a lower place, never to a neighbour.
HEIGHT = {"runtime": 0, "accounts": 1, "identity": 2, "metering": 3, "tariffs": 3, "billing": 4, "payments": 5}
#: Applications of the framework, below everything.
FRAMEWORK = {"auth", "contenttypes"}
OWN = [model for model in apps.get_models() if model.__module__.startswith("gridhall.")]
SOUNDS_PERSONAL = re.compile(
    r"name|phone|mobile|mail|address|credential|passport|birth|longitude|latitude|contact|person|household|allowance"
)
IDS = [model._meta.label for model in OWN]


def test_every_application_has_its_place() -> None:
    assert {model._meta.app_label for model in OWN} <= HEIGHT.keys()


@pytest.mark.parametrize("model", OWN, ids=IDS)
def test_foreign_keys_point_down(model: type[models.Model]) -> None:
    here = model._meta.app_label
    for field in model._meta.get_fields():
        if isinstance(field, models.ForeignKey | models.ManyToManyField | models.OneToOneField):
            target = field.related_model
            assert not isinstance(target, str)
            there = target._meta.app_label
            assert there == here or there in FRAMEWORK or HEIGHT[there] < HEIGHT[here], (
                f"{model._meta.label}.{field.name} → {there}"
            )


@pytest.mark.parametrize("model", OWN, ids=IDS)
def test_uniqueness_is_a_named_constraint(model: type[models.Model]) -> None:
    assert not model._meta.unique_together
    implicit = [
        field.name
        for field in model._meta.local_fields
        if field.unique and not field.primary_key and not isinstance(field, models.OneToOneField)
    ]
    assert not implicit, f"{model._meta.label}: {implicit} are unique without a named constraint"


@pytest.mark.parametrize("model", OWN, ids=IDS)
def test_what_looks_personal_is_declared(model: type[models.Model]) -> None:
    columns = {f"{model._meta.label}.{field.name}" for field in model._meta.local_fields}
    declared = privacy.PERSONAL | privacy.NOT_PERSONAL.keys()
    forgotten = {column for column in columns if SOUNDS_PERSONAL.search(column.rpartition(".")[2].lower())} - declared
    assert not forgotten, f"declare in runtime/privacy.py: {sorted(forgotten)}"


def test_nothing_is_declared_that_does_not_exist() -> None:
    columns = {f"{model._meta.label}.{field.name}" for model in OWN for field in model._meta.local_fields}
    assert privacy.PERSONAL | privacy.NOT_PERSONAL.keys() <= columns
    assert not privacy.PERSONAL & privacy.NOT_PERSONAL.keys()


@pytest.mark.parametrize("model", OWN, ids=IDS)
def test_no_created_at_as_business_data(model: type[models.Model]) -> None:
    automatic = [f.name for f in model._meta.local_fields if getattr(f, "auto_now", 0) or getattr(f, "auto_now_add", 0)]
    assert not automatic, f"{model._meta.label}: {automatic}: the moment is a parameter"
    moments = {f.name for f in model._meta.local_fields if isinstance(f, models.DateTimeField)}
    days = {f.name for f in model._meta.local_fields if isinstance(f, models.DateField)} - moments
    names = {f.name for f in model._meta.local_fields}
    misnamed = {n for n in names if n.endswith("_at")} - moments | {n for n in names if n.endswith("_date")} - days
    assert not misnamed, f"{model._meta.label}: `_at` is a moment, `_date` a day: {misnamed}"


def test_constraint_names_are_unique_and_start_with_their_application_or_table() -> None:
    names = [c.name for model in OWN for c in model._meta.constraints]
    assert len(names) == len(set(names))
    assert all(len(name) <= 63 for name in names)
    assert any(isinstance(c, ExclusionConstraint) for model in OWN for c in model._meta.constraints)


@pytest.mark.django_db
def test_the_database_has_every_declared_constraint() -> None:
    declared = {
        c.name
        for model in OWN
        for c in model._meta.constraints
        if not (isinstance(c, models.UniqueConstraint) and (c.condition or c.expressions))
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE contype IN ('c', 'u', 'x', 'n')")
        present = {name for (name,) in cursor.fetchall()}
    assert declared <= present


@pytest.mark.django_db
def test_migrations_and_models_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_migrations_are_numbered_without_gap() -> None:
    for config in apps.get_app_configs():
        if not config.name.startswith("gridhall."):
            continue
        numbers = sorted(path.name[:4] for path in (Path(config.path) / "migrations").glob("[0-9]*.py"))
        assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)], config.label
