"""Which number is spelled out in words? `three`, `half a million`, `one-third`, `一千亿`, `百分之一点五`, `三分之一`.

Digits are read in `number_text.py`; here stand the numbers a text writes without them, in English and Chinese.
"""

from __future__ import annotations

from taotie.quantity.number_text import PrintedNumber, number_at, number_words_at
from taotie.words import patterns as re

_SMALL = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_ORDINALS = {
    "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12,
    "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19,
}  # fmt: skip
_PARTS = {
    "half": 2, "halves": 2, "quarter": 4, **_ORDINALS, **{ten[:-1] + "ieth": n for ten, n in _TENS.items()},
    **{f"{ten}-{one}": n + m for ten, n in _TENS.items() for one, m in {**_ORDINALS, "first": 1, "second": 2}.items() if m < 10},
    "hundredth": 100, "thousandth": 1000, "millionth": 10**6, "billionth": 10**9,
}  # fmt: skip
_ONES = "|".join([*_SMALL, *_TENS])
_ANY_PART = "|".join(sorted(_PARTS, key=len, reverse=True))
_SPELLED = re.compile(
    rf"\b(?:(?P<a>an?)\s(?=(?:hundred|thousand|million|billion|trillion|dozen)\b)"
    rf"|(?P<one>{_ONES})(?:[ -](?P<two>{'|'.join(_SMALL)}))?(?:[ -]point(?P<point>(?:[ -](?:{'|'.join(list(_SMALL)[:10])})\b)+))?)\b(?![-'](?!odd\b|something\b|plus\b|and-a-)[a-z])",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    rf"\b(?:(?P<n>an?|one|two|three|four|five|six|seven|eight|nine)[ -])?(?P<d>{_ANY_PART})s?\b",
    re.IGNORECASE,
)
_AND = re.compile(
    rf"(?:\sand\s|\s|-)(?P<one>{_ONES})(?:[ -](?P<two>{'|'.join(_SMALL)}))?\b(?![-'][a-z])",
    re.IGNORECASE,
)
_AND_A_HALF = re.compile(r"[\s-]and[\s-]a[\s-](?P<part>half|third|quarter)\b", re.IGNORECASE)
_COUPLE = re.compile(
    r"a couple\s(?:of\s)?(?:(?P<scale>dozen|hundred|thousand|million|billion)\s)?(?=[a-z])",
    re.IGNORECASE,
)
# half a million, three quarters of a billion
_PART_OF = re.compile(
    rf"\b(?:(?:(?P<n>an?|one|two|three|four|five|six|seven|eight|nine)[ -])?(?P<d>{_ANY_PART})s?)(?:[ -](?:of[ -])?an?[ -]|-)"
    r"(?P<scale>hundred|thousand|million|billion|trillion)\b",
    re.IGNORECASE,
)
_DOZEN = re.compile(r"\s?dozen\b", re.IGNORECASE)

CHINESE_DIGITS = {
    "零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
    "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9,
}  # fmt: skip
_CHINESE = re.compile(
    r"[零〇一二两三四五六七八九壹贰叁肆伍陆柒捌玖十百千万亿半]+(?:点[零〇一二三四五六七八九]+)?[百千万亿]*"
)
_SO_MANY = re.compile(r"([半一二两三四五六七八九十]{1,2})个(?:小目标|亿(?![万千百]))")
_OF_A = re.compile(
    r"(?P<d>百|千|万|亿|[0-9]{1,4}|[二两三四五六七八九十]{1,3})分之"
    r"(?P<n>[0-9]+(?:\.[0-9]+)?|[零〇一二两三四五六七八九十百半]+(?:点[零〇一二三四五六七八九]+)?)"
)


def spelled_number_at(text: str, at: int = 0) -> PrintedNumber | None:
    """The number spelled out in words at `at`, or None.

    Examples
    --------
    >>> [spelled_number_at(t).value for t in ("three gigawatts", "half a million homes", "twenty-five", "a thousand")]
    [3.0, 500000.0, 25.0, 1000.0]
    >>> [spelled_number_at(t).value for t in ("一千亿度", "两百亿", "百分之一点五", "三分之一", "1.5亿") if spelled_number_at(t)]
    [100000000000.0, 20000000000.0, 0.015, 0.3333333333333333]
    """
    if text[at : at + 1].isascii():
        if text[at : at + 1].isdigit():
            return _of_a(text, at)
        return _english(text, at)
    return _of_a(text, at) or _chinese(text, at)


