"""Which published figures do we hold? `figure("source.name")` and `table("topic")`, read from `data/`.

Figures are in `data/figures/<source>.toml`, one file a source. Tables are long CSV files in `data/tables/`, so
that each cell has its own source. Nothing is read before it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from taotie.errors import SourceError, TaotieError, nearest
from taotie.files.read import csv_rows, read_text, read_toml
from taotie.quantity import unit as units
from taotie.quantity.source import ACCESS, BOUNDS, KINDS, Source, source_from
from taotie.words import patterns as re
from taotie.words.language import LANGUAGES, _
from taotie.words.listing import listing

if TYPE_CHECKING:  # a search of sources needs no figure, and no array behind it
    from taotie.quantity.figure import Figure

DATA = Path(__file__).resolve().parent.parent / "data"
FIGURES = DATA / "figures"
TABLES = DATA / "tables"
COLUMNS = (
    "item", "quantity", "value", "low", "high", "unit", "kind", "source", "locator", "access", "note",
)  # fmt: skip
_NUMBERS = ("value", "low", "high", "mode", "spread", "a", "b", "values")
_FIELDS = {
    *_NUMBERS, "unit", "boundary", "kind", "locator", "note", "bound", "label", "supersedes", "edition", "access",
}  # fmt: skip


@lru_cache(maxsize=256)
def _source_file(key: str) -> Mapping[str, Any]:
    path = FIGURES / f"{key}.toml"
    if key not in source_keys():
        raise SourceError(
            _("no source {key} in the catalogue.").format(key=repr(key)),
            nearest(key, source_keys()),
        )
    return MappingProxyType(read_toml(path, kind=SourceError))


@lru_cache(maxsize=1)
def source_keys() -> tuple[str, ...]:
    """All sources of the catalogue."""
    return tuple(sorted(p.stem for p in FIGURES.glob("*.toml")))


@lru_cache(maxsize=1)
def table_names() -> tuple[str, ...]:
    """All tables of the catalogue."""
    return tuple(sorted(p.stem for p in TABLES.glob("*.csv")))


_CONSTANTS_KEPT = 2_000


@lru_cache(maxsize=256)
def source(key: str) -> Source:
    """The source with that key.

    Raises
    ------
    SourceError
        If there is none; the message names the nearest.
    """
    values = _source_file(key).get("source")
    if not isinstance(values, Mapping):
        raise SourceError(_("{key}.toml has no [source].").format(key=key))
    return source_from(key, values, f"{key}.toml")


def figure_keys(source_key: str | None = None) -> list[str]:
    """Keys of the figures of one source, or of all."""
    keys = [source_key] if source_key else source_keys()
    return [f"{k}.{name}" for k in keys for name in _source_file(k) if name != "source"]


def figure(key: str) -> Figure:
    """The published figure `source.name`, or the table cell `topic/item/quantity`.

    Raises
    ------
    SourceError
        If it is not in the catalogue; the message names the nearest key.

    Examples
    --------
    >>> figure("devries2023.energy_per_request_chatgpt")
    <Figure at most 2.9 Wh/request server, estimated>
    """
    if key.count("/") == 2:
        topic, item, quantity = key.split("/")
        return table(topic).figure(item, quantity)
    source_key, dot, name = key.partition(".")
    if not dot or not name:
        raise SourceError(
            _("{key} is not a figure's key.").format(key=repr(key)),
            _("write source.name, or table/item/quantity; `taotie sources` lists them"),
        )
    fields = _source_file(source_key).get(name)
    if name == "source" or not isinstance(fields, Mapping):
        names = [n for n in _source_file(source_key) if n != "source"]
        raise SourceError(
            _("source {source} has no figure {name}.").format(source=source_key, name=repr(name)),
            nearest(name, names),
        )
    return _figure_from(key, fields, source(source_key), f"{source_key}.toml [{name}]")


def _figure_from(key: str, fields: Mapping[str, Any], origin: Source, where: str) -> Figure:
    from taotie.quantity.distribution import distribution_from
    from taotie.quantity.figure import leaf

    unknown = sorted(set(fields) - _FIELDS)
    if unknown:
        raise SourceError(
            _("{where}: unknown field {name}.").format(where=where, name=unknown[0]),
            _("known: {names}").format(names=listing(sorted(_FIELDS))),
        )
    for name in ("unit", "kind"):
        if not fields.get(name):
            raise SourceError(
                _("{where}: {name} is missing.").format(where=where, name=name),
                _('a plain number has unit = "1"') if name == "unit" else "",
            )
    for name in sorted(set(fields) - {"label", *_NUMBERS}):
        if not isinstance(fields[name], str):
            raise SourceError(
                _("{where}: {name}={value} is not text.").format(
                    where=where, name=name, value=repr(fields[name])
                )
            )
    label = fields.get("label", {})
    if not isinstance(label, Mapping) or not all(isinstance(v, str) for v in label.values()):
        raise SourceError(
            _("{where}: label={value} is not a text per language.").format(
                where=where, value=repr(label)
            ),
            _('write label = { en = "...", zh = "..." }'),
        )
    if fields["kind"] == "assumed" and not fields.get("note"):
        raise SourceError(_("{where}: an assumption needs a note.").format(where=where))
    if fields.get("bound", "") not in ("", *BOUNDS):
        raise SourceError(
            _("{where}: bound={value} is not one of {known}.").format(
                where=where, value=repr(fields["bound"]), known=listing(BOUNDS)
            )
        )
    try:
        return leaf(
            key,
            unit=fields["unit"],
            kind=fields["kind"],
            boundary=fields.get("boundary"),
            distribution=distribution_from({k: fields[k] for k in _NUMBERS if k in fields}),
            source=replace(origin, access=fields.get("access") or origin.access),
            locator=fields.get("locator", ""),
            note=fields.get("note", ""),
            bound=fields.get("bound", ""),
            label=label,
        )
    except TaotieError as error:
        raise SourceError(f"{where}: {error.message}", error.hint) from None


@lru_cache(maxsize=1)
def _words() -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Words for items and quantities of tables, by `item` or `quantity` and its key, in each language."""
    path = DATA / "table_words.csv"
    return {
        (row["what"], row["word"]): {code: row[code] for code in LANGUAGES}
        for _line, row in _rows(path)
    }


