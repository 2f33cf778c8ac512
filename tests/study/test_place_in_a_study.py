"""A study that says where it stands: nation, intensity, share and grid follow, and nothing else is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taotie.answer.study import run
from taotie.errors import StudyError
from taotie.study.footprint import PER_REQUEST

BASE = """
title = "one service"
samples = 200
[workload]
requests_per_day = 1e6
[compute]
model = "llama-3.1-8b"
accelerator = "h100-sxm"
"""


def _study(tmp_path: Path, more: str) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(BASE + more, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("where", "nation", "intensity", "year", "name"),
    [
        ('country = "Germany"', "Germany, 2", 329.65, 2025, "Germany"),
        ('state = "virginia"', "United States, 2", 244.8, 2023, "Virginia"),
        ('province = "Sichuan"', "China, 2", 156.4, 2023, "Sichuan"),
        ('region = "四川"', "China, 2", 156.4, 2023, "Sichuan"),
        ('cloud = "aws:eu-central-1"', "Germany, 2", 329.65, 2025, "Germany"),
    ],
)
def test_worked_nation_intensity_and_share_follow_the_place(
    tmp_path, where, nation, intensity, year, name
):
    made = run(_study(tmp_path, f"[place]\n{where}\n"))
    figures = made.figures
    assert nation in figures["share_of_nation"].label["en"]
    assert figures["carbon_intensity"].p50 == pytest.approx(intensity, abs=0.06)
    assert str(year) in figures["carbon_intensity"].label["en"]
    assert str(year) in figures["carbon_intensity"].label["zh"]
    assert name in figures["carbon_intensity"].label["en"]
    wanted = set(PER_REQUEST) - {"carbon_per_request_market"}
    assert wanted <= set(figures)
    assert "load_hosting_capacity" not in figures
    assert "Texas" not in str(made.to_dict())
    assert "ACTIVSg" not in str(made.to_dict())
    assert {"mean_load", "peak_load", "connection", "replicas", "accelerators"} <= set(figures)
    assert figures["mean_load"].p50 <= figures["peak_load"].p50 <= figures["connection"].p95


def test_worked_a_place_of_texas_brings_its_grid(tmp_path):
    made = run(_study(tmp_path, '[place]\nstate = "Texas"\n'))
    assert "load_hosting_capacity" in made.figures
    assert "share_of_state" in made.figures


def test_worked_no_place_and_no_grid_shows_no_grid(tmp_path):
    made = run(_study(tmp_path, ""))
    assert "load_hosting_capacity" not in made.figures
    assert not set(PER_REQUEST) & set(made.figures)


def test_worked_the_footprint_of_the_year_is_that_of_its_requests(tmp_path):
    made = run(
        _study(tmp_path, '[place]\ncountry = "Germany"\n[grid]\nmarket_intensity = 50\n')
    ).figures
    requests = 365.0 * 1e6
    for year, one, scale in (
        ("annual_carbon_marginal", "carbon_per_request_marginal", 1e6),
        ("annual_carbon_average", "carbon_per_request_average", 1e6),
        ("annual_carbon_market", "carbon_per_request_market", 1e6),
        ("annual_water_onsite", "water_per_request_onsite", 1e6),
        ("annual_water_offsite", "water_per_request_offsite", 1e6),
        ("annual_embodied", "embodied_per_request", 1e6),
        ("annual_price", "price_per_request", 1.0),
    ):
        unit = {"annual_price": "USD"}.get(year, "m3" if "water" in year else "tCO2e")
        per = {"annual_price": "USD/request"}.get(
            year, "mL/request" if "water" in year else "gCO2e/request"
        )
        whole = made[year].to(unit).samples
        assert np.allclose(whole, made[one].to(per).samples * requests / scale, rtol=2e-3), year


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('[place]\nstate = "Narnia"\n', "no source of ours covers it"),
        ('[place]\nstate = "virginia"\ncountry = "Germany"\n', "not one place"),
        ('[place]\ncountry = "Germany"\n[grid]\nbus = "median"\n', "no grid case of Germany"),
        ("[place]\nlatitude = 50\n", "latitude and longitude"),
        ("[place]\nlatitude = 95\nlongitude = 0\n", "latitude"),
        ('[place]\ntown = "Berlin"\n', "unknown key"),
    ],
)
def test_error_of_a_place_is_one_sentence(tmp_path, more, words):
    with pytest.raises(StudyError, match=words):
        run(_study(tmp_path, more))


def test_worked_a_grid_case_of_elsewhere_is_told(tmp_path):
    case = '[grid]\ncase = "ACTIVSg2000"\nbus = "median"\n'
    told = {n.code: str(n) for n in run(_study(tmp_path, f'[place]\ncountry = "Germany"\n{case}')).said}  # fmt: skip
    assert "not one of Germany" in told["case_of_elsewhere"]
    home = run(_study(tmp_path, f'[place]\nstate = "Texas"\n{case}'))
    assert "case_of_elsewhere" not in {n.code for n in home.said}
