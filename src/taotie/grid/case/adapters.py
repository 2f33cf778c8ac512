"""Where do readers of other programs' grids stand? pandapower, PyPSA and pypowsybl, each optional, in files of their own."""

from taotie.grid.case.adapters_pandapower import case_from_pandapower
from taotie.grid.case.adapters_powsybl import case_from_pypowsybl, case_to_pypowsybl
from taotie.grid.case.adapters_pypsa import case_from_pypsa, case_to_pypsa

__all__ = [
    "case_from_pandapower",
    "case_from_pypowsybl",
    "case_from_pypsa",
    "case_to_pypowsybl",
    "case_to_pypsa",
]
