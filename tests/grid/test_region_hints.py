"""What a place that is not held is answered with: the nearest spelling in either language, or how places are told."""

import pytest

from taotie.errors import UnknownNameError
from taotie.grid.region_names import place_key
from taotie.words.language import speaking


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize(
    ("typed", "meant"),
    [("virgina", "virginia"), ("Sichuann", "sichuan"), ("aws:us-eats-1", "aws:us-east-1")],
)
def test_error_the_hint_names_the_nearest_whatever_the_language(code, typed, meant):
    with speaking(code), pytest.raises(UnknownNameError) as caught:
        place_key(typed)
    assert meant in caught.value.hint
    # what the hint names is known when it is typed
    assert place_key(meant)


@pytest.mark.parametrize("code", ["en", "zh"])
def test_error_a_place_like_none_is_told_how_places_are_named(code):
    with speaking(code), pytest.raises(UnknownNameError) as caught:
        place_key("qqqqqqqq")
    assert "aws:us-east-1" in caught.value.hint
    assert "alibaba" not in caught.value.hint
