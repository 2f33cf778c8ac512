"""Dispatch hour by hour as an answer: the hours of one case against the one-hour answer, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import taotie as tt
from taotie.answer import dispatch_hours
from taotie.errors import DataError, RangeError, TaotieError
from taotie.grid.case.case import read_case
from taotie.grid.dispatch.by_hour import HourlyDispatch


@pytest.fixture
def hours(tmp_path):
    """Three hours of the 5-bus case: as filed, half, and 90 %."""
    case = read_case("case5")
    rows = [case.bus_number.tolist(), *([s * mw for mw in case.load_mw] for s in (1.0, 0.5, 0.9))]
    path = tmp_path / "hours.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in rows), "utf-8")
    return path


def test_matches_the_hour_asked_alone(hours):
    """The first hour is the case itself: price with and without the new load as `dispatch` has them."""
    made = tt.dispatch("case5", bus=4, load_mw=20, hours=str(hours))
    alone = tt.dispatch("case5", bus=4, load_mw=20).own
    first = made.tables["hours"].records()[0]
    for state in ("before", "after"):
        price = alone[state]["price_usd_per_mwh"]["at_bus"]
        assert first[f"{state}_price_usd_per_mwh"] == pytest.approx(price, abs=1e-4)
    records = made.tables["hours"].records()
    assert [r["load_mw"] for r in records] == pytest.approx([1000, 500, 900])
    for state in ("before", "after"):
        total = sum(r[f"{state}_cost_usd_per_h"] for r in records)
        assert made.own[state]["cost_usd"] == pytest.approx(total)
    assert made.own["after"]["cost_usd"] > made.own["before"]["cost_usd"]


def test_worked_only_a_span(hours):
    made = tt.dispatch("case5", hours=str(hours), span="1:3")
    assert [r["hour"] for r in made.tables["hours"].records()] == [1, 2]
    assert made.own["hours"] == made.own["hours_compared"] == 2
    assert "default.value_of_lost_load" in {s.code for s in made.said}


def test_worked_states_are_compared_over_the_hours_both_have(tmp_path):
    """An hour below the units' minima has no dispatch before the load, one with it: neither sum holds it."""
    case = read_case("ACTIVSg200")
    rows = [case.bus_number.tolist(), *((s * case.load_mw).tolist() for s in (1.0, 0.3))]
    (tmp_path / "h.csv").write_text("\n".join(",".join(map(str, r)) for r in rows), "utf-8")
    made = tt.dispatch("ACTIVSg200", bus=1, load_mw=5, hours=str(tmp_path / "h.csv"))
    assert made.own["before"]["unsolved"] == 1
    assert made.own["hours_compared"] == 1
    assert {"hours_unsolved", "whole_output"} <= {s.code for s in made.said}
    assert np.isfinite(made.own["marginal_g_per_kwh"])
    free = tt.dispatch("ACTIVSg200", hours=str(tmp_path / "h.csv"), units_down=True)
    assert free.own["before"]["unsolved"] == 0


def test_worked_the_year_of_rts_gmlc(shared_data, monkeypatch):
    if not (shared_data / "upstream/rts-gmlc/RTS_Data/SourceData/gen.csv").is_file():
        pytest.skip("the tables of RTS-GMLC are not beside the project")
    monkeypatch.setenv("TAOTIE_DATA", str(shared_data / "upstream"))
    made = tt.dispatch("RTS_GMLC", hours="year", span="12:14", units_down=True)
    assert made.own["hours_compared"] == 2
    assert "rts_year" in {s.code for s in made.said}
    assert 50 < made.own["before"]["average_g_per_kwh"] < 800


