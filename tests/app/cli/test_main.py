"""The command line: what it prints, its exit codes, and that a mistake is a sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
Command = Callable[..., subprocess.CompletedProcess[str]]


def started(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does; output goes to a pipe, so it is plain text."""
    return subprocess.run(
        [sys.executable, "-m", "taotie.app.cli.main", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, "TAOTIE_LANG": "en", "COLUMNS": "100"},
        check=False,
    )


def imported_by(code: str) -> set[str]:
    """Top-level modules a fresh interpreter holds after `code`."""
    done = subprocess.run(
        [sys.executable, "-c", code + "\nimport sys; print(' '.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_property_import_and_help_load_nothing_heavy() -> None:
    heavy = {"numpy", "scipy", "numba", "pint", "pydantic", "altair", "duckdb", "rich", "typer"}
    assert not imported_by("import taotie") & heavy
    found = imported_by("from taotie.app.cli.main import build; build()")
    assert not found & (heavy - {"rich", "typer"})


def test_property_a_sentence_is_checked_without_what_it_does_not_need() -> None:
    code = (
        "from taotie.app.cli.main import main; import sys\n"
        "sys.argv = ['taotie', 'check', '40 MWh', '--from', '2 MW * 20 h', '--json']\n"
        "sys.stdout, kept = open('/dev/null', 'w'), sys.stdout\n"
        "try: main()\nexcept SystemExit: pass\nsys.stdout = kept"
    )
    assert not imported_by(code) & {"numpy", "pint", "pydantic", "ssl", "email", "rich"}


def test_worked_options_are_taken_as_typed_and_a_wrong_one_is_told(
    taotie: Command, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    assert taotie("audit", "--report", str(page)).returncode in (0, 1)
    assert page.is_file()
    wrong = taotie("serve", "--port", "ten")
    assert wrong.returncode == 2
    assert "--port" in wrong.stderr


def test_worked_help_lists_every_command_in_chain_order() -> None:
    done = started("--help")
    assert done.returncode == 0
    places = [done.stdout.index(f"│ {name} ") for name in ("run", "prompt", "explain", "sources")]
    assert places == sorted(places)


def test_worked_version() -> None:
    done = started("--version")
    assert (done.returncode, done.stdout) == (0, "taotie 0.1.0\n")


@pytest.mark.parametrize("arguments", [("run", "--help"), ("prompt", "--help"), ("data", "--help")])
def test_worked_help_is_chinese_when_asked(taotie: Command, arguments: tuple[str, ...]) -> None:
    done = taotie(*arguments, "--lang", "zh")
    assert done.returncode == 0
    assert any("\u4e00" <= c <= "\u9fff" for c in done.stdout)


def test_error_unknown_language_is_a_sentence(taotie: Command) -> None:
    done = taotie("--lang", "fr", "doctor")
    assert done.returncode == 2
    assert "fr is not a language of taotie" in done.stderr
    assert "Traceback" not in done.stderr


def test_error_typo_in_a_command_names_the_nearest(taotie: Command) -> None:
    done = taotie("promt")
    assert done.returncode == 2
    assert "prompt" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run",), ["needs a study file"]),
        (("run", "nowhere.toml"), ["nowhere.toml cannot be read"]),
        (("prompt", "--model", "lama-3.1-8b"), ["lama-3.1-8b", "did you mean"]),
        (("prompt", "--on", "h100:many"), ["not a number of accelerators"]),
        (("prompt", "--pue", "0.92"), ["below 1.0", "DCiE", "1.09"]),
        (("prompt", "--model", "llama-3.1-405b", "--on", "h100-sxm:1"), ["it needs at least"]),
        (("explain", "nobody.x"), ["no source 'nobody'"]),
        (("explain", "devries2023.energy"), ["has no figure 'energy'", "did you mean"]),
        (("sources", "devries2022"), ["no source 'devries2022'", "devries2023"]),
        (("data", "path", "azure"), ["azure"]),
        (("run", "--check-result", "README.md"), ["is not JSON"]),
    ],
)
def test_error_is_a_sentence_and_exit_code_2(
    taotie: Command, arguments: tuple[str, ...], words: list[str]
) -> None:
    done = taotie(*arguments)
    assert done.returncode == 2, done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_error_as_json(taotie: Command) -> None:
    done = taotie("run", "nowhere.toml", "--json")
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert error["type"] == "StudyError"
    assert "nowhere.toml" in error["problems"][0]["message"]
    assert error["problems"][0]["hint"]


def test_worked_prompt_shows_parts_batches_and_drivers(taotie: Command) -> None:
    done = taotie("prompt", "--model", "llama-3.1-8b", "--on", "h100-sxm:1", "--samples", "1000")
    assert done.returncode == 0, done.stderr
    for words in (
        "Energy per request  ",
        "facility, modelled",
        "By batch",
        "narrow",
        "default: batch",
    ):
        assert words in done.stdout
    assert done.stdout.count("%") >= 2


def test_worked_prompt_json_recomputes(taotie: Command) -> None:
    from taotie.quantity.record import recompute
    from taotie.quantity.sampling import Sampling

    done = taotie(
        "prompt", "--model", "llama-3.1-8b", "--batch", "32", "--pue", "1.2", "--samples", "500",
        "--seed", "3", "--json",
    )  # fmt: skip
    content = json.loads(done.stdout)
    assert recompute(content["tree"], Sampling(500, 3), content["sources"]) == []
    energies = [content["tree"][b["figure"]]["value"]["p50"] for b in content["by_batch"]]
    assert energies == sorted(energies, reverse=True)


@pytest.fixture(scope="module")
def out(taotie: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a small study was run, as a user runs it."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "s.toml").write_text(
        'title = "small"\nsamples = 500\n[workload]\nrequests_per_day = 1e6\n[compute]\nmodel = "llama-3.1-8b"\n'
        '[grid]\ncase = "case24_ieee_rts"\n'
    )
    done = taotie("run", "s.toml", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "out/s/result.json" in done.stdout
    assert "defaults were used" in done.stdout
    return folder


def test_worked_run_writes_result_and_report(out: Path) -> None:
    names = {p.name for p in (out / "out" / "s").iterdir()}
    assert "result.json" in names
    assert not [n for n in names if n.startswith(".")]
    pytest.importorskip("jinja2", reason="the report is in the extra `report`")
    assert {"report.html", "figures.parquet"} <= names
    # it holds no published number against ours, so no article is audited beside it
    assert "audit.html" not in names
    assert "audit.html" not in (out / "out" / "s" / "report.html").read_text("utf-8")


def test_worked_parquet_has_a_row_a_figure(out: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="figures.parquet is in the extra `report`")
    path = out / "out" / "s" / "figures.parquet"
    rows = duckdb.sql(f"select key, p50 from '{path}'").fetchall()
    figures = json.loads((out / "out" / "s" / "result.json").read_text("utf-8"))["figures"]
    assert {k: v["value"]["p50"] for k, v in figures.items()} == dict(rows)


def test_worked_check_result_passes_and_fails(taotie: Command, out: Path) -> None:
    path = out / "out" / "s" / "result.json"
    good = taotie("run", "--check-result", str(path))
    assert good.returncode == 0
    assert "compute to the last bit" in good.stdout
    content = json.loads(path.read_text("utf-8"))
    content["figures"]["pue"]["value"]["p50"] += 0.01
    (out / "changed.json").write_text(json.dumps(content))
    bad = taotie("run", "--check-result", "changed.json", "--json", cwd=out)
    assert bad.returncode == 1
    assert json.loads(bad.stdout)["ok"] is False


def test_worked_explain_finds_the_newest_result(taotie: Command, out: Path) -> None:
    done = taotie("explain", "annual_energy", cwd=out)
    assert done.returncode == 0
    assert "Electricity in a year = " in done.stdout
    assert "pue" in done.stdout
    wrong = taotie("explain", "annual_enrgy", cwd=out)
    assert wrong.returncode == 2
    assert "annual_energy" in wrong.stderr


def test_error_bad_study_leaves_no_folder(taotie: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('title = "x"\n[facility]\npue = 0.92\n')
    done = taotie("run", "bad.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "its PUE is 1.09" in done.stderr
    assert not (tmp_path / "out").exists()


def test_worked_sources_lists_what_was_not_opened(taotie: Command) -> None:
    every = json.loads(taotie("sources", "--json").stdout)["sources"]
    unread = json.loads(taotie("sources", "--unread", "--json").stdout)["sources"]
    assert len(every) > 20
    assert 0 < len(unread) <= len(every)
    assert all(s["access"] != "read" or s["figures"] for s in unread)


def test_worked_data_list_names_licence_and_folder(taotie: Command, tmp_path: Path) -> None:
    done = taotie("data", "list", "--json", TAOTIE_DATA=str(tmp_path))
    content = json.loads(done.stdout)
    assert content["folder"] == str(tmp_path)
    (azure,) = [d for d in content["datasets"] if d["name"] == "azure-llm-2023"]
    assert (azure["licence"], azure["present"]) == ("CC-BY-4.0", 0)


def test_worked_data_verify_on_copies(taotie: Command, shared_data: Path) -> None:
    done = taotie("data", "verify", "azure-llm-2023", TAOTIE_DATA=str(shared_data / "upstream"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "right" in done.stdout


def test_worked_doctor_says_what_is_missing_and_never_fails_in_python(taotie: Command) -> None:
    done = taotie("doctor")
    assert done.returncode in (0, 3)
    assert "NVML" in done.stdout
    assert "RAPL" in done.stdout
    assert "Traceback" not in done.stderr


def test_property_a_sentence_is_checked_without_arrays_and_without_pint() -> None:
    """Half a second for a sentence: NumPy and pint alone would take most of it."""
    code = (
        "import sys; sys.argv = ['taotie', 'check', 'Data centres worldwide used 415 TWh in 2024']\n"
        "from contextlib import redirect_stdout, suppress; from io import StringIO\n"
        "from taotie.app.cli.main import main\n"
        "with redirect_stdout(StringIO()), suppress(SystemExit): main()\n"
    )
    assert not imported_by(code) & {"numpy", "scipy", "pint", "altair", "duckdb"}


def test_a_command_that_does_not_exist_is_told_in_chinese_with_the_nearest(
    taotie: Command,
) -> None:
    done = taotie("meter", "recrd", "--lang", "zh")
    assert done.returncode == 2
    assert "您是指 'record' 吗？" in done.stderr
    assert "Did you mean" not in done.stderr
    assert "。." not in done.stderr
