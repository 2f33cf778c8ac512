"""What does a result say to a person? A sentence as message id and values, spoken in a language only at the door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from taotie.words import patterns as re
from taotie.words.language import LANGUAGES, _, in_language, language, speaking
from taotie.words.spacing import closed_up

__all__ = ["Said", "as_given", "in_each_language", "joined", "labels", "spoken_range"]


def in_each_language(make: Callable[[], str]) -> dict[str, str]:
    """What `make` says in each language; for words that lower rooms choose when they are called."""
    # the language in force first: what goes wrong is told in it
    said = {}
    for code in sorted(LANGUAGES, key=lambda code: code != language()):
        with speaking(code):
            said[code] = make()
    return {code: said[code] for code in LANGUAGES}


def labels(message: str) -> dict[str, str]:
    """A label marked with `N_`, in each language."""
    return {code: in_language(message, code) for code in LANGUAGES}


@dataclass(frozen=True)
class Said:
    """A sentence for a person, kept as message id and values, so that it can be said in each language.

    A value may itself be `Said`: it is spoken in the language of the sentence it stands in.

    Examples
    --------
    >>> inner = Said("a", "two units")
    >>> print(Said("b", "lost: {what}", {"what": inner}))
    lost: two units
    """

    code: str
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    """Ready sentences by language: a person's own words, or a label that data brings along."""

    def text(self, code: str | None = None) -> str:
        """The sentence in the language `code`, or in the one in force."""
        wanted = code or language()
        if wanted in self.texts:
            return self.texts[wanted]
        values = {k: v.text(wanted) if isinstance(v, Said) else v for k, v in self.values.items()}
        said = in_language(self.message, wanted).format(**values)
        return closed_up(said) if wanted == "zh" else said

    def __str__(self) -> str:
        return self.text()

    @cached_property
    def written(self) -> dict[int, str]:
        """Its text at the depths `json_text` wrote it at."""
        return {}

    def to_dict(self) -> dict[str, str]:
        """Code and the sentence in both languages."""
        return {"code": self.code, "text": self.text("en"), "text_zh": self.text("zh")}


def as_given(code: str, text: str) -> Said:
    """Somebody's own words or a name, the same in every language."""
    return Said(code, "", {}, dict.fromkeys(LANGUAGES, text))


_RANGE = re.compile(r"(?<=\w) to (?=[\d.−-])")


@lru_cache(maxsize=1024)
def spoken_range(text: str) -> Said:
    """A value written down with "to" between two numbers, as each language says it.

    Examples
    --------
    >>> spoken_range("4 to 128").text("en"), spoken_range("1.1 to 1.3").text("zh")
    ('4 to 128', '1.1 至 1.3')
    """
    return Said("range", "", {}, in_each_language(lambda: _RANGE.sub(f" {_('to')} ", text)))


def joined(parts: list[Said] | tuple[Said, ...], en: str = ", ", zh: str = "、") -> Said:
    """Several sayings as one, separated as each language does."""
    between = {"en": en, "zh": zh}
    return Said("joined", "", {}, {c: between[c].join(p.text(c) for p in parts) for c in LANGUAGES})
