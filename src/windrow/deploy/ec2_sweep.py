"""What clusters left in an account and nobody uses: found, shown, removed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from windrow.deploy.ec2_policies import TAG
from windrow.deploy.lifecycle import end_of
from windrow.deploy.records import ClusterRecord
from windrow.deploy.state import Folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.deploy.ec2_account import Account

__all__ = ["MINIMUM_AGE", "Leftover", "leftovers", "remove"]

MINIMUM_AGE = 900.0
"""Seconds below which nothing is removed: its cluster may be about to start."""
MARGIN = 600.0
"""Seconds after the end of its longest life at which an instance has no excuse."""


@dataclass(frozen=True)
class Leftover:
    """A thing in an account that a cluster left.

    Attributes
    ----------
    kind
        ``instance``, ``security group`` or ``role``.
    identifier
        AWS's own.
    cluster
        Identifier of the cluster.
    age
        Seconds since it was made; infinite for a group, which does not say.
    why
        It is none of a cluster that lives.
    """

    kind: str
    identifier: str
    cluster: str
    age: float
    why: str


def leftovers(account: Account, minimum_age: float = MINIMUM_AGE) -> list[Leftover]:
    """Find what no living cluster holds.

    A cluster that lives holds what is its own: its state says so, whoever created it. Where its
    state cannot be read its instances stay until they outlive their longest life.

    Parameters
    ----------
    account
        Where to look.
    minimum_age
        Seconds; what is younger stays.
    """
    judge = _Judge(time.time(), minimum_age)
    found: list[Leftover] = []
    for machine in account.machines({}):
        cluster, age = machine.tags.get(TAG, ""), judge.now - machine.launched
        why = judge.of(cluster, machine.tags, age) if machine.costs else None
        if why is not None:
            found.append(Leftover("instance", machine.identifier, cluster, age, why))
    for group in account.groups():
        tags = {tag["Key"]: tag["Value"] for tag in group.get("Tags", [])}
        cluster, age = tags.get(TAG, ""), judge.now - float(tags.get("windrow:created", 0))
        why = judge.of(cluster, tags, age)
        if why is not None:
            found.append(Leftover("security group", group["GroupId"], cluster, age, why))
    for name, created in account.roles().items():
        cluster, age = name.removeprefix("windrow-"), judge.now - created
        why = judge.of(cluster, None, age)
        if why is not None:
            found.append(Leftover("role", name, cluster, age, why))
    return found


class _Judge:
    """Says why things of a cluster may go, each cluster asked for once."""

    def __init__(self, now: float, minimum_age: float) -> None:
        self.now, self._minimum_age = now, minimum_age
        self._known: dict[str, str | None] = {}

    def of(self, cluster: str, tags: dict[str, str] | None, age: float) -> str | None:
        """Return why a thing of a cluster may go; None when it stays.

        Parameters
        ----------
        cluster
            Its identifier.
        tags
            Of the thing; None for a role, which tells nothing but its cluster's name.
        age
            Of the thing, in seconds.
        """
        if cluster not in self._known:
            nothing = "no instance and no group has it"
            self._known[cluster] = nothing if tags is None else _ended(tags, self.now)
        return self._known[cluster] if age >= self._minimum_age else None


def remove(account: Account, found: Sequence[Leftover]) -> None:
    """Remove what was found: instances first, then what they used."""
    account.terminate([left.identifier for left in found if left.kind == "instance"])
    for left in found:
        if left.kind == "role":
            account.delete_role(left.identifier)
    for left in found:
        if left.kind == "security group":
            account.delete_group(left.identifier)


def _ended(tags: dict[str, str], now: float) -> str | None:
    """Say why a cluster holds nothing any more; None while it does, as far as can be known."""
    if now > float(tags.get("windrow:until", 0)) + MARGIN:
        return "its longest life is over"
    try:
        last = Folder(tags["windrow:state"]).series("cluster").last()
        if last is None:
            return "its state is gone"
        # Whether its hosts run is not asked: one that lives says when it ends.
        end = end_of(ClusterRecord(**last[1]), [], now)
    except OSError:
        return None
    if end is None:
        return None
    return end.reason if last[1].get("ended") else _never_began(tags["windrow:state"])


def _never_began(state: str) -> str | None:
    began = Folder(state).folder("hosts").names()
    return None if began else "none of its hosts ever started"
