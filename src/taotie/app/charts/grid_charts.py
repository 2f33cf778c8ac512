"""Which buses take a load, and what limits them? Maps, share of buses by load, limiting pairs, as pictures of a page.

Drawn as SVG and HTML by ourselves: no script, and a few hundred kilobytes for thousands of buses.
"""

from __future__ import annotations

import math
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np

from taotie.answer.parts.grid import (
    CapacityPicture,
    HostingCapacityByTreatment,
    limiting_pairs,
    pair_words,
    picture_note,
    share_taking,
    shares_taking,
)
from taotie.app.charts import theme
from taotie.app.charts.grid_capacity_map import classes_html, maps_html
from taotie.app.charts.grid_numbers import (
    ALL_IN,
    COLOURS,
    N_BUS_DRAWN,
    N_BUS_NAMED,
    REFERENCE_MW,
    RULES,
    FloatArray,
    capacity_by_way,
    case_name,
    class_edges,
    class_of,
    class_words,
    half_take,
    listed,
    mw_text,
    named,
    span,
    way_name,
)
from taotie.app.charts.grid_tables import bus_table, limiting_table, share_table
from taotie.app.charts.picture import Picture, cut, sentences
from taotie.quantity.wording import number, percent
from taotie.words.language import N_, _

N_LIMIT = 15
# colour and dashes of a line by treatment
LINES = {
    ALL_IN: (theme.GREY, "2 4"),
    "strict": (theme.AMBER_DEEP, ""),
    "margin": (theme.BLUE, ""),
    "cutoff": (theme.INK, "7 4"),
}


# ---- share of buses by load -------------------------------------------------------------------------------


def shares_html(shown: CapacityPicture) -> str:
    """Share of buses that take at least so much, by treatment, for wide and narrow paper; a legend in words."""
    ways = capacity_by_way(shown.capacity)
    rows, colon = [], named("", "")
    for way, mw in ways.items():
        colour, dash = LINES.get(way, (theme.GREY, ""))
        dashes = f' stroke-dasharray="{dash.replace("7 4", "4 2")}"' if dash else ""
        said = _("half of the buses take {mw} MW or more").format(mw=mw_text(half_take(mw)))
        if shown.load_mw:
            said = _("{share} % of the buses take {load} MW; {half}").format(
                share=percent(share_taking(mw, shown.load_mw)),
                load=mw_text(shown.load_mw),
                half=said,
            )
        rows.append(
            f'<li><svg viewBox="0 0 16 16" class="key" aria-hidden="true"><line x1="0" x2="16" y1="8" y2="8"'
            f' stroke="{colour}" stroke-width="3"{dashes}/></svg> <b>{escape(way_name(way))}</b>{colon}{escape(said)}</li>'
        )
    return (
        f'{RULES}<div class="shares"><div class="wide">{_shares_svg(ways, shown.load_mw, 720, 330)}</div>'
        f'<div class="narrow">{_shares_svg(ways, shown.load_mw, 350, 260)}</div></div>'
        f'<ul class="legend">{"".join(rows)}</ul>'
    )


def _shares_svg(ways: dict[str, FloatArray], load_mw: float | None, wide: int, tall: int) -> str:
    left, right, top, bottom = 46.0, 12.0, 22.0, 44.0
    high = max(float(mw.max()) for mw in ways.values())
    last = 10 ** math.ceil(math.log10(max(high, 1.001 * (load_mw or 0), 100)) - 1e-9)

    def across(mw: float) -> float:
        return left + (wide - left - right) * math.log10(max(mw, 1.0)) / math.log10(last)

    def down(share: float) -> float:
        return top + (tall - top - bottom) * (1 - share)

    size = 12
    text = f'font-size="{size}" fill="{theme.QUIET}" font-family="inherit"'
    parts = [
        f'<svg class="drawn" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" focusable="false">'
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = down(share)
        parts.append(
            f'<line x1="{left}" x2="{wide - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{theme.RULE}"/>'
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" {text}>{100 * share:.0f} %</text>'
        )
    step = 1
    while step <= last:
        x = across(step)
        end = ' text-anchor="end"' if step == last else ' text-anchor="middle"'
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{tall - bottom}" y2="{tall - bottom + 5}" stroke="{theme.GREY}"/>'
            f'<text x="{x:.1f}" y="{tall - bottom + 19}"{end} {text}>{number(float(step), 1)}</text>'
        )
        step *= 10
    axis = _("new load at the bus, MW")
    parts.append(
        f'<text x="{(left + wide - right) / 2:.0f}" y="{tall - 6}" text-anchor="middle" {text}>'
        f"{escape(axis)}</text>"
    )
    grid_mw = np.geomspace(1.0, last, 241)
    for way, mw in ways.items():
        colour, dash = LINES.get(way, (theme.GREY, ""))
        taking = shares_taking(mw, grid_mw)
        path = "L".join(
            f"{across(float(a)):.1f} {down(float(b)):.1f}"
            for a, b in zip(grid_mw, taking, strict=True)
        )
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        parts.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2.4"{dashes}/>'
        )
    if load_mw:
        x = across(load_mw)
        side = "end" if x > 0.7 * wide else "start"
        mark = _("the load: {mw} MW").format(mw=mw_text(load_mw))
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top - 6}" y2="{tall - bottom}" stroke="{theme.INK}" stroke-width="1.4"/>'
            f'<text x="{x + (-6 if side == "end" else 6):.1f}" y="{top - 8}" text-anchor="{side}" font-size="{size}"'
            f' font-weight="650" fill="{theme.INK}" font-family="inherit">{escape(mark)}</text>'
        )
        for way, mw in ways.items():
            y = down(share_taking(mw, load_mw))
            colour = LINES.get(way, (theme.GREY, ""))[0]
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.2" fill="{colour}"/>')
    parts.append("</svg>")
    return "".join(parts)


