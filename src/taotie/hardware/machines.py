"""How many of which accelerator does a person mean by `h100-sxm:8` or `8xh100`?"""

from __future__ import annotations

from taotie.errors import RangeError
from taotie.words.language import _

__all__ = ["machines"]


def machines(text: str, name: str = "on", in_a_file: bool = False) -> tuple[str, int | None]:
    """Name and number of accelerators in ``h100-sxm:8`` or ``8xh100-sxm``.

    Parameters
    ----------
    text : str
    name : str
        Of the setting, for the message.
    in_a_file : bool
        Whether it was written in a study file, not on the command line.

    Raises
    ------
    RangeError
        If what stands for the number is none.

    Examples
    --------
    >>> machines("h100-sxm:8"), machines("8xh100"), machines("b200-sxm"), machines("8 x H100")
    (('h100-sxm', 8), ('h100', 8), ('b200-sxm', None), ('H100', 8))
    """
    plain = text.strip()
    chip, colon, count = plain.partition(":")
    head, cross, tail = plain.partition("x") if "x" in plain else plain.partition("×")
    if not colon and cross and head.strip().replace("_", "").isdigit():
        chip, count = tail, head.replace("_", "")
    chip, count = chip.strip(), count.strip()
    if not count:
        return chip, None
    if not count.isascii() or not count.isdigit() or not 1 <= int(count) <= 100_000_000:

        def shown(value: str) -> str:
            return f'{name} = "{value}"' if in_a_file else f"--{name} {value}"

        raise RangeError(
            _("{setting}: {count} is not a number of accelerators.").format(
                setting=shown(text), count=repr(count)
            ),
            shown("h100-sxm:8"),
        )
    return chip, int(count)
