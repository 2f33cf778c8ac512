"""Sessions in tokens, energy, carbon and water: wide, marked, adding up."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.answer.meter_usage import usage_answer
from taotie.compute.metered.token_energy import energy_wh, model_range, token_sums
from taotie.errors import UnknownNameError
from taotie.metering.usage import Call, Usage

DAY = 86_400 * 10**9
T0 = 1_767_225_600 * 10**9


def calls(n=10, model="claude-opus-4-5"):
    return [
        Call(T0 + i * DAY // 4, model, Usage(500, 100, 50_000, 400, 100), f"s{i % 3}", f"p{i % 2}")
        for i in range(n)
    ]


def test_worked_sessions_days_and_projects() -> None:
    made = usage_answer(calls(), {})
    assert made.own["tokens"]["prompt"] == 506_000
    assert set(made.own["by"]["session"]) == {"s0", "s1", "s2"}
    assert set(made.own["by"]["day"]) == {"2026-01-01", "2026-01-02", "2026-01-03"}
    for label in ("session", "day", "project", "model"):
        assert sum(r["calls"] for r in made.own["by"][label].values()) == 10
        assert sum(r["high_wh"] for r in made.own["by"][label].values()) == pytest.approx(
            made.own["energy_wh"]["p90"], rel=0.05
        )
    assert made.figures["energy"].kind == "assumed"
    assert made.figures["energy"].boundary == "facility"
    assert "far_end_not_metered" in {s.code for s in made.said}
    e = made.own["energy_wh"]
    assert e["p90"] / e["p10"] > 6


def test_property_twice_the_calls_twice_the_energy() -> None:
    one, two = usage_answer(calls(5), {}).own, usage_answer(calls(5) * 2, {}).own
    for q in ("p10", "p50", "p90"):
        assert two["energy_wh"][q] == pytest.approx(2 * one["energy_wh"][q])


def test_property_cached_tokens_are_cheap_but_not_free_and_context_costs() -> None:
    found = model_range("gpt-5")

    def middle(usage):
        return float(np.median(energy_wh(found, token_sums([Call(0, "gpt-5", usage)]))))

    plain, cached, long = (
        middle(Usage(5000, 0, 0, 400)),
        middle(Usage(500, 0, 4500, 400)),
        middle(Usage(500, 0, 200_000, 400)),
    )
    assert middle(Usage(500, 0, 0, 400)) < cached < plain
    assert long > cached * 1.5


def test_worked_names_proxies_and_unknown_models() -> None:
    assert model_range("anthropic/claude-opus-4-5-20251101").model == "claude-opus-4-5"
    near = model_range("claude-opus-4-9")
    assert near.proxy.startswith("claude-opus")
    assert "opus" in near.model
    with pytest.raises(UnknownNameError):
        model_range("llama-3-70b")
    made = usage_answer([*calls(2), *calls(2, "home-made")], {})
    assert "model_without_range" in {s.code for s in made.said}
    assert made.own["calls"] == 4
    assert usage_answer(calls(2, "home-made"), {}).own["energy_wh"] is None


def test_matches_the_table(shared_data) -> None:
    import csv

    with (shared_data / "footprint" / "closed_models.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        found = model_range(row["model"])
        assert found.model == row["model"]
        draws = energy_wh(found, token_sums([Call(0, "", Usage(500, 0, 0, 400))]))
        for q, key in ((10, "p10"), (50, "p50"), (90, "p90")):
            assert np.percentile(draws, q) == pytest.approx(
                float(row[f"wh_500in_400out_{key}"]), rel=0.02
            )
