"""Borders and towns under a map: those of the frame, in its order of size, and as the files hold them."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.errors import DataError
from taotie.grid.backdrop import backdrop


def test_published_towns_lie_where_they_are():
    """Greenwich lies in London; Shanghai and Texas are each in their own frame."""
    london = backdrop(-0.6, 51.2, 0.4, 51.8).towns[0]
    assert (london.name, round(london.lat, 1), round(london.lon, 1)) == ("London", 51.5, -0.1)
    assert backdrop(120.8, 30.7, 122.2, 31.9).towns[0].name == "Shanghai"
    people = [t.people for t in backdrop(-180, -90, 180, 90).towns]
    assert people == sorted(people, reverse=True)
    assert len(people) > 2_000


def test_property_lines_pass_the_frame():
    """Borders stay within the frame but for the points where they leave it; oceans have none."""
    west, south, east, north = -107.0, 25.8, -93.5, 36.6
    texas = backdrop(west, south, east, north)
    for line in texas.lines:
        x, y = line.T
        inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        assert inside.any()
        assert (inside[:-1] | inside[1:]).all()
    border = np.concatenate(texas.lines)
    # Oklahoma's panhandle ends at 103 degrees west, where three states meet at 36.5 or 37 north
    assert np.hypot(border[:, 0] + 103.0, border[:, 1] - 36.5).min() < 0.05
    assert backdrop(-40, 0, -35, 5).lines == ()


def test_error_a_frame_without_extent():
    with pytest.raises(DataError, match="no frame"):
        backdrop(1, 2, 1, 3)
