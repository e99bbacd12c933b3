"""Customers, accounts, agreements and settlements of the demo utility, with every situation of `Role` among them."""

from datetime import date, timedelta
from itertools import count, pairwise
from typing import Final

from gridhall.contexts.accounts.types import CustomerKind, Terms
from gridhall.journeys.demo import offers, people
from gridhall.journeys.demo.grid import CITY
from gridhall.journeys.demo.roles import LET_HOMES, PLAIN_FAULTS, Cast
from gridhall.journeys.demo.utility import Account, Contract, Period, Person, Role, Settled, Utility

#: Days of the newest whole month, counted from 0, on which people move and settlements change.
_MOVE_OUT_DAY: Final = 4
_MOVE_IN_DAY: Final = 16
_SETTLEMENT_DAY: Final = 10


def sign(
    utility: Utility,
    cast: Cast,
    stations: list[int],
    chance: list[int],
    period: Period,
    ratings: dict[int, int],
    peaks: list[int],
) -> dict[int, tuple[date, date]]:
    """Add people, accounts, contracts and roles; give the rows that stand empty, each from a day to a day.

    Args:
        utility: with its points; row numbers index them.
        cast: who plays what.
        stations: the station's index of each row.
        chance: 64 drawn bits of each row.
        period: the days of the demo.
        ratings: VA of the own transformer of each works.
        peaks: rated W of each row.
    """
    signing = _Signing(utility, cast, stations, chance, period, ratings, peaks)
    signing.homes()
    signing.businesses()
    signing.chargers_and_heat_pumps()
    return signing.vacant


