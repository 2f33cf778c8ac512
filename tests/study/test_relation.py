"""Three views of one service held together: a study simulated, the price of its mean request, and the simulation.

Five models, three promises, a thousand to a thousand million requests a day. What is too large to simulate whole is
simulated at a share of its load: a fleet of thousands of replicas is divisible.
"""

from __future__ import annotations

import functools
import logging
from pathlib import Path

import pytest

from taotie.answer.simulate import simulate
from taotie.errors import RangeError
from taotie.study.run import run_study

MODELS = {
    "llama-3.1-8b": ("h100-sxm", 1), "llama-3.1-70b": ("h100-sxm", 4), "deepseek-v3": ("h200-sxm", 8),
    "gpt-oss-120b": ("h100-sxm", 2), "qwen3-32b": ("h100-sxm", 1),
}  # fmt: skip
PROMISES = ("ttft=1s,tpot=50ms", "ttft=2s,tpot=100ms", "ttft=0.5s,tpot=30ms")
QUICK = {
    ("llama-3.1-8b", PROMISES[0], 1e3), ("llama-3.1-8b", PROMISES[0], 1e5), ("llama-3.1-70b", PROMISES[1], 1e5),
    ("deepseek-v3", PROMISES[2], 1e4), ("gpt-oss-120b", PROMISES[0], 1e4), ("qwen3-32b", PROMISES[0], 1e4),
}  # fmt: skip
LOADS = (1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9)
MOST = 4e6
"""Requests of the largest day that is simulated whole."""
LOW, HIGH = 0.8, 1.25
LOG = logging.getLogger(__name__)
"""Every ratio, one line a case: shown with -o log_cli=true --log-cli-level=INFO."""


def _case(model: str, promise: str, per_day: float) -> object:
    slow = () if (model, promise, per_day) in QUICK else (pytest.mark.slow,)
    return pytest.param(model, promise, per_day, marks=slow, id=f"{model} {promise} {per_day:g}")


@functools.lru_cache
def _simulated_j(model: str, promise: str, per_day: float) -> float | None:
    """Energy of a day that is simulated whole; the largest day stands for all that are larger. None: no fleet."""
    chip, n = MODELS[model]
    try:
        made = simulate(
            "chat", model=model, on=f"{chip}:{n}", slo=promise, per_day=per_day, sampled_hours=24
        )
    except RangeError:
        return None
    return float(made.own["energy_j"]["total"])


@pytest.mark.parametrize(
    ("model", "promise", "per_day"),
    [_case(m, p, n) for m in MODELS for p in PROMISES for n in LOADS],
)
def test_matches_run_mean_request_and_simulate(
    tmp_path: Path, model: str, promise: str, per_day: float
) -> None:
    chip, n = MODELS[model]
    part = max(1.0, per_day / MOST)
    whole = _simulated_j(model, promise, per_day / part)
    if whole is None:
        pytest.skip("no fleet keeps this promise: nothing to compare with")
    theirs = whole * part
    for way in ("simulated", "mean-request"):
        path = tmp_path / f"{way}.toml"
        path.write_text(
            f'title = "x"\nsamples = 500\n[workload]\nrequests_per_day = {per_day}\n'
            f'[compute]\nmodel = "{model}"\naccelerator = "{chip}"\naccelerators_per_replica = {n}\n'
            f'slo = "{promise}"\nserving = "{way}"\n',
            encoding="utf-8",
        )
        figures = run_study(path).figures
        ratio = figures["daily_energy_server"].to("J/d").p50 / theirs
        connection, peak = (
            figures[k].to("MW").samples for k in ("connection", "peak_facility_power")
        )
        assert (connection >= peak * (1 - 1e-9)).all()
        # the closed form draws no requests: a wider bound, and said so where a promise leaves little room
        within = (
            (LOW if way == "simulated" else 0.5) < ratio < (HIGH if way == "simulated" else 2.0)
        )
        LOG.info("%s %s %g a day: %s over simulated %.3f", model, promise, per_day, way, ratio)
        assert within
