"""What is a setting? One entry: its type, unit, limits, label, spellings, default with reason and source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

__all__ = ["Setting"]

Type = Literal[
    "number", "whole", "text", "flag", "texts", "numbers", "wholes", "file", "files", "choice"
]


@dataclass(frozen=True)
class Setting:
    """One thing that can be asked for.

    Parameters
    ----------
    name : str
        In Python, JSON and REST.
    type : str
        number (with a unit), whole (number), text, flag, file, choice; texts, numbers, wholes and files are several.
    help : str
        What it is, a message marked with `N_`.
    unit : str
        Of a bare number; other units of the same dimension are converted.
    low, high : float, optional
        Limits of what is possible.
    default : optional
        Value if nothing is said; None where the ask decides.
    reason, source : str
        Why that default, and the source behind it. A default with a reason is listed with the answer.
    beside : str
        Name of the setting without which this one says nothing, so that its default is none to list.
    choices : tuple of str
        Of a choice.
    options : tuple of str
        Spellings on the command line; default ``--name-with-dashes``.
    old : tuple of str
        Spellings that still work for a release, with a note.
    first : bool
        May stand first on the command line without its name.
    known : str
        Dotted name of a function that lists the names known, for completion.
    local : bool
        Names a file or a machine of this computer: never taken from a network.
    may_be_file : bool
        A name that is known, or a path of this computer: from a network only the name is taken.
    required : bool
        The question cannot be answered without it.
    python : str
        What the parameter of the Python function is called, where that is another word.
    split : str
        Several values may also stand in one text, parted by this.
    unit_needed : bool
        A typed number must have its unit.
    mapping : bool
        Texts such as ``name=value``, or a mapping.
    """

    name: str
    type: Type
    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    default: Any = None
    reason: str = ""
    source: str = ""
    beside: str = ""
    choices: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    old: tuple[str, ...] = ()
    first: bool = False
    known: str = ""
    local: bool = False
    may_be_file: bool = False
    required: bool = False
    python: str = ""
    split: str = ""
    unit_needed: bool = False
    mapping: bool = False

    @property
    def parameter(self) -> str:
        """The parameter of the Python function."""
        return self.python or self.name

    @property
    def of_this_computer(self) -> bool:
        """A network must not set it: it names a file or a machine here."""
        return self.local or self.type in ("file", "files")

    @property
    def several(self) -> bool:
        """It takes more than one value."""
        return self.type in ("texts", "numbers", "wholes", "files")

    @property
    def spelled(self) -> tuple[str, ...]:
        """Spellings on the command line."""
        return self.options or (f"--{self.name.replace('_', '-')}",)

    def but(self, **changes: Any) -> Setting:
        """The same setting as another ask takes it."""
        return replace(self, **changes)
