"""What does one iteration of a serving replica cost? [ps, nJ]

An iteration with `A` decoding sequences whose contexts sum to `C` units, and prefill chunks of `p`
prompt tokens read after `done` earlier ones, costs the greater of two lines (the roofline's memory
and compute side)::

    t_j = ta_j[A] + tb_j[A] C + tp_j P + tq_j Q + tr_j R,   P = sum p,  Q = sum p (2 done + p)
    t   = max(t_1, t_2);   e = ea_j[A] + eb_j[A] C + ep_j P + eq_j Q + er_j R

with `R` prompts whose reading ends here, and the energy of the line that won (the first on a tie).
Everything is an integer, so that skipping iterations and walking through them agree bit for bit.
The coefficients over `A` are tables: a mixture of experts (weights touched grow with the batch), a
curve instead of a corner at the ridge, or pipeline stages need no further code in the kernel.
Iterations with prefill have a table of their own (`mixed`): a chunk touches every expert.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from taotie.errors import RangeError
from taotie.words.language import _

__all__ = ["IterationCosts", "ReplicaLimits", "pipeline_costs", "speculative_tokens_per_step"]

IntArray = NDArray[np.int64]

# columns of a cost table
TA1, TB1, TA2, TB2, EA1, EB1, EA2, EB2 = range(8)
N_PREFILL = 12
NO_LINE = -(1 << 60)
"""Intercept of a second line that never wins."""


@dataclass(frozen=True)
class IterationCosts:
    """Integer costs of one iteration of one replica.

    Parameters
    ----------
    decode : ndarray of int64, shape (max_batch + 1, 8)
        Row `A`: ta1, tb1, ta2, tb2 [ps, ps/unit], ea1, eb1, ea2, eb2 [nJ, nJ/unit]. Row 0 is unused.
    mixed : ndarray of int64, shape (max_batch + 1, 8)
        The same for iterations that also read prompts; row 0 is a pure prefill iteration.
    prefill : ndarray of int64, shape (12,)
        tp1, tq1, tr1, tp2, tq2, tr2 [ps/token, ps/token2, ps/prompt], and the same for energy [nJ].

    Raises
    ------
    RangeError
        If a shape is wrong, a slope is negative, or an iteration could take no time.
    """

    decode: IntArray
    mixed: IntArray
    prefill: IntArray

    def __post_init__(self) -> None:
        for name in ("decode", "mixed", "prefill"):
            table = np.ascontiguousarray(getattr(self, name), dtype=np.int64)
            object.__setattr__(self, name, table)
        if (
            self.decode.shape != self.mixed.shape
            or self.decode.ndim != 2
            or self.decode.shape[1] != 8
            or self.prefill.shape != (N_PREFILL,)
        ):
            raise RangeError(
                _("cost tables of shape {decode}, {mixed}, {prefill} do not fit together.").format(
                    decode=self.decode.shape, mixed=self.mixed.shape, prefill=self.prefill.shape
                ),
                _("two tables (max_batch + 1, 8) and one row (12,) are needed"),
            )
        slopes = [self.decode[1:, [TB1, TB2, EB1, EB2]], self.mixed[:, [TB1, TB2, EB1, EB2]]]
        if min(int(s.min()) for s in [*slopes, self.prefill]) < 0:
            raise RangeError(
                _("a cost grows smaller with more context or more prompt tokens."),
                _("slopes and prefill terms must be 0 or more"),
            )
        base = np.concatenate([self.decode[1:], self.mixed])
        least = int(np.maximum(base[:, TA1], base[:, TA2]).min())
        if least < 1:
            raise RangeError(
                _("an iteration takes {least} ps.").format(least=least),
                _("the greater of the two intercepts must be at least 1 ps for every batch"),
            )
        if int(base[:, [EA1, EA2]].min()) < 0:
            raise RangeError(_("an iteration costs less than 0 nJ."))

    @property
    def max_batch(self) -> int:
        """The largest batch the tables cover."""
        return int(self.decode.shape[0]) - 1

    @classmethod
    def affine(
        cls,
        max_batch: int,
        time_ps: tuple[int, int, int, int, int],
        energy_nj: tuple[int, int, int, int, int],
        compute_ps: tuple[int, int, int, int, int] | None = None,
    ) -> IterationCosts:
        """Costs ``c0 + c1 A + c2 C + c3 P + c4 Q``; `compute_ps` is the second roofline line.

        Examples
        --------
        >>> costs = IterationCosts.affine(2, (100, 10, 1, 5, 0), (7, 0, 0, 0, 0))
        >>> costs.decode[:, :2]
        array([[100,   1],
               [110,   1],
               [120,   1]])
        """
        batch = np.arange(max_batch + 1)
        table = np.zeros((max_batch + 1, 8), np.int64)
        prefill = np.zeros(N_PREFILL, np.int64)
        second = compute_ps if compute_ps is not None else (NO_LINE, 0, 0, 0, 0)
        for j, (c0, c1, c2, c3, c4) in enumerate((time_ps, second, energy_nj, energy_nj)):
            table[:, 2 * j] = c0 + c1 * batch
            table[:, 2 * j + 1] = c2
            prefill[3 * j : 3 * j + 2] = c3, c4
        return cls(table, table.copy(), prefill)


@dataclass(frozen=True)
class ReplicaLimits:
    """What one replica may hold and how it schedules.

    Parameters
    ----------
    max_batch : int
        Sequences that run at once (decoding or being read).
    kv_pages : int
        Pages of KV cache. [page]
    page_tokens : int, default 16
        Tokens in a page; a power of two.
    token_budget : int, default 2048
        Tokens of one iteration, decoding sequences included. Without `chunked`: prompt tokens of
        one prefill iteration (a longer prompt is read alone, in one go).
    chunked : bool, default True
        Prompts are read in chunks beside the decoding sequences; else prompts are read whole, in
        iterations of their own, before decoding goes on.
    watermark_pages : int, default 0
        Pages an admission leaves free. [page]
    tokens_per_step : int, default 1
        Tokens a decoding sequence takes of the budget (1 + drafted tokens if speculative).
    accepted_16ths : int, default 0
        Tokens gained per step, in sixteenths (speculative decoding); 0: exactly one a step.
    prefix_block_tokens : int, default 512
        Tokens of one hashed block.
    prefix_blocks : int, default 0
        Blocks the replica's prefix cache holds, beside the KV pages; 0 switches it off.
    prefix_in_pages : bool, default False
        Instead, whole blocks that were read stay in the KV pages until pages run short.
    """

    max_batch: int
    kv_pages: int
    page_tokens: int = 16
    token_budget: int = 2048
    chunked: bool = True
    watermark_pages: int = 0
    tokens_per_step: int = 1
    accepted_16ths: int = 0
    prefix_block_tokens: int = 512
    prefix_blocks: int = 0
    prefix_in_pages: bool = False
    fine: int = field(init=False)
    grow: int = field(init=False)

    def __post_init__(self) -> None:
        if self.max_batch < 1 or self.max_batch >= 1 << 20:
            raise RangeError(_("max_batch={n} is not in 1..1048575.").format(n=self.max_batch))
        if self.kv_pages < 1:
            raise RangeError(_("kv_pages={n}: no room for any token.").format(n=self.kv_pages))
        if self.page_tokens < 1 or self.page_tokens & (self.page_tokens - 1):
            raise RangeError(
                _("page_tokens={n} is not a power of two.").format(n=self.page_tokens),
                _("vLLM uses 16"),
            )
        if self.token_budget < 1 or self.tokens_per_step < 1 or self.watermark_pages < 0:
            raise RangeError(
                _(
                    "token_budget={b}, tokens_per_step={t}, watermark_pages={w}: the first two must "
                    "be 1 or more, the last 0 or more."
                ).format(b=self.token_budget, t=self.tokens_per_step, w=self.watermark_pages)
            )
        if self.accepted_16ths and self.accepted_16ths < 16:
            raise RangeError(
                _("accepted_16ths={n}: a step gains at least one token (16).").format(
                    n=self.accepted_16ths
                )
            )
        if self.prefix_blocks < 0 or self.prefix_block_tokens < 1:
            raise RangeError(
                _("a prefix cache of {n} blocks of {t} tokens cannot be.").format(
                    n=self.prefix_blocks, t=self.prefix_block_tokens
                )
            )
        if self.prefix_in_pages and (
            self.prefix_blocks or self.prefix_block_tokens % self.page_tokens
        ):
            raise RangeError(
                _(
                    "prefix blocks of {t} tokens cannot stay in pages of {p} tokens beside a cache of {n} blocks."
                ).format(t=self.prefix_block_tokens, p=self.page_tokens, n=self.prefix_blocks),
                _("a block is a number of whole pages, and there is one prefix cache"),
            )
        # context units per token, and units a sequence grows in a step
        object.__setattr__(self, "fine", 16 if self.accepted_16ths else 1)
        object.__setattr__(self, "grow", self.accepted_16ths or 1)

    @property
    def kv_tokens(self) -> int:
        """Tokens the KV cache holds."""
        return self.kv_pages * self.page_tokens


def speculative_tokens_per_step(acceptance_rate: float, drafted: int) -> float:
    """Tokens a step gains when each drafted token is accepted with one rate. [token/step]

    Parameters
    ----------
    acceptance_rate : float
        Chance that a drafted token is accepted, given that those before it were. [1]
    drafted : int
        Tokens drafted per step.

    Returns
    -------
    float
        ``(1 - a**(g + 1)) / (1 - a)``, between 1 and g + 1.

    Raises
    ------
    RangeError
        If the rate leaves 0..1 or `drafted` is negative.

    References
    ----------
    .. [1] Leviathan, Kalman, Matias, *Fast Inference from Transformers via Speculative Decoding*,
       ICML 2023, eq. 1.

    Examples
    --------
    Half of the drafts accepted, one draft a step: one and a half tokens.

    >>> speculative_tokens_per_step(0.5, 1)
    1.5
    """
    if not 0 <= acceptance_rate <= 1 or drafted < 0:
        raise RangeError(
            _(
                "acceptance_rate={a}, drafted={g}: a rate lies in 0..1, a count is 0 or more."
            ).format(a=acceptance_rate, g=drafted)
        )
    return math.fsum(acceptance_rate**j for j in range(drafted + 1))


def pipeline_costs(
    costs: IterationCosts, stages: int, hop_ps: int, idle_mw: int = 0
) -> IterationCosts:
    """Costs of a replica cut into pipeline stages that keeps one micro-batch per stage in flight.

    The batch is split as evenly as can be over `stages` micro-batches that go round in lockstep: each
    stage takes one `stages`-th of the fullest micro-batch's pass, then hands over. After `stages`
    such turns every sequence has gained one step: that is the iteration. Bubbles: a batch smaller than
    the number of stages leaves stages empty, an uneven batch waits for its fullest part.

    Parameters
    ----------
    costs : IterationCosts
        Costs of a whole pass of one micro-batch, without pipelining.
    stages : int
        Pipeline stages.
    hop_ps : int
        Time to hand activations to the next stage. [ps]
    idle_mw : int, default 0
        Draw of all stages together while they wait; booked for the bubbles. [mW]

    Returns
    -------
    IterationCosts
        Time of one round; energy summed over the micro-batches.

    Raises
    ------
    RangeError
        If there is no stage or a hop takes negative time.

    Notes
    -----
    Context is taken as evenly spread over the micro-batches, so a unit of it delays a round by a
    `stages`-th of its time; the same holds for prompt tokens. Slopes are rounded up.

    Examples
    --------
    Four sequences over two stages: two turns, each half a pass of two sequences, and two hops.

    >>> whole = IterationCosts.affine(4, (100, 10, 0, 0, 0), (8, 1, 0, 0, 0))
    >>> pipeline_costs(whole, 2, hop_ps=3).decode[[1, 2, 4], 0]
    array([116, 116, 126])

    One sequence is one pass, three sequences are a pass of two and a pass of one:

    >>> pipeline_costs(whole, 2, hop_ps=3).decode[[1, 3], 4]
    array([ 9, 19])
    """
    if stages < 1 or hop_ps < 0:
        raise RangeError(
            _("stages={s}, hop_ps={h}: at least one stage, and no negative time.").format(
                s=stages, h=hop_ps
            )
        )
    if stages == 1:
        return costs
    batch = np.arange(costs.max_batch + 1)
    small = batch // stages
    n_big = batch % stages
    fullest = small + (n_big > 0)

    def cut(table: IntArray) -> IntArray:
        out = table[fullest]
        passes = np.maximum(table[:, TA1], table[:, TA2])
        passes[0] = 0 if table is costs.decode else passes[0]
        held = n_big * passes[fullest] + (stages - n_big) * np.where(small > 0, passes[small], 0)
        bubble = passes[fullest] + stages * hop_ps - held // stages
        lost = np.where(batch > 0, bubble, stages * hop_ps) * idle_mw // 10**6
        for column in (TA1, TA2):
            never = out[:, column] == NO_LINE
            out[:, column] = np.where(never, NO_LINE, out[:, column] + stages * hop_ps)
        for column in (TB1, TB2):
            out[:, column] = -(-out[:, column] // stages)
        for column in (EA1, EA2):
            rest = np.where(small > 0, (stages - n_big) * table[small, column], 0)
            out[:, column] = np.where(
                batch > 0, n_big * table[fullest, column] + rest, table[0, column]
            )
            out[:, column] += lost
        return out

    prefill = costs.prefill.copy()
    prefill[:6] = -(-prefill[:6] // stages)
    return replace(costs, decode=cut(costs.decode), mixed=cut(costs.mixed), prefill=prefill)
