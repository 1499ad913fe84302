"""A topic is its own files: laid into a copy of the project it is a page like all others, and no other file changes."""

import os
import subprocess
import sys

import pytest

from tests.catalogue import copy_project, lay_newton

# Those that go over all topics by themselves, and what they say of the house as a whole.
TESTS = (
    "tests/test_architecture.py", "tests/contracts/test_blocks.py", "tests/contracts/test_topic.py",
    "tests/topics/test_lessons.py", "tests/topics/test_topics.py", "tests/topics/test_formulas.py",
    "tests/pages/test_page_parts.py", "tests/pages/test_late_events.py", "tests/pages/test_page_memory.py",
)  # fmt: skip
OF_ALL = "newton or house or everywhere or chinese or left_over or belongs or files_stay or circles"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project with the new topic's files."""
    folder = copy_project(tmp_path_factory.mktemp("project"))
    lay_newton(folder)
    return folder


@pytest.mark.slow
def test_a_new_topic_is_its_own_files_alone(copy):
    """The tests that walk over the topics find it and pass, in a process that knows nothing of this one."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", OF_ALL, *TESTS]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-6000:]
    assert "newton" not in run.stderr
    passed = int(run.stdout.rsplit(" passed", 1)[0].split()[-1])
    assert passed >= 40, run.stdout[-2000:]
