"""Profiles: shipped coefficients are complete, physical, and carried over with care."""

import numpy as np
import pytest

from taotie.compute.energy.roofline import COEFFICIENTS
from taotie.compute.energy.runtime_profile import (
    COEFFICIENT_FILE,
    engine_runtime,
    generation_profiles,
    runtime_profile,
    runtime_profiles,
    write_profiles,
)
from taotie.compute.fit.coefficient_bounds import BOUNDS
from taotie.errors import CoefficientError, DataError, UnknownNameError


def test_property_shipped_coefficients_are_physical():
    assert {"vllm-0.11", "vllm-0.5", "transformers-2023"} <= set(runtime_profiles())
    for profile in runtime_profiles().values():
        for architecture in profile.provenance["architectures"]:
            for name, value in zip(COEFFICIENTS, profile.coefficients(architecture), strict=True):
                bound = BOUNDS[name]
                assert bound.low * 0.999 <= value <= bound.high * 1.001, (profile.name, name)
        assert profile.provenance["rows"] > 100 or profile.name == "any-engine"


def test_property_widths_order():
    p = runtime_profile("vllm-0.11")
    w80, w90 = (float(p.half_width(s, 64, "hopper")) for s in (80, 90))
    assert 0 < w80 < w90
    assert float(p.half_width(80, 64, "tpu")) > w80
    assert float(p.half_width(80, 64, "hopper", known_batch=False)) > w80
    assert float(p.half_width(80, 64, "hopper", family="qwen3-8b")) < w80


def test_worked_unseen_architecture_takes_its_makers_or_what_is_common():
    p = runtime_profile("vllm-0.11")
    common = [p.values[k] for k in COEFFICIENTS]
    assert p.coefficients("ada").tolist() == common
    assert p.coefficients("cdna4").tolist() == p.coefficients("cdna3").tolist() != common
    # one maker's chips measured, another's not: wider than another architecture of the same maker
    assert float(p.half_width(80, 64, "ada", maker="NVIDIA")) < float(
        p.half_width(80, 64, "gaudi", maker="Intel")
    )


def test_property_every_quantity_has_an_interval():
    for p in runtime_profiles().values():
        for quantity in ("energy", "power", "rate", "latency"):
            w80, w90 = (float(p.half_width(s, 64, "hopper", quantity=quantity)) for s in (80, 90))
            assert 0.05 < w80 <= w90 < 1.5, (p.name, quantity)


def test_worked_engines():
    assert engine_runtime("SGLang") == "sglang-0.5"
    assert engine_runtime("tensorrt_llm") == "tensorrt-llm-1"
    assert engine_runtime("something-new") == "any-engine"
    assert runtime_profile("any-engine").provenance["rows"] == 0


def test_worked_write_and_read_back(tmp_path):
    file = tmp_path / "c.toml"
    write_profiles(runtime_profiles(), file, "heading", {"command": "x"}, {}, {"engine": {"n": 3}})
    again = runtime_profiles(file)
    for name, profile in runtime_profiles().items():
        assert np.allclose(
            again[name].coefficients("hopper"), profile.coefficients("hopper"), rtol=1e-5
        )
        assert again[name].prompt_tokens.keys() == profile.prompt_tokens.keys()
    assert '[gates."engine"]' in file.read_text(encoding="utf-8")
    assert not list(tmp_path.glob("*.part"))


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


@pytest.mark.parametrize(
    ("line", "reader", "where"),
    [
        ('"tile_rows" = ', runtime_profiles, "values lacks tile_rows"),
        ('"seen_family_factor" = ', runtime_profiles, "error lacks seen_family_factor"),
        ('"width_power" = ', generation_profiles, "values lacks width_power"),
        ('"seen_model_factor" = ', generation_profiles, "error lacks seen_model_factor"),
    ],
)
def test_error_a_coefficient_the_code_needs_is_missing(tmp_path, line, reader, where):
    """The file and the key are named; nothing is guessed in its place."""
    file = tmp_path / "c.toml"
    kept = COEFFICIENT_FILE.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(k for k in kept if not k.startswith(line)), encoding="utf-8")
    with pytest.raises(CoefficientError, match=where) as caught:
        reader(file)
    assert str(file) in caught.value.message
