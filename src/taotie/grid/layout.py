"""Where on a page does each bus go? Coordinates from a file where there are some, else a layout. Plain arrays for a picture.

Positions have no unit: longitude and latitude [degrees] or a drawing in 0..1. A layout shows what is
connected, not where it lies; `GridPicture.geographic` says which it is.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import scipy.sparse.csgraph as csgraph
from numpy.typing import ArrayLike, NDArray

from taotie.errors import CaseError, DataError
from taotie.grid.case import Case
from taotie.grid.dc_power_flow import branch_flow_mw
from taotie.language import _

__all__ = ["GridPicture", "bus_coordinates", "grid_layout", "grid_picture"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Bus numbers of the synthetic cases in the coordinate file (Xu et al., Zenodo 3530898, CC BY 4.0).
_OFFSET = {"case_ACTIVSg2000": 3_000_000, "case_ACTIVSg10k": 2_000_000, "case_ACTIVSg70k": 0}


@dataclass(frozen=True)
class GridPicture:
    """All a chart of a grid needs.

    Parameters
    ----------
    x, y : ndarray, shape (n_bus,)
        Position of each bus.
    from_row, to_row : ndarray, shape (n_branch,)
        Ends of the branches in service, as rows of the bus table.
    branch_row : ndarray, shape (n_branch,)
        Their rows in the branch table.
    loading : ndarray, shape (n_branch,)
        Flow over rating; NaN where a branch has no rating. [1]
    base_kv : ndarray, shape (n_bus,)
        Voltage level. [kV]
    geographic : bool
        True where positions are longitude and latitude.
    note : str
        What must stand under the picture.
    """

    x: FloatArray
    y: FloatArray
    from_row: IntArray
    to_row: IntArray
    branch_row: IntArray
    loading: FloatArray
    base_kv: FloatArray
    geographic: bool
    note: str


def bus_coordinates(case: Case, path: Path) -> tuple[FloatArray, FloatArray]:
    """Longitude and latitude of every bus from a table with columns bus_id, lat, lon.

    Parameters
    ----------
    case : Case
    path : Path
        CSV, also gzipped. Bus numbers may be shifted as in the synthetic US grid.

    Returns
    -------
    longitude, latitude : ndarray, shape (n_bus,)
        NaN where the file has no such bus. [degrees]

    Raises
    ------
    DataError
        File absent or without these columns.
    CaseError
        Not one bus found.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            if not {"bus_id", "lat", "lon"} <= set(rows.fieldnames or ()):
                raise DataError(_("{path} has no columns bus_id, lat and lon.").format(path=path))
            found = {int(r["bus_id"]): (float(r["lon"]), float(r["lat"])) for r in rows}
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            _("coordinates {path} cannot be read: {reason}.").format(path=path, reason=error)
        ) from error
    shift = _OFFSET.get(case.name, 0)
    nowhere = (np.nan, np.nan)
    at = np.array([found.get(int(b) + shift, nowhere) for b in case.bus_number])
    if np.isnan(at).all():
        raise CaseError(_("{path} knows no bus of {case}.").format(path=path, case=case.name))
    return at[:, 0].copy(), at[:, 1].copy()


