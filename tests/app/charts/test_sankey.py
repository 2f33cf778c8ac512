"""The energy picture conserves energy and stays on its paper."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hand_made import make_result
from hypothesis import given
from hypothesis import strategies as st

from taotie.app.charts.letters import text_width
from taotie.app.charts.picture import NARROW, WIDE, Picture
from taotie.app.charts.sankey import bands_of, picture, spec, svg_of
from taotie.app.charts.sankey_layout import Band, check_conserved, layers_of, layout
from taotie.errors import ResultError
from taotie.quantity.figure import leaf
from taotie.quantity.sampling import sampling
from taotie.study.result import Flow, StudyResult
from taotie.words.language import speaking


def band(start: str, end: str, value: float) -> Band:
    figure = leaf(
        f"{start}-{end}", value=value, unit="Wh/request", boundary="server", kind="assumed", note="test"
    )  # fmt: skip
    return Band(start, end, value, figure)


def test_worked_in_equals_out_at_each_node(result: StudyResult) -> None:
    bands = bands_of(result)
    for name in ("accelerator", "server", "facility"):
        into = sum(b.figure.samples for b in bands if b.end == name)
        out = sum(b.figure.samples for b in bands if b.start == name)
        np.testing.assert_allclose(into, out, rtol=1e-9)


def test_worked_layers_of_the_chain(result: StudyResult) -> None:
    layers = layers_of(bands_of(result))
    assert layers == {
        "decode": 0, "prefill": 0, "idle": 0, "accelerator": 1, "host": 1, "server": 2, "cooling": 2,
        "facility": 3, "network": 3, "grid": 4,
    }  # fmt: skip


@given(parts=st.lists(st.floats(0.001, 100.0), min_size=2, max_size=8), turned=st.booleans())
def test_property_widths_follow_the_means(parts: list[float], turned: bool) -> None:
    """Each band is as wide as its mean says, at both its ends, and none leaves the paper."""
    bands = [band(f"part{i}", "whole", v) for i, v in enumerate(parts)]
    bands.append(band("whole", "end", sum(parts)))
    if turned:
        bands = [Band(b.end, b.start, b.mean, b.figure) for b in bands]
    nodes, ribbons = layout(bands, 900.0, 330.0, 30.0, 6.0)
    scale = (nodes["whole"].far - nodes["whole"].near) / sum(parts)
    for ribbon in ribbons:
        for low, high in (ribbon.leaves, ribbon.arrives):
            assert high - low == pytest.approx(ribbon.band.mean * scale)
            assert -1e-6 <= low <= high <= 330.0 + 1e-6
    for layer in range(3):
        row = sorted((n for n in nodes.values() if n.layer == layer), key=lambda n: n.near)
        assert all(a.far <= b.near for a, b in itertools.pairwise(row))


def test_property_drawing_stays_on_its_paper(result: StudyResult) -> None:
    for wide in (True, False):
        drawing = spec(bands_of(result), "Wh/request", wide=wide)
        assert drawing["width"] <= (WIDE if wide else NARROW)
        for box in drawing["nodes"]:
            assert 0 <= box["x"] <= box["x2"] <= drawing["width"]
            assert 0 <= box["y"] <= box["y2"] <= drawing["height"]


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("small", [1.0, 1.4e-4, 3.3e-3, 9123.0])
def test_property_names_on_a_phone_are_whole_and_do_not_meet(
    result: StudyResult, code: str, small: float
) -> None:
    """390 px: every name and value is printed whole, on the paper, and apart from its neighbours."""
    with speaking(code):
        bands = [Band(b.start, b.end, b.mean * small, b.figure * small) for b in bands_of(result)]
        drawing = spec(bands, "Wh/request", wide=False)
    spans: dict[float, list[tuple[float, float]]] = {}
    for one in drawing["words"]:
        half = 0.5 * text_width(one["text"], drawing["letters"], one["weight"] == "bold")
        assert "…" not in one["text"]
        assert 2 * half <= one["limit"]
        assert one["x"] - half >= 0
        assert one["x"] + half <= drawing["width"]
        assert one["y"] <= drawing["height"]
        spans.setdefault(one["y"], []).append((one["x"] - half, one["x"] + half))
    for row in spans.values():
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(sorted(row)))
    assert "…" not in svg_of(drawing)


def test_matches_still_drawing_has_each_band_node_and_word(result: StudyResult) -> None:
    drawing = spec(bands_of(result), "Wh/request", wide=True)
    svg = svg_of(drawing)
    assert svg.count("<path") == len(result.flows) == 9
    assert svg.count("<rect") == 10
    assert svg.count("<text") == 20


def test_worked_each_way_of_flow_names_the_largest_part(result: StudyResult) -> None:
    forward = picture(result)
    turned = picture(make_result(flows=tuple(Flow(f.end, f.start, f.figure) for f in result.flows)))
    assert isinstance(forward, Picture)
    assert isinstance(turned, Picture)
    assert "writing (decode)" in forward.finding
    assert forward.finding == turned.finding


def test_error_lost_energy_is_refused() -> None:
    with pytest.raises(ResultError, match=r"node whole .* 3.* comes in, 2.9"):
        check_conserved([band("a", "whole", 3.0), band("whole", "b", 2.9)])


def test_error_circle_is_refused() -> None:
    with sampling(200, 1), pytest.raises(ResultError, match="circle"):
        layers_of([band("a", "b", 1.0), band("b", "a", 1.0)])
