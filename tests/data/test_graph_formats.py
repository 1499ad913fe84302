"""Own graphs as programs write them: each program's own writer, or its documented output, is the oracle."""

import io
import json

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contracts.knob import KnobError
from engine.data.graph_texts.content import Choices
from engine.data.graph_texts.keys import check_key, choices_of, key_of
from engine.data.graph_texts.reading import read_graph
from engine.data.graph_texts.separators import ARROW

WORDS = "abcdefghijkmnpqrstuvwxyzABCÄéß艾鲍-_.!?&@~^|/\\"
LOOSE = WORDS + " ,;:'\"()[]{}<>=$*"


def in_names(graph):
    """(names, edges by name) of what was read."""
    return set(graph.names), {frozenset((graph.names[one], graph.names[other])) for one, other in graph.edges}


def expected(graph, alone=True):
    """(names, edges by name) of a networkx graph: without directions, loops and repetitions."""
    pairs = {frozenset(map(str, edge)) for edge in graph.edges() if edge[0] != edge[1]}
    if alone:
        return {str(node) for node in graph}, pairs
    return {str(end) for edge in graph.edges() for end in edge}, pairs


def name_of(letters):
    def plain(text):
        paired = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
        return text == text.strip() and text[0] not in "#%" and not paired and not text.endswith(":")

    return st.text(letters, min_size=1, max_size=8).filter(plain)


@st.composite
def graphs(draw, letters=WORDS, directed=False, multi=False):
    """A random graph with names of such letters, or with whole numbers; loops and, where asked, repeated edges."""
    names = draw(st.one_of(
        st.lists(name_of(letters), min_size=2, max_size=9, unique=True),
        st.integers(2, 9).map(lambda count: list(range(count))),
    ))  # fmt: skip
    node = st.sampled_from(names)
    kind = {(False, False): nx.Graph, (True, False): nx.DiGraph, (False, True): nx.MultiGraph,
            (True, True): nx.MultiDiGraph}[directed, multi]  # fmt: skip
    graph = kind()
    graph.add_nodes_from(names)
    for one, other in draw(st.lists(st.tuples(node, node), min_size=1, max_size=14)):
        graph.add_edge(one, other, weight=draw(st.sampled_from([1, 0.5, 2.25])))
    graph.add_edge(*names[:2], weight=1)
    return graph


def written(write, graph, **more):
    file = io.BytesIO()
    write(graph, file, **more)
    return file.getvalue().decode()


LISTS = {
    "edge list": lambda graph: "\n".join(nx.generate_edgelist(graph)),
    "edge list without data": lambda graph: "\n".join(nx.generate_edgelist(graph, data=False)),
    "edge list by tabs": lambda graph: "\n".join(nx.generate_edgelist(graph, "\t", data=False)),
    "edge list by commas": lambda graph: "\n".join(nx.generate_edgelist(graph, ",", data=False)),
    "weighted edge list": lambda graph: written(nx.write_weighted_edgelist, graph),
}
WHOLE = {
    "adjacency list": lambda graph: written(nx.write_adjlist, graph),
    "multiline adjacency list": lambda graph: written(nx.write_multiline_adjlist, graph),
    "Pajek": lambda graph: "\n".join(nx.generate_pajek(graph)),
}
MARKED = {
    "GraphML": lambda graph: "\n".join(nx.generate_graphml(graph)),
    "GML": lambda graph: "\n".join(nx.generate_gml(graph)),
    "GEXF": lambda graph: "\n".join(nx.generate_gexf(graph)),
    "JSON": lambda graph: json.dumps(nx.node_link_data(graph)),
}
PRINTED = {
    "edges": lambda graph: repr(graph.edges),
    "list": lambda graph: repr(list(graph.edges())),
    "with data": lambda graph: repr(graph.edges(data=True)),
    "with weights": lambda graph: repr(list(graph.edges(data="weight"))),
    "line by line": lambda graph: "\n".join(map(repr, graph.edges())),
    "JSON lists": lambda graph: json.dumps([list(map(str, edge)) for edge in graph.edges()]),
}


