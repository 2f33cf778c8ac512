"""How are valid inputs spoilt? Seeded: the same number gives the same input.

Bytes are flipped, cut, doubled; numbers become those that programs stumble over; cells and lines are moved; words
that mean something to a format are put in. Inputs stay small, but for one in hundreds that is grown: the limits for larger ones have tests of their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

NUMBERS = (
    b"0", b"-0", b"-1", b"1e999", b"-1e999", b"nan", b"NaN", b"inf", b"-Infinity", b"1e308", b"5e-324", b"0x1F",
    b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"1" + b"0" * 30, b"9" * 400, b"1_000",
    b"1,5", b"1.2.3", b"1e", b"--1", b"+1", b"0.1e-400", b"2147483648", b"4294967297", b"1e18", b"1e-18", b"true",
    b"null", b"", b"\xef\xbc\x91\xef\xbc\x92", b"\xd9\xa1\xd9\xa2", b"1e5.5", b"1/0", b"253402300800", b"-62135596801",
)  # fmt: skip
WORDS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n\n", b"\t", b",", b";", b'"', b"'", b"[", b"]", b"{", b"}",
    b"[[", b"=", b":", b"#", b"%", b"\\", b"\\u0000", b"\\ud800", b"[" * 200, b'{"a":' * 120, b"a." * 40, b"...",
    b"\xe2\x80\xae", b"\x1b[31m", b"[red]", b"[/x]", b"\xf0\x9f\x94\x8c", b"2024-02-30", b"0000-00-00", b"9999-12-31T23:59:60Z",
    b"1969-12-31", b"24:00", b"+99:99", b"date", b"time", b"NaT", b"None", b"../..", b"/dev/null", b"http://", b"MW", b"kWh",
    b"W", b"%", b"to", b"-", b"\xe2\x80\x93", b"\xc2\xb1", b"10^", b"\xe4\xba\xbf", b"\xe4\xb8\x87", b"unit", b"low", b"high",
    b"kind", b"figure", b"for", b"end", b"function", b"ones(9,9)", b"zeros(1,0)", b"mpc.", b"...\n", b"x" * 3000,
)  # fmt: skip
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(rb"[A-Za-z_]{2,}")
LARGEST = 30_000
_HOW_MANY = (1, 1, 1, 2, 2, 3, 4, 5)
"""Changes of one input: with one alone most still reach what stands behind the first checks."""


def mutated(rng: np.random.Generator, seeds: Sequence[bytes]) -> bytes:
    """One spoilt input: a seed after one to five changes."""
    raw = bytearray(seeds[int(rng.integers(len(seeds)))])
    for _i in range(_HOW_MANY[int(rng.integers(len(_HOW_MANY)))]):
        _CHANGES[int(rng.integers(len(_CHANGES)))](rng, raw, seeds)
        if len(raw) > LARGEST:
            del raw[LARGEST:]
    return bytes(raw)


LARGE = 950_000


def grown(rng: np.random.Generator, raw: bytes) -> bytes:
    """The input made long, up to 1 MB: a piece of it, most often whole lines, stands there again and again."""
    a, b = sorted(int(i) for i in rng.integers(len(raw) + 1, size=2))
    if rng.integers(3):
        a = raw.rfind(b"\n", 0, a) + 1
        b = raw.find(b"\n", b) + 1 or len(raw)
    piece = raw[a:b] or b"[" * int(rng.integers(1, 3))
    size = int(np.exp(rng.uniform(np.log(LARGEST), np.log(LARGE))))
    return raw[:b] + piece * ((size - len(raw)) // len(piece)) + raw[b:]


def _at(rng: np.random.Generator, raw: bytearray) -> int:
    return int(rng.integers(len(raw) + 1))


def _pick(rng: np.random.Generator, words: Sequence[bytes]) -> bytes:
    return words[int(rng.integers(len(words)))]


def _flip(rng: np.random.Generator, raw: bytearray, seeds: Sequence[bytes]) -> None:
    for _i in range(1 + int(rng.integers(3))):
        if raw:
            raw[int(rng.integers(len(raw)))] = int(rng.integers(256))


def _cut(rng: np.random.Generator, raw: bytearray, seeds: Sequence[bytes]) -> None:
    del raw[_at(rng, raw) :]


def _remove(rng: np.random.Generator, raw: bytearray, seeds: Sequence[bytes]) -> None:
    a = _at(rng, raw)
    del raw[a : a + 1 + int(rng.integers(40))]


def _double(rng: np.random.Generator, raw: bytearray, seeds: Sequence[bytes]) -> None:
    a = _at(rng, raw)
    part = bytes(raw[a : a + 1 + int(rng.integers(120))])
    raw[a:a] = part * (1 + int(rng.integers(4)))


def _put(rng: np.random.Generator, raw: bytearray, seeds: Sequence[bytes]) -> None:
    a = _at(rng, raw)
    raw[a:a] = _pick(rng, WORDS if rng.integers(2) else NUMBERS)


def _number(rng: np.random.Generator, raw: bytearray, seeds: Sequence[bytes]) -> None:
    found = list(_NUMBER.finditer(raw))
    if found:
        m = found[int(rng.integers(len(found)))]
        raw[m.start() : m.end()] = _pick(rng, NUMBERS)


def _word(rng: np.random.Generator, raw: bytearray, seeds: Sequence[bytes]) -> None:
    found = list(_WORD.finditer(raw))
    if found:
        m = found[int(rng.integers(len(found)))]
        other = found[int(rng.integers(len(found)))]
        raw[m.start() : m.end()] = _pick(rng, WORDS) if rng.integers(2) else bytes(other[0])


def _lines(rng: np.random.Generator, raw: bytearray, seeds: Sequence[bytes]) -> None:
    lines = bytes(raw).split(b"\n")
    a, b = int(rng.integers(len(lines))), int(rng.integers(len(lines)))
    kind = int(rng.integers(4))
    if kind == 0:
        lines[a], lines[b] = lines[b], lines[a]
    elif kind == 1:
        del lines[a]
    elif kind == 2:
        lines.insert(a, lines[b])
    else:
        cells = lines[a].split(b",")
        cells.insert(int(rng.integers(len(cells) + 1)), cells[int(rng.integers(len(cells)))])
        lines[a] = b",".join(cells)
    raw[:] = b"\n".join(lines)


def _splice(rng: np.random.Generator, raw: bytearray, seeds: Sequence[bytes]) -> None:
    other = _pick(rng, seeds)
    a = int(rng.integers(len(other) + 1))
    raw[_at(rng, raw) :] = other[a:]


_CHANGES = (_flip, _cut, _remove, _double, _put, _number, _number, _word, _lines, _lines, _splice)
