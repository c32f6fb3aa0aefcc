"""What the client is told, case by case, over the milter protocol."""

import re

import pytest

from support.wait import wait_until

ACCEPTED = "accepted"
ALICE = {"login": "alice@test.example"}
NAME = "alice@test.example"


def quota(text, **more):
    return {"name": "day", "per": ["account"], "quota": text, **more}


def test_good_message_is_accepted_and_counted(okited):
    node = okited(limits=(quota("10/24h"),))
    message = node.send(["a@b.example", "c@d.example"], **ALICE)
    assert message.gists == [ACCEPTED, ACCEPTED]
    assert message.end.accepted and not message.discarded
    assert node.used(NAME, "day") == 2
    assert node.account(NAME)["sent"] == 2


@pytest.mark.parametrize(
    "reason, want",
    [
        ("hard", "550 5.1.1 suppressed"),
        ("soft", "550 5.1.1 suppressed"),
        ("complaint", "550 5.7.1 suppressed"),
        ("unsubscribe", "550 5.7.1 suppressed"),
        ("manual", "550 5.7.1 suppressed"),
    ],
)
def test_suppressed_recipient(okited, reason, want):
    node = okited(limits=(quota("10/24h"),))
    node.suppress("gone@b.example", "--reason", reason)
    message = node.send(["a@b.example", "gone@b.example", "c@d.example"], **ALICE)
    assert message.gists == [ACCEPTED, want, ACCEPTED]
    assert message.delivered == ["a@b.example", "c@d.example"]
    assert node.used(NAME, "day") == 2


def test_suppressed_domain(okited):
    node = okited()
    node.suppress("@gone.example")
    message = node.send(["x@gone.example", "y@GONE.example", "z@sub.gone.example"], **ALICE)
    assert message.gists == ["550 5.7.1 suppressed", "550 5.7.1 suppressed", ACCEPTED]


def test_suppressed_for_one_account_only(okited):
    node = okited()
    node.suppress("picky@b.example", "--account", NAME, "--reason", "complaint")
    assert node.send(["picky@b.example"], **ALICE).gists == ["550 5.7.1 suppressed"]
    assert node.send(["picky@b.example"], login="bob").gists == [ACCEPTED]


