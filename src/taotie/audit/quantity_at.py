"""What does a text state at one place? Where a quantity may begin, and which reader takes it; years and names are known and passed over."""

from __future__ import annotations

from taotie.audit.hedge import WINDOW, change_around, hedge_around, role_of
from taotie.audit.nouns import Phrase
from taotie.audit.one_number import YEAR, first_number, fraction, made_of, one_number, year_at
from taotie.audit.quantity_range import ranged
from taotie.audit.quantity_said import Quantity
from taotie.audit.unit_phrase import phrase_at
from taotie.quantity.copied import replace
from taotie.quantity.number_text import PrintedNumber, number_at, number_words_at
from taotie.quantity.number_words import fraction_at, spelled_number_at
from taotie.quantity.unit_text import Unit
from taotie.words import patterns as re

_SPELLED_STARTS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty",
    "fifty", "sixty", "seventy", "eighty", "ninety", "half", "third", "quarter", "dozen", "hundred",
]  # fmt: skip
_COUNT_WORD = (
    r"(?:a\s(?:dozen|hundred|thousand|million)|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"(?:-(?:one|two|three|four|five|six|seven|eight|nine))?(?:\s(?:hundred|thousand|million))?|hundred|thousand|million)"
)
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_MULTIPLES = {
    "doubl": 2.0, "tripl": 3.0, "trebl": 3.0, "quadrupl": 4.0, "quintupl": 5.0, "sextupl": 6.0, "octupl": 8.0, "halv": 0.5, "twice": 2.0, "thrice": 3.0, "翻番": 2.0, "翻了番": 2.0, "翻倍": 2.0, "翻了一倍": 2.0, "翻一倍": 2.0, "减半": 0.5, "一半": 0.5, "腰斩": 0.5,
}  # fmt: skip
_NAMED_BEFORE = re.compile(
    r"(?:\b(?:Llama|GPT|ChatGPT|Gemini|Claude|Grok|Qwen|Mixtral|Mistral|Phi|Gemma|Opus|Sonnet|Haiku|Windows|Python|version|Article|Section|Table|Figure|Fig\.|Chapter"
    r"|page|p\.|pp\.|No\.|Scope|Tier|Level|Phase|Annex|Rule|Order|Act|Title|Docket|Stage|Step|Grade|Type|Class|Unit|Model|v|V|Web|Top|Boeing|RTX|Core)[\s-]?|#|第|§\s?|图|表)\Z"
)
# with what a word begins that may begin a quantity: most words do not
_FIRST_LETTERS = (
    r"zero|o(?:ne|ct)|t(?:w|h[rio]|en|r[ie])|f(?:o[ur]|i[vf]|eb)|s(?:ix|e[vxp]|ing)|e(?:ig|le|ve|ac|ur)|n(?:in|ov)|h(?:al|un|tt|k)|a(?:n?[\s$-]|rx|pr|ug)"
    r"|q|d(?:o[uz]|ec)|us|c(?:\$|ny)|rmb|per|www|j(?:an|u[nl])|ma[ry]"
)
START = re.compile(
    # most places of a text are the middle of a word: one look says so
    r"(?=[0-9.+$€£¥第-]|(?<![A-Za-z_])(?:[A-Za-z_][A-Za-z_.-]{0,30}+[0-9]|" + _FIRST_LETTERS + r")|[一二两三四五六七八九十百千万亿半几数上翻减腰打过大每双个])(?:"
    r"(?P<skip>https?://\S{1,400}|www\.\S{1,200}|\b10\.[0-9]{4,6}/\S{1,120}|arXiv:[0-9.v]{1,16}|\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b|\b[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}\b"
    r"|\b[0-9]{1,2}(?::[0-9]{2})?\s?[ap]\.?m\b\.?|\b[0-9]{1,2}\so'clock|\b[0-9]{1,2}:[0-9]{2}\b|\b24/7\b|第[0-9]{1,4}|\b[0-9]{1,3}(?:st|nd|rd|th)\b|\b(?:4K|8K|5G|4G|6G|3D|2D)\b"
    r"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?\s[0-9]{1,2}(?:,(?=\s)|(?![0-9,.a-zA-Z]))(?!\s?(?:percent|%|[kMGT]?Wh?\b)))"
    r"|(?P<day>\b[0-9]{1,2}\s(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\b|[0-9]{1,2}月(?:[0-9]{1,2}[日号])?(?![0-9]))"
    r"|(?P<in>\b(?P<of>[0-9]{1,3}|one|two|three|four|five|six|seven|eight|nine)\s(?:(?:[a-z-]{2,14}\s){1,4}?(?=(?:in|out\sof|of)\severy\s)|(?<=one\s)(?:[a-z-]{2,14}\s){1,2}(?=in\s(?:[0-9]{1,4}|" + _COUNT_WORD + r")\b(?!\s(?:states|countries|cities|counties|regions|places|buildings|halls|sites)\b)))?(?:in|out\sof|in\severy|of\severy)\s(?P<all>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,5}|" + _COUNT_WORD + r")\b(?!\s(?:days?|weeks?|months?|years?|hours?|minutes?|stages?|phases?|steps?)\b|[0-9a-zA-Z.,%][0-9a-zA-Z%]|\s?(?:%|percent|[kMGT]?Wh?\b)))"
    r"|(?P<among>每?(?P<whole>[0-9]{1,6}(?:\.[0-9]{1,2})?|[一二两三四五六七八九十百千]{1,4})(?P<thing>[度户人个台座张块吨元次家辆])[^，。；,;0-9一二两三四五六七八九十]{0,6}?(?:(?:里面?|中间?|当中|之中)(?:就|便|约|大约|大概|至少|差不多){0,2}有?|(?:就|便|约|大约|大概|至少|差不多){0,2}有)(?:约|近|大约|将近)?(?P<part>[0-9]{1,6}(?:\.[0-9]{1,2})?|[一二两三四五六七八九十百千]{1,4})(?P=thing))"
    r"|(?P<figures>\b(?P<places>four|five|six|seven|eight|nine|ten|eleven|twelve)[- ]figure\b|(?P<places_zh>[三四五六七八九十])位数|\b(?:double|two)-digit\b|\bsingle-digit\b|两位数|双位数|个位数)"
    r"|(?P<of_every>(?<=of\s)every\s(?P<every>ten|twenty|hundred|thousand|million|[0-9]{2,6})\s[a-z-]{2,20}(?:\s[a-z'-]{1,14}){0,8},\s(?:(?:about|some|around|roughly|only|just|nearly|almost)\s){0,2}(?P<so_many>(?:" + _TENS + r")(?:-(?:one|two|three|four|five|six|seven|eight|nine))?|" + _COUNT_WORD + r"|[0-9]{1,5}(?:\.[0-9]{1,2})?)(?=\s(?:now|are|is|were|was|will|go|goes|went|come|comes|came|end|ends|feed|feeds|run|runs|of)\b))"
    r"|(?P<tenth>\bevery\s(?:third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|twentieth|hundredth|thousandth)\b(?!\s(?:day|week|month|year|hour|minute)))"
    r"|(?P<over>(?<![0-9/])[0-9]{1,2}/[0-9]{1,4}(?=\s(?:of|the)\b|的)|(?:(?<=[\u4e00-\u9fff≈=~])|(?<=about )|(?<=roughly )|(?<=only )|(?<=just )|(?<=nearly )|(?<=than ))[1-9]/[0-9]{1,3}(?![0-9/.%A-Za-z年月日]))"
    r"|(?P<fold>\b(?:(?:" + _TENS + r")(?:-(?:one|two|three|four|five|six|seven|eight|nine))?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|(?:an?\s|one-?)?(?:hundred|thousand))(?:[- ]and[- ]a[- ](?P<fold_bit>half|third|quarter))?-?fold\b)"
    r"|(?P<magnitude>\b(?:an|one|two|three|four|five|six)(?:\sor\smore)?\sorders?\sof\smagnitude\b|[一两二三四五六]个数量级)"
    r"|(?P<again>\bhalf\s(?:as\smuch\sagain|again\sas\s(?:much|many|large|high))\b)"
    r"|(?P<folded>打(?:[一二三四五六七八九]{1,2}|[0-9](?:\.[0-9])?|对)折|[一二三四五六七八九][一二三四五六七八九]?折(?![合算旧叠损射]))"
    r"|(?P<multiple>\b(?:doubl(?:e[sd]?|ing)|tripl(?:e[sd]?|ing)|trebl(?:e[sd]?|ing)|quadrupl(?:e[sd]?|ing)|quintupl(?:e[sd]?|ing)|sextupl(?:e[sd]?|ing)|octupl(?:e[sd]?|ing)|halv(?:e[sd]?|ing)|twice|thrice)\b(?!-)"
    r"|翻(?:了)?(?:将近|接近|近|超过|不止|约)?(?P<doublings>[一两二三四五六七八九十]|[0-9])番|翻(?:了)?(?:一倍|番|倍)|减半|腰斩|(?<![一])一半)"
    r"|(?P<most>过半(?!月|天|年|小时|个|程|夜)|(?:半数|一半)以上|大半(?!年|天|月|夜|生))"
    r"|(?P<named>(?<![A-Za-z_])[A-Za-z_][A-Za-z_.-]{0,30}+[0-9][A-Za-z0-9.-]{0,12})"
    r"|(?P<money>(?:US|HK|A|C)?\$\s?|[€£¥]\s?|\b(?:USD|EUR|CNY|RMB|US\$)\s?)(?=[0-9.])"
    r"|(?P<digits>[-+]?\.?[0-9])"
    r"|(?P<half_more>\b(?:an?|one)\s(?P<of_unit>(?:hour|day|week|month|year|(?:giga|mega|kilo)watt(?:[- ]hour)?|lit(?:er|re)|gallon|tonne))\sand\sa\s(?P<bit>half|third|quarter)\b)"
    r"|(?P<one>(?<!per )\ban?\s(?=(?:kilo|mega|giga|tera)watts?(?:[- ]hours?)?\b(?!-)))"
    r"|(?P<each>\b(?:every|each|per)\s(?:single\s|extra\s|additional\s|further\s)?(?=(?:hundred|thousand|million|billion|trillion|dozen)\b))"
    r"|(?P<spelled>\ban?(?=[\s-](?:hundred|thousand|million|billion|trillion|dozen|couple|half|third|quarter|[a-z-]{3,16}(?:th|first|second|third)\b))|\b(?:" + "|".join(_SPELLED_STARTS) + r")\b)"
    r"|(?P<zh>(?<!唯)[一二两三四五六七八九十百千半几数上]|[万亿](?=[次张条户]|卡(?:集群|级|规模|训练|[^车片通里路]))|百分之|千分之|万分之|亿分之))",
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
    if mark["among"]:  # 每四十度电里有一度
        below, above = _count_word(mark["whole"]), _count_word(mark["part"])
        if 0 < above < below:
            return _plain(text, mark, above / below, "share"), mark.end()
        return _number(text, mark.start(), mark.start(), False)
    if mark["of_every"]:
        below, above = _count_word(mark["every"]), _count_word(mark["so_many"])
        if 0 < above < below:
            return _plain(text, mark, above / below, "share"), mark.end()
        return None, mark.start("so_many")
    if mark["figures"]:
        return _so_many_figures(text, mark), mark.end()
    if mark["tenth"]:
        part = fraction_at("a " + mark["tenth"].split()[1])
        return _plain(text, mark, part.value if part else 0.0, "share"), mark.end()
    if mark["over"]:
        above, below = (float(x) for x in mark["over"].split("/"))
        if 0 < above < below:
            return _plain(text, mark, above / below, "share"), mark.end()
        return None, mark.end()
    if mark["fold"]:
        word = mark["fold"].lower().removesuffix("fold").removesuffix("-")
        word, bit = re.split(r"[- ]and[- ]a", word)[0], mark["fold_bit"]
        fold = _count_word(word if " " in word else word.replace("hundred", " hundred").strip())
        fold += {"half": 0.5, "third": 1 / 3, "quarter": 0.25}[bit.lower()] if bit else 0.0
        return (_plain(text, mark, fold, "times") if fold > 1 else None), mark.end()
    if mark["magnitude"]:
        first = re.split(r"\s", mark[0])[0].lower()
        steps = (
            1 if first == "an" else int(_count_word(first if first.isascii() else first[0]) or 1)
        )
        made = _plain(text, mark, 10.0**steps, "times")
        return replace(
            made, half=0.4 * made.low, hedge="about" if made.hedge == "none" else made.hedge
        ), mark.end()
    if mark["again"]:
        return _plain(text, mark, 1.5, "times"), mark.end()
    if mark["folded"]:
        return _discounted(text, mark), mark.end()
    if mark["most"]:
        made = _plain(text, mark, 0.5, "share")
        return replace(made, hedge="at_least", half=0.01), mark.end()
    if mark["each"]:  # every thousand chats
        return _round_number(text, mark.end())
    if mark["half_more"]:  # an hour and a half
        phrase = phrase_at(text, mark.start("of_unit"))
        if phrase is None or phrase.kind != "amount":
            return None, mark.end()
        size = 1 + {"half": 0.5, "third": 1 / 3, "quarter": 0.25}[mark["bit"].lower()]
        size_said = PrintedNumber(size, 0.05, (), mark.end(), 0.05, 2, True)
        return made_of(
            text, mark.start(), mark.start(), size_said, phrase, mark.end(), True
        ), mark.end()
    if mark["multiple"]:
        if mark["doublings"]:
            n = int(_count_word(mark["doublings"]))
            return _plain(text, mark, 2.0**n, "times"), mark.end()
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


def _round_number(text: str, at: int) -> tuple[Quantity | None, int]:
    """Every thousand chats, per million tokens: a number word with no number before it."""
    words, scale, end = number_words_at(text, at)
    if text.startswith("dozen", at):
        words, scale, end = ("dozen",), 12.0, at + 5
    many = PrintedNumber(scale, 0.0, words, end, 0.0, 1, True)
    return one_number(text, at, at, many, False, "", False) or (None, end)


def _count_word(word: str) -> float:
    number = number_at(word) or spelled_number_at(word)
    if number is not None:
        return number.value
    return {"hundred": 100.0, "thousand": 1e3, "million": 1e6}.get(word.lower(), 0.0)


_SHARE_WORDS = re.compile(
    r"percent|growth|rise|increase|gain|jump|leap|surge|drop|fall|cut|decline|[增涨升降跌幅]",
    re.IGNORECASE,
)


def _so_many_figures(text: str, mark: re.Match[str]) -> Quantity | None:
    """A nine-figure bill is from 100 million to a billion, double-digit growth from 10 to 100 per cent."""
    if mark["places"] or mark["places_zh"]:
        n = _count_word(mark["places"] or mark["places_zh"])
        made = _plain(text, mark, 10.0 ** (n - 1), "number")
        return replace(made, high=made.low * 9.995, half=0.0, digits=0)
    if not _SHARE_WORDS.search(text[max(0, mark.start() - 12) : mark.end() + 24]):
        return None
    low = 1.0 if mark[0].lower()[:1] in "s个" else 10.0
    made = _plain(text, mark, low, "share")
    unit = Unit("%")
    return replace(made, high=low * 9.995, half=0.05 * low, digits=0, unit=unit, bare=unit)


def _discounted(text: str, mark: re.Match[str]) -> Quantity:
    """打七折 leaves 70 %, 八五折 85 %, 对折 half."""
    word = mark[0].removeprefix("打").removesuffix("折")
    if word == "对":
        part = 0.5
    elif word[0].isascii():
        part = float(word) / 10
    else:
        part = sum(_count_word(c) / 10.0 ** (i + 1) for i, c in enumerate(word))
    return replace(_plain(text, mark, part, "share"), half=0.005)


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


_NO_NUMBER = re.compile("[零〇一二两三四五六七八九十百千万亿]{24,}")


# 一度引起争论: once, and no kilowatt-hour
_ONCE = re.compile(
    r"一度(?=[引成达超停中断传被曾跌涨升降陷面遭暂登跃濒险令逼冲攀飙]|高达|占到|低至|让人)"
)


def _number(
    text: str, start: int, at: int, money: bool, sign: str = ""
) -> tuple[Quantity | None, int]:
    """A number with what stands behind it; a range where two are linked."""
    run = _NO_NUMBER.match(text, at) or _ONCE.match(text, at)
    if run is not None:  # nobody writes a number of so many characters
        return None, run.end()
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
    if one is None and spelled and (linked := _spelled_range(text, start, at, number)):
        return linked
    if one is None:
        return None, _past_word(text, at) if spelled else number.end
    quantity, end = one
    return ranged(text, quantity, end, money, sign, spelled)


_TO_ANOTHER = re.compile(
    r"(?:\s(?:to|and|through)\s|-)(?=[0-9a-z])|[至到和与~](?=[0-9一二两三四五六七八九十百千])"
)


def _spelled_range(
    text: str, start: int, at: int, number: PrintedNumber
) -> tuple[Quantity, int] | None:
    """Between five and ten megawatts, 五到十倍: the first number has its unit from the second."""
    if not _TO_ANOTHER.match(text, number.end):
        return None
    bare = made_of(text, start, at, number, Phrase(end=number.end), number.end, True)
    made, end = ranged(text, bare, number.end, False, "", True)
    return (made, end) if made.is_range or (made.role == "from" and end > number.end) else None


def _past_word(text: str, at: int) -> int:
    if not text[at : at + 1].isascii():
        return at + 1
    word = re.compile(r"[-+]?[A-Za-z0-9.,]+").match(text, at)
    if word is None:
        return at + 1
    # "a three-year" must not swallow its number
    return at + 1 if text[at].isdigit() or text[at] in "+-." else word.end()
