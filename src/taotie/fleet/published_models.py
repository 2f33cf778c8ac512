"""What do published models of data-centre electricity say, and do their numbers follow from their inputs? [TWh/a]

Each model is a kernel on its own inputs (de Vries, LBNL, IEA, EPRI, McKinsey, Epoch AI); `published_forecasts` lists
what was printed, each with its scope; `one_axis` refuses to draw two scopes as one series.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from taotie.errors import BoundaryError, RangeError, UnknownNameError, nearest
from taotie.facility.pue import checked_pue
from taotie.quantity.catalog import table
from taotie.quantity.figure import Figure
from taotie.quantity.lift import lifted
from taotie.words.language import _, language

__all__ = [
    "SCOPES",
    "PublishedForecast",
    "Scope",
    "bottom_up_energy_twh",
    "compound_growth",
    "grown",
    "implied_total_twh",
    "mean_capacity_gw",
    "one_axis",
    "published_forecasts",
    "region_name",
    "request_energy_wh",
    "two_part_growth",
]

Floats = npt.NDArray[np.float64]


# ---- what is counted ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scope:
    """What a published total counts, and where it is measured."""

    key: str
    en: str
    zh: str
    boundary: str | None


SCOPES: Mapping[str, Scope] = MappingProxyType(
    {
        s.key: s
        for s in (
            Scope("ai_chips_rated", "AI chips at rated power", "AI芯片额定功率", "accelerator"),
            Scope("ai_servers", "AI servers", "AI服务器", "server"),
            Scope("ai_facilities", "AI servers with their buildings", "AI服务器及其机房", "facility"),
            Scope("data_centers", "All data centres, without crypto", "全部数据中心(不含加密货币)", "facility"),
            Scope(
                "data_centers_with_crypto",
                "Data centres with crypto",
                "数据中心(含加密货币)",
                "facility",
            ),
            Scope(
                "data_centers_and_networks",
                "Data centres and data networks",
                "数据中心与数据网络",
                "facility",
            ),
            Scope("crypto", "Cryptocurrencies", "加密货币", "facility"),
            Scope("bitcoin", "Bitcoin", "比特币", "facility"),
        )
    }
)  # fmt: skip


@dataclass(frozen=True)
class PublishedForecast:
    """One printed number, with what it counts.

    Attributes
    ----------
    key : str
        Item of the table `published_forecasts`.
    region, scenario : str
    year : int
    scope : Scope
    quantity : str
        "energy" [TWh/a], "power" [GW] or "share" [1].
    value : Figure
        With its range where one is printed.
    """

    key: str
    region: str
    scenario: str
    year: int
    scope: Scope
    quantity: str
    value: Figure

    @property
    def source_key(self) -> str:
        """Key of the publication."""
        return self.value.source.key if self.value.source else ""

    @property
    def publisher(self) -> str:
        """Who printed it, and in what year."""
        source = self.value.source
        return self.key if source is None else f"{source.publisher} {source.date[:4]}"

    @property
    def low(self) -> float | None:
        """Lower printed end, if a range is printed."""
        return None if self.value.is_exact else float(np.min(self._ends))

    @property
    def high(self) -> float | None:
        """Upper printed end, if a range is printed."""
        return None if self.value.is_exact else float(np.max(self._ends))

    @property
    def middle(self) -> float:
        """The printed number, or the middle of the printed range."""
        return float(np.mean(self._ends))

    @property
    def _ends(self) -> tuple[float, float]:
        row = table("published_forecasts").cell(self.key, self.quantity)
        assert row is not None
        ends = [float(row[k]) for k in ("low", "high") if row[k]] or [float(row["value"])]
        return ends[0], ends[-1]


def published_forecasts(
    scope: str | None = None, region: str | None = None, quantity: str | None = None
) -> list[PublishedForecast]:
    """What was printed, in the order of the table.

    Raises
    ------
    UnknownNameError
        If the scope is not one of `SCOPES`.

    Examples
    --------
    >>> [f"{p.year} {p.low:g}-{p.high:g}" for p in published_forecasts("ai_servers", "world") if p.low]
    ['2023 5.7-8.9', '2027 85.4-134']
    """
    if scope is not None and scope not in SCOPES:
        raise UnknownNameError(
            _("{scope} is not a scope.").format(scope=repr(scope)), nearest(scope, SCOPES)
        )
    cells = table("published_forecasts")
    found: list[PublishedForecast] = []
    for item in cells.items():
        kind = next(q for q in ("energy", "power", "share") if q in cells.quantities(item))
        one = PublishedForecast(
            key=item,
            region=str(cells.value(item, "region")),
            scenario=str(cells.value(item, "scenario")),
            year=int(float(cells.value(item, "year") or 0)),
            scope=SCOPES[str(cells.value(item, "scope"))],
            quantity=kind,
            value=cells.figure(item, kind),
        )
        if (
            scope in (None, one.scope.key)
            and region in (None, one.region)
            and quantity in (None, one.quantity)
        ):
            found.append(one)
    return found


def region_name(key: str) -> str:
    """Region of a printed number, in the language in force.

    Examples
    --------
    >>> region_name("virginia"), region_name("china")
    ('Virginia', 'China')
    """
    known = {
        "world": _("world"),
        "europe": _("Europe"),
        "asia_pacific_without_china": _("Asia Pacific without China"),
        "rest_of_world": _("rest of the world"),
        "virginia": _("Virginia"),
    }
    if key in known:
        return known[key]
    return str(table("countries").value(key, f"name_{language()}"))


def one_axis(points: Iterable[PublishedForecast]) -> list[PublishedForecast]:
    """The same points, if they may stand in one series: one scope, one region, one quantity.

    Raises
    ------
    BoundaryError
        If they differ; the message says in what.

    Examples
    --------
    >>> one_axis(published_forecasts(region="world", quantity="energy"))
    Traceback (most recent call last):
    ...
    taotie.errors.BoundaryError: these points are not one series: scope is data_centers_with_crypto of \
