"""Which place is meant, and what does it lie in? Names of countries, states, provinces, grid and cloud regions.

A place is a key of the table `places`; its chain runs from itself outward: a cloud region, its grid subregion, its
state, its country, the world. Whatever is not held of a place is taken from the next that contains it.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.files.read import csv_dicts, read_text
from taotie.quantity.catalog import table
from taotie.words.language import N_, _, language

__all__ = ["KINDS", "chain", "kind_of", "place_key", "place_keys", "place_name"]

KINDS = {
    "group": N_("group of countries"),
    "country": N_("country"),
    "state": N_("state"),
    "province": N_("province"),
    "subregion": N_("grid subregion"),
    "authority": N_("market area"),
    "cloud": N_("cloud region"),
}
_NAMES = "carbon_intensity"
_MORE = {
    "america": "USA",
    "us": "USA",
    "u.s.": "USA",
    "u.s.a.": "USA",
    "great britain": "GBR",
    "britain": "GBR",
    "korea": "KOR",
    "czech republic": "CZE",
    "holland": "NLD",
    "europe": "EU27",
    "eu": "EU27",
    "global": "WORLD",
    "d.c.": "US-DC",
    "washington dc": "US-DC",
    "neimenggu": "CN-NM",
    # names in full, which lists of countries have in short
    "大韩民国": "KOR",
    "한국": "KOR",
    "中华人民共和国": "CHN",
    "people's republic of china": "CHN",
    "美利坚合众国": "USA",
    "united states of america": "USA",
    "日本国": "JPN",
    "republic of korea": "KOR",
    "bundesrepublik deutschland": "DEU",
}
_WORDS = Path(__file__).resolve().parents[1] / "data" / "place_words.csv"
"""Names in the languages spoken in the countries held (CLDR, by tools/place_words.py)."""
_ENDS = ("维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "省", "市", "州")


def _plain(text: str) -> str:
    found = text.strip().lower().replace("_", " ").replace("ı", "i")
    if not found.isascii():
        found = unicodedata.normalize("NFKD", found)
        found = "".join(c for c in found if not unicodedata.combining(c))
    found = " ".join(found.split())
    for provider, short in (
        ("amazon web services ", "aws:"),
        ("aws ", "aws:"),
        ("gcp:", "google:"),
        ("google cloud ", "google:"),
        ("microsoft azure ", "azure:"),
        ("azure ", "azure:"),
    ):
        if found.startswith(provider):
            found = short + found.removeprefix(provider)
    for end in _ENDS:
        if len(found) > len(end) + 1 and found.endswith(end):
            return found.removesuffix(end)
    return found


def place_keys() -> tuple[str, ...]:
    """Every place held, in the order of the table.

    Examples
    --------
    >>> {"USA", "US-VA", "CN-SC", "US-ERCT", "aws:us-east-1"} <= set(place_keys())
    True
    """
    return tuple(table("places").items())


def kind_of(key: str) -> str:
    """One of `KINDS`."""
    return str(table("places").value(key, "kind"))


def place_name(key: str, code: str | None = None) -> str:
    """Name of a place in a language, or in the one in force.

    Examples
    --------
    >>> place_name("US-VA"), place_name("CN-SC", "zh")
    ('Virginia', '四川')
    """
    wanted = f"name_{code or language()}"
    for cells in (table("places"), table(_NAMES)):
        if key in cells and cells.value(key, wanted):
            return str(cells.value(key, wanted))
    return key


@lru_cache(maxsize=1)
def _index() -> dict[str, tuple[str, ...]]:
    places = table("places")
    nations = table("countries")
    found: dict[str, list[str]] = {}

    def hold(text: str, key: str) -> None:
        every = found.setdefault(_plain(text), [])
        if key not in every:
            every.append(key)

    for key in place_keys():
        hold(key, key)
        for alias in str(places.value(key, "alias") or "").split():
            hold(alias, key)
        for code in ("en", "zh"):
            hold(place_name(key, code), key)
        nation = places.value(key, "nation")
        if nation:
            hold(str(nation), key)
            hold(str(nations.value(str(nation), "name_zh")), key)
    for text, key in _MORE.items():
        hold(text, key)
    # "US" is the country whatever else shares two letters with it
    found["us"] = ["USA"]
    for text, keys in found.items():
        # a subregion named like its state, such as California, goes by its code
        if any(kind_of(k) == "state" for k in keys) and any(
            _plain(place_name(k)) == text for k in keys
        ):
            found[text] = [k for k in keys if kind_of(k) != "subregion"]
    return {text: tuple(keys) for text, keys in found.items()}


@lru_cache(maxsize=1)
def _elsewhere() -> dict[str, tuple[str, str]]:
    """Names in the languages spoken in the places held: the place, and the name as it is written there."""
    return {
        _plain(name): (row["place"], name)
        for row in csv_dicts(read_text(_WORDS), _WORDS)
        for name in row["names"].split("|")
    }


def _meant(name: str) -> tuple[str, ...]:
    """Places that a name means: in English, Chinese or a code; else in a language spoken in one of them."""
    plain = _plain(name)
    found = _index().get(plain, ())
    if not found and plain in _elsewhere():
        return (_elsewhere()[plain][0],)
    return found


def place_key(name: str, kinds: Iterable[str] = ()) -> str:
    """Key of the place that a name means.

    Parameters
    ----------
    name : str
        In English or Chinese, a country also in any language that is official in one of those held (Deutschland,
        España, 日本), a code (VA, US-VA, DEU, CAMX, PJM) or a cloud region (aws:us-east-1), also "Virginia, USA".
    kinds : iterable of str
        Only these of `KINDS`; all by default.

    Raises
    ------
    UnknownNameError
        If no such place is held; the hint names the nearest.
    RangeError
        If the name means several places.

    Examples
    --------
    >>> place_key("virginia"), place_key("四川省"), place_key("us-east-1"), place_key("Germany")
    ('US-VA', 'CN-SC', 'aws:us-east-1', 'DEU')
    >>> place_key("España"), place_key("Frankreich"), place_key("대한민국")
    ('ESP', 'FRA', 'KOR')
    """
    allowed = set(kinds) or set(KINDS)
    found = [k for k in _meant(name) if kind_of(k) in allowed]
    if not found and "," in name:
        inner, _comma, outer = name.partition(",")
        around = place_key(outer)
        found = [
            k for k in _meant(inner) if kind_of(k) in allowed and around in chain(k) and k != around
        ]
    if not found:
        raise UnknownNameError(
            _("no place {region!r} is held: no source of ours covers it.").format(region=name),
            _near(name.partition(",")[0], allowed),
        )
    if len(found) > 1:
        raise RangeError(
            _("{name} may be {places}.").format(
                name=repr(name),
                places=_(" or ").join(f"{place_name(k)} ({k})" for k in found[:4]),
            ),
            _("write {keys}").format(keys=_(" or ").join(found[:4])),
        )
    return found[0]


def _near(name: str, allowed: set[str]) -> str:
    """What may have been meant: the country a town held lies in, one of a provider's regions, a near spelling; else how places are told."""
    wanted = _plain(name)
    around = [key for key in _towns().get(wanted, ()) if kind_of(key) in allowed]
    if around:
        return _("it lies in {places}: write {keys}").format(
            places=", ".join(dict.fromkeys(place_name(key) for key in _outer(around))),
            keys=_(" or ").join(around[:4]),
        )
    provider = wanted.partition(":")[0] + ":" if ":" in wanted else ""
    keys = [k for k in place_keys() if kind_of(k) in allowed and k.startswith(provider)]
    known = {k if kind_of(k) == "cloud" else place_name(k, c).lower() for k in keys for c in ("en", "zh")}  # fmt: skip
    others = {plain: name for plain, (k, name) in _elsewhere().items() if k in keys}
    best = difflib.get_close_matches(wanted[:200], [*known, *others], n=1, cutoff=CLOSE)
    if best and best[0] not in known:
        return nearest(others[best[0]], [others[best[0]]])
    if best:
        return nearest(wanted, known)
    return _(
        "a country, US state, Chinese province, grid or cloud region: Germany, Virginia, Sichuan, PJM, aws:us-east-1; a town or a state of another country by its country; all of them: taotie regions"
    )