@pytest.mark.parametrize("format", LISTS)
@given(graph=graphs(WORDS))
@settings(max_examples=60)
def test_networkx_edge_lists(format, graph):
    if graph.number_of_edges() == nx.number_of_selfloops(graph):
        return
    if format == "weighted edge list" and any(ARROW.fullmatch(str(name)) for name in graph.nodes):
        return  # "? - 1" may be an edge from ? to 1, too
    assert in_names(read_graph(LISTS[format](graph))) == expected(graph, alone=False)


@pytest.mark.parametrize("format", WHOLE)
@given(graph=graphs(WORDS, directed=True, multi=True))
@settings(max_examples=60)
def test_networkx_formats_that_name_every_node(format, graph):
    graph = nx.DiGraph(graph) if format == "Pajek" else graph
    text = WHOLE[format](graph)
    assert in_names(read_graph(text)) == expected(graph)


@pytest.mark.parametrize("format", MARKED)
@pytest.mark.parametrize("directed", [False, True])
@given(data=st.data())
@settings(max_examples=60)
def test_networkx_marked_up_formats_take_any_name(format, directed, data):
    graph = data.draw(graphs(LOOSE, directed=directed, multi=data.draw(st.booleans())))
    found = read_graph(MARKED[format](graph))
    assert in_names(found) == expected(graph)
    told = "Edges have a direction there; here they have none." in map(str, found.remarks)
    assert told == directed


@pytest.mark.parametrize("format", PRINTED)
@given(graph=graphs(LOOSE))
@settings(max_examples=60)
def test_printed_edges(format, graph):
    assert in_names(read_graph(PRINTED[format](graph))) == expected(graph, alone=False)


def test_a_grid_has_pairs_for_nodes_and_prints_so():
    grid = nx.grid_2d_graph(3, 4)
    found = read_graph(repr(list(grid.edges())))
    assert in_names(found) == expected(grid)
    assert read_graph("[(np.int64(0), np.int64(1)), (np.str_('x'), np.int64(0))]").names == ("0", "1", "x")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("index", [False, True])
@given(graph=graphs(LOOSE))
@settings(max_examples=60)
def test_pandas_tables(separator, index, graph):
    frame = nx.to_pandas_edgelist(graph)
    text = frame.to_csv(sep=separator, index=index)
    found, refused = None, ""
    try:
        found = read_graph(text)
    except KnobError as error:
        refused = str(error)
    if found is None:  # a name may look like "node: class", or hold other separators evenly
        assert "can be" in refused
    else:
        assert in_names(found) == expected(graph, alone=False)
        assert "Columns not used: " in " ".join(map(str, found.remarks))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@given(graph=graphs(WORDS))
@settings(max_examples=60)
def test_pandas_tables_of_ordinary_names_are_always_read(separator, graph):
    text = nx.to_pandas_edgelist(graph).to_csv(sep=separator)
    assert in_names(read_graph(text)) == expected(graph, alone=False)


@pytest.mark.parametrize("quoting", [0, 1])
def test_a_decimal_comma_of_a_german_table(quoting):
    frame = pd.DataFrame({"source": ["Jörg", "Änne"], "target": ["Änne", "Uwe"], "weight": [0.5, 1.25]})
    found = read_graph(frame.to_csv(sep=";", decimal=",", index=False, quoting=quoting))
    assert in_names(found) == ({"Jörg", "Änne", "Uwe"}, {frozenset({"Jörg", "Änne"}), frozenset({"Änne", "Uwe"})})


@given(st.integers(2, 12), st.integers(0, 2**32 - 1), st.sampled_from(["pattern", "real", "integer", "complex"]),
       st.booleans())  # fmt: skip
