"""README.md says what is so: its commands, pages and settings are compared with the project."""

import ast
import dataclasses
import re
import shlex
import subprocess
import sys
from importlib.metadata import version

from packaging.requirements import Requirement

from engine.contracts.topic import catalogue
from pages.components.server.settings import Settings, variable
from tests.app_server import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the table below a heading, cell by cell, without head and rule."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def commands() -> list[str]:
    """The one-line commands that start with a fresh virtual environment."""
    return [line for line in README.splitlines() if line.startswith("python3 -m venv")]


def requirements(path: str) -> list[str]:
    lines = (ROOT / path).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_two_commands_set_everything_up_themselves():
    start, test = commands()
    for command, file in ((start, "requirements.txt"), (test, "tests/requirements.txt")):
        parts = [shlex.split(part) for part in command.split("&&")]
        assert parts[0] == ["python3", "-m", "venv", ".venv"]
        assert parts[1] == [".venv/bin/pip", "install", "-r", file]
        assert (ROOT / file).is_file()
    assert start.endswith("&& .venv/bin/streamlit run app.py")
    assert test.endswith("&& .venv/bin/python -m pytest")


def test_every_requirement_is_pinned_and_is_what_is_tested_here():
    lines = requirements("requirements.txt") + requirements("tests/requirements.txt")
    assert "-r ../requirements.txt" in lines
    names = set()
    for line in lines:
        if line.startswith("-r "):
            continue
        requirement = Requirement(line)
        assert re.fullmatch(r"==[\d.]+", str(requirement.specifier)), line
        assert requirement.url is None
        assert requirement.specifier.contains(version(requirement.name)), f"{line}: {version(requirement.name)} is here"
        names.add(requirement.name)
    assert {"streamlit", "torch", "plotly", "pytest", "playwright", "ruff"} <= names


def imported(folder: str) -> set[str]:
    """Top-level names of all modules imported by the Python files below a folder, or by one file."""
    files = [ROOT / folder] if folder.endswith(".py") else (ROOT / folder).rglob("*.py")
    found = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(node.module.split(".")[0])
    return found


def test_what_is_imported_is_required():
    own = (
        set(sys.stdlib_module_names)
        | {"engine", "pages", "tests"}
        | {file.stem for file in (ROOT / "tests").rglob("*.py")}
    )
    names = {
        "PIL": "pillow", "sklearn": "scikit-learn", "skimage": "scikit-image", "yaml": "pyyaml",
        "axe_playwright_python": "axe-playwright-python",
    }  # fmt: skip
    needed = {"requirements.txt": ("app.py", "engine", "pages"), "tests/requirements.txt": ("tests",)}
    known: set[str] = set()
    for file, folders in needed.items():
        known |= {re.split("==", line)[0] for line in requirements(file)}
        used = {names.get(name, name) for folder in folders for name in imported(folder) - own}
        # What Streamlit itself cannot do without need not be named again.
        assert used - known - {"websockets", "packaging", "pandas"} == set(), file


def test_the_page_table_is_the_catalogue():
    from pages.components.parts.topics import topics_with_pages

    wanted = [[topic.title, topic.group, topic.question] for topic in topics_with_pages()]
    assert table("Pages") == wanted
    assert len(wanted) == len(catalogue())  # every topic has its page


def test_the_settings_table_is_what_the_code_reads():
    rows = [
        [f"`{variable(field.name)}`", str(field.default or field.metadata["empty"]), field.metadata["meaning"]]
        for field in dataclasses.fields(Settings)
    ]
    assert table("Settings") == rows


def test_links_and_the_picture_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_the_checks_run_the_test_command_of_this_file():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    extract = re.search(r"command=\$\((awk .*)\)\n", script).group(1)
    got = subprocess.run(["bash", "-c", extract], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert got.strip() == commands()[1]
    assert subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT).returncode == 0
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_the_command_line_examples_run_as_written():
    """Every `python -m engine` line names a topic and knobs that exist; how they run is tested elsewhere."""
    lines = re.findall(r"python -m engine (\w+) ?([^\n#]*)", README)
    assert {name for name, _ in lines} == {"list", "run", "script", "train", "covers", "bench"}
    for name, rest in lines:
        words = shlex.split(rest)
        if name == "run":
            topic = catalogue()[words[0]]
            values = dict(words[at + 1].split("=") for at, word in enumerate(words) if word == "--set")
            from engine.contracts.knob import from_query

            assert from_query(topic.config, values)[1] == []
            assert values
        elif name == "script":
            assert words[words.index("--preset") + 1] in catalogue()[words[0]].presets
        elif name == "train":
            from engine.recipes import RECIPES

            assert words[0] in RECIPES
