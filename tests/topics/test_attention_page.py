"""The page of attention without a browser: what is said of own texts."""

from engine.topics.attention.card import Config
from engine.topics.attention.run import run


def test_own_texts_long_empty_and_with_unknown_signs(visitor):
    visitor.open("attention")
    visitor.move("attention.text", "你好 world 🙂")
    assert "[UNK] stands for" in visitor.texts(), "unknown signs are explained"
    result = run(Config(text="你好 world 🙂"))
    assert result.tokens[1:4] == ("[UNK:你]", "[UNK:好]", "world")
    assert f"{result.similarity:.4g}" in visitor.texts(), "the similarity of the new text"
    for knob, text, said in (
        ("text", "cat " * 200, "the last 74 of this text were left out"),
        ("text", " ", "The text is empty"),
        ("second", " ", "The second sentence is empty"),
    ):
        assert not visitor.move(f"attention.{knob}", text).errors
        assert said in visitor.texts(), said
