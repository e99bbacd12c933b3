"""Why payments does not do what it was asked."""

from datetime import datetime

from gridhall.kernel.errors import Refused


class RulesInvalid(Refused):
    """``rules/payments.yaml`` cannot be used; the path says where."""

    code = "payment_rules_invalid"


class OrderEnded(Refused):
    """The order is paid or closed."""

    code = "order_ended"


class AmountOutOfBounds(Refused):
    """Less or more than this utility takes at once."""

    code = "amount_out_of_bounds"


class BeingPaid(Refused):
    """What accounts owe is being paid by an order that is open.

    Attributes:
        since, until: when that order was made, and how long it can be paid.
        own: its number, where it is the same payer's and can make way; empty otherwise.
    """

    code = "being_paid"

    def __init__(self, message: str, *, since: datetime, until: datetime, own: str = "", path: str = "") -> None:
        super().__init__(message, path=path)
        self.since = since
        self.until = until
        self.own = own


class OwesLess(Refused):
    """An account owes less than is meant to be paid of its debt: somebody has paid in the meantime."""

    code = "owes_less"


class MoreThanCame(Refused):
    """More would go back than came, or than is left of it."""

    code = "refund_too_large"


class RefundNotDone(Refused):
    """The gateway will not send the money back."""

    code = "refund_not_done"


class FeeControlRulesInvalid(Refused):
    """``rules/fee_control.yaml`` cannot be used; the path says where."""

    code = "fee_control_rules_invalid"


class AlreadyControlled(Refused):
    """The usage point has an agreement on fee control already."""

    code = "fee_control_agreed_already"


class NotControlled(Refused):
    """The usage point has no agreement on fee control."""

    code = "fee_control_not_agreed"


class CaseMoved(Refused):
    """A cut-off is not, or no longer, at the stage that this needs."""

    code = "cut_off_not_at_that_stage"


class RefundReasonMissing(Refused):
    """A refund without a reason."""

    code = "refund_reason_missing"


class RefundDecided(Refused):
    """The refund waits for nobody any more."""

    code = "refund_decided"


class NotBySamePerson(Refused):
    """Two people are needed."""

    code = "two_people_needed"


class DrawerOpen(Refused):
    """Somebody has a drawer open already."""

    code = "drawer_open"


class NoDrawerOpen(Refused):
    """Money is taken into a drawer, and none is open."""

    code = "no_drawer_open"


class DocumentMissing(Refused):
    """A payment by card or cheque without the number of its slip."""

    code = "document_missing"


class NotVoidable(Refused):
    """A payment at the counter that cannot be voided any more."""

    code = "not_voidable"


class ReasonMissing(Refused):
    """Something that needs a reason has none."""

    code = "reason_missing"


class DebitRefused(Refused):
    """A file of direct debits cannot be made, or a bank's answer not be taken in; the path says where."""

    code = "debit_refused"


class DebitAnswered(DebitRefused):
    """The bank's answer was taken in before."""

    code = "debit_answered"


class MandateInvalid(Refused):
    """A mandate for direct debit cannot be recorded so."""

    code = "mandate_invalid"


class AutopayRefused(Refused):
    """An account cannot be paid by itself so."""

    code = "autopay_refused"


class ReceiptNotPrinted(Refused):
    """A receipt cannot be printed; the message says why."""

    code = "receipt_not_printed"
