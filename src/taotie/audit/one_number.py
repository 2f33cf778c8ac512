"""What is one number of a text with what stands behind it? Digits or words, its unit, noun and period; a year is told apart."""

from __future__ import annotations

import re
from dataclasses import replace

from taotie.audit.hedge import WINDOW, change_around, hedge_around, role_of
from taotie.audit.nouns import Phrase
from taotie.audit.quantity_said import Quantity
from taotie.audit.unit_phrase import phrase_at
from taotie.quantity.number_text import PrintedNumber, number_at, number_words_at
from taotie.quantity.number_words import spelled_number_at
from taotie.quantity.unit_text import Unit

_ODD = re.compile(r"-(?:odd|something|plus)\b")
_MORE_SUFFIX = re.compile(
    r"(?:[多余]|(?<=[0十百千万亿])来)(?=[万亿千百十]|[^，。,.\s])|-(?:odd|something|plus)\b|多(?=\s?[A-Za-z])"
)
_SHORT = re.compile(r"(?P<letter>K|k|M|m|B|T|bn|mn|tn|mm|bln|mln)(?![A-Za-z0-9])")
_SHORT_SCALE = {
    "k": 1e3,
    "m": 1e6,
    "b": 1e9,
    "t": 1e12,
    "bn": 1e9,
    "mn": 1e6,
    "tn": 1e12,
    "mm": 1e6,
    "bln": 1e9,
    "mln": 1e6,
}
_MODEL_SIZE = re.compile(
    r"[\s-]?(?:(?:active|total|dense|open|MoE|billion|large|language)[\s-]){0,2}(?:param|model|参数|模型|version|variant|(?:-)?class|LLM|MoE)",
    re.IGNORECASE,
)
YEAR = re.compile(r"(?:1[89]|20|21)[0-9]{2}(?![0-9.,]?[0-9])")
_YEAR_BEFORE = re.compile(
    r"(?:\b(?:in|by|since|until|till|of|from|to|after|before|during|through|year|years|late|early|end|mid|fiscal|FY|and|vs\.?|versus|than|between|around|circa|for|the|spring|summer|autumn|winter|fall"
    r"|January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Q[1-4]|H[12])[\s,]{0,2}|[(（/'-]|[到至在于自从截])\s?\Z",
    re.IGNORECASE,
)
_MONTH_ONLY = re.compile(r"\s?(?:月|日|号|点|世纪|年代|岁|届|楼|层|版|年级|级|期)")


def first_number(text: str, at: int) -> tuple[PrintedNumber | None, bool]:
    """The number at `at`, in digits or in words; True where it is spelled out."""
    char = text[at : at + 1]
    if char in "-+" and (
        at
        and not text[at - 1].isspace()
        and text[at - 1] not in "(（:："
        and not "\u4e00" <= text[at - 1] <= "\u9fff"
    ):
        return None, False
    if char.isdigit() or char in "-+.":
        share = spelled_number_at(text, at) if "分之" in text[at : at + 8] else None
        return share or number_at(text, at), False
    return spelled_number_at(text, at), True


def year_at(
    text: str, at: int, number: PrintedNumber, spelled: bool
) -> tuple[Quantity, int] | None:
    if spelled:
        return None
    found = YEAR.match(text, at)
    if found is None or found.end() != number.end:
        return None
    value, end = number.value, number.end
    if text.startswith("年", end):
        if text.startswith(("年时间", "年内", "年间"), end) and value < 1900:
            return None
        return Quantity(found[0], at, end + 1, value, value, kind="year"), end + 1
    before = text[max(0, at - 16) : at]
    phrase = phrase_at(text, end)
    unit_follows = (
        phrase is not None
        and phrase.kind in ("amount", "share", "money", "times")
        and not phrase.unit.same_dimension(Unit("h"))
    )
    if unit_follows:
        return None
    counted = phrase is not None and phrase.kind == "count"
    if counted and not _YEAR_BEFORE.search(before):
        return None
    tail = re.compile(r"(?:[/-][0-9]{2,4})?s?(?![0-9])").match(text, end)
    end = tail.end() if tail else end
    return Quantity(text[at:end], at, end, value, value, kind="year"), end


