"""One place sets nation, intensity, losses, water and price; names in two languages; what is not held is said."""

from __future__ import annotations

import pytest

from rows import each_row
from taotie.errors import RangeError, UnknownNameError
from taotie.grid.place import place, place_of_parts
from taotie.grid.region_names import chain, kind_of, place_key, place_keys, place_name
from taotie.quantity.catalog import table

EU = "AUT BEL BGR HRV CYP CZE DNK EST FIN FRA DEU GRC HUN IRL ITA LVA LTU LUX MLT NLD POL PRT ROU SVK SVN ESP SWE"


@each_row(
    ("name", "key", "year", "value", "basis"),
    [
        ("virginia", "US-VA", 2023, 244.8, "combustion"),
        ("VA", "US-VA", 2023, 244.8, "combustion"),
        ("Virginia, USA", "US-VA", 2023, 244.8, "combustion"),
        ("Germany", "DEU", 2025, 329.65, "generation"),
        ("德国", "DEU", 2025, 329.65, "generation"),
        ("四川省", "CN-SC", 2023, 156.4, "consumption_co2"),
        ("Inner Mongolia", "CN-NM", 2023, 647.9, "consumption_co2"),
        ("China", "CHN", 2023, 530.6, "consumption_co2"),
        ("SRVC", "US-SRVC", 2023, 270.5, "combustion"),
        ("aws:us-east-1", "aws:us-east-1", 2023, 270.5, "combustion"),
        ("gcp:us-south1", "google:us-south1", 2023, 334.1, "combustion"),
        ("azure eastus", "azure:eastus", 2023, 270.5, "combustion"),
        ("world", "WORLD", 2025, 458.3, "generation"),
    ],
)
def test_published_intensity_of_a_place(name, key, year, value, basis):
    found = place(name)
    assert found.key == key
    assert (found.intensity.year, found.intensity.average_basis) == (year, basis)
    assert found.intensity.average.p50 == pytest.approx(value, abs=0.06)


def test_property_every_place_answers_every_question():
    for key in place_keys():
        one = place(key)
        assert one.key == key
        assert one.intensity.year >= 2019, key
        assert one.intensity.average.p50 > 0
        assert 0 < one.loss.figure.p50 < 0.3
        assert one.water.figure.p50 > 0
        assert one.price.figure.p50 > 0
        assert one.marginal.figure.p50 > 0
        assert one.chain[-1] == "WORLD"
        assert not one.nation or one.nation in table("countries").items()
        for code in ("en", "zh"):
            assert place_name(key, code)


def test_worked_the_regions_the_issue_names():
    kinds = [kind_of(k) for k in place_keys()]
    assert kinds.count("state") == 51
    assert kinds.count("province") == 30
    assert set(EU.split()) <= set(place_keys())
    held = table("carbon_intensity")
    subregions = [k for k in place_keys() if kind_of(k) == "subregion"]
    newest = [k for k in subregions if "average_combustion_2023" in held.quantities(k)]
    assert len(newest) == 12 + 1  # 12 and Puerto Rico
    clouds = [k for k in place_keys() if kind_of(k) == "cloud"]
    assert {k.partition(":")[0] for k in clouds} >= {"aws", "azure", "google"}
    assert sum(place(k).pue is not None for k in clouds) >= 60


def test_worked_a_subregion_without_the_new_edition_says_so():
    codes = {s.code for s in place("US-SPSO").told()}
    assert "place_old_edition" in codes
    with_state = place_of_parts(grid="SPSO", state="Oklahoma")
    assert with_state.intensity.of == "US-OK"
    assert with_state.intensity.year == 2023


def test_worked_a_german_or_sichuan_place_has_no_grid_of_texas():
    assert (
        place("Germany").grid_case
        == place("Sichuan").grid_case
        == place("virginia").grid_case
        == ""
    )
    assert place("Texas").grid_case == place("aws:us-east-1").grid_case or place("Texas").grid_case


@pytest.mark.parametrize("name", ["Narnia", "", "us-east-99", "aws:mars-1", "Tibet"])
def test_error_a_place_no_source_covers(name):
    with pytest.raises(UnknownNameError, match="no source of ours covers it"):
        place(name)


@pytest.mark.parametrize("name", ["DE", "ap-southeast-1", "CA"])
def test_error_a_name_of_two_places_names_both(name):
    with pytest.raises(RangeError, match="may be") as caught:
        place(name)
    for key in caught.value.hint.removeprefix("write ").split(" or "):
        assert place(key).key == key


def test_error_parts_of_two_places():
    with pytest.raises(RangeError, match="not one place"):
        place_of_parts(state="virginia", country="Germany")
    with pytest.raises(UnknownNameError):
        place_of_parts(country="virginia")
    assert place_of_parts(country="DE").key == "DEU"
    assert place_of_parts(state="DE").key == "US-DE"
    assert place_of_parts(cloud="us-east-1", country="USA", state="virginia").key == "aws:us-east-1"


def test_property_no_place_contains_itself_twice():
    for key in place_keys():
        assert len(set(chain(key))) == len(chain(key))
        assert place_key(key) == key
