"""The caption of a figure says which run it shows, alike in PNG, SVG and HTML; the figure itself stays as it was."""

import io
import xml.etree.ElementTree as ET
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from engine import command_line
from engine.contracts.caption import Caption
from engine.contracts.knob import from_query
from engine.contracts.topic import catalogue
from engine.data.captions import LONGEST_VALUE, caption_of
from engine.pictures.captions import MOST_OF_LINK, NARROWEST, SIZE, captioned, wrapped
from engine.pictures.files import figure_file, sheet_of
from engine.pictures.lettering import width_of
from engine.pictures.pixels.values import PixelPicture, Tile
from tests.pictures.test_export import Reader

SVG = "{http://www.w3.org/2000/svg}"
MLP = catalogue()["mlp"]
CONFIG = MLP.config(layers=(8, 8), learning_rate=0.1, seed=7, steps=300)
ADDRESS = "https://neurarium.example/mlp"
PICTURE = PixelPicture([Tile(np.random.default_rng(0).random((9, 9), np.float32), "noise")], alt="Noise")
LINES = go.Figure(go.Scatter(x=[1, 2, 3], y=[1, 2, 3], mode="lines"))


def words_of(svg: bytes) -> list[str]:
    return [element.text for element in ET.fromstring(svg).iter(SVG + "text")]


def test_it_names_figure_settings_step_seed_and_link():
    made = caption_of(MLP, CONFIG, "Loss", step=120, address=ADDRESS, looks={"view.moment": "120"})
    assert made.lines == (
        "MLP playground · Loss",
        "Hidden layers 8, 8 · Learning rate 0.1",
        "Optimiser step 120 · Seed 7",
    )
    split = urlsplit(made.link)
    assert f"{split.scheme}://{split.netloc}{split.path}" == ADDRESS
    query = dict(parse_qsl(split.query))
    assert query.pop("view.moment") == "120"
    assert from_query(MLP.config, query) == (CONFIG, [])


def test_without_a_server_the_link_is_the_path_and_defaults_say_so():
    made = caption_of(MLP, MLP.config(), "Loss", step=0)
    assert made.link == "/mlp"
    assert made.lines[1:] == ("All settings at their defaults", "Optimiser step 0 · Seed 0")
    untrained = caption_of(catalogue()["attention"], catalogue()["attention"].config(), "All heads")
    assert untrained.lines == ("Attention and the Transformer · All heads", "All settings at their defaults")


def test_what_plays_no_part_is_left_out_and_long_values_are_cut():
    topic = catalogue()["gnn"]
    made = caption_of(topic, topic.config(nodes=500, depth=3), "Graph", step=0)  # nodes of a block model, not chosen
    assert made.lines[1] == "Layers 3"
    assert "nodes=500" in made.link
    heads = catalogue()["attention"].config.__knobs__
    names = next(knob.choices for knob in heads if knob.name == "off")[:40]
    made = caption_of(catalogue()["attention"], catalogue()["attention"].config(off=names), "All heads")
    value = made.lines[1].removeprefix("Heads switched off ")
    assert len(value) == LONGEST_VALUE
    assert value.endswith("…")
    assert made.link.endswith("off=" + ".".join(names))


def test_chinese_captions_are_chinese():
    made = caption_of(MLP, CONFIG, "损失", step=300, language="zh")
    assert made.lines == ("多层感知机游乐场 · 损失", "隐藏层 8, 8 · 学习率 0.1", "优化步数 300 · 随机种子 7")