def fraction(text: str, at: int, number: PrintedNumber) -> tuple[Quantity | None, int]:
    """half of, two-thirds of, half a gigawatt."""
    unit = re.compile(r"\s(?:of\s)?(?:an?|one)\s(?=[A-Za-z])").match(text, number.end)
    if unit:
        phrase = phrase_at(text, unit.end())
        if phrase is not None and phrase.kind in ("amount", "share"):
            made = made_of(text, at, at, number, phrase, phrase.end, False)
            return made, phrase.end
    behind = text[number.end : number.end + 14]
    counted = re.match(r"(?:two|three|four|five|six|seven|eight|nine)\b", text[at:], re.IGNORECASE)
    if not counted and not re.match(
        r"\s(?:of|the|its|their|as|that|what|an?|less|more|again|is|was|are|were|will|goes|went|comes|came|in|by|since|within|and|or|to|from|over|under)\b|[,.;)]|\Z",
        behind,
    ):
        return None, number.end
    if re.search(
        r"(?:first|second|third|fourth|last|next|this|other|better|per|final|latest|each)\s\Z",
        text[max(0, at - 8) : at],
        re.IGNORECASE,
    ):
        return None, number.end
    made = made_of(text, at, at, number, Phrase(kind="share", end=number.end), number.end, False)
    return made, number.end


def one_number(
    text: str, start: int, at: int, number: PrintedNumber, money: bool, sign: str, spelled: bool
) -> tuple[Quantity, int] | None:
    """One number with its phrase."""
    english = spelled and text[at : at + 1].isascii()
    more = (_ODD if english else _MORE_SUFFIX).match(text, number.end)
    step = 0.0
    if more:
        number, step = _more(text, number, more.end())
    odd = _MORE_TIMES.match(text, number.end)
    if odd:  # 两个多月
        number, step = _more(text, number, number.end + odd[0].index("多") + 1)
        name = _TIMES_ZH[odd["unit"]]
        timed = Phrase(1.0, Unit(name), odd.end(), Unit(name), kind="amount")
        return made_of(text, start, at, number, timed, odd.end(), spelled, step), odd.end()
    short = None if (spelled or number.words) else _SHORT.match(text, number.end)
    if money:
        currency = {
            "€": "EUR",
            "EUR": "EUR",
            "¥": "CNY",
            "CNY": "CNY",
            "RMB": "CNY",
            "£": "GBP",
        }.get(sign.upper(), "USD")
        unit = Unit(currency)
        scale = _SHORT_SCALE[short["letter"].lower()] if short else 1.0
        end = short.end() if short else number.end
        number = replace(
            number, value=number.value * scale, half=number.half * scale, tol=number.tol * scale
        )
        words = (*number.words, short["letter"]) if short else number.words
        paid = phrase_at(text, end, money=True) or Phrase(kind="money", end=end)
        paid = replace(paid, unit=unit * paid.unit, bare=unit * paid.bare, kind="money")
        made = made_of(text, start, at, replace(number, words=words), paid, paid.end, spelled, step)
        return made, paid.end
    if short:
        with_short = _short(text, start, at, number, short)
        if with_short is not None:
            return with_short
    part = _TENTHS_AND.match(text, number.end) if number.value < 10 else None
    if part:  # 三成半, 三成五
        more_tenths = 0.5 if part[1] == "半" else 0.1 * ("一二三四五六七八九".index(part[1]) + 1)
        number = replace(number, value=number.value + more_tenths, half=0.05)
        tenths = Phrase(10.0, Unit("%"), number.end + 2, Unit("%"), kind="share")
        return made_of(text, start, at, number, tenths, tenths.end, spelled), tenths.end
    phrase = phrase_at(text, number.end)
    if (
        phrase is not None
        and phrase.kind == "amount"
        and phrase.unit.physical in ("a", "d", "h", "min", "month", "week")
        and spelled
        and number.value == 1
    ):
        return None  # one day, 一年
    if spelled and not _worth(text, at, number, phrase):
        return None
    if phrase is None:
        if spelled and not number.words and "分之" not in text[at : number.end]:
            return None
        phrase = Phrase(end=number.end)
    elif phrase.kind == "thing" and (phrase.end > number.end + 1 or spelled):
        phrase = replace(phrase, end=number.end) if phrase.end > number.end else phrase
    if phrase.kind in ("none", "thing"):
        phrase = replace(phrase, end=number.end)
        if _MONTH_ONLY.match(text, number.end) and not spelled:
            return None
    if phrase.kind == "none" and 1 < number.value < 5 and _is_pue(text, at, number):
        phrase = replace(phrase, kind="times", noun="PUE")
    return made_of(text, start, at, number, phrase, phrase.end, spelled, step), phrase.end