def grid_layout(case: Case, n_sweep: int = 60) -> tuple[FloatArray, FloatArray]:
    """A drawing of the grid in 0..1, the same every time.

    Electrical distances to a few far-apart buses give a first placement (landmark scaling); every
    bus is then drawn towards the middle of its neighbours while the outline is kept.

    Parameters
    ----------
    case : Case
    n_sweep : int
        Rounds of smoothing.

    Returns
    -------
    x, y : ndarray, shape (n_bus,)
        Positions in 0..1.

    Examples
    --------
    >>> from taotie.grid.case import read_case
    >>> x, y = grid_layout(read_case("case39"))
    >>> len(x), bool((x >= 0).all() and (x <= 1).all())
    (39, True)
    """
    n, on = case.n_bus, case.branch_on
    f, t = case.from_row[on], case.to_row[on]
    if n == 1 or not len(f):
        angle = 2 * np.pi * np.arange(n) / max(n, 1)
        return 0.5 + 0.5 * np.cos(angle), 0.5 + 0.5 * np.sin(angle)
    length = np.sqrt(np.abs(case.branch[on, 3]) + 1e-4)
    graph = sp.csr_matrix((np.r_[length, length], (np.r_[f, t], np.r_[t, f])), shape=(n, n))
    landmarks, nearest_ = [0], np.full(n, np.inf)
    distance = []
    for __ in range(min(24, n)):
        d = csgraph.dijkstra(graph, directed=False, indices=landmarks[-1])
        far = d[np.isfinite(d)].max()
        d = np.where(np.isfinite(d), d, 1.5 * far)
        distance.append(d)
        nearest_ = np.minimum(nearest_, d)
        landmarks.append(int(nearest_.argmax()))
    squared = np.array(distance).T ** 2
    centred = squared - squared.mean(axis=0) - squared.mean(axis=1, keepdims=True) + squared.mean()
    u, s, __v = np.linalg.svd(centred, full_matrices=False)
    at = u[:, :2] * np.sqrt(s[:2])
    at *= np.where(at[np.abs(at).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)  # sign of SVD is free
    weight = sp.csr_matrix((np.ones(2 * len(f)), (np.r_[f, t], np.r_[t, f])), shape=(n, n))
    degree = np.maximum(np.asarray(weight.sum(axis=1)).ravel(), 1)
    start = _ranks(at)
    at = start.copy()
    for __ in range(n_sweep):
        at = 0.25 * start + 0.75 * (weight @ at) / degree[:, None]
    at = 0.5 * at + 0.5 * _ranks(at)
    low, high = at.min(axis=0), at.max(axis=0)
    at = (at - low) / np.where(high > low, high - low, 1)
    return at[:, 0].copy(), at[:, 1].copy()


def _ranks(at: FloatArray) -> FloatArray:
    """Spread each axis evenly, so that a dense city does not become one dot."""
    n = len(at)
    out = np.empty_like(at)
    for axis in range(2):
        out[np.argsort(at[:, axis], kind="stable"), axis] = np.linspace(0, 1, n)
    return out


def grid_picture(
    case: Case, coordinates: Path | None = None, flow_mw: ArrayLike | None = None
) -> GridPicture:
    """Positions, branches and loading of a grid.

    Parameters
    ----------
    case : Case
    coordinates : Path, optional
        File for `bus_coordinates`; without it, or for buses it lacks, a layout is drawn.
    flow_mw : array_like, shape (n_branch,), optional
        Flow on every branch of the case; by default the DC flow of the case. [MW]

    Examples
    --------
    >>> from taotie.grid.case import read_case
    >>> picture = grid_picture(read_case("case5"))
    >>> len(picture.x), len(picture.from_row), picture.geographic
    (5, 6, False)
    """
    geographic = coordinates is not None
    if coordinates is not None:
        x, y = bus_coordinates(case, coordinates)
        lost = np.isnan(x)
        if lost.any():
            x[lost], y[lost] = np.nanmean(x), np.nanmean(y)
    else:
        x, y = grid_layout(case)
    flow = branch_flow_mw(case) if flow_mw is None else np.asarray(flow_mw, float)
    rows = np.flatnonzero(case.branch_on)
    rating = case.rate_a_mw[rows]
    loading = np.where(np.isfinite(rating), np.abs(flow[rows]) / rating, np.nan)
    note = []
    if case.synthetic:
        note.append(_("synthetic grid: no actual lines or substations"))
    if not geographic:
        note.append(_("drawn by connections, not by geography"))
    return GridPicture(
        x, y, case.from_row[rows], case.to_row[rows], rows, loading, case.bus[:, 9].copy(),
        geographic, "; ".join(note),
    )  # fmt: skip
