"""A real server, a real Chromium, and a Visitor who does what people do and notices every error the page makes.

Tests import nothing from here; everything comes as fixtures:

app -> Server                              one warm server for all tests
start_app(**environment) -> Server         a fresh server on a free port; stopped at the end of the test
visit(path, locale=, theme=, size=, touch=, …) -> Visitor     a new page of a browser, standing still
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.app_server import Server, start_server
from tests.patience import patience as patient

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",  # a camera that shows a moving disc
]  # fmt: skip
SECONDS = 30.0
PATIENCE = patient(SECONDS)  # seconds to wait for anything: generous, since machines that run tests are busy
LANDMARK = ".stMainBlockContainer h1"
TAB = "[class*='-tab ']"  # what an open tab holds


def find_chromium() -> str | None:
    """Path of the system's Chromium: $CHROMIUM, else what the PATH has."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser: without one it is skipped, or fails where one is demanded."""
    missing = None
    if find_chromium() is None:
        missing = "Chromium is not installed"
    elif not _has_playwright():
        missing = "Playwright is not installed"
    for item in items:
        if not Path(item.path).is_relative_to(Path(__file__).parent):
            continue
        item.add_marker(pytest.mark.browser)
        # Two browsers and two servers share two cores: a click may come while the page is elsewhere. What fails is
        # tried once more and counted as rerun in the summary; what is really broken fails twice.
        item.add_marker(pytest.mark.flaky(reruns=1))
        if missing and os.environ.get("NEURARIUM_REQUIRE_BROWSER") != "1":
            item.add_marker(pytest.mark.skip(reason=missing))


def _has_playwright() -> bool:
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return False
    return True


# ---------------------------------------------------------------- the server


@pytest.fixture(scope="session")
def app(tmp_path_factory) -> Iterator[Server]:
    """One warm server for all tests; with more places for jobs, so that what a test leaves running delays no other."""
    server = start_server(tmp_path_factory.mktemp("server") / "log.txt", NEURARIUM_RUNNING_JOBS="6")
    try:
        yield server.wait()
    finally:
        server.stop()


@pytest.fixture
def start_app(tmp_path) -> Iterator[Callable[..., Server]]:
    """start_app(NEURARIUM_RUNNING_JOBS="1") -> a server of the test's own, not yet waited for."""
    servers: list[Server] = []

    def start(**environment: str) -> Server:
        servers.append(start_server(tmp_path / f"log{len(servers)}.txt", **environment))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.stop()


# ---------------------------------------------------------------- the visitor


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium. One for each file, since Playwright allows one at a time and a file may bring its own."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    assert path is not None, "Chromium is not installed, and NEURARIUM_REQUIRE_BROWSER=1 demands it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def contexts(browser) -> dict[tuple, Any]:
    """Browser contexts by their options: a visitor's session is the page's, and a warm cache saves seconds a visit."""
    return {}


@pytest.fixture
def everything(request) -> bool:
    """Whether all combinations are asked for, those that the pages take in turns otherwise too."""
    return "everything" in request.config.option.markexpr


