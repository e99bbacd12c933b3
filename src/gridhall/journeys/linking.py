"""Linking a usage account to a person by a bill in hand: identity asks, billing knows."""

from datetime import date, timedelta
from typing import Final

from gridhall.contexts.billing import queries as billing
from gridhall.contexts.billing.queries.proving import charged
from gridhall.contexts.identity import operations as identity
from gridhall.contexts.identity.operations.errors import ProofWrong
from gridhall.contexts.identity.types import Proof
from gridhall.kernel.errors import GridhallError
from gridhall.runtime.audit import Act

#: How old a bill may be that proves something.
_RECENT: Final = timedelta(days=366)


def link_by_bill(user: int, number: str, bill: str, amount_fen: int, *, act: Act, today: date) -> str:
    """This will link a 户号 of which somebody has a bill of the last year, and give the key of the link.

    Args:
        user: who.
        number: the 户号 as typed.
        bill: the bill's number as printed.
        amount_fen: its total.
        act, today: who, when, and the utility's day.

    Raises:
        TooManyAttempts: when the person, or everybody at this 户号, has guessed too often.
        ProofWrong: when the three do not belong together, or the bill is older; which of them is not said.
        AlreadyLinked: when the person has it already.
    """
    wanted = "".join(number.split())
    identity.count_guess(user, wanted, act=act)
    try:
        number_read = billing.read_number("".join(bill.split())[:40])
        found = charged(number_read) if number_read < 2**63 else None
    except (GridhallError, ValueError):
        found = None
    if (
        found is None
        or found.number != wanted
        or found.total_fen != amount_fen
        or not today - _RECENT <= found.end <= today + timedelta(days=31)
    ):
        raise ProofWrong(
            "Account number, bill number and amount do not belong together.",
            path="bill",
            remedy="Check the three on a bill of the last twelve months.",
        )
    return identity.link(user, usage_point=found.usage_point, customer=found.customer, proof=Proof.BILL, act=act)
