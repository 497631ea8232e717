"""``windrow hadoop``: what containers run, put into HDFS."""

from __future__ import annotations

from typing import Annotated

import typer

from windrow.cli.documents import aligned
from windrow.cli.options import Debug, Json
from windrow.cli.running import running

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="Install windrow in HDFS, for clusters of YARN containers.",
    epilog="HADOOP_CONF_DIR names the folder with Hadoop's settings.",
)

Where = Annotated[str, typer.Argument(metavar="URL", help="Such as hdfs://namenode:8020/windrow")]


@app.command(
    epilog="""[bold]Examples[/bold]

windrow hadoop install hdfs://namenode:8020/windrow

windrow hadoop install hdfs:///windrow --additional-packages xgboost""",
)
def install(
    where: Where,
    *,
    additional_packages: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="What functions need besides; may be given again."),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Put this Python, windrow and all that it needs under a path of HDFS."""
    with running(as_json=as_json, debug=debug) as outcome:
        from windrow.deploy import hadoop_install

        found = hadoop_install.install(where, additional_packages or (), outcome.say)
        outcome.document.update(found)
        for line in aligned({"Installed": where, "Packages": str(len(found["packages"]))}):
            outcome.say(line)


@app.command(
    "packages",
    epilog="""[bold]Examples[/bold]

windrow hadoop packages hdfs://namenode:8020/windrow""",
)
def packages(where: Where, *, as_json: Json = False, debug: Debug = False) -> None:
    """List the packages that an installation has."""
    with running(as_json=as_json, debug=debug) as outcome:
        from windrow.deploy import hadoop_install

        found = hadoop_install.show_available_packages(where)
        outcome.document["packages"] = found
        for line in aligned(found):
            outcome.say(line)


@app.command(
    epilog="""[bold]Examples[/bold]

windrow hadoop check hdfs://namenode:8020/windrow

windrow hadoop check hdfs:///windrow --size 8192 --queue science""",
)
def check(
    where: Where,
    *,
    size: Annotated[int, typer.Option(metavar="MB", help="Of a container.")] = 4096,
    cores: Annotated[int, typer.Option(metavar="N", help="Vcores of a container.")] = 2,
    queue: Annotated[str | None, typer.Option(metavar="NAME", help="Of YARN.")] = None,
    ports: Annotated[str, typer.Option(metavar="A-B", help="Of containers.")] = "9100-9200",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Look at all that a cluster needs, also from inside a container; fails if anything lacks."""
    with running(as_json=as_json, debug=debug) as outcome:
        from windrow.deploy.hadoop_check import check as looked

        first, _, last = ports.partition("-")
        found = looked(where, None, size, cores, queue, (int(first), int(last)))
        outcome.document["findings"] = [vars(finding) for finding in found]
        for finding in found:
            outcome.say(f"{'ok ' if finding.good else 'NOT'}  {finding.what}: {finding.said}")
    if not all(finding.good for finding in found):
        raise typer.Exit(1)