_OF_PLACES, _NAMES_OF_PLACES = ("places", "climates"), "carbon_intensity"
"""Tables by place, and the one that has the names of countries and states."""
_NUMBERED = re.compile(r"(.+)_(\d{4}-\d\d-\d\d|\d+)")


def _word(what: str, key: str, code: str) -> str | None:
    """The word for a key of a table in a language; a year, an hour or a number at its end stands beside the word."""
    found = _words().get((what, key))
    if found is not None:
        return found[code]
    numbered = _NUMBERED.fullmatch(key)
    found = _words().get((what, numbered[1])) if numbered else None
    if numbered is None or found is None:
        return None
    text, at = found[code], numbered[2]
    if "{at}" in text:
        return text.format(at=at)
    return f"{text}（{at}）" if code == "zh" else f"{text} ({at})"


def access_of(key: str) -> str:
    """How a figure was come by, `read`, `quoted` or `memory`: its own mark, or that of its source."""
    if key.count("/") == 2:
        topic, item, quantity = key.split("/")
        row = table(topic).cell(item, quantity)
        return row["access"] if row else "memory"
    source_key, _dot, name = key.partition(".")
    fields = _source_file(source_key).get(name, {})
    return str(fields.get("access") or source(source_key).access)


@dataclass(frozen=True)
class Table:
    """A long table: one row a cell, each with unit, kind and source."""

    name: str
    cells: Mapping[tuple[str, str], Mapping[str, str]]
    _constants: dict[Any, Figure] = field(default_factory=dict, repr=False, compare=False)
    """Cells without a range, once made: figures do not change, and questions ask for the same few."""

    @cached_property
    def _items(self) -> dict[str, None]:
        return dict.fromkeys(item for item, _quantity in self.cells)

    def items(self) -> list[str]:
        """Items in the order of the file."""
        return list(self._items)

    def __contains__(self, item: str) -> bool:
        """Is an item in the table?"""
        return item in self._items

    @cached_property
    def from_memory(self) -> Mapping[str, tuple[str, ...]]:
        """By item, the quantities typed from memory and not looked up since."""
        found: dict[str, tuple[str, ...]] = {}
        for (item, quantity), cell in sorted(self.cells.items()):
            if cell["access"] == "memory":
                found[item] = (*found.get(item, ()), quantity)
        return found

    @cached_property
    def _by_item(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for item, quantity in self.cells:
            found.setdefault(item, []).append(quantity)
        return {item: tuple(every) for item, every in found.items()}

    def quantities(self, item: str) -> list[str]:
        """Quantities known of an item."""
        return list(self._by_item.get(item, ()))

    def cell(self, item: str, quantity: str) -> Mapping[str, str] | None:
        """The row of a cell, or None if nothing is known.

        Raises
        ------
        SourceError
            If the item is not in the table.
        """
        found = self.cells.get((item, quantity))
        if found is None and item not in self:
            raise SourceError(
                _("{item} is not in the table {table}.").format(item=repr(item), table=self.name),
                nearest(item, self.items()),
            )
        return found

    def value(self, item: str, quantity: str) -> float | str | None:
        """A cell's number (or text); None where nothing is known. A range gives its middle."""
        row = self.cell(item, quantity)
        if row is None:
            return None
        if row["unit"] == "text":
            return row["value"]
        numbers = self._numbers(item, quantity, row)
        if "value" in numbers:
            return numbers["value"]
        if {"low", "high"} <= set(numbers):
            return 0.5 * (numbers["low"] + numbers["high"])
        return None

    def _numbers(self, item: str, quantity: str, row: Mapping[str, str]) -> dict[str, float]:
        try:
            return {k: float(row[k]) for k in ("value", "low", "high") if row[k]}
        except ValueError as error:
            raise SourceError(
                _("{table}.csv {item}, {quantity}: {what}.").format(
                    table=self.name, item=item, quantity=quantity, what=error
                )
            ) from None

    def _label(self, item: str, quantity: str) -> dict[str, str]:
        """Name of the item and word for the quantity, in each language."""
        label = {}
        for code in LANGUAGES:
            names = (f"label_{code}", f"name_{code}", "label", "label_en", "name_en")
            held = [self] if self.name not in _OF_PLACES else [self, table(_NAMES_OF_PLACES)]
            rows = (one.cells.get((item, name)) for one in held for name in names)
            name = next((row["value"] for row in rows if row), None) or _word("item", item, code)
            name = name or item.replace("_", " ")
            text = _word("quantity", quantity, code) or quantity.replace("_", " ")
            label[code] = f"{name}：{text}" if code == "zh" else f"{name}: {text}"
        return label

    def figure(self, item: str, quantity: str) -> Figure:
        """A cell as a figure, with its range and its source.

        Raises
        ------
        SourceError
            If nothing is known, or the cell is text.
        """
        # not at the top: it brings arrays, and a search of sources needs none
        from taotie.quantity.sampling import current

        kept = self._constants.get((item, quantity, current()))
        if kept is not None:
            return kept
        row = self.cell(item, quantity)
        key = f"{self.name}/{item}/{quantity}"
        if row is None or row["unit"] == "text" or not (row["value"] or row["low"]):
            raise SourceError(
                _("{key} is not published or not known.").format(key=key),
                _("known of {item}: {names}").format(
                    item=item, names=listing(self.quantities(item))
                ),
            )
        fields: dict[str, Any] = dict(self._numbers(item, quantity, row))
        if {"value", "low", "high"} <= set(fields):
            fields["mode"] = fields.pop("value")
        fields |= {k: row[k] for k in ("unit", "kind", "locator", "note", "access") if row[k]}
        if row.get("boundary"):
            fields["boundary"] = row["boundary"]
        fields["label"] = self._label(item, quantity)
        made = _figure_from(
            key, fields, source(row["source"]), f"{self.name}.csv {item}, {quantity}"
        )
        if made._constant and len(self._constants) < _CONSTANTS_KEPT:
            self._constants[item, quantity, current()] = made
        return made


@lru_cache(maxsize=64)
def table(name: str) -> Table:
    """The table with that name.

    Raises
    ------
    SourceError
        If there is none, or a row is damaged.
    """
    path = TABLES / f"{name}.csv"
    if name not in table_names():
        raise SourceError(
            _("no table {name} in the catalogue.").format(name=repr(name)),
            nearest(name, table_names()),
        )
    cells: dict[tuple[str, str], Mapping[str, str]] = {}
    for line, row in _rows(path):
        missing = [c for c in COLUMNS if row.get(c) is None]
        where = f"{path.name} {_('line')} {line}"
        if missing:
            raise SourceError(
                _("{where}: column {name} is missing.").format(where=where, name=missing[0])
            )
        key = (row["item"].strip(), row["quantity"].strip())
        if key in cells:
            raise SourceError(
                _("{where}: {item}, {quantity} is given twice.").format(
                    where=where, item=key[0], quantity=key[1]
                )
            )
        cells[key] = MappingProxyType({k: (v or "").strip() for k, v in row.items()})
    return Table(name, MappingProxyType(cells))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    rows = csv_rows(read_text(path, kind=SourceError), path, SourceError)
    head = next(rows, [])
    for line, cells in enumerate((r for r in rows if r), start=2):
        if len(cells) > len(head):
            raise SourceError(
                _("{where}: more cells than columns.").format(
                    where=f"{path.name} {_('line')} {line}"
                )
            )
        yield line, dict(zip(head, cells, strict=False))  # a cell that is missing is no empty one


def problems() -> Iterator[str]:
    """Everything that is wrong with the catalogue, one line each; a test wants none."""
    for key in source_keys():
        try:
            origin = source(key)
            names = figure_keys(key)
        except TaotieError as error:
            yield str(error)
            continue
        yield from _incomplete(origin)
        for name in names:
            try:
                figure(name)
            except TaotieError as error:
                yield str(error)
                continue
            fields = _source_file(key)[name.partition(".")[2]]
            label = fields.get("label", {})
            if not label.get("en") or not label.get("zh"):
                yield f"{name}: label en or zh is missing"
            older = fields.get("supersedes")
            if older and older not in names and older not in figure_keys():
                yield f"{name}: supersedes {older!r}, which is not there"
    for name in table_names():
        try:
            whole = table(name)
        except TaotieError as error:
            yield str(error)
            continue
        for (item, quantity), row in whole.cells.items():
            where = f"{name}.csv {item}, {quantity}"
            if row["access"] not in ACCESS:
                yield f"{where}: access {row['access']!r}"
            if row["kind"] not in KINDS:
                yield f"{where}: kind {row['kind']!r}"
            if row["kind"] == "assumed" and not row["note"]:
                yield f"{where}: an assumption needs a note"
            try:
                source(row["source"])
                if row["unit"] != "text":
                    units.canonical(row["unit"])
                    numbers = [float(row[k]) for k in ("low", "value", "high") if row[k]]
                    if numbers != sorted(numbers):
                        yield f"{where}: low <= value <= high does not hold"
                    if row["value"] or row["low"]:
                        whole.figure(item, quantity)
            except (TaotieError, ValueError) as error:
                yield f"{where}: {error}"


def _incomplete(origin: Source) -> Iterator[str]:
    """What a reader would need to find the page."""
    if not (origin.doi or origin.arxiv or origin.url or origin.where):
        yield f"{origin.key}: no doi, arxiv, url or where"
    if not origin.author:
        yield f"{origin.key}: author is missing"
    if not (origin.date or origin.read_on):  # a page without a date has the day it was read
        yield f"{origin.key}: date is missing"
    if origin.access == "read" and not origin.read_on:
        yield f"{origin.key}: access is read, but read_on is missing"
