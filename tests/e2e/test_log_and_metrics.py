"""One line for each message, one for each refusal; numbers for Prometheus."""

import re
import urllib.request

import pytest

from support.wait import free_port

ACCEPTED = "accepted"
DAY = {"name": "day", "per": ["account"], "quota": "2/24h"}


def words(line):
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


def test_line_of_a_message(okited):
    node = okited(limits=(DAY,))
    message = node.send(
        ["a@b.example", "c@d.example", "e@f.example"],
        login="Shop",
        client="192.0.2.7",
        sender="News@Shop.example",
    )
    found = node.log.wait(rf"{message.queue_id}: (verdict=accept .*)$")
    got = words(found.group(1))
    assert (got["account"], got["client"]) == ("shop", "192.0.2.7")
    assert got["from"].lower() == "<news@shop.example>"
    assert (got["accepted"], got["refused"]) == ("2", "1")
    assert len(node.log.lines("verdict=accept")) == 1


def test_line_of_a_refusal(okited):
    node = okited(limits=(DAY,))
    node.send(["a@b.example", "c@d.example", "E@f.example"], login="shop")
    line = node.log.wait(r"(verdict=tempfail .*)$").group(1)
    got = words(line)
    assert (got["stage"], got["rule"], got["account"]) == ("rcpt", "day", "shop")
    assert (got["to"].lower(), got["used"]) == ("<e@f.example>", "2/2")
    assert int(got["retry"]) > 0
    assert len(node.log.lines("verdict=tempfail")) == 1


def test_refused_message_has_a_line(okited):
    node = okited(max_size="1K")
    node.send(["a@b.example"], login="shop", body=b"x" * 5000)
    assert node.log.wait(r"verdict=reject .*rule=caps account=shop ")


def test_what_is_no_address_is_made_printable_once(okited):
    node = okited()
    node.send(["a\x01b@b.example"], login="shop")
    line = node.log.wait(r"(verdict=reject .*rule=caps .*)$").group(1)
    assert words(line)["to"] == "<a\\x01b@b.example>"


def test_quiet_about_strangers(okited):
    node = okited()
    node.send(["a@b.example"], client="198.51.100.9")
    node.send(["a@b.example"], login="shop")
    node.log.wait(r"account=shop")
    assert not node.log.lines("198.51.100.9.*verdict=(tempfail|reject)")


class Metrics:
    """What okited tells Prometheus at one moment."""

    def __init__(self, port):
        url = f"http://127.0.0.1:{port}/metrics"
        with urllib.request.urlopen(url, timeout=5) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain")
            self.text = answer.read().decode()

    def value(self, pattern):
        """The sum of all whose name and labels match."""
        found = re.findall(rf"^{pattern} ([0-9.e+]+)$", self.text, re.MULTILINE)
        return sum(float(number) for number in found)

    def messages(self):
        """{verdict: how many}, without those that are 0."""
        found = re.findall(r'^okite_messages_total\{verdict="(\w+)"\} (\d+)$', self.text, re.M)
        return {verdict: int(number) for verdict, number in found if int(number)}

    def recipients(self):
        """{(verdict, rule): how many}, without those that are 0."""
        line = r'^okite_recipients_total\{verdict="(\w+)",rule="([\w-]+)"\} (\d+)$'
        found = re.findall(line, self.text, re.M)
        return {(verdict, rule): int(number) for verdict, rule, number in found if int(number)}


@pytest.fixture
def measured(okited):
    """A function that starts an okited, and a function that reads its metrics."""

    def start(**settings):
        port = free_port()
        return okited(metrics=f"127.0.0.1:{port}", **settings), lambda: Metrics(port)

    return start


def test_metrics(measured):
    node, metrics = measured(limits=(DAY,))
    node.suppress("gone@b.example")
    node.send(["a@b.example", "gone@b.example", "c@d.example", "e@f.example"], login="alice")
    now = metrics()
    assert now.text.endswith("\n")
    assert now.messages() == {"accept": 1}
    assert now.recipients() == {
        ("accept", "none"): 2,
        ("tempfail", "day"): 1,
        ("reject", "suppressed"): 1,
    }
    assert now.value("okite_degraded") == 0
    assert now.value("okite_redis_seconds_count") > 0
    assert re.search(r'^okite_build_info\{version="[^"]+"\} 1$', now.text, re.MULTILINE)
    assert "@" not in now.text and "alice" not in now.text


