"""`okite feedback --follow`: a log that grows and is rotated, and what can go wrong with it."""

import os
import signal
import time

import pytest

from support.okited import OKITE
from support.program import Program
from support.reports import log_line
from support.wait import wait_until

SHOP = "shop@test.example"


class Followed:
    """A log, and `okite feedback --follow` of it."""

    def __init__(self, node, folder):
        self.node = node
        self.path = os.path.join(folder, "mail.log")
        self.said = os.path.join(folder, "follower.log")
        self.program = None

    def start(self):
        command = [OKITE, "-c", self.node.path, "feedback", "--follow", self.path]
        self.program = Program(command, self.said)
        return self.program

    def write(self, text):
        with open(self.path, "a") as file:
            file.write(text)

    def bounce(self, recipient):
        """Of a message that okited has just let pass."""
        message = self.node.send([recipient], login=SHOP)
        assert message.gists == ["accepted"]
        self.write(log_line(message.queue_id, recipient, "hard", time.time()))

    def wait_hard(self, count):
        wait_until(
            lambda: self.node.account(SHOP)["hard"] == count,
            lambda: f"{count} are counted:\n{self.program.log.text()}",
        )


@pytest.fixture
def followed(new_okited, folder):
    """A function: of a node with these settings, or on another Redis."""
    made = []

    def make(**settings):
        made.append(Followed(new_okited(**settings).start(), folder))
        return made[-1]

    yield make
    for one in made:
        if one.program is not None:
            one.program.kill()


def test_it_grows_and_is_rotated(followed):
    log = followed()
    log.bounce("one@far.example")
    log.start()
    log.wait_hard(1)
    log.bounce("two@far.example")
    log.wait_hard(2)
    os.rename(log.path, log.path + ".1")
    log.bounce("three@far.example")
    log.wait_hard(3)
    assert log.node.send(["two@far.example"], login=SHOP).gists == ["550 5.1.1 suppressed"]


def test_rotated_while_nobody_looks(followed):
    log = followed()
    log.bounce("one@far.example")
    program = log.start()
    log.wait_hard(1)
    program.stop()
    log.bounce("two@far.example")
    os.rename(log.path, log.path + ".2")
    log.bounce("three@far.example")
    os.rename(log.path, log.path + ".1")
    log.bounce("four@far.example")
    log.start()
    log.wait_hard(4)
    assert log.program.log.text().count("known already") == 0
    assert len(log.node.wait_events("bounce", 4)) == 4


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_when_it_is_told_to(followed, number):
    log = followed()
    program = log.start()
    program.log.wait("mail.log: is not there; it is followed as soon as it is")
    program.signal(number)
    assert program.wait() == -number


def test_redis_away(followed, own_redis):
    """It ends with 75, for whoever started it to start it again; nothing is lost."""
    redis = own_redis()
    log = followed(on=redis)
    log.bounce("one@far.example")
    program = log.start()
    log.wait_hard(1)
    message = log.node.send(["two@far.example"], login=SHOP)
    redis.program.signal(signal.SIGSTOP)
    log.write(log_line(message.queue_id, "two@far.example", "hard", time.time()))
    assert program.wait() == 75
    assert program.log.lines("redis")
    redis.program.signal(signal.SIGCONT)
    log.start()
    log.wait_hard(2)


def test_only_one_follows_a_log(followed):
    log = followed()
    log.bounce("one@far.example")
    log.start()
    log.wait_hard(1)
    second = log.node.okite("feedback", "--follow", log.path, check=75)
    assert "mail.log: is followed by another okite already" in second.err


def test_what_cannot_be_followed(followed, folder):
    log = followed()
    os.mkfifo(f"{folder}/fifo")
    for path, want in [
        (folder, "is not a regular file"),
        (f"{folder}/fifo", "is not a regular file"),
        (f"{folder}/nowhere/mail.log", "No such file or directory"),
    ]:
        answer = log.node.okite("feedback", "--follow", path, check=75)
        assert want in answer.err and answer.err.startswith("okite: ")


def test_a_damaged_place(followed):
    log = followed()
    log.bounce("one@far.example")
    program = log.start()
    log.wait_hard(1)
    program.stop()
    (place,) = [name for name in os.listdir(log.node.folder) if name.endswith(".place")]
    with open(os.path.join(log.node.folder, place), "w") as file:
        file.write("okite place")
    log.start()
    log.program.log.wait("is damaged.*is read from its beginning")
    log.bounce("two@far.example")
    log.wait_hard(2)
