"""The rules of engine/script by which a definition is carried, left out or replaced: where each holds, and what is said
or carried where it would not be safe."""

import ast
import inspect
import sys

import numpy as np
import pytest

from engine.contracts.topic import catalogue, load
from engine.pictures.bars.values import Bars
from engine.pictures.links.values import Links
from engine.pictures.matrices.values import Matrices
from engine.pictures.mosaic.values import Mosaic
from engine.pictures.network.values import NetworkDiagram
from engine.pictures.number.values import NumberField
from engine.script import script_for
from engine.script.figure_calls import DRAWN_BY, only_at_home
from engine.script.gather import ONLY_FOR_CROWDS, Gathered
from engine.script.rules import only_checks
from engine.script.script import HEADINGS, WEIGHTS
from engine.script.sources import read, settled
from engine.script.stand_ins import INSTEAD
from tests import made_topics
from tests.experiments import CASES
from tests.made_topics import RETURNED, adding, refusal, run_script

make = made_topics.make  # a fixture

# Pictures made for the home page, which the others of their topic show as well, and more. Before one is added here,
# see that its script has all that the page has; if not, name the figure in `compared` or give the card another cover.
AT_HOME = {("cnn", "mosaic"), ("diffusion", "mosaic"), ("one_stage", "cover")}
CONFIG_LINE = 'view: str = knob("one", "View", "Which experiment.", choices={"one": "One", "two": "Two"})\n'


# ------------------------------------------------------------ all topics, and the tables of the rules


@pytest.mark.parametrize("slug", catalogue())
def test_every_topic_keeps_the_rules(slug):
    """At its defaults and in each of its presets nothing is missing, and only these figures stay at home."""
    topic = catalogue()[slug]
    for config in (topic.config(), *topic.presets.values()):
        ast.parse(script_for(topic, config))
    left_out = {(slug, name) for name in topic.figures if only_at_home(topic, name)}
    assert left_out == {one for one in AT_HOME if one[0] == slug}


def test_the_tables_name_what_there_is():
    """A name that moved would take its rule out of force without a word."""
    for place in (*INSTEAD, *INSTEAD.values(), *ONLY_FOR_CROWDS, *WEIGHTS, *DRAWN_BY, *DRAWN_BY.values()):
        assert settled(place) == place
    for module in HEADINGS:
        assert read(module).blocks


@pytest.mark.parametrize("place", INSTEAD, ids=lambda place: place.name)
def test_stand_ins_take_what_the_engine_takes(place):
    """The same parameters in the same order, but for the folder of weights, which a script does not choose."""
    ours, theirs = (inspect.signature(load(":".join(one))) for one in (INSTEAD[place], place))
    assert list(ours.parameters) == [name for name in theirs.parameters if name != "folder"]


def test_what_stand_ins_leave_out_of_a_class_is_a_check():
    found = 0
    for place in INSTEAD:
        block = read(place.module).blocks[place.name]
        for node in block.node.body if isinstance(block.node, ast.ClassDef) else []:
            if getattr(node, "name", "") == "__post_init__":
                assert only_checks(node, block), place
                found += 1
    assert found == 2


@pytest.mark.parametrize("kind", DRAWN_BY, ids=lambda place: place.name)
def test_what_draws_a_kind_takes_it(kind):
    maker = read(DRAWN_BY[kind].module).blocks[DRAWN_BY[kind].name].node
    assert ast.unparse(maker.args.args[0].annotation).rpartition(".")[2] == kind.name
    assert ast.unparse(maker.returns) == "go.Figure"


@pytest.mark.parametrize("name", ["mlp own weights", "gnn own", "image_classifier upload", "one_stage upload"])
def test_embedded_values_are_those_of_the_config_asked_for(name):
    """Whatever Config a run hands to an embedded function: its value there is the one that the script carries."""
    topic, config = CASES[name]
    gathered = Gathered(topic, config)
    functions = {place: inspect.unwrap(load(":".join(place))) for place in gathered.embedded}
    asked = {function.__code__: [] for function in functions.values()}
    for module in [module for key, module in sys.modules.items() if key.startswith(f"engine.topics.{topic.slug}.")]:
        for made in vars(module).values():
            if hasattr(made, "cache_clear"):
                made.cache_clear()

    def listen(frame, event, _):
        if event == "call" and frame.f_code in asked:
            asked[frame.f_code].append(frame.f_locals[frame.f_code.co_varnames[0]])

    sys.setprofile(listen)
    try:
        load(topic.run)(config)
    finally:
        sys.setprofile(None)
    assert all(asked.values()), f"not asked for: {asked}"
    for place, function in functions.items():
        for given in asked[function.__code__]:
            assert equal(function(given), gathered.embedded[place]), place


