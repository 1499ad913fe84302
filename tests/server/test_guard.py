"""Hosts, the number of open pages, and security headers: on the middleware alone, and on a server that is set so."""

import asyncio
import base64
import hashlib
import http.client
import re

import pytest
from starlette.responses import PlainTextResponse
from websockets.exceptions import InvalidStatus

from pages.components.server.security import PAGE_POLICY, Guard, fits, host_name, page_policy, script_hashes
from pages.components.server.settings import Settings
from tests.app_server import session, start_server
from tests.server.test_app import fetch, upload

HOSTS = Settings(allowed_hosts=("neurarium.example", "*.lab.example", "[::1]"))


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("neurarium.example", "neurarium.example"),
        ("NEURARIUM.Example.:443", "neurarium.example"),
        ("127.0.0.1:8501", "127.0.0.1"),
        ("[::1]:8501", "[::1]"),
        ("", ""),
        ("a.example:99999999", ""),
        ("user@neurarium.example", ""),
        ("neurarium.example/path", ""),
        ("neurarium.example?x", ""),
        ("[::1", ""),
        ("a b", ""),
    ],
)
def test_the_name_in_a_host_header(host, name):
    assert host_name(host) == name


def test_a_star_stands_for_names_below():
    hosts = HOSTS.allowed_hosts
    assert fits("neurarium.example", hosts)
    assert fits("a.lab.example", hosts)
    assert fits("b.a.lab.example", hosts)
    for other in ("lab.example", "evillab.example", "neurarium.example.evil", "evil.neurarium.example", ""):
        assert not fits(other, hosts)


# ---------------------------------------------------------------- the middleware alone


