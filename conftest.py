"""Shared by tests and examples. Measured material for tests lies beside the project, not in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from taotie.words.language import _language

settings.register_profile(
    "taotie", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.load_profile("taotie")

# examples in docstrings and docs are English whatever the machine speaks
os.environ["TAOTIE_LANG"] = "en"


def pytest_runtest_setup() -> None:
    """Each test starts in English, whatever language one before it spoke."""
    _language.set(None)
    os.environ["TAOTIE_LANG"] = "en"


SHARED = Path(os.environ.get("TAOTIE_SHARED", Path(__file__).resolve().parents[1] / "shared"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of measured and published material, or a skip that says what is missing."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"measured data not beside the project (looked for {SHARED.name}/data)")
    return folder
