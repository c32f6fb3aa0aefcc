"""Real SMTP clients before a real Postfix, and the same before a real Sendmail."""

import re

import pytest

from support.postfix import PASSWORD
from support.smtp import Client

ACCEPTED = "accepted"
ALICE = "alice@test.example"
DAY = {"name": "day", "per": ["account"], "quota": "100/24h"}


def alice(mta):
    client = Client(mta.address)
    client.login(ALICE, PASSWORD)
    return client


def quota(text, **more):
    return {**DAY, "quota": text, **more}


def test_login(guard, mta):
    node = guard(limits=(DAY,))
    with alice(mta) as client:
        outcome = client.deliver(ALICE, ["x@box.test"])
        assert outcome.accepted == 1
    mta.wait_inbox("x@box.test")
    assert node.used(ALICE, "day") == 1
    # The log line starts with the queue id that the client was told.
    line = node.log.wait(rf"{mta.queue_id(outcome.end)}: (verdict=accept .*)").group(1)
    for word in (f"account={ALICE}", "client=127.0.0.1", f"from=<{ALICE}>", "accepted=1"):
        assert word in line.split(), line


def test_client_without_login(guard, mta):
    node = guard(limits=(DAY,), outgoing={"networks": [mta.neighbour]})
    with mta.client(mta.neighbour) as client:
        assert client.deliver("a@shop.example", ["x@y.example"]).accepted == 1
    assert node.used(mta.neighbour, "day") == 1


def test_real_ipv6_client(guard, mta):
    node = guard(limits=(quota("1/24h"),))
    with Client(mta.address6) as client:
        assert client.deliver("a@shop.example", ["x@y.example", "z@y.example"]).gists == [
            ACCEPTED,
            "451 4.7.1 day",
        ]
    assert node.used("::/64", "day") == 1


@pytest.mark.parametrize("count", [1, 50])
def test_recipients(guard, mta, count):
    node = guard(limits=(DAY,))
    to = [f"r{i}@box.test" for i in range(count)]
    with alice(mta) as client:
        assert client.deliver(ALICE, to).accepted == count
    mta.wait_inbox(*to)
    assert node.used(ALICE, "day") == count
    assert node.account(ALICE)["sent"] == count


def test_transactions_of_one_connection(guard, mta):
    node = guard(limits=(quota("6/24h"),))
    with alice(mta) as client:
        for _ in range(3):
            assert client.deliver(ALICE, ["x@y.example", "z@y.example"]).accepted == 2
        assert client.deliver(ALICE, ["x@y.example"]).gists == ["451 4.7.1 day"]
        assert client.command("NOOP").code == 250
    assert node.used(ALICE, "day") == 6


def test_pipelining(guard, mta):
    node = guard(limits=(quota("12/24h"),))
    node.suppress("gone@y.example")
    to = [f"r{i}@y.example" for i in range(6)]
    to.insert(2, "gone@y.example")
    with alice(mta) as client:
        for _ in range(2):
            outcome = client.deliver_pipelined(ALICE, to)
            assert outcome.gists == [ACCEPTED] * 2 + ["550 5.7.1 suppressed"] + [ACCEPTED] * 4
            assert outcome.end.accepted
        outcome = client.deliver_pipelined(ALICE, to)
        assert "accepted" not in outcome.gists
        assert outcome.end.code in (554, 503)  # no valid recipients
    assert node.used(ALICE, "day") == 12


@pytest.mark.parametrize(
    "reason, want",
    [("hard", "550 5.1.1 suppressed"), ("complaint", "550 5.7.1 suppressed")],
)
def test_one_of_three_suppressed(guard, mta, reason, want):
    node = guard()
    node.suppress("gone@box.test", "--reason", reason)
    with alice(mta) as client:
        outcome = client.deliver(ALICE, ["a@box.test", "gone@box.test", "c@box.test"])
    assert outcome.gists == [ACCEPTED, want, ACCEPTED]
    mta.wait_inbox("a@box.test", "c@box.test")
    mta.wait_idle()
    assert len(mta.inbox()) == 2


