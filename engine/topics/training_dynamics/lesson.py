"""What the steps of the lesson on training dynamics set up, and how the answer is read off the run."""

from engine.contracts.lesson import Step, Verdict


def ravine(result):
    return Verdict("momentum")


LESSON = (Step("ravine", "Ravine", ravine),)
