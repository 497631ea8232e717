"""The host program: starts what a host of a cluster consists of, watches it, and ends it.

``python -m windrow.deploy.host CONFIG.json`` runs on every host, whoever started it: a worker on
each, and on host 0 the scheduler and the drivers too. All of them are children in one process
group, what they log goes to the state store, and a dead-man timer in a process of its own ends the
group when this program cannot.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from windrow.config import LOG_FORMAT, Deadline
from windrow.deploy import logs
from windrow.deploy.credentials import Credentials
from windrow.deploy.deadman import GOODBYE
from windrow.deploy.jobs import ENDED, Job, Outcome
from windrow.deploy.lookout import Lookout
from windrow.deploy.records import HostConfig
from windrow.deploy.state import Folder
from windrow.errors import DeadlineError, DriverDiedError, SchedulerLostError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

_log = logging.getLogger("windrow.host")

TICK = 0.2
"""Seconds between two looks at the children and at what the lookout saw."""
PATIENCE = 5.0
"""Seconds that a child may take to end after it was asked to."""
SILENCE = 25.0
"""Seconds without a sign of life after which a child counts as frozen, and is killed."""
FUTILE = 5
"""How often a worker or a driver may end before it was ready until the host gives up."""


@dataclass
class Child:
    """A process of this host.

    Attributes
    ----------
    role
        ``scheduler``, ``worker`` or ``driver-<n>``; names its log.
    command
        Arguments behind ``python -m``.
    process
        The running process.
    starts
        How often it was started.
    futile
        How often it ended before it was ready, since it last was.
    end
        How it ended, where its exit code does not say.
    """

    role: str
    command: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    futile: int = 0
    end: str = ""
    _sign: tuple[int, float] = (0, 0.0)

    def start(self, log: IO[bytes], environment: dict[str, str]) -> None:
        """Start it, or start it again."""
        self.starts += 1
        self.end = ""
        self.process = subprocess.Popen(  # noqa: S603  # our own modules
            [sys.executable, "-m", *self.command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
        )

    def ended(self) -> int | None:
        """Its exit code; None while it runs."""
        code = None if self.process is None else self.process.poll()
        if code is not None:
            self.end = self.end or f"ended with {code}"
        return code

    def kill_if_frozen(self, sign: Path) -> None:
        """Kill it when it has not touched its file for too long.

        That is measured by this process's own looks: where the whole machine slept, all is well.
        """
        with contextlib.suppress(FileNotFoundError):  # it is not ready yet
            touched, now = sign.stat().st_mtime_ns, time.monotonic()
            if touched != self._sign[0]:
                self._sign = touched, now
            elif now - self._sign[1] > SILENCE and self.process is not None:
                self.end = f"gave no sign of life for {SILENCE:g} s and was killed"
                self.process.kill()


@dataclass
class Host:
    """One host, from its start to its end.

    Parameters
    ----------
    config
        What it was told.
    config_path
        Where that stands, for its children.
    """

    config: HostConfig
    config_path: str
    children: list[Child] = field(default_factory=list)
    stopping: bool = False  # no Event: a signal may come while its lock is held, and never return
    reason: str = ""
    alone_since: float | None = None

    def __post_init__(self) -> None:
        self.lookout = Lookout(self.config)

    @property
    def generation(self) -> Folder:
        """The cluster's folder in the state store."""
        return Folder(self.config.generation)

    def run(self) -> int:
        """Live: start everything, watch it until there is a reason to end, end everything."""
        born = time.monotonic()
        Path(self.config.scratch).mkdir(parents=True, exist_ok=True)
        deadman = self._start_deadman()
        try:
            self._record("starting")
            self.lookout.start()
            self._boot(deadman)
            if not self.stopping:
                self._record("ready")
                _log.info("ready")
            while not self.stopping:
                Deadline(self.config.max_lifetime, "the next look").pause(TICK)
                self._heartbeat(deadman)
                self._watch(time.monotonic() - born)
        except DeadlineError as error:
            self.reason = str(error)
        finally:
            self._end(deadman)
        return 0

    def stop(self, reason: str) -> None:
        """Begin to end; a signal handler calls it."""
        self.reason = self.reason or reason
        self.stopping = True

    def _boot(self, deadman: subprocess.Popen[bytes]) -> None:
        """Start the children in the order in which they need each other."""
        limit = self.config.boot_timeout
        if self.config.index == 0:
            self._bury_all()
            self._add("scheduler", "windrow.deploy.serve", "scheduler", self.config_path)
            self._await("scheduler", limit, deadman)
        self._add("worker", "windrow.deploy.serve", "worker", self.config_path)
        if self.config.index == 0:
            for number in range(self.config.max_jobs):
                name = f"driver-{number}"
                self._add(name, "windrow.deploy.driver", self.config_path, name)
        self._await("worker", limit, deadman)

    def _await(self, role: str, limit: float, deadman: subprocess.Popen[bytes]) -> None:
        """Wait until a child has said that it is ready, by a file in the scratch folder."""
        what = f"the {role} of {self.config.name} to be ready"
        deadline = Deadline(limit, what, f"look at {self.config.log_of(role)}")
        while not self._ready(role).exists():
            self._heartbeat(deadman)
            self._check_stop()
            for child in self.children:
                if (code := child.ended()) is not None:
                    self.stop(f"its {child.role} ended with {code} before it was ready")
            if self.stopping:
                return
            deadline.pause(0.02)

    def _ready(self, role: str) -> Path:
        """Name the file by which a child says that it is ready, and then that it lives."""
        return self.config.sign_of(role)

    def _add(self, role: str, *command: str) -> None:
        child = Child(role, command)
        self.children.append(child)
        self._start(child)

    def _start(self, child: Child) -> None:
        environment = os.environ | {
            "WINDROW_SCRATCH": self.config.scratch,
            "TMPDIR": self.config.scratch,  # what others leave goes with it
            "WINDROW_THREADS": str(self.config.cores),
            "WINDROW_MEMORY_BUDGET": str(self.config.memory // 2),
            "POLARS_MAX_THREADS": str(self.config.cores),
            "OMP_NUM_THREADS": "1",
        }
        with self.config.log_of(child.role).open("ab") as log:
            child.start(log, environment)

    def _watch(self, age: float) -> None:
        """Look once at everything that can be a reason to act."""
        self._check_stop()
        if age > self.config.max_lifetime:
            self.stop(f"it lived for max_lifetime, {self.config.max_lifetime:g} s")
        for child in self.children:
            code = child.ended()
            if code is None:
                child.kill_if_frozen(self._ready(child.role))
            elif not self.stopping:
                _log.warning("%s, start %d, %s", child.role, child.starts, child.end)
                self._replace(child, code)
        if self.config.index != 0:
            self._check_chief()
        elif self.config.idle_shutdown_timeout >= 0:
            self._check_idle(age)

    def _check_chief(self) -> None:
        """End when the worker has lost its scheduler and finds none again."""
        if self._ready("worker").exists():
            self.alone_since = None
            return
        self.alone_since = self.alone_since or time.monotonic()
        if self.lookout.chief_end is not None:
            self.stop(f"host-0 ended: {self.lookout.chief_end}")
        elif time.monotonic() - self.alone_since > self.config.orphaned:
            self.stop(f"its worker found no scheduler for {self.config.orphaned:g} s")

    def _replace(self, child: Child, code: int) -> None:
        """Start a dead worker or driver again; without its scheduler a cluster ends."""
        ready = self._ready(child.role)
        child.futile = 0 if ready.exists() else child.futile + 1
        if child.role == "scheduler":
            self._ask_all(f"the scheduler {child.end}")
        elif child.futile > FUTILE:
            times = f"ended {child.futile} times before it was ready"
            self.stop(f"its {child.role} {times}; the last time it {child.end}")
        else:
            if child.role.startswith("driver"):
                self._bury(child, code)
            ready.unlink(missing_ok=True)
            self._start(child)

    def _bury(self, driver: Child, code: int) -> None:
        """Say of the job that a dead driver ran how it ended."""
        for job, owner in self._claimed():
            if owner == driver.role:
                error = DriverDiedError(job.identifier, driver.role, code)
                error.add_note(f"on host {self.config.name}: driver {driver.role} {driver.end}")
                logs.show(error, Folder(self.config.place), [self.config.name])
                job.finish(Outcome(error=error))

    def _bury_all(self) -> None:
        """Say of jobs that an earlier life of this host left undone how they ended."""
        epoch = self.generation.series("epoch").last()
        if epoch is not None:
            for job, _ in self._claimed():
                job.finish(Outcome(error=SchedulerLostError(epoch[1]["scheduler"])))

    def _claimed(self) -> Iterator[tuple[Job, str]]:
        """Yield the jobs that run, as far as their records say, each with who took it."""
        credentials = Credentials.of(self.config.tls, "host")
        jobs = self.generation.folder("jobs")
        for name in jobs.names():
            job = Job(jobs, name, credentials)
            owner = job.folder.get("claim")
            if owner is not None and job.state not in ENDED:
                yield job, owner.decode()

    def _check_idle(self, age: float) -> None:
        """End the cluster when no job has run for long enough."""
        since = self.lookout.idle_since
        if since is not None and min(age, time.time() - since) > self.config.idle_shutdown_timeout:
            self._ask_all(f"idle for {self.config.idle_shutdown_timeout:g} s")

    def _ask_all(self, reason: str) -> None:
        """Ask every host of the cluster to end."""
        self.stop(reason)
        with self._if_answered():
            self.generation.put("stop", reason.encode())

    def _check_stop(self) -> None:
        if self.lookout.asked is not None:
            self.stop(self.lookout.asked)

    def _start_deadman(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "windrow.deploy.deadman", self.config_path]
        command += ["--group", str(os.getpgrp())]
        return subprocess.Popen(  # noqa: S603  # our own module
            command,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @staticmethod
    def _heartbeat(deadman: subprocess.Popen[bytes], data: bytes = b".") -> None:
        if deadman.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(deadman.stdin.fileno(), data)

    def _end(self, deadman: subprocess.Popen[bytes]) -> None:
        """End every child, remove the scratch folder, say so."""
        _log.info("ending: %s", self.reason)
        with self._if_answered():
            self._record("stopping")
        running = [c.process for c in reversed(self.children) if c.process and c.ended() is None]
        for process in running:
            process.terminate()
        deadline = Deadline(PATIENCE, "children to end")
        for process in running:
            try:
                process.wait(deadline.remaining())
            except (subprocess.TimeoutExpired, DeadlineError):
                process.kill()
                process.wait()
        shutil.rmtree(self.config.scratch, ignore_errors=True)
        self.lookout.close()
        with self._if_answered():
            self._record("ended")
            if self.config.index == 0 and not self.lookout.replaced:
                cluster = self.generation.series("cluster")
                last = cluster.last()
                end = {"ended": time.time(), "reason": self.reason}
                cluster.append((last[1] if last else {}) | end)
        self._heartbeat(deadman, GOODBYE)
        deadman.wait(PATIENCE)

    @staticmethod
    @contextlib.contextmanager
    def _if_answered() -> Iterator[None]:
        """Go on where the state store does not answer: a host must end all the same."""
        try:
            yield
        except OSError as error:
            _log.warning("the state store did not answer: %s", error)

    def _record(self, state: str) -> None:
        if self.lookout.replaced:
            return  # the name is another's now
        record = self.config.record(state, self.reason, os.getpid())
        self.generation.series(f"hosts/{self.config.name}").append(record)


def main(arguments: list[str]) -> int:
    """Run the host that a config file describes."""
    (path,) = arguments
    config = HostConfig.from_json(Path(path).read_text())
    if not config.revived and os.getpgrp() != os.getpid():
        os.setpgid(0, 0)  # else who started it, such as YARN, kills by the group that it made
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    host = Host(config, path)
    why = Path(path).with_name("why")

    def asked(*_: object) -> None:
        host.stop(why.read_text() if why.exists() else "its host program was asked to end")

    if not config.revived:  # else who ends it by a signal starts it again: that is no end in order
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, asked)
    return host.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
