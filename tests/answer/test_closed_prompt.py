"""A closed model gets a wide answer that says it is assumed, narrows by what is known, and is held against its price."""

from __future__ import annotations

import pytest

from rows import each_row
from taotie.answer.prompt import prompt
from taotie.compute.metered.closed_model import Known, closed_draws, closed_model
from taotie.errors import RangeError, UnknownNameError
from taotie.study.footprint import PER_REQUEST
from taotie.words.said import Said


def test_worked_a_closed_model_answers_a_range_with_its_reason():
    made = prompt("gpt-5")
    energy = made.figures["energy_per_request"]
    assert (energy.kind, energy.boundary) == ("assumed", "facility")
    assert energy.p95 / energy.p05 > 6
    assert (made.own["kind"], made.own["as_of"]) == ("assumed", "2026-11-29")
    assert "price" in made.own["basis"]
    said = {s.code: str(s) for s in made.said}
    assert "OpenAI publishes neither size nor machines" in said["closed_model"]
    assert "--batch" in said["closed_narrow"]


def test_worked_a_place_gives_a_closed_model_a_footprint():
    made = prompt("claude-opus-5", region="aws:us-east-1", market_intensity=10)
    assert set(PER_REQUEST) <= set(made.figures)
    ratio = made.figures["carbon_per_request_average"] / made.figures["energy_per_request"]
    assert ratio.to("gCO2e/kWh").p50 == pytest.approx(270.5, rel=1e-3)


def test_property_length_hour_and_provider_change_the_answer():
    def middle(**more):
        return prompt("gpt-5", **more).figures

    assert (
        middle(tokens_out=2000)["energy_per_request"].p50 > 2.5 * middle()["energy_per_request"].p50
    )
    noon = middle(region="California", hour=12)["carbon_per_request_average"].p50
    night = middle(region="California", hour=20)["carbon_per_request_average"].p50
    assert noon < 0.8 * night
    assert middle(provider="Google")["energy_per_request"].p50 != middle()["energy_per_request"].p50


def test_worked_a_claim_is_held_against_the_price():
    def codes(**more):
        return {s.code for s in prompt("gpt-5", tokens_in=500, tokens_out=500, **more).said}

    assert "price_impossible" in codes(claimed="200 Wh")
    assert "price_improbable" in codes(claimed="18.35 Wh")
    assert "price_possible" in codes(claimed="0.34 Wh")
    assert not {c for c in codes() if c.startswith("price_")}


def test_worked_a_model_told_by_its_price():
    made = prompt("unreleased", price_in=3, price_out=15)
    assert made.own["basis"] == "price"
    assert made.figures["energy_per_request"].p50 > 0


@each_row(
    ("given", "error"),
    [
        ({"model": "gpt-5", "price_in": 3}, RangeError),
        ({"model": "gpt-9-mega"}, UnknownNameError),
        ({"model": "llama-3.1-8b", "active": 3e9}, RangeError),
        ({"model": "gpt-5", "active": 2e12, "total": 1e12}, RangeError),
        ({"model": "gpt-5", "price_in": 0, "price_out": 1}, RangeError),
        ({"model": "llama-3.1-8b", "acceptance": 0.5}, RangeError),
        ({"model": "llama-3.1-8b", "prefill_on": "h100:0"}, RangeError),
        ({"model": "gpt-5", "data_parallel": 2}, RangeError),
        ({"model": "gpt-5", "prefill_on": "h100:4"}, RangeError),
    ],
)
def test_error_of_a_closed_model(given, error):
    with pytest.raises(error):
        prompt(**given)


def test_worked_what_the_draws_cannot_keep_is_said():
    def told(**known: float) -> dict[str, dict[str, object]]:
        found: list[Said] = []
        closed_draws(closed_model("gpt-4o"), 300, 500, Known(**known), n=16, told=found)
        return {s.code: dict(s.values) for s in found}

    assert told(batch=1e6) == {"closed_batch_limited": {"share": 100.0, "batch": 1e6}}
    assert told(batch=2) == {}


@pytest.mark.parametrize("where", [None, "Germany", "四川", "aws:us-east-1"])
def test_property_a_closed_model_is_written_down_wherever_it_is(where):
    made = prompt("gpt-5", region=where, samples=300)
    written = made.to_dict()["figures"]
    assert written["energy_per_request"]["kind"] == "assumed"
    # what stands at the plug and at the chips is of the same draw
    if where is not None:
        carbon, energy = (
            made.figures["carbon_per_request_average"],
            made.figures["energy_per_request"],
        )
        intensity = made.figures["carbon_intensity"].p50
        assert carbon.p50 == pytest.approx(energy.p50 * intensity / 1000, rel=1e-9)
        assert made.figures["water_per_request_onsite"].boundary == "server"
