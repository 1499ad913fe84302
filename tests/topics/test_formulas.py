"""Every formula of every topic, at random places: left side = right side = the experiment's own number."""

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from engine.contracts import formula
from engine.contracts.formula import Formula, FormulaValues, added, bracketed, exact, rest_of, written
from engine.contracts.knob import knobs, random_value
from engine.contracts.topic import Topic, catalogue
from tests.formulas import Wrong, check

ROOT = Path(__file__).parents[2]
RANDOM_CONFIGS = 6


def looks_at(topic: Topic, random: Random) -> Iterator[object]:
    """The presets of a topic, and Configs anywhere in range."""
    yield from topic.presets.values()
    for _ in range(RANDOM_CONFIGS):
        yield topic.config(**{knob.name: random_value(knob, random) for knob in knobs(topic.config)})


@pytest.mark.parametrize("slug", catalogue())
def test_every_formula_of_every_topic_holds(slug, monkeypatch):
    """As displayed, with the digits displayed; and every function that makes a formula was looked at."""
    topic, made, make = catalogue()[slug], set(), Formula.__init__

    def noted(self, latex: str) -> None:
        frame = sys._getframe(1)
        while frame.f_code.co_filename == formula.__file__:  # `aligned` makes it for somebody
            frame = frame.f_back
        made.add((Path(frame.f_code.co_filename).name, frame.f_code.co_name))
        make(self, latex)

    monkeypatch.setattr(Formula, "__init__", noted)
    probe, random, wrong, count = probe_of(slug), Random(slug), [], 0
    for config in looks_at(topic, random):
        for shown in probe.formulas_at(config, random):
            count += 1
            try:
                check(shown.latex, shown.values, shown.where)
            except Wrong as error:
                wrong.append(f"{config}\n  {shown.latex}\n  {error}")
    assert not wrong, f"{len(wrong)} of {count} formulas:\n" + "\n".join(wrong[:6])
    assert count >= 20
    assert makers(slug) - made == set(), "formulas that no probe looked at"


def probe_of(slug: str):
    """The module beside a topic's formulas that looks at them; a topic without formulas needs none."""
    if not makers(slug):
        assert "show_formulas" not in (ROOT / "pages" / f"{slug}.py").read_text("utf-8")
        pytest.skip("this topic shows no formulas")
    assert (ROOT / "engine/topics" / slug / "probe.py").exists(), (
        f"{slug} makes formulas: its probe.py needs formulas_at"
    )
    return importlib.import_module(f"engine.topics.{slug}.probe")


def makers(slug: str) -> set[tuple[str, str]]:
    """(file, function) of everything in a topic that makes a formula."""
    found = set()
    for path in (ROOT / "engine/topics" / slug).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(map(_makes, ast.walk(node))):
                found.add((path.name, node.name))
    return found


