"""How does a drawing become a file? By the ending asked for: `.svg` as it is, `.png` drawn from it."""

from __future__ import annotations

from pathlib import Path

from taotie.errors import MissingExtraError, RangeError
from taotie.words.language import _

ENDINGS = (".svg", ".png")


def write_picture(svg: str, path: Path) -> None:
    """Write a drawing under the ending of `path`.

    Raises
    ------
    RangeError
        If the ending is neither `.svg` nor `.png`.
    MissingExtraError
        If a PNG is asked for without the extra `report`.
    DataError
        If the place cannot be written.
    """
    from taotie.files.atomic import write_bytes, write_text

    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise RangeError(
            _("{path}: a picture ends in .svg or .png.").format(path=path),
            f"--chart {path.stem or 'picture'}.svg",
        )
    if ending == ".svg":
        write_text(path, svg)
    else:
        write_bytes(path, png(svg))


def png(svg: str) -> bytes:
    """A drawing as PNG.

    Raises
    ------
    MissingExtraError
        If the extra `report` is not installed.
    """
    try:
        import vl_convert
    except ImportError:
        raise MissingExtraError("vl-convert-python", "report") from None
    return bytes(vl_convert.svg_to_png(svg))
