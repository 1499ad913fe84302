"""Own graphs as people type them: right, or a sentence; how they were read is said; keys for links."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contracts.knob import KnobError
from engine.data.graph_texts import keys
from engine.data.graph_texts.content import LETTERS, Choices
from engine.data.graph_texts.keys import check_key, choices_of, key_of, text_of
from engine.data.graph_texts.reading import decode_text, read_graph
from tests.patience import patience


def edges(text, **choices):
    """The edges by name, in the order in which they are read."""
    found = read_graph(text, Choices(**choices))
    return [(found.names[one], found.names[other]) for one, other in found.edges]


def said(text, **choices):
    return " ".join(map(str, read_graph(text, Choices(**choices)).remarks))


# ---------------------------------------------------------------- as people type


def test_an_edge_list_is_read_as_people_write_it():
    text = (
        "\ufeffsource,target,weight\n# friends\nAda, Bob, 2.5\nBob;Cem\n\nCem\tAda\nAda Bob\nCem Cem\n\"Dora\",'Cem'\n"
    )
    text += "Ada: red\nEli：蓝\n艾，鲍勃\n"
    found = read_graph(text)
    assert found.names == ("Ada", "Bob", "Cem", "Dora", "Eli", "艾", "鲍勃")
    assert found.edges == ((0, 1), (1, 2), (0, 2), (2, 3), (5, 6))
    assert (found.labels, found.classes) == ((0, -1, -1, -1, 1, -1, -1), ("red", "蓝"))
    assert said("a b\nb a\na b\nc c\nc a 2.5\n") == (
        "Names are parted by spaces. Weights in a third column, not used: 1. Repeated edges, left out: 1. "
        "Edges given in both directions, taken once: 1. Edges from a node to itself, left out: 1."
    )


OLD = {  # texts that links carry already, with the graphs that they have always meant
    "Ada, Bob\nBob, Cem\nCem, Ada\nCem, Dora\nDora, Eli\nEli, Fay\nFay, Dora\nAda: chess\nFay: music": (
        "Ada Bob, Bob Cem, Ada Cem, Cem Dora, Dora Eli, Eli Fay, Dora Fay", {"Ada": "chess", "Fay": "music"}),
    "a b\nb c\nc d\na: left\nd: right": ("a b, b c, c d", {"a": "left", "d": "right"}),
    "a:left club\na b\nb:right\n": ("a b", {"a": "left club", "b": "right"}),
    "Zoë, Bob\nBob, 陈\n陈, Zoë\nBob: x\n陈: y": ("Zoë Bob, Bob 陈, Zoë 陈", {"Bob": "x", "陈": "y"}),
    "source,target\n1,2\n2,3": ("1 2, 2 3", {}),
    "from to weight\nx y 1\ny z 2e-3": ("x y, y z", {}),
    "# a comment\n% another\n1\t2\n2\t3\n": ("1 2, 2 3", {}),
    "'a', \"b\"\nb;c\nc\ta\nd a": ("a b, b c, a c, a d", {}),
    "u,v\nv,w": ("u v, v w", {}),
}  # fmt: skip


@pytest.mark.parametrize("text", OLD)
def test_links_from_before_mean_the_same_graph(text):
    found = read_graph(text)
    pairs, classes = OLD[text]
    assert sorted(" ".join((found.names[one], found.names[other])) for one, other in found.edges) == sorted(
        pairs.split(", ")
    )
    assert classes == {
        name: found.classes[label] for name, label in zip(found.names, found.labels, strict=True) if label >= 0
    }
    assert choices_of(key_of(text)) == Choices()


WRONG_BEFORE = {
    "http://a.io Bob\nBob Cy": [("http://a.io", "Bob"), ("Bob", "Cy")],
    "Source;Target;Weight\nAnn;Bob;0,5": [("Ann", "Bob")],
    "Ann;Bob;0,5\nBob;Cy;1": [("Ann", "Bob"), ("Bob", "Cy")],
    "id_1,id_2\n1,2\n2,3": [("1", "2"), ("2", "3")],
    "('a', 'b')\n('b', 'c')": [("a", "b"), ("b", "c")],
    '"10:30" Bob\n"10:31" Bob': [("10:30", "Bob"), ("Bob", "10:31")],
    "# hi\na,b\nb,c": [("a", "b"), ("b", "c")],
    "Star Wars: A New Hope,Harrison Ford\nAlien,Ian Holm": [
        ("Star Wars: A New Hope", "Harrison Ford"), ("Alien", "Ian Holm")],
    '"Lee, Ann",Bob\nBob,"O\'Hara ""X"""': [("Lee, Ann", "Bob"), ("Bob", 'O\'Hara "X"')],
    "'tHooft, O'\nO', 5\" disc": [("'tHooft", "O'"), ("O'", '5" disc')],
    ",source,target\n0,a,b\n1,b,c": [("a", "b"), ("b", "c")],
    "\tsource\ttarget\n0\ta\tb\n1\tb\tc": [("a", "b"), ("b", "c")],
    ",0,1\n0,a,b\n1,b,c": [("a", "b"), ("b", "c")],
    "weight,target,source\n1,b,a": [("a", "b")],
    "a {z}\n{z} b": [("a", "{z}"), ("{z}", "b")],
    "a b {'weight': 1}\nb c {}": [("a", "b"), ("b", "c")],
    "Ann\u00a0Lee, Bob": [("Ann Lee", "Bob")],
    "0 -> 1\n1 -> 2\n2 -> 0": [("0", "1"), ("1", "2"), ("2", "0")],
    "1 -- 2\n2 -- 3": [("1", "2"), ("2", "3")],
    "1 - 2\n2 - 3": [("1", "2"), ("2", "3")],
    "Ada → Bob 0.5\nBob → Cy 1": [("Ada", "Bob"), ("Bob", "Cy")],
    '"New York" Boston\nBoston "San José"': [("New York", "Boston"), ("Boston", "San José")],
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG_BEFORE)
def test_what_was_quietly_misread_is_read_rightly(text):
    found = [frozenset(pair) for pair in edges(text)]
    assert found == [frozenset(pair) for pair in WRONG_BEFORE[text]]
    assert read_graph(text).classes == ()


