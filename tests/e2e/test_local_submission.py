"""Mail from sendmail(1) of Postfix, which must never be answered at RCPT."""

import pytest

from support.wait import wait_until

ACCEPTED = "accepted"
SENDER = "cron@box.test"
DAY = {"name": "day", "per": ["account"], "quota": "100/24h"}


def quota(text, **more):
    return {**DAY, "quota": text, **more}


def tries(postfix, count=3):
    """Let Postfix try the message in maildrop again and again."""
    refused = r"milter-reject: END-OF-MESSAGE .*: 4\.\d\.\d "
    for _ in range(count):
        seen = len(postfix.log.lines(refused))
        postfix.try_again()
        wait_until(
            lambda: len(postfix.log.lines(refused)) > seen,
            lambda: f"one more try:\n{postfix.log.text()[-2000:]}",
        )


def test_accepted(guard, postfix):
    node = guard(limits=(DAY,))
    postfix.sendmail(SENDER, ["a@box.test", "b@box.test"])
    messages = postfix.wait_inbox("a@box.test", "b@box.test")
    assert all(len(message.get_all("X-Okite-Token")) == 1 for message in messages)
    assert node.used("local", "day") == 2
    assert node.account("local")["sent"] == 2


def test_suppressed_recipient_is_taken_out(guard, postfix):
    node = guard(limits=(DAY,))
    node.suppress("gone@box.test", "--reason", "hard")
    postfix.sendmail(SENDER, ["a@box.test", "gone@box.test", "b@box.test"])
    postfix.wait_inbox("a@box.test", "b@box.test")
    postfix.wait_idle()
    assert len(postfix.inbox()) == 2  # and no bounce
    assert node.used("local", "day") == 2
    (event,) = node.wait_events("removed")
    assert (event["account"], event["recipient"], event["rule"]) == (
        "local",
        "gone@box.test",
        "suppressed",
    )
    assert node.log.wait(r"rule=suppressed account=local .*to=<gone@box\.test>")


def test_nobody_left_bounces_to_the_sender(guard, postfix):
    node = guard(limits=(DAY,))
    node.suppress("gone@box.test", "--reason", "hard")
    node.suppress("@away.example")
    postfix.sendmail(SENDER, ["gone@box.test", "x@away.example"])
    (bounce,) = postfix.wait_inbox(SENDER)
    assert bounce.get_content_type() == "multipart/report"
    assert "[okite:suppressed]" in bounce.as_string()
    assert node.used("local", "day") == 0
    assert node.account("local")["sent"] == 0


def test_internal_recipient_gets_what_the_suppressed_one_does_not(guard, postfix):
    node = guard(internal_domains=["box.test"])
    node.suppress("gone@y.example", "--reason", "hard")
    postfix.sendmail(SENDER, ["gone@y.example", "in@box.test"])
    postfix.wait_inbox("in@box.test")
    postfix.wait_idle()
    assert [message["Delivered-To"] for message in postfix.inbox()] == ["in@box.test"]
    (event,) = node.wait_events("removed")
    assert event["recipient"] == "gone@y.example"
    assert node.account("local")["sent"] == 0


@pytest.mark.parametrize(
    "address",
    [
        "victim%gmail.example@corp.example",
        '"victim@gmail.example"@corp.example',
        "gmail.example!victim@corp.example",
    ],
)
def test_routed_address_is_taken_out(guard, postfix, address):
    """Cleanup tells no {rcpt_addr} that would say where it goes: it goes nowhere."""
    node = guard(limits=(DAY,), internal_domains=["corp.example"])
    postfix.sendmail(SENDER, ["a@box.test", address, "b@box.test"])
    postfix.wait_inbox("a@box.test", "b@box.test")
    postfix.wait_idle()
    assert len(postfix.inbox()) == 2  # and no bounce
    assert "gmail.example>" not in "".join(postfix.log.lines("status="))
    (event,) = node.wait_events("removed")
    assert event["recipient"] == address and event["reply"].startswith("553 5.1.3")
    assert node.used("local", "day") == 2


