"""What does a whole server draw: its accelerators, and the host around them? [W]

The host (processors, fans, network cards, power supplies) is often a third of a server's draw and is
in no measurement taken on the accelerators alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.hardware.accelerator import Accelerator, accelerator
from taotie.quantity.catalog import figure, table
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.lift import lifted
from taotie.words.language import N_, _
from taotie.words.said import Said, labels

__all__ = [
    "HostDraw",
    "Server",
    "highest_draw",
    "host_draw",
    "host_power_w",
    "machine_notes",
    "server",
    "server_of",
    "server_power_w",
    "servers",
]

STAND_IN_RANGE = (0.6, 1.6)
"""Host draw over that of the scaled stand-in: our guess, as wide as hosts of known servers differ."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Server:
    """One server, as it stands in a rack."""

    name: str
    label: str
    accelerator: Accelerator
    accelerators: int
    rated_power_w: float
    host_idle_power_w: float
    host_max_power_w: float
    max_power_w: float | None = None
    """Highest draw anyone has measured."""
    idle_power_w: float | None = None
    stand_in: bool = False
    """True where no server with this accelerator is in the table and the host is assumed."""

    @property
    def host_idle_w_per_accelerator(self) -> float:
        """Host share of one accelerator while the server waits. [W]"""
        return self.host_idle_power_w / self.accelerators

    @property
    def host_max_w_per_accelerator(self) -> float:
        """Host share of one accelerator under full load. [W]"""
        return self.host_max_power_w / self.accelerators


@lru_cache(maxsize=1)
def servers() -> dict[str, Server]:
    """All servers of the table, by name."""
    cells = table("servers")
    found: dict[str, Server] = {}
    for item in cells.items():

        def watt(quantity: str, item: str = item) -> float | None:
            cell = cells.cells.get((item, quantity))
            return float(cell["value"]) if cell is not None and cell["value"] else None

        rated, host_idle, host_max = (
            watt("rated_power") or 0.0,
            watt("host_idle_power") or 0.0,
            watt("host_max_power") or 0.0,
        )
        found[item] = Server(
            name=item,
            label=str(cells.value(item, "label")),
            accelerator=accelerator(str(cells.value(item, "accelerator"))),
            accelerators=int(float(cells.value(item, "accelerators") or 0)),
            rated_power_w=rated,
            host_idle_power_w=host_idle,
            host_max_power_w=host_max,
            max_power_w=watt("max_power"),
            idle_power_w=watt("idle_power"),
        )
    return found


def server(name: str) -> Server:
    """The server of that name.

    Raises
    ------
    UnknownNameError
        If there is none; the hint gives the nearest.

    Examples
    --------
    Rated and highest measured draw of eight H100 (source ``latif2025``):

    >>> s = server("hgx-h100")
    >>> s.rated_power_w, s.max_power_w
    (10200.0, 8400.0)
    """
    known = servers()
    text = name.strip().lower()
    if text in known:
        return known[text]
    raise UnknownNameError(
        _("server {name!r} is not in the table.").format(name=name), nearest(text, known)
    )


def server_of(chip: Accelerator) -> Server:
    """A server that holds this accelerator: the one in the table, else eight of it in a host like an HGX H100's.

    The stand-in's host is scaled by the rated power of the accelerators.
    """
    for known in servers().values():
        if known.accelerator.name == chip.name:
            return known
    reference = server("hgx-h100")
    rated = chip.tdp_w if chip.tdp_w is not None else reference.accelerator.rated_power_w()
    scale = min(max(rated / reference.accelerator.rated_power_w(), 0.3), 1.5)
    return Server(
        name=f"8x-{chip.name}",
        label=f"8 x {chip.label}",
        accelerator=chip,
        accelerators=8,
        rated_power_w=8 * rated + scale * (reference.rated_power_w - 5600.0),
        host_idle_power_w=scale * reference.host_idle_power_w,
        host_max_power_w=scale * reference.host_max_power_w,
        stand_in=True,
    )


@dataclass(frozen=True)
class HostDraw:
    """Draw of the host of one server, as sourced or assumed ranges. [W]"""

    idle: Figure
    most: Figure
    accelerators: int
    """Accelerators that share the host."""
    assumed: bool
    """True where no server with this accelerator is in the table."""


def host_draw(chip: Accelerator) -> HostDraw:
    """What the host around this accelerator draws, waiting and under full load.

    A chip without a server in the table gets the host of eight H100, scaled by rated power, as an assumed
    range of 0.6 to 1.6 times that.

    Examples
    --------
    >>> host_draw(accelerator("h100")).assumed, host_draw(accelerator("tpu-v6e")).assumed
    (False, True)
    """
    box = server_of(chip)
    if not box.stand_in:
        cells = table("servers")
        return HostDraw(
            cells.figure(box.name, "host_idle_power"),
            cells.figure(box.name, "host_max_power"),
            box.accelerators,
            False,
        )
    low, high = STAND_IN_RANGE

    def guess(key: str, watt: float, label: str) -> Figure:
        return leaf(
            f"assumed.{key}.{chip.name}",
            low=low * watt,
            mode=watt,
            high=high * watt,
            unit="W",
            kind="assumed",
            note=N_(
                "no server with this accelerator is in the table: the host of eight H100 scaled by rated power"
            ),
            label=labels(label),
        )

    return HostDraw(
        guess("host_idle_power", box.host_idle_power_w, N_("draw of the host when waiting")),
        guess("host_max_power", box.host_max_power_w, N_("draw of the host under full load")),
        box.accelerators,
        True,
    )


