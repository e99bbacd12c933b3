"""The outside world: what a port of a context is answered by, chosen by a setting when the house starts."""

from collections.abc import Mapping

from gridhall.kernel.errors import GridhallError


class SettingInvalid(GridhallError):
    """A setting names something that does not exist; the message lists what does."""

    code = "setting_invalid"


def chosen(setting: str, value: str, offered: Mapping[str, str]) -> str:
    """The dotted name of the adapter that a setting chooses.

    Raises:
        SettingInvalid: when there is none of that name, so that a mistyped setting ends the start and not a sign-in.

    >>> chosen("GRIDHALL_CODES", "terminal", {"terminal": "a.B"})
    'a.B'
    """
    if value not in offered:
        raise SettingInvalid(
            f"The setting {setting} is {value!r}.", path=setting, remedy=f"It can be: {', '.join(sorted(offered))}."
        )
    return offered[value]
