"""Who may import whom, one name everywhere, and the habits that hold the house together; read from the sources."""

import ast
import importlib.util
import re
import tomllib
from pathlib import Path

import networkx as nx
import pytest
from streamlit import config as streamlit_config

from engine.contracts.topic import catalogue
from pages.components.parts.topics import page_module

ROOT = Path(__file__).parents[1]
MOST_LINES = 400

# The table of the design: importer -> what it may import of ours. The longest prefix counts.
MAY_IMPORT = {
    "engine.contracts": ("engine.contracts",),
    "engine.machinery": ("engine.contracts", "engine.machinery"),
    "engine.data": ("engine.contracts", "engine.machinery", "engine.data"),
    "engine.instrument": ("engine.contracts", "engine.instrument"),
    "engine.weights": ("engine.contracts",),
    "engine.models": (
        "engine.contracts",
        "engine.machinery.device",
        "engine.instrument",
        "engine.models",
        "engine.weights",
    ),
    "engine.training": ("engine.contracts", "engine.machinery", "engine.data", "engine.instrument", "engine.training"),
    "engine.recipes": ("engine",),  # run by hand, to make the shipped weights
    "engine.pictures": ("engine.contracts", "engine.pictures"),
    "engine.topics": ("engine",),
    "engine.script": ("engine",),
    "engine.bench": ("engine",),
    "engine.command_line": ("engine",),
    "engine.__main__": ("engine",),
    "pages": ("engine.topics", "engine.contracts", "pages.components"),
    "pages.components": (
        "engine.contracts",
        "engine.machinery",
        "engine.pictures",
        "engine.data",
        "engine.script",
        "pages.components",
    ),  # data: uploads
}
NEVER = {
    "engine": ("streamlit", "pages"),
    "engine.pictures": ("torch",),
    "pages": ("torch", "numpy"),
    "pages.components": ("torch",),
}
SOURCES = sorted([*ROOT.glob("engine/**/*.py"), *ROOT.glob("pages/**/*.py")])


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path):
    """Absolute names of all modules a file imports, those for type checkers alone left out."""
    tree = ast.parse(path.read_text("utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for part in node.body
        for inner in ast.walk(part)
    }
    package = module_of(path) if path.name == "__init__.py" else module_of(path).rpartition(".")[0]
    found = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            for alias in node.names:  # `from engine import weights` imports engine.weights
                whole = f"{base}.{alias.name}"
                path_of = ROOT.joinpath(*whole.split("."))
                found.add(whole if path_of.is_dir() or path_of.with_suffix(".py").is_file() else base)
    return found


def within(name, prefix):
    return name == prefix or name.startswith(prefix + ".")


def rule(table, module):
    fitting = [prefix for prefix in table if within(module, prefix)]
    return table[max(fitting, key=len)] if fitting else None


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("path", SOURCES, ids=names(SOURCES))
def test_imports_keep_to_the_layers(path):
    module = module_of(path)
    allowed = rule(MAY_IMPORT, module)
    if allowed is None:
        assert path.name == "__init__.py", f"{module} has no layer"
        allowed = ()
    ours = {name for name in imports_of(path) if within(name, "engine") or within(name, "pages")}
    wrong = {name for name in ours if not any(within(name, prefix) for prefix in allowed)}
    assert not wrong, f"{module} may import {allowed}, but imports {sorted(wrong)}"
    if not within(module, "pages.components"):
        forbidden = {word for prefix, words in NEVER.items() if within(module, prefix) for word in words}
    else:
        forbidden = set(NEVER["pages.components"])
    assert not {name for name in imports_of(path) if any(within(name, word) for word in forbidden)}


def test_the_reader_of_imports_sees_them():
    for source, expected in {
        "from engine import weights": {"engine.weights"},
        "from engine.contracts.knob import knob": {"engine.contracts.knob"},
        "import torch.nn as n": {"torch.nn"},
        "def f():\n    import numpy": {"numpy"},
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch": {"typing"},
    }.items():
        path = ROOT / "engine" / "contracts" / "imagined.py"  # never written: only its text is read
        fake = type("Fake", (), {"read_text": lambda self, _, source=source: source, "name": path.name,
                                 "relative_to": lambda self, root, path=path: path.relative_to(root)})()  # fmt: skip
        assert imports_of(fake) == expected


def test_no_circles():
    """Nor hidden ones: imports within functions count. Each group that is printed imports itself in the end."""
    modules = {module_of(path): path for path in SOURCES}
    graph = nx.DiGraph()
    graph.add_nodes_from(modules)
    for module, path in modules.items():
        graph.add_edges_from((module, other) for other in imports_of(path) if other in modules and other != module)
    assert [sorted(group) for group in nx.strongly_connected_components(graph) if len(group) > 1] == []


def test_one_name_everywhere():
    folders = {path.parent.name for path in ROOT.glob("engine/topics/*/card.py")}
    pages = {path.stem for path in ROOT.glob("pages/*.py")} - {"frame", "home", "glossary", "__init__"}
    assert folders == set(catalogue())
    assert pages == set(catalogue())
    for slug, topic in catalogue().items():
        assert page_module(slug).View
        for path in (topic.run, *filter(None, [topic.stream]), *topic.figures.values()):
            assert within(path.partition(":")[0], f"engine.topics.{slug}")


GLOBAL_SEEDS = {
    "torch.manual_seed", "torch.seed", "torch.cuda.manual_seed", "torch.cuda.manual_seed_all", "np.random.seed",
    "numpy.random.seed", "random.seed",
}  # fmt: skip
HOOKS = {"register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook"}


@pytest.mark.parametrize("path", SOURCES, ids=names(SOURCES))
def test_no_global_seeds_and_no_hooks_on_shared_models(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) not in GLOBAL_SEEDS, f"line {node.lineno}: visitors share the process"
            assert node.attr not in HOOKS, f"line {node.lineno}: a hook also sees the neighbour's forward pass"


def test_files_stay_short():
    files = [
        *SOURCES,
        *ROOT.glob("tests/**/*.py"),
        ROOT / "app.py",
        *ROOT.glob("assets/components/*.*"),
        *ROOT.glob("engine/pictures/*/*.js"),
    ]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in files}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


