"""Own tables of points: however a spreadsheet writes them, they are read the same; what is none is one sentence."""

import csv
import io
import random

import pytest

from engine.contracts.knob import KnobError
from engine.data.file_kinds import kind_of
from engine.data.point_tables import (
    AUTOMATIC,
    FILLED,
    LARGEST,
    MAXIMUM_CLASSES,
    MAXIMUM_ROWS,
    Axis,
    TableChoices,
    needs_classes,
    number_of,
    read_table,
)
from engine.data.points import DOMAIN
from engine.data.table_keys import check_key, choices_of, decode_table, key_of, table_of, text_of
from engine.machinery.own import OWN, UPLOAD

POINTS = [(1.5, 2.25, "red"), (-3.0, 0.5, "blue, light"), (4.0, 1e-3, "red"), (0.0, -7.125, "green")]
SIGNS = {"comma": ",", "semicolon": ";", "tab": "\t"}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("separator", SIGNS)
def test_every_way_to_write_a_table_says_the_same(separator, header, decimal, end, mark):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=SIGNS[separator], lineterminator=end)
    if header:
        writer.writerow(("across", "up", "colour"))
    for x, y, name in POINTS:
        writer.writerow((*(f"{value:g}".replace(".", decimal) for value in (x, y)), name))
    table = read_table(mark + out.getvalue() + end)
    assert table.points == tuple(point[:2] for point in POINTS)
    assert table.classes == ("red", "blue, light", "green")
    assert table.targets == (0, 1, 0, 2)
    assert table.header == header
    assert [axis.name for axis in table.axes] == (["across", "up"] if header else ["x₁", "x₂"])
    assert table.target == ("colour" if header else "3")


def test_blanks_and_tabs_part_words_too():
    assert read_table("1 2 a\n3  4   b").points == ((1, 2), (3, 4))
    assert read_table("1,5 2,5 a\n3 4 b").points == ((1.5, 2.5), (3, 4))


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.5", 1.5), ("1,5", 1.5), ("−2", -2), ("+.5", 0.5), (" 7. ", 7), ("1e3", 1000), ("2,5E-1", 0.25),
     ("1.234,5", None), ("nan", None), ("inf", None), ("1e999", None), ("", None), ("0x10", None), ("１", 1),
     ("1_000", None)],
)  # fmt: skip
def test_numbers(text, value):
    assert number_of(text) == value


def test_of_many_columns_the_numbers_and_the_class_are_found():
    text = ",sepal,name,petal,species\n0,5.1,p,1.4,setosa\n1,4.9,q,1.3,setosa\n2,6.1,r,4.1,virginica\n"
    table = read_table(text)
    assert ([axis.name for axis in table.axes], table.target) == (["sepal", "petal"], "species")
    assert table.numeric == (0, 1, 3)
    assert [str(remark) for remark in table.remarks] == ["Columns not used: 1, name."]
    swapped = read_table(text, TableChoices(x=3, y=1, target=2))
    assert swapped.points[0] == (1.4, 5.1)
    assert swapped.classes == ("p", "q", "r")
    named = read_table("species,a,b\n0,1.5,2\n1,2.5,3\n")
    assert (named.target, named.classes, named.points) == ("species", ("0", "1"), ((1.5, 2), (2.5, 3)))
    assert read_table("1,2,3,0\n4,5,6,1\n").chosen == (0, 1, 3)


def test_whole_numbers_are_classes_in_their_order_and_others_are_values():
    assert read_table("1,2,10\n3,4,9\n5,6,-1").classes == ("-1", "9", "10")
    values = read_table("1,2,3.5\n3,4,2.5\n5,6,7")
    assert (values.classes, values.targets) == ((), (3.5, 2.5, 7.0))
    assert [row[2] for row in values.in_plane()] == pytest.approx([-5 / 9, -1, 1])
    with pytest.raises(KnobError, match="expected 2 to 8 classes in column 3, got numbers"):
        needs_classes(values)
    assert read_table("1,2,10\n3,4,9", TableChoices(kind="values")).targets == (10.0, 9.0)
    assert read_table("1,2,.5\n3,4,.25", TableChoices(kind="classes")).classes == (".5", ".25")
    many = "\n".join(f"{k},{k},{k}" for k in range(MAXIMUM_CLASSES + 1))
    assert read_table(many).classes == ()


def test_gaps_are_left_out_and_counted():
    table = read_table("a,b,c\n1,2,x\n,4,y\n5,NA,y\n7,8,\n9,10,y\n")
    assert table.points == ((1, 2), (9, 10))
    assert [str(remark) for remark in table.remarks] == ["Lines left out because a value is missing: 3."]


