"""A form as PDF, set with Typst in the order of the form; needs the extra `forms`."""

from __future__ import annotations

import json
from typing import Any

from taotie.answer.parts.forms import Disclosure
from taotie.app.forms.rows import sheet_of
from taotie.errors import MissingExtraError

__all__ = ["form_pdf", "form_typst"]

FONTS = ("Noto Sans", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei", "Droid Sans Fallback", "DejaVu Sans", "Libertinus Serif")  # fmt: skip

# the words come in as data: nothing a user wrote is read as markup
_TEMPLATE = """#let s = json(bytes(sys.inputs.sheet))
#set document(title: s.title, date: none)
#set page(paper: "a4", margin: 2cm, footer: context [#set text(8pt, fill: gray); #s.words.at("none") #h(1fr) #counter(page).display("1 / 1", both: true)])
#set text(font: (FONTS), size: 9.5pt, lang: s.typst_lang, fallback: true)
#set par(leading: 0.55em)
#text(15pt, weight: "bold", s.title)

#text(s.edition)

#text(weight: "bold", s.boundary)

#if s.recipient != "" [#text(s.words.recipient + ": " + s.recipient)]

#if s.draft != "" [#text(fill: red, weight: "bold", s.draft)]

#table(
  columns: (2.2fr, 4fr, 1.1fr), stroke: (x: none, y: 0.4pt + gray), inset: 5pt,
  table.header(text(weight: "bold", s.words.field), text(weight: "bold", s.words.value), text(weight: "bold", s.words.status)),
  ..for r in s.rows {
    (
      [#text(r.label) #if r.symbol != "" { text(fill: gray, r.symbol) }],
      [#text(r.shown)
        #if r.range != "" { linebreak(); text(8pt, fill: gray, s.words.range + ": " + r.range + " " + r.unit) }
        #if r.method != "" { linebreak(); text(8pt, fill: gray, r.method) }
        #if r.missing != "" { linebreak(); text(8pt, fill: red, s.words.missing + ": " + r.missing) }],
      text(r.status),
    )
  }
)

#for note in s.notes { par(text(9pt, note)) }

#text(8pt, fill: gray, s.words.hash + ": " + s.sha256)

#if s.supersedes != "" [#text(8pt, fill: gray, s.words.supersedes + ": " + s.supersedes)]
"""


def form_typst(made: Disclosure) -> tuple[str, str]:
    """The Typst source and the sheet it reads, as JSON."""
    sheet = sheet_of(made)
    rows = [{**vars(r), "shown": r.shown} for r in sheet.rows]
    content = {
        **vars(sheet),
        "rows": rows,
        "typst_lang": "zh" if sheet.lang.startswith("zh") else "en",
    }
    fonts = ", ".join(f'"{f}"' for f in FONTS)
    return _TEMPLATE.replace("FONTS", fonts), json.dumps(content, ensure_ascii=False)


def form_pdf(made: Disclosure) -> bytes:
    """The form as PDF bytes; the same form gives the same bytes.

    Raises
    ------
    MissingExtraError
        If the package typst is not installed.
    """
    try:
        import typst
    except ImportError:
        raise MissingExtraError("typst", "forms") from None
    source, sheet = form_typst(made)
    options: dict[str, Any] = {"sys_inputs": {"sheet": sheet}}
    return bytes(typst.compile(source.encode("utf-8"), **options))
