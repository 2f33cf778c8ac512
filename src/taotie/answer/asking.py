"""How is a question asked? Settings checked against their one table, defaults filled in and listed, samples drawn alike.

`@ask("prompt")` turns a function of `Chosen` settings into the public function of that question: known settings
only, numbers with or without a unit, the same words for every door.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taotie.answer.answer import Answer
from taotie.answer.asks import ASKS
from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.quantity.quantity_text import parse_quantity
from taotie.study.settings import Setting
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["Chosen", "ask", "checked", "default_said", "value_of"]


@dataclass
class Chosen:
    """The settings of one question: attributes by name, what was given and what is a default."""

    values: dict[str, Any]
    given: frozenset[str]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    tell: Callable[[str], None] = field(default=lambda step: None)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["values"][name]
        except KeyError:
            raise AttributeError(name) from None

    def defaults(self) -> list[Said]:
        """A sentence for each default that has a reason."""
        found = []
        for name, one in self.settings.items():
            if name not in self.given and one.reason and self.values[name] is not None:
                found.append(default_said(name, str(_short(self.values[name])), one.reason))
        return found


def default_said(name: str, value: str, reason: str) -> Said:
    """A default as every door lists it: what, how much, why."""
    return Said(
        f"default.{name}",
        N_("default: {key} = {value}: {why}"),
        {"key": name, "value": value, "why": Said("why", reason)},
    )


def _short(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, float) else value


def ask(name: str) -> Callable[[Callable[[Chosen], Answer]], Callable[..., Answer]]:
    """Make a function of chosen settings the public function of a declared question.

    It then takes the question's settings by name (or in their order), and `tell`, told the name of each step.

    Raises
    ------
    UnknownNameError, UnitError, RangeError
        When it is called: see `checked`.
    """
    declared = ASKS[name]
    table = declared.settings

    def decorate(function: Callable[[Chosen], Answer]) -> Callable[..., Answer]:
        @functools.wraps(function)
        def asked(*places: Any, tell: Callable[[str], None] | None = None, **given: Any) -> Answer:
            names = list(table)
            if len(places) > len(names):
                raise TypeError(f"{name} takes at most {len(names)} settings")
            for key, value in zip(names, places, strict=False):
                if key in given:
                    raise TypeError(f"{name}: {key} is given twice")
                given[key] = value
            chosen = checked(name, table, given)
            if tell is not None:
                chosen.tell = tell
            with _drawing(chosen if declared.samples else None):
                return function(chosen)

        asked.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                inspect.Parameter(
                    one.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=one.default
                )
                for one in table.values()
            ],
            return_annotation=Answer,
        )
        return asked

    return decorate


def checked(ask_name: str, table: Mapping[str, Setting], given: Mapping[str, Any]) -> Chosen:
    """Settings in their units, complete, within their limits.

    Raises
    ------
    UnknownNameError
        If a setting is not one of this question.
    UnitError, RangeError
        If a value has another dimension, or lies outside what is possible.
    """
    for name in given:
        if name not in table:
            raise UnknownNameError(
                _("{ask} has no setting {name}.").format(ask=ask_name, name=repr(name)),
                nearest(name, table),
            )
    values = {
        name: one.default if given.get(name) is None else value_of(one, given[name])
        for name, one in table.items()
    }
    return Chosen(values, frozenset(k for k, v in given.items() if v is not None), table)


def value_of(one: Setting, given: Any) -> Any:
    """A setting's value as its room takes it.

    Examples
    --------
    >>> from taotie.study.settings import SETTINGS
    >>> value_of(SETTINGS["hours"], "2 d"), value_of(SETTINGS["pue"], "1.15")
    (48.0, 1.15)
    """
    if one.type in ("number", "whole"):
        return _number(one, given)
    if one.type == "flag":
        if not isinstance(given, bool):
            raise _wrong(one, given, _("it is neither true nor false."))
        return given
    if one.type == "choice":
        text = str(given)
        if text not in one.choices:
            alike = {c.replace("_", "-").lower(): c for c in one.choices}
            text = alike.get(text.replace("_", "-").lower(), "")
            if not text:
                raise UnknownNameError(
                    _("{name}={value} is not known.").format(name=one.name, value=repr(given)),
                    nearest(str(given), one.choices),
                )
        return text
    if one.type == "file":
        return Path(given)
    if one.type == "files":
        every = [given] if isinstance(given, str | Path) else list(given)
        return tuple(Path(v) for v in every)
    if one.type == "texts":
        return (given,) if isinstance(given, str) else tuple(str(v) for v in given)
    return str(given) if not isinstance(given, str) else given


def _number(one: Setting, given: Any) -> float | int:
    if isinstance(given, bool):
        raise _wrong(one, given, _("it is not a number."))
    if hasattr(given, "samples") and hasattr(given, "to"):  # a figure: its own range is kept
        return given.to(one.unit)
    unit = one.unit or "1"
    value = (
        parse_quantity(given, unit, bare=unit, name=one.name)
        if isinstance(given, str)
        else float(given)
    )
    if not math.isfinite(value):
        raise _wrong(one, given, _("it is not a finite number."))
    if one.type == "whole" and value != int(value):
        raise _wrong(one, given, _("it is not a whole number."))
    low = -math.inf if one.low is None else one.low
    high = math.inf if one.high is None else one.high
    if not low <= value <= high:
        unit = "" if one.unit in ("", "1") else f" {one.unit}"
        raise RangeError(
            _("{name}={value} is outside {low} to {high}{unit}.").format(
                name=one.name, value=given, low=_end(low), high=_end(high), unit=unit
            ),
        )
    return int(value) if one.type == "whole" else value


def _end(value: float) -> str:
    return f"{value:g}" if math.isfinite(value) else "∞"


def _wrong(one: Setting, given: Any, why: str) -> RangeError:
    return RangeError(_("{name}={value}: {why}").format(name=one.name, value=repr(given), why=why))


@contextmanager
def _drawing(chosen: Chosen | None) -> Iterator[None]:
    if chosen is None:
        yield
        return
    from taotie.quantity.sampling import sampling

    with sampling(chosen.samples, chosen.seed):
        yield
