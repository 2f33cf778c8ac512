"""What the rules, forms, taxes and labels say at each of their turns: `python tools/pin_policy.py`.

Every public function of the policy room over values on both sides of each place where it answers otherwise, and with
what it refuses, in both languages; written into tests/cases/policy/turns.txt. Only after one was meant to change: read
the difference, and say in `changes/` what moved.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from taotie.errors import TaotieError
from taotie.policy import energy_label, excise_tax, large_load_rules
from taotie.policy.disclosure import (
    carbon_score,
    datacenter,
    form,
    machine_readable,
    mdf,
    rating,
    scope2,
)
from taotie.policy.disclosure.facts import Fact, Facts, facts_from, given_fact, read_facts
from taotie.policy.disclosure.forms import filled
from taotie.quantity.figure import leaf
from taotie.quantity.sampling import sampling
from taotie.words.language import speaking

PINNED = Path(__file__).resolve().parent.parent / "tests" / "cases" / "policy" / "turns.txt"
LANGUAGES = ("en", "zh")
Line = tuple[str, str]


def plain(value: Any) -> str:
    """A value in one line, numbers to twelve digits."""
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, Fact):
        return f"Fact({', '.join(f'{k}={plain(v)}' for k, v in vars(value).items() if v not in (None, '', ()))})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {plain(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(plain, value)) + "]"
    if hasattr(value, "p50"):
        return f"{value.p50:.12g} {value.unit} {value.boundary} {value.kind}"
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if hasattr(value, "__dataclass_fields__"):
        return f"{type(value).__name__}({', '.join(f'{k}={plain(v)}' for k, v in vars(value).items())})"
    return repr(value)


def spoken(make: Callable[[], Any]) -> str:
    """What is made in each language, or why not and the way out; parted by a bar where the languages differ."""
    found = []
    for code in LANGUAGES:
        with speaking(code):
            try:
                found.append(plain(make()))
            except TaotieError as error:
                found.append(f"{type(error).__name__}: {error.message} -> {error.hint}")
    return " | ".join(dict.fromkeys(found))


GIVEN = (
    "training_energy=1287 MWh", " EDC = 12 GWh @facility ", "task=translation", "hardware=8 x H100", "a_hardware=8 x H100", "a_task=3 of them", "a_method=4 steps", "name=7B @grid", "energy=12", "energy=12 kWh@server",
    "energy=12 kWh @moon", "energy=1,200 kWh", "energy=10 to 20 MWh @facility", "energy=0 to 20 MWh", "energy=20 to 10 MWh", "energy=10 to 20", "energy=a to b", "energy=10 to many MWh", "count=3e11",
    "date=2026-11-30", "energy=-3 kWh", "energy=.5 kWh", "energy=abc", "energy", "=3", "energy=", "energy=3 apples", "energy=5 to 5 kWh", "mail=me@home", "pue=1.2",
)  # fmt: skip
CONTENTS: dict[str, Any] = {
    "figures": {"figures": {"energy_total": {"value": {"p05": 1.0, "p50": 2.0, "p95": 3.0}, "unit": "kWh", "boundary": "facility", "kind": "modelled", "source": "a2024"}}, "energy_total": {"value": 5, "unit": "kWh"}},
    "values": {"a": {"value": 3, "unit": "kWh", "p05": 3, "p95": 3}, "b": {"p50": 4.5, "p05": 4, "p95": 5, "unit": "", "sources": ["x", "y"]}, "c": {"value": "words"}, "d": {"value": True, "unit": "1"}, "e": {"value": 3}, "#f": {"value": 3, "unit": "1"}, "g": "text", "h": "x" * 400, "schema": "s", "version": "v", "ask": "prompt", "i": 3, "j": [1]},
    "asked": {"ask": "train", "settings": {"model": "llama", "on": "h100-sxm:8", "precision": "", "batch": 8, "pue": True, "failures": True}},
    "asked again": {"ask": "prompt", "settings": {"model": 3, "on": "h100", "batch": None, "pue": 1.2, "failures": False, "precision": "fp8"}, "model": "mine"},
    "not asked": {"settings": {"model": "llama"}},
    "study": {"study": {"compute": {"model": "m", "accelerator": "a", "precision": 8}}, "precision": "fp8"},
    "form": {"form_version": "1", "boundary": {"level": "grid", "pue": 1.3, "includes": ["cooling", "losses"]}, "fields": {"energy": {"status": "measured", "value": 3, "unit": "kWh", "p05": 2, "p95": 4, "sources": ["x"]}, "water": {"status": "computed", "value": 5.0, "unit": "m3", "boundary": "facility"}, "words": {"status": "given", "value": "text"}, "flag": {"status": "given", "value": True}, "none": {"status": "not_available"}, "odd": 3, "bare": {"status": "estimated", "value": 1}}},
    "form without a boundary": {"form_version": "1", "fields": {"energy": {"status": "measured", "value": 3}}},
    "unit unknown": {"a": {"value": 3, "unit": "parsecs"}},
    "boundary unknown": {"a": {"value": 3, "unit": "kWh", "boundary": "moon"}},
}  # fmt: skip
FILES = {
    "watts.csv": "time_s,power_w\n0,1000\n1800,3000\n3600,1000\n", "kilowatts.csv": "power_kw,seconds\n1,0\n3,7200\n", "megawatts.csv": "t_s, Power_MW\n0,1\n60,2\n\n120,1\n",
    "dates.csv": "timestamp,watts\n2026-01-01T00:00:00Z,100\n2026-01-01T01:00:00+00:00,300\n", "one.csv": "time_s,power_w\n0,1\n", "no_time.csv": "power_w,x\n0,1\n1,2\n", "no_power.csv": "time_s,x\n0,1\n1,2\n", "empty.csv": "",
    "back.csv": "time_s,power_w\n0,1\n2,1\n1,1\n", "same.csv": "time,power\n0,1\n0,1\n", "words.csv": "time_s,power_w\n0,1\nnever,2\n", "short.csv": "time_s,power_w\n0,1\n5\n", "not.json": "{nonsense", "none.json": '{"a": 1}', "list.json": "[1, 2]",
    "fact.json": '{"energy": {"value": 3, "unit": "kWh"}}',
}  # fmt: skip


def _facts(folder: Path) -> Iterator[Line]:
    for text in GIVEN:
        yield f"given {text}", spoken(lambda t=text: given_fact(t))
        yield f"given {text} at the server", spoken(lambda t=text: given_fact(t, "server"))
    for name, content in CONTENTS.items():
        yield f"from {name}", spoken(lambda c=content: list(facts_from(c, "file.json")))
        yield f"from {name} at the plug", spoken(lambda c=content: list(facts_from(c, "file.json", "server")))  # fmt: skip
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
        for boundary in (None, "server"):
            yield f"read {name} {boundary}", spoken(lambda n=name, b=boundary: read_facts(folder / n, b))  # fmt: skip
    yield "read nowhere", spoken(lambda: read_facts(folder / "nowhere.json"))
    pairs = (
        (Fact("e", 3.0, "kWh", origin="a"), Fact("e", 3.0, "kWh", origin="b")), (Fact("e", 3.0, "kWh", origin="a"), Fact("e", 3000.0, "Wh", origin="b")), (Fact("e", 3.0, "kWh", origin="a"), Fact("e", 3.1, "kWh", origin="b")),
        (Fact("e", 3.0, "kWh", boundary="server", origin="a"), Fact("e", 3000.0, "Wh", origin="b")), (Fact("e", 3.0, "kWh", origin="a"), Fact("e", 3.0, "h", origin="b")), (Fact("e", "x", origin="a"), Fact("e", "y", origin="b")), (Fact("e", 3.0, origin="a"), Fact("e", "y", origin="b")),
        (Fact("e", 1.0, "", origin="a"), Fact("e", 100.0, "%", origin="b")), (Fact("e", 3.0, "kWh", origin="a"), Fact("e", 3.0 * (1 + 5e-10), "kWh", origin="b")), (Fact("e", 3.0, "kWh", origin="a"), Fact("e", 3.0 * (1 + 5e-9), "kWh", origin="b")),
    )  # fmt: skip
    for i, (one, other) in enumerate(pairs):
        for over in (False, True):

            def added(a: Fact = one, b: Fact = other, o: bool = over) -> Any:
                facts = Facts()
                facts.add(a)
                facts.add(b, o)
                return facts.known

            yield f"added {i} {over}", spoken(added)
    for value, unit, wanted in ((3.0, "kWh", "Wh"), (3.0, "kWh", "h"), ("x", "", "kWh"), ("x", "", "1"), (3.0, "", "1"), (50.0, "%", "1"), (3.0, "", "kWh")):  # fmt: skip
        yield f"to {value} {unit} {wanted}", spoken(lambda v=value, u=unit, w=wanted: Fact("key", v, u, 1.0, 4.0).to(w))  # fmt: skip
    for value, unit, wanted, place, at in (
        (3.0, "kWh", "Wh", None, ()), (-3.0, "kWh", "Wh", None, ()), (-3.0, "1", "1", None, ()), (math.inf, "kWh", "Wh", None, ()), (0.0, "kWh", "Wh", None, ()), (3000.0, "gCO2e/kWh", "gCO2e/kWh", None, ()), (3001.0, "gCO2e/kWh", "gCO2e/kWh", None, ()),
        (3.0, "kWh", "kWh", None, ("facility",)), (3.0, "kWh", "kWh", "server", ("facility",)), (3.0, "kWh", "kWh", "grid", ("facility", "server")), (3.0, "kWh", "kWh", "server", ("facility", "server")),
    ):  # fmt: skip

        def number(
            v: Any = value, u: str = unit, w: str = wanted, b: Any = place, a: Any = at
        ) -> Any:
            facts = Facts()
            facts.add(Fact("key", v, u, boundary=b))
            return facts.number(w, "other", "key", boundary=a), sorted(facts.asked), facts.text("key"), facts.text("none"), facts.number(w, "none")  # fmt: skip

        yield f"number {value} {unit} {wanted} {place} {at}", spoken(number)


def _numbers() -> Iterator[Line]:
    for days in (0.04, 0.43, 0.99, 1.0, 30.43, 30.44, 91.31, 91.32, 182.62, 182.63, 400.0):
        yield f"days {days}", spoken(lambda d=days: (mdf.training_time_range(d), mdf.plain_days(d)))
    for value in (0.0, -1.0, 0.0471, 0.5, 1.0, 1.25, 1.35, 9.94, 9.96, 99.6, 996.0, 1287.0, 12345.678, 99999.5, 123456.7, 1234567.8, 9.9999e14, 1e15, 5.14e17, 3.14e23, 1e-7):  # fmt: skip
        for name, make in {"scientific": form.scientific, "magnitude": form.magnitude, "plain": form.plain_number}.items():  # fmt: skip
            yield f"{name} {value}", spoken(lambda v=value, m=make: m(v))
        yield (
            f"short {value}",
            spoken(lambda v=value: (form.plain_number(v, 3), form.scientific(v, 3))),
        )
    for status in (*form.STATUS, "odd"):
        yield f"status {status}", spoken(lambda s=status: form.status_word(s))
    for kind in ("measured", "given", "estimated", "modelled"):
        yield f"kind {kind}", spoken(lambda k=kind: form.status_of(Fact("a", 1.0, kind=k)))
    for low, high in ((None, 110.0), (90.0, None), (100.0, 110.0), (90.0, 100.0), (100.0, 110.1), (89.9, 100.0), (100.0, 125.0), (100.0, 125.1), (100.0, 150.0), (49.9, 100.0), (60.0, 180.0)):  # fmt: skip
        yield f"quality {low} {high}", spoken(lambda a=low, b=high: machine_readable.quality_of(Fact("e", 100.0, "kWh", a, b)))  # fmt: skip
    yield "quality of none", spoken(lambda: (machine_readable.quality_of(Fact("e", 0.0, "kWh", 1.0, 2.0)), machine_readable.quality_of(Fact("e", "x", "", 1.0, 2.0))))  # fmt: skip
    facts: tuple[Fact | None, ...] = (None, Fact("e", 1.0, "MWh", 0.5, 2.0, kind="measured", origin="a.csv"), Fact("e", 1.0, "MWh", 0.5, 2.0, kind="given"), Fact("e", 1.0, "MWh", 0.5, 2.0, origin="b.json"), Fact("e", 1.0, "MWh", origin="b.json"))  # fmt: skip
    for i, fact in enumerate(facts):
        for place in (
            {"level": "server"},
            {"level": "facility", "pue": 1.234, "includes": ["a", "b"]},
        ):
            yield f"method {i} {place['level']}", spoken(lambda f=fact, b=place: mdf.method_text(b, f, ""))  # fmt: skip
    for more in ("Read off a meter.", "Server boundary, told before. " + "word " * 200, "word " * 200, "server boundary"):  # fmt: skip
        yield f"method {more[:12]}", spoken(lambda m=more: mdf.method_text({"level": "server"}, None, m))  # fmt: skip
    for edc, eit, win, reuse, res in ((12e6, 10e6, 18e3, 1.2e6, 6e6), (12e6, 12e6, None, None, None), (None, 10e6, 18e3, 1.0, 1.0), (12e6, None, 18e3, None, 1.0), (1.0, 2.0, None, None, None), (0.0, None, None, None, None), (None, 0.0, None, None, None), (-1.0, None, None, None, None)):  # fmt: skip
        yield f"ratios {edc} {eit} {win} {reuse} {res}", spoken(lambda *_a, x=(edc, eit, win, reuse, res): datacenter.ratios(*x))  # fmt: skip
    for share in (1000.0, 1.0, 35040.0, 0.125), (1000.0, 35040.0, 35040.0, 1.0), (1000.0, 0.0, 1.0, 0.0), (1.0, 2.0, 1.0, 1.0), (1.0, 1.0, 0.0, 1.0), (1.0, -1.0, 1.0, 1.0), (1.0, 1.0, 2.0, 1.1), (1.0, 1.0, 2.0, -0.1), (1.0, [1.0, 3.0], 2.0, [0.5, 2.0]):  # fmt: skip
        yield f"embodied {share}", spoken(lambda s=share: carbon_score.embodied_share_g(*s))
    yield "embodied, all of it", spoken(lambda: carbon_score.embodied_share_g(1000, 1, 35040))
    for what in (2.0, 400.0, 3.5, 1000.0), (2.0, 400.0, 3.5, 1000.0, "market"), (2.0, 400.0, 3.5, 0.0), (2.0, 400.0, 3.5, -1.0):  # fmt: skip
        yield f"score {what}", spoken(lambda w=what: carbon_score.sci_g(*w))
    for unit in ("token", "training token", "parameter", "FLOP", "request", ""):
        yield f"counted {unit}", spoken(lambda u=unit: carbon_score._counted(1.0, u))
    board = [2.37, 5.0, 8.0, 12.0, 40.0, 100.0]
    for band in ("range", "rank", "sort"):
        yield f"stars {band}", spoken(lambda b=band: [rating.stars(x, board, b) for x in (0.1, *board, 21.896, 41.422, 60.948, 80.474, 500.0)])  # fmt: skip
    for energy, others in ((1.0, [1.0]), (1.0, [3.0, 3.0]), (0.0, board), (1.0, [0.0, 1.0]), (-1.0, board), (2.0, [1.0, 2.0])):  # fmt: skip
        yield f"stars {energy} {others}", spoken(lambda e=energy, o=others: (rating.stars(e, o), rating.stars(e, o, "rank")))  # fmt: skip
    yield "location", spoken(lambda: (scope2.location_based_t(1000, 400), scope2.location_based_t([1, 2], [300, 400])))  # fmt: skip
    for load, contract in (([10, 10], [20, 0]), ([1, 2], [1]), ([-1, 2], [1, 1]), ([1, 2], [1, -1]), ([0, 0], [0, 0])):  # fmt: skip
        yield f"matched {load} {contract}", spoken(lambda a=load, b=contract: scope2.hourly_matched_mwh(a, b))  # fmt: skip
    for certificates, more in (
        ([(600, 0.0)], {"residual_g_per_kwh": 500}), ([(600, 20.0), (100, 10.0)], {"supplier_g_per_kwh": 100, "residual_g_per_kwh": 500, "grid_g_per_kwh": 300}), ([], {"grid_g_per_kwh": 300}), ([(1000, 5.0)], {}), ([(1000.1, 5.0)], {}), ([(-1, 5.0)], {}), ([(1, -5.0)], {}), ([(0, 0.0)], {}),
        ([(999, 0.0)], {"supplier_g_per_kwh": 0.0, "grid_g_per_kwh": 300}),
    ):  # fmt: skip
        yield f"market {certificates} {more}", spoken(lambda c=certificates, m=more: scope2.market_based(1000, c, **m))  # fmt: skip


def _taxes() -> Iterator[Line]:
    for year in (2023, 2024, 2025, 2026, 2027, 2040):
        yield f"rate {year}", spoken(lambda y=year: (excise_tax.tax_rate(y), excise_tax.tax_rate(y, (0.5, 1.0), 2025)))  # fmt: skip
    for schedule in ((), (0.1, 1.1), (-0.1,), (0.0, 1.0)):
        yield f"schedule {schedule}", spoken(lambda s=schedule: excise_tax.tax_rate(2024, s))
    for energy, price, rate in ((100e3, 60.0, [0.1, 0.2, 1.0]), (0.0, 0.0, 0.0), (-1.0, 60.0, 0.1), (1.0, -1.0, 0.1), (1.0, 1.0, -0.1), (1.0, 1.0, 1.01), (math.inf, 1.0, 0.1), (math.nan, 1.0, 0.1), ([1.0, -2.0], 1.0, [0.1, 2.0])):  # fmt: skip
        yield f"tax {energy} {price} {rate}", spoken(lambda *_a, x=(energy, price, rate): excise_tax.excise_tax_usd(*x))  # fmt: skip
    for price, rate in ((78.0, 0.3), (0.0, 0.0), (-1.0, 0.1), (1.0, -1.0)):
        yield f"break even {price} {rate}", spoken(lambda p=price, r=rate: excise_tax.break_even_price_usd_per_mwh(p, r))  # fmt: skip
    power = {unit: leaf("energy", value=2.0, unit=unit, kind="assumed", note="x", boundary="facility") for unit in ("TWh/a", "GWh", "GW")}  # fmt: skip
    price = leaf("price", value=60.0, unit="USD/MWh", kind="assumed", note="x")
    for more in ({}, {"apply_to": "ai"}, {"apply_to": "cars"}, {"price_kind": "lease"}, {"price_kind": "guess"}, {"off_grid": True}, {"off_grid": True, "price_kind": "estimated"}, {"schedule": (0.5,), "start": 2025}):  # fmt: skip
        for unit, energy in power.items():
            for year in (2024, 2026):
                yield f"levy {more} {unit} {year}", spoken(lambda m=more, e=energy, y=year: excise_tax.excise_tax(e, price, y, **m))  # fmt: skip


def _labels() -> Iterator[Line]:
    inputs = {
        "model": "m", "tokens_in": 100, "tokens_out": 200.5, "accelerator": "h100", "accelerators": 1, "batch": None, "precision": "fp8", "runtime": "vllm", "pue": None, "region": "WORLD", "seed": 0,
        "samples": 100,
    }  # fmt: skip
    label = {"schema": energy_label.SCHEMA, "inputs": inputs, "sha256": "x", "z": "名"}
    yield "label", spoken(lambda: energy_label.inputs_of(label))
    yield "label, hash", spoken(lambda: energy_label.hash_of(label))
    for content in ([], "text", {}, {"schema": "other"}, {"schema": energy_label.SCHEMA}, {"schema": energy_label.SCHEMA, "inputs": [1]}, {**label, "inputs": {**inputs, "modell": 1, "zz": 2}}):  # fmt: skip
        yield f"label {content}", spoken(lambda c=content: energy_label.inputs_of(c, "a.json"))
    for key in inputs:
        for value in ("nothing", 3, 2.5, True, None, [1] * 50):
            changed = {**label, "inputs": {**inputs, key: value}}
            yield f"label {key} {str(value)[:20]}", spoken(lambda c=changed, k=key: getattr(energy_label.inputs_of(c), k))  # fmt: skip
        yield f"label without {key}", spoken(lambda k=key: energy_label.inputs_of({**label, "inputs": {a: b for a, b in inputs.items() if a != k}}))  # fmt: skip
    pairs = (
        ({"a": 1.0, "b": [2]}, {"a": 1.1, "b": [2]}), ({"a": 1}, {"b": 2}), ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}), ([1, 2], [1]), ([1, 2], [1, 2]), (True, 1), (1, 1.0), ("a", "b"), ({"a": [1]}, {"a": {"0": 1}}),
    )  # fmt: skip
    for stated, computed in pairs:
        yield f"differs {stated} {computed}", spoken(lambda a=stated, b=computed: energy_label.differences(a, b))  # fmt: skip
    for place in (*large_load_rules.PLACES, *large_load_rules.ALIASES, " United-States ", "moon"):
        yield f"place {place}", spoken(lambda p=place: large_load_rules.place_word(p))
    for status in (*large_load_rules.STATUS, "odd"):
        yield f"rule {status}", spoken(lambda s=status: large_load_rules.status_word(s))
    for rule in large_load_rules.large_load_rules():
        yield f"rule {rule.key}", spoken(lambda r=rule: (r, r.title, r.text[:60]))
        for mw in (rule.from_mw or 1.0, 0.999 * (rule.from_mw or 1.0)):
            yield f"rules {rule.place} {mw:g}", spoken(lambda r=rule, m=mw: [[one.key for one in found] for found in large_load_rules.rules_for(m, r.place)])  # fmt: skip
    for mw, place in ((0.0, "us"), (-1.0, "us"), (math.nan, "us"), (5.0, "moon"), (5.0, "Texas"), (5.0, "united states")):  # fmt: skip
        yield f"rules {mw} {place}", spoken(lambda m=mw, p=place: [[one.key for one in found] for found in large_load_rules.rules_for(m, p)])  # fmt: skip


SHEET = ("EDC=12 GWh @facility", "EIT=10 GWh @server")
SCORE = ("energy_total=12 kWh @facility", "count=40000", "carbon_intensity=240 gCO2e/kWh")
ESRS = ("electricity=20 GWh @facility", "carbon_intensity=384 gCO2e/kWh")
BILL = ("training_energy=1287 MWh @facility", "model=m", "pue=1.1")
FORMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "dc2024": (
        SHEET, ("EDC=12 GWh",), ("EDC=12 GWh @server",), ("annual_energy=12 GWh/a @facility",), ("annual_energy=12 GWh/a",), ("total_energy=12 GWh @facility", "annual_it_energy=10 GWh/a @server"), (), ("energy=3 GWh @facility",), ("energy=3 GWh @server",),
        (*SHEET, "PDIT=499.9 kW"), (*SHEET, "PDIT=500 kW"), (*SHEET, "WIN=10 m**3", "WIN-POT=10 m**3"), (*SHEET, "WIN=10 m**3", "WIN-POT=11 m**3"), (*SHEET, "EDC-BG=12 GWh"), (*SHEET, "EDC-BG=13 GWh"),
        (*SHEET, "ERES-GOO=3 GWh", "ERES-PPA=2 GWh", "ERES-OS=1 GWh"), (*SHEET, "ERES-GOO=3 GWh", "ERES-PPA=2 GWh", "ERES-OS=1 GWh", "ERES-TOT=6 GWh"), (*SHEET, "ERES-GOO=3 GWh", "ERES-PPA=2 GWh", "ERES-OS=1 GWh", "ERES-TOT=7 GWh"), (*SHEET, "ERES-TOT=12 GWh"), (*SHEET, "ERES-TOT=13 GWh"),
        ("EDC=12 GWh @facility", "pue=1"), ("EDC=12 GWh @facility", "pue=0.9"), ("EDC=12 GWh @facility", "EIT=13 GWh @server"), ("EDC=12 GWh @facility", "EIT=0 GWh @server"), ("EDC=0 GWh @facility",), (*SHEET, "TWH=40", "CSERV=3.5", "SDC=500 m**2", "BIN=3 GB/s"), (*SHEET, "duration=8000 h"),
        ("EDC=12 GWh @facility", "EIT=10 GWh"), ("EDC=12 GWh @facility", "annual_it_energy=10 GWh"), (*SHEET, "EREUSE=1.2 GWh"), (*SHEET, "EREUSE=1.2 h"),
    ),
    "sci": (
        SCORE, (*SCORE, "functional_unit=page"), (*SCORE, "functional_unit=token", "embodied_total=1300 kgCO2e", "time_reserved=2 h", "expected_life=35040 h", "resource_share=0.125"), ("energy_per_request=0.3 Wh/request @facility", "carbon_intensity=240 gCO2e/kWh"),
        ("energy_per_request=0.2 to 0.4 Wh/request @facility", "carbon_intensity=240 gCO2e/kWh", "embodied_per_request=0.02 gCO2e/request", "count=1000"), (*SCORE, "market_intensity=20 gCO2e/kWh"), (*SCORE, "intensity_method=market"), (*SCORE, "intensity_method=location"), ("energy_total=12 kWh @facility", "count=0", "functional_unit=page"),
        ("count=3",), ("energy_total=12 kWh @facility",), ("energy_total=12 kWh @facility", "functional_unit=page", "count=3"), (*SCORE, "functional_unit=page", "TE=1300 kgCO2e", "TiR=2 h", "EL=35040 h", "RR/ToR=2"), (*SCORE, "functional_unit=page", "TE=1300 kgCO2e", "TiR=2 h"), (*SCORE, "functional_unit=page", "TE=1 kgCO2e", "TiR=3 h", "EL=2 h", "RR/ToR=1"),
        ("energy_per_request=0.3 Wh/request @facility", "carbon_intensity=240 gCO2e/kWh", "TE=1300 kgCO2e", "TiR=2 h", "EL=35040 h", "RR/ToR=1"), (*SCORE, "functional_unit=request", "embodied_per_request=0.02 gCO2e/request"), (*SCORE, "functional_unit=page", "embodied_per_request=0.02 gCO2e/request"),
    ),
    "sci-ai": (
        (*SCORE, "functional_unit=token"), (*SCORE, "functional_unit=song"), (*SCORE, "role=provider"), (*SCORE, "role=provider", "functional_unit=FLOP", "rationale=because", "gross_or_effective=effective"), (*SCORE, "role=provider", "functional_unit=parameter", "gross_or_effective=both"), (*SCORE, "role=provider", "functional_unit=page"),
        (*SCORE, "role=bystander"), ("energy_per_request=0.3 Wh/request @facility", "carbon_intensity=240 gCO2e/kWh"), ("energy_per_request=0.3 Wh/request @facility", "role=provider"),
    ),
    "scope2": (
        ESRS, ESRS[:1], ESRS[1:], (*ESRS, "method=location"), (*ESRS, "method=guess"), (*ESRS, "market_instruments=none"), (*ESRS, "market_instruments=no"), (*ESRS, "market_instruments=some"), (*ESRS, "certificate_energy=12 GWh"), (*ESRS, "certificate_energy=12 GWh", "certificate_intensity=10 gCO2e/kWh", "residual_intensity=500 gCO2e/kWh"),
        (*ESRS, "certificate_energy=30 GWh"), (*ESRS, "supplier_intensity=100 gCO2e/kWh"), (*ESRS, "residual_intensity=500 gCO2e/kWh"), (*ESRS, "supplier_intensity=100 gCO2e/kWh", "residual_intensity=500 gCO2e/kWh"), (*ESRS, "method=market-hourly-draft", "hourly_matched=8 GWh"), (*ESRS, "method=market-hourly-draft", "hourly_matched=8 GWh", "residual_intensity=500 gCO2e/kWh", "certificate_energy=12 GWh"),
        (*ESRS, "hourly_matched=30 GWh", "residual_intensity=500 gCO2e/kWh"), (*ESRS, "method=market-2015", "residual_intensity=500 gCO2e/kWh"), ("annual_energy=20 GWh/a @facility", "location_intensity=300 gCO2e/kWh"), ("electricity=20 GWh @server",), ("electricity=20 GWh",), ("EDC=3 GWh @facility",), ("energy=3 GWh @facility", "carbon_intensity=4000 gCO2e/kWh"),
    ),
    "esrs": (
        ESRS, (*ESRS, "fossil_energy=12 GWh", "nuclear_energy=2 GWh"), (*ESRS, "fossil_energy=12 GWh", "renewable_energy=8 GWh"), (*ESRS, "nuclear_energy=12 GWh", "renewable_energy=9 GWh"), (*ESRS, "fossil_energy=10 GWh", "nuclear_energy=2 GWh", "renewable_energy=8 GWh"), (*ESRS, "fossil_energy=10 GWh", "nuclear_energy=2 GWh", "renewable_energy=9 GWh"),
        (*ESRS, "fossil_energy=21 GWh"), (*ESRS, "fossil_energy=-1 GWh"), (*ESRS, "renewable_energy=8 GWh", "purchased_renewable=5 GWh", "self_generated_renewable=3 GWh"), (*ESRS, "renewable_energy=8 GWh", "purchased_renewable=5 GWh", "self_generated_renewable=4 GWh"), (*ESRS, "purchased_renewable=5 GWh"), ("fossil_energy=3 GWh", "carbon_intensity=384 gCO2e/kWh"), (*ESRS, "fossil_energy=20 GWh", "nuclear_energy=0 GWh"),
    ),
    "mdf": (
        BILL, ("training_energy=0 MWh @facility",), ("energy=3 GWh @server", "wall_hours=3 h"), (*BILL, "wall_hours=23 h"), (*BILL, "wall_hours=34 d", "accelerator_hours=1e5 accelerator*h"), (*BILL, "training_time=34 d", "accelerator_hours=1e5 accelerator*h", "accelerator=h100"), (*BILL, "training_time=1-3 months"), (*BILL, "training_time=< 1 month"), (*BILL, "wall_hours=0 h"), (*BILL, "wall_hours=20 to 40 d"),
        (*BILL, "training_compute=0 FLOP"), (*BILL, "training_compute=1e23 to 2e23 FLOP", "training_compute_method=counted"), (*BILL, "inference_compute=1e12 FLOP", "inference_task=a"), (*BILL, "inference_task=a", "inference_hardware=b"), (*BILL, "training_energy_method=read off a meter"), (*BILL, "includes=failures, checkpoints"), ("annual_energy=3 GWh/a @facility",), ("training_energy=1287 MWh",), (*BILL[:1], "pue=0.9"), ("training_energy=3 h @facility",),
        ("training_compute=3e23 FLOP", "peak_flop_per_s=1e15 FLOP/s", "mfu=0.3 to 0.5", "power_per_accelerator=600 to 800 W", "pue=1.2"), ("training_compute=3e23 FLOP", "peak_flop_per_s=1e15 FLOP/s", "mfu=0", "power_per_accelerator=700 W", "pue=1.2"),
    ),
    "rating": (
        ("energy_per_request=0.3 Wh/request @accelerator",), ("energy_per_query=0.3 Wh/request @accelerator", "accelerator=h100", "batch=1"), ("energy_per_request_accelerator=0.2 to 0.4 Wh/request @accelerator", "hardware=h100-sxm", "batch=1", "task=reasoning"), ("energy_per_request=0.3 Wh/request @server",), ("energy_per_request=0.3 Wh/request @accelerator", "task=singing"),
        ("energy_per_request=0.3 Wh/request @accelerator", "accelerator=H100", "batch=2"), ("energy_per_request=0.3 Wh/request @accelerator", "accelerator=a100", "batch=1"), ("task=reasoning",), ("energy_per_request=0.3 kg @accelerator",),
    ),
    "boamps": (
        BILL, (*BILL, "taskFamily=text", "infraType=onPremise", "nbComponent=8", "dataType=token"), (*BILL, "taskFamily=text", "infraType=onPremise", "accelerators=8.4", "data_type=token", "country=France", "accelerator=h100", "date=2026-11-30 10:00:00"), ("annual_energy=3 GWh/a @facility", "stage=inference"), ("annual_energy=3 GWh/a @facility", "stage=training"),
        ("energy_per_request=0.3 Wh/request @server", "taskFamily=text", "infraType=onPremise", "nbComponent=8", "dataType=token"), ("inference_energy=2 to 2.2 kWh @server", "taskFamily=text", "infraType=onPremise", "nbComponent=8", "dataType=token"), ("energy=3 kWh @server", "activity=design"), ("energy=3 kWh @server",), ("model=m",),
    ),
    "cyclonedx": (
        BILL, (*BILL, "energy_provider=EDF", "energy_source=nuclear", "emissions=3 tCO2e"), (*BILL, "energy_provider=EDF", "annual_emissions=3000 kgCO2e"), ("training_energy=1000 to 1400 MWh @facility", "name=n"), ("annual_energy=3 GWh/a @facility", "model=m"), ("energy_per_request=0.3 Wh/request @server", "model=m"), ("energy=3 kWh @server", "model=m", "activity=design"),
        ("energy=3 kWh @server", "model=m", "activity=singing"), ("energy=3 kWh @server", "activity=design"),
    ),
    "spdx": (
        BILL, (*BILL, "date=2026-11-30"), (*BILL, "date=2026-11-30T10:00:00Z", "license=MIT"), ("energy_per_request=0.3 Wh/request @server", "model=m", "date=2026-11-30"), ("energy=3 kWh @server", "model=m", "activity=fine-tuning", "date=2026-11-30"), ("energy=3 kWh @server", "model=m", "activity=design", "date=2026-11-30"),
    ),
}  # fmt: skip
"""Facts that each form is filled from."""


WHOLE = ("pue", "mfu", "batch", "RR/ToR", "resource_share", "nbComponent", "date")


def crooked(fact: str) -> str:
    """A fact whose number has more digits than any text shows."""
    key, sign, value = fact.partition("=")
    if key in WHOLE:
        return fact
    return key + sign + re.sub(r"^\d[\d.e]*", lambda m: f"{float(m[0]) * 1.0234567:.9g}", value)


def made_texts(key: str, facts: tuple[str, ...]) -> Callable[[], Any]:
    """Texts and methods of a form, for their digits."""

    def told() -> Any:
        found = Facts()
        for text in facts:
            found.add(given_fact(text))
        one = filled(key, found, {})
        return [[f.key, f.text, f.value, f.low, f.high, f.method] for f in one.fields if f.value is not None], one.document  # fmt: skip

    return told


def _filled(folder: Path) -> Iterator[Line]:
    from taotie import __version__

    def made(key: str, facts: tuple[str, ...], options: dict[str, Any]) -> Any:
        found = Facts()
        for text in facts:
            found.add(given_fact(text))
        one = filled(key, found, options)
        told = one.content()
        # labels stand in Chinese with every form already (forms/*.json)
        fields = {k: {n: v for n, v in f.items() if n != "label_zh"} for k, f in told["fields"].items()}  # fmt: skip
        return {
            **{k: v for k, v in told.items() if k not in ("title", "title_zh")},
            "fields": fields,
        }

    boards = {
        "dated.csv": "task,date,wh_per_1000_queries\nreasoning,2025-12-01,900\ntext_generation,2025-11-01,100\ntext_generation,2025-12-02,400\n,2025-10-01,4000\n", "undated.csv": "wh\n100\n400\n", "wrong.csv": "gpu_energy_wh\nmany\n1\n", "other.csv": "a,b\n1,2\n", "empty.csv": "",
    }  # fmt: skip
    for name, text in boards.items():
        (folder / name).write_text(text, "utf-8")
        for task in ("", "reasoning"):
            yield f"leaderboard {name} {task}", spoken(lambda n=name, t=task: rating.read_leaderboard(folder / n, t))  # fmt: skip
    for key, every in FORMS.items():
        for facts in every:
            more: list[dict[str, Any]] = [{}]
            if key == "rating":
                more += [{"leaderboard": folder / name} for name in ("dated.csv", "undated.csv")]
                more += [{"leaderboard": folder / "dated.csv", "unofficial": True, "band": "rank"}]
            if key == "mdf" and facts in (BILL, every[4], every[11]):
                more += [{"recipient": "NCA"}, {"recipient": "nobody"}, {"boundary": "server"}, {"passthrough": {"a": 1}, "supersedes": "f" * 4}]  # fmt: skip
            if facts in (every[0], ()):
                more += [{"boundary": "facility"}, {"supersedes": "f" * 4}]
            for options in more:
                head = f"form {key} {', '.join(facts)} {', '.join(f'{k}={v}' for k, v in options.items())}".rstrip()  # fmt: skip
                yield head, spoken(lambda k=key, f=facts, o=options: made(k, f, o)).replace(f"taotie {__version__}", "taotie VERSION").replace(f"'{__version__}'", "VERSION")  # fmt: skip
    for key, every in FORMS.items():
        for facts in every:
            told = made_texts(key, tuple(crooked(f) for f in facts))
            yield f"digits {key} {', '.join(facts)}", spoken(told).replace(f"taotie {__version__}", "taotie VERSION")  # fmt: skip
    yield "form of no kind", spoken(lambda: made("scii", (), {}))


def lines() -> list[Line]:
    """Every turn with what is said there."""
    with tempfile.TemporaryDirectory() as folder, sampling(200, 1):
        found = [*_facts(Path(folder)), *_numbers(), *_taxes(), *_labels(), *_filled(Path(folder))]
        return [(head.replace(folder, "{folder}").replace(": ", ":"), text.replace(folder, "{folder}").replace("\n", "\\n")) for head, text in found]  # fmt: skip


if __name__ == "__main__":
    PINNED.write_text("".join(f"{head}: {text}\n" for head, text in lines()), "utf-8")