def test_limit_used_up_waits(guard, postfix):
    node = guard(limits=(quota("3/24h"),), local_submission="tempfail")
    postfix.sendmail(SENDER, ["a@box.test", "b@box.test"])
    postfix.wait_inbox("a@box.test", "b@box.test")
    postfix.sendmail(SENDER, ["c@box.test", "d@box.test"])
    postfix.wait_queue("maildrop")
    tries(postfix)
    assert node.used("local", "day") == 2  # a try that was refused charges nothing
    assert node.account("local")["sent"] == 2
    node.okite("account", "set", "local", "--limit", "day=4/24h", check=0)
    postfix.try_again()
    postfix.wait_inbox("c@box.test", "d@box.test")
    assert node.used("local", "day") == 4


def test_refused_tries_charge_no_limit_at_all(guard, postfix):
    rate = {"name": "rate", "per": ["account"], "rate": "1/h", "burst": 50}
    node = guard(limits=(rate, quota("1/24h"), {**rate, "name": "later"}))
    postfix.sendmail(SENDER, ["a@box.test"])
    postfix.wait_inbox("a@box.test")
    before = [node.used("local", name) for name in ("rate", "day", "later")]
    postfix.sendmail(SENDER, ["c@box.test"])
    postfix.wait_queue("maildrop")
    tries(postfix)
    assert [node.used("local", name) for name in ("rate", "day", "later")] == before == [1, 1, 1]


def test_limit_used_up_holds(guard, postfix):
    node = guard(limits=(quota("1/24h"),), local_submission="hold")
    postfix.sendmail(SENDER, ["a@box.test"])
    postfix.wait_inbox("a@box.test")
    postfix.sendmail(SENDER, ["c@box.test", "d@box.test"])
    (held,) = postfix.wait_queue("hold")
    assert len(held["recipients"]) == 2
    assert node.used("local", "day") == 3  # whole, and charged
    postfix.release()
    postfix.wait_inbox("c@box.test", "d@box.test")
    assert node.used("local", "day") == 3


def test_limit_used_up_bounces(guard, postfix):
    node = guard(limits=(quota("1/24h"),), local_submission="reject")
    postfix.sendmail(SENDER, ["a@box.test"])
    postfix.wait_inbox("a@box.test")
    postfix.sendmail(SENDER, ["c@box.test"])
    (bounce,) = postfix.wait_inbox(SENDER)
    assert "[okite:day]" in bounce.as_string()
    assert node.used("local", "day") == 1


def test_limit_whose_action_is_reject_bounces(guard, postfix):
    node = guard(limits=(quota("1/24h", action="reject"),), local_submission="tempfail")
    postfix.sendmail(SENDER, ["a@box.test", "b@box.test"])
    (bounce,) = postfix.wait_inbox(SENDER)
    assert "[okite:day]" in bounce.as_string()
    assert node.used("local", "day") == 0


def test_paused_account_is_held(guard, postfix):
    node = guard(limits=(DAY,))
    node.okite("account", "pause", "local", check=0)
    postfix.sendmail(SENDER, ["a@box.test"])
    postfix.wait_queue("hold")
    postfix.release()
    postfix.wait_inbox("a@box.test")


def test_null_sender(guard, postfix):
    node = guard(limits=(DAY,))
    postfix.sendmail("<>", ["a@box.test"])
    (message,) = postfix.wait_inbox("a@box.test")
    assert message["Return-Path"] == "<>"
    assert node.used("local", "day") == 1
    assert node.log.wait(r"verdict=accept account=local .*from=<> ")


def test_fifty_recipients_and_more(guard, postfix):
    node = guard(limits=(DAY,), max_recipients=50)
    to = [f"r{i}@box.test" for i in range(50)]
    postfix.sendmail(SENDER, to)
    postfix.wait_inbox(*to)
    assert node.used("local", "day") == 50
    postfix.sendmail(SENDER, [f"s{i}@box.test" for i in range(51)])
    (bounce,) = postfix.wait_inbox(SENDER)  # it can never pass: no use in trying for ever
    assert "[okite:caps]" in bounce.as_string()
    assert node.used("local", "day") == 50


def test_redis_away_waits(new_okited, own_redis, milter_address, postfix):
    redis = own_redis()
    node = new_okited(listen=milter_address, on=redis, limits=(DAY,)).start()
    redis.kill()
    postfix.sendmail(SENDER, ["a@box.test"])
    postfix.wait_queue("maildrop")
    tries(postfix, 1)
    redis.start()

    def delivered():
        postfix.try_again()
        return postfix.inbox()

    wait_until(delivered, "delivery after Redis came back")
    assert node.used("local", "day") == 1


