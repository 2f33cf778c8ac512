"""What stands in a printed cell, written down: `python tools/pin_cells.py` into tests/cases/answers/cells.txt.

Every function that makes a cell of a table, a row of a terminal or a tile of a page (`CELLS` in tools/mutants.py) over
values at, just below and just above each of its turns, in both languages. Only after a cell was meant to change: read
the difference, and say in `changes/` what reads otherwise now.
"""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from taotie.answer import fleet as fleet_answer
from taotie.answer import label as label_answer
from taotie.answer.answer import Answer, Column, Table, row_of
from taotie.app.cells import cell
from taotie.app.charts import grid_numbers, picture, simulation_charts
from taotie.app.cli import shown
from taotie.app.forms.rows import FormRow, sheet_of
from taotie.app.mcp.account import account
from taotie.app.pages import answer_page, headline, simulation_tables, tables
from taotie.app.pages.tied import tied
from taotie.policy.disclosure.form import Disclosure, Field
from taotie.quantity import wording
from taotie.quantity.figure import Figure, leaf
from taotie.quantity.sampling import sampling
from taotie.quantity.source import Source
from taotie.quantity.unit_word import unit_word
from taotie.study.result import Default
from taotie.words.language import N_, speaking
from taotie.words.plain import as_text
from taotie.words.said import Said, as_given, in_each_language, joined, labels

PINNED = Path(__file__).resolve().parent.parent / "tests" / "cases" / "answers" / "cells.txt"
LANGUAGES = ("en", "zh")
COLUMNS = "100"
"""How wide the terminal is."""
NUMBERS = (
    0.0, -0.0, math.nan, math.inf, -math.inf, 1.6e-19, 9.99e-5, 9.9951e-5, 1e-4, 1.04e-4, 0.00123456, 0.0100, 0.045678, 0.0995, 0.0999, 0.5, 0.9951,
    0.9949, 0.995, 0.9995, 0.99995, 1.0, 1.0499, 1.2, 2.5, 9.949, 9.951, 9.9951, 10.0, 12.3456, 99.49, 99.51, 99.951, 100.0, 99.95, 100.46, 112.4, 120.74999999999999, 120.75, 345.678, 994.9, 995.1, 998.2, 999.5,
    999.96, 1000.0, 1004.9, 1041.3, 1287.4, 1999.0, 9994.9, 9995.1, 9999.6, 10000.0, 12345.0, 54321.98, 99951.0, 123456.0, 999499.0, 999951.0, 999999.5, 1e6, 1.2345e6, 9.99951e6, 1e7, 1.5e7, 9.996e7,
    1e8, 2.0e8, 9.9951e8, 1e9, 7.06e10, 9.9951e11, 1e12, 1.75e12, 9.99e14, 9.9951e14, 1e15, 6.02e23,
)  # fmt: skip
"""Both sides of each place where another form begins."""
CELLS = (
    None, True, False, 0, 7, 60, 2023, 9999, -9999, 10000, -10000, 1234567, 0.0, 1.5, -2.25, 12.34567, 1234.5, 12345.6, 1e7, math.nan, math.inf, "text", "a\x1b[1mb", "=1+1", "+1", "-1", "@x",
    "\tx", "\rx", "x=1", "", Said("s", N_("all branches in service")),
)  # fmt: skip
UNITS = (
    "1", "", "%", "Wh/request", "J/token", "USD/Mtoken", "MW/accelerator", "kW/server", "L/a", "m**2", "m**3/h", "degC", "delta_degC", "delta_degC/W", "h/d", "min", "person", "household", "home",
    "parameter", "image", "query", "session", "replica", "bus", "charge", "search", "prompt", "EUR/MWh", "CNY", "accelerator*h", "gCO2e/kWh", "FLOP/s",
)  # fmt: skip
SOURCE = Source(key="lab2024", title="Power of a node.", author="A laboratory", where="Journal 7", date="2024", access="read", read_on="2026-11-22", licence="CC-BY-4.0", note="a note", doi="10.1/x")  # fmt: skip
Line = tuple[str, str]
_UNROUNDED = re.compile(r"\d+\.\d{11,}(?:e[+-]?\d+)?")


