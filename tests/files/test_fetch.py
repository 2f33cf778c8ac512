"""Files are found, verified, fetched; wrong ones are refused by name. No test opens the network."""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from taotie.errors import DataError, UnknownNameError
from taotie.files import fetch as room
from taotie.files.fetch import data_folder, fetch, local_path, present
from taotie.files.registry import Dataset, RemoteFile, dataset

AZURE = ("azure-llm-2023", "data/AzureLLMInferenceTrace_conv.csv")
CONTENT = b"TIMESTAMP,ContextTokens,GeneratedTokens\n"


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """A dataset of two files whose publisher is a dictionary."""
    files = tuple(
        RemoteFile(
            "toy", path, f"https://example.org/{path}", hashlib.sha256(CONTENT).hexdigest(), 40
        )
        for path in ("a/one.csv", "two.csv")
    )
    entry = Dataset("toy", {"en": "t"}, "a", "CC0", "c", "https://example.org", files)
    monkeypatch.setattr(room, "dataset", lambda name: entry)
    monkeypatch.setenv("TAOTIE_DATA", str(tmp_path / "data"))
    return entry


def good(url: str, target: Path, expected_bytes: int) -> None:
    target.write_bytes(CONTENT)


def every_file(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_worked_folder_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAOTIE_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.setenv("TAOTIE_DATA", " ")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert data_folder().name in {"taotie"}


def test_worked_a_file_never_fetched_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAOTIE_DATA", str(tmp_path / "absent"))
    assert local_path(*AZURE) is None
    assert present(dataset("azure-llm-2023")) == ()
    assert not (tmp_path / "absent").exists()


def test_worked_publisher_copies_are_found_and_right(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAOTIE_DATA", str(shared_data / "upstream"))
    found = local_path(*AZURE)
    assert found is not None
    assert found.stat().st_size == 719_188
    assert len(fetch("azure-llm-2023", download=None)) == 2  # present: nothing is downloaded


def test_worked_fetch_writes_both_files_and_tells(toy: Dataset) -> None:
    told: list[tuple[str, str]] = []
    places = fetch("toy", download=good, on_file=lambda f, s: told.append((f.path, s)))
    assert [p.read_bytes() for p in places] == [CONTENT, CONTENT]
    assert every_file(data_folder()) == ["toy/a/one.csv", "toy/two.csv"]
    assert told[-1] == ("two.csv", "fetched")
    told.clear()
    fetch("toy", ["two.csv"], on_file=lambda f, s: told.append((f.path, s)))
    assert told == [("two.csv", "present")]


def test_error_wrong_content_is_refused_and_not_kept(toy: Dataset) -> None:
    def other(url: str, target: Path, expected_bytes: int) -> None:
        target.write_bytes(CONTENT[:-1] + b"!")

    with pytest.raises(DataError, match=r"a/one\.csv of toy: its sha256 differs"):
        fetch("toy", download=other)
    assert every_file(data_folder()) == []


def test_error_a_broken_connection_leaves_nothing(toy: Dataset) -> None:
    def broken(url: str, target: Path, expected_bytes: int) -> None:
        target.write_bytes(CONTENT[:7])
        raise ConnectionError("reset by peer")

    with pytest.raises(DataError, match=r"could not be fetched.*reset by peer"):
        fetch("toy", download=broken)
    assert every_file(data_folder()) == []


def test_error_a_changed_file_is_named_and_can_be_replaced(toy: Dataset) -> None:
    (place,) = fetch("toy", ["two.csv"], download=good)
    place.write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(DataError, match=r"two\.csv is not the file its publisher released.*sha256"):
        local_path("toy", "two.csv")
    place.write_bytes(b"short")
    with pytest.raises(DataError, match="5 bytes instead of 40"):
        local_path("toy", "two.csv")
    fetch("toy", ["two.csv"], download=good)
    assert local_path("toy", "two.csv") == place


def test_error_a_failed_replacement_keeps_the_file(toy: Dataset) -> None:
    (place,) = fetch("toy", ["two.csv"], download=good)
    place.write_bytes(b"mine")

    def broken(url: str, target: Path, expected_bytes: int) -> None:
        raise ConnectionError("no route")

    with pytest.raises(DataError):
        fetch("toy", ["two.csv"], download=broken)
    assert place.read_bytes() == b"mine"


def test_error_a_link_out_of_the_folder_is_refused(toy: Dataset, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(CONTENT)
    (data_folder() / "toy").mkdir(parents=True)
    (data_folder() / "toy" / "two.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(DataError, match="leads out of the data folder"):
        local_path("toy", "two.csv")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_error_a_folder_that_cannot_be_written(toy: Dataset, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(DataError, match="cannot be written"):
            fetch("toy", download=good)
    finally:
        tmp_path.chmod(0o700)


def test_error_a_data_folder_that_is_a_file(toy: Dataset, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(DataError, match="cannot be written"):
        fetch("toy", download=good)


def test_error_unknown_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TAOTIE_DATA", str(tmp_path))
    with pytest.raises(UnknownNameError):
        local_path("azure-llm-2023", "../../etc/passwd")


class _Publisher(SimpleHTTPRequestHandler):
    """Files of a folder, and answers that a careless or hostile server gives."""

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b"x" * 65_536)
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for _i in range(100):
                    self.wfile.write(b"x")
                    time.sleep(0.02)
        elif self.path == "/packed":
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(gzip.compress(CONTENT))
        elif self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/two.csv")
            self.end_headers()
        else:
            super().do_GET()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A publisher on this machine; the address of its folder."""
    folder = tmp_path / "published"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "one.csv").write_bytes(CONTENT)
    (folder / "two.csv").write_bytes(CONTENT[:-1])
    made = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Publisher, directory=str(folder)))
    made.daemon_threads = True
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_address[1]}/"
    made.shutdown()
    made.server_close()


@pytest.fixture
def published(toy: Dataset, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = ("a/one.csv", "two.csv", "absent.csv", "endless", "slow", "packed", "away")
    files = tuple(
        RemoteFile("toy", path, server + path, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
        for path in paths
    )
    entry = Dataset("toy", {"en": "t"}, "a", "CC0", "c", "https://example.org", files)
    monkeypatch.setattr(room, "dataset", lambda name: entry)
    monkeypatch.setattr(room, "_WITHOUT_TLS_TOO", True)


def test_worked_fetches_over_http(published: None) -> None:
    (place,) = fetch("toy", ["a/one.csv"])
    assert place.read_bytes() == CONTENT
    with pytest.raises(DataError, match=r"is not two\.csv of toy: its sha256 differs"):
        fetch("toy", ["two.csv"])
    with pytest.raises(DataError, match=r"absent\.csv of toy could not be fetched.*404"):
        fetch("toy", ["absent.csv"])
    assert every_file(data_folder()) == ["toy/a/one.csv"]


@pytest.mark.parametrize(
    ("path", "why"), [("endless", "more came than its 40 bytes"), ("slow", "slower than"), ("packed", "sent compressed")]
)  # fmt: skip
def test_error_what_a_server_must_not_do(
    published: None, monkeypatch: pytest.MonkeyPatch, path: str, why: str
) -> None:
    monkeypatch.setattr(room, "CONNECT_S", 0.3)
    with pytest.raises(DataError, match=why):
        fetch("toy", [path])
    assert every_file(data_folder()) == []


def test_error_a_redirect_away_from_https(published: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room._HttpsOnly, "redirect_request", _redirected_by_rule)
    with pytest.raises(DataError, match="leads away from https"):
        fetch("toy", ["away"])


_redirect = room._HttpsOnly.redirect_request


def _redirected_by_rule(self: object, *args: object) -> object:
    room._WITHOUT_TLS_TOO = False
    try:
        return _redirect(self, *args)  # type: ignore[arg-type]
    finally:
        room._WITHOUT_TLS_TOO = True


def test_error_an_address_without_tls(published: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_WITHOUT_TLS_TOO", False)
    with pytest.raises(DataError, match="no https address"):
        fetch("toy", ["a/one.csv"])
    assert every_file(data_folder()) == []
