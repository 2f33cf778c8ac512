"""Every question at two doors: Python and the command line give the same JSON; its schema takes what is asked."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from rows import each_row
from taotie.answer.answer import Answer
from taotie.answer.asking import ask, not_from_here
from taotie.answer.asks import ASKS, declared_of
from taotie.answer.schema import asks_known, schema_of
from taotie.errors import RangeError, TaotieError, UnknownNameError

CASES = tomllib.loads(
    (Path(__file__).parents[1] / "cases" / "asks" / "parity.toml").read_text("utf-8")
)
TIMES = ("seconds", "simulated_requests_per_s", "made_at", "wall_s")
"""Keys that tell how long something took."""
DOOR = ("files", "folder", "written", "skipped")
"""Keys a door adds: what it wrote."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small inputs of every kind of question."""
    made = tmp_path_factory.mktemp("asks")
    write = {
        "study.toml": 'title = "small"\nsamples = 200\n[workload]\nrequests_per_day = 1e6\n'
        '[compute]\nmodel = "llama-3.1-8b"\n',
        "log.csv": "t_s,prompt_tokens,output_tokens\n"
        + "".join(f"{0.2 * i},{100 + 7 * i},{1 + 3 * (i % 40)}\n" for i in range(80)),
        "hashrate.csv": "date,hashrate_th_s,price_usd\n2024-01-01,5e8,42000\n2024-01-02,5.1e8,43000\n",
        "demand.csv": "time,A\n"
        + "".join(
            f"2023-{1 + d // 28:02d}-{1 + d % 28:02d}T{h:02d}:00:00,{1000 + 20 * h + d}\n"
            for d in range(336)
            for h in range(24)
        ),
        "meter.csv": "timestamp,uuid,energy_j\n"
        + "".join(f"{1_767_225_600 + 10 * i},GPU-a,{5e6 + 2000 * i}\n" for i in range(200)),
        "usage.jsonl": '{"model": "gpt-4o", "created": 1767225600, "usage": {"prompt_tokens": 100, '
        '"completion_tokens": 50}}\n',
    }  # fmt: skip
    for name, text in write.items():
        (made / name).write_text(text)
    (made / "nothing").mkdir()
    label = ask("label", model="llama-3.1-8b", on="h100-sxm:1", samples=200)
    (made / "label.json").write_text(json.dumps(label.detail))
    ask("meter import", files=[made / "meter.csv"], into=made / "kept.db")
    return made


def filled(value: Any, folder: Path) -> Any:
    """`value` with the folder of the test in it."""
    if isinstance(value, str):
        return value.replace("{folder}", str(folder))
    if isinstance(value, list):
        return [filled(v, folder) for v in value]
    return value


def without_times(value: Any, top: bool = True) -> Any:
    if isinstance(value, dict):
        gone = (*TIMES, *DOOR) if top else TIMES
        return {k: without_times(v, False) for k, v in value.items() if k not in gone}
    return [without_times(v, False) for v in value] if isinstance(value, list) else value


