"""Where on a page does each bus go? Coordinates from a file where there are some, else a layout. Plain arrays for a picture.

Positions have no unit: longitude and latitude [degrees] or a drawing in 0..1. A layout shows what is
connected, not where it lies; `GridPicture.geographic` says which it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
import scipy.sparse.csgraph as csgraph
from numpy.typing import ArrayLike, NDArray

from taotie.errors import CaseError, DataError
from taotie.files.fetch import local_path
from taotie.files.read import csv_rows, of_others, open_text
from taotie.grid.case.case import Case
from taotie.grid.flow.dc_power_flow import branch_flow_mw
from taotie.words.language import _
from taotie.words.listing import listing
from taotie.words.said import Said

if TYPE_CHECKING:
    from taotie.grid.capacity.hosting_capacity import HostingCapacityByTreatment

__all__ = [
    "CapacityPicture",
    "GridPicture",
    "bus_coordinates",
    "grid_layout",
    "grid_picture",
    "picture_note",
    "registered_coordinates",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Bus numbers of the synthetic cases in the coordinate file (Xu et al., Zenodo 3530898, CC BY 4.0).
_OFFSET = {"ACTIVSg2000": 3_000_000, "ACTIVSg10k": 2_000_000, "ACTIVSg70k": 0, "SyntheticUSA": 0}
_DATASET = "powersimdata-usa"
_FOLDER = "powersimdata/network/usa_tamu/data/"
Places = Mapping[int, tuple[float, float]]


def _offset(case: Case) -> int | None:
    return _OFFSET.get(case.name.removeprefix("case_"))


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
        What must stand under the picture, in the language in force when it was made.
    fetched : bool
        Positions are the publisher's coordinates of the synthetic US grid.
    n_lost : int
        Buses that had no coordinates.
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
    fetched: bool = False
    n_lost: int = 0


@of_others(DataError)
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
    found: dict[int, tuple[float, float]] = {}
    for row, (bus, *at) in enumerate(_columns(path, ("bus_id", "lat", "lon")), start=2):
        lat, lon = _degrees(path, row, at)
        found[_whole(path, row, bus)] = (lon, lat)
    x, y = _places_of(case, found, _offset(case) or 0)
    if np.isnan(x).all():
        raise CaseError(_("{path} knows no bus of {case}.").format(path=path, case=case.name))
    return x, y


def registered_coordinates(case: Case) -> tuple[FloatArray, FloatArray] | None:
    """Longitude and latitude from the publisher's files of the synthetic US grid, if they were fetched.

    Parameters
    ----------
    case : Case
        ACTIVSg2000, 10k, 70k or SyntheticUSA; others have no coordinates there.

    Returns
    -------
    longitude, latitude : ndarray, shape (n_bus,), or None
        None if the case is another one or the files were never fetched; nothing is fetched here. [degrees]

    Raises
    ------
    DataError
        A file is there but is not the one its publisher released.
    """
    shift = _offset(case)
    if shift is None:
        return None
    files = [local_path(_DATASET, _FOLDER + name) for name in ("sub.csv", "bus2sub.csv")]
    if files[0] is None or files[1] is None:
        return None
    at = {
        _whole(files[0], row, sub): (float(lon), float(lat))
        for row, (sub, lat, lon) in enumerate(_columns(files[0], ("sub_id", "lat", "lon")), 2)
    }
    found = {
        _whole(files[1], row, bus): at[_whole(files[1], row, sub)]
        for row, (bus, sub) in enumerate(_columns(files[1], ("bus_id", "sub_id")), 2)
    }
    x, y = _places_of(case, found, shift)
    return None if np.isnan(x).all() else (x, y)


def _columns(path: Path, names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The cells of these columns, row by row; a row that ends early has empty cells."""
    with open_text(path) as file:
        rows = csv_rows(file, path)
        head = [cell.strip() for cell in next(rows, [])]
        if not set(names) <= set(head):
            raise DataError(
                _("{path} has no columns {names}.").format(path=path, names=listing(names)),
                _("its first line has: {head}").format(head=listing(head)[:200] or "-"),
            )
        place = [head.index(name) for name in names]
        return [tuple(r[i] if i < len(r) else "" for i in place) for r in rows if r]


