"""Numbers that an address asks for; what is none, or too large, counts as not asked."""

from django.http import HttpRequest

#: The largest number of a row.
LARGEST = 2**63 - 1
_MOST_PAGES = 10_000


def whole(text: str, most: int = LARGEST) -> int | None:
    r"""The whole number from 0 to ``most`` that a text is, in plain digits; None where it is none.

    >>> whole("12"), whole("²"), whole("-1"), whole("9" * 5000)
    (12, None, None, None)
    """
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    found = int(text)
    return found if found <= most else None


def page_of(request: HttpRequest, name: str = "page") -> int:
    """The page of a list that is asked for, from 1."""
    return min(max(whole(request.GET.get(name, ""), 10**7) or 1, 1), _MOST_PAGES)