@pytest.mark.parametrize("figure", [PICTURE, LINES], ids=["pixels", "lines"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_of_file_has_it_and_grows_by_its_height(figure, language):
    made = caption_of(MLP, CONFIG, "Noise", step=300, address=ADDRESS, language=language)
    bare = sheet_of(figure, alt="x")
    whole = captioned(bare, made)
    assert whole.width == max(bare.width, NARROWEST)
    assert [*map(id, whole.marks)][: len(bare.marks)] == [*map(id, bare.marks)], "the picture itself stays"
    assert whole.height > bare.height + 4 * SIZE
    before = Image.open(io.BytesIO(figure_file(figure, "png", alt="x"))).convert("RGB")
    after = Image.open(io.BytesIO(figure_file(figure, "png", alt="x", caption=made)))
    assert after.text["Comment"] == made.text
    scale = before.width / bare.width
    assert abs(after.height - whole.height * scale) <= scale + 1
    assert np.array_equal(np.asarray(before), np.asarray(after.convert("RGB"))[: before.height, : before.width])
    svg = figure_file(figure, "svg", alt="x", caption=made)
    root = ET.fromstring(svg)
    assert float(root.get("height")) == whole.height
    assert root.find(SVG + "desc").text == made.text
    told = "".join(words_of(svg)[len(words_of(figure_file(figure, "svg", alt="x"))) :]).replace(" ", "")
    assert told == made.text.replace(" ", "").replace("\n", "")
    read = Reader(figure_file(figure, "html", alt="x", caption=made).decode())
    assert read.open == []
    assert read.addresses == [made.link]
    assert {*made.lines, made.link} <= set(read.text)


def test_what_readers_wrote_stays_text():
    made = Caption(("<b>&amp;", "a 1"), "javascript:alert(1)")
    read = Reader(figure_file(PICTURE, "html", caption=made).decode())
    assert read.addresses == [], "only an address becomes a link"
    assert "<b>&amp;" in read.text
    assert "<b>&amp;" in words_of(figure_file(PICTURE, "svg", caption=made))


@pytest.mark.parametrize("room", [120, 300, 900])
def test_lines_fit_and_lose_nothing(room):
    for text in (
        "Hidden layers 8, 8 · Learning rate 0.1 · Batch size 40 · Input features x₁, x₂, x₁² · Noise 0.3",
        "隐藏层 8, 8，学习率 0.1。批量大小 40 · 输入特征 x₁、x₂ · 噪声 0.3 · 优化步数 300",
        "https://neurarium.example/mlp?layers=8-8&learning_rate=0.1&seed=7&points=" + "0123456789" * 12,
    ):
        lines = wrapped(text, room)
        assert all(width_of(line, SIZE) <= room for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert not any(line[0] in "，。、 ·" for line in lines)


def test_a_link_of_thousands_of_letters_is_cut_in_the_picture_and_whole_in_the_file():
    made = caption_of(MLP, MLP.config(points="", edits=""), "x", address=ADDRESS, looks={"view.x": "y" * 5000})
    assert len(wrapped(made.link, 500, most=MOST_OF_LINK)) == MOST_OF_LINK
    assert wrapped(made.link, 500, most=MOST_OF_LINK)[-1].endswith("…")
    assert ET.fromstring(figure_file(PICTURE, "svg", caption=made)).find(SVG + "desc").text.endswith(made.link)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_command_line_writes_it(tmp_path, capsys, language):
    setting = ["data=moons", "layers=4-3", "samples=40", "steps=5", "seed=3"]
    made = {}
    for ending in ("svg", "html"):
        file = tmp_path / f"x.{ending}"
        arguments = ["run", "mlp", "--set", *setting, "--out", str(file), "--language", language]
        assert command_line.main(arguments) == 0
        made[ending] = file.read_text("utf-8")
    capsys.readouterr()
    link = "/mlp?data=moons&layers=4-3&samples=40&seed=3&steps=5"
    step = {"en": "Optimiser step 5 · Seed 3", "zh": "优化步数 5 · 随机种子 3"}[language]
    assert {link, step} <= set(words_of(made["svg"].encode()))
    assert {link, step} <= set(Reader(made["html"]).text)


def test_a_seed_is_named_where_chance_plays_a_part():
    topic = catalogue()["image_classifier"]
    assert caption_of(topic, topic.config(seed=3), "x").lines[1:] == ("All settings at their defaults",)
    assert caption_of(topic, topic.config(seed=3, cutout=48), "x").lines[1:] == ("Cutout 48 px", "Seed 3")
