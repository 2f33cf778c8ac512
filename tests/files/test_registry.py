"""The list of publishers' files is complete, safe and equals what the publishers released."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import DataError, TaotieError, UnknownNameError
from taotie.files.registry import REGISTRY_FILE, dataset, datasets, read_registry

ENTRY = """
[[dataset]]
name = "one"
title = {{ en = "t", zh = "题" }}
about = "a"
licence = "CC0"
citation = "c"
repository = "https://example.org/x"
base = "https://example.org/x/"
file = [{{ path = "{path}", bytes = 3, sha256 = "{sha}" }}]
"""


def test_property_every_dataset_is_complete() -> None:
    for entry in datasets():
        assert entry.titles["en"]
        assert entry.titles["zh"]
        assert entry.title in entry.titles.values()
        assert entry.licence
        assert entry.citation
        assert entry.files
        assert len({f.path for f in entry.files}) == len(entry.files)
        for file in entry.files:
            assert file.url.startswith("https://")
            assert " " not in file.url
            assert file.bytes > 0


def test_matches_the_hashes_of_the_local_copies(shared_data: Path) -> None:
    listed = tomllib.loads((shared_data / "upstream" / "registry.toml").read_text("utf-8"))
    for theirs in listed["dataset"]:
        ours = dataset(theirs["name"])
        assert {f["path"]: (f["sha256"], f["bytes"]) for f in theirs["file"]} == {
            f.path: (f.sha256, f.bytes) for f in ours.files
        }


@pytest.mark.parametrize(
    "path", ["../up", "a/../../b", "/etc/passwd", "C:/x", "a\\\\b", "", "a/\\u0000"]
)
def test_error_paths_that_leave_the_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "r.toml").write_text(ENTRY.format(path=path, sha="0" * 64))
    with pytest.raises(DataError, match="leaves the folder"):
        read_registry(tmp_path / "r.toml")


def test_error_bad_hash(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(ENTRY.format(path="a", sha="0" * 63))
    with pytest.raises(DataError, match="sha256 of a"):
        read_registry(tmp_path / "r.toml")


def test_error_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="azure-llm-2023"):
        dataset("azure-llm-2032")
    with pytest.raises(UnknownNameError, match=r"AzureLLMInferenceTrace_conv\.csv"):
        dataset("azure-llm-2023").file("data/AzureLLMInferenceTrace_code.csv")


@given(cut=st.integers(0, 41_000), junk=st.binary(max_size=20))
def test_property_a_damaged_list_is_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, cut: int, junk: bytes
) -> None:
    path = tmp_path_factory.mktemp("r") / "registry.toml"
    path.write_bytes(REGISTRY_FILE.read_bytes()[:cut] + junk)
    message = "registry.toml, all well"
    try:
        read_registry(path)
    except TaotieError as error:
        message = error.message
    assert "registry.toml" in message
