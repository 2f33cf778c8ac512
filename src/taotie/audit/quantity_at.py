"""What does a text state at one place? A number in digits or words, its phrase, a range of two; years and names are known and passed over."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from taotie.audit.hedge import WINDOW, change_around, hedge_around, role_of
from taotie.audit.nouns import Phrase
from taotie.audit.unit_phrase import phrase_at
from taotie.quantity.number_text import PrintedNumber, number_at, number_words_at
from taotie.quantity.number_words import fraction_at, spelled_number_at
from taotie.quantity.unit_text import PLAIN, Unit


@dataclass(frozen=True)
class Quantity:
    """A number of a text.

    Attributes
    ----------
    start, end : int
        Its place in the plain form of the text.
    low, high : float
        Ends of the range; equal for one value. [unit]
    half : float
        Half a unit of the last printed digit. [unit]
    unit, bare : Unit
        With and without the period it is said for.
    period : str
        ``d``, ``a``, ``h`` ... or empty.
    firm : bool
        Is the period said of this very number, and not only somewhere before it?
    kind : str
        amount | count | share | times | money | year | thing | number | short
    role : str
        ``from`` or ``to`` where it is an end of a change.
    change : int
        1 a rise, -1 a fall, 0 neither.
    """

    text: str
    start: int
    end: int
    low: float
    high: float
    half: float = 0.0
    digits: int = 1
    loose: bool = False
    unit: Unit = PLAIN
    bare: Unit = PLAIN
    period: str = ""
    firm: bool = True
    count: str = ""
    noun: str = ""
    substance: str = ""
    hedge: str = "none"
    kind: str = "number"
    role: str = ""
    change: int = 0
    words: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    spread: tuple[float, float] = (1.0, 1.0)
    sentence: tuple[int, int] = (0, 0)
    short: str = ""

    @property
    def value(self) -> float:
        """The value, or the middle of the range. [unit]"""
        return self.low if self.low == self.high else 0.5 * (self.low + self.high)

    @property
    def is_range(self) -> bool:
        """Is a range stated?"""
        return self.low != self.high


_SPELLED_STARTS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty",
    "fifty", "sixty", "seventy", "eighty", "ninety", "half", "a", "an", "third", "quarter", "dozen", "hundred",
]  # fmt: skip
_MULTIPLES = {
    "doubl": 2.0, "tripl": 3.0, "trebl": 3.0, "quadrupl": 4.0, "quintupl": 5.0, "halv": 0.5, "twice": 2.0, "thrice": 3.0, "翻一番": 2.0, "翻了一番": 2.0,
    "翻番": 2.0, "翻两番": 4.0, "翻了两番": 4.0, "翻倍": 2.0, "翻了一倍": 2.0, "减半": 0.5, "一半": 0.5,
}  # fmt: skip
_FOLD = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "twenty": 20, "thirty": 30,
    "hundred": 100, "thousand": 1000,
}  # fmt: skip
_NAMED_BEFORE = re.compile(
    r"(?:\b(?:Llama|GPT|ChatGPT|Gemini|Claude|Grok|Qwen|Mixtral|Mistral|Phi|Gemma|Opus|Sonnet|Haiku|Windows|Python|version|Article|Section|Table|Figure|Fig\.|Chapter"
    r"|page|p\.|pp\.|No\.|Scope|Tier|Level|Phase|Annex|Rule|Order|Act|Title|Docket|Stage|Step|Grade|Type|Class|Unit|Model|v|V|Web|Top|Boeing|RTX|Core)[\s-]?|#|第|§\s?|图|表)\Z"
)
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
_LINK = re.compile(
    r"\s?(?P<dash>-|~|至|到)\s?|\s(?P<word>to|and|or|through)\s|\s?(?P<zh>和|与|或)\s?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"(?:\bbetween\b|\branging\b|\brange\b|\bfrom\b|介于|在|从|由)[^.;。；0-9]{0,20}\Z",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:1[89]|20|21)[0-9]{2}(?![0-9.,]?[0-9])")
_YEAR_BEFORE = re.compile(
    r"(?:\b(?:in|by|since|until|till|of|from|to|after|before|during|through|year|years|late|early|end|mid|fiscal|FY|and|vs\.?|versus|than|between|around|circa|for|the|spring|summer|autumn|winter|fall"
    r"|January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Q[1-4]|H[12])[\s,]{0,2}|[(（/'-]|[到至在于自从截])\s?\Z",
    re.IGNORECASE,
)
_MONTH_ONLY = re.compile(r"\s?(?:月|日|号|点|世纪|年代|岁|届|楼|层|版|年级|级|期)")
START = re.compile(
    # most places of a text are the middle of a word: one look says so
    r"(?=[0-9.+$€£¥第-]|(?<![A-Za-z_])[A-Za-z_]|[一二两三四五六七八九十百千半几数上翻减])(?:"
    r"(?P<skip>https?://\S{1,400}|www\.\S{1,200}|\b10\.[0-9]{4,6}/\S{1,120}|arXiv:[0-9.v]{1,16}|\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b|\b[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}\b"
    r"|\b[0-9]{1,2}:[0-9]{2}\b|\b24/7\b|第[0-9]{1,4}|\b[0-9]{1,3}(?:st|nd|rd|th)\b|\b(?:4K|8K|5G|4G|6G|3D|2D)\b"
    r"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?\s[0-9]{1,2}(?:,(?=\s)|(?![0-9,.a-zA-Z]))(?!\s?(?:percent|%|[kMGT]?Wh?\b)))"
    r"|(?P<day>\b[0-9]{1,2}\s(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\b|[0-9]{1,2}月(?:[0-9]{1,2}[日号])?(?![0-9]))"
    r"|(?P<in>\b(?P<of>[0-9]{1,3}|one|two|three|four|five|six|seven|eight|nine)\s(?:(?:[a-z-]{2,14}\s){1,2}(?=(?:in|out\sof|of)\severy\s))?(?:in|out\sof|in\severy|of\severy)\s(?P<all>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,5}|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|hundred)(?!\s(?:days?|weeks?|months?|years?|hours?|minutes?|stages?|phases?|steps?)\b|[0-9a-zA-Z.,%][0-9a-zA-Z%]|\s?(?:%|percent|[kMGT]?Wh?\b)))"
    r"|(?P<tenth>\bevery\s(?:third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|twentieth|hundredth|thousandth)\b(?!\s(?:day|week|month|year|hour|minute)))"
    r"|(?P<over>(?<![0-9/])[0-9]{1,2}/[0-9]{1,4}(?=\s(?:of|the)\b|的))"
    r"|(?P<fold>\b(?:" + "|".join(_FOLD) + r")-?fold\b)"
    r"|(?P<multiple>\b(?:doubl(?:e[sd]?|ing)|tripl(?:e[sd]?|ing)|trebl(?:e[sd]?|ing)|quadrupl(?:e[sd]?|ing)|quintupl(?:e[sd]?|ing)|halv(?:e[sd]?|ing)|twice|thrice)\b(?!-)"
    r"|翻(?:了)?(?:一番|两番|一倍|番|倍)|减半|(?<![一])一半)"
    r"|(?P<named>(?<![A-Za-z_])[A-Za-z_][A-Za-z_.-]{0,30}[0-9][A-Za-z0-9.-]{0,12})"
    r"|(?P<money>(?:US|HK|A|C)?\$\s?|[€£¥]\s?|\b(?:USD|EUR|CNY|RMB|US\$)\s?)(?=[0-9.])"
    r"|(?P<digits>[-+]?\.?[0-9])"
    r"|(?P<one>(?<!per )\ban?\s(?=(?:kilo|mega|giga|tera)watts?(?:[- ]hours?)?\b(?!-)))"
    r"|(?P<spelled>\b(?:" + "|".join(_SPELLED_STARTS) + r")\b)"
    r"|(?P<zh>[一二两三四五六七八九十百千半几数上]|百分之|千分之))",
    re.IGNORECASE,
)  # fmt: skip


def quantity_at(text: str, mark: re.Match[str]) -> tuple[Quantity | None, int]:
    """The quantity that starts at a mark, and where to go on."""
    if mark["skip"] or mark["day"]:
        return None, mark.end()
    if mark["in"]:
        below = _count_word(mark["all"])
        above = _count_word(mark["of"])
        if 0 < above < below and not _YEAR.fullmatch(mark["all"]):
            return _plain(text, mark, above / below, "share"), mark.end()
        return _number(text, mark.start(), mark.start(), False)
    if mark["tenth"]:
        part = fraction_at("a " + mark["tenth"].split()[1])
        return _plain(text, mark, part.value if part else 0.0, "share"), mark.end()
    if mark["over"]:
        above, below = (float(x) for x in mark["over"].split("/"))
        if 0 < above < below:
            return _plain(text, mark, above / below, "share"), mark.end()
        return None, mark.end()
    if mark["fold"]:
        word = mark["fold"].lower().replace("-", "").removesuffix("fold")
        return _plain(text, mark, float(_FOLD[word]), "times"), mark.end()
    if mark["multiple"]:
        word = mark["multiple"].lower()
        value = next(v for k, v in _MULTIPLES.items() if word.startswith(k))
        return _plain(text, mark, value, "times"), mark.end()
    if mark["named"]:
        return _named(text, mark)
    if mark["one"]:  # just under a gigawatt
        phrase = phrase_at(text, mark.end())
        if phrase is None:
            return None, mark.end()
        one = PrintedNumber(1.0, 0.02, (), mark.end(), 0.5, 1, True)
        return _made(text, mark.start(), mark.start(), one, phrase, phrase.end, True), phrase.end
    if mark["money"]:
        return _number(text, mark.start(), mark.end(), True, mark["money"].strip())
    return _number(text, mark.start(), mark.start(), False)


def _count_word(word: str) -> float:
    number = number_at(word) or spelled_number_at(word)
    if number is not None:
        return number.value
    return {"hundred": 100.0}.get(word.lower(), 0.0)


def _plain(text: str, mark: re.Match[str], value: float, kind: str) -> Quantity:
    before, behind = (
        text[max(0, mark.start() - WINDOW) : mark.start()],
        text[mark.end() : mark.end() + 24],
    )
    return Quantity(
        mark[0], mark.start(), mark.end(), value, value, 0.12 * value, 1, True, kind=kind,
        hedge=hedge_around(before, behind), change=change_around(before, behind), role=role_of(before),
    )  # fmt: skip


def _named(text: str, mark: re.Match[str]) -> tuple[Quantity | None, int]:
    """H100, GPT-4, CO2, mid-2024; `US$5` and `use5` never come here."""
    word = mark[0]
    money = re.match(r"(?:USD|EUR|CNY|RMB)(?=[0-9])", word)
    if money:
        return _number(text, mark.start(), mark.start() + 3, True, money[0])
    end = mark.end()
    while text[end - 1] in ".-":
        end -= 1
    year = re.fullmatch(
        r"(?:mid|late|early|pre|post|end|FY|fiscal)-?((?:19|20)[0-9]{2})",
        word[: end - mark.start()],
        re.IGNORECASE,
    )
    if year:
        value = float(year[1])
        return Quantity(year[1], end - 4, end, value, value, kind="year"), end
    # "use.5" is no name; "PUE1.3" is one number behind a word
    glued = re.match(r"(?:PUE|pue)(?=[0-9])", word)
    if glued:
        return _number(text, mark.start() + 3, mark.start() + 3, False)
    return None, end


def _first_number(text: str, at: int) -> tuple[PrintedNumber | None, bool]:
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


def _number(
    text: str, start: int, at: int, money: bool, sign: str = ""
) -> tuple[Quantity | None, int]:
    """A number with what stands behind it; a range where two are linked."""
    spelled_fraction = None
    number, spelled = _first_number(text, at)
    if number is None and not money:
        spelled_fraction = fraction_at(text, at)
        if spelled_fraction is not None:
            made, after = _fraction(text, at, spelled_fraction)
            return (made, after) if made is None else _range(text, made, after, False, "", True)
        return None, _past_word(text, at)
    if number is None:
        return None, at + 1
    if (
        not spelled
        and _NAMED_BEFORE.search(text[max(0, at - 12) : at])
        and number.digits <= 4
        and not money
    ):
        phrase = phrase_at(text, number.end)
        if phrase is None or phrase.kind == "thing":
            return None, number.end
    year = _year(text, at, number, spelled)
    if year is not None:
        return year
    one = _one(text, start, at, number, money, sign, spelled)
    if one is None:
        return None, _past_word(text, at) if spelled else number.end
    quantity, end = one
    return _range(text, quantity, end, money, sign, spelled)


def _past_word(text: str, at: int) -> int:
    if not text[at : at + 1].isascii():
        return at + 1
    word = re.compile(r"[-+]?[A-Za-z0-9.,]+").match(text, at)
    if word is None:
        return at + 1
    # "a three-year" must not swallow its number
    return at + 1 if text[at].isdigit() or text[at] in "+-." else word.end()


def _year(text: str, at: int, number: PrintedNumber, spelled: bool) -> tuple[Quantity, int] | None:
    if spelled:
        return None
    found = _YEAR.match(text, at)
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


def _fraction(text: str, at: int, number: PrintedNumber) -> tuple[Quantity | None, int]:
    """half of, two-thirds of, half a gigawatt."""
    unit = re.compile(r"\s(?:of\s)?(?:an?|one)\s(?=[A-Za-z])").match(text, number.end)
    if unit:
        phrase = phrase_at(text, unit.end())
        if phrase is not None and phrase.kind in ("amount", "share"):
            made = _made(text, at, at, number, phrase, phrase.end, False)
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
    made = _made(text, at, at, number, Phrase(kind="share", end=number.end), number.end, False)
    return made, number.end


def _one(
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
        return _made(text, start, at, number, timed, odd.end(), spelled, step), odd.end()
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
        made = _made(text, start, at, replace(number, words=words), paid, paid.end, spelled, step)
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
        return _made(text, start, at, number, tenths, tenths.end, spelled), tenths.end
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
    return _made(text, start, at, number, phrase, phrase.end, spelled, step), phrase.end


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
        return _made(text, start, at, scaled, phrase, end, False), end
    phrase2 = phrase_at(text, short.end())
    glued = text[short.end() : short.end() + 1]
    if phrase2 is not None and phrase2.kind in ("count", "amount", "money") and glued != "/":
        if letter == "m" and phrase2.kind != "count" and phrase2.kind != "money":
            return None
        return _made(text, start, at, scaled, phrase2, phrase2.end, False), phrase2.end
    if letter in ("m",):
        return None
    if letter in ("bn", "mn", "tn", "bln", "mln", "mm"):
        return _made(
            text, start, at, scaled, Phrase(end=short.end()), short.end(), False
        ), short.end()
    open_form = Phrase(kind="short", end=short.end(), noun=phrase2.noun if phrase2 else "")
    made = _made(text, start, at, scaled, open_form, short.end(), False)
    return replace(made, short=letter), short.end()


def _made(
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


def _range(
    text: str, first: Quantity, end: int, money: bool, sign: str, spelled: bool
) -> tuple[Quantity, int]:
    """Two numbers linked by to, and, -, 至: a range, or the ends of a change."""
    link = _LINK.match(text, end)
    if link is None or first.kind == "year":
        return first, end
    before = text[max(0, first.start - WINDOW) : first.start]
    joined = (link["word"] or link["zh"] or "").lower()
    if joined in ("or", "与", "或", "和", "and") and not (
        joined in ("and", "和", "与") and _BETWEEN.search(before)
    ):
        return first, end
    at = link.end()
    own_sign = re.compile(r"(?:US)?\$\s?|[€£¥]\s?").match(text, at)
    if own_sign:
        at = own_sign.end()
    if text[at : at + 1] in ("+", "-"):
        return first, end
    number, second_spelled = _first_number(text, at)
    part = fraction_at(text, at) if number is None else None
    if part is not None:  # between one percent and half
        return _to_fraction(text, first, at, part, end)
    if number is None or (
        second_spelled
        and not number.words
        and number.value < 2
        and "分之" not in text[at : number.end]
    ):
        return first, end
    if _year(text, at, number, second_spelled) is not None and first.kind not in ("number",):
        return first, end
    one = _one(
        text,
        at,
        at,
        number,
        money or bool(own_sign),
        sign or (own_sign[0].strip() if own_sign else ""),
        second_spelled,
    )
    if one is None:
        return first, end
    second, after = one
    if second.kind in ("thing",) and first.kind not in ("thing", "number"):
        return first, end
    low, half = _lower_end(first, second)
    if low is None:
        return first, end
    changing = (
        first.role == "from" and first.change != 0 and not re.search(r"\brang|\bbetween", before)
    )
    if changing and (second.kind not in ("number", "thing") or first.kind in ("number", "thing")):
        unit = second.unit
        made_first = replace(
            first,
            low=low,
            high=low,
            half=half,
            unit=unit,
            bare=second.bare,
            kind=second.kind,
            period=second.period,
            role="from",
        )
        # the second end is found again when reading goes on
        return made_first, link.end()
    if low > second.high:
        return first, end
    return (
        replace(
            second, text=text[first.start : after], start=first.start, low=low, half=max(half, second.half), hedge=_range_hedge(first, second),
            role=first.role if first.role == "to" else "", change=first.change, loose=first.loose and second.loose,
        ),
        after,
    )  # fmt: skip


def _to_fraction(
    text: str, first: Quantity, at: int, part: PrintedNumber, end: int
) -> tuple[Quantity, int]:
    low = first.low * first.unit.factor_to(PLAIN) if first.kind == "share" else part.value
    if low >= part.value:
        return first, end
    made = Quantity(
        text[first.start : part.end], first.start, part.end, low, part.value, part.half, 1, True, kind="share", hedge=first.hedge,
    )  # fmt: skip
    return made, part.end


def _range_hedge(first: Quantity, second: Quantity) -> str:
    for hedge in (second.hedge, first.hedge):
        if hedge in ("about", "exact"):
            return hedge
    return "none"


def _lower_end(first: Quantity, second: Quantity) -> tuple[float | None, float]:
    """The first number in the unit of the second; None where they are of different kinds."""
    if first.kind in ("number", "thing", "short"):
        if first.words or first.short:
            ratio = second.unit
            del ratio
            return first.low, first.half
        # 5-6 million accelerators, 300 to 620 TWh
        bare = _bare_value(second)
        scale = second.high / bare if bare else 1.0
        if first.low <= bare or first.low * scale <= second.high:
            return first.low * scale, first.half * scale
        return (first.low, first.half) if first.low <= second.high else (None, 0.0)
    if second.kind in ("number", "thing", "short"):
        return None, 0.0
    if first.unit.same_dimension(second.unit):
        factor = first.unit.factor_to(second.unit)
        if first.kind == "money" and not first.words and second.words:
            bare = _bare_value(second)
            scale = second.high / bare if bare else 1.0
            if first.low <= bare:
                return first.low * scale, first.half * scale
        return first.low * factor, first.half * factor
    if first.bare.same_dimension(second.bare):
        factor = first.bare.factor_to(second.bare)
        return first.low * factor, first.half * factor
    return None, 0.0


def _bare_value(quantity: Quantity) -> float:
    """The digits of a quantity without number word and unit."""
    found = re.search(r"[0-9]", quantity.text)
    if found is None:
        return quantity.high
    at = found.start() - (quantity.text[found.start() - 1 : found.start()] == ".")
    digits = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+").match(quantity.text, max(at, 0))
    return float(digits[0].replace(",", "")) if digits else quantity.high
