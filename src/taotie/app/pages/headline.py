"""What does the report open with? The headline figure, one sentence in words, a row of key figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from taotie.answer.parts.study import StudyResult
from taotie.app.charts.picture import amount, dot, median_amount, median_text, range_text, sentences
from taotie.quantity.figure import Figure
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import (
    bound_text,
    boundary_word,
    ends,
    kind_word,
    number,
    readable,
)
from taotie.words.language import _

N_KEY_FIGURES = 8
EQUIVALENT = "equivalent"


@dataclass(frozen=True)
class Tile:
    """A figure as shown large: words and the raw number for tests and readers of the page source."""

    key: str
    name: str
    value: str
    unit: str
    range: str
    boundary: str
    kind: str
    dot: str
    raw: float
    low: float
    middle: float
    high: float
    certain: bool


def tile(key: str, figure: Figure) -> Tile:
    """A named figure in a readable unit; `raw` is the median in the unit of the result file."""
    shown = readable(figure)
    value = shown.value
    return Tile(
        key=key,
        name=figure.name,
        value=bound_text(figure) + median_text(shown),
        unit=unit_word(shown.unit),
        range=range_text(shown),
        boundary=boundary_word(figure.boundary),
        kind=kind_word(figure.kind),
        dot=dot(figure),
        raw=figure.p50,
        low=_percent(value.p05, value.p95),
        middle=_percent(value.p50, value.p95),
        high=_percent(value.p95, value.p95),
        certain=value.certain,
    )


def _percent(value: float, top: float) -> float:
    """Place on a whisker from zero to the 95 % point; one below zero has no length. [%]"""
    return round(100 * max(value / top, 0.0), 1) if top > 0 else 0.0


def key_tiles(result: StudyResult) -> list[Tile]:
    """What the study asked to show, or the first named figures."""
    asked = [k for k in result.show if k in result.figures] or [
        k for k in result.figures if not k.startswith(EQUIVALENT) and not _is_flow(result, k)
    ]
    chosen = [k for k in asked if k != result.headline][:N_KEY_FIGURES]
    return [tile(k, result.figures[k]) for k in chosen]


def _is_flow(result: StudyResult, key: str) -> bool:
    return any(flow.figure == key for flow in result.flows)


SHARES_OF_BUSES = ("share_of_buses_strict", "share_of_buses_margin", "share_of_buses_cutoff")


def sentence(result: StudyResult) -> str:
    """The headline in words, and what every bus of a grid says to it."""
    return sentences(_headline_sentence(result), _buses_sentence(result))


def _buses_sentence(result: StudyResult) -> str:
    """The share of buses that take the load, over the treatments; empty where not every bus was asked."""
    ways = [f for key, f in result.figures.items() if key in SHARES_OF_BUSES]
    intact = result.figures.get("share_of_buses_n0")
    if len(ways) < 2 or intact is None or result.study["grid"].get("contingencies") == "n-0":
        return ""
    shares = [f.to("1").p50 * 100 for f in ways]
    return _(
        "Of the buses of the grid {low} to {high} % take it with any one branch lost, depending on how branches that are full already are treated; {n0} % with all branches in service."
    ).format(low=number(min(shares)), high=number(max(shares)), n0=number(100 * intact.to("1").p50))


def _headline_sentence(result: StudyResult) -> str:
    figure = readable(result.figures[result.headline])
    value = figure.value
    place = _place(figure.boundary)
    if value.certain:
        return _("{name}: {value}{place}, {kind}.").format(
            name=figure.name, value=amount(value.p50, figure.unit, 4), place=place,
            kind=kind_word(figure.kind),
        )  # fmt: skip
    return _(
        "{name} is about {value}{place}: in nine cases of ten between {low} and {high}, {kind} from {n} uncertain inputs."
    ).format(
        name=figure.name,
        value=median_amount(figure),
        place=place,
        low=ends(value.p05, value.p95)[0],
        high=f"{ends(value.p05, value.p95)[1]} {unit_word(figure.unit)}".strip(),
        kind=kind_word(figure.kind),
        n=_n_inputs(figure),
    )


def _place(boundary: str | None) -> str:
    """Where it is measured, as the tail of a sentence."""
    return {
        None: "",
        "accelerator": _(" at the accelerator"),
        "server": _(" at the server's plug"),
        "facility": _(" at the data center's meter"),
        "grid": _(" at the power plant, network losses included"),
    }[boundary]


def _n_inputs(figure: Figure) -> int:
    from taotie.quantity.figure import leaves

    return sum(
        1 for x in leaves(figure) if x.distribution is not None and not x.distribution.is_exact
    )


def equivalents_lead(result: StudyResult) -> str:
    """What the equivalents stand for: one request, or a year where the headline is no such energy."""
    if result.figures[result.headline].unit.endswith("/request"):
        return _("That is as much as")
    return _("In a year that is as much as")


def equivalents(result: StudyResult) -> list[Tile]:
    """Figures that say the headline in everyday terms."""
    return list(_tiles(result, (k for k in result.figures if k.startswith(EQUIVALENT))))[:6]


def _tiles(result: StudyResult, keys: Iterable[str]) -> Iterable[Tile]:
    return (tile(k, result.figures[k]) for k in keys)
