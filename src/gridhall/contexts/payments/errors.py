"""Why payments does not do what it was asked."""

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
