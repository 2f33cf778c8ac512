"""Chips by quarter, owners, retirement; what a file of one's own may not be."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import DataError, RangeError, UnknownNameError
from taotie.fleet.stock import (
    alive,
    chip_stock,
    installed_power,
    log_spread,
    makers,
    owners,
    quarterly_additions,
    read_stock,
    survival,
    vintages,
)
from taotie.quantity.sampling import sampling


def test_published_end_of_2025() -> None:
    assert chip_stock("nvidia").rated_power_mw[-1].tolist() == [7413, 8562, 9782]
    assert sum(chip_stock(m).rated_power_mw[-1, 1] for m in makers()) == 12_387
    years = [date(y, 12, 31) for y in (2022, 2023, 2024, 2025)]
    stock = chip_stock("nvidia")
    ends = np.array([stock.rated_power_mw[stock.index(d), 1] for d in years])
    np.testing.assert_allclose(ends[1:] / ends[:-1], [3.39, 3.15, 2.33], atol=0.005)


def test_published_spread_of_each_maker() -> None:
    """Notes: NVIDIA 0.084, TPU 0.116, AMD 0.096, Trainium 0.101 at the end of 2025."""
    got = {
        m: float(log_spread(*chip_stock(m).rated_power_mw[-1, [0, 2]]))
        for m in ("nvidia", "google_tpu", "amd", "aws_trainium")
    }
    assert [round(v, 3) for v in got.values()] == [0.084, 0.116, 0.096, 0.101]


def test_published_sum_of_makers_is_drawn_not_added() -> None:
    """Independent: 11.2 to 13.8 GW; all over- or underestimated together: 10.6 to 14.3."""
    with sampling(50_000, 1):
        apart, together = installed_power(), installed_power(correlated=True)
    np.testing.assert_allclose([apart.p05, apart.p95], [11_200, 13_800], atol=60)
    # the notes add the printed ends, which are not quite lognormal
    np.testing.assert_allclose([together.p05, together.p95], [10_600, 14_300], atol=120)
    assert apart.boundary == "accelerator"
    p05 = sum(chip_stock(m).rated_power_mw[-1, 0] for m in makers())
    assert apart.p05 > p05  # percentiles do not add


def test_matches_the_publishers_files(shared_data: Path) -> None:
    folder = shared_data / "upstream" / "epoch-ai-chip-counts" / "csv_export"
    with (folder / "nvidia_cumulative_totals.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if not r["Incomplete"]]
    stock = chip_stock("nvidia")
    assert len(rows) == len(stock.dates)
    for row, power in zip(rows, stock.rated_power_mw, strict=True):
        assert float(row["Power in MW (median)"]) == power[1]
        assert float(row["Power in MW (95th percentile)"]) == power[2]


def test_matches_vintages_by_chip(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chips by type and quarter add up to the totals we transcribed, to a percent: medians do not add exactly."""
    monkeypatch.setenv("TAOTIE_DATA", str(shared_data / "upstream"))
    for maker in makers():
        stock = chip_stock(maker)
        assert stock.units is not None
        total = sum(
            n for ends in vintages(maker).values() for d, n in ends.items() if d <= stock.dates[-1]
        )
        assert total == pytest.approx(stock.units[-1, 1], rel=0.06)
    assert {"A100", "H100"} <= set(vintages("nvidia"))


def test_error_vintages_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAOTIE_DATA", str(tmp_path))
    with pytest.raises(DataError, match="data fetch epoch-ai-chip-counts"):
        vintages("nvidia")
    with pytest.raises(UnknownNameError, match="nvidia"):
        vintages("nvida")


def test_published_owners() -> None:
    found = owners()
    assert sum(found.values()) == pytest.approx(12_387)
    assert found["microsoft"] == pytest.approx(1866.22 + 149.52)
    assert min(found.values()) > 0


def test_worked_survival() -> None:
    assert survival(5.0, 5.0).round(3) == 0.44  # lognormal: the median lies below the mean
    assert survival(0.0, 5.0) == 1
    life = np.linspace(0.0, 40.0, 200_001)
    mean = np.trapezoid(survival(life, 5.0), life)
    assert mean == pytest.approx(5.0, abs=1e-3)


def test_matches_plain_loop() -> None:
    rng = np.random.default_rng(3)
    added, life = rng.uniform(1, 9, (4, 12)), rng.uniform(4, 6, 4)
    slow = np.zeros((4, 12))
    for i in range(4):
        for t in range(12):
            slow[i, t] = sum(
                added[i, v] * float(survival((t - v + 0.5) / 4, life[i])) for v in range(t + 1)
            )
    np.testing.assert_allclose(alive(added, life), slow, rtol=1e-12)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.floats(1, 10), st.floats(0, 100))
def test_property_alive_is_linear_and_never_more_than_delivered(
    added: list[float], life: float, k: float
) -> None:
    stock = alive(added, life)
    assert (stock <= np.cumsum(added) * (1 + 1e-12) + 1e-9).all()
    np.testing.assert_allclose(alive(np.array(added) * k, life), k * stock, rtol=1e-9, atol=1e-9)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_property_additions_add_up(added: list[float]) -> None:
    np.testing.assert_allclose(quarterly_additions(np.cumsum(added)).sum(), np.sum(added))


def test_error_unknown_maker_and_date() -> None:
    with pytest.raises(UnknownNameError, match="nvidia"):
        chip_stock("nvidai")
    with pytest.raises(RangeError, match="2025-12-31"):
        chip_stock("amd").index(date(2023, 1, 1))
    with pytest.raises(RangeError, match="no makers"):
        installed_power(chosen=[])
    with pytest.raises(RangeError, match="mean_life_a=0"):
        survival(1.0, 0.0)


def _written(folder: Path, *rows: str) -> Path:
    path = folder / "mine.csv"
    path.write_text("\n".join(["date,p05,p50,p95", *rows]) + "\n")
    return path


def test_worked_series_of_ones_own(tmp_path: Path) -> None:
    stock = read_stock(_written(tmp_path, "2024-06-30,5,6,7", "2024-03-31,1,2,3"))
    assert stock.dates == (date(2024, 3, 31), date(2024, 6, 30))  # order of rows does not matter
    assert stock.rated_power_mw[:, 1].tolist() == [2, 6]
    assert stock.label == "mine"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["2024-03-31,1,2,3", "2024-03-31,1,2,3"], "given twice"),
        (["2024-03-31,1,2,3", "2024-12-31,1,4,5"], "9 months between"),
        (["2024-03-31,3,2,1"], "p05 <= p50 <= p95"),
        (["2024-03-31,-1,2,3"], "line 2"),
        (["2024-13-31,1,2,3"], "line 2"),
        (["2024-03-31,1,5,6", "2024-06-30,1,4,5"], "does not rise"),
        ([], "no rows"),
    ],
)
def test_error_bad_series(tmp_path: Path, rows: list[str], says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_stock(_written(tmp_path, *rows))
    with pytest.raises(DataError, match="cannot be read"):
        read_stock(tmp_path / "absent.csv")
