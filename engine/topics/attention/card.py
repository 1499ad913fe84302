"""Attention: what it asks and what can be set."""

import re
from dataclasses import replace

from engine.contracts.knob import KnobError, configuration, knob, shortest
from engine.contracts.topic import Look, Source, Topic

LAYERS, HEADS = 6, 12  # of the encoder shown
HEAD_NAMES = tuple(f"L{layer}H{head}" for layer in range(1, LAYERS + 1) for head in range(1, HEADS + 1))
MOST_TOKENS, MOST_WIDTH = 6, 4  # of the mechanism by hand
MOST_TEXT = 1000  # characters; the encoder reads 128 tokens at most
LONGEST_TOKEN = 12
LARGEST = 9.5  # of a number set by hand
ANIMAL = "The animal didn't cross the street because it was too tired."
CHEF = "The chef who ran to the store was out of food."
DOG = "The dog bites the man."


def parse_matrix(text: str) -> list[list[float]]:
    """ "1_0~-0.5_2" -> [[1, 0], [-0.5, 2]]: numbers joined by _, rows by ~. KnobError for anything else."""
    try:
        rows = [[float(number) for number in row.split("_")] for row in text.split("~")] if text else []
    except ValueError:
        raise KnobError("Matrix: expected numbers such as 1_0~-0.5_2, got {text!r}", text=text[:40]) from None
    if len(rows) > MOST_TOKENS or any(len(row) > MOST_WIDTH for row in rows):
        raise KnobError(
            "Matrix: expected at most {rows} rows of {columns}, got {count} of up to {longest}",
            rows=MOST_TOKENS, columns=MOST_WIDTH, count=len(rows), longest=max(map(len, rows)),
        )  # fmt: skip
    for number in (number for row in rows for number in row):
        if not abs(number) <= LARGEST:  # NaN is not either
            raise KnobError(
                "Matrix: expected numbers from -{most} to {most}, got {value}", most=LARGEST, value=shortest(number)
            )
    return rows


def matrix_text(rows) -> str:
    """The inverse of `parse_matrix`, to two decimals."""
    return "~".join("_".join(f"{round(float(number), 2) + 0:g}" for number in row) for row in rows)


def check_place(text: str) -> None:
    """KnobError unless the text is empty or two positions of tokens, "10-2"."""
    if text and not re.fullmatch(r"[0-9]{1,3}-[0-9]{1,3}", text):
        raise KnobError("Cell: expected two positions such as 10-2, got {text!r}", text=text[:40])


def check_tokens(text: str) -> None:
    """KnobError unless there are 2 to 6 short words."""
    words = text.split()
    if not 2 <= len(words) <= MOST_TOKENS:
        raise KnobError("Tokens: expected 2 to {most} words, got {count}", most=MOST_TOKENS, count=len(words))
    for word in words:
        if len(word) > LONGEST_TOKEN:
            raise KnobError(
                "Tokens: expected words of at most {most} letters, got one of {count}",
                most=LONGEST_TOKEN, count=len(word),
            )  # fmt: skip


def _of_text(config) -> bool:
    return config.view == "text"


def _by_hand(config) -> bool:
    return config.view == "toy"


@configuration
class Config:
    """A text for the encoder and what is changed inside it; or Q, K and V by hand. Scaling, mask and temperature go for
    both."""

    view: str = knob(
        "text", "View", "A trained encoder, or Q, K and V by hand.",
        choices={"text": "A trained encoder", "toy": "Attention by hand"}, hidden=True, data=True,
    )  # fmt: skip
    text: str = knob(
        ANIMAL,
        "Text",
        "Up to 128 tokens; the encoder was trained on English.",
        most=MOST_TEXT,
        counts=_of_text,
        data=True,
    )
    second: str = knob(
        "The creature stayed where it was, exhausted.", "Second sentence", "Its sentence vector is compared with that "
        "of the text; everything switched off or changed is so for both.", most=MOST_TEXT, counts=_of_text, data=True,
    )  # fmt: skip
    tokens: str = knob(
        "I saw the saw", "Tokens", "2 to 6 words; each has a row in Q, K and V.", most=80, check=check_tokens,
        counts=_by_hand, data=True,
    )  # fmt: skip
    width: int = knob(
        4, "Numbers per head (d)", "Length of every query and key, and of every value.", low=1, high=MOST_WIDTH,
        counts=_by_hand,
    )  # fmt: skip
    scaling: bool = knob(True, "Divide by √d", "The scores are divided by the square root of the length of q and k.")
    causal: bool = knob(
        False, "Causal mask", "A token sees itself and what came before; the scores of later ones become −∞."
    )
    positions: bool = knob(
        True, "Positions", "The encoder's learned position embeddings; without them it sees a bag of words.",
        counts=_of_text,
    )  # fmt: skip
    sinusoid: bool = knob(
        False, "Sinusoids", "Position encoding: sines and cosines of the position, added to every row of Q and K.",
        counts=_by_hand,
    )  # fmt: skip
    temperature: float = knob(
        1.0, "Temperature", "Scores are divided by it before the softmax: below 1 sharper, above 1 flatter.",
        low=0.1, high=10.0, log=True,
    )  # fmt: skip
    off: tuple[str, ...] = knob((), "Heads switched off", "Their outputs become 0.", choices=HEAD_NAMES, hidden=True)
    queries: str = knob("1_0_2_0~0_2_0_1~2_0_0_0~0_2_0_1", "Q", "", most=200, hidden=True, check=parse_matrix)
    keys: str = knob("0_1_0_2~1_1_0_0~0_0_2_1~1_1_0_0", "K", "", most=200, hidden=True, check=parse_matrix)
    values: str = knob("2_0_0_0~0_2_0_0~0_0_2_0~0_0_0_2", "V", "", most=200, hidden=True, check=parse_matrix)


