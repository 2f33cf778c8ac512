"""The answer of `taotie supply`: its JSON, what it says, what it refuses, its page."""

from __future__ import annotations

import json

import numpy as np
import pytest

from taotie.answer.supply import supply
from taotie.errors import RangeError, TaotieError
from taotie.grid.supply.series import synthetic_year


def csv(path, **columns):
    names = list(columns)
    lines = [",".join(names)]
    lines += [",".join(f"{v:.6g}" for v in row) for row in zip(*columns.values(), strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return path


def _timed(text, minutes):
    """Rows of a CSV with times in front, so that a step has its length."""
    head, *rows = text.splitlines()
    start = np.datetime64("2023-01-01T00:00:00")
    times = [start + np.timedelta64(minutes * i, "m") for i in range(len(rows))]
    return (
        "\n".join([f"time,{head}", *(f"{t},{r}" for t, r in zip(times, rows, strict=True))]) + "\n"
    )


@pytest.fixture
def week(tmp_path):
    hours = np.arange(24 * 7)
    return csv(
        tmp_path / "week.csv",
        wind_cf=0.3 + 0.25 * np.sin(hours / 17), pv_cf=np.clip(np.sin((hours % 24 - 6) * np.pi / 12), 0, 1),
        price=50 + 10 * np.cos(hours / 4),
    )  # fmt: skip


def test_worked_machine_readable_keys(week):
    answer = supply(10, series=[week], score=0.8, step_h=1.0).to_dict()
    assert {"score", "cost_per_mwh", "sizes", "energy", "co2_g_per_kwh", "hours_uncovered", "duals"} <= set(answer)  # fmt: skip
    assert answer["score"] == pytest.approx(0.8)
    assert set(answer["sizes"]) == {"wind", "pv", "battery"}
    assert answer["sizes"]["battery"]["mwh"] >= 0
    assert answer["sizes"]["wind"]["mwh"] is None
    e = answer["energy"]
    left = e["wind_mwh"] + e["pv_mwh"] + e["grid_mwh"] - e["curtailed_mwh"] - e["lost_in_stores_mwh"] - e["load_mwh"]  # fmt: skip
    assert abs(left) < 1e-6
    codes = [s["code"] for s in answer["said"]]
    assert "span_not_a_year" in codes
    assert "default.grid_co2" in codes
    json.dumps(answer, allow_nan=False)


def test_worked_a_made_up_year_is_said():
    answer = supply(10, score=0.2, step_h=24.0, with_=["wind"])
    assert "synthetic_year" in [s.code for s in answer.said]


def test_worked_load_of_a_study(tmp_path, week):
    result = {"profiles": {"facility_load": {"unit": "kW", "step_h": 1.0, "p50": [1000.0 * (1 + h / 24) for h in range(24)]}}}  # fmt: skip
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result))
    answer = supply(str(path), series=[week], score=0.5, step_h=1.0)
    assert answer.own["energy"]["load_mwh"] == pytest.approx(7 * sum(1 + h / 24 for h in range(24)))
    assert "load_repeated" in [s.code for s in answer.said]


def test_worked_annual_leaves_hours_uncovered(week):
    answer = supply(10, series=[week], score=1.0, match="annual", step_h=1.0, with_=["wind", "pv"], compare=True, grid_clean=0.3)  # fmt: skip
    assert answer.own["matched"] >= 1 - 1e-9
    assert answer.own["score"] < 0.99
    rows = answer.tables["compared"].records() if answer.own["score"] else []
    assert [r["supply"] for r in rows][:2] == ["grid", "annual"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"load": -5}, "above 0 MW"),
        ({"with_": ["coal"]}, "not a technology"),
        ({"costs": "mars"}, "not a set of costs"),
        ({"match": "weekly"}, "not hourly or annual"),
        ({"grid_clean": 30}, "leaves 0..1"),
        ({"most_mw": ["nuclear=5"]}, "not among the technologies"),
        ({"most_mw": ["wind"]}, "not a limit"),
        ({"step_h": 5.0}, "do not divide"),
        ({"rate": 7}, "interest"),
        ({"score": 1.5}, "leaves 0..1"),
        ({"with_": ["wind", "pv", "battery"], "connection_mw": 0.0, "score": 0.0, "most_mw": ["wind=1", "pv=1"]}, "no mix"),
    ],
)  # fmt: skip
def test_error_settings(week, more, says):
    given = {"load": 10, "series": [week], "score": 0.8, "step_h": 1.0} | more
    with pytest.raises(TaotieError, match=says):
        supply(**given)


