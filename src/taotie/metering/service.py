"""What does a program that runs say? A Prometheus by its address, or one page of an exporter: a span of time or an instant. [J]

`http://localhost:9090` is asked for the last hour, `http://localhost:9090?start=...&end=...` for that span;
an address of its API (`/api/v1/...`) and a page (`/metrics`) are read as the file they would be.
"""

from __future__ import annotations

import time
import urllib.parse

from taotie.errors import MeterError
from taotie.metering.prometheus import PrometheusClient, fetched
from taotie.metering.recording import Recording
from taotie.metering.when import stamp_ns
from taotie.metering.window import iso_time
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["address_of", "page_of", "recording_of_service"]

LAST_S = 3600.0
"""Span asked for where none is named. [s]"""


def address_of(path: object) -> str:
    """The address, if a file is named by one; empty otherwise.

    Examples
    --------
    >>> address_of("http://localhost:9090"), address_of("meters.csv")
    ('http://localhost:9090', '')
    """
    text = str(path)
    return text if text.lower().startswith(("http://", "https://")) else ""


def page_of(address: str) -> str:
    """The text at an address of a page or of an API; empty if it is that of a service."""
    place = urllib.parse.urlsplit(address).path
    return fetched(address) if place.strip("/") else ""


def recording_of_service(address: str) -> Recording:
    """The known meters of a Prometheus over the span that its address names.

    Raises
    ------
    MeterError
        If the span is none, or as of `PrometheusClient.recording`.
    """
    parts = urllib.parse.urlsplit(address)
    given = {k: v[-1] for k, v in urllib.parse.parse_qs(parts.query).items()}
    unknown = sorted(set(given) - {"start", "end"})
    base = f"{parts.scheme}://{parts.netloc}"
    example = f"{base}?start=2026-03-01T10:00:00Z&end=2026-03-01T11:00:00Z"
    if unknown:
        raise MeterError(
            _("{url}: {name} is nothing that is asked of it.").format(url=address, name=unknown[0]),
            example,
        )
    end = stamp_ns(given["end"], address)[0] / 1e9 if "end" in given else time.time()
    start = stamp_ns(given["start"], address)[0] / 1e9 if "start" in given else end - LAST_S
    if not start < end:
        raise MeterError(_("{url}: the span ends before it starts.").format(url=address), example)
    made = PrometheusClient(base).recording(start, end)
    said = Said(
        "span_asked",
        N_("{url} was asked for {start} to {end}; another span: {example}"),
        {
            "url": base,
            "start": iso_time(round(start * 1e9)),
            "end": iso_time(round(end * 1e9)),
            "example": example,
        },
    )
    return made.with_said(said)
