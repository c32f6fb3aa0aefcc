"""X-Okite-Token: added once, foreign copies removed, tells nothing."""

import re

import pytest

from support.postfix import PASSWORD
from support.smtp import Client

ALICE = "alice@test.example"


def tokens(message):
    return [value for name, value in message.headers if name.lower() == "x-okite-token"]


def test_added_once(okited):
    message = okited().send(["a@b.example"], login=ALICE)
    assert len(tokens(message)) == 1 and len(message.headers) == 2


@pytest.mark.parametrize("copies", [1, 2, 10])
def test_foreign_copies_are_removed(okited, copies):
    headers = [("Subject", "x"), *[("x-okite-TOKEN", f"forged {i}") for i in range(copies)]]
    message = okited().send(["a@b.example"], login=ALICE, headers=headers)
    (token,) = tokens(message)
    assert "forged" not in token and ("Subject", "x") in message.headers


@pytest.mark.parametrize("copies", [0, 1, 3])
@pytest.mark.parametrize("who", [{"login": ALICE}, {"local": True}], ids=["smtp", "sendmail"])
def test_internal_recipients_get_none_and_no_foreign_one(okited, who, copies):
    node = okited(internal_domains=["home.example"])
    headers = [("Subject", "x"), *[("x-okite-TOKEN", f"forged {i}") for i in range(copies)]]
    message = node.send(["a@home.example", "b@home.example"], headers=headers, **who)
    assert message.delivered == ["a@home.example", "b@home.example"]
    assert message.headers == [("Subject", "x")]


def test_at_most_4_kilobytes(okited):
    node = okited(max_recipients=1000)
    for count in (1, 50, 100, 160, 161, 1000):
        message = node.send([f"r{i}@b.example" for i in range(count)], login=ALICE)
        (token,) = tokens(message)
        assert len("X-Okite-Token: " + token) <= 4096
        assert all(len(line) <= 998 for line in token.splitlines())


def test_tells_nobody_who_wrote_to_whom(okited):
    node = okited()
    (first,) = tokens(node.send(["a@b.example", "c@d.example"], login=ALICE))
    (second,) = tokens(node.send(["a@b.example", "c@d.example"], login=ALICE))
    assert first != second
    assert not re.search("alice|a@b|c@d|test.example", first)
    # Nor by what two tokens have in common: the nonce is random.
    a, b = ("".join(token.split()) for token in (first, second))
    longest = max((i for i in range(len(a)) if a[:i] == b[:i]), default=0)
    assert longest < 16, (a, b)


@pytest.mark.parametrize("copies", [0, 2, 4])
def test_on_real_mail(guard, mta, copies):
    guard()
    forged = "X-Okite-Token: forged one\r\nx-okite-token: forged\r\n two\r\n" * (copies // 2)
    text = f"{forged}Subject: x\r\nTo: a@box.test\r\n{forged}\r\nhello\r\n"
    with Client(mta.address) as client:
        client.login(ALICE, PASSWORD)
        client.deliver(ALICE, ["a@box.test"], text)
    (message,) = mta.wait_inbox("a@box.test")
    (token,) = message.get_all("X-Okite-Token")
    assert "forged" not in token and len(token) > 20
    assert message["Subject"] == "x" and message.get_payload().strip() == "hello"


def test_50_recipients_on_real_mail(guard, mta):
    guard()
    to = [f"r{i}@box.test" for i in range(50)]
    with Client(mta.address) as client:
        client.login(ALICE, PASSWORD)
        client.deliver(ALICE, to)
    seen = {message["X-Okite-Token"] for message in mta.wait_inbox(*to)}
    assert len(seen) == 1 and len(seen.pop()) <= 4096
