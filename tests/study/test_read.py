"""Reading a study file: everything wrong with it, at once, in sentences."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import StudyError
from taotie.study import read
from taotie.study.read import read_study


def problems_of(tmp_path: Path, text: str | bytes) -> list[str]:
    path = tmp_path / "study.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(StudyError) as caught:
        read_study(path)
    return [str(p) for p in caught.value.problems]


def test_worked_minimal_study_needs_a_title_only(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('title = "x"\n')
    file = read_study(path)
    assert file.study.seed == 20240409
    assert file.given("facility.pue") is None


def test_worked_bare_number_takes_the_unit_of_its_key(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('title = "x"\n[workload]\nrequests_per_day = 195e6\n')
    figure = read_study(path).given("workload.requests_per_day")
    assert figure is not None
    assert (figure.p50, figure.unit) == (195e6, "request/d")
    assert figure.kind == "assumed"


def test_worked_reference_to_own_figure_shares_its_draws(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(
        'title = "x"\n[figures]\np = { low = 1.1, high = 1.3, unit = "1", spread = "uniform" }\n'
        '[facility]\npue = { figure = "figures.p" }\n'
    )
    file = read_study(path)
    pue, own = file.given("facility.pue"), file.given("figures.p")
    assert pue is not None
    assert own is not None
    assert (pue.samples == own.samples).all()


def test_error_all_problems_in_one_go(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path,
        'title = "x"\nseeds = 3\n[workload]\nkind = "chatt"\n'
        "requests_per_day = { low = 3, high = 1 }\n[compute]\nmodle = 'x'\nbatch_size = 'lots'\n"
        '[facility]\npue = 0.92\n[grid]\nnetwork_loss = { value = 4, unit = "kWh" }\n',
    )
    text = "\n".join(found)
    assert len(found) == 7
    for word in ("seeds", "seed", "chatt", "modle", "did you mean model", "lots", "low=3"):
        assert word in text, word
    for problem in found:
        assert "study.toml" in problem


def test_error_pue_below_one_names_dcie(tmp_path: Path) -> None:
    (found,) = problems_of(tmp_path, 'title = "x"\n[facility]\npue = 0.92\n')
    assert "pue=0.92" in found
    assert "[facility]" in found
    assert "below 1.0: a facility uses at least its IT energy" in found
    assert "0.92 looks like DCiE (IT/total); its PUE is 1.09" in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["title is missing"]),
        ('title = "x"\ntitle = "y"\n', ["is not TOML", "each key stands once"]),
        (b"title = '\xff'", ["is not UTF-8"]),
        ("title = 3\n", ["title=3", "wrong type"]),
        ('title = "x"\nsamples = 5\n', ["samples=5", "possible range"]),
        ('title = "x"\nseed = -1\n', ["seed=-1"]),
        ('title = "x"\n[facility]\npue = "soon"\n', ["neither a number nor a figure"]),
        ('title = "x"\n[facility]\npue = nan\n', ["pue"]),
        ('title = "x"\n[facility]\npue = { low = 1.1 }\n', ["high is missing"]),
        ('title = "x"\n[facility]\npue = { value = 1.2, unit = "MWh" }\n', ["energy is not"]),
        ('title = "x"\n[facility]\npue = { value = 1.2, unit = "blorp" }\n', ["unknown unit"]),
        ('title = "x"\n[facility]\npue = { figure = "nobody.x" }\n', ["no source 'nobody'"]),
        (
            'title = "x"\n[facility]\npue = { figure = "figures.a" }\n'
            '[figures]\na = { figure = "figures.b" }\nb = { figure = "figures.a" }\n',
            ["leads back to itself", "figures.a -> figures.b -> figures.a"],
        ),
        ('title = "x"\n[figures]\na = 3\n', ["has no unit"]),
        ('title = "x"\n[workload]\ndaily_shape = [1.0, 2.0]\n', ["2 items instead of 24"]),
        (
            'title = "x"\n[figures]\np = { low = 1.1, high = 1.3, unit = "1" }\n'
            '[facility]\npue = { figure = "figures.p" }\n',
            ["some samples are outside", "spread = 'uniform'"],
        ),
        (
            'title = "x"\n[workload]\nkind = "campus"\nload_factor = 1.5\n',
            ["1.5", "outside 0 to 1"],
        ),
    ],
)
def test_error_each_names_key_value_and_way_out(
    tmp_path: Path, text: str | bytes, words: list[str]
) -> None:
    found = "\n".join(problems_of(tmp_path, text))
    for word in words:
        assert word in found


def test_error_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be read"):
        read_study(tmp_path / "nowhere.toml")


KEYS = st.sampled_from(
    [
        "title",
        "seed",
        "samples",
        "workload",
        "kind",
        "facility",
        "pue",
        "figures",
        "low",
        "x",
        "grid",
    ]
)
VALUES = st.recursive(
    st.one_of(
        st.integers(-(2**62), 2**62),
        st.floats(),
        st.booleans(),
        st.text(st.characters(codec="utf-8", exclude_characters='"\\'), max_size=8),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(c for c in value if c.isprintable()) + '"'
    return str(value)


@given(content=st.dictionaries(KEYS, VALUES, max_size=5))
def test_property_any_toml_is_read_or_refused_in_sentences(
    content: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "s.toml"
    path.write_text("\n".join(f"{k} = {_toml(v)}" for k, v in content.items()), "utf-8")
    with suppress(StudyError):  # any other exception fails the test
        read_study(path)


@given(noise=st.binary(max_size=300))
def test_property_noise_is_refused_in_sentences(
    noise: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("noise") / "s.toml"
    path.write_bytes(noise)
    with suppress(StudyError):  # any other exception fails the test
        read_study(path)


def test_worked_a_quantity_may_be_written_as_text(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('title = "x"\n[workload]\nrequests_per_day = "2 million request/d"\n')
    figure = read_study(path).given("workload.requests_per_day")
    assert figure is not None
    assert (figure.p50, figure.unit) == (2e6, "request/d")


@pytest.mark.parametrize(
    ("kind", "key", "other"),
    [
        ("campus", "requests_per_day = 4e6", "chat"),
        ("campus", "prompt_tokens = 300", "chat"),
        ("campus", 'trace = "azure-llm-2023"', "chat"),
        ("chat", "accelerators = 100", "campus"),
        ("chat", "load_factor = 0.5", "campus"),
    ],
)
def test_error_a_key_the_kind_does_not_read(
    tmp_path: Path, kind: str, key: str, other: str
) -> None:
    (found,) = problems_of(tmp_path, f'title = "x"\n[workload]\nkind = "{kind}"\n{key}\n')
    assert key.split(" ")[0] in found
    assert f"a study of kind '{kind}' does not read it" in found
    assert f'kind = "{other}"' in found


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('[[workload]]\nkind = "chat"\n', "kind = 'mix' and [workload.parts.NAME]"),
        ('compute = 3\n[workload]\nkind = "chat"\n', "write [compute] once"),
    ],
)
def test_error_a_room_that_is_no_table_says_how_it_is_written(
    tmp_path: Path, text: str, hint: str
) -> None:
    path = tmp_path / "study.toml"
    path.write_text('title = "x"\n' + text, encoding="utf-8")
    with pytest.raises(StudyError, match="a table is wanted") as told:
        read_study(path)
    assert hint in str(told.value)


def test_error_a_figure_of_a_step_of_others_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that a step of somebody else reads: what is no figure, and a key it does not know, are told with a way out."""
    monkeypatch.setattr(read, "joined_rooms", lambda: {"cooling": ["wetness"]})
    text = 'title = "x"\n[cooling]\nwetness = { high = "much" }\nwetnes = 2\n'
    wrong, unknown = problems_of(tmp_path, text)
    assert "[cooling]: wetness is not a figure." in wrong
    assert "wetness = 1.5" in wrong
    assert "[cooling] has no key 'wetnes'." in unknown
    assert "wetness" in unknown