def _outer(keys: Iterable[str]) -> list[str]:
    """The state, province or country that each lies in, or is."""
    wide = ("state", "province", "country")
    return [next(k for k in chain(key) if kind_of(k) in wide) for key in keys]


@lru_cache(maxsize=1)
def _towns() -> dict[str, tuple[str, ...]]:
    """Towns whose climate or cloud region is held: the places to write instead, the wider ones first."""
    found: dict[str, list[str]] = {}

    def hold(town: str, key: str) -> None:
        every = found.setdefault(_plain(town), [])
        if key not in every:
            every.append(key)

    climates = table("climates")
    for key in climates.items():
        town = climates.value(key, "city")
        if town and key in place_keys():
            hold(str(town), key)
    for key in place_keys():
        if kind_of(key) == "cloud":
            for town in re.findall(r"\(([^()]+)\)", place_name(key, "en")):
                for outer in _outer([key]):
                    hold(town, outer)
                hold(town, key)
    return {town: tuple(keys) for town, keys in found.items()}


CLOSE = 0.8
"""Likeness from which a spelling is offered."""


def chain(key: str) -> tuple[str, ...]:
    """The place and what it lies in, outward to the world.

    Examples
    --------
    >>> chain("aws:us-east-1")
    ('aws:us-east-1', 'US-SRVC', 'US-VA', 'USA', 'WORLD')
    >>> chain("CN-SC")
    ('CN-SC', 'CHN', 'WORLD')
    """
    places = table("places")
    found = [key]
    within = places.value(key, "within")
    if within:
        state = places.value(key, "state")
        outer = chain(str(within))
        found.extend(k for k in outer if k not in ("USA", "WORLD") or not state)
        if state:
            found.extend(k for k in chain(str(state)) if k not in found)
    if found[-1] != "WORLD":
        found.append("WORLD")
    return tuple(dict.fromkeys(found))
