"""Conversations: turns, times and blocks; the prefix cache of the simulator hits what was said before."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.service import ReplicaModel, Serving, simulate
from taotie.errors import RangeError
from taotie.quantity.catalog import table
from taotie.workload.chat import TokenLengths
from taotie.workload.conversation import (
    BLOCK_TOKENS,
    ConversationShape,
    chat_conversations,
    sampled_conversations,
    with_session_blocks,
)
from taotie.workload.daily_shape import DailyShape, WeeklyShape
from taotie.workload.refit_conversation import deviation_of_turns, fitted_rows, turns_found
from taotie.workload.requests import Requests
from taotie.workload.trace import read_trace


def fixed(new: float, output: float) -> TokenLengths:
    """Always nearly the same lengths."""
    return TokenLengths(
        np.array([1.0]), np.log([new]), np.log([output]), np.array([1e-9]), np.array([1e-9]),
        np.array([0.0]), 1e9, 1e9,
    )  # fmt: skip


def small(**more: object) -> ConversationShape:
    values: dict[str, object] = {
        "first": fixed(1000, 100),
        "later": fixed(300, 200),
        "ln_turns": np.log(2.5),
        "sd_turns": 0.0,
        "max_turns": 50,
        "ln_gap_s": np.log(60.0),
        "sd_gap": 0.0,
        "system_tokens": 600,
        "max_context": 100_000,
    }
    return ConversationShape(**(values | more))  # type: ignore[arg-type]


def test_worked_one_conversation() -> None:
    turns = small().sample(1, np.random.default_rng(0))
    assert turns.since_s.tolist() == pytest.approx([0.0, 60.0, 120.0])
    # 600 + 1000; then the answer of 100 and 300 more; then the answer of 200 and 300 more
    assert turns.prompt.tolist() == [1600, 2000, 2500]
    assert turns.output.tolist() == [100, 200, 200]


def test_worked_context_is_cut_off() -> None:
    turns = small(max_context=2200).sample(3, np.random.default_rng(0))
    assert turns.prompt.tolist() == [1600, 2000] * 3
    assert small(max_context=2200).mean_turns == 2.0


def test_worked_blocks_of_a_stream() -> None:
    got = sampled_conversations(small(), 2000.0, np.random.default_rng(1), duration_h=2.0)
    assert got.session is not None
    assert got.hash_ids is not None
    for session in np.unique(got.session)[:20]:
        mine = np.flatnonzero(got.session == session)
        for i, j in itertools.pairwise(mine):
            before, after = got.hash_ids.of(i), got.hash_ids.of(j)
            said = got.prompt_tokens[i] + got.output_tokens[i]
            assert before.size == said // BLOCK_TOKENS
            np.testing.assert_array_equal(after[: before.size], before)
    # one block of the system prompt is everyone's, the others are one conversation's
    ids, starts = got.hash_ids.ids, got.hash_ids.starts
    owner = np.repeat(got.session, np.diff(starts))
    shared = [b for b in np.unique(ids) if np.unique(owner[ids == b]).size > 1]
    assert shared == [0]


def test_matches_hits_of_the_simulator() -> None:
    """With room for all, a later turn reads only what was not said before, to the block."""
    got = sampled_conversations(small(), 600.0, np.random.default_rng(3), duration_h=4.0)
    assert got.hash_ids is not None
    costs = IterationCosts.affine(
        16, (10**9, 10**6, 10**3, 10**5, 0), (10**9, 10**6, 10**3, 10**5, 0)
    )
    limits = ReplicaLimits(16, 10_000, prefix_blocks=1_000_000, prefix_block_tokens=BLOCK_TOKENS)
    run = simulate(got, Serving(ReplicaModel("made up", costs, limits, 1, 0, 0, 0)))
    seen: set[int] = set()
    expected = 0
    for i in range(len(got)):
        blocks = got.hash_ids.of(i).tolist()
        hits = 0
        while hits < len(blocks) and blocks[hits] in seen:
            hits += 1
        expected += min(hits * BLOCK_TOKENS, int(got.prompt_tokens[i]) - 1)
        seen.update(blocks)
    assert run.summary()["prefix_hit_tokens"] == expected
    assert expected > 0.4 * got.prompt_tokens.sum()
    cold = replace(limits, prefix_blocks=0)
    without = simulate(got, Serving(ReplicaModel("made up", costs, cold, 1, 0, 0, 0)))
    assert without.summary()["energy_j"]["prefill"] > run.summary()["energy_j"]["prefill"]


def test_worked_rate_and_course() -> None:
    shape = chat_conversations()
    rng = np.random.default_rng(4)
    got = sampled_conversations(shape, 100_000.0, rng, shape=DailyShape.flat())
    assert len(got) == pytest.approx(100_000, rel=0.03)
    halves = np.histogram(got.t_s, bins=[0, 43_200, 86_400])[0]
    assert halves[0] == pytest.approx(halves[1], rel=0.05)  # no cold start
    assert got.session is not None
    week = WeeklyShape.working_week(DailyShape.flat(), 0.2)
    got = sampled_conversations(shape, 10_000.0, rng, shape=week, duration_h=168.0)
    days = np.histogram(got.t_s / 86_400, bins=np.arange(8))[0]
    assert days[5:].mean() / days[:5].mean() == pytest.approx(0.2, abs=0.04)


def test_matches_blocks_read_from_sessions() -> None:
    """What the generator knows, a log with conversations alone gives too, up to names of blocks."""
    made = sampled_conversations(small(), 3000.0, np.random.default_rng(5), duration_h=3.0)
    assert made.hash_ids is not None
    # only whole conversations: one cut by the first hour has blocks the log cannot tell
    first = {
        int(s): int(p) for s, p in zip(made.session[::-1], made.prompt_tokens[::-1], strict=True)
    }  # type: ignore[index]
    order = np.array([i for i in range(len(made)) if first[int(made.session[i])] == 1600])  # type: ignore[index]
    made = made.taken(order)
    assert made.hash_ids is not None
    read = with_session_blocks(replace(made, hash_ids=None), system_tokens=600)
    assert read.hash_ids is not None
    np.testing.assert_array_equal(read.hash_ids.starts, made.hash_ids.starts)
    pairs = set(zip(made.hash_ids.ids.tolist(), read.hash_ids.ids.tolist(), strict=True))
    assert len(pairs) == len({a for a, _b in pairs}) == len({b for _a, b in pairs})


@given(
    rows=st.lists(
        st.tuples(st.integers(-1, 3), st.integers(1, 4000), st.integers(1, 2000)),
        min_size=1,
        max_size=30,
    )
)
def test_property_session_blocks(rows: list[tuple[int, int, int]]) -> None:
    log = Requests(
        np.arange(len(rows), dtype=float),
        np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows]),
        session=np.array([row[0] for row in rows]),
    )
    got = with_session_blocks(log).hash_ids
    assert got is not None
    last: dict[int, int] = {}
    for i, (session, prompt, output) in enumerate(rows):
        mine = got.of(i)
        assert mine.size == (prompt + output) // BLOCK_TOKENS
        assert np.unique(mine).size == mine.size
        if session in last and session >= 0:
            j = last[session]
            before = got.of(j)
            p, o = rows[j][1], rows[j][2]
            said = p + o if prompt >= p + o else p if prompt >= p else 0
            shared = min(said // BLOCK_TOKENS, mine.size)
            np.testing.assert_array_equal(mine[:shared], before[:shared])
            assert not set(mine[shared:].tolist()) & set(before.tolist())
        last[session] = i


def test_matches_a_refit(shared_data: Path) -> None:
    log = read_trace(
        shared_data / "upstream/mooncake-fast25/FAST25-release/traces/conversation_trace.jsonl"
    )
    found = turns_found(log)
    assert found.shared_blocks == 1
    assert np.median(found.gap_s) == pytest.approx(126, abs=0.5)
    assert (found.parent >= 0).sum() == 3975
    cells = table("conversation_defaults")
    for quantity, value in (
        ("ln_gap_s", np.log(found.gap_s).mean()),
        ("sd_gap", np.log(found.gap_s).std()),
        ("system_tokens", 512),
        ("sd_turns", deviation_of_turns(233_617 / 55_920, 200)),
    ):
        assert cells.value("conversation", quantity) == pytest.approx(value, abs=6e-5)
    # the fit of new tokens has the log's means
    shape = chat_conversations()
    assert shape.first.moments.mean_prompt == pytest.approx(found.new_first.mean(), rel=0.02)
    later = np.maximum(found.new_later, 1)
    assert shape.later.moments.mean_prompt == pytest.approx(later.mean(), rel=0.06)


@pytest.mark.slow
def test_matches_a_refit_of_all_rows(shared_data: Path) -> None:
    log = read_trace(
        shared_data / "upstream/mooncake-fast25/FAST25-release/traces/conversation_trace.jsonl"
    )
    cells = table("conversation_defaults")
    for item, quantity, value, *_rest in fitted_rows(log):
        assert cells.value(item, quantity) == pytest.approx(float(value), abs=2e-3)


def test_matches_repeats_of_the_log_they_are_fitted_to() -> None:
    """Mooncake's hour: 37 % of prompt tokens in blocks seen before, 12,035 tokens a prompt, 1.49 turns seen."""
    shape = chat_conversations().changed(mean_turns=12_031 / 8_056)
    got = sampled_conversations(shape, 40_000.0, np.random.default_rng(0))
    assert got.hash_ids is not None
    seen: set[int] = set()
    repeated = 0
    for i in range(len(got)):
        blocks = got.hash_ids.of(i).tolist()
        hits = next((k for k, b in enumerate(blocks) if b not in seen), len(blocks))
        repeated += min(hits * BLOCK_TOKENS, int(got.prompt_tokens[i]))
        seen.update(blocks)
    # answers count as said here, not in the log's blocks of prompts
    assert repeated / got.prompt_tokens.sum() == pytest.approx(0.40, abs=0.05)
    assert got.moments.mean_prompt == pytest.approx(12_035, rel=0.15)


