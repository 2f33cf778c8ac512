"""The building as a question of its own: the same numbers as in a study, every cooling, the sea."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taotie.answer.facility import facility
from taotie.answer.label import energy_label
from taotie.answer.simulate import simulate
from taotie.answer.study import run
from taotie.answer.train import train
from taotie.errors import TaotieError
from taotie.facility.cooling_system import SeawaterEconomizer, middle_system
from taotie.facility.site_pue import sea_year
from taotie.facility.weather_pue import seawater_economizer_load
from taotie.study.building import COOLING

STUDY = (
    'title = "x"\nsamples = 200\n[workload]\nkind = "training"\naccelerators = 1000\ndays = 400\n'
    '[facility]\ncooling = "{cooling}"\n{more}[place]\nregion = "DEU"\n'
)


@pytest.mark.parametrize(
    ("cooling", "more"), [("air-economizer", {}), ("sea-water", {"sea_temperature": 11.0, "sea_swing": 9.0})]
)  # fmt: skip
def test_matches_a_building_alone_is_that_of_a_study(
    tmp_path: Path, cooling: str, more: dict[str, float]
) -> None:
    """Of a load without a course: the same leaves, so the same draws."""
    path = tmp_path / "s.toml"
    lines = "".join(f"{k} = {v}\n" for k, v in more.items())
    path.write_text(STUDY.format(cooling=cooling, more=lines), encoding="utf-8")
    study = run(path).figures
    alone = facility(cooling, region="DEU", samples=200, **more).figures
    for key in ("pue", "pue_worst_hour", "wue"):
        assert study[key].p50 == pytest.approx(alone[key].p50, rel=1e-9)


def test_worked_the_sea_of_a_building_by_hand() -> None:
    """Hourly PUE is the kernel's at each hour's sea, and nothing evaporates from a tower."""
    made = facility(
        "sea-water", region="SWE", sea_temperature=8, sea_swing=6, load="10 MW", samples=200
    )
    hourly = seawater_economizer_load(middle_system(SeawaterEconomizer), sea_year(8, 6)).pue
    assert made.series["pue_by_hour"].values["pue"] == pytest.approx(np.asarray(hourly), abs=2e-4)
    rows = {r["cooling"]: r for r in made.tables["cooling"].records()}
    assert set(rows) == set(COOLING)
    assert rows["sea-water"]["wue"] < rows["water-economizer"]["wue"] / 10
    year = made.figures["annual_energy"].to("GWh/a").p50
    assert year == pytest.approx(10 * 8.76 * made.figures["pue"].p50, rel=1e-9)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"region": "DEU", "sea_temperature": 9}, "takes no sea water"),
        ({"cooling": "sea-water", "region": "DEU", "sea_temperature": 30, "sea_swing": 30}, "is none"),
        ({}, "needs weather"),
        ({"latitude": 50}, "latitude and longitude"),
        ({"cooling": "ice", "region": "DEU"}, "not known"),
    ],
)  # fmt: skip
def test_error_one_sentence(settings: dict[str, object], word: str) -> None:
    with pytest.raises(TaotieError, match=word):
        facility(samples=200, **settings)


def test_worked_a_study_and_a_simulation_are_moved_to_another_place(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(STUDY.format(cooling="air", more=""), encoding="utf-8")
    there, here = (run(path, region=r).figures for r in ("SWE", "POL"))
    assert there["carbon_intensity"].p50 < here["carbon_intensity"].p50 / 5
    made = simulate(
        "chat", model="llama-3.1-8b", on="h100-sxm:1", replicas=1, per_day=20000, sampled_hours=0.1, region="SWE"
    )  # fmt: skip
    figures = made.figures
    energy = figures["energy_at_meter"]
    assert energy.boundary == "facility"
    ratio = figures["carbon_per_request_average"].p50 / (
        energy.p50 * figures["carbon_intensity"].p50
    )
    assert ratio == pytest.approx(1e-3, rel=1e-6)


def test_worked_the_year_stands_beside_an_intensity() -> None:
    said = [
        s.text("en") for s in train(accelerators=10, days=1, region="virginia", samples=200).said
    ]
    assert any("Virginia, 2023" in s for s in said)
    grid = energy_label(model="llama-3.1-8b", region="US-VA", samples=200).own["label"]["grid"]
    assert grid["year"] == 2023
    assert grid["g_per_kwh"] > 100
