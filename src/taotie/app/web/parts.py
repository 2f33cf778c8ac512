"""What do several pages show alike? Rows of ranges, lists of sources, tables of an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from taotie.answer.answer import Answer, Table
from taotie.app.charts.picture import row_texts
from taotie.app.pages.headline import tile
from taotie.app.pages.tables import SourceRow, source_row
from taotie.app.web.drawing import Place
from taotie.app.web.state import State
from taotie.quantity.source import Source
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import bound_text, middle_text
from taotie.words.as_set import as_set
from taotie.words.language import N_, in_language, language

__all__ = ["NOTHING", "answer_values", "range_row", "setting_field", "source_list", "table_of"]


def range_row(name: str, figure: Any, unit: str, kind: str = "ours") -> Place:
    """A figure as a row of a range chart, in a unit."""
    value = figure.to(unit).value
    return Place(
        name, value.p05, value.p50, value.p95, bound_text(figure) + middle_text(figure.to(unit)), kind
    )  # fmt: skip


def source_list(*answers: Answer) -> list[SourceRow]:
    """The sources behind answers, each once."""
    found: dict[str, Any] = {}
    for one in answers:
        found |= one.sources
    return [
        source_row(Source(key=k, **{n: str(v) for n, v in fields.items() if n != "key"}))
        for k, fields in sorted(found.items())
    ]


def table_of(
    table: Table, most: int = 60, hide: tuple[str, ...] = (), named: Callable[[str], str] = str
) -> dict[str, Any]:
    """A table of an answer as printed in the language in force; `named` gives the words for keys of its rows."""
    table = table.without(*hide) if hide else table
    names = [column.name for column in table.columns]
    return {
        "heads": [c.heading for c in table.columns],
        "rows": [
            row_texts(names, [
                named(row[0]) if isinstance(row[0], str) and named is not str else table.columns[0].shown(row[0]),
                *(c.shown(cell) for c, cell in zip(table.columns[1:], row[1:], strict=True)),
            ])
            for row in table.rows[:most]
        ],
        "numeric": [
            any(isinstance(row[i], int | float) and not isinstance(row[i], bool) for row in table.rows)
            for i in range(len(table.columns))
        ],
        "left_out": max(len(table.rows) - most, 0),
    }  # fmt: skip


def answer_values(
    answer: Answer, name: str, given: Mapping[str, Any], tables: Sequence[str] = (), named: Callable[[str], str] = str,
) -> dict[str, Any]:  # fmt: skip
    """What the template `asked.html` shows of any answer: tiles, tables, what was said, sources, the command.

    Parameters
    ----------
    name : str
        The ask.
    given : mapping
        Settings that were given, for the command.
    tables : sequence of str
        Names of the tables shown.
    named : callable
        Words for the keys of their rows.
    """
    from taotie.answer.asks import declared_of
    from taotie.app.again import command_of

    keys = [k for k in (answer.show or tuple(answer.figures)) if k in answer.figures]
    return {
        "tiles": [tile(k, answer.figures[k]) for k in keys],
        "tables": [
            {**table_of(answer.tables[t], named=named), "name": t, "title": in_language(answer.tables[t].label, language()) or t}
            for t in tables
            if t in answer.tables and answer.tables[t].rows
        ],
        "said": list(dict.fromkeys(s.text() for s in answer.said)),
        "limits": list(dict.fromkeys(s.text() for s in answer.limits)),
        "source_rows": source_list(answer),
        "command": command_of(declared_of(name), dict(given), {}),
    }  # fmt: skip


NOTHING: dict[str, Any] = {
    "tiles": (), "tables": (), "said": (), "limits": (), "source_rows": (), "command": "", "lead": "", "fields": (),
    "picks": (), "more": (), "intro": "", "button": "",
}  # fmt: skip
"""What `asked.html` takes where a page has nothing to show yet."""


def setting_field(ask: str, name: str, state: State, **changes: str) -> dict[str, str]:
    """A setting of an ask as a field of a form, its help in the language in force."""
    from taotie.answer.asks import declared_of

    one = declared_of(ask).settings[name]
    unit = "" if one.unit in ("", "1") else unit_word(one.unit)
    default = "" if one.default in (None, "", ()) or isinstance(one.default, bool | tuple) else one.default  # fmt: skip
    shown = as_set(default)
    words = in_language(one.help, language()).replace("`", "")
    label, rest = _label_of(name, words)
    for end in (f", {one.unit}", f"，{one.unit}") if unit else ():
        label = label.removesuffix(end)
    return {
        "name": name, "label": label, "value": state.get(name), "unit": unit,
        "help": words if "label" in changes else rest, "placeholder": shown, "list": "", **changes,
    }  # fmt: skip


_LABELS = {
    "contingencies": N_("Outages looked at"),
    "match": N_("Matched by the hour or over the year"),
    "precision": N_("Precision"),
    "routing": N_("Routing"),
    "runtime": N_("Serving software"),
}
"""Settings whose help lists what may be written."""


def _label_of(name: str, words: str) -> tuple[str, str]:
    """The label of a field and what stands under it: the help up to its colon, or all of it."""
    if name in _LABELS:
        return in_language(_LABELS[name], language()), words
    found = re.search(r"[:;：；] ?", words)
    if found is None:
        return words.rstrip(".。"), ""
    return words[: found.start()], words[found.end() :]