@pytest.mark.parametrize(
    "limit, full",
    [
        ({"name": "rate", "per": ["account"], "rate": "2/h", "burst": 2}, "2/2"),
        ({"name": "day", "per": ["account"], "quota": "2/24h"}, "2/2"),
        ({"name": "minute", "per": ["account"], "quota": "2/1m"}, "2/2"),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_limit_used_up(okited, limit, full):
    node = okited(limits=(limit,))
    message = node.send(["a@b.example", "c@d.example", "e@f.example"], **ALICE)
    name = limit["name"]
    assert message.gists == [ACCEPTED, ACCEPTED, f"451 4.7.1 {name}"]
    text = message.replies[2].text
    assert name in text and full in text, text
    # The seconds until one more fits are the same in the reply and in the log.
    retry = node.log.wait(rf"verdict=tempfail .*rule={name} .*used={full} .*retry=(\d+)").group(1)
    assert int(retry) > 0 and re.search(rf"\b{retry}\b", text), text
    assert node.used(NAME, name) == 2


def test_limit_in_the_postmasters_words(okited):
    node = okited(limits=(quota("1/24h", reply="write to postmaster for more, 100% sure"),))
    message = node.send(["a@b.example", "c@d.example"], **ALICE)
    assert message.gists == [ACCEPTED, "451 4.7.1 day"]
    assert "write to postmaster for more, 100% sure" in message.replies[1].text


def test_limit_whose_action_is_reject(okited):
    node = okited(limits=(quota("1/24h", action="reject"),))
    message = node.send(["a@b.example", "c@d.example"], **ALICE)
    assert message.gists == [ACCEPTED, "550 5.7.1 day"]


def test_too_many_recipients(okited):
    node = okited(max_recipients=3)
    message = node.send([f"r{i}@b.example" for i in range(5)], **ALICE)
    assert message.gists == [ACCEPTED] * 3 + ["452 4.5.3 caps"] * 2
    assert message.accepted == 3
    assert node.account(NAME)["sent"] == 3


def test_too_large_by_size_at_mail(okited):
    node = okited(max_size="10K")
    with node.session(**ALICE) as session:
        message = session.send("news@shop.example", ["a@b.example"], options=["SIZE=20000"])
        assert message.mail.gist == "552 5.3.4 caps"
        good = session.send("news@shop.example", ["a@b.example"], options=["size=5000"])
        assert good.accepted == 1


def test_too_large_counted_at_the_end(okited):
    node = okited(max_size="100K", limits=(quota("10/24h"),))
    with node.session(**ALICE) as session:
        message = session.send("news@shop.example", ["a@b.example"], body=b"x" * 78 * 2000)
        assert message.gists == [ACCEPTED]
        assert message.end.gist == "552 5.3.4 caps"
        good = session.send("news@shop.example", ["a@b.example"], body=b"x" * 50_000)
        assert good.accepted == 1
    node.wait_used(NAME, "day", 1)
    assert node.account(NAME)["sent"] == 1


SANDBOX = {
    "limits": (quota("100/24h"),),
    "plans": (
        {"name": "sandbox", "limits": (), "verified_recipients_only": True},
        {"name": "standard", "limits": ()},
    ),
    "accounts": ({"name": NAME, "plan": "sandbox"},),
    "default_plan": "standard",
}


def test_sandbox(okited):
    node = okited(**SANDBOX)
    node.okite("verified", "add", "me@home.example", check=0)
    node.okite("verified", "add", "@friends.example", check=0)
    to = ["me@home.example", "you@away.example", "any@friends.example"]
    message = node.send(to, **ALICE)
    assert message.gists == [ACCEPTED, "554 5.7.1 sandbox", ACCEPTED]
    assert node.used(NAME, "day") == 2
    assert node.send(to, login="bob").gists == [ACCEPTED] * 3


def test_plan_takes_the_place_of_the_general_limit_of_its_name(okited):
    node = okited(
        limits=(quota("1/24h"), {"name": "rate", "per": ["account"], "rate": "1/h", "burst": 2}),
        plans=(
            {
                "name": "big",
                "limits": ({"name": "day", "quota": "3/24h"}, {"name": "rate", "rate": "none"}),
            },
            {"name": "standard", "limits": ()},
        ),
        default_plan="standard",
        accounts=({"name": NAME, "plan": "big"},),
    )
    to = [f"r{i}@b.example" for i in range(4)]
    assert node.send(to, **ALICE).gists == [ACCEPTED] * 3 + ["451 4.7.1 day"]
    assert node.send(to, login="bob").gists == [ACCEPTED] + ["451 4.7.1 day"] * 3


@pytest.mark.parametrize(
    "settings, options, want",
    [
        ({}, [], "451 4.7.1 paused"),
        ({}, ["--reject"], "554 5.7.1 paused"),
        ({"reputation": {"pause_action": "reject"}}, [], "554 5.7.1 paused"),
        ({"reputation": {"pause_action": "tempfail"}}, [], "451 4.7.1 paused"),
    ],
)
def test_paused_account(okited, settings, options, want):
    node = okited(limits=(quota("10/24h"),), **settings)
    node.okite("account", "pause", NAME, *options, check=0)
    assert node.send(["a@b.example", "c@d.example"], **ALICE).gists == [want, want]
    assert node.send(["a@b.example"], login="bob").gists == [ACCEPTED]
    assert node.used(NAME, "day") == 0
    node.okite("account", "resume", NAME, check=0)
    assert node.send(["a@b.example"], **ALICE).gists == [ACCEPTED]


def test_redis_away(new_okited, own_redis):
    redis = own_redis()
    node = new_okited(on=redis, when_redis_fails="tempfail").start()
    redis.kill()
    message = node.send(["a@b.example", "c@d.example"], **ALICE)
    assert message.gists == ["451 4.3.0 redis"] * 2


@pytest.mark.parametrize(
    "local, want, kinds",
    [
        ("bounce", "550 5.1.1 simulator", ["bounce"]),
        ("bounce+label", "550 5.1.1 simulator", ["bounce"]),
        ("BOUNCE", "550 5.1.1 simulator", ["bounce"]),
        ("suppressionlist", "550 5.1.1 simulator", ["bounce", "refused"]),
        ("softbounce", "452 4.2.2 simulator", ["bounce"]),
        ("success", ACCEPTED, ["delivered"]),
        ("success+label", ACCEPTED, ["delivered"]),
        ("complaint", ACCEPTED, ["complaint"]),
    ],
)
def test_simulator(okited, local, want, kinds):
    node = okited(simulator="simulator.example", limits=(quota("1/24h"),))
    address = f"{local}@simulator.example"
    # Twice, so that a count of any of it would show.
    for _ in range(2):
        message = node.send([address], **ALICE)
        assert message.gists == [want]
        assert message.delivered == []
    wait_until(lambda: len(node.events()) == 2, lambda: f"two events: {node.events()}")
    for event in node.events():
        assert event["account"] == NAME and event["event"] in kinds
        assert event["recipient"].lower() == address.lower()
    record = node.account(NAME)
    counters = ("sent", "hard", "soft", "policy", "complaint")
    assert [record[name] for name in counters] == [0] * 5
    assert node.used(NAME, "day") == 0
    assert node.send(["a@b.example"], **ALICE).gists == [ACCEPTED]


def test_simulator_beside_real_recipients(okited):
    node = okited(simulator="simulator.example")
    to = ["success@simulator.example", "a@b.example", "bounce@simulator.example"]
    message = node.send(to, **ALICE)
    assert message.gists == [ACCEPTED, ACCEPTED, "550 5.1.1 simulator"]
    assert message.delivered == ["a@b.example"]


def test_simulator_beside_an_internal_recipient(okited):
    node = okited(simulator="simulator.example", internal_domains=["in.example"])
    message = node.send(["success@simulator.example", "a@in.example"], **ALICE)
    assert message.end.accepted and message.delivered == ["a@in.example"]


def test_simulator_knows_no_other_names(okited):
    node = okited(simulator="simulator.example")
    (reply,) = node.send(["nobody@simulator.example"], **ALICE).replies
    assert not reply.accepted and reply.code // 100 == 5


REFUSALS = {
    "limits": (
        quota("1/24h", when={"recipient_domain": ["day.example"]}),
        {
            "name": "no",
            "per": ["account"],
            "quota": "1/24h",
            "action": "reject",
            "when": {"recipient_domain": ["no.example"]},
        },
    ),
    "simulator": "simulator.example",
    "max_recipients": 6,
}


def test_one_message_through_all_refusals(okited):
    """Each refusal is one recipient's own, ends in its rule, and never is a 421."""
    node = okited(**REFUSALS)
    node.suppress("gone@b.example")
    cases = [
        ("1@day.example", ACCEPTED),
        ("2@day.example", "451 4.7.1 day"),
        ("1@no.example", ACCEPTED),
        ("2@no.example", "550 5.7.1 no"),
        ("gone@b.example", "550 5.7.1 suppressed"),
        ("bounce@simulator.example", "550 5.1.1 simulator"),
        ("softbounce@simulator.example", "452 4.2.2 simulator"),
        *((f"r{i}@b.example", ACCEPTED) for i in range(4)),
        ("one-too-many@b.example", "452 4.5.3 caps"),
    ]
    message = node.send([to for to, _ in cases], **ALICE)
    assert list(zip(message.recipients, message.gists)) == cases
    assert 421 not in [reply.code for reply in message.replies]
    assert message.accepted == 6 and message.end.accepted


def test_suppression_action_tempfail(okited):
    node = okited(suppression={"action": "tempfail"})
    node.suppress("gone@b.example", "--reason", "hard")
    message = node.send(["gone@b.example", "a@b.example"], **ALICE)
    assert [r.code // 100 for r in message.replies if not r.accepted] == [4]
    assert message.replies[0].rule == "suppressed"
    assert message.delivered == ["a@b.example"]


def test_suppression_action_discard(okited):
    node = okited(suppression={"action": "discard"}, limits=(quota("10/24h"),))
    node.suppress("gone@b.example", "--reason", "hard")
    message = node.send(["gone@b.example", "a@b.example"], **ALICE)
    assert message.gists == [ACCEPTED, ACCEPTED]
    assert message.delivered == ["a@b.example"]
    assert node.used(NAME, "day") == 1


def test_suppression_action_discard_with_nobody_left(okited):
    node = okited(suppression={"action": "discard"})
    node.suppress("gone@b.example", "--reason", "hard")
    message = node.send(["gone@b.example"], **ALICE)
    assert message.gists == [ACCEPTED] and message.end.accepted
    assert message.delivered == []


def test_suppression_action_observe(okited):
    node = okited(suppression={"action": "observe"}, limits=(quota("10/24h"),))
    node.suppress("gone@b.example", "--reason", "hard")
    message = node.send(["gone@b.example", "a@b.example"], **ALICE)
    assert message.delivered == ["gone@b.example", "a@b.example"]
    assert node.used(NAME, "day") == 2
    assert node.log.wait(r"rule=suppressed .*to=<gone@b\.example>")


def test_limit_action_observe(okited):
    node = okited(
        limits=(
            quota("1/24h", action="observe"),
            {"name": "two", "per": ["account"], "quota": "3/48h"},
        )
    )
    message = node.send([f"r{i}@b.example" for i in range(4)], **ALICE)
    assert message.gists == [ACCEPTED] * 3 + ["451 4.7.1 two"]
    assert node.log.wait(r"rule=day .*to=<r1@b\.example>")


def test_limit_action_hold(okited):
    node = okited(limits=(quota("1/24h", action="hold"),))
    with node.session(**ALICE) as session:
        assert session.send("news@shop.example", ["a@b.example"]).quarantine is None
        held = session.send("news@shop.example", ["c@d.example"])
    assert held.gists == [ACCEPTED] and held.end.accepted
    assert held.quarantine is not None
    assert node.used(NAME, "day") == 2


def test_mode_observe_refuses_nothing_and_logs_everything(okited):
    node = okited(mode="observe", limits=(quota("1/24h"),), max_recipients=4, max_size="10K")
    node.suppress("gone@b.example")
    node.okite("account", "pause", "bob", check=0)
    to = [
        "a@b.example",
        "gone@b.example",
        "c@d.example",
        "d@d.example",
        "e@d.example",
        "f@d.example",
    ]
    message = node.send(to, body=b"x" * 20_000, options=["SIZE=20000"], **ALICE)
    assert message.delivered == to
    assert node.send(["a@b.example"], login="bob").delivered == ["a@b.example"]
    assert node.log.wait(r"rule=suppressed .*to=<gone@b\.example>")
    assert node.log.wait(r"rule=day .*to=<c@d\.example>")
    assert node.log.wait(r"rule=paused account=bob ")
    assert node.log.wait(r"rule=caps ")


def test_refused_recipients_do_not_stop_the_session(okited):
    """A hundred refusals, then the next message of the session goes through."""
    node = okited(max_recipients=200)
    node.suppress("@gone.example")
    with node.session(**ALICE) as session:
        message = session.send("news@shop.example", [f"r{i}@gone.example" for i in range(100)])
        assert set(message.gists) == {"550 5.7.1 suppressed"}
        assert session.send("news@shop.example", ["a@b.example"]).accepted == 1
