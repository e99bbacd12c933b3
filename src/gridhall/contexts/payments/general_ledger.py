"""Which accounts of the general ledger a day's entries are booked to, from the content folder."""

from pydantic import BaseModel, ConfigDict, Field, RootModel

from gridhall.kernel.errors import Refused
from gridhall.runtime.rules import rules_of


class GeneralLedgerRulesInvalid(Refused):
    """``rules/general_ledger.yaml`` cannot be used; the path says where."""

    code = "general_ledger_rules_invalid"


class Accounts(BaseModel):
    """Numbers of accounts, booked from debit to credit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    debit: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.\-]{0,29}$")
    credit: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.\-]{0,29}$")


class GeneralLedgerRules(RootModel[dict[str, dict[str, Accounts]]]):
    """``rules/general_ledger.yaml``: kind of entry → gateway, or ``other`` → accounts."""

    def accounts(self, kind: str, gateway: str) -> Accounts:
        """Where entries of a kind by a gateway are booked.

        Raises:
            GeneralLedgerRulesInvalid: when the file does not say.
        """
        known = self.root.get(kind, {})
        found = known.get(gateway) or known.get("other")
        if found is None:
            raise GeneralLedgerRulesInvalid(
                f"It does not say where {kind} of {gateway or 'no gateway'} is booked.",
                path=f"general_ledger.yaml:{kind}", remedy="Add the gateway, or other.",
            )  # fmt: skip
        return found


def general_ledger_rules() -> GeneralLedgerRules:
    """The rules as the file says them now.

    Raises:
        GeneralLedgerRulesInvalid: when it is no YAML or says something unknown, with the place.
        NotFound: when there is none.
    """
    return rules_of("general_ledger", GeneralLedgerRules, GeneralLedgerRulesInvalid)