def test_metrics_of_a_held_message(measured):
    """It is held whole: its first recipient too, who was within the limit."""
    node, metrics = measured(limits=({**DAY, "quota": "2/24h", "action": "hold"},))
    assert node.send(["a@b.example"], login="alice").quarantine is None
    assert node.send(["b@b.example", "c@d.example"], login="alice").quarantine is not None
    assert metrics().messages() == {"accept": 1, "hold": 1}
    assert metrics().recipients() == {("accept", "none"): 1, ("hold", "day"): 2}


def test_metrics_of_a_held_message_from_sendmail(measured):
    node, metrics = measured(limits=(DAY,), local_submission="hold")
    assert node.send(["a@b.example"], local=True).quarantine is None
    assert node.send(["b@b.example", "c@d.example"], local=True).quarantine is not None
    assert metrics().messages() == {"accept": 1, "hold": 1}
    assert metrics().recipients() == {("accept", "none"): 1, ("hold", "day"): 2}


def test_metrics_of_a_message_refused_at_its_end(measured):
    """Its recipients were let in at RCPT, but are not accepted."""
    node, metrics = measured(max_size="1K")
    to = ["a@b.example", "c@d.example"]
    message = node.send(to, login="alice", body=b"x" * 5000)
    assert message.gists == [ACCEPTED] * 2 and message.end.gist == "552 5.3.4 caps"
    assert metrics().messages() == {"reject": 1}
    assert metrics().recipients() == {("reject", "caps"): 2}  # and none more for the message


def test_metrics_of_a_message_refused_at_mail(measured):
    node, metrics = measured(max_size="1K")
    message = node.send(["a@b.example"], login="alice", options=["SIZE=5000"])
    assert message.mail.gist == "552 5.3.4 caps"
    assert metrics().messages() == {"reject": 1}
    assert metrics().recipients() == {}


def test_metrics_of_sendmail(measured):
    node, metrics = measured(limits=(DAY,))
    node.suppress("gone@b.example")
    message = node.send(["a@b.example", "gone@b.example", "c@d.example"], local=True)
    assert message.delivered == ["a@b.example", "c@d.example"]
    assert metrics().messages() == {"accept": 1}
    assert metrics().recipients() == {("accept", "none"): 2, ("reject", "suppressed"): 1}
    assert not node.send(["e@f.example"], local=True).end.accepted
    assert metrics().messages() == {"accept": 1, "tempfail": 1}
    accepted = [n for (verdict, _), n in metrics().recipients().items() if verdict == "accept"]
    assert accepted == [2]


def test_metrics_of_too_many_recipients_from_sendmail(measured):
    node, metrics = measured(max_recipients=2)
    assert not node.send([f"r{i}@b.example" for i in range(4)], local=True).end.accepted
    assert metrics().recipients() == {("reject", "caps"): 4}


@pytest.mark.parametrize("local", [False, True])
def test_metrics_of_what_passes_unjudged(new_okited, own_redis, local):
    port, redis = free_port(), own_redis()
    node = new_okited(on=redis, metrics=f"127.0.0.1:{port}", when_redis_fails="accept").start()
    redis.kill()
    who = {"local": True} if local else {"login": "alice"}
    assert node.send(["a@b.example"], **who).end.accepted
    assert Metrics(port).recipients() == {("accept", "redis"): 1}


def test_metrics_tell_of_trouble(new_okited, own_redis):
    port, redis = free_port(), own_redis()
    node = new_okited(on=redis, metrics=f"127.0.0.1:{port}").start()
    redis.kill()
    node.send(["a@b.example"], login="alice")
    assert Metrics(port).value("okite_degraded") == 1
    assert Metrics(port).value("okite_redis_errors_total") > 0