def equal(one, other):
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return np.array_equal(one, other)


# ------------------------------------------------------------ carried


def test_a_small_topic_runs_as_a_script(make):
    text, module = run_script(make(), count=5)
    assert module.outcome.values.tolist() == [0, 1, 2, 3, 4]
    assert list(module.shown[1]) == ["numbers"]
    assert "ASSETS" not in text


def test_texts_of_a_card_cannot_end_a_text_of_the_script(make):
    card = {'"""What can be set."""': "'''What \"\"\"can\"\"\" be set: \\\\alpha.'''"}
    topic = make(card=card, title='The "made" up\\', question='Why """so""" \\d?', figures={'the "one"': "draw:draw"})
    _, module = run_script(topic)
    assert module.shown[0] == 'The "made" up\\'
    assert list(module.shown[1]) == ['the "one"']
    assert 'Why """so""" \\d?' in module.__doc__
    assert module.Config.__doc__ == 'What """can""" be set: \\alpha.'


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("TABLE = {}\nTABLE['one'] = 1", "TABLE['one'] = 1"),
        ("TABLE = {}\nTABLE.update(one=1)", "TABLE.update(one=1)"),
        ("TABLE = {}\nfor name in 'ab':\n    TABLE[name] = 1", "for name in 'ab':"),
        ("TABLE = [1]\nTABLE += [2]", "TABLE += [2]"),
        ("class TABLE:\n    pass\n\n\nTABLE.one = 1", "TABLE.one = 1"),
        ("TABLE = {}\ntorch.manual_seed(3)", "torch.manual_seed(3)"),
        ("TABLE = {}\nif torch.cuda.is_available():\n    TABLE = {1: 1}", "if torch.cuda.is_available():"),
        ("TABLE = {1: 1}\nTABLE = frozenset(TABLE)", "defined twice"),
        ("TABLE = {}\n\n\ndef fills():\n    TABLE['one'] = 1", "fills fills it"),
        ("TABLE = []\n\n\ndef marked(function):\n    TABLE.append(function)\n    return function", "marked fills it"),
    ],
)
def test_what_a_module_does_when_it_is_imported_is_said(make, statement, words):
    refusal(make(run=adding(statement, **{RETURNED: f"{RETURNED} + len([TABLE])"})), words)


def test_a_table_that_a_kept_function_fills_is_carried(make):
    more = "TABLE: dict[int, int] = {}\n\n\ndef kept(count):\n    TABLE[count] = 7\n    return TABLE[count]"
    _, module = run_script(make(run=adding(more, **{RETURNED: f"{RETURNED} + kept(1)"})))
    assert module.outcome.values.tolist() == [7, 8, 9]


def test_a_constant_made_by_a_class_stands_below_what_its_methods_use(make):
    """In the engine an import sees to it; in a script the order does."""
    early = "from .walks import helper\n\n\nclass Maker:\n    def __init__(self):\n        self.value = helper()\n"
    files = {
        "start": f'"""Early."""\n\n{early}\n\nMADE = Maker()\n',
        "walks": '"""Late."""\n\n\ndef helper():\n    return VALUE\n\n\nVALUE = 4\n',
    }
    imported = {"from .card import": "from .start import MADE\nfrom .card import"}
    text, module = run_script(make(run={**imported, RETURNED: f"{RETURNED} + MADE.value"}, files=files))
    assert text.index("VALUE = 4") < text.index("MADE = Maker()")
    assert module.outcome.values.tolist() == [4, 5, 6]


def test_an_import_that_a_reader_lacks_is_said(make):
    changes = {"import torch\n": "import torch\nfrom PIL import Image\n", RETURNED: f"{RETURNED} + len(Image.MODES)"}
    refusal(make(run=changes), "needs PIL", "numbers", "embedded")


def test_two_things_under_one_name_are_said(make):
    draw = {"from .run": "from math import pow as relu\n\nfrom .run", "numpy()[None]": "numpy()[None] * relu(1, 1)"}
    run = {"import torch\n": "import torch\nfrom torch import relu\n", RETURNED: f"relu({RETURNED})"}
    refusal(make(run=run, draw=draw), "'relu' is from", "math", "torch", "another name")
    run_script(make(run=run, draw={"from .run": "from torch import relu\n\nfrom .run", ".values.": ".values.relu()."}))


@pytest.mark.parametrize("code", ['globals()["torch"]', 'eval("1")', 'load("engine.data.points:DOMAIN")'])
def test_code_found_by_a_text_is_said(make, code):
    more = "import torch\n\nfrom engine.contracts.topic import load\n"
    refusal(make(run={RETURNED: f"({RETURNED}, {code})[0]", "import torch\n": more}), "finds code by a text", "numbers")


