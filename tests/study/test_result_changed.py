"""A result file in which anything was changed is not called right: figures, profiles and the hash of everything.

`make accept` changes 5,000 files; 60 change with the rest. Numbers that computation gives back are found out even by
one who computes the hash anew; texts are held by the hash alone, and the check says so.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taotie.answer.study import checked_result
from taotie.errors import ResultError, TaotieError
from taotie.study.read import read_study
from taotie.study.result import content_hash
from taotie.study.result_file import DRAWS_MAX, check_result, hashes
from taotie.study.run import run_study

STUDY = """title = "A small chat service"
samples = 100
[workload]
kind = "chat"
requests_per_day = 1e6
[compute]
model = "llama-3-1-8b"
accelerator = "h100-sxm"
"""


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = tmp_path_factory.mktemp("study") / "study.toml"
    place.write_text(STUDY)
    return dict(json.loads(run_study(read_study(place)).to_json()))


def _leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to everything in a content that is no table; an empty one counts too."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()  # fmt: skip
    for key, value in inner:
        if isinstance(value, dict | list) and value:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key)


def _changed(content: dict[str, Any], path: tuple[Any, ...], rng: np.random.Generator) -> Any:
    """The content with another value at one place."""
    # only what lies on the way there is copied, the rest is shared: it is never written to
    made = node = dict(content)
    for key in path[:-1]:
        node[key] = copy.copy(node[key])
        node = node[key]
    old, kind = node[path[-1]], int(rng.integers(4))
    if kind == 3 and isinstance(node, list):
        del node[path[-1]]
        return made
    if isinstance(old, bool) or old is None:
        new: Any = "x"
    elif isinstance(old, int):
        new = old + 1
    elif isinstance(old, float):
        new = (float(np.nextafter(old, np.inf)), -old - 1.0, old * 2.0 + 1.0, 0.5 * old + 1.0)[kind]
    elif isinstance(old, str):
        new = (old + "x", old[:-1] if old else "x", old.swapcase() + "y", "x")[kind]
    else:
        new = ["x"] if old == [] else {"x": "y"}
    node[path[-1]] = new if new != old else "changed"
    return made


def _accepted(made: dict[str, Any], place: Path) -> bool:
    place.write_text(json.dumps(made))
    try:
        return not check_result(place)[1]
    except (ResultError, TaotieError):
        return False


def _none_accepted(content: dict[str, Any], place: Path, n: int, n_whole: int, seed: int) -> None:
    """Each of `n` changes changes the hash, and one whose hash is another is refused: `n_whole` by the whole check."""
    rng = np.random.default_rng(seed)
    assert _accepted(content, place)
    paths = list(_leaves(content))
    # parts first, leaves of them second: the long profiles and figures do not take all the changes
    parts = sorted({p[0] for p in paths})
    for _i in range(n):
        part = parts[int(rng.integers(len(parts)))]
        inside = [p for p in paths if p[0] == part]
        path = inside[int(rng.integers(len(inside)))]
        made = _changed(content, path, rng)
        stated, found = hashes(made)
        assert stated != found, path
        if _i < n_whole:
            assert not _accepted(made, place), path


def _no_number_accepted_with_a_new_hash(
    content: dict[str, Any], place: Path, n: int, seed: int
) -> None:
    """What follows from figures is found out even where the hash was computed anew."""
    rng = np.random.default_rng(seed)
    paths = [
        p for p in _leaves(content) if p[0] in ("figures", "profiles", "samples", "seed", "results")
    ]
    paths = [p for p in paths if p[-1] not in ("label", "label_zh", "step_h", "note", "locator", "formula", "bound")]  # fmt: skip
    for _i in range(n):
        path = paths[int(rng.integers(len(paths)))]
        if path[0] == "results":
            path = ("figures", content["results"][0], "value", "p50")
        made = _changed(content, path, rng)
        made["sha256"] = content_hash({k: v for k, v in made.items() if k != "sha256"})
        assert not _accepted(made, place), path


def test_property_no_changed_file_is_accepted(content: dict[str, Any], tmp_path: Path) -> None:
    _none_accepted(content, tmp_path / "result.json", 120, 8, 1)


def test_property_no_number_with_a_new_hash(content: dict[str, Any], tmp_path: Path) -> None:
    _no_number_accepted_with_a_new_hash(content, tmp_path / "result.json", 12, 2)


@pytest.mark.slow
def test_property_none_of_five_thousand_changed_files(
    content: dict[str, Any], tmp_path: Path
) -> None:
    _none_accepted(content, tmp_path / "result.json", 4000, 400, 3)
    _no_number_accepted_with_a_new_hash(content, tmp_path / "result.json", 1000, 4)


def test_worked_the_check_says_what_it_did_not_compute(
    content: dict[str, Any], tmp_path: Path
) -> None:
    place = tmp_path / "result.json"
    place.write_text(json.dumps(content))
    answer = checked_result(place)
    assert answer.own["ok"]
    assert "not computed again" in " ".join(one.text() for one in answer.said)


def test_error_more_samples_than_are_computed_again(
    content: dict[str, Any], tmp_path: Path
) -> None:
    made = {**content, "samples": DRAWS_MAX}
    place = tmp_path / "result.json"
    place.write_text(json.dumps(made))
    with pytest.raises(ResultError, match="more than are computed again"):
        check_result(place)
