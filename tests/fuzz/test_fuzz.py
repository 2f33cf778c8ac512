"""Twenty seconds of what `make fuzz` does for a million inputs, the same ones each time."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import taotie
from taotie.errors import MissingExtraError

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
    reader = readers.READERS[name]
    n = max(round(25 * reader.weight / max(reader.ms, 1.0)), 5)
    outcome = engine.fuzzed(name, n, seed=20261130)
    assert outcome.n >= n
    assert not outcome.found, "\n".join(map(str, outcome.found.items()))


@pytest.mark.parametrize("name", list(readers.READERS))
def test_worked_a_valid_input_of_each_reader_is_read(name: str, tmp_path: Path) -> None:
    """Fuzzing from inputs that are refused at their first byte would show nothing."""
    reader = readers.READERS[name]
    path = tmp_path / f"input{reader.ending}"
    path.write_bytes(engine.seeds_of(name)[0])
    try:
        reader.read(path)
    except MissingExtraError as error:
        pytest.skip(str(error).partition("\n")[0])


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
    "workload/trace_parquet.py:read_parquet",
    "metering/import_file.py:read_meter_files", "metering/totals.py:read_codecarbon", "metering/totals.py:read_zeus",
    "metering/totals.py:read_slurm", "metering/table_log.py:read_table", "metering/prometheus.py:read_answer",
    "metering/otel.py:read_otlp", "metering/exposition.py:read_exposition", "metering/wall.py:read_redfish",
    "metering/wall.py:read_dcmi", "metering/agent_log.py:read_claude_code", "metering/agent_log.py:read_codex",
    "metering/ledger.py:read_events", "audit/statement.py:read_statement",
    "facility/weather_file.py:read_epw", "facility/weather_file.py:read_weather_csv", "study/result_file.py:read_result",
    "grid/case/other_files.py:read_other_file", "grid/case/matpower_file.py:read_text", "fleet/on_record.py:read_locked",
    "compute/fit/serving_rows.py:read_serving_rows", "compute/fit/measured_rows.py:read_measured_rows",
    "compute/fit/generation_fit.py:read_generation_rows",
}  # fmt: skip


def test_worked_a_large_input_stays_below_a_megabyte() -> None:
    raw = [mutation.grown(np.random.default_rng(i), b"time,load_mw\n2024,1\n") for i in range(40)]
    assert max(map(len, raw)) > 300_000
    assert all(len(r) < 1_000_000 for r in raw)
    assert mutation.grown(np.random.default_rng(1), b"")


def test_property_every_reader_gets_the_least_and_a_dear_one_little_more() -> None:
    names = list(readers.READERS)
    share = engine.dealt(names, 1_000_000)
    assert abs(sum(share.values()) - 1_000_000) < 100
    assert min(share.values()) > engine.LEAST_DEAR
    assert sum(n < engine.LEAST for n in share.values()) == 5  # Parquet and articles
    assert share["article"] < 1.2 * engine.LEAST_DEAR < engine.LEAST < share["quantity"]
    assert sum(engine.dealt(names, 10_000).values()) < 11_000


def test_worked_a_run_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PLACE", tmp_path)
    at = tmp_path / "at"
    at.write_bytes(bytes(8))
    engine.child("keys", 10, 1, at)
    first = engine._done_of("keys", 1)
    assert (first["next"], first["outcome"]["n"]) == (10, 10)
    assert int.from_bytes(at.read_bytes(), "little") == 9
    engine.child("keys", 25, 1, at)
    went_on = engine._done_of("keys", 1)["outcome"]
    whole = engine.fuzzed("keys", 25, 1)
    assert (went_on["n"], went_on["kinds"]) == (25, whole.kinds)
    assert set(first["outcome"]["kinds"]) <= set(whole.kinds)
    assert any(f.endswith("api/keys.py") for f in first["files"])
    monkeypatch.setattr(engine, "_source_of", lambda _files: "changed")
    assert engine._done_of("keys", 1) == {}


OPENERS = {"read_text", "read_bytes", "read_json", "read_toml", "open_text", "open_binary", "regular_file"}  # fmt: skip
OWN_FILES = {
    # what is installed with taotie or fetched and held against its hash, what it wrote itself, and copies of what a reader in the table reads
    "app/pages/compiled.py:kept_between_runs", "app/pages/compiled.py:load_bytecode", "audit/catalogue_search.py:entries", "compute/energy/model_keys.py:_types",
    "compute/energy/runtime_profile.py:_parsed",
    "compute/fit/frozen_predictions.py:frozen", "fleet/stock.py:vintages", "grid/capacity/by_hour.py:hourly_area_load_mw",
    "grid/flow/contingency.py:contingency_table", "grid/dispatch/rts_gmlc_year.py:_rows", "quantity/catalog.py:_rows",
    "quantity/catalog.py:_source_file", "quantity/unit.py:_answers", "study/building.py:_keep_file", "study/campus_chain.py:_of_hours",
    "study/placement.py:_case", "workload/refit.py:language_service_rates", "compute/serving/streamed.py:_of_a_file",
    "grid/case/case.py:_looks_like_matpower", "grid/case/other_files.py:_psse_left", "grid/case/other_files.py:_revision",
    "grid/backdrop.py:_everything", "grid/region_names.py:_elsewhere", "study/bus_carbon.py:_hours",
}  # fmt: skip
FED = {
    # where a file of others is opened, and the reader in the table that leads there
    "grid/case_hours.py:hours_of": "area_hours",
    "answer/disclose.py:_before": "form_before", "answer/disclose.py:_passthrough": "form",
    "answer/label.py:check_label": "label", "answer/power.py:_need": "need_by_year", "answer/study.py:_asked_in": "asked",
    "answer/study.py:checked_result": "result_asked", "answer/supply.py:load_of": "supply_load", "app/api/keys.py:of_file": "keys",
    "audit/article_text.py:article_source": "article_file", "audit/claims_file.py:read_claims": "claims",
    "compute/energy/measured_table.py:read_table": "measured", "compute/energy/model_config.py:read_model_config": "config",
    "compute/fit/frozen_predictions.py:read_frozen": "frozen", "compute/metered/calibration.py:read_calibration": "calibration",
    "compute/mining_energy.py:read_miners": "miners", "compute/serving/file.py:text_as_parquet": "trace_streamed",
    "facility/swings.py:_rows": "waveform", "facility/weather_file.py:_rows": "weather", "facility/weather_file.py:_tmy_kind": "weather",
    "fleet/scenario.py:read_scenario": "scenario", "fleet/stock.py:read_stock": "stock", "grid/case/matpower_file.py:read_text": "case",
    "grid/case/other_files.py:_json": "case_json", "grid/demand_series.py:_csv": "demand", "grid/demand_series.py:_parquet": "demand_parquet",
    "grid/eia_930.py:_is_one": "demand_eia", "grid/eia_930.py:eia_930_demand": "demand_eia",
    "grid/flexibility.py:read_room": "room", "grid/picture.py:_columns": "coordinates", "grid/supply/series.py:read_series": "series",
    "grid/supply/weather_profiles.py:_from_csv": "weather_profiles", "metering/agent_log.py:_lines": "usage_lines",
    "metering/import_file.py:_text": "meter", "metering/import_file.py:read_meter_file": "meter", "metering/usage_export.py:read_usage": "usage",
    "policy/disclosure/facts.py:read_facts": "facts", "policy/disclosure/rating.py:read_leaderboard": "leaderboard",
    "study/metered_cost.py:read_hour_factors": "factors", "study/read.py:_toml": "study", "study/result_file.py:_read": "result",
    "workload/mining.py:read_hash_rates": "mining", "workload/mining_export.py:_from_csv": "mining_export",
    "workload/mining_export.py:_from_json": "mining_json", "workload/mining_export.py:read_series": "mining_export",
    "fleet/on_record.py:read_locked": "on_record", "app/cli/disclose.py:_keep_the_one_before": "form_before", "grid/case/other_files.py:_mat": "case_mat",
    "grid/case/other_files.py:read_other_file": "case_mat", "metering/ledger.py:opened": "ledger", "workload/trace.py:_kind": "trace_unnamed", "workload/trace_csv.py:csv_draft": "trace",
    "workload/trace_jsonl.py:json_draft": "trace_lines", "workload/trace_parquet.py:parquet_draft": "trace_parquet",
    "workload/trace_rows.py:open_text": "trace", "workload/trace_rows.py:regular_file": "trace",
    "workload/trace_servegen.py:_distributions": "servegen", "workload/trace_servegen.py:_json": "servegen",
    "workload/trace_servegen.py:_windows": "servegen", "workload/trace_servegen.py:read_conversations": "conversations",
}  # fmt: skip


@lru_cache
def _source() -> dict[str, ast.Module]:
    """Files of the source in which a reader may be, by place."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        text, place = path.read_text(), path.relative_to(SOURCE).as_posix()
        if place != "files/read.py" and re.search(r"files\.read|import read\b|trace_rows|of_others|def read_", text):  # fmt: skip
            found[place] = ast.parse(text)
    return found


