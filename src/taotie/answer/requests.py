"""What does each request of a log take, each with lengths of its own? The ask behind `taotie requests`. [Wh/request]

Priced one by one on given machines, without queues or promises: `simulate` follows the log in time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import Chosen, answers
from taotie.answer.prompts import prompts
from taotie.errors import RangeError
from taotie.quantity.figure import leaf
from taotie.words.language import N_, _
from taotie.words.said import Said, labels

__all__ = ["requests"]

SETUP = (
    "model", "on", "precision", "runtime", "pue", "software_date", "data_parallel", "expert_parallel",
    "draft", "draft_model", "acceptance", "prefix_hit", "calibrate",
)  # fmt: skip
POINTS = (5, 25, 50, 75, 95)
LIMITS = (
    Said("not_in_time", N_("the log's times play no part: no queue, no bursts, no idle machines; `taotie simulate` has them")),
    Said("one_error", N_("one model and one machine: the samples of all requests go up and down together, so their sum has their range")),
)  # fmt: skip


@answers("requests")
def requests(chosen: Chosen) -> Answer:
    """Energy of every request of a log on given machines.

    Raises
    ------
    TaotieError
        If the log cannot be read, a name is unknown, or a value is impossible.
    """
    from taotie.study.closed_service import is_closed_model
    from taotie.workload.wanted import Wanted, requests_of

    if is_closed_model(chosen.model):
        raise RangeError(
            _("{model} is closed: its machines are not known, so a log is not priced request by request.").format(model=chosen.model),
            _("taotie meter usage LOG adds up calls to closed models; or name an open model, such as --model llama-3.1-8b."),
        )  # fmt: skip
    asked = Wanted(
        chosen.trace, layout=chosen.format, only=tuple(chosen.only or ()), strict=chosen.strict,
        columns=chosen.columns or "", time_unit=chosen.time_unit or "", per_day=chosen.per_day,
        hours=chosen.sampled_hours, seed=chosen.seed,
    )  # fmt: skip
    chosen.tell(_("reading requests"))
    log = requests_of(asked)
    read, written = (np.asarray(v, dtype=float) for v in (log.prompt_tokens, log.output_tokens))
    given = {k: getattr(chosen, k) for k in SETUP if k in chosen.given}
    made = prompts(read, written, chosen.batch, samples=chosen.samples, seed=chosen.seed, **given)
    n = len(read)
    assert made.total is not None
    per = _drawn("energy_per_request", made.total / n, "Wh/request", N_("Energy per request, mean of the log"))  # fmt: skip
    whole = _drawn("energy", made.total / 1e3, "kWh", N_("Energy of all requests"))
    return Answer(
        "requests",
        chosen.values,
        {"energy_per_request": per, "energy": whole},
        tables={"spread": _spread(read, written, made.p50), "requests": _each(log, made)},
        said=(
            Said("requests_read", N_("{n} requests of {name}: {read:.0f} tokens read and {written:.0f} written on average"),
                 {"n": n, "name": log.name or chosen.trace, "read": float(read.mean()), "written": float(written.mean())}),
            *chosen.defaults(),
        ),
        limits=LIMITS,
        own={"n": n, "prompt_tokens": float(read.sum()), "output_tokens": float(written.sum())},
    )  # fmt: skip


def _drawn(key: str, draws: Any, unit: str, label: str) -> Any:
    return leaf(
        key, spread="empirical", values=np.sort(draws).tolist(), unit=unit, boundary="facility", kind="modelled",
        label=labels(label), note=N_("draws of the energy of all requests of the log"),
    )  # fmt: skip


def _spread(read: Any, written: Any, middle: Any) -> Table:
    """Requests in the order of their energy: the one at each share."""
    order = np.argsort(middle, kind="stable")
    at = order[np.clip(np.ceil(np.array(POINTS) / 100 * len(order)).astype(int) - 1, 0, None)]
    rows = tuple(
        (f"{q} %", float(read[i]), float(written[i]), float(middle[i])) for q, i in zip(POINTS, at, strict=True)
    )  # fmt: skip
    return Table(
        (
            Column("share", "", N_("requests that take no more")), Column("prompt", "token", N_("tokens in")),
            Column("output", "token", N_("tokens written")), Column("energy_wh", "Wh", N_("energy")),
        ),
        rows, N_("Requests by their energy"),
    )  # fmt: skip


def _each(log: Any, made: Any) -> Table:
    columns = (
        Column("t_s", "s"), Column("prompt", "token"), Column("output", "token"), Column("low_wh", "Wh", N_("energy from")),
        Column("energy_wh", "Wh", N_("energy")), Column("high_wh", "Wh", N_("energy to")),
    )  # fmt: skip
    values = (log.t_s, log.prompt_tokens, log.output_tokens, made.p05, made.p50, made.p95)
    return Table(columns, tuple(zip(*(np.asarray(v).tolist() for v in values), strict=True)), N_("Each request"))  # fmt: skip