# ------------------------------------------------------------ left out

MODEL = """
class Model(nn.Module):
    \"\"\"A model.\"\"\"

    def {name}(self):
        return 5.0

    def forward(self, x):
        return x + {call}
"""


@pytest.mark.parametrize("name", ["nbytes", "payload", "meta"])
def test_a_method_for_the_pages_is_left_out_where_nothing_mentions_it(make, name):
    changes = adding(MODEL.format(name=name, call="1"), **{RETURNED: f"Model()({RETURNED})"})
    text, module = run_script(make(run=changes))
    assert f"def {name}" not in text
    assert module.outcome.values.tolist() == [1, 2, 3]


@pytest.mark.parametrize("call", ["self.{}()", 'getattr(self, "{}")()', "helper(self)", "super(Model, self).{}()"])
@pytest.mark.parametrize("name", ["nbytes", "payload", "meta"])
def test_a_method_of_that_name_that_something_kept_mentions_is_carried(make, name, call):
    more = MODEL.format(name=name, call=call.format(name)) + f"\n\ndef helper(model):\n    return model.{name}()\n"
    if "super" in call:
        more = more.replace("class Model(nn.Module)", "class Model(Base)")
        more = f"class Base(nn.Module):\n    def {name}(self):\n        return 5.0\n\n\n{more.lstrip()}"
    text, module = run_script(make(run=adding(more, **{RETURNED: f"Model()({RETURNED})"})))
    assert f"def {name}" in text
    assert module.outcome.values.tolist() == [5, 6, 7]


def test_a_carried_method_brings_what_it_uses(make):
    more = MODEL.format(name="meta", call="self.meta()").replace("return 5.0", "return five()")
    more += "\n\ndef five():\n    return Other().payload()\n"
    more += "\n\nclass Other:\n    def payload(self):\n        return 5.0\n"
    _, module = run_script(make(run=adding(more, **{RETURNED: f"Model()({RETURNED})"})))
    assert module.outcome.values.tolist() == [5, 6, 7]


def test_a_method_that_a_base_from_outside_may_call_is_carried(make):
    more = "class Odd(np.ndarray):\n    size_of_all = 1\n\n    @property\n    def nbytes(self):\n        return 3\n"
    numpy = {"import torch\n": "import numpy as np\nimport torch\n"}
    text, _ = run_script(make(run=adding(more, **{RETURNED: f"{RETURNED} + len(Odd((2,)))"}, **numpy)))
    assert "def nbytes" in text


def test_checks_of_pictures_are_told_from_what_makes_them():
    def method(kind):
        block = read(kind.__module__).blocks[kind.__name__]
        return next(one for one in block.node.body if getattr(one, "name", "") == "__post_init__"), block

    for kind in (Bars, NetworkDiagram, Mosaic, Links, Matrices):
        assert only_checks(*method(kind))
    assert not only_checks(*method(NumberField))  # it rounds


@pytest.mark.parametrize(
    "line",
    [
        'object.__setattr__(self, "a", 1)', "self.a = 1", "self.a[0] = 1", "del self.a", 'self.__dict__["a"] = 1',
        "b = self.a.pop()", "self.a.sort()", "np.clip(self.a, 0, 1, out=self.a)", "b = np.abs(self.a, out=self.a)",
        "super().__post_init__()", "self.a += 1", "for self.a in (1, 2): pass", "made(self)",
    ],
)  # fmt: skip
def test_what_may_change_something_is_no_check(line):
    checks = "def __post_init__(self):\n    if self.a is None:\n        raise ValueError\n"
    assert only_checks(ast.parse(checks).body[0])
    assert not only_checks(ast.parse(f"{checks}    {line}").body[0])


def test_rests_for_other_visitors_are_left_out(make):
    imported = {"import torch\n": "import torch\n\nfrom engine.training.fit import breathe\n"}
    line = f"    return {RETURNED}"
    text, _ = run_script(make(run={**imported, line: f"    breathe(config.count)\n{line}"}))
    assert "breathe" not in text
    text, module = run_script(make(run={**imported, RETURNED: f"{RETURNED} + (breathe(1) or 2)"}))
    assert "def breathe" in text
    assert module.outcome.values.tolist() == [2, 3, 4]
    refusal(make(run={**imported, line: f"    breathe(next(iter([1])))\n{line}"}), "next(")
    hollow = f"    for _ in range(3):\n        breathe(1)\n{line}"
    refusal(make(run={**imported, line: hollow}), "left out", "Put another statement there")


