"""Which publishers' files may be fetched, from where, and what must their sha256 be?

The list is `data/registry.toml`. It names files by dataset and path; nothing here opens the network.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from taotie.errors import DataError, UnknownNameError, nearest
from taotie.words.language import _, language
from taotie.words.reasons import reason

__all__ = ["REGISTRY_FILE", "Dataset", "RemoteFile", "dataset", "datasets", "read_registry"]

REGISTRY_FILE = Path(__file__).parents[1] / "data" / "registry.toml"

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True)
class RemoteFile:
    """One file of a publisher: where it is and what it must be.

    Attributes
    ----------
    dataset : str
        Name of the dataset it belongs to.
    path : str
        Path inside the publisher's repository, and below the dataset's local folder.
    url : str
        Address, pinned to a commit.
    sha256 : str
        Hash of the only content that is accepted.
    bytes : int
        Size. [B]
    """

    dataset: str
    path: str
    url: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Dataset:
    """A publisher's dataset: title, terms, citation and files."""

    name: str
    titles: Mapping[str, str]
    about: str
    licence: str
    citation: str
    repository: str
    files: tuple[RemoteFile, ...]
    live_url: str | None = None

    @property
    def title(self) -> str:
        """Title in the language in force."""
        return self.titles.get(language(), self.titles["en"])

    @property
    def bytes(self) -> int:
        """Size of all files together. [B]"""
        return sum(file.bytes for file in self.files)

    def file(self, path: str) -> RemoteFile:
        """The file at `path`; an unknown one is an error that names the nearest."""
        for file in self.files:
            if file.path == path:
                return file
        raise UnknownNameError(
            _("dataset {dataset} has no file {path}.").format(dataset=self.name, path=path),
            nearest(path, [file.path for file in self.files]),
        )


def _inside(path: str) -> bool:
    """Is `path` a plain relative path that cannot leave its folder?"""
    parts = PurePosixPath(path).parts
    return bool(parts) and not (
        path.startswith("/") or ".." in parts or "\\" in path or ":" in path or "\0" in path
    )


def read_registry(path: Path) -> dict[str, Dataset]:
    """Read and check a registry file.

    Parameters
    ----------
    path : Path
        A TOML file laid out like `data/registry.toml`.

    Returns
    -------
    datasets : dict of str to Dataset
        In the order of the file.

    Raises
    ------
    DataError
        If the file cannot be read, a key is missing, or a path would leave the data folder.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
        found: dict[str, Dataset] = {}
        for entry in content["dataset"]:
            name, base = entry["name"], entry["base"]
            if not _NAME.fullmatch(name) or name in found:
                raise ValueError(f"dataset name {name!r}")
            if not base.startswith("https://") or not base.endswith("/"):
                raise ValueError(f"{name}: base {base!r}")
            files = []
            for file in entry["file"]:
                if not _inside(file["path"]):
                    raise ValueError(f"{name}: path {file['path']!r} leaves the folder")
                if not _SHA256.fullmatch(file["sha256"]):
                    raise ValueError(f"{name}: sha256 of {file['path']}")
                url = base + quote(file["path"])
                files.append(
                    RemoteFile(name, file["path"], url, file["sha256"], int(file["bytes"]))
                )
            found[name] = Dataset(
                name=name,
                titles={"en": entry["title"]["en"], "zh": entry["title"]["zh"]},
                about=entry["about"],
                licence=entry["licence"],
                citation=entry["citation"],
                repository=entry["repository"],
                files=tuple(files),
                live_url=entry.get("live_url"),
            )
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(
            _("the list of data files {path} is damaged: {why}").format(
                path=path.name, why=reason(error)
            ),
            _("install taotie again"),
        ) from error
    return found


@lru_cache
def _shipped() -> dict[str, Dataset]:
    return read_registry(REGISTRY_FILE)


def datasets() -> tuple[Dataset, ...]:
    """All datasets that may be fetched.

    Examples
    --------
    >>> [d.name for d in datasets()][:2]
    ['azure-llm-2023', 'mooncake-fast25']
    """
    return tuple(_shipped().values())


def dataset(name: str) -> Dataset:
    """The dataset called `name`; an unknown name is an error that names the nearest.

    Examples
    --------
    >>> dataset("azure-llm-2023").file("data/AzureLLMInferenceTrace_conv.csv").bytes
    719188
    """
    known = _shipped()
    if name not in known:
        raise UnknownNameError(
            _("no dataset is called {name}.").format(name=name), nearest(name, known)
        )
    return known[name]
