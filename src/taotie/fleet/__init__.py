"""How many machines, where it goes: stock, forecast, nations, comparison."""

import sys

from taotie import _Asked

# `taotie.fleet(...)` is the question of that name
sys.modules[__name__].__class__ = _Asked
