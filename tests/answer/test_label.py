"""The energy label: right ones hold to the last digit, every slip is refuted."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

from taotie.answer.label import check_label, energy_label
from taotie.errors import DataError
from taotie.policy.energy_label import hash_of

MODELS = ("llama-3.1-8b", "llama-3.1-70b")


def made(seed, samples=100):
    rng = np.random.default_rng(seed)
    return energy_label(
        MODELS[seed % 2], float(rng.integers(10, 4000)), float(rng.integers(1, 1500)), ("h100-sxm", "b200")[seed % 3 == 0],
        batch=None if seed % 2 else float(rng.integers(1, 64)), pue=None if seed % 5 else round(float(rng.uniform(1.05, 1.6)), 3),
        region=("WORLD", "USA", "US-ERCT", "FRA")[seed % 4], seed=seed, samples=samples,
    ).detail  # fmt: skip


def checked(tmp_path, label):
    path = tmp_path / "label.json"
    path.write_text(json.dumps(label, ensure_ascii=False))
    return check_label(path).own


def leaves(value, place=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*place, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from leaves(inner, (*place, i))
    else:
        yield place, value


def slipped(label, rng):
    """A label with one thing changed, its hash made to fit in every other case."""
    wrong = copy.deepcopy(label)
    places = [(p, v) for p, v in leaves(label) if p[0] not in ("sha256", "taotie", "schema")]
    place, value = places[rng.integers(len(places))]
    if isinstance(value, float) and value:
        new = rng.choice([value * 1000, value / 1000, float(np.nextafter(value, 1e9)), value * 1.1])
        new = float(new)
        if place[0] == "inputs":
            new = round(value + 1.0, 3)
    elif isinstance(value, int):
        new = value + 1
    elif value is None:
        new = 17.0 if place[-1] == "batch" else 1.31
    else:
        swap = {"facility": "server", "server": "facility", "accelerator": "facility", "Wh/request": "kWh/request"}  # fmt: skip
        new = swap.get(value, f"{value}x")
        if place == ("inputs", "model"):
            new = MODELS[1 - MODELS.index(value)]
        if place == ("inputs", "accelerator"):
            new = "h200-sxm"
        if place == ("inputs", "precision"):
            new = "fp8"
        if place == ("inputs", "region"):
            new = "DEU"
        if place == ("inputs", "runtime"):
            new = "vllm-0.5"
    inner = wrong
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = new
    if rng.integers(2):
        wrong["sha256"] = hash_of(wrong)
    return wrong, place


@pytest.mark.parametrize("first", [0, pytest.param(5, marks=pytest.mark.slow)])
def test_property_right_labels_hold_and_slips_are_refuted(tmp_path, first):
    """Fifty right ones, fifty slips; labels of few draws, for the digits do not care."""
    for seed in range(first, 50 if first else 5):
        label = made(seed)
        assert checked(tmp_path, label) == {"holds": True, "differences": []}, seed
        wrong, place = slipped(label, np.random.default_rng(1000 + seed))
        found = checked(tmp_path, wrong)
        assert found["holds"] is False, (seed, place)
        assert found["differences"], (seed, place)


def test_worked_another_version_is_not_refuted(tmp_path):
    label = made(3)
    label["taotie"] = "9.9.9"
    label["energy"]["energy_per_request"]["p50"] *= 1.01
    label["sha256"] = hash_of(label)
    found = checked(tmp_path, label)
    assert found["holds"] is None
    assert [d["where"] for d in found["differences"]] == ["energy.energy_per_request.p50"]
    label["energy"]["energy_per_request"]["p50"] *= 1.01  # without a new hash it contradicts itself
    assert checked(tmp_path, label)["holds"] is False


def test_worked_label_names_all_it_must():
    label = made(1)
    for key in ("boundary", "task", "chip", "batch_law", "pue", "grid", "interval", "sources", "energy", "sha256"):  # fmt: skip
        assert label[key]
    assert label["inputs"]["seed"] == 1
    one = label["energy"]["energy_per_request"]
    assert one["p10"] < one["p50"] < one["p90"]


@pytest.mark.parametrize("content", ["[]", "{}", "{", '{"schema": "taotie-energy-label-1"}', '{"schema": "taotie-energy-label-1", "inputs": {"seed": true}}'])  # fmt: skip
def test_error_no_label(tmp_path, content):
    path = tmp_path / "label.json"
    path.write_text(content)
    with pytest.raises(DataError):
        check_label(path)


def test_worked_card():
    from taotie.app.charts.label_chart import label_svg

    svg = label_svg(made(1))
    assert svg.startswith("<svg")
    assert "80 %" in svg