def typed(words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> Any:
    """What the command prints, in this process."""
    from taotie.app.cli import main

    monkeypatch.setattr(sys, "argv", ["taotie", *words, "--json"])
    capsys.readouterr()
    with contextlib.suppress(SystemExit):
        main.main()
    return json.loads(capsys.readouterr().out)


def test_worked_every_question_stands_among_the_cases() -> None:
    assert set(CASES) == set(ASKS)


IN_WORDS = ("supply", "flex", "swings", "power", "disclose", "label", "check-label", "tax", "rules")


def keys_shown(answer: Answer) -> set[str]:
    """Cells of its tables that are still keys of a program when a person reads them."""
    from taotie.app.pages.answer_page import shown_table

    key = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+")
    tables = [(t, shown_table(t, table)) for t, table in answer.tables.items()]
    return {f"{t}: {cell}" for t, shown in tables for row in (shown["heads"], *shown["rows"]) for cell in row if key.fullmatch(cell)}  # fmt: skip


def unlabelled(answer: Answer) -> set[str]:
    """What of an answer has no words of its own in each language, or words that are not wholly filled in."""
    from taotie.words.language import in_language

    found = {f"figure {k}" for k, f in answer.figures.items() if not {"en", "zh"} <= f.label.keys()}
    for t, table in answer.tables.items():
        heads = [(f"{t}.{c.name}", c.label) for c in table.columns] + [(t, table.label)]
        found |= {name for name, label in heads if not isinstance(label, str)}
        found |= {f"{t}: a column" for c in table.columns if not isinstance(c.name, str) or not isinstance(c.unit, str)}  # fmt: skip
        found |= {name for name, label in heads if label and in_language(label, "zh") == label and re.search(r"[a-z]{3,} [a-z]{3,}", label)}  # fmt: skip
    for one in (*answer.said, *answer.limits):
        in_words = one.to_dict()
        texts = (in_words["text"], in_words["text_zh"])
        found |= {
            one.code for text in texts if not text or re.search(r"\{[a-z_:.0-9%]*\}|None", text)
        }
    return found


@pytest.mark.parametrize("name", list(ASKS))
def test_matches_python_and_the_command_line(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    settings = {k: filled(v, folder) for k, v in case["settings"].items()}
    words = shlex.split(filled(case["line"], folder))
    if name.startswith("validate") or name == "predict":
        pytest.skip(
            "needs a table of measured runs; the test of the room holds both doors together"
        )
    if name == "run":  # the pages are not what is compared
        monkeypatch.setattr("taotie.app.cli.run._write", lambda *what: None)
    told = typed([*declared_of(name).words, *words], capsys, monkeypatch)
    if case.get("error"):
        with pytest.raises(TaotieError) as error:
            ask(name, **settings)
        assert told["error"]["type"] == type(error.value).__name__
        assert error.value.message in [p["message"] for p in told["error"]["problems"]]
        return
    answer = ask(name, **settings)
    assert name not in IN_WORDS or keys_shown(answer) == set(), "a person reads words, no keys"
    assert unlabelled(answer) == set()
    found = answer.to_dict()
    assert without_times(told) == without_times(json.loads(json.dumps(found)))
    assert {"ask", "version", "settings", "figures", "tables", "series", "said", "limits"} <= set(
        found
    )


@pytest.mark.parametrize("name", list(ASKS))
def test_worked_a_schema_takes_the_case_and_nothing_else(name: str, folder: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="comes with the extra `report`")
    made = {code: schema_of(name, code) for code in ("en", "zh")}
    for schema in made.values():
        jsonschema.Draft202012Validator.check_schema(schema)
        kept_to = jsonschema.Draft202012Validator(schema)
        settings = {k: filled(v, folder) for k, v in CASES[name]["settings"].items()}
        kept_to.validate(settings)
        with pytest.raises(jsonschema.ValidationError):
            kept_to.validate({**settings, "nonsense": 1})
    described = {
        code: [p["description"] for p in schema["properties"].values()]
        for code, schema in made.items()
    }
    chinese = [any("\u4e00" <= c <= "\u9fff" for c in text) for text in described["zh"]]
    assert sum(chinese) >= len(chinese) - 1, name  # "CSV: date, hashrate_th_s" is the same in both


def test_error_of_a_setting_is_one_sentence_with_a_way_out() -> None:
    with pytest.raises(UnknownNameError, match="rules has no setting 'plase'") as one:
        ask("rules", mw=75, plase="ercot")
    assert "place" in one.value.hint
    with pytest.raises(RangeError, match="capacity needs case") as two:
        ask("capacity")
    assert two.value.hint == "taotie grid capacity CASE"
    with pytest.raises(UnknownNameError, match="no question 'promptt'") as three:
        ask("promptt")
    assert "prompt" in three.value.hint


@each_row(
    ("name", "settings"),
    [
        ("capacity", {"case": "/etc/passwd"}),
        ("capacity", {"case": "../x.m"}),
        ("capacity", {"case": "case39", "coordinates": "a.csv"}),
        ("models", {"model": "config.json"}),
        ("audit", {"claims": "-"}),
        ("simulate", {"trace": "chat", "cluster": "tcp://x:1"}),
        ("simulate", {"trace": "log.csv"}),
        ("meter usage", {"claude_code": True}),
        ("meter report", {}),
        ("supply", {"series": ["x.csv"]}),
        ("prompt", {"model": "/tmp/config.json"}),
    ],
)
def test_error_a_network_reads_no_file_of_this_computer(
    name: str, settings: dict[str, Any]
) -> None:
    with pytest.raises(RangeError, match=r"computer"):
        not_from_here(name, settings)


def test_worked_a_network_may_ask_by_name() -> None:
    not_from_here("capacity", {"case": "ACTIVSg2000", "load": "1.5GW"})
    not_from_here("prompt", {"model": "llama-3.1-8b", "on": "h100-sxm:8"})
    not_from_here("simulate", {"trace": "chat", "model": "llama-3.1-8b"})
    asked = asks_known(network=True)
    assert {"prompt", "capacity", "check", "rules"} <= set(asked)
    assert not any(name.startswith("meter") for name in asked)


def test_property_what_names_a_file_is_marked() -> None:
    for name in ASKS:
        for key, one in schema_of(name)["properties"].items():
            setting = ASKS[name].settings[key]
            assert one.get("x-local", False) == (setting.local or setting.type in ("file", "files"))
        assert not any(
            p.get("x-local") for p in schema_of(name, network=True)["properties"].values()
        )


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_worked_every_question_writes_its_tables(
    ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if ending == "parquet":
        pytest.importorskip("duckdb", reason="Parquet is written by the extra `data`")
    told = typed(
        ["prompt", "llama-3.1-8b", "--samples", "200", "--table", str(tmp_path / f"t.{ending}")],
        capsys, monkeypatch,
    )  # fmt: skip
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {f"t.{ending}", f"t.by_batch.{ending}", f"t.drivers.{ending}"}
    assert {Path(p).name for p in told["files"]} == names
    if ending == "json":
        rows = json.loads((tmp_path / "t.json").read_text("utf-8"))
        found = {row["key"]: row["p50"] for row in rows}
        assert found == {key: one["value"]["p50"] for key, one in told["figures"].items()}


def test_error_a_table_of_no_known_ending_and_places_that_are_not_there(tmp_path: Path) -> None:
    from taotie.answer.table_file import write_tables
    from taotie.errors import DataError

    answer = ask("rules", mw=75, place="ercot")
    with pytest.raises(RangeError, match=r"ends in none of \.csv"):
        write_tables(answer, tmp_path / "t.xls")
    with pytest.raises(DataError, match="coordinates"):
        write_tables(answer, tmp_path / "t.geojson")
    assert not list(tmp_path.iterdir())


def test_worked_an_old_spelling_works_and_says_the_new_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from taotie.app.cli import main

    line = ["taotie", "prompt", "Llama 3.1 8B", "--on", "H100 SXM", "--in", "100", "--samples", "200"]  # fmt: skip
    monkeypatch.setattr(sys, "argv", line)
    with contextlib.suppress(SystemExit):
        main.main()
    assert "note: --in is spelled --tokens-in now" in capsys.readouterr().err
