"""Where along the chain is it measured? accelerator, server, facility or grid.

Energy at one boundary is never added to, or compared with, energy at another: the step between them
(host overhead, PUE, network losses) has to be taken first.
"""

from __future__ import annotations

from taotie.errors import BoundaryError
from taotie.words.language import _

LEVELS = ("accelerator", "server", "facility", "grid")


def check(level: str | None) -> str | None:
    """`level`, if it is one of `LEVELS` or None.

    Raises
    ------
    BoundaryError
        If it is neither.
    """
    if level is not None and level not in LEVELS:
        raise BoundaryError(
            _("{level} is not a boundary.").format(level=repr(level)),
            _("use accelerator, server, facility or grid"),
        )
    return level


CALLS = {"accelerator": "at_boundary('server', by)", "server": "at_boundary('facility', pue)", "facility": "at_boundary('grid', 1/(1 - loss))"}  # fmt: skip
"""What a program calls for each step."""


def step(low: str, high: str, calls: bool = False) -> str:
    """What converts a figure at `low` to one at `high`, in words; with `calls` also what a program calls.

    Examples
    --------
    >>> step("server", "facility"), step("server", "facility", calls=True)
    ('multiply by PUE', "multiply by PUE: at_boundary('facility', pue)")
    """
    words = {
        "accelerator": _("add the host's share (processor, memory, fans)"),
        "server": _("multiply by PUE"),
        "facility": _("divide by 1 - network losses"),
    }
    a, b = sorted((LEVELS.index(low), LEVELS.index(high)))
    return "; ".join(f"{words[n]}: {CALLS[n]}" if calls else words[n] for n in LEVELS[a:b])


def of_sum(a: str | None, b: str | None, what: str) -> str | None:
    """Boundary of a sum or difference; both must be at the same place.

    Raises
    ------
    BoundaryError
        If they are not, naming the step that converts.
    """
    if a == b:
        return a
    if a is None or b is None:
        raise BoundaryError(
            _("{what}: one figure is at the {level} boundary, the other states none.").format(
                what=what, level=a or b
            ),
            _("say where it is measured: figure.with_boundary('{level}')").format(level=a or b),
        )
    raise BoundaryError(
        _("{what}: one figure is at the {a} boundary, the other at {b}.").format(
            what=what, a=a, b=b
        ),
        step(a, b, calls=True),
    )


def of_product(a: str | None, b: str | None, what: str) -> str | None:
    """Boundary of a product; a factor without one (PUE, a count, a price) keeps the other's."""
    if a is None or b is None:
        return a or b
    return of_sum(a, b, what)


def of_quotient(a: str | None, b: str | None, what: str) -> str | None:
    """Boundary of a ratio; two figures at the same place give a share, which has none."""
    if a is None or b is None:
        return a or b
    of_sum(a, b, what)
    return None
