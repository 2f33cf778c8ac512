"""Requests are checked once; their means are those of a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.errors import RangeError
from taotie.workload.requests import PrefixBlocks, Requests, token_moments

lengths = st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), min_size=1, max_size=30)


@given(rows=lengths)
def test_matches_moments_of_a_plain_loop(rows: list[tuple[int, int]]) -> None:
    got = token_moments([p for p, _ in rows], [o for _, o in rows])
    n = len(rows)
    assert got.mean_context == pytest.approx(sum(o * (p + o / 2) for p, o in rows) / n)
    assert got.mean_prompt_squared == pytest.approx(sum(p * p for p, _ in rows) / n)
    assert got.mean_context == pytest.approx(got.mean_prompt_output + 0.5 * got.mean_output_squared)


@given(rows=lengths, n=st.integers(1, 40))
def test_property_first_keeps_rows_and_blocks(rows: list[tuple[int, int]], n: int) -> None:
    starts = np.arange(len(rows) + 1)
    blocks = PrefixBlocks(np.arange(len(rows)) * 7, starts)
    whole = Requests(
        t_s=np.arange(len(rows), dtype=float),
        prompt_tokens=np.array([p for p, _ in rows]),
        output_tokens=np.array([o for _, o in rows]),
        hash_ids=blocks,
    )
    part = whole.first(n)
    assert len(part) == min(n, len(rows))
    assert part.prompt_tokens.tolist() == [p for p, _ in rows][:n]
    assert part.hash_ids is not None
    assert part.hash_ids.of(len(part) - 1).tolist() == [7 * (len(part) - 1)]
    assert part.span_s == part.t_s[-1]


def test_property_arrays_cannot_be_changed_and_are_copies() -> None:
    t = np.array([0.0, 1.0])
    got = Requests(t_s=t, prompt_tokens=np.array([1, 2]), output_tokens=np.array([3, 4]))
    t[0] = 9.0
    assert got.t_s[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        got.t_s[0] = 1.0


def test_worked_rate_over_the_span() -> None:
    got = Requests(
        t_s=np.array([0.0, 1.0]),
        prompt_tokens=np.array([1, 2]),
        output_tokens=np.array([3, 4]),
        span_s=4.0,
    )
    assert got.rate_per_s == 0.5
    assert np.isnan(got.first(1).rate_per_s)


@each_row(
    ("change", "message"),
    [
        ({"t_s": np.array([1.0, 0.5])}, "in order"),
        ({"t_s": np.array([0.0, np.nan])}, "finite"),
        ({"t_s": np.array([-1.0, 0.0])}, "not negative"),
        ({"t_s": np.array([0.0])}, "different lengths"),
        ({"prompt_tokens": np.array([1, 0])}, "at least one token"),
        ({"output_tokens": np.array([1, 0])}, "at least one token"),
        ({"span_s": 0.5}, "ends before the last request"),
        ({"hash_ids": PrefixBlocks(np.array([1]), np.array([0, 1]))}, "prefix blocks"),
    ],
)
def test_error_impossible_requests(change: dict[str, object], message: str) -> None:
    good: dict[str, object] = {
        "t_s": np.array([0.0, 1.0]),
        "prompt_tokens": np.array([1, 2]),
        "output_tokens": np.array([3, 4]),
    }
    with pytest.raises(RangeError, match=message):
        Requests(**(good | change))  # type: ignore[arg-type]


def test_error_no_request() -> None:
    with pytest.raises(RangeError, match="at least one request"):
        Requests(t_s=np.array([]), prompt_tokens=np.array([]), output_tokens=np.array([]))
    with pytest.raises(RangeError, match="no request"):
        token_moments([], [])


def test_error_the_first_none():
    one = Requests([0.0, 1.0], [10, 10], [5, 5])
    assert len(one.first(9)) == 2
    for n in (0, -3):
        with pytest.raises(RangeError, match="number of first"):
            one.first(n)
