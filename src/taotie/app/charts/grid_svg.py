"""What does a grid look like on one sheet? A picture file: lines grey or red where full, buses by capacity. MW."""

from __future__ import annotations

from html import escape
from typing import Any


def _color(share: float) -> str:
    """Dark blue over green to yellow for 0..1."""
    stops = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
    at = max(0.0, min(share, 1.0)) * (len(stops) - 1)
    i = min(int(at), len(stops) - 2)
    a, b = stops[i], stops[i + 1]
    return "#" + "".join(f"{round(p + (q - p) * (at - i)):02x}" for p, q in zip(a, b, strict=True))


def grid_svg(picture: Any, value_mw: Any, title: str, top_mw: float) -> str:
    """The grid as SVG: lines grey (red where full), buses coloured by capacity, with a legend."""
    width, height, margin = 960.0, 700.0, 30.0
    x, y = picture.x, picture.y
    span_x, span_y = float(x.max() - x.min()) or 1.0, float(y.max() - y.min()) or 1.0
    scale = min((width - 2 * margin) / span_x, (height - 2 * margin - 60) / span_y)
    if not picture.geographic:
        scale_x, scale_y = (width - 2 * margin) / span_x, (height - 2 * margin - 60) / span_y
    else:
        scale_x, scale_y = scale * 0.85, scale  # a degree of longitude is shorter
    px = (width - span_x * scale_x) / 2 + (x - x.min()) * scale_x
    py = height - margin - 20 - (y - y.min()) * scale_y
    radius = max(1.2, min(6.0, 90.0 / len(x) ** 0.5))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
        f'<text x="{margin}" y="24" font-size="16">{escape(title)}</text>',
    ]
    for f, t, loading in zip(picture.from_row, picture.to_row, picture.loading, strict=True):
        stroke = "#c0392b" if loading > 0.95 else "#bbb"
        parts.append(
            f'<path d="M{px[f]:.1f} {py[f]:.1f}L{px[t]:.1f} {py[t]:.1f}" stroke="{stroke}" stroke-width="{0.6 + radius / 8:.1f}"/>'
        )
    for i, value in enumerate(value_mw):
        parts.append(
            f'<circle cx="{px[i]:.1f}" cy="{py[i]:.1f}" r="{radius:.1f}" fill="{_color(float(value) / top_mw)}"/>'
        )
    for i in range(5):
        at = margin + i * 90
        parts.append(f'<rect x="{at}" y="36" width="14" height="14" fill="{_color(i / 4)}"/>')
        more = "+" if i == 4 else ""
        parts.append(
            f'<text x="{at + 18}" y="48" font-size="12">{top_mw * i / 4:.0f}{more} MW</text>'
        )
    parts.append(
        f'<text x="{margin}" y="{height - 12:.0f}" font-size="12" fill="#555">{escape(picture.note)}</text></svg>'
    )
    return "\n".join(parts)
