"""Write what every question answers now into tests/cases/answers: `python tools/pin_answers.py [--added] [question ...]`.

The cases stand in `tests/cases/answers/cases.toml`: a base for each question, values that each of its settings takes
one at a time, and a few settings together. A case is held whole: figures, tables with their heads in both languages,
what is said and what is left out, or the error with its hint. Only after an answer was meant to change: read the
difference (`git diff`), and say in `changes/` which figure moved, and why. With `--added` only cases that are not there
yet are asked and written; the others stay as they are.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from taotie.answer import audit, check, fleet, meter, meter_live, meter_usage, study, train
from taotie.answer.answer import Answer, Table, plain
from taotie.answer.asking import ask
from taotie.answer.asks import ASKS
from taotie.answer.schema import asks_known, schema_of
from taotie.answer.table_file import write_tables
from taotie.errors import TaotieError
from taotie.grid.case.case import read_case
from taotie.metering.usage import Call, Usage
from taotie.study.kinds import KINDS
from taotie.study.read import read_study
from taotie.study.run import run_study
from taotie.study.settings import STUDY_FIGURES, STUDY_NAMES
from taotie.words.language import in_language, speaking

ROOT = Path(__file__).resolve().parent.parent
PINNED = ROOT / "tests" / "cases" / "answers"
LANGUAGES = ("en", "zh")
TIMES = (
    "seconds",
    "wall_s",
    "simulated_requests_per_s",
    "made_at",
    "version",
    "hash",
    "sha256",
    "made",
)
"""Keys that tell of the moment or the release, not of the answer."""  # fmt: skip
LONG = 12
"""Lists and tables longer than this are held by their ends, their length and their sums."""
DIGITS = 6
NEAR = 2e-5

SHOWN = ("label", "label_zh", "value", "unit", "boundary", "kind")
BEHIND = ("inputs", "hash", "formula", "operation", "parameters")
"""How a figure came about: its value says whether that changed."""

Line = tuple[str, str]


# ------------------------------------------------------------------ the cases


def cases() -> dict[str, dict[str, Any]]:
    """What is asked, by question."""
    return tomllib.loads((PINNED / "cases.toml").read_text("utf-8"))


def drawn(name: str, of: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Title and settings of every case of a question: the base, each setting alone, some together."""
    base = of.get("base", {})
    yield "base", dict(base)
    declared = ASKS[name].settings
    vary: dict[str, list[Any]] = {k: list(v) for k, v in of.get("vary", {}).items()}
    elsewhere = ASKS[of["as_in"]].settings if "as_in" in of else {}
    for key, one in declared.items():
        if key in of.get("left_out", {}) or elsewhere.get(key) == one:
            continue
        if one.choices and not vary.get(key):
            vary[key] = [c for c in one.choices if c != base.get(key, one.default)]
        if one.type == "flag" and not vary.get(key):
            vary[key] = [not (one.default or False)]
    for key, values in vary.items():
        for value in values:
            yield f"{key} = {value}", {**base, key: value}
    for more in of.get("also", ()):
        yield ", ".join(f"{k} = {v}" for k, v in more.items()), {**base, **more}
    for whole in of.get("alone", ()):
        yield "alone: " + ", ".join(f"{k} = {v}" for k, v in whole.items()), dict(whole)


def untried(name: str, every: Mapping[str, Any]) -> set[str]:
    """Settings of a question that none of its cases gives, nor those of the question that tries them for it."""
    of = every[name]
    given = {key for _title, settings in drawn(name, of) for key in settings}
    found = set(ASKS[name].settings) - given - set(of.get("left_out", {}))
    if "as_in" in of:
        theirs = ASKS[of["as_in"]].settings
        found -= set(theirs) - untried(of["as_in"], every)
    return found


def filled(value: Any, folder: Path) -> Any:
    """`value` with the folder of the inputs in it."""
    if isinstance(value, str):
        return value.replace("{folder}", str(folder))
    if isinstance(value, list):
        return [filled(v, folder) for v in value]
    if isinstance(value, dict):
        return {k: filled(v, folder) for k, v in value.items()}
    return value


