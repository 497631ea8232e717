"""``windrow cluster``: clusters of this machine, and what those of EC2 left behind."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windrow.cli.documents import aligned, columns
from windrow.cli.options import Debug, Json
from windrow.cli.running import running

if TYPE_CHECKING:
    from windrow.deploy.cluster import Cluster
    from windrow.deploy.handles import JobHandle
    from windrow.deploy.lifecycle import Host

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="Start, watch and end clusters of processes of this machine.",
    epilog="windrow train, evaluate, predict and show work on one with --cluster NAME.",
)

Which = Annotated[
    str, typer.Argument(metavar="NAME|PATH", help="Its name, or the state path it was given.")
]


@app.command(
    epilog="""[bold]Examples[/bold]

windrow cluster create laptop

windrow cluster create laptop --hosts 2 --cores 2 --memory 4GB --idle 600

windrow cluster create laptop --state /data/laptop --json""",
)
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, . _ and -")],
    *,
    hosts: Annotated[int, typer.Option(metavar="N", help="Hosts, each a group of processes.")] = 3,
    cores: Annotated[int, typer.Option(metavar="N", help="Threads of each host.")] = 1,
    memory: Annotated[
        str, typer.Option(metavar="SIZE", help="Of each host; half of it holds data.")
    ] = "2GB",
    state: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="For records, logs, results; else chosen by the name."),
    ] = None,
    idle: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="Without work, then it ends; negative: never."),
    ] = 1800,
    lifetime: Annotated[
        float, typer.Option(metavar="SECONDS", help="After which it ends, whatever it does.")
    ] = 86400,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Start a cluster; it goes on when this command has ended."""
    with running(as_json=as_json, debug=debug) as outcome:
        from windrow.deploy import local_cluster

        made = local_cluster.create(name, hosts, cores, memory, state, idle, lifetime)
        outcome.document.update(_document(made))
        outcome.say(str(made))
        which = name if state is None else made.state_path
        outcome.say(f"\nwindrow train, evaluate, predict, show --cluster {which} work on it;")
        outcome.say(f"windrow cluster stop {which} ends it")


@app.command(
    "list",
    epilog="""[bold]Examples[/bold]

windrow cluster list

windrow cluster list --json""",
)
def list_(*, as_json: Json = False, debug: Debug = False) -> None:
    """List the clusters of this user, those that ended included.

    One that was created with --state is known only by its path.
    """
    with running(as_json=as_json, debug=debug) as outcome:
        from windrow.deploy import local_cluster

        known = local_cluster.known()
        outcome.document["clusters"] = [_document(cluster) for cluster in known]
        rows = [("Name", "Created (UTC)", "Status")]
        rows += [(c.name, _moment(c.record.created), c.status) for c in known]
        for line in columns(rows) if known else ["no cluster; windrow cluster create starts one"]:
            outcome.say(line)


@app.command(
    epilog="""[bold]Examples[/bold]

windrow cluster status laptop

windrow cluster status /data/laptop --json""",
)
def status(which: Which, *, as_json: Json = False, debug: Debug = False) -> None:
    """Show a cluster and its hosts, also after its end."""
    with running(as_json=as_json, debug=debug) as outcome:
        from windrow.deploy import local_cluster

        found = local_cluster.find(which)
        try:
            outcome.document.update(_document(found, found.hosts))
        finally:
            found.disconnect()
        outcome.say(str(found))


@app.command(
    epilog="""[bold]Examples[/bold]

windrow cluster logs laptop

windrow cluster logs laptop host-1""",
)
def logs(
    which: Which,
    host: Annotated[
        str | None, typer.Argument(metavar="[HOST]", help="Such as host-0; all if left out.")
    ] = None,
    *,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Print what the processes of the hosts wrote, also after their end."""
    with running(as_json=as_json, debug=debug) as outcome:
        from windrow.deploy import local_cluster

        found = local_cluster.find(which)
        hosts = [host] if host is not None else [h.name for h in found.recorded_hosts()]
        for name in hosts:
            text = found.logs(name)
            outcome.document[name] = text
            outcome.say(text if host is not None else f"#### {name}\n{text}")


@app.command(
    epilog="""[bold]Examples[/bold]

windrow cluster jobs laptop

windrow cluster jobs laptop --json""",
)
def jobs(which: Which, *, as_json: Json = False, debug: Debug = False) -> None:
    """List what a cluster was asked for, of any client, oldest first."""
    with running(as_json=as_json, debug=debug) as outcome:
        from windrow.deploy import local_cluster

        found = list(local_cluster.find(which).jobs)
        outcome.document["jobs"] = [_job(job) for job in found]
        rows = [("Job", "Submitted (UTC)", "Status", "Name")]
        rows += [(job.id, _moment(job.submitted), job.status, job.name) for job in found]
        for line in columns(rows) if found else ["no job yet"]:
            outcome.say(line)


@app.command(
    epilog="""[bold]Examples[/bold]

windrow cluster stop laptop""",
)
def stop(which: Which, *, as_json: Json = False, debug: Debug = False) -> None:
    """End a cluster; returns when no process and no scratch file of it is left."""
    with running(as_json=as_json, debug=debug) as outcome:
        from windrow.deploy import local_cluster

        found = local_cluster.find(which)
        found.stop()
        outcome.document.update(_document(found))
        for line in aligned({found.name: found.status}):
            outcome.say(line)


@app.command(
    epilog="""[bold]Examples[/bold]

windrow cluster sweep

windrow cluster sweep --region eu-west-1 --age 3600 --yes""",
)
def sweep(
    *,
    region: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of AWS; else the environment's.")
    ] = None,
    age: Annotated[float, typer.Option(metavar="SECONDS", help="What is younger stays.")] = 900,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List what ended clusters left in an AWS account, ask, and remove it.

    What a cluster that lives holds stays, whoever started it.
    """
    with running(as_json=as_json, debug=debug) as outcome:
        from windrow.deploy.ec2_account import Account
        from windrow.deploy.ec2_config import Ec2Config
        from windrow.deploy.ec2_sweep import leftovers, remove

        account = Account(Ec2Config(region=region))
        found = leftovers(account, age)
        outcome.document["found"] = [vars(left) for left in found]
        rows = [("Kind", "Identifier", "Cluster", "Why")]
        rows += [(left.kind, left.identifier, left.cluster, left.why) for left in found]
        for line in columns(rows) if found else ["nothing is left of any cluster"]:
            outcome.say(line)
        removed = bool(found) and (yes or (not as_json and typer.confirm("Remove all of it?")))
        if removed:
            remove(account, found)
        outcome.document["removed"] = removed


def _document(cluster: Cluster, hosts: list[Host] | None = None) -> dict[str, Any]:
    """Describe a cluster to a script."""
    record, end = cluster.record, cluster.ended
    return {
        "name": record.name,
        "kind": record.kind,
        "state_path": cluster.state_path,
        "status": cluster.status,
        "num_hosts": record.num_hosts,
        "cores": record.cores,
        "memory": record.memory,
        "created": record.created,
        "idle_shutdown_timeout": record.idle_shutdown_timeout,
        "max_lifetime": record.max_lifetime,
        "ended": None if end is None else {"time": end.time, "reason": end.reason},
        "hosts": [vars(host) for host in (hosts or cluster.recorded_hosts())],
    }


def _job(job: JobHandle) -> dict[str, Any]:
    return {"id": job.id, "name": job.name, "status": job.status, "submitted": job.submitted}


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
