"""How is a figure written down for a person? Rounded value, unit, range, boundary, kind; and its tree."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from taotie.quantity import unit as units
from taotie.quantity.evaluation import topological
from taotie.quantity.node import Node
from taotie.quantity.unit_word import unit_word
from taotie.words.again import said_again
from taotie.words.language import _, language
from taotie.words.listing import listing
from taotie.words.said import Said, in_each_language

# never mWh: readers take it for MWh
_LADDERS = (
    ("Wh", "kWh", "MWh", "GWh", "TWh"),
    ("W", "kW", "MW", "GW", "TW"),
    ("gCO2e", "kgCO2e", "tCO2e", "ktCO2e", "MtCO2e"),
)

# Chinese counts in steps of ten thousand
_LARGE = {
    "en": ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")),
    "zh": ((1e12, "万亿"), (1e8, "亿"), (1e4, "万")),
}


def number(value: float, digits: int = 2, zeros: bool = False) -> str:
    """`value` with at least `digits` significant digits, thin groups of thousands.

    Zeros at the end of more than two digits are dropped unless `zeros` are asked for.

    Examples
    --------
    >>> number(0.04567), number(134.2, 3), number(1287.4, 4), number(2.0e8)
    ('0.046', '134', '1 287', '200 million')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value + 0.0:g}"  # no minus before a zero
    size = abs(value)
    if size >= 1e15 or size < 1e-4:
        mantissa, exponent = f"{value:.{max(digits, 2) - 1}e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    if size >= 1e6:
        for limit, word in _LARGE[language()]:
            if size >= limit:
                scaled = value / limit
                return f"{_rounded(scaled, digits if zeros else max(digits, 3), zeros)} {word}"
    return _rounded(value, digits, zeros)


@lru_cache(maxsize=256)
def counted(low: float, high: float | None = None) -> Said:
    """A count, or the range of one, in the magnitudes of each language.

    Examples
    --------
    >>> counted(70.6e9).text("en"), counted(79e9, 1.8e12).text("en"), counted(79e9, 1.8e12).text("zh")
    ('70.6 billion', '79 billion to 1.8 trillion', '790 亿 至 1.8 万亿')
    """
    values = (low,) if high is None or high == low else (low, high)
    return Said(
        "count", "", {}, in_each_language(lambda: f" {_('to')} ".join(number(v, 3) for v in values))
    )


def _rounded(value: float, digits: int, zeros: bool) -> str:
    value = float(f"{value:.12g}")  # 120.74999999999999 is 120.75, an artefact of arithmetic
    places = digits - 1 - math.floor(math.log10(abs(value)))
    if 1e3 <= abs(value) < 1e4 and digits <= 3:
        places = -1  # three digits are more than most ranges allow
    rounded = round(value, places) if places < 0 and abs(value) >= 1e3 else value
    text = f"{rounded:,.{max(places, 0)}f}".replace(",", " ")
    if "." in text and digits > 2 and not zeros:
        text = text.rstrip("0").rstrip(".")
    return text


MOST_DIGITS = 4
"""Digits of a value with a range, however narrow the range is."""


def within(middle: float, low: float, high: float) -> tuple[str, str, str]:
    """A value and the ends of its range, none with more digits than the range allows.

    The last digit printed is that of half the width of the range, but two digits are always printed and never more
    than `MOST_DIGITS`. Of a range about zero both ends and the middle share one last digit.

    Examples
    --------
    >>> within(262.3, 201.2, 358.8), within(1.0912, 1.0811, 1.1004)
    (('260', '200', '360'), ('1.091', '1.081', '1.100'))
    >>> within(0.012, -4.1, 5.2), within(114.63, 112.4, 118.0)
    (('0', '-4.1', '5.2'), ('115', '112', '118'))
    """
    half = 0.5 * abs(high - low)
    if not all(map(math.isfinite, (middle, low, high))):
        return number(middle), number(low), number(high)
    last = math.floor(math.log10(float(f"{half:.3g}"))) if half else -math.inf
    zero_inside = low < 0 < high
    a, b, c = (_at(v, last, zero_inside) for v in (middle, low, high))
    return a, b, c


def _at(value: float, last: float, zero_inside: bool) -> str:
    """`value` with no digit beyond the power of ten `last`, unless it is among its first two."""
    if not value:
        return "0"
    first = math.floor(math.log10(abs(value)))
    place = last - 1 if zero_inside else min(last, first - 1)
    place = int(max(place, first - MOST_DIGITS + 1))
    rounded = round(float(f"{value:.12g}"), -place)
    if not rounded:
        return "0"
    # 99.96 became 100.0
    first = math.floor(math.log10(abs(rounded)))
    return number(rounded, max(first - place + 1, 2), zeros=True)


