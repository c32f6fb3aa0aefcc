"""A program that a test started: its log, its signals, its end by its own process id."""

import contextlib
import ctypes
import os
import re
import signal
import subprocess

from support.wait import PATIENCE, wait_until

PR_SET_CHILD_SUBREAPER = 36


class Log:
    """A growing log file, read from where `mark` was called last."""

    def __init__(self, path):
        self.path = path
        self.start = 0

    def bytes(self):
        try:
            with open(self.path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return b""

    def mark(self):
        self.start = len(self.bytes())

    def text(self):
        return self.bytes()[self.start :].decode("utf-8", "backslashreplace")

    def lines(self, pattern=""):
        return [line for line in self.text().splitlines() if re.search(pattern, line)]

    def wait(self, pattern, seconds=10.0):
        """The match for PATTERN (multi-line) as soon as the log has one."""
        return wait_until(
            lambda: re.search(pattern, self.text(), re.MULTILINE),
            lambda: f"a line like {pattern!r} in {self.path}:\n{self.text()[-3000:]}",
            seconds,
        )


class Program:
    """Runs in the background until stopped or killed, and dies with the test run."""

    def __init__(self, arguments, log_path, environment=None, folder=None):
        self.name = os.path.basename(arguments[0])
        self.log = Log(log_path)
        with open(log_path, "ab") as out:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                cwd=folder,
                start_new_session=True,
            )
        self.pid = self.process.pid

    @property
    def status(self):
        """None while it runs, else its exit status (minus the signal that ended it)."""
        return self.process.poll()

    def signal(self, number):
        if self.status is None:
            os.kill(self.pid, number)

    def wait(self, seconds=15.0):
        try:
            return self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"{self.name} did not end within {seconds * PATIENCE:g} s:\n"
                f"{self.log.text()[-3000:]}"
            ) from None

    def stop(self, seconds=15.0):
        """Ask it to end, and wait until it has; its exit status."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.process.wait()


class Daemon(Program):
    """
    A program that goes to the background by itself.  What the test started ends, with
    CALLER_STATUS; the daemon that it leaves behind, if it does, is ours from then on.
    """

    def __init__(self, arguments, log_path, environment=None, folder=None):
        with adopting_orphans():
            before = children()
            super().__init__(arguments, log_path, environment, folder)
            self.caller_status = super().wait()
            left = [pid for pid in children() - before if name_of(pid) == self.name]
        assert len(left) <= 1, f"more than one {self.name} is left: {left}"
        self.pid = left[0] if left else None
        self.ended = None if left else self.caller_status

    @property
    def status(self):
        if self.ended is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.ended = os.waitstatus_to_exitcode(status) if pid else None
        return self.ended

    def wait(self, seconds=15.0):
        wait_until(lambda: self.status is not None, f"{self.name} ends", seconds)
        return self.status

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.wait()


@contextlib.contextmanager
def adopting_orphans():
    """Who loses its parent meanwhile becomes this process's child, and not init's."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def children():
    """The processes whose parent is this one."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{name}/stat") as file:
                parent = file.read().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                found.add(int(name))
    return found


def name_of(pid):
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    return ""