def test_published_turns_of_burstgpt() -> None:
    """233,617 rows in 55,920 sessions, median 2 (source wang2025_burstgpt)."""
    shape = replace(chat_conversations(), max_context=1 << 20)
    turns = shape.sample(200_000, np.random.default_rng(0))
    per = np.bincount(turns.session)
    assert np.median(per) == 2
    # conversations longer than a million tokens are cut even here
    assert per.mean() == pytest.approx(233_617 / 55_920, rel=0.03)


def test_worked_changed_means() -> None:
    shape = chat_conversations().changed(
        mean_turns=3.0, think_s=30.0, system_tokens=2000, mean_new=400.0, mean_output=100.0
    )
    turns = replace(shape, max_context=1 << 20).sample(50_000, np.random.default_rng(0))
    assert turns.turn.size / 50_000 == pytest.approx(3.0, rel=0.03)
    assert shape.ln_gap_s == pytest.approx(np.log(30))
    assert turns.prompt.min() > 2000
    assert turns.output.mean() == pytest.approx(100, rel=0.05)
    assert chat_conversations().changed() is chat_conversations()


@given(seed=st.integers(0, 1000), hours=st.floats(0.1, 30), start=st.floats(0, 200))
@settings(max_examples=15)
def test_property_any_stream_is_in_order_and_within_its_time(
    seed: int, hours: float, start: float
) -> None:
    try:
        got = sampled_conversations(
            small(sd_gap=1.0, sd_turns=1.0),
            5000.0,
            np.random.default_rng(seed),
            start_h=start,
            duration_h=hours,
        )
    except RangeError:
        assert hours < 1
        return
    assert (np.diff(got.t_s) >= 0).all()
    assert got.t_s[-1] <= got.span_s <= 3600 * hours + 1e-6
    assert (got.prompt_tokens > 600).all()


