"""Write what a terminal and a page say of each question's base case into tests/cases/printed: `python tools/pin_printed.py [question ...]`.

The cases are those of `tests/cases/answers/cases.toml`. Each command shows the answer itself: its lines in both languages, and
every text and cell of the page its `--report` writes. So a unit, a head, a sign, a limit left out or the ends of a range in the
wrong place stand here as a difference. Only after what is printed was meant to change: read it (`git diff`).
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout, suppress
from functools import lru_cache
from html.parser import HTMLParser
from importlib import import_module
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import typer
from pin_answers import (
    LANGUAGES,
    LONG,
    Line,
    cases,
    drawn,
    filled,
    once,
    steady,
    write_inputs,
    written,
)

from taotie import __version__
from taotie.answer.asking import ask
from taotie.answer.asks import ASKS
from taotie.app.cli.main import COMMANDS, build
from taotie.app.pages.page import write_report
from taotie.quantity.figure import leaf
from taotie.quantity.sampling import sampling
from taotie.words.language import speaking

PINNED = Path(__file__).resolve().parent.parent / "tests" / "cases" / "printed"
COLUMNS = "120"
"""How wide the terminal is."""
BEGIN, END = 200, 20
"""Lines of a page in one language that are held, where it has more than both together."""
TOO = {
    "check": ("alone: says = the power usage effectiveness of data centres", "alone: says = ChatGPT uses 564 MWh a day", "alone: says = A ChatGPT query takes 0.34 Wh, cite = csl"),
    "simulate": ("sweep = ['max-batch=4,8', 'rate=1,3']",),
    "run": ("alone: study = {folder}/closed.toml", "alone: study = {folder}/campus_grid.toml"),
    "capacity": ("case = case30, bus = 8, load = 10 TW",),
}  # fmt: skip
"""Cases beside the base that a command prints otherwise; their pages are not held."""
Show = Callable[[Any, dict[str, Any]], None]


@lru_cache(maxsize=1)
def shows() -> dict[str, tuple[Show, tuple[str, ...]]]:
    """How each command shows its answer, and the options of its own it takes."""
    found: dict[str, tuple[Show, tuple[str, ...]]] = {}

    def kept(_app: Any, name: str, show: Show, extras: Iterable[Any] = (), **_more: Any) -> None:
        found[name] = show, tuple(one.name for one in extras)

    for name in COMMANDS:
        module = import_module(f"taotie.app.cli.{name}")
        if not hasattr(module, "register_ask"):
            continue
        own = module.register_ask
        module.register_ask = kept
        try:
            module.register(typer.Typer())
        finally:
            module.register_ask = own
    return found


class Texts(HTMLParser):
    """The texts of a page, one a line, cells of a row in one; without scripts, style and what a reader of a screen is not told."""

    INLINE = ("span", "b", "i", "em", "strong", "a", "code", "sub", "sup", "small", "abbr", "tspan", "td", "th")  # fmt: skip
    SILENT = ("script", "style", "title")

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = [("", "")]
        self.silent = 0
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in self.SILENT
        if tag in ("table", "svg", "ul", "ol", "dl"):
            self.inside = f"{tag} {self.getpos()}"
        if tag not in self.INLINE:
            self.lines.append((self.inside, ""))
        elif tag in ("td", "th"):
            self.handle_data(" | ")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in self.SILENT
        if tag in ("table", "svg", "ul", "ol", "dl"):
            self.inside = ""
        if tag not in self.INLINE:
            self.lines.append((self.inside, ""))

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.lines[-1] = (self.lines[-1][0], self.lines[-1][1] + data)


def texts_of(page: str) -> Iterator[str]:
    """What a page says, line by line; of a long table, list or drawing the ends, and how many lines it has."""
    made = Texts()
    made.feed(page)
    lines = [(of, " ".join(text.split()).strip("| ")) for of, text in made.lines]
    for inside, part in groupby((one for one in lines if one[1]), key=lambda one: one[0]):
        texts = [text for _of, text in part]
        if inside and len(texts) > LONG:
            texts = [*texts[:8], f"... {len(texts)} lines in all", *texts[-3:]]
        yield from texts


def lines_of_page(page: str) -> Iterator[Line]:
    """What a page says in each language; of a long one the beginning, the end, and how many lines it has."""
    for code, half in zip(LANGUAGES, page.split('<main id="zh"', 1), strict=True):
        lines = list(texts_of(half))
        if len(lines) > BEGIN + END:
            lines = [*lines[:BEGIN], f"... {len(lines)} lines in all", *lines[-END:]]
        yield from ((f"page {code}", text) for text in lines)


def door_of(name: str, folder: Path) -> dict[str, Any]:
    """The options of a command as they are where none is given."""
    door = dict.fromkeys(shows()[name][1]) | {"json": False, "command": f"taotie {name}"}
    return door | {"meter usage": {"by": "day"}, "check": {"cite": True}, "run": {"study": "chat.toml", "out": folder / "out"}}.get(name, {})  # fmt: skip


def in_terminal(name: str, answer: Any, door: dict[str, Any]) -> str:
    """What a command prints, and how it ends where it ends otherwise than well."""
    out = io.StringIO()
    with redirect_stdout(out), patch.object(sys, "argv", ["taotie", name]):
        try:
            shows()[name][0](answer, door)
        except typer.Exit as end:
            out.write(f"exit {end.exit_code}\n")
    return out.getvalue()


def titles_of(name: str) -> tuple[str, ...]:
    """The cases of a question that are held."""
    return ("base", *TOO.get(name, ())) if name in shows() else ()


def lines_of(name: str, title: str, answer: Any, folder: Path) -> list[Line]:
    """What a terminal says of an answer in each language, and of a base what the page says that the command writes."""
    found: list[Line] = []
    door = door_of(name, folder)
    with patch("taotie.app.cli.run._write", lambda _name, _result, path: path.touch()):
        for code in LANGUAGES:
            with speaking(code):
                found += [(code, line.rstrip()) for line in in_terminal(name, answer, door).splitlines()]  # fmt: skip
    page = folder / "page.html"
    if title == "base" and "report" in door:
        with speaking("en"):
            in_terminal(name, answer, door | {"report": page, "json": True, "exit_zero": True})
    elif title == "base" and name == "run":
        with speaking("en"):
            write_report(answer.detail, page, "en")
    if page.exists():
        found += lines_of_page(page.read_text("utf-8"))
        page.unlink()
    return _steady(found, folder)


def _steady(lines: Iterable[Line], folder: Path) -> list[Line]:
    """Lines without what differs from run to run and from release to release."""
    return [
        (head, steady(text).replace(str(folder), "{folder}").replace(f"taotie {__version__}", "taotie {version}"))
        for head, text in once(lines)
    ]  # fmt: skip


SCORES = {
    "answered": 7, "rows": 9, "runtime": "vllm-0.11", "batch": 32, "unusable": [{"row": 3, "why": "no power"}],
    "energy": {"mdape": 12.34, "p90": 45.67, "bias": -8.9, "within_2x": 0.876}, "power": {"mdape": 5.4}, "rate": {"mdape": None},
    "coverage_80": 0.777, "coverage_90": None, "ecologits": {"mdape": 98.7}, "not_measured": {"model": ["a", "b"]},
}  # fmt: skip
"""How predictions did, made by hand: each number another."""


def others(folder: Path) -> Iterator[tuple[str, list[Line]]]:
    """What commands print that is no answer to one question: scores of predictions, the tree behind a figure, sources, meters as they run."""
    from taotie.app.cli import meter, validate

    with sampling(200, 1):
        made = {"energy": ("Wh/request", 0.2, 0.9), "pue": ("1", 1.1, 1.4)}
        energy, pue = (leaf(key, low=low, high=high, unit=unit, kind="assumed", note="made up", label={"en": key, "zh": key}) for key, (unit, low, high) in made.items())  # fmt: skip
        product = (energy * pue).named("product", en="Product", zh="乘积")
    part = {key: value for key, value in SCORES.items() if key not in ("unusable", "not_measured")}
    fits = {"h100": {"rows": 12, "left_out_median_error": 0.1234}, "a100": {"rows": 7}}

    def typed(*words: object) -> Callable[[], object]:
        return lambda: build(str(words[0])).main(args=[str(w) for w in words], prog_name="taotie", standalone_mode=False)  # fmt: skip

    def live() -> None:
        with patch("time.sleep", side_effect=KeyboardInterrupt), suppress(KeyboardInterrupt):
            meter._live(folder / "kept.db")

    predicted = SimpleNamespace(own={"rows": [1, 2], "made_on": "2026-01-02", "unusable": SCORES["unusable"], "sha256": "x"})  # fmt: skip
    for title, make in (
        ("validate", lambda: validate._show({**SCORES, "by": {"gpu": {"h100": {**part, "n": 5}}}})),
        ("predict", lambda: validate._predicted(predicted, {"freeze": None, "json": False})),
        ("calibrate", lambda: validate._calibrated(SimpleNamespace(own=fits), {"json": False})),
        ("meters as they run", live),
        ("explain", typed("explain", "product", "--drivers")),
        ("a source", typed("sources", "devries2023")),
        ("sources of something", typed("sources", "--search", "PUE of a large data center")),
    ):  # fmt: skip
        found = []
        for code in LANGUAGES:
            out = io.StringIO()
            with speaking(code), redirect_stdout(out), sampling(200, 1), patch("taotie.app.cli.explain._find", lambda *_: product):  # fmt: skip
                make()
            lines = out.getvalue().splitlines()
            if len(lines) > 2 * LONG:
                lines = [*lines[:LONG], f"... {len(lines)} lines in all", *lines[-LONG:]]
            found += [(code, line.rstrip()) for line in lines]
        yield title, _steady(found, folder)


def main() -> int:
    """Write what the questions named say, or all."""
    os.environ["TAOTIE_DATA"] = str(PINNED.parents[1] / "no_data")
    os.environ["COLUMNS"] = COLUMNS
    every = cases()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_inputs(folder)
        for name in sys.argv[1:] or [*(one for one in every if one in shows()), "others"]:
            if name == "others":
                pages = dict(others(folder))
            else:
                settings = dict(drawn(name, every[name]))
                pages = {
                    title: lines_of(name, title, ask(name, **filled(settings[title], folder)), folder)
                    for title in titles_of(name)
                }  # fmt: skip
            path = PINNED / f"{ASKS[name].flat if name in ASKS else name}.txt"
            path.write_text(written(pages), "utf-8")
            print(f"{name}: {len(pages)} cases, {path.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