@dataclass
class Visitor:
    """One page of a browser. `complaints` must be empty at the end, apart from what `allow` let pass."""

    page: Any
    address: str
    complaints: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    # -- going and waiting

    def open(self, path: str) -> Visitor:
        """Go to a path of the app and wait until it stands still."""
        self.page.goto(self.address + path)
        return self.settle()

    def settle(self, quiet: int = 300) -> Visitor:
        """Wait until the page has a title and no script has run for `quiet` milliseconds. Not while training plays."""
        self.page.locator(LANDMARK).first.wait_for(timeout=1000 * PATIENCE)
        self.page.evaluate("window.calmSince = 0")
        self.page.wait_for_function(
            """([quiet, landmark]) => {
                const app = document.querySelector('[data-testid=stApp]'), now = performance.now();
                const busy = app?.dataset.testScriptState !== 'notRunning' || !document.querySelector(landmark)
                  || document.querySelector('[data-stale=true], [data-testid=stSkeleton]');
                if (busy || !window.calmSince) window.calmSince = now;
                return !busy && now - window.calmSince >= quiet;
            }""",
            arg=[quiet, LANDMARK], timeout=1000 * PATIENCE, polling=50,
        )  # fmt: skip
        return self

    def open_tab(self, name: str) -> Visitor:
        """Open a tab of the page, and wait until what it has is there and stands still."""
        self.page.get_by_role("tab", name=name).click()
        self.page.locator(f"{TAB} [data-testid=stElementContainer]").first.wait_for(state="attached")
        return self.settle(quiet=100)  # it has begun: no long wait for a run that may still come

    def until(self, look: Callable[[], Any], what: str, patience: float = SECONDS) -> Any:
        """The first true value of look(); AssertionError naming `what` and the last value otherwise."""
        from playwright.sync_api import Error as PageError

        deadline, value = time.monotonic() + patient(patience), None
        while time.monotonic() < deadline:
            try:
                value = look()
            except PageError as error:
                if "Execution context was destroyed" not in str(error):  # the page loads itself anew just now
                    raise
                value = None
            if value:
                return value
            self.page.wait_for_timeout(80)
        raise AssertionError(f"{what}: not within {patience:g} s (last: {value!r}; at {self.page.url})")

    def preset(self, slug: str, name: str) -> None:
        """Press the preset of that name."""
        self.key(f"{slug}-presets").get_by_role("button", name=name, exact=True).click()

    # -- what it says

    @property
    def query(self) -> dict[str, str]:
        """The link's parameters."""
        return dict(parse_qsl(urlsplit(self.page.url).query, keep_blank_values=True))

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def title(self) -> str:
        return self.page.locator(LANDMARK).first.inner_text()

    @property
    def words(self) -> str:
        """All text of the page, without navigation."""
        return self.page.locator(".stMainBlockContainer").inner_text()

    def alerts(self) -> list[str]:
        """Texts of the coloured boxes: warnings, errors, hints."""
        return self.page.locator("[data-testid=stAlert]").all_inner_texts()

    def status(self) -> list[float]:
        """The bold numbers of the page's status line: the step, then the scores in per cent."""
        texts = self.page.locator("[class*='-status'] p.status b").all_inner_texts()
        plain = [re.sub(r"[\s%,\u202f]", "", text).replace("−", "-") for text in texts]
        return [float("nan") if text in ("–", "") else float(text) for text in plain]

    def step(self) -> int:
        """The optimiser step that the status line names; -1 as long as there is none."""
        numbers = self.status()
        return int(numbers[0]) if numbers else -1

    @property
    def held(self) -> int:
        """The step at which the link stands: that of the moment at which Pause was pressed, else the newest."""
        return int(self.query.get("view.moment", self.query.get("steps", "0")))

    def key(self, key: str) -> Any:
        """The element of a Streamlit key."""
        return self.page.locator(".st-key-" + re.sub(r"[^a-zA-Z0-9_-]", "-", key))

    def button(self, key: str) -> Any:
        return self.key(key).get_by_role("button").last

    @property
    def language(self) -> str:
        """The language chosen in the page's own switch."""
        return self.key("language-switch").locator("[aria-checked=true]").inner_text()

    def switch_language(self, language: str) -> None:
        self.key("language-switch").get_by_text({"en": "EN", "zh": "中文"}[language], exact=True).click()

    def scrolls_sideways(self) -> bool:
        """Whether anything makes the page wider than the window."""
        return self.page.evaluate(
            """() => { const main = document.querySelector('[data-testid=stMain]');
                return document.documentElement.scrollWidth > innerWidth || main.scrollWidth > main.clientWidth; }"""
        )

    def widget(self, slug: str, knob: Any) -> Any:
        """What the widget of a knob shows: bool, str, set of str, float, or (count, width) for sizes."""
        if knob.kind == "sizes":
            return tuple(self._slider(f"{slug}.{knob.name}:{part}") for part in ("count", "width"))
        box = self.key(f"{slug}.{knob.name}")
        box.locator("input, button, select").first.wait_for()  # until it is there, nothing says what kind it is
        match knob.kind:
            case "bool":
                return box.locator("input").is_checked()
            case "choices":
                return set(box.locator("button[aria-pressed=true]").all_inner_texts())
            case "choice":
                return box.locator("select").evaluate("select => select.selectedOptions[0].text")
            case "text":
                return box.locator("input").input_value()
        if box.locator("input[type=number]").count():
            return float(box.locator("input[type=number]").input_value())
        return self._slider(f"{slug}.{knob.name}")

    def _slider(self, key: str) -> float:
        text = self.key(key).locator("input[type=range]").get_attribute("aria-valuetext")
        return float(text.replace("−", "-").replace(",", ""))

    # -- canvases

    def canvas(self, key: str) -> Any:
        """The drawn canvas of one of our own components."""
        found = self.key(key).locator("canvas.stage[data-ready]").last
        found.wait_for(timeout=1000 * PATIENCE)
        return found

    def wait_for_pictures(self) -> Visitor:
        """Until each of our components on the page has come, at least one of them a picture, and all are drawn."""
        self.page.wait_for_function(
            """() => {
                const roots = [...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean);
                const pictures = roots.flatMap((root) => [...root.querySelectorAll('canvas.stage')]);
                return pictures.length && pictures.every((picture) => picture.dataset.ready === 'true')
                    && roots.every((root) => root.querySelector('.nv, button'));
            }""",
            timeout=1000 * PATIENCE, polling=50,
        )  # fmt: skip
        return self

    def boxes(self, selector: str) -> list[dict[str, float]]:
        """Places on the screen of everything visible that a selector finds: x, y, width, height."""
        script = "all => all.map(e => e.getBoundingClientRect().toJSON()).filter(box => box.width > 0)"
        return self.page.locator(selector).evaluate_all(script)

    def picture(self, key: str) -> str:
        """All pixels of a canvas, as the address of a PNG: equal where the pictures are equal."""
        return self.canvas(key).evaluate("c => c.toDataURL()")

    def place(self, key: str, x: float, y: float, domain: float = 3.0) -> dict[str, float]:
        """CSS position on the canvas of a points editor of a spot in data units, domain -domain..domain."""
        box = self.canvas(key).evaluate("c => c.neurarium.box")
        share = (x + domain) / (2 * domain), (domain - y) / (2 * domain)
        return {"x": box["x"] + share[0] * box["s"], "y": box["y"] + share[1] * box["s"]}

    def click_plane(self, key: str, x: float, y: float, **options: Any) -> None:
        """Click a points editor at data coordinates."""
        self.canvas(key).click(position=self.place(key, x, y), **options)

    def click_node(self, key: str, layer: int, index: int) -> None:
        """Click the map of a neuron in a network diagram; layer 0 holds the inputs."""
        nodes = self.canvas(key).evaluate("c => c.neurarium.nodes")
        node = next(node for node in nodes if (node["layer"], node["index"]) == (layer, index))
        self.canvas(key).click(position={"x": node["x"] + node["s"] / 2, "y": node["y"] + node["s"] / 2})

    # -- errors

    def allow(self, pattern: str) -> None:
        """Errors that match this regular expression are meant to happen in this test."""
        self.allowed.append(pattern)

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(re.search(pattern, text) for pattern in self.allowed)]


