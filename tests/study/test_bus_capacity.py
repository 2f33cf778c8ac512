"""Which of the capacities of a bus does a study judge its load by? The one of the contingencies and the treatment asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from taotie.study.run import run_study


@pytest.mark.parametrize("security", ["n-0", "n-1"])
@pytest.mark.parametrize("treatment", ["margin", "cutoff"])
def test_worked_the_capacity_is_that_of_what_was_asked(
    tmp_path: Path, security: str, treatment: str
) -> None:
    """At bus 4 of the 30-bus case all that could be taken for it differ, but strict and cutoff."""
    path = tmp_path / "campus.toml"
    path.write_text(
        'title = "x"\nsamples = 100\n[workload]\nkind = "campus"\naccelerators = 100\n[compute]\naccelerator = "h100-sxm"\n'
        f'[grid]\ncase = "case30"\nbus = 4\ncontingencies = "{security}"\ntreatment = "{treatment}"\n',
        encoding="utf-8",
    )
    found = {k: f.value.p50 for k, f in run_study(path).figures.items()}
    asked = f"load_hosting_capacity_{security.replace('-', '')}_{treatment}"
    others = {v for k, v in found.items() if k.startswith("load_hosting_capacity_") and k != asked}
    assert found["load_hosting_capacity"] == found[asked]
    if treatment == "margin":
        assert found[asked] not in others
