"""What does an audit look like at a glance? Squares by subject and verdict, and ratios on a logarithmic axis."""

from __future__ import annotations

import math
from html import escape

from taotie.answer.parts.audit import MARKS, VERDICTS, Audit, Result, system_word, verdict_word
from taotie.words.language import _, language

COLOURS = {
    "reproduces": "#1f7a5c",
    "rounding": "#7bb39c",
    "unit error": "#b3261e",
    "inconsistent with source": "#d98a00",
    "outdated": "#7a62a8",
    "not checkable": "#8c949b",
}
_SIDE, _GAP, _LEFT, _ROW = 20, 4, 170, 26
_WIDTH = 400  # what a phone shows without shrinking its letters
_PER_ROW = 24
_SHOWN_BEYOND = 2.0  # ratios further off than this factor carry their name
_LIMIT = 4.0  # decades on either side
_BIN, _STEP = 7, 8  # claims of nearly one ratio are stacked
MANY = 300
"""Above so many claims a mark has no link and no sign of its own: marks of one verdict are one shape."""
_SMALL, _SMALL_ROW = 7, 72  # side of a square then [px], and squares in a row
_HIGH = 120  # the highest stack then [px]
_NAMED = 12  # claims named below the drawing then, of those with a ratio and of those without


def squares_picture(audit: Audit) -> str:
    """An SVG with one square for each claim, in rows by system; a link leads to its card."""
    rows: list[tuple[str, list[Result]]] = []
    for system in audit.systems:
        mine = [r for r in audit.results if r.claim.system == system]
        rows.append((system, sorted(mine, key=lambda r: VERDICTS.index(r.verdict))))
    rows.sort(key=lambda row: -len(row[1]))
    if len(audit.results) > MANY:
        return _small_squares(rows, len(audit.results))
    per_row = min(max(len(results) for _system, results in rows), _PER_ROW) if rows else 1
    width = _LEFT + per_row * (_SIDE + _GAP)
    parts: list[str] = []
    y = 4
    for system, results in rows:
        parts.append(
            f'<text x="{_LEFT - 12}" y="{y + 15}" text-anchor="end" class="label">'
            f"{escape(system_word(system))}</text>"
        )
        for i, r in enumerate(results):
            column, line = i % per_row, i // per_row
            parts.append(_square(r, _LEFT + column * (_SIDE + _GAP), y + line * _ROW))
        y += _ROW * (1 + (len(results) - 1) // per_row)
    height = y + 4
    label = escape(_("Verdicts of {n} claims by subject").format(n=len(audit.results)))
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{label}" class="squares">'
        + "".join(parts)
        + "</svg>"
    )


