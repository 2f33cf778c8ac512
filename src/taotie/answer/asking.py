"""How is a question asked? Settings checked against their one table, defaults filled in and listed, samples drawn alike.

`@answers("prompt")` turns a function of `Chosen` settings, `@answers_with("supply")` one of plain parameters, into the
public function of that question: known settings only, numbers with or without a unit, the same words for every door.
`ask(NAME, ...)` asks any of them.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

from taotie.answer.answer import Answer
from taotie.answer.asks import ASKS, declared_of, function_of
from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.quantity.quantity_text import parse_quantity
from taotie.study.settings import Setting
from taotie.words.as_set import as_set
from taotie.words.language import N_, _
from taotie.words.said import Said, spoken_range

__all__ = [
    "Chosen",
    "answers",
    "answers_with",
    "ask",
    "checked",
    "default_said",
    "not_from_here",
    "value_of",
]


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
            if one.beside and not self.values.get(one.beside):
                continue
            if name not in self.given and one.reason and self.values[name] is not None:
                found.append(default_said(name, as_set(self.values[name]), one.reason))
        return found


DEFAULT = N_("default: {key} = {value}: {why}")


def default_said(name: str, value: str | Said, reason: str) -> Said:
    """A default as every door lists it: what, how much, why."""
    if isinstance(value, str):
        return _default_said(name, value, reason)
    why = Said("why", reason)
    return Said(f"default.{name}", DEFAULT, {"key": name, "value": value, "why": why})


@functools.lru_cache(maxsize=512)
def _default_said(name: str, value: str, reason: str) -> Said:
    """The same default is the same sentence, with its text in each language found once."""
    return default_said(name, spoken_range(value), reason)


def ask(name: str, /, *, tell: Callable[[str], None] | None = None, **settings: Any) -> Answer:
    """The answer to a question of the table: the one way in for every door.

    Parameters
    ----------
    name : str
        Such as prompt, capacity or meter report; hyphens and underscores do as well.
    tell : callable, optional
        Told the name of each step.
    **settings
        By name, with or without a unit in a text; see `schema_of`.

    Raises
    ------
    TaotieError
        In one sentence, for what is not known or cannot be.

    Examples
    --------
    >>> ask("rules", mw="75 MW", place="ercot").settings["mw"]
    75.0
    """
    declared = declared_of(name)
    return function_of(declared.name)(tell=tell, **settings)


def not_from_here(name: str, settings: Mapping[str, Any]) -> None:
    """Refuse what a network must not ask: files, folders and machines of this computer.

    Raises
    ------
    RangeError
        If a setting names one, or may: where a name or a path is taken, a network gives the name.

    Examples
    --------
    >>> not_from_here("capacity", {"case": "case118"})
    """
    declared = declared_of(name)
    if declared.local:
        raise RangeError(
            _("{ask} is about this computer: it is not answered over a network.").format(ask=name),
            f"taotie {' '.join(declared.words)}",
        )
    for key, one in declared.settings.items():
        value = settings.get(key, settings.get(one.parameter))
        if value is None:
            continue
        if one.of_this_computer or (one.may_be_file and _is_path(value)):
            raise RangeError(
                _("{name} names a file or a machine of this computer: a network does not set it.").format(
                    name=key
                ),
                _("leave it out, or ask on the command line."),
            )  # fmt: skip


def _is_path(value: Any) -> bool:
    """Whether a text could be read as a file: it has a folder or an ending, or there is such a file."""
    text = str(value).strip()
    if text == "-" or any(c in text for c in "/\\~\0") or text.startswith("."):
        return True
    ending = text.rpartition(".")[2]
    if ending != text and ending.isalpha() and 1 <= len(ending) <= 10:
        return True
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return True


def answers(name: str) -> Callable[[Callable[[Chosen], Answer]], Callable[..., Answer]]:
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


def answers_with(name: str) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Make a function of plain parameters the public function of a declared question.

    Called in Python it takes its own parameters, in their order or by name, and the settings by their names: what is
    given as a text, number or flag is checked as at any other door, a case or a table already read goes through.
    Defaults come from the table; one with a reason is said with the answer.

    Raises
    ------
    UnknownNameError, UnitError, RangeError
        When it is called: see `checked`.
    """
    declared = ASKS[name]
    table = declared.settings

    def decorate(function: Callable[..., Answer]) -> Callable[..., Answer]:
        signature = inspect.signature(function)
        own = list(signature.parameters)
        of_parameter = {one.parameter: one for one in table.values()}

        @functools.wraps(function)
        def asked(*places: Any, tell: Callable[[str], None] | None = None, **given: Any) -> Answer:
            by_place = [
                p for p, one in signature.parameters.items() if one.kind is not one.KEYWORD_ONLY
            ]
            if len(places) > len(by_place):
                raise TypeError(
                    f"{name} takes at most {len(by_place)} settings without their names"
                )
            for key, value in zip(by_place, places, strict=False):
                if key in given:
                    raise TypeError(f"{name}: {key} is given twice")
                given[key] = value
            chosen: dict[str, Any] = {}
            values: dict[str, Any] = {}
            for key, value in given.items():
                one = of_parameter.get(key) or table.get(key)
                if one is not None:
                    chosen[one.name] = value
                elif key in own:
                    values[key] = value
                else:
                    raise _no_setting(name, key, [*table, *own])
            made = checked(name, table, chosen)
            values |= {one.parameter: made.values[key] for key, one in table.items()}
            if tell is not None and "tell" in own:
                values["tell"] = tell
            answer = function(**values)
            said = {one.code for one in answer.said}
            return answer.saying(*(one for one in made.defaults() if one.code not in said))

        return asked

    return decorate