# The same without Postfix: what the milter answers, and when.


@pytest.mark.parametrize(
    "settings, to, end, delivered",
    [
        ({}, ["a@b.example", "gone@b.example"], ACCEPTED, ["a@b.example"]),
        ({}, ["gone@b.example"], "550 5.1.1 suppressed", []),
        ({"limits": (quota("1/24h"),)}, ["a@b.example", "c@b.example"], None, []),
        ({"limits": (quota("1/24h", action="reject"),)}, ["a@b.example", "c@b.example"], None, []),
        ({"max_recipients": 1}, ["a@b.example", "c@b.example"], None, []),
        (
            {"simulator": "s.example"},
            ["success@s.example", "a@b.example"],
            ACCEPTED,
            ["a@b.example"],
        ),
        ({"simulator": "s.example"}, ["complaint@s.example"], ACCEPTED, []),
        ({"simulator": "s.example"}, ["bounce@s.example"], "550 5.1.1 simulator", []),
        (
            {"internal_domains": ["home.example"], "limits": (quota("1/24h"),)},
            ["a@home.example", "b@home.example", "a@b.example"],
            ACCEPTED,
            ["a@home.example", "b@home.example", "a@b.example"],
        ),
        ({"suppression": {"action": "discard"}}, ["gone@b.example"], ACCEPTED, []),
        ({"suppression": {"action": "observe"}}, ["gone@b.example"], ACCEPTED, ["gone@b.example"]),
    ],
)
def test_never_answered_at_rcpt(okited, settings, to, end, delivered):
    node = okited(**settings)
    node.suppress("gone@b.example", "--reason", "hard")
    message = node.send(to, local=True)
    assert message.gists == [ACCEPTED] * len(to)
    assert message.delivered == delivered
    if end is not None:
        assert message.end.gist == end
    else:
        assert not message.end.accepted


@pytest.mark.parametrize("action", ["reject", "discard", "tempfail"])
@pytest.mark.parametrize("order", ["gone first", "gone last"])
def test_internal_recipient_keeps_the_message(okited, action, order):
    """One suppressed and one internal recipient, whatever is done about suppressed ones."""
    node = okited(internal_domains=["home.example"], suppression={"action": action})
    node.suppress("gone@b.example", "--reason", "hard")
    to = ["gone@b.example", "in@home.example"]
    message = node.send(to if order == "gone first" else to[::-1], local=True)
    assert message.end.gist == ACCEPTED
    assert message.delivered == ["in@home.example"]
    (event,) = node.wait_events("removed")
    assert (event["recipient"], event["rule"]) == ("gone@b.example", "suppressed")
    assert [event for event in node.events() if event["event"] == "refused"] == []
    assert node.account("local")["sent"] == 0


def test_all_suppressed_and_discarded(okited):
    node = okited(suppression={"action": "discard"}, limits=(DAY,))
    to = ["gone@b.example", "away@b.example"]
    for address in to:
        node.suppress(address, "--reason", "hard")
    message = node.send(to, local=True)
    assert message.end.accepted and message.delivered == []
    removed = node.wait_events("removed", 2)
    assert [event["recipient"] for event in removed] == to
    assert node.account("local")["sent"] == 0
    assert node.used("local", "day") == 0


def test_all_suppressed_and_tempfailed(okited):
    """4xx would bring it back each minute, for ever."""
    node = okited(suppression={"action": "tempfail"}, limits=(DAY,))
    to = ["gone@b.example", "away@b.example"]
    for address in to:
        node.suppress(address, "--reason", "hard")
    message = node.send(to, local=True)
    assert message.end.gist == "550 5.1.1 suppressed"
    assert "suppressed: earlier mail bounced" in message.end.text
    assert node.account("local")["sent"] == 0
    assert node.used("local", "day") == 0


NO_ADDRESS = {
    "10,000 characters": "x" * 10_000 + "@b.example",
    "a control character": "a\x01b@b.example",
}


