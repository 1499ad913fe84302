"""How the parts of this kind belong together."""

from __future__ import annotations

from engine.pictures.chart.values import Chart
from engine.pictures.kinds import Kind

KIND = Kind(Chart, figure="engine.pictures.chart.figure:chart")