def write_inputs(folder: Path) -> None:
    """Small files of every kind that a question reads, as `inputs.toml` writes them down."""
    every = tomllib.loads((PINNED / "inputs.toml").read_text("utf-8"))
    for name, text in every.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    hours = range(24)
    write = {
        "log.csv": "t_s,prompt_tokens,output_tokens\n"
        + "".join(f"{0.2 * i:.1f},{100 + 7 * i},{1 + 3 * (i % 40)}\n" for i in range(80)),
        "demand.csv": "time,A,B\n"
        + "".join(
            f"2023-{1 + d // 28:02d}-{1 + d % 28:02d}T{h:02d}:00:00,{1000 + 20 * h + d},{500 + 9 * (h % 7) + d % 31}\n"
            for d in range(336)
            for h in hours
        ),
        "meter.csv": "timestamp,uuid,energy_j\n"
        + "".join(f"{1_767_225_600 + 10 * i},GPU-a,{5e6 + 2000 * i}\n" for i in range(200)),
        "power.csv": "timestamp,uuid,power_w\n"
        + "".join(
            f"{1_767_225_600 + 10 * i},GPU-{u},{90 if i < 60 else 400 + 5 * (i % 9)}\n"
            for i in range(200)
            for u in "ab"
        ),
        "served.csv": "model,user,start,end,prompt_tokens,output_tokens\n"
        + "".join(
            f"{'small' if i % 3 else 'large'},u{i % 4},{1_767_225_600 + 11 * i},{1_767_225_607 + 11 * i},"
            f"{100 + i},{20 + i % 50}\n"
            for i in range(150)
        ),
        "week.csv": "wind_cf,pv_cf,price\n"
        + "".join(
            f"{0.1 + 0.05 * (i % 13):.3g},{0.06 * max(0, 6 - abs(i % 24 - 12)):.3g},{40 + i % 29}\n"
            for i in range(168)
        ),
        "week_later.csv": "wind_cf,pv_cf,price\n"
        + "".join(
            f"{0.2 + 0.04 * (i % 11):.3g},{0.05 * max(0, 6 - abs(i % 24 - 12)):.3g},{30 + i % 37}\n"
            for i in range(168)
        ),
        "miners.csv": "date,hashrate_th_s,price_usd\n"
        + "".join(
            f"{date(2023, 9, 1) + timedelta(days=i)},{4e8 + 4e5 * i},{26000 + 90 * i}\n" for i in range(260)
        ),
        "wave.csv": "time_s,power_mw\n"
        + "".join(f"{0.05 * i:.2f},{60 + 30 * ((i // 20) % 2)}\n" for i in range(400)),
    }  # fmt: skip
    for name, text in write.items():
        (folder / name).write_text(text, "utf-8")
    for case in ("case5", "case30"):
        grid = read_case(case)
        rows = [grid.bus_number.tolist(), *((s * grid.load_mw).tolist() for s in (1.0, 0.5, 0.9))]
        (folder / f"hours_{case}.csv").write_text("\n".join(",".join(map(str, row)) for row in rows), "utf-8")  # fmt: skip
    grid = read_case("case5")
    year = [[f"{s * (0.7 + 0.2 * math.sin(h / 3.8) + 0.1 * math.sin(h / 1394)):.6g}" for s in grid.load_mw] for h in range(8760)]  # fmt: skip
    (folder / "hours_year_case5.csv").write_text("\n".join(",".join(row) for row in [list(map(str, grid.bus_number.tolist())), *year]), "utf-8")  # fmt: skip
    ask("meter import", files=[folder / "meter.csv"], into=folder / "kept.db")
    label = ask("label", model="llama-3.1-8b", on="h100-sxm:1", samples=200)
    (folder / "label.json").write_text(json.dumps(label.detail), "utf-8")
    for name, what in (("few", {"samples": 50}), ("nobody", {"model": "nobody"})):
        other = {**label.detail, "inputs": {**label.detail["inputs"], **what}}
        (folder / f"label_{name}.json").write_text(json.dumps(other), "utf-8")
    before = ask("disclose", form="sci", given=["energy_total=10 kWh @facility"]).own
    (folder / "form_before.json").write_text(json.dumps(plain(before)), "utf-8")
    wrong = json.loads(json.dumps(label.detail))
    wrong["version"] = "0"
    (folder / "label_changed.json").write_text(json.dumps(wrong), "utf-8")


