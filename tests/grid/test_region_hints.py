"""What a place that is not held is answered with: the nearest spelling in either language, or how places are told."""

import pytest

from rows import each_row
from taotie.errors import UnknownNameError
from taotie.grid.region_names import chain, kind_of, place_key, place_keys
from taotie.quantity.catalog import table
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


def _of_cldr() -> list[tuple[str, str]]:
    """Each country held, and its name in each language official there."""
    from babel import Locale, UnknownLocaleError
    from babel.languages import get_official_languages

    found = []
    for key in place_keys():
        if kind_of(key) != "country":
            continue
        aliases = str(table("places").value(key, "alias")).split()
        code = next(a for a in aliases if len(a) == 2 and a != "UK")
        for language in get_official_languages(code, regional=False, de_facto=True):
            try:
                found.append((key, Locale.parse(language).territories[code]))
            except (UnknownLocaleError, KeyError):
                continue
    return found


def test_published_a_country_is_known_by_the_name_it_gives_itself():
    named = _of_cldr()
    assert len(named) > 90
    assert [(key, name) for key, name in named if place_key(name) != key] == []
    assert [(key, name) for key, name in named if place_key(name.upper()) != key] == []


@each_row(
    ("typed", "key"),
    [
        ("deutschland", "DEU"), ("españa", "ESP"), ("espana", "ESP"), ("italia", "ITA"), ("nederland", "NLD"),
        ("polska", "POL"), ("Frankreich", "FRA"), ("中国", "CHN"), ("日本", "JPN"), ("大韩民国", "KOR"), ("한국", "KOR"),
    ],
)  # fmt: skip
def test_worked_countries_in_other_languages(typed, key):
    assert place_key(typed) == key


def test_error_a_country_misspelt_in_its_own_language_is_offered_as_it_is_written_there():
    with pytest.raises(UnknownNameError) as caught:
        place_key("Deutschlnd")
    assert caught.value.hint == "did you mean Deutschland?"
    with pytest.raises(UnknownNameError) as caught:
        place_key("Netherlnds")
    assert caught.value.hint.startswith("did you mean netherlands")


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize(
    ("town", "lies_in"),
    [("Tokyo", "JPN"), ("São Paulo", "BRA"), ("Mumbai", "IND"), ("Ashburn", "US-VA"), ("Chengdu", "CN-SC"), ("Frankfurt", "DEU")],
)  # fmt: skip
def test_error_a_town_is_answered_with_the_place_it_lies_in(code, town, lies_in):
    with speaking(code), pytest.raises(UnknownNameError) as caught:
        place_key(town)
    written = caught.value.hint.replace("：", ": ").replace(" 或 ", " or ").split(": ")[1]
    keys = written.removeprefix("write ").removeprefix("请写 ").split(" or ")
    assert keys[0] == lies_in
    # each of them is known when it is typed
    assert all(lies_in in chain(place_key(k)) or lies_in == "US-VA" for k in keys)


@pytest.mark.parametrize("typed", ["Bavaria", "Bayern", "München", "Maharashtra", "tokio"])
def test_error_a_place_unlike_any_is_not_offered_a_country_far_away(typed):
    """Bavaria was answered with Ataria, Munich with Ungern."""
    with pytest.raises(UnknownNameError) as caught:
        place_key(typed)
    assert "by its country" in caught.value.hint
