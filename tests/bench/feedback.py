#!/usr/bin/python3
"""How many returned mails a second are understood, by one process on one core.

    tests/bench/feedback.py [FOLDER]

OKITE_BUILD is the folder with the programs, built without sanitizers.  FOLDER has
mails, one a file; without it the seeds of tests/fuzz are taken, which are fewer and
smaller than real ones.  okite reads them as an mbox and prints what it understood;
beside it, in the same rounds, Python's flufl.bounce (python3-flufl.bounce), if it is
there, which looks for addresses alone.
"""

import contextlib
import email
import logging
import os
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OKITE = os.path.join(os.environ.get("OKITE_BUILD", TOP), "okite")
ROUNDS, SECONDS = 5, 2
CORE = max(os.sched_getaffinity(0))


def read_mails(folder):
    mails = []
    for parent, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            with open(os.path.join(parent, name), "rb") as file:
                text = file.read()
            if text.startswith(b"From "):
                text = text.partition(b"\n")[2]
            if b":" in text.partition(b"\n")[0]:
                mails.append(text)
    return mails


def write_mbox(mails, copies, path):
    with open(path, "wb") as file:
        for text in mails * copies:
            file.write(b"From x Mon Nov 24 00:00:00 2026\n")
            file.write(text.replace(b"\nFrom ", b"\n>From ") + b"\n\n")


def write_conf(work):
    """A secret, for the tokens that are in some mails."""
    path = os.path.join(work, "okite.conf")
    with open(path, "w") as file:
        file.write(f'state_dir = "{work}"; secret_file = "{work}/secret";\n')
    with open(os.open(f"{work}/secret", os.O_WRONLY | os.O_CREAT, 0o640), "wb") as file:
        file.write(bytes(32))
    return path


def time_okite(work):
    options = ["-c", f"{work}/okite.conf", "feedback", "--parse-only", "--format", "mbox"]
    command = [OKITE, *options, f"{work}/mbox"]
    began = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def time_flufl(mails):
    from flufl.bounce import scan_message

    began = time.monotonic()
    for text in mails:
        # It fails on some.
        with contextlib.suppress(Exception):
            scan_message(email.message_from_bytes(text))
    return time.monotonic() - began


def peer():
    try:
        import flufl.bounce  # noqa: F401
    except ImportError:
        return None
    return time_flufl


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "tests/fuzz/seeds/report")
    mails = read_mails(folder)
    if not mails:
        sys.exit(f"{folder}: no mails")
    os.sched_setaffinity(0, {CORE})
    logging.disable()
    size = sum(map(len, mails)) // len(mails)
    print(f"{len(mails)} mails of {folder}, {size} bytes on average, core {CORE}")
    with tempfile.TemporaryDirectory() as work:
        write_conf(work)
        write_mbox(mails, 100, os.path.join(work, "mbox"))
        copies = max(1, int(100 * SECONDS / time_okite(work)))
        write_mbox(mails, copies, os.path.join(work, "mbox"))
        for _ in range(ROUNDS):
            rate = len(mails) * copies / time_okite(work)
            line = f"okite {rate:8.0f} mails/s"
            if peer() is not None:
                other = len(mails) / peer()(mails)
                line += f"   flufl.bounce {other:8.0f} mails/s   ratio {rate / other:.0f}"
            print(line, flush=True)


main()
