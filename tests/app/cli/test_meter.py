"""`taotie meter`: what it prints and writes, and its exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from taotie.metering.export import export_text
from taotie.metering.import_file import read_meter_file

T0 = 1_767_225_600


@pytest.fixture
def taotie(taotie: Any) -> Any:
    """The command `taotie meter` with some words."""
    return lambda *words, **given: taotie("meter", *words, **given)


@pytest.fixture
def log(tmp_path) -> Path:
    rows = "".join(f"{T0 + s},GPU-a,{400_000 * s}\n" for s in range(61))
    (tmp_path / "m.csv").write_text("timestamp,uuid,energy_mj\n" + rows)
    return tmp_path


def test_worked_import_report_and_ledger(log, taotie) -> None:
    done = taotie("import", "m.csv", "--into", "l.db", "--json", cwd=log)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["energy_j"]["total"] == 24_000.0
    shown = taotie(
        "show", "--ledger", "l.db", "--json", "--report", "p.html", "--chart", "c.svg", "--table", "t.csv",
        cwd=log,
    )  # fmt: skip
    assert "What was drawn" in (log / "p.html").read_text(encoding="utf-8")
    assert (log / "c.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "energy_device" in (log / "t.csv").read_text(encoding="utf-8")
    assert json.loads(shown.stdout)["energy_j"]["total"] == 24_000.0
    report = taotie("report", "--ledger", "l.db", cwd=log, TAOTIE_LANG="zh")
    assert "计量的能量" in report.stdout


def test_worked_a_job_keeps_its_exit_code_and_no_meter_is_not_zero(log, taotie) -> None:
    done = taotie("run", "--json", "--", sys.executable, "-c", "import sys; sys.exit(7)", cwd=log)
    assert done.returncode == 7
    made = json.loads(done.stdout)
    if not made["windows"]:  # a machine without a meter
        assert made["energy_j"]["total"] is None
        assert "no_meter" in {s["code"] for s in made["said"]}
        kept = taotie("run", "--report", "p.html", "--", sys.executable, "-c", "", cwd=log)
        assert kept.returncode == 3
        assert "nothing to write" in kept.stderr
        assert not (log / "p.html").exists()
    gone = taotie("run", "--", "no-such-command-here", cwd=log)
    assert gone.returncode == 2
    assert "cannot be run" in gone.stderr


def test_error_sentences(log, taotie) -> None:
    (log / "page.html").write_text("<html>login</html>")
    for arguments, told in (
        (("import", "page.html"), "HTML"),
        (("import", "gone.csv"), "does not exist"),
        (("report", "m.csv", "--columns", "start"), "is not understood"),
        (("report", "m.csv", "--columns", "time=start"), "none is given"),
        (("export", "m.csv", "--to", "xml"), "no layout to export to"),
        (("report", "m.csv", "--model", "llama-3.1-8b"), "go together"),
        (("report", "m.csv", "--chart", "c.pdf"), "ends in none of .svg"),
    ):
        done = taotie(*arguments, cwd=log)
        assert done.returncode == 2
        assert told in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("to", ["prometheus", "otel", "csv", "boamps"])
def test_property_exports_hold_the_same_joules(log, to: str) -> None:
    recording = read_meter_file(log / "m.csv")
    text = export_text(recording, to)
    if to == "prometheus":
        assert "} 24000.000000\n" in text
        assert "_created" not in text
    elif to == "otel":
        (metric,) = json.loads(text)["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
        assert metric["sum"]["dataPoints"][0]["asDouble"] == 24_000.0
        (log / "o.json").write_text(text)
        assert read_meter_file(log / "o.json").readings[0].raw.tolist() == [24_000_000_000]
    elif to == "csv":
        assert ",24000.000000," in text
    else:
        assert json.loads(text)["measures"][0]["powerConsumption"] == pytest.approx(24_000 / 3.6e6)
