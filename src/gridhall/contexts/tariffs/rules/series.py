"""The price that a dynamic component makes of its series: price × factor + adder, exact."""

from decimal import Decimal

import pyarrow as pa

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.document.parts import PRICE_PLACES
from gridhall.contexts.tariffs.types import PriceSeries
from gridhall.kernel.errors import Refused


class PriceTooFine(Refused):
    """A price of a series has more decimal places than are calculated with."""

    code = "price_too_fine"


def adjusted(series: PriceSeries, component: models.Dynamic) -> PriceSeries:
    """The series with the component's factor and adder applied.

    Raises:
        PriceTooFine: when a price then needs more than nine decimal places.
    """
    adder = component.adder.value if component.adder else Decimal(0)
    if component.factor == 1 and adder == 0:
        return series
    listed = series.table["prices"].to_pylist()
    exact = {
        price: Decimal(price).scaleb(-series.scale) * component.factor + adder
        for price in {price for day in listed for price in day if price is not None}
    }
    exponents = [value.normalize().as_tuple().exponent for value in exact.values()]
    scale = max([2, *(-exponent for exponent in exponents if isinstance(exponent, int))])
    if scale > PRICE_PLACES:
        raise PriceTooFine(f"A price of {component.code} has {scale} decimal places.", path=component.code)
    scaled = {price: int(value.scaleb(scale)) for price, value in exact.items()}
    prices = [[None if price is None else scaled[price] for price in day] for day in listed]
    table = series.table.set_column(
        series.table.schema.get_field_index("prices"), "prices", pa.array(prices, pa.list_(pa.int64()))
    )
    return PriceSeries(series.minutes, scale, table, series.source)
