"""What does a link ask for? The state of a page is its address: settings, and the version the link was made with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from taotie import __version__
from taotie.words.language import N_
from taotie.words.said import Said, as_given

__all__ = ["State"]


@dataclass(frozen=True)
class State:
    """Fields of a page by name, each with one or several texts, and the language it is read in.

    Examples
    --------
    >>> state = State.of([("model", "llama-3.1-8b"), ("pue", " ")])
    >>> state.get("model"), state.given("model", "pue")
    ('llama-3.1-8b', {'model': 'llama-3.1-8b'})
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    language: str = "en"
    told: tuple[Said, ...] = ()
    """What is to be said of the address itself: another version."""
    posted: Mapping[str, str] = field(default_factory=dict)
    """What came with the request and is no part of an address: a long text."""

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]], language: str = "en") -> State:
        """Read the fields of an address; `v` is the version it was made with, the language is none of them."""
        values: dict[str, tuple[str, ...]] = {}
        for key, value in pairs:
            if key != "lang":
                values[key] = (*values.get(key, ()), str(value))
        told: list[Said] = []
        version = values.pop("v", ("",))[-1]
        if version and version != __version__:
            told.append(
                Said(
                    "other_version",
                    N_("This link was made with taotie {then}; its numbers are computed anew with {now} and may differ."),
                    {"then": as_given("then", version[:40]), "now": __version__},
                )
            )  # fmt: skip
        return cls(values, language, tuple(told))

    def get(self, name: str, default: str = "") -> str:
        """The text of a field without the blanks around it; `default` where nothing is written."""
        return self.values.get(name, ("",))[-1].strip() or default

    def every(self, name: str) -> tuple[str, ...]:
        """All texts of a field that may be given several times."""
        return tuple(v.strip() for v in self.values.get(name, ()) if v.strip())

    def given(self, *names: str) -> dict[str, str]:
        """Those of the fields that hold something, as settings of an ask."""
        return {name: self.get(name) for name in names if self.get(name)}

    def bare(self) -> State:
        """No field, the same language: where a link of the menu leads."""
        return State(language=self.language)

    def unknown(self, known: Iterable[str]) -> tuple[str, ...]:
        """Fields that the page does not have: a link of an older or newer version."""
        return tuple(sorted(set(self.values) - set(known)))

    def query(self, **changes: str | tuple[str, ...] | None) -> str:
        """The fields as an address ends with them, with its question mark; None takes one out.

        Examples
        --------
        >>> State.of([("model", "a b"), ("pue", "")]).query(v="1"), State().query()
        ('?model=a+b&v=1', '')
        """
        merged: dict[str, tuple[str, ...]] = {k: v for k, v in self.values.items() if any(v)}
        for key, value in changes.items():
            if value is None:
                merged.pop(key, None)
            else:
                merged[key] = value if isinstance(value, tuple) else (value,)
        pairs = [(key, v) for key, every in merged.items() for v in every if v]
        return f"?{urlencode(pairs)}" if pairs else ""
