"""Where the numbers are computed: chosen for one context alone, refused where there is none."""

import contextvars
import threading

import pytest
import torch

from engine.machinery.device import available_devices, current_device, using_device


def test_the_cpu_is_always_there_and_last():
    assert available_devices()[-1] == "cpu"
    assert ("cuda" in available_devices()) == torch.cuda.is_available()
    assert len(set(available_devices())) == len(available_devices())


def test_the_best_there_is_unless_chosen():
    assert current_device() == available_devices()[0]
    with using_device("cpu") as device:
        assert device == current_device() == "cpu"
        with using_device(None):
            assert current_device() == available_devices()[0]
        assert current_device() == "cpu"
    assert current_device() == available_devices()[0]


def test_a_device_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"expected one of .*cpu, got 'abacus'"), using_device("abacus"):
        pass
    assert current_device() == available_devices()[0]


def test_a_failure_inside_leaves_nothing_behind():
    with pytest.raises(ZeroDivisionError), using_device("cpu"):
        raise ZeroDivisionError
    assert current_device() == available_devices()[0]


def test_a_choice_belongs_to_its_own_context(monkeypatch):
    monkeypatch.setattr("engine.machinery.device.available_devices", lambda: ("best", "cpu"))
    seen, chosen, looked = {}, threading.Event(), threading.Event()

    def visitor():
        with using_device("cpu"):
            chosen.set()
            assert looked.wait(20)
            seen["visitor"] = current_device()

    thread = threading.Thread(target=visitor)
    thread.start()
    assert chosen.wait(20)
    seen["neighbour"] = current_device()
    looked.set()
    thread.join()
    with using_device("cpu"):
        context = contextvars.copy_context()
    seen["copied"] = context.run(current_device)
    assert seen == {"visitor": "cpu", "neighbour": "best", "copied": "cpu"}


@pytest.mark.gpu
def test_a_gpu_computes_what_the_cpu_computes():
    x = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))
    difference = ((x.to(available_devices()[0]) @ x.to(available_devices()[0])).cpu() - x @ x).abs().max()
    assert difference <= 2e-3 * (x @ x).abs().max()
