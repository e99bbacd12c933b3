"""`gridhall tariff import-urdb` and `import-taipower`: rates of others as tariff documents of this house."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gridhall.channels.cli.output import people, refusals, show_json, show_table
from gridhall.kernel.errors import GridhallError

if TYPE_CHECKING:
    from gridhall.contexts.tariffs.operations.importing import Meter


class BadChoice(GridhallError):
    """An option says something that cannot be read."""

    code = "bad_option"


def register(app: typer.Typer) -> None:
    """Add the commands to the group ``tariff``, which is made where no other module has made it yet."""
    group = next((each.typer_instance for each in app.registered_groups if each.name == "tariff"), None)
    if group is None:
        group = typer.Typer(no_args_is_help=True, help="Tariff documents: check, price, import.")
        app.add_typer(group, name="tariff")
    group.command("import-urdb")(import_urdb)
    group.command("import-taipower")(import_taipower)


@refusals
def import_urdb(
    file: Annotated[Path, typer.Argument(help="URDB JSON: {'items': […]}, a list, or a bare rate.")],
    label: Annotated[str | None, typer.Option(help="Which rate, where the file holds several.")] = None,
    tiers: Annotated[
        Literal["chronological", "proportional"],
        typer.Option(help="How tiers fill in a month of several periods: as the energy was used, or pro rata."),
    ] = "chronological",
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day of the version; by default any day.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The document as JSON; a refusal as {'error': …}.")] = False,
) -> None:
    """Print a US rate of OpenEI's Utility Rate Database as a tariff document.

    What cannot be priced exactly is refused with its reason and its place in the JSON, exit status 2.

    Example: gridhall tariff import-urdb rate.json --start 2026-01-01 > content/tariffs/rate.yaml
    """
    from gridhall.contexts.tariffs.operations.importing import urdb

    first: date = urdb.ALWAYS if start is None else start.date()
    _show(urdb.content(file, label=label, within=tiers, start=first), as_json)


@refusals
def import_taipower(
    file: Annotated[Path, typer.Argument(help="The collection of Taipower's plans, JSON.")],
    plan: Annotated[str | None, typer.Option(help="Id of a plan; without it the plans are listed.")] = None,
    monthly: Annotated[bool, typer.Option(help="Bill monthly what is billed every two months otherwise.")] = False,
    meter: Annotated[
        str | None, typer.Option(help="Phase, volts, amperes, where they set a minimum use: single,110,10.")
    ] = None,
    contract: Annotated[str | None, typer.Option(help="Kind of contract, where the plan has several.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The document as JSON; a refusal as {'error': …}.")] = False,
) -> None:
    """Print a plan of Taiwan Power as a tariff document.

    Example: gridhall tariff import-taipower plans.json --plan residential_simple_2_tier
    """
    from gridhall.contexts.tariffs.operations.importing import taipower

    choice = taipower.Choice(monthly=monthly, meter=_meter(meter), contract=contract)
    if plan is not None:
        _show(taipower.content(file, plan, choice), as_json)
        return
    rows: list[dict[str, Any]] = []
    for each, name in taipower.plans(file).items():
        try:
            taipower.content(file, each, choice)
            rows.append({"plan": each, "name": name, "refused": []})
        except taipower.TaipowerRefused as refused:
            rows.append({"plan": each, "name": name, "refused": [one.reason.value for one in refused.because]})
    if as_json:
        show_json({"plans": rows})
    else:
        show_table(
            "Taipower's plans",
            ["plan", "name", "refused because"],
            [[row["plan"], row["name"], ", ".join(row["refused"])] for row in rows],
        )


def _show(content: dict[str, Any], as_json: bool) -> None:
    from gridhall.contexts.tariffs.operations.importing import as_yaml

    if as_json:
        show_json(content)
    else:
        people.out(as_yaml(content), highlight=False, end="")


def _meter(text: str | None) -> "Meter | None":
    from gridhall.contexts.tariffs.operations.importing import Meter

    if text is None:
        return None
    phase, _, rest = text.partition(",")
    volts, _, amperes = rest.partition(",")
    if phase not in ("single", "three") or not volts.isdigit() or not amperes.isdigit():
        raise BadChoice(f"{text!r} is no meter.", path="--meter", remedy="Write it like single,110,10.")
    return Meter(phase, int(volts), int(amperes))
