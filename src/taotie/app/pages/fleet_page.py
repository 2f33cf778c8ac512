"""How does a person read the fleet forecast? One page, both languages, charts first, every assumption listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from taotie.answer.parts.fleet import (
    Backtest,
    FleetForecast,
    PowerGap,
    RollingBacktest,
    backtest,
    chat_growth,
    rolling_backtest,
)
from taotie.app.charts import drivers_chart
from taotie.app.charts.fleet_charts import fan_of_scopes, published_picture, scope_name
from taotie.app.charts.fleet_why_charts import (
    efficiency_picture,
    nations_picture,
    power_picture,
    tornado_picture,
    waterfall_picture,
)
from taotie.app.charts.picture import Picture
from taotie.app.pages.headline import tile
from taotie.app.pages.html import page_html
from taotie.app.pages.tables import source_rows
from taotie.app.pages.words import page_words
from taotie.files.atomic import write_bytes
from taotie.quantity.catalog import figure, source
from taotie.quantity.sensitivity import Drivers
from taotie.quantity.wording import ends, note_text, number, origin, value_text
from taotie.words.language import _


def write_fleet_page(
    made: FleetForecast,
    path: Path,
    opened: str | None = None,
    seed: int = 20240409,
    gap: PowerGap | None = None,
    shares: Sequence[Any] = (),
    scope: str = "ai_facilities",
) -> None:
    """Write the report as one HTML file that needs nothing else.

    Parameters
    ----------
    made : FleetForecast
    path : Path
        Where the file shall stand; written aside, then renamed.
    opened : str, optional
        "en" or "zh": which language the file opens in; both are inside.
    seed : int
        Seed of the backtests shown.
    gap : PowerGap, optional
        Power wanted and energised, shown beside the options.
    shares : sequence of (int, NationalShare)
        Shares of a nation by year.
    scope : str
        What the page leads with: ai_facilities, ai_servers or ai_chips_rated.

    Raises
    ------
    MissingExtraError
        If the extra `report` is not installed.
    DataError
        If the place cannot be written.
    """
    write_bytes(path, fleet_html(made, opened, seed, gap, shares, scope).encode("utf-8"))


def fleet_html(
    made: FleetForecast,
    opened: str | None = None,
    seed: int = 20240409,
    gap: PowerGap | None = None,
    shares: Sequence[Any] = (),
    scope: str = "ai_facilities",
) -> str:
    """The report as text; see `write_fleet_page`."""
    found = made.drivers(scope=scope)
    tests = (backtest(date(2024, 12, 31), seed=seed), rolling_backtest(seed=seed))
    return page_html("fleet.html", lambda: _half(made, found, tests, gap, shares, scope), opened)


def _half(
    made: FleetForecast,
    found: Drivers,
    tests: tuple[Backtest, RollingBacktest],
    gap: PowerGap | None,
    shares: Sequence[Any],
    scope: str,
) -> dict[str, Any]:
    fan = made.fan()
    last, today = made.years[-1], made.today
    headline, ahead = made.at(scope, today), made.at(scope, last)
    scopes = ("ai_facilities", "ai_servers", "ai_chips_rated")
    drawn: list[Any] = [
        fan_of_scopes(made, fan, sorted(scopes, key=lambda s: s != scope)),
        replace(published_picture(), remarks=_held_together(made, fan)),
        tornado_picture(made, last),
        drivers_chart.picture(ahead, found),
        nations_picture(made, shares),
        waterfall_picture(chat_growth(), chat_growth("shapley")),
        efficiency_picture(),
        power_picture(gap),
    ]
    pictures = [p for p in drawn if isinstance(p, Picture)]
    used = list(made.factors.values())
    behind = [
        figure("devries2023.annual_energy_2027"),
        *(s.denominator for _y, s in shares),
        *(made.at(scope, last) for scope in made.scopes),
    ]
    rows = source_rows(behind)
    listed = {row.key for row in rows}
    rows += [
        row
        for key in dict.fromkeys(k for p in pictures for one in p.choices for k in one.sources)
        if key not in listed
        for row in _rows_of(key)
    ]
    words = page_words() | _words()
    return {
        "w": words,
        "title": _("The world's AI fleet to {year}").format(year=last),
        "main": tile(headline.key, headline),
        "sentence": _sentence(made, tests),
        "tiles": [
            tile(made.at(of, year).key, made.at(of, year))
            for of, year in dict.fromkeys(
                (
                    (scope, last),
                    (scope, min(2030, last)),
                    (scope, made.last_known.year),
                    ("ai_chips_rated" if scope != "ai_chips_rated" else "ai_facilities", today),
                )
            )
            if (of, year) != (scope, today)
        ],
        "pictures": pictures,
        "contents": [(key, words[key]) for key in ("backtest", "assumptions", "sources")],
        "backtest": _backtest_rows(tests),
        "assumptions": [
            {
                "key": f.key,
                "name": f.name,
                "value": value_text(f),
                "why": origin(f) if f.is_leaf else f.formula,
                "note": note_text(f),
            }
            for f in used
        ],
        "weights": ", ".join(f"{_form(k)} {v:.0%}" for k, v in made.weights.items()),
        "sources": rows,
    }


def _held_together(made: FleetForecast, fan: Any) -> tuple[str, ...]:
    from taotie.answer.fleet import held_together
    from taotie.answer.parts.fleet import conflict_said

    return tuple(conflict_said(one).text() + "." for one in held_together(made, fan))


def _rows_of(key: str) -> list[Any]:
    from taotie.app.pages.tables import source_row

    return [source_row(source(key))]


def _form(key: str) -> str:
    return {
        "decaying": _("growth that slows down"),
        "logistic": _("logistic growth"),
        "limited": _("exponential growth up to a limit"),
    }[key]


def _sentence(made: FleetForecast, tests: tuple[Backtest, RollingBacktest]) -> str:
    one, rolled = tests
    last = made.at("ai_facilities", made.years[-1])
    return _(
        "{scope}: in nine cases of ten between {low} and {high} TWh in {year}. The same model with data to the end of 2024 gave {p05} to {p95} MW of NVIDIA chips for the end of 2025; {seen} were counted. Over {n} such forecasts the 90 % range held {share} %."
    ).format(
        scope=scope_name("ai_facilities"), low=ends(last.p05, last.p95)[0], high=ends(last.p05, last.p95)[1], year=made.years[-1],
        p05=ends(one.p05, one.p95)[0], p95=ends(one.p05, one.p95)[1], seen=number(one.observed, 4),
        n=len(rolled.rows), share=number(100 * rolled.coverage),
    )  # fmt: skip


def _backtest_rows(tests: tuple[Backtest, RollingBacktest]) -> list[dict[str, str]]:
    from taotie.answer.parts.fleet import chip_stock

    _one, rolled = tests
    rows = [{"name": _("all"), "n": str(len(rolled.rows)), "held": f"{rolled.coverage:.0%}"}]
    for maker, share in rolled.by("maker").items():
        n = sum(r.maker == maker for r in rolled.rows)
        rows.append({"name": chip_stock(maker).label, "n": str(n), "held": f"{share:.0%}"})
    for quarters, share in rolled.by("quarters").items():
        n = sum(r.quarters == quarters for r in rolled.rows)
        name = _("{n} quarters ahead").format(n=quarters)
        rows.append({"name": name, "n": str(n), "held": f"{share:.0%}"})
    return rows


def _words() -> dict[str, str]:
    return {
        "about": _("How many AI chips there are, what they draw, and how far that can be foreseen"),
        "backtest": _("How good such forecasts were"),
        "backtest_lead": _(
            "Fitted to every past quarter, held against the up to four that followed. The counts themselves were estimated in 2026, with hindsight, and forecasts of one cutoff depend on each other: a mild test."
        ),
        "forecasts": _("forecasts"),
        "held": _("inside the 90 % range"),
        "assumptions": _("What is assumed"),
        "assumptions_lead": _(
            "Each is sampled independently of the others; growth of all years shares one rank."
        ),
        "forms": _("Forms of growth, by the share of futures that follow each"),
        "name": _("name"),
        "scope": _("Scope"),
        "again_line": _("taotie fleet --report fleet.html draws this page again."),
    }
