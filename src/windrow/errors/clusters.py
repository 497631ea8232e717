"""Errors of clusters, hosts and jobs."""

from __future__ import annotations

import datetime
import pickle

from windrow.errors.base import ToolkitError
from windrow.errors.redact import redacted


class StateConflictError(ToolkitError, OSError):
    """Others kept writing to a state store first."""

    def __init__(self, url: str, attempts: int) -> None:
        super().__init__(url, attempts)
        self.url, self.attempts = url, attempts

    def __str__(self) -> str:
        return (
            f"{self.attempts} attempts to write a record at {self.url} met one of another; is the "
            "path shared by two clusters?"
        )


class SignatureError(ToolkitError, PermissionError):
    """Bytes that should be signed with the cluster's key are not."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return (
            f"{self.what} does not carry this cluster's signature and was not opened; it was "
            "damaged or written by another"
        )


class RemoteError(ToolkitError):
    """An error of another process whose own class cannot come over."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(kind, text)
        self.kind, self.text = kind, text

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"

    @staticmethod
    def unless_it_travels(error: BaseException) -> BaseException:
        """Return the error itself if it survives being pickled, else its words and notes.

        A class of the user's own, of ``__main__`` or a notebook, comes along with the error.
        Secrets in URLs do not, whoever raised it: what travels is stored on the way.
        """
        import cloudpickle

        error.args = tuple(redacted(a) if isinstance(a, str) else a for a in error.args)
        try:
            pickle.loads(cloudpickle.dumps(error))  # noqa: S301  # our own bytes
        except (pickle.PickleError, TypeError, AttributeError, ImportError):
            remote = RemoteError(type(error).__name__, str(error))
            for note in getattr(error, "__notes__", ()):
                remote.add_note(note)
            return remote
        return error


class RuntimeBuildError(ToolkitError):
    """What hosts are to run could not be packed."""

    def __init__(self, packages: tuple[str, ...], platform: str, said: str) -> None:
        super().__init__(packages, platform, said)
        self.packages, self.platform, self.said = packages, platform, said

    def __str__(self) -> str:
        return (
            f"{', '.join(self.packages)} cannot be packed for {self.platform}: build a wheel for "
            f"that platform and give its path in additional_packages; pex said: {self.said}"
        )


class DriverDiedError(ToolkitError):
    """The process that ran a program was killed."""

    def __init__(self, job: str, driver: str, code: int) -> None:
        super().__init__(job, driver, code)
        self.job, self.driver, self.code = job, driver, code

    def __str__(self) -> str:
        return (
            f"driver {self.driver} ended with {self.code} while it ran job {self.job}; submit it "
            "again, or look at its log"
        )


class ClusterEndedError(ToolkitError, ConnectionError):
    """A cluster that work was given to has ended."""

    def __init__(self, name: str, ended: float, reason: str, again: str) -> None:
        super().__init__(name, ended, reason, again)
        self.name, self.ended, self.reason, self.again = name, ended, reason, again

    def __str__(self) -> str:
        when = datetime.datetime.fromtimestamp(self.ended, datetime.UTC)
        return (
            f"cluster {self.name!r} ended at {when:%Y-%m-%d %H:%M:%S} UTC: {self.reason}; "
            f"start it anew with {self.again}"
        )


class ClusterLivesError(ToolkitError, FileExistsError):
    """A cluster is to be created where one lives."""

    def __init__(self, name: str, url: str, load: str) -> None:
        super().__init__(name, url, load)
        self.name, self.url, self.load = name, url, load

    def __str__(self) -> str:
        return (
            f"cluster {self.name!r} lives at {self.url}; use it with {self.load}, stop it first, "
            "or give another state_path"
        )


