"""The house with many topics: a copy of the project with the newton files of tests/data under other names, as
many as make thirty-seven topics with the real ones.

`python -m tests.catalogue [--rounds 5]` starts servers with today's topics and with all of them in turns, and prints
what the many cost: the start, the first picture in a browser, and the memory with twenty visitors.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from tests.app_server import PATIENCE, ROOT, Server, start_server
from tests.visitor import Visitor

GIVEN = Path(__file__).parent / "data" / "newton"
PLACES = {
    "card.py": "engine/topics/newton/card.py", "run.py": "engine/topics/newton/run.py",
    "draw.py": "engine/topics/newton/draw.py", "explain.py": "engine/topics/newton/explain.py",
    "probe.py": "engine/topics/newton/probe.py", "lesson.py": "engine/topics/newton/lesson.py",
    "page.py": "pages/newton.py",
    "en.md": "assets/lessons/en/newton.md", "zh.md": "assets/lessons/zh/newton.md",
    "zh.json": "assets/language/zh/newton.json",
}  # fmt: skip
TITLE, GROUP, ORDER = "Newton's method", "Foundations", 90  # what the newton files say of themselves
HOUSEKEEPING_SECONDS = 5.0  # of app.py
QUESTION = "How many guesses does a square root take?"


class Dummy(NamedTuple):
    """A topic that has the newton files and a place of its own."""

    slug: str
    group: str
    title: str
    chinese: str
    order: int
    covered: bool = True

    @property
    def question(self) -> str:
        """As long as those of the real topics; every third is longer, for cards beside each other differ."""
        more = ", and what becomes of it when the numbers that it lives on are changed by hand" * (self.order % 3 == 0)
        return f"What does a network do that goes by {self.title}, step by step{more}?"

    @property
    def chinese_question(self) -> str:
        more = "，亲手改动它所依赖的数之后又会怎样" * (self.order % 3 == 0)
        return f"“{self.chinese}”究竟是一步一步怎样做到的{more}？"


def _dummies() -> Iterator[Dummy]:
    named = {
        "Foundations": (("loss_landscape", "The landscape of the loss", "损失的地形"),),
        "Convolution": (
            ("residual", "Residual connections", "残差连接"),
            ("unet", "U-Net", "U-Net"),
            ("transposed", "Transposed convolution and checkerboards", "转置卷积与棋盘效应"),
        ),
        "Sequences": (
            ("recurrent", "Recurrent networks, LSTM and GRU", "循环网络、LSTM 与 GRU"),
            ("tokens", "Tokens", "词元"),
            ("language_model", "A small language model", "小型语言模型"),
            ("state_space", "State space models", "状态空间模型"),
        ),
        "Self-supervised": (
            ("contrast", "Contrastive learning", "对比学习"),
            ("masked", "Masked autoencoders", "掩码自编码器"),
            ("distillation", "Self-distillation without labels", "无标签自蒸馏"),
            ("text_and_image", "Text and image in one space", "图文同一空间"),
        ),
        "Vision": (
            ("vision_transformer", "Vision Transformer", "视觉 Transformer"),
            ("two_stage", "Two-stage detectors", "两阶段检测器"),
            ("set_prediction", "Detection as set prediction", "作为集合预测的检测"),
            ("segmentation", "Semantic segmentation", "语义分割"),
            ("tracking", "Tracking of many objects", "多目标跟踪"),
        ),
        "Generative": (
            ("variational", "Variational autoencoders", "变分自编码器"),
            ("adversarial", "Generative adversarial networks", "生成对抗网络"),
            ("flow", "Normalising flows and flow matching", "归一化流与流匹配"),
            ("autoregressive", "Pixels one after the other", "逐个生成像素"),
        ),
        "Graphs": (("molecules", "Molecules as graphs", "作为图的分子"),),
        "Reinforcement": (
            ("values", "Value iteration and Q-learning", "价值迭代与 Q 学习"),
            ("policy_gradient", "Policy gradient", "策略梯度"),
        ),
    }  # fmt: skip
    for group, topics in named.items():
        for order, (slug, title, chinese) in enumerate(topics, 100):
            yield Dummy(slug, group, title, chinese, order, covered=slug != "tokens")


DUMMIES = tuple(_dummies())


# ---------------------------------------------------------------- a copy of the project


def copy_project(folder: Path) -> Path:
    """The project as git knows it, with what is changed and not yet committed."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


