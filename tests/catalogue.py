"""The house with many topics: a copy of the project with the newton files of tests/data under thirty other names.

`python -m tests.catalogue [--rounds 5]` starts servers with today's topics and with all of them in turns, and prints
what the many cost: the start, the first picture in a browser, and the memory with twenty visitors.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from tests.server import ROOT

GIVEN = Path(__file__).parent / "data" / "newton"
PLACES = {
    "card.py": "engine/topics/newton/card.py", "run.py": "engine/topics/newton/run.py",
    "draw.py": "engine/topics/newton/draw.py", "explain.py": "engine/topics/newton/explain.py",
    "probe.py": "engine/topics/newton/probe.py", "page.py": "pages/newton.py",
    "en.md": "assets/lessons/en/newton.md", "zh.md": "assets/lessons/zh/newton.md",
    "zh.json": "assets/language/zh/newton.json",
}  # fmt: skip
TITLE, GROUP, ORDER = "Newton's method", "Foundations", 90  # what the newton files say of themselves
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
        "Foundations": (
            ("descent", "Gradient descent and its relatives", "梯度下降及其变体"),
            ("backpropagation", "Backpropagation", "反向传播"),
            ("initialisation", "Initialisation", "参数初始化"),
            ("normalisation", "Batch and layer normalisation", "批归一化与层归一化"),
            ("regularisation", "Dropout and weight decay", "随机失活与权重衰减"),
            ("loss_landscape", "The landscape of the loss", "损失的地形"),
            ("autoencoder", "Autoencoders", "自编码器"),
        ),
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