def _whole(path: Path, row: int, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise DataError(
            _("{path}, line {row}: {text} is not a number of a bus.").format(
                path=path, row=row, text=repr(text[:40])
            )
        ) from None


def _degrees(path: Path, row: int, at: list[str]) -> tuple[float, float]:
    """Latitude and longitude; both NaN where the cells are empty."""
    try:
        lat, lon = (float(cell) if cell.strip() else np.nan for cell in at)
    except ValueError:
        lat = lon = np.inf
    if np.isnan(lat) or np.isnan(lon):
        return np.nan, np.nan
    if not (abs(lat) <= 90 and abs(lon) <= 360):
        raise DataError(
            _("{path}, line {row}: lat={lat}, lon={lon} is no place on Earth.").format(
                path=path, row=row, lat=at[0][:40], lon=at[1][:40]
            ),
            _("degrees are wanted, latitude within -90 to 90; are the two columns swapped?"),
        )
    return lat, lon


def _places_of(case: Case, found: Places, shift: int) -> tuple[FloatArray, FloatArray]:
    nowhere = (np.nan, np.nan)
    at = np.array([found.get(int(b) + shift, nowhere) for b in case.bus_number])
    return at[:, 0], at[:, 1]


def _among_neighbours(case: Case, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Buses without a place go to the middle of their neighbours; those without any to the middle of all."""
    x, y = x.copy(), y.copy()
    on = case.branch_on
    ends = np.r_[case.from_row[on], case.to_row[on]], np.r_[case.to_row[on], case.from_row[on]]
    lost = np.isnan(x)
    while lost.any():
        use = lost[ends[0]] & ~lost[ends[1]]
        if not use.any():
            x[lost], y[lost] = x[~lost].mean(), y[~lost].mean()
            break
        n = np.bincount(ends[0][use], minlength=len(x))
        for at in (x, y):
            total = np.bincount(ends[0][use], at[ends[1][use]], minlength=len(x))
            at[n > 0] = total[n > 0] / n[n > 0]
        lost &= n == 0
    return x, y


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
    >>> from taotie.grid.case.case import read_case
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
    x, y = _laid_out(
        n, f.astype(np.int64).tobytes(), t.astype(np.int64).tobytes(), length.tobytes(), n_sweep
    )
    return x.copy(), y.copy()


@lru_cache(maxsize=4)
def _laid_out(
    n: int, from_: bytes, to: bytes, lengths: bytes, n_sweep: int
) -> tuple[FloatArray, FloatArray]:
    """The layout of these branches, drawn once: it depends on nothing else."""
    f, t = np.frombuffer(from_, np.int64), np.frombuffer(to, np.int64)
    length = np.frombuffer(lengths)
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
    return at[:, 0], at[:, 1]


def _ranks(at: FloatArray) -> FloatArray:
    """Spread each axis evenly, so that a dense city does not become one dot."""
    n = len(at)
    out = np.empty_like(at)
    for axis in range(2):
        out[np.argsort(at[:, axis], kind="stable"), axis] = np.linspace(0, 1, n)
    return out


def grid_picture(
    case: Case,
    coordinates: Path | None = None,
    flow_mw: ArrayLike | None = None,
    registered: bool = False,
) -> GridPicture:
    """Positions, branches and loading of a grid.

    Parameters
    ----------
    case : Case
    coordinates : Path, optional
        File for `bus_coordinates`; without it a layout is drawn. Buses the file lacks stand among
        their neighbours.
    flow_mw : array_like, shape (n_branch,), optional
        Flow on every branch of the case; by default the DC flow of the case. [MW]
    registered : bool
        Without a file, use the publisher's coordinates of the synthetic US grid if they were fetched.

    Examples
    --------
    >>> from taotie.grid.case.case import read_case
    >>> picture = grid_picture(read_case("case5"))
    >>> len(picture.x), len(picture.from_row), picture.geographic
    (5, 6, False)
    """
    at = None if coordinates is None else bus_coordinates(case, coordinates)
    fetched = at is None and registered and (at := registered_coordinates(case)) is not None
    n_lost = 0 if at is None else int(np.isnan(at[0]).sum())
    if at is None:
        x, y = grid_layout(case)
    else:
        x, y = _among_neighbours(case, *at) if n_lost else at
    flow = branch_flow_mw(case) if flow_mw is None else np.asarray(flow_mw, float)
    rows = np.flatnonzero(case.branch_on)
    rating = case.rate_a_mw[rows]
    loading = np.where(np.isfinite(rating), np.abs(flow[rows]) / rating, np.nan)
    return GridPicture(
        x, y, case.from_row[rows], case.to_row[rows], rows, loading, case.bus[:, 9].copy(),
        at is not None, _note(case, at is not None, fetched, n_lost), fetched, n_lost,
    )  # fmt: skip


def _note(case: Case, geographic: bool, fetched: bool, n_lost: int) -> str:
    parts = [_("synthetic grid: no actual lines or substations")] if case.synthetic else []
    if fetched:
        parts.append(_("coordinates: Xu et al. 2020, doi 10.5281/zenodo.3530898, CC BY 4.0"))
    if n_lost:
        parts.append(
            _("{n} buses without coordinates stand among their neighbours").format(n=n_lost)
        )
    if not geographic:
        parts.append(_("drawn by connections, not by geography"))
    return "; ".join(parts)


def picture_note(case: Case, drawn: GridPicture) -> str:
    """What must stand under a picture, in the language in force."""
    return _note(case, drawn.geographic, drawn.fetched, drawn.n_lost)


@dataclass(frozen=True)
class CapacityPicture:
    """The capacity of every bus, and where to draw it.

    Parameters
    ----------
    capacity : HostingCapacityByTreatment
    drawn : GridPicture
    load_mw : float, optional
        The load asked about, at the facility's meter. [MW]
    outages : str
        Which branches may be lost: "all", "none" or "table", the case's own.
    said : tuple of Said
        What stands beside the numbers, such as what the dispatch of the file misses.
    best : tuple of (str, float)
        The best buses by name, with what they take. [MW]
    """

    capacity: HostingCapacityByTreatment
    drawn: GridPicture
    load_mw: float | None = None
    outages: str = "all"
    said: tuple[Said, ...] = ()
    best: tuple[tuple[str, float], ...] = ()
