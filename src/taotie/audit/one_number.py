"""What is one number of a text with what stands behind it? Digits or words, its unit, noun and period; a year is told apart."""

from __future__ import annotations

from taotie.audit.hedge import WINDOW, change_around, hedge_around, role_of
from taotie.audit.nouns import Phrase
from taotie.audit.quantity_said import Quantity
from taotie.audit.unit_phrase import phrase_at
from taotie.audit.unit_phrase_zh import with_chinese_rest
from taotie.quantity.copied import replace
from taotie.quantity.number_text import ENGLISH_WORDS, PrintedNumber, number_at, number_words_at
from taotie.quantity.number_words import chinese_value, pair_at, spelled_number_at
from taotie.quantity.unit_text import Unit
from taotie.words import patterns as re

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


_DOTS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3}){2,}(?![0-9.]?[0-9])")


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
        grouped = _DOTS.match(text, at)
        if grouped:  # 1.287.000, as Germans group
            commas = grouped[0].replace(".", ",")
            return number_at(text[:at] + commas + text[grouped.end() :], at), False
        share = spelled_number_at(text, at) if "分之" in text[at : at + 8] else None
        return share or number_at(text, at), False
    return spelled_number_at(text, at), True


_HOURS = re.compile(r"\s?(?:个?小时|hours?\b(?! of the day))")


def year_at(
    text: str, at: int, number: PrintedNumber, spelled: bool
) -> tuple[Quantity, int] | None:
    if spelled:
        return None
    found = YEAR.match(text, at)
    if found is None or found.end() != number.end:
        return None
    value, end = number.value, number.end
    if _THINGS_ZH.match(text, end):
        return None  # 2000个机柜, 2000架
    if _HOURS.match(text, end):
        return None  # 年利用1800小时
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


_UNIT_AND = re.compile(
    r"\b(?:hour|day|week|month|year|gig|watt|ton|tonne|liter|litre|gallon)s?\sand\s\Z"
)
_THINGS_ZH = re.compile(
    r"[多余来](?=[万亿千百个户人台座度])|机[柜架]|[架辆棵株座家亩块颗枚栋户次张条吨]|人(?![工类均机造])|台(?![湾风])|度(?![过假])|个(?!月)"
)


def fraction(text: str, at: int, number: PrintedNumber) -> tuple[Quantity | None, int]:
    """half of, two-thirds of, half a gigawatt."""
    unit = re.compile(r"(?:\s(?:of\s)?(?:an?|one)\s|-)(?=[A-Za-z])").match(text, number.end)
    if unit:
        phrase = phrase_at(text, unit.end())
        if phrase is not None and phrase.kind in ("amount", "share", "money"):
            made = made_of(text, at, at, number, phrase, phrase.end, False)
            return made, phrase.end
    behind = text[number.end : number.end + 14]
    counted = re.match(r"(?:two|three|four|five|six|seven|eight|nine)\b", text[at:], re.IGNORECASE)
    if not counted and not re.match(
        r"\s(?:for (?:every|all|other|the (?:rest|other|remain))\w*|of|the|its|their|as|that|what|an?|less|more|again|is|was|are|were|will|goes|went|comes|came|in|by|since|within|and|or|to|from|over|under|above|below|higher|lower|bigger|larger|smaller|cheaper|greater|faster|slower|longer|shorter)\b|[,.;):!?]|\Z",
        behind,
    ):
        return None, number.end
    if _UNIT_AND.search(text[max(0, at - 24) : at]):
        return None, number.end  # an hour and a half is no half
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
    if spelled and not english and (pair := pair_at(text, at)):  # 七八百万
        return _pair(text, start, at, *pair)
    number = _and_a_part(text, number)
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
    if (qualified := _QUALIFIED.match(text, number.end)) is not None:  # 40+ MW, 40 or so megawatts
        number = replace(number, end=qualified.end())
    if not money and (small := _YUAN_AND.match(text, number.end)):  # 三块二, 五毛五
        return _small_change(text, start, at, number, small)
    timed_half = _AND_HALF_ZH.match(text, number.end)
    if timed_half:  # 两个半小时
        name = _TIMES_ZH[timed_half["unit"]]
        number = replace(number, value=number.value + 0.5, half=0.1)
        timed = Phrase(1.0, Unit(name), timed_half.end(), Unit(name), kind="amount")
        return made_of(text, start, at, number, timed, timed.end, spelled), timed.end
    short = None if (spelled or number.words) else _SHORT.match(text, number.end)
    if short is None and not (spelled or number.words) and _SPACED_K.match(text, number.end):
        short = _SHORT.match(text, number.end + 1)  # 17 k homes
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
    if phrase is not None and phrase.kind == "amount" and phrase.unit.text == "h":
        number, phrase = _with_minutes(text, number, phrase)
    if (
        phrase is not None
        and phrase.kind == "amount"
        and phrase.unit.physical in ("a", "d", "h", "min", "month", "week")
        and spelled
        and number.value == 1
    ):
        return None  # one day, 一年
    factor = _FACTOR.search(text[max(0, start - 40) : start])
    if factor and (phrase is None or phrase.kind in ("none", "thing")):  # a factor of eighty
        phrase = Phrase(end=number.end, kind="times")
        return made_of(text, start, at, number, phrase, number.end, spelled, step), number.end
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
    behind = (
        _MORE_BEHIND.match(text, phrase.end)
        if text[phrase.end - 1 : phrase.end] in _SMALL_UNITS
        else None
    )
    if behind and not step and number.value % 1 == 0 and 0 < number.value <= 10:
        if behind["half"]:  # 一倍半
            number = replace(number, value=number.value + 0.5, half=0.1)
        else:  # 两倍多
            step = 1.0
        phrase = replace(phrase, end=behind.end())
    if phrase.kind == "none" and 1 < number.value < 5 and _is_pue(text, at, number):
        phrase = replace(phrase, kind="times", noun="PUE")
    return made_of(text, start, at, number, phrase, phrase.end, spelled, step), phrase.end


