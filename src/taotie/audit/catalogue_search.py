"""Which figures of the catalogue speak of a sentence? Full text in SQLite's FTS5, Han characters as overlapping pairs.

No model and no network: labels, locators and sources are indexed when a first search asks for it, and the index is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from taotie.audit.subject import Scope, sayers, scope_of
from taotie.errors import TaotieError
from taotie.files.atomic import writing
from taotie.files.folders import cache_folder
from taotie.files.read import json_value, read_toml
from taotie.quantity import catalog
from taotie.words import patterns as re

_HAN = re.compile("[\u4e00-\u9fff]+")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,30}")
_YEARS = re.compile(r"(?<![0-9.,])(?:19|20)[0-9]{2}(?![0-9])")
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
    publishers: tuple[str, ...] = ()

    @cached_property
    def year(self) -> int | None:
        """The year it speaks of: of its label, else of its locator, else of its source."""
        for text in (self.label_en, self.key.partition(".")[2].replace("_", " "), self.locator):
            years = scope_of(text).years
            if years:
                return max(years)
        return int(self.date[:4]) if self.date[:4].isdigit() else None

    def to_plain(self) -> dict[str, Any]:
        """Plain values, for the index that is kept."""
        fields = {
            name: getattr(self, name) for name in self.__dataclass_fields__ if name != "scope"
        }
        tags = {kind: sorted(tags) for kind, tags in self.scope.tags.items()}
        return {**fields, "tags": tags, "years": sorted(self.scope.years)}

    @classmethod
    def from_plain(cls, fields: dict[str, Any]) -> Entry:
        """An entry from what `to_plain` gave."""
        tags = {kind: frozenset(found) for kind, found in fields.pop("tags").items()}
        years = frozenset(fields.pop("years"))
        fields["publishers"] = tuple(fields["publishers"])
        return cls(**fields, scope=Scope(tags, years))


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
        data = read_toml(path)
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
        tuple(sorted(sayers(f"{origin.get('author', '')} {origin.get('where', '')}"))),
    )  # fmt: skip


def _filled(base: sqlite3.Connection) -> sqlite3.Connection:
    """The index, made from the catalogue."""
    base.execute("create table made (sign)")
    base.execute("create table entry (key primary key, fields)")
    base.execute(
        "create virtual table figure using fts5(key unindexed, label, more, tokenize='porter unicode61')"
    )
    words, fields = [], []
    for e in entries().values():
        origin = catalog.source(e.source)
        more = f"{e.locator} {e.key.replace('_', ' ').replace('.', ' ')} {origin.author} {origin.title} {_tokens(e.publishers)}"
        words.append((e.key, pairs(f"{e.label_en} {e.label_zh}"), pairs(more)))
        fields.append((e.key, json.dumps(e.to_plain(), ensure_ascii=False)))
    base.executemany("insert into figure values (?, ?, ?)", words)
    base.executemany("insert into entry values (?, ?)", fields)
    return base


def _tokens(publishers: Iterable[str]) -> str:
    """Publishers as words of the index: the same for their names in both languages."""
    return " ".join("publisher" + re.sub("[^a-z]", "", name.lower()) for name in publishers)


def _sign() -> str:
    """What an index was made from: names, sizes and times of the catalogue's files and of these two."""
    made = hashlib.sha256()
    here = Path(__file__)
    with os.scandir(catalog.FIGURES) as found:
        files = sorted((f.name, f.stat()) for f in found if f.name.endswith(".toml"))
    files += [(n, here.with_name(n).stat()) for n in (here.name, "subject.py")]
    for name, stat in files:
        made.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return made.hexdigest()


@lru_cache(maxsize=1)
def _index() -> sqlite3.Connection:
    """The index: kept in the user's cache folder between processes, in memory where that cannot be written."""
    place = hashlib.sha256(str(catalog.FIGURES).encode()).hexdigest()[:12]
    path = cache_folder() / f"catalogue-{place}.sqlite"
    sign = _sign()
    for _attempt in range(2):
        with suppress(sqlite3.Error, OSError):
            kept = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, check_same_thread=False)
            if kept.execute("select sign from made").fetchone() == (sign,):
                return kept
            kept.close()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with writing(path) as aside, closing(sqlite3.connect(aside)) as base:
                _filled(base).execute("insert into made values (?)", (sign,))
                base.commit()
        except (sqlite3.Error, OSError, TaotieError):
            break
    return _filled(sqlite3.connect(":memory:", check_same_thread=False))


@lru_cache(maxsize=4096)
def _entry_of(key: str) -> Entry:
    fields = _index().execute("select fields from entry where key = ?", (key,)).fetchone()[0]
    return Entry.from_plain(json_value(fields))


_SAID_ALSO = {
    "data centres": ("centers", "centres", "数据", "据中", "中心"), "world": ("world", "全球"), "US": ("us", "美国"), "image": ("image", "图像", "图片"),
    "household": ("home", "household", "家庭"), "queue": ("queues", "排队"), "China": ("china", "中国"),
}  # fmt: skip


@lru_cache(maxsize=64)
def search(text: str, limit: int = 40) -> list[tuple[Entry, float]]:
    """Figures that share words with `text`, the nearest first, each with its score.

    Examples
    --------
    >>> any(entry.unit == "TWh/a" for entry, _score in search("the world's data centres", 5))
    True
    """
    words = {w.lower().strip("-") for w in _WORD.findall(text)} - _STOP
    terms = [*sorted(w for w in words if len(w) > 1)[:40]]
    terms += sorted(set(_YEARS.findall(text)))[:6]
    terms += _tokens(sorted(sayers(text))).split()
    for run in _HAN.findall(text):
        terms += pairs(run).split()[:40]
    if not terms:
        return []
    # servers worldwide are data centres: a subject said in other words is sought in those of the labels, too
    tags = scope_of(text).tags
    for tag in sorted(t for kind in ("system", "place") for t in tags.get(kind, ())):
        terms += [w for w in _SAID_ALSO.get(tag, ()) if w not in terms]
    query = " OR ".join('"' + t.replace('"', "") + '"' for t in dict.fromkeys(terms[:80]))
    found = _index().execute(
        "select key, bm25(figure, 0, 4.0, 1.0) from figure where figure match ? order by 2 limit ?",
        (query, limit),
    )
    return [(_entry_of(key), -float(score)) for key, score in found.fetchall()]
