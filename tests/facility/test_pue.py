"""PUE is at least 1, multiplies energy, and comes with a source."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.errors import BoundaryError, RangeError, SourceError
from taotie.facility.pue import (
    checked_pue,
    facility_energy_wh,
    facility_power_mw,
    published_pue,
    published_pues,
    pue_from_energy,
)
from taotie.quantity.figure import exact

pues = st.floats(1.0, 3.0)
energies = st.floats(0.0, 1e15)


@given(energy=energies, pue=pues)
def test_property_energy_is_linear_in_pue_and_never_falls(energy: float, pue: float) -> None:
    assert facility_energy_wh(energy, pue) == energy * pue
    assert facility_energy_wh(energy, pue) >= energy


@given(energy=st.floats(1e-6, 1e15), pue=pues)
def test_property_meters_give_the_pue_back(energy: float, pue: float) -> None:
    again = pue_from_energy(facility_energy_wh(energy, pue), energy)
    assert again == pytest.approx(pue)


def test_published_100000_h100() -> None:
    """Measured maximum and rated power of 100,000 H100 at PUE 1.15."""
    got = facility_power_mw([105.0, 127.5], 1.15)
    np.testing.assert_allclose(got, [120.8, 146.6], atol=0.05)


def test_worked_figures_move_to_the_facility() -> None:
    got = facility_energy_wh(exact(10.0, "kWh").with_boundary("server"), exact(1.2, "1"))
    assert (got.to("kWh").p50, got.boundary) == (pytest.approx(12.0), "facility")
    with pytest.raises(BoundaryError, match="server"):
        facility_energy_wh(exact(10.0, "kWh").with_boundary("accelerator"), exact(1.2, "1"))


def test_property_every_published_pue_is_possible() -> None:
    names = published_pues()
    assert {"uptime_2023", "google_2023", "aws_2023", "meta_2023", "ai_datacenter"} <= set(names)
    for name in names:
        pue = published_pue(name)
        assert 1.0 <= pue.p05 <= pue.p95 <= 2.0
        assert pue.source is not None
    assert published_pue().p05 >= 1.1


@each_row(
    ("value", "message", "hint"),
    [
        (0.92, "pue=0.92 is below 1.0", "0.92 looks like DCiE (IT/total); its PUE is 1.09"),
        (0.5, "pue=0.5 is below 1.0", "its PUE is 2.00"),
        (0.0, "pue=0 is below 1.0", "published values run from"),
        (-1.2, "pue=-1.2 is below 1.0", "published values run from"),
        (np.nan, "pue=nan is not a number", "published value"),
        (np.inf, "pue=inf is not a number", "published value"),
    ],
)
def test_error_impossible_pue(value: float, message: str, hint: str) -> None:
    with pytest.raises(RangeError, match=message) as caught:
        checked_pue([1.2, value])
    assert hint in caught.value.hint


def test_error_meters_and_names() -> None:
    with pytest.raises(RangeError, match="it_energy_wh=0"):
        pue_from_energy(10.0, 0.0)
    with pytest.raises(RangeError, match="is below 1"):
        pue_from_energy(9.0, 10.0)
    with pytest.raises(SourceError, match="google_2022"):
        published_pue("google_2022")
