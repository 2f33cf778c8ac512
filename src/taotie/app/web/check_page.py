"""Is a sentence or an article right? Paste it: what was read, the verdict, the figures of the catalogue beside it."""

from __future__ import annotations

from typing import Any

from taotie.answer.answer import Answer
from taotie.app.web.asked import answered, kept
from taotie.app.web.chart import Chart, data
from taotie.app.web.drawing import Place, range_chart
from taotie.app.web.parts import source_list
from taotie.app.web.site import View
from taotie.app.web.state import State
from taotie.errors import DataError, TaotieError
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import number
from taotie.words.language import N_, _, language

FIELDS = ("says", "from", "per", "source_range", "cite")
EXAMPLES = (
    (N_("Data centres worldwide used 415 TWh in 2024."), ""),
    (N_("ChatGPT uses 564 MWh a day."), "195 million * 2.9 Wh"),
    ("100 000 H100: 42 MWh", "100000 * 700 W * 0.61"),
)
TINTS = {
    "reproduces": "good", "rounding": "good", "unit error": "bad", "inconsistent with source": "bad",
}  # fmt: skip
LONGEST_ARTICLE = 200_000
"""Letters of an article a page takes; the command takes files of 20 million bytes."""


def build(state: State) -> View:
    """The page of a sentence, or of an article."""
    title = _("Is a published number right?")
    cite = state.get("cite", "text")
    values: dict[str, Any] = {
        "says": state.get("says"), "given": state.get("from"), "per": state.get("per"),
        "source_range": state.get("source_range"), "article": state.posted.get("article", "").strip(), "style": cite,
        "styles": [("text", _("text")), ("bibtex", "BibTeX"), ("csl", "CSL JSON")],
        "examples": [(_(says), given) for says, given in EXAMPLES],
        "checked": None, "found": None, "drawer_open": bool(state.get("per") or state.get("source_range")),
    }  # fmt: skip
    try:
        if values["article"]:
            values["found"] = of_article(values["article"])
            counts = "; ".join(f"{n} {word}" for n, word, _tint in values["found"]["counts"])
            return View(title, values, known=FIELDS, share=(title, counts))
        if values["says"]:
            answer = asked(values)
            checked = of_sentence(answer)
            values["checked"] = checked
            chart = beside(answer)
            values["chart"] = chart
            return View(
                title, values, (chart,) if chart else (), known=FIELDS,
                share=(checked["word"], values["says"], checked["why"]),
            )  # fmt: skip
    except TaotieError as error:
        return View(title, values, error=error, known=FIELDS, status=422)
    return View(title, values, known=FIELDS)


def asked(values: dict[str, Any]) -> Answer:
    """The answer of the ask `check`."""
    settings = {k: values[k] for k in ("says", "given", "per", "source_range") if values[k]}
    return answered("check", **settings, cite=values["style"])


def of_sentence(answer: Answer) -> dict[str, Any]:
    """What a page shows of a checked sentence."""
    from taotie.answer.parts.audit import MARKS, verdict_word

    verdict = answer.own["verdict"]
    zh = language() == "zh"
    return {
        "verdict": verdict,
        "word": verdict_word(verdict),
        "mark": MARKS[verdict],
        "tint": TINTS.get(verdict, "open"),
        "why": answer.own.get("why_zh" if zh else "why_en", "") or "",
        "hint": answer.own.get("hint_zh" if zh else "hint_en", "") or "",
        "read": [r for r in answer.own["read"] if r["kind"] not in ("year",)],
        "against": [_shown(m) for m in answer.own["against"][:6]],
        "said": [s.text() for s in answer.said],
        "cite": answer.own["cite"],
        "ratio": answer.own["ratio"],
        "sources": source_list(answer),
    }


def _shown(match: dict[str, Any]) -> dict[str, Any]:
    """A figure of the catalogue beside the sentence."""
    zh = language() == "zh"
    low, high = match["low"], match["high"]
    printed = f"{number(match['value'], 4)} {unit_word(match['unit'])}"
    if low is not None and high is not None and low != high:
        printed += f" [{number(low, 4)} – {number(high, 4)}]"
    return {
        "key": match["key"],
        "label": match["label_zh" if zh else "label_en"],
        "value": printed,
        "ratio": ""
        if match["ratio"] is None
        else _("stated over this: {ratio}").format(ratio=number(match["ratio"], 3)),
        "differences": match["differences"],
        "citation": match["source"]["citation"],
        "source": match["source"]["key"],
        "access": match["source"].get("access", ""),
    }


