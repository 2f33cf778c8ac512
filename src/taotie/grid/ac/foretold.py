"""What will flows and voltages after each outage be, from those at the start and the intact state? MVA, p.u.

The flow after an outage is foretold as what was solved at the start, plus the change of the intact state, plus what
the outage moves more than it did there, by its DC factor. The error this may have is a floor and a share of all that
the outage moves; where a solve shows more, it is taken times a strength. Branches and buses that no outage can bring
near a limit are left out early.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from taotie.files.kernels import njit
from taotie.grid.flow.sparse_solve import FAST

__all__ = ["foretell", "foretell_volts"]


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def foretell(
    p_f, q_f, p_t, q_t, factor, reach, now, change, out, rate, allowed, floor, share, top, risky
):  # fmt: skip
    """Worst loading foretold for each outage, and the same with the error it may have (relative to the allowed).

    `p_f` ... `q_t`, `factor`, `allowed`: shape (branch, outage), what was solved at the start; `reach`: the most any
    outage moved the branch there [MVA]; `now`, `change`: the intact state and its change since, shape (4, branch);
    `floor`, `share`: error, of the rating and of what the outage moved and moves more.
    """
    shift = change[0, out].astype(np.float32)  # of what each outage takes away
    far = np.flatnonzero(np.abs(shift) > 1.0)
    place = np.full(len(rate), -1, np.int64)
    place[out] = np.arange(len(out))
    top[:] = 0.0
    risky[:] = 0.0
    s, e = np.zeros(len(out), np.float32), np.zeros(len(out), np.float32)
    for l in range(len(rate)):
        if not np.isfinite(rate[l]):
            continue
        most = np.float32(1.0)  # MW: what moved less moves no branch by more
        for j in far:
            most = max(most, abs(factor[l, j] * shift[j]))
        big = max(now[0, l] ** 2 + now[1, l] ** 2, now[2, l] ** 2 + now[3, l] ** 2)
        if np.sqrt(big) + reach[l] + 1.5 * most < 0.9 * rate[l]:
            continue
        p_0, q_0 = np.float32(now[0, l] - change[0, l]), np.float32(now[1, l] - change[1, l])
        c_0, c_1 = np.float32(change[0, l]), np.float32(change[1, l])
        c_2, c_3 = np.float32(change[2, l]), np.float32(change[3, l])
        per, base, part = np.float32(1 / rate[l]), np.float32(floor), np.float32(share / rate[l])
        for i in range(len(out)):
            d = factor[l, i] * shift[i]
            a, b = p_f[l, i] + c_0 + d, q_f[l, i] + c_1
            x, y = p_t[l, i] + c_2 - d, q_t[l, i] + c_3
            z = np.sqrt(max(a * a + b * b, x * x + y * y)) * per / allowed[l, i]
            d = abs(d) + abs(p_f[l, i] - p_0) + abs(q_f[l, i] - q_0)
            s[i], e[i] = z, z + base + part * d
        if place[l] >= 0:
            s[place[l]], e[place[l]] = 0.0, 0.0
        for i in range(len(out)):
            top[i] = max(top[i], s[i])
            risky[i] = max(risky[i], e[i])


@njit(cache=True, nogil=True)
def foretell_volts(volt, lowest, highest, beyond, dv, vmin, vmax, floor, share, top, risky):
    """Worst voltage foretold for each outage with the error it may have, beyond what the rule allows. [p.u.]

    `volt`, `beyond`: shape (bus, outage), at the start; `lowest`, `highest`: the ends of ``volt`` with `beyond`;
    `floor`, `share`: error, in p.u. and of the change in the intact grid.
    """
    top[:] = -1.0
    risky[:] = -1.0
    for n in range(len(vmin)):
        e = floor + share * abs(dv[n])
        if lowest[n] + dv[n] - e > vmin[n] and highest[n] + dv[n] + e < vmax[n]:
            continue
        for i in range(volt.shape[1]):
            w = volt[n, i] + dv[n]
            far = max(vmin[n] - w, w - vmax[n]) - beyond[n, i]
            top[i] = max(top[i], far)
            risky[i] = max(risky[i], far + e)
