"""How do other programs take it over? Prometheus text, OTLP JSON, BoAmps and CSV; read back, they equal the ledger."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping

from taotie import __version__
from taotie.errors import UnknownNameError, nearest
from taotie.metering.recording import Recording
from taotie.metering.window import EnergyWindow, iso_time
from taotie.words.language import _

__all__ = ["EXPORTS", "export_text"]


def _added(recording: Recording) -> list[EnergyWindow]:
    """Windows whose energies may be added, with a known energy."""
    ids = {c.id for c in recording.chosen().summed} | {w.channel for w in recording.windows}
    return [w for w in recording.energy_windows() if w.channel in ids]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _labels(fields: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{k}="{_escaped(v)}"' for k, v in fields.items()) + "}"


def prometheus_text(recording: Recording) -> str:
    """Counters in J since the recording began, and how long each meter was blind. No label per request or user."""
    about = {c.id: c for c in recording.channels}
    device, host, gaps, up = [], [], [], []
    total: dict[str, EnergyWindow] = {}
    energy: dict[str, int] = {}
    for one in _added(recording):
        total[one.channel] = one
        if one.energy_uj is not None:
            energy[one.channel] = energy.get(one.channel, 0) + one.energy_uj
    for name, one in total.items():
        channel = about.get(name)
        vendor, uuid = (channel.vendor, channel.uuid) if channel else ("", name)
        known = energy.get(name)
        up.append(f"taotie_meter_up{_labels({'channel': name})} {int(known is not None)}")
        gaps.append(f"taotie_meter_gap_seconds_total{_labels({'channel': name})} {one.gap_s!r}")
        if known is None:
            continue
        whole, rest = divmod(known, 1_000_000)
        value = f"{whole}.{rest:06d}"
        fields = {"vendor": vendor, "quality": one.quality}
        if one.boundary in ("device", "module"):
            fields = {
                "gpu_uuid": uuid,
                "gpu_name": channel.name if channel else "",
                "scope": one.boundary,
                **fields,
            }
            device.append(f"taotie_device_energy_joules_total{_labels(fields)} {value}")
        else:
            fields = {"domain": f"{one.boundary}:{uuid}", **fields}
            host.append(f"taotie_host_energy_joules_total{_labels(fields)} {value}")
    parts = []
    for name, kind, told, rows in (
        (
            "taotie_device_energy_joules_total",
            "counter",
            "Energy of accelerators since the recording began.",
            device,
        ),
        (
            "taotie_host_energy_joules_total",
            "counter",
            "Energy of processors, boards and plugs.",
            host,
        ),
        ("taotie_meter_gap_seconds_total", "counter", "Time a meter did not see.", gaps),
        ("taotie_meter_up", "gauge", "Does a meter give readings?", up),
    ):
        if rows:
            parts += [f"# HELP {name} {told}", f"# TYPE {name} {kind}", *rows]
    return "\n".join(parts) + "\n"


def otlp_text(recording: Recording) -> str:
    """`hw.energy`, cumulative, one point a channel, as OTLP JSON."""
    about = {c.id: c for c in recording.channels}
    kinds = {
        "device": "gpu",
        "module": "gpu",
        "package": "cpu",
        "board": "enclosure",
        "wall": "power_supply",
    }
    points = []
    for one in _added(recording):
        if one.energy_uj is None:
            continue
        channel = about.get(one.channel)
        attributes = {
            "hw.id": channel.uuid if channel else one.channel,
            "hw.type": kinds[one.boundary],
            "hw.name": channel.name if channel else "",
            "taotie.quality": one.quality,
        }
        points.append(
            {
                "attributes": [
                    {"key": k, "value": {"stringValue": v}} for k, v in attributes.items() if v
                ],
                "startTimeUnixNano": str(one.start_ns),
                "timeUnixNano": str(one.end_ns),
                "asDouble": one.energy_uj / 1e6,
            }
        )
    body = {
        "resourceMetrics": [
            {
                "resource": {
                    "attributes": [{"key": "service.name", "value": {"stringValue": "taotie"}}]
                },
                "scopeMetrics": [
                    {
                        "scope": {"name": "taotie.metering", "version": __version__},
                        "metrics": [
                            {
                                "name": "hw.energy",
                                "unit": "J",
                                "sum": {
                                    "dataPoints": points,
                                    "aggregationTemporality": 2,
                                    "isMonotonic": True,
                                },
                            }
                        ],
                    }
                ],
            }
        ]
    }
    return json.dumps(body, ensure_ascii=False) + "\n"


def boamps_text(recording: Recording) -> str:
    """The measures of a BoAmps report: `powerConsumption` is an energy in kWh, whatever its name says."""
    windows = [w for w in _added(recording) if w.energy_uj is not None]
    methods = {
        "counter": "energy counter",
        "integrated": "power readings added up",
        "estimated": "estimate",
    }
    measures = [
        {
            "measurementMethod": "taotie",
            "version": __version__,
            "cpuTrackingMode": "rapl" if one.boundary == "package" else "",
            "gpuTrackingMode": methods[one.quality] if one.boundary in ("device", "module") else "",
            "powerConsumption": (one.energy_uj or 0) / 3.6e12,
            "measurementDuration": one.seconds,
            "measurementDateTime": iso_time(one.start_ns),
        }
        for one in windows
    ]
    cleaned = [{k: v for k, v in m.items() if v != ""} for m in measures]
    return json.dumps({"measures": cleaned}, ensure_ascii=False, indent=1) + "\n"


def csv_text(recording: Recording) -> str:
    """One row a channel, units in the names of the columns."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    added = {w.channel for w in _added(recording)}
    writer.writerow(
        [
            "channel",
            "start",
            "end",
            "energy_j",
            "low_j",
            "high_j",
            "boundary",
            "quality",
            "gap_s",
            "wraps",
            "resets",
            "added",
        ]
    )
    for one in recording.energy_windows():
        exact = (
            ""
            if one.energy_uj is None
            else f"{one.energy_uj // 1_000_000}.{one.energy_uj % 1_000_000:06d}"
        )
        writer.writerow(
            [one.channel, iso_time(one.start_ns), iso_time(one.end_ns), exact, one.low_j, "" if one.high_j is None else one.high_j,
             one.boundary, one.quality, one.gap_s, one.wraps, one.resets, int(one.channel in added)]
        )  # fmt: skip
    return stream.getvalue()


EXPORTS: Mapping[str, Callable[[Recording], str]] = {
    "prometheus": prometheus_text,
    "otel": otlp_text,
    "boamps": boamps_text,
    "csv": csv_text,
}


def export_text(recording: Recording, to: str) -> str:
    """A recording for another program.

    Raises
    ------
    UnknownNameError
        If the layout is not known.
    """
    if to not in EXPORTS:
        raise UnknownNameError(
            _("{name} is no layout to export to.").format(name=repr(to)), nearest(to, EXPORTS)
        )
    return EXPORTS[to](recording)
