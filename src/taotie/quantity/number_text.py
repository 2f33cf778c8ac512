"""What number does a text print, and how precisely? Digits, groups, powers of ten, English and Chinese number words.

`1,287`, `4.2e7`, `10^6`, `1.5 million`, `260 Mrd.`, `2亿`, `1亿2000万`, `41781.71亿` and full-width digits are read;
digits of other scripts are refused by name rather than guessed. Numbers spelled out are in `number_words.py`.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass

from taotie.errors import RangeError
from taotie.words import patterns as re
from taotie.words.language import _

ENGLISH_WORDS: dict[str, float] = {
    "hundred": 1e2,
    "thousand": 1e3,
    "million": 1e6,
    "millions": 1e6,
    "mn": 1e6,
    "mln": 1e6,
    "mio": 1e6,
    "billion": 1e9,
    "billions": 1e9,
    "milliard": 1e9,
    "mrd": 1e9,
    "bn": 1e9,
    "bln": 1e9,
    "trillion": 1e12,
    "trillions": 1e12,
    "tn": 1e12,
    "trn": 1e12,
    "quadrillion": 1e15,
}
CHINESE_WORDS: dict[str, float] = {"十": 1e1, "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}

_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "×": "*", "÷": "/", "·": "*", "⋅": "*"})
_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?:[ \u00a0\u2009\u202f][0-9]{3})+(?![0-9])|[0-9]{1,3}(?:'[0-9]{3})+|[0-9]+(?:_[0-9]{3})*)"
_NUMBER = re.compile(rf"(?:{_DIGITS}(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{{1,3}}(?![0-9]))?")
# "42,7" and "0,043" group no thousands
_DECIMAL_COMMA = re.compile(r"(?:([0-9]+),([0-9]{1,2})|(0),([0-9]{3}))(?![0-9,])")
_TEN_TO_THE = re.compile(r"10(?:\^|\*\*)\(?([+-]?[0-9]{1,3})\)?")
_TIMES_TEN_TO_THE = re.compile(r"\s{0,3}[*x]\s{0,3}10(?:\^|\*\*)\(?([+-]?[0-9]{1,3})\)?")
_WORD = re.compile(r"[\s-]{0,3}([A-Za-z]{2,11})(?![A-Za-z0-9_])(?:(?<=[Mm]rd)\.|(?<=[Mm]io)\.)?")
_SPACES = re.compile(r"\s{0,3}")
MAX_DIGITS = 60


@dataclass(frozen=True)
class PrintedNumber:
    """A number as printed.

    Attributes
    ----------
    value : float
        With its number word applied.
    tol : float
        Half a unit of the last printed digit; 2 % of the value where one digit is significant.
    words : tuple of str
        Number words it was printed with, such as ``("billion",)`` or ``("亿",)``.
    end : int
        Where the text goes on.
    half : float
        Half a unit of the last significant digit, whatever their number.
    digits : int
        Significant digits printed; 0 where the number is meant exactly.
    loose : bool
        Does it end in zeros or a number word, so that nobody can tell how many digits are meant?
    """

    value: float
    tol: float
    words: tuple[str, ...]
    end: int
    half: float = 0.0
    digits: int = 0
    loose: bool = False


_SEPARATORS = dict.fromkeys(map(ord, ",_' \t\n\r\u00a0\u202f\u2009"))


def plain(text: str) -> str:
    """`text` with full-width characters, dashes and superscripts in their plain form.

    Raises
    ------
    RangeError
        If it holds digits of another script, such as Arabic-Indic ones.

    Examples
    --------
    >>> plain("１２.５ ＭＷ × 10⁶")
    '12.5 MW * 10^6'
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("CO₂", "CO2")  # the one formula that stands in units
    out: list[str] = []
    previous_superscript = False
    for char in text:
        superscript = char in "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
        if superscript:
            out.append(("" if previous_superscript else "^") + char.translate(_SUPERSCRIPT))
        elif "\uff01" <= char <= "\uff5e" or char == "\u3000":
            out.append(unicodedata.normalize("NFKC", char))
        elif char.isdigit() and not char.isascii():
            raise RangeError(
                _("{char} in {text} is a digit of another script.").format(
                    char=f"U+{ord(char):04X} {unicodedata.name(char, '?')}", text=repr(text[:80])
                ),
                _("write the digits 0 to 9"),
            )
        elif unicodedata.category(char) in ("Cf", "Cc") and char not in "\n\t":
            continue  # zero-width and direction marks print nothing
        else:
            out.append(char.translate(_SIGNS))
        previous_superscript = superscript
    return "".join(out)


def printed_tolerance(mantissa: str, value: float) -> float:
    """Half a unit of the last significant digit of `mantissa`, in the size of `value`.

    Trailing zeros of a whole number are not significant; a single significant digit gives 2 %.

    Examples
    --------
    >>> printed_tolerance("42", 42), printed_tolerance("17000", 17000), printed_tolerance("2.0", 2)
    (0.5, 500.0, 0.05)
    >>> printed_tolerance("2", 2e8)
    4000000.0
    """
    digits = mantissa.translate(_SEPARATORS)
    whole, dot, decimals = digits.partition(".")
    number = float(digits)
    if number == 0:
        return 0.0
    scale = abs(value) / number
    stripped = whole.lstrip("0") + decimals if dot else whole.lstrip("0").rstrip("0")
    if len(stripped.lstrip("0")) <= 1:
        return 0.02 * abs(value)
    if dot:
        return 0.5 * 10.0 ** -len(decimals) * scale
    zeros = len(whole) - len(whole.rstrip("0"))
    return 0.5 * 10.0**zeros * scale


