"""The operating system's reasons are said in the reader's language, by one mechanism."""

from __future__ import annotations

import errno
import os
import re
import socket
import urllib.error
from pathlib import Path

import pytest

import taotie
from rows import each_row
from taotie.errors import TaotieError
from taotie.files.read import read_text
from taotie.words.language import speaking
from taotie.words.reasons import REASONS, reason

HAN = re.compile(r"[\u4e00-\u9fff]")
SOURCE = Path(taotie.__file__).parent


@each_row("number", sorted(REASONS))
def test_every_reason_is_what_linux_says_and_has_chinese(number: int) -> None:
    with speaking("en"):
        assert reason(OSError(number, os.strerror(number))) == os.strerror(number)
    with speaking("zh"):
        assert HAN.search(reason(number))
        assert not re.search(r"[A-Za-z]{4,}", reason(number))


def test_addresses_and_late_answers() -> None:
    with speaking("zh"):
        for error in (
            urllib.error.URLError(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")),
            socket.gaierror(-2, "Name or service not known"),
            TimeoutError("timed out"),
        ):
            assert HAN.search(reason(error)), error


def test_unknown_reason_is_said_as_it_came() -> None:
    assert reason(OSError(12345, "gone fishing")) == "gone fishing"
    assert reason(ValueError("no")) == "no"


def test_no_other_file_asks_the_system_for_its_words() -> None:
    asked = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if re.search(r"\bstrerror\b", path.read_text("utf-8"))
    ]
    assert asked == ["words/reasons.py"]


def test_files_that_cannot_be_read_say_so_in_chinese(tmp_path: Path) -> None:
    missing, long = tmp_path / "none.csv", tmp_path / ("x" * 300)
    under = tmp_path / "plain"
    under.write_text("1", encoding="utf-8")
    with speaking("zh"):
        for path in (missing, long, under / "inside.csv"):
            with pytest.raises(TaotieError) as caught:
                read_text(path)
            said = str(caught.value.message).replace(str(path), "")
            assert HAN.search(said)
            assert not re.search(r"[A-Za-z]{3,}", said), said
