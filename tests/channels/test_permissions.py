"""Guards: who sees what. Every address of the house, for everybody who may knock, with what they get.

The table is the rule and the addresses are the resolver's: one that is missing here fails, and so does a row of an
address that is gone. What does not belong to somebody is not there for them (404), as if it did not exist.
"""

from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from tests.world import SAMPLES, Address, World, addresses, path

#: The owner of a home; who was shared its bills, not its usage; the customer of another; clerks of the branch that
#: serves the home and of another; the county's manager; the utility's auditor; who administers the site.
PEOPLE = ("nobody", "owner", "reader", "stranger", "clerk", "elsewhere", "manager", "tariffs", "auditor", "admin")
#: What they get: a status, ``sign-in`` for being sent to sign in, ``on`` for being sent to another page.
#: What does not answer to GET (405) is a form, and is posted empty. ``admin:*`` is every page of the administration
#: without parameters.
TABLE = """
method address                        nobody  owner   reader  stranger clerk   elsewhere manager tariffs auditor admin
GET    web.colours                    200     200     200     200      200     200       200     200     200     200
GET    web.logo                       200     200     200     200      200     200       200     200     200     200
GET    web.manifest                   200     200     200     200      200     200       200     200     200     200
GET    web.worker                     200     200     200     200      200     200       200     200     200     200
GET    web.offline                    200     200     200     200      200     200       200     200     200     200
GET    web.language                   405     405     405     405      405     405       405     405     405     405
POST   web.language                   404     404     404     404      404     404       404     404     404     404
GET    web.theme                      405     405     405     405      405     405       405     405     405     405
POST   web.theme                      404     404     404     404      404     404       404     404     404     404
GET    hall.home                      sign-in on      on      on       on      on        on      on      on      on
GET    hall.home-of                   sign-in 200     200     404      404     404       404     404     404     404
GET    hall.bills                     sign-in 200     200     404      404     404       404     404     404     404
GET    hall.usage                     sign-in 200     404     404      404     404       404     404     404     404
GET    hall.me                        sign-in 200     200     200      200     200       200     200     200     200
GET    web.second-factor              200     200     200     200      200     200       200     200     200     200
GET    account_login                  200     on      on      on       on      on        on      on      on      on
GET    account_logout                 on      200     200     200      200     200       200     200     200     200
GET    account_inactive               200     200     200     200      200     200       200     200     200     200
GET    account_signup                 on      on      on      on       on      on        on      on      on      on
GET    account_reauthenticate         sign-in 200     200     200      200     200       200     200     200     200
GET    account_email                  on      on      on      on       on      on        on      on      on      on
GET    account_email_verification_sent on     on      on      on       on      on        on      on      on      on
GET    account_change_password        sign-in 200     200     200      200     200       200     200     200     200
GET    account_set_password           sign-in on      on      on       on      on        on      on      on      on
GET    account_reset_password         200     200     200     200      200     200       200     200     200     200
GET    account_confirm_login_code     on      on      on      on       on      on        on      on      on      on
GET    account_confirm_email          on      on      on      on       on      on        on      on      on      on
GET    account_verify_phone           on      on      on      on       on      on        on      on      on      on
GET    account_change_phone           sign-in 200     200     200      200     200       200     200     200     200
GET    account_reset_password_from_key_done 200 200   200     200      200     200       200     200     200     200
GET    account_reset_password_from_key 200    200     200     200      200     200       200     200     200     200
GET    account_reset_password_done    200     200     200     200      200     200       200     200     200     200
GET    account_request_login_code     200     on      on      on       on      on        on      on      on      on
GET    mfa_index                      sign-in 200     200     200      200     200       200     200     200     200
GET    mfa_authenticate               on      on      on      on       on      on        on      on      on      on
GET    mfa_reauthenticate             sign-in on      on      on       on      on        on      on      on      on
GET    mfa_activate_totp              sign-in on      on      on       on      on        on      on      on      on
GET    mfa_deactivate_totp            sign-in 404     404     404      404     404       404     404     404     404
GET    mfa_view_recovery_codes        sign-in 404     404     404      404     404       404     404     404     404
GET    mfa_generate_recovery_codes    sign-in on      on      on       on      on        on      on      on      on
GET    mfa_download_recovery_codes    sign-in 404     404     404      404     404       404     404     404     404
GET    mfa_list_webauthn              sign-in 200     200     200      200     200       200     200     200     200
GET    mfa_add_webauthn               sign-in on      on      on       on      on        on      on      on      on
GET    mfa_reauthenticate_webauthn    sign-in on      on      on       on      on        on      on      on      on
GET    mfa_remove_webauthn            sign-in on      on      on       on      on        on      on      on      on
GET    mfa_edit_webauthn              sign-in on      on      on       on      on        on      on      on      on
GET    mfa_login_webauthn             on      on      on      on       on      on        on      on      on      on
GET    usersessions_list              sign-in 200     200     200      200     200       200     200     200     200
GET    web.session-end                405     405     405     405      405     405       405     405     405     405
POST   web.session-end                sign-in 404     404     404      404     404       404     404     404     404
GET    console.work                   sign-in 404     404     404      200     200       200     200     200     200
GET    console.search                 sign-in 404     404     404      200     200       200     200     200     403
GET    console.imports                sign-in 404     404     404      200     200       200     200     200     403
GET    console.freshness              sign-in 404     404     404      200     200       200     200     200     403
GET    console.imports-jobs           sign-in 404     404     404      200     200       200     200     200     403
GET    console.imports-job            sign-in 404     404     404      200     200       200     200     200     403
GET    console.import                 sign-in 404     404     404      200     200       200     200     200     403
GET    console.quarantine             sign-in 404     404     404      200     200       200     200     200     403
GET    console.quarantine-replace     sign-in 404     404     404      200     200       200     403     403     403
GET    console.quarantine-again       sign-in 404     404     404      405     405       405     403     403     403
POST   console.quarantine-again       sign-in 404     404     404      on      on        on      403     403     403
GET    console.quarantine-download    sign-in 404     404     404      200     200       200     200     200     403
GET    console.quarantine-upload      sign-in 404     404     404      405     405       405     403     403     403
POST   console.quarantine-upload      sign-in 404     404     404      422     422       422     403     403     403
GET    console.freshness-areas        sign-in 404     404     404      on      on        on      on      on      403
GET    console.freshness-area         sign-in 404     404     404      200     404       200     200     200     403
GET    console.runs                   sign-in 404     404     404      200     200       200     200     200     403
GET    console.parked                 sign-in 404     404     404      200     200       200     200     200     403
GET    console.approvals              sign-in 404     404     404      200     200       200     200     200     403
GET    console.tariffs                sign-in 404     404     404      200     200       200     200     200     200
GET    admin:*                        sign-in 403     403     403      403     403       403     403     403     200/403
GET    hall.bill                      sign-in 200     200     404      404     404       404     404     404     404
GET    hall.bill-pdf                  sign-in 200     200     404      404     404       404     404     404     404
GET    hall.bill-compare              sign-in 200     200     404      404     404       404     404     404     404
GET    hall.bill-recompute            405     405     405     405      405     405       405     405     405     405
POST   hall.bill-recompute            sign-in 200     200     404      404     404       404     404     404     404
GET    hall.usage-year                sign-in 200     404     404      404     404       404     404     404     404
GET    hall.usage-month               sign-in 200     404     404      404     404       404     404     404     404
GET    hall.usage-day                 sign-in 200     404     404      404     404       404     404     404     404
GET    hall.usage-supply              sign-in 200     404     404      404     404       404     404     404     404
GET    hall.usage-download            sign-in 200     404     404      404     404       404     404     404     404
GET    hall.me-homes                  sign-in 200     200     200      200     200       200     200     200     200
GET    hall.me-link                   sign-in 200     200     200      200     200       200     200     200     200
GET    hall.me-link-code              sign-in on      on      on       on      on        on      on      on      on
GET    hall.me-link-bill              sign-in on      on      on       on      on        on      on      on      on
GET    hall.me-home                   sign-in 200     200     404      404     404       404     404     404     404
GET    hall.me-unlink                 sign-in 200     200     404      404     404       404     404     404     404
GET    hall.me-share                  sign-in 200     404     404      404     404       404     404     404     404
GET    hall.me-shares                 sign-in 200     200     200      200     200       200     200     200     200
GET    hall.me-identifiers            sign-in 200     200     200      200     200       200     200     200     200
GET    hall.me-identifier             405     405     405     405      405     405       405     405     405     405
POST   hall.me-identifier             sign-in 404     404     404      404     404       404     404     404     404
GET    hall.me-email                  sign-in on      on      on       on      on        on      on      on      on
GET    hall.me-security               sign-in 200     200     200      200     200       200     200     200     200
GET    hall.me-privacy                sign-in 200     200     200      200     200       200     200     200     200
GET    console.counter                sign-in 404     404     404      200     200       200     403     403     403
GET    console.counter-open           405     405     405     405      405     405       405     405     405     405
POST   console.counter-open           sign-in 404     404     404      404     404       404     403     403     403
GET    console.counter-take           sign-in 404     404     404      on      on        on      403     403     403
GET    console.counter-close          sign-in 404     404     404      on      on        on      403     403     403
GET    console.counter-receipt        sign-in 404     404     404      404     404       404     404     404     403
GET    console.counter-void           sign-in 404     404     404      403     403       404     403     403     403
GET    console.counter-drawers        sign-in 404     404     404      200     200       200     200     200     403
GET    console.counter-drawer         sign-in 404     404     404      404     404       404     404     404     403
GET    console.debit                  sign-in 404     404     404      403     403       403     403     403     403
GET    console.debit-batch            sign-in 404     404     404      403     403       403     403     403     403
GET    console.debit-file             sign-in 404     404     404      403     403       403     403     403     403
GET    console.debit-answer           sign-in 404     404     404      403     403       403     403     403     403
GET    console.debit-announce         405     405     405     405      405     405       405     405     405     405
POST   console.debit-announce         sign-in 404     404     404      403     403       403     403     403     403
GET    console.debit-make             405     405     405     405      405     405       405     405     405     405
POST   console.debit-make             sign-in 404     404     404      403     403       403     403     403     403
GET    console.debit-import           405     405     405     405      405     405       405     405     405     405
POST   console.debit-import           sign-in 404     404     404      403     403       403     403     403     403
GET    demo-gateway.pay               404     404     404      404     404       404     404     404     404     404
POST   demo-gateway.pay               404     404     404      404     404       404     404     404     404     404
GET    hall.verify                    200     200     200     200      200     200       200     200     200     200
GET    console.bill-sources           sign-in 404     404     404      200     404       200     200     200     403
GET    console.bill-correct           sign-in 404     404     404      200     404       200     403     403     403
GET    console.customer-readings      sign-in 404     404     404      200     404       200     200     200     403
GET    console.customer-past          sign-in 404     404     404      200     404       200     200     200     403
GET    console.customer-trail         sign-in 404     404     404      403     403       200     403     200     403
GET    console.customer-unmask        sign-in 404     404     404      200     404       200     403     403     403
GET    console.run-start              sign-in 404     404     404      404     404       404     403     403     403
GET    console.run                    sign-in 404     404     404      200     200       200     200     200     403
GET    console.parked-release         sign-in 404     404     404      on      on        on      403     403     403
GET    console.parked-item            sign-in 404     404     404      200     404       200     200     200     403
GET    console.tariff-new             sign-in 404     404     404      403     403       403     200     403     403
GET    console.tariff-check           405     405     405     405      405     405       405     405     405     405
POST   console.tariff-check           sign-in 404     404     404      403     403       403     200     403     403
GET    console.tariff-schema          sign-in 404     404     404      403     403       403     200     403     403
GET    console.what-if-preview        sign-in 404     404     404      403     403       200     200     200     403
GET    hall.pay                       sign-in 200     200     404      404     404       404     404     404     404
GET    hall.pay-records               sign-in 200     404     404      404     404       404     404     404     404
GET    hall.pay-record                sign-in 200     404     404      404     404       404     404     404     404
GET    hall.pay-autopay               sign-in 200     404     404      404     404       404     404     404     404
GET    hall.pay-several               sign-in 200     200     200      200     200       200     200     200     200
GET    hall.pay-for-others            sign-in 200     200     200      200     200       200     200     200     200
GET    hall.pay-notify                200     200     200     200      200     200       200     200     200     200
GET    hall.pay-order                 sign-in 200     404     404      404     404       404     404     404     404
GET    hall.pay-go                    sign-in on      404     404      404     404       404     404     404     404
GET    hall.pay-back                  303     303     303     303      303     303       303     303     303     303
GET    hall.pay-payer                 sign-in on      404     404      404     404       404     404     404     404
GET    hall.pay-state                 sign-in 200     404     404      404     404       404     404     404     404
GET    hall.pay-receipt               sign-in 200     404     404      404     404       404     404     404     404
GET    hall.pay-record-pdf            sign-in 200     404     404      404     404       404     404     404     404
GET    hall.pay-receipt-pdf           sign-in 200     404     404      404     404       404     404     404     404
GET    hall.payment-points            200     200     200     200      200     200       200     200     200     200
GET    hall.ways-to-pay               200     200     200     200      200     200       200     200     200     200
GET    hall.ways-to-pay-article       200     200     200     200      200     200       200     200     200     200
GET    hall.guide-file                200     200     200     200      200     200       200     200     200     200
GET    hall.me-revoke                 sign-in 200     404     404      404     404       404     404     404     404
GET    console.bill                   sign-in 404     404     404      200     404       200     200     200     403
GET    console.customer               sign-in 404     404     404      200     404       200     200     200     403
GET    console.run-job                sign-in 404     404     404      on      404       on      on      on      403
GET    console.run-bills              sign-in 404     404     404      200     200       200     200     200     403
GET    console.approval               sign-in 404     404     404      200     404       200     200     200     403
GET    console.tariff                 sign-in 404     404     404      200     200       200     200     200     200
GET    console.tariff-draft           sign-in 404     404     404      403     403       200     200     200     403
GET    console.tariff-decision        405     405     405     405      405     405       405     405     405     405
POST   console.tariff-decision        sign-in 404     404     404      403     403       409     403     403     403
GET    console.tariff-withdraw        405     405     405     405      405     405       405     405     405     405
POST   console.tariff-withdraw        sign-in 404     404     404      403     403       403     409     403     403
GET    console.what-if                sign-in 404     404     404      403     403       200     200     200     403
GET    console.what-if-job            sign-in 404     404     404      403     403       on      on      on      403
GET    console.arrears                sign-in 404     404     404      200     200       200     403     403     403
GET    console.arrear                 sign-in 404     404     404      200     404       200     403     403     403
GET    console.receipts               sign-in 404     404     404      200     200       200     200     200     403
GET    console.receipt                sign-in 404     404     404      200     404       200     200     200     403
GET    console.receipt-refund         405     405     405     405      405     405       405     405     405     405
POST   console.receipt-refund         sign-in 404     404     404      403     403       422     403     403     403
GET    console.receipt-chargeback     405     405     405     405      405     405       405     405     405     405
POST   console.receipt-chargeback     sign-in 404     404     404      403     403       422     403     403     403
GET    console.refunds                sign-in 404     404     404      403     403       200     403     403     403
GET    console.refund-decision        405     405     405     405      405     405       405     405     405     405
POST   console.refund-decision        sign-in 404     404     404      403     403       422     403     403     403
GET    console.payment-messages       sign-in 404     404     404      200     200       200     403     403     403
GET    console.reconciliation         sign-in 404     404     404      200     200       200     403     403     403
GET    console.reconciliation-cases   sign-in 404     404     404      200     200       200     403     403     403
GET    console.reconciliation-case    sign-in 404     404     404      200     200       200     403     403     403
POST   console.reconciliation-case    sign-in 404     404     404      409     409       409     403     403     403
GET    console.reconciliation-day     sign-in 404     404     404      200     200       200     403     403     403
GET    console.reconciliation-statement 405   405     405     405      405     405       405     405     405     405
POST   console.reconciliation-statement sign-in 404   404     404      on      on        on      403     403     403
GET    console.reconciliation-close   405     405     405     405      405     405       405     405     405     405
POST   console.reconciliation-close   sign-in 404     404     404      409     409       409     403     403     403
GET    console.reconciliation-reopen  405     405     405     405      405     405       405     405     405     405
POST   console.reconciliation-reopen  sign-in 404     404     404      409     409       409     403     403     403
GET    console.ledger                 sign-in 404     404     404      200     200       200     200     200     403
GET    console.ledger-file            sign-in 404     404     404      200     200       200     200     200     403
GET    console.what-if-result         sign-in 404     404     404      403     403       200     200     200     403
GET    hall.prepay                    sign-in on      on      404      404     404       404     404     404     404
GET    hall.prepay-off                sign-in 404     404     404      404     404       404     404     404     404
GET    hall.prepay-state              sign-in 404     404     404      404     404       404     404     404     404
GET    hall.prepay-pressed            405     405     405     405      405     405       405     405     405     405
POST   hall.prepay-pressed            sign-in on      on      404      404     404       404     404     404     404
GET    hall.prepay-agree              sign-in 200     404     404      404     404       404     404     404     404
GET    hall.prepay-end                sign-in on      404     404      404     404       404     404     404     404
GET    console.supply                 sign-in 404     404     404      200     200       200     200     200     403
GET    console.supply-point           sign-in 404     404     404      200     404       200     200     200     403
GET    console.supply-decide          405     405     405     405      405     405       405     405     405     405
POST   console.supply-decide          sign-in 404     404     404      403     403       404     403     403     403
GET    console.supply-approvals       sign-in 404     404     404      200     200       200     200     200     403
GET    console.supply-commands        sign-in 404     404     404      200     200       200     200     200     403
GET    console.supply-alert           sign-in 404     404     404      200     200       200     403     403     403
GET    console.protections            sign-in 404     404     404      200     200       200     200     200     403
GET    console.protection-end         405     405     405     405      405     405       405     405     405     405
POST   console.protection-end         sign-in 404     404     404      404     404       404     403     403     403
GET    console.places                 sign-in 404     404     404      403     403       200     403     403     403
GET    console.place-new              sign-in 404     404     404      403     403       200     403     403     403
GET    console.places-export          sign-in 404     404     404      403     403       200     403     403     403
GET    console.places-import          sign-in 404     404     404      403     403       200     403     403     403
GET    console.place                  sign-in 404     404     404      403     403       200     403     403     403
GET    console.places-file            sign-in 404     404     404      403     403       200     403     403     403
GET    console.places-file-bad        sign-in 404     404     404      403     403       200     403     403     403
GET    console.guide                  sign-in 404     404     404      403     403       200     403     403     403
GET    console.guide-new              sign-in 404     404     404      403     403       200     403     403     403
GET    console.guide-files            sign-in 404     404     404      403     403       200     403     403     403
GET    console.guide-article          sign-in 404     404     404      403     403       200     403     403     403
GET    console.guide-preview          405     405     405     405      405     405       405     405     405     405
POST   console.guide-preview          sign-in 404     404     404      403     403       200     403     403     403
GET    console.guide-move             405     405     405     405      405     405       405     405     405     405
POST   console.guide-move             sign-in 404     404     404      403     403       on      403     403     403
"""


