"""Nodes and their neighbours: lines with a colon as people type them, and dictionaries as Python and JSON write."""

import json
import pprint

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contracts.knob import KnobError
from engine.data.graph_texts.content import Choices
from engine.data.graph_texts.reading import read_graph
from tests.data.test_graph_formats import LOOSE, expected, graphs, in_names


def edges(text, **choices):
    """The edges by name, in the order in which they are read."""
    found = read_graph(text, Choices(**choices))
    return [(found.names[one], found.names[other]) for one, other in found.edges]


def said(text, **choices):
    return " ".join(map(str, read_graph(text, Choices(**choices)).remarks))


# ---------------------------------------------------------------- a colon: neighbours, classes, or a part of a name

SEVEN = [frozenset(pair) for pair in ("AB", "AC", "AD", "BC", "BE", "DE", "DF")]


@pytest.mark.parametrize("colon", [": ", ":", "：", ":\t", " : "])
@pytest.mark.parametrize("separator", [", ", ",", "; ", "；", "，", " ", "\t", "  "])
def test_a_node_a_colon_and_its_neighbours_are_read_whatever_parts_them(colon, separator):
    lists = {"A": "BCD", "B": "CE", "D": "EF"}
    text = "\n".join(node + colon + separator.join(others) for node, others in lists.items())
    assert [frozenset(pair) for pair in edges(text)] == SEVEN
    assert [frozenset(pair) for pair in edges(text, lines="neighbours")] == SEVEN
    assert read_graph(text).classes == ()
    assert "a node and its neighbours, since “B” stands before a colon and after one" in said(text)
    assert read_graph(text).by_lines  # so the reader can choose otherwise


@pytest.mark.parametrize(
    ("text", "pairs", "count"),
    [
        ("A: B C D\nB: A C", "AB AC AD BC", 4),
        ("A: B\nB: C\nC: A", "AB BC AC", 3),  # as classes they would give no edge
        ("A: B\nB:\nC", "AB", 3),
        ("A: B, C,\nB: C,", "AB AC BC", 3),
        ("A: [B, C]\nB: [C]\nC: []", "AB AC BC", 3),  # YAML
        ("# a comment\nA: B, C\nB: C", "AB AC BC", 3),
        ("H: a, b, c", "Ha Hb Hc", 4),  # an edge has two names
        ("H: a, b\nI: c", "Ha Hb Ic", 5),
    ],
)
def test_lists_of_neighbours_are_known_by_what_a_table_could_not_be(text, pairs, count):
    assert ["".join(edge) for edge in edges(text)] == pairs.split()
    assert len(read_graph(text).names) == count
    assert "Every line is read as a node and its neighbours, since" in said(text)


def test_names_with_spaces_and_quotes_stand_before_a_colon_too():
    text = '"Lee, Ann": Bob Ray, Cem\nBob Ray: Cem, "Lee, Ann"'
    assert edges(text) == [("Lee, Ann", "Bob Ray"), ("Lee, Ann", "Cem"), ("Bob Ray", "Cem")]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("GO:1: GO:2, GO:3\nGO:2: GO:3", [("GO:1", "GO:2"), ("GO:1", "GO:3"), ("GO:2", "GO:3")]),
        ("http://a.io: b, c\nb: c", [("http://a.io", "b"), ("http://a.io", "c"), ("b", "c")]),
        ("10:30: 10:31 10:32\n10:31: 10:32", [("10:30", "10:31"), ("10:30", "10:32"), ("10:31", "10:32")]),
        ("A: (B, C)\nB: (C,)", [("A", "B"), ("A", "C"), ("B", "C")]),
    ],
)
def test_names_of_lists_may_have_colons_where_space_follows_the_one_that_counts(text, pairs):
    assert edges(text) == pairs
    assert edges(text, lines="neighbours") == pairs


@given(st.dictionaries(st.sampled_from("abcdefg"), st.lists(st.sampled_from("abcdefghk"), max_size=5, unique=True)),
       st.sampled_from([", ", "; ", " ", "\t"]))  # fmt: skip
def test_lists_of_neighbours_mean_what_networkx_makes_of_them(lists, between):
    oracle = nx.from_dict_of_lists(lists)
    oracle.remove_edges_from(list(nx.selfloop_edges(oracle)))
    text = "\n".join(f"{node}: {between.join(names)}" for node, names in lists.items())
    if oracle.number_of_edges() and any(set(names) & set(lists) for names in lists.values()):
        assert set(read_graph(text).names) == set(oracle)
        assert {frozenset(pair) for pair in edges(text)} == {frozenset(pair) for pair in oracle.edges()}


