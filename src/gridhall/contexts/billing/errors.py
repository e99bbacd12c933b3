"""Why billing does not do what it was asked."""

from gridhall.kernel.errors import Refused


class RunInProgress(Refused):
    """Another run, or a correction, is writing bills now; there is one at a time."""

    code = "bill_run_in_progress"


class NothingToBillFrom(Refused):
    """No readings have been imported, so a run would only park everything."""

    code = "no_readings_imported"


class MonthNotOver(Refused):
    """The span is not over yet, so its readings cannot be complete."""

    code = "month_not_over"


class RulesInvalid(Refused):
    """``rules/billing.yaml`` cannot be used; the path says where."""

    code = "billing_rules_invalid"


class BillCancelled(Refused):
    """The bill is cancelled already; the one that replaces it is named."""

    code = "bill_cancelled"


class NothingToCorrect(Refused):
    """The bill computed anew is the same to the fen."""

    code = "nothing_to_correct"


class CannotCorrect(Refused):
    """A correction would put a wrong bill in the place of another; the reason is that of the parked item."""

    code = "cannot_correct"


class NotReleasable(Refused):
    """The parked item needs a change of data, not a decision."""

    code = "not_releasable"


class ReasonMissing(Refused):
    """A decision about money has to say why."""

    code = "reason_missing"


class NothingToCompare(Refused):
    """A simulation found no agreement to compare."""

    code = "nothing_to_compare"


class FontMissing(Refused):
    """No font with Chinese characters is installed, so a Chinese bill cannot be printed."""

    code = "font_missing"


class PrintingFailed(Refused):
    """The template could not be set; the message is the typesetter's."""

    code = "printing_failed"


class OpeningsInvalid(Refused):
    """A file of opening positions cannot be taken in; the path says where it is wrong."""

    code = "openings_invalid"


class CorrectionWaiting(Refused):
    """A correction of this bill waits for a decision already."""

    code = "correction_waiting"


class CorrectionDecided(Refused):
    """The request was decided or withdrawn in the meantime."""

    code = "correction_decided"


class SecondPersonNeeded(Refused):
    """Who asks for a correction cannot be the one who decides it; withdrawing is the asker's alone."""

    code = "second_person_needed"
