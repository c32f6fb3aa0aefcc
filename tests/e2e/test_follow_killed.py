"""A follower that is killed again and again loses no event and doubles none."""

import random
import threading
import time

from support.okited import OKITE
from support.program import Program
from support.reports import log_line
from support.wait import wait_until

SHOP = "shop@test.example"
LINES, KILLS = 3000, 100


def note_all(redis):
    moment = int(time.time() * 1e6)
    for i in range(LINES):
        redis.call("SET", f"okite:{{q:mx1:4bXk2P{i:06d}}}", f"{moment} * {SHOP}")


def events(redis):
    return redis.call("XLEN", "okite:events")


class Writer(threading.Thread):
    """Writes the log as long as it is followed, in pieces that end anywhere."""

    def __init__(self, path, chance):
        super().__init__(daemon=True)
        self.path, self.chance, self.faster = path, chance, threading.Event()

    def run(self):
        now = time.time()
        lines = (log_line(f"4bXk2P{i:06d}", f"r{i}@far.example", "hard", now) for i in range(LINES))
        text = "".join(lines).encode()
        with open(self.path, "wb", buffering=0) as log:
            while text:
                size = self.chance.randrange(1, 600)
                log.write(text[:size])
                text = text[size:]
                self.faster.wait(0.001)


def test_killed_100_times(okited, redis, folder):
    chance = random.Random(4)
    node = okited(node="mx1")
    note_all(redis)
    log = f"{folder}/mail.log"
    writer = Writer(log, chance)
    writer.start()
    command = [OKITE, "-c", node.path, "feedback", "--follow", log]
    for i in range(KILLS):
        before = events(redis)
        follower = Program(command, f"{folder}/follower.log")
        # Every other one has begun to learn; the rest may be anywhere.
        if i % 2 == 0:
            wait_until(
                lambda: events(redis) > before or not writer.is_alive(),  # noqa: B023
                "it learns something",
            )
        writer.faster.wait(chance.random() * 0.05)
        follower.kill()
    writer.faster.set()
    writer.join()
    follower = Program(command, f"{folder}/follower.log")
    wait_until(
        lambda: node.account(SHOP)["hard"] >= LINES,
        lambda: f"{LINES} are counted: {node.account(SHOP)}\n{follower.log.text()[-2000:]}",
        seconds=30,
    )
    follower.stop()
    assert node.account(SHOP)["hard"] == LINES
    bounces = [event["recipient"] for event in node.events() if event["event"] == "bounce"]
    assert sorted(bounces) == sorted(f"r{i}@far.example" for i in range(LINES))
    listed = node.okite("suppress", "list", json=True, check=0).objects
    assert len(listed) == LINES
