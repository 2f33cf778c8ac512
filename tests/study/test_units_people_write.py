"""Units as people write them in a study: each is the same quantity in the key's own unit, or refused by what it is."""

from __future__ import annotations

import pytest

from taotie.errors import StudyError
from taotie.study.read import read_study
from taotie.study.run import run_study

KINDS = {
    "sessions_per_day": "agents", "turns_per_session": "agents", "power": "campus", "training_tokens": "training",
    "parameters": "training", "requests_per_day": "picture",
}  # fmt: skip


def _read(tmp_path, key, value):
    table, _dot, name = key.rpartition(".")
    path = tmp_path / "own.toml"
    kind = f'kind = "{KINDS[name]}"\n' if name in KINDS else ""
    own = f"[workload]\n{kind}{name} = {value}\n"
    other = f"[workload]\nrequests_per_day = 1000\n[{table}]\n{name} = {value}\n"
    path.write_text('title = "x"\nsamples = 200\n' + (own if table == "workload" else other))
    return read_study(path)


@pytest.mark.parametrize(
    ("key", "value", "unit", "wanted", "expected"),
    [
        ("grid.carbon_intensity", 820, "lb CO2/MWh", "gCO2e/kWh", 371.9457),
        ("grid.carbon_intensity", 820, "lb/MWh", "gCO2e/kWh", 371.9457),
        ("grid.carbon_intensity", 0.4, "tCO2/MWh", "gCO2e/kWh", 400),
        ("grid.carbon_intensity", 400, "g CO₂/kWh", "gCO2e/kWh", 400),
        ("grid.carbon_intensity", 400, "gCO2eq/kWh", "gCO2e/kWh", 400),
        ("facility.wue", 0.5, "gal/kWh", "L/kWh", 1.892705892),
        ("policy.electricity_price", 40, "$/MWh", "USD/kWh", 0.04),
        ("policy.electricity_price", 7, "cents/kWh", "USD/kWh", 0.07),
        ("workload.requests_per_day", 2, "million images/day", "request/d", 2e6),
        ("workload.requests_per_day", 10, "qps", "request/d", 864000),
        ("workload.sessions_per_day", 5000, "sessions/day", "1/d", 5000),
        ("workload.turns_per_session", 12, "turns/session", "1", 12),
        ("workload.power", 5, "万千瓦", "MW", 50),
        ("workload.power", 2.19, "TWh/yr", "MW", 250),
        ("workload.power", 36.5, "GWh per month", "MW", 50),
        ("workload.power", 1.2e6, "kWh/d", "MW", 50),
        ("workload.training_tokens", 15, "trillion tokens", "token", 15e12),
        ("workload.parameters", 7, "billion", "parameter", 7e9),
    ],
)
@pytest.mark.parametrize("form", ["table", "text"])
def test_worked_units_people_write(tmp_path, key, value, unit, wanted, expected, form):
    text = f'{{ value = {value}, unit = "{unit}" }}' if form == "table" else f'"{value} {unit}"'
    made = _read(tmp_path, key, text)
    assert made.given(key).to(wanted).p50 == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("key", "unit", "says"),
    [
        ("policy.electricity_price", "€/MWh", "no exchange rate is held"),
        ("policy.electricity_price", "元/度", "no exchange rate is held"),
        ("grid.carbon_intensity", "lb/gal", "not convertible"),
        ("workload.requests_per_day", "sessions/day", "unknown unit 'sessions'"),
        ("facility.wue", "kWh/L", "not convertible"),
    ],
)
def test_error_another_quantity_is_refused(tmp_path, key, unit, says):
    with pytest.raises(StudyError) as error:
        _read(tmp_path, key, f'{{ value = 1, unit = "{unit}" }}')
    assert says in str(error.value)


def test_worked_redundancy_as_operators_say_it(tmp_path):
    found = {}
    for given in ('"n+1"', "1", "0"):
        path = tmp_path / "own.toml"
        path.write_text(
            'title = "x"\nsamples = 200\n[workload]\nrequests_per_day = 1000\n[compute]\nmodel = "llama-3.1-8b"\n'
            f'serving = "mean-request"\nredundancy = {given}\n'
        )
        found[given] = run_study(read_study(path)).figures["accelerators"].p50
    assert found['"n+1"'] == found["1"] == found["0"] + 1
