"""What the tests of each topic take: printed at the end of a run, with those over their budget named.

A test belongs to a topic whose folder or file it lies in, or whose slug is among what it is called with; all others are
the house's, and so is what a file of the house makes once for the tests of all topics, such as a server, which the
first topic would pay for otherwise. The times of files are printed, too: a profile of the run.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import PurePosixPath

BUDGET = {"without a browser": 60.0, "with a browser": 40.0}  # seconds a topic, on a quiet machine
MOST_FILES = 25


class Budgets:
    """A plugin of pytest."""

    def __init__(self, slugs: list[str]):
        self.slugs = sorted(slugs, key=len, reverse=True)  # the longer name first, where one begins another
        self.topics: dict[tuple[str, str], float] = defaultdict(float)
        self.files: dict[str, float] = defaultdict(float)

    def topic_of(self, test: str) -> str:
        """The slug that the id of a test belongs to, "" for the house."""
        path, _, name = test.partition("::")
        parts = PurePosixPath(path).parts
        for slug in self.slugs:
            if slug in parts or re.match(rf"test_{slug}(_|\.)", parts[-1]):
                return slug
        called = re.search(r"\[(.*)\]$", name)
        words = re.split(r"[^a-z_]+", called[1]) if called else []
        return next((slug for slug in self.slugs if slug in words), "")

    def pytest_runtest_logreport(self, report) -> None:
        kind = "with a browser" if "/browser/" in report.nodeid else "without a browser"
        file = report.nodeid.partition("::")[0]
        topic = self.topic_of(report.nodeid if report.when == "call" else file)
        self.topics[topic, kind] += report.duration
        self.files[file] += report.duration

    def lines(self) -> list[str]:
        """What is printed."""
        found = []
        for slug in [*sorted(self.slugs), ""]:
            for kind, most in BUDGET.items():
                seconds = self.topics[slug, kind]
                over = f"   OVER ITS BUDGET OF {most:g} s" if slug and seconds > most else ""
                if seconds >= 1:
                    found.append(f"{seconds:7.0f} s  {slug or 'the house'} {kind}{over}")
        found.append("")
        slowest = sorted(self.files.items(), key=lambda item: -item[1])[:MOST_FILES]
        return found + [f"{seconds:7.0f} s  {name}" for name, seconds in slowest]

    def pytest_terminal_summary(self, terminalreporter) -> None:
        if sum(self.files.values()) > 60:
            terminalreporter.section("seconds by topic, and by file")
            for line in self.lines():
                terminalreporter.write_line(line)
