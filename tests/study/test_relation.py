"""The two views of a service held together: a study's closed form and the simulation of the same day."""

from __future__ import annotations

from pathlib import Path

import pytest

from taotie.answer.simulate import simulate
from taotie.study.run import run_study


@pytest.mark.parametrize(
    "per_day", [1_000, 50_000, pytest.param(3_200_000, marks=pytest.mark.slow)]
)
def test_matches_run_and_simulate(tmp_path: Path, per_day: int) -> None:
    path = tmp_path / "service.toml"
    path.write_text(
        f'title = "x"\nsamples = 2000\n[workload]\nrequests_per_day = {per_day}\n'
        "prompt_tokens = 300\noutput_tokens = 300\n"
        '[compute]\nmodel = "llama-3.1-8b"\naccelerator = "h100-sxm"\n'
        "accelerators_per_replica = 1\n[facility]\npue = 1.2\n",
        encoding="utf-8",
    )
    figures = run_study(path).figures
    run = simulate(
        "chat", model="llama-3.1-8b", on="h100-sxm:1", slo="ttft=1s,tpot=50ms", per_day=per_day,
        sampled_hours=24, mean_prompt=300, mean_answer=300,
    ).own  # fmt: skip
    assert figures["replicas"].p50 == run["replicas"]
    ours = figures["daily_energy_server"].to("J/d").p50
    assert 0.8 < ours / run["energy_j"]["total"] < 1.25
    assert figures["connection"].p50 >= figures["peak_facility_power"].p50
