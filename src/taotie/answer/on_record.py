"""Forecasts put on record and scored when the next count appears: behind `--freeze` and `--score` of fleet and mine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from taotie.answer.answer import Answer, Column, Table
from taotie.errors import DataError
from taotie.files.read import of_others
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["fleet_frozen", "fleet_scored", "mine_frozen", "mine_scored"]


def _frozen(ask: str, path: Path, content: dict[str, Any]) -> Answer:
    from taotie.fleet.on_record import write_locked

    write_locked(path, content)
    points = [(r["of"], r["at"], r["points"][0], r["points"][len(r["points"]) // 2], r["points"][-1]) for r in content["rows"]]  # fmt: skip
    unit = content["unit"]
    columns = (
        Column("of", "", N_("of")), Column("at", "", N_("day")), Column("p05", unit, N_("5 %")),
        Column("p50", unit, N_("median")), Column("p95", unit, N_("95 %")),
    )  # fmt: skip
    said = Said(
        "on_record",
        N_("{n} forecasts put on record on {day}, from data to {last}; sha256 {hash}"),
        {"n": len(points), "day": content["made_on"], "last": content["data_to"], "hash": content["sha256"][:16]},
    )  # fmt: skip
    made = Answer(
        f"{ask}_frozen",
        {"freeze": str(path)},
        tables={"forecasts": Table(columns, tuple(points), N_("On record"))},
        said=(said,),
        own={k: v for k, v in content.items() if k != "version"},
    )
    return made.with_files(str(path))


def _scored(ask: str, path: Path, content: dict[str, Any], counted: Any, last: str) -> Answer:
    from taotie.fleet.on_record import scored

    rows = scored(content, counted)
    unit = content["unit"]
    columns = (
        Column("of", "", N_("of")), Column("at", "", N_("day")), Column("p05", unit, N_("5 %")),
        Column("p50", unit, N_("median")), Column("p95", unit, N_("95 %")), Column("observed", unit, N_("counted")),
        Column("inside", "", N_("inside")), Column("crps", unit, N_("score (CRPS)")),
    )  # fmt: skip
    table = Table(
        columns,
        tuple((r.of, r.at.isoformat(), r.p05, r.p50, r.p95, r.observed, r.inside, r.score) for r in rows),
        N_("Scored"),
    )  # fmt: skip
    n = len(rows)
    values = {"n": n, "all": len(content["rows"]), "day": content["made_on"], "last": last}
    said = (
        Said("nothing_counted", N_("none of the {all} forecasts of {day} has been counted yet: counts end on {last}"), values)
        if not n
        else Said("scored", N_("{n} of {all} forecasts of {day} have been counted: {inside} within their 90 % range"), {**values, "inside": sum(r.inside for r in rows)})
    )  # fmt: skip
    return Answer(
        f"{ask}_scored",
        {"score": str(path)},
        tables={"scores": table} if n else {},
        said=(said,),
        own={"made_on": content["made_on"], "sha256": content["sha256"], "scored": table.records(), "n": n},
    )  # fmt: skip


def fleet_frozen(path: Path, seed: int) -> Answer:
    """Chips every maker will have delivered at the ends of the next four quarters, put on record."""
    from taotie.fleet.on_record import chips_ahead, locked
    from taotie.fleet.stock import chip_stock, makers

    stocks = [chip_stock(maker) for maker in makers()]
    rows = [row for stock in stocks for row in chips_ahead(stock, seed)]
    return _frozen("fleet", path, locked("fleet", "MW", str(max(s.dates[-1] for s in stocks)), rows))  # fmt: skip


@of_others(DataError)
def fleet_scored(path: Path, maker: str | None, stock: Path | None) -> Answer:
    """Forecasts on record against the counts held, or a series of yours for one maker."""
    from taotie.fleet.on_record import read_locked
    from taotie.fleet.stock import chip_stock, makers, read_stock

    content = read_locked(path, "fleet")
    known = makers() if maker is None else [maker]
    if stock is not None:
        if maker is None:
            raise DataError(
                _("--stock is the series of one maker: say whose."), "--maker nvidia --stock FILE"
            )
        held = {maker: read_stock(stock)}
    else:
        held = {one: chip_stock(one) for one in known}
    last = max(s.dates[-1] for s in held.values())
    made_from = content["data_to"]
    counted = {
        one: {d: float(v) for d, v in zip(s.dates, s.rated_power_mw[:, 1], strict=True) if str(d) > made_from}
        for one, s in held.items()
    }  # fmt: skip
    return _scored("fleet", path, content, counted, str(last))


def mine_frozen(path: Path, series: Any) -> Answer:
    """Hash rate of all miners in 30 to 365 days, put on record."""
    from taotie.fleet.on_record import hash_rate_ahead, locked

    rates = _series(series)
    rows = hash_rate_ahead(rates.days, rates.hashrate_th_s)
    return _frozen("mine", path, locked("mining", "TH/s", str(rates.days[-1]), rows))


@of_others(DataError)
def mine_scored(path: Path, series: Any) -> Answer:
    """Forecasts on record against a series that goes on."""
    from taotie.fleet.on_record import read_locked

    content = read_locked(path, "mining")
    rates = _series(series)
    days = [d.item() for d in rates.days]
    counted = {"network": {d: float(v) for d, v in zip(days, rates.hashrate_th_s, strict=True) if str(d) > content["data_to"]}}  # fmt: skip
    return _scored("mine", path, content, counted, str(rates.days[-1]))


def _series(series: Any) -> Any:
    from taotie.workload.mining_export import read_series

    if not series:
        raise DataError(
            _("`taotie mine` needs a series of hash rate and price; none may be shipped."),
            _("--series FILE with the columns date,hashrate_th_s,price_usd, or a publisher's export"),
        )  # fmt: skip
    return read_series([Path(p) for p in series])[0]
