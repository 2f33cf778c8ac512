"""Lengths drawn from a log keep its rows and take the means of the study; accelerators of long requests; a part's machines."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from taotie.study.many_requests import _machines
from taotie.study.read import read_study
from taotie.study.simulated_service import sampler
from taotie.workload.requests import Requests


def test_worked_lengths_of_a_log_are_scaled_each_by_its_own_mean() -> None:
    log = Requests(np.arange(3.0), np.array([100, 200, 300]), np.array([10, 40, 10]))
    prompt, output = sampler(log, None, 400.0, 10.0)(4000, np.random.default_rng(0))
    assert set(zip(prompt.tolist(), output.tolist(), strict=True)) == {
        (200, 5),
        (400, 20),
        (600, 5),
    }


def test_matches_accelerators_of_each_length_alone() -> None:
    setup = {"accelerator": "h100-sxm", "model": "llama-3.1-8b"}
    longest = np.geomspace(1e3, 1e6, 23)
    alone = [int(_machines(np.array([n]), setup)[0]) for n in longest]
    assert len(set(alone)) > 3
    assert _machines(longest, setup).tolist() == alone


def test_worked_a_part_of_a_mix_has_machines_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "mix.toml"
    path.write_text(
        'title = "x"\n[workload]\nkind = "mix"\nrequests_per_day = 1e6\n[workload.parts.chat]\nshare = 0.5\n'
        '[workload.parts.picture]\nshare = 0.5\nmodel = "flux.1-dev"\naccelerators_per_replica = 2\nbatch_size = 4\n'
        '[compute]\nmodel = "llama-3.1-70b"\naccelerators_per_replica = 4\naccelerator = "h200-sxm"\n'.replace(
            "\\\n", "\n"
        ),
        "utf-8",
    )
    study = read_study(path)
    chat, picture = study.part("chat").study.compute, study.part("picture").study.compute
    assert (chat.model, chat.accelerators_per_replica) == ("llama-3.1-70b", 4)
    assert (picture.model, picture.accelerators_per_replica, picture.batch_size) == (
        "flux.1-dev",
        2,
        4,
    )
    assert picture.accelerator == "h200-sxm"
