"""Forecasts on record: written once, hashed, scored when the next count appears; parts held against their wholes."""

from __future__ import annotations

import datetime
import json
from typing import Any

import numpy as np
import pytest

from taotie.answer.answer import Answer
from taotie.answer.on_record import fleet_frozen, fleet_scored, mine_frozen, mine_scored
from taotie.errors import DataError
from taotie.fleet.on_record import QUARTERS, hash_rate_ahead, locked, scored, write_locked
from taotie.fleet.part_of_whole import Shown, conflicts, shown_of
from taotie.fleet.published_models import published_forecasts
from taotie.fleet.stock import chip_stock, makers

HEADS = (
    ("of", "", "of"), ("at", "", "day"), ("p05", "UNIT", "5 %"), ("p50", "UNIT", "median"), ("p95", "UNIT", "95 %"),
    ("observed", "UNIT", "counted"), ("inside", "", "inside"), ("crps", "UNIT", "score (CRPS)"),
)  # fmt: skip


def told(made: Answer) -> tuple[Any, ...]:
    """All that an answer about a record holds beside its own keys."""
    tables = [
        (name, t.label, tuple((c.name, c.unit, c.label) for c in t.columns), t.rows) for name, t in made.tables.items()
    ]  # fmt: skip
    return made.ask, dict(made.settings), tables, [(s.code, s.text("en")) for s in made.said], [*made.files]  # fmt: skip


def heads(unit: str, n: int = len(HEADS)) -> tuple[tuple[str, str, str], ...]:
    return tuple((name, of.replace("UNIT", unit), label) for name, of, label in HEADS[:n])


def test_worked_a_fleet_forecast_is_scored_when_the_next_count_appears(tmp_path) -> None:
    """The quarter after the table: nothing to score until a longer series is given, then inside or not."""
    place = tmp_path / "r.json"
    made = fleet_frozen(place, 1)
    assert len(made.own["rows"]) == QUARTERS * len(makers())
    record = json.loads(place.read_text("utf-8"))
    assert {k: v for k, v in record.items() if k != "version"} == dict(made.own)
    known, day, last = len(record["rows"]), record["made_on"], record["data_to"]
    rows = tuple((r["of"], r["at"], r["points"][0], r["points"][9], r["points"][-1]) for r in record["rows"])  # fmt: skip
    sentence = f"{known} forecasts put on record on {day}, from data to {last}; sha256 {record['sha256'][:16]}"  # fmt: skip
    assert told(made) == (
        "fleet_frozen", {"freeze": str(place)}, [("forecasts", "On record", heads("MW", 5), rows)],
        [("on_record", sentence)], [str(place)],
    )  # fmt: skip
    none = fleet_scored(place, None, None)
    assert none.own["n"] == 0
    sentence = f"none of the {known} forecasts of {day} has been counted yet: counts end on {last}"
    assert told(none) == ("fleet_scored", {"score": str(place)}, [], [("nothing_counted", sentence)], [])  # fmt: skip
    assert dict(none.own) == {"made_on": day, "sha256": record["sha256"], "scored": [], "n": 0}
    stock = chip_stock("nvidia")
    mine = [r for r in made.own["rows"] if r["of"] == "nvidia"]
    rows = [f"{d},{v[0]},{v[1]},{v[2]}" for d, v in zip(stock.dates, stock.rated_power_mw, strict=True)]  # fmt: skip
    counts = (mine[0]["points"][9], 10 * mine[1]["points"][-1])
    rows += [f"{r['at']},{0.9 * c},{c},{1.1 * c}" for r, c in zip(mine, counts, strict=False)]
    (tmp_path / "s.csv").write_text("\n".join(["date,p05,p50,p95", *rows]), "utf-8")
    done = fleet_scored(place, "nvidia", tmp_path / "s.csv")
    assert [r["inside"] for r in done.own["scored"]] == [True, False]
    assert done.own["scored"][0]["crps"] < done.own["scored"][1]["crps"]
    points = [(r["points"][0], r["points"][9], r["points"][-1]) for r in mine]
    crps = [r["crps"] for r in done.own["scored"]]
    rows = tuple(("nvidia", r["at"], *p, c, c == counts[0], s) for r, p, c, s in zip(mine, points, counts, crps, strict=False))  # fmt: skip
    sentence = f"2 of {known} forecasts of {day} have been counted: 1 within their 90 % range"
    assert told(done) == (
        "fleet_scored", {"score": str(place)}, [("scores", "Scored", heads("MW"), rows)], [("scored", sentence)], [],
    )  # fmt: skip
    assert (done.own["made_on"], done.own["sha256"], done.own["n"]) == (day, record["sha256"], 2)
    with pytest.raises(DataError, match="say whose") as wrong:
        fleet_scored(place, None, tmp_path / "s.csv")
    assert wrong.value.hint == "--maker nvidia --stock FILE"