def test_error_negative_prices_are_refused_unless_chosen(tmp_path):
    path = csv(tmp_path / "p.csv", wind_cf=np.full(48, 0.4), price=np.where(np.arange(48) == 7, -20.0, 50.0))  # fmt: skip
    with pytest.raises(RangeError, match=r"negative in 1 steps, lowest -20 per MWh in step 8"):
        supply(10, series=[path], with_=["wind"], score=0.2, step_h=1.0)
    kept = supply(10, series=[path], with_=["wind"], score=0.0, step_h=1.0, negative_prices="keep")
    zero = supply(10, series=[path], with_=["wind"], score=0.0, step_h=1.0, negative_prices="zero")
    assert kept.own["cost_per_mwh"] < zero.own["cost_per_mwh"]
    # averages over three hours hide the one negative hour: said
    coarse = supply(10, series=[path], with_=["wind"], score=0.0, step_h=3.0)
    assert "negative_prices_averaged" in {one.code for one in coarse.said}
    assert "negative_prices_averaged" not in {one.code for one in kept.said}
    # counted as free in its hour, not in the mean of three: (0 + 50 + 50) / 3, though their mean is not negative
    free = supply(10, series=[path], with_=["wind"], score=0.0, step_h=3.0, negative_prices="zero")
    assert free.own["cost_per_mwh"] == pytest.approx(zero.own["cost_per_mwh"], rel=1e-9)
    assert "negative_prices_zero" in {one.code for one in free.said}
    # the grid is never paid for power that is thrown away
    assert kept.own["energy"]["grid_mwh"] <= kept.own["energy"]["load_mwh"] + 1e-6


def test_worked_page_in_both_languages(week, tmp_path):
    pytest.importorskip("jinja2", reason="the extra report is not installed")
    from taotie.app.charts.supply_charts import supply_pictures
    from taotie.app.pages.answer_page import answer_html

    answer = supply(10, series=[week], score=0.7, step_h=3.0, compare=True)
    page = answer_html(
        answer, title=lambda a: "t", sentence=lambda a: "s", about=lambda a: "a", pictures=supply_pictures
    )  # fmt: skip
    assert page.count('data-testid="picture"') == 6
    assert "carbon-free by the hour" in page


def test_property_a_figure_is_named_as_its_key_says():
    """Each key once, also behind the figure: two figures of one name would be one in a record."""
    made = supply(10, score=0.2, step_h=24.0, with_=["wind", "battery"])
    assert {key: one.key for key, one in made.figures.items()} == {
        key: f"supply.{key}" for key in (
            "cost_per_mwh", "score", "matched", "co2", "hours_uncovered", "load", "grid", "curtailed", "score_price",
            "wind_mw", "battery_mw", "battery_mwh",
        )
    }  # fmt: skip


def test_property_figures_of_several_sites_are_named_too(week):
    made = supply(10, series=[week], sites=[week], score=0.2, step_h=1.0)
    assert {k: f.key for k, f in made.figures.items()} == {
        "cost_per_mwh": "supply.cost_per_mwh",
        "highest_cost": "supply.highest_cost",
    }


def test_worked_steps_under_an_hour(tmp_path):
    """A load in half hours: the made-up hours of weather stand for two steps each, and energy is power times half an hour."""
    half = csv(tmp_path / "half.csv", load_mw=np.where(np.arange(96) % 2, 12.0, 8.0))
    half.write_text(_timed(half.read_text(), 30))
    made = supply(None, series=[half], score=0.2, step_h=0.5, with_=["wind"])
    assert made.own["energy"]["load_mwh"] == pytest.approx(48 * 10)
    power = made.series["power"]
    assert power.step_h == 0.5
    assert list(power.values["load"]) == [8.0, 12.0] * 48
    wind = np.asarray(power.values["wind"])
    assert wind.size == 96
    hourly = synthetic_year(0, latitude=40.0, hours=48).values["wind_cf"]
    assert wind == pytest.approx(made.own["sizes"]["wind"]["mw"] * np.repeat(hourly, 2), abs=1e-6)
