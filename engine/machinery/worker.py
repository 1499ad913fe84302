"""`python -m engine.machinery.worker`: computes streams for the process that started it (see processes.py).

It is told what to do on its standard input and answers on its standard output: one pickled message, its length before
it. Each answer is asked for, so at most one snapshot is on its way. When the input ends, however its parent came to
end, the worker ends at once.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, BinaryIO

from engine.machinery.backends import NICENESS

LENGTH = struct.Struct(">Q")


def send(channel: BinaryIO, message: Any) -> None:
    """Write one message; what cannot be pickled raises before anything is written."""
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    channel.write(LENGTH.pack(len(content)) + content)
    channel.flush()


def receive(channel: BinaryIO) -> bytes:
    """Read one message, still pickled. EOFError when the other side is gone."""
    head = channel.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError("the other process has ended")
    (length,) = LENGTH.unpack(head)
    content = channel.read(length)
    if len(content) < length:
        raise EOFError("the other process has ended within a message")
    return content


def pack_error(error: BaseException) -> tuple[type, tuple, dict, str]:
    """An exception as something to pickle: pickle itself would call its class with the message alone."""
    told = "".join(traceback.format_exception(error))
    packed = (type(error), error.args, {name: value for name, value in vars(error).items() if name[:2] != "__"}, told)
    try:
        pickle.loads(pickle.dumps(packed))
    except Exception:  # a class within a function, an open file among its values
        return (RuntimeError, (f"{type(error).__name__}: {error}",), {}, told)
    return packed


def unpack_error(packed: tuple[type, tuple, dict, str]) -> BaseException:
    """The exception again, with its attributes; where it happened is added as a note."""
    kind, arguments, values, told = packed
    error = kind.__new__(kind, *arguments)
    vars(error).update(values)
    error.add_note(f"in a worker process:\n{told}")
    return error


def main() -> None:
    """Serve until the parent closes the input. The one argument: CPU threads of a PyTorch operation."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent says when to end
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints goes to the log, not between the messages
    if hasattr(os, "nice"):
        os.nice(NICENESS)  # clicks, answered by the parent, come before training
    messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(messages,), name="listen", daemon=True).start()

    import torch

    torch.set_num_threads(int(sys.argv[1]))
    weight = torch.zeros(2, requires_grad=True)
    weight.square().sum().backward()
    torch.optim.Adam([weight]).step()  # the first Adam imports for seconds
    send(answers, ("ready", None))
    serve(messages.get, lambda *message: send(answers, message))


def _listen(messages: queue.SimpleQueue[bytes]) -> None:
    """Read what the parent sends, also while a snapshot is computed, so that its end is noticed at once."""
    try:
        while True:
            messages.put(receive(sys.stdin.buffer))
    except BaseException:
        os._exit(0)


def serve(read: Callable[[], bytes], answer: Callable[..., None]) -> None:
    """Answer one message after the other: ("open", stream, config, device, attachments, unpack), ("next", steps),
    ("close",)."""
    from engine.machinery.backends import advance

    stream: Iterator[Any] | None = None
    with ExitStack() as held:
        while True:
            try:
                what, *rest = pickle.loads(read())
                if what == "open":
                    stream = _open(held, *rest)
                    answer("opened", None)
                elif what == "next":
                    answer("snapshot", advance(stream, rest[0]))
                elif what == "close":
                    _close(stream)
                    stream = None
                    held.close()
                    answer("closed", None)
            except StopIteration:
                answer("done", None)
            except (BrokenPipeError, KeyboardInterrupt, SystemExit):
                os._exit(0)
            except BaseException as error:
                answer("error", pack_error(error))


def _open(held: ExitStack, stream: Callable, config: Any, device: str, attachments: Any, unpack: Callable | None):
    from engine.machinery.device import using_device

    held.enter_context(using_device(device))
    if unpack is not None:
        held.enter_context(unpack(attachments))
    return iter(stream(config))


def _close(stream: Iterator[Any] | None) -> None:
    if hasattr(stream, "close"):
        stream.close()


if __name__ == "__main__":
    main()
