"""Graph neural networks."""

from engine.contracts.blocks import Choose, Later, Pick, Row, Say, Show
from engine.contracts.film import Bar
from engine.contracts.knob import configuration, knob
from engine.contracts.words import Number, Percent, Words
from engine.topics.gnn import draw, explain
from engine.topics.gnn.card import MAXIMUM_STEPS
from engine.topics.gnn.depths import DEPTHS, SEEDS, of_all_depths

BELOW = {"node": "One node", "steps": "Step by step", "depth": "Too deep?"}
PICKED = Pick("node", "node")
GRAPH = "The graph · click a node, or drag it"
LOOK_INTO = Choose("below", as_buttons=True)
FLOWS = {"signal": "a 1 from the picked node", "network": "through the network"}


@configuration
class View:
    """What to look at: the moment, the node, and what is looked into below."""

    moment: int = knob(-1, "Moment", low=-1, high=MAXIMUM_STEPS, hidden=True)
    below: str = knob("node", "Look into", choices=BELOW)
    node: int = knob(8, "Node", low=0, high=9999, hidden=True)  # at first one between the two camps of the club
    layer: int = knob(1, "Layer", low=1, high=16, was=("layer-*",))
    channel: int = knob(0, "Channel", low=0, high=63, was=("channel-*",))
    flows: str = knob("signal", "What flows", choices=FLOWS)
    flow_channel: int = knob(0, "Channel", low=0, high=63, was=("flow-channel",))
    flow_step: int = knob(0, "Moment", low=-1, high=99, hidden=True)
    depths: bool = knob(False, f"Train {len(DEPTHS) * SEEDS} networks")


def status(config, moment):
    """The live numbers of a run."""
    known, others = Percent(moment.values["known_accuracy"], 0), Percent(moment.values["other_accuracy"])
    told = Words("step **{step}** · right: told **{known}**", step=Number(moment.step), known=known)
    return Say(told, Words("not told **{others}**", others=others), style="status")


def stage(config, view, film):
    """The graph, the last hidden layer and the curves on one clock; below, whatever the reader looks into."""
    activations = explain.inside(config, film.now)
    node = activations.node(view.node)
    messages, about = explain.reaching(activations, node, 0), explain.about_plane(config, film.now)
    return [
        Row([
            [Show("graph", draw.graph(config, film, messages), PICKED, GRAPH, node, 280)],
            [Show("plane", draw.plane(config, film, messages), PICKED, about, node, 280)],
        ]),
        film.bar(),
        Row([[Show(name, chart, height=115)] for name, chart in draw.curves(config, film).items()]),
        *{"node": one_node, "steps": step_by_step, "depth": too_deep}[view.below](config, view, activations),
    ]  # fmt: skip


def one_node(config, view, activations):
    """Where one number of one node comes from: its neighbours, their coefficients, the products, the sum."""
    made = explain.explain_node(
        activations, activations.node(view.node), min(view.layer, config.depth) - 1, view.channel
    )
    layers = {layer: str(layer) for layer in range(1, config.depth + 1)}
    channels = dict(enumerate(explain.channel_names(config, made)))
    choices = [[Choose("layer", layers)], [Choose("channel", channels)], [explain.label_button(activations, made.node)]]
    number = Say("Node **{name}**, layer {layer}, channel {channel}: **{value}**", name=activations.name(made.node),
                 layer=made.layer + 1, channel=channels[made.channel], value=Number(made.output, 4))  # fmt: skip
    formulas = explain.node_formulas(config, made, activations.name(made.messages[0].node))
    return [
        Row([[LOOK_INTO], [number]], (1, 1.1), "center"),
        Row(choices, (1, 1, 1.3), "bottom"),
        Row([[explain.message_table(activations, made)], formulas], (1, 1.4)),
    ]


def step_by_step(config, view, activations):
    """Propagation on the graph itself, one step at a time, on a clock of its own."""
    if view.flows == "signal":
        flow, channels = explain.signal_flow(activations, activations.node(view.node)), []
    else:
        flow = explain.network_flow(activations, min(view.flow_channel, config.width - 1))
        channels = [Choose("flow_channel", {channel: str(channel + 1) for channel in range(config.width)})]
    graph = draw.flow(config, flow, view.flow_step)
    moving = [
        Show("flow", graph, PICKED, picked=activations.node(view.node), height=330),
        Show("flow-bar", Bar(graph.frames), Pick("flow_step", "key")),
    ]
    return [LOOK_INTO, Row([moving, [Choose("flows"), *channels, Say(flow.about)]], (1.7, 1))]


def too_deep(config, view, activations):
    """Over-smoothing: how alike the nodes become layer by layer, and what depth does to the accuracy."""
    layers = Show("layers", draw.layers(*explain.smoothing_of(activations)), height=200)
    these = [Say("**This network, layer by layer**"), layers, Say(explain.ABOUT_SMOOTHING, style="small")]
    trained = Later("engine.topics.gnn.depths:stream_depths", of_all_depths(config), other_depths)
    about = trained if view.depths else Say(explain.ABOUT_DEPTHS, steps=Number(config.until), style="small")
    return [LOOK_INTO, Row([these, [Say("**Other depths, each really trained**"), Choose("depths"), about]])]


def other_depths(config, view, film, snapshot):
    """Accuracy and distance over the depths trained so far."""
    return [Show("depths-chart", picture, height=200)] if (picture := draw.depths(snapshot)) else []
