"""What is paid when nothing is computed yet: no numpy, pint, scipy or numba at import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rows import each_row

HEAVY = (
    "numpy",
    "pint",
    "scipy",
    "numba",
    "pydantic",
    "altair",
    "duckdb",
    "rich",
    "typer",
)


def loaded(code: str) -> set[str]:
    """Heavy packages in memory after `code` ran in a fresh process."""
    ask = f"{code}\nimport sys; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_property_importing_taotie_loads_nothing_heavy() -> None:
    assert (
        loaded(
            "import taotie, taotie.errors, taotie.words.language; dir(taotie); taotie.__version__"
        )
        == set()
    )


def test_property_an_exact_figure_loads_little() -> None:
    made = loaded(
        "import taotie; taotie.leaf('x', unit='Wh', kind='assumed', note='n', value=1).p50"
    )
    assert made <= {"numpy", "pint", "scipy"}


def test_property_draws_and_drivers_need_no_scipy_stats() -> None:
    """Importing scipy.stats alone costs more than a second."""
    code = """
import sys, taotie
x, y = (taotie.leaf(k, unit='Wh', kind='assumed', note='n', low=1, high=2) for k in 'xy')
assert (x * y).drivers().rows and (x + y).drivers().rows
assert 'scipy.stats' not in sys.modules
"""
    assert not {"numba", "pydantic", "rich", "typer"} & loaded(code)


@each_row(
    "name", ["Figure", "leaf", "figure", "table", "Profile", "lifted", "sampling", "TaotieError"]
)
def test_worked_the_names_most_people_need(name: str) -> None:
    import taotie

    assert name in taotie.__all__
    assert getattr(taotie, name).__name__ == name


def test_error_a_name_that_is_not_there() -> None:
    import taotie

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        taotie.nothing
