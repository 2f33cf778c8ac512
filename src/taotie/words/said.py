"""What does a result say to a person? A sentence as message id and values, spoken in a language only at the door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from taotie.words.language import LANGUAGES, in_language, language, speaking

__all__ = ["Said", "in_each_language", "labels"]


def in_each_language(make: Callable[[], str]) -> dict[str, str]:
    """What `make` says in each language; for words that lower rooms choose when they are called."""
    said = {}
    for code in LANGUAGES:
        with speaking(code):
            said[code] = make()
    return said


def labels(message: str) -> dict[str, str]:
    """A label marked with `N_`, in each language."""
    return {code: in_language(message, code) for code in LANGUAGES}


@dataclass(frozen=True)
class Said:
    """A sentence for a person, kept as message id and values, so that it can be said in each language."""

    code: str
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    """Ready sentences by language, where another room has already chosen the words."""

    def text(self, code: str | None = None) -> str:
        """The sentence in the language `code`, or in the one in force."""
        wanted = code or language()
        if wanted in self.texts:
            return self.texts[wanted]
        return in_language(self.message, wanted).format(**self.values)

    def to_dict(self) -> dict[str, str]:
        """Code and the sentence in both languages."""
        return {"code": self.code, "text": self.text("en"), "text_zh": self.text("zh")}