def test_matrix_market(count, seed, field, symmetric):
    random = np.random.default_rng(seed)
    matrix = np.triu(random.random((count, count)) < 0.4) * random.integers(1, 5, (count, count))
    matrix[0, 1] = 1
    matrix = matrix + matrix.T if symmetric else matrix
    file = io.BytesIO()
    values = {"complex": matrix * (1 + 0.5j), "real": matrix * 1.5}.get(field, matrix)
    scipy.io.mmwrite(
        file, scipy.sparse.coo_array(values), field=field, symmetry="symmetric" if symmetric else "general"
    )
    text = file.getvalue().decode()
    oracle = scipy.io.mmread(io.BytesIO(file.getvalue())).toarray()
    graph = nx.from_numpy_array((oracle != 0) | (oracle != 0).T)
    graph = nx.relabel_nodes(graph, {node: node + 1 for node in graph})
    found = read_graph(text)
    assert in_names(found) == expected(graph)
    assert symmetric != ("Edges have a direction there; here they have none." in map(str, found.remarks))


# ---------------------------------------------------------------- as their documentation shows them

SAMPLES = {
    "SNAP": (
        "# Directed graph (each unordered pair of nodes is saved once): Wiki-Vote.txt\n# Nodes: 3 Edges: 2\n"
        "# FromNodeId\tToNodeId\n30\t1412\n30\t3352\n", [("30", "1412"), ("30", "3352")]),
    "KONECT": ("% asym unweighted\n% 2 3 3\n1 2\n2 3\n", [("1", "2"), ("2", "3")]),
    "Gephi table": (
        "Source,Target,Type,Id,Label,timeset,Weight\n0,1,Undirected,0,,,1.0\n1,2,Undirected,1,,,8.0\n",
        [("0", "1"), ("1", "2")]),
    "Gephi semicolons": ("Source;Target;Type;Weight\nÄnne;Uwe;Directed;1,0\n", [("Änne", "Uwe")]),
    "igraph edge list": ("0 1\n0 2\n2 1\n", [("0", "1"), ("0", "2"), ("1", "2")]),
    "igraph NCOL": ("Ann Bob\nBob Cy 1.5\n", [("Ann", "Bob"), ("Bob", "Cy")]),
    "igraph LGL": ("# Ann\nBob\nCy\n# Bob\nCy\n# Dee\n", [("Ann", "Bob"), ("Ann", "Cy"), ("Bob", "Cy")]),
    "igraph LGL with weights": ("# Ann\nBob 0.5\n# Bob\nCy 1.25\n", [("Ann", "Bob"), ("Bob", "Cy")]),
    "igraph GraphML": (
        '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
        '<key id="v_name" for="node" attr.name="name" attr.type="string"/>\n<graph id="G" edgedefault="undirected">\n'
        '<node id="n0"><data key="v_name">Ann</data></node>\n<node id="n1"><data key="v_name">Bob</data></node>\n'
        '<edge source="n0" target="n1"/>\n</graph>\n</graphml>', [("Ann", "Bob")]),
    "igraph GML": (
        'Creator "igraph version 0.10.8 Mon Jan  1 00:00:00 2024"\nVersion 1\ngraph\n[\n  directed 0\n  node\n  [\n'
        '    id 0\n    name "Ann"\n  ]\n  node\n  [\n    id 1\n    name "Bob"\n  ]\n  edge\n  [\n    source 1\n'
        "    target 0\n  ]\n]\n", [("Ann", "Bob")]),
    "Pajek by hand": (
        '*Network small\n% a comment\n*Vertices 3\n1 "Ann Lee" 0.1 0.2 0.5\n2 Bob\n*Arcs :1 "knows"\n1 2 1\n*Edges\n'
        "2 3\n*Arcslist\n3 1 2\n", [("Ann Lee", "Bob"), ("Bob", "3"), ("3", "Ann Lee")]),
    "Pajek matrix": ("*Vertices 3\n*Matrix\n0 1 0\n1 0 2\n0 2 0\n", [("1", "2"), ("2", "3")]),
    "D3": ('{"nodes": [{"id": "a", "group": 1}, {"id": "b", "group": 2}, {"id": "c", "group": 2}], "links": '
           '[{"source": "a", "target": "b", "value": 1}, {"source": "b", "target": "c"}]}', [("a", "b"), ("b", "c")]),
}  # fmt: skip


