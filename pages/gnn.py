"""Graph neural networks."""

from dataclasses import replace

import streamlit as st

from engine.topics.gnn import draw, explain
from pages.components.canvas import curves, graph_view, transport
from pages.components.compute import compute
from pages.components.controls import change, controls, note_progress
from pages.components.formulas import show_formulas
from pages.components.graphs import choose_graph, message_table
from pages.components.language import number, percent, t
from pages.components.page import close_page, open_page
from pages.components.player import View, player
from pages.components.progress import watch
from pages.components.views import choose_view

VIEWS = {"node": "One node", "steps": "Step by step", "depth": "Too deep?"}
FLOWS = {"signal": "a 1 from the picked node", "network": "through the network"}
STAGES = {"projected": "layer {layer}: times the weights", "summed": "layer {layer}: summed over neighbours",
          "output": "layer {layer}: after the activation"}  # fmt: skip

page = open_page("gnn")
topic, config, state = page.topic, page.config, st.session_state


def node() -> int:
    """The picked node; at first one between the two camps of the karate club."""
    return min(state.get("gnn:node", 8), len(graph.names) - 1)


def pick(place: str) -> None:
    """Callback: a node was clicked in one of the pictures."""
    state["gnn:node"] = state[place]["pick"]["node"]


def status(snapshot) -> str:
    """Two lines of live numbers."""
    seen = snapshot.seen
    return t(
        "step <b>{step}</b> · right: told <b>{known}</b><br>not told <b>{others}</b>",
        step=number(snapshot.step), known=percent(seen["known_accuracy"], 0), others=percent(seen["other_accuracy"]),
    )  # fmt: skip


def stage(view: View) -> None:
    """The graph, the last hidden layer and the curves on one clock; below, whatever the reader looks into."""
    frames = draw.frames_of(view.pairs, view.run, view.live)
    seen = explain.inside(config, view.latest)
    messages = explain.reaching(seen, node(), 0)
    left, right = st.columns(2, gap="small")
    with left:
        st.caption(t("**The graph** · click a node, or drag it"))
        picture = draw.answers(
            config, view.pairs, frames, messages=messages, class_names=class_names(),
            alt=t("The graph: every node in the colour of the network's answer"),
        )  # fmt: skip
        graph_view(picture, "gnn-graph", picked=node(), group="gnn", layout=layout, height=320,
                   on_pick=lambda: pick("gnn-graph"))  # fmt: skip
    with right:
        share = percent(view.latest.seen["share"], 0)
        name = t("Last hidden layer") if config.depth > 1 else t("Logits")
        st.caption(f"**{name}** · " + t("shown: {share} of its variance", share=share))
        picture = draw.answers(
            config, view.pairs, frames, embedding=True, messages=messages, class_names=class_names(),
            alt=t("The same nodes where the last hidden layer puts them"),
        )  # fmt: skip
        graph_view(picture, "gnn-plane", picked=node(), group="gnn", layout=layout, height=320, legend=False,
                   on_pick=lambda: pick("gnn-plane"))  # fmt: skip
    transport("gnn-transport", frames, on_frame=lambda: view.scrubbed_to(state["gnn-transport"]["frame"]))
    curves(
        draw.curve_values(view.pairs), draw.curve_lines((t("loss"), t("accuracy, label given"),
                                                         t("accuracy, label not given"))),
        frames, "gnn-curves", low=0.0, height=110, alt=t("Loss and accuracies over the steps"),
    )  # fmt: skip
    shown = choose_view(topic.slug, "below", t("Look into"), list(VIEWS), lambda name: t(VIEWS[name]), as_buttons=True)
    {"node": one_node, "steps": step_by_step, "depth": too_deep}[shown](view, seen)


