"""What does a text state at one place? Where a quantity may begin, and which reader takes it; years and names are known and passed over."""

from __future__ import annotations

import re

from taotie.audit.hedge import WINDOW, change_around, hedge_around, role_of
from taotie.audit.one_number import YEAR, first_number, fraction, made_of, one_number, year_at
from taotie.audit.quantity_range import ranged
from taotie.audit.quantity_said import Quantity
from taotie.audit.unit_phrase import phrase_at
from taotie.quantity.number_text import PrintedNumber, number_at
from taotie.quantity.number_words import fraction_at, spelled_number_at

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
START = re.compile(
    # most places of a text are the middle of a word: one look says so
    r"(?=[0-9.+$€£¥第-]|(?<![A-Za-z_])[A-Za-z_]|[一二两三四五六七八九十百千半几数上翻减])(?:"
    r"(?P<skip>https?://\S{1,400}|www\.\S{1,200}|\b10\.[0-9]{4,6}/\S{1,120}|arXiv:[0-9.v]{1,16}|\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b|\b[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}\b"
    r"|\b[0-9]{1,2}:[0-9]{2}\b|\b24/7\b|第[0-9]{1,4}|\b[0-9]{1,3}(?:st|nd|rd|th)\b|\b(?:4K|8K|5G|4G|6G|3D|2D)\b"
    r"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?\s[0-9]{1,2}(?:,(?=\s)|(?![0-9,.a-zA-Z]))(?!\s?(?:percent|%|[kMGT]?Wh?\b)))"
    r"|(?P<day>\b[0-9]{1,2}\s(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\b|[0-9]{1,2}月(?:[0-9]{1,2}[日号])?(?![0-9]))"
    r"|(?P<in>\b(?P<of>[0-9]{1,3}|one|two|three|four|five|six|seven|eight|nine)\s(?:(?:[a-z-]{2,14}\s){1,2}(?=(?:in|out\sof|of)\severy\s)|(?<=one\s)(?:[a-z-]{2,14}\s){1,2}(?=in\s(?:[0-9]{1,4}|ten|twenty|hundred)\b(?!\s(?:states|countries|cities|counties|regions|places|buildings|halls|sites)\b)))?(?:in|out\sof|in\severy|of\severy)\s(?P<all>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,5}|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|hundred)(?!\s(?:days?|weeks?|months?|years?|hours?|minutes?|stages?|phases?|steps?)\b|[0-9a-zA-Z.,%][0-9a-zA-Z%]|\s?(?:%|percent|[kMGT]?Wh?\b)))"
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
        if 0 < above < below and not YEAR.fullmatch(mark["all"]):
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
        return made_of(text, mark.start(), mark.start(), one, phrase, phrase.end, True), phrase.end
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


def _number(
    text: str, start: int, at: int, money: bool, sign: str = ""
) -> tuple[Quantity | None, int]:
    """A number with what stands behind it; a range where two are linked."""
    spelled_fraction = None
    number, spelled = first_number(text, at)
    if number is None and not money:
        spelled_fraction = fraction_at(text, at)
        if spelled_fraction is not None:
            made, after = fraction(text, at, spelled_fraction)
            return (made, after) if made is None else ranged(text, made, after, False, "", True)
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
        version = "." in text[at : number.end]  # the Llama 3.1 family
        if phrase is None or phrase.kind == "thing" or (version and phrase.kind == "count"):
            return None, number.end
    year = year_at(text, at, number, spelled)
    if year is not None:
        return year
    one = one_number(text, start, at, number, money, sign, spelled)
    if one is None:
        return None, _past_word(text, at) if spelled else number.end
    quantity, end = one
    return ranged(text, quantity, end, money, sign, spelled)


def _past_word(text: str, at: int) -> int:
    if not text[at : at + 1].isascii():
        return at + 1
    word = re.compile(r"[-+]?[A-Za-z0-9.,]+").match(text, at)
    if word is None:
        return at + 1
    # "a three-year" must not swallow its number
    return at + 1 if text[at].isdigit() or text[at] in "+-." else word.end()
