"""How long tests wait for what must happen: NEURARIUM_PATIENCE=4 for a machine that is four times too busy."""

import os

PATIENCE = float(os.environ.get("NEURARIUM_PATIENCE", "1"))


def patience(seconds: float) -> float:
    """Seconds to wait for what takes a fraction of that on a quiet machine."""
    return PATIENCE * seconds
