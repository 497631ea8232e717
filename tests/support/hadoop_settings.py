"""What the daemons of the tests' Hadoop are told: sites, scheduler, logging."""

from __future__ import annotations

from pathlib import Path

SITE = dict[str, object]
NODES = ("nm1", "nm2")
DATA = ("dn1", "dn2")
PORTS = (
    "zk nn nn_http rm rm_sched rm_track rm_admin rm_http "
    + " ".join(f"{dn} {dn}_http {dn}_ipc" for dn in DATA)
    + " "
    + " ".join(f"{nm} {nm}_http {nm}_loc {nm}_coll" for nm in NODES)
).split()
CONTAINER_MB = 6144
"""The largest container."""
LOG4J = """log4j.rootLogger=INFO,stderr
log4j.appender.stderr=org.apache.log4j.ConsoleAppender
log4j.appender.stderr.target=System.err
log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
"""


def sites(
    folder: Path, jars: Path, ports: dict[str, int], user: str, *, api: bool
) -> dict[str, SITE]:
    """Return every configuration file, by name.

    Parameters
    ----------
    folder
        Of the installation.
    jars
        All of them.
    ports
        By daemon.
    user
        Who runs it.
    api
        Whether YARN's service API is on; it is off by default.
    """
    core: SITE = {
        "fs.defaultFS": f"hdfs://127.0.0.1:{ports['nn']}",
        "hadoop.tmp.dir": f"{folder}/data/tmp",
        "hadoop.registry.zk.quorum": f"127.0.0.1:{ports['zk']}",
        "hadoop.http.staticuser.user": user,
        f"hadoop.proxyuser.{user}.hosts": "*",
        f"hadoop.proxyuser.{user}.groups": "*",
    }
    hdfs: SITE = {
        "dfs.replication": 1,
        "dfs.namenode.name.dir": f"file://{folder}/data/name",
        "dfs.datanode.data.dir": f"file://{folder}/data/${{test.name}}",
        "dfs.namenode.rpc-address": f"127.0.0.1:{ports['nn']}",
        "dfs.namenode.http-address": f"127.0.0.1:{ports['nn_http']}",
        "dfs.datanode.address": "127.0.0.1:${test.port}",
        "dfs.datanode.http.address": "127.0.0.1:${test.http}",
        "dfs.datanode.ipc.address": "127.0.0.1:${test.ipc}",
        "dfs.datanode.hostname": "${test.host}",  # its name; its address is the first's
        "dfs.namenode.block-placement-policy.default.prefer-local-node": "false",
        "dfs.namenode.safemode.extension": 0,
        "dfs.namenode.datanode.registration.ip-hostname-check": "false",
        "dfs.heartbeat.interval": 1,
        "dfs.datanode.du.reserved": 0,
        "dfs.block.size": 4 << 20,
        "dfs.blocksize": 4 << 20,
        "dfs.namenode.fs-limits.min-block-size": 1 << 16,
    }
    yarn: SITE = {
        "yarn.resourcemanager.hostname": "127.0.0.1",
        "yarn.resourcemanager.address": f"127.0.0.1:{ports['rm']}",
        "yarn.resourcemanager.scheduler.address": f"127.0.0.1:{ports['rm_sched']}",
        "yarn.resourcemanager.resource-tracker.address": f"127.0.0.1:{ports['rm_track']}",
        "yarn.resourcemanager.admin.address": f"127.0.0.1:{ports['rm_admin']}",
        "yarn.resourcemanager.webapp.address": f"127.0.0.1:{ports['rm_http']}",
        "yarn.webapp.api-service.enable": str(api).lower(),
        "yarn.service.framework.path": "/yarn-services/service-dep.tar.gz",  # empty
        "yarn.service.classpath": f"{jars}/*",
        "yarn.service.am-resource.memory": 256,
        "yarn.service.am.java.opts": "-Xmx160m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        "yarn.scheduler.minimum-allocation-mb": 64,
        "yarn.scheduler.maximum-allocation-mb": CONTAINER_MB,
        "yarn.nodemanager.resource.memory-mb": 2 * CONTAINER_MB,
        "yarn.nodemanager.resource.cpu-vcores": 8,
        "yarn.nodemanager.pmem-check-enabled": "true",
        "yarn.nodemanager.vmem-check-enabled": "true",
        "yarn.nodemanager.container-monitor.interval-ms": 500,
        "yarn.nodemanager.disk-health-checker.enable": "false",  # full disks are no illness
        "yarn.nodemanager.env-whitelist": "JAVA_HOME,PATH,HADOOP_CONF_DIR",
        "yarn.nodemanager.delete.debug-delay-sec": 0,
        "yarn.nm.liveness-monitor.expiry-interval-ms": 15000,
        "yarn.resourcemanager.nodemanagers.heartbeat-interval-ms": 250,
        "yarn.application.classpath": f"{folder}/conf,{jars}/*",
        "yarn.nodemanager.hostname": "${test.host}",
        "yarn.nodemanager.address": "${test.host}:${test.port}",
        "yarn.nodemanager.localizer.address": "${test.host}:${test.loc}",
        "yarn.nodemanager.collector-service.address": "${test.host}:${test.coll}",
        "yarn.nodemanager.webapp.address": "${test.host}:${test.http}",
        "yarn.nodemanager.local-dirs": f"{folder}/data/${{test.name}}/local",
        "yarn.nodemanager.log-dirs": f"{folder}/data/${{test.name}}/logs",
    }
    capacity: SITE = {
        "yarn.scheduler.capacity.root.queues": "default",
        "yarn.scheduler.capacity.root.default.capacity": 100,
        "yarn.scheduler.capacity.maximum-am-resource-percent": 0.9,
        "yarn.scheduler.capacity.resource-calculator": (
            "org.apache.hadoop.yarn.util.resource.DominantResourceCalculator"
        ),
    }
    return {
        "core-site": core,
        "hdfs-site": hdfs,
        "yarn-site": yarn,
        "capacity-scheduler": capacity,
    }


def xml(site: SITE) -> str:
    """Write one site as Hadoop reads it."""
    rows = [
        f"  <property><name>{name}</name><value>{value}</value></property>\n"
        for name, value in site.items()
    ]
    return f'<?xml version="1.0"?>\n<configuration>\n{"".join(rows)}</configuration>\n'
