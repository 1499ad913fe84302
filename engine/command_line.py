"""The command line: list the topics, run one and write what it shows, regenerate shipped weights.

Exit codes: 0 done, 1 it could not be done here, 2 what was asked for is wrong. A failure is one sentence on stderr.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from engine.contracts.knob import KnobError, knobs, to_query
from engine.contracts.languages import LANGUAGES, drawn_in, translated
from engine.contracts.lesson import lesson_words
from engine.contracts.names import nearest
from engine.contracts.sentences import quoted
from engine.contracts.topic import Topic, catalogue
from engine.data.rows import config_rows, quantity_rows
from engine.machinery.device import available_devices, using_device

TICK_SECONDS = 1.0


COVERS = Path(__file__).parents[1] / "assets" / "pictures" / "cards"


class Refused(Exception):
    """What was asked for cannot be done; the message is the sentence for the reader, `code` the exit code."""

    def __init__(self, sentence: str, code: int = 2):
        super().__init__(sentence)
        self.code = code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (without the program's name; None takes the process's own) and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        options.command(options)
    except Refused as refusal:
        print(f"python -m engine: {_one_sentence(refusal)}", file=sys.stderr)
        return refusal.code
    except BrokenPipeError:  # the reader, say `head`, has seen enough; nothing is left to flush at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("python -m engine: stopped.", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(prog="python -m engine", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="topics and their presets", description="List topics and presets.")
    listing.set_defaults(command=list_topics)

    running = commands.add_parser(
        "run", help="compute a topic and write its figures", description="Compute one topic and say what came out.",
        epilog="The knobs of a topic and their ranges: python -m engine run SLUG --knobs",
    )  # fmt: skip
    running.add_argument("slug", metavar="SLUG", help="the topic, as `list` names it")
    running.add_argument("--preset", metavar="NAME", help="start from this preset instead of the defaults")
    running.add_argument(
        "--set", metavar="KNOB=VALUE", nargs="+", action="extend", default=[], dest="values",
        help="set knobs, spelled as in a link: layers=8-8 features=x1.x2 learning_rate=0.1",
    )  # fmt: skip
    running.add_argument("--device", metavar="NAME", help="cpu, cuda or mps (default: the best there is)")
    running.add_argument(
        "--out", metavar="FILE", type=Path,
        help="write a file; its ending says which: .html (figures, formulas, numbers), .png or .svg (one figure), .zip "
        "(numbers as CSV), .npz (numbers), .json (the settings), .safetensors (the weights)",
    )  # fmt: skip
    add_language(running)
    running.add_argument("--figure", metavar="NAME", help="the figure of a .png or .svg (default: the topic's first)")
    running.add_argument("--knobs", action="store_true", help="only list the topic's knobs")
    running.set_defaults(command=run_topic)

    scripting = commands.add_parser(
        "script", help="write a topic as one Python file or notebook",
        description="Write an experiment as one Python file that needs PyTorch, NumPy and Plotly alone.",
    )  # fmt: skip
    scripting.add_argument("slug", metavar="SLUG", help="the topic, as `list` names it")
    scripting.add_argument("--preset", metavar="NAME", help="start from this preset instead of the defaults")
    scripting.add_argument(
        "--set", metavar="KNOB=VALUE", nargs="+", action="extend", default=[], dest="values",
        help="set knobs, spelled as in a link",
    )  # fmt: skip
    scripting.add_argument("--notebook", action="store_true", help="a Jupyter notebook with the lesson in it")
    scripting.add_argument("--out", metavar="FILE", type=Path, required=True, help="where to write it")
    add_language(scripting)
    scripting.set_defaults(command=write_script)

    covering = commands.add_parser("covers", help="redraw the pictures on the cards of the home page")
    covering.set_defaults(command=draw_covers)

    training = commands.add_parser(
        "train", help="regenerate shipped weights", description="Run the recipe of shipped weights and save them."
    )
    training.add_argument("name", metavar="NAME", help="the weights, as in assets/weights")
    training.set_defaults(command=train_weights)

    benching = commands.add_parser(
        "bench", help="measure the engine against baselines, and the pages in a browser",
        description="Measure the engine against baselines in the same process, and every topic at its defaults.",
    )  # fmt: skip
    benching.add_argument("--only", metavar="NAME", nargs="+", action="extend", default=[], help="measure only these")
    benching.add_argument("--repeats", metavar="N", type=int, default=9, help="measurements a median is taken of")
    benching.add_argument("--browser", action="store_true", help="measure the pages in a browser, too (minutes)")
    benching.add_argument("--out", metavar="FILE.json", type=Path, help="write all figures to a file")
    benching.set_defaults(command=run_bench)
    return parser


def add_language(parser: argparse.ArgumentParser) -> None:
    """In which language files are written."""
    parser.add_argument("--language", choices=tuple(LANGUAGES), default="en", help="of the file (default: en)")


def list_topics(options: argparse.Namespace) -> None:
    """Print one line a topic: slug, group, title; its presets below."""
    topics = catalogue().values()
    widths = [max((len(text) for text in column), default=0) for column in zip(*((t.slug, t.group) for t in topics))]  # noqa: B905
    for topic in topics:
        print(f"{topic.slug:{widths[0]}}  {topic.group:{widths[1]}}  {topic.title}")
        print(f"{'':{widths[0]}}  presets: {' · '.join(topic.presets)}")


def run_topic(options: argparse.Namespace) -> None:
    """Compute a topic's Result, print its quantities, and write a file if one is wanted."""
    topic = _known(options.slug, catalogue(), "topic")
    if options.knobs:
        print_knobs(topic)
        return
    config = read_config(topic, options.preset, options.values)
    if options.device is not None and options.device not in available_devices():
        raise Refused(f"Device: expected one of {', '.join(available_devices())}, got {quoted(options.device)}.")
    if options.out is not None:
        _demand_folder(options.out)
        check_ending(topic, config, options.out)
    figure = options.figure or next(iter(topic.figures))
    _known(figure, topic.figures, "figure")
    with refusing(), using_device(options.device), ticking(f"computing {topic.slug}"):
        result = topic.load(topic.run)(config)
    query = urlencode(to_query(config))
    print(f"{topic.title}: /{topic.slug}{'?' + query if query else ''}\n")
    _print_table(quantity_rows(result))
    if options.out is None:
        return
    with refusing(), ticking("writing"):
        content = file_of(options.out.suffix.lower(), topic, config, result, figure, options.language)
    _write(options.out, content)
    print(f"\nwrote {options.out}")