def _with_minutes(text: str, number: PrintedNumber, phrase: Phrase) -> tuple[PrintedNumber, Phrase]:
    """6 hours 50, 6小时50分."""
    minutes = _AND_MINUTES.match(text, phrase.end) if number.value % 1 == 0 else None
    if minutes is None or int(minutes["min"]) >= 60:
        return number, phrase
    value = number.value + int(minutes["min"]) / 60
    made = replace(number, value=value, half=1 / 120, digits=3, loose=False)
    return made, replace(phrase, end=minutes.end())


_AND_MINUTES = re.compile(
    r"\s?(?:and\s)?(?P<min>[0-9]{1,2})(?:\s?(?:minutes?|mins?|分钟?)(?![A-Za-z])|(?=\s(?:at|on|to|of|for|in|with|from)\b|[,;)。，；]|\.(?![0-9])|\Z))",
    re.IGNORECASE,
)
_YUAN_AND = re.compile(
    r"(?:块钱?|元)(?P<tenths>[1-9一二两三四五六七八九])(?:[毛角](?:(?P<hundredths>[1-9一二三四五六七八九])分?)?)?(?![0-9十百千万亿个度千吨一二三四五六七八九])"
    r"|[毛角](?P<cents>[1-9一二三四五六七八九])分?(?![0-9十百千万亿个度吨二三四五六七八九])"
)
_AND_HALF_ZH = re.compile(r"个半(?P<unit>小时|钟头|月|星期)")
_MORE_BEHIND = re.compile(r"多(?![少数次于么项家个台张名人])|(?P<half>半(?![个小年天月导价]))")
_SMALL_UNITS = "倍年天周升吨度块里斤"


def _small_change(
    text: str, start: int, at: int, number: PrintedNumber, small: re.Match[str]
) -> tuple[Quantity, int]:
    """Yuan and tenths, tenths and cents, as they are said: 三块二 is 3.2, 五毛五 0.55."""

    def digit(group: str) -> float:
        word = small[group]
        return 0.0 if not word else float(word) if word.isascii() else chinese_value(word) or 0.0

    if small["cents"]:
        value, half = 0.1 * number.value + 0.01 * digit("cents"), 0.005
    else:
        value = number.value + 0.1 * digit("tenths") + 0.01 * digit("hundredths")
        half = 0.005 if small["hundredths"] else 0.05
    unit = Unit("CNY")
    phrase = with_chinese_rest(text, Phrase(1.0, unit, small.end(), unit, kind="money"))
    made = replace(number, value=value, half=half, digits=2, loose=False, words=())
    return made_of(text, start, at, made, phrase, phrase.end, True), phrase.end


