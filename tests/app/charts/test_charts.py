"""The Vega-Lite charts are valid, say what they should, and hold the numbers of the result."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hand_made import make_result
from hypothesis import given
from hypothesis import strategies as st

from taotie.app.charts import daily_chart, drivers_chart, range_chart
from taotie.app.charts.picture import Absent, DataTable, Picture, cell_text
from taotie.app.charts.scales import log_ticks
from taotie.quantity.figure import leaf
from taotie.quantity.profile import Profile
from taotie.quantity.sampling import sampling
from taotie.quantity.sensitivity import Drivers, drivers
from taotie.quantity.wording import readable
from taotie.study.result import StudyResult


def pictures(result: StudyResult) -> dict[str, Picture]:
    made = (
        range_chart.picture(result),
        daily_chart.picture(daily_chart.days_of(result.profiles)),
        drivers_chart.picture(
            result.figures[result.headline], drivers(result.figures[result.headline])
        ),
    )
    assert all(isinstance(p, Picture) for p in made)
    return {p.name: p for p in made if isinstance(p, Picture)}


def test_property_every_specification_is_valid_vega_lite(result: StudyResult) -> None:
    import altair as alt

    for picture in pictures(result).values():
        for width in ("wide", "narrow"):
            alt.Chart.from_dict(dict(picture.specs[width]), validate=True)
            json.dumps(picture.specs[width], allow_nan=False)


def test_worked_hollow_marks_are_those_of_another_boundary(result: StudyResult) -> None:
    spec = pictures(result)["range"].specs["wide"]
    rows = [row for held in spec["datasets"].values() for row in held]
    hollow = {r["name"] for r in rows if r["fill"] == range_chart.theme.PAPER}
    assert hollow == {
        "One request to the next",
        "One ChatGPT request, 2023",
        "Measured on one node",
    }
    shapes = {r["name"]: r["shape"] for r in rows}
    assert shapes["One ChatGPT request, 2023"] == "triangle-left"
    assert shapes["One GPT-4o query"] == "circle"


@pytest.mark.parametrize("unit", ["Wh/request", "J/request", "kWh/request"])
def test_worked_an_at_most_stays_one_in_any_unit(result: StudyResult, unit: str) -> None:
    beside, _missing = range_chart.published_of(result, unit)
    bounds = {key: figure.bound for key, figure in beside}
    assert bounds["devries2023.energy_per_request_chatgpt"] == "at_most"
    assert bounds["epoch2025.energy_per_query"] not in ("at_most", "at_least")
    ours = result.figures[result.headline].to(unit)
    rows = range_chart._rows(result, result.headline, ours, beside)
    spec = range_chart.spec(rows, unit, wide=True)
    values = [row for held in spec["datasets"].values() for row in held]
    shape = {r["name"]: (r["shape"], "at most" in r["under"]) for r in values}
    assert shape["One ChatGPT request, 2023"] == ("triangle-left", True)


def test_worked_published_joules_stand_in_our_unit(result: StudyResult) -> None:
    beside, missing = range_chart.published_of(result, "Wh/request")
    assert dict(beside)["lab2024.joules_per_request"].p50 == pytest.approx(1.5)
    assert missing == ["nobody1999.nothing"]
    assert [k for k, _f in beside] == [
        "epoch2025.energy_per_query", "lab2024.joules_per_request",
        "devries2023.energy_per_request_chatgpt",
    ]  # fmt: skip


def test_worked_spread_over_requests_is_in_the_unit_of_the_figure(result: StudyResult) -> None:
    assert result.request_energy_wh is not None
    row = next(r for r in pictures(result)["range"].table.rows if "next" in str(r["name"]))
    assert row["p50"] == pytest.approx(result.request_energy_wh[50])
    assert row["p95"] == pytest.approx(result.request_energy_wh[95])


def test_worked_nothing_to_compare_with_is_said() -> None:
    assert isinstance(
        range_chart.picture(make_result(published=(), request_energy_wh=None)), Absent
    )


@given(st.floats(1e-9, 1e9), st.floats(1.01, 1e8), st.integers(3, 9))
def test_property_log_ticks_lie_within_and_are_few(low: float, ratio: float, most: int) -> None:
    ticks = log_ticks(low, low * ratio, most)
    assert all(low <= t <= low * ratio for t in ticks)
    assert len(ticks) <= most
    assert ticks == sorted(ticks)


def test_matches_fan_is_the_percentiles_of_the_profile(result: StudyResult) -> None:
    rows = pictures(result)["day"].table.rows
    it = result.profiles["it_load"]
    expected = it.percentiles()
    assert [r["p50"] for r in rows[:24]] == pytest.approx(expected[1].tolist())
    assert [r["p95"] for r in rows[:24]] == pytest.approx(expected[2].tolist())
    assert all(r["p05"] <= r["p50"] <= r["p95"] for r in rows)  # type: ignore[operator]


def test_matches_long_series_are_drawn_as_their_mean_day() -> None:
    """The mean day's percentiles are those of the draws of the mean day, not means of percentiles."""
    rng = np.random.default_rng(2)
    with sampling(1_000, 3):
        a = leaf("a", low=1, high=3, unit="MW", boundary="server", kind="assumed", note="test")
        b = leaf("b", low=2, high=9, unit="MW", boundary="server", kind="assumed", note="test")
        year = Profile(((rng.random(8760), a), (rng.random(8760), b)))
        (day,) = daily_chart.days_of({"load": year})
        hours = np.stack(list(year.samples()))
    mean_day = hours.reshape(365, 24, -1).mean(axis=0)
    np.testing.assert_allclose(day.percentiles, np.percentile(mean_day, [5, 50, 95], axis=1))
    assert day.folded == 365


