"""What leaves a page opens with readers that know nothing of us, and says what the engine computed."""

import base64
import csv
import dataclasses
import io
import json
import xml.etree.ElementTree as ET
import zipfile
from functools import cache

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load as independent_load

from engine import weights
from engine.contracts.topic import catalogue
from engine.data.numbers import csv_zip, npz
from engine.data.own_weights import read_weights, write_weights
from engine.data.settings import all_texts, read_settings, write_settings
from engine.machinery.own import OWN
from engine.pictures.files import figure_file, sheet_of
from engine.pictures.pixels.sheet import legend_of, still, tile_colours, tile_places
from engine.pictures.pixels.values import PixelPicture
from engine.pictures.sheet import Words
from tests.pictures.test_export import Reader

SVG = "{http://www.w3.org/2000/svg}"
FIGURES = [(slug, name) for slug, topic in catalogue().items() for name in topic.figures]
TRAINS = [slug for slug, topic in catalogue().items() if topic.network]


@cache
def made(slug):
    topic = catalogue()[slug]
    config = topic.config(steps=3) if "steps" in all_texts(topic.config()) else topic.config()
    return topic, config, topic.load(topic.run)(config)


def figure_of(slug, name):
    topic, _, result = made(slug)
    return topic.load(topic.figures[name])(result)


@pytest.mark.parametrize(("slug", "name"), FIGURES)
def test_every_figure_is_a_png_that_opens(slug, name):
    figure = figure_of(slug, name)
    sheet = sheet_of(figure, alt=name)
    image = Image.open(io.BytesIO(figure_file(figure, "png", alt=name)))
    image.load()
    assert image.format == "PNG"
    scale = image.width / sheet.width
    assert 1 <= scale <= 2.01
    assert abs(image.height - sheet.height * scale) <= scale + 1
    assert image.text["Description"] == sheet.alt.strip()
    page = np.asarray(image.convert("RGB"))
    assert len(image.convert("RGB").getcolors(2**24)) > 8
    if isinstance(figure, PixelPicture):
        picture = still(figure)
        for tile, place in list(zip(picture.tiles, tile_places(picture), strict=True))[:4]:
            marks = tile.points or tile.boxes or tile.lines or tile.texts
            if tile.smooth or marks or tile.over is not None or place.zoom < 4:
                continue
            rows, columns = tile.pixels.shape[:2]
            y = ((place.y + (np.arange(rows) + 0.5) * place.zoom) * scale).astype(int)
            x = ((place.x + (np.arange(columns) + 0.5) * place.zoom) * scale).astype(int)
            assert np.array_equal(page[np.ix_(y, x)], tile_colours(tile)), "the middle of every pixel has its colour"
        if picture.legend and legend_of(picture):
            end = max(place.y + place.height for place in tile_places(picture))
            assert (page[int((end + 2) * scale) :] < 250).any(), "a legend below"


@pytest.mark.parametrize(("slug", "name"), FIGURES)
def test_every_figure_is_an_svg_whose_words_are_text(slug, name):
    figure = figure_of(slug, name)
    sheet = sheet_of(figure, alt=name)
    root = ET.fromstring(figure_file(figure, "svg", alt=name))
    assert root.tag == SVG + "svg"
    assert root.find(SVG + "title").text == sheet.alt
    assert [float(root.get(side)) for side in ("width", "height")] == [sheet.width, sheet.height]
    words = [element.text for element in root.iter(SVG + "text")]
    assert words == [mark.text for mark in sheet.marks if isinstance(mark, Words)]
    pictures = list(root.iter(SVG + "image"))
    if isinstance(figure, PixelPicture):
        for caption in filter(None, (tile.caption for tile in figure.tiles)):  # whole, or its beginning
            assert any(word == caption or (word[-1] == "…" and caption.startswith(word[:-1])) for word in words)
        assert len(pictures) >= len(figure.tiles)
    for element in pictures:
        kind, data = element.get("href").split(";base64,")
        assert kind == "data:image/png"
        inside = Image.open(io.BytesIO(base64.b64decode(data)))
        size = float(element.get("width")), float(element.get("height"))
        assert np.allclose(inside.size, size, atol=1)
    marks = [e for e in root.iter() if e.tag in {SVG + t for t in ("polyline", "polygon", "circle", "image")}]
    assert len(marks) >= 1
    if not isinstance(figure, PixelPicture) and hasattr(figure, "data"):  # a Plotly figure: all its words are there
        titles = [axis.title.text for axis in (figure.layout.xaxis, figure.layout.yaxis) if axis.title.text]
        names = [trace.name for trace in figure.data if trace.name and trace.type != "surface"]
        assert set(titles + names) <= set(words)


@pytest.mark.parametrize(("slug", "name"), FIGURES)
def test_every_figure_is_a_page_that_stands_alone(slug, name):
    read = Reader(figure_file(figure_of(slug, name), "html", alt=name).decode())
    assert read.open == []
    assert read.addresses == []
    assert read.images or any("Plotly.newPlot" in script for script in read.scripts)


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize("slug", catalogue())
def test_npz_holds_every_array_with_its_axes(slug):
    _, config, result = made(slug)
    file = np.load(io.BytesIO(npz(result.quantities(), {"topic": slug, "config": all_texts(config)})))
    about = json.loads(str(file["description"]))
    assert about["topic"] == slug
    assert about["config"] == all_texts(config)
    assert set(file.files) == {q.name for q in result.quantities()} | {"description"}
    for q in result.quantities():
        assert np.array_equal(file[q.name], np.asarray(q.values), equal_nan=np.asarray(q.values).dtype.kind == "f")
        assert about["quantities"][q.name] == {"axes": list(q.axes), "unit": q.unit, "meaning": q.meaning}
        assert len(q.axes) == file[q.name].ndim


