"""Power wanted, energised and missing."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.errors import RangeError
from taotie.fleet.forecast import fleet_forecast
from taotie.fleet.power_gap import portfolio_from, power_gap


def test_worked_power_gap() -> None:
    made = fleet_forecast()
    gap = power_gap(made, {"gas_engine": [100.0] * 50}, n_sample=500)
    assert gap.years[0] == 2026
    assert gap.energised_gw.max() <= 5.0 + 1e-9
    assert (gap.gap_gw <= gap.wanted_gw + 1e-9).all()
    assert (np.diff(gap.energised_gw, axis=1) >= 0).all()
    wanted = made.at("ai_chips_rated", 2030).p50 - made.at("ai_chips_rated", 2025).p50
    assert wanted < gap.wanted_gw[1, gap.years.index(2030)] < 3 * wanted
    with pytest.raises(RangeError, match="40x100"):
        portfolio_from("gas_engine=many")