def fraction_at(text: str, at: int = 0) -> PrintedNumber | None:
    """A share in English words: `half`, `one-third`, `two thirds`, `a quarter`; or None.

    Examples
    --------
    >>> fraction_at("two-thirds of it").value, fraction_at("half of").value
    (0.6666666666666666, 0.5)
    """
    found = _FRACTION.match(text, at)
    if found is None:
        return None
    word = found["d"].lower()
    over = found["n"]
    if over is None and word not in ("half",):
        return None  # "third" alone is an order, "quarter" a part of a year
    above = 1 if over is None or over.lower() in ("a", "an") else _SMALL[over.lower()]
    value = above / _PARTS[word]
    # shares in words are round: a third may be 31 % or 36 %
    return PrintedNumber(
        value, 0.02 * value, (found[0].lower(),), found.end(), 0.08 * value, 1, True
    )


def _exact(
    value: float, words: tuple[str, ...], end: int, digits: int, half: float
) -> PrintedNumber:
    return PrintedNumber(
        value, 0.02 * value if digits <= 1 else half, words, end, half, digits, True
    )


def _english(text: str, at: int) -> PrintedNumber | None:
    if at and (text[at - 1].isalnum() or text[at - 1] in "_-"):
        return None
    part = _PART_OF.match(text, at)
    if part and (part["n"] or part["d"].lower() == "half"):
        word = part["scale"].lower()
        above = 1 if (part["n"] or "a").lower() in ("a", "an") else _SMALL[part["n"].lower()]
        value = above / _PARTS[part["d"].lower()] * number_words_at(word, 0)[1]
        return PrintedNumber(value, 0.02 * value, (word,), part.end(), 0.1 * value, 1, True)
    couple = _COUPLE.match(text, at)
    if couple:  # a couple of megawatts, a couple hundred
        size = 12.0 if couple["scale"] == "dozen" else number_words_at(couple["scale"] or "", 0)[1]
        return PrintedNumber(
            2 * size, 0.5 * size, ("couple",), couple.end() - 1, 0.5 * size, 1, True
        )
    found = _SPELLED.match(text, at)
    if found is None:
        return None
    if found["a"]:
        value, end = 1.0, at + len(found["a"])
    else:
        first, second = found["one"].lower(), (found["two"] or "").lower()
        value = float(_SMALL.get(first, _TENS.get(first, 0)))
        end = found.end()
        if second:
            if first not in _TENS or not 0 < _SMALL[second] < 10:
                end = at + len(found["one"])
            else:
                value += _SMALL[second]
        if found["point"] and end == found.end():
            value += _decimals(found["point"])
    halves = _AND_A_HALF.match(text, end)
    if halves:  # two and a half billion
        value, end = value + 1 / _PARTS[halves["part"].lower()], halves.end()
    dozen = _DOZEN.match(text, end)
    if dozen:
        return _exact(12 * value, ("dozen",), dozen.end(), 1, 1.0)
    words, scale, end = number_words_at(text, end)
    if not words and found["a"]:
        return None
    more = _AND.match(text, end) if words == ("hundred",) else None
    if more:  # one hundred and fifty
        first, second = more["one"].lower(), (more["two"] or "").lower()
        value = value * scale + _SMALL.get(first, _TENS.get(first, 0)) + _SMALL.get(second, 0)
        words, scale, end = number_words_at(text, more.end())
    rest = _FRACTION.match(text, end + 1)
    if not words and text[end : end + 1] in (" ", "-") and rest and rest["n"] is None:
        return None  # "two thirds" is a share
    digits = len(f"{value:g}".replace(".", "").rstrip("0")) or 1
    unit = 0.05 if value % 1 else (5.0 if value % 10 == 0 and value else 0.5)
    return _exact(value * scale, words, end, digits, unit * scale)


def _decimals(words: str) -> float:
    """one point two five: what stands behind the point."""
    digits = [_SMALL[w.lower()] for w in re.split("[ -]", words.strip(" -"))]
    return float("0." + "".join(map(str, digits)))


def pair_at(text: str, at: int = 0) -> tuple[PrintedNumber, float] | None:
    """Two digits side by side: 七八百万 is from 700 to 800 times 10^4, 两三倍 two or three times; the lower one and the step between.

    Examples
    --------
    >>> [(pair_at(t)[0].value, pair_at(t)[1]) for t in ("七八百万度", "十七八万户", "两三倍", "三四十度")]
    [(7000000.0, 1000000.0), (170000.0, 10000.0), (2.0, 1.0), (30.0, 10.0)]
    >>> pair_at("二〇二四年"), pair_at("三百")
    (None, None)
    """
    found = _PAIR.match(text, at)
    if found is None:
        return None
    first, second = (CHINESE_DIGITS[found[k]] for k in ("low", "high"))
    if not (second == first + 1 or (first, second) == (3, 5)):
        return None
    low = _chinese(found["before"] + found["low"] + found["scale"] + " ", 0)
    high = _chinese(found["before"] + found["high"] + found["scale"] + " ", 0)
    if low is None or high is None:
        return None
    number = PrintedNumber(low.value, 0.0, low.words, found.end(), 0.0, 1, True)
    return number, high.value - low.value


