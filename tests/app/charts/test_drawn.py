"""Charts are drawn where Vega draws them, nothing is left out in silence, and no gap is closed."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.app.charts.drawn import drawn
from taotie.app.charts.letters import fitted, text_width
from taotie.app.charts.scales import Bands, Continuous, ticks_between
from taotie.app.charts.vega_lite import (
    Sheet,
    as_it_says,
    below,
    beside,
    panel,
    quantity,
    stacked,
    y_axis,
)

ROWS = [
    {"x": 1.0, "y": 3.0, "z": 1.0, "n": "a", "row": 0},
    {"x": 2.5, "y": 8.0, "z": 4.0, "n": "b", "row": 1},
    {"x": 4.0, "y": 5.0, "z": 2.0, "n": "c", "row": 2},
    {"x": 7.0, "y": 6.0, "z": 5.5, "n": "d", "row": 3},
]
X = quantity("x", scale={"domain": [1, 7], "nice": False}, axis={"grid": False})
Y = quantity("y", scale={"domain": [0, 10], "nice": False})


def chart(mark: dict[str, Any], rows: list[dict[str, Any]] = ROWS, **encoding: Any) -> dict[str, Any]:  # fmt: skip
    sheet = Sheet()
    return sheet.spec(panel([sheet.layer(rows, mark, **encoding)], 300, 200))


def numbers(path: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?\d*\.?\d+", path)]


def points(path: str) -> list[tuple[float, float]]:
    """Where a path with M, L, H, V and Z goes."""
    found, x, y = [], 0.0, 0.0
    for letter, rest in re.findall(r"([MLHV])([^MLHVZ]*)", path):
        at = numbers(rest)
        for a in [at] if letter in "HV" else [at[i : i + 2] for i in range(0, len(at), 2)]:
            x = a[0] if letter in "MLH" else x
            y = a[-1] if letter in "MLV" else y
            found.append((x, y))
    return found


def flat(path: str) -> list[float]:
    return [n for point in points(path) for n in point]


def of_vega(spec: dict[str, Any], kind: str) -> list[str]:
    """Paths of the marks of a kind, as Vega draws them."""
    vl_convert = pytest.importorskip("vl_convert", reason="the extra report is not installed")
    svg = str(vl_convert.vegalite_to_svg(spec))
    inside = re.findall(rf'<g class="mark-{kind} role-mark[^"]*"[^>]*>(.*?)</g>', svg, re.S)
    return [d for part in inside for d in re.findall(r'<path[^>]* d="([^"]+)"', part)]


@pytest.mark.parametrize("how", ["linear", "step-after", "monotone"])
def test_matches_lines_go_where_vega_draws_them(how: str) -> None:
    spec = chart({"type": "line", "interpolate": how}, x=X, y=Y)
    (theirs,) = of_vega(spec, "line")
    ours = re.findall(r'<path d="(M[^"]+)" fill="none" stroke="#d98a00"', drawn(spec))
    assert len(ours) == 1
    if how == "monotone":
        assert numbers(ours[0]) == pytest.approx(numbers(theirs), abs=0.06)
    else:
        assert flat(ours[0]) == pytest.approx(flat(theirs), abs=0.06)


@pytest.mark.parametrize("how", ["linear", "step-after"])
def test_matches_areas_go_where_vega_draws_them(how: str) -> None:
    def corners(path: str) -> set[tuple[float, float]]:
        """Corners alone: places on the way between two others are left out."""
        way = [p for i, p in enumerate(points(path)) if i == 0 or p != points(path)[i - 1]]
        turned = {
            b
            for a, b, c in zip(way[-1:] + way, way, way[1:] + way[:1], strict=False)
            if abs((b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])) > 1e-6
        }
        return {(round(x), round(y)) for x, y in turned}

    spec = chart({"type": "area", "interpolate": how}, x=X, y=Y, y2={"field": "z"})
    (theirs,) = of_vega(spec, "area")
    (ours,) = re.findall(r'<path d="(M[^"]+Z)"', drawn(spec))
    assert corners(ours) == corners(theirs)


def test_matches_bars_on_bands_are_those_of_vega() -> None:
    sheet = Sheet()
    band = {"field": "row", "type": "ordinal", "axis": None, "scale": {"paddingInner": 0.3, "paddingOuter": 0.2}}  # fmt: skip
    layer = sheet.layer(ROWS, {"type": "bar", "size": 12}, y=band, x=quantity("y", scale={"domain": [0, 10], "nice": False}))  # fmt: skip
    spec = sheet.spec(panel([layer], 300, {"step": 40}))
    ours = re.findall(r'<rect x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)"', drawn(spec))  # fmt: skip
    for box, path in zip(ours, of_vega(spec, "rect"), strict=True):
        x, y, width, height = map(float, box)
        # M left,top h width v height h -width Z
        left, top, across, down, _back = numbers(path)
        assert (x, y, width, height) == pytest.approx((left, top, across, down), abs=0.06)


def test_matches_a_logarithmic_axis_is_that_of_vega() -> None:
    x = quantity("x", scale={"type": "log", "domain": [1, 10], "nice": False})
    spec = chart({"type": "line"}, x=x, y=Y)
    (theirs,) = of_vega(spec, "line")
    (ours,) = re.findall(r'<path d="(M[^"]+)" fill="none" stroke="#d98a00"', drawn(spec))
    assert flat(ours) == pytest.approx(flat(theirs), abs=0.06)


def test_property_what_is_unknown_is_a_gap_and_never_zero() -> None:
    rows = [*ROWS[:2], {"x": 3.0, "y": None}, *ROWS[2:]]
    svg = drawn(chart({"type": "line"}, rows, x=X, y=Y))
    (path,) = re.findall(r'<path d="(M[^"]+)" fill="none" stroke="#d98a00"', svg)
    assert path.count("M") == 2
    assert len(points(path)) == 4
    assert drawn(chart({"type": "point"}, rows, x=X, y=Y)).count("<circle") == 4
    log = quantity("y", scale={"type": "log"})
    assert drawn(chart({"type": "point"}, [{"x": 2.0, "y": 0.0}, *ROWS], x=X, y=log)).count("<circle") == 4  # fmt: skip


def test_property_a_value_alone_is_seen() -> None:
    rows = [{"x": 1.0, "y": 1.0}, {"x": 2.0, "y": None}, {"x": 3.0, "y": 2.0}, {"x": 4.0, "y": 3.0}]
    assert drawn(chart({"type": "line"}, rows, x=X, y=Y)).count("<circle") == 1


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        ({"type": "arc"}, {}),
        ({"type": "line", "tension": 1}, {}),
        ({"type": "line"}, {"xOffset": {"value": 3}}),
    ],
)
def test_error_what_is_not_drawn_is_refused(mark: dict[str, Any], encoding: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"arc|tension|xOffset"):
        drawn(chart(mark, x=X, y=Y, **encoding))


def test_worked_words_beside_marks_do_not_hide_each_other() -> None:
    rows = [{"x": 4.0, "y": 5.0 + 0.01 * i, "t": f"Institute {i}"} for i in range(4)]
    rows.append({"x": 7.0, "y": 2.0, "t": "At the right end"})
    svg = drawn(chart({"type": "text", "align": "left", "dx": 6}, rows, x=X, y=Y, text={"field": "t", "type": "nominal"}))  # fmt: skip
    at = [(float(x), float(y), a) for x, y, a in re.findall(r'<text x="([^"]+)" y="([^"]+)"( text-anchor="end")? fill="#0f1419"', svg)]  # fmt: skip
    assert len(at) == 5
    heights = sorted(y for _x, y, _a in at[:4])
    assert all(b - a >= 12 for a, b in pairwise(heights))
    assert at[4][2]  # to the left of its mark, not over the edge


def test_worked_words_from_outside_are_escaped() -> None:
    rows = [{"x": 2.0, "y": 1.0, "t": "<b>&"}]
    svg = drawn(chart({"type": "point"}, rows, x=X, y=Y, tooltip=[{"field": "t", "title": "<i>"}], color=as_it_says("t")))  # fmt: skip
    assert "<b>" not in svg
    assert "<title>&lt;i&gt;: &lt;b&gt;&amp;</title>" in svg


def test_worked_parts_are_named_once_and_stand_on_each_other() -> None:
    sheet = Sheet()
    rows = [{"t": i, "s0": 0.0, "s1": 2.0, "s2": 5.0} for i in range(3)]
    layers = stacked(
        sheet, rows, {"type": "area"}, [("hosts", "#111111"), ("chips", "#222222")], x=quantity("t"), y={"axis": y_axis("kW")}
    )  # fmt: skip
    svg = drawn(sheet.spec(panel(layers, 300, 100)))
    assert svg.index(">chips<") < svg.index(">hosts<")
    assert svg.count(">hosts<") == 1
    low, high = (points(p) for p in re.findall(r'<path d="(M[^"]+Z)"', svg))
    assert [y for _x, y in low] == [100, 100, 100, 60, 60, 60]
    assert [y for _x, y in high] == [60, 60, 60, 0, 0, 0]


def test_property_plots_below_and_beside_do_not_touch() -> None:
    def plot(sheet: Sheet) -> dict[str, Any]:
        layer = sheet.layer(ROWS, {"type": "line"}, x=quantity("x", title="hours"), y=quantity("y", axis=y_axis("MW")))  # fmt: skip
        return panel([layer], 200, 100)

    for join, letter in ((below, 1), (beside, 0)):
        sheet = Sheet()
        svg = drawn(sheet.spec(join([plot(sheet), plot(sheet)], 0)))
        moved = re.findall(r'<g transform="translate\((\S+) (\S+)\)">', svg)[1]
        assert float(moved[letter]) > (130 if letter else 240)


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(2, 12))
def test_property_ticks_are_round_few_and_inside(low: float, span: float, count: int) -> None:
    high = low + span
    ticks = ticks_between(low, high, count)
    slack = 1e-9 * max(abs(low), abs(high), span)
    assert all(low - slack <= t <= high + slack for t in ticks)
    assert ticks == sorted(ticks)
    assert len(ticks) <= 2.5 * count + 1


@given(st.floats(1e-9, 1e9), st.floats(1.001, 1e9), st.booleans())
def test_property_an_axis_holds_its_values(low: float, ratio: float, log: bool) -> None:
    high = low * ratio
    axis = Continuous.over(low, high, "log" if log else "linear", nice=True)
    shares = [axis.share(v) for v in (low, (low * high) ** 0.5, high)]
    assert all(s is not None and -1e-6 <= s <= 1 + 1e-6 for s in shares)
    assert shares == sorted(shares)  # type: ignore[type-var]


@given(st.integers(1, 40), st.floats(0, 0.9), st.floats(0, 0.9))
def test_property_bands_are_equal_and_inside(n: int, inner: float, outer: float) -> None:
    bands = Bands(tuple(range(n)), inner, outer)
    middles = [bands.share(i) or 0.0 for i in range(n)]
    assert middles[0] - bands.width / 2 == pytest.approx(outer / bands.steps)
    assert middles[-1] + bands.width / 2 == pytest.approx(1 - outer / bands.steps)
    assert bands.share("unknown") is None


@given(st.text(max_size=40), st.floats(20, 200))
def test_property_words_are_cut_to_their_room(words: str, room: float) -> None:
    kept = fitted(words, room, 12)
    assert kept == words or text_width(kept, 12) <= room
    assert kept == words or kept.endswith("…")
