"""How much electricity a year? A stock of servers, or a service, in TWh a year; and its share of a nation's.

A share always names what it is a share of: generation (at power stations, before network losses), consumption (at
customers) or sales. The three differ by up to a tenth, and published percentages rarely say which they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError, SourceError, UnitError
from taotie.fleet.comparison import latest_demand
from taotie.quantity import unit as units
from taotie.quantity.catalog import figure, table
from taotie.quantity.figure import Figure
from taotie.quantity.lift import lifted
from taotie.quantity.unit_word import with_unit
from taotie.words.language import _, language
from taotie.words.listing import listing
from taotie.words.said import in_each_language

__all__ = [
    "NationalShare",
    "annual_energy_twh",
    "daily_energy_mwh",
    "energy_per_request_wh",
    "national_denominators",
    "national_share",
    "service_energy_twh",
    "share_of_national_use",
]

Floats = npt.NDArray[np.float64]

HOURS_PER_YEAR = 8760.0


@lifted(servers="server", power_kw="kW/server", load_factor="1", returns="TWh/a", boundary="server")
def annual_energy_twh(
    servers: npt.ArrayLike, power_kw: npt.ArrayLike, load_factor: npt.ArrayLike = 1.0
) -> Floats:
    """Yearly electricity of a stock of servers, before PUE.

    Parameters
    ----------
    servers : array_like, shape (n_sample,)
        Servers installed. [server]
    power_kw : array_like, broadcastable with `servers`
        Draw of one server at its plug. [kW/server]
    load_factor : array_like, default 1.0
        Mean draw over `power_kw`, within 0..1. [1]

    Returns
    -------
    energy_twh : ndarray, shape (n_sample,)
        Electricity at the server boundary. [TWh/a]

    Raises
    ------
    RangeError
        If `load_factor` leaves 0..1 or an input is negative or not finite.

    Notes
    -----
    ``E = N P u 8760 h``; the stock is held constant over the year.

    References
    ----------
    .. [1] Source ``devries2023``, 2027 scenario.

    Examples
    --------
    Both ends of the range in [1]_:

    >>> annual_energy_twh(1.5e6, [6.5, 10.2]).round(1)
    array([ 85.4, 134. ])
    """
    n = _not_negative("servers", servers, "server")
    p = _not_negative("power_kw", power_kw, "kW/server")
    u = _share("load_factor", load_factor)
    return np.asarray(n * p * u * HOURS_PER_YEAR * 1e-9)


@lifted(servers="server", power_kw="kW/server", load_factor="1", returns="MWh/d", boundary="server")
def daily_energy_mwh(
    servers: npt.ArrayLike, power_kw: npt.ArrayLike, load_factor: npt.ArrayLike = 1.0
) -> Floats:
    """Electricity of a stock of servers on one day, before PUE.

    Parameters
    ----------
    servers, power_kw, load_factor
        As for `annual_energy_twh`.

    Returns
    -------
    energy_mwh : ndarray
        Electricity at the server boundary. [MWh/d]

    Raises
    ------
    RangeError
        As for `annual_energy_twh`.

    Notes
    -----
    ``E = N P u 24 h``

    References
    ----------
    .. [1] Source ``devries2023``: ChatGPT early in 2023, 564 MWh a day.

    Examples
    --------
    >>> daily_energy_mwh(3617, 6.5).round(1)
    np.float64(564.3)
    """
    return np.asarray(annual_energy_twh(servers, power_kw, load_factor) * 1e6 / 365.0)


@lifted(energy_mwh="MWh/d", requests="request/d", returns="Wh/request")
def energy_per_request_wh(energy_mwh: npt.ArrayLike, requests: npt.ArrayLike) -> Floats:
    """Mean energy per request of a service, from the top down.

    Parameters
    ----------
    energy_mwh : array_like
        Electricity of the service on a day; its boundary carries over. [MWh/d]
    requests : array_like, broadcastable
        Requests on that day. [request/d]

    Returns
    -------
    energy_wh : ndarray
        [Wh/request]

    Raises
    ------
    RangeError
        If there are no requests, or an input is negative or not finite.

    Notes
    -----
    ``e = E / n``: a mean over all requests, short and long, with idle time inside.

    References
    ----------
    .. [1] Source ``devries2023``: 2.9 Wh.

    Examples
    --------
    >>> energy_per_request_wh(564.0, 195e6).round(1)
    np.float64(2.9)
    """
    n = _not_negative("requests", requests, "request/d")
    if (n == 0).any():
        raise RangeError(_("requests=0 request/d: no energy per request without requests."))
    return np.asarray(_not_negative("energy_mwh", energy_mwh, "MWh/d") * 1e6 / n)


@lifted(requests_per_day="request/d", energy_wh="Wh/request", returns="TWh/a")
def service_energy_twh(requests_per_day: npt.ArrayLike, energy_wh: npt.ArrayLike) -> Floats:
    """Yearly electricity of a service.

    Parameters
    ----------
    requests_per_day : array_like
        Mean over the year. [request/d]
    energy_wh : array_like, broadcastable
        Energy of a request; its boundary carries over. [Wh/request]

    Returns
    -------
    energy_twh : ndarray
        At the boundary of `energy_wh`. [TWh/a]

    Raises
    ------
    RangeError
        If an input is negative or not finite.

    Notes
    -----
    ``E = n e 365``; requests and their mix are held constant over the year.

    Examples
    --------
    200 million requests a day at 2.9 Wh in a building of PUE 1.2, 254 GWh a year:

    >>> service_energy_twh(200e6, 2.9 * 1.2).round(5)
    np.float64(0.25404)
    """
    n = _not_negative("requests_per_day", requests_per_day, "request/d")
    e = _not_negative("energy_wh", energy_wh, "Wh/request")
    return np.asarray(n * e * 365.0 * 1e-12)


@lifted(energy_twh="TWh/a", national_twh="TWh/a", returns="1")
def national_share(energy_twh: npt.ArrayLike, national_twh: npt.ArrayLike) -> Floats:
    """Share of a nation's electricity.

    Parameters
    ----------
    energy_twh : array_like
        [TWh/a]
    national_twh : array_like, broadcastable
        Generation, consumption or sales of the nation: say which wherever the share is printed. [TWh/a]

    Returns
    -------
    share : ndarray
        [1]

    Raises
    ------
    RangeError
        If `national_twh` is not above 0 or `energy_twh` is negative.

    Notes
    -----
    ``s = E / E_nation``

    References
    ----------
    .. [1] Sources ``shehabi2024`` (176 TWh in 2023) and ``eia_mer_72a`` (4178 TWh of net generation): 4.2 %, where
       the report prints 4.4 % of consumption.

    Examples
    --------
    >>> (100 * national_share(176.0, [4178.17, 4000.0])).round(1)
    array([4.2, 4.4])
    """
    national = _not_negative("national_twh", national_twh, "TWh/a")
    if (national == 0).any():
        raise RangeError(_("national_twh=0 TWh/a: no share of nothing."))
    return np.asarray(_not_negative("energy_twh", energy_twh, "TWh/a") / national)


_WORDS = {
    "net_generation": lambda: _("net generation (at power stations, before network losses)"),
    "consumption": lambda: _("consumption (at customers, after network losses)"),
    "sales": lambda: _("retail sales (at customers, without own generation)"),
    "demand": lambda: _("demand (generation plus net imports, network losses inside)"),
}


@dataclass(frozen=True)
class NationalShare:
    """A share of a nation's electricity that says what it is a share of.

    Attributes
    ----------
    share : Figure
        Carries the boundary of the energy it was made from. [1]
    denominator : Figure
        The national figure, with its source. [TWh/a]
    country : str
        Key of the country in the table `countries`.
    words : mapping of str to str
        What the denominator is, and of which year, by language.
    """

    share: Figure
    denominator: Figure
    country: str
    words: Mapping[str, str]

    @property
    def of(self) -> str:
        """The words in the language in force."""
        return self.words[language()]


def national_denominators(country: str = "united_states") -> list[str]:
    """What a share of this country can be a share of.

    Examples
    --------
    >>> national_denominators("sweden")
    ['demand', 'demand_2024']
    """
    cells = table("countries")
    return [q for q in cells.quantities(country) if q.rstrip("_0123456789") in _WORDS]


def share_of_national_use(
    energy: Figure, country: str = "united_states", of: str | None = None
) -> NationalShare:
    """Share of a nation's electricity, with the denominator named.

    Parameters
    ----------
    energy : Figure
        A yearly energy. [TWh/a]
    country : str
        Key in the table `countries`.
    of : str, optional
        One of `national_denominators(country)`, such as `"net_generation_2023"`; by default the latest
        net generation, else the latest demand.

    Returns
    -------
    share : NationalShare

    Raises
    ------
    UnitError
        If `energy` is not a yearly energy.
    SourceError
        If the country or the denominator is not in the table; the message names the nearest.
    """
    known = national_denominators(country)
    if of is None:
        generation = sorted(q for q in known if q.startswith("net_generation"))
        of = generation[-1] if generation else latest_demand(country)
    if of not in known:
        raise SourceError(
            _("{country} has no {of} in the catalogue.").format(country=country, of=of),
            _("known: {names}").format(names=listing(known)),
        )
    if not units.same_dimension(energy.unit, "TWh/a") or "/" not in energy.unit:
        raise UnitError(
            _("{name} in {unit} is not a yearly energy.").format(
                name=energy.name, unit=energy.unit
            ),
            _("divide an energy by its time; for a load that runs all year use .to('TWh/a')"),
        )
    denominator = figure(f"countries/{country}/{of}")
    year = of.rpartition("_")[2] if of[-1].isdigit() else denominator.locator.rpartition(" ")[2]

    def words() -> str:
        name = table("countries").value(country, f"name_{language()}")
        what = _WORDS[of.rstrip("_0123456789")]()
        said = _("{country}, {year}: {what}").format(country=name, year=year, what=what)
        row = table("countries").cell(country, of) or {}
        if not row.get("high") or denominator.kind != "assumed":
            return said
        return _("{said}, carried forward from an earlier count, {percent:.0%} either way").format(
            said=said, percent=float(row["high"]) / float(row["value"]) - 1
        )

    share: Figure = national_share(energy, denominator)  # type: ignore[arg-type, assignment]
    return NationalShare(share, denominator, country, in_each_language(words))


def _not_negative(name: str, value: npt.ArrayLike, unit: str) -> Floats:
    values = np.asarray(value, dtype=np.float64)
    bad = ~(values >= 0.0) | ~np.isfinite(values)
    if bad.any():
        raise RangeError(
            _("{name}={value} is not a number of at least 0.").format(
                name=name, value=with_unit(float(values[bad].flat[0]), unit)
            )
        )
    return values


def _share(name: str, value: npt.ArrayLike) -> Floats:
    values = _not_negative(name, value, "1")
    if (values > 1.0).any():
        raise RangeError(
            _("{name}={value} is above 1.").format(name=name, value=float(values.max())),
            _("70 % is 0.7"),
        )
    return values
