"""A form as a Word file: a template of ours filled by docxtpl, everything escaped, an undefined word refused."""

from __future__ import annotations

import io
from typing import Any

from taotie.answer.parts.forms import Disclosure
from taotie.app.forms.rows import sheet_of
from taotie.errors import MissingExtraError

__all__ = ["form_docx", "template_docx"]


def _packages() -> tuple[Any, Any, Any]:
    try:
        import docx
        import docxtpl
        import jinja2
    except ImportError as error:
        raise MissingExtraError(str(error.name or "docxtpl"), "forms") from None
    return docx, docxtpl, jinja2


def template_docx() -> bytes:
    """The template: head, one row a field, foot."""
    docx, _docxtpl, _jinja2 = _packages()
    page = docx.Document()
    page.add_heading("{{ s.title }}", level=1)
    page.add_paragraph("{{ s.edition }}")
    page.add_paragraph("").add_run("{{ s.boundary }}").bold = True
    page.add_paragraph("{%p if s.recipient %}")
    page.add_paragraph("{{ s.words.recipient }}: {{ s.recipient }}")
    page.add_paragraph("{%p endif %}")
    page.add_paragraph("{%p if s.draft %}")
    page.add_paragraph("").add_run("{{ s.draft }}").bold = True
    page.add_paragraph("{%p endif %}")
    table = page.add_table(rows=4, cols=3)
    table.style = "Light List"
    for cell, text in zip(table.rows[0].cells, ("{{ s.words.field }}", "{{ s.words.value }}", "{{ s.words.status }}"), strict=True):  # fmt: skip
        cell.text = text
    table.rows[1].cells[0].text = "{%tr for r in s.rows %}"
    row = table.rows[2].cells
    row[0].text = "{{ r.label }}{% if r.symbol %} ({{ r.symbol }}){% endif %}"
    row[1].text = "{{ r.shown }}"
    row[1].add_paragraph("{%p if r.range %}")
    row[1].add_paragraph("{{ s.words.range }}: {{ r.range }} {{ r.unit }}")
    row[1].add_paragraph("{%p endif %}")
    row[1].add_paragraph("{%p if r.method %}")
    row[1].add_paragraph("{{ r.method }}")
    row[1].add_paragraph("{%p endif %}")
    row[1].add_paragraph("{%p if r.missing %}")
    row[1].add_paragraph("{{ s.words.missing }}: {{ r.missing }}")
    row[1].add_paragraph("{%p endif %}")
    row[2].text = "{{ r.status }}"
    table.rows[3].cells[0].text = "{%tr endfor %}"
    page.add_paragraph("{%p for note in s.notes %}")
    page.add_paragraph("{{ note }}")
    page.add_paragraph("{%p endfor %}")
    page.add_paragraph("{{ s.words.none }}")
    page.add_paragraph("{{ s.words.hash }}: {{ s.sha256 }}")
    page.add_paragraph("{%p if s.supersedes %}")
    page.add_paragraph("{{ s.words.supersedes }}: {{ s.supersedes }}")
    page.add_paragraph("{%p endif %}")
    stream = io.BytesIO()
    page.save(stream)
    return stream.getvalue()


def form_docx(made: Disclosure) -> bytes:
    """The form as the bytes of a .docx.

    Raises
    ------
    MissingExtraError
        If docxtpl or python-docx is not installed.
    """
    _docx, docxtpl, jinja2 = _packages()
    template = docxtpl.DocxTemplate(io.BytesIO(template_docx()))
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template.render({"s": sheet_of(made)}, jinja_env=environment, autoescape=True)
    stream = io.BytesIO()
    template.save(stream)
    return stream.getvalue()
