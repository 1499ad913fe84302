"""Knobs: one declaration of an adjustable value feeds the widget, the link, the command line, the tests and the docs.

A `Config` is a frozen dataclass made by `@configuration` whose fields are made by `knob(...)`. Because it is frozen and
hashable it is also the key under which results are kept.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeVar, dataclass_transform

from engine.contracts.sentences import filled
from engine.contracts.signs import INVISIBLE, left_out, one_line, shows_nothing

ConfigType = TypeVar("ConfigType")

_KINDS = ("bool", "int", "float", "choice", "choices", "sizes", "text")
MAXIMUM_TEXT = 4000


class KnobError(ValueError):
    """A value does not fit its knob. `template` and `values` let a page say it in the reader's language."""

    def __init__(self, template: str, **values: Any):
        super().__init__(filled(template, values))
        self.template, self.values = template, values


@dataclasses.dataclass(frozen=True)
class Knob:
    """Everything there is to know about one adjustable value.

    kind is one of: bool, int, float, choice (one of `choices`), choices (a tuple out of `choices`),
    sizes (a tuple of up to `most` integers, each low..high), text (at most `most` characters, checked by `check`).
    A text that has a box is one line of what can be seen, as the box shows it (`one_line`); in a hidden one, which is a
    code, a sign that cannot be seen is an error.
    """

    name: str
    kind: str
    default: Any
    label: str
    help: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    choice_labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    unit: str = ""
    log: bool = False
    most: int = MAXIMUM_TEXT
    advanced: bool = False
    hidden: bool = False
    run_only: bool = False
    check: Callable[[str], Any] | None = None
    counts: Callable[[Any], bool] | None = None
    was: tuple[str, ...] = ()
    data: bool = False

    def accept(self, value: Any) -> Any:
        """The value in its canonical type, or KnobError naming what was expected and what came."""
        match self.kind:
            case "bool":
                if isinstance(value, bool):
                    return value
                raise KnobError("{label}: expected yes or no, got {value!r}", label=self.label, value=value)
            case "int":
                if not _is_number(value) or value % 1:  # NaN and infinity leave NaN, which counts as true
                    raise KnobError("{label}: expected a whole number, got {value!r}", label=self.label, value=value)
                return int(self._in_range(value))
            case "float":
                if not _is_number(value) or (isinstance(value, float) and not math.isfinite(value)):
                    raise KnobError("{label}: expected a number, got {value!r}", label=self.label, value=value)
                return float(self._in_range(value))
            case "choice":
                if value in self.choices:
                    return value
                raise KnobError(
                    "{label}: expected one of {choices}, got {value!r}",
                    label=self.label, choices=_listed(self.choices), value=value,
                )  # fmt: skip
            case "choices":
                return self._accept_choices(value)
            case "sizes":
                return self._accept_sizes(value)
            case "text":
                return self._accept_text(value)
        raise AssertionError(self.kind)

    def _in_range(self, value: float) -> float:
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            raise self._out_of_range(shortest(value))
        return value

    def _out_of_range(self, value: str) -> KnobError:
        return KnobError(
            "{label}: expected {low} to {high}, got {value}",
            label=self.label, low=shortest(self.low), high=shortest(self.high), value=value,
        )  # fmt: skip

    def _accept_choices(self, value: Any) -> tuple[str, ...]:
        several = isinstance(value, (tuple, list))
        if not several or not all(item in self.choices for item in value):
            wrong = next(item for item in value if item not in self.choices) if several else value
            raise KnobError(
                "{label}: expected some of {choices}, got {value!r}",
                label=self.label, choices=_listed(self.choices), value=_cut(wrong),
            )  # fmt: skip
        chosen = tuple(choice for choice in self.choices if choice in value)  # canonical order
        if len(chosen) < (self.low or 0):
            raise KnobError("{label}: expected at least {low} of them", label=self.label, low=int(self.low))
        return chosen

    def _accept_sizes(self, value: Any) -> tuple[int, ...]:
        if not isinstance(value, (tuple, list)):
            raise KnobError("{label}: expected whole numbers, got {value!r}", label=self.label, value=_cut(value))
        items = tuple(value)
        if len(items) > self.most:
            raise KnobError(
                "{label}: expected at most {most} numbers, got {count}",
                label=self.label, most=self.most, count=len(items),
            )  # fmt: skip
        for item in items:
            if not _is_number(item) or item % 1:
                raise KnobError("{label}: expected whole numbers, got {value!r}", label=self.label, value=item)
            self._in_range(item)
        return tuple(int(item) for item in items)

    def _accept_text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise KnobError("{label}: expected text, got {value!r}", label=self.label, value=value)
        if not self.hidden:
            if shows_nothing(value):  # else it would count as empty, and nobody would be told
                raise KnobError(
                    "{label}: expected signs that can be seen, got {value!r}", label=self.label, value=value[:40]
                )
            value = one_line(value)
        elif match := INVISIBLE.search(value):
            raise KnobError(
                "{label}: expected visible signs alone, got {sign}", label=self.label, sign=f"U+{ord(match[0]):04X}"
            )
        if len(value) > self.most:
            raise KnobError(
                "{label}: expected at most {most} characters, got {count}",
                label=self.label, most=self.most, count=len(value),
            )  # fmt: skip
        if self.check is not None:
            self.check(value)
        return value

    def to_text(self, value: Any) -> str:
        """The value as it stands in a link or on the command line; `from_text` reads it back exactly."""
        match self.kind:
            case "bool":
                return "yes" if value else "no"
            case "float":
                return repr(float(value)).removesuffix(".0")
            case "choices":
                return ".".join(value)
            case "sizes":
                return "-".join(map(str, value))
        return str(value)

    def from_text(self, text: str) -> Any:
        """Read a value from a link or the command line; KnobError if it is not one."""
        match self.kind:
            case "bool":
                if text.lower() in ("yes", "true", "1", "no", "false", "0"):
                    return text.lower() in ("yes", "true", "1")
                raise KnobError("{label}: expected yes or no, got {value!r}", label=self.label, value=text[:40])
            case "int" | "float":
                try:
                    number = float(text)
                except ValueError:
                    raise KnobError(
                        "{label}: expected a number, got {value!r}", label=self.label, value=text[:40]
                    ) from None
                if self.kind == "int" and re.fullmatch(r"[+-]?\d{1,400}", text):  # to the last digit
                    number = int(text)
                elif math.isinf(number) and any(sign.isdigit() for sign in text):  # larger than a float can be
                    raise self._out_of_range(_begun(text))
                return self.accept(number)
            case "choices":
                return self.accept(tuple(text.split(".")) if text else ())
            case "sizes":
                parts = text.split("-") if text else []
                for part in parts:
                    if not re.fullmatch(r"\d+", part):
                        raise KnobError(
                            "{label}: expected whole numbers, got {value!r}",
                            label=self.label,
                            value=text if len(text) <= 40 else part[:40],
                        )
                    if len(part) > 400:  # more digits than Python reads
                        raise self._out_of_range(_begun(part))
                return self.accept(tuple(map(int, parts)))
        if self.kind == "choice" and text not in self.choices:
            text = text[:40]
        return self.accept(text)


