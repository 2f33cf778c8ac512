"""The page of a metered service: both languages, offline, its figures those of the answer."""

from __future__ import annotations

import re

import pytest

from taotie.answer.meter import meter_report

T0 = 1_767_225_600


def test_worked_page_shows_the_day_and_its_requests(tmp_path) -> None:
    pytest.importorskip("jinja2", reason="jinja2 is not installed")
    pytest.importorskip("jinja2", reason="jinja2 is not installed")
    from taotie.app.charts.meter_charts import cost_pictures, course_picture
    from taotie.app.pages.meter_page import meter_html

    rows = "".join(f"{T0 + 60 * s},GPU-a,{s * 60 * (100 if s < 60 else 300)}\n" for s in range(121))
    (tmp_path / "m.csv").write_text("timestamp,uuid,energy_j\n" + rows)
    (tmp_path / "r.csv").write_text(
        "start,duration_s,prompt_tokens,completion_tokens,model,user\n"
        + "".join(f"{T0 + 3700 + 60 * i},50,100,200,llama,<b>ann</b>\n" for i in range(50))
    )
    (tmp_path / "f.csv").write_text(
        "hour,average_g_per_kwh,moer,price\n2026-01-01T00:00:00Z,300,500,0.1\n2026-01-01T02:00:00Z,,,\n"
    )
    answer = meter_report(
        [tmp_path / "m.csv"], tmp_path / "r.csv", factors=tmp_path / "f.csv", server_factor=1.3
    )
    # a column that is no factor is told, an hour without one is left empty
    assert any("moer" in s.text() and s.code == "factors_unused" for s in answer.said)
    carbon, price = cost_pictures(answer)
    assert (carbon.name, price.name) == ("carbon", "price")
    assert [r["a"] for r in carbon.table.rows] == [pytest.approx(0.3 * 1.3 * 300), None]
    assert sum(r["a"] or 0 for r in price.table.rows) == pytest.approx(answer.own["price"])
    course = course_picture(answer)
    assert [r["w"] for r in course.table.rows][:2] == [100.0, 100.0]
    page = meter_html(answer, "en")
    assert "What was really drawn" in page
    assert "实际用了多少电" in page
    assert "&lt;b&gt;ann" in page
    assert "<b>ann" not in page
    assert re.search(r'data-testid="by_model"', page)
    assert not re.search(r'(?:src|href)="https?://', page)
    main = answer.figures["energy_per_request_full"].p50
    assert f'data-key="energy_per_request_full" data-value="{main}"' in page