def lay_newton(folder: Path) -> None:
    """The newton files as they are, each in its place."""
    for name, place in PLACES.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(GIVEN / name, folder / place)
    (folder / "engine/topics/newton/__init__.py").write_text('"""Newton\'s method."""\n')


def lay_dummies(folder: Path) -> None:
    """The newton files once for each of DUMMIES, and a cover for each but those that shall have none."""
    covers = folder / "assets" / "pictures" / "cards"
    real = sorted(covers.glob("*.jpg"))
    for number, dummy in enumerate(DUMMIES):
        for name, place in PLACES.items():
            file = folder / place.replace("newton", dummy.slug)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(_renamed(name, dummy), "utf-8")
        (folder / f"engine/topics/{dummy.slug}/__init__.py").write_text(f'"""{dummy.title}."""\n')
        if dummy.covered:
            with Image.open(
                real[number % len(real)]
            ) as cover:  # other colours: a file of its own, as large as real ones
                hue, *rest = cover.convert("HSV").split()
                turned = Image.merge("HSV", (hue.point(lambda value, by=20 + 7 * number: (value + by) % 256), *rest))
            turned.convert("RGB").save(covers / f"{dummy.slug}.jpg", quality=88)


def _renamed(name: str, dummy: Dummy) -> str:
    """A newton file as that of another topic."""
    text = (GIVEN / name).read_text("utf-8")
    if name == "zh.json":
        table = json.loads(text)
        del table[TITLE], table[QUESTION]
        return json.dumps(table | {dummy.title: dummy.chinese, dummy.question: dummy.chinese_question})
    if name == "card.py":
        for old, new in {
            'slug="newton"': f'slug="{dummy.slug}"', f'title="{TITLE}"': f"title={dummy.title!r}",
            f'group="{GROUP}"': f'group="{dummy.group}"', f"order={ORDER}": f"order={dummy.order}",
            f'question="{QUESTION}"': f"question={dummy.question!r}",
        }.items():  # fmt: skip
            assert old in text, f"tests/data/newton/card.py no longer says {old}"
            text = text.replace(old, new)
    return text.replace("engine.topics.newton", f"engine.topics.{dummy.slug}")


# ---------------------------------------------------------------- what they cost


def boot_seconds(root: Path, log: Path) -> float:
    """From the start of a process to /health saying that it is warm; the process is stopped again."""
    start, server = time.perf_counter(), start_server(log, root=root)
    try:
        while True:
            if server.process.poll() is not None or time.perf_counter() > start + PATIENCE:
                raise RuntimeError(f"the server did not get warm:\n{server.log}")
            with suppress(OSError):
                if server.health()["warm"]:
                    return time.perf_counter() - start
            time.sleep(0.02)
    finally:
        server.stop()


