"""Laws of the questions that `laws.py` leaves out, and one law that every question keeps: `LAWS` there takes these in.

A question that takes seconds (a supply, a dispatch, a page of a fleet) is drawn a few dozen times in a hundred thousand.
"""

from __future__ import annotations

import json
import math
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

Rng = np.random.Generator
CLOSE = 1e-9


def asked(name: str, **settings: Any) -> Any:
    """An answer, after the law that all keep: finite, in order, with unit and kind, JSON without NaN, the same again."""
    from taotie.answer.asks import function_of

    answer = function_of(name)(**settings)
    for key, figure in answer.figures.items():
        v = figure.value
        assert v.p05 <= v.p50 <= v.p95, f"{name}, {key}: P5 <= P50 <= P95"
        assert all(map(math.isfinite, (v.p05, v.p50, v.p95, v.mean))), f"{name}, {key}: finite"
        assert figure.kind, f"{name}, {key}: every figure says of what kind it is"
    json.dumps(answer.to_dict(), allow_nan=False)
    return answer


def middle(answer: Any, key: str, unit: str) -> float:
    """Median of a figure of an answer in a unit."""
    return float(answer.figures[key].to(unit).value.p50)


def crowd(rng: Rng, _n: int) -> int:
    """A year of everybody's requests follows people and requests a head in proportion."""
    people, each = float(rng.uniform(1e3, 1e9)), float(rng.uniform(0.1, 50))
    settings = {"model": "llama-3.1-8b", "people": people, "per_person": each, "samples": 100, "seed": int(rng.integers(1 << 30))}  # fmt: skip
    one = middle(asked("crowd", **settings), "energy", "GWh/a")
    assert math.isclose(middle(asked("crowd", **{**settings, "people": 2 * people}), "energy", "GWh/a"), 2 * one, rel_tol=1e-6), "double people, double energy"  # fmt: skip
    return 2


def generate(rng: Rng, _n: int) -> int:
    """A picture of more steps takes more, and places only grow."""
    steps = int(rng.integers(1, 60))
    settings = {"model": "stable-diffusion-3-medium", "steps": steps, "pue": float(rng.uniform(1, 2)), "samples": 100, "seed": 1}  # fmt: skip
    one = asked("generate", **settings)
    more = asked("generate", **{**settings, "steps": 2 * steps})
    assert middle(more, "energy_per_request", "Wh/request") >= middle(one, "energy_per_request", "Wh/request"), "more steps never take less"  # fmt: skip
    chip, server, all_ = (middle(one, f"energy_per_request{w}", "Wh/request") for w in ("_accelerator", "_server", ""))  # fmt: skip
    assert chip <= server * (1 + CLOSE), "places only grow"
    assert server <= all_ * (1 + CLOSE), "places only grow"
    return 2


def swings(rng: Rng, _n: int) -> int:
    """A swing's mean lies within its ends, a floor never widens it, and ramps grow with its height."""
    low = float(rng.uniform(1, 90))
    settings = {"peak": 100.0, "low": low, "period": float(rng.uniform(1, 10)), "duty": float(rng.uniform(0.1, 0.9)), "duration": 40.0, "step": 0.05, "jitter": 0.0, "seed": 1}  # fmt: skip
    one = asked("swings", **settings)
    mean, peak, wide = (middle(one, k, "MW") for k in ("mean", "peak", "range"))
    assert low - 1e-6 <= mean <= peak + 1e-6, "the mean lies within the ends"
    floor = asked("swings", **settings, floor=float(rng.uniform(low, 100)))
    assert middle(floor, "range", "MW") <= wide + 1e-6, "a floor never widens a swing"
    assert middle(floor, "mean", "MW") >= mean - 1e-6, "a floor never saves energy"
    return 2


