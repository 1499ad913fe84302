"""Every experiment as one Python file or notebook that needs nothing of ours."""

from .notebook import notebook_for
from .whole import script_for

__all__ = ["notebook_for", "script_for"]