def home_picture(browser: Any, server: Server, theme: str = "light") -> float:
    """Milliseconds from the request of the home page to the link of its last topic, with nothing in the cache."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=theme).new_page()
    start = time.perf_counter()
    page.goto(server.address, wait_until="commit")
    last = ".st-key-tiles:not(:has(.st-key-tile-descent)) .st-key-tile-gnn a, .st-key-tile-policy_gradient a"
    page.locator(last).first.wait_for(timeout=60_000)
    took = 1000 * (time.perf_counter() - start)
    page.context.close()
    return took


def memory_by_round(root: Path, log: Path, visitors: int, rounds: int) -> list[int]:
    """Bytes of a server at first, and after each round in which the same visitors open all its pages.

    The house is kept every five seconds; what a round has left behind for that is given back before it is read.
    """
    server = start_server(log, root=root).wait()
    try:
        crowd, held = [Visitor(server.address) for _ in range(visitors)], [server.resident_bytes()]
        crowd[0].open()
        pages = sorted(crowd[0].pages)
        for _ in range(rounds):
            for page in pages:
                for visitor in crowd:
                    answer = visitor.open(page)
                    if answer.errors:
                        raise RuntimeError(f"/{page}: {answer.errors}")
            time.sleep(2 * HOUSEKEEPING_SECONDS)
            held.append(server.resident_bytes())
        for visitor in crowd:
            visitor.close()
        return held
    finally:
        server.stop()


def main() -> None:
    """The command line."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import FLAGS, find_chromium
    from tests.browser.measure import first_picture

    options = argparse.ArgumentParser(prog="python -m tests.catalogue", description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5, help="starts, and first pictures, of each of the two")
    options.add_argument("--page", default="gnn", help="whose first picture is waited for")
    options.add_argument("--visitors", type=int, default=20)
    options.add_argument("--only", choices=("boot", "pictures", "memory"), help="one of the three")
    asked = options.parse_args()
    wanted = (asked.only,) if asked.only else ("boot", "pictures", "memory")
    with tempfile.TemporaryDirectory() as folder:
        few, many, log = Path(folder) / "few", Path(folder) / "many", Path(folder) / "log.txt"
        copy_project(few)
        lay_dummies(copy_project(many))
        for root in (few, many):  # compiled once, as an installed project is
            boot_seconds(root, log)
        if "boot" in wanted:
            _compare("start until warm", "s", lambda root: boot_seconds(root, log), few, many, asked.rounds)
        if "pictures" in wanted:
            servers = {root: start_server(root / "log.txt", root=root) for root in (few, many)}
            try:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
                    for name, measured in {
                        f"/{asked.page}: first picture": lambda root: first_picture(
                            browser, servers[root].wait(), asked.page
                        )[0],
                        "home: until its last topic": lambda root: home_picture(browser, servers[root].wait()),
                    }.items():
                        measured(few), measured(many)  # the first visitor of a server waits for what all keep
                        _compare(name, "ms", measured, few, many, 2 * asked.rounds)
                    browser.close()
                opened = {root: Visitor(server.address) for root, server in servers.items()}
                for page in ("", asked.page):
                    name = f"/{page}: answer without a browser"
                    ask = lambda root, page=page: 1000 * opened[root].open(page).seconds  # noqa: E731
                    ask(few), ask(many)
                    _compare(name, "ms", ask, few, many, 6 * asked.rounds)
            finally:
                for server in servers.values():
                    server.stop()
        if "memory" in wanted:
            for root, name in ((few, "today's topics"), (many, "all topics")):
                held = memory_by_round(root, log, asked.visitors, 3)
                grown = " ".join(f"{after / before:.3f}" for before, after in pairwise(held[1:]))
                megabytes = " ".join(f"{some / 1e6:.0f}" for some in held)
                print(f"memory with {name}, MB at first and after each round of {asked.visitors} visitors over all "
                      f"pages: {megabytes}; from round to round × {grown}", flush=True)  # fmt: skip


def _compare(name: str, unit: str, measured: Callable[[Path], float], few: Path, many: Path, rounds: int) -> None:
    """Both in turns, the first of a turn alternating; medians, and the median of the ratios of the turns."""
    taken: dict[Path, list[float]] = {few: [], many: []}
    for turn in range(rounds):
        for root in (few, many) if turn % 2 == 0 else (many, few):
            taken[root].append(measured(root))
    ratio = statistics.median(later / sooner for sooner, later in zip(taken[few], taken[many], strict=True))
    low, high = statistics.median(taken[few]), statistics.median(taken[many])
    print(f"{name}: {low:.3g} {unit} with today's topics, {high:.3g} {unit} with all; × {ratio:.2f} ({rounds} turns)",
          flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