def _small_squares(rows: list[tuple[str, list[Result]]], n: int) -> str:
    """The same for many claims: small squares, those of one verdict as one shape that says how many they are."""
    side, step = _SMALL, _SMALL + 2
    parts: list[str] = []
    y = 4
    for system, results in rows:
        parts.append(
            f'<text x="{_LEFT - 12}" y="{y + 9}" text-anchor="end" class="label">{escape(system_word(system))}</text>'
        )
        shapes: dict[tuple[str, str], list[str]] = {}
        for i, r in enumerate(results):
            at = f"M{_LEFT + i % _SMALL_ROW * step} {y + i // _SMALL_ROW * step}h{side}v{side}h-{side}z"
            shapes.setdefault((r.verdict, r.claim.decided_by), []).append(at)
        for (verdict, decided), ways in shapes.items():
            dash = ' fill-opacity="0.35" stroke-dasharray="2 1"' if decided == "documented" else ""
            title = escape(f"{len(ways)} {verdict_word(verdict)}")
            parts.append(
                f'<path d="{"".join(ways)}" fill="{COLOURS[verdict]}" stroke="{COLOURS[verdict]}"{dash}><title>{title}</title></path>'
            )
        y += max(step * (1 + (len(results) - 1) // _SMALL_ROW) + 8, 20)
    width = _LEFT + _SMALL_ROW * step
    label = escape(_("Verdicts of {n} claims by subject").format(n=n))
    return f'<svg viewBox="0 0 {width} {y}" width="{width}" role="img" aria-label="{label}" class="squares">{"".join(parts)}</svg>'


def _square(r: Result, x: int, y: int) -> str:
    dash = ' stroke-dasharray="3 2"' if r.claim.decided_by == "documented" else ""
    colour = COLOURS[r.verdict]
    fill = f'fill="{colour}" fill-opacity="{0.35 if dash else 1}"'
    ink = "#0f1419" if dash or r.verdict in ("rounding", "inconsistent with source") else "#ffffff"
    title = escape(f"{r.claim.id}: {verdict_word(r.verdict)}")
    return (
        f'<a href="#{escape(r.claim.id)}" data-jump="{escape(r.claim.id)}"><title>{title}</title>'
        f'<rect x="{x}" y="{y}" width="{_SIDE}" height="{_SIDE}" rx="3" {fill} stroke="{colour}" stroke-width="1.5"{dash}/>'
        f'<text x="{x + _SIDE / 2}" y="{y + 15}" text-anchor="middle" class="mark" fill="{ink}">{MARKS[r.verdict]}</text></a>'
    )


def ratio_picture(audit: Audit) -> str:
    """An SVG of stated over recomputed for the computed claims, and below it in words those furthest off.

    The furthest off carry a number, which the list explains: names of claims would be too small to read on a phone.
    """
    shown = [r for r in audit.results if r.claim.decided_by == "computed" and r.finding is not None]
    if not shown:
        return ""
    left, right, top = 14, _WIDTH - 14, 14

    def x_of(ratio: float) -> float:
        decades = min(max(math.log10(ratio), -_LIMIT), _LIMIT)
        return left + (decades + _LIMIT) / (2 * _LIMIT) * (right - left)

    beside: list[Result] = []
    placed: list[tuple[Result, float, int]] = []
    stacks: dict[int, int] = {}
    for r in sorted(shown, key=lambda r: VERDICTS.index(r.verdict)):
        if r.ratio is None or r.ratio <= 0 or not math.isfinite(r.ratio):
            beside.append(r)
            continue
        x = x_of(r.ratio)
        level = stacks.get(round(x / _BIN), 0)
        stacks[round(x / _BIN)] = level + 1
        placed.append((r, x, level))
    named = [r for r, _x, level in placed if level == 0 and _is_far(r)]
    named.sort(key=lambda r: r.ratio or 0.0)
    numbers = {r.claim.id: i for i, r in enumerate([*named, *beside], 1)}
    many = len(shown) > MANY
    most = max(stacks.values(), default=0)
    step = min(_STEP, _HIGH / max(most, 1)) if many else _STEP
    if many:
        named, beside = named[:_NAMED], beside[:_NAMED]
        numbers = {r.claim.id: i for i, r in enumerate([*named, *beside], 1)}
    height = top + max(120, 64 + step * most) + (34 if beside else 0)
    floor = height - (60 if beside else 26)

    parts: list[str] = []
    for k in range(-4, 5):
        x = x_of(10.0**k)
        line = "axis" if k in (-3, 0, 3) else "grid"
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top - 6}" y2="{floor}" class="{line}"/>'
        )
        text = {-3: "1/1000", 0: "1", 3: "1000"}.get(k, "")
        if text:
            parts.append(
                f'<text x="{x:.1f}" y="{floor + 17}" text-anchor="middle" class="label">{text}</text>'
            )
    ways: dict[str, list[str]] = {}
    for r, x, level in placed:
        if many and r.claim.id not in numbers:
            ways.setdefault(r.verdict, []).append(f"M{x:.0f} {floor - 8 - level * step:.1f}h0")
        else:
            parts.append(_dot(r, x, floor - 8.0 - level * step, numbers.get(r.claim.id)))
    for verdict, way in ways.items():
        parts.append(
            f'<path d="{"".join(way)}" stroke="{COLOURS[verdict]}" stroke-width="{min(8.0, max(step, 5.0)):.1f}" stroke-linecap="round" fill="none"/>'
        )
    if beside:
        beyond = escape(_("another dimension"))
        parts.append(f'<text x="{left}" y="{height - 8}" class="label">{beyond}</text>')
        for i, r in enumerate(beside):
            parts.append(_dot(r, _WIDTH / 2 + i * 26, height - 12.0, numbers[r.claim.id]))
    label = escape(_("Stated over recomputed value, logarithmic"))
    rows = "".join(_in_words(r, numbers[r.claim.id]) for r in [*named, *beside])
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{label}" class="ratios">'
        + "".join(parts)
        + f'</svg><ol class="named">{rows}</ol>'
    )


def _is_far(r: Result) -> bool:
    far = abs(math.log10(r.ratio or 1.0)) > math.log10(_SHOWN_BEYOND)
    return far and r.verdict in ("unit error", "inconsistent with source")


def _in_words(r: Result, n: int) -> str:
    """What a numbered dot is, as the article says it."""
    says = r.claim.says.get(language()) or r.claim.says.get("en") or r.claim.id
    ratio = "" if r.ratio is None else f" ({r.ratio:.3g}×)"
    return (
        f'<li value="{n}"><a href="#{escape(r.claim.id)}" data-jump="{escape(r.claim.id)}">{escape(says)}</a>'
        f"{ratio} {MARKS[r.verdict]} {escape(verdict_word(r.verdict))}</li>"
    )


def _dot(r: Result, x: float, y: float, n: int | None) -> str:
    ratio = "" if r.ratio is None else f" ({r.ratio:.3g})"
    title = escape(f"{r.claim.id}{ratio}: {verdict_word(r.verdict)}")
    text = ""
    if n is not None:
        text = f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle" class="name">{n}</text>'
    return (
        f'<a href="#{escape(r.claim.id)}" data-jump="{escape(r.claim.id)}"><title>{title}</title>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{COLOURS[r.verdict]}"/>{text}</a>'
    )
