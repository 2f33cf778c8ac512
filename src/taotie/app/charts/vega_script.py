"""Which JavaScript draws the charts in the browser? The Vega bundle that vl-convert-python carries.

Making it takes 2-3 s, so it is kept in the user's cache folder, by version, with its own hash in front; a file
that was cut short or changed is made again. A folder that cannot be written costs the time, not the report.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from taotie.errors import DataError, MissingExtraError, TaotieError
from taotie.files.atomic import write_bytes
from taotie.files.fetch import _cache_folder
from taotie.files.read import read_text

VL_VERSION = "6.4"
_SNIPPET = "window.vegaEmbed=vegaEmbed;"
_BYTES_MAX = 8_000_000


def vega_script(folder: Path | None = None) -> str:
    """The bundle as one script that sets `window.vegaEmbed`; to be loaded as a module.

    Parameters
    ----------
    folder : Path, optional
        Where it is kept between runs; default: the user's cache folder.

    Raises
    ------
    MissingExtraError
        If vl-convert-python is not installed.
    """
    try:
        import vl_convert
    except ImportError:
        raise MissingExtraError("vl-convert-python", "report") from None
    place = folder if folder is not None else _cache_folder() / "script"
    version = metadata.version("vl-convert-python")
    kept = place / f"vega-{VL_VERSION}-{version}.js"
    known = _read(kept)
    if known is not None:
        return known
    script = str(vl_convert.javascript_bundle(snippet=_SNIPPET, vl_version=VL_VERSION))
    with suppress(OSError, TaotieError):  # a read-only home: the script is made each time
        place.mkdir(parents=True, exist_ok=True)
        write_bytes(kept, f"{_digest(script)}\n{script}".encode())
    return script


def _read(path: Path) -> str | None:
    """The kept script, or None if there is none or it is not what was written."""
    try:
        digest, _newline, script = read_text(path, _BYTES_MAX).partition("\n")
    except DataError:
        return None
    return script if script and digest == _digest(script) else None


def _digest(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()
