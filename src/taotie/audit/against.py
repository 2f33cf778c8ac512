"""What does the catalogue say of a sentence? Figures of the same subject and dimension, their ratio, and where the scope differs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from taotie.audit import verdict as verdicts
from taotie.audit.candidate import Candidate
from taotie.audit.catalogue_search import Entry, search
from taotie.audit.chosen import candidates
from taotie.audit.formula import Recomputed
from taotie.audit.reading import Quantity, Reading
from taotie.audit.subject import Scope, said_of_itself, sayers, scope_of
from taotie.audit.verdict import Stated, printed_finding
from taotie.audit.wording import number
from taotie.errors import TaotieError
from taotie.quantity import catalog
from taotie.quantity.copied import replace
from taotie.quantity.unit_text import Unit, parse_unit
from taotie.words.language import N_, _, language

SUPERSEDED = verdicts.OUTDATED
MOST_FOR_WORDS = 6.0
_KINDS = ("company", "place", "system")
_HARD = ("crypto", "network", "query", "image", "video", "training", "queue", "household")


@dataclass(frozen=True)
class Match:
    """A figure of the catalogue beside a quantity of a text.

    Attributes
    ----------
    ratio : float
        Stated over the figure's value.
    differences : tuple of str
        Where the scope differs, each in the language in force.
    """

    entry: Entry
    quantity: Quantity
    stated: Stated
    ratio: float
    score: float
    differences: tuple[str, ...]
    same_year: bool | None
    verdict: str

    @property
    def same_scope(self) -> bool:
        """Is it the very thing the sentence speaks of?"""
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return figure_json(self.entry) | {
            "ratio": float(f"{self.ratio:.6g}"),
            "same_scope": self.same_scope,
            "differences": list(self.differences),
            "verdict": self.verdict,
        }


def figure_json(entry: Entry) -> dict[str, Any]:
    """A figure that is held against nothing, as plain values."""
    origin = catalog.source(entry.source)
    return {
        "key": entry.key, "value": entry.value, "low": entry.low, "high": entry.high, "unit": entry.unit,
        "label_en": entry.label_en, "label_zh": entry.label_zh, "scope": entry.scope.words or None, "year": entry.year,
        "ratio": None, "same_scope": False, "differences": [], "verdict": verdicts.NOT_CHECKABLE,
        "source": {**origin.to_dict(), "access": entry.access, "citation": origin.citation},
    }  # fmt: skip


LEAST_FOR_SUBJECT = 10.0


def by_subject(text: str, limit: int = 3) -> list[Entry]:
    """Figures of what a text speaks of, where it says no number they could be held against; none for a text about nothing of it.

    Examples
    --------
    >>> by_subject("Generating an image takes as much energy as charging your smartphone")[0].unit
    'Wh/inference'
    >>> by_subject("Hello world")
    []
    """
    said = scope_of(said_of_itself(text))
    mine = said.of("system") | said.of("company")
    if not mine:
        return []
    found = [
        (score + 8 * len((e.scope.of("system") | e.scope.of("company")) & mine), e)
        for e, score in search(text)
        if score >= LEAST_FOR_SUBJECT
    ]
    return [e for _score, e in sorted(found, key=lambda f: -f[0])[:limit]]


def against(reading: Reading, quantity: Quantity | None = None, limit: int = 6) -> list[Match]:
    """Figures of the catalogue a text (or one quantity of it) can be held against, the best first.

    Examples
    --------
    >>> from taotie.audit.reading import read
    >>> m = against(read("Data centres worldwide used about 415 TWh in 2024"))[0]
    >>> m.entry.key, round(m.ratio, 3), m.same_scope
    ('iea2025_energy_and_ai.world_data_centers_2024', 1.0, True)
    """
    text = reading.form.text if quantity is None else reading.sentence(quantity)
    said = scope_of(said_of_itself(text))
    lent = quantity is not None and not (said.of("system") or said.of("company"))
    if lent and quantity is not None:
        # "By 2028 it expects 325 TWh": what it is about stands before it; years are those of the sentence alone
        start = quantity.sentence[0]
        before = reading.form.text[max(0, start - 240) : start].rpartition("\n")[2]
        text = f"{before} {text}"
        said = Scope(scope_of(said_of_itself(text)).tags, said.years)
    single = reading if quantity is None else Reading(reading.source, reading.form, (quantity,))
    made: dict[str, Match] = {}
    named = sayers(text)
    ways: Ways = {}
    for entry, score in search(text):
        match = _match(
            single, ways, said, entry, score + (8.0 if named & set(entry.publishers) else 0.0)
        )
        if match is not None and lent and match.verdict not in (*verdicts.HARMLESS, SUPERSEDED):
            match = replace(match, verdict=verdicts.NOT_CHECKABLE)
        if match is not None and (entry.key not in made or made[entry.key].score < match.score):
            made[entry.key] = match
    return sorted(made.values(), key=lambda m: -m.score)[:limit]


@lru_cache(maxsize=512)
def _entry_unit(text: str) -> tuple[float, Unit]:
    return parse_unit(text)


Ways = dict[str, list[Candidate]]


def _ways(reading: Reading, ways: Ways, unit: Unit) -> list[Candidate]:
    """How a text can be taken in a unit; the figures of one search share a few of them."""
    if unit.text not in ways:
        ways[unit.text] = candidates(reading, unit)
    return ways[unit.text]


def _match(reading: Reading, ways: Ways, said: Scope, entry: Entry, score: float) -> Match | None:
    try:
        scale, unit = _entry_unit(entry.unit)
    except TaotieError:
        return None
    taken = _ways(reading, ways, unit)
    if not taken and not unit.text.endswith("/a"):
        return None
    found = [
        c
        for c in taken
        if c.how in ("direct", "bare", "annual", "per", "share", "quotient", "number")
        and c.rank < 5
    ]
    if not found and unit.text.endswith("/a"):
        # a year's total as annual statistics are printed
        found = [
            c
            for c in _ways(reading, ways, unit * Unit("a"))
            if c.how in ("direct", "bare") and c.rank < 5 and not c.main.period
        ]
        unit = unit * Unit("a")
    if unit.is_plain and "pue" in {t.lower() for t in entry.scope.of("aspect")} - {
        t.lower() for t in said.of("aspect")
    }:
        return None
    if not found or (
        unit.is_plain
        and all(c.main.kind == "number" for c in found)
        and "pue" not in {t.lower() for t in entry.scope.of("aspect")}
    ):
        return None
    value, low, high = entry.value * scale, entry.low * scale, entry.high * scale
    if not value:
        return None
    as_found = Recomputed(value, low, high, low, high, unit)

    def gap(c: Any) -> float:
        here = c.stated.value * c.stated.unit.factor_to(unit)
        return abs(here / value - 1)

    best = min(found, key=gap)
    here = best.stated.to(unit)
    ratio = here.value / value
    if not 1e-4 < abs(ratio) < 1e4:
        return None
    differences, fit = _differences(said, entry, here.unit.text)
    same_year = None if not said.years or entry.year is None else entry.year in said.years
    words = score / 4
    total = min(words, MOST_FOR_WORDS) + 0.1 * max(words - MOST_FOR_WORDS, 0.0) + fit
    total += 1.5 if same_year else (-1.0 if same_year is False else 0.0)
    off = abs(ratio - 1)
    near = 2.2 if off <= 0.006 else 1.4 if off <= 0.02 else 0.8 if off <= 0.1 else 0.0
    if here.is_range and low < high:
        ends = max(abs(here.low / low - 1), abs(here.high / high - 1)) if low and high else 1.0
        near += 2.0 if ends <= 0.02 else 0.0
    if off <= 0.006 and best.main.digits >= 2:
        near += 1.2
    total += near - (3.0 if not 0.02 < ratio < 50 else 1.0 if not 0.05 < ratio < 20 else 0.0)
    total += 0.3 if not entry.supersedes else 0.0
    return Match(
        entry,
        best.main,
        here,
        ratio,
        total,
        differences,
        same_year,
        _verdict(here, as_found, entry, differences, same_year, _speaks_of(said, entry, here.unit))
        if _may_speak_of(said, entry, here.unit, best.main)
        else verdicts.NOT_CHECKABLE,
    )


def _may_speak_of(said: Scope, entry: Entry, unit: Unit, quantity: Quantity) -> bool:
    """May the sentence speak of the figure's thing at all? Two numbers that happen to be equal agree on nothing."""
    theirs, mine = (
        _systems(entry.scope.of("system"), entry.unit),
        _systems(said.of("system"), unit.text),
    )
    kinds = ("place", "company")
    if not theirs and not any(entry.scope.of(k) for k in kinds):
        return False
    if theirs and not theirs & mine and not entry.scope.of("company") & said.of("company"):
        return False
    if (unit.is_plain or unit.physical == "%") and not all(
        entry.scope.of(k) <= said.of(k) for k in kinds
    ):
        return False  # a share or a factor can be of anything
    changed = quantity.change != 0 and quantity.role != "to" and quantity.kind == "amount"
    return not changed or "growth" in entry.scope.of("aspect")


