"""The part of Octave that case files use: worked by hand, each as Octave itself gives it."""

from __future__ import annotations

import numpy as np
import pytest

from rows import each_row
from taotie.errors import CaseError
from taotie.grid.case.matpower_file import parse_tables
from taotie.grid.case.octave import run_case_text
from taotie.grid.case.octave_tokens import OctaveError


def of(text: str, name: str = "a"):
    value = run_case_text(text)[2][name]
    return value.tolist() if isinstance(value, np.ndarray) else value


@each_row(
    ("text", "expected"),
    [
        ("a = [1 -2]", [[1, -2]]),
        ("a = [1 - 2]", [[-1]]),
        ("a = [1 -2 + 3]", [[1, 1]]),
        ("a = [2/25, 360/sqrt(9)]", [[0.08, 120]]),
        ("a = [1 2\n3 4]'", [[1, 3], [2, 4]]),
        ("b = [1 2]; a = [b' b']", [[1, 1], [2, 2]]),
        ("a = [1 2; 3 4] .* [1 10]", [[1, 20], [3, 40]]),
        ("a = [1 2; 3 4] * [1; 1]", [[3], [7]]),
        ("a = -2^2", [[-4]]),
        ("a = 2^-1", [[0.5]]),
        ("a = 1:2:6", [[1, 3, 5]]),
        ("a = zeros(2, 3); a(:, 2) = [5; 6]", [[0, 5, 0], [0, 6, 0]]),
        ("a = [1 2 3; 4 5 6]; a(a(:, 1) > 2, 3) = 9", [[1, 2, 3], [4, 5, 9]]),
        ("a = [1 2 3; 4 5 6]; a(:, 2) = []", [[1, 3], [4, 6]]),
        ("a = [1 2 3; 4 5 6](end, end)", [[6]]),
        ("a = 1; a(2, 2) = 4", [[1, 0], [0, 4]]),
        ("a = [1 2 3; 4 5 6]; a = a(:)'", [[1, 4, 2, 5, 3, 6]]),
        ("a = 0; for k = 1:4, a = a + k; end", [[10]]),
        ("a = 1; if 0, a = 2; elseif 1 == 1, a = 3; else a = 4; end", [[3]]),
        ("a = 5; a *= 2; a -= 1;", [[9]]),
        ("a = 1; while a < 100 a = 2 * a; end", [[128]]),
        ("switch 'x', case {'y', 'x'}, a = 1; otherwise, a = 2; end", [[1]]),
        ("a = 3; % a = 4\n# a = 5\n%{\na = 6\n%}", [[3]]),
        ("a = 3; a = 'it''s 100%';", "it's 100%"),
        ("a = 1 + ...  the rest is a remark\n 2", [[3]]),
        ("a = find([0 3 0 4])", [[2, 4]]),
        ("a = any([0 0; 0 1])", [[0, 1]]),
        ("a = max([1 5; 7 2])", [[7, 5]]),
        ("m.x.y = 2; a = m.x.y", [[2]]),
        ("m = struct('x', 4); a = m.('x')", [[4]]),
        ("c = {'p'; 'q'}; a = c{2}", "q"),
        ("a = ~isempty([1]) && !0", [[1]]),
        ("a = [1,2,\n 3,4]", [[1, 2], [3, 4]]),
        ("[PQ, PV, REF, NONE, BUS_I, BUS_TYPE, PD] = idx_bus; a = PD", [[3]]),
        ("define_constants; a = [BR_X ANGMAX PMAX]", [[4, 13, 9]]),
        ("function a = f(x)\n a = g(2);\nend\nfunction y = g(x)\n y = 3*x;\nend", [[6]]),
        ("a = [\n 1 2 % one\n\n 3 4; # two\n];", [[1, 2], [3, 4]]),
        ("a = 1e3/2d1", [[50]]),
    ],
)
def test_worked_values(text, expected):
    assert of(text) == expected


