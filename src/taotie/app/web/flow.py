"""Where does the energy of one request go? A Sankey that runs downwards and fits any width. [Wh]

Widths are means, since medians do not add up; at each node what comes in equals what goes out, draw by draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from taotie.app.charts import theme
from taotie.app.charts.sankey import node_word
from taotie.app.charts.sankey_layout import (
    Band,
    check_conserved,
    layers_of,
    layout,
    passing_text,
    ribbon_path,
)
from taotie.app.web.drawing import framed, text
from taotie.quantity.figure import Figure
from taotie.quantity.wording import readable
from taotie.words.language import _

__all__ = ["bands_of_request", "flow_chart"]

LAYER_PX, BAR_PX = 92.0, 7.0


def bands_of_request(figures: Mapping[str, Figure]) -> list[Band]:
    """The bands of one request from the building's meter down to reading and writing, in one readable unit.

    Raises
    ------
    ResultError
        If a node does not conserve energy.
    """
    unit = readable(figures["energy_per_request"]).unit
    wanted = [
        ("facility", "cooling", "energy_cooling"),
        ("facility", "server", "energy_per_request_server"),
        ("server", "host", "energy_host"),
        ("server", "accelerator", "energy_per_request_accelerator"),
        ("accelerator", "prefill", "energy_prefill"),
        ("accelerator", "decode", "energy_decode"),
    ]
    bands = [
        Band(start, end, figures[key].to(unit).mean, figures[key].to(unit))
        for start, end, key in wanted
        if key in figures and figures[key].mean > 0
    ]
    check_conserved(bands)
    return bands


def flow_chart(bands: list[Band], alt: str) -> str:
    """The bands as a drawing: downwards, widths as shares of the paper."""
    unit = bands[0].figure.unit
    layers = layers_of(bands)
    n_layer = max(layers.values()) + 1
    length = LAYER_PX * (n_layer - 1)
    nodes, ribbons = layout(bands, length, 1000.0, 250.0, 12.0)
    height = length + BAR_PX + 44
    paths = []
    for r in ribbons:
        path = ribbon_path(r, nodes[r.band.start].along + BAR_PX, nodes[r.band.end].along, False)
        colour = theme.BLUE if r.band.figure.boundary == "grid" else theme.AMBER
        title = (
            f"{node_word(r.band.start)} → {node_word(r.band.end)}: {passing_text([r.band], unit)}"
        )
        paths.append(
            f'<path d="{path}" fill="{colour}" fill-opacity="0.36"><title>{escape(title)}</title></path>'
        )
    parts = [
        f'<svg x="0" y="0" width="100%" height="{height:.0f}" viewBox="0 0 1000 {height:.0f}"'
        f' preserveAspectRatio="none">{"".join(paths)}</svg>'
    ]
    for node in nodes.values():
        near, far = node.near / 10, max(node.far, node.near + 3) / 10
        parts.append(
            f'<rect x="{near:.2f}%" y="{node.along:.1f}" width="{far - near:.2f}%" height="{BAR_PX}"'
            f' fill="{theme.INK}"/>'
        )
        middle = 0.5 * (near + far)
        y = node.along + BAR_PX + 15
        for only, words, value in (
            ("wide", node_word(node.name), passing_text(bands, unit, node.name)),
            (
                "narrow",
                short_word(node.name),
                passing_text(bands, unit.partition("/")[0], node.name),
            ),
        ):
            edge = 9 if only == "wide" else 14
            anchor, x = "middle", middle
            if middle < edge:
                anchor, x = "start", 0.0
            elif middle > 100 - edge:
                anchor, x = "end", 100.0
            parts.append(text(x, y, words, anchor=anchor, bold=True, only=only))
            parts.append(text(x, y + 15, value, anchor=anchor, size=12, only=only))
    return framed("".join(parts), height, alt)


def short_word(name: str) -> str:
    """A node in few letters, for a phone."""
    return {
        "cooling": _("cooling"),
        "prefill": _("reading"),
        "decode": _("writing"),
        "accelerator": _("chips"),
    }.get(name, node_word(name))
