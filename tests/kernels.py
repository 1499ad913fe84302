"""Kernels of Jupyter that begin at once: each a process of its own, forked from one that has imported PyTorch.

A kernel takes three seconds to begin and to import PyTorch, and each topic has one run its notebook. What is imported
beforehand are whole packages that a notebook gets whole by the same words, so a line of imports that it lacks is missed
as in any other kernel: no name of them is in its namespace.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import default

# Forks a kernel for each who calls at its socket, until its standard input ends. The connection of a caller ends with
# the kernel; a kernel ends with this process.
FACTORY = """
import os, select, signal, socket, sys
import ipykernel.kernelapp, nbformat, numpy, torch

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("ready", flush=True)
while listener in select.select([listener, sys.stdin], [], [])[0]:
    caller, _ = listener.accept()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        listener.close()
        folder, connection = caller.makefile().readline().rstrip("\\n").split("\\t")
        os.chdir(folder)
        with_us = f"--IPKernelApp.parent_handle={os.getppid()}"
        ipykernel.kernelapp.IPKernelApp.launch_instance(argv=["-f", connection, with_us])
        os._exit(0)
    caller.close()
"""

# What Jupyter starts: asks for a kernel and stays as long as it does.
CALLER = """
import os, signal, socket, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)  # sent before a kernel is told to end
caller = socket.socket(socket.AF_UNIX)
caller.connect(sys.argv[1])
caller.sendall(f"{os.getcwd()}\\t{sys.argv[2]}\\n".encode())
caller.recv(1)
"""


@contextmanager
def warm_kernels(folder: Path) -> Iterator[type[AsyncKernelManager]]:
    """What nbclient calls kernel_manager_class; kernel_name is "warm". folder: an empty one of its own."""
    door = folder / "door"
    (folder / "warm").mkdir()
    spec = {
        "argv": [sys.executable, "-I", "-S", "-c", CALLER, str(door), "{connection_file}"],
        "display_name": "warm", "language": "python",
    }  # fmt: skip
    (folder / "warm" / "kernel.json").write_text(json.dumps(spec), "utf-8")

    class Warm(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _kernel_spec_manager_default(self) -> KernelSpecManager:
            return KernelSpecManager(kernel_dirs=[str(folder)])

    command = [sys.executable, "-c", FACTORY, str(door)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as factory:
        assert factory.stdout.readline() == "ready\n"
        yield Warm
        factory.stdin.close()
