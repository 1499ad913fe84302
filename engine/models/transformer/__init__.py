"""Transformers: a pre-trained encoder written out so that every head can be looked at, and its tokeniser."""

from .minilm import MiniLM, load_minilm
from .wordpiece import LONGEST, Tokens, tokenise

__all__ = ["LONGEST", "MiniLM", "Tokens", "load_minilm", "tokenise"]