def one_node(view: View, seen: explain.Inside) -> None:
    """Where one number of one node comes from: its neighbours, their coefficients, the products, the sum."""
    which, channel_box, told = st.columns([1, 1, 1.3], gap="small", vertical_alignment="bottom")
    with which:
        layers = [str(k) for k in range(1, config.depth + 1)]
        layer = int(choose_view(topic.slug, f"layer-{config.depth}", t("Layer"), layers, str, show_label=True)) - 1
    width = len(graph.classes) if layer == config.depth - 1 else config.width
    with channel_box:
        names = class_names() if layer == config.depth - 1 else [str(k + 1) for k in range(width)]
        channel = int(choose_view(topic.slug, f"channel-{width}", t("Channel"), [str(k) for k in range(width)],
                                  lambda k: names[int(k)], show_label=True))  # fmt: skip
    with told:
        label_button()
    made = explain.explain_node(seen, node(), layer, channel)
    table, formulas_box = st.columns([1, 1], gap="medium")
    with table:
        message_table(made, graph.names)
    with formulas_box:
        name = graph.names[node()]
        st.markdown(t("Node **{name}**, layer {layer}, channel {channel}: **{value}**", name=name,
                      layer=layer + 1, channel=names[made.channel], value=number(made.output, 4)))  # fmt: skip
        show_formulas(*explain.node_formulas(config, made, graph.names[made.messages[0].node]))


def label_button() -> None:
    """Give the picked node's label to the network, or take it away."""
    label = int(graph.labels[node()])
    if label < 0:
        st.caption(t("Nobody knows this node's class."))
        return
    given = bool(known[node()])
    name = class_names()[label]
    text = t("Take away its label, {name}", name=name) if given else t("Tell the network its label, {name}", name=name)

    data, nodes = draw.by_hand(config.labels)
    chosen = set(nodes if data == config.data else ()) ^ {node()}

    def toggle() -> None:
        change(topic, labels=".".join([config.data, *map(str, sorted(chosen))]) if chosen else "")

    st.button(
        text,
        key="gnn:label",
        icon=":material/label:",
        on_click=toggle,
        disabled=len(chosen) > draw.MOST_BY_HAND,
        width="stretch",
    )


def step_by_step(view: View, seen: explain.Inside) -> None:
    """Propagation on the graph itself, one step at a time, on a clock of its own."""
    left, right = st.columns([1.7, 1], gap="medium")
    with right:
        what = choose_view(
            topic.slug, "flows", t("What flows"), list(FLOWS), lambda name: t(FLOWS[name]), show_label=True
        )
    if what == "signal":
        values = explain.signal(seen, node())
        reached = [int((moment != 0).sum()) for moment in values]
        marks = [t("k = {k}: {count} nodes reached, highest {high}", k=k, count=count, high=number(float(m.max()), 3))
                 for k, (m, count) in enumerate(zip(values, reached, strict=True))]  # fmt: skip
        name = f"signal-{layout}-{config.coefficients}-{node()}"
        if config.coefficients == "gat":  # learned: others at every step
            name += f"-{view.run}-{view.latest.step}"
        picture = draw.flow(config, values, draw.still_frames(name, len(values)), marks,
                            name=t("value"), alt=t("How far a 1 at the picked node has spread"))  # fmt: skip
    else:
        with right:
            channel = int(choose_view(topic.slug, "flow-channel", t("Channel"), [str(k) for k in range(config.width)],
                                      lambda k: str(int(k) + 1), show_label=True))  # fmt: skip
        found = explain.stages(seen, channel)
        marks = [t(STAGES[what_], layer=layer + 1) for what_, layer, _ in found]
        name = f"network-{view.run}-{view.latest.step}-{channel}"
        picture = draw.flow(config, draw.stacked(found), draw.still_frames(name, len(found)), marks,
                            name=t("value"), alt=t("One channel on its way through the network"))  # fmt: skip
    with left:
        graph_view(picture, "gnn-flow", picked=node(), group="gnn", layout=layout, height=330,
                   on_pick=lambda: pick("gnn-flow"))  # fmt: skip
        transport("gnn-flow-transport", picture.frames, report=False)
    with right:
        if what == "signal" and config.coefficients == "none":
            st.markdown(t(
                "A 1 stands at node **{name}**, 0 everywhere else. Neighbours is set to none: nothing is summed along "
                "the edges, the 1 stays where it is, and however many layers there are, no node hears of another.",
                name=graph.names[node()],
            ))  # fmt: skip
        elif what == "signal":
            st.markdown(t(
                "A 1 stands at node **{name}**, 0 everywhere else. Every step multiplies by the propagation matrix: "
                "each node becomes a weighted sum of itself and its neighbours. After k steps exactly those nodes are "
                "reached that lie at most k edges away. That is what k layers can see.",
                name=graph.names[node()],
            ))  # fmt: skip
        else:
            st.markdown(t(
                "One channel of every layer: first each node's numbers are multiplied by the weights, node by node; "
                "then neighbours are summed along the edges; then the activation acts. Only the second of these lets "
                "nodes hear of each other. Last come the logits."
            ))  # fmt: skip