_FACTOR = re.compile(
    r"\b(?:a )?factor (?:of )?(?:about |around |some |roughly |nearly |almost |over |more than |at least |up to |just |only |close to )?\Z",
    re.IGNORECASE,
)
_SPACED_K = re.compile(r"\sk\s(?=[a-z])")
_QUALIFIED = re.compile(
    r"\+(?=\s?[A-Za-z%\u4e00-\u9fff])|\s(?:or so|or more|or fewer|or less|or thereabouts)(?=\s[A-Za-z])",
)
_QUALIFIED_BY = re.compile(r"\s(?:or so|or more|or fewer|or less|or thereabouts)\Z")
_AND_A_PART = re.compile(r"[\s-]and[\s-]a[\s-](?P<part>half|third|quarter)\b")


def _and_a_part(text: str, number: PrintedNumber) -> PrintedNumber:
    """2 and a half megawatts, a million and a quarter households."""
    scale = ENGLISH_WORDS.get(number.words[-1], 0.0) if len(number.words) == 1 else 1.0
    found = _AND_A_PART.match(text, number.end) if scale and len(number.words) < 2 else None
    if found is None or (number.value / scale) % 1:
        return number
    part = {"half": 0.5, "third": 1 / 3, "quarter": 0.25}[found["part"]] * scale
    value, half = number.value + part, 0.05 * scale
    return replace(number, value=value, half=half, digits=2, end=found.end())


def _pair(
    text: str, start: int, at: int, number: PrintedNumber, step: float
) -> tuple[Quantity, int] | None:
    """七八百万度, 两三倍, 三四成: from the lower to the higher."""
    phrase = phrase_at(text, number.end)
    if phrase is None or phrase.kind == "none":
        if number.value < 10:
            return None
        phrase = Phrase(end=number.end)
    if phrase.kind == "thing":
        phrase = replace(phrase, end=number.end)
    made = made_of(text, start, at, number, phrase, phrase.end, True, step)
    return replace(made, hedge="about" if made.hedge == "none" else made.hedge), phrase.end


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
    r"\b(?:PUE|(?:power )?usage effectiveness)|PUE|电能利用效率|能源使用效率", re.IGNORECASE
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
    written = text[start : number.end]
    if written.endswith("+"):
        hedge = "at_least"
    else:
        said = _QUALIFIED_BY.search(written)
        hedge = hedge_around(before, said[0] if said else text[number.end : number.end + 12])
    if hedge == "none":
        hedge = hedge_around("", behind)
    if hedge == "at_most" and phrase.kind == "count" and _AS_MUCH_AS.search(before):
        hedge = "none"  # 1.2 GW, as much as a million homes: told as equal
    if _NEGATIVE.search(before):
        low, high = -low, -high
    kind = phrase.kind if phrase.kind != "none" else "number"
    if kind == "number" and "分之" in text[start:end]:
        kind = "share"
    factors = phrase.spread
    half = number.half
    if hedge == "exact":  # its zeros are meant: "exactly 500,000"
        half = min(half, _last_written(text[start : number.end], number))
    return replace(
        _BLANK, text=text[start:end], start=start, end=end, low=min(low, high), high=max(low, high), half=half * abs(phrase.scale),
        digits=number.digits, loose=number.loose, unit=phrase.unit, bare=phrase.bare, period=phrase.period, firm=not phrase.loose_period,
        count=phrase.count, noun=phrase.noun, substance=phrase.substance, hedge=hedge, kind=kind,
        role=role_of(before), change=change_around(before, behind), words=number.words, spread=factors,
    )  # fmt: skip


_BLANK = Quantity("", 0, 0, 0.0, 0.0)


_AS_MUCH_AS = re.compile(
    r"(?:[,(]\s|\b(?:is|are|draws?|uses?|needs?|takes?|consumes?|that'?s)\s(?:about |roughly |nearly )?)as much as\s\Z",
    re.IGNORECASE,
)
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