def spoken(make: Callable[[], Any]) -> str:
    """What is made in each language, an error by its name; parted by a bar where the languages differ."""
    found = []
    for code in LANGUAGES:
        with speaking(code):
            try:
                found.append(repr(make()))
            except (KeyError, ValueError, TypeError, OverflowError) as error:
                if "positional argument" in str(error):
                    raise  # a call that no longer fits is no answer
                found.append(f"{type(error).__name__}: {error}")
    return " | ".join(dict.fromkeys(found))


def printed(make: Callable[[], Any]) -> Callable[[], str]:
    """What a function prints, instead of what it gives."""

    def told() -> str:
        with redirect_stdout(io.StringIO()) as out:
            make()
        return out.getvalue()

    return told


def _numbers() -> Iterator[Line]:
    for value in (*NUMBERS, *(-v for v in NUMBERS if v in (0.045678, 12.3456, 1287.4, 12345.0, 2.0e8))):  # fmt: skip
        # two digits are the usual ones
        yield f"number {value!r}", spoken(lambda v=value: (wording.number(v), *(wording.number(v, d) for d in (1, 2, 3, 4, 5))))  # fmt: skip
        yield f"certain {value!r}", spoken(lambda v=value: wording.certain_text(v))
        yield f"MW {value!r}", spoken(lambda v=value: grid_numbers.mw_text(v))
        yield f"fleet's {value!r}", spoken(lambda v=value: fleet_answer._number(v))
    for value in (
        3.0000000001,
        3.00000001,
        999999.0,
        999999.9999999999,
        1000000.0,
        -16384.0,
        0.25,
        1e-10,
        0.99999999999,
    ):
        yield f"certain {value!r}", spoken(lambda v=value: wording.certain_text(v))
    for share in (0.0, 1e-6, 0.00123, 0.00999, 0.01, 0.0123, 0.05, 0.3333, 0.5, 0.5004, 0.00994, 0.00995, 0.00996, 0.9944, 0.9945, 0.9946, 0.9949, 0.9994, 0.9995, 0.99951, 0.99999, 1.0, 1.5, -0.2, math.nan):  # fmt: skip
        yield f"percent {share!r}", spoken(lambda s=share: (wording.percent(s), headline._percent(s, 0.5), simulation_charts.percent(s)))  # fmt: skip
    for value, top in ((0.0, 0.0), (-2.0, -1.0), (-1.0, 4.0), (1.0, 3.0), (0.25, 0.5), (2.0, 2.0)):
        yield f"whisker {value} {top}", spoken(lambda v=value, t=top: headline._percent(v, t))
    for low, high in ((0.0, 349.3), (112.0, 1.2 * 112.0), (112.0, 134.3), (112.4, 349.3), (349.0, 2412.0), (112.4, 118.0), (1.0, 1.2), (1.0, 1.1999), (0.0, 3.456), (-1.234, 5.678), (2.345, 2.345), (1.0, math.inf), (0.0012, 0.0019), (123456.0, 9876543.0)):  # fmt: skip
        yield f"ends {low!r} {high!r}", spoken(lambda a=low, b=high: (wording.ends(a, b), picture.span_text(a, b)))  # fmt: skip
    for seconds in (0.05, 1.0, 59.0, 60.0, 90.0, 120.0, 3599.0, 3600.0, 5400.0, 7200.0):
        yield f"duration {seconds!r}", spoken(lambda s=seconds: simulation_charts.duration_text(s))
    for count in (0.0, 999.9, 1000.0, 1234567.0):
        yield f"count {count!r}", spoken(lambda c=count: simulation_tables._count(c))
    yield "part", spoken(lambda: simulation_tables._part({"total": 8.0, "idle": 3.0}, "idle"))
    for option in (None, (), True, False, ("a", 3), 0.25, 1e7, 7, "x" * 300, ("x" * 300,)):
        yield f"option {str(option)[:20]}", spoken(lambda o=option: simulation_tables._option_text(o))  # fmt: skip
    for text in ("1 445 J in 24 h, 36 %", "2 000 000 tokens", "5 kg", "1 2345", "3 ms and 4 min", "a h"):  # fmt: skip
        yield f"tied {text}", spoken(lambda t=text: tied(t))
    for unit in UNITS:
        yield f"unit {unit}", spoken(lambda u=unit: unit_word(u))
        yield f"amount {unit}", spoken(lambda u=unit: (picture.amount(1287.4, u), picture.amount(1287.4, u, 4)))  # fmt: skip


