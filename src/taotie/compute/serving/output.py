"""Where do the requests and the power of a simulated service go? CSV or Parquet by the ending, whole or not at all.

One row per request (times [s], energy [J]) or per power bin (power [W]). Written with DuckDB in groups of rows, so a
file larger than memory is no concern of the reader; an interrupted write leaves no half file behind.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving.result import NJ, PS, ServingRun
from taotie.errors import MissingExtraError, RangeError
from taotie.files.atomic import writing
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = [
    "checked_ending", "copy_options", "database", "database_error", "power_columns", "request_columns",
    "write_columns",
]  # fmt: skip

Array = NDArray[Any]
COPY = {".parquet": "format parquet, compression zstd", ".csv": "format csv, header true"}
"""How DuckDB writes a file, by its ending."""


def checked_ending(path: str | os.PathLike[str], option: str) -> None:
    """Refuse a file whose ending names no format that is written.

    Raises
    ------
    RangeError
    """
    place = Path(path)
    if place.suffix.lower() not in COPY:
        raise RangeError(
            _("{option} {path} ends in none of {endings}.").format(
                option=option, path=place.name, endings=listing(COPY)
            ),
            f"{option} {place.stem or 'requests'}.csv",
        )


def copy_options(path: str | os.PathLike[str]) -> str:
    """What DuckDB's `copy` is told for this ending."""
    return COPY[Path(path).suffix.lower()]


def request_columns(run: ServingRun) -> dict[str, Array]:
    """One value per served request: number in the log, times [s], lengths [token], energy [J]."""
    return {
        "request": run.number,
        "replica": run.replica,
        "arrival_s": run.arrival_ps / PS,
        "prompt_tokens": run.prompt,
        "output_tokens": run.output,
        "ttft_s": run.ttft_s,
        "tpot_s": run.tpot_s,
        "finish_s": run.finish_ps / PS,
        "energy_j": run.energy_nj / NJ,
        "own_j": run.own_nj / NJ,
        "shared_j": run.shared_nj / NJ,
        "overhead_j": run.overhead_nj / NJ,
    }


def power_columns(run: ServingRun) -> dict[str, Array]:
    """One value per bin: begin [s], power [W], batch and replicas switched on [1]."""
    power = run.power()
    return {
        "t_s": power.t_s,
        "busy_w": power.busy_w,
        "idle_w": power.idle_w,
        "host_w": power.host_w,
        "total_w": power.total_w,
        "mean_batch": power.mean_batch,
        "replicas_on": power.replicas_on,
    }


def database(path: str = ":memory:") -> Any:
    """A DuckDB connection without network, and without a progress bar on standard output, where JSON goes.

    Raises
    ------
    MissingExtraError
        If DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise MissingExtraError("duckdb", "data") from None
    base = duckdb.connect(path, config={"autoinstall_known_extensions": "false", "threads": "2"})
    base.execute("set enable_progress_bar = false")
    return base


def database_error() -> type[Exception]:
    """What DuckDB raises."""
    import duckdb

    return duckdb.Error


def write_columns(path: str | os.PathLike[str], columns: dict[str, Array]) -> None:
    """Write columns of equal length to a CSV or Parquet file, as its ending says.

    Parameters
    ----------
    path : path-like
        Appears only when it is complete.
    columns : dict of ndarray

    Raises
    ------
    MissingExtraError
        If DuckDB is not installed.
    DataError
        If the place cannot be written.
    """
    arrays = {name: np.ascontiguousarray(values) for name, values in columns.items()}
    with writing(path) as aside, database() as base:
        base.register("columns_to_write", arrays)
        target = str(aside).replace("'", "''")
        base.execute(f"copy (select * from columns_to_write) to '{target}' ({copy_options(path)})")
