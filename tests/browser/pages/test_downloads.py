"""The Download tab, as a person uses it: take every kind of file away, bring settings and weights back."""

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from html import unescape
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save

from engine.contracts.knob import to_query
from engine.data.settings import write_settings
from engine.topics.mlp.run import network, run
from engine.training.own_weights import shapes_of
from tests.browser.downloads import taken
from tests.browser.expectations import CHINESE, TOPICS, link, zh

MLP = TOPICS["mlp"].config(data="moons", layers=(4, 3), samples=60, learning_rate=0.1, steps=40)


def open_tab(visitor, name: str = "Download") -> None:
    visitor.page.get_by_role("tab", name=name).click()
    visitor.page.locator("[data-testid=stDownloadButton]").first.wait_for()
    visitor.settle()


def bring(visitor, slug: str, name: str, content: bytes) -> str:
    """Load a file and return what the page says of it."""
    box = visitor.key(f"{slug}-load")
    box.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    visitor.settle()
    return visitor.until(lambda: box.locator("[data-testid=stAlert]").all_inner_texts(), "an answer")[0]


def trained(visitor) -> None:
    visitor.until(lambda: visitor.step() == MLP.steps, "the run is back where the link says")
    visitor.settle()


@pytest.mark.parametrize(("locale", "tab"), [("en-US", "Download"), ("zh-CN", "下载")])
def test_every_kind_of_file_leaves_and_comes_back(visit, locale, tab):
    visitor = visit(link("mlp", MLP), locale=locale)
    trained(visitor)
    open_tab(visitor, tab)
    result = run(MLP)
    chosen = visitor.page.locator("[class*='-download-figures'] select")
    names = chosen.locator("option").all_inner_texts()
    assert len(names) == 3 + len(TOPICS["mlp"].figures)
    assert all(CHINESE.search(name) for name in names) == (locale == "zh-CN")
    image = Image.open(io.BytesIO(taken(visitor, "figures", "PNG")))
    assert min(image.size) > 400
    drawing = taken(visitor, "figures", "SVG").decode()
    assert ("训练" if locale == "zh-CN" else "train") in drawing
    assert b"neurarium-boot" not in taken(visitor, "figures", "HTML")  # a file, not a page of the app
    looks_alike(visitor, drawing, image)
    document = taken(visitor, "page", "HTML").decode()
    assert f"<h1>{zh(TOPICS['mlp'].title) if locale == 'zh-CN' else TOPICS['mlp'].title}</h1>" in document
    assert document.count("<figure>") >= 3
    assert '<div class="formula">' in document
    assert all(f"<td>{text}</td>" in document for text in ("moons", "4-3", str(MLP.steps)))

    with zipfile.ZipFile(io.BytesIO(taken(visitor, "numbers", "CSV"))) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("parameters.csv").decode())))
    assert [float(row["value"]) for row in rows] == result.parameters.tolist()
    file = np.load(io.BytesIO(taken(visitor, "numbers", "NPZ")))
    assert np.array_equal(file["plane"], result.plane.numpy())
    assert json.loads(str(file["description"]))["config"]["layers"] == "4-3"
    settings = taken(visitor, "settings", "JSON")
    assert settings == write_settings(TOPICS["mlp"], MLP)
    weights = taken(visitor, "weights", "safetensors")
    state = network(MLP, result).state_dict()
    assert all(np.array_equal(state[name].numpy(), tensor) for name, tensor in read_tensors(weights).items())

    visitor.open("/mlp?data=xor&layers=7")
    open_tab(visitor, tab)
    said = bring(visitor, "mlp", "weights.safetensors", weights)
    assert bool(CHINESE.search(said)) == (locale == "zh-CN")
    visitor.until(lambda: visitor.query.get("layers") == "4-3" and "weights" in visitor.query, "the network is back")
    query = to_query(replace(MLP, steps=0))
    assert {name: visitor.query[name] for name in query} == query
    accuracy = [f"{100 * result.train_accuracy[-1]:.1f}", f"{100 * result.test_accuracy[-1]:.1f}"]
    visitor.until(lambda: [f"{value:.1f}" for value in visitor.status()[1:]] == accuracy, "as good as it was")
    again = np.load(io.BytesIO(taken(visitor, "numbers", "NPZ")))
    assert np.array_equal(again["plane"], result.plane.numpy())  # the very same probabilities
    visitor.button("mlp:step").click()
    visitor.until(lambda: visitor.step() == 1, "training goes on from there")
    visitor.page.get_by_role("button", name=zh("Reset") if locale == "zh-CN" else "Reset").click()
    visitor.until(lambda: [f"{value:.1f}" for value in visitor.status()[1:]] == accuracy, "Reset leads back to them")

    assert bring(visitor, "mlp", "settings.json", settings).endswith(
        zh("The settings of the file are set.") if locale == "zh-CN" else "The settings of the file are set."
    )
    visitor.until(lambda: visitor.query == to_query(MLP) | visitor_language(visitor), "the settings are back")
    trained(visitor)


