"""What is known for a form? Facts with value, range, unit, boundary and kind, from results, answers, meters and the user.

A fact keeps the boundary of its figure. Two files that state the same fact differently are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from taotie.errors import BoundaryError, DataError, RangeError, TaotieError, UnitError, nearest
from taotie.files.read import csv_rows, json_value, of_others, read_text
from taotie.quantity import unit as units
from taotie.quantity.boundary import LEVELS, check, step
from taotie.quantity.quantity_text import parse_quantity
from taotie.quantity.unit_word import with_unit
from taotie.words.language import _

__all__ = ["Fact", "Facts", "facts_from", "given_fact", "read_facts"]

MOST_G_PER_KWH = 3000.0
"""More than any fuel burnt in any plant: peat and oil shale stay below 2,000 with their chains. [gCO2e/kWh]"""
MAX_BYTES = 200_000_000


@dataclass(frozen=True)
class Fact:
    """One known value.

    Attributes
    ----------
    value : float or str
        Median of a figure, or text.
    low, high : float or None
        5 and 95 % points, if it has a range.
    boundary : str or None
        accelerator, server, facility or grid.
    kind : str
        measured, modelled, estimated, assumed ...
    origin : str
        File or option it comes from.
    sources : tuple of str
        Keys of the sources behind it.
    """

    key: str
    value: float | str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    boundary: str | None = None
    kind: str = "estimated"
    origin: str = ""
    sources: tuple[str, ...] = ()

    def to(self, unit: str) -> Fact:
        """The same fact in another unit of the same dimension.

        Raises
        ------
        UnitError
            If the dimension differs: MWh are never read as MW.
        """
        if isinstance(self.value, str):
            raise UnitError(
                _("{key}={value} is text, not a quantity in {unit}.").format(key=self.key, value=repr(self.value), unit=unit),
                f'--set {self.key}="VALUE {unit}"' if unit != "1" else f"--set {self.key}=VALUE",
            )  # fmt: skip
        if not units.same_dimension(self.unit or "1", unit):
            raise UnitError(
                _("{key} is in {a}; the form needs {b}.").format(key=self.key, a=self.unit or "1", b=unit),
                f'--set {self.key}="... {unit}"',
            )  # fmt: skip
        k = units.factor(self.unit or "1", unit)
        return replace(
            self, value=self.value * k, unit=unit, low=None if self.low is None else self.low * k,
            high=None if self.high is None else self.high * k,
        )  # fmt: skip


@dataclass
class Facts:
    """Facts by key; the keys a form asked for are remembered."""

    known: dict[str, Fact] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def add(self, fact: Fact, over: bool = False) -> None:
        """Take a fact; what the user states goes over what a file says.

        Raises
        ------
        DataError
            If another file states it differently.
        """
        old = self.known.get(fact.key)
        if old is not None and not over:
            same = old.value == fact.value
            if isinstance(old.value, float) and isinstance(fact.value, float):
                a, b = old.unit or "1", fact.unit or "1"  # 3 kWh are not 3 MWh
                same = units.same_dimension(a, b) and math.isclose(old.value * units.factor(a, b), fact.value, rel_tol=1e-9)  # fmt: skip
            if not same or old.boundary != fact.boundary:
                raise DataError(
                    _("{a} and {b} disagree on {key}: {x} {u} and {y} {v}.").format(
                        a=old.origin, b=fact.origin, key=fact.key, x=_short(old.value), u=old.unit, y=_short(fact.value), v=fact.unit
                    ),
                    f'--set {fact.key}="{_short(fact.value)} {fact.unit}"',
                )  # fmt: skip
            return
        self.known[fact.key] = fact

    def find(self, *keys: str) -> Fact | None:
        """The first of several spellings that is known."""
        for key in keys:
            self.asked.add(key)
        return next((self.known[k] for k in keys if k in self.known), None)

    def text(self, *keys: str) -> str:
        """A text, or nothing."""
        found = self.find(*keys)
        return "" if found is None else str(found.value)

    def number(self, unit: str, *keys: str, boundary: tuple[str, ...] = ()) -> Fact | None:
        """A number in a unit, at one of some boundaries if they are named.

        Raises
        ------
        UnitError
            If its dimension is another one.
        BoundaryError
            If it stands at another boundary.
        RangeError
            If it is negative or not finite.
        """
        found = self.find(*keys)
        if found is None:
            return None
        one = found.to(unit)
        assert isinstance(one.value, float)
        if not (math.isfinite(one.value) and one.value >= 0):
            raise RangeError(
                _("{name}={value} is not a number of at least 0.").format(name=one.key, value=with_unit(one.value, unit)),
                f'--set {one.key}="VALUE {unit}"' if unit != "1" else f"--set {one.key}=VALUE",
            )  # fmt: skip
        if unit == "gCO2e/kWh" and one.value > MOST_G_PER_KWH:
            raise RangeError(
                _("{key}={value:g} gCO2e/kWh: no power plant emits that much; a thousand times less would be {less:g}.").format(
                    key=one.key, value=one.value, less=one.value / 1e3
                ),
                f'--set "{one.key}={one.value / 1e3:g} gCO2e/kWh"',
            )  # fmt: skip
        if boundary and one.boundary not in boundary:
            if one.boundary is None:
                raise BoundaryError(
                    _("{key} states no boundary; the form needs {wanted}.").format(key=one.key, wanted=" / ".join(boundary)),
                    f"--boundary {boundary[0]}",
                )  # fmt: skip
            raise BoundaryError(
                _("{key} is at the {a} boundary; the form needs {wanted}.").format(key=one.key, a=one.boundary, wanted=" / ".join(boundary)),
                _("{step}, then {example}").format(
                    step=step(one.boundary, boundary[0]), example=f'--set "{one.key}=VALUE {one.unit} @{boundary[0]}"'
                )
                if LEVELS.index(one.boundary) < LEVELS.index(boundary[0])
                else f'--set "{one.key}=VALUE {one.unit} @{boundary[0]}"',
            )  # fmt: skip
        return one


def _short(value: float | str) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


WORDS = frozenset({
    "accelerator", "activity", "country", "data_type", "dataType", "date", "energy_provider", "energy_source", "functional_unit",
    "gross_or_effective", "hardware", "includes", "infraType", "license", "market_instruments", "model", "name", "rationale",
    "role", "stage", "task", "taskFamily", "taskStage",
})  # fmt: skip
"""Facts that are words, whatever they begin with: `hardware=8 x H100`."""
WORDS_END = ("_hardware", "_task", "_method")
_STARTS = re.compile(r"[-+]?[.,]?\d")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNIT = re.compile(r"^[-+]?[\d.,_\s]+(?:[eE][-+]?\d+)?")


@of_others(DataError)
def given_fact(text: str, boundary: str | None = None) -> Fact:
    """A fact as the user states it: ``training_energy=1287 MWh``, ``EDC=12 GWh @facility``, ``task=translation``.

    Raises
    ------
    DataError
        If it is no ``key=value``.
    """
    key, sign, value = text.partition("=")
    key, value = key.strip(), value.strip()
    if not sign or not key or not value:
        raise DataError(_("{text} is not key=value.").format(text=repr(text)), '--set training_energy="1287 MWh"')  # fmt: skip
    body, at, place = value.rpartition("@")
    level = boundary
    if at and place.strip() in LEVELS:
        value, level = body.strip(), place.strip()
    if key in WORDS or key.endswith(WORDS_END):
        return Fact(key, value, boundary=check(level) if at else None, kind="given", origin="--set")
    low = high = None
    if " to " in value:
        first, _to, rest = value.partition(" to ")
        second, _s, unit = rest.strip().partition(" ")
        unit = unit.strip() or "1"
        try:
            low, high = (
                parse_quantity(f"{first} {unit}", unit),
                parse_quantity(f"{second} {unit}", unit),
            )
        except TaotieError:
            return Fact(key, value, origin="--set", kind="given")
        if not low <= high:
            raise RangeError(_("{text}: the range ends before it begins.").format(text=text))
        middle = math.sqrt(low * high) if low > 0 else 0.5 * (low + high)
        return Fact(key, middle, unit, low, high, check(level), "given", "--set")
    unit = _UNIT.sub("", value).strip()
    if not _STARTS.match(value) or _DATE.match(value):
        return Fact(key, value, origin="--set", kind="given")
    amount = parse_quantity(value, unit or "1", name=key)
    return Fact(key, amount, unit or "1", None, None, check(level), "given", "--set")


@of_others(DataError)
def read_facts(path: Path, boundary: str | None = None) -> list[Fact]:
    """Facts of a `result.json`, the JSON of any answer, a JSON of facts, or a meter's CSV.

    Raises
    ------
    DataError
        If the file cannot be read or holds no fact.
    """
    hint = _("give a result.json, the --json of a command, or a meter's CSV")
    raw = read_text(path, MAX_BYTES, hint=hint)
    if path.suffix.lower() == ".csv" or not raw.lstrip().startswith("{"):
        return _meter(path, raw, boundary)
    try:
        content = json_value(raw)
    except ValueError as error:
        raise DataError(
            _("{path} is not JSON: {what}.").format(path=path, what=str(error)[:120]),
            _("was it fetched completely?"),
        ) from None
    found = list(facts_from(content, path.name, boundary))
    if not found:
        raise DataError(
            _("{path} holds no figure.").format(path=path),
            _("give a result.json, the --json of a command, or a meter's CSV"),
        )
    return found


def facts_from(
    content: Mapping[str, Any], origin: str, boundary: str | None = None
) -> Iterator[Fact]:
    """Facts of a mapping: its `figures`, and entries that hold a value with a unit."""
    entries = content.get("figures")
    seen: set[str] = set()
    if (
        isinstance(content.get("fields"), Mapping) and "form_version" in content
    ):  # a form of ours, read back
        yield from _from_form(content, origin)
        return
    for group in (entries if isinstance(entries, Mapping) else {}, content):
        for key, entry in group.items():
            if key in seen or key.startswith("#"):
                continue
            fact = _entry(key, entry, origin, boundary)
            if fact is not None:
                seen.add(key)
                yield fact
    if isinstance(content.get("ask"), str) and isinstance(content.get("settings"), Mapping):
        for key, fact in _from_settings(content["settings"], origin):
            if key not in seen:
                seen.add(key)
                yield fact
    study = content.get("study")
    parts = study.get("compute") if isinstance(study, Mapping) else None
    for key in ("model", "accelerator", "precision"):
        if isinstance(parts, Mapping) and isinstance(parts.get(key), str) and key not in seen:
            yield Fact(key, parts[key], origin=origin, kind="given")


def _from_settings(settings: Mapping[str, Any], origin: str) -> Iterator[tuple[str, Fact]]:
    """What an answer was asked for: model, accelerator, batch, PUE; a default that nobody stated is none."""
    for key, name in (("model", "model"), ("on", "accelerator"), ("precision", "precision")):
        value = settings.get(key)
        if isinstance(value, str) and value:
            yield name, Fact(name, value.partition(":")[0], origin=origin, kind="given")
    for key in ("batch", "pue"):
        value = settings.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield key, Fact(key, float(value), "1", origin=origin, kind="given")
    if settings.get("failures") is True:  # of a training run: its energy holds them
        yield "includes", Fact("includes", "failures, checkpoints, idle machines", origin=origin, kind="given")  # fmt: skip


_KIND = {
    "measured": "measured",
    "given": "given",
    "estimated": "estimated",
    "computed": "estimated",
}


def _from_form(content: Mapping[str, Any], origin: str) -> Iterator[Fact]:
    """Facts of a form that was filled before: values, never its rounded text."""
    stated = content.get("boundary")
    level = check(stated.get("level")) if isinstance(stated, Mapping) else None
    if isinstance(stated, Mapping):
        if isinstance(stated.get("pue"), int | float):
            yield Fact("pue", float(stated["pue"]), "1", origin=origin, kind="given")
        if stated.get("includes"):
            yield Fact(
                "includes", ", ".join(map(str, stated["includes"])), origin=origin, kind="given"
            )
    for key, entry in content["fields"].items():
        if not isinstance(entry, Mapping) or entry.get("status") not in _KIND:
            continue
        value = entry.get("value")
        kind = _KIND[str(entry["status"])]
        if isinstance(value, str):
            yield Fact(key, value, origin=origin, kind="given")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            unit = str(entry.get("unit") or "1").replace("m3", "m**3")
            place = check(entry.get("boundary")) or (level if "energy" in key else None)
            sources = tuple(map(str, entry.get("sources") or ()))
            yield Fact(key, float(value), unit, entry.get("p05"), entry.get("p95"), place, kind, origin, sources)  # fmt: skip


def _entry(key: str, entry: Any, origin: str, boundary: str | None) -> Fact | None:
    if isinstance(entry, str) and len(entry) < 400 and key not in ("schema", "version", "ask"):
        return Fact(key, entry, origin=origin, kind="given")
    if not isinstance(entry, Mapping):
        return None
    value: Any = entry.get("value", entry.get("p50"))
    low, high = entry.get("p05"), entry.get("p95")
    if isinstance(value, Mapping):
        low, high, value = value.get("p05"), value.get("p95"), value.get("p50")
    if isinstance(value, str):
        return Fact(key, value, origin=origin, kind="given")
    if isinstance(value, bool) or not isinstance(value, int | float) or "unit" not in entry:
        return None
    if low == high:
        low = high = None
    place = entry.get("boundary")
    sources = entry.get("sources") or ([entry["source"]] if entry.get("source") else [])
    units.canonical(str(entry["unit"]) or "1")
    return Fact(
        key, float(value), str(entry["unit"]) or "1", low, high, check(place if place is not None else None) or boundary,
        str(entry.get("kind", "estimated")), origin, tuple(map(str, sources)),
    )  # fmt: skip


_POWER = {"power_w": 1e-6, "power_kw": 1e-3, "power_mw": 1.0, "watts": 1e-6, "power": 1e-6}


def _meter(path: Path, raw: str, boundary: str | None) -> list[Fact]:
    """Energy, duration and mean power of a recorded series; the trapezoidal rule, no gap is filled."""
    rows = [r for r in csv_rows(raw, path) if r]
    head = [c.strip().lower() for c in rows[0]] if rows else []
    at_power = next((head.index(c) for c in _POWER if c in head), None)
    at_time = next((head.index(c) for c in ("time_s", "seconds", "t_s", "time", "timestamp") if c in head), None)  # fmt: skip
    if at_power is None or at_time is None or len(rows) < 3:
        raise DataError(
            _("{path} is no meter's file: it needs a time and a power in two rows at least.").format(path=path),
            nearest(head[0] if head else "", ("time_s", "power_w", "power_kw", "power_mw")),
        )  # fmt: skip
    if boundary is None:
        raise BoundaryError(
            _("{path} does not say where it was measured.").format(path=path), "--boundary facility"
        )
    from datetime import UTC, datetime

    zones: set[bool] = set()
    times: list[float] = []
    power: list[float] = []
    for i, row in enumerate(rows[1:], start=2):
        try:
            cell = row[at_time].strip()
            try:
                times.append(float(cell))
            except ValueError:
                when = datetime.fromisoformat(cell.replace("Z", "+00:00"))
                zones.add(when.tzinfo is not None)
                # without a zone only differences count: never by the clock of this machine, which may be put forward
                times.append((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
            power.append(float(row[at_power]) * _POWER[head[at_power]])
        except (ValueError, IndexError):
            raise DataError(
                _("{path}, line {line} is no reading: {row}.").format(path=path, line=i, row=repr(",".join(row))[:60]),
                _("a missing reading is not 0 W: remove the line, the gap will be said"),
            ) from None  # fmt: skip
    if len(zones) > 1:
        raise DataError(
            _("{path} mixes times with and without a zone.").format(path=path),
            _("write all of them in one way, such as 2024-07-01T13:00Z"),
        )
    energy = 0.0
    for i in range(1, len(times)):
        if not times[i] > times[i - 1]:
            raise DataError(_("{path}, line {line}: the time does not go forward.").format(path=path, line=i + 2))  # fmt: skip
        energy += 0.5 * (power[i] + power[i - 1]) * (times[i] - times[i - 1]) / 3600.0
    hours = (times[-1] - times[0]) / 3600.0
    name = path.name
    return [
        Fact("energy", energy, "MWh", boundary=boundary, kind="measured", origin=name),
        Fact("duration", hours, "h", kind="measured", origin=name),
        Fact("mean_power", energy / hours, "MW", boundary=boundary, kind="measured", origin=name),
        Fact("peak_power", max(power), "MW", boundary=boundary, kind="measured", origin=name),
    ]
