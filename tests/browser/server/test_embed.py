"""A page within a page of another site: only where the setting names its host, and there it works."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser.expectations import zh

OURS = "127.0.0.1"  # the app; what frames it is at localhost, another site for a browser


@pytest.fixture
def course():
    """course(address) -> the address of a course page that shows it in a frame."""
    servers = []

    def made(source: str) -> str:
        class Page(BaseHTTPRequestHandler):
            def do_GET(self):
                frame = f'<iframe src="{source}" title="Neurarium" width=1240 height=780></iframe>'
                page = f"<!doctype html><title>Course</title>{frame}"
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_):
                pass

        servers.append(ThreadingHTTPServer((OURS, 0), Page))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://localhost:{servers[-1].server_port}/"

    yield made
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def framed(browser, course, start_app):
    """framed(hosts, path, **options) -> (page of the course, its frame, the app)."""
    contexts = []

    def enter(hosts: str, path: str, **options):
        app = start_app(NEURARIUM_EMBED_HOSTS=hosts).wait()
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 800}, **options))
        page = contexts[-1].new_page()
        page.goto(course(app.address + path))
        return page, page.frame_locator("iframe"), app

    yield enter
    for context in contexts:
        context.close()


@pytest.mark.parametrize("hosts", ["", "moodle.example"])
def test_a_host_that_is_not_named_shows_nothing(framed, hosts):
    page, frame, _ = framed(hosts, "/gnn?embed=true")
    page.wait_for_function(
        "() => document.querySelector('iframe').contentDocument === null"
    )  # another site, or an error
    assert frame.locator("[data-testid=stApp]").count() == 0
    inside = page.frames[1]
    assert inside.url.startswith("chrome-error://")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_in_a_frame_the_page_has_its_pictures_and_its_lesson_alone(framed, locale):
    page, frame, app = framed("localhost", "/gnn?embed=true&teach=two_labels&answers=hidden", locale=locale)
    card = frame.locator(".nv.step")
    card.wait_for(timeout=60_000)
    frame.locator("canvas.stage[data-ready=true]").first.wait_for(timeout=60_000)
    for gone in ("[role=tab]", "[data-testid=stTopNavSection]", ".st-key-title-row", "[data-testid=stToolbar] button"):
        assert frame.locator(gone).count() == 0, gone
    card.locator("button.primary").click()
    card.locator("button[data-press='choose 0']").click()
    card.locator(".told").wait_for(timeout=90_000)  # it trained, over the connection of a frame
    out = frame.locator("a.out")
    said = "Open in Neurarium"
    assert out.inner_text().startswith(said if locale == "en-US" else zh(said))
    with page.context.expect_page() as opened:
        out.click()
    whole = opened.value
    whole.locator("[role=tab]").first.wait_for(timeout=60_000)
    assert "embed" not in whole.url
    assert whole.url.startswith(app.address + "/gnn?")
    assert "answers=hidden" in whole.url
    assert "teach=two_labels" in whole.url


def test_share_offers_a_frame_where_the_server_allows_one(browser, start_app):
    app = start_app(NEURARIUM_EMBED_HOSTS="moodle.example *.lab.example").wait()
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    page = context.new_page()
    page.goto(app.address + "/gnn?depth=3")
    page.locator(".st-key-teach-popover").get_by_role("button").last.click()
    snippet = page.locator("[data-testid=stCode] pre", has_text="<iframe")
    snippet.wait_for(timeout=60_000)
    text = snippet.inner_text()
    assert f'src="{app.address}/gnn?depth=3&amp;embed=true"' in text
    assert page.get_by_text("For pages of moodle.example, *.lab.example.").is_visible()
    context.close()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_where_no_file_can_be_sent_the_reader_is_told_so(framed, locale):
    """The browser keeps the cookie back without which the server takes no file."""
    _, frame, _ = framed("localhost", "/image_classifier?embed=true&seed=1", locale=locale)
    own = frame.locator(".st-key-image_classifier-own").get_by_role("button").first
    own.wait_for(timeout=60_000)
    own.click()
    said = "Within another page no file can be sent. Open the whole page: the link is at the bottom."
    frame.get_by_text(said if locale == "en-US" else zh(said)).wait_for(timeout=30_000)
    assert frame.locator("input[type=file]").count() == 0