@pytest.mark.parametrize("name", NO_ADDRESS)
def test_what_is_no_address_is_taken_out(okited, name):
    node = okited(limits=(DAY,))
    to = ["a@b.example", NO_ADDRESS[name], "c@d.example"]
    message = node.send(to, local=True)
    assert message.gists == [ACCEPTED] * 3 and message.end.accepted
    assert message.delivered == ["a@b.example", "c@d.example"]
    (event,) = node.wait_events("removed")
    assert event["rule"] == "caps" and event["reply"].startswith("553 5.1.3")
    assert event["recipient"][:1] == NO_ADDRESS[name][:1]
    assert node.used("local", "day") == 2
    assert node.account("local")["sent"] == 2


@pytest.mark.parametrize("name", NO_ADDRESS)
def test_what_is_no_address_alone_is_rejected(okited, name):
    node = okited(limits=(DAY,))
    message = node.send([NO_ADDRESS[name]], local=True)
    assert message.gists == [ACCEPTED]
    assert message.end.gist == "553 5.1.3 caps"
    assert node.used("local", "day") == 0


@pytest.mark.parametrize(
    "address",
    [
        "victim%gmail.example@corp.example",
        '"victim@gmail.example"@corp.example',
        "gmail.example!victim@corp.example",
    ],
)
def test_internal_recipients_route_nothing_elsewhere(okited, address):
    node = okited(limits=(DAY,), internal_domains=["corp.example"])
    message = node.send(["a@b.example", address], local=True)
    assert message.end.accepted and message.delivered == ["a@b.example"]
    (event,) = node.wait_events("removed")
    assert event["recipient"] == address and event["reply"].startswith("553 5.1.3")
    assert node.send([address], local=True).end.gist == "553 5.1.3 caps"
    assert node.used("local", "day") == 1


def test_too_large(okited):
    node = okited(max_size="10K", limits=(quota("10/24h"),))
    message = node.send(["a@b.example"], local=True, body=b"x" * 20_000)
    assert message.end.gist == "552 5.3.4 caps"
    assert node.used("local", "day") == 0


def test_limit_whose_action_is_hold(okited):
    node = okited(limits=(quota("1/24h", action="hold"),), local_submission="tempfail")
    assert node.send(["a@b.example"], local=True).quarantine is None
    message = node.send(["a@b.example", "c@b.example"], local=True)
    assert message.end.accepted and message.quarantine is not None
    assert node.used("local", "day") == 3


def test_observing(okited):
    node = okited(mode="observe", limits=(quota("1/24h"),))
    node.suppress("gone@b.example")
    to = ["a@b.example", "gone@b.example", "c@b.example"]
    for _ in range(2):
        assert node.send(to, local=True).delivered == to
    assert node.log.wait(r"rule=suppressed .*to=<gone@b\.example>") and node.log.wait(r"rule=day ")


def test_observing_more_recipients_than_allowed(okited):
    node = okited(mode="observe", max_recipients=2)
    to = [f"r{i}@b.example" for i in range(3)]
    message = node.send(to, local=True)
    assert message.end.accepted and message.delivered == to
    assert node.log.wait(r"stage=eom rule=caps account=local .*to=<r2@b\.example>.* observed=yes")
    assert len(node.log.lines("rule=caps")) == 1
    assert node.account("local")["sent"] == 3


def test_mail_that_waits_tells_of_its_recipients_once(okited):
    """Postfix tries it again each minute: the simulated ones would pile up as events."""
    node = okited(simulator="sim.example", limits=(quota("1/24h"),))
    assert node.send(["first@b.example"], local=True).end.accepted
    to = ["success@sim.example", "a@b.example"]
    for _ in range(3):
        assert node.send(to, local=True).end.gist == "451 4.7.1 day"
    node.wait_events("refused", 3)
    assert [e for e in node.events() if e["event"] == "delivered"] == []


@pytest.mark.parametrize("names", [("bounce", "success"), ("success", "bounce")])
def test_simulated_recipients_alone_in_any_order(okited, names):
    """The bounce is told, whoever comes after it."""
    node = okited(simulator="sim.example")
    message = node.send([f"{name}@sim.example" for name in names], local=True)
    assert message.end.gist == "550 5.1.1 simulator"


def test_sender_that_is_no_address_is_told_at_the_end(okited):
    """Also where MAIL is answered, since the size counts."""
    node = okited(max_size="10K")
    message = node.send(["a@b.example"], sender="a\x01b@shop.example", local=True)
    assert message.mail.accepted
    assert message.end.gist == "553 5.1.7 caps"