def _speaks_of(said: Scope, entry: Entry, unit: Unit) -> bool:
    """Does the sentence name everything the figure is about? Without that it may speak of another thing, and is not called wrong."""
    if unit.is_plain or unit.physical == "%":
        return False  # a share can be of anything
    # of several companies or places together a sentence says something else than of one of them
    named = all(entry.scope.of(kind) == said.of(kind) for kind in ("place", "company"))
    systems = _systems(entry.scope.of("system"), entry.unit)
    mine = _systems(said.of("system"), unit.text)
    return named and systems == mine and bool(systems or entry.scope.of("company"))


def _verdict(
    stated: Stated,
    found: Recomputed,
    entry: Entry,
    differences: tuple[str, ...],
    same_year: bool | None,
    named: bool,
) -> str:
    if differences or same_year is False:
        return verdicts.NOT_CHECKABLE
    result = printed_finding(stated, found)
    bound = entry.bound in ("at_most", "at_least")
    if result.verdict in verdicts.HARMLESS:
        # of its own year an older figure stays right
        return SUPERSEDED if entry.supersedes and not same_year else result.verdict
    inside = found.low <= stated.value <= found.high
    if inside:
        return verdicts.REPRODUCES
    # without the year it speaks of, or against a figure nobody looked up, a sentence is not called wrong
    sure = named and same_year and not bound and entry.access != "memory"
    return verdicts.INCONSISTENT if sure else verdicts.NOT_CHECKABLE


