"""What did an OpenTelemetry exporter send of `hw.energy` and `hw.power`? OTLP as JSON, cumulative or delta.

A cumulative sum that names a new start time began anew at zero; a delta adds up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from taotie.errors import MeterError
from taotie.files.read import json_value, of_others
from taotie.metering.channel import Channel, to_raw
from taotie.metering.recording import Recording
from taotie.metering.steps import Readings
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["read_otlp"]

_PLACES = {
    "gpu": "device", "cpu": "package", "memory": "package", "power_supply": "wall", "enclosure": "board", "host": "wall",
}  # fmt: skip
_UNITS = {
    "J": "J",
    "mJ": "mJ",
    "kJ": "kJ",
    "W": "W",
    "mW": "mW",
    "kW": "kW",
    "kWh": "kWh",
    "Wh": "Wh",
}
DELTA = (1, "1", "AGGREGATION_TEMPORALITY_DELTA")
CUMULATIVE = (2, "2", "AGGREGATION_TEMPORALITY_CUMULATIVE")


@of_others(MeterError)
def read_otlp(text: str, where: str = "") -> Recording:
    """Read OTLP metrics in JSON: one document, or one a line as the collector's file exporter writes.

    Raises
    ------
    MeterError
        If no line is OTLP, or a sum does not say whether it is cumulative.
    """
    rows: dict[str, dict[str, Any]] = {}
    said: list[Said] = []
    for document in _documents(text, where, said):
        for metric, host in _metrics(document):
            _collect(metric, host, rows, said, where)
    if not rows:
        raise MeterError(
            _("{where}: no hw.energy, hw.power, hw.host.energy or hw.host.power in it.").format(
                where=where
            )
        )
    return Recording(tuple(_readings(r) for r in rows.values()), (), tuple(said), where)


def _documents(text: str, where: str, said: list[Said]) -> Iterator[Mapping[str, Any]]:
    try:
        whole = json_value(text)
        yield from whole if isinstance(whole, list) else [whole]
        return
    except ValueError:
        pass
    lines = [line for line in text.split("\n") if line.strip()]
    for i, line in enumerate(lines):
        try:
            one = json_value(line)
        except ValueError:
            if i == len(lines) - 1 and i > 0:
                said.append(
                    Said(
                        "half_a_scrape",
                        N_("{where} ends in the middle of a line; the last series was dropped."),
                        {"where": where},
                    )
                )
                return
            raise MeterError(
                _("{where}, line {n}: no JSON.").format(where=where, n=i + 1)
            ) from None
        yield one


def _attributes(rows: Any) -> dict[str, str]:
    found = {}
    for row in rows or ():
        value = row.get("value", {})
        found[str(row.get("key"))] = str(next(iter(value.values()), "")) if value else ""
    return found


def _metrics(document: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    for resource in document.get("resourceMetrics", []):
        about = _attributes(resource.get("resource", {}).get("attributes"))
        host = about.get("host.name") or about.get("host.id") or ""
        for scope in resource.get("scopeMetrics", []):
            for metric in scope.get("metrics", []):
                yield metric, host


def _collect(
    metric: Mapping[str, Any],
    host: str,
    rows: dict[str, dict[str, Any]],
    said: list[Said],
    where: str,
) -> None:
    name = str(metric.get("name", ""))
    whole_host = name.startswith("hw.host.")
    energy = name in ("hw.energy", "hw.host.energy")
    if not energy and name not in ("hw.power", "hw.host.power"):
        return
    unit = str(metric.get("unit") or ("J" if energy else "W"))
    factor = 1000.0 if unit == "kJ" else 1.0
    unit = "J" if unit == "kJ" else unit
    if unit not in _UNITS:
        raise MeterError(
            _("{where}: {name} in {unit}: no unit of energy or power.").format(
                where=where, name=name, unit=unit
            )
        )
    body = metric.get("sum") or metric.get("gauge") or {}
    temporality = body.get("aggregationTemporality")
    if energy and temporality not in (*DELTA, *CUMULATIVE):
        raise MeterError(
            _("{where}: {name} does not say whether it is cumulative or a delta.").format(
                where=where, name=name
            ),
            "aggregationTemporality",
        )
    for point in body.get("dataPoints", []):
        about = _attributes(point.get("attributes"))
        kind = "host" if whole_host else about.get("hw.type", "gpu")
        uuid = about.get("hw.id") or ("wall" if whole_host else "0")
        key = f"otel:{host}:{uuid}:{name}"
        row = rows.setdefault(
            key,
            {
                "points": [],
                "delta": temporality in DELTA,
                "channel": Channel(
                    key,
                    "uJ" if energy else "uW",
                    _PLACES.get(kind, "device"),
                    vendor="otel",
                    uuid=uuid,
                    name=about.get("hw.name", ""),
                    host=host,
                    parent=about.get("hw.parent") or None,
                ),
            },
        )
        value = point.get("asDouble", point.get("asInt"))
        if value is None:
            continue
        t = int(point.get("timeUnixNano", 0))
        start = int(point.get("startTimeUnixNano", 0) or 0)
        row["points"].append((t, start, to_raw(float(value) * factor, unit, f"{where}: {name}")))


def _readings(row: Mapping[str, Any]) -> Readings:
    points = sorted(row["points"])
    channel: Channel = row["channel"]
    times: list[int] = []
    raw: list[int] = []
    total, before = 0, None
    for t, start, value in points:
        if row["delta"]:
            if not times or start > times[-1]:
                # nothing is said of the time since the last delta: the counter begins anew, a gap with bounds
                total = 0
                times.append(start)
                raw.append(0)
            total += value
            times.append(t)
            raw.append(total)
            continue
        began_anew = before is not None and start > before and channel.is_counter
        if began_anew and times and start > times[-1]:
            times.append(start)
            raw.append(0)
        before = start or before
        times.append(t)
        raw.append(value)
    return Readings.of(channel, np.array(times, np.int64), np.array(raw, np.int64))
