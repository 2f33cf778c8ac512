"""A Chinese page speaks Chinese: no English sentence but citations, formulas and names.

Notes of figures are kept in English; one that no message fits would stand on the page as it is.
"""

import re
from html import unescape

import pytest

import taotie as tt
from rows import each_row
from taotie.app.pages.page import report_html
from taotie.study.read import read_study
from taotie.study.run import run_study

SENTENCE = re.compile(r"[A-Za-z][a-z]+(?:[ ,'-]+[a-z]{2,}){3,}")
CITED = re.compile(r"\[\w+, [^\]]*\]")
"""Source and page, in the source's own words."""

FORMULA = re.compile(r"\(?\w+\(.*\) = ")

STUDIES = {
    "chat": """
[workload]
requests_per_day = 1e6
[compute]
model = "llama-3.1-8b"
serving = "mean-request"
[place]
state = "Virginia"
""",
    "own hours": """
[workload]
kind = "campus"
load = "hours.csv"
[facility]
cooling = "air-economizer"
[place]
region = "四川"
""",
    "search": """
[workload]
kind = "search"
requests_per_day = 3e5
[compute]
model = "llama-3.1-8b"
serving = "mean-request"
[place]
region = "Germany"
""",
    "batch": """
[workload]
kind = "batch"
requests_per_day = 1e6
[compute]
model = "llama-3.1-8b"
[place]
region = "aws:us-east-1"
""",
    "picture": """
[workload]
kind = "picture"
requests_per_day = 3e5
[place]
region = "Ireland"
""",
    "mining": """
[workload]
kind = "mining"
power = "50 MW"
[place]
region = "Ningxia"
""",
}


def english(page: str) -> list[str]:
    """Lines of the Chinese half with an English sentence, sources and formulas apart."""
    start = page.index('<main id="zh"')
    half = page[start : page.index("</main>", start)]
    half = re.sub(r"<(script|style)\b.*?</\1>", " ", half, flags=re.DOTALL)
    half = re.sub(
        r'<section data-section="(sources|again)".*?</section>', " ", half, flags=re.DOTALL
    )
    found = []
    for node in re.split(r"<[^>]+>", half):
        for line in unescape(node).splitlines():
            # what stands behind an arrow, or is a call with what it gives, is a formula
            plain = CITED.sub("", line.partition("<- ")[0])
            if SENTENCE.search(plain) and not FORMULA.match(line):
                found.append(line.strip())
    return found


@pytest.mark.parametrize("name", STUDIES)
def test_property_chinese_pages_hold_no_english_sentence(tmp_path, name):
    (tmp_path / "hours.csv").write_text(
        "time,mw\n" + "".join(f"2025-01-{1 + h // 24:02d} {h % 24:02d}:00,{200 + h % 24}\n" for h in range(168))
    )  # fmt: skip
    path = tmp_path / "study.toml"
    path.write_text('title = "x"\nsamples = 200\n' + STUDIES[name])
    page = report_html(run_study(read_study(path)))
    assert english(page) == []


def test_property_the_check_sees_english():
    page = '<main id="zh"><td>hours of the year that nobody translated</td></main>'
    assert english(page) == ["hours of the year that nobody translated"]


@each_row(
    ("ask", "settings"),
    [
        ("prompt", {"model": "llama-3.1-8b", "region": "四川"}),
        ("prompt", {"model": "gpt-5", "region": "Germany"}),
        ("generate", {"region": "Ireland"}),
        ("embed", {"region": "Virginia"}),
        ("compare", {"model": "llama-3.1-70b"}),
        ("facility", {"region": "Ningxia"}),
        ("train", {"model": "deepseek-v3", "tokens": 14.8e12}),
        ("fleet", {}),
        ("regions", {"region": "azure:northeurope"}),
        ("power", {"options": ["grid_queue=100"]}),
    ],
)
def test_property_chinese_answers_hold_no_english_sentence(ask, settings):
    options = re.compile(r"(?:--[\w-]+(?:, )?)+")
    if ask in ("prompt", "compare", "generate", "embed", "train"):
        settings = {**settings, "samples": 200}
    answer = getattr(tt, ask)(**settings)
    texts = [one["text_zh"] for one in answer.to_dict()["said"]]
    with tt.speaking("zh"):
        for row in answer.shown():
            texts += [row.name, row.unit, row.boundary, row.kind]
        for table in answer.tables.values():
            texts += [c.heading for c in table.columns]
    assert [t for t in texts if SENTENCE.search(options.sub("", t))] == []
