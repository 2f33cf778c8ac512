"""Electricity of mining: a reader who compares a day with the Cambridge index is told what sets it apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taotie.answer.mine import mine

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