def test_worked_series_of_two_dimensions_get_two_panels(result: StudyResult) -> None:
    with sampling(500, 3):
        grams = leaf("i", low=300, high=500, unit="gCO2e/kWh", kind="assumed", note="test")
        intensity = Profile(((np.linspace(1, 2, 24), grams),), label={"en": "Intensity"})
    days = daily_chart.days_of({**result.profiles, "intensity": intensity})
    picture = daily_chart.picture(days)
    assert isinstance(picture, Picture)
    assert len(picture.specs["wide"]["vconcat"]) == 2
    for svg in (picture.svg, picture.narrow):
        assert "MW" in svg
        assert "gCO2e/kWh" in svg


def test_worked_drivers_say_how_they_were_found(result: StudyResult) -> None:
    assert "Sobol" in pictures(result)["doubt"].method
    with sampling(500, 3):
        a = leaf("a", low=1, high=3, unit="Wh", kind="assumed", note="test")
        b = leaf("b", low=1, high=2, unit="1", kind="assumed", note="test")
    product = drivers_chart.picture(a * b, drivers(a * b))
    assert isinstance(product, Picture)
    assert "lognormal" in product.method
    shares = [float(r["share"] or 0) for r in product.table.rows]
    assert sum(shares) == pytest.approx(100)
    expected = math.log(3) ** 2 / (math.log(3) ** 2 + math.log(2) ** 2)
    assert shares[0] == pytest.approx(100 * expected)


def test_worked_no_spread_is_said(result: StudyResult) -> None:
    assert (
        isinstance(drivers_chart.picture(result.figures["led"], Drivers((), "exact")), Absent)
        if ("led" in result.figures)
        else isinstance(
            drivers_chart.picture(result.figures["hosting_capacity_n1"], Drivers((), "exact")),
            Absent,
        )
    )


def test_worked_milliwatt_hours_are_never_printed() -> None:
    """Readers take mWh for MWh."""
    small = leaf("s", value=0.215, unit="Wh/request", kind="assumed", note="test")
    assert readable(small).unit == "Wh/request"
    assert readable(leaf("t", value=2e-5, unit="Wh", kind="assumed", note="test")).p50 == 2e-5


def test_worked_csv_cells_do_not_run_in_a_spreadsheet() -> None:
    import base64

    table = DataTable(
        {"a": "A", "b": "B"}, ({"a": "=1+1", "b": -2.5}, {"a": "@x", "b": float("nan")})
    )
    text = base64.b64decode(table.csv_uri().partition("base64,")[2]).decode("utf-8-sig")
    assert text.splitlines() == ["a,b", "'=1+1,-2.5", "'@x,"]
    rows = json.loads(base64.b64decode(table.json_uri().partition("base64,")[2]))
    assert rows == {"columns": ["a", "b"], "rows": [["=1+1", -2.5], ["@x", None]]}


def test_worked_unknown_cells_are_a_dash_never_zero() -> None:
    assert cell_text(None) == cell_text(float("nan")) == "–"
    assert cell_text(0.0) == "0"
