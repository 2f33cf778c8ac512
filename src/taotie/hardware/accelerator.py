"""What can an accelerator do and draw? Datasheet facts of one chip. [FLOP/s, B, B/s, W]

Peaks are dense: the doubled figures for structured sparsity that makers print first are never used.
A quantity the maker does not publish is None, never 0.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace
from functools import lru_cache

from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.quantity.catalog import table
from taotie.words.language import _

__all__ = ["Accelerator", "accelerator", "accelerators", "custom_accelerator"]

_NUMBERS = {
    "peak_bf16": "peak_bf16_flop_s",
    "peak_fp8": "peak_fp8_flop_s",
    "peak_fp4": "peak_fp4_flop_s",
    "memory": "memory_b",
    "bandwidth": "bandwidth_b_s",
    "tdp": "tdp_w",
    "link_bandwidth": "link_b_s",
    "idle_power": "idle_power_w",
}

# the few units of our own table, so that a name can be looked up without the unit registry
_FACTORS = {
    "TFLOP/s": 1e12, "TB/s": 1e12, "GB/s": 1e9, "GB": 1e9, "GiB": 2.0**30, "MiB": 2.0**20, "W": 1.0,
}  # fmt: skip


@dataclass(frozen=True)
class Accelerator:
    """One accelerator (for two-die packages: the package)."""

    name: str
    label: str
    maker: str
    architecture: str
    peak_bf16_flop_s: float
    memory_b: float
    bandwidth_b_s: float
    peak_fp8_flop_s: float | None = None
    peak_fp4_flop_s: float | None = None
    tdp_w: float | None = None
    link_b_s: float | None = None
    """To its neighbours in the node, one direction."""
    idle_power_w: float | None = None
    """Measured draw of one that waits with a model loaded."""
    launch: str | None = None
    formats: tuple[str, ...] = ("bf16",)
    """Number formats its matrix units multiply, 16 bit and narrower."""
    estimated: tuple[str, ...] = ()
    """Quantities that the maker does not publish and somebody estimated (`tdp`, `bandwidth` ...)."""

    def rated_power_w(self) -> float:
        """Rated power, for calculations that cannot do without. [W]

        Raises
        ------
        RangeError
            If the maker publishes none.
        """
        if self.tdp_w is None:
            raise RangeError(
                _(
                    "{maker} publishes no rated power of {label}, so its draw cannot be predicted."
                ).format(maker=self.maker, label=self.label),
                _("give a measured or assumed rated power: custom_accelerator(..., tdp_w=...)."),
            )
        return self.tdp_w

    def peak_flop_s(self, precision: str) -> float:
        """Dense peak that arithmetic at `precision` can reach; falls back to bf16. [FLOP/s]

        >>> accelerator("h100-sxm").peak_flop_s("fp8") / 1e12
        1978.0
        >>> accelerator("a100-sxm-80").peak_flop_s("fp8") / 1e12  # no fp8 units
        312.0
        """
        if precision == "fp4" and self.peak_fp4_flop_s is not None:
            return self.peak_fp4_flop_s
        if precision in ("fp4", "fp8") and self.peak_fp8_flop_s is not None:
            return self.peak_fp8_flop_s
        return self.peak_bf16_flop_s


@lru_cache(maxsize=1)
def accelerators() -> dict[str, Accelerator]:
    """All accelerators of the table, by name."""
    cells = table("accelerators")
    found: dict[str, Accelerator] = {}
    for item in cells.items():
        numbers: dict[str, float] = {}
        for quantity, field in _NUMBERS.items():
            cell = cells.cells.get((item, quantity))
            if cell is not None and cell["value"]:
                numbers[field] = float(cell["value"]) * _FACTORS[cell["unit"]]
        launch = cells.cells.get((item, "launch"))
        formats = cells.cells.get((item, "formats"))
        estimated = tuple(
            q
            for q in _NUMBERS
            if (cell := cells.cells.get((item, q))) is not None
            and cell["kind"] in ("estimated", "assumed")
        )
        found[item] = Accelerator(
            name=item,
            label=str(cells.value(item, "label")),
            maker=str(cells.value(item, "maker")),
            architecture=str(cells.value(item, "architecture")),
            launch=None if launch is None else launch["value"],
            formats=("bf16",) if formats is None else tuple(formats["value"].split()),
            estimated=estimated,
            **numbers,
        )
    return found


_ALIASES = {
    "h100": "h100-sxm",
    "h200": "h200-sxm",
    "b200": "b200-sxm",
    "b300": "b300-sxm",
    "a100": "a100-sxm-80",
    "a100-sxm": "a100-sxm-80",
    "a100-40gb": "a100-sxm-40",
    "a100-80gb": "a100-sxm-80",
    "v100": "v100-sxm2-32",
    "p100": "p100-sxm2",
    "h100-80gb-hbm3": "h100-sxm",
    "a100-sxm4-80gb": "a100-sxm-80",
    "a100-sxm4-40gb": "a100-sxm-40",
    "a100-80gb-pcie": "a100-pcie-80",
    "a100-sxm4": "a100-sxm-80",
    "a100-pcie": "a100-pcie-80",
    "v100-sxm2": "v100-sxm2-32",
    "v100-sxm2-32gb": "v100-sxm2-32",
    "gb200-nvl72": "gb200",
    "rtx-pro-6000": "rtx-pro-6000-server",
}


def accelerator(name: str) -> Accelerator:
    """The accelerator of that name; everyday spellings are understood.

    Raises
    ------
    UnknownNameError
        If no accelerator has that name; the hint gives the nearest.

    Examples
    --------
    >>> accelerator("H100").tdp_w
    700.0
    >>> accelerator("NVIDIA A100-SXM4-40GB").name
    'a100-sxm-40'
    """
    known = accelerators()
    if name in known:
        return known[name]
    text = re.sub(r"[\s_]+", "-", name.strip().lower())
    text = re.sub(r"^(nvidia|amd|intel|google|amazon|aws|huawei|apple|instinct)-", "", text)
    text = re.sub(r"^(geforce|instinct|tesla|hgx|dgx)-", "", text)
    for spelling in (text, re.sub(r"-\d+g(i?b)?\b.*$", "", text)):
        for found in (spelling, _ALIASES.get(spelling, "")):
            if found in known:
                return known[found]
    longer = [k for k in known if text.startswith(k + "-") or k.startswith(text + "-")]
    if len(longer) == 1:
        return known[longer[0]]
    plain = re.sub(r"[^a-z0-9]", "", text)
    alike = [k for k in known if re.sub(r"[^a-z0-9]", "", k) == plain]
    if len(alike) == 1:
        return known[alike[0]]
    raise UnknownNameError(
        _("accelerator {name!r} is not in the table.").format(name=name),
        nearest(text, known),
    )


def custom_accelerator(
    name: str,
    *,
    peak_bf16_flop_s: float,
    memory_b: float,
    bandwidth_b_s: float,
    tdp_w: float | None = None,
    like: str | None = None,
    peak_fp8_flop_s: float | None = None,
) -> Accelerator:
    """An accelerator that is not in the table, from its data sheet.

    Warns when the peak looks like a figure for structured sparsity: more FLOPs per byte of bandwidth
    than any dense data sheet in the table, or exactly twice a known chip of the same bandwidth.

    Raises
    ------
    RangeError
        If a quantity is not above 0.
    """
    for quantity, value in (
        ("peak_bf16_flop_s", peak_bf16_flop_s),
        ("memory_b", memory_b),
        ("bandwidth_b_s", bandwidth_b_s),
        ("tdp_w", 1.0 if tdp_w is None else tdp_w),
    ):
        if not (value > 0) or value == float("inf"):
            raise RangeError(
                _("{name}: {quantity}={value} must be above 0.").format(
                    name=name, quantity=quantity, value=value
                )
            )
    for known in accelerators().values():
        twice = abs(peak_bf16_flop_s / known.peak_bf16_flop_s - 2.0) < 0.02
        same = abs(bandwidth_b_s / known.bandwidth_b_s - 1.0) < 0.02
        if twice and same:
            warnings.warn(
                _(
                    "{name}: {peak:.0f} TFLOP/s is twice the dense peak of {label}; it looks like the peak "
                    "with structured sparsity."
                ).format(name=name, peak=peak_bf16_flop_s / 1e12, label=known.label),
                stacklevel=2,
            )
            break
    base = Accelerator(name, name, "", "unknown", peak_bf16_flop_s, memory_b, bandwidth_b_s)
    if like is not None:
        base = replace(accelerator(like), name=name, label=name)
    return replace(
        base,
        peak_bf16_flop_s=peak_bf16_flop_s,
        memory_b=memory_b,
        bandwidth_b_s=bandwidth_b_s,
        tdp_w=tdp_w,
        peak_fp8_flop_s=peak_fp8_flop_s,
    )
