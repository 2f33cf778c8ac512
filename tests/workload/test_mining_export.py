"""Exports of hash rate and price as publishers write them: the same days and rates from each, units seen."""

from __future__ import annotations

import json

import numpy as np
import pytest

from taotie.errors import DataError, UnitError
from taotie.workload.mining_export import read_series

DAYS = np.arange("2021-11-01", "2021-12-01", dtype="M8[D]")
RATE = 1.6e8 + 1e5 * np.arange(DAYS.size)
PRICE = 60_000 + 10.0 * np.arange(DAYS.size)
SECONDS = DAYS.astype("M8[s]").astype(int)


def _own(folder):
    lines = [f"{d},{r},{p}" for d, r, p in zip(DAYS, RATE, PRICE, strict=True)]
    (folder / "own.csv").write_text("date,hashrate_th_s,price_usd\n" + "\n".join(lines))
    return [folder / "own.csv"]


def _coin_metrics(folder):
    lines = [
        f"{d}T00:00:00.000000000Z,{r},x,{p}" for d, r, p in zip(DAYS, RATE, PRICE, strict=True)
    ]
    (folder / "btc.csv").write_text("time,HashRate,NVT,PriceUSD\n" + "\n".join(lines))
    return [folder / "btc.csv"]


def _blockchain(folder):
    made = {"name": "Hash Rate", "unit": "Hash Rate TH/s", "values": [{"x": int(s), "y": r} for s, r in zip(SECONDS, RATE, strict=True)]}  # fmt: skip
    (folder / "hash-rate.json").write_text(json.dumps(made))
    (folder / "market-price.csv").write_text("\n".join(f"{d} 00:00:00,{p}" for d, p in zip(DAYS, PRICE, strict=True)))  # fmt: skip
    return [folder / "market-price.csv", folder / "hash-rate.json"]


def _mempool(folder):
    made = {"hashrates": [{"timestamp": int(s), "avgHashrate": r * 1e12} for s, r in zip(SECONDS, RATE, strict=True)]}  # fmt: skip
    (folder / "m.json").write_text(json.dumps(made))
    return [folder / "m.json", *_coin_metrics(folder)]


def _exahashes(folder):
    lines = [f"{int(s) * 1000},{r / 1e6},{p}" for s, r, p in zip(SECONDS, RATE, PRICE, strict=True)]
    (folder / "eh.csv").write_text("timestamp,hashrate,price_usd\n" + "\n".join(lines))
    return [folder / "eh.csv"]


@pytest.mark.parametrize("export", [_own, _coin_metrics, _blockchain, _mempool, _exahashes])
def test_replay_every_export_gives_the_same_days_and_rates(tmp_path, export) -> None:
    rates, said = read_series(export(tmp_path))
    first, _said = read_series(_own(tmp_path))
    assert rates.days.tolist() == DAYS.tolist()
    assert rates.hashrate_th_s == pytest.approx(RATE, rel=1e-9)
    assert rates.revenue_usd_per_day == pytest.approx(first.revenue_usd_per_day, rel=1e-9)
    seen = {"_coin_metrics": "TH/s", "_exahashes": "EH/s"}.get(export.__name__)
    assert [s.values["unit"] for s in said] == ([seen] if seen else [])


def test_error_units_that_do_not_fit_and_parts_that_lack(tmp_path) -> None:
    _coin_metrics(tmp_path)
    named = (tmp_path / "btc.csv").read_text().replace("HashRate", "hashrate_gh_s")
    (tmp_path / "gh.csv").write_text(named)
    with pytest.raises(UnitError, match="cannot be the hash rate"):
        read_series([tmp_path / "gh.csv"])
    (tmp_path / "x.csv").write_text("2021-01-01,5\n2021-01-02,6")
    with pytest.raises(DataError, match="two columns without names"):
        read_series([tmp_path / "x.csv"])
    with pytest.raises(DataError, match="price or the miners' revenue is missing"):
        read_series([_blockchain(tmp_path)[1]])
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(DataError, match="no hash rate, price or revenue"):
        read_series([tmp_path / "b.json"])
    gap = named.splitlines()
    (tmp_path / "g.csv").write_text("\n".join([gap[0].replace("gh", "th"), gap[1], gap[2].replace("2021-11-02", "2021-08-02")]))  # fmt: skip
    with pytest.raises(DataError, match="days without a value"):
        read_series([tmp_path / "g.csv"])