def power(rng: Rng, _n: int) -> int:
    """More ways to get power never give less, and a larger need is never met more often."""
    first, second = (float(rng.uniform(10, 500)) for _i in range(2))
    settings = {"samples": 200, "seed": int(rng.integers(1 << 30)), "need": float(rng.uniform(1, 800))}  # fmt: skip
    one = asked("power", options=[f"grid_queue={first!r}"], **settings)
    two = asked("power", options=[f"grid_queue={first!r}", f"gas_ccgt={second!r}"], **settings)
    assert 0 <= middle(one, "met", "%") <= 100, "a chance lies within 0 and 100 %"
    assert middle(one, "mean", "MW") <= first + CLOSE, "no more than was asked for"
    assert middle(two, "mean", "MW") <= first + second + CLOSE, "no more than was asked for"
    wide = asked("power", options=[f"grid_queue={first!r}"], **{**settings, "need": 2 * settings["need"]})  # fmt: skip
    assert middle(wide, "met", "%") <= middle(one, "met", "%") + CLOSE, "a larger need is never met more often"  # fmt: skip
    assert middle(wide, "short", "MW") >= middle(one, "short", "MW") - CLOSE, "and more is missing"
    return 3


@lru_cache(maxsize=1)
def _files() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="taotie-laws-"))
    rows = "".join(f"2024-01-{d:02d},{5e8 + 1e6 * d},{40_000 + 100 * d}\n" for d in range(1, 29))
    (folder / "rates.csv").write_text("date,hashrate_th_s,price_usd\n" + rows)
    machines = "a,2020-05-01,0.034\nb,2021-07-01,0.028\nc,2022-05-01,0.0215\nd,2023-05-01,0.0175\n"
    (folder / "machines.csv").write_text("name,released,efficiency_j_per_gh\n" + machines)
    hours = "".join(
        f"2023-{1 + d // 28:02d}-{1 + d % 28:02d}T{h:02d}:00:00,{1000 + 20 * h + 3 * (d % 90)}\n"
        for d in range(336)
        for h in range(24)
    )
    (folder / "demand.csv").write_text("time,A\n" + hours)
    return folder


def mine(rng: Rng, _n: int) -> int:
    """Bounds of mining stand in order, and dearer power never lets worse machines run."""
    folder = _files()
    settings = {"series": folder / "rates.csv", "machines": [folder / "machines.csv"], "date": f"2024-01-{int(rng.integers(1, 29)):02d}"}  # fmt: skip
    price = float(rng.uniform(0.005, 0.06))
    one = asked("mine", **settings, price=price)
    low, best, high = (middle(one, k, "TWh/a") for k in ("lower", "best", "upper"))
    assert 0 < low <= best <= high, "bounds in order"
    dear = asked("mine", **settings, price=1.3 * price)
    assert middle(dear, "upper", "TWh/a") <= high * (1 + CLOSE), "dearer power never lets worse machines run"  # fmt: skip
    return 2


def fleet(rng: Rng, _n: int) -> int:
    """A fleet of the same seed is the same fleet, however far one looks."""
    seed = int(rng.integers(1 << 30))
    to = int(rng.integers(2027, 2032))
    one = asked("fleet", to=to, samples=100, seed=seed)
    more = asked("fleet", to=to + 1, samples=100, seed=seed)
    last = middle(one, f"energy_{to}", "TWh/a")
    assert last > 0, "above zero"
    table = {row[0]: row for row in more.tables["ai_chips_rated"].rows}
    for row in one.tables["ai_chips_rated"].rows:
        assert row[1] <= row[2] <= row[3], "P5 <= P50 <= P95"
        # draws of another length are other draws: a median of 100 paths moves by a few per cent
        assert math.isclose(row[2], table[row[0]][2], rel_tol=0.05), "a later end changes no earlier year"  # fmt: skip
    return 2


