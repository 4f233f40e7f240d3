"""JSON text, token by token: text in, what stands where and at which JSON path out; knows the grammar's words, judges nothing.

Slow and exact on purpose: the strict decoder comes here only to say where a refused message is wrong, and masking only when a message may
hold card data. It never recurses and stops silently at the first character that cannot begin a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_TOKEN = re.compile(
    r"""(?P<space>[ \t\n\r]+)|(?P<string>"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*")|(?P<open>[{\[])|(?P<close>[}\]])|(?P<comma>,)|(?P<colon>:)"""
    r"""|(?P<number>-?[0-9][0-9.eE+-]*)|(?P<word>-?[A-Za-z]+)""",
    re.DOTALL,
)
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_FEWEST_DIGITS_OF_A_CARD = 12
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)


class Role(StrEnum):
    """What a token is in its document. A key comes as KEY, every other string as STRING; `true`, `null` and `NaN` alike as WORD."""

    OPEN = "open"
    CLOSE = "close"
    KEY = "key"
    STRING = "string"
    NUMBER = "number"
    WORD = "word"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Token:
    """`text[start:end]` with the path of the value it is, or whose name it is; `depth` counts the containers around it.

    BROKEN stands where no token can begin and is the last one.
    """

    role: Role
    start: int
    end: int
    path: str
    name: str
    depth: int


class _Place:
    """Where the reader is: the containers around it, each with its index or its present key."""

    def __init__(self) -> None:
        self.steps: list[str | int] = []
        self.path = "$"
        self.name = ""
        self._outer: list[tuple[str, str, bool]] = []
        self.awaits_key = False

    def enter(self, *, is_object: bool) -> None:
        self._outer.append((self.path, self.name, self.awaits_key))
        self.steps.append("" if is_object else 0)
        self.awaits_key = is_object
        if not is_object:
            self.path = f"{self.path}[0]"

    def leave(self) -> None:
        if self._outer:
            self.path, self.name, self.awaits_key = self._outer.pop()
            self.steps.pop()

    def next(self) -> None:
        if not self.steps:
            return
        step = self.steps[-1]
        if isinstance(step, int):
            self.steps[-1] = step + 1
            self.path = f"{self._outer[-1][0]}[{step + 1}]"
        else:
            self.awaits_key = True

    def key(self, key: str) -> None:
        self.name = key
        self.path = self._outer[-1][0] + step_to(key)
        self.awaits_key = False


def step_to(key: str) -> str:
    """Return the step of a JSON path to a member: `.quantity`, or `['odd key']`, as `shown`."""
    if _PLAIN_KEY.match(key) and shown(key) == key:
        return f".{key}"
    return f"[{shown(key)!a}]"


def shown(name: str) -> str:
    """Return a name as an error may show it: at most 40 characters, and of a name that could hold a card number only its first six digits."""
    if sum(map(str.isdigit, name)) < _FEWEST_DIGITS_OF_A_CARD:
        return name[:40]
    digits = 0
    characters = []
    for character in name[:40]:
        digits += character.isdigit()
        characters.append("*" if character.isdigit() and digits > 6 else character)
    return "".join(characters)


def unescaped(string: str) -> str:
    """Return the characters of a JSON string token (quotes included in it); lone surrogates stay what they are."""
    inner = string[1:-1]
    if "\\" not in inner:
        return inner
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _SHORT.get(found[2], found[2]), inner)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") if "\\u" in inner else text


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of JSON text in order, without commas, colons and space."""
    place = _Place()
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            yield Token(Role.BROKEN, position, len(text), place.path, place.name, len(place.steps))
            return
        role, start, position = found.lastgroup, position, found.end()
        if role == "comma":
            place.next()
        elif role == "string" and place.awaits_key:
            place.key(unescaped(found[0]))
            yield Token(Role.KEY, start, position, place.path, place.name, len(place.steps))
        elif role == "open":
            yield Token(Role.OPEN, start, position, place.path, place.name, len(place.steps))
            place.enter(is_object=found[0] == "{")
        elif role == "close":
            place.leave()
            yield Token(Role.CLOSE, start, position, place.path, place.name, len(place.steps))
        elif role in {"string", "number", "word"}:
            yield Token(Role(role), start, position, place.path, place.name, len(place.steps))
