"""A Topic describes one page: what it asks, what can be set, what is computed and how it is drawn.

Cards are light: they import neither torch nor plotly. Everything heavy is named by a dotted path
("engine.topics.<slug>.run:run") and imported at first use.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from types import MappingProxyType, NoneType
from typing import Any

from engine.contracts.knob import without_run

GROUPS = (
    "Foundations",
    "Convolution",
    "Sequences",
    "Self-supervised",
    "Vision",
    "Generative",
    "Graphs",
    "Reinforcement",
)


class CatalogueError(ValueError):
    """A topic card that contradicts itself or the catalogue."""


@dataclasses.dataclass(frozen=True)
class Source:
    """Where the method or the data comes from: shown under the lesson."""

    title: str
    link: str


@dataclasses.dataclass(frozen=True)
class Training:
    """How the network of a topic is trained on its page.

    stream: dotted path of `stream(config) -> Iterator[Snapshot]`, to the last step of the Config and on where it is
    asked to. first: of `first(config) -> Snapshot`, the network before its first step. result_of: of `result_of(config,
    moments) -> Result`, how snapshots become what `run` returns; a run of many steps can then be watched and stopped
    wherever it is computed. network: of `network(config, result=None) -> nn.Module`, with the weights of a Result or
    before the first step.
    steps, until, weights, seed: names of the knobs that say how far the run goes, where it ends by itself, from which
    weights of a reader's own it starts (their key, "" for none), and where its randomness begins. experiment: Config ->
    Config, what the run depends on, all else at its default; steps, too. speed: how fast it plays at first. pictured:
    names of what the pictures show of every moment, numbers left out, where that is not all that was seen of it: so
    many more moments go to the browser at once. begins: name of the knob that says whether the network has been trained
    already, if there is one. every_step: no step is left out between two moments, at any speed, where a curve through
    some would tell another story; for runs of a few thousand quick steps.
    """

    stream: str
    first: str
    result_of: str
    network: str
    experiment: Callable[[Any], Any]
    steps: str = "steps"
    until: str = "until"
    weights: str = "weights"
    seed: str = "seed"
    speed: str = "normal"
    pictured: Collection[str] | None = None
    begins: str = ""
    every_step: bool = False

    def applies(self, config: Any) -> bool:
        """Whether something is trained with the other knobs as they are; then it may start from a reader's weights."""
        counts = next(knob.counts for knob in config.__knobs__ if knob.name == self.steps)
        return counts is None or counts(config)

    def goes(self, config: Any) -> int:
        """The steps that a Config asks for; 0 where its other knobs say that nothing is trained."""
        return getattr(config, self.steps) if self.applies(config) else 0

    def at(self, config: Any, step: int) -> Any:
        """The Config of the same run up to another step."""
        return dataclasses.replace(config, **{self.steps: step})

    def is_same(self, one: Any, other: Any) -> bool:
        """Whether two Configs ask for the same training, however far."""
        return self.experiment(one) == self.experiment(other)

    def goes_on(self, one: Any, other: Any) -> bool:
        """Whether `other`, before any run, asks for the training of `one` with another end, beyond where it stands."""
        if not hasattr(one, self.until) or getattr(other, self.until) < self.goes(one):
            return False
        return self.is_same(without_run(one), dataclasses.replace(other, **{self.until: getattr(one, self.until)}))

    def own_weights(self, config: Any) -> str:
        """The key of the reader's own weights that the run starts from; "" for none."""
        return getattr(config, self.weights)

    def starting_from(self, config: Any, key: str) -> Any:
        """The Config of a run that starts from other weights of the reader's own; "" for none."""
        return dataclasses.replace(config, **{self.weights: key})


@dataclasses.dataclass(frozen=True)
class Look:
    """What a page shows at first of what it does not train, where that is not the Result of its whole Config.

    config: Config -> Config, with all at its default that plays no part. path: Config -> dotted path of what is given
    that; `run` if there is none. completed: dotted path of (look, last snapshot of a Later) -> Result, where a Later of
    the page makes what the look lacks; it lacks something where `config` changes the Config. The Later is of the Config
    itself; as `config` leaves it where the look is no Result.
    """

    config: Callable[[Any], Any] = lambda config: config
    path: Callable[[Any], str] | None = None
    completed: str | None = None


@dataclasses.dataclass(frozen=True)
class Front:
    """What the home page shows of a topic at work, beside its search and cards.

    configs: name -> Config of a training so short that whoever comes first waits less than half a second for it.
    moments: dotted path of `moments(config) -> tuple of Snapshots`, all of that training that is shown. The page of the
    topic has `front(config, film) -> blocks`: the pictures of it.
    """

    configs: Mapping[str, Any]
    moments: str