def test_names_with_a_colon_stay_edges_and_the_other_reading_is_offered():
    text = "Alien: Covenant,Ian Holm\nRocky: Part Two,Carl Weathers"
    assert edges(text) == [("Alien: Covenant", "Ian Holm"), ("Rocky: Part Two", "Carl Weathers")]
    assert "Names have a colon in them. If a line is a node and its neighbours, choose that." in said(text)
    assert len(edges(text, lines="neighbours")) == 4
    weighed = "a: b, c, 2.5\nd: e, f, 1"
    assert edges(weighed) == [("a: b", "c"), ("d: e", "f")]
    chosen = "A: B, C, D\nB: C, E\nD: E, F"
    assert edges(chosen, lines="edge") == [("A: B", "C"), ("B: C", "E"), ("D: E", "F")]
    assert edges("A: B, C\nB: C, E", first="edge") == [("A: B", "C"), ("B: C", "E")]


def test_classes_stay_classes_beside_edges_and_alone_are_no_graph():
    beside = read_graph("Ada, Bob\nBob, Cem\nAda: Bob\nCem: left club")
    assert beside.edges == ((0, 1), (1, 2))
    assert beside.classes == ("Bob", "left club")
    for text in ("Ada: chess\nBob: music", "Ada: left club\nBob: right club"):
        with pytest.raises(KnobError, match=r"every line here is “node: class”\. Where a line is a node"):
            read_graph(text)


# ---------------------------------------------------------------- dictionaries

DICTIONARIES = {  # how a dictionary of neighbours is written -> networkx's own reader of it
    "lists": (nx.to_dict_of_lists, nx.from_dict_of_lists),
    "dictionaries": (nx.to_dict_of_dicts, nx.from_dict_of_dicts),
    "numbers": (lambda graph: nx.to_dict_of_dicts(graph, edge_data=1), nx.from_dict_of_lists),
    "sets": (lambda graph: {node: set(graph[node]) for node in graph}, nx.from_dict_of_lists),
    "tuples": (lambda graph: {node: tuple(graph[node]) for node in graph}, nx.from_dict_of_lists),
}


@pytest.mark.parametrize("kind", DICTIONARIES)
@pytest.mark.parametrize("how", [repr, pprint.pformat])
@given(data=st.data())
@settings(max_examples=40)
def test_dictionaries_of_neighbours_are_what_networkx_makes_of_them(kind, how, data):
    graph = data.draw(graphs(LOOSE, directed=data.draw(st.booleans())))
    make, oracle = DICTIONARIES[kind]
    found = read_graph(how(make(graph)))
    assert in_names(found) == expected(oracle(make(graph)))
    assert not found.by_lines


@pytest.mark.parametrize("kind", ["lists", "dictionaries", "numbers"])
@given(data=st.data())
@settings(max_examples=40)
def test_dictionaries_of_neighbours_as_json(kind, data):
    graph = data.draw(graphs(LOOSE))
    make, oracle = DICTIONARIES[kind]
    made = make(graph)
    for text in (json.dumps(made), json.dumps(made, indent=2, ensure_ascii=False)):
        assert in_names(read_graph(text)) == expected(oracle(made))


def test_dictionaries_as_programs_name_them():
    wanted = {frozenset("AB"), frozenset("AC"), frozenset("BC")}
    for text in (
        "{'A': ['B', 'C'], 'B': ['C']}", '{"A": ["B", "C"], "B": ["C"]}', 
        "graph = {\n  'A': ['B', 'C'],\n  'B': ['C'],\n}",
        "defaultdict(<class 'list'>, {'A': ['B', 'C'], 'B': ['C']})", "{'A': {'B', 'C'}, 'B': {'C'}, 'C': set()}",
        "AdjacencyView({'A': {'B': {}, 'C': {'weight': 2, 'why': \"it's {[\"}}, 'B': {'C': {}}})",
        "{'A': frozenset({'B', 'C'}), 'B': {'C': None}}", "{'A': ('B', 'C'), 'B': ('C',)}",
        "{'A': {'B': {0: {}, 1: {}}, 'C': {0: {}}}, 'B': {'C': {0: {}}}}",
    ):  # fmt: skip
        assert in_names(read_graph(text)) == ({"A", "B", "C"}, wanted), text
        assert ("Edges with data, which are not used: 1." in map(str, read_graph(text).remarks)) == (
            "weight" in text or "None" in text
        )
    assert read_graph('{"nodes": ["graph"], "a": ["nodes"]}').names == ("nodes", "graph", "a")
    signs = nx.Graph([("😀", "😁"), ("😁", "é\t/\\")])  # json.dumps writes signs beyond 16 bits in two halves
    for made in (nx.to_dict_of_lists(signs), list(signs.edges())):
        assert read_graph(json.dumps(made)).names == ("😀", "😁", "é /\\")
        assert read_graph(repr(made)).names == ("😀", "😁", "é /\\")
    grid = nx.grid_2d_graph(2, 3)
    assert in_names(read_graph(repr(nx.to_dict_of_lists(grid)))) == expected(grid)
    assert read_graph("{np.int64(0): [np.int64(1)]}").names == ("0", "1")