def _words() -> Iterator[Line]:
    for kind in ("measured", "modelled", "estimated", "forecast", "assumed", "defined", "other"):
        yield f"kind {kind}", spoken(lambda k=kind: wording.kind_word(k))
    for level in (None, "accelerator", "server", "facility", "grid", "rack"):
        yield f"boundary {level}", spoken(lambda b=level: wording.boundary_word(b))
        yield f"place {level}", spoken(lambda b=level: headline._place(b))
    for bound in ("", "at_most", "at_least", "mean", "median", "central", "measured", "forecast", "other"):  # fmt: skip
        yield f"bound {bound}", spoken(lambda b=bound: wording.bound_word(b))
    for way in ("n0", "strict", "margin", "cutoff", "other"):
        yield f"way {way}", spoken(lambda w=way: grid_numbers.way_name(w))
    yield "listed", spoken(lambda: (grid_numbers.listed(["a", "b"]), grid_numbers.named("a", "b")))
    yield "sentences", spoken(lambda: picture.sentences("One.", "", "Two."))
    for shares in ((0.2,), (0.2, 0.5, 0.3), (0.2, 0.20001)):
        yield f"span {shares}", spoken(lambda s=shares: grid_numbers.span(s))
    for load in (None, 0.0, 30.0, 1234.0):
        yield f"classes {load}", spoken(lambda x=load: grid_numbers.class_words(grid_numbers.class_edges(x)))  # fmt: skip
    yield "cut", spoken(lambda: [picture.cut("abcdef", n) for n in (5, 6, 7)])
    case = lambda name: SimpleNamespace(case=SimpleNamespace(name=name))  # noqa: E731
    yield "case", spoken(lambda: [grid_numbers.case_name(case(n)) for n in ("case_ACTIVSg2000", "case9", "a_case_b")])  # type: ignore[misc]  # fmt: skip
    said = Said("code", N_("{n} more rows are in the JSON"), {"n": Said("inner", N_("strict"))})
    own = Said("own", "", {}, {"en": "mine"})
    yield "said", spoken(lambda: (said.text(), str(said), said.text("en"), said.text("zh"), said.to_dict(), own.text("en"), own.text("zh")))  # fmt: skip
    yield "as given", spoken(lambda: as_given("code", "{as} it is").to_dict())
    yield "joined", spoken(lambda: [joined([said, said]).to_dict(), joined((said, said, said), "; ", "；").text(), joined([]).text()])  # fmt: skip
    yield "labels", spoken(lambda: labels("strict"))
    order: list[str] = []
    yield "in each language", spoken(lambda: (in_each_language(lambda: order.append("") or wording.kind_word("measured")), len(order)))  # fmt: skip
    for text in ("plain", "two\nlines\tof", "a\x1b[31mred", "\x00", "one\u202ftwo\u00a0\u00ad", "\u202eabc", "\u2066x\u2028", "\u200d\u3000 ok", "汉字", "\x1b\u00a0", 12.5):  # fmt: skip
        yield f"as text {text!r}", spoken(lambda t=text: as_text(t))


def _plain_cells() -> Iterator[Line]:
    for value in CELLS:
        makes: dict[str, Callable[[Any], Any]] = {
            "printed": cell, "label": label_answer._cell,
            "chart": picture.cell_text, "csv": picture.csv_cell,
        }  # fmt: skip
        for name, make in makes.items():
            head = repr(value) if not isinstance(value, Said) else "a sentence"
            yield f"{name} cell {head}", spoken(lambda v=value, m=make: m(v))


