"""What expressions and tables of a plan have in common: identity by content, flat pickles.

A node is immutable and its `key` is a digest of its class, its fields and its children's keys,
computed once when it is made. So equality is one comparison, a block can be found by its plan's
key on any host, and a graph of shared nodes never blows up into a tree. Every walk is a loop:
a chain of many thousand steps needs no deep stack, nor does pickling it.
"""

from __future__ import annotations

import dataclasses
import hashlib
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

N = TypeVar("N", bound="Node")


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Node:
    """Base of `Expression` and `Plan`; equal when the content is equal."""

    key: str = dataclasses.field(init=False)
    """Digest of the content: 32 hexadecimal digits."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", digest(type(self).__name__, *self.content()))

    def content(self) -> tuple[Any, ...]:
        """Constructor arguments, in order; what the key is made of."""
        return tuple(getattr(self, f.name) for f in dataclasses.fields(self) if f.init)

    def children(self) -> Iterator[Node]:
        """Nodes that this one is made of, in field order."""
        return _nodes_in(self.content())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key[:8]}>"

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return _restore, (_flatten(self),)


@dataclasses.dataclass(frozen=True)
class _Ref:
    """Place of a child in a flattened node."""

    index: int


def topological(*roots: N) -> list[N]:
    """Every node below the roots once, children before parents, in first-met order."""
    order: list[N] = []
    done: set[str] = set()
    stack: list[tuple[N, Iterator[Any]]] = [(root, root.children()) for root in reversed(roots)]
    while stack:
        node, rest = stack[-1]
        if node.key in done:
            stack.pop()
            continue
        child = next((c for c in rest if c.key not in done), None)
        if child is None:
            done.add(node.key)
            order.append(node)
            stack.pop()
        else:
            stack.append((child, child.children()))
    return order


def replace_children(node: N, replacement: Callable[[Node], Node]) -> N:
    """Return the node with every child exchanged; itself when nothing changed."""
    content = node.content()
    changed = tuple(_map_nodes(value, replacement) for value in content)
    if all(old is new for old, new in zip(content, changed, strict=True)):
        return node
    return type(node)(*changed)


def digest(*values: object) -> str:
    """Hash plain values, enums, dataclasses and nodes into 32 hexadecimal digits."""
    state = hashlib.blake2b(digest_size=16)
    _feed(state.update, values)
    return state.hexdigest()


def _feed(update: Callable[[bytes], None], value: object) -> None:
    """Feed one value, tagged with its type and length so that no two contents collide."""
    if isinstance(value, Node):
        update(b"N" + value.key.encode())
    elif isinstance(value, bytes):
        update(b"B%d:" % len(value))
        update(value)
    elif isinstance(value, (tuple, list)):
        update(b"T%d:" % len(value))
        for item in value:
            _feed(update, item)
    elif isinstance(value, Enum):
        _feed(update, (type(value).__name__, value.value))
    elif isinstance(value, dict):
        _feed(update, tuple(value.items()))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        _feed(update, (type(value).__name__, *(getattr(value, f.name) for f in fields)))
    else:
        text = f"{type(value).__name__}:{value!r}".encode("utf-8", "surrogatepass")
        update(b"S%d:" % len(text))
        update(text)


def _nodes_in(values: Iterable[Any]) -> Iterator[Node]:
    for value in values:
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from _nodes_in(value)


def _map_nodes(value: Any, replacement: Callable[[Node], Any]) -> Any:  # fields hold anything
    if isinstance(value, Node):
        return replacement(value)
    if isinstance(value, tuple):
        mapped = tuple(_map_nodes(item, replacement) for item in value)
        return value if all(a is b for a, b in zip(value, mapped, strict=True)) else mapped
    return value


def _flatten(root: Node) -> list[tuple[type[Node], tuple[Any, ...]]]:
    order = topological(root)
    place = {node.key: _Ref(index) for index, node in enumerate(order)}
    return [
        (type(node), tuple(_map_nodes(v, lambda child: place[child.key]) for v in node.content()))
        for node in order
    ]


def _restore(flat: list[tuple[type[Node], tuple[Any, ...]]]) -> Node:
    made: list[Node] = []

    def resolve(value: Any) -> Any:  # fields hold anything
        if isinstance(value, _Ref):
            return made[value.index]
        return tuple(resolve(item) for item in value) if type(value) is tuple else value

    for kind, content in flat:
        made.append(kind(*(resolve(value) for value in content)))
    return made[-1]
