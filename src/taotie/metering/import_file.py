"""Which meter wrote this file? Any known layout in, one `Recording` out. The layout is recognised by what is in it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from taotie.errors import MeterError
from taotie.files.read import json_value, of_others, open_binary, read_text
from taotie.metering.exporters import recording_of_series
from taotie.metering.otel import read_otlp
from taotie.metering.prometheus import read_answer, series_of_scrapes
from taotie.metering.recording import Recording, merged
from taotie.metering.service import address_of, page_of, recording_of_service
from taotie.metering.table_log import read_table, table_heading
from taotie.metering.totals import read_codecarbon, read_slurm, read_zeus
from taotie.metering.wall import read_dcmi, read_redfish
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.reasons import reason
from taotie.words.said import Said

__all__ = ["LAYOUTS", "layout_of", "pages_of", "read_meter_file", "read_meter_files"]

LAYOUTS = (
    "ledger", "prometheus", "exposition", "otlp", "codecarbon", "zeus", "slurm", "table", "redfish", "dcmi",
)  # fmt: skip
MAX_BYTES = 2 << 30


def _text(path: Path) -> str:
    text = read_text(path, MAX_BYTES, MeterError, _("cut it by day"), errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _json(text: str, path: Path) -> Any:
    try:
        return json_value(text)
    except ValueError as error:
        raise MeterError(_("{path}: {why}.").format(path=path, why=reason(error)[:120])) from None


def layout_of(text: str) -> str:
    """Which layout a text has; empty if none is known.

    Examples
    --------
    >>> layout_of("timestamp, uuid, power.draw [W]\\n")
    'table'
    """
    begin = text.lstrip()[:4096]
    first = begin.split("\n", 1)[0]
    if begin.startswith(("{", "[")):
        if '"resourceMetrics"' in begin:
            return "otlp"
        if '"status"' in begin or '"resultType"' in begin:
            return "prometheus"
        if '"@odata' in begin or "PowerControl" in begin or '"PowerWatts"' in begin:
            return "redfish"
        return ""
    if "Instantaneous power reading" in text[:4096]:
        return "dcmi"
    if "energy_consumed" in first and "duration" in first:
        return "codecarbon"
    if "window_name" in first and "elapsed_time" in first:
        return "zeus"
    if "|" in first and "JobID" in first:
        return "slurm"
    if table_heading(first):
        return "table"
    if begin.startswith("#") or any("{" in line or " " in line for line in begin.split("\n")[:3]):
        return "exposition" if not begin.lower().startswith(("<", "sqlite")) else ""
    return ""


@of_others(MeterError)
def read_meter_file(
    path: Path | str, layout: str = "auto", boundary: str = "device", measured: bool = False
) -> Recording:
    """Read a file of a meter.

    Parameters
    ----------
    path : path-like
        A file; a `.db` of `taotie meter record`; a folder of `/metrics` pages, one a scrape; or the address of a
        Prometheus, of its API or of a page, see `taotie.metering.service`.
    layout : str, default "auto"
        One of `LAYOUTS`.
    boundary : str, default "device"
        Where meters of a table without a column `boundary` sit.
    measured : bool, default False
        CodeCarbon only: counters were behind it.

    Raises
    ------
    MeterError
        If the layout is not known or the file is not what it should be.
    """
    address = address_of(path)
    if address:
        text = page_of(address)
        if not text:
            return recording_of_service(address)
        return _text_of_a_meter(text, Path(urlsplit(address).netloc), layout, boundary, measured)
    place = Path(path)
    if not place.exists():
        raise MeterError(_("{path} does not exist.").format(path=place), _("check the path"))
    if place.is_dir():
        return _pages(place)
    with open_binary(place, None, MeterError) as stream:
        if stream.read(15) == b"SQLite format 3":
            from taotie.metering.ledger import read_ledger

            return read_ledger(place)
    return _text_of_a_meter(_text(place), place, layout, boundary, measured)


def _text_of_a_meter(
    text: str, place: Path, layout: str, boundary: str, measured: bool
) -> Recording:
    where = place.name
    kind = layout_of(text) if layout == "auto" else layout
    if kind == "otlp":
        return read_otlp(text, where)
    if kind == "prometheus":
        return read_answer(text, where)
    if kind == "codecarbon":
        return read_codecarbon(text, where, measured)
    if kind == "zeus":
        return read_zeus(text, where)
    if kind == "slurm":
        return read_slurm(text, where)
    if kind == "table":
        return read_table(text, where, boundary)
    if kind == "redfish":
        return _one_instant([(c, r, s) for c, r, s in read_redfish(_json(text, place))], place)
    if kind == "dcmi":
        raise MeterError(
            _(
                "{path}: a single reading of {watts} W at the wall: no energy without a second."
            ).format(path=place, watts=read_dcmi(text)),
            _("record it: taotie meter record --with ipmi"),
        )
    if kind == "exposition":
        return _exposition(text, place)
    begin = text.lstrip()[:1]
    raise MeterError(
        _("{path}: no known layout of a meter.").format(path=place)
        if begin != "<"
        else _("{where}: this is {kind}, not a page of metrics.").format(where=place, kind="HTML"),
        _("known: {names}").format(names=listing(LAYOUTS)),
    )


def _one_instant(rows: Sequence[tuple[object, int | None, int]], path: Path) -> Recording:
    raise MeterError(
        _("{path}: {n} readings of one instant: no energy without a second.").format(
            path=path, n=len(rows)
        ),
        _("record it, or give several pages in a folder"),
    )


def _exposition(text: str, path: Path) -> Recording:
    read_ns = round(path.stat().st_mtime * 1e9) if path.exists() else time.time_ns()
    series, said = series_of_scrapes([(read_ns, text)], path.name)
    made = recording_of_series(series, path.name).with_said(*said)
    if not made.readings:
        raise MeterError(
            _("{path}: no series of a known meter.").format(path=path),
            _("a page of metrics has lines such as {page}, a table a first line such as {table}").format(
                page='DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{UUID="GPU-a"} 5000000', table="timestamp,uuid,power_w"
            ),
        )  # fmt: skip
    if all(len(r) < 2 for r in made.readings):
        made = made.with_said(
            Said(
                "one_scrape",
                N_(
                    "{where} is a single page: counters stand since their start, but no span of time is known. Scrape twice."
                ),
                {"where": path.name},
            )
        )
    return made


def pages_of(folder: Path | str) -> list[tuple[int, str]]:
    """Pages of a folder and when each was read: a stamp in its name, or the time of the file. [ns]

    Raises
    ------
    MeterError
        If there is no such folder, or nothing in it.
    """
    from taotie.metering.when import stamp_ns

    place = Path(folder)
    if not place.is_dir():
        raise MeterError(
            _("{path} is no folder of pages.").format(path=place),
            _("keep each scrape as a file named for its time, such as 2026-03-01T12_00_00Z.txt"),
        )
    pages = []
    for path in sorted(p for p in place.iterdir() if p.is_file()):
        try:
            t = stamp_ns(path.name.split(".")[0].replace("_", ":"), path.name)[0]
        except MeterError:
            t = path.stat().st_mtime_ns
        pages.append((t, _text(path)))
    if not pages:
        raise MeterError(_("{path}: an empty folder.").format(path=place))
    return pages


def _pages(folder: Path) -> Recording:
    series, said = series_of_scrapes(pages_of(folder), folder.name)
    return recording_of_series(series, folder.name).with_said(*said)


@of_others(MeterError)
def read_meter_files(
    paths: Sequence[Path | str],
    layout: str = "auto",
    boundary: str = "device",
    measured: bool = False,
) -> Recording:
    """Several files as one recording.

    Raises
    ------
    MeterError
        As `read_meter_file`; the first file that cannot be read.
    """
    return merged([read_meter_file(p, layout, boundary, measured) for p in paths])