@dataclasses.dataclass(frozen=True)
class Topic:
    """The card of a page.

    run: dotted path of `run(config) -> Result`; figures: name -> dotted path of `draw(result, **view)`; presets: name
    -> Config; code: dotted paths of the objects whose source the code tab shows; order: place within its group.
    training: how its network is trained on the page, for topics that train. watched: dotted path of `watched(config) ->
    Iterator[Snapshot]`, work that takes long and shows how far it is, for topics that do not train. shipped: names of
    the weights in assets/weights that the topic uses. in_turn: whether a look or a step holds so much memory for its
    short time that a process does one after the other, for all visitors.

    compared: the figures to show side by side, name -> view to draw them with; if not given, all of them as they are.
    Colours and axes get one scale by themselves; a `draw` that places things in pixels takes `beside`, all Results
    shown, and sees to it. Raises CatalogueError when made wrong. called: what a figure is called on the page where its
    name says too little.
    formulas: dotted path of `formulas(result) -> blocks`, the formulas with the numbers of a Result. look: what its
    page shows at first. absent: Config -> knobs that have no place beside the picture. fallback: Config -> a Config
    that can be computed whatever a link brought. own: kinds of things that a reader may bring ("graph"), or for each
    kind the knobs that are set along with a new one; one named by `absent` has no place.
    lesson: dotted path of the tuple of Steps, see lesson.py. opening: what stands there before the first step of it, a
    Config with the steps that it has been trained, which answers none of the questions. None for that of defaults.
    front: what the home page lets everybody touch of it.
    """

    slug: str
    title: str
    group: str
    question: str
    icon: str
    config: type
    run: str
    figures: Mapping[str, str]
    presets: Mapping[str, Any]
    sources: tuple[Source, ...]
    code: tuple[str, ...]
    order: int
    keywords: tuple[str, ...] = ()
    compared: Mapping[str, Mapping[str, Any]] | None = None
    cover: tuple[str, Any] | None = None
    shipped: tuple[str, ...] = ()
    called: Mapping[str, str] = dataclasses.field(default_factory=dict)
    in_turn: bool = False
    training: Training | None = None
    watched: str | None = None
    formulas: str | None = None
    look: Look = Look()
    absent: Callable[[Any], Collection[str]] | None = None
    fallback: Callable[[Any], Any] | None = None
    own: Collection[str] | Mapping[str, Mapping[str, Any]] = ()
    lesson: str = ""
    opening: Any = None
    front: Front | None = None

    def __post_init__(self) -> None:
        def demand(condition: Any, message: str) -> None:
            if not condition:
                raise CatalogueError(f"topic {self.slug!r}: {message}")

        demand(re.fullmatch(r"[a-z][a-z_]*", self.slug), "a slug is lower case letters and underscores")
        demand(self.group in GROUPS, f"group {self.group!r} is none of {', '.join(GROUPS)}")
        demand(self.title and self.question, "title and question must not be empty")
        demand(self.presets, "needs at least one preset")
        demand(self.figures, "needs at least one figure")
        demand(self.sources, "needs at least one source")
        demand(self.code, "names no code for the code tab")
        demand(hasattr(self.config, "__knobs__"), f"config {self.config!r} is not made by @configuration")
        for name, preset in self.presets.items():
            demand(type(preset) is self.config, f"preset {name!r} is a {type(preset).__name__}, not a {self.config}")
        demand(type(self.opening) in (self.config, NoneType), "its opening is no Config of its own")
        demand(not (self.training and self.watched), "its stream is that of its training, so it takes no watched")
        for name, config in self.front.configs.items() if self.front else ():
            demand(self.steps_of(config), f"front {name!r} trains nothing")
        paths = [self.front.moments] if self.front else []
        paths += [path for path in (self.watched, self.formulas, self.look.completed, self.lesson) if path]
        if self.training is not None:
            there = [knob.name for knob in self.config.__knobs__]
            for name in filter(None, (getattr(self.training, part) for part in ("steps", "weights", "seed", "begins"))):
                demand(name in there, f"its training names the knob {name!r}, which is none of its Config")
            paths += [getattr(self.training, name) for name in ("stream", "first", "result_of", "network")]
        for path in (self.run, *self.figures.values(), *self.code, *paths):
            demand(re.fullmatch(r"[\w.]+:[\w.]+", path), f"{path!r} is no dotted path 'package.module:name'")
        demand(self.cover is None or self.cover[0] in self.figures, f"cover {self.cover!r} is none of the figures")
        demand(self.called.keys() <= self.figures.keys(), f"called {', '.join(self.called)}: not all are figures")
        compared = {name: {} for name in self.figures} if self.compared is None else dict(self.compared)
        demand(compared.keys() <= self.figures.keys(), f"compared {', '.join(compared)}: not all of them are figures")
        own = self.own if isinstance(self.own, Mapping) else {kind: {} for kind in self.own}
        object.__setattr__(self, "opening", self.config() if self.opening is None else self.opening)
        object.__setattr__(self, "own", MappingProxyType(dict(own)))
        object.__setattr__(self, "compared", MappingProxyType(compared))
        object.__setattr__(self, "called", MappingProxyType(dict(self.called)))
        object.__setattr__(self, "figures", MappingProxyType(dict(self.figures)))
        object.__setattr__(self, "presets", MappingProxyType(dict(self.presets)))

    @property
    def stream(self) -> str | None:
        """Dotted path of what the page streams: its training, or the work that is watched."""
        return self.training.stream if self.training else self.watched

    @property
    def result_of(self) -> str | None:
        """See Training; None where nothing is trained."""
        return self.training and self.training.result_of

    @property
    def network(self) -> str | None:
        """See Training; None where nothing is trained."""
        return self.training and self.training.network

    def trains(self, config: Any) -> bool:
        """Whether the network of this Config is trained on the page."""
        return self.training is not None and self.training.applies(config)

    def steps_of(self, config: Any) -> int:
        """The training steps that a Config asks for; 0 where nothing is trained."""
        return self.training.goes(config) if self.training else 0

    def first_look(self, config: Any) -> tuple[str, Any]:
        """(dotted path, Config) of what a page shows at first: the network before its training, else the look."""
        if self.trains(config):
            return self.training.first, self.training.experiment(config)
        return (self.look.path(config) if self.look.path else self.run), self.look.config(config)

    def looks_at_all(self, config: Any) -> bool:
        """Whether the first look is the whole Result."""
        path, looked = self.first_look(config)
        return path == self.run and (self.look.completed is None or looked == config)

    def asked_later(self, config: Any) -> Any:
        """The Config of the Later that makes what the first look lacks."""
        path, looked = self.first_look(config)
        return config if path == self.run else looked

    def formulas_of(self, result: Any) -> list[Any]:
        """The formulas with the numbers of a Result, as blocks; none where the topic has none."""
        return self.load(self.formulas)(result) if self.formulas else []

    def figure_title(self, name: str) -> str:
        """What a figure is called on the page, in English."""
        return self.called.get(name) or name[:1].upper() + name[1:]

    def load(self, path: str) -> Any:
        """The object behind one of this card's dotted paths."""
        return load(path)


