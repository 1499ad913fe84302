"""EfficientNet-Lite0: its shape, its weights, its answers."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from engine.data.imagenet import class_names, english_names, full_names
from engine.data.photos import PHOTOS, photo
from engine.instrument.trace import count_parameters, record, tap_names
from engine.models.efficientnet import STAGES, EfficientNetLite0, lite0, load_lite0, middle_square, normalised
from engine.models.efficientnet.lite0 import FoldedBatchNorm2d, SamePaddingConv2d, relu6
from engine.recipes.efficientnet_lite0 import renamed

skimage_data = pytest.importorskip("skimage.data")


def probabilities(rgb: np.ndarray) -> torch.Tensor:
    with torch.inference_mode():
        return load_lite0()(normalised(middle_square(rgb)))[0].softmax(0)


# Seen with the published implementation and its float32 weights; tiger cat, Egyptian cat, tabby; espresso; missile.
@pytest.mark.parametrize(
    ("name", "expected"),
    [("chelsea", {282: 0.386, 285: 0.356, 281: 0.169}), ("coffee", {967: 0.951}), ("rocket", {657: 0.296})],
)
def test_answers_of_the_published_network(name, expected):
    answer = probabilities(getattr(skimage_data, name)())
    assert answer.topk(len(expected)).indices.tolist() == list(expected)
    for index, value in expected.items():
        assert answer[index].item() == pytest.approx(value, abs=0.01)


def test_the_bundled_photos_are_named_rightly():
    best = {name: english_names()[int(probabilities(photo(name).rgb).argmax())] for name in PHOTOS}
    assert best["chelsea"] == "tiger cat"
    assert best["coffee"] == "espresso"
    assert best["flower"] == "daisy"
    assert best["camera"] == "tripod"
    assert best["china"] == "palace"


def test_parameter_count():
    """By hand from Table 1: convolutions, two numbers a channel for each normalisation, the classifier."""
    expected, channels = 3 * 32 * 9 + 2 * 32, 32
    for blocks, kernel, _, expansion, out in STAGES:
        for _ in range(blocks):
            wide = channels * expansion
            expected += (channels * wide + 2 * wide) if expansion > 1 else 0
            expected += wide * kernel**2 + 2 * wide + wide * out + 2 * out
            channels = out
    expected += channels * 1280 + 2 * 1280 + 1280 * 1000 + 1000
    assert count_parameters(EfficientNetLite0()) == expected == 4_652_008


def test_taps_and_shapes():
    model = load_lite0()
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert not model.training
    with torch.no_grad(), record(model) as trace:
        model(torch.zeros(2, 3, 224, 224))
    sides = (112, 112, 56, 28, 14, 14, 7, 7, 7)
    channels = (32, *(stage.channels for stage in STAGES), 1280)
    names = ["taps.stem", *(f"taps.stage{k}" for k in range(1, 8)), "taps.head"]
    assert tap_names(model) == [*names, "taps.pooled", "taps.logits"]
    for name, channel, side in zip(names, channels, sides, strict=True):
        assert trace[name].shape == (2, channel, side, side), name
    assert trace["taps.pooled"].shape == (2, 1280)
    assert trace["taps.logits"].shape == (2, 1000)
    assert torch.allclose(trace["taps.pooled"], trace["taps.head"].mean((2, 3)))


def test_one_network_for_the_process():
    assert load_lite0() is load_lite0()


def test_a_network_first_loaded_in_inference_mode_still_takes_gradients():
    lite0._load.cache_clear()
    with torch.inference_mode():
        model = load_lite0()
    x = torch.zeros(1, 3, 64, 64, requires_grad=True)
    model(x)[0, 0].backward()
    assert x.grad.abs().sum() > 0


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(8, 8), (7, 9)])
def test_same_padding_puts_the_odd_zero_right_and_below(kernel, stride, size):
    """Oracle: TensorFlow's rule written out pixel by pixel."""
    torch.manual_seed(0)
    layer = SamePaddingConv2d(1, 1, kernel, stride, bias=False)
    x = torch.randn(1, 1, *size)
    found = layer(x)[0, 0]
    outputs = [-(-n // stride) for n in size]
    before = [max((o - 1) * stride + kernel - n, 0) // 2 for o, n in zip(outputs, size, strict=True)]
    expected = torch.zeros(outputs)
    for i in range(outputs[0]):
        for j in range(outputs[1]):
            for a in range(kernel):
                for b in range(kernel):
                    row, column = i * stride + a - before[0], j * stride + b - before[1]
                    if 0 <= row < size[0] and 0 <= column < size[1]:
                        expected[i, j] += layer.weight[0, 0, a, b].item() * x[0, 0, row, column]
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_folded_normalisation_is_pytorchs_and_keeps_no_picture(training):
    generator = torch.Generator().manual_seed(0)
    ours, theirs = FoldedBatchNorm2d(6, eps=1e-3, momentum=0.01), torch.nn.BatchNorm2d(6, eps=1e-3, momentum=0.01)
    state = {name: torch.rand(6, generator=generator) + 0.1 for name in list(theirs.state_dict())[:4]}
    pictures, weighting = torch.randn(2, 2, 6, 9, 9, generator=generator)
    answers, gradients, kept = [], [], []
    for module in (ours, theirs):
        module.load_state_dict(state, strict=False)
        module.train(training).requires_grad_(False)
        x, saved = pictures.clone().requires_grad_(), []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, saved=saved: saved.append(t.numel()) or t, lambda t: t):
            answer = module(x)
        (answer * weighting).sum().backward()
        answers.append(answer.detach())
        gradients.append(x.grad)
        kept.append(max(saved))
    assert torch.allclose(*answers, atol=1e-5)
    assert torch.allclose(*gradients, atol=1e-5)
    assert torch.allclose(ours.running_mean, theirs.running_mean)
    assert kept == [pictures.numel() if training else 6, pictures.numel()]


def test_relu6_is_pytorchs_and_keeps_nothing_but_its_output():
    x = torch.randn(1000, generator=torch.Generator().manual_seed(0)) * 6
    x[:4] = torch.tensor([0.0, 6.0, -0.0, torch.nan])
    weighting = torch.linspace(-1, 1, 1000)
    answers, gradients = [], []
    for activation in (relu6, torch.nn.functional.relu6):
        given, saved = x.clone().requires_grad_(), []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, saved=saved: saved.append(t) or t, lambda t: t):
            answer = activation(given)
        (answer * weighting).sum().backward()
        answers.append(answer.detach())
        gradients.append(given.grad)
        if activation is relu6:
            assert [t.data_ptr() for t in saved] == [answer.data_ptr()]
    assert torch.equal(answers[0].nan_to_num(7), answers[1].nan_to_num(7))
    assert torch.equal(gradients[0][:3], gradients[1][:3])
    assert torch.equal(gradients[0][4:], gradients[1][4:])


def test_stride_two_on_even_sizes_differs_from_symmetrical_padding():
    """Why the padding matters: PyTorch's own would look at other pixels."""
    layer = SamePaddingConv2d(1, 1, 3, 2, bias=False)
    x = torch.randn(1, 1, 8, 8)
    assert not torch.allclose(layer(x), F.conv2d(x, layer.weight, stride=2, padding=1), atol=1e-3)


def resized_then_cut(rgb):
    """The published way: the short side to 256, then the middle."""
    height, width = rgb.shape[:2]
    scale = 256 / min(height, width)
    tall, wide = round(height * scale), round(width * scale)
    whole = np.asarray(Image.fromarray(rgb).resize((wide, tall), Image.Resampling.BICUBIC)).astype(int)
    top, left = (tall - 224) // 2, (wide - 224) // 2
    return whole[top : top + 224, left : left + 224]


def test_how_far_the_shortcut_is_from_the_published_way():
    """What the comment in middle_square says: ± 1 for photos, more for noise in a tall strip."""
    for name in PHOTOS:
        rgb = photo(name).rgb
        assert np.abs(middle_square(rgb) - resized_then_cut(rgb)).max() <= 1, name
    rng = np.random.default_rng(0)
    strips = [rng.integers(0, 256, (243, 49, 3), np.uint8) for _ in range(3)]
    assert 10 < max(np.abs(middle_square(rgb) - resized_then_cut(rgb)).max() for rgb in strips) <= 26


@pytest.mark.parametrize("size", [(300, 451), (640, 427), (224, 224), (90, 100)])
def test_middle_square_equals_resize_then_crop(size):
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (30, 20, 3), np.uint8))
    rgb = np.asarray(noise.resize(size[::-1], Image.Resampling.BICUBIC))
    scale = 256 / min(size)
    tall, wide = round(size[0] * scale), round(size[1] * scale)
    whole = np.asarray(Image.fromarray(rgb).resize((wide, tall), Image.Resampling.BICUBIC)).astype(int)
    top, left = (tall - 224) // 2, (wide - 224) // 2
    difference = np.abs(middle_square(rgb) - whole[top : top + 224, left : left + 224])
    assert difference.max() <= 3  # Pillow rounds between its two passes and picks their order by size


