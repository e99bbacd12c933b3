"""Guards: places of Chinese maps come to lie where they are, there and back within a metre, elsewhere unmoved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhall.contexts.payments.queries.payment_points import metres
from gridhall.contexts.payments.rules.coordinates import CoordinateSystem, from_wgs84, to_wgs84

GCJ, BD, WGS = CoordinateSystem.GCJ_02, CoordinateSystem.BD_09, CoordinateSystem.WGS_84


@pytest.mark.parametrize(
    ("wgs", "gcj"),
    [
        # The examples of eviltransform's own tests: Shanghai, Shenzhen, Beijing.
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ],
)
def test_known_places(wgs, gcj):
    assert from_wgs84(wgs, GCJ) == pytest.approx(gcj, abs=1e-6)
    assert to_wgs84(gcj, GCJ) == pytest.approx(wgs, abs=1e-6)


def test_baidu_shifts_once_more():
    gcj = (116.404, 39.915)
    assert from_wgs84(to_wgs84(gcj, GCJ), BD) == pytest.approx((116.41036949371029, 39.92133699351022), abs=1e-6)


@given(
    st.tuples(st.floats(74, 134), st.floats(18.2, 53.5)),
    st.sampled_from(CoordinateSystem),
)
def test_there_and_back_is_less_than_a_metre(place, system):
    assert metres(to_wgs84(from_wgs84(place, system), system), place) < 1


@given(st.tuples(st.floats(-180, 72), st.floats(-90, 90)) | st.tuples(st.floats(138, 180), st.floats(-90, 90)))
def test_outside_of_china_nothing_moves(place):
    assert to_wgs84(place, GCJ) == place == from_wgs84(place, GCJ)


@given(st.tuples(st.floats(74, 134), st.floats(18.2, 53.5)))
def test_the_shift_is_some_hundred_metres(place):
    assert 1 < metres(from_wgs84(place, GCJ), place) < 2_000
    assert to_wgs84(place, WGS) == place
