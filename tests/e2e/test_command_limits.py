"""okite account show: every limit, with all its states, overrides included."""

import re

import pytest

ALICE = "alice@test.example"
DAY = {"name": "day", "per": ["account"], "quota": "3/24h"}
RATE = {"name": "rate", "per": ["account"], "rate": "1/h", "burst": 10}
EACH = {"name": "each", "per": ["account", "recipient_domain"], "quota": "3/24h"}
SHARED = {"name": "shared", "per": ["everyone"], "quota": "100/24h"}
DOMAIN = {"name": "domain", "per": ["recipient_domain"], "quota": "100/24h"}


def rows(node, account, limit):
    """What `account show` tells of a limit: used and allowed, by whose it is."""
    shown = [one for one in node.account(account)["limits"] if one["name"] == limit]
    assert len({one["key"] for one in shown}) == len(shown), shown
    return {one["key"]: (one["used"], one["allowed"]) for one in shown}


def test_account_show_every_state_of_a_limit(new_okited):
    node = new_okited(limits=(EACH, SHARED, DOMAIN)).start()
    assert rows(node, ALICE, "each") == {f"account={ALICE} recipient_domain=*": (0, 3)}
    (shown,) = [one for one in node.account(ALICE)["limits"] if one["name"] == "each"]
    assert shown["frees_in"] == 0
    assert node.send(["a@b.example", "c@b.example", "e@f.example"], login=ALICE).accepted == 3
    assert node.send(["a@b.example", "x@y.example"], login="bob").accepted == 2
    assert rows(node, ALICE, "each") == {
        f"account={ALICE} recipient_domain=b.example": (2, 3),
        f"account={ALICE} recipient_domain=f.example": (1, 3),
    }
    assert set(rows(node, "bob", "each").values()) == {(1, 3)}
    assert rows(node, ALICE, "shared") == {"everyone": (5, 100)}
    # Everybody's: which of its states is the account's nothing tells.
    assert rows(node, ALICE, "domain") == {"recipient_domain=*": (None, 100)}
    assert node.send(["g@b.example", "h@b.example"], login=ALICE).accepted == 1
    full = [one for one in node.account(ALICE)["limits"] if one["key"].endswith("=b.example")]
    assert [one["used"] for one in full] == [3]
    assert 86400 - 60 <= full[0]["frees_in"] <= 86400 * 97 / 96 + 1
    people = node.okite("account", "show", ALICE, check=0).out
    assert re.search(rf"each +account={ALICE} recipient_domain=b.example +3/3 ", people), people
    node.okite("account", "pause", ALICE, check=0)
    assert rows(node, ALICE, "each")[f"account={ALICE} recipient_domain=b.example"] == (3, 3)
    node.okite("account", "reset", ALICE, "each", check=0)
    assert rows(node, ALICE, "each") == {f"account={ALICE} recipient_domain=*": (0, 3)}


def test_account_show_names_as_they_were(new_okited):
    """Keys escape foreign text, and hide recipients."""
    per = ["account", "client", "sender", "recipient"]
    node = new_okited(limits=({"name": "all", "per": per, "rate": "10/h"},)).start()
    account = "x}:l:all:r*"
    node.send(["a@b.example"], sender='"a:b} %"@c.example', login=account, client="2001:db8::1")
    ((key, used),) = rows(node, account, "all").items()
    assert re.fullmatch(
        re.escape(f'account={account} sender="a:b}} %"@c.example client=2001:db8:')
        + r"\S* recipient=[0-9a-f]{32}",
        key,
    ), key
    assert used[0] == 1


def test_account_show_is_bounded(new_okited):
    node = new_okited(limits=({**EACH, "per": ["account", "recipient"]},), max_recipients=1000)
    node.start()
    node.send([f"r{i}@b.example" for i in range(205)], login=ALICE)
    shown = node.account(ALICE)
    assert len(shown["limits"]) == 200 and {one["used"] for one in shown["limits"]} == {1}
    assert shown["limits_left_out"] == [{"name": "each", "count": 5}]
    people = node.okite("account", "show", ALICE, check=0).out
    assert "each: 5 more" in people
    assert node.account("bob")["limits_left_out"] == []


@pytest.mark.parametrize("per", [["account"], ["account", "recipient_domain"]], ids=len)
def test_account_show_overrides(new_okited, per):
    """What an override allows is what is shown, and what holds."""
    limits = ({**DAY, "per": per}, {**RATE, "per": per})
    node = new_okited(limits=limits).start()

    def override(*values):
        options = [word for value in values for word in ("--limit", value)]
        node.okite("account", "set", ALICE, *options, check=0)

    def shown():
        found = {one["name"]: one for one in node.account(ALICE)["limits"]}
        assert len(found) == len(node.account(ALICE)["limits"])
        return found

    to = [f"r{i}@b.example" for i in range(40)]
    assert node.send(to, login=ALICE).accepted == 3
    override("day=5/24h", "rate=2/h")
    day, rate = shown()["day"], shown()["rate"]
    assert (day["used"], day["allowed"], day["window"], day["capacity"]) == (3, 5, 86400, "5/24h")
    # A slower rate keeps its burst.
    assert (rate["used"], rate["allowed"], rate["window"], rate["capacity"]) == (3, 10, 3600, "2/h")
    people = node.okite("account", "show", ALICE, check=0).out
    assert re.search(r" 3/5 +5/24h ", people) and re.search(r" 3/10 +2/h ", people), people
    assert node.send(to, login=ALICE).accepted == 2
    # Another window is another count; a faster rate has two seconds of it as its burst.
    override("day=30/48h", "rate=10/s")
    day, rate = shown()["day"], shown()["rate"]
    assert (day["used"], day["allowed"], day["window"]) == (0, 30, 172800)
    assert rate["allowed"] == 20 and rate["capacity"] == "10/s"
    node.okite("account", "reset", ALICE, "rate", check=0)
    assert 20 <= node.send(to, login=ALICE).accepted <= 30
    override("day=none", "rate=none")
    day, rate = shown()["day"], shown()["rate"]
    assert day["allowed"] is None and rate["allowed"] is None and day["used"] is None
    assert "no limit" in node.okite("account", "show", ALICE, check=0).out
    override("day=", "rate=")
    day, rate = shown()["day"], shown()["rate"]
    assert (day["used"], day["allowed"]) == (5, 3) and rate["allowed"] == 10
