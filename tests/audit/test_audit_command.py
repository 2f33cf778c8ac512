"""`taotie audit` and `taotie check`: what they print, and how they exit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from taotie.app.cli import audit as commands
from taotie.app.cli import check as check_command
from taotie.errors import TaotieError


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    commands.register(made)
    check_command.register(made)
    return made


def run(app: typer.Typer, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_audit_prints_claims_and_counts(app: typer.Typer) -> None:
    code, text = run(app, "audit")
    assert code == 1  # some claims are wrong
    assert "h100-42mwh" in text
    assert "43" in text
    assert "unit error" in text
    assert run(app, "audit", "--exit-zero")[0] == 0


def test_audit_json(app: typer.Typer) -> None:
    code, text = run(app, "audit", "--json")
    made = json.loads(text)
    assert code == 1
    assert made["counts"]["unit error"] == 4
    assert len(made["claims"]) == 98


def test_audit_filters_and_exit_status(app: typer.Typer) -> None:
    code, text = run(app, "audit", "--verdict", "reproduces", "--json")
    assert code == 0
    assert {c["verdict"] for c in json.loads(text)["claims"]} == {"reproduces"}
    code, text = run(app, "audit", "--system", "siting", "--decided-by", "computed", "--json")
    assert {c["id"] for c in json.loads(text)["claims"]} == {"h100-61pct", "h100-42mwh"}


def test_audit_by_ratio_starts_with_the_worst(app: typer.Typer) -> None:
    _code, text = run(app, "audit", "--by-ratio", "--decided-by", "computed")
    assert text.index("hf-2.9kwh-image") < text.index("eia-4178")


def test_audit_writes_a_page(app: typer.Typer, tmp_path: Path) -> None:
    pytest.importorskip("jinja2", reason="pages are in the extra `report`")
    path = tmp_path / "audit.html"
    run(app, "audit", "--html", str(path), "--system", "siting")
    assert "100,000 H100" in path.read_text(encoding="utf-8")


def test_audit_with_another_input(app: typer.Typer) -> None:
    _code, text = run(
        app, "audit", "--set", "phone-100.per_charge=12 Wh/charge", "--system", "chat", "--json"
    )
    found = {c["id"]: c for c in json.loads(text)["claims"]}["phone-100"]
    assert (found["verdict"], round(found["recomputed"], 2)) == ("inconsistent with source", 24.17)


def test_check_text_and_exit_status(app: typer.Typer) -> None:
    code, text = run(app, "check", "--says", "42 MWh", "--from", "100000 * 700 W * 0.61")
    assert code == 1
    assert "unit error" in text
    assert "42.7 MW held for a year is 374 GWh" in text
    code, text = run(app, "check", "--says", "43 MW", "--from", "100000 * 700 W * 0.61")
    assert code == 0
    assert "reproduces" in text


def test_check_json_per_and_range(app: typer.Typer) -> None:
    code, text = run(
        app, "check", "--says", "2.9 kWh/inference", "--from", "2.907 kWh", "--per", "1000 inference", "--json"
    )  # fmt: skip
    assert code == 1
    assert json.loads(text)["slip"] == "per_thousand"
    code, text = run(app, "check", "--says", "0.34 Wh/request", "--source-range", "0.18-0.67 Wh/request", "--json")  # fmt: skip
    assert code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "no_such_file.toml"),
        ("audit", "--system", "nothing"),
        ("audit", "--verdict", "wrong"),
        ("audit", "--set", "phone-100"),
        ("audit", "--set", "phone-100.per_call=1 Wh"),
        ("audit", "--set", "phone-1000.per_charge=1 Wh/charge"),
        ("audit", "--set", "phone-100.per_charge=1 W"),
        ("check", "--says", "no number here"),
        ("check", "42 MWh", "--cite", "apa"),
        ("check", "--says", "42 MWh", "--from", "1/0"),
    ],
)
def test_error_reaches_the_command_line_as_a_sentence(
    app: typer.Typer, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(TaotieError) as caught:
        run(app, *arguments)
    assert caught.value.message
