"""A writer killed at any step leaves the set from before or the new one; the next run leaves nothing else.

The steps are every call with which `files/atomic.py` touches the disk and every write of the content: the child ends
itself with SIGKILL just before or just after the step of that number. `make faults` does 2,000; 120 run with the rest.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from taotie.errors import DataError
from taotie.files import atomic
from taotie.files.atomic import write_bytes, writing, writing_folder

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills need fork")

NAMES = ("audit.html", "figures.parquet", "report.html", "result.json")
STEPS = ("replace", "rename", "mkdir", "unlink", "link", "rmdir", "fsync", "close", "write", "open")


def _names(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir()]


class _Counter:
    """Ends this process at step `at`, before it or after it."""

    def __init__(self, at: int, after: bool) -> None:
        self.at, self.after, self.n = at, after, 0

    def around(self, call: Callable) -> Callable:
        def stepped(*args, **options):
            mine = self.n
            self.n += 1
            if mine == self.at and not self.after:
                os.kill(os.getpid(), signal.SIGKILL)
            made = call(*args, **options)
            if mine == self.at:
                os.kill(os.getpid(), signal.SIGKILL)
            return made

        return stepped


def _stepped(counter: _Counter) -> None:
    for name in STEPS:
        setattr(os, name, counter.around(getattr(os, name)))
    atomic._exchange = counter.around(atomic._exchange)


def _fill(aside: Path, mark: str, names: tuple[str, ...] = NAMES) -> None:
    for name in names:
        stream = os.open(aside / name, os.O_WRONLY | os.O_CREAT)
        for _part in range(3):
            os.write(stream, mark.encode() * 1000)
        os.close(stream)


def _killed(work: Callable[[], None], at: int, after: bool) -> bool:
    """Run `work` in a child that ends itself at a step; False if it had fewer steps this time."""
    child = os.fork()
    if child == 0:
        try:
            _stepped(_Counter(at, after))
            work()
        except BaseException:
            os._exit(3)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or status == 0, status
    return os.WIFSIGNALED(status)


def _n_steps(work: Callable[[], None]) -> int:
    """Steps of `work`, counted in a child."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        counter = _Counter(-1, False)
        send, leave = os.write, os._exit
        _stepped(counter)
        work()
        send(write, str(counter.n).encode())
        leave(0)
    os.close(write)
    found = int(os.read(read, 20))
    os.close(read)
    os.waitpid(child, 0)
    return found


def _set_of(folder: Path, names: tuple[str, ...] = NAMES) -> str:
    """The one mark of a whole set; anything else is an error."""
    contents = {(folder / name).read_text() for name in names}
    assert len(contents) == 1, f"mixed: {sorted(c[:1] for c in contents)}"
    text = contents.pop()
    assert len(text) == 3000, "half-written"
    assert set(text) == {text[0]}, "half-written"
    return text[0]


def _folder_written(folder: Path, mark: str) -> None:
    with writing_folder(folder, replacing=NAMES) as aside:
        _fill(aside, mark)


