"""Laws that hold for any valid set-up: `python tests/fuzz/laws.py --setups 100000`. Listed in docs/concepts/laws.md.

Each law draws a set-up of its question from a seeded generator, computes it, and asserts. A question that answers in
milliseconds is asked itself; the energy of a request is also drawn by the thousand through its kernel, and each of those
requests counts as one set-up.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import laws_more

Rng = np.random.Generator
MODELS = ("llama-3-1-8b", "llama-3-1-70b")
CHIPS = ("h100-sxm", "a100-sxm-80gb", "b200")
CASES = ("case9", "case30", "case39")
CLOSE = 1e-9


def _ask(name: str, **settings: Any) -> Any:
    from taotie.answer.asks import function_of

    return function_of(name)(**settings)


@lru_cache(maxsize=64)
def _setup(model: str, chip: str, n: int, precision: str) -> Any:
    from taotie.compute.energy.model_architecture import model_architecture
    from taotie.compute.energy.serving_setup import ServingSetup
    from taotie.hardware.accelerator import accelerator

    return ServingSetup(model_architecture(model), accelerator(chip), n, precision)


def _same(a: Any, b: Any, tolerance: float = CLOSE) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=1e-12))


def request(rng: Rng, n: int) -> int:
    """Requests by the thousand: parts add up, places only grow, and more tokens never take less."""
    from taotie.compute.energy.energy_per_request import request_energy

    model = str(rng.choice(MODELS))
    setup = _setup(model, str(rng.choice(CHIPS)), 4 if "70b" in model else 1, str(rng.choice(["bf16", "fp8"])))  # fmt: skip
    p = np.rint(np.exp(rng.uniform(0, 10, n))) + 1
    o = np.rint(np.exp(rng.uniform(0, 8, n))) + 1
    b = np.exp(rng.uniform(0, 3, n))
    try:
        made = request_energy(setup, p, o, b)
        longer = request_energy(setup, p, o + 64, b)
    except Exception as error:
        if type(error).__name__ != "RangeError":
            raise
        return 0  # fp8 that the chip does not have, a batch beyond its memory: no valid set-up
    server, chip = made.server_wh, made.accelerator_wh
    assert np.isfinite(server).all(), "finite"
    assert (chip > 0).all(), "above zero"
    assert (server >= chip * (1 - CLOSE)).all(), "a server draws at least what its accelerators do"
    parts = made.prefill_wh + made.decode_wh + made.host_wh + made.idle_wh
    assert _same(parts, server), "parts add up"
    assert (longer.decode_wh >= made.decode_wh * (1 - CLOSE)).all(), "more tokens never take less"
    assert (made.time_s >= made.ttft_s * (1 - CLOSE)).all(), "the first token comes before the last"
    return n


def prompt(rng: Rng, _n: int) -> int:
    """One request asked for: samples in order, PUE multiplies, the same seed gives the same bits."""
    settings = {"model": str(rng.choice(MODELS[:1])), "tokens_in": int(rng.integers(1, 4000)), "tokens_out": int(rng.integers(1, 2000)), "samples": 100, "seed": int(rng.integers(1 << 30)), "pue": float(rng.uniform(1, 2))}  # fmt: skip
    found = _ask("prompt", **settings).figures
    low, mid, high = (found[f"energy_per_request{w}"] for w in ("_accelerator", "_server", ""))
    for a, b in ((low, mid), (mid, high)):
        assert (b.samples >= a.to(b.unit).samples * (1 - CLOSE)).all(), "places only grow"
    for one in found.values():
        _ordered(one)
    facility, server = high.to("Wh/request").samples, mid.to("Wh/request").samples
    assert _same(facility, server * settings["pue"], 1e-6), "PUE multiplies"
    return 1


def _ordered(figure: Any) -> None:
    v = figure.value
    assert v.p05 <= v.p50 <= v.p95, "P5 <= P50 <= P95"
    assert all(map(math.isfinite, (v.p05, v.p50, v.p95, v.mean))), "finite"


def train(rng: Rng, _n: int) -> int:
    """Training: energy follows hours and accelerators in proportion."""
    hours, n = float(rng.uniform(1, 5000)), int(rng.integers(1, 20_000))
    settings = {"on": str(rng.choice(CHIPS)), "accelerators": n, "hours": hours, "pue": float(rng.uniform(1, 2)), "samples": 100, "seed": int(rng.integers(1 << 30))}  # fmt: skip
    one = _ask("train", **settings).figures
    two = _ask("train", **{**settings, "hours": 2 * hours}).figures
    assert _same(two["energy"].samples, 2 * one["energy"].to(two["energy"].unit).samples, 1e-6), "double hours, double energy"  # fmt: skip
    server, all_ = (one[k].to("MWh") for k in ("energy_server", "energy"))
    assert (all_.samples >= server.samples * (1 - CLOSE)).all(), "places only grow"
    for figure in one.values():
        _ordered(figure)
    return 1


def embed(rng: Rng, _n: int) -> int:
    """Embeddings: above zero, and a larger model never takes less."""
    settings = {"params": float(rng.uniform(1e7, 5e9)), "tokens": int(rng.integers(1, 8000)), "samples": 100, "seed": 1}  # fmt: skip
    one = _ask("embed", **settings).figures["energy_per_request"]
    two = _ask("embed", **{**settings, "params": 2 * settings["params"]}).figures["energy_per_request"]  # fmt: skip
    assert (one.samples > 0).all(), "above zero"
    assert (two.to(one.unit).samples >= one.samples * (1 - CLOSE)).all(), "a larger model never takes less"  # fmt: skip
    return 1


def tax(rng: Rng, _n: int) -> int:
    """The tax follows energy and price in proportion, and its rate never falls with the years."""
    mwh, usd, year = float(rng.uniform(0, 1e6)), float(rng.uniform(0, 300)), int(rng.integers(2024, 2034))  # fmt: skip

    def due(energy: float, price: float, when: int) -> float:
        answer = _ask("tax", energy=f"{energy!r} MWh", price=f"{price!r} USD/MWh", year=when)
        return float(answer.figures["tax"].value.p50)

    one = due(mwh, usd, year)
    assert one >= 0, "no tax below zero"
    assert _same(due(2 * mwh, usd, year), 2 * one), "double energy, double tax"
    assert _same(due(mwh, 2 * usd, year), 2 * one), "double price, double tax"
    assert due(mwh, usd, year + 1) >= one * (1 - CLOSE), "the rate never falls"
    return 4


def flex(rng: Rng, _n: int) -> int:
    """A load can be cut by 0 to all of it, a longer cut is never deeper, a battery never makes it less deep."""
    training = float(rng.uniform(0, 1))
    batch = float(rng.uniform(0, 1 - training))
    settings = {"load": float(rng.uniform(1, 2000)), "training": training, "batch": batch, "waits": float(rng.uniform(0, 24)), "duration": float(rng.uniform(0.1, 12))}  # fmt: skip

    def depth(**more: float) -> float:
        return float(_ask("flex", **{**settings, **more}).figures["depth"].to("1").value.p50)

    one = depth()
    assert 0 <= one <= 1 + CLOSE, "a cut lies within the load"
    assert depth(duration=2 * settings["duration"]) <= one + CLOSE, "a longer cut is never deeper"
    mw = float(rng.uniform(0, settings["load"]))
    assert depth(battery_mw=mw, battery_mwh=4 * mw) >= one - CLOSE, "a battery never takes away"
    return 3


def capacity(rng: Rng, _n: int) -> int:
    """Capacity of every bus: never below zero, no more with outages than without, and no more where more is drawn."""
    from dataclasses import replace

    from taotie.grid.capacity.hosting_capacity import load_hosting_capacity
    from taotie.grid.case.case import read_case

    case = read_case(str(rng.choice(CASES)))
    bus = case.bus.copy()
    bus[:, 2] *= rng.uniform(0.3, 0.9)
    made = load_hosting_capacity(replace(case, bus=bus))
    for one in made.by_treatment.values():
        capacity_mw = one.load_hosting_capacity_mw
        known = np.isfinite(capacity_mw)
        assert (capacity_mw[known] >= -CLOSE).all(), "never below zero"
    strict = made.by_treatment["strict"]
    supplied = strict.n1_supply & np.isfinite(strict.load_hosting_capacity_mw)
    assert (strict.load_hosting_capacity_mw <= strict.n0_mw + 1e-6)[supplied].all(), "outages never add"  # fmt: skip
    assert made.spare_generation_mw >= load_hosting_capacity(case).spare_generation_mw - 1e-6, "more drawn, less spare"  # fmt: skip
    return 1


def quantity(rng: Rng, n: int) -> int:
    """Quantities as typed: what is written is read again, in every unit, with or without spaces."""
    from taotie.quantity.quantity_text import parse_quantity

    factors = {"W": 1e-6, "kW": 1e-3, "MW": 1.0, "GW": 1e3, "TW": 1e6}
    for _i in range(n):
        value, unit = float(np.exp(rng.uniform(-12, 12))), str(rng.choice(list(factors)))
        for text in (f"{value!r} {unit}", f"{value!r}{unit}", f" {value:.12e} {unit} "):
            read = parse_quantity(text, "MW")
            assert math.isclose(read, value * factors[unit], rel_tol=1e-11), text
    return n


def figure(rng: Rng, _n: int) -> int:
    """Figures: x - x is nothing, sums do not mind their order, a unit there and back changes nothing."""
    from taotie.quantity.figure import leaf
    from taotie.quantity.sampling import sampling

    low = float(np.exp(rng.uniform(-5, 5)))
    high = low * float(rng.uniform(1.001, 20))
    with sampling(200, int(rng.integers(1 << 30))):
        x = leaf(
            "law.x",
            unit="MWh",
            kind="assumed",
            spread="uniform",
            low=low,
            high=high,
            note="drawn for a law",
        )
        y = leaf(
            "law.y",
            unit="MWh",
            kind="assumed",
            spread="uniform",
            low=low / 3,
            high=high,
            note="drawn for a law",
        )
        assert not (x - x).samples.any(), "x - x is nothing"
        assert _same((x + y).samples, (y + x).samples), "sums do not mind their order"
        assert _same(x.to("J").to("MWh").samples, x.samples), "there and back"
        assert low * (1 - CLOSE) <= x.samples.min() <= x.samples.max() <= high * (1 + CLOSE), "within its range"  # fmt: skip
        _ordered(x * y)
    return 1


def cut(rng: Rng, _n: int) -> int:
    """Hours of cuts: none where there is room, all where there is none, and more load is never cut less often."""
    from taotie.grid.headroom import curtailed_hours

    room = rng.uniform(0, 300, int(rng.integers(24, 200)))
    load = float(rng.uniform(1, 300))
    one, more = curtailed_hours(room, load, 1), curtailed_hours(room, 1.5 * load, 1)
    assert 0 <= one.hours_per_year <= room.size, "within the year"
    assert more.hours_per_year >= one.hours_per_year, "more load is never cut less often"
    assert one.keep_half >= one.keep_three_quarters >= one.keep_nine_tenths, "shares in order"
    assert curtailed_hours(room + load, load, 1).hours_per_year == 0, "none where there is room"
    return 2


@dataclass(frozen=True)
class Law:
    """A law, how many set-ups one draw of it is (for kernels) and its share of them."""

    check: Callable[[Rng, int], int]
    at_once: int = 1
    share: float = 0.01


LAWS: dict[str, Law] = {
    "request": Law(request, 500, 0.5353),
    "quantity": Law(quantity, 100, 0.20),
    "figure": Law(figure, 1, 0.05),
    "tax": Law(tax, 1, 0.05),
    "flex": Law(flex, 1, 0.05),
    "cut": Law(cut, 1, 0.035),
    "prompt": Law(prompt, 1, 0.002),
    "train": Law(train, 1, 0.003),
    "embed": Law(embed, 1, 0.005),
    "capacity": Law(capacity, 1, 0.005),
    "crowd": Law(laws_more.crowd, 1, 0.002),
    "generate": Law(laws_more.generate, 1, 0.002),
    "swings": Law(laws_more.swings, 1, 0.01),
    "power": Law(laws_more.power, 1, 0.01),
    "mine": Law(laws_more.mine, 1, 0.01),
    "fleet": Law(laws_more.fleet, 1, 0.0005),
    "split": Law(laws_more.split, 1, 0.005),
    "headroom": Law(laws_more.headroom, 1, 0.002),
    "rules": Law(laws_more.rules, 1, 0.01),
    "disclose": Law(laws_more.disclose, 1, 0.01),
    "label": Law(laws_more.label, 1, 0.001),
    "supply": Law(laws_more.supply, 1, 0.0002),
    "simulate": Law(laws_more.simulate, 1, 0.002),
}


def held(name: str, n: int, seed: int) -> tuple[int, list[str]]:
    """Draw at least `n` set-ups of a law; how many were computed, and what was violated."""
    law, done, wrong, i = LAWS[name], 0, [], 0
    while done < n and i < 3 * n + 10:
        rng = np.random.default_rng([seed, zlib.crc32(name.encode()), i])
        try:
            done += law.check(rng, law.at_once)
        except AssertionError as error:
            wrong.append(f"{name} seed {seed} number {i}: {error}")
            done += law.at_once
        i += 1
    return done, wrong


def main() -> int:
    """Check every law; 1 if one was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--setups", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    total = violated = 0
    for name, law in LAWS.items():
        started = time.monotonic()
        done, wrong = held(name, max(round(options.setups * law.share), 1), options.seed)
        total, violated = total + done, violated + len(wrong)
        print(f"{name:10} {done:7} set-ups, {len(wrong)} violations, {time.monotonic() - started:.0f} s", flush=True)  # fmt: skip
        for line in wrong[:3]:
            print(f"  {line}", flush=True)
    print(f"{total} set-ups, {violated} violations of {len(LAWS)} laws")
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main())