_MORE_TIMES = re.compile(
    r"个?多个?(?P<unit>小时|钟头|分钟|天|周|星期|月|年|世纪)(?![代级度底初末均活期边])"
)
_TIMES_ZH = {
    "小时": "h", "钟头": "h", "分钟": "min", "天": "d", "周": "week", "星期": "week", "月": "month", "年": "a", "世纪": "a",
}  # fmt: skip
_TENTHS_AND = re.compile(r"成([半一二三四五六七八九])(?![十百千万亿个次])")


def _is_pue(text: str, at: int, number: PrintedNumber) -> bool:
    """Is a bare number with decimals a PUE? The word stands before it in its sentence, and nothing else it could be."""
    before = text[max(0, at - 60) : at]
    return number.digits >= 2 and "." in text[at : number.end] and bool(_PUE.search(before))


_PUE = re.compile(
    r"\b(?:PUE|power usage effectiveness)|PUE|电能利用效率|能源使用效率", re.IGNORECASE
)


def _worth(text: str, at: int, number: PrintedNumber, phrase: Phrase | None) -> bool:
    """Is a number in words a quantity, and not a turn of speech (one of, 一个, 十分)?"""
    if (
        phrase is not None
        and phrase.kind == "thing"
        and number.value >= 3
        and not text[at].isascii()
    ):
        # "equal to twelve 三峡"
        return bool(_AS_MANY.search(text[max(0, at - 8) : at]))
    if phrase is None or phrase.kind in ("none", "thing"):
        if (
            not text[at : at + 1].isascii()
            and re.search("[千万亿](?!分之)", text[at : number.end])
            and "分之" not in text[at : number.end]
        ):
            return number.value >= 1000  # 两万七千六百棵树
        return (text[at : at + 1].isascii() is False and "分之" in text[at : number.end]) or (
            number.value >= 1e4 and text[at : at + 1].isascii() and number.words[:1] != ("dozen",)
        )
    if text[at : at + 1].isascii():
        return True
    # 一次, 两个 are what a total is for
    return not (
        phrase.kind == "count" and number.value < 3 and phrase.noun[:1] in "个次张台户人条座块颗家"
    )


_AS_MANY = re.compile(r"(?:相当于|等于|等同于|[抵顶]得?上|需要?|够|超过|接近|[约近超])了?\Z")


def _more(text: str, number: PrintedNumber, end: int) -> tuple[PrintedNumber, float]:
    """50多万: from 50 to 60 times 10^4."""
    words, scale, after = number_words_at(text, end)
    base = number.half * 2 if number.loose or number.digits == 1 or number.value % 10 == 0 else 1.0
    if number.value < 10 and not number.words:
        base = 1.0
    step = base * scale
    value = number.value * scale
    return PrintedNumber(value, 0.0, (*number.words, *words), after, 0.0, number.digits, True), step


