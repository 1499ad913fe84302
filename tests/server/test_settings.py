"""Settings from the environment: read once, in one place, with clear refusals; and that they are kept."""

import ast
import dataclasses
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.pictures import MAXIMUM_BYTES, MAXIMUM_PIXELS
from pages.components.server.settings import Settings, SettingsError, read, variable
from tests.app_server import ROOT

FIELDS = {field.name: field for field in dataclasses.fields(Settings)}
NUMBERS = [name for name in FIELDS if name not in ("allowed_hosts", "embed_hosts", "backend")]


def test_nothing_set_gives_the_defaults():
    assert read({}) == Settings()
    assert read({variable(name): " " for name in FIELDS}) == Settings()
    assert Settings().upload_mb * 2**20 == MAXIMUM_BYTES
    assert Settings().picture_megapixels * 10**6 == MAXIMUM_PIXELS


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_read_and_kept_in_their_range(name):
    low, high = FIELDS[name].metadata["low"], FIELDS[name].metadata["high"]
    assert low <= FIELDS[name].default <= high
    for value in (low, high):
        assert getattr(read({variable(name): f" {value} "}), name) == value
    for text in (str(low - 1), str(high + 1), "many", "1.5", "1e3", "0x10", "٣", "9" * 5000, "-"):
        with pytest.raises(SettingsError) as refused:
            read({variable(name): text})
        said = str(refused.value)
        assert said.startswith(f"{variable(name)}: expected a whole number from {low} to {high}, got ")
        assert len(said) < 200


def test_a_choice_is_one_of_its_names():
    assert read({variable("backend"): " processes "}).backend == "processes"
    with pytest.raises(SettingsError, match="NEURARIUM_BACKEND: expected threads or processes, got 'Threads'"):
        read({variable("backend"): "Threads"})


@pytest.mark.parametrize("name", ["allowed_hosts", "embed_hosts"])
def test_hosts_are_lists_of_names(name):
    hosts = {variable(name): "Neurarium.example, *.lab.example\tlocalhost [::1] 127.0.0.1"}
    assert getattr(read(hosts), name) == ("neurarium.example", "*.lab.example", "localhost", "[::1]", "127.0.0.1")
    for bad in ("https://neurarium.example", "neurarium.example:8501", "a b/c", "*", "*.", "a..b", "-a", "ä.example"):
        with pytest.raises(SettingsError, match="expected host names without scheme and port"):
            read({variable(name): bad})


@given(st.dictionaries(st.sampled_from([variable(name) for name in FIELDS]), st.text(max_size=30)))
def test_any_environment_is_read_or_refused_in_one_sentence(environment):
    said = ""
    try:
        read(environment)
    except SettingsError as error:
        said = str(error)
    assert said == "" or (said.startswith("NEURARIUM_") and said.endswith(".") and "\n" not in said)


def test_a_bad_value_ends_the_start_with_one_sentence():
    environment = {**os.environ, "NEURARIUM_STORE_MB": "lots"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port=0"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    said = ended.stdout + ended.stderr
    assert "NEURARIUM_STORE_MB: expected a whole number from 1 to 1000000, got 'lots'." in said
    assert "Traceback" not in said


def test_the_environment_is_read_in_one_place():
    for path in [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "engine").rglob("*.py")]:
        if path.name == "settings.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not node.value.startswith("NEURARIUM_"), f"{path.name}:{node.lineno} reads {node.value}"