ENGINE = [path for path in SOURCES if within(module_of(path), "engine")]


@pytest.mark.parametrize("path", ENGINE, ids=names(ENGINE))
def test_public_names_of_the_engine_say_what_they_are(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), "the module has no docstring"
    missing = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name[0] != "_" and not ast.get_docstring(node)
    ]
    assert missing == []


def test_streamlit_is_set_up_for_speed_and_silence():
    options = streamlit_config.get_config_options()
    written = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    for name, value in {
        "runner.postScriptGC": False,  # with torch loaded each collection costs 190 ms
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
    }.items():
        section, _, key = name.partition(".")
        assert name in options, f"Streamlit has no option {name} any more"
        assert written[section][key] == value


# What stands with a topic: its own files, and the recipes that make its weights.
OWN_FILES = "engine/topics/{slug}/ pages/{slug}.py engine/recipes/ assets/lessons/ assets/language/"
SHARED = [
    path for folder in ("engine", "pages", "assets") for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".js", ".css", ".toml") and "katex" not in path.parts
]  # fmt: skip


@pytest.mark.parametrize("slug", catalogue())
def test_the_house_names_no_topic(slug):
    """Whoever adds a topic changes nothing but its files; a topic may name another one that it is akin to."""
    own, key = tuple(OWN_FILES.format(slug=slug).split()), slug.replace("_", "-")
    names = re.compile(rf"[\"'/]{slug}[\"'/:~?]|st-key-(?:{slug}|{key})\b|topics\.{slug}\b|[\"'](?:{slug}|{key})[-:]")
    texts = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in [*SHARED, ROOT / "app.py"]}
    others = {place for place in texts if not place.startswith((*own, "engine/topics/"))}
    assert [place for place in sorted(others) if names.search(texts[place])] == []
