"""okite: usage, check, explain, accounts, verified recipients, events."""

import re
import shutil

import pytest

from support.okited import OKITE, OKITED
from support.program import Program
from support.redis import SERVER

ALICE = "alice@test.example"
DAY = {"name": "day", "per": ["account"], "quota": "3/24h"}
RATE = {"name": "rate", "per": ["account"], "rate": "1/h", "burst": 10}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")


@pytest.fixture
def node(new_okited):
    """Only the configuration: the command needs no daemon."""
    return new_okited(limits=(DAY, RATE))


# ---- exit status ----


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["no-such-command"],
        ["--no-such-option"],
        ["suppress"],
        ["suppress", "add"],
        ["suppress", "add", "a@b.example", "--reason", "boredom"],
        ["suppress", "add", "a@b.example", "--expire", "soon"],
        ["suppress", "add", "a@b.example", "c@d.example", "--no-such-option"],
        ["account", "show"],
        ["account", "set", "shop", "--limit", "day"],
        ["account", "set", "shop", "--plan"],
        ["account", "fly", "shop"],
        ["verified", "add"],
        ["explain"],
        ["explain", "--from", "a@b.example"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_64(node, arguments):
    answer = node.okite(*arguments)
    assert answer.status == 64, answer
    assert answer.err.strip() and not answer.out.strip()


NEEDS_REDIS = [
    ["suppress", "add", "a@b.example"],
    ["suppress", "remove", "a@b.example"],
    ["suppress", "show", "a@b.example"],
    ["suppress", "list"],
    ["suppress", "import", "-"],
    ["suppress", "export"],
    ["account", "list"],
    ["account", "show", "shop"],
    ["account", "set", "shop", "--note", "x"],
    ["account", "pause", "shop"],
    ["account", "resume", "shop"],
    ["account", "reset", "shop"],
    ["verified", "add", "a@b.example"],
    ["verified", "remove", "a@b.example"],
    ["verified", "list"],
    ["events"],
    ["explain", "--from", "a@b.example", "--to", "c@d.example"],
    ["check"],
]


@pytest.mark.parametrize("arguments", NEEDS_REDIS, ids=" ".join)
def test_redis_away_is_75(new_okited, own_redis, arguments):
    redis = own_redis()
    node = new_okited(on=redis, limits=(DAY,))
    redis.kill()
    answer = node.okite(*arguments, input="a@b.example\n")
    assert answer.status == 75, answer
    assert "redis" in answer.err.lower() or "redis" in answer.out.lower()


def test_missing_configuration_says_where(node):
    node.path = node.path + ".missing"
    for arguments in (["check"], ["account", "list"]):
        answer = node.okite(*arguments)
        assert answer.status not in (0, 75)
        assert node.path in answer.err + answer.out


# ---- check ----


def test_check_of_a_healthy_house(new_okited, own_redis):
    redis = own_redis(options=["--appendonly", "yes"])
    node = new_okited(on=redis, limits=(DAY,))
    assert node.okite("check").status == 0
    findings = node.okite("check", json=True, check=0).objects
    assert findings and all({"level", "where", "message"} <= set(one) for one in findings)
    assert {one["level"] for one in findings} <= {"ok", "warning"}


def test_check_tells_of_redis_that_forgets(new_okited, own_redis):
    redis = own_redis()  # no persistence
    redis.configure("maxmemory", "100mb")
    redis.configure("maxmemory-policy", "allkeys-lru")
    node = new_okited(on=redis)
    findings = node.okite("check", json=True).objects
    bad = [one for one in findings if one["level"] != "ok"]
    text = " ".join(one["message"] for one in bad).lower()
    assert "persist" in text or "disk" in text or "save" in text, findings
    assert "evict" in text or "maxmemory-policy" in text, findings


def test_check_reports_every_fault_of_the_configuration(node):
    node.write(
        'mode = "sometimes";\n'
        "max_recipients = -1;\n"
        "colour = 7;\n"
        'limits = ( { name = "a"; quota = "1/24h"; rate = "1/s"; },\n'
        '           { name = "b"; } );\n'
    )
    answer = node.okite("check")
    assert answer.status == 1, answer
    text = answer.out + answer.err
    for line, option in (
        (1, "mode"),
        (2, "max_recipients"),
        (3, "colour"),
        (4, "limits"),
        (5, "limits"),
    ):
        assert re.search(rf"{node.path}:{line}: .*{option}", text), (line, option, text)


def test_check_changes_nothing(node, redis):
    node.okite("check")
    assert [key for key in redis.keys() if "secret" not in key] == []


def limited_user(new_okited, redis, folder, *rules):
    """A node whose user of Redis may not do everything."""
    redis.call("ACL", "SETUSER", "limited", "reset", "on", ">secret", *rules)
    path = f"{folder}/password"
    with open(path, "w") as file:
        file.write("secret\n")
    return new_okited(on=redis, redis={"user": "limited", "password_file": path})


def test_check_names_missing_rights(new_okited, own_redis, folder):
    denied = ("-xadd", "-scan", "-zadd", "-hsetnx", "-pexpireat", "-hget")
    redis = own_redis()
    node = limited_user(new_okited, redis, folder, "~*", "+@all", *denied)
    findings = node.okite("check", json=True, check=1).objects
    (fault,) = [one["message"] for one in findings if one["level"] == "error"]
    assert "may not use PEXPIREAT, HSETNX, HGET, ZADD, XADD, SCAN:" in fault, fault
    assert [key for key in redis.keys() if "secret" not in key and "check" not in key] == []


@pytest.mark.parametrize("command, name", [("-script", "SCRIPT LOAD"), ("-evalsha", "EVALSHA")])
def test_check_names_missing_scripts(new_okited, own_redis, folder, command, name):
    node = limited_user(new_okited, own_redis(), folder, "~*", "+@all", command)
    findings = node.okite("check", json=True, check=1).objects
    (fault,) = [one["message"] for one in findings if one["level"] == "error"]
    assert f"may not use {name}:" in fault, fault


def test_check_of_what_is_enough(new_okited, own_redis, folder):
    """Rights to our keys, and none that are dangerous."""
    rules = ("~okite:*", "+@all", "-@dangerous", "-@admin")
    node = limited_user(new_okited, own_redis(), folder, *rules)
    findings = node.okite("check", json=True, check=0).objects
    assert any("may run scripts" in one["message"] for one in findings), findings
    node = limited_user(new_okited, own_redis(), folder, "~okite:secret", "+@all")
    findings = node.okite("check", json=True, check=1).objects
    assert any('keys that begin with "okite:"' in one["message"] for one in findings), findings


# ---- explain ----


def explain(node, *to, login=ALICE, status=None, more=()):
    arguments = ["explain", "--from", "news@shop.example", "--login", login, *more]
    for recipient in to:
        arguments += ["--to", recipient]
    return node.okite(*arguments, json=True, check=status).objects


def test_explain_accept(node):
    (line,) = explain(node, "a@b.example", status=0)
    assert {"recipient", "verdict", "rule", "reply", "limits"} <= set(line)
    assert (line["recipient"], line["verdict"]) == ("a@b.example", "accept")
    assert {limit["name"] for limit in line["limits"]} == {"day", "rate"}


def test_explain_is_what_would_happen(node, redis):
    node.suppress("gone@b.example", "--reason", "hard")
    keys = redis.keys()
    to = ["a@b.example", "gone@b.example", "c@d.example", "e@f.example", "g@h.example"]
    lines = explain(node, *to, status=1)
    assert [line["recipient"] for line in lines] == to
    assert [line["verdict"] for line in lines] == [
        "accept",
        "reject",
        "accept",
        "accept",
        "tempfail",
    ]
    assert (lines[1]["rule"], lines[1]["reply"][:9]) == ("suppressed", "550 5.1.1")
    assert (lines[4]["rule"], lines[4]["reply"][:9]) == ("day", "451 4.7.1")
    assert redis.keys() == keys
    node.start()
    message = node.send(to, login=ALICE)
    for reply, line in zip(message.replies, lines):
        # But for the seconds: nothing was charged yet when they were asked for.
        without = re.sub(r", try again in \d+ seconds", "", str(reply))
        assert reply.accepted or without == re.sub(r", try again in \d+ seconds", "", line["reply"])
    assert node.used(ALICE, "day") == 3


def test_explain_changes_nothing(node):
    for _ in range(3):
        explain(node, "a@b.example", "c@d.example", status=0)
    assert node.used(ALICE, "day") == 0 and node.used(ALICE, "rate") == 0


def test_explain_paused_and_too_large_and_stranger(new_okited):
    node = new_okited(limits=(DAY,), max_size="10K")
    node.okite("account", "pause", ALICE, check=0)
    (line,) = explain(node, "a@b.example", status=1)
    assert (line["verdict"], line["rule"]) == ("tempfail", "paused")
    (line,) = explain(node, "a@b.example", login="bob", status=1, more=["--size", "20000"])
    assert (line["verdict"], line["rule"]) == ("reject", "caps")
    arguments = ["explain", "--from", "x@y.example", "--to", "a@b.example"]
    (line,) = node.okite(*arguments, "--client", "198.51.100.9", json=True, check=0).objects
    assert line["verdict"] == "accept"


def local(node, *to, status=None):
    arguments = ["explain", "--from", "news@shop.example", "--local", "--to", *to]
    lines = node.okite(*arguments, json=True, check=status).objects
    return [(line["verdict"], line["rule"]) for line in lines]


def test_explain_local_beside_internal_recipients(new_okited):
    """As okited does: an internal recipient keeps a message whose others are taken out."""
    node = new_okited(limits=(DAY,), internal_domains=["in.example"], max_recipients=3)
    node.suppress("gone@b.example", "--reason", "hard")
    assert local(node, "a@in.example", "gone@b.example") == [
        ("accept", "internal"),
        ("reject", "suppressed"),
    ]
    assert local(node, "gone@b.example", status=1) == [("reject", "suppressed")]
    # An address that routes mail is taken out, and the others go on.
    assert local(node, "a@in.example", "x%y.example@in.example", "c@d.example") == [
        ("accept", "internal"),
        ("reject", "caps"),
        ("accept", ""),
    ]
    # Too many is the message's.
    many = [f"r{number}@b.example" for number in range(4)]
    assert local(node, "a@in.example", *many, status=1) == [("reject", "caps")] * 5


def test_explain_for_people(node):
    node.suppress("gone@b.example")
    answer = node.okite(
        "explain", "--from", "news@shop.example", "--to", "gone@b.example", "--login", ALICE
    )
    assert answer.status == 1
    assert "gone@b.example" in answer.out and "suppressed" in answer.out


# ---- accounts ----

SHOW = (
    "account plan standing since note sent hard soft policy complaint bounce_rate bounce_rate_low "
    "complaint_rate complaint_rate_low limits"
).split()


def test_account_show_of_anybody(node):
    shown = node.account("nobody-yet")
    assert set(SHOW) <= set(shown)
    assert (shown["account"], shown["standing"], shown["sent"]) == ("nobody-yet", "healthy", 0)
    assert node.okite("account", "show", "nobody-yet", check=0).out.strip()


def test_account_show_limits(node):
    node.start()
    node.send(["a@b.example", "c@d.example", "e@f.example"], login=ALICE)
    limits = {limit["name"]: limit for limit in node.account(ALICE)["limits"]}
    day = limits["day"]
    assert {"name", "key", "used", "allowed", "window", "frees_in"} <= set(day)
    assert (day["used"], day["allowed"], day["window"]) == (3, 3, 86400)
    assert 86400 - 60 <= day["frees_in"] <= 86400 * 97 / 96 + 1
    assert (limits["rate"]["used"], limits["rate"]["frees_in"]) == (3, 0)


def test_account_list(node):
    assert node.okite("account", "list", json=True, check=0).objects == []
    node.start()
    node.send(["a@b.example"], login=ALICE)
    node.okite("account", "pause", "bob", check=0)
    listed = {
        one["account"]: one for one in node.okite("account", "list", json=True, check=0).objects
    }
    assert set(listed) == {ALICE, "bob"}
    assert set(SHOW) - {"limits"} <= set(listed["bob"])
    assert listed["bob"]["standing"] == "paused" and listed[ALICE]["sent"] == 1
    people = node.okite("account", "list", check=0).out
    assert ALICE in people and "paused" in people


def test_account_pause_and_resume(node):
    node.okite("account", "pause", "bob", "--note", "spam since Monday", check=0)
    shown = node.account("bob")
    assert (shown["standing"], shown["note"]) == ("paused", "spam since Monday")
    assert TIME.match(shown["since"]), shown
    node.okite("account", "resume", "bob", check=0)
    assert node.account("bob")["standing"] in ("healthy", "reinstated")
    kinds = [(event["event"], event["account"]) for event in node.events()]
    assert ("paused", "bob") in kinds and ("resumed", "bob") in kinds


def test_account_set_takes_effect_at_once(node):
    node.start()
    to = [f"r{i}@b.example" for i in range(6)]
    assert node.send(to, login=ALICE).accepted == 3
    node.okite("account", "set", ALICE, "--limit", "day=5/24h", "--note", "asked nicely", check=0)
    assert node.send(to, login=ALICE).accepted == 2
    node.okite("account", "set", ALICE, "--limit", "day=none", check=0)
    assert node.send(to[:2], login=ALICE).accepted == 2
    assert node.account(ALICE)["note"] == "asked nicely"
    node.okite("account", "set", ALICE, "--limit", "day=1/24h", check=0)
    assert node.send(to, login=ALICE).accepted == 0


def test_account_set_refuses_nonsense(node):
    for value in (
        "day=often",
        "day=0/24h",
        "nosuch=1/24h",
        "day=-1/24h",
        # The bounds of the configuration.
        "day=1000000001/24h",
        "day=1/32d",
        "day=1/999ms",
        "rate=100001/s",
        "rate=1/32d",
    ):
        answer = node.okite("account", "set", ALICE, "--limit", value)
        assert answer.status in (1, 64), (value, answer)
        assert answer.err.strip()
    assert node.okite("account", "set", ALICE, "--plan", "nosuch").status in (1, 64)
    assert node.okite("account", "list", json=True).objects == []


def test_account_set_plan(new_okited):
    plans = (
        {"name": "small", "limits": ({"name": "day", "quota": "1/24h"},)},
        {"name": "standard", "limits": ()},
    )
    node = new_okited(limits=(DAY,), plans=plans, default_plan="standard").start()
    node.okite("account", "set", ALICE, "--plan", "small", check=0)
    assert node.account(ALICE)["plan"] == "small"
    assert node.send(["a@b.example", "c@d.example"], login=ALICE).accepted == 1


def test_account_override_ends_by_itself(new_okited, own_redis, clock):
    redis = own_redis(environment=clock.environment(shutil.which(SERVER)))
    settings = {"on": redis, "limits": ({**DAY, "quota": "1/24h"},)}
    node = new_okited(environment=clock.environment(OKITED), **settings).start()
    node.okite("account", "set", ALICE, "--limit", "day=3/24h", "--until", "2h", check=0)
    to = [f"r{i}@b.example" for i in range(4)]
    assert node.send(to, login=ALICE).accepted == 3
    node.okite("account", "reset", ALICE, check=0)
    clock.advance(3 * 3600)
    assert node.send(to, login=ALICE).accepted == 1


def test_account_reset(node):
    node.start()
    to = ["a@b.example", "c@d.example", "e@f.example"]
    node.send(to, login=ALICE)
    node.send(to, login="bob")
    node.okite("account", "reset", ALICE, "day", check=0)
    assert [node.used(ALICE, name) for name in ("day", "rate")] == [0, 3]
    node.okite("account", "reset", ALICE, check=0)
    assert [node.used(ALICE, name) for name in ("day", "rate")] == [0, 0]
    assert [node.used("bob", name) for name in ("day", "rate")] == [3, 3]
    assert node.send(to, login=ALICE).accepted == 3


def test_account_names_are_lower_case(node):
    node.okite("account", "pause", "BOB@Test.example", check=0)
    assert node.account("bob@test.example")["standing"] == "paused"


@pytest.mark.parametrize(
    "arguments",
    [
        ["suppress", "add", "new@b.example"],
        ["suppress", "remove", "old@b.example"],
        ["account", "pause", "bob"],
        ["account", "resume", "paused"],
    ],
    ids=" ".join,
)
def test_no_change_without_its_event(node, redis, arguments):
    """75: then nothing was changed."""
    node.suppress("old@b.example")
    node.okite("account", "pause", "paused", check=0)
    redis.call("RENAME", "okite:events", "elsewhere")
    redis.call("SET", "okite:events", "not a stream")
    before = [node.okite(what, "list", json=True).objects for what in ("suppress", "account")]
    assert node.okite(*arguments).status == 75
    after = [node.okite(what, "list", json=True).objects for what in ("suppress", "account")]
    assert after == before
    redis.call("RENAME", "elsewhere", "okite:events")
    node.okite(*arguments, check=0)
    assert len(node.events()) == 3


# ---- verified recipients ----


def test_verified(node):
    node.okite("verified", "add", "Me@Home.example", check=0)
    node.okite("verified", "add", "@friends.example", check=0)
    listed = {
        one["address"]: one for one in node.okite("verified", "list", json=True, check=0).objects
    }
    assert set(listed) == {"me@home.example", "@friends.example"}
    assert all(TIME.match(one["since"]) for one in listed.values())
    assert "@friends.example" in node.okite("verified", "list", check=0).out
    node.okite("verified", "remove", "me@home.example", check=0)
    assert node.okite("verified", "remove", "me@home.example").status == 1
    (left,) = node.okite("verified", "list", json=True, check=0).objects
    assert left["address"] == "@friends.example"


# ---- events ----

EVENT = "time event account recipient sender rule verdict reply queue_id detail".split()


def test_events(node):
    node.start()
    node.suppress("gone@b.example")
    node.send(["gone@b.example", "a@b.example"], sender="news@shop.example", login=ALICE)
    node.send(["gone@b.example"], login="bob")
    refused = node.wait_events("refused", 2)
    assert [event["account"] for event in refused] == [ALICE, "bob"]
    first = refused[0]
    assert set(EVENT) <= set(first) and TIME.match(first["time"])
    assert (first["recipient"], first["sender"]) == ("gone@b.example", "news@shop.example")
    assert (first["rule"], first["verdict"]) == ("suppressed", "reject")
    assert first["reply"].startswith("550 5.7.1 ") and first["reply"].endswith("[okite:suppressed]")
    only = node.events("--account", "bob")
    assert {event["account"] for event in only} == {"bob"}
    people = node.okite("events", check=0).out
    assert "gone@b.example" in people and "suppressed" in people


def test_events_followed(node, folder):
    node.start()
    arguments = [OKITE, "-c", node.path, "--json", "events", "-f", "--account", "bob"]
    program = Program(arguments, folder + "/events")
    try:
        node.suppress("gone@b.example")
        for number in range(3):
            node.send(["gone@b.example"], login="alice")
            node.send(["gone@b.example"], sender=f"{number}@shop.example", login="bob")
            program.log.wait(rf'"sender": ?"{number}@shop.example"')
        assert len(program.log.lines("refused")) == 3 and not program.log.lines("alice")
        assert program.status is None
    finally:
        program.kill()
