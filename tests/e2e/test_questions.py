"""How often Redis is asked: once for a recipient and once for a message, whoever sends."""

import re

import pytest

ACCEPTED = "accepted"
DAY = {"name": "day", "per": ["account"], "quota": "1000/24h"}
TO = ["a@b.example", "c@d.example", "e@f.example"]
FORTY = [
    f"{name}@{domain}.example"
    for name in "alice bob carol dave erin frank grace heidi".split()
    for domain in "red green blue white black".split()
]
# These have one hash: in a table of 1024 places they push each other out.
TWO = ["erin@black.example", "grace@white.example"]


def questions(redis, work):
    """How many scripts run while WORK() is done."""
    redis.call("CONFIG", "RESETSTAT")
    work()
    found = re.search(r"cmdstat_evalsha:calls=(\d+)", redis.call("INFO", "commandstats"))
    return int(found.group(1)) if found else 0


def send_for(node, names):
    with node.session() as session:
        for name in names:
            session.login = name
            message = session.send("news@shop.example", TO)
            assert message.gists == [ACCEPTED] * 3 and message.end.accepted


@pytest.fixture
def node(okited):
    return okited(limits=(DAY,))


def with_records(node, names):
    """Each has a record of its own, and has sent since: okited knows them."""
    for name in names:
        node.okite("account", "set", name, "--note", "known", check=0)
    send_for(node, names)


@pytest.mark.parametrize("names", [["shop"], TWO, FORTY], ids=["one", "two", "forty"])
def test_accounts_without_records(node, redis, names):
    send_for(node, names)
    assert questions(redis, lambda: send_for(node, names)) == len(names) * (len(TO) + 1)


@pytest.mark.parametrize("names", [["shop"], TWO, FORTY], ids=["one", "two", "forty"])
def test_accounts_with_records(node, redis, names):
    with_records(node, names)
    for _ in range(2):
        assert questions(redis, lambda: send_for(node, names)) == len(names) * (len(TO) + 1)


@pytest.mark.parametrize("names", [["shop"], TWO, FORTY], ids=["one", "two", "forty"])
def test_changed_record_costs_one_more(node, redis, names):
    with_records(node, names)
    node.okite("account", "set", names[-1], "--limit", "day=2000/24h", check=0)
    each = len(TO) + 1
    assert questions(redis, lambda: send_for(node, names[-1:])) == each + 1
    assert questions(redis, lambda: send_for(node, names)) == len(names) * each


def test_sendmail_is_one_question_a_message(node, redis):
    node.send(TO, local=True)
    assert questions(redis, lambda: node.send(TO, local=True)) == 2