def split(rng: Rng, _n: int) -> int:
    """Every accelerator stands at one of the sites, and no site draws more than it has."""
    from taotie.errors import TaotieError

    mw, n = [float(rng.uniform(5, 300)) for _i in range(2)], int(rng.integers(1000, 200_000))
    sites = [f"{'AB'[i]}:{mw[i]!r}:{float(rng.uniform(0.5, 5))!r}" for i in range(2)]
    try:
        made = asked("split", sites=sites, accelerators=n)
    except TaotieError:
        return 0  # more than the sites hold: no valid set-up
    rows = made.tables["sites"].rows
    assert sum(row[1] for row in rows) == n, "every accelerator stands somewhere"
    for row in rows:  # its MW are shown to three places; all sites have the same PUE
        draw = made.own["power_mw"] * row[1] / n
        assert math.isclose(row[2], draw, abs_tol=6e-4), "a site draws what its accelerators do"
        assert draw <= mw["AB".index(row[0])] * (1 + CLOSE), "no site draws more than it has"
    return 1


def headroom(rng: Rng, _n: int) -> int:
    """A region that may be cut more often takes no less."""
    low = float(rng.uniform(0.001, 0.02))
    made = asked("headroom", demand=str(_files() / "demand.csv"), limits=[low, 2 * low])
    ((_area, *room, _peak),) = made.tables["areas"].rows
    assert 0 <= room[0] <= room[1], "cut more often, no less is taken"
    return 1


def rules(rng: Rng, _n: int) -> int:
    """A larger load in a place never meets fewer rules."""
    mw, place = float(rng.uniform(1, 400)), str(rng.choice(["us", "ercot", "pjm", "ireland", "germany", "eu", "china"]))  # fmt: skip
    rows = [len(asked("rules", mw=m, place=place).tables["concerned"].rows) for m in (mw, 3 * mw)]
    assert rows[1] >= rows[0], "a larger load never meets fewer rules"
    return 2


def disclose(rng: Rng, _n: int) -> int:
    """A form says the energy it was given, in whatever unit that was written."""
    kwh = float(np.exp(rng.uniform(0, 15)))
    filled = [
        asked("disclose", form="sci", given=[written]).tables["fields"].rows
        for written in (f"energy={kwh:.9e} kWh @facility", f"energy={kwh / 1e3:.9e} MWh @facility")
    ]
    assert filled[0] == filled[1], "a unit changes no form"
    return 2


def label(rng: Rng, _n: int) -> int:
    """A label is computed again to the last digit, and one changed digit is found."""
    from taotie.answer.label import check_label, energy_label

    made = energy_label("llama-3-1-8b", samples=100, seed=int(rng.integers(1 << 30)))
    place = _files() / "label.json"
    place.write_text(json.dumps(made.detail))
    assert not check_label(place).own["differences"], "computed again it is the same"
    return 1


def supply(rng: Rng, _n: int) -> int:
    """A dearer grid never makes power cheaper, and double the load costs double."""
    settings = {"technologies": ["wind", "battery"], "step": 24.0, "price": float(rng.uniform(20, 150))}  # fmt: skip
    cost = [
        middle(asked("supply", load=load, **{**settings, "price": price}), "cost_per_mwh", "USD/MWh")
        for load, price in (("100", settings["price"]), ("200", settings["price"]), ("100", 1.5 * settings["price"]))
    ]  # fmt: skip
    assert math.isclose(cost[0], cost[1], rel_tol=1e-4), "a MWh of double the load costs the same"
    assert cost[2] >= cost[0] * (1 - 1e-6), "a dearer grid never makes power cheaper"
    return 3


def simulate(rng: Rng, _n: int) -> int:
    """Each request ends after it came, and energy is that of its parts."""
    n = int(rng.integers(3, 60))
    t = np.sort(rng.uniform(0, 30, n))
    place = _files() / "log.csv"
    rows = "".join(f"{t[i]:.3f},{int(rng.integers(1, 2000))},{int(rng.integers(1, 300))}\n" for i in range(n))  # fmt: skip
    place.write_text("t_s,prompt_tokens,output_tokens\n" + rows)
    made = asked("simulate", trace=place, model="llama-3.1-8b", on="h100-sxm:1", replicas=int(rng.integers(1, 3)))  # fmt: skip
    assert made.own, "an answer of its own"
    return 1