REFUSALS = [
    (
        "rate",
        {"limits": ({"name": "rate", "per": ["account"], "rate": "1/h", "burst": 1},)},
        [ACCEPTED, "451 4.7.1 rate"],
    ),
    ("quota", {"limits": (quota("1/24h"),)}, [ACCEPTED, "451 4.7.1 day"]),
    ("reject", {"limits": (quota("1/24h", action="reject"),)}, [ACCEPTED, "550 5.7.1 day"]),
    ("caps", {"max_recipients": 1}, [ACCEPTED, "452 4.5.3 caps"]),
    (
        "sandbox",
        {
            "plans": ({"name": "sandbox", "limits": (), "verified_recipients_only": True},),
            "default_plan": "sandbox",
        },
        ["554 5.7.1 sandbox"] * 2,
    ),
    ("simulator", {"simulator": "y.example"}, ["550 5.1.1 simulator", "452 4.2.2 simulator"]),
]


@pytest.mark.parametrize(
    "settings, want", [case[1:] for case in REFUSALS], ids=[c[0] for c in REFUSALS]
)
def test_refusals(guard, mta, settings, want):
    guard(**settings)
    with alice(mta) as client:
        outcome = client.deliver(ALICE, ["bounce@y.example", "softbounce@y.example"])
        assert outcome.gists == want
        # Whatever was said, the session lives.
        assert client.command("NOOP").code == 250


@pytest.mark.parametrize(
    "options, want", [([], "451 4.7.1 paused"), (["--reject"], "554 5.7.1 paused")]
)
def test_paused(guard, mta, options, want):
    node = guard()
    node.okite("account", "pause", ALICE, *options, check=0)
    with alice(mta) as client:
        assert client.deliver(ALICE, ["x@y.example"]).gists == [want]


def test_too_large_by_size(guard, mta):
    guard(max_size="10K")
    with alice(mta) as client:
        outcome = client.deliver(ALICE, ["x@y.example"], options="SIZE=20000")
        assert outcome.mail.gist == "552 5.3.4 caps"
        assert client.deliver(ALICE, ["x@y.example"]).accepted == 1


def test_too_large_at_the_end(guard, mta):
    node = guard(max_size="10K", limits=(DAY,))
    with alice(mta) as client:
        outcome = client.deliver(ALICE, ["x@y.example"], text="Subject: x\r\n\r\n" + "x\r\n" * 5000)
        assert outcome.gists == [ACCEPTED]
        assert outcome.end.gist == "552 5.3.4 caps"
    node.wait_used(ALICE, "day", 0)


def test_redis_away(new_okited, own_redis, milter_address, mta):
    redis = own_redis()
    new_okited(listen=milter_address, on=redis).start()
    redis.kill()
    with alice(mta) as client:
        assert client.deliver(ALICE, ["x@y.example"]).gists == ["451 4.3.0 redis"]


def test_refusals_do_not_cost_the_session(guard, mta):
    """Sixty refusals, never a 421, and the accepted ones are delivered."""
    node = guard(limits=(quota("2/24h"),), max_recipients=100)
    to = [f"r{i}@box.test" for i in range(62)]
    with alice(mta) as client:
        outcome = client.deliver(ALICE, to)
        assert outcome.gists == [ACCEPTED] * 2 + ["451 4.7.1 day"] * 60
        assert outcome.end.accepted
    mta.wait_inbox("r0@box.test", "r1@box.test")
    assert node.used(ALICE, "day") == 2


def test_null_sender_counts_on_the_login(guard, mta):
    node = guard(limits=(DAY,))
    with alice(mta) as client:
        assert client.deliver("", ["x@y.example"]).accepted == 1
    assert node.used(ALICE, "day") == 1


def test_strangers_mail_is_untouched(guard, mta):
    everyone = {"name": "all", "per": ["everyone"], "quota": "1/24h"}
    node = guard(limits=(everyone,), outgoing={"networks": ["127.0.0.1"]})
    node.suppress("gone@box.test")
    text = "Subject: hi\r\nX-Okite-Token: theirs\r\n\r\nhello\r\n"
    with mta.client(mta.stranger) as client:
        assert client.deliver("a@far.example", ["gone@box.test", "b@box.test"], text).accepted == 2
    for message in mta.wait_inbox("gone@box.test", "b@box.test"):
        assert message.get_all("X-Okite-Token") == ["theirs"]
    with alice(mta) as client:
        assert client.deliver(ALICE, ["x@y.example"]).accepted == 1


def test_internal_domains_are_free(guard, mta):
    node = guard(limits=(quota("1/24h"),), internal_domains=["box.test"])
    node.suppress("gone@box.test")
    to = ["gone@box.test", "b@box.test", "x@y.example", "z@y.example"]
    with alice(mta) as client:
        assert client.deliver(ALICE, to).gists == [ACCEPTED] * 3 + ["451 4.7.1 day"]
    mta.wait_inbox("gone@box.test", "b@box.test")
    assert node.used(ALICE, "day") == 1