def write_script(options: argparse.Namespace) -> None:
    """Write an experiment as a Python file or a notebook."""
    topic = _known(options.slug, catalogue(), "topic")
    config = read_config(topic, options.preset, options.values)
    _demand_folder(options.out)
    with refusing(), ticking(f"writing {topic.slug}"):
        from engine.script import notebook_for, script_for

        if options.notebook:
            from engine.pictures.document import markdown

            lesson = lesson_words(topic.slug, options.language)
            formulas = topic.formulas_of(topic.load(topic.run)(config)) if topic.formulas else []
            text = notebook_for(topic, config, lesson, formulas=markdown(formulas, options.language))
        else:
            text = script_for(topic, config)
    _write(options.out, text)
    print(f"wrote {options.out}: {len(text.splitlines()):,} lines")


ENDINGS = (".html", ".png", ".svg", ".zip", ".npz", ".json", ".safetensors")


def check_ending(topic: Topic, config: Any, out: Path) -> None:
    """Refused, before anything is computed, for a file that cannot be written."""
    ending = out.suffix.lower()
    if ending not in ENDINGS:
        raise Refused(f"--out: expected a file ending with {', '.join(ENDINGS)}, got {quoted(out.name)}.")
    if ending == ".safetensors" and not topic.trains(config):
        here = topic.slug if topic.training is None else f"{topic.slug} with these knobs"
        raise Refused(f"{here} trains nothing; its weights are in assets/weights: {', '.join(topic.shipped)}.")


def file_of(ending: str, topic: Topic, config: Any, result: Any, figure: str, language: str = "en") -> bytes:
    """A Result as the bytes of a file of this ending; pictures and pages in a language."""
    from engine.data import numbers, settings

    match ending:
        case ".json":
            return settings.write_settings(topic, config)
        case ".zip":
            return numbers.csv_zip(result.quantities())
        case ".npz":
            return numbers.npz(result.quantities(), {"topic": topic.slug, "config": settings.all_texts(config)})
        case ".safetensors":
            from engine.data.own_weights import write_weights
            from engine.pictures.comparison import last_step

            state = topic.load(topic.training.network)(config, result).state_dict()
            tensors = {name: value.cpu() for name, value in state.items()}
            return write_weights(tensors, topic.slug, settings.all_texts(config), last_step(result))
    from engine.data.captions import caption_of
    from engine.pictures.comparison import last_step
    from engine.pictures.document import page_html
    from engine.pictures.files import figure_file

    step = last_step(result) if topic.trains(config) else None
    say = partial(drawn_in, values={}, language=language)
    if ending in (".png", ".svg"):
        drawn = translated(topic.load(topic.figures[figure])(result), language)
        title = say(topic.figure_title(figure))
        caption = caption_of(topic, config, title, step=step, language=language)
        return figure_file(drawn, ending[1:], alt=f"{say(topic.title)}: {title}", say=say, caption=caption)
    figures = {topic.figure_title(name): topic.load(path)(result) for name, path in topic.figures.items()}
    tables = {"Numbers": quantity_rows(result, say), "Settings": config_rows(config, say)}
    caption = caption_of(topic, config, say("All figures"), step=step, language=language)
    return page_html(
        topic.title, topic.question, figures, tables, topic.formulas_of(result), language, caption
    ).encode()


