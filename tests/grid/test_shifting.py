"""Moving jobs in time, and water behind electricity: the note's table on 8,760 hours of four areas."""

from __future__ import annotations

import csv
import gzip
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from taotie.errors import RangeError
from taotie.grid.emissions import attributional_intensity_g_per_kwh
from taotie.grid.shifting import cleanest_hours, shifted

WATER = (
    0.011375264,
    0.305888397,
    9.53085463,
    0.332365056,
    0.264837457,
    1.553075995,
    2.182294839,
    1.789963656,
)
FUELS = ("WND", "SUN", "WAT", "OIL", "NG", "COL", "NUC", "OTH")


def _rows(shared_data: Path, area: str) -> list[dict[str, str]]:
    path = shared_data / "methods" / "eia930_2022_generation_ci_8ba.csv.gz"
    if not path.is_file():
        pytest.skip("hourly generation by fuel is not beside the project")
    return _by_area(path).get(area, [])


@lru_cache(maxsize=1)
def _by_area(path: Path) -> dict[str, list[dict[str, str]]]:
    """The hours of every area, read once."""
    found: dict[str, list[dict[str, str]]] = {}
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["ba"], []).append(row)
    return found


@pytest.mark.parametrize(
    ("area", "zone", "n", "mean", "saving"),
    [
        ("PJM", -5, 358, 351.19, (2.47, 2.58, 2.72, 2.87)),
        ("CISO", -8, 360, 302.89, (3.19, 5.42, 18.42, 39.41)),
        ("ERCO", -6, 361, 325.26, (3.43, 4.51, 5.13, 8.45)),
        ("MISO", -6, 361, 421.63, (1.79, 2.30, 2.70, 3.12)),
    ],
)
def test_published_shifting(shared_data, area, zone, n, mean, saving):
    rows = _rows(shared_data, area) or _rows(shared_data, {"CISO": "CAISO", "ERCO": "ERCOT"}[area])
    when = [datetime.fromisoformat(r["timestamp"]).replace(tzinfo=None) for r in rows]
    first = when[0]
    series = np.full(8760 + 48, np.nan)
    for time, row in zip(when, rows, strict=True):
        if row["avg_CI"]:
            series[int((time - first).total_seconds() // 3600)] = float(row["avg_CI"])
    planned = []
    day = datetime(2022, 1, 3, 1)
    while day <= datetime(2022, 12, 29, 1):
        planned.append(int((day - timedelta(hours=zone) - first).total_seconds() // 3600))
        day += timedelta(days=1)
    for window, percent in zip((2, 4, 6, 8), saving, strict=True):
        found = shifted(series, planned, window, 8)
        assert (found.n_job, round(found.before, 2)) == (n, mean)
        assert 100 * found.saving == pytest.approx(percent, abs=0.005)


@pytest.mark.parametrize(
    ("area", "with_hydro", "without"),
    [("PJM", 1.33, 1.15), ("MISO", 1.11, 0.95), ("SOCO", 1.26, 0.89), ("ERCOT", 0.62, 0.61), ("CAISO", 1.27, 0.45),
     ("NYIS", 2.63, 0.63), ("AZPS", 0.85, 0.85), ("BPAT", 7.53, 0.27)],
)  # fmt: skip
def test_published_water_of_electricity(shared_data, area, with_hydro, without):
    rows = _rows(shared_data, area) or _rows(shared_data, {"CAISO": "CISO", "ERCOT": "ERCO"}[area])
    made = np.array([[max(float(r[f] or 0.0), 0.0) for f in FUELS] for r in rows]).sum(axis=0)
    water = np.array(WATER)
    assert attributional_intensity_g_per_kwh(made, water) == pytest.approx(with_hydro, abs=0.006)
    water[2] = 0.0
    assert attributional_intensity_g_per_kwh(made, water) == pytest.approx(without, abs=0.006)


def test_published_score_of_carbon():
    from taotie.hardware.embodied import embodied_g
    from taotie.study.footprint import carbon_g

    assert carbon_g(0.3, 350.0) == pytest.approx(0.105)
    assert embodied_g(164.0, 5.0, 1.0, 1.2) == pytest.approx(0.00125, abs=5e-6)


def test_error_and_property():
    with pytest.raises(RangeError, match="leaves the series"):
        shifted([1.0, 2.0], [0], 1)
    with pytest.raises(RangeError, match="gap"):
        shifted([1.0, np.nan, 2.0], [1], 1)
    with pytest.raises(RangeError, match="do not fit"):
        cleanest_hours([1.0, np.nan], 2)
    rng = np.random.default_rng(0)
    series = rng.uniform(100, 600, 500)
    jobs = np.arange(20, 480, 7)
    after = [shifted(series, jobs, w).after for w in (0, 2, 6, 12)]
    assert after == sorted(after, reverse=True)
    assert shifted(series, jobs, 0).saving == 0
