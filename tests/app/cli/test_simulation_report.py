"""`--report` of `taotie simulate`: what was given is told from defaults, and the page has its curve."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from taotie.app.cli import simulation_report
from taotie.app.cli.simulation_report import (
    FIELDS,
    given_settings,
    promise_curve,
    request_options,
    write_report,
)
from taotie.app.pages import simulation_page
from taotie.compute.serving.case import ServingCase, run_case
from taotie.compute.serving.service import ServiceLevel
from taotie.workload.requests import Requests
from taotie.workload.wanted import Wanted

MANY = Requests(np.arange(0, 60, 0.5), np.full(120, 300), np.full(120, 50), span_s=60.0)
CASE = ServingCase(model="llama-3.1-8b", accelerators=1, level=ServiceLevel(1.0, 0.1), bin_s=10.0)


def test_worked_given_are_those_on_the_command_line() -> None:
    app, found = typer.Typer(), []

    @app.command()
    def simulate(
        context: typer.Context,
        on: Annotated[str, typer.Option()] = "h100-sxm",
        slo: Annotated[str, typer.Option()] = "",
        routing: Annotated[str, typer.Option()] = "random",
        seed: Annotated[int, typer.Option()] = 0,
    ) -> None:
        found.append(given_settings(context))

    assert CliRunner().invoke(app, ["--on", "h100-sxm", "--seed", "0"]).exit_code == 0
    assert CliRunner().invoke(app, ["--slo", "ttft=1s"]).exit_code == 0
    assert found == [{"accelerator", "accelerators", "seed"}, {"level"}]


def test_worked_options_lead_to_fields_of_the_case() -> None:
    known = {field.name for field in fields(ServingCase)}
    assert {name for names in FIELDS.values() for name in names} <= known


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(
        simulation_page,
        "write_simulation_report",
        lambda done, path, **more: calls.append({"done": done, "path": path, **more}),
    )
    return calls


def test_worked_the_page_gets_curve_command_and_scale(
    written: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation_report.sys, "argv", ["x", "simulate", "a log.csv"])
    done = run_case(MANY, CASE)
    options = request_options(Wanted("chat", per_day=1e5), "time")
    curve = promise_curve(done, quiet=True)
    write_report(
        done, Path("a.html"), curve, given={"model"}, rate_scale=2.0, options=options, quiet=True
    )
    (call,) = written
    assert call["options"]["per_day"] == 1e5
    assert call["options"]["hours"] == 24.0
    assert call["command"] == ["taotie", "simulate", "a log.csv"]
    assert call["given"] == {"model"}
    assert call["done"].case.rate_scale == 2.0
    assert call["promise"].chosen == done.serving.replicas
    assert call["promise"].level == CASE.level


def test_worked_no_curve_for_two_pools(written: list[dict[str, Any]]) -> None:
    from dataclasses import replace

    done = run_case(MANY, replace(CASE, prefill_replicas=1, replicas=1))
    assert promise_curve(done, quiet=True) is None
    write_report(done, Path("a.html"), command=["x"], quiet=True)
    assert written[0]["promise"] is None
    assert written[0]["command"] == ["x"]
