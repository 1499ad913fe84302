"""Two replicas behind the proxy of .hosting/Caddyfile: visitors stay with theirs, and come back by their link."""

import io
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from dataclasses import replace

import pytest
from PIL import Image

from engine.data.photos import photo
from engine.data.pictures import decode
from tests.app_server import ROOT

pytestmark = pytest.mark.skipif(shutil.which("caddy") is None, reason="Caddy is not installed")
RESTORED = {"data": "xor", "seed": "7", "layers": "5"}


def png(rgb) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def replicas(start_app, tmp_path):
    """(two warm servers, the proxy before them as a Server whose process is Caddy's)."""
    servers = [start_app(NEURARIUM_ALLOWED_HOSTS="127.0.0.1") for _ in range(2)]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for server in servers:
        server.wait()
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "NEURARIUM_SITE": f"http://127.0.0.1:{port}",
        "NEURARIUM_REPLICAS": " ".join(f"127.0.0.1:{server.port}" for server in servers),
    }
    log = tmp_path / "proxy.txt"
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(ROOT / ".hosting" / "Caddyfile")]
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    proxy = replace(servers[0], address=f"http://127.0.0.1:{port}", port=port, process=process, log_file=log)
    try:
        yield servers, proxy.wait()
    finally:
        proxy.stop()


def upload(visitor, name: str, content: bytes) -> None:
    if not visitor.page.locator("input[type=file]").count():
        visitor.key("image_classifier-own").get_by_role("button").first.click()
    file = {"name": name, "mimeType": "image/png", "buffer": content}
    visitor.page.locator("input[type=file]").last.set_input_files(file)


def test_visitors_stay_with_their_replica_and_come_back_by_link(replicas, visit):
    servers, proxy = replicas

    # Three strangers send a picture each: a file goes to the replica that holds the session, or it would be refused.
    strangers = []
    for name in ("coffee", "flower", "rocket"):
        uploader = visit("/image_classifier", server=proxy, fresh=True)
        strangers.append(uploader)
        content = png(photo(name).rgb)
        upload(uploader, f"{name}.png", content)
        key = decode(content).key
        uploader.until(lambda who=uploader, key=key: who.query.get("picture") == key, "the picture is in the link")
        uploader.settle()
        uploader.open(uploader.page.url.removeprefix(proxy.address))  # the link leads to the same replica
        assert uploader.alerts() == []

    # A visitor trains; what is running tells which replica it is.
    visitor = visit("/mlp?data=xor&seed=7&layers=5&until=20000", server=proxy, fresh=True)
    before = visitor.status()  # step 0, and what the untrained network of this seed gets right
    visitor.key("mlp:play").get_by_role("button").click()
    visitor.until(lambda: visitor.step() > 0, "it trains")
    home = next(server for server in servers if server.health()["jobs"])
    cookie = [item for item in visitor.page.context.cookies() if item["name"] == "neurarium_replica"]
    assert len(cookie) == 1

    # That replica dies. The page finds the other one by itself, with all that the link holds.
    for who in (visitor, *strangers):
        who.allow("WebSocket|ERR_|Failed to load|HTTP 50|request failed|Client Error|disconnected from server")
    home.process.kill()
    home.process.wait()
    other = next(server for server in servers if server is not home)
    visitor.until(lambda: visitor.status() == before, "the network is as at first")
    assert RESTORED.items() <= visitor.query.items()
    visitor.until(lambda: press(visitor) and other.health()["jobs"] == 1, "it trains on the other replica")

    # A picture is lost with its replica, is said to be, and can be sent again.
    uploader.open("/image_classifier?picture=" + decode(content).key)
    for alert in uploader.alerts():  # none if its replica is the one that lives
        assert "not on this server" in alert
        upload(uploader, "again.png", content)
        uploader.until(lambda: uploader.alerts() == [], "sent again")


def press(visitor) -> bool:
    """Press Play unless it plays."""
    button = visitor.key("mlp:play").get_by_role("button")
    if "Train" in button.inner_text():
        button.click()
        time.sleep(1)
    return True


def test_replicas_know_their_names(replicas):
    servers, proxy = replicas
    request = urllib.request.Request(servers[0].address + "/", headers={"Host": "other.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 421
    assert proxy.health()["status"] == "ok"
