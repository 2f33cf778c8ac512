"""Footprint of a request: the worked numbers of the note, and the same figures from `prompt` and Python."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from rows import each_row
from taotie.answer.prompt import prompt
from taotie.errors import RangeError
from taotie.grid.emissions import consumed_intensity_g_per_kwh
from taotie.hardware.embodied import embodied_g, embodied_rate_g_per_s, made_carbon
from taotie.study.footprint import PER_REQUEST, carbon_g, water_ml

OURS = {
    "carbon-united": lambda: carbon_g(0.34, 384.4),
    "carbon-china": lambda: carbon_g(0.34, 530.6),
    "carbon-hebei": lambda: carbon_g(0.34, 651.6),
    "carbon-yunnan": lambda: carbon_g(0.34, 133.3),
    "carbon-germany": lambda: carbon_g(0.34, 329.65),
    "carbon-sweden": lambda: carbon_g(0.34, 35.26),
    "carbon-brazil": lambda: carbon_g(0.34, 109.95),
    "carbon-india": lambda: carbon_g(0.34, 670.13),
    "gemini-location": lambda: carbon_g(0.24, 384.4),
    "gemini-water": lambda: water_ml(0.24 / 1.09, 1.15, 1.09, 0.0),
    "water-a-with": lambda: water_ml(0.30, 0.27, 1.17, 1.47354),
    "water-a-without": lambda: water_ml(0.30, 0.27, 1.17, 0.900239),
    "water-wri": lambda: water_ml(0.30, 0.27, 1.17, 3.14),
    "embodied-rate": lambda: embodied_rate_g_per_s(560.0, 4.5, 0.6),
    "embodied-request": lambda: embodied_g(560.0, 4.5, 0.6, 0.72),
    "embodied-high": lambda: embodied_rate_g_per_s(575.1, 3.0, 0.5),
    "embodied-low": lambda: embodied_rate_g_per_s(164.0, 6.0, 1.0),
    "egrid-loss": lambda: consumed_intensity_g_per_kwh(270.48, 0.05),
    "sci": lambda: carbon_g(0.34, 384.4) + embodied_g(560.0, 4.5, 0.6, 0.72),
}


@pytest.mark.parametrize("key", OURS)
def test_published_golden(key, shared_data: Path):
    path = shared_data / "footprint" / "goldens.csv"
    if not path.is_file():
        pytest.skip("the worked numbers of the note are not beside the project")
    with path.open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["id"] == key)
    made = float(np.asarray(OURS[key]()))
    printed = row["value"]
    digits = len(printed.replace("0.", "").replace(".", "").lstrip("0"))
    assert float(f"{made:.{min(digits, 5)}g}") == pytest.approx(float(printed), rel=3e-4)


@each_row(
    ("region", "wanted"),
    [("USA", 384.4), ("China", 530.6), ("Hebei", 651.6), ("Yunnan", 133.3), ("Sweden", 35.26), ("Germany", 329.65),
     ("Brazil", 109.95), ("India", 670.13)],
)  # fmt: skip
def test_published_carbon_of_a_place(region, wanted):
    found = prompt("llama-3.1-8b", batch=16, region=region, samples=200).figures
    ratio = found["carbon_per_request_average"] / found["energy_per_request"]
    assert ratio.to("gCO2e/kWh").p50 == pytest.approx(wanted, rel=5e-3)


def test_worked_every_part_of_a_footprint_by_hand():
    found = prompt(
        "llama-3.1-8b", batch=16, region="aws:us-east-1", wue=0.27, electricity_price=0.08, market_intensity=20,
        samples=200,
    ).figures  # fmt: skip
    assert set(PER_REQUEST) <= set(found)
    meter = found["energy_per_request"].to("kWh/request").samples
    server = found["energy_per_request_server"].to("kWh/request").samples
    assert np.allclose(meter, 1.15 * server)  # the region's own PUE

    def of(key, unit):
        return found[key].to(unit).samples

    assert np.allclose(of("carbon_per_request_average", "gCO2e/request"), 270.5 * meter, rtol=1e-3)
    assert np.allclose(of("carbon_per_request_marginal", "gCO2e/request"), 574.3 * meter, rtol=1e-3)
    assert np.allclose(of("carbon_per_request_market", "gCO2e/request"), 20 * meter)
    assert np.allclose(of("water_per_request_onsite", "mL/request"), 270 * server)
    assert np.allclose(of("price_per_request", "USD/request"), 0.08 * meter)
    water = found["water_per_request_offsite"].to("mL/request") / found["energy_per_request"]
    assert 0.9 < water.to("L/kWh").p05 < water.to("L/kWh").p95 < 1.5  # Virginia
    assert found["carbon_per_request_average"].boundary == "facility"
    assert found["water_per_request_onsite"].boundary == "server"


def test_property_noon_is_clean_where_the_sun_shines():
    def carbon(**more):
        made = prompt("llama-3.1-8b", batch=16, region="California", samples=200, **more)
        return made.figures["carbon_per_request_average"].p50

    assert carbon(hour=12) < 0.75 * carbon() < 0.75 * carbon(hour=20)


def test_property_a_market_based_figure_never_stands_alone():
    found = prompt("llama-3.1-8b", batch=16, region="Germany", market_intensity=0, samples=200)
    assert found.figures["carbon_per_request_market"].p50 == 0
    assert found.figures["carbon_per_request_average"].p50 > 0
    shown = list(found.show)
    assert shown.index("carbon_per_request_average") < shown.index("carbon_per_request_market")


def test_error_hour_and_values_without_a_place():
    with pytest.raises(RangeError, match="no place is named"):
        prompt("llama-3.1-8b", hour=3)
    with pytest.raises(RangeError, match="whole hour"):
        prompt("llama-3.1-8b", region="Virginia", hour=24)


def test_worked_no_place_no_footprint():
    found = prompt("llama-3.1-8b", batch=16, samples=200).figures
    assert not set(PER_REQUEST) & set(found)


def test_published_range_of_an_h100():
    made = made_carbon("h100-sxm")
    assert made.p50 == pytest.approx(560, rel=1e-3)
    assert math.isclose(np.percentile(made.samples, 10), 276, rel_tol=0.01)
    assert math.isclose(np.percentile(made.samples, 90), 1290, rel_tol=0.01)