# ---------------------------------------------------------------- said, and changed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a;b\nb;c", "Names are parted by semicolons."),
        ("a b\nb,c", "Separators differ from line to line."),
        ("Source;Target;Weight\nAnn;Bob;0,5", "Line 1, “Source;Target;Weight”, is taken for a header. Columns not "
                                              "used: Weight."),
        ("Ann;Bob;0,5\nBob;Cy;1", "Weights in a third column, not used: 2. Of them with a decimal comma: 1."),
        ("# Ann, Bob\nBob, Cy\n% x", "Lines that begin with # or %, taken for comments: 2. The first: “# Ann, Bob”."),
        ("# Directed graph: x\n# FromNodeId\tToNodeId\n1\t2", "Edges have a direction there; here they have none."),
        ("Source,Target,Type\na,b,Directed", "Edges have a direction there; here they have none."),
        ("a b {'weight': 1}\nb c {}", "Edges with data in braces, which are not used: 1."),
        ("a b\na: x", "Lines “node: class”: 1."),
        ("Person,Friend\nAnn,Bob\nBob,Cy\nCy,Ann", "Line 1, “Person,Friend”, is taken for an edge, but its names stand "
                                                  "nowhere else. If it is a header, choose that."),
        ("a\u200bb c\nab c", "Characters that cannot be seen, left out of names: 1."),
        ("0 -> 1\n1 -- 2", "Edges have a direction there; here they have none."),
        ("0 -> 1\n1 -- 2", "Lines with an arrow or a dash between two names: 2."),
        ("Eli: x\na b", "Nodes without an edge: 1."),
    ],
)  # fmt: skip
def test_how_a_text_was_read_is_said(text, words):
    assert words in said(text)


