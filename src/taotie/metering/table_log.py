"""What stands in a table of readings? nvidia-smi's CSV and tables of one's own, units from heading or cell.

A unit is never guessed: a column without one is refused with the name that would tell it, and a column that mixes W
and mW is refused with the line.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.errors import MeterError
from taotie.files.read import csv_rows, of_others
from taotie.metering.channel import ABSENT, BOUNDARIES, ENERGY_UJ, OK, POWER_UW, Channel
from taotie.metering.recording import Recording
from taotie.metering.steps import Readings
from taotie.metering.when import epoch_ns, stamp_ns
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said

__all__ = ["read_table", "table_heading"]

_TIMES = (
    "timestamp",
    "time",
    "datetime",
    "date",
    "t",
    "ts",
    "time_s",
    "timestamp_ms",
    "time_ms",
    "unix_time",
    "wall_ns",
    "t_ns",
)
_NAMES = (
    "uuid",
    "gpu_uuid",
    "device",
    "channel",
    "gpu",
    "index",
    "gpu_id",
    "id",
    "meter",
    "sensor",
    "zone",
    "name",
)
_HOSTS = ("host", "hostname", "node", "nodename", "instance", "server", "machine")
_UNITS = {**{u.lower(): u for u in ENERGY_UJ}, **{u.lower(): u for u in POWER_UW}}
_WORDS = {
    "watts": "W",
    "watt": "W",
    "milliwatts": "mW",
    "joules": "J",
    "joule": "J",
    "millijoules": "mJ",
    "microjoules": "uJ",
    "microwatts": "uW",
}
_ABSENT = {
    "",
    "n/a",
    "[n/a]",
    "nan",
    "none",
    "null",
    "[not supported]",
    "not supported",
    "-",
    "[unknown error]",
    "err!",
}
CHUNK = 50_000
BLOCK = 4 << 20
"""Text taken apart at a time. [character]"""
LARGEST_DEVICE_W = 20_000.0
"""No single device draws this much: a column read as watts above it is in mW."""


class Column(NamedTuple):
    """A column of readings: its name, and its unit where the heading tells it."""

    name: str
    unit: str
    device: str


def _unit_in(heading: str) -> str:
    """The unit a heading ends with: ``power.draw [W]``, ``energy_mj``, ``power (mW)``, ``Power_Watts``."""
    found = re.search(r"[\[(]\s*([A-Za-zµ]+)\s*[\])]\s*$", heading) or re.search(
        r"(?:^|[_.\s])([A-Za-zµ]+)$", heading
    )
    word = (found[1] if found else "").replace("µ", "u")
    return _UNITS.get(word.lower(), _WORDS.get(word.lower(), ""))


def _is_reading(heading: str) -> bool:
    text = heading.lower()
    if re.search(r"limit|cap|max|min|default|enforced|state|average_interval", text):
        return False
    return bool(re.search(r"power|energy|watt|joule", text))


def table_heading(first: str) -> tuple[list[str], str] | None:
    """Headings and delimiter, if a first line is that of a table of readings.

    Examples
    --------
    >>> table_heading("timestamp, uuid, power.draw [W]")
    (['timestamp', 'uuid', 'power.draw [W]'], ',')
    >>> table_heading("a,b") is None
    True
    """
    delimiter = max((",", "\t", ";"), key=first.count)
    names = [n.strip().strip('"') for n in first.strip().split(delimiter)]
    lower = [n.lower() for n in names]
    if any(n in _TIMES for n in lower) and any(_is_reading(n) for n in names):
        return names, delimiter
    return None


@of_others(MeterError)
def read_table(text: str, where: str = "", boundary: str = "device") -> Recording:
    """Read a table with a time, perhaps a device, and columns of power or energy.

    Parameters
    ----------
    text : str
    where : str
    boundary : str, default "device"
        Where these meters sit; a column `boundary` goes before it.

    Raises
    ------
    MeterError
        If there is no time or no reading, a unit is missing or mixed, or a cell is no number; names line and column.
    """
    lines = text.split("\n", 1)
    heading = table_heading(lines[0])
    if heading is None:
        raise MeterError(
            _("{where}: no column of time with one of power or energy.").format(where=where),
            "timestamp, uuid, power_w",
        )
    names, delimiter = heading
    lower = [n.lower() for n in names]
    time_at = next(i for i, n in enumerate(lower) if n in _TIMES)
    name_at = next((i for w in _NAMES for i, n in enumerate(lower) if n == w), None)
    host_at = next((i for w in _HOSTS for i, n in enumerate(lower) if n == w), None)
    if name_at is not None and "uuid" in lower[name_at]:
        host_at = None  # boards of the whole world apart
    place_at = lower.index("boundary") if "boundary" in lower else None
    value_at = [i for i, n in enumerate(names) if _is_reading(n) and i not in (time_at, name_at)]
    stems = {i: _stem(names[i]) for i in value_at} if name_at is None else {}
    wide = len(set(stems.values())) > 1
    rows: dict[tuple[str, int], tuple[list[Any], list[Any], list[Any]]] = {}
    units: dict[int, str] = {i: _unit_in(names[i]) for i in value_at}
    places: dict[str, str] = {}
    said: list[Said] = []
    cut, unzoned = 0, False
    ends_whole = text.endswith("\n")
    for cells, at, short in _parts(text, delimiter, len(names), where):
        cut += short
        if not len(at):
            continue
        t, missing_zone = _times(cells[time_at], at, where)
        unzoned |= missing_zone
        devices = [d.strip() for d in cells[name_at]] if name_at is not None else ["0"] * len(at)
        if host_at is not None:
            devices = [f"{h.strip()}/{d}" for h, d in zip(cells[host_at], devices, strict=True)]
        if place_at is not None:
            places |= {d: p.strip().lower() for d, p in zip(devices, cells[place_at], strict=True)}
        codes: dict[str, int] = {}
        which = np.array([codes.setdefault(d, len(codes)) for d in devices])
        for i in value_at:
            value = _values(cells[i], names[i], at, units, i, where)
            for device, code in codes.items():
                mine = which == code
                if wide:
                    device = f"{device.rpartition('/')[0]}/{stems[i]}".removeprefix("/") or device
                    places.setdefault(device, _place_of(stems[i], boundary))
                parts = rows.setdefault((device, i), ([], [], []))
                parts[0].append(t[mine])
                parts[1].append(value[mine])
                parts[2].append(at[mine])
    made = []
    others = [n for i, n in enumerate(names) if i not in (time_at, name_at, host_at, place_at, *value_at)]  # fmt: skip
    for key, mine in rows.items():
        one, told = _readings(key, mine, names[key[1]], units[key[1]], places.get(key[0], boundary), where, others, host_at is not None)  # fmt: skip
        made.append(one)
        said += told
    if not made:
        raise MeterError(_("{where}: no row.").format(where=where))
    made = _within_the_node(_zones_within(made)) if wide else _zones_within(made)
    if cut:
        said.append(
            Said(
                "half_a_row",
                N_("{where}: {n} rows are cut off and were dropped."),
                {"where": where, "n": cut},
            )
        )
    if not ends_whole and not cut:
        said.append(
            Said(
                "maybe_cut_off",
                N_("{where} has no line end after its last line: it may be cut off."),
                {"where": where},
            )
        )
    if unzoned:
        said.append(
            Said(
                "no_time_zone",
                N_("{where}: stamps without a time zone were read as UTC."),
                {"where": where},
            )
        )
    return Recording(tuple(made), (), tuple(said), where)


def _parts(
    text: str, delimiter: str, width: int, where: str
) -> Iterator[tuple[list[Sequence[str]], NDArray[Any], int]]:
    """Columns of some rows, the numbers of their lines, and how many rows were cut off.

    Plain lines are taken apart in one go; from the first that is quoted or odd on, by the `csv` module.
    """
    at, line = text.find("\n") + 1, 1
    while 0 < at < len(text):
        end = text.rfind("\n", at, at + BLOCK) + 1 or text.find("\n", at) + 1 or len(text)
        piece = text[at:end].replace("\r\n", "\n").removesuffix("\n")
        lines = piece.split("\n")
        if (
            '"' in piece
            or "\r" in piece
            or set(map(str.count, lines, itertools.repeat(delimiter))) != {width - 1}
        ):
            yield from _read_parts(text, at, line, delimiter, width, where)
            return
        cells = delimiter.join(lines).split(delimiter)
        yield (
            [cells[i::width] for i in range(width)],
            np.arange(line + 1, line + 1 + len(lines)),
            0,
        )
        at, line = end, line + len(lines)


def _read_parts(
    text: str, at: int, line: int, delimiter: str, width: int, where: str
) -> Iterator[tuple[list[Sequence[str]], NDArray[Any], int]]:
    reader = csv_rows(
        _lines(text, at), where, MeterError, delimiter=delimiter, skipinitialspace=True
    )
    while block := list(itertools.islice(reader, CHUNK)):
        whole = [(k, row) for k, row in enumerate(block, start=line + 1) if len(row) >= width]
        line += len(block)
        cut = sum(1 for row in block if len(row) < width and "".join(row).strip())
        yield (
            list(zip(*(row[:width] for _k, row in whole), strict=True)),
            np.array([k for k, _row in whole], np.int64),
            cut,
        )


def _lines(text: str, at: int) -> Iterator[str]:
    """Lines of a text one by one: a copy of the whole would cost four bytes a letter."""
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end + 1
        yield text[at:end]
        at = end


def _times(cells: Sequence[str], at: NDArray[Any], where: str) -> tuple[NDArray[np.int64], bool]:
    """Stamps as ns; each different one is read once. And whether one had no zone."""
    distinct = list(dict.fromkeys(cells))
    if all(map(str.isdigit, distinct)) and len({len(text) for text in distinct}) == 1:
        ends = [epoch_ns(int(text), where) // int(text) for text in (distinct[0], distinct[-1])]
        if ends[0] == ends[1]:  # whole numbers of one unit
            numbers = np.array(distinct, np.int64) * ends[0]
            lookup = dict(zip(distinct, numbers.tolist(), strict=True))
            return np.fromiter(map(lookup.__getitem__, cells), np.int64, len(cells)), False
    known: dict[str, int] = {}
    unzoned = False
    for text, line in zip(cells, at.tolist(), strict=True):
        if text not in known:
            known[text], zoned = stamp_ns(text, f"{where}, line {line}")
            unzoned |= not zoned
    return np.fromiter(map(known.__getitem__, cells), np.int64, len(cells)), unzoned


def _values(
    cells: Sequence[str],
    heading: str,
    at: NDArray[Any],
    units: dict[int, str],
    column: int,
    where: str,
) -> NDArray[np.float64]:
    """Numbers of a column; units that the cells name are kept, and refused where they differ."""
    try:
        return np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        pass
    found = np.empty(len(cells))
    for i, text in enumerate(cells):
        found[i], unit = _cell(text, heading, f"{where}, line {at[i]}")
        if not unit:
            continue
        if units[column] and units[column] != unit:
            raise MeterError(
                _("{where}, line {n}: {column} is in {a} here and in {b} before.").format(
                    where=where, n=at[i], column=heading, a=unit, b=units[column]
                ),
                _("one unit a column"),
            )
        units[column] = unit
    return found


def _cell(text: str, column: str, where: str) -> tuple[float, str]:
    """Value and the unit the cell itself names, such as `61.20 W`."""
    try:
        return float(text), ""
    except ValueError:
        pass
    text = text.strip()
    if text.lower() in _ABSENT:
        return float("nan"), ""
    number, _space, unit = text.partition(" ")
    if unit.strip().lower() in _UNITS:
        try:
            return float(number), _UNITS[unit.strip().lower()]
        except ValueError:
            pass
    raise MeterError(
        _("{where}: {key}={value} is no number.").format(
            where=where, key=column, value=repr(text[:40])
        ),
        _("write numbers with a point for the decimals and no separator between thousands"),
    )


def _readings(
    key: tuple[str, int],
    mine: tuple[list[Any], list[Any], list[Any]],
    heading: str,
    unit: str,
    place: str,
    where: str,
    others: Sequence[str],
    hosted: bool,
) -> tuple[Readings, list[Said]]:
    device, _column = key
    t, value, lines = (np.concatenate(part) for part in mine)
    said = _looked_at(t, value, lines, device, heading, where, others)
    if not unit:
        raise MeterError(
            _("{where}: {column} does not say its unit.").format(where=where, column=repr(heading)),
            _("name it {a} or {b}").format(a=f"{heading}_w", b=f"{heading}_mw")
            if "energy" not in heading.lower()
            else _("name it {a} or {b}").format(a=f"{heading}_j", b=f"{heading}_mj"),
        )
    if place not in BOUNDARIES:
        raise MeterError(
            _("channel {id}: {boundary} is no place of a meter.").format(
                id=device, boundary=repr(place)
            ),
            ", ".join(BOUNDARIES),
        )
    bad = ~np.isfinite(value) | (value < 0)
    power = unit in POWER_UW
    scale = POWER_UW[unit] if power else ENERGY_UJ[unit]
    if power and place in ("device", "module") and not bad.all():
        _refuse_mixed(value, bad, scale, lines.tolist(), heading, unit, where)
    if not power:
        _refuse_intervals(t, value, bad, device, heading, where)
    raw = np.rint(np.where(bad, 0.0, value) * scale)
    if len(raw) and raw.max() > 9.2e18:
        raise MeterError(
            _("{where}: {value} {unit} is more than a ledger can hold.").format(
                where=where, value=float(value[~bad].max()), unit=unit
            ),
            _("is the unit right? a reading in mW or mJ under a heading in kW or kWh looks so"),
        )
    channel = Channel(
        f"table:{device}:{heading}",
        "uW" if power else "uJ",
        place,
        vendor="table",
        uuid=device,
        host=device.rpartition("/")[0] if hosted else "",
        name=heading,
    )
    status = np.where(bad, ABSENT, OK).astype(np.uint8)
    return Readings.of(channel, t, raw.astype(np.int64), status), said


_PACKAGE, _INNER = re.compile(r"(.*/)?package[-_ ]?\d*"), re.compile(r"(.*/)?(core|cores|uncore|psys)")  # fmt: skip


_OF_A_READING = {
    "power", "energy", "draw", "usage", "watt", "watts", "joule", "joules", "consumption", "consumed", "reading", "value", "average", "avg", "mean",
    "instant", "instantaneous", "current", "input", "output",
}  # fmt: skip


def _stem(heading: str) -> str:
    """Of what a column is the reading: `gpu0_power_w` of gpu0; empty where only the quantity is named.

    Examples
    --------
    >>> _stem("gpu0_power_w"), _stem("CPU Power [W]"), _stem("power.draw.average [W]"), _stem("energy_mj")
    ('gpu0', 'cpu', '', '')
    """
    text = re.sub(r"[\[(][^\])]*[\])]\s*$", "", heading.lower())
    words = [w for w in re.split(r"[_.\s-]+", text) if w]
    if len(words) > 1 and words[-1].replace("µ", "u") in _UNITS:
        words = words[:-1]
    return "_".join(w for w in words if w not in _OF_A_READING)


def _place_of(stem: str, boundary: str) -> str:
    """Where a meter sits by the name of its column."""
    if re.match(r"cpu|package|pkg|socket|dram|ram|mem", stem):
        return "package"
    if re.match(r"wall|plug|psu|pdu|outlet|socket_outlet", stem):
        return "wall"
    return "board" if re.match(r"total|system|node|server|board|chassis", stem) else boundary


def _within_the_node(made: list[Readings]) -> list[Readings]:
    """Where one column is that of the whole node, the others lie in it."""
    nodes = {one.channel.host: one.channel.uuid for one in made if one.channel.boundary == "board"}
    return [
        replace(one, channel=replace(one.channel, parent=nodes[one.channel.host]))
        if one.channel.host in nodes and one.channel.boundary in ("device", "module", "package") and one.channel.parent is None
        else one
        for one in made
    ]  # fmt: skip


def _zones_within(made: list[Readings]) -> list[Readings]:
    """Zones of a processor by the names its kernel gives them: core and uncore lie in a package, psys over packages."""
    packages = {
        (match[1] or ""): one.channel.uuid
        for one in reversed(made)
        if (match := _PACKAGE.fullmatch(one.channel.uuid.lower()))
    }
    found = []
    for one in made:
        inner = _INNER.fullmatch(one.channel.uuid.lower())
        package = packages.get(inner[1] or "") if inner else None
        found.append(one if package is None else replace(one, channel=replace(one.channel, parent=package)))  # fmt: skip
    return found


def _looked_at(
    t: NDArray[Any], value: NDArray[Any], lines: NDArray[Any], device: str, heading: str, where: str, others: Sequence[str]
) -> list[Said]:  # fmt: skip
    """What is to be told of the readings of one meter; two at one instant that differ are two meters, and refused."""
    said = []
    name = f"{heading} {device}" if device != "0" else heading
    back = np.flatnonzero(np.diff(t) < 0)
    if back.size:
        said.append(
            Said(
                "time_goes_back",
                N_("{where}: the time of {channel} goes back {n} times, first at line {line} by {s:.0f} s; the readings were put in order. A clock that was set mixes two times into one."),
                {"where": where, "channel": name, "n": int(back.size), "line": int(lines[back[0] + 1]), "s": float(t[back[0]] - t[back[0] + 1]) / 1e9},
            )
        )  # fmt: skip
    order = np.argsort(t, kind="stable") if back.size else slice(None)
    ts, vs, ls = t[order], value[order], lines[order]
    same = np.flatnonzero((np.diff(ts) == 0) & (np.diff(vs) != 0) & np.isfinite(vs[1:]) & np.isfinite(vs[:-1]))  # fmt: skip
    if same.size > 1 and same.size > len(ts) // 50:
        raise MeterError(
            _("{where}, line {line}: {channel} has two different readings at one time, and so in {n} places: two meters under one name.").format(
                where=where, line=int(ls[same[0] + 1]), channel=name, n=int(same.size)
            ),
            _("call the column that tells them apart device (here: {names})").format(names=listing(others[:5]) or "-"),
        )  # fmt: skip
    together = _in_bursts(ts)
    if together > 1:
        raise MeterError(
            _("{where}: the readings of {channel} come {n} at a time: {n} meters under one name.").format(
                where=where, channel=name, n=together
            ),
            _("write what tells them apart, such as nvidia-smi --query-gpu=timestamp,index,power.draw --format=csv, or call its column device (here: {names})").format(names=listing(others[:5]) or "-"),
        )  # fmt: skip
    none, below = int((~np.isfinite(value)).sum()), int((value < 0).sum())
    if none:
        said.append(
            Said(
                "readings_without_value",
                N_("{channel}: {n} of {all} readings hold no value; they are gaps, not zeros."),
                {"channel": name, "n": none, "all": len(value)},
            )
        )
    if below:
        said.append(
            Said(
                "readings_below_zero",
                N_("{channel}: {n} of {all} readings are below 0 and were taken for missing."),
                {"channel": name, "n": below, "all": len(value)},
            )
        )
    return said


def _in_bursts(t: NDArray[Any]) -> int:
    """How many readings come at a time: several cards written one after the other in each round. 1 where none do.

    Examples
    --------
    >>> _in_bursts(np.array([k * 1000 + i for k in range(20) for i in range(4)]))
    4
    >>> _in_bursts(np.arange(80) * 1000)
    1
    """
    gaps = np.diff(np.unique(t))
    if gaps.size < 20:
        return 1
    pause = gaps > 0.2 * np.quantile(gaps, 0.95)
    sizes = np.diff(np.flatnonzero(np.concatenate([[True], pause, [True]])))
    n = int(np.bincount(sizes).argmax())
    if (
        n < 2
        or np.mean(sizes == n) < 0.8
        or np.median(gaps[~pause]) > 0.05 * np.median(gaps[pause])
    ):
        return 1
    return n


def _refuse_intervals(
    t: NDArray[Any], value: NDArray[Any], bad: NDArray[Any], device: str, heading: str, where: str
) -> None:
    """Energies of single intervals go up and down: no counter that counts on."""
    steps = np.diff(value[~bad][np.argsort(t[~bad], kind="stable")])
    falls = int((steps < 0).sum())
    if falls > 3 and falls > 0.1 * steps.size:
        raise MeterError(
            _("{where}: {channel} falls in {n} of {all} steps: energies of intervals, no counter that counts on.").format(
                where=where, channel=f"{heading} {device}" if device != "0" else heading, n=falls, all=steps.size
            ),
            _("add them up to a running sum, or give the power: power_w"),
        )  # fmt: skip


def _refuse_mixed(
    value: np.ndarray,
    bad: np.ndarray,
    scale: float,
    lines: Sequence[int],
    heading: str,
    unit: str,
    where: str,
) -> None:
    watts = value * scale / 1e6
    high = ~bad & (watts > LARGEST_DEVICE_W)
    if not high.any():
        return
    line = int(np.asarray(lines)[high][0])
    raise MeterError(
        _("{where}, line {n}: {column} = {value} {unit}: no device draws that.").format(
            where=where, n=line, column=heading, value=float(value[high][0]), unit=unit
        ),
        _("some readings look like mW under a heading in W")
        if not high[~bad].all()
        else _("the column looks like mW"),
    )
