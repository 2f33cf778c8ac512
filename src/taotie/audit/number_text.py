"""What number does a text print, and how precisely? Digits, groups, powers of ten, English and Chinese number words.

`1,287`, `4.2e7`, `10^6`, `1.5 million`, `2亿`, `41781.71亿` and full-width digits are read; digits of other scripts
are refused by name rather than guessed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from taotie.errors import RangeError
from taotie.words.language import _

ENGLISH_WORDS: dict[str, float] = {
    "hundred": 1e2,
    "thousand": 1e3,
    "million": 1e6,
    "mn": 1e6,
    "billion": 1e9,
    "milliard": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
    "tn": 1e12,
    "quadrillion": 1e15,
}
CHINESE_WORDS: dict[str, float] = {"十": 1e1, "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}

_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "×": "*", "÷": "/", "·": "*", "⋅": "*"})
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ \u00a0\u2009]\d{3})+(?!\d)|\d+(?:_\d{3})*)"
_NUMBER = re.compile(rf"(?:{_DIGITS}(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{{1,3}})?")
_DECIMAL_COMMA = re.compile(r"(\d+),(\d{1,2})(?![\d,])")
_WORD = re.compile(r"\s*([A-Za-z]+)(?![A-Za-z0-9_])")


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
    """

    value: float
    tol: float
    words: tuple[str, ...]
    end: int


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
    digits = re.sub(r"[,_\s]", "", mantissa)
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


def number_at(text: str, start: int = 0) -> PrintedNumber | None:
    """The number printed at `start` of a `plain` text, or None.

    Examples
    --------
    >>> number_at("41781.71亿千瓦时").value
    4178171000000.0
    >>> n = number_at("1.5 million servers")
    >>> n.value, n.tol, n.words
    (1500000.0, 50000.0, ('million',))
    """
    sign = 1.0
    at = start
    if text[at : at + 1] in ("-", "+"):
        sign = -1.0 if text[at] == "-" else 1.0
        at += 1
    power_first = re.match(r"10(?:\^|\*\*)\(?([+-]?\d{1,3})\)?", text[at:])
    if power_first:
        mantissa, value, end = "1", _power_of_ten(power_first[1]), at + power_first.end()
        tol = 0.0  # a bare power of ten is meant exactly
    else:
        comma = _DECIMAL_COMMA.match(text, at)  # "42,7" groups no thousands
        match = comma or _NUMBER.match(text, at)
        if match is None:
            return None
        printed = f"{comma[1]}.{comma[2]}" if comma else match[0]
        mantissa = re.split("[eE]", printed)[0]
        value, end = float(re.sub(r"[,_\s]", "", printed)), match.end()
        power = re.match(r"\s*[*x]\s*10(?:\^|\*\*)\(?([+-]?\d{1,3})\)?", text[end:])
        if power:
            value *= _power_of_ten(power[1])
            end += power.end()
        tol = printed_tolerance(mantissa, value)
    words: list[str] = []
    scale = 1.0
    while True:
        rest = text[end:]
        spaces = len(rest) - len(rest.lstrip())
        char = rest[spaces : spaces + 1]
        if char in CHINESE_WORDS and char and not _starts_a_unit(rest[spaces:]):
            scale *= CHINESE_WORDS[char]
            words.append(char)
            end += spaces + 1
            continue
        word = _WORD.match(rest)
        if word and word[1].lower() in ENGLISH_WORDS:
            scale *= ENGLISH_WORDS[word[1].lower()]
            words.append(word[1].lower())
            end += word.end()
            continue
        break
    value *= sign * scale
    if value in (float("inf"), float("-inf")):
        raise RangeError(_("{text} is too large a number.").format(text=repr(text[start:end])))
    return PrintedNumber(value, tol * scale, tuple(words), end)


def _power_of_ten(exponent: str) -> float:
    if abs(int(exponent)) > 300:
        raise RangeError(_("{text} is too large a number.").format(text=f"10^{exponent}"))
    return 10.0 ** int(exponent)


def _starts_a_unit(text: str) -> bool:
    """Is 千 or 百 here the prefix of a unit (千瓦, 千克) and not a number word (千度, 千次)?"""
    return text[:1] in "千百" and text[1:2] in ("瓦", "克", "米", "焦", "字", "帕")
