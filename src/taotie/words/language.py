"""Which language do messages come in? `_()` for every string a person reads.

The message id is the English sentence. English needs no catalogue; Chinese is in
`locale/zh/LC_MESSAGES/taotie.po`, compiled to `.mo` when the package is built.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "zh")
LOCALE_DIR = Path(__file__).resolve().parents[1] / "locale"

_language: ContextVar[str | None] = ContextVar("taotie_language", default=None)


@lru_cache
def _translations(language: str) -> gettext.NullTranslations:
    return gettext.translation("taotie", LOCALE_DIR, [language], fallback=True)


def _from_environment() -> str:
    """`TAOTIE_LANG`, then the locale; anything that is not Chinese is English."""
    for name in ("TAOTIE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def language() -> str:
    """The language in force: set by `use_language`, else taken from the environment."""
    return _language.get() or _from_environment()


def use_language(code: str) -> None:
    """Set the language of this context (a thread or a request, never the whole process)."""
    if code not in LANGUAGES:
        raise ValueError(f"language {code!r} is not one of {', '.join(LANGUAGES)}")
    _language.set(code)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak `code` inside the block, and whatever was in force afterwards."""
    token = _language.set(code)
    try:
        yield
    finally:
        _language.reset(token)


def once_a_language(say: Callable[[Any], str]) -> Callable[[Any], str]:
    """A method of something that does not change, asked once in each language; kept with the thing itself.

    Examples
    --------
    >>> class Thing:
    ...     @property
    ...     @once_a_language
    ...     def name(self):
    ...         print("asked")
    ...         return "thing"
    >>> one = Thing()
    >>> one.name, one.name
    asked
    ('thing', 'thing')
    """

    @wraps(say)
    def kept(self: Any) -> str:
        texts = vars(self)
        key = f"{say.__name__} {language()}"
        if key not in texts:
            texts[key] = say(self)
        return str(texts[key])

    return kept


def _(message: str) -> str:
    """`message` in the language in force."""
    return in_language(message, language())


def N_(message: str) -> str:
    """`message` itself, marked for translation when it is shown later."""
    return message


def in_language(message: str, code: str) -> str:
    """`message` in the language `code`, whatever language is in force."""
    # gettext answers the empty message with the header of its catalogue
    return message if code == "en" or not message else _translations(code).gettext(message)


@lru_cache
def messages(code: str) -> tuple[str, ...]:
    """Every English message that the catalogue of `code` holds."""
    held: dict[object, str] = getattr(_translations(code), "_catalog", {})
    return tuple(key for key in held if isinstance(key, str) and key)
