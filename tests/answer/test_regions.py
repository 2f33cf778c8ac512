"""`taotie regions`: the places, and what is held of one."""

import pytest

from taotie import crowd, fleet, regions
from taotie.errors import UnknownNameError
from taotie.grid.region_names import place_keys


def test_worked_every_place_has_a_row() -> None:
    found = regions()
    assert [row["region"] for row in found.tables["regions"].records()] == list(place_keys())
    assert found.said[0].values["n"] == len(place_keys())


def test_worked_a_cloud_region_says_whose_figures_they_are() -> None:
    found = regions("aws:us-east-1")
    assert found.own["within"][-2:] == ["USA", "WORLD"]
    assert found.own["held_for"]["network_loss"] == "USA"
    assert {"pue", "carbon_intensity", "carbon_intensity_marginal"} <= found.figures.keys()
    # what no operator publishes for a state is absent, not 0
    assert "pue" not in regions("Virginia").figures


def test_published_intensity_of_germany_has_its_year() -> None:
    found = regions("Germany")
    (row,) = found.tables["regions"].records()
    assert row["year"] >= 2024
    assert row["intensity_g_per_kwh"] == pytest.approx(
        found.figures["carbon_intensity"].p50, abs=0.05
    )


def test_error_unknown_place() -> None:
    with pytest.raises(UnknownNameError, match="virgnia") as raised:
        regions("virgnia")
    assert "virginia" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "of"),
    [("virginia", "Virginia, 2021"), ("US-VA", "Virginia, 2021"), ("DEU", "Germany, 2024")],
)
def test_worked_a_fleet_knows_the_places_by_their_usual_names(name, of):
    """`--country virginia` was asked whether India was meant."""
    said = fleet(country=name, to=2027, samples=100, seed=1).said
    assert of in " ".join(str(s) for s in said if s.code == "share_of_nation")
    with pytest.raises(UnknownNameError, match="not a country or state"):
        fleet(country="Sichuan", samples=100)


@pytest.mark.parametrize(
    ("region", "basis", "place"),
    [
        ("Sichuan", "CO2 only, electricity consumed", None),
        ("virginia", "combustion, CO2e at", "VA"),
    ],
)
def test_worked_a_crowd_says_what_its_intensity_stands_for(region, basis, place):
    """Sichuan's is of electricity consumed, and was called an average of what is generated."""
    made = crowd(region=region, samples=100, seed=1)
    assert basis in next(str(s) for s in made.said if s.code == "grid_basis")
    assert made.own["place"] == place
