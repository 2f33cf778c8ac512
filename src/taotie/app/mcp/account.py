"""What does an assistant read first? The figures with range, boundary and kind, what must be said, and the citations."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from taotie.answer.answer import Answer
from taotie.answer.asking import ask
from taotie.app.api.worker import answer_text
from taotie.words.language import _

__all__ = ["account", "told"]

ROWS = 40
"""Figures an account lists; the whole answer is one resource away."""


def told(ask_name: str, settings: dict[str, Any], tell: Callable[[str], None] | None = None) -> str:
    """A question's answer as an account and as its JSON text, together as JSON. Runs in a working process."""
    answer = ask(ask_name, tell=tell, **settings)
    return json.dumps(
        {"account": account(answer), "json": answer_text(answer), "rows": _rows(answer)}
    )


def _rows(answer: Answer) -> list[dict[str, str]]:
    return [
        {
            "key": row.key, "name": row.name, "value": row.value, "range": row.range,
            "unit": row.unit, "boundary": row.boundary, "kind": row.kind,
        }
        for row in answer.shown(every=True)
    ]  # fmt: skip


def account(answer: Answer) -> str:
    """An answer as a person would be told it, in the language in force."""
    lines = []
    for row in answer.shown()[:ROWS]:
        lines.append(
            f"- {row.name}: {row.text} ({row.words})" if row.words else f"- {row.name}: {row.text}"
        )
    for table in answer.tables:
        lines.append(_("table in the JSON: {name}, {n} rows").format(name=table, n=len(answer.tables[table].rows)))  # fmt: skip
    said = [one.text() for one in answer.said]
    if said:
        lines += ["", _("To be told with it:"), *(f"- {text}" for text in said)]
    limits = [one.text() for one in answer.limits]
    if limits:
        lines += ["", _("What this leaves out:"), *(f"- {text}" for text in limits)]
    sources = answer.sources
    if sources:
        lines += ["", _("Sources:")]
        lines += [
            f"- [{key}] {fields.get('citation') or _cited(fields)}"
            for key, fields in sources.items()
        ]
    return "\n".join(lines)


def _cited(fields: Any) -> str:
    parts = (fields.get(k, "") for k in ("author", "title", "where", "doi", "url"))
    return ". ".join(str(p) for p in parts if p)
