"""The one way in: files of others are read by `files/read.py`, and nothing else opens one."""

import ast
import gzip
import json
import os
import re
import time
from pathlib import Path

import pytest

import taotie
from taotie.errors import CaseError, DataError, TraceError
from taotie.files import read

SOURCE = Path(taotie.__file__).parent

ALLOWED = {
    # place: why it may open a file by itself
    "metering/sysfs.py": "files of the kernel: no size, and a driver that sleeps answers with an error",
    "metering/ledger.py": "the lock it holds, the kernel's name of this boot, JSON of its own database",
    "app/pages/html.py": "templates that are shipped with the package",
    "app/pages/page.py": "a picture that is shipped with the package",
    "app/cli/main.py": "standard output, when its reader has gone away",
    "workload/trace_csv.py": "csv.reader over lines that trace_rows.short_lines has measured",
    "answer/table_file.py": "a file of its own in a temporary folder",
    "grid/case/write_grid.py": "a file of its own in a temporary folder",
    "grid/case/mat_file.py": "parts of a MATLAB file, unpacked up to its limit",
    "app/api/bodies.py": "a request's body, whose size and depth it limits itself, and whose keys may not come twice",
    "app/api/client.py": "answers of a service the user named; a file the user sends",
    "app/api/cluster.py": "what its own workers and the store hand on",
    "app/api/pool.py": "frames of its own workers",
    "app/api/sealed.py": "a handle of a folder, for the system's rules",
    "app/api/store.py": "rows of its own database",
    "app/api/uploads.py": "an upload, written piece by piece under a quota",
    "app/api/worker.py": "frames of the process that started it",
    "app/web/export.py": "assets that are shipped with the package",
    "app/web/meter_page.py": "a pasted text, put into a file of its own in a temporary folder",
    "app/web/routes.py": "what its own worker answered",
    "app/web/service_page.py": "a job of its own store",
    "app/web/site.py": "assets that are shipped with the package",
    "app/mcp/server.py": "what its own worker answered",
}
MODULES = {"tomllib", "json", "csv", "gzip", "bz2", "lzma", "zipfile", "pickle", "zlib", "tarfile"}
CALLS = {
    *("load", "loads", "reader", "DictReader", "open", "decompress", "GzipFile", "BZ2File", "LZMAFile"),
    *("ZipFile", "decompressobj"),
}  # fmt: skip
METHODS = {"read_text", "read_bytes", "write_text", "write_bytes", "genfromtxt", "loadtxt", "fromfile"}  # fmt: skip
_MAY_OPEN = re.compile(rf"\b(({'|'.join(MODULES)})\s*\.|open\b|({'|'.join(METHODS)})\b)")


def _opens(tree: ast.AST) -> list[str]:
    """Every call in a module that opens or parses a file by itself."""
    found = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in MODULES
            and node.attr in CALLS
        ):
            found.append(f"{node.value.id}.{node.attr}")  # called, or handed on to be
        if not isinstance(node, ast.Call):
            continue
        call = node.func
        if isinstance(call, ast.Name) and call.id == "open":
            found.append("open")
        if not isinstance(call, ast.Attribute):
            continue
        owner = call.value.id if isinstance(call.value, ast.Name) else ""
        if call.attr in METHODS:
            found.append(call.attr)
        elif call.attr == "open" and owner not in MODULES and (node.args or node.keywords):
            found.append(f"{owner}.open")
    return found


def test_no_other_file_of_the_source_opens_files():
    wrong = {}
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE).as_posix()
        if place.startswith("files/"):
            continue
        text = path.read_text()
        # parsing all of the source takes seconds: files that hold none of these words open nothing
        found = _opens(ast.parse(text)) if _MAY_OPEN.search(text) else []
        if found and place not in ALLOWED:
            wrong[place] = found
        if not found and place in ALLOWED:
            wrong[place] = ["no longer opens anything: take it from the list"]
    assert not wrong, wrong


def test_who_reads_parquet_looks_at_the_file_first():
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text()
        if "from read_parquet(" in text.lower() and path.name != "rollup.py":  # its own parts
            assert "regular_file(" in text or "place = regular_file" in text, path


def test_the_list_of_calls_finds_each_of_them():
    lines = ["open('x')", "tomllib.load(f)", "json.loads(t)", "csv.reader(f)", "gzip.open(p)"]
    lines += [
        "map(json.loads, x)",
        "p.read_text()",
        "p.open('rb')",
        "numpy.loadtxt(p)",
        "pickle.loads(b)",
    ]
    for line in lines:
        assert _opens(ast.parse(line)), line