def read_config(topic: Topic, preset: str | None, values: Sequence[str]) -> Any:
    """The Config of a preset (or the defaults) with "knob=value" texts set; Refused for anything that does not fit."""
    start = topic.config() if preset is None else _known(preset, topic.presets, "preset")
    declared = {knob.name: knob for knob in knobs(topic.config)}
    known = {name: getattr(start, name) for name in declared}
    for assignment in values:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise Refused(f"--set: expected KNOB=VALUE, got {quoted(assignment)}.")
        knob = _known(name, declared, "knob")
        with refusing():
            known[name] = knob.from_text(text)
    return topic.config(**known)


def print_knobs(topic: Topic) -> None:
    """Every knob of a topic: name, default, what it takes, what it is."""
    rows = [("knob", "default", "takes", "what it is")]
    for knob in knobs(topic.config):
        takes = {"bool": "yes or no", "text": f"at most {knob.most} characters"}.get(knob.kind)
        if takes is None:
            takes = ", ".join(knob.choices) if knob.choices else f"{knob.low:g} to {knob.high:g}"
        rows.append((knob.name, knob.to_text(knob.default), takes, f"{knob.label}. {knob.help}"))
    _print_table(rows)


def draw_covers(options: argparse.Namespace) -> None:
    """Compute the cover of every topic that names one and write it to assets/pictures/cards."""
    from engine.pictures.files import cover_jpeg

    for topic in catalogue().values():
        if topic.cover is None:
            continue
        figure, config = topic.cover
        with refusing(), ticking(f"drawing {topic.slug}"):
            picture = topic.load(topic.figures[figure])(topic.load(topic.run)(config))
            (COVERS / f"{topic.slug}.jpg").write_bytes(cover_jpeg(picture))


def train_weights(options: argparse.Namespace) -> None:
    """Run a recipe of engine.recipes, show its progress on stderr, print the card of what it saved."""
    from engine.contracts.topic import load
    from engine.recipes import RECIPES
    from engine.weights import WeightsError

    make = load(_known(options.name, RECIPES, "recipe"))
    begun = time.monotonic()

    def progress(share: float, what: str) -> None:
        print(f"{100 * share:5.1f} %  {time.monotonic() - begun:7.1f} s  {what}", file=sys.stderr, flush=True)

    try:
        card = make(progress)
    except WeightsError as error:
        raise Refused(str(error), 1) from error
    print(f"{options.name}: {card.title}, {card.parameters:,} parameters, sha256 {card.sha256}")
    for name, value in card.score.items():
        print(f"  {name}: {value:g}")


def run_bench(options: argparse.Namespace) -> None:
    """Measure, print the tables, write the JSON file if one is wanted."""
    from engine.bench import command

    if not 1 <= options.repeats <= 1000:
        raise Refused(f"Repeats: expected 1 to 1000, got {options.repeats}.")
    if options.out is not None and not options.out.absolute().parent.is_dir():
        raise Refused(f"The folder {options.out.absolute().parent} does not exist.")
    try:
        report = command.bench(
            options.only, options.repeats, 2.0, lambda what: print(f"measuring {what}", file=sys.stderr)
        )
        if options.browser:
            report["browser"] = command.browser(options.repeats)
    except command.BenchError as error:
        raise Refused(str(error)) from None
    for table in command.tables(report):
        _print_table(table)
        print()
    if options.out is None:
        return
    try:
        options.out.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise Refused(f"Could not write {options.out}: {error.strerror or error}.", 1) from None
    print(f"wrote {options.out}")


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Expected failures (a KnobError, and all others that carry a `template` for the reader) become Refused."""
    try:
        yield
    except Exception as error:
        if isinstance(error, KnobError) or hasattr(error, "template"):
            raise Refused(str(error)) from error
        raise


@contextlib.contextmanager
def ticking(what: str) -> Iterator[None]:
    """While the block works, say so on stderr once a second with the seconds so far; quick work stays silent."""
    over, begun = threading.Event(), time.monotonic()

    def tick() -> None:
        while not over.wait(TICK_SECONDS):
            print(f"\r{what} … {time.monotonic() - begun:.0f} s", end="", file=sys.stderr, flush=True)

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        if time.monotonic() - begun > TICK_SECONDS:
            print(file=sys.stderr)


def _known(name: str, there: Any, what: str) -> Any:
    if name not in there:
        near = nearest(name, there)
        meant = f" ({near}?)" if near else ""
        raise Refused(f"There is no {what} {quoted(name)}{meant}; there are {', '.join(there)}.")
    return there[name]


def _demand_folder(path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise Refused(f"The folder {path.absolute().parent} does not exist.")


def _write(path: Path, content: str | bytes) -> None:
    try:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise Refused(f"Could not write {path}: {error.strerror or error}.", 1) from None


def _one_sentence(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if text.endswith((".", "!", "?")) else text + "."


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        print("  ".join([*(f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip())
