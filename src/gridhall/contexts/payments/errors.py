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
