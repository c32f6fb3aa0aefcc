"""Waiting for things without guessing how long they take: ask again until a deadline."""

import os
import socket
import time

# Under valgrind or on a slow machine everything takes longer: OKITE_TEST_PATIENCE=5.
PATIENCE = float(os.environ.get("OKITE_TEST_PATIENCE", "1"))


def wait_until(condition, what, seconds=10.0):
    """Return the first true value of CONDITION(), or fail saying WHAT did not happen."""
    deadline = time.monotonic() + seconds * PATIENCE
    pause = 0.001
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            shown = what() if callable(what) else what
            raise AssertionError(f"waited {seconds * PATIENCE:g} s for this in vain: {shown}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def free_port(host="127.0.0.1"):
    """A TCP port that nobody listens on just now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]
