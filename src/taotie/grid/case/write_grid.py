"""How is a case handed on to another program? By the ending of the file, through the program that knows the format."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.errors import CaseError
from taotie.files.atomic import write_bytes
from taotie.grid.case.adapter_base import left_out, needed
from taotie.grid.case.case import write_case
from taotie.grid.case.grid_case import Case
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said

FloatArray = NDArray[np.float64]

__all__ = ["WRITTEN_ENDINGS", "case_to_pandapower", "write_grid"]

WRITTEN_ENDINGS = (".m", ".mat", ".json", ".nc", ".xiidm")


def case_to_pandapower(case: Case) -> Any:
    """A pandapower network with the same flows, by pandapower's own reader of MATPOWER's tables.

    Raises
    ------
    MissingExtraError
        pandapower is not installed.
    CaseError
        The case has DC lines, which that reader leaves out.
    """
    converter = needed("pandapower", "ac", "pandapower.converter.pypower.from_ppc")
    if len(case.dcline) and (case.dcline[:, 2] > 0).any():
        raise CaseError(
            _("{case} has DC lines, which pandapower's reader of such tables leaves out.").format(
                case=case.name
            ),
            _("write a .nc or .m file instead."),
        )
    bus, gen, branch = case.bus.copy(), case.gen.copy(), case.branch.copy()
    branch[~np.isfinite(case.rate_a_mw), 5] = 0.0
    tables = {
        "version": "2", "baseMVA": case.base_mva, "bus": bus[:, :13], "gen": gen[:, :21],
        "branch": branch[:, :13],
    }  # fmt: skip
    try:
        net = converter.from_ppc(tables, f_hz=60, validate_conversion=False)
    except Exception as error:  # the converter raises whatever comes
        raise CaseError(
            _("pandapower does not take {case}: {reason}.").format(case=case.name, reason=error)
        ) from error
    net.name = case.name
    _costs_into(net, case)
    return net


def _costs_into(net: Any, case: Case) -> None:
    """Costs of units as pandapower holds them; its own reader of tables stumbles over rows of several lengths."""
    pandapower = needed("pandapower", "ac")
    for row, place in zip(
        case.gencost[: case.n_gen], net._from_ppc_lookups["gen"].itertuples(), strict=False
    ):
        if place.element < 0 or not _held(row):
            continue
        n = int(row[3])
        if row[0] == 2:
            c = np.r_[np.zeros(3), row[4 : 4 + n]][-3:]
            pandapower.create_poly_cost(
                net, int(place.element), place.element_type, cp2_eur_per_mw2=c[0], cp1_eur_per_mw=c[1], cp0_eur=c[2],
            )  # fmt: skip
        else:
            at = row[4 : 4 + 2 * n].reshape(-1, 2)
            slope = np.diff(at[:, 1]) / np.diff(at[:, 0])
            pieces = np.c_[at[:-1, 0], at[1:, 0], slope].tolist()
            pandapower.create_pwl_cost(net, int(place.element), place.element_type, pieces)


def _held(row: FloatArray) -> bool:
    """Can pandapower hold this row of gencost? Polynomials of degree 2, slopes of pieces."""
    n = int(row[3])
    return row[0] == 1 or not (row[4 : 4 + n - 3] != 0).any()


def _told_of_costs(case: Case) -> tuple[Said, ...]:
    """What pandapower cannot hold of the costs."""
    lost = [row for row in case.gencost[: case.n_gen] if not _held(row)]
    fixed = [row for row in case.gencost[: case.n_gen] if row[0] == 1 and row[5] != 0]
    return (
        *left_out("cost_not_in_pandapower", N_("{n} costs of a higher degree than 2 have no place in pandapower"), len(lost)),
        *left_out(
            "fixed_cost_not_in_pandapower",
            N_("{n} costs in pieces are slopes in pandapower: what they cost at their first point has no place there"),
            len(fixed),
        ),
    )  # fmt: skip


def write_grid(case: Case, path: Path) -> tuple[Said, ...]:
    """A case into a file of MATPOWER (.m, .mat), pandapower (.json), PyPSA (.nc) or IIDM (.xiidm).

    Returns
    -------
    told : tuple of Said
        What that format cannot hold.

    Raises
    ------
    CaseError
        Another ending, or something that format cannot hold.
    MissingExtraError
        The program that knows the format is not installed.
    """
    ending = path.suffix.lower()
    if ending == ".m":
        write_case(case, path)
        return ()
    if ending not in WRITTEN_ENDINGS:
        raise CaseError(
            _("{path} ends in none of {endings}.").format(
                path=path.name, endings=listing(WRITTEN_ENDINGS)
            )
        )
    told: tuple[Said, ...] = ()
    with tempfile.TemporaryDirectory() as folder:  # the others write by themselves, not atomically
        made = Path(folder) / path.name
        if ending == ".mat":
            from scipy.io import savemat

            tables: dict[str, Any] = {
                "version": "2", "baseMVA": case.base_mva, "bus": case.bus, "gen": case.gen,
                "branch": case.branch,
            }  # fmt: skip
            if len(case.gencost):
                tables["gencost"] = case.gencost
            if len(case.dcline):
                tables["dcline"] = case.dcline
            savemat(made, {"mpc": tables})
        elif ending == ".json":
            net = case_to_pandapower(case)
            needed("pandapower", "ac").to_json(net, str(made))
            told = _told_of_costs(case)
            if len(net.impedance):
                told += (Said(
                    "no_rating_in_pandapower",
                    N_("{n} branches between two voltages became impedances in pandapower, which have no rating there"),
                    {"n": len(net.impedance)},
                ),)  # fmt: skip
        elif ending == ".nc":
            from taotie.grid.case.adapters_pypsa import case_to_pypsa

            case_to_pypsa(case, keep_dispatch=True).export_to_netcdf(str(made))
        else:
            from taotie.grid.case.adapters_powsybl import case_to_pypowsybl

            case_to_pypowsybl(case).save(str(made), format="XIIDM")
            made = next(Path(folder).iterdir())
        write_bytes(path, made.read_bytes())
    return told
