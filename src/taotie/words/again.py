"""How does a sentence that was made in English read in Chinese? By the message it was made from, found by its fixed words.

The note of a figure is kept in English, so that a result file is the same in every language. One made from a message
and values, such as ``N_("hours of {area}, 2022").format(area="PJM")``, is told again here, as it is when a figure
comes back from a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from taotie.words import patterns as re
from taotie.words.language import in_language, language, messages

__all__ = ["said_again"]

_FIELD = re.compile(r"\{(\w+)[^{}]*\}")
_FIXED_MIN = 12
"""Fixed letters of a message below which any sentence would fit it."""


@lru_cache(maxsize=2)
def _with_values(code: str) -> tuple[tuple[str, str], ...]:
    """Beginning and text of the messages that take values, those with most fixed words first."""
    found = []
    for message in messages(code):
        fixed = _FIELD.sub("", message)
        if fixed != message and sum(c.isalpha() for c in fixed) >= _FIXED_MIN:
            found.append((len(fixed), message.partition("{")[0], message))
    return tuple((begin, message) for _n, begin, message in sorted(found, reverse=True))


@lru_cache(maxsize=1024)
def _pattern(message: str) -> re.Pattern[str]:
    """What a sentence made from the message looks like."""
    parts, seen, at = [], set[str](), 0
    for field in _FIELD.finditer(message):
        name = field[1]
        parts.append(re.escape(message[at : field.start()]))
        parts.append(f"(?P=v_{name})" if name in seen else f"(?P<v_{name}>.+?)")
        seen.add(name)
        at = field.end()
    return re.compile("".join([*parts, re.escape(message[at:])]), re.DOTALL)


@lru_cache(maxsize=4096)
def _told(text: str, code: str) -> str:
    plain = in_language(text, code)
    if plain != text:
        return plain
    for begin, message in _with_values(code):
        found = _pattern(message).fullmatch(text) if text.startswith(begin) else None
        if found is not None:
            # a value may be a sentence of its own
            values = {k.removeprefix("v_"): _told(v, code) for k, v in found.groupdict().items()}
            return _filled(in_language(message, code), values)
    return text


def _filled(message: str, values: Mapping[str, str]) -> str:
    """The message with its values, which are texts already: nothing is formatted again."""
    return _FIELD.sub(lambda field: values[field[1]], message)


def said_again(text: str, code: str | None = None) -> str:
    """An English sentence of ours in the language `code`, or in the one in force; another's words as they are.

    Examples
    --------
    >>> said_again("hours of PJM, 2022, weighted by the hours of the load; table hourly_intensity", "zh")
    'PJM 2022 年的小时，按负荷的小时加权；表 hourly_intensity'
    >>> said_again("my own words", "zh")
    'my own words'
    """
    wanted = code or language()
    return text if wanted == "en" or not text else _told(text, wanted)
