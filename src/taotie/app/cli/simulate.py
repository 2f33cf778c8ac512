"""`taotie simulate`: a request log on a fleet of accelerators - latency, energy of each request, power."""

from __future__ import annotations

from typing import Any

import typer

from taotie.app.cli.asked import register_ask, report
from taotie.app.cli.common import console
from taotie.app.cli.shown import print_answer, print_files, print_rows, print_said, print_table
from taotie.errors import RangeError
from taotie.words.language import _, in_language, language


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(app, "simulate", _show, (report(),), before=_page_wanted)


def _page_wanted(settings: dict[str, Any], door: dict[str, Any]) -> bool:
    if door["report"] is not None:
        if settings.get("sweep"):
            raise RangeError(_("--report goes with one simulation, not with a sweep."))
        settings["curve"] = True
    return False


def _show(answer: Any, door: dict[str, Any]) -> None:
    if door["report"] is not None:
        from taotie.app.cli.simulation_report import write_page

        write_page(answer, door["report"], quiet=door["json"])
        answer = answer.with_files(str(door["report"]))
    if door["json"]:
        print_answer(answer, True)
        return
    if "sweep" in answer.tables:
        print_table(answer.tables["sweep"])
        return
    out = console()
    found = answer.own
    # how the log was read comes first: what follows is only as true as that
    print_said(one for one in answer.said if one.code.startswith("requests."))
    out.print(
        _("{done} of {all} requests in {h:.3g} h on {n} replicas ({what})").format(
            done=found["completed"],
            all=found["requests"],
            h=found["span_s"] / 3600,
            n=found["replicas"],
            what=found["machines"],
        ),
        markup=False,
    )
    for name in ("requests", "parts", "promise"):
        if name in answer.tables:
            table = answer.tables[name]
            if table.label:
                out.print(in_language(table.label, language()), markup=False)
            print_table(table)
    both = {**answer.series["power"].values, **answer.series["batch"].values}
    out.print(_over_time(both), markup=False)
    out.print(
        _("power [kW]: mean {m:.4g}, peak {p:.4g}; mean batch {b:.4g}").format(
            m=found["mean_power_w"] * 1e-3, p=found["peak_power_w"] * 1e-3, b=found["mean_batch"]
        ),
        markup=False,
    )
    if len(answer.figures) > 1:
        print_rows(answer)
    print_said(one for one in answer.said if not one.code.startswith("requests."))
    print_files(answer.files)


def _over_time(values: Any, width: int = 60) -> str:
    """Power and batch as two rows of bars, from 0 to the highest."""
    rows = []
    for label, series in ((_("power"), values["total"]), (_("batch"), values["mean_batch"])):
        n = min(width, len(series))
        means = [sum(part) / len(part) for part in _parts(list(series), n)]
        top = max(means) or 1.0
        bars = "".join(" ▁▂▃▄▅▆▇█"[round(8 * m / top)] for m in means)
        rows.append(f"{label:>6} |{bars}| 0..{top:.4g}")
    return "\n".join(rows)


def _parts(values: list[float], n: int) -> list[list[float]]:
    """`values` in `n` stretches of nearly the same length."""
    return [values[i * len(values) // n : (i + 1) * len(values) // n] for i in range(n)]
