"""Many visitors at once, over the web socket: each sees only its own, and finds it again after a lost connection."""

import json
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from engine.contracts.topic import catalogue
from engine.data.pictures import decode
from engine.machinery.own import OWN
from pages.components.server.status import ROWS, page_of
from pages.components.server.streamlit_inside import FILES_BYTES_EACH
from tests.app_server import start_server
from tests.load import picture
from tests.streams import until
from tests.visitor import Visitor

VISITORS, ROUNDS = 6, 2
WITHOUT_SLIDERS = {"attention", "backpropagation", "cnn", "training_dynamics"}  # at first, beside those of fixed steps


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """With worker processes, so that both the store and the workers are seen to keep visitors apart."""
    log = tmp_path_factory.mktemp("crowd") / "log.txt"
    server = start_server(log, NEURARIUM_BACKEND="processes", NEURARIUM_SESSIONS="9").wait()
    yield server
    children = server.children()
    assert children, "there are workers"
    server.stop()
    assert "Traceback" not in server.log
    until(lambda: not any(Path(f"/proc/{child}/stat").exists() for child in children))


def status(server) -> dict:
    with urllib.request.urlopen(f"{server.address}/status.json", timeout=30) as answer:
        return json.load(answer)


def test_of_pages_that_were_left_nothing_is_remembered(server):
    """A widget that has gone would hold its function, and that the page's Result, as long as its visitor stays."""
    visitor = Visitor(server.address)
    counts = []
    for _ in range(3):
        for slug in catalogue():
            visitor.open(slug)
            counts.append(status(server)["widgets"])
    pages = len(catalogue())
    assert max(counts[:pages]) > 0
    assert counts[pages : 2 * pages] == counts[2 * pages :]
    assert max(counts) < 100, "those of one page"
    visitor.close()


@pytest.mark.parametrize("slug", sorted(catalogue().keys() - WITHOUT_SLIDERS))
def test_a_knob_that_a_browser_lost_comes_back_with_what_holds(server, slug):
    topic, visitor = catalogue()[slug], Visitor(server.address)
    first = topic.presets[next(iter(topic.presets))]

    def sliders():
        found = ((knob.name, visitor.find(f"{slug}.{knob.name}")) for knob in topic.config.__knobs__)
        return {name: it[1] for name, it in found if it is not None and it[0] == "slider" and not it[1].options}

    try:
        assert not visitor.open(slug).errors
        assert sliders()
        for name, slider in sliders().items():
            assert slider.default == [pytest.approx(getattr(first, name))]
        name, slider = next((name, it) for name, it in sliders().items() if not it.disabled)
        another = slider.min if slider.default[0] != slider.min else slider.min + slider.step
        assert not visitor.move(f"{slug}.{name}", another).errors
        assert sliders()[name].default == [pytest.approx(another)]
    finally:
        visitor.close()


def test_the_status_page_tells_counts_and_bytes_and_nothing_else(server):
    numbers = status(server)
    for name, (_, _, bound) in ROWS.items():
        assert name in numbers
        assert not bound or bound in numbers
    words = {name for name, value in numbers.items() if not isinstance(value, int)}
    assert words == {"backend", "device"}
    assert (numbers["backend"], numbers["workers_limit"]) == ("processes", 4)
    assert numbers["resident_bytes"] == pytest.approx(server.resident_bytes(), rel=0.2)
    with urllib.request.urlopen(f"{server.address}/status", timeout=30) as answer:
        page = answer.read().decode()
    assert "<script" not in page
    assert "Visitors connected" in page
    assert "服务器状态" in page_of(numbers, "zh")
    visitor = Visitor(server.address)
    visitor.open("mlp")
    assert "status" not in visitor.pages  # hidden from the menu
    assert status(server)["visitors"] == 1
    assert status(server)["largest_session_bytes"] > 500
    visitor.close()
    until(lambda: status(server)["visitors"] == 0)


