"""One line for each message, one for each refusal; numbers for Prometheus."""

import re
import urllib.request

from support.wait import free_port

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


def test_quiet_about_strangers(okited):
    node = okited()
    node.send(["a@b.example"], client="198.51.100.9")
    node.send(["a@b.example"], login="shop")
    node.log.wait(r"account=shop")
    assert not node.log.lines("198.51.100.9.*verdict=(tempfail|reject)")


def scrape(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        return answer.read().decode()


def test_metrics(okited):
    port = free_port()
    node = okited(metrics=f"127.0.0.1:{port}", limits=(DAY,))
    node.suppress("gone@b.example")
    node.send(["a@b.example", "gone@b.example", "c@d.example", "e@f.example"], login="alice")
    text = scrape(port)
    assert text.endswith("\n")

    def value(pattern):
        return sum(
            float(number) for number in re.findall(rf"^{pattern} ([0-9.e+]+)$", text, re.MULTILINE)
        )

    assert value(r'okite_messages_total\{verdict="accept"\}') == 1
    assert value(r'okite_recipients_total\{[^}]*verdict="accept"[^}]*\}') == 2
    assert value(r'okite_recipients_total\{[^}]*rule="day"[^}]*\}') == 1
    assert value(r'okite_recipients_total\{[^}]*rule="suppressed"[^}]*\}') == 1
    assert value("okite_degraded") == 0
    assert value("okite_redis_seconds_count") > 0
    assert re.search(r'^okite_build_info\{version="[^"]+"\} 1$', text, re.MULTILINE)
    assert "@" not in text and "alice" not in text


def test_metrics_tell_of_trouble(new_okited, own_redis):
    port, redis = free_port(), own_redis()
    node = new_okited(on=redis, metrics=f"127.0.0.1:{port}").start()
    redis.kill()
    node.send(["a@b.example"], login="alice")
    text = scrape(port)
    assert re.search(r"^okite_degraded 1$", text, re.MULTILINE)
    assert (
        float(re.search(r"^okite_redis_errors_total ([0-9.e+]+)$", text, re.MULTILINE).group(1)) > 0
    )
