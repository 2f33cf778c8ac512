"""`taotie supply`: what supplies a load around the clock, at a score or a cost."""

from __future__ import annotations

from typing import Any

import typer

from taotie.app.cli.answers import print_answer
from taotie.app.cli.asked import register_ask, report
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(app, "supply", _show, (report(),), before=_page_wanted)


def _page_wanted(settings: dict[str, Any], door: dict[str, Any]) -> bool:
    if door["report"] is not None:
        settings["compare"] = True
    return False


def _show(answer: Any, door: dict[str, Any]) -> None:
    if door["report"] is not None:
        from taotie.app.charts.supply_charts import supply_pictures
        from taotie.app.pages.answer_page import write_answer_page

        write_answer_page(
            answer, door["report"], title=lambda a: _("What supplies the load around the clock?"),
            sentence=_sentence, about=lambda a: _("Supply: carbon-free power by the hour"),
            pictures=supply_pictures, command=door["command"],
        )  # fmt: skip
        answer = answer.with_files(str(door["report"]))
    print_answer(answer, door["json"], _("Least-cost supply:"))


def _sentence(answer: Any) -> str:
    own = answer.own
    if "sites" in own:
        return _("{n} years or sites, each supplied alone.").format(n=len(own["sites"]))
    return _("{score} % of the energy is carbon-free in its hour at {cost} {currency}/MWh; {co2} g/kWh remain.").format(
        score=f"{100 * own['score']:.1f}", cost=f"{own['cost_per_mwh']:.1f}", currency=own["currency"], co2=f"{own['co2_g_per_kwh']:.0f}"
    )  # fmt: skip
