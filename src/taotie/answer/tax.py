"""What would the proposed tax cost, and which rules concern a load of this size? [USD, MW]"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with
from taotie.answer.made import computed
from taotie.errors import RangeError
from taotie.policy.excise_tax import DAME_SCHEDULE, DAME_START, excise_tax, tax_rate
from taotie.policy.large_load_rules import LargeLoadRule, rules_for, status_word
from taotie.quantity.catalog import source
from taotie.quantity.figure import leaf
from taotie.quantity.quantity_text import parse_quantity
from taotie.words.language import N_, _, in_language, language
from taotie.words.said import Said, labels

__all__ = ["rules", "tax"]

YEARS_MAX = 60


@answers_with("tax")
def tax(
    energy: float | str,
    price: float | str = 60.0,
    year: int = DAME_START,
    *,
    until: int | None = None,
    apply_to: str = "mining",
    price_kind: str = "purchase",
    off_grid: bool = False,
    schedule: Sequence[float] = DAME_SCHEDULE,
    start: int = DAME_START,
) -> Answer:
    """The proposed excise tax on mining electricity, by year.

    Parameters
    ----------
    energy : float or str
        Electricity of a tax year. [MWh]
    price : float or str
        [USD/MWh]
    year, until : int
        First and last calendar year in which a tax year begins.
    apply_to : {"mining", "ai"}
        AI is a counterfactual: no such proposal exists.
    price_kind, off_grid, schedule, start
        See `taotie.policy.excise_tax.excise_tax`.

    Raises
    ------
    TaotieError
        In one sentence, for what cannot be.
    """
    used = (
        parse_quantity(energy, "MWh", low=0.0, name="--energy")
        if isinstance(energy, str)
        else float(energy)
    )
    paid = (
        parse_quantity(price, "USD/MWh", bare="USD/MWh", low=0.0, name="--price")
        if isinstance(price, str)
        else float(price)
    )
    last = year if until is None else until
    if not 0 <= last - year <= YEARS_MAX:
        raise RangeError(
            _("no year lies between {a} and {b}.").format(a=year, b=last), "--until 2030"
        )
    amount = leaf("energy", value=used, unit="MWh", kind="assumed", note=N_("given by the user"), label=labels(N_("Electricity of a tax year")))  # fmt: skip
    cost = leaf("price", value=paid, unit="USD/MWh", kind="assumed", note=N_("given by the user"), label=labels(N_("Price of electricity")))  # fmt: skip
    levy = excise_tax(
        amount, cost, year, apply_to=apply_to, price_kind=price_kind, off_grid=off_grid, schedule=schedule, start=start,  # type: ignore[arg-type]
    )  # fmt: skip
    years = range(year, last + 1)
    rows = tuple((str(y), tax_rate(y, schedule, start), tax_rate(y, schedule, start) * used * paid) for y in years)  # fmt: skip
    columns = (Column("year", "", N_("tax year begins in")), Column("rate", "1", N_("rate")), Column("tax_usd", "USD", N_("tax")))  # fmt: skip
    heading = (
        Said(
            "counterfactual", N_("counterfactual: no such tax on AI electricity was ever proposed")
        )
        if levy.counterfactual
        else Said(
            "never_enacted",
            N_("a proposal of the US budgets for 2024 and 2025, never enacted: no law"),
        )
    )
    figures = {
        "tax": levy.tax.named("tax", **labels(N_("tax of the first year"))), "cost": levy.cost.named("cost", **labels(N_("cost of the electricity"))),
    }  # fmt: skip
    return Answer(
        ask="tax",
        settings={
            "energy_mwh": used, "price_usd_per_mwh": paid, "year": year, "until": last, "apply_to": apply_to, "price_kind": price_kind,
            "off_grid": off_grid, "schedule": list(schedule), "start": start,
        },
        figures=figures,
        tables={"years": Table(columns, rows, N_("Tax by year"))},
        said=(heading,),
        limits=(Said("no_answer", N_("What miners or prices would do in answer is left out.")),),
        own={
            "tax_usd": rows[0][2], "rate": rows[0][1], "counterfactual": levy.counterfactual,
            "years": [{"year": int(y), "rate": r, "tax_usd": t} for y, r, t in rows],
        },
        more_sources={"cea2023_dame": source("cea2023_dame").to_dict()},
    )  # fmt: skip


ACCESS = {"read": N_("read"), "quoted": N_("quoted elsewhere"), "memory": N_("from memory")}
"""How an entry is known, in words."""


def access_word(access: str) -> str:
    """How an entry is known, in the language in force."""
    return in_language(ACCESS[access], language()) if access in ACCESS else access


@answers_with("rules")
def rules(mw: float, place: str) -> Answer:
    """Rules for large loads at a place, each with status, date and how it was come by.

    Raises
    ------
    TaotieError
        If nothing is known of the place.
    """
    concerned, smaller = rules_for(mw, place)
    columns = (
        Column("rule", "", N_("rule")), Column("from_mw", "MW", N_("from")), Column("status", "", N_("status"), status_word), Column("date", "", N_("date")),
        Column("access", "", N_("how known"), access_word), Column("text", "", N_("what it asks")),
    )  # fmt: skip

    def row(one: LargeLoadRule) -> tuple[Any, ...]:
        return (one.title, one.from_mw, one.status, one.date, one.access, one.text)

    drafts = [r for r in concerned if r.status in ("draft", "proposed", "superseded", "unknown")]
    said = [Said("not_advice", N_("entries as known to this project, from the pages named or from memory as marked: look each up before relying on it"))]  # fmt: skip
    if drafts:
        said.append(Said("not_law", N_("{n} of these are no law in force or their text is unknown"), {"n": len(drafts)}))  # fmt: skip
    if any(r.place == "us" for r in (*concerned, *smaller)) and place.strip().lower() in (
        "ercot",
        "texas",
    ):
        said.append(Said("ercot_ferc", N_("most of ERCOT lies outside the reach of FERC, whose orders are listed for the United States")))  # fmt: skip
    used = sorted({r.source for r in (*concerned, *smaller)})
    in_force = sum(r.status == "in_force" for r in concerned)
    return Answer(
        ask="rules",
        settings={"mw": mw, "place": place},
        figures={
            "rules_in_force": computed("rules.in_force", float(in_force), "1", N_("rules in force that concern a load of this size"), "table large_load_rules", kind="defined"),
        },
        tables={
            "concerned": Table(columns, tuple(row(r) for r in concerned), N_("Rules that concern a load of this size")),
            "larger": Table(columns, tuple(row(r) for r in smaller), N_("From a larger size on")),
        },
        said=tuple(said),
        own={
            "rules": [
                {"key": r.key, "place": r.place, "title": r.title, "from_mw": r.from_mw, "status": r.status, "law": r.status == "in_force",
                 "date": r.date, "access": r.access, "text": r.text}
                for r in concerned
            ],
            "larger": [r.key for r in smaller],
        },
        more_sources={k: source(k).to_dict() for k in used},
    )  # fmt: skip
