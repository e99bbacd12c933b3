"""People and staff of the demo utility who can sign in, so that every door can be tried at once."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import connection, transaction

from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.accounts.types import OrganisationLevel
from gridhall.contexts.identity import operations as identity
from gridhall.contexts.identity import queries
from gridhall.contexts.identity.operations.errors import AlreadyShared
from gridhall.contexts.identity.types import Proof, Relation, Right, canonical_phone
from gridhall.contexts.identity.types import Role as Job
from gridhall.journeys.demo import grid
from gridhall.journeys.demo.people import STATIONS
from gridhall.journeys.demo.utility import Role
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act

#: The password of all of them: they exist in the demo only.
PASSWORD: Final = "lanchuan-demo"
#: As many shops of the chain are linked: enough to switch between.
_SHOPS: Final = 5
_SUPPLIED: Final = """
    SELECT a.customer_id, c.name, c.phone FROM accounts_usagepoint u
    JOIN accounts_customeragreement a ON a.usage_point_id = u.id AND a.span @> %(today)s::date
    JOIN accounts_customer c ON c.id = a.customer_id
    WHERE u.number = %(number)s
"""
_HELD: Final = """
    SELECT a.usage_point_id FROM accounts_customeragreement a JOIN accounts_usagepoint u ON u.id = a.usage_point_id
    WHERE a.customer_id = %(customer)s AND a.span @> %(today)s::date ORDER BY u.number LIMIT %(limit)s
"""
#: The home under fee control that is linked already, else the one with the least money that has some.
_RUNS_LOW: Final = """
    SELECT f.usage_point_id, f.customer_id, l.id IS NOT NULL
    FROM payments_feecontrol f JOIN payments_feestate s ON s.control_id = f.id
    LEFT JOIN identity_link l ON l.user_id = %(owner)s AND l.usage_point_id = f.usage_point_id
        AND l.customer_id = f.customer_id AND l.ended_at IS NULL
    WHERE f.ended_at IS NULL AND (l.id IS NOT NULL OR s.balance_fen > 0)
    ORDER BY l.id IS NULL, s.balance_fen LIMIT 1
"""
_UNITS: Final = """
    SELECT o.code, o.name, o.level, p.code FROM accounts_organisation o
    LEFT JOIN accounts_organisation p ON p.id = o.parent_id
    LEFT JOIN accounts_usagepoint u ON u.organisation_id = o.id
    GROUP BY o.id, p.code ORDER BY o.level, count(u.id) DESC, o.code
