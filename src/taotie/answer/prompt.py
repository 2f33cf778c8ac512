"""How much does one request take? The ask behind `taotie prompt`. [Wh/request]"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from taotie.answer.answer import Answer, Column, Name, Table
from taotie.answer.asking import Chosen, answers, default_said
from taotie.answer.late import Late
from taotie.answer.whereabouts import at_of
from taotie.errors import RangeError
from taotie.hardware.machines import machines
from taotie.words.language import N_, _

if TYPE_CHECKING:
    from taotie.study.one_request import OneRequest

__all__ = ["prompt", "set_up"]

REPLICA_MAX = 1024
_OF_A_SHAPE = (
    "runtime", "software_date", "data_parallel", "expert_parallel", "prefill_on", "draft", "draft_model", "acceptance",
    "prefix_hit", "calibrate",
)  # fmt: skip
_OF_A_CLOSED = ("active", "total", "provider", "claimed")


@answers("prompt")
def prompt(chosen: Chosen) -> Answer:
    """Energy of one request, part by part, from the accelerators to the building's meter.

    Raises
    ------
    UnknownNameError, RangeError
        If a name is not known, or a value is impossible; for instance a model that does not fit.

    Examples
    --------
    >>> prompt("llama-3.1-8b", on="h100-sxm:1", batch=32).figures["energy_per_request"].boundary
    'facility'
    """
    from taotie.answer.closed_prompt import closed_prompt, is_closed
    from taotie.study.footprint import PER_REQUEST
    from taotie.study.one_request import one_request

    at = at_of(chosen)
    if is_closed(chosen):
        for name in _OF_A_SHAPE:
            if name in chosen.given and chosen.values[name] != chosen.settings[name].default:
                raise RangeError(
                    _("{name} says nothing of a closed model: its machines and its engine are drawn.").format(name="--" + name.replace("_", "-")),
                    _("leave it out, or ask for a model whose shape is known: --model deepseek-v3"),
                )  # fmt: skip
        return closed_prompt(chosen, at)
    only = [name for name in _OF_A_CLOSED if name in chosen.given]
    if only:
        raise RangeError(
            _("{name} tells of a closed model; the shape of {model} is known.").format(
                name="--" + only[0], model=chosen.model
            ),
            _("leave it out"),
        )
    made = one_request(
        tokens_in=chosen.tokens_in,
        tokens_out=chosen.tokens_out,
        batch=chosen.batch,
        at=at,
        **set_up(chosen),
    )
    if chosen.brief:
        tables: Mapping[str, Table] = {}
        own = Late(
            results=lambda: list(made.figures),
            defaults=lambda: [d.to_dict() for d in made.defaults],
        )
    else:
        tables = Late(by_batch=lambda: _by_batch(made), drivers=lambda: _drivers(made))
        own = _record(made)
    first = [k for k in PER_REQUEST if k in made.figures]
    return Answer(
        "prompt",
        chosen.values,
        made.figures,
        tables=tables,
        said=(
            *made.said,
            *(default_said(d.key, d.value, d.reason.message) for d in made.defaults),
            *chosen.defaults(),
        ),
        own=own,
        show=tuple(dict.fromkeys(("energy_per_request", *first, *made.figures))),
        detail=made,
    )


def set_up(chosen: Chosen) -> dict[str, Any]:
    """What of the settings `one_request` takes beside lengths, batch and place.

    Raises
    ------
    RangeError
        If there are more accelerators than one copy of a model runs on.
    """
    no_idle_draft(chosen)
    chip, count = _of_one_copy(chosen.on, "on")
    return {
        "model": chosen.model,
        "accelerator": chip,
        "accelerators_per_replica": count,
        "precision": chosen.precision,
        "runtime": chosen.runtime,
        "pue": chosen.pue,
        "data_parallel": chosen.data_parallel,
        "expert_parallel": chosen.expert_parallel,
        "draft_tokens": chosen.draft,
        "acceptance": chosen.acceptance if chosen.draft else 0.0,
        "draft_model": chosen.draft_model or "",
        "prefix_hit": chosen.prefix_hit,
        "software_date": chosen.software_date,
        "calibrate": chosen.calibrate,
        **_readers(chosen.values.get("prefill_on")),
    }


def _of_one_copy(on: str, name: str) -> tuple[str, int | None]:
    """Machines that hold one copy of a model.

    Raises
    ------
    RangeError
        If there are more accelerators than one copy runs on.
    """
    chip, count = machines(on, name)
    if count is not None and count > REPLICA_MAX:
        raise RangeError(
            _("--{name} {text}: one copy of a model does not run on {count} accelerators.").format(
                name=name, text=on, count=count
            ),
            f"--{name} h100-sxm:8",
        )
    return chip, count


def no_idle_draft(chosen: Chosen) -> None:
    """Refuse what tells of drafts where no token is drafted.

    Raises
    ------
    RangeError
        If it is given so.
    """
    for name in ("acceptance", "draft_model"):
        if name in chosen.given and not chosen.draft:
            raise RangeError(
                _("{name} says nothing where no token is drafted.").format(name=name), "--draft 3"
            )


def _readers(on: str | None) -> dict[str, Any]:
    """Machines of a pool that only reads prompts."""
    if on is None:
        return {}
    chip, count = _of_one_copy(on, "prefill-on")
    return {"prefill_accelerator": chip, "prefill_accelerators": count}


def _record(made: OneRequest) -> Late:
    whole = Late(plain=lambda: made.to_dict(shared=True))
    return Late(
        results=lambda: whole["plain"]["results"],
        tree=lambda: whole["plain"]["figures"],
        by_batch=lambda: whole["plain"]["by_batch"],
        drivers=lambda: whole["plain"]["drivers"],
        method=lambda: whole["plain"]["method"],
        defaults=lambda: whole["plain"]["defaults"],
    )


def _by_batch(made: OneRequest) -> Table:
    from taotie.quantity.figure import values_together

    curve = [(size, figure.to("Wh/request")) for size, figure in made.by_batch]
    values_together([figure for _size, figure in curve])
    return Table(
        (
            Column("batch", "", N_("Batch: requests decoded together")),
            Column("p05", "Wh/request", N_("5 %")),
            Column("p50", "Wh/request", N_("median")),
            Column("p95", "Wh/request", N_("95 %")),
        ),
        tuple((size, figure.p05, figure.p50, figure.p95) for size, figure in curve),
        N_("By batch, at the plug of the building:"),
    )


def _drivers(made: OneRequest) -> Table:
    return Table(
        (
            Column("leaf", "", N_("its key")),
            Column("name", "", N_("source of uncertainty")),
            Column("share", "%", N_("share of the spread"), digits=2),
        ),
        tuple(
            (d.leaf.key, Name(d.leaf.name, d.leaf.label), 100 * d.share) for d in made.drivers.rows
        ),
        N_("What would narrow the range most:"),
    )
