"""What is owed for a home, as the person who looks may know it: from the ledger, with what was paid taken off."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from gridhall.channels.hall.access import HallRequest
from gridhall.contexts.billing import queries as billing
from gridhall.contexts.billing.queries import Owing, OwnBill
from gridhall.contexts.identity.types import Home
from gridhall.contexts.payments import queries
from gridhall.contexts.payments.queries import Owed


@dataclass(frozen=True)
class Standing:
    """What can be paid for a home.

    Attributes:
        accounts: the customer's own accounts that settle it, the oldest debt first; each with what it owes.
        home_fen: what is open for this home; ``whole_fen`` what these accounts owe in all; negative is a prepayment.
        whole: whether this person may see what the accounts owe in all.
        homes: the most homes that one of the accounts settles.
        elsewhere: somebody else's account settles this home.
        oldest_due, open_bills, overdue_fen: of the accounts; None and 0 where this person may not see them.
    """

    accounts: tuple[Owing, ...]
    owed: tuple[Owed, ...]
    home_fen: int
    whole_fen: int
    whole: bool
    homes: int
    elsewhere: bool
    oldest_due: date | None
    open_bills: int
    overdue_fen: int

    @property
    def several(self) -> bool:
        """Whether paying for the home and paying all of the account are different things."""
        return self.whole and self.homes > 1 and self.whole_fen != self.home_fen

    @property
    def ahead_fen(self) -> int:
        """What is paid in advance."""
        return max(-self.whole_fen, 0)


def derived(home: Home, accounts: Sequence[Owing], today: date, bills: Sequence[OwnBill] | None = None) -> list[Owing]:
    """The accounts of a home with ``here_fen`` as what is open of the bills that may be seen.

    Most accounts settle one home, and their balance says it: no query. Otherwise one, and one for the bills where the
    caller has none.
    """
    partial = [each.id for each in accounts if each.own and not (each.alone and home.owner)]
    if not partial:
        return list(accounts)
    if bills is None:
        bills = billing.own_bills(home.usage_point, home.customer, home.spans)
    open_fen = queries.open_bills(partial, today=today)
    here = sum(open_fen.get(billing.read_number(bill.number), 0) for bill in bills if bill.live)
    # A bill names no account here: what is open in all of them is told with the first.
    return [replace(each, here_fen=here if each.id == partial[0] else 0) if each.own else each for each in accounts]


def standing(request: HallRequest) -> Standing:
    """What is owed for the home of a page. Four queries at most."""
    home = request.home
    found = billing.owing(home.usage_point, home.customer, home.spans, request.today)
    settling = found[0] if found else None
    own = [each for each in derived(home, found, request.today) if each.own]
    owed = queries.owed_of([each.id for each in own], today=request.today)
    own.sort(key=lambda each: (not each.now, owed[each.id].oldest_due or date.max, each.id))
    whole = home.owner
    return Standing(
        accounts=tuple(own),
        owed=tuple(owed[each.id] for each in own),
        home_fen=sum(each.balance_fen if each.alone and home.owner else each.here_fen for each in own),
        whole_fen=sum(each.balance_fen for each in own) if whole else 0,
        whole=whole,
        homes=max((each.usage_points for each in own), default=0) if whole else 0,
        elsewhere=settling is not None and settling.now and not settling.own,
        oldest_due=min((day for each in own if (day := owed[each.id].oldest_due)), default=None) if whole else None,
        open_bills=sum(owed[each.id].open_bills for each in own) if whole else 0,
        overdue_fen=sum(owed[each.id].overdue_fen for each in own) if whole else 0,
    )
