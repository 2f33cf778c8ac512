"""How does a simulation work through any number of requests? In flat memory, keeping sums only."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from taotie.errors import RangeError
from taotie.words.language import N_, _
from taotie.words.said import Said
from taotie.workload.wanted import Wanted

__all__ = ["streamed"]

SHORT_BYTES = 8 * 10**6
"""A file up to this size is also read in memory, so that everything is refused that is refused there. [B]"""


def streamed(
    wanted: Wanted, case: Any, scale_by: str, requests_out: Path | None, tell: Callable[[str], None]
) -> tuple[dict[str, Any], Any, list[Said]]:
    """Simulate any number of requests in flat memory.

    Returns
    -------
    summary : dict
        Sums and quantiles.
    done : StreamedCase
    notes : list of Said

    Raises
    ------
    TaotieError
        If options do not go together, or the log cannot be read.
    """

    import numpy as np

    from taotie.compute.serving.case import energy_range, serving_of
    from taotie.compute.serving.file import (
        log_said,
        mean_lengths,
        simulate_parquet,
        text_as_parquet,
    )
    from taotie.compute.serving.profile import StreamedCase
    from taotie.compute.serving.stream import simulate_stream
    from taotie.workload.trace import read_trace
    from taotie.workload.trace_layout import bare_ending, checked_layout, columns_asked
    from taotie.workload.trace_rows import Reading, regular_file
    from taotie.workload.trace_time import checked_unit

    notes: list[Said] = []
    if case.routing != "round_robin":
        notes.append(
            Said(
                "streamed_in_turn",
                N_(
                    "--stream sends requests to the replicas in turn; routing {routing}, which looks at their queues, needs the log in memory: leave out --stream"
                ),
                {"routing": case.routing.replace("_", "-")},
            )
        )
        case = replace(case, routing="round_robin")
    if wanted.trace == "chat":
        if wanted.per_day is None or requests_out is not None:
            raise RangeError(
                _("`chat --stream` needs --per-day, and keeps no single requests."),
                "taotie simulate chat --stream --per-day 2e8 --replicas 700 --on 8xh100",
            )
        if wanted.interval_cv != 1.0:
            raise RangeError(
                _("--stream samples independent users; leave it out with --interval-cv."),
            )
        lengths = wanted.lengths()
        serving = serving_of(case, lengths.moments.mean_prompt, lengths.moments.mean_output)
        prompt, output = lengths.sample(1 << 18, np.random.default_rng(case.seed))
        per_day = wanted.per_day * case.rate_scale
        edges_h, rate_per_h = wanted.shape().steps(per_day, wanted.start_hour, wanted.duration_h)
        begin = time.perf_counter()
        tell(_("simulating"))
        run = simulate_stream(
            serving.replica,
            serving.replicas,
            edges_h * 3600.0,
            rate_per_h / 3600.0,
            prompt,
            output,
            bin_s=case.bin_s,
            seed=case.seed,
            threads=case.threads,
        )
    else:
        place = Path(wanted.trace)
        if scale_by != "time" or bare_ending(place) not in (".parquet", ".csv", ".tsv"):
            raise RangeError(
                _("--stream reads logs in Parquet or CSV, scaled by time alone."),
                _("convert the log to Parquet, or leave out --stream"),
            )
        if wanted.only or wanted.session_prefix or wanted.start_hour or wanted.hours is not None:
            raise RangeError(
                _("--stream reads a log whole: without --only, --session-prefix and hours.")
            )
        reading = Reading(
            layout=checked_layout(wanted.layout),
            strict_columns=wanted.strict,
            columns=tuple(columns_asked(wanted.columns).items()),
            time_unit=checked_unit(wanted.time_unit),
        )
        regular_file(place, max_bytes=None)
        if place.stat().st_size < SHORT_BYTES:
            # a log that fits is checked by the reader in memory: one refuses what the other does
            read_trace(
                place,
                layout=reading.layout,
                strict_columns=reading.strict_columns,
                columns=dict(reading.columns),
                time_unit=reading.time_unit,
            )
        with TemporaryDirectory(prefix="taotie-") as folder:
            tell(_("reading requests"))
            if bare_ending(place) != ".parquet":
                place, left_out, said = text_as_parquet(place, folder, reading)
                reading = Reading()
                if left_out:
                    said.append(
                        Said(
                            "empty_requests",
                            N_("{n} requests without prompt or answer left out"),
                            {"n": left_out},
                        )
                    )
            else:
                said = log_said(place, reading)
            notes += [replace(one, code=f"requests.{one.code}") for one in said]
            serving = serving_of(case, *mean_lengths(place, reading))
            begin = time.perf_counter()
            tell(_("simulating"))
            run = simulate_parquet(
                place,
                serving,
                rate_scale=case.rate_scale,
                requests_out=requests_out,
                reading=reading,
            )
    wall = time.perf_counter() - begin
    summary = run.summary()
    summary["simulated_requests_per_s"] = run.requests / wall
    summary["energy_range"] = energy_range(case, summary["mean_batch"])
    name = Path(wanted.trace).name
    source = "taotie_fit2026" if wanted.trace == "chat" else name
    return summary, StreamedCase(case, serving, run, name, source), notes