def _short(
    text: str, start: int, at: int, number: PrintedNumber, short: re.Match[str]
) -> tuple[Quantity, int] | None:
    """A letter glued to a number: 650M weekly users, 70B model, 1.7M GPU hours, 2.5B kWh."""
    letter = short["letter"]
    scale = _SHORT_SCALE[letter.lower()]
    scaled = replace(
        number, value=number.value * scale, half=number.half * scale, tol=number.tol * scale,
        words=(*number.words, letter), loose=number.loose, end=short.end(),
    )  # fmt: skip
    if letter in ("B", "T", "M") and _MODEL_SIZE.match(text, short.end()):
        size = _MODEL_SIZE.match(text, short.end())
        unit = Unit("parameter")
        end = size.end() if size and "param" in size[0].lower() else short.end()
        named = "model" if size and "param" not in size[0].lower() and "参数" not in size[0] else ""
        phrase = Phrase(1.0, unit, end, unit, count="parameter", noun=named, kind="count")
        return made_of(text, start, at, scaled, phrase, end, False), end
    phrase2 = phrase_at(text, short.end())
    glued = text[short.end() : short.end() + 1]
    if phrase2 is not None and phrase2.kind in ("count", "amount", "money") and glued != "/":
        if letter == "m" and phrase2.kind != "count" and phrase2.kind != "money":
            return None
        return made_of(text, start, at, scaled, phrase2, phrase2.end, False), phrase2.end
    if letter in ("m",):
        return None
    if letter in ("bn", "mn", "tn", "bln", "mln", "mm"):
        return made_of(
            text, start, at, scaled, Phrase(end=short.end()), short.end(), False
        ), short.end()
    open_form = Phrase(kind="short", end=short.end(), noun=phrase2.noun if phrase2 else "")
    made = made_of(text, start, at, scaled, open_form, short.end(), False)
    return replace(made, short=letter), short.end()


def made_of(
    text: str, start: int, at: int, number: PrintedNumber, phrase: Phrase, end: int, spelled: bool, step: float = 0.0
) -> Quantity:  # fmt: skip
    del spelled, at
    before, behind = text[max(0, start - WINDOW) : start], text[end : end + 24]
    low, high = number.value * phrase.scale, (number.value + step) * phrase.scale
    hedge = hedge_around(before, text[number.end : number.end + 12])
    if hedge == "none":
        hedge = hedge_around("", behind)
    if _NEGATIVE.search(before):
        low, high = -low, -high
    kind = phrase.kind if phrase.kind != "none" else "number"
    if kind == "number" and "分之" in text[start:end]:
        kind = "share"
    factors = phrase.spread
    half = number.half
    if hedge == "exact":  # its zeros are meant: "exactly 500,000"
        half = min(half, _last_written(text[start : number.end], number))
    return Quantity(
        text[start:end], start, end, min(low, high), max(low, high), half * abs(phrase.scale), number.digits,
        number.loose, phrase.unit, phrase.bare, phrase.period, not phrase.loose_period, phrase.count, phrase.noun, phrase.substance, hedge, kind,
        role_of(before), change_around(before, behind), number.words, spread=factors,
    )  # fmt: skip


_NEGATIVE = re.compile(r"(?:\b(?:minus|negative)\s|负)\Z", re.IGNORECASE)


def _last_written(written: str, number: PrintedNumber) -> float:
    """Half a unit of the last digit that is written, zeros included, but a thousandth of the number at least."""
    digits = _WRITTEN.search(written)
    if digits is None:
        return min(number.half, 0.01 * abs(number.value))
    plain = float(digits[0].replace(",", ""))
    scale = number.value / plain if plain else 1.0
    places = len(digits[0].partition(".")[2])
    return float(max(0.5 * 10.0**-places * abs(scale), 1e-3 * abs(number.value)))


_WRITTEN = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")
