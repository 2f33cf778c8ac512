"""Which series of known exporters are meters, in which unit, of what? dcgm-exporter, node_exporter, Kepler and others.

A series is a meter only if it stands in the table here: a name that merely looks like energy is told, not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.metering.channel import ABSENT, ENERGY_UJ, OK, POWER_UW, Channel
from taotie.metering.recording import Recording, SliceCourse
from taotie.metering.steps import Readings
from taotie.words.language import N_
from taotie.words.said import Said

__all__ = ["METERS", "RAPL_RANGES_J", "Series", "recording_of_series"]

Floats = NDArray[np.float64]


class Meter(NamedTuple):
    """What a series name stands for."""

    unit: str
    boundary: str
    identity: tuple[str, ...]
    """Labels that name the metered thing, the first that is there."""
    vendor: str
    quality: str = ""


_GPU = ("UUID", "gpu_uuid", "uuid", "gpu_id", "gpu", "GPU", "device", "index")
METERS: Mapping[str, Meter] = {
    "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": Meter("mJ", "device", _GPU, "nvidia"),
    "DCGM_FI_DEV_POWER_USAGE": Meter("W", "device", _GPU, "nvidia"),
    "DCGM_FI_DEV_POWER_USAGE_INSTANT": Meter("W", "device", _GPU, "nvidia"),
    "nv_energy_consumption": Meter("J", "device", _GPU, "nvidia"),
    "nv_gpu_power_usage": Meter("W", "device", _GPU, "nvidia"),
    "nvidia_smi_power_draw_watts": Meter("W", "device", _GPU, "nvidia"),
    "nvidia_gpu_power_usage_milliwatts": Meter("mW", "device", _GPU, "nvidia"),
    "energy_monitor_gpu_energy_joules": Meter("J", "device", _GPU, "zeus"),
    "energy_monitor_cpu_energy_joules": Meter("J", "package", ("cpu_index", "index"), "zeus"),
    "energy_monitor_dram_energy_joules": Meter("J", "package", ("dram_index", "index"), "zeus"),
    "kepler_node_cpu_joules_total": Meter("J", "package", ("zone", "path"), "kepler"),
    "kepler_node_gpu_joules_total": Meter("J", "device", _GPU, "kepler"),
    "kepler_platform_watts": Meter("W", "board", ("source", "node_name"), "kepler"),
    "node_hwmon_power_average_watt": Meter("W", "board", ("chip", "sensor"), "node_exporter"),
    "node_hwmon_energy_joule_total": Meter("J", "board", ("chip", "sensor"), "node_exporter"),
    "hw_energy_joules_total": Meter("J", "device", ("hw_id",), "otel"),
    "hw_power_watts": Meter("W", "device", ("hw_id",), "otel"),
    "hw_host_energy_joules_total": Meter("J", "wall", ("hw_id", "host_name"), "otel"),
    "hw_host_power_watts": Meter("W", "wall", ("hw_id", "host_name"), "otel"),
    "taotie_device_energy_joules_total": Meter("J", "device", ("gpu_uuid",), "taotie"),
    "taotie_device_power_watts": Meter("W", "device", ("gpu_uuid",), "taotie"),
    "taotie_host_energy_joules_total": Meter("J", "package", ("domain",), "taotie"),
}
ACTIVITY = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
"""Share of time the engine of a board, or of one MIG instance, was active."""
_RAPL = re.compile(r"node_rapl_(\w+?)_joules_total$")
_HOSTS = ("Hostname", "hostname", "host", "node_name", "instance", "exported_instance", "node")

RAPL_RANGES_J = (65532.610987, 65712.999613, 262143.328850, 262143.999938)
"""Ranges of RAPL counters seen on real machines; an exporter does not tell them. [J]"""

BLANK = 9.2e18
"""DCGM's whole numbers for "no value" begin just below 2^63."""
BLANK_DOUBLE = 140737488355328.0
LARGEST_W = 1e6


class Series(NamedTuple):
    """One series: values at times, NaN where there is none."""

    name: str
    labels: Mapping[str, str]
    t_ns: NDArray[np.int64]
    value: Floats


def _meter_of(name: str, labels: Mapping[str, str]) -> tuple[Meter, str] | None:
    """What a series meters, and the name without the suffix a client library may add."""
    for known in (name, name.removesuffix("_total"), name.removesuffix("_joules_total")):
        if known in METERS:
            return METERS[known], known
    found = _RAPL.match(name)
    if found:
        return Meter("J", "package", ("path", "index"), "node_exporter"), name
    return None


def _looks_like_energy(name: str) -> bool:
    return bool(re.search(r"joule|energy|watt|power_usage|power_draw", name, re.IGNORECASE))


