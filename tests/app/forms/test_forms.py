"""Layouts: every row is there, nothing a user wrote is markup, both languages."""

from __future__ import annotations

import io
from html import escape

import pytest

from taotie.app.forms.html_form import form_html
from taotie.policy.disclosure.facts import Facts, given_fact
from taotie.policy.disclosure.forms import FORMS, filled
from taotie.words.language import use_language

NASTY = 'a <b> & "c" 汉字 {{7*7}} {% x %} #set page() $x$ *bold*'


def made(form="mdf"):
    level = "accelerator" if form == "rating" else "facility"
    found = Facts()
    for text in (f"energy_per_query=1 Wh/request @{level}", f"energy=5 MWh @{level}", f"electricity=5 MWh @{level}", f"EDC=5 MWh @{level}", f"training_compute_method={NASTY}", "training_compute=1e23 FLOP"):  # fmt: skip
        found.add(given_fact(text))
    return filled(form, found)


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_property_html_has_every_row(form, language):
    pytest.importorskip("jinja2", reason="the extra report is not installed")
    use_language(language)
    text = form_html(made(form))
    assert text.count('<th scope="row">') == len(made(form).fields)
    assert all(escape(said.text(), quote=False).replace('"', "&#34;").replace("'", "&#39;") in text for said in made(form).said)  # fmt: skip
    assert "<b> &" not in text
    assert ('lang="zh-Hans"' in text) == (language == "zh")


def test_worked_a_unit_stands_once():
    from taotie.app.forms.rows import sheet_of

    use_language("en")
    facts = Facts()
    for text in ("energy_total=12 kWh @facility", "count=2000000", "carbon_intensity=384 gCO2e/kWh", "embodied_total=1300 kgCO2e", "time_reserved=2 h", "expected_life=35040 h", "resource_share=0.125", "role=consumer", "functional_unit=token"):  # fmt: skip
        facts.add(given_fact(text))
    shown = {r.label: r.shown for r in sheet_of(filled("sci-ai", facts)).rows}
    assert shown["Score"] == "2309 gCO2e/Mtoken"
    assert shown["Energy (E)"] == "12 kWh"
    sheet = {r.symbol: r.shown for r in sheet_of(made("dc2024")).rows}
    assert sheet["EDC"] == "5000 kWh"


def test_property_docx_keeps_what_was_written():
    docx = pytest.importorskip("docx", reason="the extra forms is not installed")
    pytest.importorskip("docxtpl", reason="the extra forms is not installed")
    from taotie.app.forms.docx_form import form_docx

    use_language("zh")
    page = docx.Document(io.BytesIO(form_docx(made())))
    cells = [cell.text for row in page.tables[0].rows for cell in row.cells]
    assert NASTY in cells
    assert len(page.tables[0].rows) == 1 + len(made().fields)
    text = "\n".join([p.text for p in page.paragraphs])
    assert made().sha256 in text
    assert "{{" not in text.replace(NASTY, "")


def test_property_pdf_is_the_same_twice():
    pytest.importorskip("typst", reason="the extra forms is not installed")
    from taotie.app.forms.pdf_form import form_pdf

    first = form_pdf(made())
    assert first.startswith(b"%PDF")
    assert first == form_pdf(made())