def figures() -> dict[str, Figure]:
    """Figures at every turn of a row: each ladder of prefixes, bounds, shares, ranges narrow and wide, none."""
    made: dict[str, Figure] = {}

    def add(key: str, **more: Any) -> None:
        kind = more.pop("kind", "assumed")
        made[key] = leaf(key, kind=kind, note="for a test", **more)

    add("share none", unit="%", value=0.0)
    add("share at the edge", unit="%", value=0.001)
    add("share below it", unit="%", value=0.0009)
    add("small", unit="kWh", value=1e-5)
    for unit in ("Wh", "Wh/request", "kW/server", "MW", "GW", "gCO2e/request", "tCO2e", "USD", "degC", "TWh/a"):  # fmt: skip
        for value in (0.0, 1e-5, 0.00999, 0.0101, 0.5, 999.9, 1000.0, 2.5e6, 3.2e13, -4.0e4):
            if value > 0 or unit in ("Wh", "MW", "USD", "degC"):
                add(f"{unit} {value:g}", unit=unit, value=value)
    for unit, low, high in (("Wh/request", 0.9, 4.4), ("MW", 800.0, 1300.0), ("USD", 112.4, 118.0), ("1", 0.8, 0.9), ("%", 2e-5, 4e-5), ("%", 9e-4, 1.1e-3), ("%", 12.0, 15.0), ("degC", -3.0, 8.0)):  # fmt: skip
        add(f"range {unit} {low:g} {high:g}", unit=unit, low=low, high=high)
    add("share_of_buses", unit="1", low=0.8, high=0.9)
    add("share_told", unit="%", low=80.0, high=90.0)
    for bound in ("at_most", "at_least", "mean", "median", "central", "measured", "forecast"):
        add(f"bound {bound}", unit="Wh/request", value=2.9, bound=bound, boundary="server")
    for kind in ("measured", "modelled", "estimated", "forecast", "assumed", "defined"):
        for level in (None, "accelerator", "server", "facility", "grid"):
            add(f"{kind} {level}", unit="kWh", value=1287.4, kind=kind, boundary=level)
    add("labelled", unit="token", low=2.0, high=3.0, label={"en": "Tokens", "zh": "词元数"})
    return made


def _figures() -> Iterator[Line]:
    for key, one in figures().items():
        ready = wording.readable(one)
        yield f"figure {key}", spoken(lambda f=one: (wording.text(f), wording.value_text(wording.readable(f)), wording.tiny_share(f)))  # fmt: skip
        row = lambda k=key, f=one: row_of(k, f)  # noqa: E731
        yield f"row {key}", spoken(lambda r=row: (r(), r().text, r().words))
        result = SimpleNamespace(headline="x", figures={"x": one})
        yield f"sentence {key}", spoken(lambda r=result: headline._headline_sentence(r))
        yield f"tile {key}", spoken(lambda k=key, f=one: headline.tile(k, f))
        yield f"chart {key}", spoken(lambda f=ready: (picture.range_text(f), picture.median_text(f), picture.dot(f)))  # fmt: skip


def answer() -> Answer:
    """An answer with a bit of everything that is printed."""
    every = figures()
    keys = ("range Wh/request 0.9 4.4", "bound at_most", "labelled", "Wh 0")
    heads = (Column("name", "", N_("model"), lambda word: f"<{word}>"), Column("load_mw", "MW"), Column("year", "a", N_("years")), Column("way", words=grid_numbers.way_name), Column("on"))  # fmt: skip
    rows = tuple((f"m{i}", 1234.5 + i, 2020 + i, "strict" if i else None, bool(i)) for i in range(5))  # fmt: skip
    table = Table(heads, rows, N_("all branches in service"))
    sourced = leaf("sourced", unit="kWh", kind="measured", value=3.0, source=SOURCE, locator="p. 3")
    return Answer(
        "example", {}, {**{k: every[k] for k in keys}, "sourced": sourced},
        tables={"first": table, "second": table.without("year", "way"), "drivers": Table((Column("name"), Column("leaf"), Column("share", "%")), tuple((f"d{i}", "x", 10.0 * i) for i in range(6)), N_("model"))},
        said=(Said("one", N_("{n} more rows are in the JSON"), {"n": 3}),), limits=(Said("two", N_("strict")),), files=("a/b.csv", "c\x1b.csv"),
        more_sources={"own2024": {"citation": "Somebody, 2024"}, "bare": {"author": "A", "title": "T", "where": "W", "doi": "D", "url": "U", "key": "K"}}, show=("labelled", "bound at_most", "nowhere"),
    )  # fmt: skip