def recording_of_series(series: Iterable[Series], source: str = "") -> Recording:
    """The meters among series.

    Parameters
    ----------
    series : iterable of Series
    source : str
        File or address, for messages.

    Returns
    -------
    recording : Recording
        One channel per metered thing: the lines of MIG instances are one board.

    Notes
    -----
    With MIG, dcgm-exporter prints the whole board's energy once per instance: of equal times the largest stands.
    RAPL comes unwrapped from node_exporter: the range is taken from the largest value seen, and said.
    """
    pools: dict[tuple[str, str, str], list[Series]] = {}
    facts: dict[tuple[str, str, str], Meter] = {}
    said: list[Said] = []
    unknown: set[str] = set()
    dummies: set[str] = set()
    slices: list[SliceCourse] = []
    for one in series:
        if one.name == ACTIVITY and one.labels.get("GPU_I_ID"):
            slices.append(
                SliceCourse(
                    next((one.labels[k] for k in _GPU if one.labels.get(k)), ""),
                    one.labels["GPU_I_ID"], one.labels.get("GPU_I_PROFILE", ""),
                    one.labels.get("modelName", ""), one.t_ns, one.value,
                )
            )  # fmt: skip
            continue
        known = _meter_of(one.name, one.labels)
        if known is None:
            if _looks_like_energy(one.name):
                unknown.add(one.name)
            continue
        meter, name = known
        if one.labels.get("source") == "dummy":
            dummies.add(one.name)
            continue
        identity = next((one.labels[k] for k in meter.identity if one.labels.get(k)), "0")
        if name == "kepler_node_cpu_joules_total" or name.startswith("node_rapl_"):
            identity = ":".join(one.labels[k] for k in ("zone", "index", "path") if k in one.labels)
        host = next((one.labels[k] for k in _HOSTS if one.labels.get(k)), "")
        key = (name, host, identity)
        pools.setdefault(key, []).append(one)
        facts[key] = meter
    made = []
    for key, parts in pools.items():
        made.append(_readings(key, facts[key], parts, said))
    if dummies:
        said.append(
            Said(
                "no_meter_behind",
                N_(
                    '{names}: the exporter says it has no meter (source="dummy"); its zeros are no energy.'
                ),
                {"names": ", ".join(sorted(dummies))},
            )
        )
    if unknown:
        said.append(
            Said(
                "series_not_known",
                N_(
                    "{n} series look like energy or power but are of no known meter and were not read: {names}."
                ),
                {"n": len(unknown), "names": ", ".join(sorted(unknown)[:5])},
            )
        )
    return Recording(tuple(_inside(made)), (), tuple(said), source, tuple(slices))


def _readings(
    key: tuple[str, str, str], meter: Meter, parts: list[Series], said: list[Said]
) -> Readings:
    name, host, identity = key
    t = np.concatenate([p.t_ns for p in parts])
    value = np.concatenate([p.value for p in parts])
    scale = ENERGY_UJ.get(meter.unit) or POWER_UW[meter.unit]
    blank = ~np.isfinite(value) | (value < 0) | (value >= BLANK)
    if meter.unit in POWER_UW:
        blank |= value >= min(BLANK_DOUBLE, LARGEST_W / (scale / 1e6))
    raw = np.rint(np.where(blank, 0.0, value) * scale).astype(np.int64)
    status = np.where(blank, ABSENT, OK).astype(np.uint8)
    n_lines = len(parts)
    if n_lines > 1:
        # equal times: the largest stands last and wins
        order = np.argsort(np.where(blank, -1, raw), kind="stable")
        t, raw, status = t[order], raw[order], status[order]
        if any("GPU_I_ID" in p.labels for p in parts):
            said.append(
                Said(
                    "mig_lines_are_one_board",
                    N_(
                        "{n} lines of MIG instances of {uuid} show the whole board each: counted once."
                    ),
                    {"n": n_lines, "uuid": identity},
                )
            )
    labels = dict(parts[0].labels)
    first = parts[0].labels
    small: dict[str, Any] = {}
    if name.startswith("node_rapl_"):
        zone = _RAPL.match(name)
        small["name"] = zone[1] if zone else name
        fell = bool(len(raw) > 1 and (np.diff(raw[np.argsort(t, kind="stable")]) < 0).any())
        top = float(np.nanmax(np.where(blank, 0, value))) if len(value) else 0.0
        known = next((r for r in RAPL_RANGES_J if r >= top), None)
        small["modulus"] = round(known * 1e6) if known else None
        if fell and known:
            said.append(
                Said(
                    "range_of_counter_taken",
                    N_(
                        "{channel} wrapped; its range is not in the export and was taken as {range} J, the smallest known one above its readings."
                    ),
                    {"channel": f"{name} {identity}", "range": known},
                )
            )
    bad = int(blank.sum())
    if bad:
        said.append(
            Said(
                "readings_without_value",
                N_("{channel}: {n} of {all} readings hold no value; they are gaps, not zeros."),
                {"channel": f"{name} {identity}", "n": bad, "all": len(value)},
            )
        )
    channel = Channel(
        f"{meter.vendor}:{host}:{identity}:{name}" if host else f"{meter.vendor}:{identity}:{name}",
        "uJ" if meter.unit in ENERGY_UJ else "uW",
        meter.boundary,
        vendor=meter.vendor,
        uuid=identity,
        name=small.pop("name", first.get("modelName") or first.get("gpu_name") or ""),
        host=host,
        quality=meter.quality,
        labels=labels,
        **small,
    )
    return Readings.of(channel, t, raw, status)


def _inside(made: list[Readings]) -> list[Readings]:
    """Parents of processor zones: core and uncore are in a package, psys is not to be added to packages."""
    names = {(r.channel.host, _zone(r.channel)) for r in made}
    fixed = []
    for one in made:
        channel = one.channel
        zone = _zone(channel)
        package = next(
            (
                r.channel.uuid
                for r in made
                if r.channel.host == channel.host and _zone(r.channel).startswith("package")
            ),
            None,
        )
        inner = zone in ("core", "uncore", "psys", "cores") and (
            channel.vendor in ("kepler", "node_exporter")
        )
        if inner and package is not None and names:
            values = {**channel.__dict__, "parent": package}
            channel = Channel(**values)
            one = Readings(channel, one.t_ns, one.raw, one.status)
        fixed.append(one)
    return fixed


def _zone(channel: Channel) -> str:
    return str(channel.labels.get("zone") or channel.name).lower()
