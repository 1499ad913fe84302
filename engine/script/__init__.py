"""Every experiment as one Python file or notebook that needs nothing of ours."""

from .errors import ScriptError
from .notebook import notebook_for
from .whole import script_for

__all__ = ["ScriptError", "notebook_for", "script_for"]