# ---- what binds -----------------------------------------------------------------------------------------------


def limiting_html(shown: CapacityPicture, n: int = N_LIMIT) -> str:
    """One list a treatment: the pairs that limit most buses, with bars."""
    found = shown.capacity
    lists = []
    for way in found.by_treatment:
        pairs = limiting_pairs(found, way)
        top = max(pairs[0].buses, 1) if pairs else 1
        rows = "".join(
            f'<li><span>{escape(pair_words(found, p))}</span><span class="num">{number(p.buses, 6)}</span>'
            f'<span class="bar"><i style="width:{100 * p.buses / top:.1f}%"></i></span></li>'
            for p in pairs[:n]
        )
        said = _("{n} pairs limit some bus; these limit most").format(n=number(len(pairs), 6))
        lists.append(
            f'<div data-way="{escape(way)}"><p class="panel"><b>{escape(way_name(way))}</b> {escape(said)}</p><ol>{rows}</ol></div>'
        )
    return f'{RULES}<div class="limiting">{"".join(lists)}</div>'


# ---- pictures -----------------------------------------------------------------------------------------------


WHEN = {
    "all": N_("with any one branch lost"),
    "none": N_("with all branches in service"),
    "table": N_("in every outage of the case's table"),
}


def finding(shown: CapacityPicture) -> str:
    """What the pictures say, in one or two sentences."""
    found = shown.capacity
    ways = capacity_by_way(found)
    all_in = ways.pop(ALL_IN)
    when = _(WHEN[shown.outages])
    if not shown.load_mw:
        low, high = (f(half_take(v) for v in ways.values()) for f in (min, max))
        said = _(
            "Half of the buses take {low} to {high} MW or more {when}, depending on how branches that are full already are treated."
        ).format(low=mw_text(low), high=mw_text(high), when=when)
        intact = _("With all branches in service {all_in} MW.").format(all_in=mw_text(half_take(all_in)))  # fmt: skip
    else:
        shares = [share_taking(v, shown.load_mw) for v in ways.values()]
        said = _(
            "{span} % of the buses take {load} MW {when}, depending on how branches that are full already are treated."
        ).format(span=span(shares), load=mw_text(shown.load_mw), when=when)
        intact = _("With all branches in service {all_in} % do.").format(
            all_in=percent(share_taking(all_in, shown.load_mw))
        )
    return said if shown.outages == "none" else sentences(said, intact)


def treatment_words() -> str:
    """The three treatments explained."""
    return _(
        "Strict: a branch that is over its rating in some outage allows no worsening. Margin: every branch may be used for at least 5 % of its rating. Cutoff: branches that take less than 5 % of the new load are not looked at."
    )


def _remarks(shown: CapacityPicture) -> tuple[str, ...]:
    note = picture_note(shown.capacity.case, shown.drawn)
    remarks = [_("{text}.").format(text=note[:1].upper() + note[1:])] if note else []
    if shown.outages != "all":
        remarks.append(
            _("No outage is looked at: all figures are for the intact grid.")
            if shown.outages == "none"
            else _("Only the outages of the case's own table are looked at.")
        )
    if shown.load_mw is None:
        remarks.append(
            _("No load was asked about: the colours turn at {mw} MW.").format(
                mw=mw_text(REFERENCE_MW)
            )
        )
    if shown.drawn.geographic:
        remarks.append(
            _("Borders: US Census Bureau and Natural Earth; towns: GeoNames, CC BY 4.0.")
        )
    n = shown.capacity.case.n_bus
    if n > N_BUS_DRAWN:
        remarks.append(
            _(
                "{n} buses are too many to draw one by one: each hexagon has the colour of the median of its buses and is larger where there are more; branches are left out. `taotie grid capacity CASE --json` prints every bus."
            ).format(n=number(n, 6))
        )
    elif n > N_BUS_NAMED:
        remarks.append(
            _("What limits each of the {n} buses is in `taotie grid capacity CASE --json`.").format(
                n=number(n, 6)
            )
        )
    return tuple(remarks)


def _method(shown: CapacityPicture) -> str:
    case = shown.capacity.case
    return sentences(
        _(
            "Linear (DC) power flow, every bus and every outage of one branch, exact. Load grows at one bus at a time until some branch reaches its rating."
        ),
        treatment_words(),
        _("Grid: {case}, {licence}.").format(case=case_name(shown.capacity), licence=case.licence),
    )


