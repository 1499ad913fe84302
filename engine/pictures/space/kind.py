"""How the parts of this kind belong together."""

from __future__ import annotations

from engine.pictures.kinds import Kind
from engine.pictures.space.values import PointsInSpace

KIND = Kind(PointsInSpace, figure="engine.pictures.space.figure:space")