def test_middle_square_of_a_strip_needs_no_giant_in_between():
    rgb = np.zeros((2, 1024, 3), np.uint8)
    rgb[:, 511:513] = 255
    square = middle_square(rgb)
    assert square.shape == (224, 224, 3)
    assert square[:, 100:124].min() > 200


def test_normalised_values():
    x = normalised(np.array([[[0, 127, 255]]], np.uint8))
    assert x.shape == (1, 3, 1, 1)
    assert x.flatten().tolist() == [-127 / 128, 0.0, 1.0]


@pytest.mark.parametrize("bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8)])
def test_middle_square_rejects(bad):
    with pytest.raises(ValueError, match="expected a picture"):
        middle_square(bad)


def test_renaming_reaches_every_tensor_once():
    """A published state dict made up of our own shapes, in the order of the blocks, comes back under our names."""
    ours = EfficientNetLite0().state_dict()
    theirs, blocks = {}, [(s, b) for s, shape in enumerate(STAGES) for b in range(shape.blocks)]
    parts = {"expand.0": "_expand_conv", "expand.1": "_bn0", "filter.0": "_depthwise_conv", "filter.1": "_bn1",
             "project.0": "_project_conv", "project.1": "_bn2"}  # fmt: skip
    ends = {"stem.0": "_conv_stem", "stem.1": "_bn0", "head.0": "_conv_head", "head.1": "_bn1", "classifier": "_fc"}
    for key, value in ours.items():
        prefix, last = key.rsplit(".", 1)
        if prefix in ends:
            theirs[f"{ends[prefix]}.{last}"] = value
        else:
            _, stage, block, part = prefix.split(".", 3)
            theirs[f"_blocks.{blocks.index((int(stage), int(block)))}.{parts[part]}.{last}"] = value
    back = renamed(theirs)
    assert back.keys() == ours.keys()
    assert all(back[key] is ours[key] for key in ours)


def test_class_names():
    reference = full_names()
    assert len(reference) == 1000
    assert reference[282].startswith("tiger cat")
    assert class_names() == english_names()
    for names in (english_names(), [name.text("zh") for name in class_names()]):
        assert len(set(names)) == 1000
        assert all(name.strip() == name and name for name in names)
    assert english_names()[134] != english_names()[517]  # the bird and the machine


def test_chinese_names_are_chinese():
    path = Path(__file__).parents[2] / "assets" / "language" / "imagenet_zh.json"
    names = json.loads(path.read_text(encoding="utf-8"))
    assert len(names) == len(set(names)) == 1000
    assert all(any("\u4e00" <= character <= "\u9fff" for character in name) for name in names)
    known = {1: "金鱼", 388: "大熊猫", 340: "斑马", 967: "浓缩咖啡", 954: "香蕉", 281: "虎斑猫"}
    assert {index: names[index] for index in known} == known
