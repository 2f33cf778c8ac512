"""Shared by tests and examples. Measured material for tests lies beside the project, not in it."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from taotie.words.language import _language

# what collecting makes stays, so nothing is to be found among it while it is made
gc.disable()

EXAMPLES = int(os.environ.get("TAOTIE_EXAMPLES", "15"))
"""Inputs a property is tried on where it names no number; `make accept` takes more."""
settings.register_profile(
    "taotie",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    max_examples=EXAMPLES,
)
settings.load_profile("taotie")

# examples in docstrings and docs are English whatever the machine speaks
os.environ["TAOTIE_LANG"] = "en"


LONG = (
    "tests/app/web/test_browser.py", "tests/answer/test_pinned_answers.py", "tests/study/test_run.py", "tests/app/api/test_doors_agree.py",
    "tests/study/test_kinds.py", "tests/fuzz/test_fuzz.py", "tests/study/test_building.py", "tests/answer/test_asks.py",
    "tests/grid/capacity/test_hosting_capacity.py", "tests/app/cli/test_main.py", "tests/app/api/test_rest.py",
    "tests/compute/metered/test_closed_model.py", "tests/app/web/test_pages.py", "tests/grid/supply/test_matching.py",
    "tests/audit/test_any_numbers.py", "tests/grid/capacity/test_redispatch.py", "tests/quantity/test_figure.py",
    "tests/compute/serving/test_replica.py", "tests/compute/serving/test_fleet.py", "tests/compute/serving/test_file.py",
    "tests/grid/test_headroom.py", "tests/audit/test_fresh_statements.py", "tests/grid/capacity/test_units.py",
    "tests/app/pages/test_chinese_pages.py", "tests/faults/test_kills.py", "tests/app/pages/test_browser.py",
    "tests/app/mcp/test_server.py", "tests/app/pages/test_simulation_page.py", "tests/app/pages/test_page.py",
)  # fmt: skip
"""The files that take longest, which go first: the last one dealt out is what a second process waits for."""


def pytest_configure(config: pytest.Config) -> None:
    """Files are dealt out in the order below, not by how many tests they hold."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {name: n for n, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.nodeid.partition("::")[0], len(LONG)))


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path,
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """A file without an example is not loaded and looked through for one: most have none, and a notebook would run."""
    found = yield
    if all(type(one) is pytest.Module for one in found) or ">>>" in file_path.read_text("utf-8"):
        return found
    return [one for one in found if type(one) is pytest.Module]


def pytest_collection_finish() -> None:
    """What collecting leaves stays for the whole run: no need to look through it again at every collection."""
    gc.collect()
    gc.freeze()
    # what is frozen no longer counts, so the usual limits would have everything looked through again and again
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


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
