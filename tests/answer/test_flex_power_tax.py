"""Flexibility, time to power, tax and rules as answers."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from rows import each_row
from taotie.answer.flex import flex
from taotie.answer.power import CASES, power
from taotie.answer.tax import rules, tax
from taotie.errors import TaotieError
from taotie.policy.large_load_rules import STATUS, large_load_rules, place_word, rules_for


def test_worked_flex(tmp_path):
    room = tmp_path / "room.csv"
    day = [100.0] * 20 + [60.0] * 4
    room.write_text("room_mw\n" + "\n".join(map(str, day * 365)) + "\n")
    answer = flex(100, 0.5, 0.2, room=room, calls=400, energy_share=0.2)
    assert answer.own["reduction_mw"] == pytest.approx(59.5)
    fit = answer.own["connection"]
    assert fit["firm_mw"] == 60
    assert fit["flexible_mw"] == pytest.approx(100)
    assert fit["hours"] == pytest.approx(1460)
    assert answer.figures["value_not_computed"].p50 == pytest.approx(1568.6, abs=0.1)
    calls = {c["name"]: c["pass"] for c in answer.own["calls"]}
    assert calls == {"emergency": False, "peak_shaving": True, "long_event": True, "short_reserve": True}  # fmt: skip
    json.dumps(answer.to_dict(), allow_nan=False)


def test_worked_power():
    answer = power(["grid_queue=100", "gas_engine=100"], need_mw=100, years=10)
    met = answer.own["met"]
    assert all(b >= a for a, b in itertools.pairwise(met))
    assert met[0] == 0
    assert power(["grid_queue=100"], need_mw=100).own["met"][5] < met[5]
    again = power(["gas_engine=100", "grid_queue=100"], need_mw=100, years=10)
    assert np.allclose(again.own["met"], met, atol=0.03)


@pytest.mark.parametrize(("case", "mw"), [("palisades", 800), ("crane", 835), ("helion", 50)])
def test_worked_cases_of_the_article(case, mw):
    answer = power(case=case)
    assert answer.own["need_mw"][0] == mw
    assert 0 < answer.own["met"][-1] < 1
    assert set(CASES) == {"palisades", "crane", "helion"}


def test_published_coal():
    answer = power(["grid_queue=1000"], coal_mw=1000, coal_years=1, coal_factor=0.5)
    assert answer.own["coal_t"]["net_of_gas"] / 1e6 == pytest.approx(2.64, abs=5e-3)
    assert answer.own["coal_t"]["gross"] / 1e6 == pytest.approx(4.13, abs=6e-3)


def test_worked_tax():
    answer = tax("100 GWh", "60 USD/MWh", 2024, until=2030)
    found = {y["year"]: y["tax_usd"] / 1e6 for y in answer.own["years"]}
    assert [found[y] for y in (2024, 2025, 2026, 2030)] == pytest.approx([0.6, 1.2, 1.8, 1.8])
    assert tax("100 GWh", "60 USD/MWh", 2023).own["tax_usd"] == 0
    assert answer.said[0].code == "never_enacted"
    ai = tax("100 GWh", "60 USD/MWh", apply_to="ai")
    assert ai.own["counterfactual"] is True
    assert ai.said[0].code == "counterfactual"


def test_property_a_call_is_tried_over_its_range():
    for one in flex().own["calls"]:
        low, high = one["depth_range"]
        assert low <= one["depth"] <= high <= 1.0
        assert one["duration_range_h"][0] < one["duration_h"] < one["duration_range_h"][1]
        easy, hard = one["pass_at_ends"]
        assert easy >= one["pass"] >= hard
    assert flex(training=0.0, batch=0.0).own["calls"][1]["pass_at_ends"] == [False, False]
    full = flex(training=1.0, batch=0.0, idle=0.0).own["calls"]
    assert all(c["pass_at_ends"] == [True, True] for c in full)


def test_worked_rules():
    found = rules(100, "texas")
    keys = {r["key"] for r in found.own["rules"]}
    assert {"texas_sb6", "ferc_large_load_2026"} <= keys
    assert "not_law" in [s.code for s in found.said]
    small, larger = rules_for(50, "ercot")
    assert "texas_sb6" in [r.key for r in larger]
    assert "texas_sb6" not in [r.key for r in small]
    with pytest.raises(TaotieError, match="does not mean there are none"):
        rules(100, "atlantis")


def test_property_no_draft_is_shown_as_law():
    for rule in large_load_rules():
        assert rule.status in STATUS
        assert rule.date[:2] == "20"
        assert rule.access in ("read", "quoted", "memory")
        assert rule.title
        assert rule.text
    for one in rules(1000, "pjm").own["rules"] + rules(1000, "china").own["rules"]:
        assert one["law"] == (one["status"] == "in_force")
        if one["status"] == "unknown":
            assert "unknown" in one["text"]


@each_row(
    ("make", "says"),
    [
        (lambda: flex(0), "above 0 MW"),
        (lambda: flex(100, 0.9, 0.9), "more than the load"),
        (lambda: flex(100, 50), "leaves 0..1"),
        (lambda: flex(100, room="nothing.csv"), "cannot be read"),
        (lambda: power(), "no way to get power"),
        (lambda: power(["grid=100"]), "not a way to get power"),
        (lambda: power(["grid_queue"]), "not a way with its MW"),
        (lambda: power(case="moon"), "not a case"),
        (lambda: power(["grid_queue=1"], years=0), "outside 1 to 60"),
        (lambda: power(["grid_queue=1"], need_file="nothing.csv"), "no need by year|cannot be read"),
        (lambda: tax("100 GW", "60 USD/MWh"), "energy: "),
        (lambda: tax("-5 GWh", "60 USD/MWh"), "energy"),
        (lambda: tax("5 GWh", "60 USD/MWh", 2030, until=2024), "no year lies between"),
        (lambda: tax("5 GWh", "60 USD/MWh", off_grid=True), "off-grid"),
        (lambda: rules(0, "pjm"), "above 0 MW"),
    ],
)  # fmt: skip
def test_error_settings(make, says):
    with pytest.raises(TaotieError, match=says):
        make()


@pytest.mark.parametrize("ask", ["flex", "power", "tax"])
def test_worked_pages(ask, tmp_path):
    pytest.importorskip("jinja2", reason="the extra report is not installed")
    from taotie.app.charts.flex_charts import flex_pictures
    from taotie.app.charts.power_charts import power_pictures
    from taotie.app.charts.tax_chart import tax_pictures
    from taotie.app.pages.answer_page import answer_html

    answer, pictures, n = {
        "flex": (flex(), flex_pictures, 1), "power": (power(["grid_queue=100"]), power_pictures, 3),
        "tax": (tax("100 GWh", "60 USD/MWh", until=2028), tax_pictures, 1),
    }[ask]  # fmt: skip
    page = answer_html(answer, title=lambda a: "t", sentence=lambda a: "s", about=lambda a: "a", pictures=pictures)  # fmt: skip
    assert page.count('data-testid="picture"') == 2 * n


def test_worked_a_need_beyond_its_years_is_said(tmp_path):
    (tmp_path / "need.csv").write_text("year,mw\n0,10\n2,50\n")
    settings = {"options": ("grid_queue=100",), "need_file": tmp_path / "need.csv", "samples": 100}
    said = {s.code: s.values for s in power(**settings, years=10, by_year=5).said}
    assert said["need_beyond_file"]["last"] == 2
    assert "need_beyond_file" not in {s.code for s in power(**settings, years=2, by_year=2).said}
    with pytest.raises(TaotieError, match="by year 30 is asked, and 10 years"):
        power(**settings, years=10, by_year=30)


def test_worked_room_of_a_region_is_its_highest_demand_less_its_demand(tmp_path):
    """Demand of 100 MW, 140 in the evening, 200 once: room of 100, 60 and 0 MW; that no line is in it is said."""
    day = [100.0] * 20 + [140.0] * 4
    demand = [*(day * 365)[:-1], 200.0]
    told = {}
    for name, values in (("load_mw", demand), ("room_mw", [200 - d for d in demand])):
        (tmp_path / f"{name}.csv").write_text(f"{name}\n" + "\n".join(map(str, values)) + "\n")
        made = flex(100, 0.5, 0.2, room=tmp_path / f"{name}.csv", calls=400, energy_share=0.2)
        assert made.own["connection"]["firm_mw"] == 0
        told[name] = {s.code: s.text("en") for s in made.said}
    assert told["load_mw"].pop("copper_plate") == "room is the region's highest demand less its demand: no line, no reserve; an upper bound"  # fmt: skip
    assert told["load_mw"] == told["room_mw"]


def test_property_a_place_is_known_however_it_is_written():
    """Capitals, blanks, hyphens and usual names lead to the same rules."""
    for written, place in (
        (" NL ", "netherlands"),
        ("Netherlands ", "netherlands"),
        ("Ercot", "ercot"),
        ("United-States", "us"),
    ):
        assert rules_for(100, written) == rules_for(100, place)
        assert place_word(written) == place_word(place)