def _opening(place: str, tree: ast.Module) -> set[str]:
    """Functions of a file of the source that open a file through `files/read.py`."""
    found = set()
    local = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("taotie.files.read", "taotie.workload.trace_rows")
        for alias in node.names
        if alias.name in OPENERS
    }  # fmt: skip
    for made in ast.walk(tree):
        if isinstance(made, ast.FunctionDef):
            for call in ast.walk(made):
                f = call.func if isinstance(call, ast.Call) else None
                if (isinstance(f, ast.Name) and f.id in local) or (
                    isinstance(f, ast.Attribute) and f.attr in OPENERS and isinstance(f.value, ast.Name) and f.value.id == "files"
                ):  # fmt: skip
                    found.add(f"{place}:{made.name}")
    return found


def test_every_place_that_opens_a_file_is_fed_or_its_own() -> None:
    found = set().union(*(_opening(place, tree) for place, tree in _source().items()))
    assert found - set(FED) - OWN_FILES == set(), "neither fed to the fuzzer nor named as our own"
    assert (set(FED) | OWN_FILES) - found == set(), "opens no file any more"
    assert set(FED.values()) <= set(readers.READERS)


NETTED = {
    # readers of what others wrote that meet whatever shape it has with a sentence (`files.read.of_others`)
    "answer/label.py": "check_label",
    "answer/on_record.py": "fleet_scored mine_scored",
    "answer/supply.py": "load_of",
    "audit/claims_file.py": "read_claims",
    "compute/energy/model_config.py": "read_model_config",
    "compute/metered/calibration.py": "read_calibration",
    "compute/mining_energy.py": "read_miners",
    "compute/serving/file.py": "parquet_source rows_of text_as_parquet",
    "facility/swings.py": "read_bands read_waveform",
    "facility/weather_file.py": "read_weather",
    "fleet/scenario.py": "read_scenario",
    "fleet/stock.py": "read_stock",
    "grid/case/case.py": "read_case",
    "grid/case_hours.py": "hours_of",
    "grid/demand_series.py": "read_hourly_demand",
    "grid/dispatch/rts_gmlc_year.py": "rts_gmlc_year",
    "grid/flexibility.py": "read_room",
    "grid/picture.py": "bus_coordinates",
    "grid/supply/series.py": "read_series",
    "grid/supply/weather_profiles.py": "read_weather_profiles",
    "metering/agent_log.py": "read_claude_code read_codex",
    "metering/exposition.py": "read_exposition",
    "metering/import_file.py": "read_meter_file read_meter_files",
    "metering/ledger.py": "read_events read_ledger",
    "metering/otel.py": "read_otlp",
    "metering/prometheus.py": "_checked meters read_answer recording series_of_answer series_of_scrapes",
    "metering/rollup.py": "read_hours",
    "metering/table_log.py": "read_table",
    "metering/totals.py": "read_codecarbon read_slurm read_zeus",
    "metering/usage_export.py": "read_usage",
    "metering/wall.py": "read_dcmi read_redfish",
    "policy/disclosure/facts.py": "given_fact read_facts",
    "policy/disclosure/rating.py": "read_leaderboard",
    "study/metered_cost.py": "read_hour_factors",
    "study/result_file.py": "check_result",
    "workload/mining.py": "read_hash_rates",
    "workload/mining_export.py": "read_series",
    "workload/served.py": "read_served_log",
    "workload/trace.py": "read_trace",
    "workload/trace_servegen.py": "read_conversations read_servegen",
}


def test_no_net_under_a_reader_was_taken_away() -> None:
    found = {}
    for place, tree in _source().items():
        names = [
            one.name
            for one in ast.walk(tree)
            if isinstance(one, ast.FunctionDef)
            and any(isinstance(d, ast.Call) and getattr(d.func, "id", "") == "of_others" for d in one.decorator_list)
        ]  # fmt: skip
        if names:
            found[place] = " ".join(sorted(names))
    assert found == NETTED


def test_every_public_reader_is_fed_or_named() -> None:
    text = (HERE / "readers.py").read_text()
    for place, tree in _source().items():
        for node in tree.body:
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
