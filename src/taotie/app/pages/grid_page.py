"""How does a person read the capacity of a grid? One page, both languages, maps first, limits beside the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from taotie.answer.parts.grid import CapacityPicture, mw_percentiles, share_taking
from taotie.app.charts import grid_charts as charts
from taotie.app.charts import grid_numbers as numbers
from taotie.app.charts.picture import sentences
from taotie.app.pages.headline import Tile
from taotie.app.pages.html import page_html
from taotie.app.pages.tables import source_rows
from taotie.app.pages.words import page_words
from taotie.files.atomic import write_bytes
from taotie.quantity.figure import Figure
from taotie.quantity.wording import boundary_word, kind_word, number, percent
from taotie.words.language import _, language


def write_capacity_page(
    shown: CapacityPicture,
    path: Path,
    opened: str | None = None,
    load_words: Mapping[str, str] | None = None,
    behind: Sequence[Figure] = (),
    command: str = "",
) -> None:
    """Write the capacity of every bus as one HTML file that needs nothing else.

    Parameters
    ----------
    shown : CapacityPicture
        Capacity of every bus, where to draw it, and the load asked about.
    path : Path
        Where the file shall stand; written aside, then renamed.
    opened : str, optional
        "en" or "zh": which language the file opens in; both are inside.
    load_words : mapping of str to str, optional
        How the load came about, by language.
    behind : sequence of Figure
        Published figures the load rests on; their sources are listed.
    command : str
        The command that makes this page again.

    Raises
    ------
    MissingExtraError
        If the extra `report` is not installed.
    DataError
        If the place cannot be written.
    """
    text = capacity_html(shown, opened, load_words, behind, command)
    write_bytes(path, text.encode("utf-8"))


def capacity_html(
    shown: CapacityPicture,
    opened: str | None = None,
    load_words: Mapping[str, str] | None = None,
    behind: Sequence[Figure] = (),
    command: str = "",
) -> str:
    """The page as text; see `write_capacity_page`."""
    return page_html(
        "grid.html",
        lambda: _half(shown, load_words or {}, behind),
        opened,
        command=command,
    )


def _half(
    shown: CapacityPicture, load_words: Mapping[str, str], behind: Sequence[Figure]
) -> dict[str, Any]:
    found, load = shown.capacity, shown.load_mw
    name = numbers.case_name(found)
    words = page_words() | _words()
    title = (
        _("Which buses of {case} take {mw} MW?").format(case=name, mw=numbers.mw_text(load))
        if load
        else _("How much new load do the buses of {case} take?").format(case=name)
    )
    return {
        "w": words,
        "title": title,
        "main": _main(shown),
        "sentence": sentences(charts.finding(shown), load_words.get(language(), "")),
        "tiles": _tiles(shown),
        "pictures": [
            charts.map_picture(shown),
            charts.share_picture(shown),
            charts.limiting_picture(shown),
        ],
        "contents": [(key, words[key]) for key in ("treatments", "sources", "again")],
        "treatments": _treatment_rows(shown),
        "sources": source_rows(behind),
    }


def _main(shown: CapacityPicture) -> Tile:
    """The headline: a range over treatments, said as such."""
    ways = numbers.capacity_by_way(shown.capacity)
    ways.pop(numbers.ALL_IN)
    when = _(charts.WHEN[shown.outages])
    if shown.load_mw:
        values = {k: share_taking(v, shown.load_mw) for k, v in ways.items()}
        shown_value, unit = _headline_span(list(values.values())), "%"
        name = _("Buses that take {mw} MW {when}").format(
            mw=numbers.mw_text(shown.load_mw), when=when
        )
        each = {k: f"{percent(v)}\u00a0%" for k, v in values.items()}
        key, raw = "share_of_buses", values
    else:
        values = {k: numbers.half_take(v) for k, v in ways.items()}
        shown_value, unit = _ends(numbers.mw_text(min(values.values())), numbers.mw_text(max(values.values()))), "MW"  # fmt: skip
        name = _("New load half of the buses take {when}").format(when=when)
        each = {k: f"{numbers.mw_text(v)}\u00a0MW" for k, v in values.items()}
        key, raw = "median_capacity", values
    top = max(raw.values()) or 1.0
    places = sorted(100 * v / top for v in raw.values())
    return Tile(
        key=key, name=name, value=shown_value, unit=unit,
        range=numbers.listed(numbers.named(numbers.way_name(k), v) for k, v in each.items()),
        boundary=boundary_word("facility"), kind=kind_word("modelled"), dot="◐",
        raw=raw.get("margin", next(iter(raw.values()))),
        low=places[0], middle=places[len(places) // 2], high=places[-1], certain=True,
    )  # fmt: skip


def _headline_span(shares: list[float]) -> str:
    """Lowest to highest share; tenths only where they are all there is."""
    ends = [
        f"{100 * share:.0f}" if 0.1 <= share < 0.9995 else percent(share)
        for share in (min(shares), max(shares))
    ]
    return _ends(*ends)


def _ends(low: str, high: str) -> str:
    """Both ends of a range, or one where they are printed alike."""
    return low if low == high else _("{low} to {high}").format(low=low, high=high)


def _tile(key: str, name: str, value: str, unit: str, raw: float, note: str = "") -> Tile:
    return Tile(
        key=key, name=name, value=value, unit=unit, range=note, boundary="",
        kind=kind_word("modelled"), dot="◐", raw=raw, low=0.0, middle=0.0, high=0.0, certain=True,
    )  # fmt: skip


def _tiles(shown: CapacityPicture) -> list[Tile]:
    found, load = shown.capacity, shown.load_mw
    made = []
    for way, mw in numbers.capacity_by_way(found).items():
        half = numbers.half_take(mw)
        if load:
            share = share_taking(mw, load)
            made.append(
                _tile(
                    f"share_of_buses_{way}",
                    _("Buses that take it, {way}").format(way=numbers.way_name(way)),
                    percent(share), "%", share,
                    _("half take {mw} MW or more").format(mw=numbers.mw_text(half)),
                )
            )  # fmt: skip
        else:
            made.append(
                _tile(
                    f"median_capacity_{way}",
                    _("Half of the buses take at least, {way}").format(way=numbers.way_name(way)),
                    numbers.mw_text(half), "MW", half,
                    _("one bus in ten {mw} MW or more").format(
                        mw=numbers.mw_text(float(mw_percentiles(mw, (90,))[0]))
                    ),
                )
            )  # fmt: skip
    spare = found.spare_generation_mw
    made.append(
        _tile(
            "spare_generation",
            _("Spare generation of the case"),
            number(spare, 5),
            "MW",
            spare,
            _("{n} such loads, if lines did not matter").format(n=number(max(spare, 0) // load, 4))
            if load
            else "",
        )
    )
    cut_off = found.share_cut_off
    made.append(
        _tile(
            "share_cut_off",
            _("Buses one outage cuts off"),
            percent(cut_off),
            "%",
            cut_off,
            _("they hang on a single branch"),
        )
    )
    return made


def _treatment_rows(shown: CapacityPicture) -> list[dict[str, Any]]:
    at = (5, 25, 50, 75, 95)
    rows = []
    for way, mw in numbers.capacity_by_way(shown.capacity).items():
        rows.append(
            {
                "key": way,
                "name": numbers.way_name(way),
                "cells": [numbers.mw_text(float(v)) for v in mw_percentiles(mw, at)],
                "share": f"{percent(share_taking(mw, shown.load_mw))} %" if shown.load_mw else "",
            }
        )
    return rows


def _words() -> dict[str, str]:
    return {
        "about": _("Can the grid carry it? New load every bus takes"),
        "treatments": _("The treatments side by side"),
        "treatments_lead": _(
            "MW of new load by share of buses that take less: of a hundred buses five stay below the first number, half below the middle one."
        ),
        "treatment": _("treatment"),
        "takes": _("take the load"),
        "again_command": _("This command makes the page again:"),
    }
