"""Names of the places held in the languages that are spoken in them, made from CLDR (by babel, Unicode-3.0).

    python tools/place_words.py

Every language that is official in a country of the table `places`, for every country of it: who writes Deutschland
may also write Frankreich. A name that two places share is left out, and so is one that the tables hold already.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

from taotie.grid.region_names import _index, _plain
from taotie.quantity.catalog import table

FILE = Path(__file__).resolve().parents[1] / "src" / "taotie" / "data" / "place_words.csv"
GROUPS = {"WORLD": "001", "EU27": "EU"}


def territories() -> dict[str, str]:
    """Keys of the countries held, and of groups that CLDR names, with CLDR's code."""
    places = table("places")
    found = dict(GROUPS)
    for key in places.items():
        if places.value(key, "kind") == "country":
            found[key] = next(
                a for a in str(places.value(key, "alias")).split() if len(a) == 2 and a != "UK"
            )
    return found


def languages() -> list[str]:
    """Languages official in a country held."""
    found = {
        language
        for code in territories().values()
        for language in get_official_languages(code, regional=False, de_facto=True)
    }
    return sorted(found)


def words() -> dict[str, list[str]]:
    """Names of each place that no table holds, none of them shared."""
    held = _index()
    named: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for language in languages():
        try:
            names = Locale.parse(language).territories
        except UnknownLocaleError:
            continue
        for key, code in territories().items():
            name = names.get(code)
            if name and _plain(name) not in held:
                named[_plain(name)].setdefault(key, name)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for keys in named.values():
        if len(keys) == 1:
            ((key, name),) = keys.items()
            found[key].append(name)
    return {key: sorted(found[key]) for key in territories() if key in found}


def main() -> int:
    with FILE.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("place", "names"))
        out.writerows((key, "|".join(names)) for key, names in words().items())
    return 0


if __name__ == "__main__":
    sys.exit(main())