def test_everybody_sees_the_answers_to_the_own_picture_alone(server):
    """All upload at the same moment, each another picture each time; what they see is what the engine says of it."""
    topic = catalogue()["image_classifier"]
    run, draw = topic.load(topic.run), topic.load("engine.topics.image_classifier.draw:draw_answers")
    barrier, wrong = threading.Barrier(VISITORS), []
    expected, shown, squares = {}, {}, {}
    for number in range(VISITORS * ROUNDS):
        key = OWN.add(decode(picture(number)))
        result = run(topic.config(picture=key))
        bars = draw(result, 7)
        expected[number] = (key, list(bars.names), result.square.numpy())
        OWN.forget(key)

    def visit(place: int) -> None:
        try:
            visitor = Visitor(server.address)
            visitor.open("image_classifier")
            for turn in range(ROUNDS):
                visitor.move("image_classifier-own", True)
                number = place + turn * VISITORS
                barrier.wait(60)
                answer = visitor.upload("image_classifier:upload", f"{number}.png", picture(number))
                assert answer.errors == []
                shown[number] = (visitor.query, visitor.data("image-classifier-classes")[0]["names"])
                squares[number] = visitor.data("image-classifier-evidence")[1]["t0"]
            visitor.close()
        except Exception as error:  # in a thread: told to the test
            wrong.append(error)
            barrier.abort()

    threads = [threading.Thread(target=visit, args=(place,)) for place in range(VISITORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert wrong == []
    assert len({tuple(names) for _, names, _ in expected.values()}) == len(expected)  # no two answers alike
    for number, (key, names, square) in expected.items():
        query, seen = shown[number]
        assert key.removeprefix("upload:") in query
        assert seen == names, f"visitor {number % VISITORS}, picture {number}"
        grey = (square @ (0.299, 0.587, 0.114)).ravel()  # the page lays its colours over the picture in grey
        assert np.corrcoef(squares[number][..., 0].ravel(), grey)[0, 1] > 0.9


def test_worker_processes_keep_pictures_apart_too(server):
    """Three visitors have their own pictures occluded, which is work for jobs; heat maps as the engine makes them."""
    topic = catalogue()["image_classifier"]
    stream = topic.load(topic.stream)
    seen, wrong = {}, []

    def visit(number: int) -> None:
        try:
            visitor = Visitor(server.address)
            visitor.open("image_classifier", "window=112&stride=56")
            visitor.move("image_classifier-own", True)
            visitor.upload("image_classifier:upload", "own.png", picture(number))
            visitor.touch("image-classifier-method", "pick", 2)
            end = time.monotonic() + 60
            while visitor.timers and time.monotonic() < end:
                assert not [error for answer in visitor.follow(0.5) for error in answer.errors]
            seen[number] = visitor.data("image-classifier-evidence")[1]
            visitor.close()
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=visit, args=(number,)) for number in (100, 101, 102)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert wrong == []
    for number, arrays in seen.items():
        key = OWN.add(decode(picture(number)))
        last = list(stream(topic.config(picture=key, window=112, stride=56)))[-1]
        OWN.forget(key)
        heat = last.values["heat"].numpy()
        overlay = next(array for name, array in arrays.items() if name.startswith("o"))
        assert overlay.shape == heat.shape
        assert np.corrcoef(overlay.ravel(), heat.ravel())[0, 1] > 0.99, number  # the same, in 256 steps of colour


def test_who_loses_the_connection_finds_page_knobs_run_and_step_again(server):
    visitor = Visitor(server.address)
    visitor.open("mlp", "layers=5-4&seed=3")
    visitor.move("mlp.noise", 0.15)
    visitor.press("mlp:play")
    visitor.follow(2.0)
    assert status(server)["running"] == 1
    session, known = visitor.session, visitor.query
    before = _step(visitor)
    assert before > 0
    visitor.lose_connection()
    until(lambda: status(server)["visitors_away"] >= 1 and status(server)["visitors"] == 0)
    time.sleep(1.0)
    assert status(server)["running"] == 1  # a short loss does not stop it
    visitor.connect()  # and asks for the page, as the browser does
    assert visitor.ask().errors == []
    assert (visitor.session, visitor.query) == (session, known)
    assert visitor.widget("mlp.noise").default[0] == pytest.approx(0.15) or "noise=0.15" in visitor.query
    assert visitor.timers  # still live
    visitor.follow(1.0)
    assert _step(visitor) > before
    visitor.press("mlp:play")  # Pause
    visitor.follow(1.0)
    paused = _step(visitor)
    assert "steps=" in visitor.query

    stranger = Visitor(server.address)  # without the session's name nothing is found, with the link everything
    stranger.open("mlp", visitor.query)
    assert stranger.session != session
    for _ in range(100):
        if not stranger.timers:
            break
        stranger.follow(0.3)
    assert _step(stranger) == paused
    assert _line(stranger) == _line(visitor)  # losses and accuracies to the last digit shown
    visitor.close()
    stranger.close()


def _line(visitor: Visitor) -> str:
    """The line of live numbers."""
    return visitor.status()


def _step(visitor: Visitor) -> int:
    """The step that the page names."""
    line = _line(visitor)
    digits = line.partition("step")[2].replace(",", "").strip(" <b>")
    return int("".join(character for character in digits.partition("·")[0] if character.isdigit()))


def test_uploaded_files_are_bounded(server):
    """A program that sends file after file: the oldest go; the pages have read them long since."""
    visitor = Visitor(server.address)
    visitor.open("image_classifier")
    for number in range(5):
        visitor._put(f"/_stcore/upload_file/{visitor.session}/{number}", "a.png", bytes(7_000_000))
    held = status(server)["files_bytes"]
    assert 7_000_000 <= held <= FILES_BYTES_EACH
    visitor.close()


def test_a_full_server_says_so_and_those_inside_stay(server):
    until(lambda: status(server)["visitors"] == 0)
    inside = [Visitor(server.address) for _ in range(9)]
    inside[0].open("mlp")
    request = urllib.request.Request(server.address + "/mlp", headers={"Accept": "text/html"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == 503
    assert "(9 of 9)" in refused.value.read().decode()
    with pytest.raises(Exception, match="403"):
        Visitor(server.address)
    assert inside[0].move("mlp.noise", 0.1).errors == []
    lost = inside[0]
    lost.lose_connection()
    until(lambda: status(server)["visitors"] == 8)
    inside.append(Visitor(server.address))  # takes the place meanwhile
    lost.connect()  # who was here comes in all the same
    assert lost.ask().errors == []
    assert "noise=0.1" in lost.query
    for visitor in inside:
        visitor.close()
    until(lambda: status(server)["visitors"] == 0)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200