def test_worked_a_hash_rate_forecast_and_its_score(tmp_path) -> None:
    """A rate that doubles every year: what is on record holds what came, and only what came is scored."""
    days = np.arange("2020-01-01", "2026-01-01", dtype="M8[D]")
    rate = 1e8 * 2.0 ** (np.arange(days.size) / 365)
    rows = [f"{d},{r},40000" for d, r in zip(days, rate, strict=True)]
    head = "date,hashrate_th_s,price_usd\n"
    (tmp_path / "a.csv").write_text(head + "\n".join(rows[:1800]), "utf-8")
    (tmp_path / "b.csv").write_text(head + "\n".join(rows), "utf-8")
    made = mine_frozen(tmp_path / "r.json", [tmp_path / "a.csv"])
    assert (made.ask, [t[:3] for t in told(made)[2]]) == ("mine_frozen", [("forecasts", "On record", heads("TH/s", 5))])  # fmt: skip
    assert made.own["data_to"] == rows[1799].partition(",")[0]
    with pytest.raises(DataError, match="needs a series") as wrong:
        mine_frozen(tmp_path / "other.json", [])
    assert wrong.value.hint.startswith("--series FILE")
    assert mine_scored(tmp_path / "r.json", [tmp_path / "a.csv"]).own["n"] == 0
    done = mine_scored(tmp_path / "r.json", [tmp_path / "b.csv"]).own["scored"]
    assert len(done) == 4
    assert {r["of"] for r in done} == {"network"}
    for row in done:
        assert row["observed"] == pytest.approx(row["p50"], rel=1e-3)
    with pytest.raises(DataError, match="too few"):
        hash_rate_ahead(days[:20], rate[:20])


def test_error_what_is_on_record_is_neither_replaced_nor_changed(tmp_path) -> None:
    place = tmp_path / "r.json"
    row = {"of": "nvidia", "at": "2026-03-31", "points": [float(i) for i in range(19)]}
    write_locked(place, locked("fleet", "MW", "2025-12-31", [row], "2026-01-02"))
    with pytest.raises(DataError, match="not replaced"):
        write_locked(place, locked("fleet", "MW", "2025-12-31", [row]))
    with pytest.raises(DataError, match="not of mining"):
        mine_scored(place, [place])
    content = json.loads(place.read_text("utf-8"))
    content["rows"][0]["points"][9] = 77.0
    place.write_text(json.dumps(content), "utf-8")
    with pytest.raises(DataError, match="checksum"):
        fleet_scored(place, None, None)
    day = datetime.date(2026, 3, 31)
    assert scored(content, {"nvidia": {day: 5.0}})[0].observed == 5.0


def test_property_parts_above_wholes_are_found_and_only_those() -> None:
    """Narrower scope, smaller region, earlier year of what grows; two estimates of one thing are no part and whole."""

    def one(name, scope, region, year, low, high):
        return Shown(name, scope, region, year, low, high)

    part = one("p", "ai_servers", "united_states", 2024, 40, 50)
    wholes = [
        one("region", "ai_servers", "world", 2024, 10, 39), one("scope", "data_centers", "united_states", 2024, 10, 39),
        one("later", "data_centers", "world", 2030, 10, 39),
    ]  # fmt: skip
    fine = [
        one("same", "ai_servers", "united_states", 2024, 10, 20), one("earlier", "ai_servers", "world", 2020, 1, 2),
        one("other", "ai_servers", "europe", 2024, 1, 2), one("touches", "ai_servers", "world", 2024, 10, 40),
        one("bitcoin", "bitcoin", "world", 2024, 1, 2), one("next", "ai_servers", "united_states", 2025, 1, 2),
    ]  # fmt: skip
    assert {c.whole.name for c in conflicts([part, *wholes, *fine]) if c.part is part} == {"region", "scope", "later"}  # fmt: skip


def test_published_the_clashes_among_what_others_print() -> None:
    """LBNL's AI servers of 2023 in the United States alone pass what two others counted in the world."""
    found = {(c.part.name, c.whole.name) for c in conflicts(shown_of(published_forecasts()))}
    assert found == {
        ("lbnl2024_ai_2023", "iea2024_nvidia_2023"),
        ("lbnl2024_ai_2023", "devries2023_2023"),
    }