def _tables() -> Iterator[Line]:
    one = answer()
    none = Answer("none", {}, more_sources={})
    marked = tuple(as_given("code", f"[bold]{w}[/bold] [red]") for w in "ab")
    table = Table((Column("[b]a[/b]"),), (("[i]x[/i]",),), "[u]strict[/u]")
    odd = Answer("odd", figures={"[b]k[/b]" + 60 * " long": figures()["labelled"], "[b]": leaf("[b]k[/b]" + 30 * " long", value=1.0, unit="MW", kind="assumed", note="x")}, tables={"drivers": table}, said=marked, limits=marked, files=("[b]c[/b].csv",))  # fmt: skip
    first = one.tables["first"]
    prints: dict[str, Callable[[], Any]] = {
        "rows": lambda: shown.print_rows(one), "rows, every": lambda: shown.print_rows(one, True), "rows, none": lambda: shown.print_rows(none),
        "table": lambda: shown.print_table(first), "table, most": lambda: shown.print_table(first, 2), "table, untold": lambda: shown.print_table(first, 2, told=False),
        "item": lambda: shown.print_item(one, {"json": False}), "answer": lambda: shown.print_answer(one, False, ("second", "nowhere")),
        "answer, no table": lambda: shown.print_answer(one, False), "listing": lambda: shown.print_listing(none, {"json": False}),
        "listing, figures": lambda: shown.print_listing(one, {"json": False}), "listing, tables": lambda: shown.print_listing(Answer("t", tables=one.tables), {"json": False}),
        "limits, none": lambda: shown.print_limits(()), "wide": lambda: shown.print_table(Table((Column("a"), Column("b")), (("x" * 110, "y" * 70), ("x y " * 60, 1)))), "marks": lambda: shown.print_answer(odd, False, ("drivers",)), "item, marks": lambda: shown.print_item(odd, {"json": False}),
        "json": lambda: shown.print_answer(none, True), "item, json": lambda: shown.print_item(none, {"json": True}), "listing, json": lambda: shown.print_listing(none, {"json": True}),
    }  # fmt: skip
    for name, make in prints.items():
        yield f"print {name}", spoken(printed(make))
    yield "account", spoken(lambda: account(one))
    yield "account, none", spoken(lambda: account(none))
    yield "account, long", spoken(lambda: account(Answer("long", figures=figures())).count("\n"))
    yield "heads", spoken(lambda: [c.heading for c in first.columns])
    yield "cells", spoken(lambda: [c.shown(v) for c, v in zip(first.columns, first.rows[1], strict=True)])  # fmt: skip
    yield "column", spoken(lambda: (first.column("load_mw"), first.records()[1], one.tables["second"].to_dict(), one.tables["second"].label))  # fmt: skip
    yield "page's table", spoken(lambda: answer_page.shown_table("first", first))
    yield "page's table, untitled", spoken(lambda: answer_page.shown_table("other", Table((Column("a"),), (("x",), (True,), (None,)))))  # fmt: skip
    long = Table((Column("a"),), tuple((i,) for i in range(answer_page.N_ROW_MAX + 5)))
    yield "page's table, long", spoken(lambda: answer_page.shown_table("long", long)["rows"][-1])
    data = picture.DataTable({"a": "A", "b": "B"}, tuple({"a": i if i % 2 else float(i), "b": "x"} for i in range(70)))  # fmt: skip
    yield "chart's table", spoken(lambda: (data.shown()[:3], data.shown()[-1], len(data.shown()), data.numeric(), data.left_out))  # fmt: skip
    few = picture.DataTable({"a": "A"}, ({"b": 1}, {"a": None}))
    late = picture.DataTable({"a": "A"}, (*({"a": "x"},) * picture.ROWS_SHOWN, {"a": 1}))
    yield "chart's table, late", spoken(lambda: (late.numeric(), late.left_out, len(late.shown())))
    yield "chart's table, few", spoken(lambda: (few.shown(), few.numeric(), few.left_out))


