"""What does this machine draw now, and what did a meter record? The ledger of the service, live; a log that is pasted in."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from taotie.answer.answer import Answer, Series
from taotie.answer.asking import ask
from taotie.app.web.asked import kept
from taotie.app.web.chart import Chart, data
from taotie.app.web.drawing import Line, Place, line_chart, range_chart
from taotie.app.web.parts import NOTHING, answer_values
from taotie.app.web.site import View
from taotie.app.web.state import State
from taotie.errors import DataError, TaotieError
from taotie.quantity.wording import middle_text, number
from taotie.words.language import _, language

FIELDS = ()
LEDGER = "TAOTIE_LEDGER"
"""Who starts the service names the ledger it may show; a request never does."""
ENDINGS = {"csv": ".csv", "jsonl": ".jsonl", "json": ".json", "prom": ".prom", "txt": ".txt"}
EXAMPLE = """timestamp,uuid,energy_j
2026-01-01T00:00:00Z,GPU-a,5000000
2026-01-01T00:00:10Z,GPU-a,5003500
2026-01-01T00:00:20Z,GPU-a,5007100
2026-01-01T00:00:30Z,GPU-a,5009000
2026-01-01T00:00:40Z,GPU-a,5012600
"""
LONGEST = 900_000


def build(state: State) -> View:
    """The page of meters."""
    title = _("Meters, live and recorded")
    log, kind = state.posted.get("log", "").strip(), state.posted.get("kind", "csv")
    values: dict[str, Any] = NOTHING | {
        "log": log, "kind": kind if kind in ENDINGS else "csv", "kinds": list(ENDINGS.items()), "example": EXAMPLE,
        "live": None, "why_not": "", "n_channels": 0,
    }  # fmt: skip
    path = os.environ.get(LEDGER, "")
    if path:
        try:
            values["live"] = live(Path(path))
        except TaotieError as error:
            values["why_not"] = error.message
    else:
        values["why_not"] = _("This service shows no ledger: it was started without one.")
    charts: tuple[Chart, ...] = ()
    if log:
        try:
            answer = recorded(log, values["kind"])
        except TaotieError as error:
            return View(title, values, error=error, known=("log", "kind"), status=422)
        values |= answer_values(answer, "meter import", {}, tuple(answer.tables))
        values["command"] = ""
        values["lead"] = _("{n} channels read.").format(
            n=len(answer.own.get("channels", answer.figures))
        )
        charts = tuple(drawn(answer))
    return View(
        title, values, charts, known=("log", "kind"), share=(title, values["lead"] or title)
    )


def live(path: Path) -> list[dict[str, Any]]:
    """The latest power of each channel of the service's ledger."""
    from taotie.answer.meter_live import live_rows

    return [
        {
            "name": r.name, "boundary": r.boundary, "status": r.status, "seen": r.seen, "raw": r.power_w,
            "power": "–" if r.power_w is None else f"{number(r.power_w, 3)} W",
            "energy": "–" if r.energy_j is None else f"{number(r.energy_j, 4)} J",
        }
        for r in live_rows(path)
    ]  # fmt: skip


def recorded(text: str, kind: str) -> Answer:
    """What a pasted log of a meter holds: read by the readers of `taotie meter import` from a file of ours.

    Raises
    ------
    TaotieError
        As they do.
    """
    if len(text) > LONGEST:
        raise DataError(
            _("The log has {n} letters; this page takes {most}.").format(n=len(text), most=LONGEST),
            "taotie meter import FILE",
        )

    def make() -> Answer:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"log{ENDINGS[kind]}"
            path.write_text(text + "\n", encoding="utf-8")
            return ask("meter import", files=[str(path)])

    found: Answer = kept(("meter", language(), kind, text), make)
    return found


def drawn(answer: Answer) -> list[Chart]:
    """Energy of each channel, and power over time where it was recorded."""
    charts = []
    rows, table = [], []
    for key, figure in answer.figures.items():
        if figure.unit in ("J", "kJ", "MJ", "Wh", "kWh"):
            value = figure.to("J").value
            rows.append(
                Place(figure.name, value.p05, value.p50, value.p95, middle_text(figure.to("J")))
            )
            table.append({"key": key, "name": figure.name, "j": value.p50})
    if rows:
        words = _("{n} energies recorded.").format(n=len(rows))
        charts.append(Chart("energy", _("Energy recorded"), words, range_chart(rows, "J", words, log=False), data({"key": _("key"), "name": _("name"), "j": "J"}, table)))  # fmt: skip
    for name, series in answer.series.items():
        if not isinstance(series, Series) or not series.values:
            continue
        lines = [
            Line(k, [i * series.step_h * 3600 for i in range(len(v))], [float(x) for x in v])
            for k, v in series.values.items()
        ]
        words = _("Power over {s} s.").format(s=number(lines[0].x[-1] if lines[0].x else 0.0, 3))
        charts.append(
            Chart(
                f"series-{name}".replace("_", "-"), _("Power over time"), words, line_chart(lines, words, x_unit="s", y_unit=series.unit),
                data({"s": "s", "channel": _("channel"), "value": series.unit}, [{"s": x, "channel": one.name, "value": y} for one in lines for x, y in zip(one.x, one.y, strict=True)]),
            )
        )  # fmt: skip
    return charts
