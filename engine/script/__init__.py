"""Every experiment as one Python file or notebook that needs nothing of ours."""

from .whole import script_for

__all__ = ["script_for"]
