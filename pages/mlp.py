"""MLP playground."""

import streamlit as st

from engine.core.knob import without_run
from engine.data.points import DOMAIN, decode_points, encode_points
from engine.topics.mlp import draw, explain
from engine.topics.mlp.run import data_of, result_of
from pages.components.canvas import curves, network, points_editor, transport
from pages.components.compute import compute
from pages.components.controls import change, controls
from pages.components.language import number, percent, t
from pages.components.page import close_page, open_page
from pages.components.player import View, player

page = open_page("mlp")
topic, config, state = page.topic, page.config, st.session_state
with page.panel:
    controls(topic)


def status(snapshot) -> str:
    """One line of live numbers."""
    fits_values, seen = draw.is_regression(config), snapshot.seen
    shown = number if fits_values else percent
    return t(
        "step <b>{step}</b><br>{score}: train <b>{train}</b> · test <b>{test}</b>",
        step=number(snapshot.step), score="R²" if fits_values else t("accuracy"),
        train=shown(seen["train_accuracy"]), test=shown(seen["test_accuracy"]),
    )  # fmt: skip


def points_moved() -> None:
    state["mlp:drawn"] = encode_points(state["mlp-points"]["points"]["points"])
    change(topic, points=state["mlp:drawn"])


def touched(event: dict) -> None:
    """A click on the network: look at a neuron or weight, resize a layer, switch an input."""
    if event["event"] == "pick":
        state["mlp:picked"] = {name: value for name, value in event.items() if name != "event"}
        return
    if event["event"] == "resize":
        sizes = list(config.layers)
        sizes[event["layer"] - 1] = min(max(sizes[event["layer"] - 1] + event["delta"], 1), 64)
        change(topic, layers=tuple(sizes))
    elif event["event"] == "toggle":
        names = list(explain.FEATURES)
        chosen = set(config.features) ^ {names[event["index"]]}
        if chosen:
            change(topic, features=tuple(name for name in names if name in chosen))
    st.rerun()


def stage(view: View) -> None:
    frames = draw.frames_of(view.pairs, view.run, view.live)
    points, is_train = data_of(without_run(config))
    left, right = st.columns([1.12, 1.25], gap="small")
    with left:
        drawn, fits_values = config.data == "own", draw.is_regression(config)
        seen = points_editor(
            decode_points(config.points) if drawn else points, "mlp-points",
            domain=(-DOMAIN, DOMAIN, -DOMAIN, DOMAIN), alt=t("The plane, coloured by the network's answer"),
            classes=[t("value")] if fits_values else draw.CLASS_NAMES[: draw.classes_of(config, view.latest)],
            value_range=(-1.0, 1.0) if fits_values else None,
            background=draw.planes(config, view.pairs), frames=frames, editable=drawn,
            train_mask=None if drawn else is_train, revision=revision(), height=340,
            on_points=points_moved if drawn else None,
        )  # fmt: skip
    with right:
        event = network(
            draw.diagram(config, view.pairs, frames), "mlp-network", picked=state.get("mlp:picked"), height=340
        )
    transport("mlp-transport", frames, report=False)
    curves(
        draw.curve_values(view.pairs), draw.curve_lines(t("train loss"), t("test loss")), frames, "mlp-curves",
        alt=t("Loss on training and test points over the steps"), low=0.0, height=130,
    )  # fmt: skip
    if event:
        touched(event)
    spot = seen.get("spot")
    inspect(view, (spot["x"], spot["y"]) if spot else state.get("mlp:spot", (1.0, 0.5)))


def revision() -> str:
    """New whenever the points come from anywhere but the reader's hand."""
    if config.data == "own" and state.get("mlp:drawn") != config.points:
        state["mlp:drawn"] = config.points
        state["mlp:revision"] = state.get("mlp:revision", 0) + 1
    return f"{state.get('mlp:revision', 0)} {without_run(config) if config.data != 'own' else ''}"


def inspect(view: View, spot: tuple[float, float]) -> None:
    state["mlp:spot"] = spot
    picked = state.get("mlp:picked")
    if config.data == "own" and len(config.points) < 10:
        st.info(t("Click the plane to add points; choose their class below it."), icon=":material/touch_app:")
    if not picked:
        st.caption(
            t(
                "Click a neuron for its formula, a line for its weight, an input to switch it on or off; click the plane to choose where to compute."
            )
        )
        return
    layer, index = picked["layer"], picked["index"] if picked["kind"] == "neuron" else picked["to"]
    try:
        formula = explain.explain_neuron(config, view.latest, layer, index, spot)
    except ValueError:  # the network has become smaller since
        state.pop("mlp:picked")
        return
    with st.container(border=True, key="mlp-formula"):
        st.markdown(t("Neuron **{name}** at x₁ = {x}, x₂ = {y}, step {step}", name=explain.neuron_name(config, layer, index),
                      x=number(spot[0]), y=number(spot[1]), step=number(view.latest.step)))  # fmt: skip
        st.latex(formula.symbols)
        st.latex(formula.numbers)
        if not view.live:
            set_by_hand(view, picked, layer, index, formula)


def set_by_hand(view: View, picked: dict, layer: int, index: int, formula) -> None:
    """A weight (or the bias) of the picked neuron as a number to change; the run goes on from there."""
    origin = -1 if picked["kind"] == "neuron" else list(explain.FEATURES).index
    if picked["kind"] == "edge":
        origin = picked["from"]
        if layer == 1:
            name = list(explain.FEATURES)[origin]
            if name not in config.features:
                return
            origin = config.features.index(name)
    value = formula.bias if origin < 0 else formula.weights[origin]
    key = f"mlp:hand:{view.run}:{view.latest.step}:{layer}:{index}:{origin}"
    label = (
        t("Bias, set by hand")
        if origin < 0
        else t("Weight from {name}, set by hand", name=explain.neuron_name(config, layer - 1, picked["from"]))
    )

    def changed() -> None:
        edit = f"{view.latest.step}:{layer - 1}.{index}.{'b' if origin < 0 else origin}={round(state[key], 4)}"
        change(topic, edits=";".join(filter(None, [config.edits, edit])), steps=view.latest.step)

    with st.container(width=260):
        st.number_input(
            label, -100.0, 100.0, value=round(value, 4), step=0.1, format="%.4f", key=key, on_change=changed
        )


def formulas(result) -> None:
    for what, latex in explain.live_formulas(config, result):
        left, right = st.columns([1, 2.6], vertical_alignment="center")
        left.markdown(t(what))
        right.latex(latex)


def hidden_space() -> None:
    """Where the last hidden layer puts the points: a flat border there is the bent border above."""
    if not st.toggle(t("Show the space of the last hidden layer"), key="mlp:hidden_space", persist_state="session"):
        return
    st.caption(
        t(
            "Every point where the output layer sees it, in the three directions in which the points differ most. The grey plane is the border (the other directions at their mean): flat there, bent in the picture above."
        )
    )
    figure = draw.draw_hidden_space(result_of(config, snapshots()))
    st.plotly_chart(figure, key="mlp-hidden-space", alt=t("The points in the space of the last hidden layer"))


start = compute(topic, without_run(config))
if start is not None:
    with page.stage:
        snapshots = player(topic, config, start.snapshot, stage, status=status)
        hidden_space()
close_page(page, lambda: result_of(config, snapshots()) if start is not None else None, formulas=formulas)
