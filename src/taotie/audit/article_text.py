"""What does a whole article state, and does it hold? Every number read, held against the catalogue and against the others."""

from __future__ import annotations

import itertools
import sys
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

from taotie.audit import verdict as verdicts
from taotie.audit.against import Match, against
from taotie.audit.between import Between
from taotie.audit.candidate import stated_of
from taotie.audit.formula import Recomputed
from taotie.audit.reading import Quantity, Reading, read
from taotie.audit.related import related
from taotie.audit.text_form import html_text, markdown_text
from taotie.audit.verdict import printed_finding
from taotie.errors import DataError, TaotieError
from taotie.files.read import read_bytes
from taotie.quantity.copied import replace
from taotie.quantity.unit_text import Unit
from taotie.words import patterns as re
from taotie.words.language import _

MAX_BYTES = 20_000_000
MAX_SEARCHED, MAX_NUMBERS = 250, 750
"""Sentences, and numbers, that are held against the catalogue: one "sentence" may be a table of thousands."""
_WINDOW = 10
_ORDER = (
    verdicts.UNIT_ERROR, verdicts.INCONSISTENT, verdicts.OUTDATED, verdicts.ROUNDING, verdicts.REPRODUCES, verdicts.NOT_CHECKABLE,
)  # fmt: skip


@dataclass(frozen=True)
class TextClaim:
    """One number of an article: what it says, and what the catalogue and the article itself say of it."""

    quantity: Quantity
    sentence: str
    verdict: str
    matches: tuple[Match, ...]

    @property
    def best(self) -> Match | None:
        """The figure it is held against."""
        return self.matches[0] if self.matches else None


@dataclass(frozen=True)
class TextAudit:
    """A whole article."""

    name: str
    reading: Reading
    claims: tuple[TextClaim, ...]
    between: tuple[Between, ...]
    searched: int

    @property
    def counts(self) -> dict[str, int]:
        """Claims by verdict."""
        return {v: sum(c.verdict == v for c in self.claims) for v in verdicts.VERDICTS}

    @property
    def by_fault(self) -> list[TextClaim]:
        """The most wrong first."""

        def order(c: TextClaim) -> tuple[int, float]:
            off = abs(c.best.ratio - 1) if c.best else 0.0
            return _ORDER.index(c.verdict), -off

        return sorted(self.claims, key=order)

    @property
    def unread(self) -> list[dict[str, Any]]:
        """Numbers that were seen and not understood, with their place."""
        seen = [
            {
                "text": self.reading.to_json(q)["text"],
                "place": list(self.reading.place(q)),
                "kind": q.kind,
            }
            for q in self.reading.quantities
            if q.kind in ("thing", "number", "short") and not _is_told(q)
        ]
        form = self.reading.form
        seen += [
            {"text": form.text[a:b][:40], "place": [form.place(a), form.place(b)], "kind": kind}
            for a, b, kind in self.reading.unread
            if kind != "digit"
        ]
        return seen

    def to_json(self) -> dict[str, Any]:
        """The claims as a single check gives them, what was not read, and how they hold among themselves."""
        return {
            "claims": [self._claim(c) for c in self.claims],
            "unread": self.unread,
            "between": [b.to_json(self.reading) for b in self.between],
            "counts": self.counts,
        }

    def _claim(self, c: TextClaim) -> dict[str, Any]:
        subject = c.best.entry.scope.words if c.best and c.best.same_scope else ""
        shown = self.reading.to_json(c.quantity, subject)
        return {
            "read": [shown], "chosen": shown, "sentence": c.sentence, "place": shown["place"], "verdict": c.verdict, "slip": None,
            "ratio": float(f"{c.best.ratio:.6g}") if c.best else None, "against": [m.to_json() for m in c.matches],
            "cite": c.best.entry.source if c.best else None,
        }  # fmt: skip

    def draft(self) -> str:
        """A claims file to start from: each number with its place, nothing decided."""
        rows = ["[article]", f'title = "{_toml(self.name)}"', ""]
        for i, c in enumerate(self.claims, 1):
            q, (start, end) = c.quantity, self.reading.place(c.quantity)
            stated = f"low = {q.low!r}\nhigh = {q.high!r}" if q.is_range else f"value = {q.low!r}"
            rows += [
                "[[draft]]", f'id = "n{i}"', f'says = "{_toml(" ".join(c.sentence.split()))}"', f"place = [{start}, {end}]", stated,
                f'unit = "{_toml(q.unit.text)}"', f'hedge = "{q.hedge}"', f'verdict = "{c.verdict}"',
                *([f'figure = "{c.best.entry.key}"'] if c.best else []), "",
            ]  # fmt: skip
        for u in self.unread:
            rows += ["[[unread]]", f'text = "{_toml(str(u["text"]))}"', f"place = {u['place']}", ""]
        return "\n".join(rows)


