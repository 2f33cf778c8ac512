"""Twenty seconds of what `make fuzz` does for a million inputs, the same ones each time."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import taotie

HERE = Path(__file__).parent
SOURCE = Path(taotie.__file__).parent

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits are of Linux")


def _module(name: str) -> ModuleType:
    sys.path.insert(0, str(HERE))
    try:
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        made = sys.modules.setdefault(name, importlib.util.module_from_spec(spec))
        spec.loader.exec_module(made)
        return made
    finally:
        sys.path.remove(str(HERE))


mutation, readers = _module("mutation"), _module("readers")
engine, options = _module("engine"), _module("options")


@pytest.mark.parametrize("name", list(readers.READERS))
def test_property_a_spoilt_file_is_read_or_refused(name: str) -> None:
    n = round(60 * readers.READERS[name].weight)
    outcome = engine.fuzzed(name, n, seed=20261130)
    assert outcome.n >= n
    assert not outcome.found, "\n".join(map(str, outcome.found.items()))


@pytest.mark.parametrize("name", list(readers.READERS))
def test_worked_a_valid_input_of_each_reader_is_read(name: str, tmp_path: Path) -> None:
    """Fuzzing from inputs that are refused at their first byte would show nothing."""
    reader = readers.READERS[name]
    path = tmp_path / f"input{reader.ending}"
    path.write_bytes(engine.seeds_of(name)[0])
    reader.read(path)


def test_property_any_line_ends_with_a_documented_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "environ", os.environ)
    outcome = options.fuzzed(120, seed=20261130)
    assert outcome.n == 120
    assert not outcome.found, "\n".join(map(str, outcome.found.items()))


def test_worked_the_same_number_gives_the_same_input() -> None:
    seeds = [b"time,load_mw\n2024-01-01T00:00,100\n"]
    made = [mutation.mutated(np.random.default_rng([1, 2, i]), seeds) for i in range(50)]
    again = [mutation.mutated(np.random.default_rng([1, 2, i]), seeds) for i in range(50)]
    assert made == again
    assert len(set(made)) > 40


def test_the_engine_finds_an_error_a_hang_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that fails on purpose is found out in each way."""

    def bad(path: Path) -> None:
        n = path.stat().st_size % 3
        if n == 0:
            raise KeyError("x")
        if n == 1:
            while True:
                pass
        np.ones(1 << 29)

    monkeypatch.setattr(engine, "LONGEST_S", 0.2)
    monkeypatch.setitem(readers.READERS, "bad", readers.Reader(bad, ".x", ("abc",)))
    monkeypatch.setattr(engine, "READERS", readers.READERS)
    found = engine.fuzzed("bad", 12, seed=1).found
    assert "hang" in found
    assert any("KeyError" in k for k in found)
    assert any("MemoryError" in k or "ArrayMemoryError" in k for k in found)


NOT_FED = {
    "app/api/worker.py:read_frame", "facility/weather_file.py:read_tmy",
    # readers that others in the table call, or that read what taotie itself wrote
    "files/registry.py:read_registry", "workload/trace_csv.py:read_csv", "workload/trace_jsonl.py:read_jsonl",
    "workload/trace_parquet.py:read_parquet", "workload/trace_servegen.py:read_servegen",
    "metering/import_file.py:read_meter_files", "metering/totals.py:read_codecarbon", "metering/totals.py:read_zeus",
    "metering/totals.py:read_slurm", "metering/table_log.py:read_table", "metering/prometheus.py:read_answer",
    "metering/otel.py:read_otlp", "metering/exposition.py:read_exposition", "metering/wall.py:read_redfish",
    "metering/wall.py:read_dcmi", "metering/agent_log.py:read_claude_code", "metering/agent_log.py:read_codex",
    "metering/ledger.py:read_events", "metering/rollup.py:read_hours", "audit/statement.py:read_statement",
    "facility/weather_file.py:read_epw", "facility/weather_file.py:read_weather_csv", "study/result_file.py:read_result",
    "grid/case/other_files.py:read_other_file", "grid/case/matpower_file.py:read_text",
    "compute/fit/serving_rows.py:read_serving_rows", "compute/fit/measured_rows.py:read_measured_rows",
    "compute/fit/generation_fit.py:read_generation_rows",
}  # fmt: skip


def test_every_public_reader_is_fed_or_named() -> None:
    text = (HERE / "readers.py").read_text()
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE).as_posix()
        if place == "files/read.py":
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("read_"):
                assert f'"{node.name}"' in text or f"{node.name}(" in text or f"{place}:{node.name}" in NOT_FED, (
                    f"{place}: {node.name} is in neither list"
                )  # fmt: skip


laws = _module("laws")


SLOW_LAWS = {"crowd", "generate", "fleet", "label", "supply", "simulate", "headroom", "split"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow) if n in SLOW_LAWS else n for n in laws.LAWS],
)
def test_property_laws_hold_for_random_setups(name: str) -> None:
    n = {"request": 500, "quantity": 200, "figure": 30, "tax": 20, "flex": 30, "cut": 20}.get(
        name, 1
    )
    done, wrong = laws.held(name, n, seed=20261130)
    assert done >= n
    assert not wrong, wrong[:3]


def test_a_law_that_is_broken_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(rng: object, n: int) -> int:
        raise AssertionError("never")

    monkeypatch.setitem(laws.LAWS, "broken", laws.Law(broken))
    assert laws.held("broken", 2, 1)[1]


def test_every_promise_names_a_test_that_is_there() -> None:
    root = HERE.parents[1]
    text = (root / "docs" / "promises.md").read_text("utf-8")
    named = re.findall(r"`(tests/[^`]+)`", text)
    assert len(named) > 20
    for one in named:
        path, _colons, test = one.partition("::")
        assert (root / path).is_file(), one
        assert not test or f"def {test}(" in (root / path).read_text("utf-8"), one


def test_every_law_is_listed() -> None:
    text = (HERE.parents[1] / "docs" / "concepts" / "laws.md").read_text("utf-8")
    assert not [name for name in laws.LAWS if f"| `{name}` |" not in text]
