"""The Content-Security-Policy: what is planted is held, and drawings, uploads and the camera go on under it.

That every page does all it can under it is checked in tests/browser/pages/test_desktop.py and test_phone.py.
"""

import json

import pytest

from tests.browser.policy import LISTEN, violations


@pytest.fixture
def watched(visit):
    """watched(path, **options) -> a Visitor who notes violations; at the end there must be none."""
    visitors = []

    def enter(path, **options):
        visitor = visit(None, **options)
        visitor.page.add_init_script(LISTEN)
        visitors.append(visitor)
        return visitor.open(path)

    yield enter
    for visitor in visitors:
        assert violations(visitor) == []


@pytest.mark.parametrize(
    ("slug", "switch", "key"),
    [
        ("mlp", "Hidden spaces", "mlp-hidden-space"),
        ("attention?view=toy", "Why divide by √d?", "attention-spread"),
    ],
)
def test_plotly_draws_under_the_policy(watched, slug, switch, key):
    """Curves, and points in space with WebGL."""
    visitor = watched(f"/{slug}")
    visitor.page.get_by_text(switch).click()
    figure = visitor.key(key).locator(".js-plotly-plot")
    figure.wait_for()
    visitor.until(lambda: figure.locator("svg.main-svg, canvas").count(), "the drawing")


def test_upload_and_camera_work_under_the_policy(watched):
    """A photo of the browser's own test camera comes as far as the answer."""
    visitor = watched("/image_classifier", permissions=("camera",), fresh=True)
    page = visitor.page
    visitor.key("image_classifier-own").get_by_role("button").first.click()
    page.get_by_text("Use the camera", exact=True).click()
    video = page.locator("[data-testid=stCameraInput] video")
    visitor.until(lambda: video.evaluate("video => video.readyState >= 2 && video.videoWidth"), "the camera's picture")
    page.locator("[data-testid=stCameraInputButton]:not([disabled])").first.click()
    visitor.until(lambda: visitor.query.get("picture", "").startswith("upload:"), "the photo is the picture now")
    visitor.until(lambda: not page.locator("[data-testid=stCameraInput]").count(), "and the camera is put away")


def test_planted_scripts_do_not_run(visit):
    """What a hole in the page could bring in is held: scripts in the page, handlers, strings as code, other hosts."""
    visitor = visit(None)
    visitor.allow(
        "Content.Security.Policy|violates the following|net::ERR_BLOCKED_BY_CSP|csp|request failed: http://other"
    )
    visitor.page.add_init_script(LISTEN)
    visitor.open("/")
    visitor.page.evaluate(
        """() => {
          window.ran = [];
          const put = (name, given) => document.body.appendChild(Object.assign(document.createElement(name), given));
          put("script", {textContent: "window.ran.push('inline script')"});
          put("script", {src: "data:text/javascript,window.ran.push('data script')"});
          put("script", {src: "http://other.invalid/script.js"});
          put("div", {innerHTML: "<img src='data:,' onerror=\\"window.ran.push('handler')\\">"});
          put("iframe", {srcdoc: "<script>parent.ran.push('frame')</script>"});
          put("object", {data: "data:text/html,<script>parent.ran.push('object')</script>"});
          put("base", {href: "http://other.invalid/"});
          const timed = put("button", {});
          timed.setAttribute("onclick", "window.ran.push('attribute')");
          timed.click();
          fetch("http://other.invalid/secret").catch(() => {});
          try { new Worker(URL.createObjectURL(new Blob(["postMessage(1)"]))); } catch {}
          // Not in this evaluation itself, where the browser's tools may do as they like.
          put("script", {type: "module", src: URL.createObjectURL(new Blob(
            ["try { eval('window.ran.push(1)') } catch {} try { new Function('window.ran.push(2)')() } catch {} window.tried = true"],
            {type: "text/javascript"}))});
        }"""  # noqa: E501 - JavaScript
    )
    visitor.until(lambda: visitor.page.evaluate("window.tried"), "the module has tried")
    found = visitor.until(
        lambda: len(violations(visitor)) >= 10 and violations(visitor), "the browser reports what it held"
    )
    held = {line.split()[0] for line in found}
    assert {"script-src-elem", "script-src-attr", "script-src", "connect-src", "worker-src", "base-uri"} <= held, found
    assert visitor.page.evaluate("window.ran") == []
    assert visitor.page.evaluate("document.baseURI").startswith(visitor.address)


def test_a_download_and_a_file_opened_by_itself(visit):
    """Answers that are not the page may do nothing in a browser, but can be kept."""
    visitor = visit("/")
    with visitor.page.expect_download() as kept:
        visitor.page.evaluate(
            """() => Object.assign(document.createElement("a"), {href: "/health", download: "health.json"}).click()"""
        )
    assert json.loads(kept.value.path().read_text())["status"] == "ok"
    answer = visitor.page.goto(visitor.address + "/health")
    assert "sandbox" in answer.headers["content-security-policy"]