def _toml(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def article_source(path: str) -> str:
    """The text of an article: a file, or ``-`` for what is piped in.

    Raises
    ------
    DataError
        If it cannot be read, is no text, or is too large.
    """
    if path == "-":
        raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        raw = read_bytes(path, MAX_BYTES)
    if len(raw) > MAX_BYTES:
        raise _too_large(path, len(raw))
    if b"\0" in raw[:4096]:
        raise DataError(
            _("{path} is no text.").format(path=path), _("give a .txt, .html or .md file")
        )
    for code in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(code)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = raw.decode("latin-1")
    head = text[:2000].lower()
    if path.lower().endswith((".html", ".htm")) or (
        path == "-" and ("<html" in head or "<!doctype" in head)
    ):
        return html_text(text)
    if path.lower().endswith((".md", ".markdown")):
        return markdown_text(text)
    return text


def _too_large(path: str, size: int) -> DataError:
    return DataError(
        _("{path} has {size} million bytes; an article has at most {limit}.").format(
            path=path, size=round(size / 1e6), limit=round(MAX_BYTES / 1e6)
        ),
        _("give the part that is to be checked"),
    )


def audit_text(text: str, name: str = "") -> TextAudit:
    """Every number of a text, held against the catalogue and against the others.

    Raises
    ------
    DataError
        If nothing in it can be checked.

    Examples
    --------
    >>> a = audit_text("Each query takes 2.9 Wh. With 195 million queries a day that makes 564 MWh a day.")
    >>> [round(b.ratio, 2) for b in a.between], len(a.claims)
    ([1.0], 3)
    """
    reading = read(text)
    kept = [q for q in reading.quantities if _is_told(q) and not _no_claim(q)]
    if all(q.unit.same_dimension(Unit("h")) or q.kind in _COUNTED for q in kept):
        raise DataError(
            _("nothing in {name} can be checked: no number with a unit.").format(
                name=name or _("the text")
            ),
            _("a statement has a number with its unit, such as 42 MWh"),
        )
    claims: list[TextClaim] = []
    sentences: set[tuple[int, int]] = set()
    searched = 0
    for q in kept:
        sentences.add(q.sentence)
        found: tuple[Match, ...] = ()
        if q.kind not in _COUNTED and len(sentences) <= MAX_SEARCHED and len(claims) < MAX_NUMBERS:
            searched += 1
            found = tuple(m for m in against(reading, q, 4) if m.score > 1.0)
        verdict = found[0].verdict if found else verdicts.NOT_CHECKABLE
        claims.append(TextClaim(q, reading.sentence(q), verdict, found))
    return TextAudit(
        name,
        reading,
        tuple(claims),
        _one_each(
            (
                *_between(reading.form.text, kept),
                *_equalities(reading.form.text, kept),
                *related(reading.form.text, reading.quantities),
            )
        ),
        searched,
    )


def _one_each(made: tuple[Between, ...]) -> tuple[Between, ...]:
    """What holds in one way is not told as wrong in another, nor the same numbers twice: the last of them is the whole."""
    fine = {b.whole.start for b in made if b.verdict in verdicts.HARMLESS}
    last: dict[frozenset[int], Between] = {}
    for b in made:
        if b.verdict in verdicts.HARMLESS or b.whole.start not in fine:
            numbers = frozenset(q.start for q in (*b.parts, b.whole))
            if numbers not in last or b.whole.start > last[numbers].whole.start:
                last[numbers] = b
    return tuple(last.values())


_COUNTED = ("thing", "number")


def _is_told(q: Quantity) -> bool:
    """Is a number worth a line: one with a unit, or things that are counted, such as 96 diesel generators or 1,240?"""
    if q.kind in _COUNTED:
        digits = any(c in "0123456789" for c in q.text)
        return digits and q.value >= 2 and (q.kind == "thing" or "," in q.text)
    return q.kind not in ("year", "short")


def _no_claim(q: Quantity) -> bool:
    """Degrees, and times in words (a year, three weeks), which say when and not how much."""
    if "degree" in q.unit.text:
        return True
    return q.unit.same_dimension(Unit("h")) and not any(c in "0123456789" for c in q.text)


def _between(text: str, kept: list[Quantity]) -> list[Between]:
    """Products the text states: so much for each, so many, so much in all.

    One that holds is worth telling. One that does not is told only where the text draws the conclusion itself and
    nothing else could be meant: two numbers that merely stand near a third say nothing of it.
    """
    made: dict[int, list[Between]] = {}
    for i, each in enumerate(_each(kept)):
        if each is None or not each.count:
            continue
        near = [
            q
            for q in kept[max(0, i - _WINDOW) : i + _WINDOW + 1]
            if abs(q.start - each.start) < 1500
        ]
        for many in near:
            if many.kind != "count" or many.count != each.count:
                continue
            for whole in near:
                if (
                    whole.kind not in ("amount", "money")
                    or whole.start == each.start
                    or whole.count
                    or (each.period and not whole.period)
                ):
                    continue
                found = _product(each, many, whole)
                if found is not None:
                    made.setdefault(whole.start, []).append(found)
    kept_of: list[Between] = []
    for found_all in made.values():
        fine = [b for b in found_all if b.verdict in verdicts.HARMLESS]
        told = [b for b in found_all if _concludes(text, b) and not _nearer(kept, b)]
        kept_of += fine or (
            told if len({tuple(q.start for q in b.parts) for b in told}) == 1 else []
        )
    return kept_of


_CONCLUSION = re.compile(
    r"\b(?:that|this|it|which|they|these|together)\s(?:is|are|was|makes?|would be|came|comes?|adds?|amounts?|gives?|means)\b"
    r"|\b(?:mak(?:es?|ing)|comes? to|works? out|adds? up|amounts? to|in all|in total|altogether|equals?|totals?|totall?ing)\b|="
    r"|合计|共计|总计|一共|总共|乘起来|相乘|也就是|就是|折合|算下来|合起来",
    re.IGNORECASE,
)


def _concludes(text: str, b: Between) -> bool:
    """Does the text itself go from the two parts to the whole?"""
    each, many = b.parts
    if many.start > max(each.end, b.whole.end):
        return _tells_count(text, b)
    last = max(q.end for q in b.parts)
    first = min(q.start for q in b.parts)
    gap = text[last : b.whole.start]
    far = b.whole.start - first > 260 or len(gap) > 90 or "\n" in gap
    return last <= b.whole.start and not far and bool(_CONCLUSION.search(gap))


_EQUAL = re.compile(
    r"[\s\"'“”,，(（]{0,4}(?:\b(?:equals?|i\.e\.|that is|in other words|which is|or,? in other units,?)\b|=|即|也就是|折合|等于)[\s\"'“”:,，]{0,4}(?:about |around |some |roughly |约)?",
    re.IGNORECASE,
)


def _equalities(text: str, kept: list[Quantity]) -> list[Between]:
    """Two numbers in different units that the text says are equal: 54 MW = 473 GWh a year."""
    made = []
    for a, b in itertools.pairwise(kept):
        if a.sentence != b.sentence or a.unit.text == b.unit.text or a.is_range or b.is_range:
            continue
        if a.kind not in ("amount", "money") or b.kind != a.kind or not a.value:
            continue
        if not a.unit.same_dimension(b.unit) or not _EQUAL.fullmatch(text, a.end, b.start):
            continue
        value = a.value * a.unit.factor_to(b.unit)
        slack = min(a.half / abs(a.value), 0.1)
        inputs = Recomputed(value, value, value, value * (1 - slack), value * (1 + slack), b.unit)
        found = printed_finding(stated_of(b, b.unit), inputs)
        made.append(Between((a,), b, b.value / value, found.verdict))
    return made


_AS_MANY = re.compile(
    r"\b(?:as (?:much|many) as|enough (?:for|to)|equivalent|equals?(?: to)?|the same as|could (?:power|supply|run|feed)|would (?:power|supply|run|feed)|match(?:es)?)\b"
    r"|相当于|够|可供|足以|等于|[顶抵]得?上|能满足",
    re.IGNORECASE,
)


def _tells_count(text: str, b: Between) -> bool:
    """Does the text go from the whole and what is for each to how many that is? As much as 17,000 homes use."""
    each, many = b.parts
    first, last = min(each.start, b.whole.start), max(each.end, b.whole.end)
    gap = text[last : many.start]
    near = many.start - first <= 260 and len(gap) <= 60 and "\n" not in gap
    return near and bool(_AS_MANY.search(gap))


def _nearer(kept: list[Quantity], b: Between) -> bool:
    """Is another amount of the kind said between what is for each and the conclusion? Then that one may be meant."""
    each, many = b.parts
    counted = many.start > max(each.end, b.whole.end)
    begin, end = (
        (min(each.start, b.whole.start) - 120, many.start) if counted else (each.end, b.whole.start)
    )
    first = bisect_left(kept, begin, key=lambda q: q.start)
    own = (each.start, b.whole.start)
    return any(
        (not counted or (q.start not in own and q.kind in ("amount", "money")))
        and any(q.bare.same_dimension(u) for u in (each.bare, b.whole.bare))
        for q in itertools.takewhile(lambda q: q.start < end, itertools.islice(kept, first, None))
    )


def _each(kept: list[Quantity]) -> list[Quantity | None]:
    """Quantities said of one of something: 2.9 Wh per query, "one query takes 2.9 Wh"."""
    made: list[Quantity | None] = []
    for q in kept:
        if q.kind not in ("amount", "money"):
            made.append(None)
        elif q.count and f"/{q.count}" in q.unit.text:
            made.append(q)
        elif q.counts:
            one = Unit(q.counts[-1])
            made.append(replace(q, unit=q.unit / one, bare=q.bare / one, count=q.counts[-1]))
        else:
            made.append(None)
    return made


def _product(each: Quantity, many: Quantity, whole: Quantity) -> Between | None:
    for one in (each.unit, each.bare):
        for count in (many.unit, many.bare):
            unit = one * count
            for total in (whole.unit, whole.bare):
                if not unit.same_dimension(total):
                    continue
                try:
                    factor = unit.factor_to(total)
                except TaotieError:
                    continue
                value = each.value * many.value * factor
                if not value:
                    return None
                slack = sum(min(q.half / abs(q.value), 0.1) for q in (each, many) if q.value)
                inputs = Recomputed(
                    value, value, value, value * (1 - slack), value * (1 + slack), total
                )
                result = printed_finding(stated_of(whole, total), inputs)
                ratio = whole.value / value
                fine = result.verdict in verdicts.HARMLESS
                if not fine and not 1e-4 < ratio < 1e4:
                    return None
                return Between((each, many), whole, ratio, result.verdict)
    return None