def knob(
    default: Any,
    label: str,
    help: str = "",
    *,
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    choices: tuple[str, ...] | Mapping[str, str] = (),
    unit: str = "",
    log: bool = False,
    most: int = MAXIMUM_TEXT,
    advanced: bool = False,
    hidden: bool = False,
    run_only: bool = False,
    check: Callable[[str], Any] | None = None,
    counts: Callable[[Any], bool] | None = None,
    was: tuple[str, ...] = (),
    data: bool = False,
) -> Any:
    """Declare one knob of a Config.

    Parameters: `choices` may map value -> label. `log` asks for a logarithmic slider. `advanced` knobs fold away under
    "More knobs"; `hidden` ones have no widget of their own (own points drawn on the picture, an uploaded picture's key)
    but travel in the link like all others; `run_only` ones (how far a run went, what was changed in it by hand) go back
    to their default when another knob changes. `check(text)` raises KnobError for a malformed text.
    `counts(config)` says whether the knob does anything with the other knobs as they are; a page greys it out where it
    does not. `was`: what older links call it; * stands for a number. `data`: it says what the network looks at; numbers
    of runs that differ in it are not subtracted. TypeError for a number without low and high, or a logarithmic knob
    without low > 0."""
    if isinstance(default, bool):
        kind = "bool"
    elif isinstance(default, int):
        kind = "int"
    elif isinstance(default, float):
        kind = "float"
    elif isinstance(default, tuple):
        kind = "choices" if choices else "sizes"
    else:
        kind = "choice" if choices else "text"
    labels = dict(choices) if isinstance(choices, Mapping) else {}
    declared = Knob(
        name="", kind=kind, default=default, label=label, help=help, low=low, high=high, step=step,
        choices=tuple(choices), choice_labels=labels, unit=unit, log=log, most=most,
        advanced=advanced, hidden=hidden, run_only=run_only, check=check, counts=counts, was=was, data=data,
    )  # fmt: skip
    if kind in ("int", "float", "sizes") and (low is None or high is None):
        raise TypeError(f"knob {label!r}: a number needs low and high, so that links and random tests stay in range")
    if log and not (low and low > 0):
        raise TypeError(f"knob {label!r}: a logarithmic knob needs low > 0, got {low}")
    default = declared.accept(default)  # canonical, as every value is: else it would not stay out of the link
    return dataclasses.field(default=default, metadata={"knob": dataclasses.replace(declared, default=default)})


