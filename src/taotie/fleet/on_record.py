"""What did we say before it was counted? Forecasts with their ranges, dated and hashed, and their later score. [MW, TH/s]

A forecast that is only told afterwards proves nothing: here it is written with its day and a checksum, and scored when
the next count appears.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taotie import __version__
from taotie.errors import DataError
from taotie.files.atomic import write_text
from taotie.files.read import read_json
from taotie.fleet.backtest import crps
from taotie.fleet.growth import addition_paths
from taotie.fleet.stock import ChipStock, quarterly_additions
from taotie.quantity.sampling import generator
from taotie.words.language import _

__all__ = ["Scored", "chips_ahead", "hash_rate_ahead", "locked", "read_locked", "scored", "write_locked"]  # fmt: skip

Floats = npt.NDArray[np.float64]
QUARTERS = 4
DAYS_AHEAD = (30, 90, 180, 365)
HISTORY_DAYS = 1095
POINTS = tuple(range(5, 100, 5))
"""Percentiles that are written: enough to score a range and its shape."""


@dataclass(frozen=True)
class Scored:
    """One forecast beside what was counted.

    Attributes
    ----------
    of : str
        A maker, or the network.
    at : date
        Day of the count.
    p05, p50, p95, observed : float
        [unit of the file]
    score : float
        CRPS, from the percentiles written. [unit of the file]
    """

    of: str
    at: datetime.date
    p05: float
    p50: float
    p95: float
    observed: float
    score: float

    @property
    def inside(self) -> bool:
        """Is the count between the 5 and the 95 % point?"""
        return self.p05 <= self.observed <= self.p95


def _row(of: str, at: datetime.date, samples: Floats) -> dict[str, Any]:
    points = np.percentile(samples, POINTS)
    return {"of": of, "at": at.isoformat(), "points": [float(f"{p:.6g}") for p in points]}


def chips_ahead(stock: ChipStock, seed: int, n_path: int = 4096) -> list[dict[str, Any]]:
    """Rated power a maker will have delivered at the ends of the next four quarters. [MW]"""
    median = stock.rated_power_mw[:, 1]
    rng = generator(f"on record {stock.maker} {stock.dates[-1]}", seed)
    paths = addition_paths(quarterly_additions(median), QUARTERS, rng, n_path)
    ahead = median[-1] + np.cumsum(paths.additions, axis=1)
    rows, end = [], stock.dates[-1]
    for quarter in range(QUARTERS):
        month = np.datetime64(end, "M") + 4  # the month after the next quarter's last
        end = (month.astype("M8[D]") - 1).astype(datetime.date)
        rows.append(_row(stock.maker, end, ahead[:, quarter]))
    return rows


def hash_rate_ahead(days: npt.ArrayLike, hashrate_th_s: npt.ArrayLike) -> list[dict[str, Any]]:
    """Hash rate of all miners in 30 to 365 days: growth over as many days, as it was in the last three years. [TH/s]

    Raises
    ------
    DataError
        If the series is shorter than the horizon and ten days more.
    """
    when = np.asarray(days, dtype="M8[D]")[-HISTORY_DAYS:]
    rate = np.asarray(hashrate_th_s, dtype=np.float64)[-HISTORY_DAYS:]
    rows = []
    for ahead in DAYS_AHEAD:
        if rate.size < ahead + 10:
            continue
        growth = np.log(rate[ahead:] / rate[:-ahead])
        at = (when[-1] + np.timedelta64(ahead, "D")).astype(datetime.date)
        rows.append(_row("network", at, rate[-1] * np.exp(growth)))
    if not rows:
        raise DataError(
            _("{n} days are too few for a forecast; {least} are needed.").format(
                n=rate.size, least=DAYS_AHEAD[0] + 10
            )
        )
    return rows


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps({k: v for k, v in content.items() if k != "sha256"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def locked(
    kind: str, unit: str, data_to: str, rows: Sequence[Mapping[str, Any]], today: str = ""
) -> dict[str, Any]:
    """The content of a file of forecasts, its checksum over all of it."""
    content = {
        "kind": kind, "made_on": today or datetime.date.today().isoformat(), "version": __version__, "unit": unit,
        "data_to": data_to, "percentiles": list(POINTS), "rows": [dict(r) for r in rows],
    }  # fmt: skip
    return {**content, "sha256": _checksum(content)}


def write_locked(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write it; a file that is there already is refused: a forecast on record is not replaced.

    Raises
    ------
    DataError
        If there is such a file.
    """
    place = Path(path)
    if place.exists():
        raise DataError(
            _("{path} is there already: a forecast on record is not replaced.").format(path=place),
            _("give another name, such as one with today's date"),
        )
    write_text(place, json.dumps(content, indent=1) + "\n")


def read_locked(path: str | Path, kind: str) -> dict[str, Any]:
    """A file of forecasts, unchanged since it was written.

    Raises
    ------
    DataError
        If it is no such file, is of another kind, or was changed.
    """
    place = Path(path)
    content = read_json(place)
    if not isinstance(content, dict) or not {"kind", "rows", "sha256", "made_on"} <= content.keys():
        raise DataError(
            _("{path} holds no forecasts on record.").format(path=place),
            _("taotie fleet --freeze FILE writes one"),
        )
    if content["kind"] != kind:
        raise DataError(
            _("{path} holds forecasts of {kind}, not of {wanted}.").format(
                path=place, kind=content["kind"], wanted=kind
            )
        )
    if content["sha256"] != _checksum(content):
        raise DataError(
            _("{path} was changed after it was written on {day}: its checksum does not hold.").format(path=place, day=content["made_on"]),
            _("score the file as it was written"),
        )  # fmt: skip
    return content


def scored(
    content: Mapping[str, Any], counted: Mapping[str, Mapping[datetime.date, float]]
) -> list[Scored]:
    """Forecasts whose day has been counted since, in the order of the file.

    Examples
    --------
    >>> day = datetime.date(2026, 3, 31)
    >>> file = locked("fleet", "MW", "2025-12-31", [_row("a", day, np.arange(100.0))], "2026-01-05")
    >>> [one] = scored(file, {"a": {day: 50.0}})
    >>> one.inside, one.p05 < 50 < one.p95
    (True, True)
    """
    found = []
    for row in content["rows"]:
        at = datetime.date.fromisoformat(row["at"])
        observed = counted.get(row["of"], {}).get(at)
        if observed is not None:
            points = row["points"]
            found.append(
                Scored(
                    row["of"], at, points[0], points[len(points) // 2], points[-1],
                    float(observed), crps(points, float(observed)),
                )
            )  # fmt: skip
    return found
