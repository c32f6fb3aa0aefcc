"""`okite events`: each refusal is one, and says what it was about."""

import re

import pytest

ACCEPTED = "accepted"
ALICE = {"login": "alice"}


def gist(event):
    return (event["event"], event["verdict"], event["rule"], event["recipient"])


def of_mail(node):
    """What the command itself did to the list is left out."""
    return [event for event in node.events() if event["event"] != "suppressed"]


def only_event(node):
    node.wait_events("refused")
    (event,) = of_mail(node)
    assert event["account"] == "alice"
    return event


def test_too_large_at_mail(okited):
    node = okited(max_size="10K")
    message = node.send(["a@b.example"], options=["SIZE=20000"], **ALICE)
    assert message.mail.gist == "552 5.3.4 caps"
    event = only_event(node)
    assert gist(event) == ("refused", "reject", "caps", "")
    assert event["sender"] == "news@shop.example"
    assert event["reply"].startswith("552 5.3.4 ")


def test_too_large_at_the_end(okited):
    node = okited(max_size="10K")
    message = node.send(["a@b.example", "c@d.example"], body=b"x" * 20_000, **ALICE)
    assert message.end.gist == "552 5.3.4 caps"
    event = only_event(node)
    assert gist(event) == ("refused", "reject", "caps", "")
    assert event["queue_id"] == message.queue_id
    assert event["reply"].startswith("552 5.3.4 ")


def test_recipient_that_is_no_address(okited):
    node = okited()
    message = node.send(["a\x01b@b.example", "a@b.example"], **ALICE)
    assert message.gists == ["553 5.1.3 caps", ACCEPTED]
    event = only_event(node)
    assert event["verdict"] == "reject" and event["rule"] == "caps"
    assert event["recipient"] == "a\x01b@b.example"
    assert event["reply"].startswith("553 5.1.3 ")


def test_sender_that_is_no_address(okited):
    node = okited()
    with node.session(**ALICE) as session:
        message = session.send("a\x01b@shop.example", ["a@b.example"])
    replies = [reply for reply in [message.mail, *message.replies] if not reply.accepted]
    assert [reply.gist for reply in replies] == ["553 5.1.7 caps"]
    event = only_event(node)
    assert event["verdict"] == "reject" and event["rule"] == "caps"
    assert event["reply"].startswith("553 5.1.7 ")


@pytest.mark.parametrize("action", ["reject", "tempfail"])
def test_each_suppressed_recipient_of_a_bounced_message(okited, action):
    """A message from sendmail(1) is refused whole, but for each of them."""
    node = okited(suppression={"action": action})
    to = ["gone@b.example", "away@d.example"]
    for address in to:
        node.suppress(address, "--reason", "hard")
    message = node.send(to, local=True)
    assert message.end.gist == "550 5.1.1 suppressed"
    node.wait_events("removed", 2)
    told = [event for event in of_mail(node) if event["recipient"]]
    assert sorted(event["recipient"] for event in told) == sorted(to)
    for event in told:
        assert (event["account"], event["rule"]) == ("local", "suppressed")
        assert event["queue_id"] == message.queue_id


def test_more_refusals_than_are_kept(okited):
    """The last event of the message says how many more there were."""
    node = okited()
    node.suppress("@gone.example")
    to = [f"r{i}@gone.example" for i in range(207)]
    message = node.send(to, **ALICE)
    assert set(message.gists) == {"550 5.7.1 suppressed"}
    events = node.wait_events("refused", 200)
    assert len(of_mail(node)) == 200
    assert [event["recipient"] for event in events] == to[:200]
    assert re.search(r"\b7 more\b", events[-1]["detail"]), events[-1]
    assert [event["detail"] for event in events[:-1]] == [""] * 199


def test_exactly_as_many_refusals_as_are_kept(okited):
    node = okited()
    node.suppress("@gone.example")
    node.send([f"r{i}@gone.example" for i in range(200)], **ALICE)
    node.wait_events("refused", 200)
    assert [event["detail"] for event in of_mail(node)] == [""] * 200
