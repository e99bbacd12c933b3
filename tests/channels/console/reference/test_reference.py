"""Guards: reference data are for administrators, changes are on the trail, phones stay masked, nothing is deleted."""

import pytest
from django.core.management import call_command
from django.urls import reverse
from tests.channels.console.customers.conftest import Desk

from gridhall.contexts.accounts.models import Organisation
from gridhall.contexts.identity.models import User
from gridhall.runtime.audit import trail
from gridhall.runtime.models import AuditEntry

PAGES = (
    "admin:index", "admin:accounts_organisation_changelist", "admin:accounts_transformerarea_add",
    "admin:identity_user_changelist", "admin:identity_user_add", "admin:identity_staffposition_changelist",
    "admin:tariffs_tariffversion_changelist", "admin:runtime_auditentry_changelist",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_it_is_for_administrators(desk: Desk, page: str) -> None:
    address = reverse(page)
    seen = {name: desk(name).get(address).status_code for name in ("clerk", "manager", "auditor", "administrator")}
    assert seen == {"clerk": 403, "manager": 403, "auditor": 403, "administrator": 200}


def test_its_pages_have_no_inline_script_or_style(desk: Desk) -> None:
    for page in PAGES:
        text = desk("administrator").get(reverse(page)).content.decode()
        assert "<style" not in text
        assert ' style="' not in text
        assert all("src=" in tag or "application/json" in tag for tag in text.split("<script")[1:])


def test_a_change_is_on_the_trail(desk: Desk) -> None:
    station = Organisation.objects.get(code="SH")
    address = reverse("admin:accounts_organisation_change", args=[station.pk])
    data = {"code": "SH", "name": "新名称", "level": 1, "parent": ""}
    assert desk("administrator").post(address, data).status_code == 302
    station.refresh_from_db()
    assert station.name == "新名称"
    (entry,) = trail(f"organisation:{station.pk}")
    assert (entry.actor, entry.action) == ("staff:administrator", "accounts.organisation.changed")
    assert entry.details["fields"]["name"] == ["上海", "新名称"]
    assert desk("clerk").post(address, data).status_code == 403


def test_what_the_database_refuses_is_a_message(desk: Desk) -> None:
    station = Organisation.objects.get(code="SH")
    address = reverse("admin:accounts_organisation_change", args=[station.pk])
    data = {"code": "a b/../", "name": "x" * 100, "level": 1, "parent": station.pk}
    assert desk("administrator").post(address, data, follow=True).status_code == 200
    station.refresh_from_db()
    assert station.code == "SH"


def test_a_new_member_of_staff_has_a_position_and_a_masked_phone(desk: Desk) -> None:
    administrator = desk("administrator")
    data = {
        "username": "g042", "display_name": "钱", "is_active": "on", "phone": "13800009876",
        "positions-TOTAL_FORMS": 1, "positions-INITIAL_FORMS": 0, "positions-0-role": "clerk",
        "positions-0-organisation": Organisation.objects.get(code="SH").pk, "positions-0-start_date": "2013-01-01",
    }  # fmt: skip
    assert administrator.post(reverse("admin:identity_user_add"), data).status_code == 302
    user = User.objects.get(username="g042")
    assert not user.has_usable_password()
    for address in (
        reverse("admin:identity_user_changelist"),
        reverse("admin:identity_user_change", args=[user.pk]),
    ):
        text = administrator.get(address).content.decode()
        assert "138****9876" in text
        assert "13800009876" not in text
    assert "13800009876" not in str(list(AuditEntry.objects.values_list("details", flat=True)))


def test_customers_are_not_there(desk: Desk) -> None:
    customer = User.objects.create(username="c-1", phone="13700001111")
    administrator = desk("administrator")
    assert "c-1" not in administrator.get(reverse("admin:identity_user_changelist")).content.decode()
    assert administrator.get(reverse("admin:identity_user_change", args=[customer.pk])).status_code == 302


def test_nothing_is_deleted_and_the_trail_is_only_read(desk: Desk) -> None:
    administrator = desk("administrator")
    station = Organisation.objects.get(code="SH")
    assert administrator.post(reverse("admin:accounts_organisation_delete", args=[station.pk])).status_code == 403
    assert administrator.get(reverse("admin:runtime_auditentry_add")).status_code == 403
    assert administrator.get(reverse("admin:tariffs_tariffversion_add")).status_code == 403


def test_signing_out_and_passwords_are_the_houses_own(desk: Desk) -> None:
    administrator = desk("administrator")
    assert administrator.post(reverse("admin:logout"))["Location"] == reverse("account_logout")
    assert administrator.get(reverse("admin:password_change"))["Location"] == reverse("account_change_password")


@pytest.mark.django_db
def test_the_pages_change_no_table() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
