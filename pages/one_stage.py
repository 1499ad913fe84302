"""One-stage detectors."""

from engine.contracts.blocks import Choose, Press, Row, Say, Show
from engine.contracts.film import Bar
from engine.contracts.knob import configuration, knob
from engine.topics.one_stage import about, draw, draw_scene, explain, scene
from engine.topics.one_stage.card import MOST_OBJECTS, MOST_SEED
from engine.topics.one_stage.picks import check_cell, check_step, course, marked, number_in, picture_mark
from engine.topics.one_stage.run import find_boxes


@configuration
class View:
    """What to look at: one cell of this very picture, and a step of this very suppression."""

    cell: str = knob("", "Cell", hidden=True, most=13, check=check_cell)
    step: str = knob("", "Step", hidden=True, most=13, check=check_step)


def stage(config, view, film):
    """NanoDet on a picture, or the grid detector on a scene."""
    detector, candidates = Choose("detector", as_buttons=True), film.once(find_boxes, config)
    detected = (shapes if config.detector == "grid" else detections)(config, view, film.now, candidates)
    return [detector, *detected, about.trained(config)]


def detections(config, view, predictions, candidates):
    """The picture with its boxes, the levels, and the cell behind the chosen box."""
    cell = explain.picked_cell(predictions, candidates, number_in(view.cell, picture_mark(config)))
    place = {"tile": cell.level, "row": cell.row, "column": cell.column} if cell else None
    picture = Show("picture", draw.draw_detections(predictions, candidates, cell=cell), pick_box, height=350)
    levels = Show("levels", draw.draw_levels(predictions, candidates, only=config.only), pick_on_levels, "", place, 200)
    left, right = [picture, Say(about.BOX, style="small")], [*kept(candidates), about.levels(config.only), levels]
    return [Row([left, right], (1.07, 1)), *([about.one_box(cell)] if cell else [])]


def shapes(config, view, predictions, candidates):
    """The scene under its grid, what the 64 cells say, and one of them in full."""
    cell = scene.picked_cell(predictions, candidates, number_in(view.cell, picture_mark(config)))
    picture = Show("shapes", draw_scene.draw_scene(predictions, candidates, cell=cell), pick_on_scene, height=350)
    place = {"tile": 0, "row": cell.row, "column": cell.column}
    grid = Show("grid", draw_scene.draw_grid(predictions), pick_on_grid, "", place, 190)
    left, right = [picture, Say(about.DISCS, style="small")], [*kept(candidates), grid]
    return [Row([left, right], (1.07, 1)), about.one_grid_cell(predictions, cell)]


def kept(candidates):
    """How many boxes stay, and the best of them."""
    return [about.kept_boxes(candidates), Show("found", draw.draw_scores(candidates), pick_box)]


def below(config, view, film):
    """Non-maximum suppression box by box; it plays in the browser."""
    candidates = film.once(find_boxes, config)
    title = Say("## Non-maximum suppression, box by box")
    if not candidates.kept:
        return [title, Say("No box is above the score threshold.", style="small")]
    picture = draw.draw_suppression(film.now, candidates, step := number_in(view.step, course(candidates)))
    bar = Show("steps-bar", Bar(picture.frames), pick_step)
    return [title, Show("steps", picture, height=420), bar, about.one_step(candidates, step or 0)]


def panel(config, view, film):
    """Beside the knobs: which scene the grid detector looks at."""
    if config.detector != "grid":
        return []
    following = Press("next", "Next scene", {"seed": (config.seed + 1) % (MOST_SEED + 1)}, icon="casino")
    objects = Choose("objects", range(2 if config.scene == "same_cell" else 0, MOST_OBJECTS + 1))
    drawn, photograph = Row([[following], [objects]], (1, 1.3), "bottom"), Say(about.SHAPES_ALONE, style="small")
    return [Choose("scene", as_buttons=True), photograph if config.scene == "picture" else drawn]


def pick_box(event, config, view):
    """The cell behind a box."""
    return {"cell": marked(picture_mark(config), event["key"])}


def pick_on_levels(event, config, view):
    """A cell of one of the three levels."""
    return {"cell": marked(picture_mark(config), explain.number_of(event["tile"], event["row"], event["column"]))}


def pick_on_scene(event, config, view):
    """The cell that a pixel of the scene lies in."""
    return pick_on_grid({name: event[name] // draw_scene.STEP for name in ("row", "column")}, config, view)


def pick_on_grid(event, config, view):
    """A cell of the grid."""
    return {"cell": marked(picture_mark(config), event["row"] * scene.CELLS + event["column"])}


def pick_step(event, config, view):
    """A step of the suppression; nothing need be said of the first."""
    return {"step": marked(event["run"], event["index"]) if event["index"] else ""}