_PER = {
    "query": ("request",),
    "image": ("image",),
    "video": ("video",),
    "household": ("household",),
}


@lru_cache(maxsize=4096)
def _systems(tags: frozenset[str], unit: str) -> frozenset[str]:
    """What is counted by (a query, an image) is told by the unit, not by a word somewhere in the sentence."""
    kept = tags - set(_PER)
    return kept | {tag for tag, names in _PER.items() if any(f"/{n}" in unit for n in names)}


def _differences(said: Scope, entry: Entry, unit: str) -> tuple[tuple[str, ...], float]:
    """Where sentence and figure speak of different things; and how well they fit."""
    found: list[str] = []
    fit = 0.0
    for kind in _KINDS:
        mine, theirs = said.of(kind), entry.scope.of(kind)
        if kind == "system":
            mine, theirs = _systems(mine, unit), _systems(theirs, entry.unit)
        both = mine & theirs
        fit += {"company": 2.5, "place": 1.5, "system": 1.0}[kind] * len(both)
        if kind == "system":
            mine_hard, theirs_hard = mine & set(_HARD), theirs & set(_HARD)
            extra = (mine_hard ^ theirs_hard) - both
            ai = (
                ("AI" in mine) != ("AI" in theirs)
                and "data centres" in (mine | theirs)
                and not (mine_hard or theirs_hard)
            )
            for tag in sorted(extra):
                found.append(_("only one of them speaks of {tag}").format(tag=_tag(tag)))
                fit -= 0.8
            if ai and "data centres" not in both:
                found.append(_("AI alone against all data centres"))
                fit -= 0.5
        elif mine and theirs and not both:
            found.append(
                _("{mine} against {theirs}").format(mine=_tags(mine), theirs=_tags(theirs))
            )
            fit -= 2.0
        elif bool(mine) != bool(theirs) and (kind == "company" or theirs - {"world"}):
            found.append(_("only one of them speaks of {tag}").format(tag=_tags(mine or theirs)))
            fit -= 1.0
    aspects = (said.of("aspect") ^ entry.scope.of("aspect")) & {
        "water",
        "price",
        "investment",
        "generation",
        "emissions",
    }
    for tag in sorted(aspects):
        if tag in entry.scope.of("aspect") or tag in ("generation",):
            found.append(_("only one of them speaks of {tag}").format(tag=_tag(tag)))
            fit -= 1.0
    return tuple(found), fit


def _tags(tags: frozenset[str]) -> str:
    return ", ".join(_tag(t) for t in sorted(tags))


_TAG_WORDS = {
    "world": N_("the world"), "US": N_("the US"), "China": N_("China"), "EU": N_("the EU"), "crypto": N_("crypto mining"), "network": N_("networks"),
    "data centres": N_("data centres"), "query": N_("one query"), "image": N_("one image"), "video": N_("one video"),
    "training": N_("training"), "queue": N_("the queue"), "household": N_("a household"), "water": N_("water"), "price": N_("a price"),
    "investment": N_("investment"), "generation": N_("generation"), "emissions": N_("emissions"),
}  # fmt: skip


def _tag(tag: str) -> str:
    word = _TAG_WORDS.get(tag)
    return _(word) if word else tag


def _shown(entry: Entry) -> str:
    """A figure's value as people write it: a share in per cent."""
    share = entry.unit == "1" and "share" in entry.scope.of("aspect") and entry.high <= 1
    scale, unit = (100.0, "%") if share else (1.0, "" if entry.unit == "1" else entry.unit)
    low, high = entry.low * scale, entry.high * scale
    value = number(entry.value * scale) if low == high else f"{number(low)} - {number(high)}"
    return f"{value} {unit}".strip()


def match_line(match: Match) -> str:
    """A figure of the catalogue beside what is stated, on one line."""

    entry = match.entry
    label, value = _label(entry), _shown(entry)
    near = abs(match.ratio - 1) < 0.005
    parts = [
        (
            _("agrees with {label}: {value}").format(label=label, value=value)
            if near
            else _("{ratio:.3g} times {label}: {value}").format(
                ratio=match.ratio, label=label, value=value
            )
        ),
        *match.differences,
        _by(entry),
    ]
    return "; ".join(parts) + f" [{entry.key}]"


def figure_line(entry: Entry) -> str:
    """A figure of the catalogue on one line."""
    return f"{_label(entry)}: {_shown(entry)}; {_by(entry)} [{entry.key}]"


def _label(entry: Entry) -> str:
    return (entry.label_zh if language() == "zh" else entry.label_en) or entry.key


def _by(entry: Entry) -> str:
    origin = catalog.source(entry.source)
    return f"{origin.author} ({entry.date[:4]})" if origin.author else entry.source
