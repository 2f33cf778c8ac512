"""Where does it stand? One place sets nation, carbon intensity [gCO2e/kWh], losses, water [L/kWh] and price of power.

What a place does not hold is taken from the next that contains it (a cloud region, its subregion, its state, its
country, the world), and said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.errors import RangeError
from taotie.grid.emissions import AT_USE, BASES, Intensity, grid_loss_share, intensity
from taotie.grid.region_names import chain, kind_of, place_key, place_name
from taotie.quantity.catalog import table
from taotie.quantity.figure import Figure, leaf
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said, labels

__all__ = ["Found", "Place", "place", "place_of_parts"]

Floats = NDArray[np.float64]

PARTS = {
    "region": (),
    "country": ("country", "group"),
    "state": ("state",),
    "province": ("province",),
    "grid": ("subregion", "authority"),
    "cloud": ("cloud",),
}
"""Ways to say where, and the kinds of places each may name."""


class Found(NamedTuple):
    """A figure, and the place it is held for; `of` is empty for our own assumption."""

    figure: Figure
    of: str


@dataclass(frozen=True)
class Place:
    """A place and what it lies in.

    Attributes
    ----------
    key : str
        In the table `places`.
    chain : tuple of str
        Itself and what contains it, outward.
    """

    key: str
    chain: tuple[str, ...]

    @property
    def kind(self) -> str:
        """One of `region_names.KINDS`."""
        return kind_of(self.key)

    def name(self, code: str | None = None) -> str:
        """Name in a language, or in the one in force."""
        return place_name(self.key, code)

    @property
    def named(self) -> Said:
        """The name, as a value of a sentence."""
        return Said("place", "", {}, {c: place_name(self.key, c) for c in ("en", "zh")})

    def _text(self, quantity: str) -> str:
        cells = table("places")
        return next((str(v) for k in self.chain if (v := cells.value(k, quantity)) is not None), "")

    def _found(self, quantity: str) -> Found | None:
        cells = table("places")
        for key in self.chain:
            if cells.cell(key, quantity) is not None:
                return Found(cells.figure(key, quantity), key)
        return None

    @property
    def nation(self) -> str:
        """Key in the table `countries`; empty where its yearly electricity is not held."""
        return self._text("nation")

    @property
    def country(self) -> str:
        """Key of the country it lies in; its own if it is one."""
        return next((k for k in self.chain if kind_of(k) in ("country", "group")), "WORLD")

    @property
    def state(self) -> str:
        """Two letters of the US state; empty elsewhere."""
        return next((k[3:] for k in self.chain if kind_of(k) == "state"), "")

    @property
    def grid_case(self) -> str:
        """A grid case of this place; empty where there is none."""
        return self._text("grid_case")

    @property
    def intensity(self) -> Intensity:
        """Average intensity, its basis and year."""
        return intensity(self.key)

    @property
    def marginal(self) -> Found:
        """Short-run marginal intensity of its market area, or a wide assumption. [gCO2e/kWh]"""
        area = self._text("authority")
        if area:
            held = intensity(area).marginal
            if held is not None:
                return Found(held, area)
        return Found(
            leaf(
                "assumed.marginal_intensity", low=200.0, high=950.0, spread="lognormal", unit="gCO2e/kWh",
                kind="assumed",
                note=N_("none is held for this place: between a grid whose next kilowatt-hour is partly clean and one whose is coal"),
                label=labels(N_("Marginal intensity, assumed")),
            ),
            "",
        )  # fmt: skip

    @property
    def loss(self) -> Found:
        """Share of electricity lost between power station and meter. [1]"""
        if "USA" in self.chain:
            return Found(grid_loss_share(), "USA")
        found = self._found("network_loss")
        assert found is not None  # the world has one
        return found

    @property
    def water(self) -> Found:
        """Water consumed at power stations, per kWh generated. [L/kWh]"""
        found = self._found("water_offsite")
        assert found is not None
        return found

    @property
    def pue(self) -> Found | None:
        """Published PUE of the cloud region. [1]"""
        return self._found("pue")

    @property
    def wue(self) -> Found | None:
        """Published water per IT energy of the cloud region. [L/kWh]"""
        return self._found("wue")

    @property
    def utc_offset_h(self) -> float | None:
        """Standard time of the place less UTC; None where it is not held. [h]

        Examples
        --------
        >>> place("Sichuan").utc_offset_h, place("India").utc_offset_h, place("California").utc_offset_h
        (8.0, 5.5, -8.0)
        """
        found = self._found("utc_offset")
        return None if found is None else float(found.figure.p50)

    @property
    def price(self) -> Found:
        """What large customers pay. [USD/kWh]"""
        found = self._found("electricity_price")
        if found is not None:
            return found
        return Found(
            leaf(
                "assumed.electricity_price_anywhere", low=0.05, mode=0.10, high=0.20, unit="USD/kWh", kind="assumed",
                note=N_("no price is held for this place; large customers of the world pay 5 to 20 cents"),
                label=labels(N_("Price of electricity")),
            ),
            "",
        )  # fmt: skip

    @property
    def carbon_free_share(self) -> Found | None:
        """Hourly carbon-free share the operator states, contracts included: market-based. [1]"""
        return self._found("carbon_free_share")

    def hourly(self) -> tuple[Floats, str] | None:
        """Average intensity of each hour of the day (standard time) over the yearly mean, and the area it is of.

        Returns
        -------
        shape : ndarray, shape (24,)
            Mean 1 over the year. [1]
        area : str
            Market area whose hours stand for the place; None where hours are not held.

        Examples
        --------
        Solar power makes California's noon clean:

        >>> shape, area = place("California").hourly()
        >>> area, bool(shape[12] < 0.75 < shape[20])
        ('CAISO', True)
        """
        area = self._text("hourly_area")
        if not area:
            return None
        cells = table("hourly_intensity")
        shape = np.array([float(str(cells.value(area, f"hour_{h:02d}"))) for h in range(24)])
        return shape, area

    def told(self) -> list[Said]:
        """What a reader must know: where it is, of what year the intensity is, what was taken from elsewhere."""
        found = self.intensity
        said = [
            Said(
                "place",
                N_("Place: {name} ({key}); intensity: {of}, {year}, {basis}."),
                {
                    "name": self.named,
                    "key": self.key,
                    "of": _named(found.of),
                    "year": found.year,
                    "basis": Said("basis", BASES[found.average_basis]),
                },
            )
        ]
        if self.kind == "subregion" and found.average_basis != "combustion":
            said.append(
                Said(
                    "place_old_edition",
                    N_(
                        "eGRID2023 is not held for {name}: the edition of {year} stands in. Naming the state as well takes the state's."
                    ),
                    {"name": self.named, "year": found.year},
                )
            )
        elif found.of != self.key and self.kind != "cloud":
            said.append(
                Said(
                    "place_wider",
                    N_("No intensity is held for {name}: that of {of} is taken."),
                    {"name": self.named, "of": _named(found.of)},
                )
            )
        return said

    def at_use(self) -> bool:
        """Are network losses inside the average intensity?"""
        return self.intensity.average_basis in AT_USE


def _named(key: str) -> Said:
    return Said("place", "", {}, {c: place_name(key, c) for c in ("en", "zh")})


def place(name: str) -> Place:
    """The place a name means: a country, US state, Chinese province, eGRID subregion, market area or cloud region.

    Raises
    ------
    UnknownNameError, RangeError
        If none or several are meant.

    Examples
    --------
    >>> virginia = place("virginia")
    >>> virginia.nation, virginia.intensity.year, virginia.grid_case
    ('united_states', 2023, '')
    >>> place("aws:eu-central-1").pue.figure.p50
    1.35
    """
    key = place_key(name)
    return Place(key, chain(key))


def place_of_parts(**parts: str | None) -> Place:
    """A place said in parts: `cloud`, `grid`, `state` or `province`, `country`, or any by `region`.

    The narrowest leads; the others must contain it, or for `grid` and `state` lie in the same country.

    Raises
    ------
    UnknownNameError, RangeError
        If a part is not known, or two of them are not in one place.

    Examples
    --------
    >>> place_of_parts(state="Oklahoma", country="USA").chain
    ('US-OK', 'USA', 'WORLD')
    """
    given = {part: place_key(name, PARTS[part]) for part, name in parts.items() if name is not None}
    order = [p for p in ("cloud", "grid", "state", "province", "region", "country") if p in given]
    if not order:
        raise RangeError(
            _("a place needs one of {names}.").format(names=listing(PARTS)), 'country = "Germany"'
        )
    lead = given[order[0]]
    found = Place(lead, chain(lead))
    for part in order[1:]:
        other = given[part]
        if other in found.chain:
            continue
        both_american = "USA" in found.chain and "USA" in chain(other)
        if order[0] == "grid" and part == "state" and both_american:
            # a subregion has no state of its own: what it does not hold is the state's
            found = _with_state(found, other)
            continue
        if lead in chain(other):
            lead, found = other, Place(other, chain(other))
            continue
        raise RangeError(
            _("{a} and {b} are not one place.").format(a=place_name(lead), b=place_name(other)),
            _("leave one of them out"),
        )
    return found


def _with_state(found: Place, state: str) -> Place:
    key = found.key
    if "average_combustion_2023" not in table("carbon_intensity").quantities(key):
        # 14 of 27 subregions of eGRID2023 are not held: then the state leads
        return Place(state, (state, key, *found.chain[1:]))
    return Place(key, (key, state, *found.chain[1:]))