iea2024_world_2022, but crypto of iea2024_crypto_2022.
    <BLANKLINE>
    hint: draw one axis per scope, region and quantity: published_forecasts(scope=..., region=...)
    """
    given = list(points)
    for what in ("scope", "region", "quantity"):
        for one in given[1:]:
            a, b = _label(given[0], what), _label(one, what)
            if a != b:
                raise BoundaryError(
                    _(
                        "these points are not one series: {what} is {a} of {first}, but {b} of {second}."
                    ).format(what=what, a=a, first=given[0].key, b=b, second=one.key),
                    _(
                        "draw one axis per scope, region and quantity: published_forecasts(scope=..., region=...)"
                    ),
                )
    return given


def _label(point: PublishedForecast, what: str) -> str:
    value = getattr(point, what)
    return value.key if isinstance(value, Scope) else str(value)


# ---- the models --------------------------------------------------------------------------------------


def _positive(**values: Any) -> None:
    for name, value in values.items():
        lowest = float(np.min(np.asarray(value, dtype=float)))
        if not lowest > 0:
            raise RangeError(_("{name}={value} is not above 0.").format(name=name, value=lowest))


@lifted(first="TWh/a", last="TWh/a", years="a", returns="1/a", boundary=None)
def compound_growth(first: Any, last: Any, years: Any) -> Any:
    """Mean yearly growth between two years. [1/a]

    Raises
    ------
    RangeError
        If an input is not above 0.

    Notes
    -----
    ``g = (E1/E0)^(1/n) - 1``

    References
    ----------
    .. [1] Source ``iea2025_energy_and_ai``: 415 to 945 TWh from 2024 to 2030, "about 15 %" a year.

    Examples
    --------
    >>> round(float(compound_growth(415.0, 945.0, 6)), 3)
    0.147
    """
    _positive(first=first, last=last, years=years)
    return (np.asarray(last, dtype=float) / first) ** (1.0 / np.asarray(years, dtype=float)) - 1.0


@lifted(base="TWh/a", growth="1/a", years="a", returns="TWh/a")
def grown(base: Any, growth: Any, years: Any) -> Any:
    """A base year grown by a constant rate, as EPRI does. [TWh/a]

    Raises
    ------
    RangeError
        If `base` is not above 0 or the growth is -100 % or less.

    Notes
    -----
    ``E = E0 (1 + g)^n``

    References
    ----------
    .. [1] Source ``epri2024``: 152.1 TWh in 2023, to 2030 at 3.7, 5 or 15 % a year.

    Examples
    --------
    >>> grown(152.1, np.array([0.037, 0.05, 0.15]), 7).round(1)
    array([196.1, 214. , 404.6])
    """
    _positive(base=base)
    if not float(np.min(np.asarray(growth, dtype=float))) > -1:
        raise RangeError(_("growth={value} is -100 % or less.").format(value=float(np.min(growth))))
    return np.asarray(base, dtype=float) * (1.0 + np.asarray(growth, dtype=float)) ** years


@lifted(accelerated="TWh/a", conventional="TWh/a", years="a", returns="TWh/a")
def two_part_growth(
    accelerated: Any,
    conventional: Any,
    years: Any,
    growth_accelerated: float = 0.30,
    growth_conventional: float = 0.09,
) -> Any:
    """Two kinds of servers that grow at their own rate, as the IEA has it. [TWh/a]

    Parameters
    ----------
    accelerated, conventional : array_like
        Electricity in the base year. [TWh/a]
    years : array_like
        Years after it. [a]
    growth_accelerated, growth_conventional : float
        +30 and +9 % a year in [1]_ (from memory). [1/a]

    Notes
    -----
    ``E = A (1 + a)^n + C (1 + c)^n``

    References
    ----------
    .. [1] Source ``iea2025_energy_and_ai``.

    Examples
    --------
    A quarter of 415 TWh in accelerated servers comes near the 945 TWh printed for 2030:

    >>> round(float(two_part_growth(104.0, 311.0, 6)))
    1024
    """
    return grown(accelerated, growth_accelerated, years) + grown(
        conventional, growth_conventional, years
    )


@lifted(
    stock="server", idle_w="W/server", max_w="W/server", utilization="1", pue="1",
    returns="TWh/a", boundary="facility",
)  # fmt: skip
def bottom_up_energy_twh(stock: Any, idle_w: Any, max_w: Any, utilization: Any, pue: Any) -> Any:
    """Yearly electricity of a class of servers in one kind of building, as LBNL counts it.

    Parameters
    ----------
    stock : array_like
        Servers in service: shipments less retirements. [server]
    idle_w, max_w : array_like
        Draw of one at rest and at full load. [W/server]
    utilization : array_like
        Mean load, within 0..1. [1]
    pue : array_like
        Of the building, at least 1. [1]

    Returns
    -------
    energy_twh : ndarray
        Add classes and buildings. [TWh/a]

    Raises
    ------
    RangeError
        If utilization leaves 0..1, idle is above maximum, or PUE is below 1.

    Notes
    -----
    ``E = N (idle + u (max - idle)) 8760 PUE``

    References
    ----------
    .. [1] Source ``shehabi2024``: structure of the model.

    Examples
    --------
    A million two-socket servers at 30 % load in buildings of PUE 1.4:

    >>> round(float(bottom_up_energy_twh(1e6, 120.0, 400.0, 0.3, 1.4)), 2)
    2.5
    """
    use = np.asarray(utilization, dtype=float)
    if not ((use >= 0) & (use <= 1)).all():
        raise RangeError(
            _("utilization={value} is outside 0..1.").format(
                value=float(use.max() if use.max() > 1 else use.min())
            ),
            _("70 % is 0.7"),
        )
    idle, most = np.asarray(idle_w, dtype=float), np.asarray(max_w, dtype=float)
    if (idle > most).any():
        raise RangeError(
            _("idle_w={idle} W is above max_w={most} W.").format(
                idle=float(idle.max()), most=float(most.min())
            )
        )
    mean = idle + use * (most - idle)
    return np.asarray(stock, dtype=float) * mean * 8760.0 * checked_pue(pue) / 1e12


@lifted(energy_twh="TWh/a", utilization="1", returns="GW")
def mean_capacity_gw(energy_twh: Any, utilization: Any = 0.5) -> Any:
    """Capacity behind a yearly electricity at a mean use of it. [GW]

    Raises
    ------
    RangeError
        If `utilization` is not above 0 and up to 1.

    Notes
    -----
    ``P = E / (8.76 u)``

    References
    ----------
    .. [1] Source ``shehabi2024``: 325 to 580 TWh are printed as 74 to 132 GW.

    Examples
    --------
    >>> mean_capacity_gw(np.array([325.0, 580.0])).round(1)
    array([ 74.2, 132.4])
    """
    use = np.asarray(utilization, dtype=float)
    if not ((use > 0) & (use <= 1)).all():
        raise RangeError(_("utilization={value} is outside 0..1.").format(value=float(use.min())))
    return np.asarray(energy_twh, dtype=float) / 8.76 / use


@lifted(energy_twh="TWh/a", share="1", returns="TWh/a", boundary=None)
def implied_total_twh(energy_twh: Any, share: Any) -> Any:
    """The national total a printed share stands on: ask what it is before using it. [TWh/a]

    Raises
    ------
    RangeError
        If `share` is not above 0 and up to 1.

    Notes
    -----
    ``E_nation = E / s``

    References
    ----------
    .. [1] Source ``mckinsey2024``: 606 TWh are 11.7 % of US demand in 2030.

    Examples
    --------
    >>> round(float(implied_total_twh(606.0, 0.117)))
    5179
    """
    part = np.asarray(share, dtype=float)
    if not ((part > 0) & (part <= 1)).all():
        raise RangeError(
            _("share={value} is outside 0..1.").format(value=float(part.max())), _("4.4 % is 0.044")
        )
    return np.asarray(energy_twh, dtype=float) / part


@lifted(
    parameters="parameter", tokens="token/request", peak="FLOP/s", utilization="1",
    power_w="W/accelerator", partial_use="1", pue="1", returns="Wh/request", boundary="facility",
)  # fmt: skip
def request_energy_wh(
    parameters: Any,
    tokens: Any,
    peak: Any,
    utilization: Any,
    power_w: Any,
    partial_use: Any,
    pue: Any,
) -> Any:
    """Energy of one request after Epoch AI: 2 FLOP a parameter and token, at a share of the peak.

    Parameters
    ----------
    parameters, tokens : array_like
        Active parameters; tokens of the answer. [parameter, token/request]
    peak, utilization : array_like
        Peak of the accelerator and the share of it in use. [FLOP/s, 1]
    power_w, partial_use, pue : array_like
        Rated power of the server per accelerator, share of it drawn, PUE. [W/accelerator, 1, 1]

    Returns
    -------
    energy_wh : ndarray
        [Wh/request]

    Raises
    ------
    RangeError
        If `utilization` is not above 0.

    Notes
    -----
    ``e = 2 N n / (F u) W p PUE / 3600``

    References
    ----------
    .. [1] Source ``epoch2025_chatgpt``: 0.3 Wh.

    Examples
    --------
    >>> round(float(request_energy_wh(100e9, 500, 9.89e14, 0.1, 1275, 0.7, 1.2)), 3)
    0.301
    """
    _positive(utilization=utilization, peak=peak)
    seconds = 2.0 * np.asarray(parameters, dtype=float) * tokens / (np.asarray(peak) * utilization)
    return seconds * power_w * partial_use * checked_pue(pue) / 3600.0