# ------------------------------------------------------------------ one answer as lines


def number(value: float) -> str:
    """A number to six digits.

    >>> number(1234567.0), number(0.1), number(3), number(float("nan"))
    ('1.23457e+06', '0.1', '3', 'nan')
    """
    return f"{value:.{DIGITS}g}"


def short(value: Any) -> str:
    """A plain value in one line: numbers to six digits, long lists by their ends and sums."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, str):
        return json.dumps(steady(value), ensure_ascii=False)
    if isinstance(value, Mapping):
        every = [f"{k}: {short(v)}" for k, v in value.items() if k not in TIMES]
        return "{" + ", ".join(every if len(every) <= 60 else [*every[:20], "...", *every[-5:]]) + "}"  # fmt: skip
    return "[" + ", ".join(_few([short(v) for v in value], value)) + "]"


def steady(text: str) -> str:
    """A text without what may differ between processors: last digits of numbers, and sums over them.

    >>> steady("0.013953963211471587 of 12, sha256 is c1da7d0dd191"), steady("3.25")
    ('0.013954 of 12, sha256 is *', '3.25')
    """
    text = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "*", text)
    text = re.sub(r"(?<![0-9a-f])(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{12}(?![0-9a-f])", "*", text)
    return re.sub(r"\d+\.\d{7,}(?:e[+-]?\d+)?", lambda m: number(float(m[0])), text)


def _few(texts: list[str], values: Any) -> list[str]:
    """The texts of a list; of a long one its ends, how many there are, and the sum of its numbers."""
    if len(texts) <= LONG:
        return texts
    sums = [
        v for v in values if isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)
    ]  # fmt: skip
    middle = f"... {len(texts)} in all" + (f", sum {number(math.fsum(sums))}" if sums else "")
    return [*texts[:4], middle, *texts[-2:]]


def _table(name: str, table: Table) -> Iterator[Line]:
    yield f"table {name}", " | ".join(in_language(table.label, c) if table.label else "" for c in LANGUAGES)  # fmt: skip
    heads = []
    for one in table.columns:
        both = []
        for code in LANGUAGES:
            with speaking(code):
                both.append(one.heading)
        heads.append(f"{one.name} [{one.unit}] {both[0]} | {both[1]}")
    yield f"table {name} columns", "; ".join(heads)
    rows = [[plain(cell) for cell in row] for row in table.rows]
    kept = range(len(rows))
    if len(rows) > LONG:
        kept = [*range(6), *range(len(rows) - 3, len(rows))]  # type: ignore[assignment]
        sums = []
        for i, one in enumerate(table.columns):
            cells = [r[i] for r in rows if isinstance(r[i], int | float) and not isinstance(r[i], bool)]  # fmt: skip
            sums.append(f"{one.name} {number(math.fsum(cells)) if cells else len({str(r[i]) for r in rows})}")  # fmt: skip
        yield f"table {name} {len(rows)} rows, sums", ", ".join(sums)
    for i in kept:
        cells = [
            short(cell) + _in_words(one, raw) for one, raw, cell in zip(table.columns, table.rows[i], rows[i], strict=True)
        ]  # fmt: skip
        yield f"table {name} row {i + 1 if i < 6 else i - len(rows)}", ", ".join(cells)


def _in_words(column: Any, cell: Any) -> str:
    """What a person reads for a key that stands in a cell."""
    if column.words is None or not isinstance(cell, str):
        return ""
    both = []
    for code in LANGUAGES:
        with speaking(code):
            both.append(str(column.shown(cell)))
    return f" ({both[0]} | {both[1]})"


def _leaves(tree: Mapping[str, Any]) -> Iterator[Line]:
    for key, node in tree.items():
        if node.get("inputs"):
            continue
        told = {k: v for k, v in node.items() if k not in ("inputs", "hash", "formula") and v not in (None, {}, [])}  # fmt: skip
        value = told.pop("value", None)
        if value and node.get("distribution", {}).get("spread") != "exact":
            told["value"] = [value["p05"], value["p50"], value["p95"]]
        yield f"leaf {key}", short(told)


def lines_of(answer: Answer, whole: bool = False) -> Iterator[Line]:
    """An answer as heads and contents, without what differs from run to run; if `whole`, figures as a person reads them too."""
    found = answer.to_dict()
    yield "settings", short({k: v for k, v in found["settings"].items() if v is not None})
    rows = {}
    for code in LANGUAGES:
        with speaking(code):
            rows[code] = {row.key: row for row in answer.shown(every=True)}
    for key, one in found["figures"].items():
        value = one["value"]
        spread = " ".join(number(value[k]) for k in ("p05", "p50", "p95", "mean"))
        more = {
            k: v for k, v in one.items() if k not in (*SHOWN, *BEHIND) and v not in (None, {}, [])
        }
        yield f"figure {key}", f"{one['label']} | {one['label_zh']} | {spread} {one['unit']} | {one['boundary']} | {one['kind']}"  # fmt: skip
        if whole and key in rows["en"]:
            row, zh = rows["en"][key], rows["zh"][key]
            yield f"figure {key} reads", f"{row.text} | {zh.text} | {row.words} | {zh.words}"
        if more:
            yield f"figure {key} is", short(more)
    if answer.show:
        yield "shown first", " ".join(answer.show)
    for name, table in answer.tables.items():
        yield from _table(name, table)
    for name, one in found["series"].items():
        label = getattr(answer.series[name], "label", "")
        if not isinstance(label, str):
            label = json.dumps(label, ensure_ascii=False)
        zh = in_language(label, "zh") if label else ""
        yield f"series {name}", f"{label} | {zh} | {short(one)}"
    for part in ("said", "limits"):
        for one in found[part]:
            yield f"{part} {one['code']}", f"{one['text']} | {one['text_zh']}"
    for key, fields in found["sources"].items():
        yield f"source {key}", " ".join(sorted(fields))
    if found["files"]:
        yield "files", short(found["files"])
    for key, value in answer.own.items():
        if key in TIMES or (key in found and key in ("defaults",)):
            continue
        value = plain(value)
        if key == "tree":
            yield from _leaves(value)
        elif isinstance(value, Mapping) and len(value) > 4:
            for inner, part in value.items():
                if inner not in TIMES:
                    yield f"{key} {inner}", short(part)
        else:
            yield key, short(value)


def lines_of_error(error: TaotieError) -> Iterator[Line]:
    """What is wrong, and the way out."""
    yield "error", f"{type(error).__name__}: {error.message}"
    yield "hint", error.hint


def lines_asked(name: str, title: str, settings: Mapping[str, Any], folder: Path) -> list[Line]:
    """What a question says to these settings, an error too, with heads that stand once each."""
    return asked(name, title, settings, folder)[0]


def asked(name: str, title: str, settings: Mapping[str, Any], folder: Path) -> tuple[list[Line], Answer | None]:  # fmt: skip
    """The same, and the answer itself where there is one."""
    answer = None
    try:
        answer = ask(name, **filled(dict(settings), folder))
        found = list(lines_of(answer, title == "base"))
    except TaotieError as error:
        found = [*lines_of_error(error)]
        with speaking("zh"):
            try:
                ask(name, **filled(dict(settings), folder))
            except TaotieError as other:
                found += [(f"{head} zh", text) for head, text in lines_of_error(other)]
    lines = [(head, text.replace(str(folder), "{folder}").replace("\n", "\\n")) for head, text in once(found)]  # fmt: skip
    return lines, answer


def once(lines: Iterable[Line]) -> Iterator[Line]:
    """Heads made different by a number."""
    seen: dict[str, int] = {}
    for head, text in lines:
        head = head.replace(": ", ":").replace("\n", " ")
        seen[head] = seen.get(head, 0) + 1
        yield (head if seen[head] == 1 else f"{head} #{seen[head]}"), text


DAY_NS = 86_400_000_000_000
CALLS = [
    Call(1_767_225_600_000_000_000, "gpt-4o", Usage(1000, 0, 200, 300, 50), "one", "p", "ann"), Call(1_767_225_600_000_000_000 + DAY_NS, "gpt-4o", Usage(10, 20, 30, 40, 0), "one", "q", "bob", 3),
    Call(1_767_225_600_000_000_000, "claude-sonnet-4", Usage(5, 500, 0, 70, 7), "two", "p", "ann"), Call(0, "gpt-9-ultra", Usage(7, 0, 0, 9, 0), "two"), Call(0, "gpt-4o", Usage(), "three", at_least=True),
    Call(0, "llama-3.1-8b", Usage(1, 0, 0, 1, 0), at_least=True), Call(0, "", Usage(1, 0, 0, 1, 0)),
]  # fmt: skip
"""Of several models, sessions, days, projects and people; one does not say its tokens."""


def others(folder: Path) -> Iterator[tuple[str, Iterable[Line]]]:
    """What the doors ask beside the questions: checks, forecasts looked back on, files, schemas."""
    yield "fleet checked", lines_of(fleet.checked_fleet(), True)
    yield "fleet looked back on", lines_of(fleet.backtested("2024-12-31", None, None, 0), True)
    yield (
        "a maker looked back on",
        lines_of(fleet.backtested("2024-12-31", "google_tpu", None, 3), True),
    )
    yield "published training runs", lines_of(train.published_training_runs(), True)
    run_study(folder / "chat.toml").write_json(folder / "result.json")
    yield "result checked", lines_of(study.checked_result(folder / "result.json"))
    text = (folder / "result.json").read_text("utf-8")
    (folder / "result.json").write_text(text.replace('"chat"', '"chatt"', 1), "utf-8")
    yield "result changed", lines_of(study.checked_result(folder / "result.json"))
    asked = ask("run", study=folder / "asked.toml").to_json()
    (folder / "asked.json").write_text(asked, "utf-8")
    yield "asked checked", lines_of(study.checked_result(folder / "asked.json"))
    (folder / "asked.json").write_text(asked.replace("100.0", "101.0", 1), "utf-8")
    yield "asked changed", lines_of(study.checked_result(folder / "asked.json"))
    yield (
        "exported",
        [
            (to, short(steady(meter_live.exported([folder / "meter.csv"], to))[:600]))
            for to in ("csv", "prometheus")
        ],
    )
    yield "meter import by hour", lines_of(meter.with_hours(ask("meter import", files=[folder / "power.csv"])))  # fmt: skip
    yield "usage of calls", lines_of(meter_usage.usage_answer(CALLS, {}, (), "FRA", 2), True)
    yield "usage of nothing known", lines_of(meter_usage.usage_answer(CALLS[-1:], {}))
    wrong = (
        ("claims of a file", audit.is_wrong(ask("audit", claims=str(folder / "claims.toml")))),
        ("claims of a text", audit.is_wrong(ask("audit", claims=str(folder / "article.md")))),
        ("claims of the article", audit.is_wrong(ask("audit"))),
        *((says, check.is_wrong(ask("check", says=says))) for says in ("ChatGPT uses 564 MWh a day", "A search takes 3 Wh", "a PUE of 0.9", "Bitcoin used 1 PWh in 2021", "A mill took 3 apples")),
        ("a formula", check.is_wrong(ask("check", says="42 MWh", given="100000 * 700 W * 0.61"))),
        ("a formula of another kind", check.is_wrong(ask("check", says="42 MWh", given="3 kg"))),
        ("a range", check.is_wrong(ask("check", says="42 MWh", source_range="1 to 2 MW"))),
    )  # fmt: skip
    yield "is it wrong", [(title, short(found)) for title, found in wrong]
    yield "known by name", [("claims", " ".join(audit.claims_known())), ("verdicts", " ".join(audit.verdicts()))]  # fmt: skip
    made = ask("requests", trace=str(folder / "log.csv"), model="llama-3.1-8b", batch=16)
    for ending in ("csv", "json"):
        for path in write_tables(made, folder / f"table.{ending}"):
            text = steady(path.read_text("utf-8"))
            yield f"file {path.name}", [("head", short(text[:300])), ("tail", short(text[-200:]))]
    for name in ASKS:
        for network in (False, True):
            told = schema_of(name, "en", network)
            lines = [(key, short(value)) for key, value in told.pop("properties").items()]
            yield f"schema of {name}{' over a network' if network else ''}", [("all", short(told)), *([] if network else lines)]  # fmt: skip
    yield "asked over a network", [("all", " ".join(asks_known(network=True)))]


def pages_of_others(folder: Path) -> dict[str, list[Line]]:
    """They all, as cases."""
    return {
        title: [
            (h, t.replace(str(folder), "{folder}").replace("\n", "\\n")) for h, t in once(lines)
        ]
        for title, lines in others(folder)
    }


# ------------------------------------------------------------------ what is refused


def spoilt(name: str, of: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each setting of a question with values it cannot have, the rest as in the base; a setting that is none; none at all."""
    base = of.get("base", {})
    for key, one in ASKS[name].settings.items():
        wrong: list[Any] = []
        if one.type in ("number", "whole"):
            wrong = ["much", True, "3 parsec" if one.unit != "m" else "3 kg", float("nan")]
            wrong += [] if one.low is None else [one.low - 1]
            wrong += [] if one.high is None else [one.high * 1.01 + 1]
            wrong += [1.5] if one.type == "whole" else []
        elif one.type == "flag":
            wrong = ["yes"]
        elif one.type == "choice" or one.choices:
            wrong = [f"{one.choices[0]}x", 3]
        elif one.several:
            wrong = [True, {"a": 1}]
            wrong += ["much"] if one.type in ("numbers", "wholes") else [[["a"]]]
        else:
            wrong = [True, ["a"]]
        for value in wrong:
            yield f"{key} = {value!r}", {**base, key: value}
        if one.required:
            yield f"without {key}", {k: v for k, v in base.items() if k != key}
    yield "nonsense = 1", {**base, "nonsense": 1}


