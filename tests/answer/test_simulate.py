"""The ask `simulate`: what was given is told from defaults, the page says what the terminal says, the cost of a promise."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from taotie.answer.asks import ASKS
from taotie.answer.simulate import FIELDS, simulate
from taotie.app.cli import simulation_report
from taotie.app.pages import simulation_page
from taotie.compute.serving.case import ServingCase
from taotie.words.language import speaking
from taotie.workload.wanted import Wanted

SMALL = {"model": "llama-3.1-8b", "on": "h100-sxm:1", "per_day": 20_000, "sampled_hours": 0.5}


def test_worked_settings_lead_to_fields_of_the_case_and_of_the_requests() -> None:
    known = {f.name for f in (*fields(ServingCase), *fields(Wanted))}
    named = {name for names in FIELDS.values() for name in names}
    assert named <= known
    assert set(FIELDS) <= set(ASKS["simulate"].settings)


@pytest.fixture(scope="module")
def answer() -> Any:
    return simulate("chat", slo="ttft=1s,tpot=100ms", seed=3, **SMALL)


def test_worked_given_are_those_asked_for(answer: Any) -> None:
    assert {"accelerator", "accelerators", "seed", "level", "per_day"} <= answer.detail.given
    assert "routing" not in answer.detail.given


def test_worked_a_promise_left_open_is_priced(answer: Any) -> None:
    made = answer.to_dict()
    assert made["slo_cost"]
    assert made["replicas"] in [row["replicas"] for row in made["slo_cost"]]
    assert made["settings"]["accelerators"] == 1
    assert answer.tables["promise"].column("replicas") == [r["replicas"] for r in made["slo_cost"]]


def test_worked_the_figure_is_the_mean_of_the_requests(answer: Any) -> None:
    made = answer.to_dict()
    joules = made["figures"]["energy_per_request"]["value"]["p50"] * 3600
    low, high = made["energy_range"]
    assert low < joules / made["energy_per_request_j"]["mean"] < high


def test_worked_the_page_gets_what_is_said_and_the_command(
    answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(
        simulation_page,
        "write_simulation_report",
        lambda done, path, **more: calls.append({"done": done, "path": path, **more}),
    )
    monkeypatch.setattr(simulation_report.sys, "argv", ["x", "simulate", "a log.csv"])
    simulation_report.write_page(answer, Path("a.html"), quiet=True)
    (call,) = calls
    assert call["said"] == answer.said
    assert call["command"] == ["taotie", "simulate", "a log.csv"]
    assert call["options"]["per_day"] == 20_000
    assert call["promise"].chosen == answer.own["replicas"]


def test_worked_no_curve_for_two_pools() -> None:
    made = simulate("chat", replicas=1, prefill_replicas=1, curve=True, **SMALL)
    assert made.detail.curve is None


def test_worked_notes_are_english_whatever_language_is_spoken(answer: Any) -> None:
    """A key that programs read; what a person reads is `said`."""
    with speaking("zh"):
        made = simulate("chat", **SMALL, replicas=1)
    english = simulate("chat", **SMALL, replicas=1)
    assert made.own["notes"] == english.own["notes"]
    assert made.own["notes"][-1].startswith("the energy model may be off: true values are ")


LOG = "time,prompt_tokens,output_tokens\n" + "".join(
    f"2026-03-01T{20 + i // 4:02d}:{15 * (i % 4):02d}:00{{zone}},100,20\n" for i in range(16)
)


@pytest.mark.parametrize(
    ("zone", "region", "hour", "code"),
    [
        ("Z", "Sichuan", 4.0, "requests_on_local_clock"),
        ("+01:00", "Sichuan", 3.0, "requests_on_local_clock"),
        ("Z", None, 20.0, "requests_in_utc"),
        ("", "Sichuan", 20.0, None),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_worked_hours_of_a_log_are_those_of_its_place(
    zone: str, region: str | None, hour: float, code: str | None, ending: str, tmp_path: Path
) -> None:
    """20:00 UTC is 4:00 in China; a stamp without a zone is what the place's clock showed."""
    rows = LOG.format(zone=zone).splitlines()
    path = tmp_path / f"log.{ending}"
    if ending == "csv":
        path.write_text("\n".join(rows), "utf-8")
    elif ending == "jsonl":
        cells = [r.split(",") for r in rows[1:]]
        path.write_text("\n".join(f'{{"time": "{t}", "prompt_tokens": {p}, "output_tokens": {o}}}' for t, p, o in cells))  # fmt: skip
    else:
        duckdb = pytest.importorskip(
            "duckdb", reason="Parquet files are in the extra `data`, which make test installs"
        )
        (tmp_path / "log.csv").write_text("\n".join(rows), "utf-8")
        kind = "timestamptz" if zone else "timestamp"
        duckdb.sql(
            f"copy (select cast(time as {kind}) as time, prompt_tokens, output_tokens from "
            f"read_csv('{tmp_path / 'log.csv'}', all_varchar=true)) to '{path}' (format parquet)"
        )
    told = {"region": region} if region else {}
    made = simulate(str(path), model="llama-3.1-8b", on="h100-sxm:1", replicas=1, **told)
    assert made.detail.done.requests.start_h == pytest.approx(hour)
    codes = {one.code for one in made.said}
    assert codes & {"requests_on_local_clock", "requests_in_utc"} == ({code} if code else set())
