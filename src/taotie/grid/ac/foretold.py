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

__all__ = ["foretell", "foretell_volts"]


@njit(cache=True, nogil=True)
def foretell(
    p_f, q_f, p_t, q_t, factor, reach, now, change, out, rate, allowed, floor, share, top, risky
):  # fmt: skip
    """Worst loading foretold for each outage, and the same with the error it may have (relative to the allowed).

    `p_f` ... `q_t`, `factor`, `allowed`: shape (branch, outage), what was solved at the start; `reach`: the most any
    outage moved the branch there [MVA]; `now`, `change`: the intact state and its change since, shape (4, branch);
    `floor`, `share`: error, of the rating and of what the outage moved and moves more.
    """
    shift = np.array([change[0, k] for k in out])  # of what each outage takes away
    far = np.flatnonzero(np.abs(shift) > 1.0)
    top[:] = 0.0
    risky[:] = 0.0
    for l in range(len(rate)):
        if not np.isfinite(rate[l]):
            continue
        most = 1.0  # MW: what moved less moves no branch by more
        for j in far:
            most = max(most, abs(factor[l, j] * shift[j]))
        s = max(now[0, l] ** 2 + now[1, l] ** 2, now[2, l] ** 2 + now[3, l] ** 2)
        if np.sqrt(s) + reach[l] + 1.5 * most < 0.9 * rate[l]:
            continue
        p_0, q_0 = now[0, l] - change[0, l], now[1, l] - change[1, l]
        for i in range(len(out)):
            k = out[i]
            if l == k:
                continue
            d = factor[l, i] * shift[i]
            a, b = p_f[l, i] + change[0, l] + d, q_f[l, i] + change[1, l]
            s = a * a + b * b
            a, b = p_t[l, i] + change[2, l] - d, q_t[l, i] + change[3, l]
            s = np.sqrt(max(s, a * a + b * b)) / (rate[l] * allowed[l, i])
            d = abs(d) + abs(p_f[l, i] - p_0) + abs(q_f[l, i] - q_0)
            e = s + floor + share * d / rate[l]
            top[i] = max(top[i], s)
            risky[i] = max(risky[i], e)


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
