"""The indented JSON of every door: the bytes of the standard library."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.files.json_text import json_text

_TEXTS = st.text() | st.sampled_from(["\0", "\0\0", '"\0"', "\\u0000"])
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(_TEXTS | st.integers() | st.booleans() | st.none(), inner, max_size=4)
    ),
    max_leaves=25,
)


@given(_VALUES)
def test_matches_the_standard_library_in_every_byte(value: Any) -> None:
    assert json_text(value) == json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)


def test_worked_a_mapping_that_never_changes_is_written_once_a_depth() -> None:
    class Kept(dict):  # type: ignore[type-arg]
        written: dict[int, str]

    kept = Kept(a=[1, {"b": 2}])
    kept.written = {}
    value = {"x": kept, "y": [{"z": kept}]}
    assert json_text(value) == json.dumps(value, indent=1) == json_text(value)
    assert set(kept.written) == {2, 4}


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": {"b": [1, float("-inf")]}}])
def test_error_a_number_that_is_not_finite(value: Any) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text(value)


def test_error_what_is_no_json_unless_it_is_made_so() -> None:
    with pytest.raises(TypeError, match="ndarray"):
        json_text({"a": np.arange(2)})
    assert json.loads(json_text({"a": np.arange(2)}, lambda v: v.tolist())) == {"a": [0, 1]}