@each_row(
    ("text", "line", "what"),
    [
        ("a = 1;\na = load('x.mat');", 2, "load"),
        ("a = [1 2; 3];\nb = a + 1;", 2, "fewer columns"),
        ("a = sqrt(-1);", 1, "complex"),
        ("a = [1 2] + [1 2 3];", 1, "fit"),
        ("a = 1;\nif a\n b = 2;", 3, "end"),
        ("a = eval('b = 2');", 1, "eval"),
        ("a = zeros(1e6, 1e6);", 1, "large"),
        ("while 1, a = 1; end", 1, "steps"),
        ("a = 'open", 1, "quotes"),
        ("my_changes", 1, "my_changes"),
        ("a = [0.5 0x64];", 1, "0x64 makes whole numbers"),
    ],
)
def test_error_names_the_line(text, line, what):
    with pytest.raises(OctaveError) as error:
        run_case_text(text)
    assert error.value.line == line
    assert what in error.value.text


RING = """function {head}
{start}
{base}.bus = [
 1 3 0 0 0 0 1 1 0 230 1 1.1 0.9;
 2 1 120 0 0 0 1 1 0 230 1 1.1 0.9;
];
{base}.gen = [ 1 150 0 90 -90 1 100 1 300 0; ];
{base}.branch = [ 1 2 0.008 0.08 0 140 0 0 0 0 1 -360 360; ];
{end}
"""


def ring(head="mpc = ring", start="mpc.version = '2'; mpc.baseMVA = 100;", base="mpc", end=""):
    return parse_tables(RING.format(head=head, start=start, base=base, end=end), "ring.m")


def test_worked_conversions_are_carried_out_as_written():
    by_hand = "Vbase = 132e3; Sbase = mpc.baseMVA*1e6; mpc.branch(:, [3 4]) = mpc.branch(:, [3 4]) / (Vbase^2/Sbase);"
    assert ring(end=by_hand).numeric["branch"][0, 3] == pytest.approx(0.08 / 174.24, rel=1e-15)
    from_the_table = by_hand.replace("132e3", "mpc.bus(1, 10)*1000")
    assert ring(end=from_the_table).numeric["branch"][0, 3] == pytest.approx(0.08 / 529, rel=1e-15)
    assert ring(end="if 0\n mpc.bus(:, 3) = 0;\nend").numeric["bus"][1, 2] == 120
    assert ring(head="[mpc] = ring").numeric["bus"].shape == (2, 13)
    assert (
        ring(head="grid = ring", start="grid.version='2'; grid.baseMVA=100;", base="grid").name
        == "ring"
    )


def test_worked_version_1_has_its_own_columns():
    text = "function [baseMVA, bus, gen, branch, areas, gencost] = old\nbaseMVA = 100;\n"
    text += "bus = [1 3 0 0 0 0 1 1 0 230 1 1.1 0.9; 2 1 90 0 0 0 1 1 0 230 1 1.1 0.9];\n"
    text += "gen = [1 150 0 90 -90 1 100 1 300 0];\nbranch = [1 2 0 0.1 0 100 0 0 0 0 1];\n"
    text += "areas = [1 1];\ngencost = [2 0 0 2 10 0];\n"
    tables = parse_tables(text, "old.m")
    assert tables.numeric["branch"][0, 11:13].tolist() == [-360, 360]
    assert tables.numeric["gen"].shape[1] == 21
    assert tables.unread == ()


def test_worked_tables_that_stay_behind_are_named():
    tables = ring(end="mpc.storage = [1 2 3; 4 5 6]; mpc.note = 'words'; mpc.userdata.x = [1 2];")
    assert tables.unread == (("storage", 2),)


def test_error_cut_off_table():
    with pytest.raises(CaseError, match=r"ring\.m, line 7: the table gen is cut off"):
        parse_tables(RING.split(" 1 150")[0].replace("{base}", "mpc") + " 1 150", "ring.m")
