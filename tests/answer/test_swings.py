"""The answer of `taotie swings`: its JSON, its checks, its page."""

from __future__ import annotations

import json

import pytest

from rows import each_row
from taotie.answer.swings import swings
from taotie.errors import TaotieError


def test_worked_machine_readable_keys(tmp_path):
    bands = tmp_path / "b.csv"
    bands.write_text("low_hz,high_hz,limit_mw,limit_share\n0.1,1,20,\n1,2.5,,0.2\n")
    answer = swings(bands=bands, most_range_mw=70, duration_s=100).to_dict()
    assert {"mean_mw", "peak_mw", "ramp_mw_per_s", "bands"} <= set(answer)
    assert answer["mean_mw"] == pytest.approx(87)
    first, second = answer["bands"]
    assert {"low_hz", "high_hz", "mw", "limit_mw", "pass"} <= set(first)
    assert first["mw"] == pytest.approx(30.902, abs=5e-4)
    assert (first["pass"], second["pass"], answer["pass"]) == (False, True, False)
    assert second["limit_mw"] == pytest.approx(21)
    json.dumps(answer, allow_nan=False)


def test_worked_filters_bring_it_within_limits():
    answer = swings(floor_mw=84, duration_s=100)
    assert answer.own["range_mw"] == pytest.approx(21)
    assert answer.figures["burnt"].p50 == pytest.approx(11.7)
    assert answer.own["pass"] is True
    assert swings(duration_s=100).own["pass"] is False


def test_worked_dip_in_the_answer():
    answer = swings(dip_voltage=0.4, back_mw_per_s=10)
    assert answer.own["dip"]["lost_mw"] == pytest.approx(87)
    never = swings(dip_voltage=0.9)
    assert never.own["dip"]["rides_through"] is True


def test_worked_page():
    pytest.importorskip("jinja2", reason="the extra report is not installed")
    from taotie.app.charts.swings_charts import swings_pictures
    from taotie.app.pages.answer_page import answer_html

    page = answer_html(
        swings(dip_voltage=0.4), title=lambda a: "t", sentence=lambda a: "s", about=lambda a: "a",
        pictures=swings_pictures,
    )  # fmt: skip
    assert page.count('data-testid="picture"') == 8


@each_row(
    ("more", "says"),
    [
        ({"duty": 70}, "duty"),
        ({"low_mw": 200}, "lower end below"),
        ({"floor_mw": 500}, "floor"),
        ({"ramp_mw_per_s": -1}, "ramp"),
        ({"battery_mw": 5}, "needs a time constant"),
        ({"capacitor_mw": 5}, "needs the time"),
        ({"battery_s": 0}, "above 0 s"),
        ({"file": "nothing.csv"}, "cannot be read"),
        ({"duration_s": 1e9}, "too many"),
        ({"dip_voltage": 40}, "not a share"),
    ],
)  # fmt: skip
def test_error_settings(more, says):
    with pytest.raises(TaotieError, match=says):
        swings(**more)
