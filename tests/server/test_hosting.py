"""What a host runs: the image's rules, the compose file, and the app on a read-only file system as a nobody."""

import os
import re
import subprocess
import time
from contextlib import suppress

import pytest
import yaml

from engine.contracts.topic import catalogue
from pages.components.server.settings import PREFIX, Settings, read
from tests.app_server import ROOT, Server, session

HOSTING = ROOT / ".hosting"
COMPOSE = yaml.safe_load((HOSTING / "compose.yaml").read_text("utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
REPLICAS = {name: service for name, service in COMPOSE["services"].items() if name != "proxy"}


def read_only(*command: str) -> list[str]:
    return [str(HOSTING / "read_only"), *command]


def cannot_run_read_only() -> str:
    """Why the file system cannot be made read-only here; "" if it can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "only root can make a read-only file system"
    if ROOT.is_relative_to("/tmp"):
        return "what is below /tmp is hidden there, and this is"
    if not (ROOT / ".venv" / "bin" / "python").exists():
        return "there is no .venv"
    tried = subprocess.run(read_only("true"), capture_output=True, text=True)
    return f"no mount namespaces here: {tried.stderr.strip()[:80]}" if tried.returncode else ""


def settings_of(service: dict) -> Settings:
    """The settings of a replica when the host has set nothing: ${NAME:-default} is the default."""
    values = {name: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", str(text)) for name, text in service["environment"].items()}
    return read(values)


def test_the_image_has_no_root_no_cuda_and_says_whether_it_lives():
    final = DOCKERFILE.split("FROM ")[-1]
    assert re.search(r"^USER 10001$", final, re.MULTILINE)
    assert final.index("COPY . .") < final.index("USER 10001") < final.index("\nCMD ")
    assert "/health" in final.split("HEALTHCHECK")[1]
    assert "HOME=/tmp" in final
    assert "PYTHONDONTWRITEBYTECODE=1" in final
    assert "ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu\n" in DOCKERFILE
    assert '--index-url "$TORCH_INDEX" -r torch.txt' in DOCKERFILE
    requirement = re.search(r"grep '(\^torch==)' requirements.txt", DOCKERFILE).group(1)
    assert len(re.findall(requirement, (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)) == 1


def test_the_image_carries_what_the_app_needs_and_nothing_else():
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    assert kept == ["app.py", "pages", "engine", "assets", "requirements.txt", ".streamlit/config.toml"]


def test_every_replica_can_write_nothing_and_is_known_to_the_proxy():
    proxy = COMPOSE["services"]["proxy"]
    assert proxy["environment"]["NEURARIUM_REPLICAS"].split() == [f"{name}:8501" for name in REPLICAS]
    assert proxy["depends_on"] == {name: {"condition": "service_healthy"} for name in REPLICAS}
    assert len(REPLICAS) >= 2
    for service in REPLICAS.values():
        assert service["read_only"] is True
        assert service["tmpfs"] == ["/tmp"]
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert "ports" not in service  # only through the proxy
        assert settings_of(service).allowed_hosts == ("localhost",)
        assert all(name.startswith(PREFIX) for name in service["environment"])


def test_the_proxy_keeps_visitors_and_watches_replicas():
    text = (HOSTING / "Caddyfile").read_text("utf-8")
    assert "lb_policy cookie neurarium_replica" in text
    assert "health_uri /health" in text
    default = re.search(r"\{\$NEURARIUM_REPLICAS:(.+?)\}", text).group(1)
    assert default == COMPOSE["services"]["proxy"]["environment"]["NEURARIUM_REPLICAS"]


@pytest.mark.skipif(bool(cannot_run_read_only()), reason=cannot_run_read_only())
def test_the_app_runs_as_nobody_where_nothing_can_be_written(tmp_path):
    tried = subprocess.run(
        read_only("bash", "-c", "id -u; touch /tmp/a && echo written; touch app.py || touch /var/tmp/a || echo held"),
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert tried.stdout.split() == ["65534", "written", "held"]

    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "log.txt"
    options = ["run", "app.py", "--server.address=127.0.0.1", f"--server.port={port}"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            read_only(".venv/bin/python", "-m", "streamlit", *options), cwd=ROOT, stdout=file, stderr=file
        )
    server = Server(f"http://127.0.0.1:{port}", port, process, log)
    try:
        server.wait()
        for slug in catalogue():
            with session(server) as visitor:
                messages = visitor.run(slug)
                assert messages[-1].script_finished == 0
                kinds = [m.delta.new_element.WhichOneof("type") for m in messages if m.HasField("delta")]
                assert "exception" not in kinds
                assert len(kinds) > 20
        with session(server) as visitor:
            visitor.run("mlp", "steps=30&until=60")
            deadline = time.monotonic() + 30
            while server.health()["store_bytes"] == 0 and time.monotonic() < deadline:
                time.sleep(0.2)
        assert server.health()["store_bytes"] > 0
        for word in ("Read-only file system", "Permission denied", "Traceback", "warm-up failed"):
            assert word not in server.log
    finally:
        with suppress(subprocess.TimeoutExpired):
            server.stop()