@dataclass_transform(frozen_default=True, field_specifiers=(knob,))
def configuration(cls: type[ConfigType]) -> type[ConfigType]:
    """Class decorator: a frozen, hashable dataclass that checks every knob when it is made."""

    def check_all(self: Any) -> None:
        for knob_ in knobs(type(self)):
            object.__setattr__(self, knob_.name, knob_.accept(getattr(self, knob_.name)))

    cls.__post_init__ = check_all
    frozen = dataclasses.dataclass(frozen=True)(cls)
    declared = []
    for field in dataclasses.fields(frozen):
        if "knob" not in field.metadata:
            raise TypeError(f"{cls.__qualname__}.{field.name}: every field of a Config is made by knob(...)")
        declared.append(dataclasses.replace(field.metadata["knob"], name=field.name))
    frozen.__knobs__ = tuple(declared)
    return frozen


def knobs(config_type: type) -> tuple[Knob, ...]:
    """All knobs of a Config type in the order of their declaration."""
    return config_type.__knobs__


@dataclasses.dataclass(frozen=True)
class Rejected:
    """A part of a link that could not be used, and why; the reader is told."""

    name: str
    text: str
    reason: KnobError


def to_query(config: Any) -> dict[str, str]:
    """Link parameters of a Config. Defaults stay out, so links stay short."""
    return {
        knob_.name: knob_.to_text(getattr(config, knob_.name))
        for knob_ in knobs(type(config))
        if getattr(config, knob_.name) != knob_.default
    }


def said_in_full(config: Any) -> dict[str, str]:
    """Link parameters of a Config, at least one: for where an address that says nothing means something else."""
    return to_query(config) or {knob_.name: knob_.to_text(knob_.default) for knob_ in knobs(type(config))[:1]}


def from_query(config_type: type[ConfigType], query: Mapping[str, str]) -> tuple[ConfigType, list[Rejected]]:
    """Read a Config from link parameters.

    A value that does not fit falls back to the default and is reported; parameters that are no knob of this Config
    (the language, a campaign tag) are left alone.
    """
    values, rejected = {}, []
    for knob_ in knobs(config_type):
        if knob_.name not in query:
            continue
        text = query[knob_.name]
        try:
            values[knob_.name] = knob_.from_text(text)
        except KnobError as reason:
            rejected.append(Rejected(knob_.name, text[:80], reason))
    return config_type(**values), rejected


def check_signs(config_type: type, query: Mapping[str, str]) -> None:
    """KnobError naming the signs of texts in a link that cannot be shown and so are left out."""
    names = [knob_.name for knob_ in knobs(config_type) if knob_.kind == "text" and not knob_.hidden]
    texts = [query[name] for name in names if name in query]
    lost = dict.fromkeys(sign for text in texts if not shows_nothing(text) for sign in left_out(text))
    if lost:
        signs = _listed(tuple(f"U+{ord(sign):04X}" for sign in lost), most=4)
        raise KnobError("The link has signs that cannot be shown; they were left out: {signs}.", signs=signs)


def random_value(knob_: Knob, random: Any) -> Any:
    """A value within range for property tests; `random` is a `random.Random`. Text knobs keep their default."""
    match knob_.kind:
        case "bool":
            return random.random() < 0.5
        case "int":
            return random.randint(int(knob_.low), int(knob_.high))
        case "float":
            if knob_.log:
                return min(
                    max(math.exp(random.uniform(math.log(knob_.low), math.log(knob_.high))), knob_.low), knob_.high
                )
            return random.uniform(knob_.low, knob_.high)
        case "choice":
            return random.choice(knob_.choices)
        case "choices":
            count = random.randint(max(1, int(knob_.low or 0)), len(knob_.choices))
            return tuple(random.sample(knob_.choices, count))
        case "sizes":
            count = random.randint(0, knob_.most)
            return tuple(random.randint(int(knob_.low), int(knob_.high)) for _ in range(count))
    return knob_.default


def without_run(config: ConfigType) -> ConfigType:
    """The same experiment before it was run: every `run_only` knob at its default."""
    return dataclasses.replace(config, **{knob_.name: knob_.default for knob_ in knobs(type(config)) if knob_.run_only})


def differences(first: Any, second: Any) -> Iterator[tuple[Knob, Any, Any]]:
    """Knobs in which two Configs of one type differ, with both values."""
    for knob_ in knobs(type(first)):
        pair = getattr(first, knob_.name), getattr(second, knob_.name)
        if pair[0] != pair[1]:
            yield knob_, *pair


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _listed(choices: tuple[str, ...], most: int = 12) -> str:
    """The choices of a message, the one without a name apart: of a long list the first and the last."""
    return ", ".join(named if len(named := [*filter(None, choices)]) <= most else (*named[: most - 2], "…", named[-1]))


def _begun(number: str) -> str:
    """The first digits of a number as it was written."""
    return number if len(number) <= 12 else f"{number[:11]}…"


def _cut(value: Any) -> str:
    """A value as it would stand in a link, cut for a message; links may be absurdly long."""
    return (".".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value))[:40]


def shortest(value: float) -> str:
    """A number in the fewest digits that no other number has, so that what differs reads differently.

    Of whole numbers with more than 30 digits only the first is shown.
    """
    if isinstance(value, int):
        return str(value) if abs(value) < 10**30 else f"{Decimal(value):.0e}"
    if value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return repr(value)
