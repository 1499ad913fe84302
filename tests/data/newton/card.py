"""Newton's method: what it asks and what can be set."""

from engine.contracts.knob import configuration, knob
from engine.contracts.topic import Source, Topic


@configuration
class Config:
    """A number whose square root is sought, and where the search begins."""

    number: float = knob(2.0, "Number", "Whose square root is sought.", low=0.1, high=100.0, step=0.1, data=True)
    start: float = knob(5.0, "Beginning", "The first guess.", low=0.1, high=50.0, step=0.1)
    seed: int = knob(0, "Seed", "There is no randomness here.", low=0, high=9999, advanced=True)


TOPIC = Topic(
    slug="newton",
    title="Newton's method",
    group="Foundations",
    question="How many guesses does a square root take?",
    icon=":material/timeline:",
    config=Config,
    order=90,
    run="engine.topics.newton.run:run",
    lesson="engine.topics.newton.lesson:LESSON",
    figures={"guesses": "engine.topics.newton.draw:draw_guesses"},
    presets={"Two": Config(), "Far away": Config(start=50.0), "Nine": Config(number=9.0)},
    sources=(
        Source("Ypma 1995: Historical development of the Newton-Raphson method", "https://doi.org/10.1137/1037125"),
    ),
    keywords=("square root", "iteration", "Newton-Raphson"),
    code=("engine.topics.newton.run:run",),
)
