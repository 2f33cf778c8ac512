"""What does every door show? One frozen `Answer`: figures, series, tables, what is said, limits, sources, files.

An ask makes it; the command line, pages, Python, REST and assistants show it and compute nothing. `to_dict` is the
only JSON, `shown` the only rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from taotie import __version__
from taotie.files.json_text import json_text
from taotie.words.language import in_language, language
from taotie.words.listing import listing
from taotie.words.said import Said

if (
    TYPE_CHECKING
):  # what figures need is loaded where figures are shown: a sentence checked has none
    import numpy as np

    from taotie.quantity.figure import Figure
    from taotie.quantity.profile import Profile

__all__ = ["Answer", "Column", "Name", "Row", "Series", "Table"]

RESERVED = (
    "ask", "version", "settings", "figures", "tables", "series", "said", "limits", "sources", "files",
)  # fmt: skip


class Name(str):
    """A name in a cell: a text for programs, and what a person reads in each language, whatever was spoken when it was made."""

    __slots__ = ("labels",)
    labels: Mapping[str, str]

    def __new__(cls, text: str, labels: Mapping[str, str]) -> Name:
        """`text` with its labels by language."""
        made = super().__new__(cls, text)
        made.labels = dict(labels)
        return made

    def __getnewargs__(self) -> tuple[str, Mapping[str, str]]:  # type: ignore[override]
        """For pickling and copying."""
        return str(self), self.labels

    @property
    def shown(self) -> str:
        """In the language in force."""
        return self.labels.get(language()) or str(self)


@dataclass(frozen=True)
class Column:
    """One column of a table: its name in JSON, its unit, and what a person reads at its head."""

    name: str
    unit: str = ""
    label: str = ""
    """A message marked with `N_`; without one the name is shown."""
    words: Callable[[str], str] | None = field(default=None, compare=False)
    """What a person reads for a key that stands in a cell, or at the head if there is no label."""

    digits: int = 0
    """Digits that are printed, where the numbers are known to fewer than tables print; 0: as any number."""

    def shown(self, cell: Any) -> Any:
        """A cell as a person reads it: a key by its words, a number known to few digits with no more of them."""
        if self.digits and isinstance(cell, float):
            from taotie.quantity.wording import number

            rounded = float(f"{cell:.{self.digits - 1}e}") if math.isfinite(cell) else cell
            return number(rounded, self.digits)
        if isinstance(cell, Name):
            return cell.shown
        return self.words(cell) if self.words is not None and isinstance(cell, str) else cell

    @property
    def heading(self) -> str:
        """Head of the column with its unit, in the language in force."""
        from taotie.quantity.unit_word import unit_word

        head = in_language(self.label, language()) if self.label else self.shown(self.name)
        unit = unit_word(self.unit) if self.unit else ""
        return f"{head} [{unit}]" if unit else head


@dataclass(frozen=True)
class Table:
    """Rows of plain values in the order of the columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    label: str = ""

    def __post_init__(self) -> None:
        n = len(self.columns)
        for row in self.rows:
            if len(row) != n:
                raise ValueError(f"a row of {len(row)} cells in a table of {n} columns")

    def column(self, name: str) -> list[Any]:
        """The cells of one column."""
        i = [c.name for c in self.columns].index(name)
        return [row[i] for row in self.rows]

    def without(self, *names: str) -> Table:
        """The same table with fewer columns, for people."""
        keep = [i for i, c in enumerate(self.columns) if c.name not in names]
        return Table(
            tuple(self.columns[i] for i in keep),
            tuple(tuple(row[i] for i in keep) for row in self.rows),
            self.label,
        )

    def records(self) -> list[dict[str, Any]]:
        """Rows as mappings from column name to cell."""
        names = [c.name for c in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]

    def to_dict(self) -> dict[str, Any]:
        """Columns with units, rows as lists in their order."""
        return {
            "columns": [{"name": c.name, "unit": c.unit} for c in self.columns],
            "rows": [[plain(cell) for cell in row] for row in self.rows],
        }


@dataclass(frozen=True)
class Series:
    """Values over time, without a range: one row a name, all of one unit and one step."""

    unit: str
    step_h: float
    values: Mapping[str, np.ndarray]
    boundary: str | None = None
    kind: str = "modelled"
    label: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "unit": self.unit,
            "step_h": self.step_h,
            "boundary": self.boundary,
            "kind": self.kind,
            **{k: plain(v) for k, v in self.values.items()},
        }


@dataclass(frozen=True)
class Row:
    """One figure as a person reads it, in the language in force."""

    key: str
    name: str
    value: str
    range: str
    unit: str
    boundary: str
    kind: str

    @property
    def text(self) -> str:
        """Value with unit and range, such as ``2.1 Wh/request [0.9 to 4.4]``."""
        middle = f"{self.value} {self.unit}".strip()
        return f"{middle} [{self.range}]" if self.range else middle

    @property
    def words(self) -> str:
        """Boundary and kind."""
        return listing(w for w in (self.boundary, self.kind) if w)