def _killed_in_a_folder(tmp_path: Path, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    folder = tmp_path / "out"
    _folder_written(folder, "a")
    (folder / "notes.txt").write_text("mine")
    steps = _n_steps(lambda: _folder_written(folder, "b"))
    assert steps > 20
    seen = set()
    kills = 0
    while kills < n:
        _folder_written(folder, "a")
        at, after = int(rng.integers(steps)), bool(rng.integers(2))
        killed = _killed(lambda: _folder_written(folder, "b"), at, after)
        assert killed or _set_of(folder) == "b"
        kills += killed
        seen.add(_set_of(folder))
        assert (folder / "notes.txt").read_text() == "mine"
        _folder_written(folder, "c")  # the next run
        assert _set_of(folder) == "c"
        assert sorted(_names(folder)) == sorted([*NAMES, "notes.txt"])
        assert _names(tmp_path) == ["out"], "leftovers"
    assert seen == {"a", "b"}  # some before the switch, some after it


def _file_written(path: Path, mark: str) -> None:
    with writing(path) as aside:
        _fill(aside.parent, mark, (aside.name,))


def _killed_in_a_file(tmp_path: Path, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    path = tmp_path / "one.json"
    steps = _n_steps(lambda: _file_written(path, "b"))
    kills = 0
    while kills < n:
        _file_written(path, "a")
        at, after = int(rng.integers(steps)), bool(rng.integers(2))
        kills += _killed(lambda: _file_written(path, "b"), at, after)
        assert _set_of(tmp_path, ("one.json",)) in "ab"
        _file_written(path, "c")
        assert _set_of(tmp_path, ("one.json",)) == "c"
        assert _names(tmp_path) == ["one.json"], "leftovers"


def _killed_in_the_long_way(tmp_path: Path, n: int, seed: int) -> None:
    """A folder that cannot be exchanged: the list of moves is completed by the next writer, always to one whole set."""
    rng = np.random.default_rng(seed)
    folder = tmp_path / "out"
    _folder_written(folder, "a")
    (folder / "of the user").mkdir()
    steps = _n_steps(lambda: _folder_written(folder, "b"))
    kills = 0
    while kills < n:
        _folder_written(folder, "a")
        at, after = int(rng.integers(steps)), bool(rng.integers(2))
        kills += _killed(lambda: _folder_written(folder, "b"), at, after)
        atomic._completed(folder)  # what the next writer does first
        assert _set_of(folder) in "ab"
        _folder_written(folder, "c")
        assert _set_of(folder) == "c"
        assert sorted(_names(folder)) == sorted([*NAMES, "of the user"])
        assert _names(tmp_path) == ["out"], "leftovers"


def _pairs(tmp_path: Path, n: int) -> None:
    """Two writers at once, each step slowed at random: what stands at any time is one's whole set."""
    folder = tmp_path / "out"
    _folder_written(folder, "a")
    for i in range(n):

        def slowed(mark: str, seed: int) -> Callable[[], None]:
            def work() -> None:
                rng = np.random.default_rng(seed)
                for name in ("replace", "rename", "link", "mkdir"):
                    call = getattr(os, name)

                    def late(*args, call=call, **options):
                        time.sleep(rng.uniform(0, 0.003))
                        return call(*args, **options)

                    setattr(os, name, late)
                _folder_written(folder, mark)

            return work

        children = []
        for mark, seed in (("x", 2 * i), ("y", 2 * i + 1)):
            child = os.fork()
            if child == 0:
                try:
                    slowed(mark, seed)()
                except BaseException:
                    os._exit(3)
                os._exit(0)
            children.append(child)
        assert [os.waitpid(c, 0)[1] for c in children] == [0, 0]
        assert _set_of(folder) in "xy"
        assert sorted(_names(folder)) == sorted(NAMES)
        assert _names(tmp_path) == ["out"], "leftovers"


def test_property_a_kill_in_a_folder_leaves_one_whole_set(tmp_path: Path) -> None:
    _killed_in_a_folder(tmp_path, 36, 1)


def test_property_a_kill_in_a_file_leaves_one_whole_file(tmp_path: Path) -> None:
    _killed_in_a_file(tmp_path, 20, 2)


@pytest.mark.slow
def test_property_a_kill_where_folders_cannot_be_exchanged(tmp_path: Path) -> None:
    _killed_in_the_long_way(tmp_path, 30, 3)


def test_property_two_writers_leave_the_set_of_one(tmp_path: Path) -> None:
    _pairs(tmp_path, 10)


def test_property_the_next_writer_completes_a_move_even_if_it_fails_itself(tmp_path: Path) -> None:
    """Half of a dead writer's files stand in place, the rest beside them with the list of moves."""
    folder = tmp_path / "out"
    _folder_written(folder, "a")
    aside = folder / f".out.{atomic._host()}-1-1-000000000000.part"
    aside.mkdir()
    _fill(aside, "b", NAMES[2:])
    _fill(folder, "b", NAMES[:2])
    (folder / atomic._JOURNAL).write_text("\n".join([aside.name, *NAMES]) + "\n")

    def fails() -> None:
        with writing_folder(folder, replacing=NAMES):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert _set_of(folder) == "b"
    assert sorted(_names(folder)) == sorted(NAMES)


@pytest.mark.slow
def test_property_two_thousand_kills(tmp_path: Path) -> None:
    for name, run, n in (
        ("folder", _killed_in_a_folder, 1200),
        ("file", _killed_in_a_file, 400),
        ("long", _killed_in_the_long_way, 400),
    ):
        place = tmp_path / name
        place.mkdir()
        run(place, n, 4)


@pytest.mark.slow
def test_property_two_hundred_pairs_of_writers(tmp_path: Path) -> None:
    _pairs(tmp_path, 200)


def test_property_what_a_living_writer_fills_is_left_alone(tmp_path: Path) -> None:
    go, ready = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        with writing_folder(tmp_path / "out") as aside:
            _fill(aside, "x")
            os.write(ready[1], b"1")
            os.read(go[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    living = [n for n in _names(tmp_path) if n.endswith(".part")]
    _folder_written(tmp_path / "out", "y")
    assert living
    assert [n for n in _names(tmp_path) if n.endswith(".part")] == living
    assert _set_of(tmp_path / "out") == "y"
    os.write(go[1], b"1")
    assert os.waitpid(child, 0)[1] == 0
    assert _set_of(tmp_path / "out") == "x"
    assert _names(tmp_path) == ["out"]


def test_property_what_another_machine_left_is_swept_when_it_is_old(tmp_path: Path) -> None:
    young, old = tmp_path / ".a.txt.00000000-1-1-000000000000.part", tmp_path / ".a.txt.00000000-1-1-000000000001.part"  # fmt: skip
    other = tmp_path / ".a.txt.part"
    for path in (young, old, other):
        path.write_text("half")
    os.utime(old, (time.time() - 200_000,) * 2)
    write_bytes(tmp_path / "a.txt", b"whole")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["a.txt", young.name, other.name])


@pytest.mark.parametrize("error", [28, 30, 122, 5])
def test_error_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path, monkeypatch, error) -> None:
    """The write of the n-th piece fails with "no space left", "read-only", "quota" or "input/output error"."""
    write_bytes(tmp_path / "a.json", b"old")

    class Full:
        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.inner.close()

        def write(self, content):
            raise OSError(error, os.strerror(error))

    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: Full(opened(self, *a, **k)))
    with pytest.raises(DataError, match="cannot be written"):
        write_bytes(tmp_path / "a.json", b"new")
    monkeypatch.undo()

    if Path("/proc/self").is_dir():
        with (
            pytest.raises(DataError, match="x cannot be written: No such file"),
            writing_folder("/proc/self/x"),
        ):
            pass

    def in_a_block() -> None:
        with writing_folder(tmp_path / "out") as aside:
            (aside / "x").write_text("half")
            raise OSError(error, os.strerror(error))

    with pytest.raises(DataError, match="cannot be written"):
        in_a_block()
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_bytes() == b"old"
