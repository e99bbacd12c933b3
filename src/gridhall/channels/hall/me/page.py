"""What the person's pages have in common: the frame with the current home, who acts, refusals in words."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.forms import Form
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gridhall.channels.hall.access import HallRequest, current_home, person_page
from gridhall.kernel import clock
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.runtime.audit import Act

P = ParamSpec("P")
#: What is said beside the form for each code that the person's own steps can be refused by.
WORDS: Final[dict[str, str | Promise]] = {
    "too_many_attempts": _("Too many attempts. For safety this is closed for a while; try again tomorrow or call us."),
    "already_linked": _("You have linked this account number already."),
    "phone_invalid": _("Please enter a mobile number of 11 digits."),
    "already_shared": _("This home is shared with that number already. Revoke that share first."),
    "identifier_taken": _("This is not free. Please choose another one."),
    "identifier_invalid": _("This cannot be used. Please check it."),
    "last_identifier": _("You could not sign in any more. First set a password and another identifier."),
}
#: Where one code means several things, the place says which.
PLACES: Final[dict[tuple[str, str], str | Promise]] = {
    ("proof_wrong", "code"): _("The code does not fit. Please check it, or ask for another one."),
    ("proof_wrong", "bill"): _("These do not belong together. Please check all three on a bill of the last 12 months."),
    ("share_invalid", "rights"): _("Choose bills or usage."),
    ("share_invalid", "end"): _("The last day lies in the past."),
    ("share_invalid", "data_from"): _("The data would begin after the share ends."),
    ("share_invalid", "phone"): _("This is your own number."),
}


def me_page(
    view: Callable[Concatenate[HallRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Guards a page of the person; the navigation keeps the home last looked at. One query."""

    @wraps(view)
    def framed(request: HallRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if (home := current_home(request)) is not None:
            request.home = home
        return view(request, *args, **kwargs)

    return person_page(framed)  # type: ignore[arg-type]


def person(request: HttpRequest) -> int:
    """The id of who is signed in."""
    assert request.user.pk is not None
    return request.user.pk


def act(request: HttpRequest) -> Act:
    """The person acting for themself, now."""
    return Act(actor=f"person:{request.user.pk}", at=clock.now())


def own_home(request: HallRequest, key: str, *, owner: bool = False) -> Any:
    """The home of this key among the person's.

    Raises:
        NotFound: when there is none, or it has to be their own and is not.
    """
    found = next((home for home in request.homes if home.key == key and (home.owner or not owner)), None)
    if found is None:
        raise NotFound("There is no such home.", path="home")
    return found


def refuse(form: Form, error: GridhallError) -> None:
    """Say beside the form why something was refused; what is not for the form goes on to the error page."""
    said = PLACES.get((error.code, error.path)) or WORDS.get(error.code)
    if said is None:
        raise error
    form.add_error(error.path if error.path in form.fields else None, str(said))