@pytest.mark.parametrize("slug", ["mlp", "gnn", "cnn"])
def test_csv_gives_back_every_value_at_its_place(slug):
    result = made(slug)[2]
    with zipfile.ZipFile(io.BytesIO(csv_zip(result.quantities()))) as archive:
        tables = {name: list(csv.reader(io.StringIO(archive.read(name).decode()))) for name in archive.namelist()}
    header, *rows = tables.pop("quantities.csv")
    assert header == ["name", "axes", "shape", "unit", "meaning"]
    assert {row[0] + ".csv" for row in rows} == tables.keys()
    for q in result.quantities():
        values = np.asarray(q.values)
        header, *rows = tables[f"{q.name}.csv"]
        assert header == [*q.axes, "value"]
        assert len(rows) == values.size
        found = np.full(values.shape, -7.0)
        for *index, value in rows:
            found[tuple(map(int, index))] = float(value)
        assert np.array_equal(found, values.astype(float), equal_nan=True)
        described = dict(zip(["name", "axes", "shape", "unit", "meaning"],
                             next(row for row in csv.reader(io.StringIO(_described(result))) if row[0] == q.name),
                             strict=True))  # fmt: skip
        assert (described["axes"], described["unit"], described["meaning"]) == (" ".join(q.axes), q.unit, q.meaning)


@cache
def _described(result):
    with zipfile.ZipFile(io.BytesIO(csv_zip(result.quantities()))) as archive:
        return archive.read("quantities.csv").decode()


# ---------------------------------------------------------------- weights


def saved(slug):
    topic, config, result = made(slug)
    state = topic.load(topic.network)(config, result).state_dict()
    return state, write_weights(state, slug, all_texts(config), int(result.step[-1]))


def test_a_network_and_the_knob_for_own_weights_come_together():
    for slug, topic in catalogue().items():
        assert ("weights" in all_texts(topic.config())) == (slug in TRAINS)
        for name in topic.shipped:
            assert weights.card(name).licence
            assert {path.suffix for path in weights.FOLDER.glob(f"{name}.*")} == {".safetensors", ".json", ".LICENSE"}
    assert {"mlp", "cnn", "gnn", "diffusion"} <= set(TRAINS)
    assert {name for topic in catalogue().values() for name in topic.shipped} == set(weights.names())


@pytest.mark.parametrize("slug", TRAINS)
def test_weights_open_with_the_library_and_are_those_of_the_model(slug, tmp_path):
    state, content = saved(slug)
    tensors = independent_load(content)
    assert tensors.keys() == state.keys()
    for name, tensor in tensors.items():
        assert torch.equal(tensor, state[name]), name
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    assert (metadata["topic"], metadata["step"]) == (slug, "3")
    assert json.loads(metadata["config"]) == all_texts(made(slug)[1])
    ours = read_weights(content)
    assert all(np.array_equal(ours.tensors[name], tensor.numpy()) for name, tensor in tensors.items())


@pytest.mark.parametrize("slug", TRAINS)
def test_a_page_that_loads_its_weights_back_says_the_same(slug):
    topic, config, result = made(slug)
    key = OWN.add(read_weights(saved(slug)[1]))
    again = topic.load(topic.run)(dataclasses.replace(config, steps=0, weights=key))
    before, after = ({q.name: q.values for q in one.quantities()} for one in (result, again))
    answers = {"plane", "hidden", "probabilities", "logits", "embedding", "x", "x_0", "svm_scores", "softmax_scores",
               "gradient"} & before.keys()  # fmt: skip
    assert answers
    for name in answers:
        assert torch.equal(before[name], after[name]), name
    assert (
        not torch.equal(
            next(iter(topic.load(topic.network)(dataclasses.replace(config, steps=0)).state_dict().values())),
            next(iter(saved(slug)[0].values())),
        )
        or slug == "diffusion"
    )  # whose first entry, the frequencies, is not trained


def test_training_goes_on_from_loaded_weights():
    """Two steps of Adam from them, by hand, in a loop of its own."""
    from engine.topics.gnn.run import Experiment, run

    topic, config, _ = made("gnn")
    key = OWN.add(read_weights(saved("gnn")[1]))
    config = dataclasses.replace(config, steps=2, weights=key)
    model = topic.load(topic.network)(dataclasses.replace(config, weights="", steps=0))
    model.load_state_dict(independent_load(saved("gnn")[1]))
    experiment = Experiment(dataclasses.replace(config, weights=""))
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    for _ in range(2):
        optimizer.zero_grad()
        experiment.loss(model(experiment.features), experiment.targets).backward()
        optimizer.step()
    for expected, found in zip(model.parameters(), run(config).weights, strict=True):
        torch.testing.assert_close(torch.from_numpy(found), expected.detach(), rtol=1e-6, atol=1e-7)


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize("slug", catalogue())
def test_settings_come_back_exactly(slug):
    topic = catalogue()[slug]
    for preset in topic.presets.values():
        content = write_settings(topic, preset)
        assert read_settings(content) == (topic, preset)
        assert json.loads(content)["config"].keys() == {knob.name for knob in topic.config.__knobs__}
