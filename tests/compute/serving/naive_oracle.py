"""The serving simulator the slow way: every iteration, every sequence, plain Python integers.

Nothing here is clever on purpose. `tests/compute/test_simulator_*.py` require the event-skipping kernel to give
the same integers: every first token, finish, joule and power bin.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from taotie.compute.serving.cost import IterationCosts, ReplicaLimits


@dataclass(eq=False)
class Request:
    arrival: int
    prompt: int
    output: int
    blocks: tuple[int, ...] = ()
    number: int = 0
    kv_comes: bool = False  # read elsewhere, first token written there
    # progress
    target: int = 0  # tokens to read in this run
    read: int = 0
    written: int = 0
    entered: int = 0  # tokens written when this run's decoding began
    steps: int = 0
    decoding: bool = False
    held: tuple[int, ...] = ()  # blocks of the cache in the KV pages
    # results
    ttft: int = -1
    finish: int = -1
    own: int = 0
    shared: int = 0


@dataclass
class NaiveReplica:
    """One replica. `enqueue` requests in order of arrival, `run` until a time."""

    costs: IterationCosts
    limits: ReplicaLimits
    bin_ps: int = 0
    now: int = 0
    queue: list[Request] = field(default_factory=list)
    running: list[Request] = field(default_factory=list)  # in order of admission
    done: list[Request] = field(default_factory=list)
    cache: OrderedDict[int, None] = field(default_factory=OrderedDict)
    # the cache in the KV pages: blocks with how many hold them, and those nobody holds, oldest first
    holders: dict[int, int] = field(default_factory=dict)
    kept: OrderedDict[int, None] = field(default_factory=OrderedDict)
    evictions: int = 0
    shared_blocks: int = 0
    energy: int = 0
    energy_prefill: int = 0
    busy: int = 0
    iterations: int = 0
    preemptions: int = 0
    hit_tokens: int = 0
    crossings: int = 0  # the two lines of the roofline took turns from one iteration to the next
    first_line: bool = True
    remainder: int = 0
    bins: dict[int, list[int]] = field(default_factory=dict)

    def context(self, x: Request) -> int:
        """Context of a sequence in units (a token is `fine` units)."""
        return (x.prompt + x.entered) * self.limits.fine + x.steps * self.limits.grow

    def pages(self, x: Request) -> int:
        unit = self.limits.page_tokens * self.limits.fine
        size = self.context(x) if x.decoding else x.target * self.limits.fine
        return -(-size // unit)

    def used(self) -> int:
        """Pages in use: what requests have for themselves, and every cached block once."""
        block = self.limits.prefix_block_tokens // self.limits.page_tokens
        own = sum(self.pages(x) - block * len(x.held) for x in self.running)
        return own + block * (len(self.holders) + len(self.kept))

    def hold(self, block: int) -> None:
        self.kept.pop(block, None)
        self.shared_blocks += block in self.holders
        self.holders[block] = self.holders.get(block, 0) + 1

    def let_go(self, x: Request) -> None:
        for block in reversed(x.held):
            self.holders[block] -= 1
            if not self.holders[block]:
                del self.holders[block]
                self.kept[block] = None
        x.held = ()

    def whole_blocks(self, x: Request) -> tuple[int, ...]:
        return x.blocks[: x.prompt // self.limits.prefix_block_tokens]

    def make_room(self) -> bool:
        """Give up the block let go first, if pages are short and there is one."""
        if self.used() <= self.limits.kv_pages or not self.kept:
            return False
        self.kept.popitem(last=False)
        self.evictions += 1
        return True

    def start_decoding(self, x: Request) -> None:
        x.decoding = True
        x.entered = x.written
        x.steps = 0

    def outstanding(self, time: int) -> int:
        """Requests sent here and not finished by `time`."""
        return len(self.queue) + len(self.running) + sum(x.finish > time for x in self.done)

    def run(self, until: int | None = None) -> None:
        while until is None or self.now < until:
            if not self.running and (not self.queue or self.queue[0].arrival > self.now):
                if not self.queue:
                    if until is not None:
                        self.now = until
                    return
                self.now = self.queue[0].arrival
                continue
            self.iteration()

    def iteration(self) -> None:
        lim = self.limits
        # 1. preemption of the newest
        while self.used() > lim.kv_pages:
            if self.make_room():
                continue
            x = self.running.pop()
            self.let_go(x)
            x.decoding = False
            x.read = 0
            self.queue.insert(0, x)
            self.preemptions += 1
        # 2. admission
        while self.queue and self.queue[0].arrival <= self.now:
            x = self.queue[0]
            if len(self.running) >= lim.max_batch:
                break
            x.target = x.prompt + (1 if x.kv_comes else x.written)
            hit: list[int] = []
            if lim.prefix_in_pages:
                for block in self.whole_blocks(x)[: (x.target - 1) // lim.prefix_block_tokens]:
                    if block not in self.holders and block not in self.kept:
                        break
                    hit.append(block)
            if self.running:
                block_pages = lim.prefix_block_tokens // lim.page_tokens
                spare = block_pages * sum(block not in hit for block in self.kept)
                used = self.used() - spare + self.pages(x) - block_pages * len(hit)
                if used > lim.kv_pages - lim.watermark_pages:
                    break
            self.running.append(self.queue.pop(0))
            for block in hit:
                self.hold(block)
            x.held = tuple(hit)
            while self.make_room():
                pass
            if lim.prefix_in_pages:
                x.read = len(hit) * lim.prefix_block_tokens
                self.hit_tokens += x.read
            if x.kv_comes:
                x.kv_comes = False
                x.written = 1
                self.start_decoding(x)
            elif lim.prefix_blocks:
                hits = 0
                while hits < len(x.blocks) and x.blocks[hits] in self.cache:
                    hits += 1
                x.read = min(hits * lim.prefix_block_tokens, x.prompt, x.target - 1)
                self.hit_tokens += x.read
        # 3. who does what
        decoding = [x for x in self.running if x.decoding]
        waiting = [x for x in self.running if not x.decoding]
        chunks: list[tuple[Request, int]] = []
        if waiting and lim.chunked:
            budget = max(lim.token_budget - len(decoding) * lim.tokens_per_step, 1)
            for x in waiting:
                if budget:
                    p = min(x.target - x.read, budget)
                    chunks.append((x, p))
                    budget -= p
        elif waiting:
            budget = lim.token_budget
            for x in waiting:
                p = x.target - x.read
                if p > budget and chunks:
                    break
                chunks.append((x, p))
                budget -= p
                if budget <= 0:
                    break
            decoding = []
        # 4. what it costs
        a = len(decoding)
        c = sum(self.context(x) for x in decoding)
        table = self.costs.mixed if chunks else self.costs.decode
        ta1, tb1, ta2, tb2, ea1, eb1, ea2, eb2 = (int(v) for v in table[a])
        tp1, tq1, tr1, tp2, tq2, tr2, ep1, eq1, er1, ep2, eq2, er2 = map(int, self.costs.prefill)
        t1, t2 = ta1 + tb1 * c, ta2 + tb2 * c
        for x, p in chunks:
            ends = x.read + p == x.target
            t1 += tp1 * p + tq1 * p * (2 * x.read + p) + tr1 * ends
            t2 += tp2 * p + tq2 * p * (2 * x.read + p) + tr2 * ends
        self.crossings += (t1 >= t2) != self.first_line
        self.first_line = t1 >= t2
        if t1 >= t2:
            t, common, ep, eq, er = t1, ea1 + eb1 * c, ep1, eq1, er1
        else:
            t, common, ep, eq, er = t2, ea2 + eb2 * c, ep2, eq2, er2
        e = common
        for x, p in chunks:
            own = ep * p + eq * p * (2 * x.read + p) + er * (x.read + p == x.target)
            x.own += own
            self.energy_prefill += own
            e += own
        # the common part is shared equally; the remainder goes on to the next iteration
        sharers = decoding + [x for x, _ in chunks]
        each, self.remainder = divmod(self.remainder + common, len(sharers))
        for x in sharers:
            x.shared += each
        self.energy_prefill += each * len(chunks)
        self.energy += e
        self.iterations += 1
        self.book(self.now, self.now + t, e, len(sharers))
        self.now += t
        self.busy += t
        # 5. what it brought
        finished: list[Request] = []
        for x in decoding:
            x.steps += 1
            x.written = x.entered + x.steps * lim.grow // lim.fine
            if x.written >= x.output:
                finished.append(x)
        for x, p in chunks:
            x.read += p
            if x.read < x.target:
                continue
            if lim.prefix_blocks:
                for block in reversed(x.blocks):
                    self.cache[block] = None
                    self.cache.move_to_end(block)
                    if len(self.cache) > lim.prefix_blocks:
                        self.cache.popitem(last=False)
            if lim.prefix_in_pages:
                blocks = self.whole_blocks(x)
                for block in blocks[len(x.held) :]:
                    self.hold(block)
                x.held = blocks
            if x.written == 0:
                x.ttft = self.now - x.arrival
            x.written += 1
            if x.written >= x.output:
                finished.append(x)
                self.let_go(x)
            else:
                self.start_decoding(x)
        for x in sorted(finished, key=lambda x: x.number):
            self.let_go(x)
        for x in finished:
            x.finish = self.now
            self.running.remove(x)
            self.done.append(x)

    def book(self, t0: int, t1: int, e: int, a: int) -> None:
        """Spread an iteration over the bins it touches, in proportion to time."""
        if not self.bin_ps:
            return
        begin, booked = t0, 0
        while begin < t1:
            i = begin // self.bin_ps
            end = min((i + 1) * self.bin_ps, t1)
            upto = e if end == t1 else int(e * ((end - t0) / (t1 - t0)))
            cell = self.bins.setdefault(i, [0, 0, 0])
            cell[0] += upto - booked
            cell[1] += end - begin
            cell[2] += a * (end - begin)
            begin, booked = end, upto


MASK = (1 << 64) - 1


def drawn(seed: int, i: int) -> int:
    """SplitMix64 at place `i`, without its last bit."""
    z = (seed + (i + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return (z ^ (z >> 31)) >> 1


def run_fleet(
    requests: list[Request],
    costs: IterationCosts,
    limits: ReplicaLimits,
    n_replica: int,
    routing: str,
    seed: int = 0,
    ready: list[int] | None = None,
    bin_ps: int = 0,
    report_ps: int = 0,
    margin: int = 8,
) -> tuple[list[NaiveReplica], list[int]]:
    """All replicas walk along the arrivals; each request goes where the rule says."""
    fleet = [NaiveReplica(costs, limits, bin_ps) for _ in range(n_replica)]
    sent: list[int] = []
    told: dict[int, int] = {}
    reported, known = -1, [0] * n_replica
    for i, x in enumerate(requests):
        n = ready[i] if ready is not None else n_replica
        time = x.arrival // report_ps * report_ps if report_ps else x.arrival
        if time > reported or not report_ps:
            for replica in fleet:
                replica.run(time)
            known = [replica.outstanding(time) for replica in fleet]
            reported = time
        load = known[:n]
        if routing == "round_robin":
            r = i % n
        elif routing == "random":
            r = drawn(seed, i) % n
        elif routing == "two_choices":
            r, other = drawn(seed, 2 * i) % n, drawn(seed, 2 * i + 1) % n
            if load[other] < load[r]:
                r = other
        else:
            r = load.index(min(load))
            if routing == "prefix_aware":
                blocks = fleet[0].whole_blocks(x) if limits.prefix_in_pages else x.blocks
                other = [told[block] for block in blocks if block in told][-1:]
                if other and other[0] < n and load[other[0]] - load[r] <= margin:
                    r = other[0]
                told.update((block, r) for block in blocks)
        known[r] += 1
        fleet[r].queue.append(x)
        sent.append(r)
    for r, replica in enumerate(fleet):
        replica.run()
        mine = [x for x, s in zip(requests, sent, strict=True) if s == r]
        if mine:
            mine[-1].shared += replica.remainder
    return fleet, sent
