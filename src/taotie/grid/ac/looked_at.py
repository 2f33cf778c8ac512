"""What is over, or near it, in states solved side by side? Loadings relative to what is allowed, voltages in p.u.

States stand in lanes as `OutageBatch.group` leaves them. A branch or a bus is looked at in all lanes at once; only
what is near a limit is written down.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from taotie.files.kernels import njit
from taotie.grid.ac.outage_batch import WIDE
from taotie.grid.flow.sparse_solve import FAST

__all__ = ["loads", "volts"]


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def loads(
    vr, vi, lost, place, f, t, yff, yft, ytf, ytt, inverse, eased, allowed, from_, worst, state,
    branch, load,
):  # fmt: skip
    """The worst loading of each state, and the pairs beyond `from_`.

    `inverse`: one over the rating, 0 where there is none or the branch is off; `allowed[place]`: what the rule allows
    each state, looked up for branches `eased`; `load`: loading, active and reactive power at the heavier end, that
    end. Returns how many pairs were written down; more would not fit where it is all of them.
    """
    n, n_lane = 0, len(lost)
    x = np.zeros(WIDE)
    worst[:] = 0.0
    for l in range(len(f)):
        if inverse[l] == 0.0:
            continue
        a, b = f[l], t[l]
        g_ff, b_ff, g_ft, b_ft = yff[l].real, yff[l].imag, yft[l].real, yft[l].imag
        g_tf, b_tf, g_tt, b_tt = ytf[l].real, ytf[l].imag, ytt[l].real, ytt[l].imag
        square = inverse[l] ** 2
        for c in range(WIDE):
            ar, ai, br, bi = vr[a, c], vi[a, c], vr[b, c], vi[b, c]
            re = g_ff * ar - b_ff * ai + g_ft * br - b_ft * bi
            im = g_ff * ai + b_ff * ar + g_ft * bi + b_ft * br
            s = (re * re + im * im) * (ar * ar + ai * ai)
            re = g_tf * ar - b_tf * ai + g_tt * br - b_tt * bi
            im = g_tf * ai + b_tf * ar + g_tt * bi + b_tt * br
            x[c] = max(s, (re * re + im * im) * (br * br + bi * bi)) * square
        for c in range(n_lane):
            if lost[c] == l:
                x[c] = 0.0
        if eased[l]:
            for c in range(n_lane):
                x[c] /= allowed[place[c], l] ** 2
        peak = 0.0
        for c in range(WIDE):
            peak = max(peak, x[c])
        if peak == 0.0:
            continue
        for c in range(n_lane):
            worst[c] = max(worst[c], x[c])
        if peak <= from_ * from_:
            continue
        for c in range(n_lane):
            if x[c] > from_ * from_ and n < len(load):
                va, vb = complex(vr[a, c], vi[a, c]), complex(vr[b, c], vi[b, c])
                s = va * np.conj(yff[l] * va + yft[l] * vb)
                r = vb * np.conj(ytf[l] * va + ytt[l] * vb)
                end = 0
                if r.real**2 + r.imag**2 > s.real**2 + s.imag**2:
                    s, end = r, 1
                state[n], branch[n] = c, l
                load[n, 0], load[n, 1], load[n, 2], load[n, 3] = np.sqrt(x[c]), s.real, s.imag, end
                n += 1
    for c in range(n_lane):
        worst[c] = np.sqrt(worst[c])
    return n


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def volts(vr, vi, place, vmin, vmax, eased, beyond, from_, worst, state, bus, volt):
    """By how much the worst voltage of each state is beyond what the rule allows, and those nearer to it than `from_`.

    `beyond[place]`: what the rule allows outside the range, looked up for buses `eased`. Returns how many were
    written down, as `loads`, and the lowest voltage.
    """
    n, n_lane, lowest = 0, len(place), np.inf
    x, w = np.zeros(WIDE), np.zeros(WIDE)
    worst[:] = -np.inf
    for i in range(len(vmin)):
        low, high = vmin[i], vmax[i]
        for c in range(WIDE):
            w[c] = np.sqrt(vr[i, c] ** 2 + vi[i, c] ** 2)
            x[c] = max(low - w[c], w[c] - high)
        if eased[i]:
            for c in range(n_lane):
                x[c] -= beyond[place[c], i]
        peak = -np.inf
        for c in range(n_lane):
            lowest = min(lowest, w[c])
            peak = max(peak, x[c])
            worst[c] = max(worst[c], x[c])
        if peak <= -from_:
            continue
        for c in range(n_lane):
            if x[c] > -from_ and n < len(volt):
                state[n], bus[n], volt[n] = c, i, w[c]
                n += 1
    return n, lowest