def refused(name: str, of: Mapping[str, Any], folder: Path) -> list[Line]:
    """What a question says to each of them: an error and its hint in both languages, or that it answers."""
    found: list[Line] = []
    for title, settings in spoilt(name, of):
        told = []
        for code in LANGUAGES:
            with speaking(code):
                try:
                    ask(name, **filled(settings, folder))
                    told.append("is answered")
                except TaotieError as error:
                    told.append(" -> ".join(text for _head, text in lines_of_error(error)))
        found.append(
            (
                title.replace(": ", ":"),
                " | ".join(told).replace(str(folder), "{folder}").replace("\n", "\\n"),
            )
        )
    return list(once(found))


def spoilt_studies() -> Iterator[tuple[str, str]]:
    """Study files with one thing wrong each: every figure out of its limits, of another unit, and of a kind that does not read it."""
    for key, one in STUDY_FIGURES.items():
        table, _dot, name = key.partition(".")
        kind = (one.kinds or ("chat",))[0]
        other = next((k for k in KINDS if one.kinds and k not in one.kinds and k != "mix"), None)
        low, high = one.low - 1e-3 * (abs(one.low) or 1), one.high * 1.001
        for value in (
            f"{low!r}",
            f"{high!r}",
            "{ value = 1, unit = 'parsec' }",
            f"{{ low = {one.low!r}, high = {one.high * 2!r} }}",
            "'much'",
            "{}",
        ):
            yield f"{key} = {value}", _study(kind, {table: f"{name} = {value}"})
        if other:
            yield f"{key} in {other}", _study(other, {table: f"{name} = {one.low!r}"})
    for key, kinds in STUDY_NAMES.items():
        table, _dot, name = key.partition(".")
        other = next((k for k in KINDS if k not in kinds and k != "mix"), None)
        if other:
            yield f"{key} in {other}", _study(other, {table: f"{name} = 3"})
        yield f"{key} = -1.5", _study(kinds[0], {table: f"{name} = -1.5"})
        yield f"{key} = 'nothing'", _study(kinds[0], {table: f"{name} = 'nothing'"})
    wrong = tomllib.loads((PINNED / "wrong_studies.toml").read_text("utf-8"))
    yield from wrong.items()


