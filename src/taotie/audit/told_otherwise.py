"""Does a sentence say something else than the number that fits? A multiple the other way round; of each what all use together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from taotie.audit.candidate import Candidate
from taotie.audit.direction import told_backwards, told_larger
from taotie.audit.explained import explained, explains
from taotie.audit.formula import Recomputed
from taotie.audit.reading import Quantity, Reading
from taotie.quantity.number_text import number_at
from taotie.quantity.number_words import spelled_number_at
from taotie.quantity.unit_text import PLAIN, Unit
from taotie.words import patterns as re

Inputs = Sequence[tuple[float, Unit]]


def told_otherwise(
    reading: Reading, chosen: Candidate, recomputed: Recomputed, inputs: Inputs
) -> str:
    """The rule a fitting number breaks by what is said around it: "swapped", "points", "of_each", "own_total", "misquoted"; empty if none.

    Examples
    --------
    >>> from taotie.audit.check import check
    >>> check("A search takes ten times as much as a prompt: 0.3 Wh against 3 Wh", "3 Wh / 0.3 Wh").finding.rule
    'swapped'
    >>> check("Each of the 1,000 chips draws 700 kW", "1000 * 700 W").finding.rule
    'of_each'
    >>> check("The chip draws 1,000 W, 43 per cent more than the old one's 750 W", "1000 W / 700 W - 1").finding.rule
    'misquoted'
    >>> check("One image takes 8.5 Wh, so a thousand images are 85 kWh", "8.5 Wh/image").finding.rule
    'own_total'
    """
    if _swapped(reading, chosen, recomputed) or told_backwards(reading, chosen, recomputed):
        return "swapped"
    if told_larger(reading):
        return "swapped"
    if _in_points(chosen, recomputed):
        return "points"
    if _of_each(reading, chosen, recomputed, inputs):
        return "of_each"
    if _own_total(reading, chosen, recomputed):
        return "own_total"
    if _converted(reading, chosen, recomputed):
        return "own_total"
    if _power_for_itself(reading, chosen):
        return "own_total"
    return "misquoted" if _misquoted(reading, chosen, recomputed, inputs) else ""


# ---- percentage points for per cent ------------------------------------------------------------------------

_POINTS = re.compile(
    r"percentage points?|basis points?|\bp\.?p(?:ts?)?\b|个?百分点|个?基点", re.IGNORECASE
)
_GROWN = re.compile(r"/.*-\s?1(?![0-9.])|(?<![0-9.])1\s?-.*/")


def _in_points(chosen: Candidate, recomputed: Recomputed) -> bool:
    """Is a growth of x/y - 1 told in percentage points?"""
    return bool(_POINTS.search(chosen.main.text) and _GROWN.search(recomputed.filled))


# ---- a multiple the other way round ------------------------------------------------------------------------

# between the two amounts: 0.3 Wh against 3
_AGAINST = re.compile(
    r"[^0-9.;。；]{0,40}(?:\b(?:against|versus|vs\.?|compared (?:with|to)|to)\b|对|比|[,，])[^0-9.;。；]{0,24}",
    re.IGNORECASE,
)
_AGAINST_ONLY = re.compile(
    r"[^0-9.;。；,，]{0,40}(?:\b(?:against|versus|vs\.?|compared (?:with|to))\b|对|比)[^0-9.;。；,，]{0,24}",
    re.IGNORECASE,
)
_IS = re.compile(
    r"[是为]|相当于|等于|达|\b(?:is|was|uses?|takes?|needs?|consumes?)\b", re.IGNORECASE
)


def _swapped(reading: Reading, chosen: Candidate, recomputed: Recomputed) -> bool:
    """Does the sentence say "A is ten times B" and give A as a tenth of B?"""
    times = chosen.main
    part = times.kind == "share" and (times.text[:1].isalpha() or "分之" in times.text)
    if not (times.kind == "times" or part) or times.change:
        return False
    if chosen.how not in ("direct", "change"):
        return False
    ends = _first_and_second(reading, times)
    if ends is None:
        return False
    first, second = ends
    if not (first.value > 0 and second.value > 0 and times.value > 0):
        return False
    said = first.value * first.bare.factor_to(second.bare) / second.value
    claimed = times.value * times.unit.factor_to(PLAIN)
    if abs(claimed - 1) < 0.2:
        return False
    return abs(said * claimed - 1) <= 0.15 < abs(said / claimed - 1)


def _first_and_second(reading: Reading, times: Quantity) -> tuple[Quantity, Quantity] | None:
    """The amount that is said to be the multiple, and the one it is a multiple of, where the order tells."""
    text = reading.form.text
    said = [
        q
        for q in reading.quantities
        if q.sentence == times.sentence and q.kind in ("amount", "money", "count", "number")
    ]
    said = [q for q in said if q.start != times.start and q.role != "to"]
    if len(said) != 2:
        return None
    a, b = said
    if not a.bare.same_dimension(b.bare):
        return None
    if b.end <= times.start:
        turn = _LATTER.search(text[b.end : times.end + 40])
        if turn is not None:  # 前者是后者的十倍
            return (b, a) if turn["latter"] else (a, b)
        named = _by_name(text, a, b, times)
        if named is not None:
            return named
        if re.search(r"[;；]", text[a.end : b.start]) and not re.search(
            r"[;；]", text[b.end : times.start]
        ):
            return b, a  # Germany used 20; France, at 10, needed twice as much
    if times.end <= a.start:
        told = _AGAINST if times.kind == "times" else _AGAINST_ONLY
        return (a, b) if told.fullmatch(text, a.end, b.start) else None
    if a.end <= times.start and times.end <= b.start:
        between = text[times.end : b.start]
        return (a, b) if a.role != "from" and re.search(r"\b(?:as|than|of)\b", between) else None
    # 一次搜索0.3瓦时，是一次问答(3瓦时)的十倍
    behind = re.fullmatch(r"[)）]?\s?的\s?[约近]?", text[b.end : times.start])
    return (a, b) if behind and _IS.search(text, a.end, b.start) and a.role != "from" else None


_LATTER = re.compile(
    r"(?P<latter>后者[^，。；,;]{0,4}[是为达用耗有约超]|\bthe (?:latter|second)\s(?:is|was|uses?|takes?|needs?|draws?|consumes?|being)\b)|前者[^，。；,;]{0,4}[是为达用耗有约超]|\bthe (?:former|first)\s(?:is|was|uses?|takes?|needs?|draws?|consumes?|being)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,，;；。:：]|\b(?:so|and|but|which means)\b")
_SUBJECT_ZH = re.compile(
    r"(?P<a>[^，。；,;]{1,14}?)(?:[是为达约]|相当于){1,3}(?P<b>[^，。；,;]{1,14}?)的?[约近]?\Z"
)
_OBJECT_EN = re.compile(
    r"[^.;,]{0,40}?\b(?:as|than|that of|of)\s(?P<b>[^.;,]{2,40})", re.IGNORECASE
)
_PLAIN_WORDS = frozenset((
    "the", "and", "for", "its", "was", "were", "than", "that", "this", "with", "used", "use", "took", "take", "takes", "need", "electricity",
    "energy", "power", "about", "much", "many", "time",
))  # fmt: skip


def _by_name(
    text: str, a: Quantity, b: Quantity, times: Quantity
) -> tuple[Quantity, Quantity] | None:
    """Training used 24, inference 36; training is 1.5 times inference: who is said to be the multiple of whom?"""
    begin = b.end
    for found in _CLAUSE.finditer(text, b.end, times.start):
        begin = found.end()
    clause = text[begin : times.start]
    if begin == b.end or not clause.strip():
        return None
    zh = _SUBJECT_ZH.fullmatch(clause.strip())
    en = None if zh else _OBJECT_EN.match(text, times.end)
    if zh is None and en is None:
        return None
    who, whom = (zh["a"], zh["b"]) if zh else (clause, en["b"] if en else "")
    own = (text[a.sentence[0] : a.start], text[a.end : b.start])

    def names(words: str) -> int | None:
        hits = [len(_parts(words) & _parts(one)) for one in own]
        return None if hits[0] == hits[1] else int(hits[1] > hits[0])

    first, second = names(who), names(whom)
    if first is None or second is None or first == second:
        return None
    return (a, b) if first == 0 else (b, a)


def _parts(words: str) -> set[str]:
    """Words of three letters and more; Chinese by pairs."""
    latin = {w.rstrip("s") for w in re.findall(r"[a-z]{3,}", words.lower())} - _PLAIN_WORDS
    han = re.findall(r"[\u4e00-\u9fff]+", words)
    return latin | {run[i : i + 2] for run in han for i in range(len(run) - 1)} - {
        "用电",
        "耗电",
        "电量",
    }


# ---- of each what is for all -------------------------------------------------------------------------------

_EACH_OF = re.compile(
    r"\b(?:each|every(?:\s(?:single\s)?one)?)\s(?:and every one\s)?of\s[^,;.:0-9]{0,40}\Z",
    re.IGNORECASE,
)
_EACH_BEHIND = re.compile(
    r"(?:每一?|单)(?P<zh>[块张颗台个座枚片户家栋次条架柜])|\b(?:each|apiece)\b(?=\s(?:one\s)?(?:of (?:them|which)\s)?(?:draw|us|consum|need|tak|pull|burn|requir|rated|at\b))",
    re.IGNORECASE,
)
_EACH_AT_IT = re.compile(r"\s(?:each|apiece)\b", re.IGNORECASE)
_IN_WORDS = re.compile(
    r"(?<![A-Za-z])(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?![A-Za-z])"
    r"|(?<![零一二两三四五六七八九十百千万亿])[一二两三四五六七八九十百千](?=[零一二两三四五六七八九十百千万亿]|[个块张颗台座枚片户家栋条架柜])",
    re.IGNORECASE,
)


def _of_each(reading: Reading, chosen: Candidate, recomputed: Recomputed, inputs: Inputs) -> bool:
    """Is what the inputs give for all of many told of each of them?"""
    main = chosen.main
    if chosen.how not in ("direct", "bare", "annual") or main.kind not in ("amount", "money"):
        return False
    text = reading.form.text
    for value, unit in inputs:
        if value < 2 or not (unit.is_plain or unit.counted) or not _multiplies(value, recomputed):
            continue
        for start, end in _places_of(reading, main, value):
            gap = text[end : main.start]
            if re.search(r"[0-9;；。]", gap):
                continue
            of = _EACH_OF.search(text, max(0, start - 60), start)
            if of and not re.search(r"[,，]", gap):
                return True
            each = _EACH_BEHIND.search(gap)
            if each and (not each["zh"] or each["zh"] in text[end : end + 4]):
                return True
            if _EACH_AT_IT.match(text, main.end):
                return True
    return False


def _places_of(reading: Reading, main: Quantity, value: float) -> Iterable[tuple[int, int]]:
    """Where a count stands in the sentence before a number, in digits or in words."""
    for q in reading.quantities:
        if q.sentence == main.sentence and q.end <= main.start and q.value == value:
            yield q.start, q.start + len(q.text) - len(q.noun) if q.noun in q.text else q.end
    for word in _IN_WORDS.finditer(reading.form.text, main.sentence[0], main.start):
        spelled = spelled_number_at(reading.form.text, word.start())
        if spelled is not None and spelled.value == value and spelled.end <= main.start:
            yield word.start(), spelled.end


def _multiplies(value: float, recomputed: Recomputed) -> bool:
    """Does the formula multiply by that number, and not divide?"""
    for node in recomputed.literals:
        if node.value == value:
            return not re.search(r"/\s*\(?\s*" + re.escape(node.text), recomputed.filled)
    return False


# ---- what the text makes of the number that fits -----------------------------------------------------------

_COMES_TO = re.compile(
    r"[^0-9.;。；]{0,24}(?:\b(?:is|are|uses?|takes?|needs?|costs?|comes? to|makes?|add(?:s|ed)? up to|amounts? to|means?|consumes?|burns?)\b|[是要耗用需达即]|合计|[^0-9.;。；]{0,2}\Z)[^0-9.;。；]{0,16}",
    re.IGNORECASE,
)


_H = Unit("h")
_W = Unit("W")


_FAMILIES = re.compile(
    r"(?P<joule>joules?\b|\b[kMGTP]?J\b|焦)|(?P<btu>\bbtu\b|therms?\b)|(?P<wh>watt|[kMGT]?Wh\b|瓦时|度)|(?P<acre>acre)|(?P<hectare>hectare|\bha\b|公顷)|(?P<mile>square mile)"
    r"|(?P<mu>亩)|(?P<foot>square f[eo]+t|sq\.? ?ft)|(?P<area>平方|square|m2|m²)|(?P<gallon>gal|加仑)|(?P<cubic>cubic|m3|m³|立方)|(?P<litre>lit(?:er|re)|\b[mM]?[lL]\b|升)"
    r"|(?P<pound>pound|\blbs?\b|磅)|(?P<gram>gram|\b[kM]?g\b|ton|\b[kM]?t\b|吨|公斤|克)",
    re.IGNORECASE,
)


def _converted(reading: Reading, chosen: Candidate, recomputed: Recomputed) -> bool:
    """5 kWh in joules, 1.8 MJ: the one other number of a text is the same in another unit, and is not."""
    main = chosen.main
    said = [q for q in reading.quantities if q.kind != "year"]
    if chosen.how != "direct" or len(recomputed.literals) != 1 or len(said) != 2:
        return False
    other = said[1] if said[0] is main else said[0]
    if main.kind != "amount" or other.kind != "amount" or other.is_range or not main.value:
        return False
    if main.count or other.count or main.period != other.period:
        return False
    if not other.unit.same_dimension(main.unit) or other.role in ("from", "denied"):
        return False
    families = [_FAMILIES.search(q.text) for q in (main, other)]
    if None in families or len({f.lastgroup for f in families if f}) < 2:
        return False
    same = other.value * other.unit.factor_to(main.unit) / main.value
    slack = 0.02 + min(sum(q.half / abs(q.value) for q in (main, other) if q.value), 0.1)
    return 0.02 < same < 50 and abs(same - 1) > slack


def _power_for_itself(reading: Reading, chosen: Candidate) -> bool:
    """A 60 W laptop eats 0.6 kWh per hour: a power, and the energy of its hour, which is another."""
    main = chosen.main
    if chosen.how != "direct" or main.kind != "amount" or not main.bare.same_dimension(_W):
        return False
    for q in reading.quantities:
        if q.kind != "amount" or q.period != "h" or q.sentence != main.sentence or q.count:
            continue
        if q.bare.same_dimension(_W) or not q.unit.same_dimension(_W) or q.counts:
            continue
        alone = not any(
            p is not q and p is not main and p.kind in ("amount", "count")
            for p in reading.quantities
        )
        same = q.value * q.unit.factor_to(main.unit) / main.value if main.value else 1.0
        if alone and not 0.85 <= same <= 1.18:
            return True
    return False


def _misquoted(reading: Reading, chosen: Candidate, recomputed: Recomputed, inputs: Inputs) -> bool:
    """Does the text give another number where the formula has the one input that it does not say: 750 W for 700 W?"""
    quantities = [q for q in reading.quantities if q.kind not in ("year", "short")]
    given = [(v, u) for v, u in inputs if not u.same_dimension(_H)]
    said = [any(explains(q, v, u) for q in quantities) for v, u in given]
    if said.count(False) != 1 or len(given) < 2:
        return False
    value, unit = given[said.index(False)]
    own = {p.start for p in chosen.parts}
    left = [
        q
        for q in quantities
        if q.start not in own
        and q.sentence == chosen.main.sentence
        and q.hedge in ("none", "exact")
        and not q.is_range
        and not explained(q, reading, inputs, recomputed)
        and not _sum_of_two(q, given)
    ]
    if len(left) != 1:
        return False
    q = left[0]
    if all(u.is_plain for _v, u in given) and q.kind in ("amount", "money"):
        printed = number_at(q.text)  # 4.3 g to 0.03 g, in 1.3/0.03
        others = [p for p in quantities if p is not q and p.kind == q.kind]
        alike = any(p.unit.text == q.unit.text for p in others)
        return alike and printed is not None and 0.1 < printed.value / value < 10
    if unit.is_plain:
        return q.kind == "count" and value >= 10 and 0.3 < q.value / value < 3
    for mine in (q.unit, q.bare):
        if mine.same_dimension(unit):
            return 0.3 < q.value * mine.factor_to(unit) / value < 3
    return False


def _sum_of_two(q: Quantity, given: Inputs) -> bool:
    """Down by 1.5 to 6, in 1.5 / 7.5: is a number the sum or the difference of two inputs?"""
    return any(
        explains(q, value, unit)
        for (v, u), (w, other) in itertools.permutations(given, 2)
        if u.same_dimension(other)
        for value, unit in (
            (v - w * other.factor_to(u), u),
            (v + w * other.factor_to(u), u),
        )
        if value > 0
    )


def _own_total(reading: Reading, chosen: Candidate, recomputed: Recomputed) -> bool:
    """8.5 Wh an image, a thousand of them 85 kWh: does the text itself make something else of the number?"""
    main = chosen.main
    if chosen.how not in ("direct", "per") or main.kind not in ("amount", "money"):
        return False
    for count, total in itertools.pairwise(reading.quantities):
        if count.kind != "count" or total.kind not in ("amount", "money") or count.start < main.end:
            continue
        if count.sentence != main.sentence or count.value < 2 or total.count or total.period:
            continue
        per = total.bare / count.bare
        if not per.same_dimension(recomputed.unit) or count.period:
            continue
        if not _COMES_TO.fullmatch(reading.form.text, count.end, total.start):
            continue
        of_one = total.value / count.value * per.factor_to(recomputed.unit) / recomputed.value
        if not 0.8 <= of_one <= 1.25:
            return True
    return False