class ClusterNotFoundError(ToolkitError, FileNotFoundError):
    """No cluster ever lived at a path."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url

    def __str__(self) -> str:
        return f"there is no cluster at {self.url}; create one, or give the state_path of one"


class ClusterUnreachableError(ToolkitError, ConnectionError):
    """A cluster lives, as its records say, but does not answer."""

    def __init__(self, name: str, address: str, cause: str) -> None:
        super().__init__(name, address, cause)
        self.name, self.address, self.cause = name, address, cause

    def __str__(self) -> str:
        return (
            f"cluster {self.name!r} does not answer at {self.address} ({self.cause}); look at "
            "its logs('host-0')"
        )


class HostStartError(ToolkitError, OSError):
    """A host did not become ready."""

    def __init__(self, host: str, cause: str, log: str) -> None:
        super().__init__(host, cause, log)
        self.host, self.cause, self.log = host, cause, log

    def __str__(self) -> str:
        said = f"the end of its logs:\n{self.log}" if self.log else "it wrote no log"
        return f"{self.host} did not start: {self.cause}; nothing of the attempt runs on; {said}"


class HostNotFoundError(ToolkitError, KeyError):
    """A cluster has no host of this name."""

    def __init__(self, host: str, known: tuple[str, ...]) -> None:
        super().__init__(host, known)
        self.host, self.known = host, known

    def __str__(self) -> str:
        return f"there is no host {self.host!r}; there are {', '.join(self.known)}"


class VersionMismatchError(ToolkitError, ImportError):
    """Client and hosts have different software, which could give different results."""

    def __init__(self, differences: tuple[tuple[str, str, str], ...], advice: str) -> None:
        super().__init__(differences, advice)
        self.differences, self.advice = differences, advice

    def __str__(self) -> str:
        listed = ", ".join(f"{n} {here} here, {there} there" for n, here, there in self.differences)
        return f"this process and the hosts differ in {listed}; {self.advice}"


class EnvironmentNotSetError(ToolkitError, ValueError):
    """A cluster is to be cleared that is not the one that is set."""

    def __init__(self, name: str, current: str | None) -> None:
        super().__init__(name, current)
        self.name, self.current = name, current

    def __str__(self) -> str:
        held = "none is" if self.current is None else f"{self.current!r} is"
        return (
            f"cluster {self.name!r} is not set as the execution environment, {held}; "
            "there is nothing to clear"
        )


class HiddenSourceError(ToolkitError, FileNotFoundError):
    """Hosts are to read or write a path that only this machine has."""

    def __init__(self, url: str, command: str) -> None:
        super().__init__(url, command)
        self.url, self.command = url, command

    def __str__(self) -> str:
        return f"the hosts of the cluster cannot see {self.url}; {self.command}"


class JobNotFoundError(ToolkitError, KeyError):
    """A cluster has no job of this identifier."""

    def __init__(self, job: str, url: str) -> None:
        super().__init__(job, url)
        self.job, self.url = job, url

    def __str__(self) -> str:
        return f"there is no job {self.job!r} at {self.url}; list them with cluster.jobs"


class JobLostError(ToolkitError):
    """A job ended and left no result."""

    def __init__(self, job: str, state: str, reason: str) -> None:
        super().__init__(job, state, reason)
        self.job, self.state, self.reason = job, state, reason

    def __str__(self) -> str:
        return f"job {self.job} is {self.state} and left no result ({self.reason}); submit it again"


class UploadWarning(UserWarning):
    """Much data is carried from this process to a cluster."""


class HostsLostError(ToolkitError, OSError):
    """No host is left that could work."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return (
            f"no host of the cluster could work for {self.seconds:g} s; see its status and the "
            "logs of its hosts, then resize it or create it anew"
        )


class HostsKilledError(ToolkitError, OSError):
    """One piece of work ended the process of host after host."""

    def __init__(self, times: int, last: str) -> None:
        super().__init__(times, last)
        self.times, self.last = times, last

    def __str__(self) -> str:
        return (
            f"the same piece of work ended {self.times} hosts' workers, the last at {self.last}; "
            "most likely memory ran out: give the hosts more of it, or fewer cores each"
        )


class SchedulerLostError(ToolkitError, ConnectionError):
    """The scheduler went away, or lost what it had to do."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return (
            f"the scheduler at {self.address} is gone, and with it the work under way; see the "
            "cluster's status and the logs of its hosts, then run it again"
        )


class AwsError(ToolkitError, OSError):
    """AWS did not do what it was asked."""

    def __init__(self, call: str, code: str, message: str) -> None:
        super().__init__(call, code, message)
        self.call, self.code, self.message = call, code, message

    def __str__(self) -> str:
        return f"{self.call}: {redacted(self.message)} ({self.code})"


class AwsRefusedError(AwsError, PermissionError):
    """The caller may not do this in AWS."""

    def __init__(self, call: str, code: str, message: str, line: str) -> None:
        super().__init__(call, code, message)
        self.args = (call, code, message, line)
        self.line = line

    def __str__(self) -> str:
        return f"{super().__str__()}; add to the policy of this user or role: {self.line}"


class BucketNotFoundError(ToolkitError, FileNotFoundError):
    """The bucket of a state path is not there."""

    def __init__(self, bucket: str, path: str) -> None:
        super().__init__(bucket, path)
        self.bucket, self.path = bucket, path

    def __str__(self) -> str:
        return (
            f"there is no bucket {self.bucket!r}, which {self.path} needs; make it first: "
            f"aws s3 mb s3://{self.bucket}"
        )


class YarnError(ToolkitError, OSError):
    """YARN did not do what it was asked."""

    def __init__(self, call: str, status: int, said: str) -> None:
        super().__init__(call, status, said)
        self.call, self.status, self.said = call, status, said

    def __str__(self) -> str:
        code = f" (status {self.status})" if self.status else ""
        return f"{self.call}{code}: {self.said}"


class PackageNotThereError(ToolkitError, LookupError):
    """A package is not among those that were added to an installation."""

    def __init__(self, package: str, path: str, added: tuple[str, ...]) -> None:
        super().__init__(package, path, added)
        self.package, self.path, self.added = package, path, added

    def __str__(self) -> str:
        there = ", ".join(self.added) or "none"
        return (
            f"{self.package!r} was not added to the installation in {self.path}; {len(self.added)} "
            f"were: {there}"
        )


class NotInstalledError(ToolkitError, FileNotFoundError):
    """There is no windrow in a path of HDFS."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"windrow is not installed in {self.path}; run: windrow hadoop install {self.path}"
