"""How fast is one training run over several sites? The ask behind `taotie grid split`. [s, MW, USD]"""

from __future__ import annotations

from collections.abc import Sequence

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with
from taotie.errors import RangeError
from taotie.grid.cluster_split import Site, TrainingStep, best_split
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["split"]


@answers_with("split")
def split(
    sites: Sequence[Site | str],
    accelerators: int = 100_000,
    *,
    parameters: float = 1.8e12,
    active: float = 280e9,
    tokens: float = 60e6,
    peak_tflops: float = 989.4,
    mfu: float = 0.4,
    power_w: float = 1050.0,
    local_steps: float = 1.0,
    compression: float = 1.0,
    overlap: float = 0.0,
) -> Answer:
    """One training run spread over sites so that a step takes least time.

    Parameters
    ----------
    sites : sequence of Site or str
        A text is ``name:MW:Tbit/s``, and may go on ``:PUE:USD/MWh``.
        Name, power, network, PUE and price of each.
    accelerators : int
    parameters, active, tokens : float
        Of the model, used per token, of one optimizer step.
    peak_tflops, mfu, power_w : float
        Of one accelerator with its host. [TFLOP/s, 1, W]
    local_steps, compression, overlap : float
        Steps between two exchanges; times smaller on the wire; share of computing that hides it.

    Raises
    ------
    TaotieError
        In one sentence, for what cannot be.
    """
    places = [_site(one) if isinstance(one, str) else one for one in sites]
    step = TrainingStep(
        parameters, active, tokens, peak_tflops * 1e12, mfu, power_w, compression=compression,
        local_steps=local_steps, overlap=overlap,
    )  # fmt: skip
    found = best_split(places, step, accelerators)
    rows = [
        {"site": s.name, "accelerators": int(n), "mw": round(float(n * power_w * s.pue / 1e6), 3)}
        for s, n in zip(found.sites, found.accelerators, strict=True)
    ]
    columns = (
        Column("site", "", N_("site")), Column("accelerators", "", N_("accelerators")), Column("mw", "MW"),
    )  # fmt: skip
    said = (
        Said(
            "step",
            N_("step {step:.2f} s: {compute:.2f} s computing, exchange of {exchange:.2f} s every {h:g} steps"),
            {"step": found.step_s, "compute": found.compute_s, "exchange": found.exchange_s, "h": local_steps},
        ),
        Said(
            "efficiency",
            N_("efficiency {e:.1%}, {u:.1%} after the tokens local steps add; {mw:.1f} MW"),
            {"e": found.efficiency, "u": found.useful_efficiency, "mw": found.power_mw},
        ),
    )  # fmt: skip
    return Answer(
        "split",
        {
            "sites": [s.name for s in places], "accelerators": accelerators, "parameters": parameters,
            "active": active, "tokens": tokens, "peak_tflops": peak_tflops, "mfu": mfu, "power_w": power_w,
            "local_steps": local_steps, "compression": compression, "overlap": overlap,
        },
        tables={"sites": Table(columns, tuple(tuple(r.values()) for r in rows))},
        said=said,
        limits=tuple(Said(f"split_{i}", text) for i, text in enumerate(found.limits)),
        own={
            "sites": rows,
            "compute_s": found.compute_s,
            "exchange_s": found.exchange_s,
            "step_s": found.step_s,
            "efficiency": found.efficiency,
            "useful_efficiency": found.useful_efficiency,
            "tokens_per_s": found.tokens_per_s,
            "power_mw": found.power_mw,
            "energy_mwh_per_step": found.energy_mwh_per_step,
            "cost_usd_per_step": found.cost_usd_per_step,
        },
    )  # fmt: skip


def _site(text: str) -> Site:
    """A site from ``name:MW:Tbit/s[:PUE[:USD/MWh]]``."""
    fields = text.split(":")
    try:
        numbers = [float(f) for f in fields[1:]]
        if not 2 <= len(numbers) <= 4 or not fields[0]:
            raise ValueError
    except ValueError:
        raise RangeError(
            _("--site {text} is not name:MW:Tbit/s.").format(text=repr(text)), "--site Texas:80:1"
        ) from None
    return Site(fields[0], numbers[0], numbers[1] * 1e12, *numbers[2:])