def was_left(asked: Any) -> bool:
    """Whether a picture did not come because the page was left before."""
    return "/media/" in asked.url and "ERR_ABORTED" in (asked.failure or "")


@pytest.fixture
def visit(browser, contexts, request) -> Iterator[Callable[..., Visitor]]:
    """visit("/mlp?data=xor", locale="zh-CN", theme="dark", size=(390, 844), touch=True, fresh=True) -> Visitor.

    path None: open nothing yet. fresh: a browser that was never here before, with nothing cached. panel: what it
    remembers of the panel beside the stage, "" for nothing.
    """
    visitors: list[Visitor] = []
    fresh_contexts: list[Any] = []

    def enter(
        path: str | None = "/",
        *,
        locale: str = "en-US",
        theme: str = "light",
        size: tuple[int, int] = (1280, 800),
        touch: bool = False,
        server: Server | None = None,
        permissions: tuple[str, ...] = (),
        fresh: bool = False,
        panel: str = "knobs",
    ) -> Visitor:
        server = server or request.getfixturevalue("app")
        options = locale, theme, size, touch, permissions, panel
        context = None if fresh else contexts.get(options)
        if context is None:
            context = browser.new_context(
                viewport={"width": size[0], "height": size[1]}, locale=locale, color_scheme=theme, has_touch=touch,
                permissions=list(permissions),
            )  # fmt: skip
            context.set_default_timeout(1000 * PATIENCE)
            if panel:
                context.add_cookies([{"name": "neurarium_panel", "value": panel, "url": server.address}])
            if fresh:
                fresh_contexts.append(context)
            else:
                contexts[options] = context
        visitor = Visitor(context.new_page(), server.address)
        visitors.append(visitor)
        note, page = visitor.complaints.append, visitor.page
        page.on("console", lambda message: note(f"console: {message.text}") if message.type == "error" else None)
        page.on("pageerror", lambda error: note(f"page error: {error}"))
        page.on("requestfailed", lambda asked: was_left(asked) or note(f"request failed: {asked.url} {asked.failure}"))
        page.on("response", lambda got: note(f"HTTP {got.status}: {got.url}") if got.status >= 400 else None)
        return visitor.open(path) if path is not None else visitor

    yield enter
    complaints = []
    for visitor in visitors:
        if visitor.page.locator("[data-testid=stException]").count():
            complaints.append(
                "a traceback on the page: " + visitor.page.locator("[data-testid=stException]").inner_text()
            )
        complaints += visitor.unexpected()
        visitor.page.close()
    for context in fresh_contexts:
        context.close()
    assert complaints == [], "the browser complained"
