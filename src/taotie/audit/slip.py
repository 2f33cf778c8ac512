"""Which slip would explain a wrong number? MW for MWh, a lost factor of 1000, day for year, 万 for 亿, pounds for kilograms.

A slip is a known factor (or a change of dimension) between the stated and the recomputed value, taken only where the
words and units around the numbers make it plausible. It is a suggestion, never the reason for a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from taotie.audit.formula import Recomputed
from taotie.audit.formula_text import Node
from taotie.audit.verdict import HARMLESS, Stated, printed_finding
from taotie.audit.wording import duration, interval, number, prefixed, quantity, readable
from taotie.quantity import unit as physical_units
from taotie.quantity.unit_text import Unit
from taotie.words import patterns as re
from taotie.words.language import _

SLIPS = (
    "power_energy", "period_added", "count_lost", "currency", "dimension", "thousand", "number_word", "per_thousand", "token_scale", "long_scale",
    "du", "wan_yi", "day_year", "period", "pound_kilogram", "joule_watt_hour", "bit_byte", "percent", "decimal",
)  # fmt: skip
LB_PER_KG = 1 / 0.45359237
_CJK_NUMBERS = frozenset("十百千万亿")
_SCALE_WORDS = frozenset({"billion", "bn", "milliard", "trillion", "tn", "quadrillion"})
COUNTED = ("request", "inference", "image", "video", "token", "server", "accelerator", "household", "person", "site")  # fmt: skip
FIT = 0.05
_HAN = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Slip:
    """A likely slip.

    Attributes
    ----------
    kind : str
        One of `SLIPS`.
    factor : float
        Stated over right value; 0 where the dimension differs.
    """

    kind: str
    factor: float = 0.0


@dataclass(frozen=True)
class Context:
    """The words around the two numbers."""

    says: str = ""
    given: str = ""
    words: Sequence[str] = ()
    literals: Sequence[Node] = ()
    per: str = ""

    @property
    def text(self) -> str:
        """Everything that was written."""
        return f"{self.says} {self.given} {self.per}"

    @property
    def number_words(self) -> set[str]:
        """Number words of the statement and of the formula."""
        return {*self.words, *(w for node in self.literals for w in node.words)}


def likely_slip(stated: Stated, recomputed: Recomputed, context: Context) -> Slip | None:
    """The most plausible slip between the two, or None: one that makes the number fit once it is undone.

    Examples
    --------
    >>> from taotie.audit.formula import evaluated
    >>> likely_slip(Stated(42, 42, Unit("MWh"), 0.5), evaluated("1e5 * 700 W * 0.61"), Context()).kind
    'power_energy'
    """
    if not stated.unit.same_dimension(recomputed.unit):
        return Slip(_dimension_slip(stated.unit, recomputed.unit))
    c = recomputed.to(stated.unit)
    if not c.value or not stated.value or stated.value / c.value <= 0:
        return None
    ratio = stated.value / c.value
    for kind, factor in _candidates(stated, recomputed, context, ratio):
        if abs(ratio / factor - 1) <= 0.6 and fits(stated.scaled(1 / factor), recomputed):
            return Slip(kind, factor)
    return None


def fits(stated: Stated, recomputed: Recomputed) -> bool:
    """Does the number agree within its printed precision, whatever its hedge?"""
    if not stated.unit.same_dimension(recomputed.unit):
        return False
    plainly = replace(stated, hedge="none") if stated.hedge in ("exact",) else stated
    found = printed_finding(plainly, recomputed)
    near = (found.ratio is not None and abs(found.ratio - 1) <= FIT) or stated.is_range
    return found.verdict in HARMLESS and (near or stated.hedge in ("at_least", "at_most", "nearly"))


def period_missing(stated: Stated, recomputed: Recomputed) -> str:
    """The period a total would have to be said for to be what the inputs give; empty where none does.

    MWh for MW is no lost period but the unit mixed up: an hour is left out for energies.
    """
    for name in ("d", "week", "month", "a", "h", "min", "s"):
        own = stated.unit / Unit(name)
        if own.same_dimension(Unit("W")) and name in ("h", "min", "s"):
            continue
        if own.same_dimension(recomputed.unit) and fits(replace(stated, unit=own), recomputed):
            return name
    return ""


def undone(stated: Stated, recomputed: Recomputed) -> str:
    """Which lost or added time or count would make a statement of another dimension fit; empty if none does.

    Examples
    --------
    >>> from taotie.audit.formula import evaluated
    >>> undone(Stated(860, 860, Unit("MWh/d"), 5), evaluated("860 MWh"))
    'period_added'
    >>> undone(Stated(40, 40, Unit("MWh"), 0.5), evaluated("860 MWh/d"))
    ''
    """
    target, own = recomputed.unit, stated.unit
    for name in ("d", "h", "week", "month", "a", "min", "s"):
        if (own * Unit(name)).same_dimension(target) and f"/{name}" in own.text + "/":
            bare = Stated(
                stated.low, stated.high, own * Unit(name), stated.tol, stated.hedge, stated.digits
            )
            if fits(bare, recomputed):
                power = any(target.same_dimension(Unit(u)) for u in ("W",))
                return "power_energy" if power else "period_added"
    for unit in (Unit("h"), Unit() / Unit("h")):
        moved = own * unit
        if moved.same_dimension(target):
            same = Stated(stated.low, stated.high, moved, stated.tol, stated.hedge, stated.digits)
            if any(fits(same.scaled(k), recomputed) for k in (1.0, 1e-3, 1e3)):
                return "power_energy"
    for hours in (24.0, 8760.0):
        if (own / Unit("h")).same_dimension(target) and fits(
            Stated(
                stated.low / hours,
                stated.high / hours,
                own / Unit("h"),
                stated.tol / hours,
                stated.hedge,
                stated.digits,
            ),
            recomputed,
        ):
            return "power_energy"
    for counted in COUNTED:
        for unit in (Unit(counted), Unit() / Unit(counted)):
            if (own * unit).same_dimension(target):
                same = Stated(
                    stated.low, stated.high, own * unit, stated.tol, stated.hedge, stated.digits
                )
                if fits(same, recomputed) or fits(same.scaled(1e-3), recomputed):
                    return "count_lost"
    return ""


# ---- another dimension -----------------------------------------------------------------------------


def _dimension_slip(stated: Unit, recomputed: Unit) -> str:
    over_time = stated / recomputed
    for unit in ("h", "1/h", "h**2", "1/h**2"):  # the last two: MW a year for MWh
        if over_time.same_dimension(Unit(physical_units.canonical(unit))):
            return "power_energy"
    for counted in COUNTED:
        one = Unit(counted)
        if over_time.same_dimension(one) or over_time.same_dimension(Unit() / one):
            return "count_lost"
    if (stated / recomputed).counted and physical_units.same_dimension(over_time.physical, "1"):
        return "count_lost"
    return "dimension"


# ---- a factor ----------------------------------------------------------------------------------------


def _candidates(
    stated: Stated, recomputed: Recomputed, context: Context, ratio: float
) -> Iterable[tuple[str, float]]:
    """Slips the words allow, the most telling first."""
    del ratio
    text = context.text
    words = context.number_words
    chinese = bool(words & _CJK_NUMBERS) or bool(_HAN.search(context.says))
    energy = _holds(stated.unit, "Wh")
    money = any(_holds(stated.unit, u) for u in ("USD", "EUR", "CNY", "GBP"))
    counted = (
        money
        or stated.unit.is_plain
        or any(stated.unit.same_dimension(Unit(c)) for c in (*COUNTED, "parameter"))
    )
    if _mass_around(stated.unit, text):
        for power in (0, 1, -1):
            for f in (LB_PER_KG, 1 / LB_PER_KG):
                yield "pound_kilogram", f * 1000.0**power
    for k in (1, -1, 2, -2, 3, -3):
        kind = _thousand_kind(stated, context, k)
        # money and counts have no prefix to mistake: a number word was
        yield ("number_word" if counted and kind in ("thousand", "du") else kind), 1000.0**k
    if chinese:
        for n in (4, -4, 8, -8, 1, -1, 2, -2, 5, -5, 7, -7):
            yield "wan_yi", 10.0**n
    if _time_around(stated.unit, text, recomputed.literals):
        yield from (("day_year", 365.0), ("day_year", 1 / 365.0))
        for hours in (8760.0, 24.0, 730.0, 365 / 12, 12.0, 7.0, 60.0):
            yield from (("period", hours), ("period", 1 / hours))
    if energy:
        for f in (3.6, 3600.0, 3.6e6, 3.6e-3):
            yield from (("joule_watt_hour", f), ("joule_watt_hour", 1 / f))
    if _holds(stated.unit, "B") or re.search(r"\b[KMGT]?(?:bit|Bps|bps|b/s)", text):
        yield from (("bit_byte", 8.0), ("bit_byte", 1 / 8.0))
    if "%" in text or "percent" in text or stated.unit.physical == "%":
        yield from (("percent", 100.0), ("percent", 0.01))
    for n in (1, -1, 2, -2):
        yield "decimal", 10.0**n


def _thousand_kind(stated: Stated, context: Context, k: int) -> str:
    """What a factor of 1000^k is called, by the words around it."""
    words = context.number_words
    if abs(k) == 1 and _per_thousand(stated.unit, context):
        return "per_thousand"
    tokens = _holds(stated.unit, "token") or "token" in context.text or "词元" in context.text
    if tokens and _token_numbers(stated, context):
        return "token_scale"
    if "度" in context.text:
        return "du"
    if abs(k) <= 2 and words & _SCALE_WORDS:
        return "long_scale"
    return "thousand"


def _per_thousand(unit: Unit, context: Context) -> bool:
    """Was something published per 1000 of what the statement counts?"""
    counts = [u for u in COUNTED if re.search(rf"/{u}(?:[/*]|$)", unit.text)]
    if not counts and not context.per:
        return False
    if re.search(r"(?:^|\D)1,?000(?:\.0*)?(?:\D|$)|1k\b|thousand|每千|一千", context.per):
        return True
    below = any(
        node.value in (1000.0, 0.001) and any(_holds(node.unit, c) for c in (*counts, "inference", "request", "image", "token"))
        for node in context.literals
    )  # fmt: skip
    said = re.search(r"(?:per|/|每|for)\s*(?:1,?000|thousand|千|一千)", context.text)
    return below or bool(said)


def _token_numbers(stated: Stated, context: Context) -> bool:
    """Does a number of tokens with a number word, or a power of ten, stand in it?"""
    if _holds(stated.unit, "token") and not stated.unit.text.endswith("/token"):
        return True
    return any(
        _holds(node.unit, "token") and (node.words or abs(node.value) >= 1e6)
        for node in context.literals
    ) or bool(
        re.search(
            r"(?:million|billion|trillion|百万|十亿|亿|万亿)\s*(?:tokens?|词元)", context.text
        )
    )


def _holds(unit: Unit, part: str) -> bool:
    """Is `part` a factor of the unit, above or below the line?"""
    pieces = re.split(r"[*/]", unit.physical)
    names = {re.sub(r"\*\*.*", "", p) for p in pieces if p and p != "1"}
    return any(
        name and physical_units.same_dimension(name, part) for name in names if name.isascii()
    )


def _mass_around(unit: Unit, text: str) -> bool:
    if _holds(unit, "g") or _holds(unit, "gCO2e"):
        return True
    return bool(re.search(r"\b(?:lbs?|pounds?|kgs?|kilograms?)\b|磅|公斤|千克", text))


def _time_around(unit: Unit, text: str, literals: Sequence[Node]) -> bool:
    if any(_holds(unit, u) for u in ("h", "W")) or any(_holds(n.unit, "h") for n in literals):
        return True
    return bool(re.search(r"\b(?:day|year|annual|daily|hour|month|week)|/d\b|/a\b|天|年|日", text))


# ---- in words ----------------------------------------------------------------------------------------


def slip_word(kind: str) -> str:
    """The slip in a few words, in the language in force."""
    return {
        "power_energy": _("power (MW) and energy (MWh) mixed up"),
        "period_added": _("a total told as if it were used in each day, hour or year"),
        "number_word": _("thousand, million, billion or trillion mixed up"),
        "count_lost": _('a "per" lost or added'),
        "currency": _("another currency"),
        "dimension": _("another quantity"),
        "thousand": _("a factor of 1000 in the unit prefix (kWh, MWh, GWh, TWh)"),
        "per_thousand": _('"per 1,000" lost or added'),
        "token_scale": _("million for billion tokens"),
        "long_scale": _("billion on the short and the long scale"),
        "du": _("度 is 1 kWh, not 1 Wh or 1 MWh"),
        "wan_yi": _("万 (10^4) and 亿 (10^8) mixed up"),
        "day_year": _("day for year"),
        "period": _("another period of time (hour, day, month, year)"),
        "pound_kilogram": _("pounds for kilograms"),
        "joule_watt_hour": _("joules for watt-hours"),
        "bit_byte": _("bits for bytes"),
        "percent": _("a share for a percentage"),
        "decimal": _("a shifted decimal point"),
    }[kind]


def slip_hint(slip: Slip | None, stated: Stated, recomputed: Recomputed) -> str:
    """What to write instead, in the language in force."""
    value, unit = readable(recomputed.value, recomputed.unit)
    right = quantity(value, unit, 3)
    if recomputed.has_range:
        shown = recomputed.to(unit)
        right = interval(shown.low, shown.high, unit, 3)
    if slip is None:
        return _("the inputs give {right}; no known slip explains the difference").format(
            right=right
        )
    if slip.kind == "period_added":
        return _("the inputs give {right} in all: leave the period out").format(right=right)
    if slip.kind == "power_energy":
        return _power_energy_hint(stated, recomputed, right)
    if slip.kind == "count_lost":
        return _(
            "the statement is in {stated}, the inputs give {right}: say per what it is"
        ).format(stated=stated.unit.text, right=right)
    if slip.kind == "currency":
        return _("the inputs give {right}: say the sum in that currency, or the rate").format(
            right=right
        )
    if slip.kind == "dimension":
        return _("{stated} is {dim_stated}, {right} is {dim_right}").format(
            stated=quantity(stated.value, stated.unit), right=right,
            dim_stated=stated.unit.dimension_word, dim_right=recomputed.unit.dimension_word,
        )  # fmt: skip
    c = recomputed.to(stated.unit)
    size = slip.factor if slip.factor >= 1 else 1 / slip.factor
    word = _("{n} times too large") if slip.factor >= 1 else _("{n} times too small")
    return _("likely {slip}: the stated value is {size}; write {right}").format(
        slip=slip_word(slip.kind), size=word.format(n=number(size, 3)),
        right=quantity(*prefixed(c.value, c.unit), 3),
    )  # fmt: skip


def _power_energy_hint(stated: Stated, recomputed: Recomputed, right: str) -> str:
    said = quantity(stated.value, stated.unit)
    ratio = stated.unit / recomputed.unit
    if any(recomputed.unit.same_dimension(Unit(u)) for u in ("h", "1/h")):
        return _("energy over power is a time: {right}").format(right=right)
    if ratio.same_dimension(Unit("h")):  # energy stated, power found
        hours = stated.value / recomputed.value * ratio.factor_to(Unit("h"))
        year, unit = readable(recomputed.value * 8760.0, recomputed.unit * Unit("h"))
        for name, length in ((_("a day"), 24.0), (_("a year"), 8760.0)):
            if abs(hours / length - 1) <= 0.05:
                return _(
                    "{right} is power; {said} is its energy of {name}: say the period, or write {right}"
                ).format(right=right, said=said, name=name)
        return _("{right} held for a year is {year}; {said} lasts {time} at that power").format(
            right=right, year=quantity(year, unit, 3), said=said, time=duration(abs(hours))
        )
    time = Unit() / ratio
    if not time.same_dimension(Unit("h")):  # 24 MW "a day", of 24 MWh
        return _("{stated} is {dim_stated}, {right} is {dim_right}").format(
            stated=said, right=right,
            dim_stated=stated.unit.dimension_word, dim_right=recomputed.unit.dimension_word,
        )  # fmt: skip
    hours = recomputed.value / stated.value * time.factor_to(Unit("h"))
    return _("{right} is energy; at {said} it takes {time}").format(
        right=right, said=said, time=duration(abs(hours))
    )
