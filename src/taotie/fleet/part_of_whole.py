"""Is no part larger than its whole? Everything shown of the fleet, ours and what others print, held together. [TWh/a]

A part is of a narrower scope (AI servers within data centres), of a region of the world, or of an earlier year of what
grows. Where the lowest a part can be lies above the highest its whole can be, one of the two is wrong or counts
otherwise; both stay shown, and it is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from taotie.fleet.published_models import SCOPES, PublishedForecast, region_name
from taotie.words.language import N_, _, language
from taotie.words.said import Said, in_each_language

__all__ = ["Conflict", "Shown", "conflict_said", "conflicts", "shown_of"]

WITHIN = {
    "ai_servers": ("ai_facilities", "data_centers", "data_centers_with_crypto", "data_centers_and_networks"),
    "ai_facilities": ("data_centers", "data_centers_with_crypto", "data_centers_and_networks"),
    "data_centers": ("data_centers_with_crypto", "data_centers_and_networks"),
    "bitcoin": ("crypto", "data_centers_with_crypto"),
    "crypto": ("data_centers_with_crypto",),
}  # fmt: skip
"""What each scope is a part of."""
OURS = "ours"
"""Name of what this project forecasts."""
GROWS = ("ai_servers", "ai_facilities", "data_centers")
"""Scopes of which an earlier year is no more than a later one."""
REGIONS = {"virginia": ("united_states", "world")}
"""What lies in what; every other region lies in the world alone."""


@dataclass(frozen=True)
class Shown:
    """One number that is shown.

    Attributes
    ----------
    name : str
        Key of a printed number, or ours.
    scope, region : str
    year : int
    low, high : float
        [TWh/a]
    """

    name: str
    scope: str
    region: str
    year: int
    low: float
    high: float


@dataclass(frozen=True)
class Conflict:
    """A part whose lowest value lies above the highest of its whole."""

    part: Shown
    whole: Shown


def shown_of(points: Iterable[PublishedForecast]) -> list[Shown]:
    """Printed energies."""
    return [
        Shown(p.key, p.scope.key, p.region, p.year, p.middle if p.low is None else p.low, p.middle if p.high is None else p.high)
        for p in points
        if p.quantity == "energy"
    ]  # fmt: skip


def conflicts(everything: Sequence[Shown]) -> list[Conflict]:
    """Pairs of which one must be part of the other and is larger.

    Examples
    --------
    >>> a = Shown("a", "ai_servers", "united_states", 2023, 40.0, 40.0)
    >>> b = Shown("b", "ai_servers", "world", 2024, 17.0, 36.0)
    >>> [(c.part.name, c.whole.name) for c in conflicts([a, b])]
    [('a', 'b')]
    """
    return [
        Conflict(part, whole)
        for part in everything
        for whole in everything
        if part.low > whole.high and _is_part(part, whole)
    ]


def _is_part(part: Shown, whole: Shown) -> bool:
    same_scope, same_region = part.scope == whole.scope, part.region == whole.region
    if not (same_scope or whole.scope in WITHIN.get(part.scope, ())):
        return False
    if not (same_region or whole.region in REGIONS.get(part.region, ("world",))):
        return False
    if part.year == whole.year:
        return not (
            same_scope and same_region
        )  # two estimates of one thing differ; neither is a part
    # an earlier year of what grows; one thing in two years may be two scenarios
    return part.year < whole.year and part.scope in GROWS and not (same_scope and same_region)


def conflict_said(one: Conflict) -> Said:
    """A conflict as every door tells it."""
    return Said(
        "part_above_whole",
        N_("a part above its whole: {part}, at least {low:.3g} TWh/a; {whole}, at most {high:.3g} TWh/a: they count differently, or one is wrong"),
        {
            "part": Said("part", "", {}, in_each_language(lambda: _named(one.part))), "low": one.part.low,
            "whole": Said("whole", "", {}, in_each_language(lambda: _named(one.whole))), "high": one.whole.high,
        },
    )  # fmt: skip


def _named(one: Shown) -> str:
    return _("{scope}, {region}, {year} ({name})").format(
        scope=getattr(SCOPES[one.scope], language()), region=region_name(one.region), year=one.year,
        name=_("ours") if one.name == OURS else one.name,
    )  # fmt: skip