def _study(kind: str, tables: Mapping[str, str]) -> str:
    every = {"workload": f'kind = "{kind}"', **tables}
    if "workload" in tables:
        every["workload"] = f'kind = "{kind}"\n{tables["workload"]}'
    return 'title = "x"\nsamples = 100\n' + "".join(f"[{t}]\n{text}\n" for t, text in every.items())  # fmt: skip


def refused_studies(folder: Path) -> list[Line]:
    """What is said of each of them, in both languages; nothing is computed."""
    found: list[Line] = []
    path = folder / "wrong.toml"
    for title, text in spoilt_studies():
        path.write_text(text, "utf-8")
        told = []
        for code in LANGUAGES:
            with speaking(code):
                try:
                    read_study(path)
                    told.append("is read")
                except TaotieError as error:
                    told.append(str(error))
        found.append((title.replace(": ", ":"), " | ".join(told).replace(str(folder), "{folder}").replace("\n", "\\n")))  # fmt: skip
    return list(once(found))


# ------------------------------------------------------------------ as text


def written(pages: Mapping[str, list[Line]]) -> str:
    """Cases as one text. A line that reads as it last did above ends in " =", so that a case shows what is its own."""
    above: dict[str, str] = {}
    parts = []
    for title, lines in pages.items():
        parts.append(f"## {title}")
        parts += [f"{head} =" if above.get(head) == text else f"{head}: {text}" for head, text in lines]  # fmt: skip
        parts.append("")
        above |= dict(lines)
    return "\n".join(parts)


