"""Steps from bytes and FLOPs: physics that holds for any set-up."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.compute.energy.model_architecture import model_architecture, model_architectures
from taotie.compute.energy.roofline import COEFFICIENTS, COLUMNS, decode_cost, prefill_cost
from taotie.compute.energy.runtime_profile import runtime_profile
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.errors import RangeError
from taotie.hardware.accelerator import accelerator

PROFILE = runtime_profile("vllm-0.11")
MODEL_70B = model_architecture("llama-3.1-70b")
MODELS = ("llama-3.1-8b", "qwen3-30b-a3b", "deepseek-v3", "gpt-oss-20b", "nemotron-nano-12b-v2")


def setup(model="llama-3.1-8b", chip="h100", n=1, held="bf16", **more):
    return ServingSetup(model_architecture(model), accelerator(chip), n, held, **more)


def coefficients(chip="h100"):
    return PROFILE.coefficients(accelerator(chip).architecture)


IDEAL = np.array([
    {"idle_tdp_share": 0.2, "busy_tdp_share": 0.3, "launch_tdp_share": 0.1, "byte_tdp_share": 0.2, "flop_tdp_share": 0.5}.get(
        name, 1.0 if "share" in name else 0.0
    )
    for name in COEFFICIENTS
])  # fmt: skip


def test_worked_one_step_by_hand():
    # a perfect machine without launches: 15.0 GB of weights over 3.35 TB/s, arithmetic at its peak
    s = setup()
    weights = s.row[COLUMNS.index("dense_b")]
    flop = 2 * s.row[COLUMNS.index("dense_params")] * 4
    cache = 4 * 131_072 * 1000
    step = decode_cost(s.row, IDEAL, 4, 1000)
    expected = math.hypot(weights / 3.35e12, flop / 989e12) + cache / 3.35e12
    assert step.time_s[0] == pytest.approx(expected, rel=1e-12)
    watt = (
        700 * (0.2 + 0.3)
        + 700 * (0.2 * (weights + cache) / 3.35e12 + 0.5 * flop / 989e12) / expected
    )
    assert step.energy_j[0] / expected == pytest.approx(
        watt / (1 + (watt / 700) ** 6) ** (1 / 6), rel=1e-12
    )


def test_worked_prefill_flops():
    s = setup()
    params = s.row[COLUMNS.index("dense_params")]
    cost = prefill_cost(s.row, IDEAL, 1000)
    attention = 4 * 4096 * 32 * 1000**2 / 2
    assert cost.time_s[0] == pytest.approx((2 * params * 1000 + attention) / 989e12, rel=1e-12)


def test_worked_a_window_bounds_the_pairs_of_a_prompt():
    """Each token of a windowed layer meets at most `window` others: the pairs, counted one by one."""
    row, window = setup().row.copy(), 256
    row[COLUMNS.index("window")] = window
    params, query = row[COLUMNS.index("dense_params")], 4096
    row[COLUMNS.index("window_layers")] = 24
    for prompt in (100, 256, 1000, 5000):
        met = np.arange(prompt) + 0.5  # the token itself counts half, as it does in n^2 / 2
        pairs = 8 * met.sum() + 24 * np.minimum(met, window).sum()
        time = prefill_cost(row, IDEAL, prompt).time_s[0]
        wanted = (2 * params * prompt + 4 * query * pairs) / 989e12
        assert time == pytest.approx(wanted, rel=1e-6), prompt


def test_worked_experts_touched():
    # one token uses 8 of 128 experts; very many tokens use all
    s = setup("qwen3-30b-a3b")
    c = IDEAL.copy()
    c[COEFFICIENTS.index("expert_spread")] = 1.0
    dense = s.row[COLUMNS.index("dense_b")]
    experts = s.row[COLUMNS.index("expert_b")]
    one = decode_cost(s.row, c, 1, 0).memory_s[0] * 3.35e12
    many = decode_cost(s.row, c, 1e5, 0).memory_s[0] * 3.35e12
    assert one == pytest.approx(dense + experts / 16, rel=1e-9)
    assert many == pytest.approx(dense + experts, rel=1e-9)


def test_worked_sliding_window_stops_growing():
    s = setup("gpt-oss-20b", held="mxfp4")
    near, far, farther = decode_cost(s.row, IDEAL, 1, [100, 1000, 1900]).memory_s * 3.35e12
    per_token = 2 * 8 * 64 * 2
    assert far - near == pytest.approx(per_token * (12 * 900 + 12 * 28), rel=1e-9)
    assert farther - far == pytest.approx(per_token * 12 * 900, rel=1e-9)


@given(
    st.sampled_from(MODELS), st.floats(1, 512), st.floats(1, 4), st.floats(1, 20_000), st.sampled_from(["h100", "b200", "a100"])
)  # fmt: skip
def test_property_more_work_takes_longer_and_power_stays_below_rated(
    model, batch, factor, context, chip
):
    s, c = setup(model, chip, 8), coefficients(chip)
    step = decode_cost(s.row, c, [batch, batch * factor], context)
    assert step.time_s[1] >= step.time_s[0]
    assert step.energy_j[1] >= step.energy_j[0]
    # sharing a step never costs a token more
    assert step.energy_j[1] / (batch * factor) <= step.energy_j[0] / batch * (1 + 1e-9)
    rated = 8 * s.accelerator.rated_power_w()
    power = step.energy_j / step.time_s
    assert np.all(power <= rated)
    assert np.all(power >= 0.05 * rated)
    # never faster than memory at its full bandwidth
    least = s.row[COLUMNS.index("dense_b")] / (8 * s.accelerator.bandwidth_b_s)
    assert step.time_s[0] > least


@given(st.floats(1, 30_000), st.floats(1.01, 4))
def test_property_longer_prompts_cost_more(tokens, factor):
    s, c = setup("llama-3.1-70b", n=4), coefficients()
    cost = prefill_cost(s.row, c, [tokens, tokens * factor])
    assert cost.time_s[1] > cost.time_s[0]
    assert cost.energy_j[1] > cost.energy_j[0]
    assert np.all(cost.energy_j / cost.time_s <= 4 * 700)


def test_property_prompts_that_share_a_step_are_cheaper():
    s, c = setup("qwen3-30b-a3b"), coefficients()
    alone, shared = prefill_cost(s.row, c, 500, batch=8, starts=[0.0, 5.0]).energy_j
    assert shared < alone


def test_property_block_scaled_fp8_reads_the_experts_touched_and_launches_longer():
    s, c = setup("qwen3-235b-a22b", n=8, held="fp8"), coefficients()
    one, many = decode_cost(s.row, c, [1, 256], 100).memory_s
    assert many / one > 3.0
    plain = s.row.copy()
    plain[COLUMNS.index("block_experts")] = 0.0
    slower, faster = (decode_cost(x, c, 1, 100) for x in (s.row, plain))
    more = c[COEFFICIENTS.index("block_layer_s")] * s.model.moe_layers
    # the kernels' least time is no time on top of reading what is called for
    assert 0.9 * more < slower.time_s[0] - faster.time_s[0] < more
    few = setup("qwen3-235b-a22b", n=4, held="fp8")
    plain = few.row.copy()
    plain[COLUMNS.index("block_experts")] = 0.0
    apart = decode_cost(few.row, c, 1, 100).time_s[0] - decode_cost(plain, c, 1, 100).time_s[0]
    assert apart > slower.time_s[0] - faster.time_s[0]
    llama = setup("llama-4-maverick-17b-128e", n=8, held="fp8")
    assert llama.row[COLUMNS.index("block_experts")] == 0


def test_property_newer_software_launches_faster():
    c = coefficients()
    old, usual, new = (
        decode_cost(ServingSetup(MODEL_70B, accelerator("h100"), 8, software_date=d).row, c, 8, 500)
        for d in ("2025-11-15", "", "2026-06-15")
    )
    assert old.time_s[0] > usual.time_s[0] > new.time_s[0]
    assert old.memory_s[0] == usual.memory_s[0] == new.memory_s[0]


def test_property_drafts_share_a_read_of_the_cache():
    c = coefficients()
    plain = ServingSetup(MODEL_70B, accelerator("h100"), 8)
    drafted = ServingSetup(MODEL_70B, accelerator("h100"), 8, draft_tokens=3, acceptance=0.7)
    one, three = (decode_cost(s.row, c, 8, 8000) for s in (plain, drafted))
    assert one.time_s[0] < three.time_s[0] < drafted.tokens_per_step * one.time_s[0]


def test_matches_plain_rows():
    rng = np.random.default_rng(7)
    names = list(model_architectures())
    picks = [setup(names[i], "h100", 8) for i in rng.integers(0, len(names), 40)]
    x = np.array([p.row for p in picks])
    batch, context = rng.uniform(1, 200, 40), rng.uniform(1, 9000, 40)
    c = np.array([coefficients("h100"), coefficients("b200")])
    which = rng.integers(0, 2, 40)
    together = decode_cost(x, c, batch, context, which)
    for i in range(40):
        alone = decode_cost(x[i], c[which[i]], batch[i], context[i])
        assert together.time_s[i] == alone.time_s[0]
        assert together.energy_j[i] == alone.energy_j[0]


@pytest.mark.parametrize("batch", [0.0, -1.0, math.nan, math.inf])
def test_error_batch(batch):
    with pytest.raises(RangeError, match="batch"):
        decode_cost(setup().row, coefficients(), batch, 100)


def test_error_lengths_do_not_go_together():
    with pytest.raises(RangeError, match="2, 3"):
        decode_cost(setup().row, coefficients(), [1, 2], [1, 2, 3])
    with pytest.raises(RangeError, match="columns"):
        decode_cost(setup().row[:5], coefficients(), 1, 1)
    with pytest.raises(RangeError, match="prompt_tokens"):
        prefill_cost(setup().row, coefficients(), -1)


def test_property_meetings_and_uneven_experts_grow_with_those_who_meet():
    c = coefficients()
    dense = [
        decode_cost(setup("llama-3.1-405b", n=n, held="fp8").row, c, 1, 100) for n in (8, 16, 32)
    ]
    # the part that is not reading or arithmetic grows
    rest = [d.time_s[0] - d.memory_s[0] - d.compute_s[0] for d in dense]
    assert rest[0] < rest[1] < rest[2]
    whole, cut = (
        decode_cost(setup("qwen3-30b-a3b", n=8, expert_parallel=k).row, c, 2, 100).time_s[0]
        for k in (8, 1)
    )
    assert whole > cut


def test_worked_time_lost_to_other_servers_is_partly_hidden():
    row, c = setup("llama-3.1-8b").row, coefficients()
    own = decode_cost(row, c, 8, 500)
    row = row.copy()
    row[COLUMNS.index("extra_host_s")] = own.time_s[0]
    lost = decode_cost(row, c, 8, 500)
    assert lost.time_s[0] == pytest.approx(2 ** (2 / 3) * own.time_s[0])
    assert lost.host_s[0] - own.host_s[0] == pytest.approx(lost.time_s[0] - own.time_s[0])


def test_property_activations_are_quantized_where_arithmetic_has_few_bits():
    c = coefficients()
    more = c.copy()
    more[COEFFICIENTS.index("quant_layer_s")] += 1e-5
    for held, layers in (("fp8", 32), ("bf16", 0)):
        row = setup("llama-3.1-8b", held=held).row
        slower = decode_cost(row, more, 8, 500).time_s[0] - decode_cost(row, c, 8, 500).time_s[0]
        assert slower == pytest.approx(layers * 1e-5, abs=1e-12)


@pytest.mark.parametrize("model", ["llama-3.1-70b", "deepseek-v3"])
def test_matches_a_step_whose_batch_is_known_again(model):
    setup = ServingSetup(model_architecture(model), accelerator("h200"), 8)
    k = runtime_profile(setup.runtime).coefficients(setup.accelerator.architecture)
    batch = np.exp(np.random.default_rng(1).normal(3.0, 0.5, 1000)) + 1.0
    fixed = batch.copy()
    fixed.flags.writeable = False
    for context in (10.0, 500.0, 90_000.0):
        plain, known = (decode_cost(setup.row, k, b, context) for b in (batch, fixed))
        for a, b in zip(plain, known, strict=True):
            assert a.tolist() == b.tolist()
    # the same draws at another place, changed in one
    other = batch.copy()
    other[3] *= 2.0
    other.flags.writeable = False
    assert decode_cost(setup.row, k, other, 10.0).time_s[3] > decode_cost(setup.row, k, fixed, 10.0).time_s[3]  # fmt: skip


def test_worked_block_scaled_experts_multiply_whole_tiles():
    """One token calls for 8 of 256 experts and fills 1 of 128 rows of each; energy grows, time does not."""
    s, tokens = setup("deepseek-v3", "h200", 8, "fp8"), 1.0
    x = {name: s.row[i] for i, name in enumerate(COLUMNS)}
    bare = IDEAL.copy()
    bare[COEFFICIENTS.index("expert_spread")] = 1.0
    tiled = bare.copy()
    tiled[COEFFICIENTS.index("tile_rows")] = 128.0
    one, more = (decode_cost(s.row, c, tokens, 0.0) for c in (bare, tiled))
    assert more.time_s[0] == one.time_s[0]
    called = x["expert_params"] * 8 / 256
    flop = 2 * called * math.hypot(1.0, 128.0)
    rated = 8 * 700 * one.time_s[0]
    # what is drawn before it nears rated power, see `_drawn`
    linear = [
        e / rated / (1 - (e / rated) ** 6) ** (1 / 6) for e in (one.energy_j[0], more.energy_j[0])
    ]
    added = 0.5 * 700 * (flop - 2 * called) / s.accelerator.peak_flop_s("fp8")
    assert (linear[1] - linear[0]) * rated == pytest.approx(added, rel=1e-6)
    # where many tokens call for every expert, tiles are full
    full = [decode_cost(s.row, c, 1e6, 0.0).energy_j[0] for c in (bare, tiled)]
    assert full[1] == pytest.approx(full[0], rel=1e-3)


def test_matches_pairs_shared_by_many_rows_of_their_own_and_one_at_a_time():
    """What hangs on set-up and coefficients alone is found once a pair, once a row, or once: the same to rounding."""
    setups = [
        setup("gpt-oss-20b", "b200", 1, "mxfp4"),
        setup("nemotron-nano-12b-v2", "h100", 1, extra_host_s=1e-3),
        setup("deepseek-v3", "b200", 16, "fp8", data_parallel=8, draft_tokens=2),
        setup("qwen3-30b-a3b", "h100", 2, "fp8"),
    ]
    x = np.array([s.row for s in setups])
    c = np.array([coefficients(s.accelerator.name) for s in setups[:2]])
    rng = np.random.default_rng(3)
    n = 40
    pick, which = rng.integers(0, 4, n), rng.integers(0, 2, n)
    batch, length = rng.uniform(1, 300, n), rng.uniform(0, 20_000, n)
    asked = {"which": which, "setup_of": pick}
    shared = [
        *decode_cost(x, c, batch, length, **asked),
        *prefill_cost(x, c, length, batch=batch, starts=0.5, **asked),
    ]
    own = [
        *decode_cost(x[pick], c, batch, length, which),
        *prefill_cost(x[pick], c, length, which, batch=batch, starts=0.5),
    ]
    assert np.allclose(shared, own, rtol=1e-13, atol=0)
    for k in range(0, n, 5):
        p, q = x[pick[k]], c[which[k]]
        one = [
            *decode_cost(p, q, batch[k], length[k]),
            *prefill_cost(p, q, length[k], batch=batch[k], starts=0.5),
        ]
        assert np.allclose([v[0] for v in one], np.array(shared)[:, k], rtol=1e-13, atol=0)
