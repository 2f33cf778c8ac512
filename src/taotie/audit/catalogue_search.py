"""Which figures of the catalogue speak of a sentence? Full text in SQLite's FTS5, Han characters as overlapping pairs.

No model and no network: labels, locators and sources are indexed when the first search of a process asks for it.
"""

from __future__ import annotations

import re
import sqlite3
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from taotie.audit.subject import Scope, scope_of
from taotie.quantity import catalog

_HAN = re.compile("[\u4e00-\u9fff]+")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,30}")
_STOP = frozenset(
    (
        "the", "of", "a", "an", "in", "on", "and", "or", "is", "are", "was", "were", "to", "by", "for", "with", "that", "this", "it", "its", "as",
        "at", "from", "be", "will", "would", "has", "have", "used", "use", "uses", "about", "around", "roughly", "than", "more", "less", "up",
        "per", "each", "every", "twh", "gwh", "mwh", "kwh", "wh", "gw", "mw", "kw", "percent", "million", "billion", "electricity", "energy", "power",
    )
)  # fmt: skip


# the article of the shipped audit is no source, and unit definitions are no statements
_OWN = ("xuebao2024", "bipm2019_si")


@dataclass(frozen=True)
class Entry:
    """A figure of the catalogue as it is searched."""

    key: str
    value: float
    low: float
    high: float
    unit: str
    kind: str
    label_en: str
    label_zh: str
    locator: str
    source: str
    date: str
    access: str
    supersedes: str
    bound: str
    scope: Scope

    @property
    def year(self) -> int | None:
        """The year it speaks of: of its label, else of its locator, else of its source."""
        for text in (self.label_en, self.key.partition(".")[2].replace("_", " "), self.locator):
            years = scope_of(text).years
            if years:
                return max(years)
        return int(self.date[:4]) if self.date[:4].isdigit() else None


def pairs(text: str) -> str:
    """`text` with every run of Han characters as overlapping pairs, which FTS5 can find.

    Examples
    --------
    >>> pairs("数据中心 uses")
    '数据 据中 中心 uses'
    """
    return _HAN.sub(
        lambda m: " ".join(m[0][i : i + 2] for i in range(max(len(m[0]) - 1, 1))) + " ", text
    ).replace("  ", " ").strip()  # fmt: skip


@lru_cache(maxsize=1)
def entries() -> dict[str, Entry]:
    """All figures of the catalogue by key."""
    found: dict[str, Entry] = {}
    for path in sorted(catalog.FIGURES.glob("*.toml")):
        if path.stem.startswith("taotie_") or path.stem in _OWN:
            continue
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        origin = data.get("source", {})
        older = {
            str(f["supersedes"]): name
            for name, f in data.items()
            if isinstance(f, dict) and f.get("supersedes")
        }
        for name, fields in data.items():
            if name == "source" or not isinstance(fields, dict):
                continue
            made = _entry(path.stem, name, fields, origin, older)
            if made is not None:
                found[made.key] = made
    return found


def _entry(
    source: str, name: str, fields: dict[str, Any], origin: dict[str, Any], older: dict[str, str]
) -> Entry | None:
    low, high = fields.get("low"), fields.get("high")
    value = fields.get("value", fields.get("mode"))
    if value is None and isinstance(low, (int, float)) and isinstance(high, (int, float)):
        value = 0.5 * (low + high)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    label = fields.get("label", {})
    key = f"{source}.{name}"
    text = " ".join(
        str(x)
        for x in (
            label.get("en", ""),
            label.get("zh", ""),
            name.replace("_", " "),
            fields.get("locator", ""),
        )
    )
    return Entry(
        key, float(value), float(low if low is not None else value), float(high if high is not None else value), str(fields.get("unit", "1")),
        str(fields.get("kind", "")), str(label.get("en", "")), str(label.get("zh", "")), str(fields.get("locator", "")), source,
        str(origin.get("date", "")), str(fields.get("access", origin.get("access", ""))), older.get(key, older.get(name, "")),
        str(fields.get("bound", "")), scope_of(text),
    )  # fmt: skip


@lru_cache(maxsize=1)
def _index() -> sqlite3.Connection:
    base = sqlite3.connect(":memory:", check_same_thread=False)
    base.execute(
        "create virtual table figure using fts5(key unindexed, label, more, tokenize='porter unicode61')"
    )
    rows = []
    for e in entries().values():
        origin = catalog.source(e.source)
        more = f"{e.locator} {e.key.replace('_', ' ').replace('.', ' ')} {origin.author} {origin.title}"
        rows.append((e.key, pairs(f"{e.label_en} {e.label_zh}"), pairs(more)))
    base.executemany("insert into figure values (?, ?, ?)", rows)
    return base


def search(text: str, limit: int = 40) -> list[tuple[Entry, float]]:
    """Figures that share words with `text`, the nearest first, each with its score.

    Examples
    --------
    >>> any(entry.unit == "TWh/a" for entry, _score in search("the world's data centres", 5))
    True
    """
    words = {w.lower().strip("-") for w in _WORD.findall(text)} - _STOP
    terms = [*sorted(w for w in words if len(w) > 1)[:40]]
    for run in _HAN.findall(text):
        terms += pairs(run).split()[:40]
    if not terms:
        return []
    query = " OR ".join('"' + t.replace('"', "") + '"' for t in dict.fromkeys(terms[:80]))
    found = _index().execute(
        "select key, bm25(figure, 0, 4.0, 1.0) from figure where figure match ? order by 2 limit ?",
        (query, limit),
    )
    return [(entries()[key], -float(score)) for key, score in found]