def ask(guard: Guard, *, kind: str = "http", path: str = "/", **headers: str) -> tuple[str, int]:
    """("passed", 0) or ("refused", status or close code) for one request."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": f"{kind}.connect" if kind == "websocket" else "http.request"}

    names = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "path": path, "headers": names, "method": "GET"}
    asyncio.run(guard(scope, receive, send))
    first = sent[0]
    if first.get("status") == 204:
        return "passed", 0
    return "refused", first.get("status") or first["code"]


async def answers(scope, receive, send):
    response = PlainTextResponse("", 204)
    await response({**scope, "type": "http"}, receive, send)


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_hosts_and_origins(kind):
    guard, refusal = Guard(answers, HOSTS), ("refused", 421 if kind == "http" else 1008)
    passed = ("passed", 0)
    assert ask(guard, kind=kind, host="neurarium.example:80") == passed
    assert ask(guard, kind=kind, host="other.example") == refusal
    assert ask(guard, kind=kind) == refusal
    assert ask(guard, kind=kind, host="neurarium.example", origin="https://neurarium.example") == passed
    assert ask(guard, kind=kind, host="neurarium.example", origin="https://evil.example") == refusal
    assert ask(guard, kind=kind, host="neurarium.example", origin="null") == refusal
    assert ask(guard, kind=kind, host="neurarium.example", origin="http://localhost:3000") == refusal
    assert ask(guard, kind=kind, path="/health", host="10.0.0.7:8501") == passed
    assert ask(Guard(answers, HOSTS, base="/lab"), kind=kind, path="/lab/health", host="10.0.0.7") == passed


def test_without_hosts_everything_passes():
    guard = Guard(answers, Settings())
    assert ask(guard, host="anything", origin="https://elsewhere.example") == ("passed", 0)


# ---------------------------------------------------------------- the policy


def test_scripts_of_the_page_are_named_by_their_hash():
    page = b"<head><script>\n let a = 1 </script><script type='module' src='x.js'></script><script defer>b()</script>"
    digests = [base64.b64encode(hashlib.sha256(text).digest()).decode() for text in (b"\n let a = 1 ", b"b()")]
    assert script_hashes(page) == tuple(f"'sha256-{digest}'" for digest in digests)


def test_the_policy_names_this_host_alone_and_no_unsafe_script():
    policy = page_policy(("'sha256-abc='",), "neurarium.example:8501")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert list(rules) == list(PAGE_POLICY)
    assert rules["script-src"] == "'self' blob: 'sha256-abc='"
    assert rules["connect-src"] == "'self' ws://neurarium.example:8501 wss://neurarium.example:8501 data:"
    assert rules["default-src"] == rules["object-src"] == rules["base-uri"] == "'none'"
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in rules["script-src"]
    for bad in ("a; script-src *", "a b", "*", "", "a,b", "a\r\nb"):
        assert page_policy((), bad) == page_policy((), "")
    assert "ws" not in page_policy((), "").replace("'self'", "").split("connect-src")[1].split(";")[0]


# ---------------------------------------------------------------- a server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = start_server(
        tmp_path_factory.mktemp("server") / "log.txt",
        NEURARIUM_ALLOWED_HOSTS="127.0.0.1", NEURARIUM_SESSIONS="2", NEURARIUM_UPLOAD_MB="2",
    )  # fmt: skip
    yield server.wait()
    server.stop()


@pytest.mark.parametrize("path", ["/", "/mlp?seed=3", "/no_such_page"])
def test_the_page_has_a_policy_with_its_own_scripts(server, path):
    _, headers, page = fetch(server.address + path)
    policy = headers["Content-Security-Policy"]
    inline = re.findall(rb"<script(?![^>]* src=)[^>]*>(.*?)</script>", page, re.DOTALL)
    assert inline
    for text in inline:
        assert base64.b64encode(hashlib.sha256(text).digest()).decode() in policy
    assert policy.count("'sha256-") == len(inline)
    assert f"ws://127.0.0.1:{server.port}" in policy


@pytest.mark.parametrize("path", ["/health", "/neurarium-boot.js", "/favicon.png", "/_stcore/health"])
def test_everything_else_may_do_nothing(server, path):
    status, headers, _ = fetch(server.address + path)
    assert status == 200
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["Content-Security-Policy"].endswith("sandbox")


def test_a_host_that_is_not_ours(server):
    for host, status in ((f"127.0.0.1:{server.port}", 200), ("localhost", 421), ("evil.example", 421)):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("GET", "/", headers={"Host": host})
        assert connection.getresponse().status == status
        connection.close()


def test_a_page_of_another_host_gets_no_session(server):
    from dataclasses import replace

    from websockets.sync.client import connect

    address = server.address.replace("http", "ws") + "/_stcore/stream"
    with pytest.raises(InvalidStatus):
        connect(address, subprotocols=["streamlit"], origin="http://localhost:3000")
    with session(replace(server)) as visitor:
        assert visitor.run("mlp")[-1].script_finished == 0


def test_a_full_server_says_so_and_serves_who_is_there(server):
    with session(server) as first, session(server):
        status, headers, text = fetch(server.address + "/mlp", Accept="text/html")
        assert (status, headers["Retry-After"]) == (503, "30")
        assert "Every place on this server is taken just now (2 of 2)" in text.decode()
        with pytest.raises(InvalidStatus), session(server):
            pass
        assert server.health()["status"] == "ok"
        assert first.run("gnn")[-1].script_finished == 0
    assert fetch(server.address + "/mlp", Accept="text/html")[0] == 200


def test_the_size_of_files_is_the_one_that_is_set(server):
    _, headers, _ = fetch(server.address + "/_stcore/health")
    token = re.search(r"_streamlit_xsrf=([^;]+)", headers["Set-Cookie"]).group(1)
    with session(server) as visitor:
        visitor.run("image_classifier")
        megabyte = 1024 * 1024
        assert upload(server, visitor, megabyte, token=token) == 204
        assert upload(server, visitor, 2 * megabyte + 100_000, token=token, announced_only=True) == 413


def test_frames_are_for_the_hosts_of_the_setting():
    rule = "frame-ancestors 'self'"
    assert f"{rule};" in page_policy((), "a.example")
    assert f"{rule} moodle.example:* *.lab.example:*;" in page_policy((), "a", ("moodle.example", "*.lab.example"))


@pytest.mark.parametrize(
    ("hosts", "framers", "old"), [("", "'self'", "SAMEORIGIN"), ("localhost", "'self' localhost:*", None)]
)
def test_only_the_page_may_be_framed_and_only_where_the_setting_says_so(tmp_path, hosts, framers, old):
    server = start_server(tmp_path / "log.txt", NEURARIUM_EMBED_HOSTS=hosts)
    try:
        server.wait(warm=False)
        for path in ("/", "/mlp?embed=true"):
            _, headers, _ = fetch(server.address + path)
            assert f"frame-ancestors {framers};" in headers["Content-Security-Policy"]
            assert headers.get("X-Frame-Options") == old
        for path in ("/health", "/neurarium-boot.js", "/status"):
            _, headers, _ = fetch(server.address + path)
            assert "frame-ancestors 'self';" in headers["Content-Security-Policy"]
            assert headers["X-Frame-Options"] == "SAMEORIGIN"
    finally:
        server.stop()