def test_worked_every_default_has_a_source_or_a_reason() -> None:
    import csv

    from taotie.quantity import catalog

    path = Path(catalog.__file__).parents[1] / "data" / "tables" / "conversation_defaults.csv"
    with path.open(encoding="utf-8") as stream:
        for line in csv.DictReader(stream):
            assert line["source"]
            assert line["kind"] in {"modelled", "assumed"}
            assert line["note"]


def test_error_shapes() -> None:
    with pytest.raises(RangeError, match="sd_turns=-1"):
        small(sd_turns=-1.0)
    with pytest.raises(RangeError, match="max_turns=0"):
        small(max_turns=0)
    with pytest.raises(RangeError, match="system_tokens=600 and max_context=500"):
        small(max_context=500)
    with pytest.raises(RangeError, match=r"mean_turns=0\.5"):
        small().changed(mean_turns=0.5)
    with pytest.raises(RangeError, match="think_s=0"):
        small().changed(think_s=0.0)
    rng = np.random.default_rng(0)
    for bad in (0.0, np.nan, np.inf):
        with pytest.raises(RangeError, match="requests_per_day"):
            sampled_conversations(small(), bad, rng)
    with pytest.raises(RangeError, match="too many to list"):
        sampled_conversations(small(), 1e10, rng)
    with pytest.raises(RangeError, match="does not tell which requests belong together"):
        with_session_blocks(Requests(np.zeros(1), np.ones(1), np.ones(1), name="log"))