def _as_typed(one: Setting) -> tuple[str, ...]:
    return (one.name.upper(),) if one.first else (one.spelled[0], one.name.upper())


def _no_setting(ask_name: str, key: str, known: Iterable[str]) -> UnknownNameError:
    return UnknownNameError(
        _("{ask} has no setting {name}.").format(ask=ask_name, name=repr(key)), nearest(key, known)
    )


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
            raise _no_setting(ask_name, name, table)
    for name, one in table.items():
        if one.required and given.get(name) is None:
            raise RangeError(
                _("{ask} needs {name}: {what}").format(ask=ask_name, name=name, what=_(one.help)),
                " ".join(("taotie", *declared_of(ask_name).words, *_as_typed(one))),
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
    if one.several:
        return _several(one, given)
    if one.type == "file":
        return Path(given) if isinstance(given, str | PurePath) else _not_a_text(one, given)
    if isinstance(given, bool | Mapping | list | tuple | set):
        return _not_a_text(one, given)
    return str(given) if isinstance(given, int | float | PurePath) else given


def _not_a_text(one: Setting, given: Any) -> Any:
    raise _wrong(one, given, _("it is not a text."))


def _several(one: Setting, given: Any) -> tuple[Any, ...]:
    """Several values: a list, or one; a text of one may hold more, where the setting says what parts them."""
    if one.mapping and isinstance(given, Mapping):
        if any(not isinstance(part, str) for v in given.values() for part in _parts(v)):
            raise _wrong(one, given, _("it is not a list of texts."))
        return given  # type: ignore[return-value]
    if isinstance(given, Mapping | bool):
        raise _wrong(one, given, _("it is not a list."))
    every = [given] if isinstance(given, str | PurePath | int | float) else list(given)
    if one.split:
        every = [
            part.strip() if isinstance(part, str) else part
            for value in every
            for part in (value.split(one.split) if isinstance(value, str) else (value,))
        ]
        every = [v for v in every if v != ""]
    if one.type not in ("numbers", "wholes") and any(
        isinstance(v, bool | Mapping | list | tuple) for v in every
    ):
        raise _wrong(one, given, _("it is not a list of texts."))
    if one.type == "files":
        return tuple(Path(v) if isinstance(v, str) and "://" not in v else v for v in every)
    if one.type in ("numbers", "wholes"):
        each = replace(one, type="number" if one.type == "numbers" else "whole")
        return tuple(_number(each, v) for v in every)
    return tuple(str(v) if isinstance(v, int | float | PurePath) else v for v in every)


def _parts(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else (value,)


def _number(one: Setting, given: Any) -> float | int:
    if isinstance(given, bool):
        raise _wrong(one, given, _("it is not a number."))
    if hasattr(given, "samples") and hasattr(given, "to"):  # a figure: its own range is kept
        return given.to(one.unit)
    unit = one.unit or "1"
    if isinstance(given, str):
        bare = None if one.unit_needed else unit
        value = parse_quantity(given, unit, bare=bare, name=one.name)
    else:
        try:
            value = float(given)
        except (TypeError, ValueError, OverflowError):
            raise _wrong(one, given, _("it is not a number.")) from None
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
    return f"{value:g}" if math.isfinite(value) else "∞" if value > 0 else "-∞"


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