def test_the_plane_is_filled_and_the_way_back_is_exact():
    for axis in (Axis("a", -2.0, 6.0), Axis("b", 1e-9, 3e-9), Axis("c", 5.0, 5.0), Axis("d", -LARGEST, LARGEST)):
        for value in (axis.low, axis.middle, axis.high):
            assert abs(axis.to_plane(value)) <= FILLED * DOMAIN * (1 + 1e-9)
            assert axis.from_plane(axis.to_plane(value)) == pytest.approx(value)
        low, high = axis.ends
        assert (axis.to_plane(low), axis.to_plane(high)) == pytest.approx((-DOMAIN, DOMAIN))
    assert Axis("c", 5.0, 5.0).to_plane(5.0) == 0
    table = read_table("0,0,a\n10,1,b\n5,0.25,a")
    assert sum(table.in_plane(), ()) == pytest.approx((-2.7, -2.7, 0, 2.7, 2.7, 1, 0, -1.35, 0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "got an empty text"),
        ("1,2\n3,4", "Line 1: expected two numbers and a class, such as “1.5, 2.3, red”, got “1,2”"),
        ("1,2,a\n3,4", "Line 2: expected 3 columns as in the first line, got 2: “3,4”"),
        ("1,2,a\n\n3,x,b\n4,5,a", "Line 3: expected a number in column 2, got “x”"),
        ("a,b,c\nd,e,f\n", "Line 2: expected a number in column 1, got “d”"),
        ("1,1,a\n2,2,a", "expected 2 to 8 classes in column 3, got 1"),
        ("\n".join(f"{k},{k},c{k}" for k in range(9)), "expected 2 to 8 classes in column 3, got 9"),
        ('1,2,"a\n3,4,b', "Line 1: expected a closing quotation mark"),
        ("x,y,kind\n", "Line 1: expected a number in column 1, got “x”"),
        ("x,y,kind\n1,2,a", "expected at least two lines with all three values, got 1"),
        ("x,y,kind\n1,2,\n3,,a", "expected at least two lines with all three values, got 0"),
        ("1,2,a\n1e400,2,b", "expected a number in column 1, got “1e400”"),
        ("\n".join(["1,2,a"] * (MAXIMUM_ROWS + 1)), f"expected at most {MAXIMUM_ROWS} lines, got {MAXIMUM_ROWS + 1}"),
        (",".join("1" * 31), "expected at most 30 columns, got 31"),
        ("1,2,a\n" + "x" * 1_000_000, "expected at most 1000000 characters"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(text, said):
    with pytest.raises(KnobError) as refused:
        read_table(text)
    assert said in str(refused.value)


def test_choices_that_do_not_fit_are_one_sentence_too():
    for choices, said in (
        (TableChoices(separator="semicolon"), "Line 1: expected two numbers and a class"),
        (TableChoices(x=7), "expected column 1 to 4, got 8"),
        (TableChoices(x=3), "Line 1: expected a number in column 4, got “a”"),
        (TableChoices(first="data", kind="values"), "Line 1: expected a number in column 4, got “a”"),
    ):
        with pytest.raises(KnobError) as refused:
            read_table("1,2,3,a\n4,5,6,b", choices)
        assert said in str(refused.value)
    assert read_table("1,2,a\n3,4,b\n5,6,c", TableChoices(first="header")).classes == ("b", "c")


@pytest.mark.parametrize("seed", range(40))
def test_whatever_comes_is_a_table_in_the_plane_or_one_sentence(seed):
    chance = random.Random(seed)
    signs = ["1", "2.5", "-3", "x", "", "NA", ",", ";", "\t", "\n", "\n", '"', " ", "1e9", "−", "<b>", "\u200b", "红"]
    text = "".join(chance.choice(signs) for _ in range(chance.randint(0, 60)))
    try:
        table = read_table(text)
    except KnobError as error:
        said = str(error)
    else:
        said = ""
        assert all(abs(value) <= DOMAIN for row in table.in_plane() for value in row[:2])
        assert len(table.targets) == len(table.points)
    assert "\n" not in said


# ---------------------------------------------------------------- keys and files


def test_keys_bring_the_text_and_the_choices_back():
    text = "1;2;a\n3;4;b\n"
    for choices in (AUTOMATIC, TableChoices("semicolon", "data", "classes", 1, 0, 2), TableChoices(target=12, x=10)):
        key = key_of(text, choices)
        check_key(key)
        assert (text_of(key), choices_of(key)) == (text, choices)
    assert table_of(key_of(text, TableChoices(x=1, y=0))).points == ((2, 1), (4, 3))
    chance = random.Random(0)
    long = "".join(f"{chance.random()},{chance.random()},{k % 2}\n" for k in range(MAXIMUM_ROWS))
    key = key_of(long)
    assert key.startswith(UPLOAD)
    assert len(table_of(key)) == MAXIMUM_ROWS
    OWN.forget(key)
    with pytest.raises(KnobError, match="not on this server"):
        text_of(key)


@pytest.mark.parametrize("key", ["x", "z!!!!", "zAAAA", "upload:12", ".c", "z" + "A" * 2000, key_of("1,2,a") + ".q"])
def test_other_keys_are_one_sentence(key):
    with pytest.raises(KnobError, match="this link's table cannot be read"):
        text_of(key)


def test_files_are_text_in_utf_8_or_with_a_mark():
    text = "x,y,类\n1,2,红\n3,4,蓝\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert read_table(decode_table(text.encode(encoding))).classes == ("红", "蓝")
    for content, said in (
        (b"", "got an empty file"),
        (text.encode("gbk"), "line 1 is in another encoding"),
        (b"\x89PNG\r\n\x1a\n" + bytes(9), kind_of(b"\x89PNG\r\n\x1a\n")),
        (b"PK\x03\x04" + bytes(9), "a ZIP or office document"),
        (b"%PDF-1.7\n", "a PDF document"),
    ):
        with pytest.raises(KnobError) as refused:
            decode_table(content)
        assert said in str(refused.value)