def read(text: str) -> dict[str, list[Line]]:
    """The cases of such a text."""
    pages: dict[str, list[Line]] = {}
    above: dict[str, str] = {}
    lines: list[Line] = []
    for line in text.split("\n"):
        if line.startswith("## "):
            lines = pages[line.removeprefix("## ")] = []
        elif line:
            head, told, content = line.partition(": ")
            if not told:
                head = head.removesuffix(" =")
                content = above[head]
            lines.append((head, content))
            above[head] = content
    return pages


_NUMBER = re.compile(r"(?<![\w.])-?\d+\.?\d*(?:e[-+]?\d+)?(?![\w])")


def alike(ours: str, pinned: str) -> bool:
    """Whether two lines say the same: the same words, numbers that agree to about five digits.

    >>> alike("a 1.00001 b", "a 1 b"), alike("a 1.001 b", "a 1 b"), alike("a 1 b", "a 1 c")
    (True, False, False)
    """
    if ours == pinned:
        return True
    if _NUMBER.sub("#", ours) != _NUMBER.sub("#", pinned):
        return False
    pairs = zip(_NUMBER.findall(ours), _NUMBER.findall(pinned), strict=True)
    return all(math.isclose(float(a), float(b), rel_tol=NEAR, abs_tol=1e-9) for a, b in pairs)