def ends(low: float, high: float) -> tuple[str, str]:
    """Both ends of a range, with no more digits than the range allows.

    Examples
    --------
    >>> ends(112.4, 349.3), ends(349.0, 2412.0), ends(112.4, 118.0)
    (('110', '350'), ('350', '2 400'), ('112', '118'))
    """
    _middle, first, last = within(low, low, high)
    return first, last


def middle_text(figure: Node) -> str:
    """The median of a figure, with no more digits than its range allows; see `certain_text` for one without."""
    value = figure.value
    if value.certain:
        return certain_text(value.p50)
    return within(value.p50, value.p05, value.p95)[0]


def mean_text(figures: Sequence[Node]) -> str:
    """The mean of figures that run together, sample by sample, with the digits that its range allows; no unit."""
    import numpy as np

    total = np.add.reduce([np.asarray(figure.samples) for figure in figures])
    if total.ndim == 0 or total.min() == total.max():
        return number(float(total.flat[0]))
    low, high = np.quantile(total, [0.05, 0.95])
    return within(float(total.mean()), float(low), float(high))[0]


_LOW_MIDDLE_HIGH = (("p05", "p50", "p95"), ("low", "middle", "high"), ("low", "energy", "high"))


def ranges_in(names: Sequence[str]) -> list[tuple[int, int, int]]:
    """Where among the columns of a table the middle and the ends of a range stand, as (middle, low, high).

    Columns of more than three percentiles are a distribution, no range of doubt.

    Examples
    --------
    >>> ranges_in(["area", "p05_mw", "p50_mw", "p95_mw"]), ranges_in(["p05", "p25", "p50", "p95"])
    ([(2, 1, 3)], [])
    """
    at = {name: i for i, name in enumerate(names)}
    found = []
    for low, middle, high in _LOW_MIDDLE_HIGH:
        for tail in {name.removeprefix(low) for name in names if name.startswith(low)}:
            three = (middle + tail, low + tail, high + tail)
            others = [n for n in names if re.fullmatch(rf"p\d\d{re.escape(tail)}", n)]
            if all(name in at for name in three) and len(others) <= 3:
                found.append((at[three[0]], at[three[1]], at[three[2]]))
    return found


def texts_of_ranges(names: Sequence[str], row: Sequence[Any]) -> dict[int, str]:
    """The cells of a row that are the middle or an end of a range, as printed, by their place in the row."""
    texts: dict[int, str] = {}
    for three in ranges_in(names):
        values = [row[i] for i in three]
        if all(isinstance(v, float) and math.isfinite(v) for v in values):
            texts |= dict(zip(three, within(*values), strict=True))
    return texts


def percent(share: float) -> str:
    """A share as printed, without the sign; never 0 or 100 unless it is."""
    value = 100 * share
    if abs(value) < 0.995:
        return f"{value:.2g}"
    if 99.95 <= value < 100:
        return "> 99.9"
    return f"{value:.1f}".removesuffix(".0")


def readable(figure: Node) -> Any:
    """The same figure in the prefix that makes its median a number of ordinary size."""
    if figure.unit == "1" and "share" in figure.key:
        return figure.to("%")  # a share is told in per cent
    head, slash, tail = figure.unit.partition("/")
    for ladder in _LADDERS:
        if head in ladder:
            size = abs(figure.p50)
            for candidate in ladder:
                scaled = size * units.factor(head, candidate)
                if scaled < 1000 or candidate == ladder[-1]:
                    if scaled < 0.01 and candidate == ladder[0]:
                        return figure
                    return figure.to(candidate + slash + tail)
    return figure


def kind_word(kind: str) -> str:
    """The kind of a figure in the language in force."""
    return {
        "measured": _("measured"),
        "modelled": _("modelled"),
        "estimated": _("estimated"),
        "forecast": _("forecast"),
        "assumed": _("assumed"),
        "defined": _("defined"),
    }[kind]


def boundary_word(level: str | None) -> str:
    """A boundary in the language in force."""
    return {
        None: "",
        "accelerator": _("accelerator"),
        "server": _("server"),
        "facility": _("facility"),
        "grid": _("grid"),
    }[level]


def bound_word(bound: str) -> str:
    """How a published value bounds the truth, in the language in force."""
    return {
        "": "",
        "at_most": _("at most"),
        "at_least": _("at least"),
        "mean": _("a mean"),
        "median": _("a median"),
        "central": _("a central value"),
        "measured": _("a measurement"),
        "forecast": _("a forecast"),
    }.get(bound, bound)


def bound_text(figure: Any) -> str:
    """ "at most " or "at least " before a value that only bounds the truth, in the language in force."""
    return f"{bound_word(figure.bound)} " if figure.bound in ("at_most", "at_least") else ""


