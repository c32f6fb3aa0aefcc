"""The loop: what real servers return fills the list, and pauses who sends too much of it."""

import os
import shutil

import pytest

from support.loop import SENDER, Loop
from support.okited import OKITE
from support.postfix import PASSWORD
from support.program import Program
from support.smtp import Client
from support.wait import free_port, wait_until

ALICE = "alice@test.example"
REPUTATION = {"bounce": {"minimum": 10}, "complaint": {"minimum": 10}}


@pytest.fixture
def loop(folder, redis, okited):
    """A function that starts both Postfixes and the okited between: (loop, node)."""
    if os.geteuid() != 0:
        pytest.skip("a private Postfix needs root")
    if shutil.which("postconf") is None:
        pytest.skip("Postfix is not installed")
    loops = []
    os.chmod(redis.path, 0o777)  # pipe(8)'s user asks it, too

    def start(returns="okite:", own=None, **settings):
        port = free_port()
        settings.setdefault("reputation", REPUTATION)
        node = okited(
            listen=f"inet:{port}@127.0.0.1", internal_domains=["bounce.shop.example"], **settings
        )
        loops.append(Loop(f"{folder}/loop", node, f"inet:127.0.0.1:{port}", returns, own))
        return loops[-1].start(), node

    yield start
    for one in loops:
        one.stop()


def send(loop, *recipients):
    with Client(loop.ours.address) as client:
        client.login(ALICE, PASSWORD)
        return client.deliver(SENDER, list(recipients))


def listed(node, address):
    found = node.okite("suppress", "show", address, json=True)
    return found.object if found.status == 0 else None


def wait_listed(loop, node, address):
    return wait_until(
        lambda: listed(node, address),
        lambda: f"{address} is on the list:\n{loop.ours.log.text()[-4000:]}",
        seconds=20,
    )


def wait_standing(loop, node, want):
    return wait_until(
        lambda: (shown := node.account(ALICE))["standing"] == want and shown,
        lambda: f"{want}: {node.account(ALICE)}\n{loop.ours.log.text()[-3000:]}",
        seconds=20,
    )


RETURNED = {
    "refused at RCPT": ("nobody@far.example", "hard"),
    "returned afterwards by the other server": ("late@far.example", "hard"),
}


@pytest.mark.parametrize("name", RETURNED)
def test_a_bounce_is_learned(loop, name):
    address, reason = RETURNED[name]
    mails, node = loop()
    assert send(mails, "good@far.example", address).accepted == 2
    entry = wait_listed(mails, node, address)
    assert (entry["reason"], entry["scope"], entry["source"]) == (reason, ALICE, "feedback")
    assert send(mails, "good@far.example", address).gists == [
        "accepted",
        "550 5.1.1 suppressed",
    ]
    (bounce,) = node.wait_events("bounce")
    assert (bounce["recipient"], bounce["account"]) == (address, ALICE)
    assert bounce["verdict"] == "hard"
    assert node.account(ALICE)["hard"] == 1


def test_alone_it_is_for_everyone(loop):
    """A message to one alone: nobody else had its token."""
    mails, node = loop()
    assert send(mails, "nobody@far.example").accepted == 1
    assert wait_listed(mails, node, "nobody@far.example")["scope"] == "everyone"


@pytest.mark.parametrize("name, counter", [("full", "soft"), ("spam", "policy")])
def test_what_is_not_the_address_is_only_counted(loop, name, counter):
    mails, node = loop()
    send(mails, f"{name}@far.example")
    node.wait_events("bounce")
    shown = node.account(ALICE)
    assert (shown[counter], shown["hard"]) == (1, 0)
    assert listed(node, f"{name}@far.example") is None


def send_until_paused(mails, node):
    """Bounces come back meanwhile, so the last of these may be refused already."""
    for i in range(20):
        outcome = send(mails, f"gone{i}@far.example")
        assert outcome.gists in (["accepted"], ["451 4.7.1 paused"])
    return wait_standing(mails, node, "paused")


def test_enough_of_them_pause_until_resumed(loop):
    mails, node = loop()
    shown = send_until_paused(mails, node)
    assert shown["hard"] >= 10 and shown["bounce_rate_low"] >= 10
    assert send(mails, "good@far.example").gists == ["451 4.7.1 paused"]
    kinds = [event["event"] for event in node.events() if event["account"] == ALICE]
    assert "paused" in kinds
    node.okite("account", "resume", ALICE, check=0)
    assert node.account(ALICE)["standing"] == "reinstated"
    assert node.account(ALICE)["hard"] == 0
    assert send(mails, "good@far.example").accepted == 1


@pytest.fixture
def follower(folder):
    """A function that follows the log of our Postfix as the shipped unit does."""
    started = []

    def start(loop, node):
        log = loop.ours.path("maillog")
        command = [OKITE, "-c", node.path, "feedback", "--follow", log]
        started.append(Program(command, f"{folder}/follower.log"))
        return started[-1]

    yield start
    for one in started:
        assert one.status is None, one.log.text()
        assert one.stop() in (0, -15)


def test_the_log_alone(loop, follower):
    """Nothing is changed in the mail flow: bounces go where they went, here nowhere."""
    mails, node = loop(returns="discard:")
    follower(mails, node)
    send(mails, "good@far.example", "nobody@far.example")
    assert wait_listed(mails, node, "nobody@far.example")["scope"] == "everyone"
    assert send(mails, "nobody@far.example").gists == ["550 5.1.1 suppressed"]
    send_until_paused(mails, node)
    assert send(mails, "good@far.example").gists == ["451 4.7.1 paused"]
    node.okite("account", "resume", ALICE, check=0)
    assert send(mails, "good@far.example").accepted == 1


def test_log_and_bounce_of_one_failure_count_once(loop, follower):
    mails, node = loop()
    following = follower(mails, node)
    for i in range(5):
        send(mails, f"gone{i}@far.example")
    for i in range(5):
        wait_listed(mails, node, f"gone{i}@far.example")
    mails.ours.wait_idle()
    wait_until(lambda: len(following.log.lines("gone")) >= 5, following.log.text)
    assert node.account(ALICE)["hard"] == 5
    assert len(node.wait_events("bounce", 5)) == 5


def test_mail_that_expires(loop, follower):
    """"expired" names no recipients: they are those who were put off last."""
    soon = {"maximal_queue_lifetime": "1s", "bounce_queue_lifetime": "1s"}
    mails, node = loop(returns="discard:", own=soon)
    mails.far.stop()
    follower(mails, node)
    send(mails, "good@far.example")
    mails.ours.log.wait(r"to=<good@far.example>.*status=deferred")
    mails.ours.log.wait(r"status=expired")
    (bounce,) = node.wait_events("bounce")
    assert (bounce["recipient"], bounce["verdict"]) == ("good@far.example", "soft")
    assert node.account(ALICE)["soft"] == 1
