"""A table as one test: no row hides another, and no column is left out unnoticed."""

from __future__ import annotations

import inspect

import pytest

from rows import each_row


def test_every_row_that_fails_is_told() -> None:
    tried = []

    @each_row(("a", "b"), [(1, 2), (3, 3), (4, 5), (6, 0)])
    def same(a: int, b: int, fixture: str) -> None:
        tried.append((a, fixture))
        if not b:
            pytest.fail("nothing there")
        assert a == b

    assert list(inspect.signature(same).parameters) == ["fixture"]
    with pytest.raises(AssertionError) as caught:
        same(fixture="given")
    said = str(caught.value)
    assert said.startswith("3 of 4 rows")
    assert all(row in said for row in ("(1, 2)", "(4, 5)", "(6, 0)", "nothing there"))
    assert "(3, 3)" not in said
    assert tried == [(1, "given"), (3, "given"), (4, "given"), (6, "given")]


def test_error_a_table_that_does_not_fit_its_test() -> None:
    def one(a: int) -> None:
        raise AssertionError(a)

    with pytest.raises(AssertionError, match="tests nothing"):
        each_row("a", [])(one)
    with pytest.raises(AssertionError, match="does not take"):
        each_row("a, b", [(1, 2)])(one)
    with pytest.raises(ValueError):
        each_row("a", [1], ids=["x", "y"])
