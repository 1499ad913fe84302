"""How fast the engine is, as ratios to baselines that are measured in the same process: `python -m engine bench`."""
