"""Which requests need not be held in memory, and how do they come in parts? The same requests, and the same answer.

A long log in Parquet or CSV that is simulated whole, and sampled chats by independent users. What looks at all requests
at once (two pools, replicas that start and stop, prefix caches, a search for the fleet) has them in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from taotie.compute.serving.source import Source
from taotie.errors import MissingExtraError
from taotie.words.language import _
from taotie.workload.requests import Requests
from taotie.workload.wanted import SAMPLED, Wanted, requests_of, sampled_in_parts

__all__ = ["coming"]

FEW = 2_000_000
"""Requests that are held in memory whatever is asked: 24 bytes each."""
SHORT_BYTES = 64 * 10**6
"""A text file up to this size holds no more. [B]"""


@contextmanager
def coming(
    wanted: Wanted, scale_by: str, whole: bool, tell: Callable[[str], None]
) -> Iterator[Requests | Source]:
    """The requests wanted: in parts if they are many and come in order, else in memory.

    Parameters
    ----------
    wanted : Wanted
    scale_by : str
        How their rate is scaled.
    whole : bool
        Whether something that is asked looks at all of them at once.
    tell : callable
        Told what goes on.

    Raises
    ------
    TaotieError
        If options do not go together, or the log cannot be read.
    """
    if whole or scale_by != "time":
        tell(_("what is asked looks at all requests at once: they are read into memory"))
        yield requests_of(wanted)
    elif wanted.trace in SAMPLED:
        yield _sampled(wanted)
    else:
        with TemporaryDirectory(prefix="taotie-") as folder:
            yield _of_a_file(wanted, Path(folder)) or requests_of(wanted)


def _sampled(wanted: Wanted) -> Requests | Source:
    if wanted.trace != "chat" or wanted.interval_cv != 1.0:
        return requests_of(wanted)
    from taotie.workload.chat import SAMPLED as SAID

    drawn = sampled_in_parts(wanted)
    if drawn.n <= FEW:
        return requests_of(wanted)
    return Source(drawn.n, drawn.span_s, drawn.parts, lambda: [SAID], "chat", drawn.source)


def _of_a_file(wanted: Wanted, folder: Path) -> Source | None:
    """A log in parts; None where it is short, or a part of it is wanted."""
    from taotie.compute.serving.file import parquet_source, rows_of, text_as_parquet
    from taotie.workload.trace_layout import bare_ending, checked_layout, columns_asked
    from taotie.workload.trace_rows import Reading, regular_file
    from taotie.workload.trace_time import checked_unit

    place = Path(wanted.trace)
    ending = bare_ending(place)
    some = wanted.only or wanted.session_prefix or wanted.start_hour or wanted.hours is not None
    if some or ending not in (".parquet", ".csv", ".tsv") or not place.is_file():
        return None
    reading = Reading(
        layout=checked_layout(wanted.layout),
        strict_columns=wanted.strict,
        columns=tuple(columns_asked(wanted.columns).items()),
        time_unit=checked_unit(wanted.time_unit),
    )
    regular_file(place, max_bytes=None)
    try:
        if ending == ".parquet":
            return parquet_source(place, reading) if rows_of(place) > FEW else None
        if place.stat().st_size <= SHORT_BYTES:
            return None
        made, left_out, said = text_as_parquet(place, folder, reading)
    except MissingExtraError:
        if ending == ".parquet":
            raise
        return None
    source: Source = parquet_source(made, Reading(), said, left_out)._replace(
        name=place.name, source=place.name
    )
    return source


def streams(case: Any) -> bool:
    """Whether a case looks at one request after the other only."""
    return not (
        case.replicas is None
        or case.prefill_replicas
        or case.least_replicas is not None
        or case.prefix_cache_tokens
        or case.prefix_in_pages
    )
