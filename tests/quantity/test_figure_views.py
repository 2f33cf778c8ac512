"""A figure in a notebook, in a format string, beside another one."""

from __future__ import annotations

import pytest

from taotie.errors import BoundaryError, RangeError, UnitError
from taotie.quantity.figure import Figure, leaf


def _power(low: float, high: float, key: str = "p", **more: str) -> Figure:
    given = {"boundary": "facility", "unit": "MW", **more}
    return leaf(key, low=low, high=high, kind="assumed", note="x", **given)  # type: ignore[arg-type]


def test_worked_format_specs() -> None:
    assert f"{_power(1, 3):.2f}".startswith("1.7")
    assert "kW" in f"{_power(1, 3):kW}"
    assert f"{leaf('e', value=2.5, unit='MW', kind='assumed', note='x'):.0f}" == "2 MW"


def test_worked_comparison_is_certain_or_a_probability() -> None:
    small, large, between = _power(1, 2), _power(500, 600, "q"), _power(1, 3, "r")
    assert small < large
    assert large >= small
    assert not large < small
    assert 0 < small.chance_below(between) < 1
    with pytest.raises(RangeError, match="of the samples"):
        _ = small < between


def test_error_other_boundary_or_dimension() -> None:
    with pytest.raises(BoundaryError, match="not compared"):
        _ = _power(1, 2) < _power(3, 4, "q", boundary="server")
    with pytest.raises(UnitError):
        _ = _power(1, 2) < _power(3, 4, "q", unit="MWh")


def test_worked_html_escapes_and_holds_the_tree() -> None:
    shown = leaf(
        "x", value=1, unit="MW", kind="assumed", note="<b>", label={"en": "<script>"}
    )._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "<svg" in shown


def test_worked_plain_values_and_frame() -> None:
    made = _power(1, 3).to_dict()
    assert made["unit"] == "MW"
    assert made["value"]["p05"] < made["value"]["p50"] < made["value"]["p95"]
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = _power(1, 3).to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert frame["unit"].tolist() == ["MW"]