def test_imports_within_functions_stand_at_the_top(make):
    line = f"    return {RETURNED}"
    _, module = run_script(make(run={line: f"    import math\n\n{line} + math.floor(1.5)"}))
    assert module.outcome.values.tolist() == [1, 2, 3]
    tried = f"    try:\n        import math\n    except ImportError:\n        pass\n{line} + math.floor(1.5)"
    refusal(make(run={line: tried}), "left out")


# ------------------------------------------------------------ the Config


def test_calls_of_the_config_mean_the_usual_values(make):
    code = f"{RETURNED} + Config().count * 10 + Config(view='two').count"
    _, module = run_script(make(run={RETURNED: code}), count=2)
    assert module.outcome.values.tolist() == [33, 34]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("Config(2).count", "Config(2)"),
        ("Config.count", "Config"),
        ("len([Config])", "Config"),
        ("config.double()", "'double'"),
        ("config.half", "'half'"),
        ("config.LEAST", "'LEAST'"),
        ("len(config.__knobs__)", "'__knobs__'"),
        ("getattr(config, 'half')", "'half'"),
    ],
)
def test_what_of_a_config_a_script_lacks_is_said(make, code, words):
    more = (
        f"{CONFIG_LINE}\n    LEAST = 1\n\n    def double(self):\n        return 2 * self.count\n\n    @property\n"
        "    def half(self):\n        return self.count / 2\n"
    )
    refusal(make(run={RETURNED: f"{RETURNED} + {code}"}, card={CONFIG_LINE: more}), words, "numbers")


# ------------------------------------------------------------ embedded values

EMBEDDED = """
@embedded
def given(config: Config) -> tuple:
    \"\"\"What a script could not make.\"\"\"
    import PIL

    return {value}
"""
WITH_EMBEDDED = {
    "import torch\n": "import numpy as np\nimport torch\n\nfrom engine.contracts.embed import embedded\n"
    "from engine.contracts.words import Words\n"
}


def with_embedded(value, call="given(config)", text=EMBEDDED):
    return adding(text.format(value=value), **WITH_EMBEDDED, **{RETURNED: f"{RETURNED} + len([{call}])"})


@pytest.mark.parametrize(
    "value",
    [
        "(1, 2.5, 'text', None, True, (3,))", "float('inf')", "float('nan')", "np.array([1.5, np.nan, -np.inf])",
        "np.array(2.0)", "np.full((3, 2), np.inf)", "np.arange(500.0)", "np.zeros((0, 3))", "np.array(['a', 'nan'])",
        "np.full((2, 30), np.nan)",
    ],
)  # fmt: skip
def test_an_embedded_value_comes_back(make, value):
    topic = make(run=with_embedded(value))
    text, module = run_script(topic)
    assert "PIL" not in text
    ours, theirs = load(f"{topic.run.partition(':')[0]}:given")(topic.config()), module.given(module.CONFIG)
    np.testing.assert_equal(theirs, ours)
    assert type(theirs) is type(ours)


def test_a_value_that_only_a_figure_needs_is_carried(make):
    draw = {
        "from .run import Result": "from .card import Config\nfrom .run import Result, given",
        "numpy()[None]": "numpy()[None] * given(Config(view='one'))[0][0]",
    }
    text, _ = run_script(make(run=with_embedded("(np.arange(500.0),)", call="1"), draw=draw))
    assert "unpacked(PACKED_1" in text


@pytest.mark.parametrize(
    "value", ["Words('{n} nodes', n=3)", "[1, 2]", "{1: 2}", "np.float64(1)", "torch.zeros(3)", "np.array([None])"]
)
def test_a_value_that_cannot_be_written_down_is_said(make, value):
    refusal(make(run=with_embedded(value)), "given", "cannot be written down", "arrays, numbers, texts")


@pytest.mark.parametrize(
    "call",
    ["given(Config())", "given(replace(config, count=1))", "list(map(given, [config]))", "given(config=config)"],
)
def test_an_embedded_function_of_another_config_is_said(make, call):
    changes = with_embedded("1", call=call)
    changes["import torch\n"] = f"from dataclasses import replace\n{changes['import torch' + chr(10)]}"
    refusal(make(run=changes), "given is embedded", "handed on")


def test_what_is_marked_elsewhere_is_said(make):
    method = "\nclass Made:\n    @embedded\n    def given(self):\n        return {value}\n"
    refusal(make(run=with_embedded("1", call="Made().given()", text=method)), "Made", "marked embedded within it")
    two = EMBEDDED.replace("(config: Config)", "(config: Config, more=1)")
    refusal(make(run=with_embedded("1", text=two)), "takes 2 arguments")
