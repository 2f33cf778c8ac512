"""Accelerator table: dense peaks, missing values stay missing, spellings."""

import math
import warnings

import pytest

from rows import each_row
from taotie.errors import RangeError, UnknownNameError
from taotie.hardware.accelerator import accelerator, accelerators, custom_accelerator
from taotie.quantity.catalog import table


def test_published_h100_data_sheet():
    chip = accelerator("h100-sxm")
    assert chip.peak_bf16_flop_s == 989e12
    assert chip.bandwidth_b_s == 3.35e12
    assert chip.memory_b == 80 * 2**30
    assert chip.tdp_w == 700.0


def test_published_no_sparse_peak_of_the_h100_anywhere():
    # the sheet's headline, 1979 TFLOP/s bf16, holds with structured sparsity only
    for chip in accelerators().values():
        if chip.architecture == "hopper":
            assert chip.peak_bf16_flop_s < 1000e12


def test_worked_fp8_falls_back_where_there_are_no_units():
    assert accelerator("a100").peak_flop_s("fp8") == 312e12
    assert accelerator("b200").peak_flop_s("fp4") == 9000e12
    assert accelerator("h100").peak_flop_s("fp4") == 1978e12


def test_property_table_is_physical():
    assert len(accelerators()) >= 20
    for chip in accelerators().values():
        intensity = chip.peak_bf16_flop_s / chip.bandwidth_b_s
        assert 10 < intensity < 1000, chip.name
        assert chip.memory_b > 8e9
        if chip.tdp_w is not None:
            assert 50 < chip.tdp_w < 1500
            assert 1e10 < chip.peak_bf16_flop_s / chip.tdp_w < 3e12, chip.name
        if chip.peak_fp8_flop_s is not None and chip.peak_fp8_flop_s != chip.peak_bf16_flop_s:
            ratio = 3.75 if chip.name == "trainium3" else 2.0
            assert chip.peak_fp8_flop_s / chip.peak_bf16_flop_s == pytest.approx(ratio, rel=0.1)


def test_property_every_cell_has_source_and_mark():
    cells = table("accelerators").cells
    assert all(
        row["source"] and row["access"] in ("read", "quoted", "memory") for row in cells.values()
    )


@each_row(
    ("spelling", "name"),
    [
        ("H100", "h100-sxm"),
        ("NVIDIA H100 80GB HBM3", "h100-sxm"),
        ("NVIDIA A100-SXM4-40GB", "a100-sxm-40"),
        ("Tesla V100-SXM2-32GB", "v100-sxm2-32"),
        ("AMD Instinct MI300X", "mi300x"),
        ("TPU v5e", "tpu-v5e"),
        ("H100 SXM", "h100-sxm"),
        ("NVIDIA GeForce RTX 5090", "rtx-5090"),
        ("Huawei Ascend 910B", "ascend-910b"),
        ("Apple M4 Max", "m4-max"),
        ("Ascend910C", "ascend-910c"),
    ],
)
def test_worked_spellings(spelling, name):
    assert accelerator(spelling).name == name


def test_error_unknown_name_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="h900-sxm") as caught:
        accelerator("h900-sxm")
    assert "h100-sxm" in caught.value.hint


def test_worked_unpublished_rated_power_is_a_sourced_range_and_marked():
    chip = accelerator("tpu-v5e")
    assert "tdp" in chip.estimated
    assert "tdp" not in accelerator("h100").estimated
    power = table("accelerators").figure("tpu-v5e", "tdp")
    assert power.p05 < chip.rated_power_w() < power.p95
    assert power.kind == "estimated"


def test_error_chip_without_any_rated_power_is_refused_not_zero():
    chip = custom_accelerator("mine", peak_bf16_flop_s=1e14, memory_b=1e10, bandwidth_b_s=1e12)
    with pytest.raises(RangeError, match="no rated power"):
        chip.rated_power_w()


def test_property_every_chip_says_its_formats():
    for chip in accelerators().values():
        assert chip.formats, chip.name
        assert ("fp8" in chip.formats) == (chip.peak_fp8_flop_s is not None), chip.name
        assert chip.peak_fp4_flop_s is None or "fp4" in chip.formats, chip.name


def test_error_sparse_peak_given_as_dense_warns():
    with pytest.warns(UserWarning, match="sparsity"):
        custom_accelerator(
            "mine", peak_bf16_flop_s=1979e12, memory_b=80e9, bandwidth_b_s=3.35e12, tdp_w=700.0
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chip = custom_accelerator(
            "mine",
            peak_bf16_flop_s=989e12,
            memory_b=80e9,
            bandwidth_b_s=3.35e12,
            tdp_w=700.0,
            like="h100",
        )
    assert chip.architecture == "hopper"


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_error_impossible_data_sheet(value):
    with pytest.raises(RangeError, match="bandwidth_b_s"):
        custom_accelerator("mine", peak_bf16_flop_s=1e14, memory_b=1e10, bandwidth_b_s=value)


def test_matches_figures_of_the_catalogue():
    cells = table("accelerators")
    for name, quantity, value in (
        ("h100-sxm", "memory", accelerator("h100").memory_b),
        ("l40s", "memory", accelerator("l40s").memory_b),
        ("b200-sxm", "bandwidth", accelerator("b200").bandwidth_b_s),
        ("tpu-v6e", "peak_bf16", accelerator("tpu-v6e").peak_bf16_flop_s),
    ):
        unit = {"memory": "B", "bandwidth": "B/s", "peak_bf16": "FLOP/s"}[quantity]
        assert float(cells.figure(name, quantity).to(unit).samples) == pytest.approx(
            value, rel=1e-12
        )
