"""How does a publisher's export say what Bitcoin asks for? Hash rate, price and revenue by day, as files come. [TH/s, USD]

Known: Coin Metrics' community CSV (time, HashRate, PriceUSD), blockchain.com's charts as CSV or JSON, mempool.space's
hash rates as JSON, and our own columns. The unit is read where the file says it; where it does not, it is the one of
H/s to EH/s that fits the orders of magnitude of the years, and it is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from taotie.errors import DataError
from taotie.files.read import csv_rows, of_others, read_json, read_text
from taotie.words.language import N_, _
from taotie.words.said import Said
from taotie.workload.mining import (
    HashRates,
    check_rate_unit,
    miner_revenue_usd,
    read_hash_rates,
    usual_rate_th_s,
)

__all__ = ["read_series"]

PER_TH_S = {"h": 1e-12, "kh": 1e-9, "mh": 1e-6, "gh": 1e-3, "th": 1.0, "ph": 1e3, "eh": 1e6, "zh": 1e9}  # fmt: skip
COLUMNS = {
    "hashrate": ("rate", None), "hashrate_ths": ("rate", "th"), "avghashrate": ("rate", "h"),
    "priceusd": ("price", None), "marketprice": ("price", None), "price_usd": ("price", None),
    "revusd": ("revenue", None), "minersrevenue": ("revenue", None), "revenue_usd_per_day": ("revenue", None),
}  # fmt: skip
"""Columns by their names without gaps and hyphens; the unit of a rate where the name alone settles it."""
TIMES = ("date", "time", "timestamp", "day", "x")
Points = list[tuple[date, float]]


def _plain(name: str) -> str:
    return name.strip().strip('"').lower().replace("-", "").replace(" ", "").replace("(", "").replace(")", "")  # fmt: skip


def _day(cell: Any) -> date:
    """A day from ISO text, with or without a time, or from seconds or milliseconds since 1970."""
    text = str(cell).strip()
    number = text.partition(".")[0]
    if number.isdigit() and len(number) > 8:
        value = float(text)
        return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC).date()
    return date.fromisoformat(text[:10])


def _meaning(name: str) -> tuple[str, str | None] | None:
    plain = _plain(name)
    if plain in COLUMNS:
        return COLUMNS[plain]
    for unit in PER_TH_S:
        if plain in (f"hashrate_{unit}_s", f"hashrate{unit}/s", f"hashrate_{unit}s"):
            return "rate", unit
    return None


def _from_csv(path: Path) -> dict[str, tuple[Points, str | None]]:
    rows = [row for row in csv_rows(read_text(path), path) if any(c.strip() for c in row)]
    head = rows[0] if rows else []
    when = next((i for i, c in enumerate(head) if _plain(c) in TIMES), None)
    if (
        when is None and len(head) == 2
    ):  # blockchain.com's CSV has no first row: its name says what it is
        known = next((m for k, m in COLUMNS.items() if k in _plain(path.stem)), None)
        if known is None:
            raise DataError(
                _("{path}: two columns without names: neither they nor the file's name say what they are.").format(path=path.name),
                _("write a first row, such as date,hashrate_th_s, or call the file hash-rate.csv or market-price.csv"),
            )  # fmt: skip
        return {known[0]: (_points(path, rows, 0, 1), known[1])}
    found = {}
    for i, cell in enumerate(head):
        meaning = _meaning(cell)
        if meaning is not None and when is not None:
            found[meaning[0]] = (_points(path, rows[1:], when, i), meaning[1])
    return found


def _points(path: Path, rows: Sequence[Sequence[str]], when: int, what: int) -> Points:
    made: Points = []
    for line, row in enumerate(rows, start=1):
        cell = row[what].strip() if what < len(row) else ""
        if not cell:
            continue
        made.append(_point(path, line, row[when], cell))
    return made


def _point(path: Path, line: int, when: Any, what: Any) -> tuple[date, float]:
    try:
        day, value = _day(when), float(what)
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise DataError(f"{path.name}, {_('row')} {line}: {error}.") from None
    if not (value >= 0 and math.isfinite(value)):
        raise DataError(
            _("{where}: {what}={value} is negative or not a number.").format(
                where=f"{path.name}, {_('row')} {line}", what=when, value=what
            )
        )
    return day, value


def _from_json(path: Path) -> dict[str, tuple[Points, str | None]]:
    made = read_json(path)
    if isinstance(made, dict) and isinstance(made.get("hashrates"), list):  # mempool.space, in H/s
        points = [_point(path, i, r["timestamp"], r["avgHashrate"]) for i, r in enumerate(made["hashrates"], 1)]  # fmt: skip
        return {"rate": (points, "h")}
    if isinstance(made, dict) and isinstance(made.get("values"), list):  # blockchain.com
        meaning = _meaning(str(made.get("name", ""))) or _meaning(path.stem)
        if meaning is not None:
            unit = meaning[1]
            said = _plain(str(made.get("unit", "")))
            if meaning[0] == "rate":
                named = (
                    u for u in sorted(PER_TH_S, key=len, reverse=True) if said.endswith(f"{u}/s")
                )
                unit = next(named, unit)
                unit = "h" if said.endswith("hash/s") else unit
            return {meaning[0]: ([_point(path, i, r["x"], r["y"]) for i, r in enumerate(made["values"], 1)], unit)}  # fmt: skip
    raise DataError(
        _("{path}: no hash rate, price or revenue is found in it.").format(path=path.name),
        _("known are the JSON of blockchain.com's charts and of mempool.space's hash rates"),
    )


def _seen_unit(path: str, days: Any, rate: Any) -> str:
    """The unit in which most days come within a hundred of the usual order; units are a thousand apart."""
    usual = usual_rate_th_s(days)
    fits = {}
    late = (days >= np.datetime64("2011-01-01")) & (rate > 0)
    for unit, factor in PER_TH_S.items():
        with np.errstate(divide="ignore"):
            apart = np.abs(np.log10(rate[late] * factor / usual[late]))
        fits[unit] = float(np.median(apart)) if apart.size else math.inf
    best = min(fits, key=lambda u: fits[u])
    if not fits[best] < 1.5:
        raise DataError(
            _("{path} does not say the unit of its hash rate, and none from H/s to ZH/s fits.").format(path=path),
            _("name the column with its unit, such as hashrate_th_s"),
        )  # fmt: skip
    return best


@of_others(DataError)
def read_series(paths: Iterable[Path], max_gap_days: int = 31) -> tuple[HashRates, list[Said]]:
    """Hash rate and what miners earn by day, from one file or several, as publishers write them.

    Parameters
    ----------
    paths : iterable of Path
        Together they hold a hash rate, and a price or the miners' revenue.
    max_gap_days : int
        Longest step that is interpolated. [d]

    Returns
    -------
    rates : HashRates
    said : list of Said
        What was seen of units.

    Raises
    ------
    DataError, UnitError
        If something is missing, leaves a gap, or has no unit that fits.
    """
    files = [Path(p) for p in paths]
    if len(files) == 1 and files[0].suffix.lower() != ".json":
        head = next(csv_rows(read_text(files[0]), files[0]), [])
        if {"date", "hashrate_th_s"} <= set(head):  # our own columns, checked line by line
            return read_hash_rates(files[0], max_gap_days), []
    found: dict[str, tuple[Points, str | None, str]] = {}
    for path in files:
        parts = _from_json(path) if path.suffix.lower() == ".json" else _from_csv(path)
        for what, (points, unit) in parts.items():
            if points:
                found.setdefault(what, (points, unit, path.name))
    names = ", ".join(p.name for p in files)
    if "rate" not in found or not found.keys() & {"price", "revenue"}:
        lacking = _("a hash rate") if "rate" not in found else _("a price or the miners' revenue")
        raise DataError(
            _("{path}: {what} is missing.").format(path=names, what=lacking),
            _("give --series once for each file: hash rate and price, or one with date,hashrate_th_s,price_usd"),
        )  # fmt: skip
    points, unit, name = found["rate"]
    days, rate = _daily(name, points, max_gap_days)
    said = []
    if unit is None:
        unit = _seen_unit(name, days, rate)
        said.append(
            Said(
                "unit_seen",
                N_("{file}: the hash rate is in {unit}, as its size in those years shows; the file does not say."),
                {"file": name, "unit": f"{unit.upper() if unit == 'h' else unit[0].upper() + 'H'}/s"},
            )
        )  # fmt: skip
    rate = rate * PER_TH_S[unit]
    check_rate_unit(Path(name), days, rate)
    money = "revenue" if "revenue" in found else "price"
    points, _unit, name = found[money]
    money_days, amount = _daily(name, points, max_gap_days)
    first, last = max(days[0], money_days[0]), min(days[-1], money_days[-1])
    if last < first:
        raise DataError(_("{path}: hash rate and price share no day.").format(path=names))
    every = np.arange(first, last + np.timedelta64(1, "D"))
    at = every.astype(np.float64)
    rates = np.interp(at, days.astype(np.float64), rate)
    amounts = np.interp(at, money_days.astype(np.float64), amount)
    earned = miner_revenue_usd(every, amounts) if money == "price" else amounts
    return HashRates(every, rates, earned, names), said


def _daily(name: str, points: Points, most: int) -> tuple[Any, Any]:
    """One value a day, the last of each, in order; no step longer than may be interpolated."""
    by_day = dict(sorted(points, key=lambda p: p[0]))
    days = np.array(list(by_day), dtype="M8[D]")
    steps = np.diff(days).astype(int)
    if (steps > most).any():
        at = int(steps.argmax())
        raise DataError(
            _("{where}: {days} days without a value since {before}.").format(
                where=name, days=int(steps[at]), before=days[at]
            ),
            _("steps of up to {most} days are interpolated; fill the gap").format(most=most),
        )
    return days, np.array(list(by_day.values()))