def beside(answer: Answer) -> Chart | None:
    """The stated value beside the figures of the catalogue of the same unit."""
    matches = answer.own["against"]
    if not matches or matches[0]["ratio"] is None:
        return None
    unit = matches[0]["unit"]
    same = [m for m in matches if m["unit"] == unit and m["value"] > 0]
    if not same:
        return None
    stated = same[0]["value"] * same[0]["ratio"]
    zh = language() == "zh"
    rows = [
        Place(_("The sentence"), stated, stated, stated, number(stated, 4)),
        *(
            Place(
                m["label_zh" if zh else "label_en"],
                m["low"] if m["low"] else m["value"],
                m["value"],
                m["high"] if m["high"] else m["value"],
                number(m["value"], 4),
                "published",
            )
            for m in same
        ),
    ]
    table = tuple(
        {"name": r.name, "low": r.low, "value": r.middle, "high": r.high, "unit": unit}
        for r in rows
    )
    best = same[0]
    finding = _("The sentence states {ratio} times what the nearest figure of the catalogue says.").format(
        ratio=number(best["ratio"], 3)
    )  # fmt: skip
    return Chart(
        "beside",
        _("Beside the figures of the catalogue"),
        finding,
        range_chart(rows, unit_word(unit), finding),
        data(
            {"name": _("name"), "low": _("low"), "value": _("value"), "high": _("high"), "unit": _("unit")},
            table,
        ),
        _("Logarithmic axis. Figures of the same unit; where their subject, year or place differs from the sentence, the list says so."),
        tuple(dict.fromkeys(m["source"]["key"] for m in same)),
    )  # fmt: skip


def of_article(text: str) -> dict[str, Any]:
    """What a page shows of a whole article.

    Raises
    ------
    DataError
        If it is too long, or nothing in it can be checked.
    """
    from taotie.answer.parts.audit import MARKS, verdict_word
    from taotie.answer.parts.web import audit_text

    if len(text) > LONGEST_ARTICLE:
        raise DataError(
            _("The text has {n} letters; this page takes {most}.").format(n=len(text), most=LONGEST_ARTICLE),
            _("Paste the part that is to be checked, or use: taotie audit FILE"),
        )  # fmt: skip
    made = kept(("article", language(), text), lambda: audit_text(text))
    zh = language() == "zh"
    claims = made.to_json()["claims"]
    rows = []
    for i, claim in enumerate(claims):
        best = claim["against"][0] if claim["against"] else None
        rows.append(
            {
                "id": f"c{i}",
                "text": claim["chosen"]["text"],
                "sentence": " ".join(claim["sentence"].split()),
                "mark": MARKS[claim["verdict"]],
                "word": verdict_word(claim["verdict"]),
                "tint": TINTS.get(claim["verdict"], "open"),
                "best": _shown(best) if best else None,
                "place": claim["place"],
                "off": abs((claim["ratio"] or 1.0) - 1.0),
            }
        )
    order = {"bad": 0, "open": 1, "good": 2}
    return {
        "rows": sorted(rows, key=lambda r: (order[r["tint"]], r["best"] is None, -r["off"])),
        "pieces": _pieces(text, rows),
        "counts": [(n, verdict_word(v), TINTS.get(v, "open")) for v, n in made.counts.items() if n],
        "between": [
            {
                "parts": b.parts_text,
                "whole": b.whole.text,
                "ratio": number(b.ratio, 3),
                "word": verdict_word(b.verdict),
            }
            for b in made.between
        ],
        "unread": [u["text"] for u in made.unread][:40],
        "zh": zh,
    }


def _pieces(text: str, rows: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any] | None]]:
    """The text cut at its numbers: each piece with the claim it is, or None."""
    pieces: list[tuple[str, dict[str, Any] | None]] = []
    at = 0
    for row in sorted(rows, key=lambda r: r["place"][0]):
        start, end = row["place"]
        if start < at:
            continue
        pieces.append((text[at:start], None))
        pieces.append((text[start:end], row))
        at = end
    pieces.append((text[at:], None))
    return [p for p in pieces if p[0]]
