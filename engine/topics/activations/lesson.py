"""What the steps of the lesson on activations set up, and how the answer is read off the run."""

from __future__ import annotations

LESSON = ()
