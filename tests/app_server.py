"""The real app as a subprocess on a free port, and a session spoken over its web socket without a browser."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.patience import patience

ROOT = Path(__file__).parents[1]
PATIENCE = patience(60.0)  # seconds for a start: generous, since machines that run tests are busy
GRACE = patience(15.0)  # seconds that a server may take to stop


@dataclass
class Server:
    """A running app."""

    address: str
    port: int
    process: subprocess.Popen
    log_file: Path

    @property
    def log(self) -> str:
        """Everything it has written so far."""
        return self.log_file.read_text("utf-8", "replace")

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.address}/health", timeout=10) as answer:
            return json.load(answer)

    def wait(self, *, warm: bool = True) -> Server:
        """Until it answers, and is warm unless that is not wanted. RuntimeError with its log if it does not."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.log}")
            try:
                if self.health()["warm"] or not warm:
                    return self
            except OSError:
                pass
            time.sleep(0.1)
        raise RuntimeError(f"the server did not answer:\n{self.log}")

    def stop(self) -> int:
        """SIGTERM; the exit code. subprocess.TimeoutExpired (and SIGKILL) if it does not stop within GRACE seconds."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def processor_seconds(self) -> float:
        """What the process has used of processors so far, from /proc (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def children(self) -> list[str]:
        """Numbers of the processes that any of its threads has started, from /proc (Linux)."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [number for task in tasks for number in task.read_text().split()]

    def resident_bytes(self) -> int:
        """Memory of the process, from /proc (Linux)."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def start_server(
    log_file: Path, *options: str, base: str = "", root: Path = ROOT, script: str = "app.py", **environment: str
) -> Server:
    """Start app.py or another; options are Streamlit's, environment goes on top of this process's. Does not wait.

    root: the folder of the project, which may be a copy of it.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.address=127.0.0.1",
               f"--server.port={port}", *options]  # fmt: skip
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=root, stdout=log, stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", **environment},
        )  # fmt: skip
    return Server(f"http://127.0.0.1:{port}{base}", port, process, log_file)


class Session:
    """A visitor without a browser: Streamlit's own messages over its web socket."""

    def __init__(self, connection: Any):
        self.connection = connection
        self.id = ""

    def run(self, page: str = "", query: str = "") -> list[Any]:
        """Ask for a page, as the browser does on opening a link; all messages up to the end of the run."""
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        ask = BackMsg()
        ask.rerun_script.query_string, ask.rerun_script.page_name = query, page
        self.connection.send(ask.SerializeToString())
        messages = []
        while True:
            message = ForwardMsg()
            message.ParseFromString(self.connection.recv(timeout=PATIENCE))
            messages.append(message)
            if message.WhichOneof("type") == "new_session":
                self.id = message.new_session.initialize.session_id
            if message.WhichOneof("type") == "script_finished":
                return messages


@contextmanager
def session(server: Server) -> Iterator[Session]:
    """An open session; it ends as when a tab is closed."""
    from websockets.sync.client import connect

    address = server.address.replace("http://", "ws://") + "/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], origin=server.address, max_size=None) as connection:
        yield Session(connection)
