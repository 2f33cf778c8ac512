"""Electricity of mining: a reader who compares a day with the Cambridge index is told what sets it apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taotie.answer.mine import mine
from taotie.errors import RangeError

MACHINES = "name,released,efficiency_j_per_gh\nOne,2018-01-01,0.1\nTwo,2020-05-01,0.04\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(1)
    days = np.datetime64("2019-01-01") + np.arange(1200)
    month = np.convolve(rng.poisson(144, 1229) / 144, np.ones(30) / 30, "valid") * 1e8
    series, machines = tmp_path / "rates.csv", tmp_path / "machines.csv"
    rows = "".join(f"{d},{r:.6g},40000\n" for d, r in zip(days, month, strict=True))
    series.write_text("date,hashrate_th_s,price_usd\n" + rows, encoding="utf-8")
    machines.write_text(MACHINES, encoding="utf-8")
    return series, machines


def _codes(files: tuple[Path, Path], day: str) -> set[str]:
    series, machines = files
    return {one.code for one in mine(series=[series], machines=[machines], date=day).said}


def test_worked_why_a_day_of_2021_differs_is_told(files: tuple[Path, Path]) -> None:
    told = _codes(files, "2021-12-31")
    assert {"averaged_hash_rate", "old_machines"} <= told
    assert "old_machines" not in _codes(files, "2021-04-30")


def _drawn(place: Path, first: str, rate: object, price: object) -> Path:
    days = np.datetime64(first) + np.arange(400)
    rows = "".join(f"{d},{rate(i)},{price(i)}\n" for i, d in enumerate(days))  # type: ignore[operator]
    place.write_text("date,hashrate_th_s,price_usd\n" + rows, encoding="utf-8")
    return place


def test_worked_a_series_too_smooth_to_be_counted_is_told(tmp_path: Path) -> None:
    """Regression: "a mean of about 104889 days"."""
    path = _drawn(
        tmp_path / "s.csv",
        "2021-01-01",
        lambda i: 1.4e8 * np.exp(i / 900 + 1e-5 * np.sin(i)),
        lambda i: 30_000,
    )
    codes = {one.code for one in mine(series=[path]).said}
    assert "smooth_hash_rate" in codes
    assert "averaged_hash_rate" not in codes


@pytest.mark.parametrize(
    ("price", "words"), [("", "the first day with both"), ("0", "nobody had paid for a bitcoin")]
)
def test_error_before_there_was_a_price(tmp_path: Path, price: str, words: str) -> None:
    path = _drawn(
        tmp_path / "s.csv", "2010-01-01", lambda i: 1e-3, lambda i: 0.06 if i > 197 else price
    )
    with pytest.raises(RangeError, match=words):
        mine(series=[path], date="2010-06-01")