@pytest.mark.parametrize("text", ["A,A\nA,B\nB,A\nA,B", "a b\nb a\na b\nc c\nb c", "A,B\nA,B\nC,D\nD,E"])
def test_a_first_line_whose_names_stand_elsewhere_is_no_header(text):
    assert "stand nowhere else" not in said(text)


@pytest.mark.parametrize(
    ("text", "choices", "expected"),
    [
        ("# Ann, # Bob\n# Bob, Cy", {"marked": "names"}, [("# Ann", "# Bob"), ("# Bob", "Cy")]),
        ("Person,Friend\nAnn,Bob", {"first": "header"}, [("Ann", "Bob")]),
        ("source,target\nAnn,Bob", {"first": "edge"}, [("source", "target"), ("Ann", "Bob")]),
        ("hub,spoke\n1,2", {"first": "edge"}, [("hub", "spoke"), ("1", "2")]),
        ("a;b,c", {"separator": "comma"}, [("a;b", "c")]),
        ("a;b,c", {"separator": "semicolon"}, [("a", "b,c")]),
        ("Ann Lee,Bob\nBob,Cy Dee", {"separator": "comma"}, [("Ann Lee", "Bob"), ("Bob", "Cy Dee")]),
        ("a,b c\nc d", {"separator": "space"}, [("a,b", "c"), ("c", "d")]),
        ("a\tb,c\nc\td", {"separator": "tab"}, [("a", "b,c"), ("c", "d")]),
        ("0,a,b\n1,b,c", {"lines": "edge after one"}, [("a", "b"), ("b", "c")]),
        ("6,2,4,1289241911\n6,5,2,1289241941", {"lines": "edge"}, [("6", "2"), ("6", "5")]),
        ("a b c\nb c\nd", {"lines": "neighbours"}, [("a", "b"), ("a", "c"), ("b", "c")]),
        ("a;b;c\nb;c", {"lines": "neighbours"}, [("a", "b"), ("a", "c"), ("b", "c")]),
        ("a: b, c\nb: c\nd: ", {"lines": "neighbours"}, [("a", "b"), ("a", "c"), ("b", "c")]),
        ("10:30 Bob\n10:31 Bob", {"lines": "edge"}, [("10:30", "Bob"), ("10:31", "Bob")]),
        ("1 2 3\n2 3 4", {"lines": "neighbours"}, [("1", "2"), ("1", "3"), ("2", "3"), ("2", "4")]),
    ],
)
def test_a_wrong_guess_can_be_changed_and_the_choice_travels(text, choices, expected):
    assert [frozenset(pair) for pair in edges(text, **choices)] == [frozenset(pair) for pair in expected]
    key = key_of(text, Choices(**choices))
    check_key(key)
    assert choices_of(key) == Choices(**choices)
    assert text_of(key) == text
    assert keys.graph_of(key) == read_graph(text, Choices(**choices))


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "at least one edge"),
        ("Ada: red", "at least one edge"),
        ("a b\n\nlonely", "Line 3: expected two names such as “Ada, Bob”, got “lonely”"),
        ("a b c d", "Line 1: expected two names .* neighbours, or has further columns, choose that under “A line is”"),
        ("a,b,far", "Line 1: expected two names"),
        ("a,", "Line 1: expected two names such as “Ada, Bob”, got “a,”$"),
        ("a b\na: ", "Line 2: expected"),
        ("a b\n:x", "Line 2: expected"),
        ("a " + 25 * "x", "Line 1: expected names of at most 24 characters"),
        ("\n".join(f"0 {k}" for k in range(1, 2001)), "Line 2000: expected at most 2000 nodes"),
        ("\n".join(f"{a} {b}" for a in range(201) for b in range(a)), "at most 20000 edges"),
        ("a b\n" + "\n".join(f"n{k}: {k}" for k in range(9)), "Line 10: expected at most 8 classes"),
        ("a b\na: chess\nb: chess\na: chess\na: music", "Line 5: .* “a” has “chess” already and gets “music”"),
        ("x" * 1_000_001, "at most 1000000 characters"),
        ("a;b,c", "Line 1 can be parted at a comma or at a semicolon, got “a;b,c”: choose the separator"),
        ("a b\nc;d,e", "Line 2: expected one kind of separator, got “c;d,e”: choose the separator"),
        ("Ada, Bob\nAda: chess, Bob", "Line 2 can be an edge or “node: class”, got “Ada: chess, Bob”"),
        ("10:30 Bob\nAnn Bob", "Line 1 can be an edge or “node: class”, got “10:30 Bob”: put names"),
        ('a,b\n"c,d', "Line 2: expected a closing quotation mark, got “\"c,d”"),
        ("Id,Label\n1,Ann", "Line 1: expected a table of edges, .* got one of nodes, “Id,Label”"),
        ("Source,Target,Weight\na,b,1\nb,c,d,1", "Line 3: expected 3 columns as in the header, got “b,c,d,1”"),
        ("Weight,Source,Target\n1,a,b\nb,c", "Line 3: expected 3 columns as in the header, got “b,c”"),
        ("#python,#ai", "every line begins with # or % and was taken for a comment, got “#python,#ai”"),
        ("[('a', 'b'), ('c')]", r"Line 1: expected an edge such as \('a', 'b'\), got “\('c'\)\]”"),
        ("[('a', 'b')\n('b' 'c')]", r"Line 2: expected an edge such as \('a', 'b'\), got “\('b' 'c'\)\]”"),
        ("(0, 0) (0, 1) {}", "Line 1: expected an edge such as"),  # edges of a grid: its nodes are pairs
        (r"C:\new C:\old lonely x", r"got “C:\\new C:\\old lonely x”"),  # as typed, nothing doubled
        ("a b\na\u0007b", "Line 2: expected two names such as “Ada, Bob”, got “a␇b”"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_line(text, says):
    with pytest.raises(KnobError, match=says):
        read_graph(text)


LETTER = st.sampled_from(["", *(letter for values in LETTERS.values() for letter in values.values())])
PIECES = [
    *" ,;:\t\n#%{}[]()'\"*<>0a1b", "ab", "\n*Vertices 2\n", "<graphml>", "graph [ ", "node [ id 0 ]", "# GMT 1\n",
    "# a\n", "%%MatrixMarket matrix coordinate ", "pattern general\n", "source,target\n", "('a', 'b')", "a,b\n",
    "edge [ source 0 target 0 ]", '{"nodes": []', "{'a': ['b']", "'c': {'a': {}}", ": ", "a: b, c\n",
    "a;b\n", "a b {'x': 1}\n",
]  # fmt: skip


@given(st.text(max_size=120), LETTER)
@settings(max_examples=400)
def test_any_text_is_a_graph_or_a_sentence(text, letter):
    readable(text, Choices.of_letters(letter))


@given(st.lists(st.sampled_from(PIECES), max_size=25))
@settings(max_examples=400)
def test_any_pieces_of_formats_are_a_graph_or_a_sentence(parts):
    readable("".join(parts), Choices())


def readable(text, choices):
    """Read a text, whatever it is: what comes out keeps to what it promises."""
    try:
        found = read_graph(text, choices)
    except KnobError:
        return
    assert len(found.names) == len(set(found.names)) == len(found.labels)
    assert len(found.edges) == len(set(found.edges)) > 0
    for one, other in found.edges:
        assert 0 <= one < other < len(found.names)
    for name in found.names:
        assert 0 < len(name) <= 24
        assert all(letter.isprintable() or letter in "\u200c\u200d" for letter in name)
        assert name == name.strip()
    assert set(found.labels) <= {-1, *range(len(found.classes))}
    assert all(map(str, found.remarks))


@pytest.mark.parametrize(
    "text",
    ["\n" * 300_000 + "a", " " * 500_000, "(" * 500_000, "[('a'," * 100_000, "a" * 900_000, '"' * 400_001,
     "graph [ " * 100_000, "Comment x " * 90_000, "{" * 500_000, '{"nodes": ' + "[" * 500_000, "#\n" * 400_000,
     "a:b\n" * 200_000, "a,b;c " * 100_000, "%%MatrixMarket" + " x" * 300_000, "*Vertices 1\n" + "x " * 300_000,
     "<?xml?>" + "<a>" * 200_000, "<graphml>" + "<graph>" * 100_000, "'" + "\\'" * 400_000,
     "[(" + "'a', " * 150_000, "a b {'" + ":" * 400_000, "('a', 'b')" + ", {" * 200_000,
     "{'a': [" * 100_000, "{'a': {'b': " + "{" * 400_000, "{'a': [\n" + "'b',\n" * 160_000, "{1: (" + "1," * 400_000,
     "{'a': {'b': '" + "\\'" * 400_000, "a: b, c\n" * 90_000 + "x y z w", "a" + " " * 500_000 + "b: c",
     '"' + 'x""' * 200_000 + "b: c"],
)  # fmt: skip
def test_hostile_texts_are_refused_soon(text):
    began = time.thread_time()
    with pytest.raises(KnobError):
        read_graph(text)
    assert time.thread_time() - began < patience(5), "of the processor's time, whatever else the machine does"


# ---------------------------------------------------------------- files and keys


def test_a_file_is_text_in_utf_8_or_says_what_it_is_in():
    text = "艾，鲍勃\nZoë b\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert decode_text(text.encode(encoding)) == text
    for encoding in ("utf-16-le", "utf-16-be"):
        assert decode_text("\ufeff".encode(encoding) + text.encode(encoding)).removeprefix("\ufeff") == text


@pytest.mark.parametrize("encoding", ["latin-1", "gb18030", "cp1252"])
def test_older_encodings_are_not_guessed_but_told_with_their_line(encoding):
    name = "陈" if encoding == "gb18030" else "Zoë"
    with pytest.raises(KnobError, match=r"line 3 is in another encoding\. Save the file as UTF-8"):
        decode_text(f"a b\nb c\n{name} a\n".encode(encoding))


def test_small_graphs_travel_in_their_key_and_large_ones_stay_here():
    small, large = "a b\nb c", "\n".join(f"{a * 7919 % 5003} {a * 104729 % 1999}" for a in range(3000))
    assert key_of(small).startswith("z")
    assert text_of(key_of(small)) == small
    chosen = key_of(large, Choices(separator="space"))
    assert key_of(large).startswith("upload:")
    assert chosen == key_of(large) + ".w"
    assert text_of(key_of(large)) == text_of(chosen) == large
    for key in (key_of(small), key_of(large), chosen, "", key_of(small) + ".chk1"):
        check_key(key)
    endings = (".", ".x", ".cs", ".cc")
    for key in (
        "zz",
        "upload:123",
        "sample:3",
        "z" + "A" * 1500,
        "z!!!!!",
        ".c",
        *(key_of(small) + e for e in endings),
    ):
        with pytest.raises(KnobError, match="cannot be read"):
            check_key(key)
    with pytest.raises(KnobError, match="not on this server"):
        text_of("upload:0123456789abcdef")
    with pytest.raises(KnobError, match="cannot be read"):
        text_of("zAAAAAAAA")


def test_a_key_never_unpacks_to_more_than_a_graph_may_be(monkeypatch):
    key = key_of("a b\n" * 100_000)
    assert len(key) < 1500
    assert len(text_of(key)) == 400_000
    monkeypatch.setattr(keys, "MAXIMUM_TEXT", 1000)
    assert len(text_of(key)) == 1000
