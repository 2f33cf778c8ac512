"""Cases: read, written, refused, explained."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taotie.errors import CaseError, TaotieError, UnknownNameError
from taotie.grid.case.case import Case, case_names, read_case, write_case
from taotie.grid.case.matpower_file import parse_tables

SMALL = """function mpc = small
%SMALL  Two buses.  % not a comment sign twice
%   Licensed under the Creative Commons Attribution 4.0 International license,
mpc.version = '2';
mpc.baseMVA = 100;
%% bus data
%	bus_i	type
mpc.bus = [ % a comment with ] in it
	10	3	0	0	0	0	1	1	0	230	1	1.1	0.9;
	7	1	50	0	0	0	1	1	0	230	1	1.1	0.9	0	0; % trailing columns
];
mpc.gen = [
	10	50	0	0	0	1	100	1	80	0;
];
mpc.branch = [
	10	7	0	0.1	0	0	0	0	0	0	1;
	7	10	0	0.2	0	30	0	0	1.05	-2	1
];
mpc.bus_name = {
	'A ] 100% O''Neill';
	'B';
};
"""


def small() -> Case:
    tables = parse_tables(SMALL, "small.m")
    return Case(
        tables.name,
        tables.base_mva,
        **tables.numeric,
        bus_name=tables.cells["bus_name"],
        header=tables.header,
    )


def test_worked_small_file():
    case = small()
    assert case.bus_number.tolist() == [10, 7]
    assert case.bus.shape == (2, 15)
    assert case.load_mw.tolist() == [0, 50]
    assert case.bus_name == ("A ] 100% O'Neill", "B")
    assert case.rate_a_mw.tolist() == [np.inf, 30]
    assert case.licence.startswith("CC BY 4.0")
    assert case.branch_label(1) == "7-10 #2"
    assert {note.code for note in case.notes} == {"unrated", "phase_shift"}
    assert tables_short() == ("bus",)


def tables_short() -> tuple[str, ...]:
    """Short rows are filled, and that is kept to be told."""
    return parse_tables(SMALL, "small.m").short


@pytest.mark.parametrize(
    ("name", "n_bus", "n_branch", "load_gw", "pmax_gw"),
    [
        ("RTS_GMLC", 73, 120, 8.6, 9.1),
        ("ACTIVSg500", 500, 597, 7.8, 8.9),
        ("ACTIVSg2000", 2000, 3206, 67.1, 81.2),
        ("case2848rte", 2848, 3776, 52.6, 90.4),
    ],
)
def test_matches_table_of_cases(name, n_bus, n_branch, load_gw, pmax_gw):
    case = read_case(name)
    assert (case.n_bus, case.n_branch) == (n_bus, n_branch)
    assert case.total_load_mw / 1e3 == pytest.approx(load_gw, abs=0.05)
    assert (case.spare_generation_mw + case.total_load_mw) / 1e3 == pytest.approx(pmax_gw, abs=0.05)


@pytest.mark.parametrize("name", ["case5", "case300", "RTS_GMLC", "ACTIVSg200", "case33bw"])
def test_property_round_trip(name, tmp_path):
    case = read_case(name)
    path = tmp_path / f"{case.name}.m"
    write_case(case, path)
    assert read_case(path) == case


def test_worked_distribution_case_is_in_mw_and_per_unit():
    case = read_case("case33bw")
    assert case.total_load_mw == pytest.approx(3.715)  # 3,715 kW in the file
    assert case.branch[0, 3] == pytest.approx(0.0470 / (12.66**2 / 10), rel=1e-12)


def test_worked_names():
    assert read_case("ieee118").name == read_case("118").name == "case118"
    assert read_case("texas").name == read_case("activsg2000").name == "case_ACTIVSg2000"
    assert "case118" in case_names()


def test_error_unknown_name_names_the_nearest():
    with pytest.raises(UnknownNameError, match=r"ACTIVSg2001[\s\S]*ACTIVSg200"):
        read_case("ACTIVSg2001")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mpc.baseMVA = 100;", "mpc.baseMVA = 0;", "baseMVA"),
        ("mpc.baseMVA = 100;", "", "baseMVA"),
        ("	7	1	50	0", "	7	1	NaN	0", "row 2, column 3 of bus is nan"),
        ("0.1	0	0", "0.1x	0	0", "row 1 of branch holds '0.1x'"),
        ("	7	10	0", "	7	11	0", "row 2 of branch names bus 11"),
        ("	7	1	50", "	10	1	50", "bus 10 appears 2 times"),
        ("	10	50	0", "	99	50	0", "row 1 of gen names bus 99"),
        ("0.2	0	30", "0.2	0	-30", "rating -30"),
        ("	10	7	0	0.1", "	10	7	0	Inf", "row 1, column 4 of branch is inf"),
        ("version = '2'", "version = '3'", "version 3"),
        ("function mpc = small", "function [baseMVA, bus] = small", "version 1"),
        ("mpc.gen = [", "mpc.gn = [", "no table mpc.gen"),
        ("];\nmpc.bus_name", "\nmpc.bus_name", "cut off"),
        ("0	0	1.05	-2	1\n", "0	0	1.05\n", "columns, at least 11"),
        (
            "mpc.bus_name = {",
            "mpc.bus(:, PD) = mpc.bus(:, PD) * 2;\nmpc.bus_name = {",
            "line 19: PD is not defined",
        ),
        ("	7	1	50	0", "	7	1	1_0	0", "1_0"),
    ],
)
def test_error_damaged_file(old, new, message, tmp_path):
    path = tmp_path / "small.m"
    assert old in SMALL
    path.write_text(SMALL.replace(old, new, 1))
    with pytest.raises(CaseError) as error:
        read_case(path)
    assert message in str(error.value)


def test_error_absent_empty_binary_large(tmp_path):
    with pytest.raises(CaseError, match="cannot be read"):
        read_case(tmp_path / "absent.m")
    for name, content in (("empty.m", b""), ("binary.m", b"mpc\0"), ("words.m", b"hello\n")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CaseError):
            read_case(tmp_path / name)
    big = tmp_path / "big.m"
    big.write_text(SMALL)
    with pytest.raises(CaseError, match="MB"):
        read_case(big, max_bytes=100)
    long = tmp_path / "long.m"
    long.write_bytes(b"%\n" * 4_000_001)
    with pytest.raises(CaseError, match="lines"):
        read_case(long)
    with pytest.raises(CaseError):
        read_case(tmp_path)


@settings(max_examples=150)
@given(st.data())
def test_property_damaged_text_never_ends_in_a_traceback(data):
    """Cut, doubled or overwritten somewhere: a case, or an error a person can read."""
    at = data.draw(st.integers(0, len(SMALL)))
    end = data.draw(st.integers(at, min(len(SMALL), at + 60)))
    filling = data.draw(
        st.one_of(
            st.sampled_from(
                ["", "[", "]", "{", "}", "'", "%", ";", "\n", "NaN", "-Inf", "1e400", "\t9\t9"]
            ),
            st.text(max_size=20),
        )
    )
    with contextlib.suppress(TaotieError):
        tables = parse_tables(SMALL[:at] + filling + SMALL[end:], "fuzz.m")
        Case(tables.name, tables.base_mva, **tables.numeric)


@settings(max_examples=40)
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), min_size=26, max_size=26),
    st.text(
        alphabet=st.characters(
            exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\x85"
        ),
        max_size=12,
    ),
)
def test_property_any_number_and_name_survive_the_file(values, name):
    case = small()
    bus = np.array(values).reshape(2, 13)
    bus[:, :2] = [[10, 3], [7, 1]]
    changed = replace(case, bus=bus, bus_name=(name, "b'"))
    tables = parse_tables(write_case(changed), "x.m")
    back = Case(
        tables.name,
        tables.base_mva,
        **tables.numeric,
        bus_name=tables.cells["bus_name"],
        header=tables.header,
    )
    assert back == changed


def test_worked_oddities_are_told():
    case = small()
    bus = case.bus.copy()
    bus[:, 1] = [1, 4]
    branch = np.vstack(
        [case.branch, [10, 10, *case.branch[0, 2:]], [10, 7, 0, 0, *case.branch[0, 4:]]]
    )
    branch[0, 3] = -0.1
    branch[1, 10] = 0
    odd = replace(case, bus=bus, branch=branch)
    codes = {note.code for note in odd.notes}
    assert {
        "isolated_bus",
        "load_at_isolated_bus",
        "no_reference",
        "self_loop",
        "out_of_service",
    } <= codes
    tapped, half = case.branch.copy(), case.gen.copy()
    tapped[0, 8], half[0, 7] = -1.0, 0.5
    codes = {note.code for note in replace(case, branch=tapped, gen=half).notes}
    assert {"negative_tap", "odd_status"} <= codes
    free = replace(odd, bus=case.bus)
    assert {"negative_reactance", "zero_reactance", "no_ratings"} <= {
        note.code for note in free.notes
    }


def test_property_changed_copies_leave_the_original_alone():
    case = small()
    assert case.with_load(7, 25.0).total_load_mw == 75
    assert case.total_load_mw == 50
    with pytest.raises(ValueError, match="read-only"):
        case.bus[0, 2] = 1
    with pytest.raises(UnknownNameError, match="bus 8"):
        case.with_load(8, 1.0)