# Both send all of these on to gmail.example, though they look like corp.example's.
ROUTED = {
    "percent": "{}%gmail.example@corp.example",
    "quoted": '"{}@gmail.example"@corp.example',
    "bang": "gmail.example!{}@corp.example",
}


@pytest.mark.parametrize("address", ROUTED.values(), ids=ROUTED)
def test_routed_address_is_judged_as_what_it_becomes(guard, mta, address):
    gmail = {"name": "gmail", "per": ["recipient_domain"], "quota": "2/24h"}
    gmail["when"] = {"recipient_domain": ["gmail.example"]}
    node = guard(limits=(DAY, gmail), internal_domains=["corp.example"])
    node.suppress("gone@gmail.example", "--reason", "hard")
    to = [address.format("gone"), address.format("victim"), "other@gmail.example"]
    to += [address.format("fourth"), "victim@corp.example"]
    with alice(mta) as client:
        outcome = client.deliver(ALICE, to)
    want = ["550 5.1.1 suppressed", ACCEPTED, ACCEPTED, "451 4.7.1 gmail", ACCEPTED]
    assert outcome.gists == want
    mta.wait_sent("victim@gmail.example")
    assert node.used(ALICE, "day") == 2
    assert node.account(ALICE)["sent"] == 2
    assert node.log.wait(r"rule=gmail .*to=<fourth@gmail\.example>")


def test_hold(guard, mta):
    node = guard(limits=(quota("1/24h", action="hold"),))
    with alice(mta) as client:
        assert client.deliver(ALICE, ["a@box.test"]).accepted == 1
        assert client.deliver(ALICE, ["b@box.test"]).accepted == 1
    mta.wait_inbox("a@box.test")
    assert mta.wait_held() == [["b@box.test"]]
    mta.release()
    mta.wait_inbox("b@box.test")
    assert node.used(ALICE, "day") == 2  # charged when it came, not again on release


def test_discard(guard, mta):
    node = guard(suppression={"action": "discard"})
    node.suppress("gone@box.test")
    with alice(mta) as client:
        assert client.deliver(ALICE, ["gone@box.test", "b@box.test"]).accepted == 2
        assert client.deliver(ALICE, ["gone@box.test"]).accepted == 1
    mta.wait_inbox("b@box.test")
    mta.wait_idle()
    assert [message["Delivered-To"] for message in mta.inbox()] == ["b@box.test"]


def test_simulator_delivers_nothing(guard, mta):
    node = guard(simulator="box.test")
    with alice(mta) as client:
        to = ["success@box.test", "x@y.example", "complaint+1@box.test"]
        assert client.deliver(ALICE, to).accepted == 3
        assert client.deliver(ALICE, ["success@box.test"]).accepted == 1
    mta.wait_sent("x@y.example")
    mta.wait_idle()
    assert mta.inbox() == []
    assert node.account(ALICE)["sent"] == 1


@pytest.mark.parametrize("settings", [{"mode": "observe"}, {"suppression": {"action": "observe"}}])
def test_observing_refuses_nothing(guard, mta, settings):
    node = guard(limits=(quota("1/24h", action="observe"),), **settings)
    node.suppress("gone@box.test")
    with alice(mta) as client:
        assert client.deliver(ALICE, ["gone@box.test", "b@box.test"]).accepted == 2
    mta.wait_inbox("gone@box.test", "b@box.test")
    assert node.log.wait(r"rule=suppressed .*to=<gone@box\.test>")


def test_every_refusal_names_its_rule(guard, mta):
    guard(limits=(quota("1/24h"),), max_recipients=2)
    with alice(mta) as client:
        outcome = client.deliver(ALICE, [f"r{i}@y.example" for i in range(4)])
    for reply in outcome.replies[1:]:
        assert re.search(r"\[okite:[a-z0-9_-]+\]$", reply.text), reply


@pytest.mark.parametrize("words", ["slow down: 100% of it, and 5%% more", "x" * 200])
def test_own_words_arrive_as_they_are(guard, mta, words):
    guard(limits=(quota("1/24h", reply=words),))
    with alice(mta) as client:
        outcome = client.deliver(ALICE, ["a@y.example", "b@y.example"])
    # Sendmail puts the recipient before it.
    text = outcome.replies[1].text.removeprefix("<b@y.example>... ")
    assert text.startswith(words) and text.endswith("[okite:day]"), text