class _Signing:
    """The contracts made so far and the numbers given out."""

    def __init__(
        self,
        utility: Utility,
        cast: Cast,
        stations: list[int],
        chance: list[int],
        period: Period,
        ratings: dict[int, int],
        peaks: list[int],
    ) -> None:
        self.utility, self.cast, self.stations, self.chance = utility, cast, stations, chance
        self.period, self.ratings, self.peaks = period, ratings, peaks
        self.vacant: dict[int, tuple[date, date]] = {}
        self.holder: dict[int, tuple[str, str]] = {}  # row → customer and account of its latest contract
        self._serial = count(1)

    # -- the parts of a contract --------------------------------------------------------------------------------------

    def customer(self, row: int, name: str = "", kind: CustomerKind = CustomerKind.PERSON) -> tuple[str, str]:
        """A new customer with an account of their own; their numbers."""
        serial = next(self._serial)
        organisation = self.utility.points[row].organisation if kind is CustomerKind.PERSON else CITY
        name = name or people.person(self.chance[row] + serial)
        self.utility.people.append(Person(f"6{serial:09}", kind, name, people.phone(self.chance[row] + serial)))
        self.utility.accounts.append(Account(f"8{serial:09}", organisation, f"6{serial:09}"))
        return f"6{serial:09}", f"8{serial:09}"

    def contract(
        self,
        row: int,
        customer: str,
        account: str,
        tariff: str,
        *,
        start: date | None = None,
        end: date | None = None,
        terms: Terms = Terms(),
        changes: tuple[tuple[date, str], ...] = (),
    ) -> None:
        """An agreement for a row, settled by the account, and from later days on by others."""
        start = start or self.signed(row)
        turns = [(start, account), *changes]
        settled = [Settled(holder, since, until) for (since, holder), (until, _) in pairwise(turns)]
        settled.append(Settled(turns[-1][1], turns[-1][0], end))
        number = self.utility.points[row].number
        self.utility.contracts.append(Contract(number, customer, tariff, start, end, tuple(settled), terms))
        self.holder[row] = customer, turns[-1][1]

    def signed(self, row: int) -> date:
        """When a lasting agreement began: years before the first reading, on any day."""
        return self.period.first - timedelta(400 + self.chance[row] % 6_000)

    def flat(self, row: int) -> str:
        """The price without time of use of the row's place."""
        return offers.PLACES[self.stations[row] % len(offers.PLACES)].flat

    def timed(self, row: int) -> str:
        """The price by time of use of the row's place."""
        return offers.PLACES[self.stations[row] % len(offers.PLACES)].time_of_use

    def tag(self, role: Role, row: int) -> None:
        """Note that the row plays a role."""
        self.utility.roles[role].append(self.utility.points[row].number)

    # -- homes --------------------------------------------------------------------------------------------------------

    def homes(self) -> None:
        """Owners, families, landlords and tenants, movers; then all other homes."""
        homes, free = len(self.cast.homes), list(self.cast.plain)

        def next_rows(number: int) -> list[int]:
            taken, free[:] = free[:number], free[number:]
            return taken

        for role in (Role.GAP, Role.LONG_GAP, Role.SPIKE, Role.STUCK)[:PLAIN_FAULTS]:
            for row in next_rows(1):
                self.tag(role, row)
                self.contract(row, *self.customer(row), self.flat(row))
        for _ in range(max(1, homes // 300)):
            self._let(next_rows(LET_HOMES), Role.LANDLORD_SETTLES)
            self._let(next_rows(LET_HOMES), Role.TENANT_SETTLES)
            self._let(next_rows(LET_HOMES), Role.SETTLEMENT_CHANGE)
        for row in next_rows(max(2, homes // 150)):
            self._move(row)
        for row in next_rows(max(1, homes // 250)):
            self._leave(row)
        for row in next_rows(max(2, homes // 40)):
            self.tag(Role.PROTECTED, row)
            terms = Terms(household_size=1 + self.chance[row] % 4, allowance=offers.PROTECTED)
            self.contract(row, *self.customer(row), offers.WELFARE, terms=terms)
        for row in next_rows(max(2, homes // 20)):
            self.tag(Role.LARGE_HOUSEHOLD, row)
            terms = Terms(household_size=5 + self.chance[row] % 3)
            self.contract(row, *self.customer(row), offers.WELFARE, terms=terms)
        for index in range(max(2, homes // 60)):
            self._several(next_rows(2 + index % 3))
        self._equipped()
        for row in free:
            offered = self.timed(row) if self.chance[row] % 5 == 0 else self.flat(row)
            self.contract(row, *self.customer(row), offered, terms=self._family(row))

    def _family(self, row: int) -> Terms:
        return Terms(household_size=1 + self.chance[row] // 7 % 4)

    def _let(self, rows: list[int], role: Role) -> None:
        """A landlord with some homes to let; who holds the contract and who settles it differs by role."""
        if not rows:
            return
        landlord, landlord_account = self.customer(rows[0])
        for row in rows:
            self.tag(role, row)
            tenant, tenant_account = self.customer(row)
            moved_in = self.period.first - timedelta(30 + self.chance[row] % 300)
            if role is Role.LANDLORD_SETTLES:
                self.contract(row, tenant, landlord_account, self.flat(row), start=moved_in)
            elif role is Role.TENANT_SETTLES:
                self.contract(row, landlord, tenant_account, self.flat(row))
            else:
                change = self.period.last_month.start + timedelta(_SETTLEMENT_DAY)
                self.contract(
                    row, tenant, landlord_account, self.flat(row), start=moved_in, changes=((change, tenant_account),)
                )

    def _move(self, row: int) -> None:
        """One family leaves early in the newest whole month, the next one comes on the 17th; empty in between."""
        self.tag(Role.MOVED_IN, row)
        left = self.period.last_month.start + timedelta(_MOVE_OUT_DAY)
        came = self.period.last_month.start + timedelta(_MOVE_IN_DAY)
        self.contract(row, *self.customer(row), self.flat(row), end=left, terms=self._family(row))
        self.contract(row, *self.customer(row), self.flat(row), start=came, terms=self._family(row))
        self.vacant[row] = left, came

    def _leave(self, row: int) -> None:
        """Moved out two months ago; nobody has come since."""
        self.tag(Role.MOVED_OUT, row)
        left = self.period.last_month.start - timedelta(40 + self.chance[row] % 20)
        self.contract(row, *self.customer(row), self.flat(row), end=left, terms=self._family(row))
        self.vacant[row] = left, date.max

    def _several(self, rows: list[int]) -> None:
        """One owner of several homes, all on one account."""
        if not rows:
            return
        owner, account = self.customer(rows[0])
        for row in rows:
            self.tag(Role.SEVERAL_HOMES, row)
            self.contract(row, owner, account, self.flat(row), terms=self._family(row))

    def _equipped(self) -> None:
        """Homes with a charging post, a heat pump or photovoltaics."""
        charging = {self.cast.owner_of[row] for row in self.cast.home_chargers}
        plain = set(self.cast.plain)
        for row in self.cast.homes:
            if row in plain:
                continue
            offered = self.flat(row)
            if row in self.cast.solar:
                offered = offers.SOLAR_HOME
                self.tag(Role.PV_HOME, row)
                if self.utility.loads is not None and self.utility.loads.battery_wh[row]:
                    self.tag(Role.BATTERY_HOME, row)
            elif row in charging:
                offered = self.timed(row)
            if row in charging:
                self.tag(Role.EV_HOME, row)
            self.contract(row, *self.customer(row), offered, terms=self._family(row))

    # -- business -----------------------------------------------------------------------------------------------------

    def businesses(self) -> None:
        """Shops, the chain on one account, farms, and works on two-part prices."""
        organisation = CustomerKind.ORGANISATION
        for row in self.cast.shops:
            self.contract(row, *self.customer(row, people.shop(self.chance[row]), organisation), offers.SHOP)
        chain, account = self.customer(self.cast.chain[0], people.CHAIN, organisation)
        for row in self.cast.chain:
            self.tag(Role.CHAIN_SHOP, row)
            self.contract(row, chain, account, offers.SHOP)
        for row in self.cast.farms:
            self.tag(Role.FARM, row)
            self.contract(row, *self.customer(row, people.farm(self.chance[row]), organisation), offers.FARM)
        for index, row in enumerate(self.cast.works):
            self.tag(Role.FACTORY, row)
            terms = Terms(
                capacity_va=self.ratings[row],
                contract_demand_w=self.peaks[row] * (70 + self.chance[row] % 30) // 100 // 1000 * 1000,
                power_factor_standard=(90, 85, 90, 80)[self.chance[row] // 100 % 4],
            )
            name = people.works(self.chance[row])
            offered = offers.WORKS[index % len(offers.WORKS)]
            self.contract(row, *self.customer(row, name, organisation), offered, terms=terms)

    def chargers_and_heat_pumps(self) -> None:
        """Meters beside a home's own belong to the home's customer; public chargers to an operator."""
        organisation = CustomerKind.ORGANISATION
        operator: tuple[str, str] | None = None
        for row in self.cast.public_chargers:
            operator = operator or self.customer(row, people.CHARGING_OPERATOR, organisation)
            self.tag(Role.PUBLIC_CHARGER, row)
            self.contract(row, *operator, offers.PUBLIC_CHARGER)
        manager: tuple[str, str] | None = None
        for role, rows, offered in (
            (Role.HOME_CHARGER, self.cast.home_chargers, offers.HOME_CHARGER),
            (Role.HEAT_PUMP, self.cast.heat_pumps, offers.HEATING),
        ):
            for row in rows:
                self.tag(role, row)
                holder = self.holder.get(self.cast.owner_of[row])
                if holder is None:  # nobody lives in the building: the property company has it
                    manager = holder = manager or self.customer(row, people.PROPERTY_COMPANY, organisation)
                self.contract(row, *holder, offered)
