"""How much does a request to a closed model take? A wide range, assumed, and what would narrow it. [Wh/request]"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from taotie.answer.answer import Answer
from taotie.answer.asking import Chosen
from taotie.errors import RangeError
from taotie.hardware.machines import machines
from taotie.quantity.figure import Figure, leaf
from taotie.words.language import N_, _
from taotie.words.said import Said, labels

if TYPE_CHECKING:
    from taotie.compute.metered.closed_model import ClosedModel, Known
    from taotie.study.footprint import At

__all__ = ["closed_prompt", "is_closed"]

IMPROBABLE = 0.10
"""Electricity above that share of the list price is improbable: services that told spend 0.3 to 6 %."""


def is_closed(chosen: Chosen) -> bool:
    """Is the model closed: named so in the table, or told by its price, with no shape that we hold?"""
    from taotie.study.closed_service import is_closed_model

    if chosen.price_in is not None or chosen.price_out is not None:
        return True
    return is_closed_model(chosen.model)


def closed_prompt(chosen: Chosen, at: At | None) -> Answer:
    """The answer for a closed model.

    Raises
    ------
    UnknownNameError, RangeError
        If the model is not held and no price is given, or what is known cannot be.
    """
    from taotie.compute.metered.closed_model import closed_draws
    from taotie.study.closed_service import PUE_MIDDLE

    model, sizes = _model(chosen)
    published = at.place.pue if at is not None else None
    pue = chosen.pue
    if pue is None and published is not None:
        pue = published.figure.p50
    known = _known(chosen, pue)
    other: list[Said] = []
    draws = closed_draws(
        model, chosen.tokens_in, chosen.tokens_out, known, n=400, seed=_seed(chosen), sizes=sizes,
        told=other,
    )  # fmt: skip
    low, middle, high = np.percentile(draws, [10, 50, 90])
    building = PUE_MIDDLE if pue is None else pue
    parts = _parts(chosen, model, draws, building)
    figures: dict[str, Figure] = {"energy_per_request": parts["facility"]}
    said = [*_said(chosen, model, known, float(low), float(high)), *other]
    if at is not None:
        more, where = _footprint(known, parts, at)
        figures.update(more)
        said += where
    said += _price(chosen, model, figures, float(high))
    return Answer(
        "prompt",
        {**chosen.values, "model": model.name},
        figures,
        said=(*said, *_own_defaults(chosen)),
        show=tuple(figures),
        own={
            "kind": "assumed",
            "basis": model.basis,
            "as_of": model.as_of,
            "provider": model.provider,
            "proxy": model.proxy,
            "p10": float(low),
            "p50": float(middle),
            "p90": float(high),
            "active": list(model.active),
            "total": list(model.total),
        },
    )


def _seed(chosen: Chosen) -> int:
    return int(chosen.seed) % 2**31


def _model(chosen: Chosen) -> tuple[ClosedModel, Any]:
    from taotie.compute.metered.closed_model import ClosedModel, closed_model, sizes_from_price

    if chosen.price_in is None and chosen.price_out is None:
        found = closed_model(chosen.model)
        if chosen.provider is not None:
            from dataclasses import replace

            found = replace(found, provider=_provider(chosen.provider))
        return found, None
    if chosen.price_in is None or chosen.price_out is None:
        raise RangeError(
            _(
                "a model is told by both its prices: --price-in and --price-out, USD per million tokens."
            ),
            "--price-in 1.25 --price-out 10",
        )
    rng = np.random.default_rng(_seed(chosen) + 1)
    sizes = sizes_from_price(chosen.price_in, chosen.price_out, 400, rng)
    ends = [(float(np.percentile(s, 10)), float(np.percentile(s, 90))) for s in sizes]
    provider = _provider(chosen.provider) if chosen.provider is not None else ""
    name = str(chosen.model) if "model" in chosen.given else "a model told by its price"
    return (
        ClosedModel(
            name,
            provider,
            ends[0],
            ends[1],
            chosen.price_in,
            chosen.price_out,
            "price",
        ),
        sizes,
    )


def _provider(name: str) -> str:
    from taotie.compute.metered.closed_model import CHIPS
    from taotie.quantity.catalog import table

    cells = table("closed_model_energy")
    known = {str(cells.value(i, "provider")) for i in cells.items()} | {c for c in CHIPS if c}
    found = {k.lower(): k for k in known}
    wanted = name.strip().lower()
    if wanted in found:
        return found[wanted]
    return name.strip()


def _known(chosen: Chosen, pue: float | None) -> Known:
    from taotie.compute.metered.closed_model import Known
    from taotie.hardware.accelerator import accelerator

    chip, count = machines(chosen.on) if "on" in chosen.given else (None, None)
    chip = accelerator(chip).name if chip is not None else None
    active, total = chosen.active, chosen.total
    return Known(
        batch=chosen.batch,
        chip=chip,
        accelerators=count,
        precision=chosen.precision,
        active=active,
        total=total,
        building=pue,
    )


def _parts(chosen: Chosen, model: ClosedModel, draws: np.ndarray, pue: float) -> dict[str, Figure]:
    """The drawn energy at the building's meter, a leaf, and what of it servers and accelerators take."""
    from taotie.quantity.figure import exact
    from taotie.study.closed_service import (
        HOST_MIDDLE,
        closed_leaf,
        within_building,
        within_server,
    )

    told = "_".join(
        f"{name}={chosen.values[name]}"
        for name in ("tokens_in", "tokens_out", "on", "batch", "precision", "active", "total", "provider")
        if name in chosen.given
    )  # fmt: skip

    facility = closed_leaf(model, told, draws, "facility", N_("Energy per request"))
    # of the same draw, so that the three rise and fall together; one name stands for one figure
    server = within_building(facility, exact(pue, "1", "closed.facility_over_server"))
    accelerator = within_server(server, exact(HOST_MIDDLE, "1", "closed.server_over_accelerator"))
    return {
        "accelerator": accelerator.named(
            "energy_per_request_accelerator", **labels(N_("Energy per request, accelerators alone"))
        ),
        "server": server.named(
            "energy_per_request_server", **labels(N_("Energy per request at the server's plug"))
        ),
        "facility": facility,
    }