"""


@dataclass(frozen=True)
class DemoLogin:
    """Somebody who can sign in.

    Attributes:
        who: what they show, in Chinese: ``多套住房的业主``.
        name: their name.
        sign_in: what they type: a phone or a staff number.
        password: with it; a customer may ask for a code instead.
        detail: what they have or where they work.
        secret: of a staff member's authenticator app; empty for customers.
    """

    who: str
    name: str
    sign_in: str
    password: str
    detail: str
    secret: str = ""

    @property
    def uri(self) -> str:
        """What an authenticator app reads; empty for customers."""
        return (
            f"otpauth://totp/gridhall-demo:{self.sign_in}?secret={self.secret}&issuer=gridhall" if self.secret else ""
        )


@dataclass(frozen=True)
class _Customer:
    id: int
    name: str
    phone: str


def create(roles: Mapping[Role, Sequence[str]], *, act: Act, today: date) -> list[DemoLogin]:
    """This will make the logins of the demo utility where they are missing, and give all of them in order of showing.

    Customers sign in by the phone that is registered for them. The owner of several homes has one more, under fee
    control. The landlord has shared a home with the tenant who settles for it; another tenant has nothing yet, to try
    linking. Staff have an authenticator app whose secret is known: ``gridhall logins code <number>`` says what it shows
    now.

    Args:
        roles: usage points by the part they play, as `Utility.roles` tells.
        act: who and when, for the audit trail.
        today: the utility's day; a day on which the demo's agreements hold.

    Returns:
        Home owner, landlord, tenant, tenant without anything, chain; clerk, clerk of another branch, manager, tariff
        officer, auditor. Whoever does not occur in a small utility is left out.
    """
    with transaction.atomic():
        return [*_customers(roles, act, today), *_staff(act, today)]


def _customers(roles: Mapping[Role, Sequence[str]], act: Act, today: date) -> list[DemoLogin]:
    taken: set[str] = set()
    logins = []

    def one(who: str, part: Role, limit: int, *, linked: bool = True) -> tuple[int, list[str]] | None:
        for number in roles.get(part, ()):
            customer = _supplied(number, today)
            phone = canonical_phone(customer.phone) if customer else None
            if customer is None or phone is None or phone in taken:
                continue
            taken.add(phone)
            user = _person(phone, act)
            keys = _linked(user, customer.id, limit, act, today) if linked else []
            detail = f"{len(keys)} 个户号" if keys else "尚未绑定户号"
            logins.append(DemoLogin(who, customer.name, phone, PASSWORD, detail))
            return user, keys
        return None

    owner = one("多套住房的业主", Role.SEVERAL_HOMES, 10)
    if owner is not None:
        _prepays(owner[0], logins, act, today)
    landlord = one("房东", Role.TENANT_SETTLES, 10)
    if landlord is not None:
        _let(landlord[0], landlord[1][-1:], logins, act, today)
    one("租客，尚未绑定", Role.LANDLORD_SETTLES, 0, linked=False)
    one("连锁便利店", Role.CHAIN_SHOP, _SHOPS)
    return logins


def _let(landlord: int, homes: list[str], logins: list[DemoLogin], act: Act, today: date) -> None:
    """The landlord's tenant: a phone that is nobody's, with a share that lasts a year."""
    phone = "15400009900"
    _person(phone, act)
    share = identity.NewShare(
        phone, Relation.TENANT, [Right.BILLS, Right.USAGE], data_from=today - timedelta(180), end=today + timedelta(365)
    )
    try:
        for home in homes:
            identity.share(landlord, home, share, act=act, today=today)
    except AlreadyShared:
        pass
    logins.append(DemoLogin("租客，房东已授权", "—", phone, PASSWORD, "账单和用电量，一年"))


def _prepays(owner: int, logins: list[DemoLogin], act: Act, today: date) -> None:
    """The owner of several homes has one more, under fee control, whose money runs low."""
    with connection.cursor() as cursor:
        cursor.execute(_RUNS_LOW, {"owner": owner})
        found = cursor.fetchone()
    if found is None:
        return
    point, customer, linked = found
    if not linked:
        identity.link(owner, usage_point=point, customer=customer, proof=Proof.DEMO, act=act)
    keys = [home.key for home in queries.homes_of(owner, today) if home.owner]
    logins[-1] = replace(logins[-1], detail=f"{len(keys)} 个户号，其中一户预付电费，余额不足")


def _person(phone: str, act: Act) -> int:
    user = get_user_model().objects.filter(phone=phone).first()
    if user is None or not user.phone_verified:
        found = identity.expect(phone, act=act)
        assert found is not None
        identity.confirm_phone(found, phone, act=act)
        _set_password(found)
        return found
    return int(user.pk)


def _set_password(user: int) -> None:
    person: Any = get_user_model().objects.get(pk=user)
    person.set_password(PASSWORD)
    person.save(update_fields=["password"])


def _linked(user: int, customer: int, limit: int, act: Act, today: date) -> list[str]:
    """The keys of the first homes of a customer, linked where they are not yet."""
    if not queries.homes_of(user, today):
        with connection.cursor() as cursor:
            cursor.execute(_HELD, {"customer": customer, "today": today, "limit": limit})
            points = [point for (point,) in cursor.fetchall()]
        for point in points:
            identity.link(user, usage_point=point, customer=customer, proof=Proof.DEMO, act=act)
    return [home.key for home in queries.homes_of(user, today) if home.owner]


def _supplied(number: str, today: date) -> _Customer | None:
    with connection.cursor() as cursor:
        cursor.execute(_SUPPLIED, {"number": number, "today": today})
        row = cursor.fetchone()
    return _Customer(*row) if row else None


def _staff(act: Act, today: date) -> list[DemoLogin]:
    with connection.cursor() as cursor:
        cursor.execute(_UNITS)
        units = cursor.fetchall()
    names = {code: name for code, name, _, _ in units}
    above = {code: parent for code, _, _, parent in units}
    stations = [code for code, _, level, _ in units if level == OrganisationLevel.STATION]
    counties = [code for code, _, level, _ in units if level == OrganisationLevel.COUNTY]
    if len(stations) < 2 and counties:
        # A small utility has one branch: an empty second one shows that it sees nothing of the first.
        stations.append(_second_station(counties[0], names, act))
        above[stations[-1]] = counties[0]
    # The manager decides what the first clerk asks for.
    county = above[stations[0]] if stations else grid.PROVINCE
    posts = [
        ("营业员", "C1001", "营业员 小禾", Job.CLERK, stations[0] if stations else grid.PROVINCE),
        ("另一供电所的营业员", "C2001", "营业员 小舟", Job.CLERK, stations[1] if len(stations) > 1 else ""),
        ("主管", "M1001", "主管 大林", Job.MANAGER, county),
        ("电价员", "T1001", "电价员 小满", Job.TARIFF_OFFICER, grid.PROVINCE),
        ("审计员", "A1001", "审计员 老周", Job.AUDITOR, grid.PROVINCE),
    ]
    return [
        _employed(DemoLogin(who, name, number, PASSWORD, names[unit], _secret(number)), job, unit, act, today)
        for who, number, name, job, unit in posts
        if unit
    ]


def _second_station(county: str, names: dict[str, str], act: Act) -> str:
    code = f"{county}-98"
    names[code] = f"{STATIONS[-1]}供电所"
    accounts.create_organisation(code, names[code], OrganisationLevel.STATION, parent=county, act=act)
    return code


def _employed(login: DemoLogin, job: Job, unit: str, act: Act, today: date) -> DemoLogin:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP

    user = identity.employ(login.sign_in, login.name, act=act)
    if queries.staff(user, today) is None:
        _set_password(user)
        identity.appoint(user, identity.Appointment(unit, job, today - timedelta(400)), act=act)
    if not Authenticator.objects.filter(user_id=user, type=Authenticator.Type.TOTP).exists():
        TOTP.activate(get_user_model().objects.get(pk=user), login.secret)
    return login


def _secret(number: str) -> str:
    return base64.b32encode(hashlib.sha256(f"gridhall demo {number}".encode()).digest()[:20]).decode()


def code_now(number: str) -> str:
    """The six digits that the authenticator app of a member of the demo's staff shows now.

    Raises:
        NotFound: when there is no such number, or its app was set up anew.
    """
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    secret = _secret(number)
    held = Authenticator.objects.filter(user__username=number, type=Authenticator.Type.TOTP).first()
    if held is None or held.data.get("secret") != secret:
        raise NotFound(f"No staff of the demo have the number {number}.", path="number")
    counters = list(yield_hotp_counters_from_time())
    return str(format_hotp_value(hotp_value(secret, counters[len(counters) // 2])))
