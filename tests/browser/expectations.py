"""What a page must show for a Config, read from the catalogue; shared by the browser tests."""

import datetime
import re
from urllib.parse import urlencode

import pytest

from engine.contracts.knob import knobs, to_query
from engine.contracts.pins import PARAMETER, Pin
from engine.contracts.topic import Topic, catalogue
from pages.components.parts.topics import page_module
from tests import strings

TOPICS = catalogue()
CHINESE = re.compile(r"[\u4e00-\u9fff]")


# What a page is looked at in, on three days in turn: every page is visited every day, and in each way every third.
VISITS = ("desktop", "phone", "lesson")
DAYS = datetime.date.today().toordinal()
ROUNDS = DAYS // len(VISITS)


def has_turn(slug: str, visit: str) -> bool:
    """Whether a page is visited in this way today; "", the home page, in all of them."""
    return not slug or VISITS[(list(TOPICS).index(slug) + DAYS) % len(VISITS)] == visit


def in_turn(visit, pages, *combinations):
    """Parameters of a test of every page: the pages that have this visit today, each with one of the combinations,
    which take turns over pages and days; all others under the mark `everything`."""

    def marks(at: int, page: str, number: int):
        today = has_turn(page, visit) and number == (at + ROUNDS) % len(combinations)
        return () if today else pytest.mark.everything

    return [
        pytest.param(page, *one, marks=marks(at, page, number))
        for at, page in enumerate(pages)
        for number, one in enumerate(combinations)
    ]


def zh(english: str) -> str:
    """The Chinese of an interface text, from the table the app uses; fails where there is none."""
    table = strings.table()
    assert english in table, f"assets/language/zh has no {english!r}"
    return table[english]


def link(slug: str, config) -> str:
    """Path and query of a page with this config."""
    query = urlencode(to_query(config))
    return f"/{slug}?{query}" if query else f"/{slug}"


def query_of(topic: Topic, config) -> dict[str, str]:
    """The link that a page writes for this config when nothing else was looked at before."""
    module = page_module(topic.slug)
    follow = getattr(module, "follow", None)
    view = module.View(**follow(topic.config(), config)) if follow else None
    return to_query(config) | ({f"view.{name}": value for name, value in to_query(view).items()} if follow else {})


def shown(knob, value):
    """What Visitor.widget reports for a knob with this value, in English."""
    label = lambda choice: knob.choice_labels.get(choice, choice)  # noqa: E731
    match knob.kind:
        case "choice":
            return label(value)
        case "choices":
            return {label(choice) for choice in value}
        case "sizes":
            return float(len(value)), pytest.approx(max(value)) if value else pytest.approx(8, abs=100)
        case "int" | "float":
            return pytest.approx(value, rel=0.06, abs=1e-6) if knob.log else pytest.approx(value, abs=1e-6)
    return value


def assert_widgets_show(visitor, topic: Topic, config) -> None:
    """Every widget shows the config's value, the folded ones too; hidden knobs are in the link."""
    slug = topic.slug
    folded = visitor.key(f"{slug}:more").locator("details")
    if folded.count() and folded.get_attribute("open") is None:
        folded.locator("summary").click()
    for knob in knobs(type(config)):
        absent = topic.absent is not None and knob.name in topic.absent(config)
        idle = absent or (knob.counts is not None and not knob.counts(config))
        if knob.hidden or (idle and visitor.key(f"{slug}.{knob.name}").count() == 0):  # a page may leave idle ones out
            continue
        wanted = shown(knob, getattr(config, knob.name))
        visitor.until(
            lambda knob=knob, wanted=wanted: visitor.widget(slug, knob) == wanted,
            f"{knob.name} shows {getattr(config, knob.name)!r}", patience=10,
        )  # fmt: skip


def telling_presets(topic: Topic) -> list:
    """(name, Config) of the presets that differ from the default in something a widget shows."""
    visible = [knob.name for knob in knobs(topic.config) if not knob.hidden]
    default = topic.config()
    return [p for p in topic.presets.items() if any(getattr(p[1], name) != getattr(default, name) for name in visible)]


def telling_link(slug: str) -> str:
    """Path and query of a page as it is at first, with a pinned run that differs in something a widget shows."""
    (_, preset), *_ = telling_presets(TOPICS[slug])
    return f"/{slug}?{urlencode({PARAMETER: Pin(slug, preset).text()})}"
