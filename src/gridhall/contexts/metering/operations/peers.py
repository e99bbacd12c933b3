"""What similar homes used, worked out once a month for everybody at once."""

import numpy as np
import pyarrow as pa
from django.db import transaction

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.metering.models import PeerUsage
from gridhall.contexts.metering.queries.readings import opened
from gridhall.contexts.metering.rules.peers import household_band, spreads
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel
from gridhall.lake.totals import energy_of_each
from gridhall.runtime.audit import Act, record


def summarise_peers(month: DateSpan, *, act: Act) -> int:
    """This will work out anew what similar homes used in a calendar month, and return for how many groups.

    Only usage points under one agreement all month, with every reading there, count; groups of fewer than eleven are
    not kept. Nobody's own figure is stored. Repeating it replaces the figures of that month.

    Raises:
        ValueError: when the span is no calendar month.
    """
    if month != DateSpan.month(month.start.year, month.start.month):
        raise ValueError(f"similar homes are compared by calendar month, not over {month}")
    with opened(Channel.IMPORT, month) as readings:
        used = energy_of_each(readings)
    whole = np.asarray((used["days"].to_numpy() == month.days) & (used["missing"].to_numpy() == 0))
    rows = used.filter(pa.array(whole)).join(_members(month), "usage_point", join_type="inner")
    groups = list(
        zip(
            rows["organisation"].to_pylist(),
            rows["usage_class"].to_pylist(),
            map(household_band, rows["household_size"].to_pylist()),
            strict=True,
        )
    )
    found = [
        PeerUsage(
            organisation_id=unit, usage_class=usage_class, household_band=band, month=month.start, homes=spread.homes,
            lower_wh=spread.lower_wh, median_wh=spread.median_wh, upper_wh=spread.upper_wh, computed_at=act.at,
        )
        for (unit, usage_class, band), spread in spreads(groups, rows["wh"].to_numpy())
    ]  # fmt: skip
    with transaction.atomic():
        PeerUsage.objects.filter(month=month.start).delete()
        PeerUsage.objects.bulk_create(found, batch_size=2_000)
        record(act, "metering.peers.summarised", f"month:{month.start:%Y-%m}", {"groups": len(found)})
    return len(found)


def _members(month: DateSpan) -> pa.Table:
    """Usage points under one agreement all month: usage_point, organisation, usage_class, household_size."""
    agreed = accounts.billable(None, month)
    starts, ends = agreed["start"].to_numpy(), agreed["end"].to_numpy()
    whole = (starts == np.datetime64(month.start)) & (ends == np.datetime64(month.end))
    points = accounts.usage_points_of(None).select(["id", "usage_class"]).rename_columns(["usage_point", "usage_class"])
    listed = agreed.filter(pa.array(whole)).select(["usage_point", "organisation", "household_size"])
    return listed.join(points, "usage_point", join_type="inner")
