"""Columns in files hold what columns in memory hold; a full disk is told."""

from __future__ import annotations

import mmap
import os

import numpy as np
import pytest

from taotie.errors import DataError
from taotie.files import columns


def test_worked_a_column_in_a_file(monkeypatch):
    monkeypatch.setattr(columns, "IN_MEMORY", 100)
    few, many = columns.column(12, np.int64), columns.column(1000, np.int32)
    assert few.base is None
    assert isinstance(many.base.base, mmap.mmap)
    for rows in columns.slices(1000, many, size=300):
        many[rows] = np.arange(rows.start, rows.stop)
    columns.let_go(many, few, many[10:20])
    np.testing.assert_array_equal(many, np.arange(1000))


def test_error_a_full_disk(monkeypatch):
    def full(*_where):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(columns, "IN_MEMORY", 100)
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DataError, match="No space left") as caught:
        columns.column(10**6, np.int64)
    assert "TMPDIR" in caught.value.hint
