"""Profiles: shipped coefficients are complete, physical, and carried over with care."""

import numpy as np
import pytest

from taotie.compute.energy.architecture_transfer import (
    FACTOR_GROUPS,
    ampere_over_hopper,
    apply_factors,
)
from taotie.compute.energy.roofline import COEFFICIENTS
from taotie.compute.energy.runtime_profile import (
    architecture_factors,
    runtime_profile,
    runtime_profiles,
    write_profiles,
)
from taotie.compute.fit.calibration import BOUNDS
from taotie.errors import DataError, UnknownNameError


def test_property_shipped_coefficients_are_physical():
    assert {"vllm-0.11", "vllm-0.5", "transformers-2023"} <= set(runtime_profiles())
    for profile in runtime_profiles().values():
        for architecture in profile.provenance["architectures"]:
            for name, value in zip(COEFFICIENTS, profile.coefficients(architecture), strict=True):
                bound = BOUNDS[name]
                assert bound.low * 0.999 <= value <= bound.high * 1.001, (profile.name, name)
        assert profile.provenance["rows"] > 100


def test_property_widths_order():
    p = runtime_profile("vllm-0.11")
    w80, w90 = (float(p.half_width(s, 64, "hopper")) for s in (80, 90))
    assert 0 < w80 < w90
    assert float(p.half_width(80, 64, "tpu")) > w80
    assert float(p.half_width(80, 64, "hopper", known_batch=False)) > w80
    assert float(p.half_width(80, 64, "hopper", family="qwen3-8b")) < w80


def test_worked_unseen_architecture_is_carried_over():
    p = runtime_profile("vllm-0.5")
    hopper, ampere = (
        dict(zip(COEFFICIENTS, p.coefficients(a), strict=True)) for a in ("hopper", "ampere")
    )
    factor = architecture_factors()["ampere"]
    assert ampere["host_step_s"] == pytest.approx(hopper["host_step_s"] * factor["overhead"])
    assert ampere["dense_bandwidth_share"] == hopper["dense_bandwidth_share"]
    assert ampere["dense_flop_share"] <= 0.9


def test_matches_public_ratios(shared_data):
    found = ampere_over_hopper(shared_data)
    shipped = architecture_factors()["ampere"]
    assert found is not None
    for name in FACTOR_GROUPS:
        assert found[name] == pytest.approx(shipped[name], rel=1e-4)
        assert 1.0 < found[name] < 1.3


def test_worked_write_and_read_back(tmp_path):
    file = tmp_path / "c.toml"
    write_profiles(
        runtime_profiles(), file, "heading", {"command": "x"}, {}, {"ampere": {"overhead": 1.2}}
    )
    again = runtime_profiles(file)
    for name, profile in runtime_profiles().items():
        assert np.allclose(
            again[name].coefficients("hopper"), profile.coefficients("hopper"), rtol=1e-5
        )
        assert again[name].prompt_tokens.keys() == profile.prompt_tokens.keys()
    assert architecture_factors(file) == {"ampere": {"overhead": 1.2}}
    assert not list(tmp_path.glob("*.part"))


def test_worked_factors_leave_unknown_names_alone():
    assert apply_factors({"x": 1.0, "byte_tdp_share": 0.2}, {"dynamic_power": 1.5}) == {
        "x": 1.0,
        "byte_tdp_share": pytest.approx(0.3),
    }


def test_error_unknown_runtime():
    with pytest.raises(UnknownNameError) as caught:
        runtime_profile("vllm-0.12")
    assert "vllm-0.11" in caught.value.hint


def test_error_damaged_file(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text('[runtime."x"]\nlabel = "x"\n')
    with pytest.raises(DataError, match="cannot be read"):
        runtime_profiles(file)
    with pytest.raises(DataError):
        runtime_profiles(tmp_path / "none.toml")
