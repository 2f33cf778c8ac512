"""How many small faults in a room no test notices, by mutmut, on a seeded sample.

    python tools/mutants.py --rooms study answer policy --sample 120 --seed 1

All mutants of three rooms are tens of thousands; a room's share of survivors is therefore estimated
from a sample drawn alike over its mutants, with a 90 % interval (Wilson). A fault that no test even
reaches counts as a survivor; one that never ends counts as noticed, and one that only changes a message, since the
check of messages in `make test` fails with it. Prints one line a room and writes the survivors to
`.cache/mutants/survivors.txt`. Exit 1 where a room's share lies above `--most`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
from functools import lru_cache
from math import sqrt
from pathlib import Path

MUTANTS = Path("mutants/src/taotie")
# mutmut's exit codes: what they say of the tests
NOTICED = {1, 3, -24, 24, 36, 37, 152, 255}
Z90 = 1.645


def wilson(hits: int, n: int) -> tuple[float, float]:
    """90 % interval of a share seen `hits` times in `n` (both counts), E. B. Wilson 1927.

    >>> low, high = wilson(15, 100)
    >>> round(low, 3), round(high, 3)
    (0.101, 0.217)
    """
    share, spread = hits / n, Z90**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z90 * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return middle - half, middle + half


def names_by_room(rooms: list[str]) -> dict[str, dict[str, int | None]]:
    """Every mutant made so far and what became of it, by room."""
    found: dict[str, dict[str, int | None]] = {room: {} for room in rooms}
    for room in rooms:
        for meta in sorted((MUTANTS / room).rglob("*.meta")):
            found[room] |= json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def mutmut(*names: str) -> None:
    """One run of mutmut over the mutants named; what it prints goes to its own log."""
    log = Path(".cache/mutants/log.txt")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        subprocess.run(
            [Path(sys.executable).with_name("mutmut"), "run", "--max-children", "2", *names],
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )


def changes_a_message(name: str) -> bool:
    """Does a mutant only change words that are translated? `tools/messages.py check`, a part of `make test`, fails then."""
    shown = subprocess.run(
        [Path(sys.executable).with_name("mutmut"), "show", name],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    before, after = (
        " ".join(line[1:] for line in shown.splitlines() if re.match(rf"[{sign}](?![-+])", line))
        for sign in "-+"
    )
    gone, come = (set(re.findall(r'"((?:[^"\\]|\\.)*)"', text)) for text in (before, after))
    gone, come = gone - come, come - gone
    if len(gone) != 1 or len(come) != 1:
        return False
    was, now = gone.pop(), come.pop()
    spoken = " " in was or re.search(rf'_\(\s*"{re.escape(was)}"', before) is not None
    spoilt = now in (f"XX{was}XX", was.lower(), was.upper())
    return spoken and spoilt and any(was in message for message in translated())


@lru_cache(maxsize=1)
def translated() -> frozenset[str]:
    """Every message of the source."""
    from messages import extracted

    return frozenset(extracted())


def main() -> int:
    """Draw, run, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rooms", nargs="+", default=["study", "answer", "policy"])
    parser.add_argument("--sample", type=int, default=120, help="mutants drawn a room")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=float, default=0.15, help="share of survivors allowed")
    asked = parser.parse_args()

    # the first name makes the mutants and learns which test reaches what
    mutmut("taotie.policy.excise_tax.*__mutmut_1")
    drawn = {
        room: random.Random(asked.seed).sample(sorted(names), min(asked.sample, len(names)))
        for room, names in names_by_room(asked.rooms).items()
    }
    if not all(drawn.values()):
        print("no mutants were made; see .cache/mutants/log.txt", file=sys.stderr)
        return 2
    mutmut(*(name for names in drawn.values() for name in names))

    ended = names_by_room(asked.rooms)
    over, survivors = False, []
    for room, names in drawn.items():
        codes = {name: ended[room][name] for name in names}
        ran = {name: code for name, code in codes.items() if code is not None}
        if not ran:
            print(f"{room}: none of {len(names)} was run; see .cache/mutants/log.txt")
            return 2
        alive = [name for name, code in ran.items() if code not in NOTICED]
        words = [name for name in alive if changes_a_message(name)]
        alive = [name for name in alive if name not in words]
        low, high = wilson(len(alive), len(ran))
        share = len(alive) / len(ran)
        print(
            f"{room}: {len(alive)} of {len(ran)} survive, {share:.0%} [{low:.0%}, {high:.0%}]"
            f" of {len(ended[room])} mutants (seed {asked.seed}); {len(words)} more change a message, which"
            " the check of messages notices"
        )
        over |= share > asked.most
        survivors += alive
    Path(".cache/mutants/survivors.txt").write_text("\n".join(survivors) + "\n", encoding="utf-8")
    return int(over)


if __name__ == "__main__":
    raise SystemExit(main())
