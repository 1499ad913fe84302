"""What the server does around the pages: starts, answers, keeps to itself, and stops. No browser."""

import gzip
import http.client
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack
from urllib.parse import urljoin

import pytest

from tests.app_server import ROOT, session, start_server

PAGES = ("/", "/mlp", "/image_classifier?target=287", "/no_such_page")
SECRETS = (
    b"def warm_up",
    b"root:x:0:0",
    b"postScriptGC",
    b"[core]",
    b"ResultStore(",
)  # app.py, /etc/passwd, config, .git


# Runs in the server before anything else: one byte in a file for every whole garbage collection.
COUNT_COLLECTIONS = """
import gc, os
def count(phase, info, file=open(os.environ["COLLECTIONS"], "ab", buffering=0)):
    if phase == "start" and info["generation"] == 2:
        file.write(b".")
gc.callbacks.append(count)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    (folder / "sitecustomize.py").write_text(COUNT_COLLECTIONS)
    server = start_server(folder / "log.txt", PYTHONPATH=str(folder), COLLECTIONS=str(folder / "collections")).wait()
    yield server
    server.stop()


def fetch(address: str, method: str = "GET", body: bytes | None = None, **headers: str):
    """(status, headers, body) of one request; errors are answers too."""
    request = urllib.request.Request(
        address, data=body, method=method, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def main_script(server) -> str:
    """Address of the front end's own script."""
    _, _, page = fetch(server.address + "/")
    return server.address + "/" + re.search(rb'src="\.?/?(static/js/index\.[^"]+\.js)"', page).group(1).decode()


# ---------------------------------------------------------------- answers


def test_health_says_alive_warm_and_how_much_is_held(server):
    status, headers, _ = fetch(server.address + "/health")
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    health = server.health()
    assert health["status"] == "ok"
    assert health["warm"] is True
    assert health["jobs"] == 0
    assert isinstance(health["store_bytes"], int)
    assert "warm-up failed" not in server.log


@pytest.mark.parametrize("path", PAGES)
def test_every_page_loads_the_boot_script_before_all_others(server, path):
    status, headers, page = fetch(server.address + path)
    assert status == 200
    assert headers["Content-Type"].startswith("text/html")
    assert int(headers["Content-Length"]) == len(page)
    scripts = re.findall(rb'<script[^>]*src="([^"]+)"', page)
    assert scripts[0] == b"/neurarium-boot.js"
    assert len(scripts) >= 2
    assert page.count(b"neurarium-boot.js") == 1


@pytest.mark.parametrize("path", PAGES)
def test_the_style_sheet_ends_the_body_so_that_it_wins_over_streamlits(server, path):
    _, _, page = fetch(server.address + path)
    sheet = (ROOT / "assets" / "style.css").read_bytes()
    assert page.count(sheet) == 1
    assert page.index(sheet) > page.rindex(b"<script")
    assert page.split(sheet)[1].split() == [b"</style></body>", b"</html>"]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/a/b", "/a%2Fb"), ("/mlp/x?seed=3&data=xor", "/mlp%2Fx?seed=3&data=xor"),
        ("/a/b/c?x=%2F", "/a%2Fb%2Fc?x=%2F"),
        ("/%3Cb%3E/x", "/%3Cb%3E%2Fx"), ("/%E8%9E%BA/x", "/%E8%9E%BA%2Fx"),
    ],
)  # fmt: skip
def test_an_address_of_several_levels_leads_to_one_where_the_page_finds_its_scripts(server, path, place):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 307
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    prefix = "http://here.example/prefix"  # of a proxy, which the server is not told of
    assert urljoin(prefix + path, answer.headers["Location"]) == prefix + place
    status, _, page = fetch(server.address + place)
    assert status == 200
    assert b"neurarium-boot.js" in page


def test_boot_script_names_the_server(server):
    status, headers, script = fetch(server.address + "/neurarium-boot.js")
    assert status == 200
    assert headers["Content-Type"].startswith("text/javascript")
    assert b"window.__streamlit" in script
    assert script == (ROOT / "assets" / "boot.js").read_bytes()


def test_head_answers_without_a_body(server):
    _, headers, page = fetch(server.address + "/")
    status, head, body = fetch(server.address + "/", "HEAD")
    assert (status, body) == (200, b"")
    assert head["Content-Length"] == headers["Content-Length"] == str(len(page))


@pytest.mark.parametrize("path", [*PAGES, "/health", "/neurarium-boot.js", "/neurarium/0/none.js", "/_stcore/health"])
def test_security_headers_are_on_every_answer(server, path):
    _, headers, _ = fetch(server.address + path)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "geolocation=()" in headers["Permissions-Policy"]


def test_static_files_and_pages_go_out_compressed(server):
    for address in (main_script(server), server.address + "/"):
        _, plain_headers, plain = fetch(address)
        _, headers, packed = fetch(address, Accept_Encoding="gzip")
        assert "Content-Encoding" not in plain_headers
        assert headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed) == plain
        assert len(packed) < 0.6 * len(plain)