_PAIR = re.compile(
    r"(?P<before>[一二三四五六七八九]?[十百千]?)(?P<low>[一二两三四五六七八])(?P<high>[二两三四五六七八九])(?P<scale>[十百千万亿]*)(?![零〇一二两三四五六七八九点年])"
)


def _of_a(text: str, at: int) -> PrintedNumber | None:
    """百分之十五, 千分之三, 三分之一."""
    found = _OF_A.match(text, at)
    if found is None:
        return None
    below = {"百": 100.0, "千": 1000.0, "万": 10000.0, "亿": 1e8}.get(found["d"])
    if below is None:
        below = (
            float(found["d"])
            if found["d"].isdigit() and found["d"].isascii()
            else chinese_value(found["d"])
        )
    above = number_at(found["n"]) or _chinese(found["n"], 0)
    if not below or above is None:
        return None
    share = found["d"] in ("百", "千", "万", "亿")
    half = above.half / below if share else 0.08 * above.value / below
    return PrintedNumber(
        above.value / below, above.tol / below, (), found.end(), half, above.digits, not share
    )  # fmt: skip


def _chinese(text: str, at: int) -> PrintedNumber | None:
    found = _CHINESE.match(text, at)
    if found is None:
        return None
    word = found[0]
    many = _SO_MANY.match(text, at)
    if many:  # 半个亿, 三个亿
        size = (0.5 if many[1] == "半" else chinese_value(many[1]) or 0.0) * 1e8
        return _exact(size, (many[0],), many.end(), 1, 0.1 * size)
    if word == "半" and _HALF_UNIT.match(text, at + 1):  # 半升水, 半个小时
        return PrintedNumber(0.5, 0.01, ("半",), at + 1, 0.05, 1, True)
    # 千瓦 and 百帕 are units: their prefix is no number
    while (
        word
        and word[-1] in "千百"
        and text[at + len(word) : at + len(word) + 1] in tuple("瓦克米焦字帕伏")
    ):
        word = word[:-1]
    if (
        not word
        or word == "半"
        or (
            word[0] in "万亿"
            and not (len(word) == 1 and text[at + 1 : at + 2] in tuple("次张条户卡"))
        )
        or (word.startswith("千万") and len(word) == 2)
    ):
        return None
    value = chinese_value(word)
    if value is None:
        return None
    scale = 1.0
    for char in reversed(word):
        if char not in "十百千万亿":
            break
        scale *= {"十": 10.0, "百": 100.0, "千": 1e3, "万": 1e4, "亿": 1e8}[char]
    digits = sum(char in CHINESE_DIGITS for char in word) or 1
    unit = 0.05 if "点" in word else 0.5
    return _exact(value, (word,), at + len(word), digits, unit * scale)


_HALF_UNIT = re.compile(r"度(?!过)|升|吨|公斤|千克|小时|个(?:小时|钟头|月)|兆瓦|吉瓦|千瓦")


def chinese_value(word: str) -> float | None:
    """The value of a Chinese numeral, or None if it is none.

    Examples
    --------
    >>> chinese_value("三千二百"), chinese_value("两百亿"), chinese_value("十五"), chinese_value("一点五"), chinese_value("一万亿")
    (3200.0, 20000000000.0, 15.0, 1.5, 1000000000000.0)
    """
    if "点" in word:
        whole, _dot, rest = word.partition("点")
        fraction = re.match(r"[零〇一二三四五六七八九]+", rest)
        above = chinese_value(whole)
        if fraction is None or above is None:
            return None
        digits = "".join(str(CHINESE_DIGITS[c]) for c in fraction[0])
        value = above + float(f"0.{digits}")
        for char in rest[fraction.end() :]:
            value *= {"百": 100.0, "千": 1e3, "万": 1e4, "亿": 1e8}.get(char, 1.0)
        return value
    total = part = 0.0
    digit: float | None = None
    for char in word:
        if char in CHINESE_DIGITS:
            if digit is not None:  # 二〇二四: a year, read digit by digit
                digit = 10 * digit + CHINESE_DIGITS[char]
                continue
            digit = float(CHINESE_DIGITS[char])
        elif char in "十百千":
            part += (1.0 if digit is None else digit) * {"十": 10.0, "百": 100.0, "千": 1e3}[char]
            digit = None
        elif char in "万亿":
            part += digit or 0.0
            if char == "亿":
                total = (total + part if part or total else 1.0) * 1e8
            else:
                total += (part or 1.0) * 1e4
            part, digit = 0.0, None
        elif char == "半":
            digit = 0.5 if digit is None else digit + 0.5
        else:
            return None
    return total + part + (digit or 0.0)