def too_deep(view: View, seen: explain.Inside) -> None:
    """Over-smoothing: how alike the nodes become layer by layer, and what depth does to the accuracy."""
    left, right = st.columns(2, gap="medium")
    distances, energies = explain.smoothing_of(seen)
    with left:
        st.markdown(t("**This network, layer by layer**"))
        table, frames = draw.layer_curves([distances, energies])
        curves(table, draw.two_lines((t("mean cosine distance"), t("Dirichlet energy"))), frames, "gnn-layers",
               low=0.0, height=200, x_label=t("layer (0: the features)"),
               alt=t("How far apart the nodes are after every layer"))  # fmt: skip
        st.caption(t(
            "Distance: mean of 1 − cos over all pairs of nodes (Chen et al. 2020); 0: all nodes say the same, if not "
            "equally loud. Energy: squared differences of h/√d̃ across edges, over the squared size of h (Cai and Wang "
            "2020); 0: connected nodes say the same, each as loud as √d̃, which is where Â leaves everything as it is."
        ))  # fmt: skip
    with right:
        st.markdown(t("**Other depths, each really trained**"))
        if st.toggle(t("Train {count} networks", count=len(draw.DEPTHS) * draw.SEEDS), key="gnn:depths"):
            watch(topic, replace(config, steps=0, depth=2), depth_chart, path="engine.topics.gnn.depths:stream_depths")
        else:
            st.caption(t("Depths 1 to 16, three first weights each, {steps} steps; the means appear as they come.",
                         steps=number(config.until)))  # fmt: skip


def depth_chart(snapshot) -> None:
    """Accuracy and distance over the depths trained so far."""
    found = draw.depth_curves(snapshot)
    if found is not None:
        curves(found[0], draw.two_lines((t("accuracy, label not given"), t("mean cosine distance"))), found[1],
               "gnn-depths", low=0.0, high=1.0, height=200, x_label=t("layers"),
               alt=t("Accuracy and distance between nodes over the depth"))  # fmt: skip


def class_names() -> list[str]:
    """The classes as the reader knows them."""
    if config.data == "own" and not graph.found:
        return list(graph.classes)
    return [t("Mr. Hi"), t("John A")] if config.data == "karate" else list(graph.classes)


def formulas(result) -> None:
    """The loss with the numbers of this moment."""
    show_formulas(explain.update_formula(config, int(result.known.sum()), float(result.loss[-1])))


start = compute(topic, replace(config, steps=0), "engine.topics.gnn.run:first")
if start is None and config.graph:  # a link whose graph cannot be read or is not on this server
    config = note_progress(topic, steps=0, graph="", data="karate")
    start = compute(topic, config, "engine.topics.gnn.run:first")
if start is not None:
    graph = draw.graph_of(config)
    known = draw.known_nodes(config, graph)
    layout = draw.layout_name(config)
    with page.stage:
        snapshots = player(topic, config, start, stage, status=status)
with page.panel:  # after the pictures, which answer the change
    choose_graph(topic, config.graph, draw.EXAMPLE)
    controls(topic)
close_page(page, (lambda: draw.result_of(config, snapshots())) if start is not None else None, formulas=formulas)
