"""A topic is its own files: laid into a copy of the project it is a page like all others, and no other file changes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import ROOT

GIVEN = Path(__file__).parent / "data" / "newton"
PLACES = {
    "card.py": "engine/topics/newton/card.py", "run.py": "engine/topics/newton/run.py",
    "draw.py": "engine/topics/newton/draw.py", "explain.py": "engine/topics/newton/explain.py",
    "probe.py": "engine/topics/newton/probe.py", "page.py": "pages/newton.py",
    "en.md": "assets/lessons/en/newton.md", "zh.md": "assets/lessons/zh/newton.md",
    "zh.json": "assets/language/zh/newton.json",
}  # fmt: skip
# Those that go over all topics by themselves, and what they say of the house as a whole.
TESTS = (
    "tests/test_architecture.py", "tests/test_blocks.py", "tests/test_lessons.py", "tests/test_topic.py",
    "tests/test_topics.py", "tests/test_formulas.py", "tests/test_page_parts.py", "tests/test_late_events.py",
    "tests/test_page_memory.py",
)  # fmt: skip
OF_ALL = "newton or house or everywhere or chinese or left_over or belongs or files_stay or circles"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project as git knows it, with the new topic's files."""
    folder = tmp_path_factory.mktemp("project")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    for name, place in PLACES.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(GIVEN / name, folder / place)
    (folder / "engine/topics/newton/__init__.py").write_text('"""Newton\'s method."""\n')
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