def significant_digits(mantissa: str) -> tuple[int, float, bool]:
    """How many digits of a printed mantissa count, half a unit of the last, and whether it ends in zeros.

    Examples
    --------
    >>> significant_digits("0.30"), significant_digits("17000"), significant_digits("50")
    ((2, 0.005, False), (2, 500.0, True), (1, 5.0, True))
    """
    digits = mantissa.translate(_SEPARATORS)
    whole, dot, decimals = digits.partition(".")
    if dot and decimals:
        return max(len((whole + decimals).lstrip("0")), 1), 0.5 * 10.0 ** -len(decimals), False
    kept = whole.lstrip("0").rstrip("0")
    zeros = len(whole) - len(whole.rstrip("0"))
    return max(len(kept), 1), 0.5 * 10.0**zeros, zeros > 0


def number_at(text: str, start: int = 0) -> PrintedNumber | None:
    """The number printed at `start` of a `plain` text, or None.

    Examples
    --------
    >>> number_at("41781.71亿千瓦时").value
    4178171000000.0
    >>> n = number_at("1.5 million servers")
    >>> n.value, n.tol, n.words
    (1500000.0, 50000.0, ('million',))
    >>> number_at("1亿2000万").value, number_at("260 Mrd. kWh").value, number_at("1,5 GW").value
    (120000000.0, 260000000000.0, 1.5)
    """
    sign, at = 1.0, start
    if text[at : at + 1] in ("-", "+"):
        sign = -1.0 if text[at] == "-" else 1.0
        at += 1
    power_first = _TEN_TO_THE.match(text, at)
    if power_first:
        value, end = _power_of_ten(power_first[1]), power_first.end()
        tol = half = 0.0  # a bare power of ten is meant exactly
        digits, loose = 1, False
    else:
        comma = _DECIMAL_COMMA.match(text, at)
        match = comma or _NUMBER.match(text, at)
        if match is None:
            return None
        if comma:
            printed = f"{comma[1] or comma[3]}.{comma[2] or comma[4]}"
        else:
            printed = match[0]
        _refuse_long(printed)
        mantissa = printed.replace("E", "e").partition("e")[0]
        value, end = float(printed.translate(_SEPARATORS)), match.end()
        power = _TIMES_TEN_TO_THE.match(text, end)
        if power:
            value *= _power_of_ten(power[1])
            end = power.end()
        _refuse_infinite(value, text[start:end])
        tol = printed_tolerance(mantissa, value)
        digits, half, loose = significant_digits(mantissa)
        bare = float(mantissa.translate(_SEPARATORS))
        half *= value / bare if bare else 1.0
    words, scale, end = number_words_at(text, end)
    if words and words[-1] in ("亿", "万") and not power_first:
        more = _smaller_part(text, end, scale)
        if more is not None:
            total = value * scale + more.value
            return PrintedNumber(
                sign * total, more.half, (*words, *more.words), more.end, more.half, digits + more.digits, True
            )  # fmt: skip
    value *= sign * scale
    _refuse_infinite(value, text[start:end])
    loose = loose or (bool(words) and digits == 1)
    return PrintedNumber(value, tol * scale, words, end, half * scale, digits, loose)


def number_words_at(text: str, end: int) -> tuple[tuple[str, ...], float, int]:
    """The number words (million, 万亿) that stand at `end`, what they multiply with, and where they end."""
    words: list[str] = []
    scale = 1.0
    while len(words) < 4:
        at = _SPACES.match(text, end).end()  # type: ignore[union-attr]
        char = text[at : at + 1]
        if char == "个" and text[at + 1 : at + 2] == "亿":  # 12.5个亿
            at, char = at + 1, "亿"
        if char and char in CHINESE_WORDS and not _starts_a_unit(text[at : at + 2]):
            scale *= CHINESE_WORDS[char]
            words.append(char)
            end = at + 1
            continue
        word = _WORD.match(text, end)
        if word and word[1].lower() in ENGLISH_WORDS:
            scale *= ENGLISH_WORDS[word[1].lower()]
            words.append(word[1].lower())
            end = word.end()
            continue
        break
    return tuple(words), scale, end


def _smaller_part(text: str, at: int, scale: float) -> PrintedNumber | None:
    """The second part of 1亿2000万 or 2万3千, where the first was of size `scale`."""
    if not text[at : at + 1].isdigit():
        return None
    more = number_at(text, at)
    if more is None or not more.words or more.value >= scale or more.words[0] in ENGLISH_WORDS:
        return None
    return more


def _refuse_long(printed: str) -> None:
    if len(printed) > MAX_DIGITS:
        raise RangeError(
            _("a number of {n} digits ({text}...) is no quantity.").format(
                n=len(printed), text=printed[:12]
            ),
            _("write large numbers as 1.2e15 or 1.2 quadrillion"),
        )


def _refuse_infinite(value: float, text: str) -> None:
    if not math.isfinite(value):
        raise RangeError(_("{text} is too large a number.").format(text=repr(text[:40])))


def _power_of_ten(exponent: str) -> float:
    if abs(int(exponent)) > 300:
        raise RangeError(_("{text} is too large a number.").format(text=f"10^{exponent}"))
    return 10.0 ** int(exponent)


def _starts_a_unit(text: str) -> bool:
    """Is 千 or 百 here the prefix of a unit (千瓦, 千克) and not a number word (千度, 千次)?"""
    return text[:1] in "千百" and text[1:2] in tuple("瓦克米焦字帕伏")
