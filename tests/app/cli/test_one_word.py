"""Does the same option mean the same at every command?"""

from collections import defaultdict

import pytest

from taotie.app.cli.main import build

# what is asked of every question alike; words of one room (--load, --price) speak of that room
EVERYWHERE = ("--report", "--chart", "--json", "--samples", "--ledger")
# spellings that go with the next release, and where they still mean something else
OLD = {("--out", "disclose"), ("--out", "meter export")}


@pytest.fixture(scope="module")
def options():
    """Spelling to {help text: commands}."""
    found = defaultdict(lambda: defaultdict(set))

    def walk(command, path) -> None:
        for name, below in getattr(command, "commands", {}).items():
            walk(below, (*path, name))
        for one in command.params:
            if one.param_type_name == "option":
                for word in one.opts:
                    found[word][one.help].add(" ".join(path))

    walk(build(), ())
    return found


@pytest.mark.parametrize("word", EVERYWHERE)
def test_worked_one_meaning(options, word) -> None:
    assert len(options[word]) == 1, dict(options[word])


def test_worked_out_is_a_folder(options) -> None:
    """`--out` is the folder of a run, tokens written in its old sense, and nothing else."""
    files = {
        c for text, commands in options["--out"].items() if "older" not in text for c in commands
    }
    tokens = {
        c for text, commands in options["--out"].items() if "Tokens" in text for c in commands
    }
    assert files - tokens == {command for _word, command in OLD}


def test_worked_a_kept_file_is_write(options) -> None:
    """A command that keeps one file spells it `--write` and `-o`."""
    kept = {c for commands in options["--write"].values() for c in commands}
    assert {"check", "label", "disclose", "calibrate", "meter export"} <= kept
    assert kept <= {c for commands in options["-o"].values() for c in commands}
    old = {c for commands in options["--output"].values() for c in commands}
    assert old <= kept


def test_error_files_that_cannot_be_written_are_refused_before_anything_runs(tmp_path) -> None:
    from taotie.app.cli.asked import TABLE, checked_places, kept
    from taotie.errors import DataError, RangeError

    good, lost = tmp_path / "a.json", tmp_path / "nowhere" / "b.json"
    extras = (TABLE, kept("", several=True))
    for door in ({"write": [good, lost]}, {"table": tmp_path}, {"report": lost}):
        with pytest.raises(DataError, match="cannot be written"):
            checked_places(door, extras)
    with pytest.raises(RangeError, match=r"ends in none of \.json"):
        checked_places({"write": [tmp_path / "label.txt"]}, extras)
    checked_places({"write": [good], "table": tmp_path / "t.csv", "report": None}, extras)
    assert list(tmp_path.iterdir()) == []