def rows() -> dict[tuple[str, str], tuple[str, ...]]:
    """The table: (method, name of the address) → answer for each of `PEOPLE`."""
    head, *lines = TABLE.strip().splitlines()
    assert tuple(head.split()[2:]) == PEOPLE
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for line in lines:
        method, name, *answers = line.split()
        assert len(answers) == len(PEOPLE), line
        assert (method, name) not in found, line
        found[method, name] = tuple(answers)
    return found


def group(name: str) -> str:
    """The row of an address."""
    return "admin:*" if name.startswith("admin:") else name


def knockable() -> list[Address]:
    """Every address with a name; of the administration those without parameters and with something of their own."""
    framework = {"login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n", "app_list"}
    return [
        each
        for each in addresses()
        if each.name
        and not (each.name.startswith("admin:") and (each.parameters or each.name.split(":")[1] in framework))
    ]


def test_the_table_has_every_address_and_no_other() -> None:
    known = {group(each.name) for each in knockable()}
    told = {name for _, name in rows()}
    assert known - told == set(), "say who may see them"
    assert told - known == set(), "there are no such addresses"


def test_everybody_gets_what_the_table_says(world: World) -> None:
    clients = {who: world.client(who) for who in PEOPLE}
    told = rows()
    by_name: dict[str, list[Address]] = {}
    for each in knockable():
        by_name.setdefault(group(each.name), []).append(each)
    wrong = []
    for name, same in by_name.items():
        if any(set(each.parameters) - {"home"} and each.name not in SAMPLES for each in same):
            wrong.append(f"{name}: tests/world.py has no sample of its parameters")
            continue
        got: tuple[str, ...] = ()
        for method in ("GET", "POST"):
            expected = told.get((method, name))
            if method == "POST" and expected is None and "405" not in got:
                continue
            got = tuple(
                "/".join(sorted({knock(clients[who], method, path(world, who, each)) for each in same}))
                for who in PEOPLE
            )
            if got != expected:
                wrong.append(line(method, name, got))
    if wrong:
        raise AssertionError("\n".join(["what they get is not what the table says:", *wrong]))


def knock(client: Client, method: str, where: str) -> str:
    """What somebody gets; nothing that the knocking changes is kept."""
    with transaction.atomic():
        response = client.generic(method, where)
        response.close()
        transaction.set_rollback(True)
    return word(response)


def word(response: HttpResponse) -> str:
    if response.status_code in (301, 302):
        return "sign-in" if "/login/?next=" in response.headers["Location"] else "on"
    return str(response.status_code)


def line(method: str, name: str, answers: tuple[str, ...]) -> str:
    """A row as the table writes it."""
    head = TABLE.strip().splitlines()[0]
    ends = [head.index(f" {who}") + 1 for who in PEOPLE]
    text = f"{method:6} {name}"
    for at, answer in zip(ends, answers, strict=True):
        text = f"{text:{at}}{answer}" if len(text) < at else f"{text} {answer}"
    return text