def visitor_language(visitor) -> dict[str, str]:
    return {name: value for name, value in visitor.query.items() if name == "lang"}


def looks_alike(visitor, drawing: str, image: Image.Image) -> None:
    """The browser draws the SVG as the PNG shows it, up to the letters' own shapes."""
    other = visitor.page.context.new_page()
    other.set_content(f'<body style="margin:0">{drawing[drawing.index("<svg") :]}</body>')
    shot = Image.open(io.BytesIO(other.locator("svg").screenshot())).convert("RGB")
    other.close()
    small = np.asarray(image.convert("RGB").resize(shot.size), float)
    assert np.abs(small - np.asarray(shot, float)).mean() < 6


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_figure_says_of_which_moment_of_which_run_it_is_also_while_it_trains(visit, locale):
    """And its link brings that moment back."""
    visitor = visit(link("mlp", replace(MLP, steps=0, seed=7)), locale=locale)
    open_tab(visitor, "下载" if locale == "zh-CN" else "Download")
    visitor.button("mlp:play").click()
    visitor.until(lambda: visitor.step() > 20, "it trains")
    drawing = taken(visitor, "figures", "SVG").decode()
    assert ("暂停" if locale == "zh-CN" else "Pause") in visitor.button("mlp:play").inner_text()
    words = re.findall(r"<text[^>]*>([^<]*)</text>", drawing)
    step = next(
        int(found[1]) for found in map(re.compile(r"(?:Optimiser step|优化步数) (\d+) · ").match, words) if found
    )
    assert step >= 10
    layers = "隐藏层 4, 3" if locale == "zh-CN" else "Hidden layers 4, 3"
    assert any(layers in line for line in words)
    address = unescape(re.search(r"<desc>[^<]*?(http[^<\s]*)</desc>", drawing)[1])
    assert address.startswith(visitor.address + "/mlp?")
    assert {"layers=4-3", "seed=7", f"steps={step}"} <= set(urlsplit(address).query.split("&"))
    page = taken(visitor, "figures", "HTML").decode()
    assert layers in page
    assert '<a href="http' in page
    back = visit(address.removeprefix(visitor.address), locale=locale)
    back.until(lambda: back.step() == step, "the link brings the moment back")


def test_a_wrong_file_gets_one_sentence_and_nothing_is_lost(visit):
    config = replace(MLP, steps=0)
    visitor = visit(link("mlp", config))
    open_tab(visitor)
    shapes = shapes_of(network(config))
    other = save({name: np.zeros((2, *shape), np.float32) for name, shape in shapes.items()})
    wrong = {
        "x.pt": (b"\x80\x04" + bytes(50), "this is a pickle"),
        "x.safetensors": (other, "another size"),
        "empty.safetensors": (b"", "empty file"),
        "large.safetensors": (save({"a": np.zeros(1_100_000, np.float32)}), "at most 4 MB"),
        "x.json": (b'{"topic": "mlp", "config": {"seed": "-3"}}', "Seed: expected 0 to 9999"),
    }
    for name, (content, words) in wrong.items():
        visitor.key("mlp-load").locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        )
        visitor.until(lambda words=words: any(words in text for text in visitor.alerts()), f"{name}: {words}")
        assert visitor.query == to_query(config)
    gnn = write_settings(TOPICS["gnn"], TOPICS["gnn"].config(seed=3))
    assert TOPICS["gnn"].title in bring(visitor, "mlp", "gnn.json", gnn)
    visitor.page.get_by_role("link", name="Open Graph neural networks with them").click()
    visitor.until(lambda: visitor.path == "/gnn", "the other page opens")
    visitor.settle()
    assert visitor.query == {"seed": "3"}


def test_a_link_that_names_weights_this_server_does_not_have_falls_back(visit):
    config = replace(MLP, steps=0)
    visitor = visit(link("mlp", replace(config, weights="upload:0123456789abcdef")))
    assert any("not on this server" in text and "own first weights" in text for text in visitor.alerts())
    assert visitor.query == to_query(config)
    assert visitor.canvas("mlp-network").is_visible()


def test_a_figure_leaves_while_the_network_trains(visit):
    """Four times a second a run of the page ends, and of what it does not show Streamlit drops the files."""
    visitor = visit("/mlp?until=5000")
    open_tab(visitor)
    visitor.key("mlp:play").get_by_role("button").click()
    visitor.until(lambda: visitor.step() > 5, "it trains")
    asked = []
    visitor.page.route("**/media/**", lambda route: asked.append(route))  # a slow line
    visitor.allow(r"/media/\S+ net::ERR_ABORTED")
    with visitor.page.expect_download() as download:
        visitor.page.locator("[class*='-download-figures']").get_by_role("button", name="PNG").first.click()
        visitor.until(lambda: asked, "the browser comes for the file")
        at = visitor.step()
        visitor.until(lambda: visitor.step() > at + 60, "more than two looks at the training end")
        asked[0].continue_()
    with open(download.value.path(), "rb") as file:
        assert file.read().startswith(b"\x89PNG")
