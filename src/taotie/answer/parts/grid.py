"""What do pages and pictures of a grid take from the rooms? Types, words and drawings, handed through."""

from __future__ import annotations

from taotie.grid.backdrop import Backdrop, Town, backdrop
from taotie.grid.capacity.hosting_capacity import HostingCapacityByTreatment, outage_labels
from taotie.grid.capacity.limiting import limiting_pairs, pair_words
from taotie.grid.capacity.over_buses import mw_percentiles, share_taking, shares_taking
from taotie.grid.headroom import (
    HEADROOM_LIMITS,
    AreaHeadroom,
    accelerators_that_fit,
    over_areas,
    together,
)
from taotie.grid.picture import CapacityPicture, grid_picture, picture_note

__all__ = [
    "HEADROOM_LIMITS",
    "AreaHeadroom",
    "Backdrop",
    "CapacityPicture",
    "HostingCapacityByTreatment",
    "Town",
    "accelerators_that_fit",
    "backdrop",
    "grid_picture",
    "limiting_pairs",
    "mw_percentiles",
    "outage_labels",
    "over_areas",
    "pair_words",
    "picture_note",
    "share_taking",
    "shares_taking",
    "together",
]
