"""Pictures and films: FLOPs from shapes, bars on models left out, unknown models."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import taotie
from taotie.compute.energy.generation import (
    GENERATION_COEFFICIENTS,
    diffusion_model,
    diffusion_models,
    find_diffusion_model,
    generation_cost,
    generation_row,
    typical_diffusion_model,
)
from taotie.compute.energy.item_energy import item_error
from taotie.compute.energy.runtime_profile import generation_profiles
from taotie.compute.fit.validation import validate_mlenergy
from taotie.errors import RangeError, UnknownNameError
from taotie.hardware.accelerator import accelerator, custom_accelerator
from taotie.quantity.catalog import table

H100 = accelerator("h100")


def shipped(medium="xdit-0.4/image", architecture="hopper"):
    profile = generation_profiles()[medium]
    special = profile["by_architecture"].get(architecture, {})
    return {k: special.get(k, profile["values"][k]) for k in GENERATION_COEFFICIENTS}


def test_worked_tokens_and_flops():
    model = diffusion_model("hunyuanvideo")
    # 129 frames of 1280 x 720: 33 x 45 x 80 tokens
    assert float(model.tokens(720, 1280, 129)) == 118_800
    per_token = 2 * 60 * 12 * 3072**2
    attention = 4 * 118_800 * (118_800 + 256) * 3072 * 60
    assert float(model.flop_per_step(720, 1280, 129)) == pytest.approx(
        per_token * 118_800 + attention, rel=1e-12
    )


def test_worked_guidance_doubles():
    model = diffusion_model("pixart-sigma-xl-2")
    half = 2 * model.token_params * 4096 + 4 * 4096**2 * 1152 * 28
    assert float(model.flop_per_step(1024, 1024)) == pytest.approx(2 * half)


def test_published_wan_video_energy():
    # ML.ENERGY: 289 kJ for 81 frames of 832 x 480 by Wan 2.1 14B on one H100 (source chung2025)
    row = generation_row(
        diffusion_model("wan2.1-t2v-14b"), H100, height=480, width=832, steps=50, frames=81
    )
    cost = generation_cost(row, shipped("xdit-0.4/video"))
    assert cost.energy_j[0] == pytest.approx(289_000, rel=0.15)
    assert cost.time_s[0] == pytest.approx(467, rel=0.2)


@given(
    st.sampled_from(sorted(diffusion_models())),
    st.integers(1, 32),
    st.integers(1, 60),
    st.sampled_from([1, 2, 4, 8]),
)
def test_property_more_steps_and_items_cost_more(name, batch, steps, count):
    model = diffusion_model(name)
    rows = np.array(
        [
            generation_row(model, H100, height=768, width=1024, steps=s, batch=b, ulysses=count)
            for s, b in ((steps, batch), (steps + 1, batch), (steps, batch + 1))
        ]
    )
    cost = generation_cost(rows, shipped())
    assert cost.time_s[1] > cost.time_s[0]
    assert cost.time_s[2] > cost.time_s[0]
    assert cost.energy_j[1] > cost.energy_j[0]
    assert cost.energy_j[2] <= cost.energy_j[0] * (1 + 1e-9)
    assert np.all(cost.power_w <= count * 700)


def test_worked_names_of_hugging_face():
    for name, found in (
        ("Wan-AI/Wan2.1-T2V-14B-Diffusers", "wan2.1-t2v-14b"),
        ("black-forest-labs/FLUX.1-dev", "flux.1-dev"),
        ("Efficient-Large-Model/SANA1.5_4.8B_1024px_diffusers", "sana1.5-4.8b"),
    ):
        model = find_diffusion_model(name)
        assert model is not None
        assert model.name == found


def test_worked_unknown_model_from_its_size():
    guess = typical_diffusion_model("x", 1.5e9)
    assert guess.typical
    near = diffusion_model("hunyuandit").flop_per_step(1024, 1024)
    assert 0.5 < float(guess.flop_per_step(1024, 1024) / near) < 2


def test_worked_parameters_of_a_token_are_those_of_the_shape_that_was_read():
    """So many widths squared a layer, and what else the locator names: nothing typed beside it."""
    cells = table("diffusion_models").cells
    counted = 0
    for (item, quantity), cell in cells.items():
        said = re.search(r"([0-9.]+) widths squared", cell["locator"])
        if quantity != "token_params" or not said:
            continue
        model = diffusion_models()[item]
        each = float(said[1]) * model.hidden**2
        if ffn := re.search(r"ffn_dim (\d+)", cell["locator"]):
            each += 2.0 * model.hidden * int(ffn[1])
        assert each * model.layers == pytest.approx(float(cell["value"]), rel=1e-3), item
        counted += 1
    assert counted >= 13


def test_property_a_shape_from_memory_says_so_and_widens():
    flux = diffusion_model("flux.1-dev")
    assert not flux.recalled
    known = item_error("image", "h100-sxm", model=flux)
    wider, said = item_error("image", "h100-sxm", model=replace(flux, recalled=("token_params",)))
    assert wider.p95 / wider.p05 > known[0].p95 / known[0].p05
    assert [s.code for s in said] == ["model_from_memory"]
    assert known[1] == []


def test_property_what_is_recalled_is_what_the_table_has_from_memory():
    remembered = table("diffusion_models").from_memory
    for name, model in diffusion_models().items():
        assert {*model.recalled, *model.recalled_aside} == set(remembered.get(name, ())), name


def test_property_every_cell_from_memory_is_told_with_the_answer():
    for name, quantities in table("diffusion_models").from_memory.items():
        answer = taotie.generate(model=name, samples=100)
        told = ", ".join(s.values["keys"] for s in answer.said if s.code.endswith("_from_memory"))
        assert set(told.split(", ")) == set(quantities), name


def test_property_what_keeps_the_range_hardly_bears_on_the_work():
    """A cell from memory that widens nothing moves the energy by less than one percent, were it twice as much."""
    looked_at = 0
    for name, model in diffusion_models().items():
        if not model.recalled_aside:
            continue
        film = model.frames_per_token > 1 or "video" in name or "vgen" in name
        setup = {"height": 768, "width": 768, "steps": 20, "frames": 49 if film else 1}
        fit = generation_profiles()[f"xdit-0.4/{'video' if film else 'image'}"]["values"]
        plain = generation_cost(generation_row(model, H100, **setup)[None, :], fit).energy_j
        for quantity in model.recalled_aside:
            twice = replace(model, **{quantity: 2 * getattr(model, quantity)})
            row = generation_row(twice, H100, **setup)[None, :]
            assert generation_cost(row, fit).energy_j == pytest.approx(plain, rel=0.01), name
            looked_at += 1
    assert looked_at >= 5


def test_error_refusals():
    with pytest.raises(UnknownNameError) as caught:
        diffusion_model("flux.1-den")
    assert "flux.1-dev" in caught.value.hint
    with pytest.raises(RangeError, match="steps=0"):
        generation_row(diffusion_model("flux.1-dev"), H100, height=512, width=512, steps=0)
    nameless = custom_accelerator("x", peak_bf16_flop_s=1e14, memory_b=5e10, bandwidth_b_s=1e12)
    with pytest.raises(RangeError, match="rated power"):
        generation_row(diffusion_model("flux.1-dev"), nameless, height=512, width=512, steps=4)
    with pytest.raises(RangeError):
        typical_diffusion_model("x", 0.0)


@pytest.mark.parametrize(
    ("file", "most"),
    [
        ("mlenergy_v3/text_to_image.csv", 20),
        ("mlenergy_v3/text_to_video.csv", 20),
        pytest.param("mlenergy_v2/diffusion.csv", 20, marks=pytest.mark.slow),
    ],
)
def test_published_bars_leaving_one_model_out(shared_data, file, most):
    """The older campaign, read and fitted by the same lines as the newer pictures and films, in `make accept`."""
    result = validate_mlenergy(shared_data / file, leave_one_family_out=True)
    assert result["unusable"] == []
    assert result["energy"]["mdape"] <= most
    assert result["energy"]["within_2x"] >= 0.97
    assert 0.72 <= result["coverage_80"] <= 0.90
