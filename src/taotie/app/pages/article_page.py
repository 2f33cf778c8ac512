"""How is a checked article read? Its text with the statements tinted, and beside each its reading, source and verdict."""

from __future__ import annotations

from html import escape
from pathlib import PurePath
from typing import Any

from taotie.app.pages.tied import tied
from taotie.words.language import LANGUAGES, _, language, speaking

_TINT = {
    "reproduces": "#d9f0d3", "rounding": "#e8f5e1", "outdated": "#e3dff1", "not checkable": "#eef0f3", "inconsistent with source": "#fbd5cf",
    "unit error": "#fbd5cf",
}  # fmt: skip
_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;margin:0 auto;max-width:70rem;padding:1rem}
.two{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:2rem}mark{color:#111;border-radius:3px;padding:0 .15em;text-decoration:none}
h1{font-size:1.5rem;overflow-wrap:anywhere}.text{white-space:pre-wrap;overflow-wrap:anywhere}ol{padding-left:1.4rem}li{margin-bottom:.8rem;overflow-wrap:anywhere}small{display:block;opacity:.8}
@media(max-width:720px){.two{grid-template-columns:minmax(0,1fr)}}summary{cursor:pointer;margin:2rem 0 1rem}@media(prefers-color-scheme:dark){body{background:#14181c;color:#e8eaed}a{color:#8ab4f8}}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def article_page(audit: Any) -> str:
    """The page of a `TextAudit`, one file that opens without a network and runs no script.

    The language in force is shown; the other one is folded away below it.
    """
    order = [language(), *(c for c in LANGUAGES if c != language())]
    halves = []
    for code in order:
        with speaking(code):
            halves.append(_half(audit, code))
    title = escape(_file_name(audit) or "taotie")
    other = {"en": "English", "zh": "中文"}[order[1]]
    folded = f"<details><summary>{other}</summary>{halves[1]}</details>"
    return tied(
        f'<!doctype html><html lang="{"zh-Hans" if order[0] == "zh" else "en"}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{halves[0]}{folded}</body></html>"
    )


def _file_name(audit: Any) -> str:
    """The name of the file without its folders."""
    return PurePath(audit.name).name if audit.name else ""


def _half(audit: Any, code: str) -> str:
    from taotie.answer.parts.audit import MARKS, match_line, verdict_word

    reading = audit.reading
    rows = []
    for c in audit.by_fault:
        shown = escape(" ".join(reading.to_json(c.quantity)["text"].split()))
        start = reading.place(c.quantity)[0]
        line = (
            f"<small>{escape(match_line(c.best))}</small>"
            if c.best
            else f"<small>{escape(_('The catalogue has no figure of this subject and dimension.'))}</small>"
        )
        rows.append(
            f'<li><a href="#{code}{start}">{shown}</a> {MARKS[c.verdict]} {escape(verdict_word(c.verdict))}{line}</li>'
        )
    between = [
        f"<li>{escape(b.parts_text)} / {escape(b.whole.text)}: {b.ratio:.3g} {MARKS[b.verdict]} {escape(verdict_word(b.verdict))}</li>"
        for b in audit.between
    ]
    counts = "; ".join(f"{n} {MARKS[v]} {verdict_word(v)}" for v, n in audit.counts.items() if n)
    together = (
        f"<h2>{escape(_('Among themselves'))}</h2><ul>{''.join(between)}</ul>" if between else ""
    )
    lang = "zh-Hans" if code == "zh" else "en"
    return (
        f'<section lang="{lang}"><h1>{escape(_file_name(audit) or _("A text"))}</h1><p>{escape(counts)}</p><div class="two">'
        f'<div class="text">{_tinted(audit, code)}</div><div><ol>{"".join(rows)}</ol>{together}</div></div></section>'
    )


def _tinted(audit: Any, code: str) -> str:
    source, at, parts = audit.reading.source, 0, []
    for c in sorted(audit.claims, key=lambda c: c.quantity.start):
        start, end = audit.reading.place(c.quantity)
        if start < at:
            continue
        parts.append(escape(source[at:start]))
        parts.append(
            f'<mark id="{code}{start}" style="background:{_TINT.get(c.verdict, "#eef0f3")}">{escape(source[start:end])}</mark>'
        )
        at = end
    parts.append(escape(source[at:]))
    return "".join(parts)