def test_static_files_are_kept_by_the_browser(server):
    _, headers, _ = fetch(main_script(server))
    assert "max-age=31536000" in headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/..%2fapp.py",
        "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/static/../../../../../../../../etc/passwd",
        "/static/js/..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd",
        "/static/%2e%2e/%2e%2e/__init__.py",
        "/app/static/../app.py",
        "/app.py",
        "/pages/components/compute.py",
        "/engine/machinery/store.py",
        "/.streamlit/config.toml",
        "/.git/config",
        "/media/../../app.py",
        "/component/neurarium_pixels/../../app.py",
        "/_stcore/bidi-components/neurarium_pixels/..%2f..%2fapp.py",
        "/neurarium/0/..%2f..%2fapp.py",
        "/neurarium/%2e%2e/app.py",
        "/..\\..\\app.py",
        "/static/js/%00../../app.py",
    ],
)
def test_no_route_serves_files_of_the_machine(server, path):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)  # sends the path as it stands
    connection.putrequest("GET", path, skip_accept_encoding=True)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert not any(secret in body for secret in SECRETS)
    is_the_page = answer.status == 200 and b"neurarium-boot.js" in body  # any unknown path opens the app, which says so
    assert is_the_page or 300 <= answer.status < 500
    assert server.process.poll() is None


def test_works_below_a_base_path(tmp_path):
    server = start_server(tmp_path / "log.txt", "--server.baseUrlPath=lab/net", base="/lab/net")
    try:
        server.wait()
        _, _, page = fetch(server.address + "/mlp")
        assert b'<script src="/lab/net/neurarium-boot.js">' in page
        status, _, script = fetch(server.address + "/neurarium-boot.js")
        assert status == 200
        assert b"window.__streamlit" in script
        with session(server) as visitor:
            assert visitor.run("mlp")[-1].script_finished == 0
    finally:
        server.stop()


# ---------------------------------------------------------------- uploads


def upload(
    server, visitor, size: int, *, token: str | None = None, session_id: str | None = None, announced_only: bool = False
) -> int:
    """Status of an upload; announced_only: the size is announced, but nothing is sent before the answer."""
    body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n' + bytes(size) + b"\r\n--x--\r\n"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("PUT", f"/_stcore/upload_file/{session_id or visitor.id}/one")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(len(body)))
    if token is not None:
        connection.putheader("X-Xsrftoken", token)
        connection.putheader("Cookie", f"_streamlit_xsrf={token}")
    connection.endheaders()
    if not announced_only:
        connection.send(body)
    with connection.getresponse() as answer:
        return answer.status


def test_uploads_are_bounded_and_belong_to_a_session(server):
    _, headers, _ = fetch(server.address + "/_stcore/health")
    token = re.search(r"_streamlit_xsrf=([^;]+)", headers["Set-Cookie"]).group(1)
    with session(server) as visitor:
        visitor.run("image_classifier")
        megabyte = 1024 * 1024
        assert upload(server, visitor, 1000) == 403  # a page of another site cannot upload here
        assert upload(server, visitor, 1000, token=token, session_id="nobody") == 400
        assert upload(server, visitor, megabyte, token=token) == 204
        assert upload(server, visitor, 16 * megabyte + 100_000, token=token, announced_only=True) == 413


# ---------------------------------------------------------------- running for long


def test_no_garbage_collection_after_every_run(server):
    """A whole collection with torch loaded costs 190 ms; the option against it must hold in the running server."""
    collections = server.log_file.with_name("collections")
    before = collections.stat().st_size
    assert before >= 1  # the warm-up's own, so collections are counted at all
    with session(server) as visitor:
        for _ in range(12):
            visitor.run()
    assert collections.stat().st_size - before <= 4


def test_the_server_runs_with_the_project_settings(server):
    import tomllib

    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert settings["runner"]["postScriptGC"] is False
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none"
    assert settings["server"]["enableXsrfProtection"] is True
    assert settings["server"]["maxUploadSize"] == 16
    with session(server) as visitor:
        new = next(message.new_session for message in visitor.run() if message.HasField("new_session"))
    assert new.config.gather_usage_stats is False


def test_memory_does_not_grow_with_every_visit(server):
    def visits(count: int) -> int:
        for number in range(count):
            with session(server) as visitor:
                visitor.run("mlp", f"seed={number}&layers=4")
        return server.resident_bytes()

    visits(10)  # caches fill: modules, fonts, the store
    before = visits(5)
    after = visits(30)
    assert after - before < 40e6, f"{(after - before) / 30e6:.1f} MB a visit"


def test_sigterm_stops_a_server_that_is_training(tmp_path):
    server = start_server(tmp_path / "log.txt").wait()
    try:
        with ExitStack() as visitors:
            for seed in range(3):  # two run, one waits in the queue
                visitor = visitors.enter_context(session(server))
                visitor.run("mlp", f"layers=64-64-64-64&until=20000&steps=20000&seed={seed}")
            assert server.health()["jobs"] == 3
            code = server.stop()  # raises if it takes more than 15 s
        assert code in (0, -signal.SIGTERM)  # uvicorn ends in the signal it was sent, once everything is put away
        assert "jobs stopped" in server.log
        assert "Traceback" not in server.log
    finally:
        if server.process.poll() is None:
            server.process.kill()


def test_a_run_of_a_page_does_not_move_the_places_that_others_import_from():
    code = (
        "import sys, app\n"
        "from streamlit.runtime.scriptrunner.exec_code import modified_sys_path\n"
        "before = list(sys.path)\n"
        "with modified_sys_path('pages/frame.py'):\n"
        "    assert sys.path == before, sys.path\n"
        "assert sys.path == before, sys.path\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