OF_TEXT = ("text", "second", "positions", "off")  # knobs that the encoder alone obeys
BY_HAND = ("tokens", "width", "sinusoid", "queries", "keys", "values")  # knobs of the mechanism by hand alone


def only(config: Config, view: str) -> Config:
    """The Config with every knob that a view does not obey at its default: one key in the store for what is equal."""
    idle, usual = (BY_HAND if view == "text" else OF_TEXT), Config()
    return replace(config, view=view, **{name: getattr(usual, name) for name in idle})


TOPIC = Topic(
    slug="attention",
    title="Attention and the Transformer",
    group="Sequences",
    question="Which words does each head of a Transformer look at, and where does each of these numbers come from?",
    icon=":material/hub:",
    config=Config,
    order=3,
    run="engine.topics.attention.run:run",
    lesson="engine.topics.attention.lesson:LESSON",
    shipped=("minilm",),
    figures={
        "head": "engine.topics.attention.draw:draw_head",
        "heads": "engine.topics.attention.draw:draw_heads",
        "chain": "engine.topics.attention.draw:draw_chain",
    },
    compared={
        "head": {"layer": 3, "head": 1, "alt": "Attention of layer 4, head 2"}, "heads": {}, "chain": {},
    },
    called={"head": "One head", "heads": "All heads", "chain": "Step by step"},
    presets={
        "Tired animal": Config(),
        "Too wide": Config(text=ANIMAL.replace("tired", "wide"), second="The road was very broad."),
        "Dog bites man": Config(text=DOG, second="The man bites the dog."),
        "Without positions": Config(text=DOG, second="The man bites the dog.", positions=False),
        "Not divided by √32": Config(scaling=False),
        "By hand": Config(view="toy"),
        "By hand, causal": Config(view="toy", causal=True, sinusoid=True),
    },
    opening=Config(text=CHEF),
    cover=("heads", Config()),
    sources=(
        Source("Vaswani et al. 2017: Attention is all you need", "https://arxiv.org/abs/1706.03762"),
        Source("Devlin et al. 2019: BERT: pre-training of deep bidirectional Transformers", "https://arxiv.org/abs/1810.04805"),
        Source("Wang et al. 2020: MiniLM: deep self-attention distillation", "https://arxiv.org/abs/2002.10957"),
        Source("Reimers, Gurevych 2019: Sentence-BERT: sentence embeddings using siamese BERT networks", "https://arxiv.org/abs/1908.10084"),
        Source("Clark, Khandelwal, Levy, Manning 2019: What does BERT look at?", "https://arxiv.org/abs/1906.04341"),
        Source("Michel, Levy, Neubig 2019: Are sixteen heads really better than one?", "https://arxiv.org/abs/1905.10650"),
        Source("Xiao et al. 2024: Efficient streaming language models with attention sinks", "https://arxiv.org/abs/2309.17453"),
        Source("Jain, Wallace 2019: Attention is not explanation", "https://arxiv.org/abs/1902.10186"),
    ),
    code=(
        "engine.models.transformer.minilm:Attention",
        "engine.models.transformer.minilm:Block",
        "engine.models.transformer.minilm:MiniLM",
        "engine.models.transformer.wordpiece:tokenise",
        "engine.models.transformer.wordpiece:pieces_of",
        "engine.topics.attention.run:changes",
        "engine.topics.attention.run:habits_of",
        "engine.topics.attention.mechanism:by_hand",
        "engine.topics.attention.mechanism:sinusoids",
        "engine.topics.attention.explain:explain_cell",
    ),
    look=Look(
        config=lambda config: only(config, config.view),
        path=lambda config: f"engine.topics.attention.{'run:run' if config.view == 'text' else 'mechanism:by_hand'}",
    ),
    absent=lambda config: BY_HAND if config.view == "text" else OF_TEXT,
    keywords=(
        "self-attention", "Transformer", "BERT", "MiniLM", "multi-head", "query", "key", "value", "softmax",
        "causal mask", "position encoding", "sentence embedding", "cosine similarity", "ablation", "WordPiece",
        "tokens", "encoder",
    ),
)  # fmt: skip