@pytest.mark.parametrize("format", SAMPLES)
def test_documented_samples(format):
    text, pairs = SAMPLES[format]
    assert in_names(read_graph(text))[1] == {frozenset(pair) for pair in pairs}
    assert in_names(read_graph(text.replace("\n", "\r\n")))[1] == {frozenset(pair) for pair in pairs}


def test_names_come_from_an_attribute_that_most_nodes_have():
    graph = nx.Graph([("n0", "n1"), ("n1", "n2")])
    nx.set_node_attributes(graph, {"n0": "Zoë", "n1": "王伟"}, "label")
    found = read_graph("\n".join(nx.generate_graphml(graph)))
    assert found.names == ("Zoë", "王伟", "n2")
    assert found.classes == ()
    nx.set_node_attributes(graph, {"n0": "x", "n1": "y", "n2": "x"}, "label")
    found = read_graph("\n".join(nx.generate_graphml(graph)))
    assert (found.names, found.classes) == (("n0", "n1", "n2"), ("x", "y"))


def test_classes_come_from_an_attribute_and_that_is_said():
    club = nx.karate_club_graph()
    for format in ("GraphML", "GML", "GEXF", "JSON"):
        found = read_graph(MARKED[format](club))
        assert [found.classes[label] for label in found.labels] == [
            club.nodes[int(name)]["club"] for name in found.names
        ]
        assert "Classes from the nodes' attribute “club”." in map(str, found.remarks)
    many = nx.path_graph(20)
    nx.set_node_attributes(many, {node: node // 2 for node in many}, "group")
    found = read_graph(MARKED["GraphML"](many))
    assert found.classes == ()
    assert "Attribute “group” has 10 values, more than 8 classes: not used." in map(str, found.remarks)


def test_the_attribute_of_the_classes_can_be_chosen_and_the_choice_travels():
    club = nx.karate_club_graph()
    nx.set_node_attributes(club, {node: f"third {node % 3}" for node in club}, "part")
    nx.set_node_attributes(club, {node: node for node in club}, "many")
    for format in ("GraphML", "GML", "GEXF", "JSON"):
        text = MARKED[format](club)
        found = read_graph(text)
        assert found.attributes == ("club", "part")  # the one that is called so first; "many" has too many values
        assert not found.by_lines
        chosen = read_graph(text, Choices(classes="2"))
        assert [chosen.classes[label] for label in chosen.labels] == [f"third {int(name) % 3}" for name in chosen.names]
        assert "Classes from the nodes' attribute “part”." in map(str, chosen.remarks)
        assert read_graph(text, Choices(classes="none")).classes == ()
        assert read_graph(text, Choices(classes="1")) == found
        assert read_graph(text, Choices(classes="6")) == found  # this file has no sixth
        for graph in (chosen, read_graph(text, Choices(classes="none"))):
            assert (graph.names, graph.edges, graph.attributes) == (found.names, found.edges, found.attributes)
    small = MARKED["JSON"](nx.Graph([("a", "b"), ("b", "c")]))
    assert read_graph(small).attributes == ()
    for value in ("none", "1", "2", "3", "4", "5", "6"):
        key = key_of(small, Choices(classes=value))
        check_key(key)
        assert choices_of(key) == Choices(classes=value)


# ---------------------------------------------------------------- refused

SPARSE = "%%MatrixMarket matrix coordinate"
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]><graphml><graph>'
    '<node id="&lol2;"/></graph></graphml>'
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "without a document type"),
        ('<graphml><graph edgedefault="undirected"><node id="&x;"/></graph></graphml>', "Line 1: expected XML"),
        ("<?xml version='1.0'?>\n<graphml>\n<graph>\n</graphml>", "Line 4: expected XML, got “</graphml>”"),
        ("<?xml version='1.0'?><html/>", "of the kind GraphML or GEXF, got “html”"),
        ("<graphml>" + 2 * "<graph edgedefault='directed'/>" + "</graphml>", "a file with one graph, got 2"),
        ("<graphml>" + "<x>" * 100_000, "nested too deeply"),
        ("<graphml><graph edgedefault='directed'><node id='a'/></graph></graphml>", "at least one edge"),
        ("graph [\n  node [ id 0 ]\n  edge [ source 0 target 7 ]\n]", "this GML cannot be read: .*undefined target 7"),
        ("graph [\n  node [ id 0 ]\n  !\n]", "Line 3: expected GML, got “!”"),
        ("*Vertices 2\n1 a\n2 a\n*Edges\n1 2", "names that differ"),
        ("*Vertices 2\n*Edges 5\n1 3", "Line 3: expected numbers of two vertices, from 1 to 2, got “1 3”"),
        ("*Vertices 2\nx y\n", "Line 2: expected a vertex such as 1 \"Ann\", got “x y”"),
        ("*Vertices 5 3\n*Edges\n1 4", "Line 1: expected the number of vertices"),
        ("*Vertices 2\n*Partition x\n1", "Line 2: expected the section Arcs, Edges"),
        ("*Vertices 999999999\n*Edges\n1 2", "at most 2000 nodes"),
        ("%%MatrixMarket matrix array real general\n2 2\n1\n0\n0\n1\n", "a sparse matrix, got “%%MatrixMarket"),
        (f"{SPARSE} pattern general\n3 2 1\n1 2\n", "Line 2: expected a square matrix, got “3 2 1”"),
        (f"{SPARSE} pattern general\n3 3 2\n1 2\n", "Line 2: expected 2 entries, as it says, got 1"),
        (f"{SPARSE} real general\n3 3 1\n1 4 1\n", "Line 3: expected row, column and value"),
        ('{"nodes": [{"id": 1}], "links": [{"source": 1, "target": 2}]}', "no node “2”"),
        ('{"nodes": [{"id": 1}],\n "links": [}', "Line 2: expected JSON, got “\"links\": \\[}”"),
        ('{"nodes": [1, 2], "links": []}', "nodes that have an id"),
        ("{'A': ['B' 'C']}", r"Line 1: expected a node and its neighbours such as 'a': \['b', 'c'\], got “'C'\]}”"),
        ("{'A': ['B'],\n 'B': 3}", r"Line 2: expected a node and its neighbours such as .*, got “3}”"),
        ("{'A': ['B'],\n 'B': ['A']", r"Line 2: expected a node and its neighbours such as .*, got “”"),
        ("{'A': ['B']} and more", "Line 1: expected a node and its neighbours such as .*, got “and more”"),
        ('{"edges": [["a", "b"], ["b", "c"]]}', "Line 1: expected a node and its neighbours such as"),
        ("{'A': {'B': ['C']}}", r"expected a node and its neighbours such as .*, got “\['C'\]}}”"),
        ("{'A': []}", "at least one edge"),
        ("{'A': 'B'}", "Line 1: expected a node and its neighbours such as .*, got “'B'}”"),
        ("{'A': ['B'],\n'B': ['']}", "Line 2: expected names of letters that can be seen, got an empty one"),
        ("[('a', 'b'),\n('', 'a')]", "Line 2: expected names of letters that can be seen, got an empty one"),
        ('{"nodes": [{"id": ""}, {"id": 1}], "links": []}', "names of letters that can be seen, got an empty one"),
        ("# GMT today\na 2\nb {}\n", "the file ends before"),
        ("# GMT today\na 1\nb {}\nc d {}\n", "Line 4: expected a node and its number of neighbours, got “c d {}”"),
    ],
)  # fmt: skip
def test_what_a_format_does_not_allow_is_refused(text, says):
    with pytest.raises(KnobError, match=says):
        read_graph(text)


def test_too_large_a_file_is_refused_before_it_is_read_through():
    path = nx.path_graph(2001)
    for format in ("GraphML", "GML", "GEXF", "JSON", "Pajek"):
        with pytest.raises(KnobError, match="at most 2000 nodes"):
            read_graph({**MARKED, **WHOLE}[format](path))
    full = nx.complete_graph(202)
    with pytest.raises(KnobError, match="at most 20000 edges"):
        read_graph(MARKED["GML"](full))
    assert Choices().letters == ""