def load(path: str) -> Any:
    """Import 'package.module:name' and return the object."""
    module, _, name = path.partition(":")
    value = importlib.import_module(module)
    for part in name.split("."):
        value = getattr(value, part)
    return value


def topic_of(config: Any) -> Topic:
    """The topic that this is a Config of. CatalogueError if it is none of the catalogue's."""
    for topic in catalogue().values():
        if topic.config is type(config):
            return topic
    raise CatalogueError(f"no topic has the Config {type(config).__qualname__}")


@cache
def catalogue(package: str = "engine.topics") -> Mapping[str, Topic]:
    """All topics by slug, in the order of their groups and of `order` within a group.

    Raises CatalogueError if a card is missing, its folder differs from its slug, or two share a place.
    """
    topics = []
    for entry in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if not entry.ispkg:
            continue
        card = f"{package}.{entry.name}.card"
        try:
            module = importlib.import_module(card)
        except ModuleNotFoundError as error:
            if error.name != card:  # the card is there, but imports what is not
                raise
            raise CatalogueError(f"topic folder {entry.name!r}: has no card.py") from None
        topic = getattr(module, "TOPIC", None)
        if not isinstance(topic, Topic):
            raise CatalogueError(f"topic folder {entry.name!r}: card.py has no TOPIC")
        if topic.slug != entry.name:
            raise CatalogueError(f"topic folder {entry.name!r} holds a card with the slug {topic.slug!r}")
        topics.append(topic)
    topics.sort(key=lambda topic: (GROUPS.index(topic.group), topic.order))
    places = [(topic.group, topic.order) for topic in topics]
    if len(set(places)) != len(places):
        raise CatalogueError(f"two topics share a place: {sorted(places)}")
    return MappingProxyType({topic.slug: topic for topic in topics})
