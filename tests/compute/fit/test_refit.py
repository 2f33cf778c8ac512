"""The shipped coefficients are what the refit makes of the measured tables."""

import time

import numpy as np
import pytest

from taotie.compute.energy.runtime_profile import generation_profiles, runtime_profiles
from taotie.compute.fit.refit import refit
from taotie.errors import DataError


@pytest.mark.slow
def test_matches_shipped_coefficients(shared_data, tmp_path):
    file = tmp_path / "coefficients.toml"
    begun = time.process_time()
    summary = refit(shared_data, file, today="2026-11-22")
    # with every gate, five minutes of two quiet cores; it takes two of one
    assert time.process_time() - begun < 300
    made, shipped = runtime_profiles(file), runtime_profiles()
    assert made.keys() == shipped.keys()
    for name, profile in shipped.items():
        assert summary[name]["rows"] == profile.provenance["rows"]
        for architecture in profile.provenance["architectures"]:
            assert np.allclose(
                made[name].coefficients(architecture), profile.coefficients(architecture), rtol=0.05
            )
    assert generation_profiles(file).keys() == generation_profiles().keys()


def test_error_no_tables(tmp_path):
    with pytest.raises(DataError, match="no measured table") as caught:
        refit(tmp_path, tmp_path / "x.toml")
    assert "mlenergy_v3" in caught.value.hint
    assert not (tmp_path / "x.toml").exists()
