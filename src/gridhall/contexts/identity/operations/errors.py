"""What identity refuses, each with its own code."""

from gridhall.kernel.errors import GridhallError, Refused


class PhoneTaken(Refused):
    """A phone number belongs to another person who has confirmed it."""

    code = "phone_taken"


class PhoneInvalid(GridhallError):
    """A text is no phone number."""

    code = "phone_invalid"


class TooManyAttempts(Refused):
    """Somebody has tried too often; the remedy says how long to wait."""

    code = "too_many_attempts"


class ProofWrong(Refused):
    """A code, a bill or a 户号 does not fit; which of them is not said."""

    code = "proof_wrong"


class AlreadyLinked(Refused):
    """The person has linked this 户号 already."""

    code = "already_linked"


class ShareInvalid(GridhallError):
    """A share that would show nothing, to oneself, or never."""

    code = "share_invalid"


class AlreadyShared(Refused):
    """The home is shared with that phone already."""

    code = "already_shared"


class IdentifierTaken(Refused):
    """Somebody else is recognised by this."""

    code = "identifier_taken"


class IdentifierInvalid(GridhallError):
    """A text cannot be an identifier of that kind."""

    code = "identifier_invalid"


class LastIdentifier(Refused):
    """Without this identifier its owner could not sign in any more."""

    code = "last_identifier"


class ReasonMissing(GridhallError):
    """Personal data are shown for a reason only."""

    code = "reason_missing"


class NotPermitted(Refused):
    """The member of staff may not do this at that unit."""

    code = "not_permitted"


class PositionInvalid(GridhallError):
    """A position that cannot be held."""

    code = "position_invalid"
