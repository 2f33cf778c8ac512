"""No error is a traceback: what nobody foresaw is one sentence and a report, what the machine refuses is a sentence."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from taotie.app.cli import main as command
from taotie.app.cli.last_net import unforeseen
from taotie.errors import DataError
from taotie.words.plain import as_text

TAOTIE = [sys.executable, "-m", "taotie"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def _fails(error: Exception, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    class Broken:
        def __init__(self, *_which: object) -> None:
            pass

        def main(self, **_options: object) -> None:
            raise error

    monkeypatch.setattr(command, "build", Broken)
    monkeypatch.setattr(sys, "argv", ["taotie", "prompt", *words])
    with pytest.raises(SystemExit) as caught:
        command.main()
    return int(str(caught.value.code))


def test_error_of_taotie_itself_is_a_sentence_with_a_report(home, monkeypatch, capsys) -> None:
    error = ZeroDivisionError("in \x1b[31mred\nsecond line")
    assert _fails(error, monkeypatch, "--model", "\x1b[2J") == 70
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "\x1b" not in said
    (report,) = (home / "cache" / "taotie" / "errors").iterdir()
    assert str(report) in said
    text = report.read_text()
    assert "Traceback" in text
    assert "ZeroDivisionError" in text
    assert "\x1b" not in text.split("Traceback")[0]


def test_error_of_taotie_itself_as_json(home, monkeypatch, capsys) -> None:
    assert _fails(RecursionError("deep"), monkeypatch, "--json") == 70
    found = json.loads(capsys.readouterr().out)
    assert "RecursionError" in found["error"]["problems"][0]["message"]


def test_error_words_of_others_in_a_sentence(home, monkeypatch, capsys) -> None:
    assert _fails(DataError("no file \x1b[2J\u202etxt"), monkeypatch) == 2
    said = capsys.readouterr().err
    assert "no file" in said
    assert "\x1b" not in said
    assert "\u202e" not in said


@pytest.mark.parametrize(
    ("error", "code"), [(MemoryError(), 2), (OSError(28, "No space left on device"), 2), (OSError(2, "x", "f"), 70)]
)  # fmt: skip
def test_error_of_the_machine_has_no_report(home, monkeypatch, capsys, error, code) -> None:
    assert _fails(error, monkeypatch) == code
    assert (home / "cache").exists() == (code == 70)
    assert "Traceback" not in capsys.readouterr().err


def test_error_no_folder_takes_the_report(monkeypatch, capsys, tmp_path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(blocked / "none"))
    assert unforeseen(ValueError("x"), False) == 70
    assert "no report could be written" in capsys.readouterr().err


def _ran(*words: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*TAOTIE, *words], capture_output="stdout" not in options, timeout=120, **options)  # type: ignore[call-overload, no-any-return]  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_error_a_full_output_is_a_sentence(home) -> None:
    with Path("/dev/full").open("wb") as full:
        for words in (["audit", "--help"], ["run", "none.toml", "--json"]):
            done = _ran(*words, stdout=full, stderr=subprocess.PIPE)
            said = done.stderr.decode()
            assert done.returncode == 2, said
            assert "Traceback" not in said
            assert "Exception ignored" not in said
            assert said.count("Error: ") == 1  # said once


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_error_what_waits_in_the_buffer_is_written_while_an_error_is_still_a_sentence(
    home, monkeypatch, capsys
) -> None:
    class Quiet:
        def __init__(self, *_which: object) -> None:
            pass

        def main(self, **_options: object) -> None:
            sys.stdout.write("a word")

    monkeypatch.setattr(command, "build", Quiet)
    monkeypatch.setattr(sys, "argv", ["taotie", "chips"])
    stream = Path("/dev/full").open("w")  # noqa: SIM115
    monkeypatch.setattr(sys, "stdout", stream)
    try:
        with pytest.raises(SystemExit) as caught:
            command.main()
    finally:
        with contextlib.suppress(OSError):
            stream.close()
    assert caught.value.code == 2


def test_a_terminal_of_few_characters_and_a_closed_output(home) -> None:
    plain = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = _ran("chips", "--lang", "zh", env=plain)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert done.stdout.isascii()
    line = " ".join(TAOTIE)
    done = subprocess.run(["sh", "-c", f"{line} chips >&-"], capture_output=True, timeout=120)
    assert done.returncode == 0
    assert b"standard output is closed" in done.stderr
    assert b"Traceback" not in done.stderr


def test_error_a_data_folder_that_is_none(home, tmp_path, monkeypatch, capsys) -> None:
    (tmp_path / "file").write_text("")
    for place in (str(tmp_path / "file"), "/dev/null", "~nobody-here/x", "/proc/1/root"):
        monkeypatch.setenv("TAOTIE_DATA", place)
        monkeypatch.setattr(sys, "argv", ["taotie", "data", "list"])
        with pytest.raises(SystemExit) as caught:
            command.main()
        assert caught.value.code in (0, None, 2), capsys.readouterr().err


TITLES = (
    "[/x]",
    "[red]",
    "\x1b[2J\x1b[31mred",
    "a\u202etxt.exe",
    ":warning:",
    "a\x07b",
    "x\u2028y",
)


@pytest.mark.parametrize("title", TITLES)
def test_words_of_others_are_shown_as_text(title, capsys) -> None:
    from taotie.app.cli.common import console
    from taotie.app.cli.shown import print_said
    from taotie.words.said import Said

    console().print(title)
    print_said([Said("x", "{t}", {"t": title})])
    shown = capsys.readouterr().out
    assert shown.count(as_text(title)) == 2
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("title", TITLES)
def test_words_of_others_in_a_page(title) -> None:
    pytest.importorskip("jinja2", reason="pages are in the extra `report`")
    from taotie.app.pages.html import _environment

    made = _environment().from_string("<p>{{ title }}</p>").render(title=f"<b>{title}")
    assert made.startswith("<p>&lt;b&gt;")
    assert not any(c in made for c in "\x1b\u202e\x07\u2028")


def test_error_a_fleet_out_of_all_proportion() -> None:
    from taotie.compute.serving.service import IDLE_REPLICAS, proportionate
    from taotie.errors import RangeError

    proportionate(IDLE_REPLICAS, 42)
    proportionate(10_000_000, 1_000_000)
    with pytest.raises(RangeError, match="1000000 replicas for 42 requests"):
        proportionate(1_000_000, 42)
