"""How is a case handed on to another program? By the ending of the file, through the program that knows the format."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from taotie.errors import CaseError
from taotie.files.atomic import write_bytes
from taotie.grid.case.adapter_base import needed
from taotie.grid.case.case import write_case
from taotie.grid.case.grid_case import Case
from taotie.words.language import N_, _
from taotie.words.said import Said

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
    return net


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
                path=path.name, endings=", ".join(WRITTEN_ENDINGS)
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
            if len(net.impedance):
                told = (Said(
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