def highest_draw(chip: Accelerator) -> Figure:
    """Highest draw of a server, per accelerator: measured where it was, else rated. [W/accelerator]"""
    box = server_of(chip)
    n = exact(float(box.accelerators), "accelerator", "accelerators_of_a_server")
    if not box.stand_in:
        quantity = "max_power" if box.max_power_w else "rated_power"
        return table("servers").figure(box.name, quantity) / n
    host = host_draw(chip)
    each = exact(float(host.accelerators), "1", "accelerators_per_server")
    one = exact(1.0, "accelerator", "one_accelerator")
    return (figure(f"accelerators/{chip.name}/tdp") + host.most / each) / one


def machine_notes(chip: Accelerator) -> tuple[Said, ...]:
    """What a result must say of a chip: which of its quantities the maker does not publish, whether its host is a guess."""
    said = []
    if server_of(chip).stand_in:
        said.append(
            Said(
                "host_assumed",
                N_("no server with {chip} is in the table: its host is an assumed range."),
                {"chip": chip.label},
            )
        )
    if "tdp" in chip.estimated:
        said.append(
            Said(
                "rated_power_estimated",
                N_("{maker} publishes no rated power of {chip}: it is a range by others."),
                {"chip": chip.label, "maker": chip.maker},
            )
        )
    return tuple(said)


@lifted(
    accelerator_load="1",
    host_idle_power_w="W",
    host_max_power_w="W",
    returns="W",
    boundary=None,
)
def host_power_w(
    accelerator_load: Any, host_idle_power_w: Any, host_max_power_w: Any
) -> FloatArray:
    """Draw of the host alone.

    Parameters
    ----------
    accelerator_load : array_like
        Draw of the accelerators over their rated power, 0..1. [1]
    host_idle_power_w, host_max_power_w : array_like
        Draw of the host while the accelerators idle, and when they run at rated power. [W]

    Returns
    -------
    power_w : ndarray
        [W]

    Raises
    ------
    RangeError
        If the load leaves 0..1.05.

    Notes
    -----
    ``P = P_idle + (P_max - P_idle) u``: fans and voltage regulators follow the heat of the accelerators.

    Examples
    --------
    Eight H100 at rated power leave 2.8 kW of the highest measured draw to the host:

    >>> float(host_power_w(1.0, 950.0, 2800.0))
    2800.0
    """
    load = np.asarray(accelerator_load, dtype=np.float64)
    if not np.all((load >= 0.0) & (load <= 1.05)):
        raise RangeError(
            _("accelerator_load={value} leaves 0..1.").format(value=float(np.ravel(load)[0])),
            _("give draw over rated power, both of the accelerators alone."),
        )
    return np.asarray(
        host_idle_power_w + (host_max_power_w - host_idle_power_w) * load, dtype=np.float64
    )


@lifted(
    utilization="1",
    idle_power_w="W",
    max_power_w="W",
    gamma="1",
    returns="W",
    boundary="server",
)
def server_power_w(
    utilization: Any, idle_power_w: Any, max_power_w: Any, gamma: Any = 1.0
) -> FloatArray:
    """Draw of a server by its utilization.

    Parameters
    ----------
    utilization : array_like
        Share of its capacity in use, 0..1. [1]
    idle_power_w, max_power_w : array_like
        Draw when idle and when full. [W]
    gamma : array_like, default 1.0
        Below 1 the draw rises early and saturates, as GPU servers do. [1]

    Returns
    -------
    power_w : ndarray
        At the server boundary. [W]

    Raises
    ------
    RangeError
        If utilization leaves 0..1 or gamma is not above 0.

    Notes
    -----
    ``P = P_idle + (P_max - P_idle) u^gamma``

    References
    ----------
    .. [1] Source ``latif2025``: 8.4 kW is the highest draw of eight H100.

    Examples
    --------
    >>> server_power_w([0.0, 0.5, 1.0], 1900.0, 8400.0, 0.8).round(-1)
    array([1900., 5630., 8400.])
    """
    u = np.asarray(utilization, dtype=np.float64)
    g = np.asarray(gamma, dtype=np.float64)
    if not np.all((u >= 0.0) & (u <= 1.0)) or not np.all(g > 0.0):
        raise RangeError(
            _("utilization must lie in 0..1 and gamma above 0."),
            _("a share of 80 % is written 0.8."),
        )
    return np.asarray(idle_power_w + (max_power_w - idle_power_w) * u**g, dtype=np.float64)