def certain_text(value: float) -> str:
    """A value without a range: a whole number below a million in all its digits, else four of them.

    Examples
    --------
    >>> certain_text(16384.0), certain_text(114.6312)
    ('16 384', '114.6')
    """
    if abs(value) < 1e6 and math.isclose(value, round(value)):
        return f"{round(value):,}".replace(",", " ")
    return number(value, 4)


TINY_PERCENT = 0.001


def tiny_share(figure: Node) -> bool:
    """Is it a share so small that its digits say nothing? Told as below `TINY_PERCENT`. [%]"""
    return figure.unit == "%" and figure.value.p50 > 0 and figure.value.p95 < TINY_PERCENT


def middle_and_range(figure: Node) -> tuple[str, str]:
    """Median and 90 % range as printed, without the unit; no range where there is none to tell."""
    value = figure.value
    if tiny_share(figure):
        return f"< {TINY_PERCENT:g}", ""
    if value.certain:
        return certain_text(value.p50), ""
    middle, low, high = within(value.p50, value.p05, value.p95)
    return middle, f"{low} {_('to')} {high}"


def value_text(figure: Node) -> str:
    """Median and 90 % range with unit, such as ``2.1 Wh/request [0.9 to 4.4]``."""
    middle, spread = middle_and_range(figure)
    shown = f"{middle} {unit_word(figure.unit)}".rstrip()
    return f"{shown} [{spread}]" if spread else shown


def text(figure: Node) -> str:
    """One line: value, range, unit, boundary, kind."""
    tail = listing(w for w in (boundary_word(figure.boundary), kind_word(figure.kind)) if w)
    return f"{bound_text(figure)}{value_text(figure)} {tail}"


def origin(figure: Node) -> str:
    """Where a leaf comes from, in one line."""
    if figure.source is not None:
        access = {
            "read": _("read"),
            "quoted": _("quoted, page not opened"),
            "memory": _("from memory, to be looked up"),
        }[figure.source.access]
        place = f", {figure.locator}" if figure.locator else ""
        return f"[{figure.source.key}{place}; {access}]"
    if figure.kind == "defined":
        return _("[definition]")
    return f"[{kind_word(figure.kind)}: {note_text(figure)}]"


def note_text(figure: Node) -> str:
    """The note of a figure in the language in force, where it is one of our own."""
    return said_again(figure.note)


def tree(figure: Node, depth: int | None = None, elsewhere: Collection[str] = frozenset()) -> str:
    """The figures behind `figure` as an indented tree; a figure met again is not unfolded again.

    With `depth`, only so many levels; a line that ends in "..." has more behind it. Figures whose content hash is
    in `elsewhere` have a tree of their own on the same page: they are named, not unfolded.
    """
    uses = Counter(id(p) for node in topological(figure) for p in node.parents)
    lines: list[str] = []
    seen: set[str] = set()
    stack: list[tuple[Node, str, str, int]] = [(figure, "", "", 0)]
    while stack:  # a loop: trees may be deep
        node, first, rest, level = stack.pop()
        head = (node.label and node.name) or node.key
        equals = f"{head} = " if head else ""
        if node.is_leaf:
            lines.append(f"{first}{equals}{text(node)} {origin(node)}")
            continue
        shown = text(node)
        while _is_relabelled(node):
            node = node.parents[0]
        if node.content_hash in seen:
            lines.append(f"{first}{equals}{shown}  <- {node.formula}  ({_('see above')})")
            continue
        if level and node.content_hash in elsewhere:
            lines.append(f"{first}{equals}{shown}  ({_('see its own row')})")
            continue
        cut = depth is not None and level >= depth
        lines.append(f"{first}{equals}{shown}  <- {node.formula}{' ...' if cut else ''}")
        if cut:
            continue
        seen.add(node.content_hash)
        parents = _operands(node, uses)
        for i, parent in reversed(list(enumerate(parents))):
            last = i == len(parents) - 1
            stack.append(
                (
                    parent,
                    rest + ("└─ " if last else "├─ "),
                    rest + ("   " if last else "│  "),
                    level + 1,
                )
            )
    return "\n".join(lines)


def _is_relabelled(node: Node) -> bool:
    """Is it an unnamed figure in another unit? Such a change is no step worth a line."""
    if node.operation != "scale" or node.parameters["factor"] <= 0:
        return False
    return not node.parents[0].key and not node.parents[0].is_leaf


def _operands(node: Node, uses: Counter[int]) -> list[Node]:
    """Parents; those of a + b + c side by side, not as a sum within a sum."""
    found: list[Node] = []
    stack = list(reversed(node.parents))
    while stack:
        parent = stack.pop()
        inner = not parent.key and parent.operation == node.operation and uses[id(parent)] == 1
        if inner and node.operation in ("add", "mul") and parent.boundary == node.boundary:
            stack.extend(reversed(parent.parents))
        else:
            found.append(parent)
    return found
