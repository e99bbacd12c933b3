"""What similar homes used."""

from datetime import date

from gridhall.contexts.metering.models import PeerUsage
from gridhall.contexts.metering.rules.peers import household_band
from gridhall.contexts.metering.types.peers import PeerMonth
from gridhall.kernel.spans import DateSpan


def peers_of(organisation: int, usage_class: str, household_size: int | None, span: DateSpan) -> dict[date, PeerMonth]:
    """What homes like one used in the months that begin in a span, by the first day of the month. One query.

    Like one are those of the same class at the same unit, with as many persons where their number is known and there
    are enough of them. A month without enough of them is left out.

    Args:
        organisation: id of the unit.
        household_size: registered persons, where known.
        span: with an end.
    """
    bands = {"", household_band(household_size)}
    rows = PeerUsage.objects.filter(
        organisation_id=organisation, usage_class=usage_class, household_band__in=bands,
        month__gte=span.start, month__lt=span.end,
    ).order_by("household_band")  # fmt: skip
    # An empty band sorts first, so that the nearer comparison stands where there is one.
    return {
        row.month: PeerMonth(row.month, row.household_band, row.homes, row.lower_wh, row.median_wh, row.upper_wh)
        for row in rows
    }
