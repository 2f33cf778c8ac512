"""Several sites on a Dask cluster of this machine: the same digits as without; needs `distributed`."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.errors import RangeError
from taotie.grid.supply.many import solve_many
from taotie.grid.supply.matching import SupplyProblem
from taotie.grid.supply.series import synthetic_year
from taotie.grid.supply.technology import technologies


def problem(seed):
    year = synthetic_year(seed, hours=24 * 40)
    one = np.ones(48)
    profiles = {k[:-3]: v[:48] for k, v in year.values.items()}
    return SupplyProblem(100 * one, 1.0, profiles, technologies(("wind", "pv", "battery")), 60 * one, 400 * one, 0 * one)  # fmt: skip


def test_matches_one_machine():
    distributed = pytest.importorskip(
        "distributed", reason="the package distributed is not installed"
    )
    problems = [problem(s) for s in (1, 2, 3)]
    here = solve_many(problems, 0.8)
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:  # fmt: skip
        there = solve_many(problems, 0.8, cluster=cluster.scheduler_address)
    for a, b in zip(here, there, strict=True):
        assert a.cost_per_mwh == b.cost_per_mwh
        assert np.array_equal(a.import_mw, b.import_mw)


def test_error_no_scheduler():
    pytest.importorskip("distributed", reason="the package distributed is not installed")
    with pytest.raises(RangeError, match="no Dask scheduler answers"):
        solve_many([problem(1)], 0.8, cluster="tcp://127.0.0.1:1")
