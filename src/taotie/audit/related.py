"""Do the numbers of an article hold among themselves? Sums, parts and wholes, shares, growth, days and years, so much for each.

Every rule asks for the words that draw the conclusion (together, altogether, of them, a rise of, 合计, 其中) and is silent where a second
reading could make the number right: what is told as wrong here contradicts the article's own numbers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from taotie.audit import verdict as verdicts
from taotie.audit.between import Between, slack_of
from taotie.audit.candidate import stated_of
from taotie.audit.formula import Recomputed
from taotie.audit.moved_point import moved_point
from taotie.audit.parts import parts_told
from taotie.audit.reading import Quantity
from taotie.audit.shares import shares_told
from taotie.audit.verdict import printed_finding
from taotie.audit.worked_out import carbonless as _carbonless
from taotie.audit.worked_out import worked_out
from taotie.quantity.copied import replace
from taotie.quantity.number_text import number_at
from taotie.quantity.unit_text import PLAIN, Unit
from taotie.words import patterns as re

_H = Unit("h")
_AMOUNTS = ("amount", "money")
MAX_OF_SENTENCE = 24
"""Numbers of one sentence that are held against each other: a table is no sentence."""


def related(text: str, quantities: Sequence[Quantity]) -> list[Between]:
    """What the sentences of a text say of their own numbers; one finding for a number, a right one before a wrong one.

    Examples
    --------
    >>> from taotie.audit.reading import read
    >>> def tried(text):
    ...     return [(b.whole.text, b.verdict) for b in related(text, read(text).quantities)]
    >>> tried("Gas gives 46 percent, wind 22 percent and solar 13 percent, together 91 percent.")
    [('91 percent', 'inconsistent with source')]
    >>> tried("There are 62 households near the fence. A petition was signed by 71 of them.")
    [('71', 'inconsistent with source')]
    >>> tried("The peak rose from 1.9 GW to 2.6 GW, a rise of 37 percent.")
    [('37 percent', 'reproduces')]
    """
    said = [q for q in quantities if q.kind not in ("year", "short") and q.role != "denied"]
    made: list[Between] = []
    for sentence, group in itertools.groupby(said, key=lambda q: q.sentence):
        own = list(group)
        if len(own) <= MAX_OF_SENTENCE:
            shown = text[slice(*sentence)]
            for rule in (
                _sums,
                _each_of_many,
                _every_one,
                _years_of,
                _growth,
                _of_so_many,
                _day_and_year,
            ):
                made += rule(text, shown, own)
    made += _more_than_all(text, said)
    made += _share_of_flows(text, said)
    made += worked_out(text, said)
    made += shares_told(text, said)
    made += parts_told(text, said)
    made += moved_point(text, said)
    best: dict[int, Between] = {}
    for b in made:
        known = best.get(b.whole.start)
        if known is None or (
            b.verdict in verdicts.HARMLESS and known.verdict not in verdicts.HARMLESS
        ):
            best[b.whole.start] = b
    wrong = {at for at, b in best.items() if b.verdict not in verdicts.HARMLESS}
    # what is worked out of a wrong number is not wrong a second time
    return [
        best[at]
        for at in sorted(best)
        if at not in wrong or not any(p.start in wrong and p.start < at for p in best[at].parts)
    ]


def _compared(
    parts: Sequence[Quantity], whole: Quantity, unit: Unit, value: float, slack: float
) -> Between | None:
    """`whole` in `unit` against what its parts make, known to a share of `slack`."""
    if not value or whole.is_range:
        return None
    inputs = Recomputed(value, value, value, value * (1 - slack), value * (1 + slack), unit)
    found = printed_finding(stated_of(whole, unit), inputs)
    return Between(tuple(parts), whole, whole.value / value, found.verdict)


# ---- sums --------------------------------------------------------------------------------------------------

_TOGETHER = re.compile(
    r"\b(?:together|altogether|in all|in total|all told|combined|add(?:s|ed|ing)? up to|mak(?:e|es|ing) up|sums? to|totall?ing|for a total of|a total of|an? (?:[a-z]+ )?(?:town|village|army|crew|workforce|team|force|fleet) of)\b|合计|共计|总计|一共|总共|加起来|之和|合起来|相加",
    re.IGNORECASE,
)
_BREAK = re.compile(
    r"[;；:：。]|\b(?:but|while|whereas|compared|against|than|from|of which|including)\b|其中|而|比"
)


def _sums(text: str, shown: str, own: Sequence[Quantity]) -> Iterator[Between]:
    """Gas 46, nuclear 24, wind 22 and solar 13 percent, together 100: three parts or more, one total behind the word."""
    if not _TOGETHER.search(shown):
        return
    for i, whole in enumerate(own):
        if (
            i < 2
            or whole.kind not in (*_AMOUNTS, "share", "count")
            or whole.change
            or whole.is_range
        ):
            continue
        between = text[own[i - 1].end : whole.start]
        behind = text[whole.end : whole.end + 28]
        if not (
            _TOGETHER.search(between)
            or re.match(r"\s?(?:in all|altogether|in total|together|all told)\b", behind)
        ):
            continue
        parts = []
        for q in reversed(own[:i]):
            alike = q.kind == whole.kind and q.unit.same_dimension(whole.unit)
            if not alike or q.is_range or q.change or q.count != whole.count:
                break
            parts.append(q)
        parts.reverse()
        least = 3 if whole.kind == "share" else 2
        if len(parts) < least or any(
            _BREAK.search(text[a.end : b.start]) for a, b in itertools.pairwise(parts)
        ):
            continue
        if any(re.match(r"\s?(?:each|apiece)\b", text[q.end : q.end + 9]) for q in parts):
            continue
        value = sum(q.value * q.unit.factor_to(whole.unit) for q in parts)
        half = sum(q.half * q.unit.factor_to(whole.unit) for q in parts)
        # beside its own parts a round sum is meant: 100 per cent of 112 are none
        meant = (
            replace(whole, half=min(whole.half, 0.03 * abs(whole.value)), loose=False)
            if whole.loose and whole.hedge == "none"
            else whole
        )
        made = _compared(
            parts, meant, whole.unit, value, min(half / abs(value), 0.03) if value else 0.0
        )
        made = made and replace(made, whole=whole)
        if made is not None:
            yield replace(made, sign="+")


# ---- so many, so much each ---------------------------------------------------------------------------------

_EACH = re.compile(
    r"\b(?:each|apiece|every one)\b|每[座台个间栋期家块张]|各|单[台机卡座柜架]", re.IGNORECASE
)


def _each_of_many(text: str, shown: str, own: Sequence[Quantity]) -> Iterator[Between]:
    """96 generators, each of 2.5 MW, 240 MW in all: one count, one amount for each and one total."""
    if not (_EACH.search(shown) and _TOGETHER.search(shown)):
        return
    counts = [q for q in own if q.kind in ("count", "thing") and not q.period and q.value >= 2]
    amounts = [q for q in own if q.kind in _AMOUNTS and not q.bare.same_dimension(_H)]
    if len(counts) != 1 or len(amounts) != 2:
        return
    (many,), (each, whole) = counts, amounts
    if (
        not each.bare.same_dimension(whole.bare)
        or each.period != whole.period
        or many.start > whole.start
    ):
        return
    told = _EACH.search(text[many.start : each.start]) or re.match(
        r"\s?(?:each|apiece)\b", text[each.end : each.end + 9]
    )
    if not told or not (
        _TOGETHER.search(text[each.end : whole.start])
        or _TOGETHER.search(text[whole.end : whole.end + 20])
    ):
        return
    unit = whole.bare
    value = many.value * each.value * each.bare.factor_to(unit)
    made = _compared((each, many), replace(whole, unit=unit), unit, value, slack_of((each, many)))
    if made is not None:
        yield replace(made, whole=whole)


_EACH_ZH = re.compile(r"每(?P<what>[\u4e00-\u9fff])[^0-9，。；,;]{0,6}\Z")
_EACH_EN = re.compile(r"(?:\s[a-z]+){0,3},?\s(?:each|every one)\b[^0-9.;,]{0,30}\Z", re.IGNORECASE)


def _every_one(text: str, shown: str, own: Sequence[Quantity]) -> Iterator[Between]:
    """8万亩，每亩吸收0.6吨，吸收4.8万吨; 62,000 of them, each binding 22 kilograms, offset 1,364 tonnes.

    Without a word that adds up it is told as wrong only where the digits agree and the point does not.
    """
    del shown
    for many, each in itertools.pairwise(own):
        if (
            each.kind not in _AMOUNTS
            or each.is_range
            or many.is_range
            or many.kind in ("share", "times")
        ):
            continue
        printed = number_at(many.text)
        if printed is None or printed.value < 2 or not each.value > 0:
            continue
        gap = text[many.end : each.start]
        named = _EACH_ZH.search(gap)
        if not (
            (named and named["what"] in text[many.start : many.end + 2]) or _EACH_EN.fullmatch(gap)
        ):
            continue
        bare = each.bare
        if each.count and f"/{each.count}" in bare.text:
            bare = bare * Unit(each.count)
        for whole in own:
            if (
                whole.start <= each.start
                or whole.kind != each.kind
                or whole.is_range
                or whole.count
                or whole.role == "from"
            ):
                continue
            unit = _carbonless(whole.bare)
            if not _carbonless(bare).same_dimension(unit) or (
                each.period and whole.period and each.period != whole.period
            ):
                continue
            value = printed.value * each.value * _carbonless(bare).factor_to(unit)
            ratio = whole.value / value if value else 0.0
            slack = 0.03 + slack_of((each, whole))
            power = round(math.log10(ratio)) if ratio > 0 else 0
            if abs(ratio - 1) <= slack:
                yield Between((many, each), whole, ratio, verdicts.REPRODUCES)
            elif (
                power
                and abs(power) <= 4
                and abs(ratio / 10.0**power - 1) <= 0.01
                and whole.hedge in ("none", "about", "exact")
            ) or (
                _TOGETHER.search(text[each.end : whole.start])
                and 0.2 < ratio < 5
                and whole.hedge in ("none", "about", "exact")
            ):
                yield Between((many, each), whole, ratio, verdicts.INCONSISTENT)
            break


def _years_of(text: str, shown: str, own: Sequence[Quantity]) -> Iterator[Between]:
    """14 million a year for fifteen years, 210 million altogether."""
    if not _TOGETHER.search(shown):
        return
    times = [q for q in own if q.kind == "amount" and q.unit.same_dimension(_H) and not q.period]
    for each, whole in itertools.permutations([q for q in own if q.kind in _AMOUNTS], 2):
        if (
            not each.period
            or (whole.period and whole.firm)
            or whole.start < each.end
            or len(times) != 1
        ):
            continue
        if not each.bare.same_dimension(whole.bare) or not _TOGETHER.search(
            text[each.end : whole.start] + " " + text[whole.end : whole.end + 20]
        ):
            continue
        if any(
            each.end < q.start < whole.start and q.bare.same_dimension(whole.bare)
            for q in own
            if q.kind in _AMOUNTS
        ):
            continue  # the sum is the first one told
        made_unit = each.unit * times[0].unit
        if not made_unit.same_dimension(whole.bare):
            continue
        value = each.value * times[0].value * made_unit.factor_to(whole.bare)
        made = _compared((each, times[0]), whole, whole.bare, value, slack_of((each,)))
        if made is not None:
            yield made


# ---- growth ------------------------------------------------------------------------------------------------


def _growth(text: str, shown: str, own: Sequence[Quantity]) -> Iterator[Between]:
    """From 1.9 GW to 2.6 GW, a rise of 37 percent: one change of one thing, and its share."""
    ends = [q for q in own if q.kind in (*_AMOUNTS, "count")]
    first = [q for q in ends if q.role == "from"]
    last = [q for q in ends if q.role == "to"]
    yield from _multiplied(text, own)
    shares = [q for q in own if q.kind == "share"]
    up_from = (
        len(first) == 1
        and not last
        and len(ends) == 2
        and len(shares) == 1
        and ends[0] is not first[0]
    )
    if (
        up_from
        and _COMPARED_WITH.search(text[ends[0].end : first[0].start])
        and shares[0].start > first[0].end
    ):
        last = [ends[0]]  # 21.9, up 20 percent on the 18.2 of last year
    if len(first) != 1 or len(last) != 1 or len(shares) != 1 or len(ends) != 2:
        return
    a, b, share = first[0], last[0], shares[0]
    if (
        not share.change
        or not a.unit.same_dimension(b.unit)
        or not a.value
        or a.is_range
        or b.is_range
    ):
        return
    if re.match(
        r"\s?(?:an?|per|each|every)\s(?:year|month)|\s?(?:annually|yearly|a head|per)\b",
        text[share.end : share.end + 14],
    ) or re.search(r"\b(?:annual|yearly|average|compound)|年均|平均", shown, re.IGNORECASE):
        return
    if _BREAK_CLAUSE.search(text[min(b.end, share.end) : max(b.start, share.start)]):
        return
    ratio = b.value * b.unit.factor_to(a.unit) / a.value
    value = abs(ratio - 1) * 100
    made = _compared(
        (a, b),
        share,
        Unit("%"),
        value,
        min(0.3, slack_of((a, b)) * ratio / abs(ratio - 1)) if ratio != 1 else 0.0,
    )
    if made is not None:
        yield replace(made, sign="→")


def _multiplied(text: str, own: Sequence[Quantity]) -> Iterator[Between]:
    """Doubled, from 4 to 6 percent: one change of one thing, and how many times."""
    first, last, times = (
        [q for q in own if q.role == role and q.kind != "times"] for role in ("from", "to", "none")
    )
    times = [q for q in own if q.kind == "times" and q.noun != "PUE"]
    if len(first) != 1 or len(last) != 1 or len(times) != 1:
        return
    a, b, many = first[0], last[0], times[0]
    if (
        a.kind != b.kind
        or a.kind not in (*_AMOUNTS, "count", "share")
        or not a.unit.same_dimension(b.unit)
        or a.is_range
        or b.is_range
    ):
        return
    if (
        not a.value > 0
        or not b.value > 0
        or many.is_range
        or not many.value > 0
        or abs(many.start - b.start) > 90
    ):
        return
    if _BREAK_CLAUSE.search(
        text[min(b.end, many.end) : max(b.start, many.start)]
    ) or many.hedge not in ("none", "about", "exact"):
        return
    ratio = b.value * b.unit.factor_to(a.unit) / a.value
    told = [many.value, 1 / many.value] + ([many.value + 1] if many.text.endswith("倍") else [])
    off = min((t / ratio for t in told), key=lambda x: abs(math.log(x)))
    slack = 0.05 + slack_of((a, b)) + min(slack_of((many,)), 0.1)
    if abs(off - 1) <= slack:
        yield Between((a, b), many, off, verdicts.REPRODUCES, "→")
    elif 0.1 < off < 10:
        yield Between((a, b), many, off, verdicts.INCONSISTENT, "→")


_COMPARED_WITH = re.compile(
    r"[,，]\s?(?:同?比|较)[^0-9，。；]{0,10}|,\s(?:up|down) from [^0-9.;,]{0,24}|,\s(?:compared (?:with|to)|against) [^0-9.;,]{0,24}",
    re.IGNORECASE,
)
_BREAK_CLAUSE = re.compile(r"[;；。]|\b(?:while|whereas|but|although)\b|而")


# ---- parts and wholes --------------------------------------------------------------------------------------

_OF_START = re.compile(
    r"(?<!instead)(?<!because)(?:(?:\A|[\s\"“(])(?:of|out of|among))\s(?:the |its |their |all )?\Z",
    re.IGNORECASE,
)
_AS_SHARE = re.compile(
    r"[^0-9;:。；]{0,100}(?:[,，(]\s?(?:or|that is|i\.e\.|which|a|nearly|about|some|just|即|占|也就是)?|\bor\b|\bas\b)[^0-9.;:。；]{0,70}",
    re.IGNORECASE,
)


def _of_so_many(text: str, shown: str, own: Sequence[Quantity]) -> Iterator[Between]:
    """Of 3,100 residents 1,240 were in favor, 45 percent; 40 of the 100 sites, 39 percent."""
    shares = [q for q in own if q.kind == "share" and not q.change and not q.is_range]
    counted = [
        q
        for q in own
        if q.kind in ("count", "thing", "number", "amount", "money") and not q.is_range
    ]
    if not counted or not shares:
        return
    wholes = [
        q for q in counted if _OF_START.search(text[max(q.sentence[0], q.start - 24) : q.start])
    ]
    if len(wholes) != 1 or len(shares) != 1:
        return
    whole, share = wholes[0], shares[0]
    front = (
        text[whole.sentence[0] : whole.start]
        .strip(' "“')
        .lower()
        .startswith(("of", "out of", "among"))
    )
    parts = [
        q
        for q in counted
        if q is not whole
        and q.value
        and _alike(q, whole)
        and (q.start > whole.end if front else 0 < whole.start - q.end < 24)
    ]
    if not parts or not whole.value or any(p.value > whole.value for p in parts):
        return
    last = max(whole.end, *(p.end for p in parts if p.start < share.start), 0)
    gap = text[last : share.start]
    if share.start < last or not _AS_SHARE.fullmatch(gap) or len(gap) > (120 if front else 40):
        return
    if (
        any(last <= q.start < share.start for q in own)
        or len(parts) > 2
        or share.value * share.unit.factor_to(PLAIN) > 1
    ):
        return
    known = [p.value * _factor(p, whole) / whole.value for p in parts]
    half = share.half / 100 + 0.006 if share.unit.text == "%" else 0.02
    said = share.value * share.unit.factor_to(PLAIN)
    fits = any(abs(said - x) <= half or abs(said - (1 - x)) <= half for x in known)
    near = min(known, key=lambda x: abs(x - said))
    yield Between(
        (parts[0], whole),
        share,
        said / near,
        verdicts.REPRODUCES if fits else verdicts.INCONSISTENT,
        "/",
    )


def _alike(a: Quantity, b: Quantity) -> bool:
    if a.kind in ("number", "thing") and b.kind in ("count", "thing", "number"):
        return True
    return a.kind == b.kind and a.unit.same_dimension(b.unit)


def _factor(a: Quantity, b: Quantity) -> float:
    return a.unit.factor_to(b.unit) if a.unit.same_dimension(b.unit) else 1.0


_OF_THEM = re.compile(r"\s(?:of|among) (?:them|these|those|which|whom)\b", re.IGNORECASE)


def _more_than_all(text: str, said: Sequence[Quantity]) -> Iterator[Between]:
    """71 of them, of 62 households: a part larger than its whole."""
    for i, part in enumerate(said):
        if part.kind not in ("count", "thing", "number") or part.is_range:
            continue
        if not _OF_THEM.match(text, part.start + len(part.text)) and not _OF_THEM.search(part.text):
            continue
        whole = next(
            (
                q
                for q in reversed(said[max(0, i - 4) : i])
                if q.kind in ("count", "thing") and not q.period
            ),
            None,
        )
        if whole is None or part.start - whole.end > 320 or not whole.value:
            continue
        if _BREAK_CLAUSE.search(text[whole.end : part.start]) and whole.sentence == part.sentence:
            continue  # a charge is 50 prompts, whereas a kettle pays for 250 of them
        if part.value > whole.high * 1.0001:
            yield Between((whole,), part, part.value / whole.value, verdicts.INCONSISTENT)


_SHARE_OF = re.compile(r"\s?of (?:the|its|their|all)\b|的", re.IGNORECASE)
_TAKES = re.compile(
    r"\b(?:swallow|use|take|consume|drink|draw|need|claim|absorb|divert|account|be|is|are|equal)(?:s|ing|ed|n)?\b(?: for| to)?[^.;,0-9]{0,20}\Z|[占用耗取达为][^，。；0-9]{0,6}\Z",
    re.IGNORECASE,
)


def _share_of_flows(text: str, said: Sequence[Quantity]) -> Iterator[Between]:
    """13,800 cubic meters a day, of a river of 207,000 a day: the one share that the paragraph then draws."""
    for i, share in enumerate(said):
        if (
            share.kind != "share"
            or share.change
            or share.is_range
            or share.hedge not in ("none", "about")
        ):
            continue
        if not _SHARE_OF.match(text, share.end) or not _TAKES.search(
            text[max(share.sentence[0], share.start - 48) : share.start]
        ):
            continue
        if any(
            q is not share and q.sentence == share.sentence for q in said[max(0, i - 3) : i + 4]
        ):
            continue
        start = max(text.rfind("\n", 0, share.start), share.start - 700)
        flows = [
            q
            for q in said[max(0, i - 8) : i]
            if q.start > start and q.kind == "amount" and q.period and not q.is_range
        ]
        if any(q.kind == "share" for q in said[max(0, i - 8) : i] if q.start > start):
            continue
        alike = [q for q in flows if flows and q.unit.text == flows[-1].unit.text]
        if len(alike) != 2 or not all(q.value > 0 for q in alike):
            continue
        a, b = sorted(alike, key=lambda q: q.value)
        known, told = a.value / b.value, share.value * share.unit.factor_to(PLAIN)
        slack = slack_of((a, b)) + slack_of((share,)) + 0.02
        if abs(told / known - 1) <= slack:
            yield Between((a, b), share, told / known, verdicts.REPRODUCES, "/")
        elif 0.2 < told / known < 5 and abs(told / (1 - known) - 1) > slack:
            yield Between((a, b), share, told / known, verdicts.INCONSISTENT, "/")


# ---- a day's and a year's ----------------------------------------------------------------------------------

_A_HEAD = re.compile(
    r"人均|户均|每[人户]|\b(?:each|per (?:head|person|household|capita)|a head|apiece)\b",
    re.IGNORECASE,
)
_PERIOD_H = {"d": 24.0, "a": 8760.0, "month": 730.0, "week": 168.0, "h": 1.0}
_EVERY_DAY = re.compile(
    r"\b(?:every (?:single )?day|each day|a day|per day|daily|an hour|per hour|every hour|a week|a month|every month)\b|每天|每日|日均|日|每月|每小时",
    re.IGNORECASE,
)


def _day_and_year(text: str, shown: str, own: Sequence[Quantity]) -> Iterator[Between]:
    """5,200 liters on every day of the year, and 520,000 a year: two numbers of one sentence, for two periods of one thing."""
    flows = [q for q in own if q.kind in _AMOUNTS and q.period in _PERIOD_H and not q.is_range]
    if len(flows) > 2:  # beside what is for one of something
        flows = [q for q in flows if not (q.count or q.counts)]
    if len(flows) != 2 or flows[0].period == flows[1].period:
        return
    a, b = flows
    if not a.bare.same_dimension(b.bare) or not a.unit.same_dimension(b.unit) or a.count != b.count:
        return
    if any(
        q is not a
        and q is not b
        and q.kind in _AMOUNTS
        and q.bare.same_dimension(a.bare)
        and not (q.count or q.counts)
        and q.start > a.start
        for q in own
    ):
        return
    if (
        a.role
        or b.role
        or (
            (a.change or b.change) and not a.bare.same_dimension(Unit("m3"))
        )  # what evaporates is no loss
        or (
            _BREAK_CLAUSE.search(text[a.end : b.start])
            and not re.search(r"[;；]", text[a.end : b.start])
        )
    ):
        return
    if not _EVERY_DAY.search(shown) or re.search(
        r"\bpeak|\bup to\b|\bat most\b|峰值|最[大高]", shown, re.IGNORECASE
    ):
        return
    short, long = (a, b) if _PERIOD_H[a.period] < _PERIOD_H[b.period] else (b, a)
    value = short.value * short.unit.factor_to(long.unit)
    ratio = long.value / value if value else 0.0
    slack = slack_of((a, b))
    # the second is what is made of the first
    told = ratio if long is b or not ratio else 1 / ratio
    if 1 - slack - 0.05 <= ratio <= 1 + slack + 0.05:
        yield Between((a,), b, told, verdicts.REPRODUCES)
    elif not 0.55 <= ratio <= 1.25 and not _A_HEAD.search(
        shown
    ):  # in between it may stand still at times
        yield Between((a,), b, told, verdicts.INCONSISTENT)
