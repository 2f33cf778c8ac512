"""What is said of steps that need more than is installed, or more time than a test has: from results made by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from taotie.answer import capacity_more
from taotie.answer.capacity_more import More
from taotie.grid.ac import proof as ac_proof
from taotie.grid.capacity import curtailable
from taotie.words.said import Said


def test_worked_progress_is_told_every_fifteen_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(capacity_more.time, "monotonic", lambda: clock[0])
    said: list[str] = []
    assert capacity_more._progress(None) is None
    told = capacity_more._progress(said.append)
    assert told is not None
    for at, done in ((114.9, 1), (115.0, 2), (129.9, 3), (130.0, 4), (700.0, 10)):
        clock[0] = at
        told(done, 12)
    assert said == [
        "2 of 12 buses over all hours, about 1 min to go",  # 15 s for 2, 75 s for 10
        "4 of 12 buses over all hours, about 1 min to go",
        "10 of 12 buses over all hours, about 2 min to go",
    ]


def proof(mw: float, cut_by: str, **more: Any) -> SimpleNamespace:
    values = {"solved": 10, "foretold": 20, "bridges": 3, "margin": 0.05, "forecast_error": 0.01, "loading": 0.9, "lowest_pu": 0.95, "every": False}  # fmt: skip
    return SimpleNamespace(ac_mw=mw, cut_by=cut_by, **{**values, **more})


def test_worked_what_holds_in_ac_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def proofs(found: Any, buses: list[int], rule: Any, **more: Any) -> Any:
        seen.update(found=found, buses=buses, rule=rule, **more)
        return SimpleNamespace(
            proofs=[proof(8.0, "none"), proof(5.0, "voltage", solved=20, foretold=0, margin=0.04, forecast_error=0.03, loading=math.nan, lowest_pu=math.inf, every=True)],
            seconds={"a": 1.5, "b": 2.0}, pairs_over=4, worst_loading=1.234, voltages_over=7,
            rule=SimpleNamespace(more_loading=0.02, more_voltage=0.005), gap_percentiles=lambda: (0.1, 0.2, 0.5, 0.7, 0.9),
        )  # fmt: skip

    monkeypatch.setattr(ac_proof, "ac_proofs", proofs)
    buses: list[dict[str, Any]] = [{"bus": 3}, {"bus": 8}]
    said: list[Any] = []
    limits: list[Any] = []
    seconds: dict[str, float] = {}
    step = print
    capacity_more._prove(buses, "found", More(ac=True, ac_every=True, power_factor=0.9), said, limits, seconds, step)  # type: ignore[arg-type]  # fmt: skip
    assert (seen["found"], seen["buses"], seen["every"], seen["step"]) == ("found", [3, 8], True, step)  # fmt: skip
    assert seen["rule"].power_factor == 0.9
    assert seen["threads"] >= 1
    plain = {"outages_solved": 10, "outages_foretold": 20, "bridges": 3, "margin": 0.05, "forecast_error": 0.01, "loading": 0.9, "lowest_pu": 0.95, "every_outage_solved": False}  # fmt: skip
    assert buses == [
        {"bus": 3, "ac_mw": 8.0, "ac": {"cut_by": "none", **plain}},
        {"bus": 8, "ac_mw": 5.0, "ac": {"cut_by": "voltage", **plain, "outages_solved": 20, "outages_foretold": 0, "margin": 0.04, "forecast_error": 0.03, "loading": None, "lowest_pu": None, "every_outage_solved": True}},
    ]  # fmt: skip
    assert seconds == {"ac": 3.5}
    assert [(one.code, one.text("en")) for one in (*said, *limits)] == [
        ("ac_start", "in AC, N-1 secure in DC and without new load: 4 pairs over their rating (the worst at 123.4%), 7 outages with a voltage outside its range; the rule is therefore no worsening (loading by 2%, voltage by 0.005 p.u. at most)"),
        ("ac_gap", "holds in AC: 10% / 50% / 90% of the DC answer at 5 / 50 / 95 % of 2 buses; 1 of them were cut"),
        ("ac_checked", "outages at each answer: 15 solved in the mean, 10 foretold to stay inside every limit with the error of the forecast, taken as up to 5.0% of a rating (largest seen 3.0%), 3 bridges not taken out"),
        ("ac_lower_bound", "AC figures are what was seen to hold: an AC optimum may be higher; set-points, taps and shunts are held fixed, buses at a reactive limit stay there after an outage"),
    ]  # fmt: skip
    assert all(one.text("zh") != one.text("en") for one in (*said, *limits))


def test_worked_a_bus_without_an_answer_is_no_better_than_one_that_takes_little() -> None:
    one = {"name": "", "binds": {"branch": "l", "outage": None}}
    buses = [{"bus": i, "firm_mw": mw, **one} for i, mw in enumerate((None, 0.04, 0.9))]
    table = capacity_more._table(None, buses, None)  # type: ignore[arg-type]
    assert [row[0] for row in table.rows] == [2, 1, 0]


def test_worked_ten_best_buses_with_all_that_was_computed() -> None:
    buses = [
        {"bus": i, "name": f"b{i}", "firm_mw": None if i == 3 else float(i) + 0.04, "ac_mw": 1.26 * i, "curtailable_mw": {"0.05": 10.26 * i}, "binds": {"branch": f"l{i}", "outage": "o" if i % 2 else None}}
        for i in range(12)
    ]  # fmt: skip
    table = capacity_more._table(None, buses, None)  # type: ignore[arg-type]
    assert [(c.name, c.unit, c.label) for c in table.columns] == [
        ("bus", "", "bus"), ("name", "", "name"), ("fixed_share_mw", "MW", "fixed shares"), ("curtailable_0.05_mw", "MW", "5 %"), ("ac_mw", "MW", "holds in AC"), ("binds", "", "limited by"),
    ]  # fmt: skip
    assert [row[0] for row in table.rows] == [11, 10, 9, 8, 7, 6, 5, 4, 2, 1]
    assert table.rows[0] == (11, "b11", 11.0, 112.9, 13.9, "l11 / o")
    assert table.rows[1][-1] == "l10"
    assert table.label == "buses with all that was asked for"
    assert capacity_more._short(None) is None
    assert capacity_more._rounded(math.inf) is None
    assert capacity_more._rounded(np.float64(2.5)) == 2.5


@pytest.mark.parametrize(
    ("more", "texts"),
    [
        (More(), ["no unit moves after an outage; losses stay as in the case", "units in service as in the case, between Pmin and Pmax; no ramps, reserves or start-up costs"]),
        (More(units_off=True, move=0.25), ["no unit moves after an outage; losses stay as in the case", "units in service as in the case and down to 0 MW; no ramps, reserves or start-up costs", "each unit stays within 25% of its Pmax of what it gives in the case"]),
    ],
)  # fmt: skip
def test_worked_limits_of_telling_units_anew(more: More, texts: list[str]) -> None:
    limits = capacity_more._redispatch_limits(more)
    assert [one.text("en") for one in limits] == texts
    assert [one.code for one in limits] == ["preventive", "units_as_filed", "units_move"][
        : len(texts)
    ]


def test_worked_anything_asked_beside_is_asked() -> None:
    assert not More(units_off=True, unit_outages=True, move=0.1, calls=1, depth=0.1, ac_every=True).asked  # fmt: skip
    for one in (More(redispatch=True), More(hours="year"), More(ac=True), More(shares=(0.1,))):
        assert one.asked is True


def test_worked_what_may_be_cut_and_hours_without_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two buses, shares of 0 and 5 %: 10 and 30, 20 and 60 MW; three bus-hours that time ran out on are told, not taken as room."""
    asked: list[dict[str, Any]] = []
    worst = SimpleNamespace(by_month=[2, *([0] * 11)], hour=[7, 9], cut_mw=[1.23456, 0.5], hours=2, calls=1, longest_h=2)  # fmt: skip
    load = np.array([[10.0, 20.0], [30.0, 60.0]])
    found = SimpleNamespace(
        seconds={"wall": 4.5}, load_mw=load, bound_mw=load + 0.25, solved=11, limits=(Said("a", "again"), Said("b", "another")),
        unanswered=np.array([[1, 0], [0, 2]]), worst_hours=lambda bus, share: asked.append({"of": (bus, share)}) or worst,
    )  # fmt: skip

    def capacity(case: Any, *rule: Any, **more: Any) -> Any:
        asked.append({"case": case, "rule": rule[1:], **more})
        return found

    monkeypatch.setattr(curtailable, "curtailable_capacity", capacity)
    monkeypatch.setattr(capacity_more, "hours_of", lambda _case, _hours: np.zeros((24, 2)))
    buses: list[dict[str, Any]] = [{"bus": 3}, {"bus": 8}]
    said: list[Any] = []
    seconds: dict[str, float] = {}
    tables: dict[str, Any] = {}
    more = More(redispatch=True, hours="year", shares=(0.0, 0.05), calls=50, depth=0.5)
    limits = [Said("a", "known already")]
    own = capacity_more._curtail(buses, "grid", more, said, limits, seconds, tables, "b", None)  # type: ignore[arg-type]
    assert buses == [
        {"bus": 3, "curtailable_mw": {"0": 10.0, "0.05": 30.0}, "curtailable_bound_mw": {"0": 10.25, "0.05": 30.25}},
        {"bus": 8, "curtailable_mw": {"0": 20.0, "0.05": 60.0}, "curtailable_bound_mw": {"0": 20.25, "0.05": 60.25}},
    ]  # fmt: skip
    assert own == {"worst_hours": {"bus": 8, "share": 0.05, "hours": 2, "calls": 1, "longest_h": 2, "hours_by_month": worst.by_month}}  # fmt: skip
    assert [one.text("en") for one in limits] == ["known already", "another"]
    assert [one.get("post_rating") for one in asked] == ["b", "b", None]
    assert seconds == {"hours": 4.5}
    assert [one.get("buses") for one in asked] == [[3, 8], [8], None]
    assert asked[1]["every"] is True
    assert asked[2] == {"of": (8, 0.05)}
    assert asked[0]["rule"] == ((0.0, 0.05), 50, 0.5, True)
    assert tables["worst_hours"].rows == ((8, 7, 1.235), (8, 9, 0.5))
    assert tables["worst_months"].rows[:2] == ((1, 2), (2, 0))
    assert [one.text("en") for one in said] == [
        "over 24 hours, units told anew in each: median 15.0 MW firm, 45.0 MW if 5.00% of the energy may be cut",
        "bus 8 at 5.00%: cut in 2 hours, 1 calls, the longest 2 h",
        "11 of 48 bus-hours were solved, those that decide; answer and bound differ by 0.25 MW at most",
        "3 bus-hours have no answer in time and count as 0 MW",
    ]