def _makes(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Formula", "aligned")


def test_formulas_reach_a_page_through_one_door_and_are_made_by_topics():
    """No page writes LaTeX of its own, past the check."""
    for path in (ROOT / "pages").rglob("*.py"):
        tree, door = ast.parse(path.read_text("utf-8")), path.name == "formulas.py"
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                assert node.attr != "latex" or door, f"{path.name}:{node.lineno} shows LaTeX itself"
            assert not _makes(node), f"{path.name}:{node.lineno} makes a formula"
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not re.search(r"\$[^$]*\\|\$\$", node.value), f"{path.name}:{node.lineno} has LaTeX in a text"


# ---------------------------------------------------------------- the check itself can fail


@pytest.mark.parametrize("latex", [
    r"s = 0.500 \cdot 1.20 = 0.6100",  # the product is wrong
    r"s = 0.500 \cdot 1.20 + 0.300 = 0.6000",  # a term is left out of the sum
    r"q \cdot k = 0.500 \cdot 1.20 + \cdots = 0.6000",  # what the rest comes to is not said
    r"s = \frac{0.400}{\sqrt{0.0000}} = 0.6000",  # no digit of the divisor is left
    r"s = \frac{0.400}{0.00 - 0.000} = 0.6000",
    r"s = 0.9 \cdot 0.7 = 0.6000",  # one digit each: too little to be wrong
    r"s = 0.500 \cdot v = 0.6000",  # who is v?
    r"s = \max(0.600, 0.700) = 0.6000",
    r"s = 0.6000 \, !",  # cannot be read
    r"s = \operatorname{foo}(0.600) = 0.6000",
    r"s = \frac{0.600}{} = 0.6000",
    r"w \leftarrow w - \eta g",  # the step has another outcome
    r"s = -0.6000",
    r"x = (0.600, 0.700)",  # two numbers for one
    r"\begin{aligned} s &= 0.500 \cdot 1.20 \\ &= 0.6100 \end{aligned}",
])  # fmt: skip
def test_what_does_not_hold_is_found(latex):
    with pytest.raises(Wrong):
        check(latex, (0.6,), {"w": 1.0, r"\eta": 0.5, "g": 1.0})


@pytest.mark.parametrize("latex", [
    r"s = 0.500 \cdot 1.20 = 0.6000", r"s = 1.0000 + (-0.400) = 0.6000", r"s = \frac{3}{5} = 0.6000",
    r"s = 0.500 \cdot 1.00 + \underbrace{0.1000}_{9\,\cdots} = 0.6000", r"w \leftarrow w - \eta\, g",
    r"\text{a\{b\}:{} 1.5\textbackslash{}}:\quad s = 0.6000", r"s = \sqrt{0.3600} = 0.6000",
    r"s = \operatorname{ReLU}(0.600) = \max(0, 0.600) = 0.6000",
    r"s = \sigma(0.4055) = \frac{1}{1 + e^{-0.4055}} = 0.6000", r"s = 6.000 \times 10^{-1}",
    r"\begin{aligned} s &= 0.500 \cdot 1.20 \\[4pt] &= 0.6000 \end{aligned}", "2 − 0.7000 × 2 = 0.6000",
])  # fmt: skip
def test_what_holds_is_read(latex):
    assert check(latex, (0.6,), {"w": 1.0, r"\eta": 0.5, "g": 0.8}) == 1


@pytest.mark.parametrize("slug", catalogue())
def test_a_formula_that_was_tampered_with_is_found(slug):
    """Another first digit in a result, the last term of a sum left out, the rest of a sum left out."""
    topic, random = catalogue()[slug], Random(f"tampered {slug}")
    probe, tried = probe_of(slug), 0
    for shown in probe.formulas_at(next(iter(topic.presets.values())), random):
        for spoilt in spoiled(shown):
            tried += 1
            with pytest.raises(Wrong):
                check(spoilt, shown.values, shown.where)
    assert tried >= 3


def spoiled(shown: FormulaValues) -> Iterator[str]:
    """The formula with one thing wrong."""
    results = [*re.finditer(r"= -?(\d+)\.\d+(?=,|\\\\|$)", shown.latex)]
    for result in results:
        digit = result[1]
        yield shown.latex[: result.start(1)] + str(int(digit) + 1) + shown.latex[result.end(1) :]
    for rest in re.finditer(r" \+ \\underbrace\{\(?-?([0-9.]+)\)?\}_\{\d+\\,\\cdots\}", shown.latex):
        if float(rest[1]) > 0.01:
            yield shown.latex[: rest.start()] + shown.latex[rest.end() :]
            yield shown.latex[: rest.start()] + r" + \cdots" + shown.latex[rest.end() :]


# ---------------------------------------------------------------- how numbers are written


@pytest.mark.parametrize(("value", "text"), [
    (0.0, "0"), (0.12345, "0.1235"), (-0.12345, "-0.1235"), (12.3456, "12.35"), (0.99999, "1.000"), (3.0318e-5,
     r"3.032 \times 10^{-5}"), (1.4378e-17, r"1.438 \times 10^{-17}"), (0.00012346, "0.0001235"), (12345.6, "12345.6"),
    (2e6, r"2.000 \times 10^{6}"), (float("nan"), r"\text{–}"),
])  # fmt: skip
def test_a_measured_number_keeps_its_digits(value, text):
    assert written(value) == text


def test_numbers_in_sums():
    assert (bracketed(-0.5), bracketed(0.5), added(-2.0), added(2.0)) == ("(-0.500)", "0.500", "- 2.000", "+ 2.000")
    assert (exact(0.03), exact(3.0), exact(1e-5)) == ("0{.}03", "3", r"1 \times 10^{-5}")
    assert rest_of([]) == ""
    assert rest_of([0.1, 0.2]) == r" + \underbrace{0.3000}_{2\,\cdots}"
