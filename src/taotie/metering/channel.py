"""What is a meter's channel, and which channels may be added? One owner per joule.

A channel is one number a meter gives: a counter of energy or a power, as an integer in a stated unit. "No new
reading" is never "no energy": a reading is `OK`, `STALE`, `UNSUPPORTED`, `DENIED` or `ABSENT`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from taotie.errors import MeterError, nearest
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = [
    "ABSENT", "BOUNDARIES", "DENIED", "ENERGY_UJ", "OK", "POWER_UW", "STALE", "STATUS_NAMES", "UNSUPPORTED",
    "Channel", "Chosen", "Reading", "ReadingSource", "chosen", "to_raw",
]  # fmt: skip

OK, STALE, UNSUPPORTED, DENIED, ABSENT = range(5)
STATUS_NAMES = ("ok", "stale", "unsupported", "denied", "absent")

BOUNDARIES = ("device", "module", "package", "board", "wall")
"""Where a meter sits: an accelerator; an accelerator with its processor; a processor socket (or its memory); a
board or node behind the supply; the plug."""

ENERGY_UJ = {"nJ": 1e-3, "uJ": 1.0, "mJ": 1e3, "J": 1e6, "Wh": 3.6e9, "kWh": 3.6e12}
"""Microjoules in a unit of energy."""
POWER_UW = {"uW": 1.0, "mW": 1e3, "W": 1e6, "kW": 1e9}
"""Microwatts in a unit of power."""

LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Channel:
    """One number that a meter gives.

    Attributes
    ----------
    id : str
        Unique in a recording, such as ``nvidia:GPU-5a1b:energy``.
    unit : str
        Of the raw integer: a key of `ENERGY_UJ` (a counter) or of `POWER_UW`.
    boundary : str
        One of `BOUNDARIES`.
    uuid : str
        The metered thing; an index is no identity.
    parent : str or None
        `uuid` of the thing that contains this one: its meter counts these joules already.
    scale : float
        Units per count, where the raw integer counts something else, such as 15.259 uJ. [unit]
    modulus : int or None
        Range of a counter that wraps. [count]
    limit_w : float or None
        Most that can be drawn: bounds gaps and the number of wraps. [W]
    update_ms : float or None
        How often the meter makes a new value. [ms]
    quality : str
        ``counter``, ``integrated`` or ``estimated``.
    """

    id: str
    unit: str
    boundary: str = "device"
    vendor: str = ""
    uuid: str = ""
    name: str = ""
    host: str = ""
    parent: str | None = None
    scale: float = 1.0
    modulus: int | None = None
    limit_w: float | None = None
    update_ms: float | None = None
    quality: str = ""
    note: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.unit not in ENERGY_UJ and self.unit not in POWER_UW:
            raise MeterError(
                _("channel {id}: {unit} is no unit of energy or power.").format(
                    id=self.id, unit=repr(self.unit)
                ),
                nearest(self.unit, [*ENERGY_UJ, *POWER_UW]),
            )
        if self.boundary not in BOUNDARIES:
            raise MeterError(
                _("channel {id}: {boundary} is no place of a meter.").format(
                    id=self.id, boundary=repr(self.boundary)
                ),
                ", ".join(BOUNDARIES),
            )
        if not self.uuid:
            object.__setattr__(self, "uuid", self.id)
        if not self.quality:
            object.__setattr__(self, "quality", "counter" if self.is_counter else "integrated")

    @property
    def is_counter(self) -> bool:
        """Does it count energy (and not tell a power)?"""
        return self.unit in ENERGY_UJ

    @property
    def micro(self) -> float:
        """Microjoules (or microwatts) in one count."""
        return self.scale * (ENERGY_UJ[self.unit] if self.is_counter else POWER_UW[self.unit])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without what is not set."""
        return {k: v for k, v in self.__dict__.items() if v not in ("", None, {})}


class Reading(NamedTuple):
    """One value of one channel, or why there is none."""

    channel: str
    mono_ns: int
    wall_ns: int
    raw: int | None
    status: int = OK


