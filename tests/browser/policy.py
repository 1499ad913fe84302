"""What the Content-Security-Policy holds on a page, and all of a page that can be opened."""

# Counts violations from the first moment of the page; in the page's own world, so it is not held itself.
LISTEN = """window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(
  `${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
# Held and known: protobuf's 64-bit numbers try WebAssembly first and do without where they may not.
KNOWN = "script-src wasm-eval"
OPENERS = (
    '[data-testid="stPopoverButton"]:visible', '[data-testid="stExpander"] summary:visible',
    '[data-testid="stCheckbox"] label:not([data-disabled=true]):visible',
)  # fmt: skip


def violations(visitor) -> list[str]:
    """What the policy has held on this page, apart from what is known."""
    found = visitor.page.evaluate("window.violations")
    return [line for line in found if not (line.startswith(KNOWN) and "/protobuf." in line)]


def open_everything(visitor) -> int:
    """Every fold, popover and switch of the page once, opened only; how many there were that stood closed."""
    page, opened = visitor.page, 0
    for selector in OPENERS:
        for place in range(page.locator(selector).count()):
            button = page.locator(selector).nth(place)
            if not button.count():  # what was opened before has changed the page
                break
            if button.evaluate("button => button.matches('details[open] > summary')"):
                continue
            button.click()
            visitor.settle()
            opened += 1
            if "Popover" in selector:
                page.keyboard.press("Escape")
    return opened
