"""Is a published number right? Claims, their recomputation, and a verdict found by rules."""

import sys

from taotie import _Asked

# `taotie.audit(...)` is the question of that name
sys.modules[__name__].__class__ = _Asked
