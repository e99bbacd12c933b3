"""Charts as data: what is drawn, the sentence above it, and the table behind it for those who cannot see it.

A view makes a `Chart`, a template shows it by ``{% chart name %}``; `static/web/charts.js` draws it with the palette of
the page. Colours belong to roles, so that the same thing has the same colour everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from gridhall.channels.web import formats

#: What a series is, which decides its colour: periods of the day are fixed; ``muted`` is for comparison.
SeriesRole = Literal[
    "accent", "muted", "critical", "peak", "flat", "valley", "deep", "tier1", "tier2", "tier3", "export"
]
Kind = Literal["bars", "lines", "heat", "spread"]


@dataclass(frozen=True)
class Series:
    """Values along the chart's axis; None leaves a gap, which is how missing data looks.

    Attributes:
        estimated: which values were estimated, drawn hatched (bars) or dashed (lines); empty: none.
        stack: series of the same stack stand upon each other.
    """

    name: str
    values: Sequence[float | None]
    role: SeriesRole = "accent"
    estimated: Sequence[bool] = ()
    stack: str = ""


@dataclass(frozen=True)
class Band:
    """Places ``first`` to ``last`` of the axis, both included, that belong together: a period of the day."""

    first: int
    last: int
    role: SeriesRole
    name: str


@dataclass(frozen=True)
class Chart:
    """One chart.

    Attributes:
        name: unique on the page, letters and hyphens.
        kind: ``bars`` or ``lines`` over ``x``; ``heat``: one series for each row of a grid, ``x`` its columns;
            ``spread``: a distribution, ``x`` its bands.
        says: one sentence of what it shows, which stands above it.
        x_name, unit: of the axis and of the values.
        links: where a click on each place of the axis leads; empty: nowhere.
        row_links: of a heat map: where each of its rows leads.
        places: decimals of the table's figures.
        bands: stretches of the axis shaded behind lines.
        every: of so many places of the axis one is named; 0: as many as there is room for.
        marks: (value, label) of level lines across, such as a tier's limit.
    """

    name: str
    kind: Kind
    says: str
    x_name: str
    x: Sequence[str]
    unit: str
    series: Sequence[Series]
    links: Sequence[str] = ()
    places: int = 1
    marks: Sequence[tuple[float, str]] = field(default_factory=tuple)
    height: int = 260
    row_links: Sequence[str] = ()
    bands: Sequence[Band] = ()
    every: int = 0

    def drawing(self) -> dict[str, Any]:
        """What `charts.js` is given."""
        return {
            "kind": self.kind,
            "x": list(self.x),
            "xName": self.x_name,
            "unit": self.unit,
            "links": list(self.links),
            "rowLinks": list(self.row_links),
            "bands": [[each.first, each.last, each.role, each.name] for each in self.bands],
            "every": self.every,
            "places": self.places,
            "marks": [list(mark) for mark in self.marks],
            "series": [
                {
                    "name": each.name,
                    "role": each.role,
                    "stack": each.stack,
                    "values": [None if value is None else round(value, self.places + 2) for value in each.values],
                    "estimated": [int(flag) for flag in each.estimated],
                }
                for each in self.series
            ],
        }

    def head(self) -> list[str]:
        """The column heads of the table."""
        return [self.x_name, *(each.name for each in self.series)]

    def rows(self) -> list[tuple[str, list[tuple[str, bool]], str]]:
        """The rows of the table: label, (figure, estimated) of each series, link."""
        found = []
        for at, label in enumerate(self.x):
            cells = [
                (
                    "" if (value := each.values[at]) is None else formats.number(value, self.places),
                    bool(each.estimated and each.estimated[at]),
                )
                for each in self.series
            ]
            found.append((label, cells, self.links[at] if self.links else ""))
        return found

    def body(self) -> SafeString:
        """The rows of the table as HTML: hundreds of cells, which a template would take its time for."""
        none = format_html('<td class="figure"><span class="text-secondary">{}</span></td>', _("no data"))
        mark = format_html(' <span class="badge estimated">{}</span>', _("estimated"))
        parts: list[str] = []
        for label, cells, link in self.rows():
            named = format_html('<a href="{}">{}</a>', link, label) if link else escape(label)
            parts.append(f'<tr><th scope="row">{named}</th>')
            # A figure is digits and their marks only.
            parts += [
                f'<td class="figure">{told}{mark if guess else ""}</td>' if told else none for told, guess in cells
            ]
            parts.append("</tr>")
        return SafeString("".join(parts))
