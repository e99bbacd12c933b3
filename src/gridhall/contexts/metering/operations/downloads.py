"""That somebody took readings away, for the audit trail."""

from collections.abc import Sequence

from gridhall.contexts.metering.types.readings import DownloadFormat
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act, record


def note_download(number: str, spans: Sequence[DateSpan], form: DownloadFormat, *, act: Act) -> None:
    """This will note on the trail of a usage point that its readings were taken away.

    Args:
        number: of the usage point.
        spans: the days given, with ends.
    """
    days = [f"{span.start}/{span.end}" for span in spans]
    record(act, "metering.readings.downloaded", f"usage_point:{number}", {"days": days, "form": form.value})
