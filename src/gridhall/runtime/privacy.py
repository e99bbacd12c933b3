"""Which columns hold personal data: the one list that masking, exports and the tests of the architecture go by.

A column is named ``application.Model.field``. Whoever adds a column that may say something about a person adds it here,
or to `NOT_PERSONAL` with the reason; `tests/architecture` finds the ones that were forgotten.
"""

from typing import Final

#: Shown masked unless a permission and a reason say otherwise.
PERSONAL: Final[frozenset[str]] = frozenset(
    {
        "accounts.Customer.name",
        "accounts.Customer.phone",
        "accounts.Customer.credential",
        "accounts.ServiceLocation.address",
        "accounts.ServiceLocation.longitude",
        "accounts.ServiceLocation.latitude",
        "accounts.UsagePoint.longitude",
        "accounts.UsagePoint.latitude",
        "accounts.CustomerAgreement.household_size",
        "accounts.CustomerAgreement.allowance",
        "accounts.Protection.evidence",
        "identity.User.phone",
        "identity.User.email",
        "identity.User.first_name",
        "identity.User.last_name",
        "identity.User.display_name",
        "identity.Share.phone",
        "identity.Identifier.value",
        "identity.Challenge.target",
        "billing.Bill.household_size",
        "billing.Bill.allowance",
        "payments.DebitMandate.debtor_name",
        "payments.DebitMandate.bank_account",
    }
)

#: Looks personal by its name and is not: column → why.
NOT_PERSONAL: Final[dict[str, str]] = {
    "accounts.Organisation.name": "a unit of the utility",
    "accounts.Substation.name": "an asset of the utility",
    "accounts.Substation.longitude": "an asset of the utility",
    "accounts.Substation.latitude": "an asset of the utility",
    "accounts.Feeder.name": "an asset of the utility",
    "accounts.TransformerArea.name": "an asset of the utility",
    "accounts.TransformerArea.longitude": "an asset of the utility",
    "accounts.TransformerArea.latitude": "an asset of the utility",
    "identity.User.phone_verified": "yes or no",
    "identity.User.username": "a staff number, or made up",
    "identity.Link.name": "what its owner calls a home, shown to nobody else",
    "identity.Share.name": "what its grantee calls a home, shown to nobody else",
    "metering.PeerUsage.household_band": "a group of eleven homes or more",
    "metering.Import.file_name": "a file of the utility",
    "payments.PointFile.name": "the name of a file of places",
    "payments.PaymentPoint.name": "a place open to everybody",
    "payments.PaymentPoint.name_en": "a place open to everybody",
    "payments.PaymentPoint.address": "a place open to everybody",
    "payments.PaymentPoint.address_en": "a place open to everybody",
    "payments.PaymentPoint.phone": "a place open to everybody",
    "payments.PaymentPoint.longitude": "a place open to everybody",
    "payments.PaymentPoint.latitude": "a place open to everybody",
}
