"""Who may ask? API keys, where a service wants them: kept as hashes, one a line, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from taotie.errors import DataError
from taotie.files.read import read_text
from taotie.words.language import _

__all__ = ["Keys", "new_key"]


def new_key(name: str) -> tuple[str, str]:
    """A new key and the line of the key file that lets it in.

    The key is 256 random bits, so one round of SHA-256 hides it: there is nothing to guess.

    Raises
    ------
    DataError
        If the name is more than letters, digits, dots and dashes.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", name):
        raise DataError(
            _("{name} is no name for a key.").format(name=repr(name[:60])),
            _("letters, digits, dots and dashes, at most 40"),
        )
    key = f"taotie_{secrets.token_urlsafe(32)}"
    return key, f"{name} sha256:{_hash(key)}"


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class Keys:
    """The keys that are let in, by name.

    Examples
    --------
    >>> key, line = new_key("lab")
    >>> keys = Keys.of_text(line)
    >>> keys.name_of(f"Bearer {key}"), keys.name_of("Bearer other")
    ('lab', None)
    """

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self.hashes = dict(hashes)

    @classmethod
    def of_text(cls, text: str, where: str = "keys") -> Keys:
        """Keys of a key file's text; an empty line or one that begins with # is passed over.

        Raises
        ------
        DataError
            With the line that is neither.
        """
        found: dict[str, str] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            match = re.fullmatch(r"\s*([A-Za-z0-9._-]{1,40})\s+sha256:([0-9a-f]{64})\s*", line)
            if match is None:
                raise DataError(
                    _("{where}, line {n}: this is no key.").format(where=where, n=number),
                    "taotie serve --new-key NAME",
                )
            found[match[1]] = match[2]
        return cls(found)

    @classmethod
    def of_file(cls, path: Path) -> Keys:
        """Keys of a file.

        Raises
        ------
        DataError
            If it cannot be read, or holds no key: an empty file must not open the door.
        """
        try:
            found = cls.of_text(read_text(path, 1_000_000), str(path))
        except DataError as error:
            raise DataError(
                _("the key file {path} cannot be read.").format(path=path),
                "taotie serve --new-key NAME",
            ) from error
        if not found.hashes:
            raise DataError(
                _("the key file {path} holds no key.").format(path=path),
                "taotie serve --new-key NAME",
            )
        return found

    def name_of(self, authorization: str) -> str | None:
        """Whose key an `Authorization` header holds; None for nobody's."""
        scheme, _sep, key = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or len(key) > 200:
            return None
        given = _hash(key.strip())
        found = None
        for name, kept in self.hashes.items():  # all of them: no time tells which one it was
            if hmac.compare_digest(given, kept):
                found = name
        return found
