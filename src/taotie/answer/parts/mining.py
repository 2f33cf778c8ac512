"""What do pages and pictures of mining take from the rooms? Types, words and drawings, handed through."""

from __future__ import annotations

from taotie.compute.mining_energy import MiningEnergy

__all__ = ["MiningEnergy"]
