"""A file is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import DataError
from taotie.files.atomic import write_bytes, write_text, writing, writing_folder


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_worked_writes_text_as_utf8_with_plain_line_ends(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "饕餮\nWh\n")
    assert (tmp_path / "a.txt").read_bytes() == "饕餮\nWh\n".encode()
    assert names(tmp_path) == ["a.txt"]


@given(content=st.binary(max_size=2000))
def test_property_bytes_round_trip(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    target = tmp_path_factory.mktemp("a") / "f.bin"
    write_bytes(target, content)
    assert target.read_bytes() == content


def test_property_an_exception_keeps_the_old_content_and_leaves_nothing(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")

    def fails() -> None:
        with writing(tmp_path / "a.txt") as aside:
            aside.write_text("half of the n")
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fails()
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_property_an_interrupt_leaves_nothing_either(tmp_path: Path) -> None:
    def stopped() -> None:
        with writing(tmp_path / "a.txt") as aside:
            aside.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert names(tmp_path) == []


def test_worked_new_files_get_the_usual_rights(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_text(tmp_path / "a.txt", "x")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_error_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere.*folder does not exist"):
        write_text(tmp_path / "nowhere" / "a.txt", "x")


def test_error_target_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it is a folder"):
        write_text(tmp_path, "x")


def test_error_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing was written"), writing(tmp_path / "a.txt"):
        pass


def test_worked_long_names_fit(tmp_path: Path) -> None:
    write_text(tmp_path / ("n" * 240), "x")
    assert names(tmp_path) == ["n" * 240]


def test_worked_folder_files_arrive_together(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with writing_folder(out) as aside:
        (aside / "a.json").write_text("1")
        assert not out.exists()
        (aside / "b.html").write_text("2")
    assert names(out) == ["a.json", "b.html"]
    with writing_folder(out) as aside:
        (aside / "a.json").write_text("3")
    assert names(out) == ["a.json", "b.html"]
    assert (out / "a.json").read_text() == "3"


def test_property_a_failed_folder_changes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"

    def fails() -> None:
        with writing_folder(out) as aside:
            (aside / "a.json").write_text("new")
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fails()
    assert names(tmp_path) == []
    out.mkdir(parents=True)
    (out / "a.json").write_text("old")
    with pytest.raises(ArithmeticError):
        fails()
    assert names(out) == ["a.json"]
    assert (out / "a.json").read_text() == "old"


def test_error_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    with pytest.raises(DataError, match="it is a file"), writing_folder(tmp_path / "f"):
        pass
    with pytest.raises(DataError, match="cannot be written"), writing_folder(tmp_path / "f" / "g"):
        pass
