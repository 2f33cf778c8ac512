"""The building: PUE from publications or weather, water, and the load at the meter by hour."""

import sys

from taotie import _Asked

# `taotie.facility(...)` is the question of that name
sys.modules[__name__].__class__ = _Asked
