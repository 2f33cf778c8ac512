"""How does a room join the chain? A step says what it needs and what it gives; the order follows from that.

A file of this folder with a function under `@step` is a step: nothing else names it. What it needs are the names of its
parameters after the walk; what it gives are names other steps may need.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from taotie.errors import StudyError, TaotieError, nearest
from taotie.study.steps.walk import Walk
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = ["Step", "found_steps", "in_order", "needed_for", "step", "walked"]


@dataclass(frozen=True)
class Step:
    """One step of a study.

    Parameters
    ----------
    name : str
    needs, gives : tuple of str
        Names of what other steps give, and of what this one gives them. Several gifts come as a tuple, in this order.
    take : callable
        Given the walk, and by name what it needs.
    kinds : tuple of str
        Kinds of workload it belongs to; empty for all.
    """

    name: str
    needs: tuple[str, ...]
    gives: tuple[str, ...]
    take: Callable[..., Any]
    kinds: tuple[str, ...] = ()


def step(*gives: str, kinds: tuple[str, ...] = (), name: str = "") -> Callable[[Any], Any]:
    """Make a function a step that gives these names.

    Examples
    --------
    >>> @step("twice")
    ... def doubled(walk, once):
    ...     return 2 * once
    >>> doubled.step.needs, doubled.step.gives
    (('once',), ('twice',))
    """

    def decorate(function: Any) -> Any:
        needs = tuple(inspect.signature(function).parameters)[1:]
        function.step = Step(name or function.__name__.strip("_"), needs, gives, function, kinds)
        return function

    return decorate


def found_steps(folder: ModuleType | None = None) -> list[Step]:
    """The steps in the files of a folder, this one by default, by file and in their order there."""
    if folder is None:
        folder = import_module("taotie.study.steps")

    found = []
    for one in sorted(iter_modules(folder.__path__), key=lambda m: m.name):
        module = import_module(f"{folder.__name__}.{one.name}")
        for value in vars(module).values():
            made = getattr(value, "step", None)
            if isinstance(made, Step) and value.__module__ == module.__name__:
                found.append(made)
    return found


def in_order(steps: Iterable[Step], kind: str) -> list[Step]:
    """The steps of a kind of workload, each after those it needs; where it does not matter, as they come.

    Raises
    ------
    StudyError
        If nobody gives what a step needs, two give the same, or steps wait for each other.
    """
    left = [s for s in steps if not s.kinds or kind in s.kinds]
    givers: dict[str, Step] = {}
    for one in left:
        for name in one.gives:
            if name in givers:
                raise _wrong(
                    _("the steps {a} and {b} both give {name}.").format(
                        a=givers[name].name, b=one.name, name=repr(name)
                    ),
                    _("give one of them another name, or leave one out."),
                )
            givers[name] = one
    for one in left:
        for name in one.needs:
            if name not in givers:
                raise _wrong(
                    _("the step {a} needs {name}, which no step of a study of kind {kind} gives.").format(
                        a=one.name, name=repr(name), kind=repr(kind)
                    ),
                    nearest(name, givers),
                )  # fmt: skip
    ordered: list[Step] = []
    had: set[str] = set()
    while left:
        ready = next((s for s in left if had.issuperset(s.needs)), None)
        if ready is None:
            raise _wrong(
                _("the steps {names} wait for each other.").format(
                    names=listing(s.name for s in left)
                ),
                "",
            )
        ordered.append(ready)
        left.remove(ready)
        had.update(ready.gives)
    return ordered


def needed_for(steps: Iterable[Step], kind: str, names: Iterable[str]) -> list[Step]:
    """The steps without which nobody gives these names, in their order."""
    every = in_order(steps, kind)
    wanted = set(names)
    found: list[Step] = []
    for one in reversed(every):
        if wanted.intersection(one.gives):
            found.insert(0, one)
            wanted.update(one.needs)
    return found


def walked(walk: Walk, steps: Iterable[Step], kind: str) -> Mapping[str, Any]:
    """Take the steps of a kind in their order; what they gave, by name.

    Raises
    ------
    StudyError
        See `in_order`; or what stopped a step.
    """
    made: dict[str, Any] = {}
    for one in in_order(steps, kind):
        given = one.take(walk, **{name: made[name] for name in one.needs})
        if len(one.gives) == 1:
            made[one.gives[0]] = given
        elif one.gives:
            made.update(zip(one.gives, given, strict=True))
    return made


def _wrong(message: str, hint: str) -> StudyError:
    return StudyError([TaotieError(message, hint)])
