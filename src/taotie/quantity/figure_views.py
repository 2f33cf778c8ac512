"""How does a figure look in a notebook, in an f-string, beside another one? Views of its samples.

`Figure` calls these; none of them makes a new number but `chance_below`.
"""

from __future__ import annotations

import html
import re
from typing import Any

import numpy as np

from taotie.errors import BoundaryError, RangeError
from taotie.quantity import unit as units
from taotie.quantity.node import Node
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import boundary_word, kind_word, text, tree
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = ["as_html", "chance_below", "compared", "formatted", "plain_values", "record_row"]

_NUMBER = re.compile(r"[<>=^]?[+\- ]?0?\d*[,_]?(\.\d+)?[eEfFgGn%]")


def formatted(figure: Node, spec: str) -> str:
    """A figure in a format string: a number format formats median and range, a unit converts.

    Examples
    --------
    >>> from taotie.quantity.figure import leaf
    >>> power = leaf("p", low=1, high=3, unit="MW", boundary="facility", kind="assumed", note="x")
    >>> f"{power:.1f}", f"{power:kW}"
    ('1.7 MW [1.0 to 3.0]', '1 700 kW [1 000 to 3 000] facility, assumed')
    """
    if spec and _NUMBER.fullmatch(spec):
        value = figure.value
        unit = unit_word(figure.unit)
        middle = f"{value.p50:{spec}} {unit}".strip()
        if value.certain:
            return middle
        return f"{middle} [{value.p05:{spec}} {_('to')} {value.p95:{spec}}]"
    return text(figure.to(spec) if spec else figure)


def chance_below(figure: Node, other: Node) -> float:
    """Share of the draws in which `figure` is below `other`. [1]

    Raises
    ------
    BoundaryError
        If they stand at different boundaries.
    UnitError
        If their dimensions differ.
    """
    if figure.boundary != other.boundary:
        raise BoundaryError(
            _("{a} is at the boundary {here}, {b} at {there}: they are not compared.").format(
                a=figure.name,
                b=other.name,
                here=figure.boundary or "-",
                there=other.boundary or "-",
            ),
            _("take one of them along the chain first: figure.at_boundary(level, by)"),
        )
    own, theirs = np.broadcast_arrays(
        figure.samples * units.factor(figure.unit, other.unit), other.samples
    )
    return float(np.mean(own < theirs))


def compared(figure: Node, other: Any, sign: str) -> bool:
    """Whether a figure is below or above another in every draw.

    Raises
    ------
    RangeError
        If it is in some draws and is not in others: then the answer is a probability.
    """
    below = chance_below(figure, other)
    above = chance_below(other, figure)
    share = below if sign in ("<", "<=") else above
    against = above if sign in ("<", "<=") else below
    if against == 0 and (share == 1 or sign in ("<=", ">=")):
        return True
    if share == 0:
        return False
    raise RangeError(
        _("{a} {sign} {b} holds in {share:.0%} of the samples.").format(
            a=figure.name, sign=sign, b=other.name, share=share
        ),
        _("ask for the probability: a.chance_below(b)"),
    )


def plain_values(figure: Node) -> dict[str, Any]:
    """A figure as plain values: what every JSON shows of it."""
    value = figure.value
    return {
        "key": figure.key,
        "label": figure.name,
        "value": {q: getattr(value, q) for q in ("p05", "p50", "p95", "mean", "n")},
        "unit": figure.unit,
        "boundary": figure.boundary,
        "kind": figure.kind,
        "formula": figure.formula,
        "source": figure.source.key if figure.source else None,
    }


def record_row(figure: Node) -> dict[str, Any]:
    """One row of a data frame."""
    made = plain_values(figure)
    return {**made.pop("value"), **made}


def as_html(figure: Node) -> str:
    """Name, value, a bar of its range, and its tree, as a notebook shows it."""
    value = figure.value
    low, high = value.p05, value.p95
    start, end = min(low, 0.0), max(high, 0.0) or 1.0
    span = (end - start) or 1.0

    def at(x: float) -> float:
        return round(200 * (x - start) / span, 1)

    words = listing(w for w in (boundary_word(figure.boundary), kind_word(figure.kind)) if w)
    bar = (
        f'<svg width="204" height="14" role="img" aria-label="{html.escape(text(figure))}">'
        f'<line x1="2" x2="202" y1="7" y2="7" stroke="#999"/>'
        f'<rect x="{2 + at(low)}" y="3" width="{max(at(high) - at(low), 1)}" height="8" fill="#c66"/>'
        f'<line x1="{2 + at(value.p50)}" x2="{2 + at(value.p50)}" y1="1" y2="13" stroke="#000"/></svg>'
    )
    return (
        f"<div><b>{html.escape(figure.name)}</b>: {html.escape(text(figure))}<br>{bar} "
        f"<small>{html.escape(words)}</small><details><summary>{html.escape(_('How it follows'))}"
        f"</summary><pre>{html.escape(tree(figure, 4))}</pre></details></div>"
    )