def test_worked_storage_ramps_and_starts_hold_hours_together(hours):
    """A storage makes the three hours cheaper, ramps and paid starts dearer; what was assumed is said."""
    apart = tt.dispatch("case5", hours=str(hours), window=3)
    made = tt.dispatch("case5", hours=str(hours), storage=["4:50:100"], bus=4, load_mw=20)
    assert {"default.storage.efficiency", "default.storage.start", "default.storage.end"} <= {
        s.code for s in made.said
    }
    held = made.tables["storage"]
    assert held.column("hour") == [0, 1, 2]
    assert held.column("storage_1_energy_mwh")[-1] >= 50 - 1e-6
    assert made.own["before"]["stored_mwh"] > 0
    assert made.own["windows"] == [[0, 3, 3]]
    assert made.settings["storage"] == ["4:50:100"]
    cheaper = tt.dispatch("case5", hours=str(hours), storage=["4:50:100:1:0:0"]).own["before"]
    slow = tt.dispatch("case5", hours=str(hours), ramps=True, ramp_share=0.1).own["before"]
    paid = tt.dispatch("case5", hours=str(hours), start_up=True, start_cost=50)
    assert cheaper["cost_usd"] < apart.own["before"]["cost_usd"] < slow["cost_usd"]
    assert paid.own["before"]["starts"] == 0  # no unit has a minimum: staying on is free
    assert paid.own["before"]["cost_usd"] == pytest.approx(apart.own["before"]["cost_usd"])
    free = tt.dispatch("case5", hours=str(hours), start_up=True, ramps=True)
    assert {"ramps_free", "starts_free"} <= {s.code for s in free.said}
    windows = tt.dispatch("case5", hours=str(hours), window=1, overlap=1)
    assert "windows" in {s.code for s in windows.said}
    assert windows.own["windows"] == [[0, 1, 2], [1, 3, 3]]


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"storage": ["4:50"]}, "is not BUS:MW:MWH"),
        ({"storage": ["4:50:x"]}, "'x' is no number of MWH"),
        ({"storage": ["4:1/2/3:10"]}, "two powers"),
        ({"storage": ["4:50:100:85"]}, "efficiency=85 is not within"),
        ({"storage": ["77:50:100"]}, "77"),
        ({"ramp_share": 0.2}, "--ramp-share goes with --ramps"),
        ({"start_cost": 5.0}, "--start-cost goes with --start-up"),
        ({"start_up": True, "start_cost": -5.0}, "--start-cost -5 is below 0"),
    ],
)
def test_error_of_what_holds_hours_together(hours, settings, what):
    with pytest.raises(TaotieError, match=what):
        tt.dispatch("case5", hours=str(hours), **settings)


def test_error_what_does_not_go_together(hours, monkeypatch, tmp_path):
    monkeypatch.setenv("TAOTIE_DATA", str(tmp_path))
    with pytest.raises(RangeError, match="go with --hours"):
        tt.dispatch("case5", span="0:2")
    with pytest.raises(RangeError, match="they hold hours together"):
        tt.dispatch("case5", ramps=True)
    with pytest.raises(RangeError, match="no run of hours"):
        tt.dispatch("case5", hours=str(hours), span="2:1")
    with pytest.raises(RangeError, match="holds no hour"):
        tt.dispatch("case5", hours=str(hours), span="7:9")
    with pytest.raises(RangeError, match="for one hour"):
        tt.dispatch("case5", hours=str(hours), n_1=True)
    with pytest.raises(DataError, match=r"gen\.csv is missing") as error:
        tt.dispatch("RTS_GMLC", hours="year")
    assert "taotie data fetch rts-gmlc" in error.value.hint
    with pytest.raises(RangeError, match="looks at one bus"):
        tt.capacity("case9", ac_check=True)


def test_worked_a_state_is_summed_over_the_hours_that_both_have() -> None:
    """Three hours, the second solved in this state alone: 100 and 300 USD count, and the price of that hour is no highest."""
    one = HourlyDispatch(
        power_mw=np.array([[5.0], [6.0], [7.0]]), price_usd_per_mwh=np.array([[20.0], [90.0], [40.0]]),
        cost_usd_per_h=np.array([100.0, 200.0, 300.0]), shed_mw=np.array([0.0, 9.0, 1.0]), solved=np.ones(3, bool),
    )  # fmt: skip
    found = dispatch_hours._summary(one, 0, np.array([0.5]), np.array([True, False, True]))
    assert found == {
        "cost_usd": 400.0, "price_mean_usd_per_mwh": 30.0, "price_highest_usd_per_mwh": 40.0, "average_g_per_kwh": 500.0, "shed_mwh": 1.0, "unsolved": 0,
    }  # fmt: skip
