"""MATLAB files: every value as SciPy reads it, and a damaged file is a sentence, never the end of the process."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taotie.errors import CaseError
from taotie.grid.case.case import read_case
from taotie.grid.case.mat_file import Hdf5Error, mat_variables

scipy_io = pytest.importorskip("scipy.io", reason="SciPy writes the files")
CASE = read_case("case30")
TABLES = {"bus": CASE.bus, "gen": CASE.gen, "branch": CASE.branch, "baseMVA": 100.0}


def _saved(content: dict[str, Any], **options: Any) -> bytes:
    place = io.BytesIO()
    scipy_io.savemat(place, content, **options)
    return place.getvalue()


@pytest.mark.parametrize("packed", [False, True])
def test_matches_scipy(packed: bool) -> None:
    from scipy import sparse

    content = {
        "mpc": {**TABLES, "version": "2", "bus_name": np.array([["Glen Lyn"], ["Ohè"]], dtype=object)},
        "whole": np.arange(6, dtype="i2").reshape(2, 3), "cube": np.arange(24.0).reshape(2, 3, 4), "none": np.zeros((0, 3)),
        "yes": np.array([[True, False]]), "text": "abc", "two": np.array(["ab", "cd"]), "complex": np.array([[1 + 2j]]),
        "sparse": sparse.csc_matrix([[0, 1.5], [2, 0]]), "many": np.zeros(2, dtype=[("a", float)]), "deep": {"er": {"still": 1.0}},
    }  # fmt: skip
    found = mat_variables(_saved(content, do_compression=packed), 10**7)
    mpc = found["mpc"]
    assert all(np.array_equal(mpc[k], TABLES[k]) for k in ("bus", "gen", "branch"))
    assert (mpc["version"], mpc["bus_name"], mpc["baseMVA"].item()) == (
        "2",
        (("Glen Lyn",), ("Ohè",)),
        100.0,
    )
    assert found["whole"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert np.array_equal(found["cube"], content["cube"].reshape(2, -1))
    assert (found["none"].shape, found["text"], found["two"], found["many"]) == (
        (0, 3),
        "abc",
        "",
        (),
    )
    assert found["sparse"].tolist() == [[0, 1.5], [2, 0]]
    assert found["deep"]["er"]["still"].item() == 1.0


def test_matches_scipy_level_4() -> None:
    found = mat_variables(_saved({**TABLES, "t": "xyz"}, format="4"), 10**7)
    assert np.array_equal(found["branch"], CASE.branch)
    assert found["t"] == "xyz"


@pytest.mark.parametrize("options", [{}, {"do_compression": True}, {"format": "4"}])
def test_worked_a_case_saved_and_read(options: dict[str, Any], tmp_path: Path) -> None:
    place = tmp_path / "mine.mat"
    place.write_bytes(
        _saved(TABLES if options.get("format") else {"mpc": {**TABLES, "version": "2"}}, **options)
    )
    made = read_case(str(place))
    assert np.array_equal(made.bus, CASE.bus)
    assert np.array_equal(made.branch, CASE.branch)


def test_error_damaged_files_are_a_sentence(tmp_path: Path) -> None:
    whole = _saved({"mpc": {**TABLES, "version": "2", "n": np.array([["a"], ["b"]], dtype=object)}})
    rng = np.random.default_rng(7)
    place = tmp_path / "bad.mat"
    for i in range(150):
        raw = bytearray(whole if i % 2 else whole[: int(rng.integers(len(whole)))])
        for _j in range(int(rng.integers(4))):
            raw[int(rng.integers(len(raw))) if rng.integers(2) and raw else 0 : 0] = rng.bytes(2)
            raw[128 + int(rng.integers(400)) : 132] = rng.bytes(4)
        place.write_bytes(raw)
        with contextlib.suppress(CaseError):
            read_case(str(place))
    with pytest.raises(Hdf5Error):
        mat_variables(b"\0" * 512 + b"\x89HDF\r\n\x1a\n", 1000)
    head = b"text".ljust(124) + bytes((0, 1)) + b"IM"
    with pytest.raises(ValueError, match="more than four bytes"):
        mat_variables(head + (5 << 16 | 1).to_bytes(4, "little") + b"abcdefgh", 1000)
    with pytest.raises(ValueError, match="too large once unpacked"):
        mat_variables(_saved({"a": np.zeros((500, 500))}, do_compression=True), 1000)
