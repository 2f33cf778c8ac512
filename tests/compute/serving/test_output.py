"""Parquet files hold what the run holds, and appear whole or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.output import power_columns, request_columns, write_columns
from taotie.compute.serving.service import ReplicaModel, Serving, simulate
from taotie.errors import DataError, RangeError
from taotie.workload.requests import Requests

duckdb = pytest.importorskip("duckdb", reason="Parquet logs are in the extra `data`")


@pytest.fixture(scope="module")
def run():
    costs = IterationCosts.affine(4, (10**12, 0, 0, 10**9, 0), (5 * 10**9, 0, 0, 10**9, 0))
    replica = ReplicaModel("made up", costs, ReplicaLimits(4, 100), 1, 5000, 3000, 10)
    n = 50
    requests = Requests(np.arange(n) * 3.0, np.arange(1, n + 1), np.full(n, 7))
    return simulate(requests, Serving(replica, 3))


def test_matches_the_run(run, tmp_path):
    write_columns(tmp_path / "r.parquet", request_columns(run))
    got = duckdb.sql(f"select * from '{tmp_path}/r.parquet' order by request").fetchnumpy()
    np.testing.assert_array_equal(got["request"], run.number)
    np.testing.assert_array_equal(got["energy_j"], run.energy_nj / 1e9)
    np.testing.assert_array_equal(got["own_j"] + got["shared_j"] + got["overhead_j"] > 0, True)
    assert got["energy_j"].sum() == pytest.approx(run.total_nj / 1e9, rel=1e-12)
    write_columns(tmp_path / "p.parquet", power_columns(run))
    got = duckdb.sql(f"select * from '{tmp_path}/p.parquet'").fetchnumpy()
    assert got["total_w"].sum() * 60 == pytest.approx(run.total_nj / 1e9, rel=1e-9)


def test_matches_csv_and_parquet_by_the_ending(run, tmp_path):
    write_columns(tmp_path / "r.csv", request_columns(run))
    text = (tmp_path / "r.csv").read_text().splitlines()
    assert text[0].startswith("request,replica,arrival_s,")
    assert len(text) == 51
    assert float(text[1].split(",")[8]) == run.energy_nj[0] / 1e9


@pytest.mark.parametrize("name", ["r.xlsx", "r", "r.csv.gz"])
def test_error_another_ending_is_refused_before_anything_runs(name, tmp_path):
    from taotie.answer.simulate import simulate as ask

    for setting in ("requests_out", "power_out"):
        option = "--" + setting.replace("_", "-")
        with pytest.raises(RangeError, match=f"{option} {name} ends in none of .parquet, .csv"):
            ask(tmp_path / "there-is-no-log.csv", replicas=1, **{setting: tmp_path / name})


def test_error_leaves_no_half_file(run, tmp_path):
    with pytest.raises(DataError):
        write_columns(tmp_path / "missing" / "r.parquet", request_columns(run))
    with pytest.raises(duckdb.Error):
        write_columns(tmp_path / "bad.parquet", {"a b": np.arange(3), "A B": np.arange(2)})
    assert list(tmp_path.iterdir()) == []
