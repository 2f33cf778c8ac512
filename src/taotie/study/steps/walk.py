"""How does a study fill what its file leaves out, and keep account of it?

A `Walk` goes down the chain: it takes what the file gives, or a default with its reason, and collects named
figures, warnings and the files that were read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from taotie.errors import StudyError, TaotieError
from taotie.grid.place import Place
from taotie.quantity.figure import Figure
from taotie.quantity.profile import Profile
from taotie.study.read import StudyFile
from taotie.study.result import Default
from taotie.words.as_set import as_set
from taotie.words.said import Said, in_each_language, labels

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")


class Walk:
    """The state of one run."""

    def __init__(
        self,
        file: StudyFile,
        n_threads: int | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.file = file
        self.study = file.study
        self.n_threads = n_threads
        self.tell = tell or (lambda step: None)
        self.figures: dict[str, Figure] = {}
        self.defaults: list[Default] = []
        self.warnings: list[Said] = []
        self.notes: list[Said] = []
        self.files: list[Mapping[str, Any]] = []
        self.profiles: dict[str, Profile] = {}
        self.pues: tuple[Figure, Figure] | None = None
        """Mean and worst PUE, once they are known."""
        self.pues_of: Callable[[Profile], tuple[Figure, Figure]] | None = None
        """What gives both for a course of the load, to a campus told by its meter."""
        self.has_course = False
        """A campus whose hours differ: its busiest is that of its course."""
        self.steps: Sequence[Any] = ()
        """All steps of the chain, for a mix that walks each of its kinds."""
        self.part = ""
        """Which part of a mix this walk is; empty for a study of its own."""
        self.per_day: Figure | None = None
        """Requests a day of a part of a mix; None where the study itself says."""
        self.day_of_hours: np.ndarray | None = None  # course of a day of hours that were given
        self.year_share: Figure | None = None
        """Share of a year in which a run runs; None for what runs all the year."""
        self.place: Place | None = None
        """Where the study says that it stands; None if it does not."""

    def figure(self, key: str, default: Callable[[], Figure], reason: str) -> Figure:
        """The figure of `table.key`, or the default, which is then listed with its reason."""
        given = self.file.given(key)
        if given is not None:
            return given
        made = default()
        self.defaults.append(_default(key, made, reason))
        return made

    def choice(self, key: str, given: T | None, default: T, reason: str) -> T:
        """A name or a count of the file, or the default, which is then listed with its reason."""
        if given is not None:
            return given
        self.defaults.append(Default(key, as_set(default), None, Said(f"default.{key}", reason)))
        return default

    def keep(self, key: str, figure: Figure, label: str) -> Figure:
        """Name a figure as a result of the run, or of its part, so that two parts of a mix keep theirs apart."""
        named = figure.named(f"{self.part}_{key}" if self.part else key, **labels(label))
        self.figures[key] = named
        return named

    def say(self, note: Said) -> None:
        """A note of a lower room, as it was said there."""
        self.notes.append(note)

    def heed(self, note: Said) -> None:
        """What a reader found in a file of the user's own, such as hours that were missing: shown at every door."""
        self.warnings.append(note)

    def warn(self, code: str, message: str, **values: Any) -> None:
        """Something the reader must know."""
        self.warnings.append(Said(code, message, values))

    def note(self, code: str, message: str, **values: Any) -> None:
        """How something was done."""
        self.notes.append(Said(code, message, values))

    def note_texts(self, code: str, texts: Mapping[str, str]) -> None:
        """A note whose words a lower room chose, in each language."""
        self.notes.append(Said(code, "", {}, texts))

    @contextmanager
    def at(self, table: str) -> Iterator[None]:
        """Errors of lower rooms become errors of the study, naming the table they come from."""
        try:
            yield
        except StudyError:
            raise
        except TaotieError as error:
            where = f"{self.file.path} [{table}]"
            raise StudyError([TaotieError(f"{where}: {error.message}", error.hint)]) from error


def _default(key: str, made: Figure, reason: str) -> Default:
    # the value in English: a result file is the same in every language
    from taotie.quantity.wording import value_text

    text = in_each_language(lambda: value_text(made))
    return Default(key, text["en"], made, Said(f"default.{key}", reason))
