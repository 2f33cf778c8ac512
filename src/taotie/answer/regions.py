"""Which places does taotie know, and what is held of one? The ask behind `taotie regions`. [gCO2e/kWh, L/kWh, USD/kWh]"""

from __future__ import annotations

from typing import Any

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with
from taotie.words.language import N_
from taotie.words.said import Said, labels

__all__ = ["regions"]

COLUMNS = (
    Column("region", "", N_("region")),
    Column("name", "", N_("name")),
    Column("kind", "", N_("kind")),
    Column("within", "", N_("lies in")),
    Column("intensity_g_per_kwh", "gCO2e/kWh", N_("average intensity")),
    Column("year", "", N_("year")),
    Column("intensity_of", "", N_("held for")),
)


@answers_with("regions")
def regions(region: str = "") -> Answer:
    """The places by name, or one of them: what its electricity emits, costs and takes of water, of which year.

    What is not held of a place is taken from the next that contains it, and the table says from which.

    Raises
    ------
    UnknownNameError
        If no place has that name; the hint gives the nearest.

    Examples
    --------
    >>> found = regions("Virginia")
    >>> found.own["region"], found.own["within"]
    ('US-VA', ['USA', 'WORLD'])
    >>> found.figures["carbon_intensity"].unit
    'gCO2e/kWh'
    """
    from taotie.grid.place import place
    from taotie.grid.region_names import KINDS, place_keys
    from taotie.study.footprint import named_of_year

    found = [place(region)] if region else [place(key) for key in place_keys()]
    rows = []
    for one in found:
        held = one.intensity
        rows.append(
            (
                one.key, one.named, Said("kind", KINDS[one.kind]), " < ".join(one.chain[1:]),
                round(held.average.p50, 1), held.year, held.of,
            )
        )  # fmt: skip
    tables = {"regions": Table(COLUMNS, tuple(rows))}
    if not region:
        said = Said(
            "regions_listed",
            N_(
                "{n} places; an intensity that is not held for a place is that of the next one around it. Name one for its other figures."
            ),
            {"n": len(rows)},
        )
        return Answer("regions", {}, tables=tables, said=(said,))
    one = found[0]
    figures: dict[str, Any] = {"carbon_intensity": named_of_year(one.intensity)}
    of: dict[str, str] = {"carbon_intensity": one.intensity.of}
    for key, label, value in (
        ("carbon_intensity_marginal", N_("Marginal carbon intensity"), one.marginal),
        ("network_loss", N_("Share lost between power station and meter"), one.loss),
        ("water_offsite", N_("Water consumed at power stations"), one.water),
        ("electricity_price", N_("Price large customers pay"), one.price),
        ("pue", N_("PUE the operator publishes"), one.pue),
        ("wue", N_("Water per IT energy the operator publishes"), one.wue),
        ("carbon_free_share", N_("Carbon-free share the operator states (market-based)"), one.carbon_free_share),
    ):  # fmt: skip
        if value is not None:
            figures[key], of[key] = value.figure.named(key, **_placed(label, value.of)), value.of
    own = {
        "region": one.key,
        "within": list(one.chain[1:]),
        "nation": one.nation,
        "grid_case": one.grid_case,
        "held_for": of,
    }
    hourly = one.hourly()
    if hourly is not None:
        own["hourly_area"] = hourly[1]
    return Answer(
        "regions", {"region": region}, figures, tables=tables, said=tuple(one.told()), own=own
    )


def _placed(label: str, of: str) -> dict[str, str]:
    """A label in both languages, with the place the figure is held for."""
    from taotie.grid.region_names import place_name

    texts = labels(label)
    if not of:
        return texts
    return {
        "en": f"{texts['en']} ({place_name(of, 'en')})",
        "zh": f"{texts['zh']}（{place_name(of, 'zh')}）",
    }