@pytest.fixture
def pipe(tmp_path):
    place = tmp_path / "pipe.toml"
    os.mkfifo(place)
    return place


@pytest.mark.parametrize(
    "reader", [read.read_text, read.read_bytes, read.read_toml, read.read_json, read.open_text]
)
def test_error_a_pipe_a_device_and_a_folder_are_refused_at_once(reader, pipe, tmp_path):
    started = time.monotonic()
    for place in (pipe, Path("/dev/zero"), tmp_path, tmp_path / "none", "a\0b"):
        with pytest.raises(DataError) as caught:
            reader(place)
        assert "cannot be read" in caught.value.message
        assert caught.value.hint
    with pytest.raises(DataError, match="it is a folder"):
        reader(tmp_path)
    link = tmp_path / "link"
    link.symlink_to("/dev/zero")
    with pytest.raises(TraceError):
        reader(link, kind=TraceError)
    assert time.monotonic() - started < 1


def test_error_too_large_packed_or_not(tmp_path):
    plain = tmp_path / "a.csv"
    plain.write_bytes(b"1\n" * 600)
    with pytest.raises(DataError, match="1200 B, and at most 1000 B"):
        read.read_text(plain, 1000)
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(b"1\n" * 5_000))
    with pytest.raises(CaseError, match="unpacked it has more than 1000 B"):
        read.read_text(packed, 1000, CaseError)
    assert len(read.read_text(packed, 10_000)) == 10_000
    with pytest.raises(DataError, match="unpacked"):
        read.unpacked(packed.read_bytes(), packed, 1000)


def test_error_cut_off_or_not_packed_at_all(tmp_path):
    place = tmp_path / "a.csv.gz"
    for raw in (gzip.compress(b"time\n" * 99)[:-9], b"time\n1\n", b""):
        place.write_bytes(raw)
        if raw:
            with pytest.raises(DataError, match="cannot be read"):
                read.read_text(place)
    place = tmp_path / "a.csv.xz"
    place.write_bytes(b"time\n1\n")
    with pytest.raises(DataError, match="cannot be read"):
        read.read_text(place)


def test_error_not_utf8_names_the_byte(tmp_path):
    place = tmp_path / "a.toml"
    place.write_bytes(b'name = "\xe9"\n')
    for reader in (read.read_text, read.read_toml, read.read_json):
        with pytest.raises(DataError, match="it is not UTF-8 text: byte 0xe9"):
            reader(place)
    assert read.read_text(place, errors="replace")


def _nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    "text",
    ["a = " + _nested(120), "a = " + _nested(3000), ".".join("a" * 30) + " = 1", "a = " + "9" * 400, "a = " + "9" * 5000, "a = 9223372036854775808", "a = 1\na = 2", "[" + ".".join("ab" * 150) + "]"],
)  # fmt: skip
def test_error_toml_beyond_what_can_be_meant(text, tmp_path):
    place = tmp_path / "a.toml"
    place.write_text(text)
    with pytest.raises(DataError, match="is not TOML"):
        read.read_toml(place)


def test_toml_and_json_of_a_sensible_depth_are_read(tmp_path):
    place = tmp_path / "a.toml"
    place.write_text("\ufeffa.b.c = 1\nt = 'a. b. c'\nlist = " + _nested(60))
    assert read.read_toml(place)["a"]["b"]["c"] == 1
    assert read.json_value(_nested(90))
    assert read.json_value("18446744073709551615") == 2.0**64
    assert read.json_value(b"[1, 9223372036854775807]") == [1, 2**63 - 1]


@pytest.mark.parametrize("text", [_nested(120), _nested(90_000), "9" * 400, "{", "[1,]", "\0"])
def test_error_json_beyond_what_can_be_meant(text, tmp_path):
    place = tmp_path / "a.json"
    place.write_text(text)
    with pytest.raises(DataError, match="is not JSON"):
        read.read_json(place)
    with pytest.raises(ValueError):
        read.json_value(json.dumps([1])[:-1] if text == "{" else text)


def test_csv_by_names_and_by_cells():
    assert list(read.csv_dicts("a,b\n1\n\n2,3,\n", "x.csv")) == [{"a": "1", "b": ""}, {"a": "2", "b": "3"}]  # fmt: skip
    assert list(read.csv_dicts("", "x.csv")) == []
    with pytest.raises(DataError, match="3 cells, its first line 2"):
        list(read.csv_dicts("a,b\n1,2,3\n", "x.csv"))
    with pytest.raises(DataError, match="line 2"):
        list(read.csv_rows("a\n" + "x" * 200_000, "x.csv"))
