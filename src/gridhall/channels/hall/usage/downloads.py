"""Readings to take away: which days, in which form."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from gridhall.channels.web import formats
from gridhall.contexts.identity.types import Home
from gridhall.contexts.metering.types import DownloadFormat
from gridhall.kernel.spans import DateSpan

#: At most so many days at once: three years.
MOST_DAYS = 3 * 366
#: The ending and the type of each form of file.
FILES = {
    DownloadFormat.CSV: ("csv", "text/csv; charset=utf-8"),
    DownloadFormat.PARQUET: ("parquet", "application/vnd.apache.parquet"),
    DownloadFormat.GREEN_BUTTON: ("xml", "application/atom+xml; charset=utf-8"),
}


class DownloadForm(forms.Form):
    """The days, both included, and the form of the file."""

    first = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    form = forms.ChoiceField(
        label=_("Form of the file"),
        widget=forms.RadioSelect,
        choices=[
            (DownloadFormat.CSV.value, pgettext_lazy("file", "Table (CSV), opens in Excel: a line per reading")),
            (DownloadFormat.PARQUET.value, pgettext_lazy("file", "Parquet, for data analysis: a row per day")),
            (DownloadFormat.GREEN_BUTTON.value, pgettext_lazy("file", "Green Button (XML), for energy apps")),
        ],
    )

    def __init__(self, *args: Any, home: Home, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._home, self._today = home, today
        newest = today - timedelta(days=1)
        for name in ("first", "last"):
            self.fields[name].widget.attrs |= {"max": newest.isoformat()}

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order, days to come, too many days, and days that may not be seen."""
        found: dict[str, Any] = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if last is not None and last >= self._today:
            newest = formats.full_day(self._today - timedelta(days=1))
            self.add_error("last", _("Readings go up to yesterday, %(day)s.") % {"day": newest})
        elif first is not None and last is not None:
            if last < first:
                self.add_error("last", _("The last day lies before the first."))
            elif (last - first).days >= MOST_DAYS:
                self.add_error("first", _("At most three years at once. Choose a later first day."))
            elif not self._visible(first, last):
                since = formats.full_day(self._home.spans[0].start)
                self.add_error("first", _("You can see readings of this home from %(day)s on.") % {"day": since})
        return found

    def spans(self) -> tuple[DateSpan, ...]:
        """The days chosen, as far as they may be seen."""
        return self._visible(self.cleaned_data["first"], self.cleaned_data["last"])

    def _visible(self, first: date, last: date) -> tuple[DateSpan, ...]:
        return self._home.visible(DateSpan(first, last + timedelta(days=1)))

    def chosen(self) -> DownloadFormat:
        """The form of the file."""
        return DownloadFormat(self.cleaned_data["form"])

    def file_name(self) -> str:
        """What the file is called; it says nothing of whose it is."""
        spans = self.spans()
        end = spans[-1].end
        assert end is not None
        ending = FILES[self.chosen()][0]
        return f"usage-{spans[0].start}-{end - timedelta(days=1)}.{ending}"