def _forms() -> Iterator[Line]:
    for text, unit in (("12", "kWh"), ("2309 gCO2e/Mtoken", "gCO2e/token"), ("N/A", "kWh"), ("3", "1"), ("3", ""), ("12 kWh", "kWh")):  # fmt: skip
        row = FormRow("S", "label", text, unit, "", "", "", "")
        yield f"form's cell {text} {unit}", spoken(lambda r=row: r.shown)
    fields = (
        Field("a", N_("strict"), "12", 12.0, "kWh", 1.23456, 23.4567, "measured", method="m", missing=("strict", "all branches in service"), symbol="E"),
        Field("b", N_("model"), missing=("strict",)), Field("c", N_("model"), low=1.0, missing=("strict",)), Field("d", N_("model"), high=1.0, missing=("strict",)),
    )  # fmt: skip
    for level, more in (("facility", {"pue": 1.25, "includes": ("cooling", "losses")}), ("grid", {}), ("server", {"includes": ()}), ("accelerator", {"pue": 1})):  # fmt: skip
        made = Disclosure("x", "1.0", N_("strict"), {"level": level, **more}, fields, recipient="NCA", supersedes="0" * 4, draft=level == "grid", said=(Said("s", N_("strict")),))  # fmt: skip
        sheet = lambda m=made: {k: v for k, v in vars(sheet_of(m)).items() if k != "sha256"}  # noqa: E731
        yield f"form's sheet {level}", spoken(sheet)
        yield f"form's hash {level}", spoken(lambda m=made: sheet_of(m).sha256 == m.sha256)


def _page_rows() -> Iterator[Line]:
    sourced = leaf("sourced", unit="kWh", kind="measured", value=3.0, source=SOURCE, locator="p. 3")
    why = Said("why", N_("strict"))
    defaults = [Default("a", "3 kWh", sourced, why), Default("b", "x" * 300, None, Said("w", "", {}, dict.fromkeys(LANGUAGES, "y" * 700))), Default("c", "2", figures()["labelled"], why), Default("d", "2", sourced * 2, why), Default("e", "2", leaf("noted", value=1.0, unit="MW", kind="assumed", note="n" * 500), why)]  # fmt: skip
    yield "defaults", spoken(lambda: tables.default_rows(defaults))
    yield "defaults, long", spoken(lambda: len(tables.default_rows(defaults * 300)))
    files = [{"name": "n" * 300, "sha256": "0123456789abcdef", "bytes": 1234567, "role": "trace"}, {}, {"name": "a", "role": "grid case", "bytes": "many", "licence": "l" * 300, "citation": "c" * 600}, {"role": "other" * 50}]  # fmt: skip
    yield "files", spoken(lambda: tables.file_rows(files))
    yield "files, long", spoken(lambda: len(tables.file_rows(files * 300)))
    for access in ("read", "quoted", "memory"):
        for read_on in ("2026-11-22", ""):
            made = Source(key="k", title="T" * 700, access=access, note="n" * 500, url="javascript:x", read_on=read_on if access == "read" else "")  # fmt: skip
            yield f"source {access} {read_on}", spoken(lambda s=made: tables.source_row(s))
    yield "source, whole", spoken(lambda: tables.source_row(SOURCE))


def lines() -> list[Line]:
    """Every cell with what it is made of."""
    found: list[Line] = []
    with sampling(200, 1):
        parts: Iterable[Callable[[], Iterator[Line]]] = (_numbers, _words, _plain_cells, _figures, _tables, _forms, _page_rows)  # fmt: skip
        for part in parts:
            found += part()
    return found


def written(found: Iterable[Line]) -> str:
    """A line each; of a number nobody rounded twelve digits, since the last ones hang on the processor."""
    lines = "".join(f"{head}: {text}\n" for head, text in found)
    return _UNROUNDED.sub(lambda number: f"{float(number.group()):.12g}", lines)


if __name__ == "__main__":
    os.environ["COLUMNS"] = COLUMNS
    PINNED.write_text(written(lines()), "utf-8")