def _colours_said(shown: CapacityPicture) -> str:
    text = (
        _(
            "Each hexagon stands for its buses: blue where half of them or more take {mw} MW as the only new load, amber where not; the more it stands out, the further it is from that."
        )
        if shown.capacity.case.n_bus > N_BUS_DRAWN
        else _(
            "Each dot is a bus. Blue takes {mw} MW as the only new load, amber does not; the more it stands out, the further it is from that."
        )
    )
    return text.format(mw=mw_text(shown.load_mw or REFERENCE_MW))


def map_picture(shown: CapacityPicture) -> Picture:
    """Maps of the grid, one a treatment, and the histogram by the same classes."""
    found = shown.capacity
    ways = capacity_by_way(found)
    load = shown.load_mw
    title = _("Where the load fits") if load else _("Where there is room for new load")
    alt = listed(
        named(way_name(k), "")
        + ", ".join(
            f"{words} {percent(float(n) / len(v))} %"
            for words, n in zip(
                class_words(class_edges(load)),
                np.bincount(class_of(v, class_edges(load)), minlength=len(COLOURS)),
                strict=True,
            )
        )
        for k, v in ways.items()
    )
    return Picture(
        name="map",
        title=title,
        finding=_colours_said(shown),
        alt=cut(alt, 1500),
        method=_method(shown),
        table=bus_table(found),
        svg=maps_html(shown) + classes_html(shown),
        remarks=(*([best_words(shown)] if shown.best else []), *_remarks(shown)),
    )


def limits_of(found: HostingCapacityByTreatment) -> tuple[str, ...]:
    """What the method leaves out and what is odd about the case, in the language in force."""
    return tuple(one.text() for one in found.limits)


def share_picture(shown: CapacityPicture, limits: bool = True) -> Picture:
    """Share of buses by load, with the limits of the method beside it."""
    ways = capacity_by_way(shown.capacity)
    alt = listed(
        named(way_name(k), "")
        + ", ".join(
            f"{x} MW {percent(share_taking(v, x))} %" for x in (10, 50, 100, 200, 500, 1000)
        )
        for k, v in ways.items()
    )
    return Picture(
        name="shares",
        title=_("How many buses take how much"),
        finding=_(
            "The distance between the lines is not chance but the answer to one question: what may a new load do to branches that are full already?"
        ),
        alt=cut(alt, 1500),
        method=sentences(
            treatment_words(),
            _("A line stands at the share of buses whose capacity is at least so much."),
        ),
        table=share_table(shown),
        svg=shares_html(shown),
        limits=(*(one.text() for one in shown.said), *limits_of(shown.capacity)) if limits else (),
    )


def best_words(shown: CapacityPicture) -> str:
    """The best buses by name; empty where they are not known."""
    if not shown.best:
        return ""
    return _("Best buses: {list}.").format(
        list=listed(f"{name} ({mw_text(mw)}\u00a0MW)" for name, mw in shown.best)
    )


def limiting_picture(shown: CapacityPicture) -> Picture:
    """The branches and outages that limit most buses."""
    found = shown.capacity
    parts = []
    for way in found.by_treatment:
        pairs = limiting_pairs(found, way)
        if pairs:
            parts.append(
                _("{way}: {what}, {n} of {all} buses").format(
                    way=way_name(way), what=pair_words(found, pairs[0]),
                    n=number(pairs[0].buses, 6), all=number(found.case.n_bus, 6),
                )
            )  # fmt: skip
    cut_off = found.share_cut_off
    remarks = [
        _(
            "{share} % of the buses hang on one branch: its loss cuts them off, which is not counted as an outage here."
        ).format(share=percent(cut_off))
    ]
    if found.pairs_over:
        remarks.append(
            _(
                "Before anything is added {n} pairs are over their rating, the worst at {worst} %; the strict treatment lets no load worsen them."
            ).format(n=number(found.pairs_over, 6), worst=f"{100 * found.worst_loading:.0f}")
        )
    return Picture(
        name="limiting",
        title=_("What gives way first"),
        finding=_("What limits most buses. {list}.").format(list=listed(parts)),
        alt=cut(listed(parts), 1500),
        method=_(
            "For each bus the pair (branch, outage) whose rating is reached first; counted over all buses."
        ),
        table=limiting_table(found),
        svg=limiting_html(shown),
        remarks=tuple(remarks),
    )


def all_in_one(shown: CapacityPicture, **changes: Any) -> Picture:
    """Maps, shares and limiting pairs as one picture, for a report that has others."""
    one, two, three = (
        map_picture(shown),
        share_picture(shown, limits=False),
        limiting_picture(shown),
    )
    svg = (
        one.svg
        + f"<h3>{escape(two.title)}</h3>{shares_html(shown).removeprefix(RULES)}"
        + f"<h3>{escape(three.title)}</h3>{limiting_html(shown, 8).removeprefix(RULES)}"
    )
    made = replace(
        one, name="grid", svg=svg, finding=sentences(finding(shown), one.finding), alt=cut(sentences(one.alt, two.alt, three.alt), 3000),
        remarks=(*one.remarks, *three.remarks),
    )  # fmt: skip
    return replace(made, **changes)
