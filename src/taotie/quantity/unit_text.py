"""Which unit does a text mean? English and Chinese words, things that are counted, and how they multiply.

Physical units are those of `quantity.unit`. A claims file may name further things it counts (a charge, a
round trip): they are dimensions of their own, so that a lost "per charge" fails like a lost "per server".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from taotie.errors import UnitError, nearest
from taotie.quantity import unit as physical_units
from taotie.quantity.number_text import ENGLISH_WORDS, number_at, plain
from taotie.words import patterns as re
from taotie.words.language import _

# Words people print -> (factor, unit of ours). One meaning each: `ton`, `mw` and `兆` alone are refused.
WORDS: dict[str, tuple[float, str]] = {
    "kwh": (1, "kWh"), "KWh": (1, "kWh"), "KWH": (1, "kWh"), "Kwh": (1, "kWh"), "kWhs": (1, "kWh"),
    "mwh": (1, "MWh"), "MWH": (1, "MWh"), "Mwh": (1, "MWh"), "gwh": (1, "GWh"), "GWH": (1, "GWh"),
    "twh": (1, "TWh"), "TWH": (1, "TWh"), "wh": (1, "Wh"), "WH": (1, "Wh"), "kw": (1, "kW"),
    "KW": (1, "kW"), "gw": (1, "GW"), "PWh": (1, "PWh"),
    "kilowatthour": (1, "kWh"), "megawatthour": (1, "MWh"), "gigawatthour": (1, "GWh"),
    "terawatthour": (1, "TWh"), "watthour": (1, "Wh"),
    "MMBtu": (293.07107, "kWh"), "BTU": (2.9307107e-4, "kWh"), "Btu": (2.9307107e-4, "kWh"),
    "answer": (1, "request"), "response": (1, "request"), "reply": (1, "request"),
    "question": (1, "request"), "search": (1, "request"), "message": (1, "request"), "queries": (1, "request"), "rps": (1, "request/s"), "qps": (1, "request/s"),
    "home": (1, "household"), "family": (1, "household"), "families": (1, "household"),
    "people": (1, "person"), "user": (1, "person"), "inhabitant": (1, "person"),
    "picture": (1, "image"), "card": (1, "accelerator"), "GPUs": (1, "accelerator"),
    "hr": (1, "h"), "hrs": (1, "h"), "sec": (1, "s"), "yr": (1, "a"), "yrs": (1, "a"),
    "lbs": (1, "lb"), "kgs": (1, "kg"), "litre": (1, "L"), "gallon": (3.785411784, "L"), "gal": (3.785411784, "L"), "gals": (3.785411784, "L"),
    "ha": (1e4, "m2"), "hectare": (1e4, "m2"), "acre": (4046.8564224, "m2"), "sqft": (0.09290304, "m2"), "ft2": (0.09290304, "m2"), "cm": (0.01, "m"),
    "therm": (29.307107, "kWh"), "tce": (8141.0, "kWh"), "kcal": (1.163e-3, "kWh"),
    "mile": (1.609344, "km"), "metre": (1, "m"), "kilometre": (1, "km"), "kilometer": (1, "km"), "gramme": (1, "g"), "kilogramme": (1, "kg"), "times": (1, "1"), "x": (1, "1"),
    "$": (1, "USD"), "US$": (1, "USD"), "dollar": (1, "USD"), "buck": (1, "USD"), "quid": (1, "GBP"), "€": (1, "EUR"), "euro": (1, "EUR"),
    "yuan": (1, "CNY"), "RMB": (1, "CNY"), "cent": (0.01, "USD"), "¥": (1, "CNY"),
    "gCO2": (1, "gCO2e"), "kgCO2": (1, "kgCO2e"), "tCO2": (1, "tCO2e"), "MtCO2": (1, "MtCO2e"),
    "lbCO2": (0.45359237, "kgCO2e"), "lbCO2e": (0.45359237, "kgCO2e"),
    "FLOPs": (1, "FLOP"), "flop": (1, "FLOP"), "flops": (1, "FLOP"),
    # Chinese
    "度电": (1, "kWh"), "度": (1, "kWh"), "千瓦时": (1, "kWh"), "千瓦小时": (1, "kWh"), "瓦时": (1, "Wh"),
    "兆瓦时": (1, "MWh"), "吉瓦时": (1, "GWh"), "太瓦时": (1, "TWh"), "毫瓦时": (1, "mWh"),
    "瓦": (1, "W"), "千瓦": (1, "kW"), "兆瓦": (1, "MW"), "吉瓦": (1, "GW"),
    "焦耳": (1, "J"), "焦": (1, "J"), "千焦": (1, "kJ"), "兆焦": (1, "MJ"),
    "次": (1, "request"), "次请求": (1, "request"), "次推理": (1, "inference"), "次搜索": (1, "request"),
    "张": (1, "image"), "张图": (1, "image"), "张图片": (1, "image"), "户": (1, "household"), "户家庭": (1, "household"),
    "人": (1, "person"), "台": (1, "server"), "台服务器": (1, "server"), "颗": (1, "accelerator"), "块": (1, "accelerator"),
    "颗芯片": (1, "accelerator"), "座": (1, "site"), "词元": (1, "token"), "克": (1, "g"), "千克": (1, "kg"),
    "公斤": (1, "kg"), "吨": (1, "t"), "磅": (1, "lb"), "升": (1, "L"), "立方米": (1, "m3"), "立方": (1, "m3"), "毫升": (1, "mL"), "加仑": (3.785411784, "L"),
    "平方米": (1, "m2"), "千伏安": (1, "kVA"), "兆伏安": (1, "MVA"), "平米": (1, "m2"), "平方公里": (1e6, "m2"), "公顷": (1e4, "m2"), "亩": (2000 / 3, "m2"), "太瓦": (1, "TW"), "公里": (1, "km"),
    "天": (1, "d"), "日": (1, "d"), "年": (1, "a"), "月": (1, "month"), "个月": (1, "month"), "小时": (1, "h"),
    "分钟": (1, "min"), "秒": (1, "s"), "倍": (1, "1"), "美元": (1, "USD"), "欧元": (1, "EUR"), "元": (1, "CNY"), "美金": (1, "USD"), "人民币": (1, "CNY"), "英镑": (1, "GBP"),
    "吨二氧化碳": (1, "tCO2e"), "千克二氧化碳": (1, "kgCO2e"), "克二氧化碳": (1, "gCO2e"),
}  # fmt: skip
_CJK = sorted((w for w in WORDS if not w.isascii() and w not in "€¥"), key=len, reverse=True)
_CJK_PATTERN = "|".join(map(re.escape, _CJK))
_LATIN = r"(?:(?:[kMG]?[gt]|lb)CO2e?|[A-Za-zµμ°][A-Za-zµμ°_]*[23]?)(?![0-9A-Za-z_])"
ATOM = re.compile(rf"(?:{_CJK_PATTERN}|%|US\$|[$€¥]|{_LATIN})")
_LINK = re.compile(r"\s+per\s+(?=[A-Za-z0-9])|/|\*(?!\*)")
_EXPONENT = re.compile(r"(?:\*\*|\^)\(?(-?\d{1,2})\)?")
_SPACED_CO2 = re.compile(
    r"\b(g|grams?|kg|kilograms?|t|tonnes?|metric tons?|Mt|lbs?|pounds?)[ -]+(?:of )?CO2(?:e|-?eq| equivalents?)?\b"
)
_CO2_UNITS = {"g": "g", "k": "kg", "t": "t", "m": "t", "M": "Mt", "l": "lb", "p": "lb"}
_SPACED_HOURS = re.compile(r"\b(kilo|mega|giga|tera)?watt[ -]?hours?\b", re.IGNORECASE)
MAX_LENGTH = 120


@dataclass(frozen=True)
class Unit:
    """A physical unit and the counted things of a claims file it stands with."""

    physical: str = "1"
    counted: tuple[tuple[str, int], ...] = ()

    def __mul__(self, other: Unit) -> Unit:
        if other.is_plain:
            return self
        if not self.counted and not other.counted:
            return _product(self.physical, other.physical)
        return Unit(
            physical_units.product(self.physical, other.physical),
            _merge(self.counted, other.counted, 1),
        )

    def __truediv__(self, other: Unit) -> Unit:
        if other.is_plain:
            return self
        if not self.counted and not other.counted:
            return _quotient(self.physical, other.physical)
        return Unit(
            physical_units.quotient(self.physical, other.physical),
            _merge(self.counted, other.counted, -1),
        )

    def __pow__(self, exponent: float) -> Unit:
        if self.is_plain:
            return self
        if not float(exponent).is_integer():
            raise UnitError(
                _("{unit} to the power {exponent:g} is no unit.").format(
                    unit=self.text, exponent=exponent
                ),
                _("only plain numbers take broken powers"),
            )
        return Unit(
            physical_units.power(self.physical, exponent),
            tuple((name, int(n * exponent)) for name, n in self.counted if exponent),
        )

    @property
    def is_plain(self) -> bool:
        """Is it a number without a unit?"""
        return self.physical == "1" and not self.counted

    @property
    def text(self) -> str:
        """As printed, such as ``Wh/charge``."""
        if not self.counted:
            return self.physical
        above = [n if k == 1 else f"{n}**{k}" for n, k in self.counted if k > 0]
        below = [n if k == -1 else f"{n}**{-k}" for n, k in self.counted if k < 0]
        head = self.physical
        if above:
            if head == "1":
                head = "*".join(above)
            else:
                top, slash, bottom = head.partition("/")
                joined = "*".join(above) if top == "1" else "*".join([top, *above])
                head = f"{joined}{slash}{bottom}"
        return head + "".join(f"/{name}" for name in below)

    def same_dimension(self, other: Unit) -> bool:
        """Can a value in one be written in the other?"""
        return self.counted == other.counted and physical_units.same_dimension(
            self.physical, other.physical
        )

    def factor_to(self, other: Unit) -> float:
        """What to multiply a value in this unit with to have it in `other`.

        Raises
        ------
        UnitError
            If the dimensions differ.
        """
        if self.counted != other.counted:
            raise UnitError(
                _("{source} is not convertible to {target}.").format(
                    source=self.text, target=other.text
                )
            )
        return physical_units.factor(self.physical, other.physical)

    @property
    def dimension_word(self) -> str:
        """A word for the dimension, such as "energy"."""
        if self.counted:
            return f"[{self.text}]"
        return physical_units.dimension_name(self.physical)


PLAIN = Unit()


@lru_cache(maxsize=16384)
def _product(a: str, b: str) -> Unit:
    return Unit(physical_units.product(a, b))


@lru_cache(maxsize=16384)
def _quotient(a: str, b: str) -> Unit:
    return Unit(physical_units.quotient(a, b))


def _merge(
    a: tuple[tuple[str, int], ...], b: tuple[tuple[str, int], ...], sign: int
) -> tuple[tuple[str, int], ...]:
    total = dict(a)
    for name, n in b:
        total[name] = total.get(name, 0) + sign * n
    return tuple(sorted((name, n) for name, n in total.items() if n))


def atom(word: str, counted: Iterable[str] = ()) -> tuple[float, Unit]:
    """Factor and unit of one word.

    Raises
    ------
    UnitError
        If it is not known; the message names the nearest known one.
    """
    return _atom(word, tuple(sorted(counted)))


@lru_cache(maxsize=2048)
def _atom(word: str, counted: tuple[str, ...]) -> tuple[float, Unit]:
    for spelling in (word, word[:-1] if word.endswith("s") and len(word) > 2 else word):
        if spelling in counted:
            return 1.0, Unit("1", ((spelling, 1),))
    for spelling in (word, word.rstrip("s"), word[:-2] if word.endswith("es") else word):
        if spelling in WORDS:
            scale, unit = WORDS[spelling]
            return float(scale), Unit(physical_units.canonical(unit))
    try:
        return 1.0, Unit(physical_units.canonical(word))
    except UnitError:
        known = {*physical_units.known_symbols(), *counted, *(w for w in WORDS if w.isascii())}
        if word.lower() == "mw":
            hint = _("MW is a million watts, mW a thousandth of one")
        elif word.lower() in ("ton", "tons"):
            hint = _(
                "a tonne (t) has 1000 kg, a short ton 907 kg, a long ton 1016 kg: write t or kg"
            )
        elif word == "兆":
            hint = _("write 兆瓦, 兆瓦时 or 万亿: 兆 alone is a million or a trillion")
        else:
            hint = nearest(word, known)
        raise UnitError(_("unknown unit {name}.").format(name=repr(word)), hint) from None


def unit_at(
    text: str, start: int = 0, counted: Iterable[str] = (), names: Iterable[str] = ()
) -> tuple[float, Unit, int] | None:
    """The unit written at `start`: a word, then `/word` or `*word` without spaces, or "per word".

    Words in `names` are inputs of a formula and end the unit.
    """
    taken = set(names)
    found = ATOM.match(text, start)
    if found is None or found[0] in taken:
        return None
    scale, unit = atom(found[0], counted)
    scale, unit, end = _with_exponent(text, found.end(), scale, unit)
    while True:
        link = _LINK.match(text, end)
        if link is None:
            return scale, unit, end
        count, at = count_at(text, link.end()) if "per" in link[0] else (1.0, link.end())
        following = ATOM.match(text, at)
        if following is None or following[0] in taken or not count:
            return scale, unit, end
        scale /= count
        factor, other = atom(following[0], counted)
        factor, other, after = _with_exponent(text, following.end(), factor, other)
        if link[0] == "*":
            scale, unit = scale * factor, unit * other
        else:
            scale, unit = scale / factor, unit / other
        end = after


def count_at(text: str, at: int) -> tuple[float, int]:
    """How many: "1000 images", "million tokens"; 1 where a unit follows directly."""
    number = number_at(text, at)
    if number is None:
        word = re.compile(r"[A-Za-z]+").match(text, at)
        if word is None or word[0].lower() not in ENGLISH_WORDS:
            return 1.0, at
        count, end = ENGLISH_WORDS[word[0].lower()], word.end()
    else:
        count, end = number.value, number.end
    return count, end + len(text[end:]) - len(text[end:].lstrip(" "))


def _with_exponent(text: str, at: int, scale: float, unit: Unit) -> tuple[float, Unit, int]:
    power = _EXPONENT.match(text, at)
    if power is None:
        return scale, unit, at
    n = int(power[1])
    return scale**n, unit**n, power.end()


def spelled(text: str) -> str:
    """`text` with units of two words joined: ``kg CO2e`` to ``kgCO2e``, ``megawatt-hours`` to ``MWh``."""
    text = text.replace("CO₂", "CO2").replace("²", "^2").replace("³", "^3")
    text = _SPACED_CO2.sub(lambda m: _CO2_UNITS[m[1][0]] + "CO2e", text)
    text = re.sub(r"\bmetric tons?\b", "t", text)
    text = re.sub(r"CO2-?eq\b", "CO2e", text)
    prefix = {"kilo": "k", "mega": "M", "giga": "G", "tera": "T", "": ""}
    return _SPACED_HOURS.sub(lambda m: prefix[(m[1] or "").lower()] + "Wh", text)


def parse_unit(text: str, counted: Iterable[str] = ()) -> tuple[float, Unit]:
    """Factor and unit of a whole text.

    Raises
    ------
    UnitError
        If it is too long, unknown, or more than a unit.

    Examples
    --------
    >>> parse_unit("度/天")[1].text, parse_unit("Wh/charge", ["charge"])[1].text
    ('kWh/d', 'Wh/charge')
    >>> parse_unit("MWh per day")[1].same_dimension(parse_unit("kW")[1])
    True
    """
    return _parsed(text, tuple(counted))


@lru_cache(maxsize=4096)
def _parsed(text: str, counted: tuple[str, ...]) -> tuple[float, Unit]:
    tidy = spelled(plain(text)).strip()
    if tidy in ("", "1"):
        return 1.0, PLAIN
    if len(tidy) > MAX_LENGTH:
        raise UnitError(_("a unit of {n} characters is not a unit.").format(n=len(tidy)))
    tidy = re.sub(r"\s*([/*])\s*", r"\1", tidy)
    start, inverse = (2, True) if tidy.startswith("1/") else (0, False)
    found = unit_at(tidy, start, counted)
    if found is None or found[2] != len(tidy):
        rest = tidy if found is None else tidy[found[2] :]
        raise UnitError(
            _("{text} is not a unit: cannot read {rest}.").format(
                text=repr(text), rest=repr(rest.strip())
            ),
            _("write units like Wh/request, gCO2e/kWh or TWh/a"),
        )
    scale, unit, _end = found
    if inverse:
        # "1/h": the first word stands below the line
        head = ATOM.match(tidy, start)
        assert head is not None
        head_scale, head_unit = atom(head[0], counted)
        head_scale, head_unit, _after = _with_exponent(tidy, head.end(), head_scale, head_unit)
        scale, unit = scale / head_scale**2, unit / head_unit / head_unit
    return scale, unit
