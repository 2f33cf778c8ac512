"""Every number of the shipped studies is pinned: a wrong line anywhere in the chain is noticed here.

The values were written by tools/pin_studies.py; each that moves is told in `changes/`.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from taotie.study.result import StudyResult
from taotie.study.run import run_study

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases" / "study"
QUICK = ("campus_texas", "chat_service", "chatgpt_2023", "coding_agents", "training_run")


def _differences(result: StudyResult, name: str) -> list[str]:
    with (CASES / name / "expected.csv").open(encoding="utf-8", newline="") as file:
        wanted = {row["key"]: row for row in csv.DictReader(file)}
    found = {k: (f.value.p05, f.value.p50, f.value.p95) for k, f in result.figures.items()}
    for key, profile in result.profiles.items():
        for hour, row in enumerate(profile.percentiles().T):
            found[f"{key}[{hour}]"] = tuple(float(v) for v in row)
    wrong = [f"{k}: not expected" for k in found if k not in wanted]
    for key, row in wanted.items():
        if key not in found:
            wrong.append(f"{key}: missing")
            continue
        for place, value in zip(("p05", "p50", "p95"), found[key], strict=True):
            if not math.isclose(value, float(row[place]), rel_tol=float(row["tolerance"])):
                wrong.append(f"{key} {place}: {value:.9g}, pinned {row[place]}")
    return wrong


@pytest.mark.parametrize("name", QUICK)
def test_published_study_gives_what_it_gave(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAOTIE_DATA", raising=False)
    monkeypatch.setenv("TAOTIE_DATA", str(ROOT / "tests" / "no_data"))
    assert _differences(run_study(ROOT / "studies" / f"{name}.toml"), name) == []


SLOW = (
    "hundred_thousand_h100_texas", "hundred_thousand_h100_west", "assistant_mix", "bitcoin_mine", "closed_model",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_published_study_of_more_work_gives_what_it_gave(name: str) -> None:
    if not (CASES / name).is_dir():
        pytest.skip(f"{name} has not been pinned")
    assert _differences(run_study(ROOT / "studies" / f"{name}.toml"), name) == []


@pytest.mark.parametrize("serving", ["mean-request", "simulated"])
def test_worked_a_service_by_hand(tmp_path: Path, serving: str) -> None:
    """A flat day, one length, a loss of 10 %, whole replicas: each step of the chain by hand."""
    path = tmp_path / "by_hand.toml"
    path.write_text(
        'title = "by hand"\nsamples = 200\n'
        "[workload]\nrequests_per_day = 864000\nprompt_tokens = 300\noutput_tokens = 300\n"
        f"daily_shape = {[1] * 24}\n"
        '[compute]\nmodel = "llama-3.1-8b"\naccelerator = "h100-sxm"\naccelerators_per_replica = 1\n'
        f'utilization = 0.5\nredundancy = 1\nserving = "{serving}"\n'
        "[facility]\npue = 1.2\n[grid]\nnetwork_loss = 0.1\ncarbon_intensity = 500\n",
        encoding="utf-8",
    )
    figures = run_study(path).figures
    from taotie.compute.energy.model_architecture import model_architecture
    from taotie.compute.energy.serving_setup import ServingSetup
    from taotie.compute.energy.steady_batch import largest_rate_per_s
    from taotie.hardware.accelerator import accelerator

    setup = ServingSetup(model_architecture("llama-3.1-8b"), accelerator("h100-sxm"), 1)
    one = largest_rate_per_s(setup, 300, 300)
    whole = math.ceil(10.0 / (0.5 * one)) + 1  # 10 requests a second, one replica held ready
    assert figures["replicas"].p50 == whole
    assert figures["accelerators"].p50 == whole
    server = figures["energy_per_request_server"].to("Wh/request").p50
    facility = figures["energy_per_request"].to("Wh/request").p50
    grid = figures["energy_per_request_grid"].to("Wh/request").p50
    # medians of products of draws: to the width of a few hundred draws
    assert facility == pytest.approx(1.2 * server, rel=1e-9)
    assert grid == pytest.approx(facility / 0.9, rel=1e-9)
    mean_mw = figures["mean_facility_power"].to("MW").p50
    assert mean_mw == pytest.approx(864000 / 24 * facility / 1e6, rel=1e-9)
    # a simulated day is flat but for chance
    width = 1e-9 if serving == "mean-request" else 0.01
    assert figures["peak_facility_power"].to("MW").p50 == pytest.approx(mean_mw, rel=width)
    assert figures["annual_energy"].to("MWh/a").p50 == pytest.approx(mean_mw * 8765.82, rel=1e-3)
    assert figures["annual_energy_grid"].to("MWh/a").p50 == pytest.approx(
        figures["annual_energy"].to("MWh/a").p50 / 0.9, rel=1e-9
    )
    assert figures["annual_emissions"].to("tCO2e").p50 == pytest.approx(
        figures["annual_energy_grid"].to("MWh/a").p50 * 0.5, rel=1e-9
    )
    assert figures["connection"].p50 >= figures["peak_facility_power"].p50
