"""Where and when does it run? The settings of a place, as the footprint takes them."""

from __future__ import annotations

from typing import Any

from taotie.answer.asking import Chosen
from taotie.errors import RangeError
from taotie.words.language import N_, _
from taotie.words.said import labels

__all__ = ["at_of"]

_OF_A_PLACE = ("hour", "market_intensity", "wue", "electricity_price")


def at_of(chosen: Chosen) -> Any:
    """Where and when the request runs; None if nobody said."""
    from taotie.grid.place import place
    from taotie.quantity.figure import leaf
    from taotie.study.footprint import At, at_hour

    if chosen.region is None:
        # a price also serves a claim that is held against it
        used = ("electricity_price",) if "claimed" in chosen.given else ()
        idle = [n for n in _OF_A_PLACE if n in chosen.given and n not in used]
        if idle:
            raise RangeError(
                _("{name} says something about a place, and no place is named.").format(
                    name="--" + idle[0].replace("_", "-")
                ),
                "--region virginia",
            )
        return None

    def given(name: str, unit: str, label: str) -> Any:
        value = getattr(chosen, name)
        if value is None:
            return None
        return leaf(
            name,
            value=float(value),
            unit=unit,
            kind="assumed",
            note=N_("given by the user"),
            label=labels(label),
        )

    return At(
        place(chosen.region),
        at_hour(chosen.hour),
        market=given("market_intensity", "gCO2e/kWh", N_("Market-based intensity")),
        wue=given("wue", "L/kWh", N_("Water at the site per IT energy")),
        price=given("electricity_price", "USD/kWh", N_("Price of electricity")),
    )