@dataclass(frozen=True)
class Answer:
    """What one ask found.

    Parameters
    ----------
    ask : str
        Name of the question: prompt, run, simulate ...
    settings : mapping
        What was asked for, and the value of everything that was not: plain values by setting.
    figures : mapping of str to Figure
        Named results in chain order.
    series : mapping of str to Profile or Series
        Results by hour or by step.
    tables : mapping of str to Table
        Results by bus, hour, year, model ...
    said : tuple of Said
        What a reader must know: warnings, notes, defaults.
    limits : tuple of Said
        What the method leaves out.
    files : tuple of str
        What was written.
    own : mapping
        Keys of this ask beside the ten every answer has, as plain values or with a `to_dict`.
    show : tuple of str
        Figures a short account opens with; empty for all of them.
    detail : object
        What pictures are drawn from: the room's own result. It is no part of the JSON.

    Examples
    --------
    >>> from taotie.quantity.catalog import figure
    >>> published = figure("devries2023.energy_per_request_chatgpt")
    >>> answer = Answer("example", {}, {"energy_per_request": published})
    >>> [row.text for row in answer.shown()]
    ['at most 2.9 Wh/request']
    """

    ask: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    series: Mapping[str, Profile | Series] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    limits: tuple[Said, ...] = ()
    files: tuple[str, ...] = ()
    own: Mapping[str, Any] = field(default_factory=dict)
    show: tuple[str, ...] = ()
    more_sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    detail: Any = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        clash = sorted(set(self.own) & set(RESERVED))
        if clash:
            raise ValueError(f"an answer has the key {clash[0]} already")

    @property
    def sources(self) -> dict[str, Mapping[str, str]]:
        """Every source behind the figures and the series, by key."""
        return self._sources(None)

    def _sources(self, order: list[Figure] | None) -> dict[str, Mapping[str, str]]:
        """`sources`; `order` is what stands behind the figures alone, where it was asked before."""
        every = [*self.figures.values()]
        for one in self.series.values():
            every += [f for _s, f in getattr(one, "terms", ())]
        found: dict[str, Mapping[str, str]] = {}
        if every:
            from taotie.quantity.record import sources_of

            found |= sources_of(every, order if len(every) == len(self.figures) else None)
        for key, fields in self.more_sources.items():
            found.setdefault(key, fields)
        return {key: found[key] for key in sorted(found)}

    def shown(self, every: bool = False) -> list[Row]:
        """Rows for a person, in the language in force; those of `show` first unless `every`."""
        keys = self.show if self.show and not every else tuple(self.figures)
        return [row_of(key, self.figures[key]) for key in keys if key in self.figures]

    def with_files(self, *paths: str) -> Answer:
        """The same answer, which now says where it was written."""
        return replace(self, files=(*self.files, *paths))

    def saying(self, *more: Said) -> Answer:
        """The same answer with more said."""
        return replace(self, said=(*self.said, *more))

    def to_dict(self) -> dict[str, Any]:
        """Plain values: the only JSON of an answer."""
        return {key: plain(value) for key, value in self._content().items()}

    def to_json(self) -> str:
        """`to_dict` as text: the bytes of the command's ``--json``, without copies nobody else will read."""
        content = self._content()
        try:
            return json_text(content, plain) + "\n"
        except ValueError:  # a number that is not finite is null
            return json_text(plain(content)) + "\n"

    def _content(self) -> dict[str, Any]:
        """What `to_dict` says, parts of it as the figures themselves hold them."""
        order: list[Figure] | None = None
        named: dict[str, Any] = {}
        if self.figures:
            from taotie.quantity.evaluation import topological
            from taotie.quantity.record import to_record

            figures = list(self.figures.values())
            order = topological(figures)
            record = to_record(figures, behind=False, shared=True, order=order)
            named = {key: record[figure.node_id] for key, figure in self.figures.items()}
        return {
            "ask": self.ask,
            "version": __version__,
            "settings": dict(self.settings),
            "figures": named,
            "tables": {key: table.to_dict() for key, table in self.tables.items()},
            "series": {key: _series(one) for key, one in self.series.items()},
            "said": self.said,
            "limits": self.limits,
            "sources": self._sources(order),
            "files": list(self.files),
            **self.own,
        }


def row_of(key: str, figure: Figure) -> Row:
    """One figure as a row."""
    from taotie.quantity.unit_word import unit_word
    from taotie.quantity.wording import (
        bound_text,
        boundary_word,
        kind_word,
        middle_and_range,
        readable,
    )

    one = readable(figure)
    middle, spread = middle_and_range(one)
    return Row(
        key,
        figure.name,
        bound_text(one) + middle,
        spread,
        unit_word(one.unit),
        boundary_word(one.boundary),
        kind_word(one.kind),
    )


def _series(one: Profile | Series) -> dict[str, Any]:
    if isinstance(one, Series):
        return one.to_dict()
    p05, p50, p95 = one.percentiles()
    return {
        "unit": one.unit,
        "step_h": one.step_h,
        "boundary": one.boundary,
        "kind": one.kind,
        "p05": p05.tolist(),
        "p50": p50.tolist(),
        "p95": p95.tolist(),
    }


_AS_THEY_ARE = frozenset((str, int, bool, type(None)))


def plain(value: Any) -> Any:
    """`value` as JSON knows it: NaN and infinities become null, a `Said` both its texts."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is dict or isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if kind is list or kind is tuple:
        return [plain(v) for v in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, bool | int | str):
        return value
    if hasattr(value, "tolist"):  # an array, or one number of it
        return plain(value.tolist())
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if isinstance(value, Sequence | set | frozenset):
        return [plain(v) for v in value]
    return str(value)
