"""EfficientNets: convolutional networks scaled in depth, width and resolution together."""

from .lite0 import STAGES, EfficientNetLite0, load_lite0, middle_square, normalised

__all__ = ["STAGES", "EfficientNetLite0", "load_lite0", "middle_square", "normalised"]