def differences(ours: list[Line], pinned: list[Line]) -> list[str]:
    """What a person must look at: lines gone, come or changed, and another order."""
    had, has = dict(pinned), dict(ours)
    found = [f"gone: {head}: {had[head]}" for head in had if head not in has]
    found += [f"new: {head}: {has[head]}" for head in has if head not in had]
    found += [
        f"was: {head}: {had[head]}\nnow: {head}: {text}"
        for head, text in has.items()
        if head in had and not alike(text, had[head])
    ]
    if not found and [h for h, _t in ours] != [h for h, _t in pinned]:
        found.append("the order of the lines")
    return found


def _kept(path: Path, added: bool) -> dict[str, list[Line]]:
    """Cases that stay as they are."""
    return read(path.read_text("utf-8")) if added and path.exists() else {}


def main() -> int:
    """Write the cases of the questions named, or of all."""
    os.environ["TAOTIE_DATA"] = str(ROOT / "tests" / "no_data")
    every = cases()
    asked = [one for one in sys.argv[1:] if one != "--added"]
    added = "--added" in sys.argv[1:]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_inputs(folder)
        if (not asked or "studies" in asked) and not added:
            (PINNED / "wrong_studies.txt").write_text(written({"studies": refused_studies(folder)}), "utf-8")  # fmt: skip
        if not asked or "others" in asked:
            kept = _kept(PINNED / "others.txt", added)
            pages = {
                title: kept.get(title, lines) for title, lines in pages_of_others(folder).items()
            }
            (PINNED / "others.txt").write_text(written(pages), "utf-8")
        for name in [one for one in asked if one not in ("studies", "others")] or ([] if asked else every):  # fmt: skip
            path = PINNED / f"{ASKS[name].flat}.txt"
            kept = _kept(path, added)
            pages = {
                title: kept[title] if title in kept else lines_asked(name, title, settings, folder)
                for title, settings in drawn(name, every[name])
            }
            pages["refused"] = kept.get("refused") or refused(name, every[name], folder)
            path.write_text(written(pages), "utf-8")
            print(f"{name}: {len(pages)} cases, {len(kept)} as they were, {path.stat().st_size / 1000:.0f} kB")  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