class ReadingSource(Protocol):
    """What a vendor's meter offers: the channels once, then a sweep over them as often as wanted."""

    def open(self) -> list[Channel]:
        """The channels; those that cannot be read are listed too, with a note that says why."""
        ...

    def read(self) -> list[Reading]:
        """One reading of every channel that was opened."""
        ...


def to_raw(value: float, unit: str, where: str = "") -> int:
    """A decimal number in `unit` as the integer the ledger keeps (uJ or uW).

    Raises
    ------
    MeterError
        If it is no finite number, negative, or beyond 64 bits.

    Examples
    --------
    >>> to_raw(52.7, "W")
    52700000
    """
    scale = ENERGY_UJ.get(unit) or POWER_UW[unit]
    if value != value or value in (float("inf"), float("-inf")) or value < 0:
        raise MeterError(
            _("{where}: {value} {unit} is no reading of a meter.").format(
                where=where or _("meter"), value=value, unit=unit
            )
        )
    raw = round(value * scale)
    if raw > LARGEST:
        raise MeterError(
            _("{where}: {value} {unit} is more than a ledger can hold.").format(
                where=where or _("meter"), value=value, unit=unit
            ),
            _("is the unit right? a reading in mW or mJ under a heading in kW or kWh looks so"),
        )
    return raw


class Chosen(NamedTuple):
    """Which channels are added, and why the others are not."""

    summed: tuple[Channel, ...]
    left_out: tuple[Said, ...]


def chosen(channels: Iterable[Channel], boundary: str | None = None) -> Chosen:
    """The channels whose energies may be added: no joule twice.

    Parameters
    ----------
    channels : iterable of Channel
        Only those that gave readings.
    boundary : str, optional
        Only meters at this place. Default: everything that nothing else contains.

    Returns
    -------
    chosen : Chosen

    Notes
    -----
    A counter goes before a power of the same thing, the same thing metered by two programs counts once, and a
    thing inside another that is metered is left out (core in package, GPU in module, all of a host in its wall).

    Examples
    --------
    >>> package = Channel("rapl:0", "uJ", "package", uuid="package-0")
    >>> core = Channel("rapl:0:0", "uJ", "package", uuid="core-0", parent="package-0")
    >>> [c.id for c in chosen([core, package]).summed]
    ['rapl:0']
    """
    said: list[Said] = []
    wanted = [c for c in channels if boundary is None or c.boundary == boundary]
    best: dict[tuple[str, str], Channel] = {}
    for one in wanted:
        key = (one.host, one.uuid)
        known = best.get(key)
        if known is None:
            best[key] = one
            continue
        keep, drop = (known, one) if _rank(known) <= _rank(one) else (one, known)
        best[key] = keep
        if keep.is_counter == drop.is_counter:
            said.append(
                Said(
                    "same_thing_metered_twice",
                    N_("{drop} meters the same as {keep} and was not added."),
                    {"drop": drop.id, "keep": keep.id},
                )
            )
    parents = {(c.host, c.uuid): c.parent for c in wanted}
    walls = {c.host for c in best.values() if c.boundary == "wall"}
    summed = []
    for (host, _uuid), one in best.items():
        over = _owner(one, host, parents, best)
        if over is None and one.boundary != "wall" and host in walls:
            over = next(c for c in best.values() if c.boundary == "wall" and c.host == host)
        if over is None:
            summed.append(one)
        else:
            said.append(
                Said(
                    "inside_another_meter",
                    N_("{inner} is inside {outer}, which counts it already; it was not added."),
                    {"inner": one.id, "outer": over.id},
                )
            )
    return Chosen(tuple(summed), tuple(said))


def _rank(one: Channel) -> tuple[int, int]:
    """Which of two meters of the same thing is better: a counter, then one that is not estimated."""
    order: Sequence[str] = ("counter", "integrated", "estimated")
    place = order.index(one.quality) if one.quality in order else len(order)
    return (0 if one.is_counter else 1, place)


def _owner(
    one: Channel,
    host: str,
    parents: Mapping[tuple[str, str], str | None],
    best: Mapping[tuple[str, str], Channel],
) -> Channel | None:
    seen = {one.uuid}
    above = one.parent
    while above is not None and above not in seen:
        if (host, above) in best:
            return best[(host, above)]
        seen.add(above)
        above = parents.get((host, above))
    return None
