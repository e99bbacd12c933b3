"""`gridhall logins`: who can sign in to the demo utility, and the codes of their authenticator apps."""

from typing import Annotated, Any

import typer

from gridhall.channels.cli import output
from gridhall.channels.cli.startup import act, with_database
from gridhall.kernel import clock
from gridhall.kernel.errors import NotFound
from gridhall.runtime.localtime import local_day

logins = typer.Typer(help="People and staff of the demo utility who can sign in.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(logins, name="logins")


@logins.command("show")
@output.refusals
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document for programs.")] = False,
) -> None:
    """List the logins of the demo utility; missing ones are made.

    Example: [bold]gridhall logins show[/]
    """
    with_database()
    found = ensure()
    if as_json:
        output.show_json([form(each) for each in found])
    else:
        show_logins(found)


@logins.command("code")
@output.refusals
def code(number: Annotated[str, typer.Argument(help="The staff number, for instance C1001.")]) -> None:
    """Print what the authenticator app of a member of the demo's staff shows now.

    Example: [bold]gridhall logins code C1001[/]
    """
    with_database()
    from gridhall.journeys.demo.logins import code_now

    output.people.print(code_now(number), highlight=False)


def ensure() -> list[Any]:
    """The logins of the demo utility that is here, made where they are missing.

    Raises:
        NotFound: when there is no demo utility here.
    """

    from gridhall.journeys.demo import cast, pack
    from gridhall.journeys.demo.logins import create
    from gridhall.journeys.demo.utility import Period

    state = _demo_state()
    utility = cast.build(pack.read(state.size), seed=state.seed, period=Period.up_to(state.founded))
    today = local_day(clock.now())
    return create(utility.roles, act=act(), today=max(today, state.founded))


def form(login: Any) -> dict[str, str]:
    """A login for programs."""
    return {
        "who": login.who, "name": login.name, "sign_in": login.sign_in, "password": login.password,
        "detail": login.detail, "secret": login.secret,
    }  # fmt: skip


def show_logins(found: list[Any]) -> None:
    """The logins for people: how to sign in as whom."""
    output.show_table(
        "Logins: by password, or by a code that this terminal shows",
        ("who", "name", "sign in as", "password", "has"),
        [(each.who, each.name, each.sign_in, each.password, each.detail) for each in found],
    )
    output.people.print(
        "Staff are asked for a second factor: [bold]gridhall logins code C1001[/] prints the current one.",
        highlight=False,
    )


def _demo_state() -> Any:
    from django.conf import settings

    from gridhall.journeys.demo import state
    from gridhall.journeys.demo.build import folder

    found = state.load(folder(settings.HOME) / "state.json")
    if found is None:
        raise NotFound("There is no demo utility here.", path=str(settings.HOME), remedy="Build it: gridhall demo")
    return found