def _short(value: float) -> str:
    from taotie.quantity.wording import number

    return number(value)


def _said(chosen: Chosen, model: ClosedModel, known: Known, low: float, high: float) -> list[Said]:
    from taotie.quantity.wording import counted
    from taotie.study.closed_service import basis_said

    said = [
        Said(
            "closed_model",
            N_(
                "{model} is closed: {provider} publishes neither size nor machines. {tokens_in} tokens in, {tokens_out} out: {low} to {high} Wh (8 of 10 samples), assumed, if {active} of {total} parameters work per token. Basis: {basis}."
            ),
            {
                "model": model.name,
                "provider": model.provider or Said("maker", N_("its maker")),
                "tokens_in": f"{chosen.tokens_in:g}",
                "tokens_out": f"{chosen.tokens_out:g}",
                "low": _short(low),
                "high": _short(high),
                "active": counted(known.active) if known.active else counted(*model.active),
                "total": counted(known.total) if known.total else counted(*model.total),
                "basis": basis_said(model),
            },
        )
    ]
    if model.proxy:
        said.append(
            Said(
                "closed_proxy",
                N_(
                    "{asked} is not in the table: {model}, the nearest version of its family and tier, stands in, its sizes {times} times wider either way."
                ),
                {"asked": model.proxy, "model": model.name, "times": _short(model.widen)},
            )
        )
    if model.stale:
        said.append(
            Said(
                "closed_stale",
                N_("Prices are of {date}: list prices move within months."),
                {"date": model.as_of},
            )
        )
    missing = [
        name
        for name, given in (
            ("--batch", known.batch),
            ("--on", known.chip),
            ("--active", known.active),
            ("--precision", known.precision),
        )
        if given is None
    ]
    if missing:
        said.append(
            Said(
                "closed_narrow",
                N_("What would narrow it: {what}. Load matters more than size."),
                {"what": ", ".join(missing)},
            )
        )
    said.append(
        Said(
            "closed_reasoning",
            N_(
                "Hidden tokens of thought are not in these lengths: a reasoning model writes 1.5 to 20 times what it shows; add them to --tokens-out."
            ),
        )
    )
    return said


def _footprint(
    known: Known, parts: dict[str, Figure], at: At
) -> tuple[dict[str, Figure], list[Said]]:
    from taotie.study.closed_service import serving_power
    from taotie.study.footprint import request_footprint

    seconds = (parts["accelerator"] / serving_power()).to("accelerator s/request")
    return request_footprint(
        at, parts["facility"], parts["server"], known.chip or "h100-sxm", seconds
    )


def _price(
    chosen: Chosen, model: ClosedModel, figures: dict[str, Figure], high: float
) -> list[Said]:
    """The alarm: electricity that would cost more than was paid, or an improbable share of it."""
    from taotie.compute.metered.closed_model import price_share

    if model.price_in is None or model.price_out is None:
        return []
    paid = (chosen.tokens_in * model.price_in + chosen.tokens_out * model.price_out) / 1e6
    tariff = 0.08 if chosen.electricity_price is None else chosen.electricity_price
    if paid <= 0 or tariff <= 0:
        return []
    claimed = chosen.claimed
    share = price_share(claimed if claimed is not None else high, paid, tariff)
    values = {
        "energy": _short(claimed if claimed is not None else high),
        "share": _short(100 * share),
        "paid": _short(paid),
        "tariff": f"{tariff:g}",
    }
    figures["list_price_per_request"] = leaf(
        f"list_price.{model.name}.{chosen.tokens_in:g}.{chosen.tokens_out:g}", value=paid, unit="USD/request",
        kind="estimated", note=N_("list price of {of}: {price_in} in, {price_out} out, USD per million tokens").format(of=model.as_of or "the user", price_in=f"{model.price_in:g}", price_out=f"{model.price_out:g}"),
        label=labels(N_("List price of a request")),
    )  # fmt: skip
    if share > 1:
        code, message = (
            "price_impossible",
            N_(
                "{energy} Wh would cost {share} % of the list price of {paid} USD in electricity at {tariff} USD/kWh: more than was paid."
            ),
        )
    elif share > IMPROBABLE:
        code, message = (
            "price_improbable",
            N_(
                "{energy} Wh would cost {share} % of the list price of {paid} USD in electricity at {tariff} USD/kWh: improbable, unless hidden tokens are billed too."
            ),
        )
    elif claimed is not None:
        code, message = (
            "price_possible",
            N_(
                "{energy} Wh would cost {share} % of the list price of {paid} USD in electricity at {tariff} USD/kWh: possible."
            ),
        )
    else:
        return []
    return [Said(code, message, values)]


def _own_defaults(chosen: Chosen) -> list[Said]:
    """Defaults that this answer used: lengths; machines and engine are drawn."""
    drawn = {f"default.{name}" for name in ("on", "runtime", "model")}
    return [one for one in chosen.defaults() if one.code not in drawn]
