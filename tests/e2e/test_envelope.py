"""Whose mail it is, and which mail is ours to judge, over the milter protocol."""

import pytest

ACCEPTED = "accepted"
DAY = {"name": "day", "per": ["account"], "quota": "100/24h"}


@pytest.mark.parametrize(
    "who, account",
    [
        ({"login": "alice@test.example"}, "alice@test.example"),
        ({"login": "Alice@Test.EXAMPLE"}, "alice@test.example"),
        ({"login": "alice", "client": "198.51.100.7"}, "alice"),
        ({"client": "127.0.0.7"}, "127.0.0.7"),
        ({"client": "::1"}, "::/64"),
        ({"local": True}, "local"),
    ],
)
def test_account(okited, who, account):
    node = okited(limits=(DAY,))
    assert node.send(["a@b.example"], **who).accepted == 1
    assert node.used(account, "day") == 1
    assert node.log.wait(rf"verdict=accept account={account} ")


@pytest.mark.parametrize(
    "client, account",
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ],
)
def test_account_of_a_client_without_login(okited, client, account):
    node = okited(limits=(DAY,), outgoing={"networks": ["192.0.2.0/24", "2001:db8::/32"]})
    assert node.send(["a@b.example"], client=client).accepted == 1
    assert node.used(account, "day") == 1


@pytest.mark.parametrize(
    "sources, sender, account",
    [
        (["sender"], "News@Shop.example", "news@shop.example"),
        (["sender_domain"], "news@Shop.Example", "shop.example"),
        (["sender", "client"], "", "127.0.0.1"),
        (["login", "sender_domain"], "news@shop.example", "shop.example"),
    ],
)
def test_account_by_other_sources(okited, sources, sender, account):
    node = okited(limits=(DAY,), account=sources)
    assert node.send(["a@b.example"], sender=sender).accepted == 1
    shown = node.account(account)
    assert shown["sent"] == 1, node.log.text()


def test_mail_of_strangers_passes_untouched(okited):
    node = okited(
        limits=({"name": "day", "per": ["everyone"], "quota": "1/24h"},), max_recipients=1
    )
    node.suppress("gone@b.example")
    foreign = [("Subject", "x"), ("X-Okite-Token", "foreign")]
    to = ["gone@b.example", "a@b.example", "c@d.example"]
    message = node.send(to, client="198.51.100.9", headers=foreign)
    assert message.delivered == to
    assert message.headers == foreign
    assert node.send(["a@b.example"], login="alice").gists == [ACCEPTED]


def test_logins_are_not_ours_where_the_configuration_says_so(okited):
    node = okited(outgoing={"authenticated": False, "networks": ["192.0.2.0/24"]})
    node.suppress("gone@b.example")
    to = ["gone@b.example"]
    assert node.send(to, login="alice", client="198.51.100.9").gists == [ACCEPTED]
    assert node.send(to, login="alice", client="192.0.2.9").gists == ["550 5.7.1 suppressed"]


def test_local_submission_is_always_ours(okited):
    node = okited(outgoing={"authenticated": False, "networks": []}, limits=(DAY,))
    node.send(["a@b.example"], local=True)
    assert node.used("local", "day") == 1


def test_internal_recipients_are_free(okited):
    node = okited(
        limits=({**DAY, "quota": "1/24h"},), internal_domains=["Home.example", "*.home.example"]
    )
    node.suppress("gone@home.example")
    to = ["a@home.example", "gone@HOME.example", "b@x.home.example", "a@b.example", "c@d.example"]
    message = node.send(to, login="alice")
    assert message.gists == [ACCEPTED] * 4 + ["451 4.7.1 day"]
    assert node.used("alice", "day") == 1
    assert node.account("alice")["sent"] == 1


@pytest.mark.parametrize(
    "address",
    [
        "victim%gmail.example@corp.example",
        '"victim@gmail.example"@corp.example',
        "gmail.example!victim@corp.example",
    ],
)
@pytest.mark.parametrize("macro", ["with the macro", "without"])
def test_internal_recipients_route_nothing_elsewhere(okited, address, macro):
    """Where {rcpt_addr} does not say what the MTA makes of it, it is nobody's address."""
    node = okited(limits=(DAY,), internal_domains=["corp.example"])
    with node.session(login="alice") as session:
        if macro == "without":
            session.wanted_macros["rcpt"] = "i"
        message = session.send("news@shop.example", [address, "victim@corp.example"])
    assert message.gists == ["553 5.1.3 caps", ACCEPTED]
    assert node.used("alice", "day") == 0


def test_null_sender_counts_on_the_login(okited):
    node = okited(limits=({**DAY, "quota": "2/24h"},))
    message = node.send(["a@b.example", "c@d.example", "e@f.example"], sender="", login="alice")
    assert message.gists == [ACCEPTED, ACCEPTED, "451 4.7.1 day"]
    assert node.used("alice", "day") == 2
    assert node.log.wait(r"verdict=accept account=alice .*from=<> ")


def test_second_message_of_a_session_may_have_another_login(okited):
    """Postfix allows no second AUTH, but XCLIENT and proxies do as they like."""
    node = okited(limits=(DAY,))
    with node.session(login="alice") as session:
        session.send("news@shop.example", ["a@b.example"])
        session.login = "bob"
        session.send("news@shop.example", ["a@b.example"])
        session.login = ""
        session.send("news@shop.example", ["a@b.example"])
    assert [node.used(who, "day") for who in ("alice", "bob", "127.0.0.1")] == [1, 1, 1]


@pytest.mark.parametrize(
    "count, want", [("recipients", 4), ("messages", 2), ("distinct_recipients", 3)]
)
def test_count(okited, count, want):
    node = okited(limits=({**DAY, "count": count},))
    with node.session(login="alice") as session:
        session.send("news@shop.example", ["a@b.example", "b@b.example"])
        session.send("news@shop.example", ["c@b.example", "a@b.example"])
    assert node.used("alice", "day") == want


def test_messages_are_counted_once_for_each_key(okited):
    limit = {"name": "some", "per": ["recipient_domain"], "quota": "1/24h", "count": "messages"}
    node = okited(limits=(limit,))
    to = ["a@b.example", "c@d.example", "e@b.example", "f@d.example"]
    assert node.send(to, login="alice").gists == [ACCEPTED] * 4
    assert node.send(to, login="alice").gists == ["451 4.7.1 some"] * 4


def test_recipient_mentioned_again_is_no_new_distinct_recipient(okited):
    limit = {**DAY, "quota": "2/24h", "count": "distinct_recipients"}
    node = okited(limits=(limit,))
    to = ["a@b.example", "c@d.example", "A@B.example"]
    for _ in range(3):
        assert node.send(to, login="alice").gists == [ACCEPTED] * 3
    assert (
        node.send(["e@f.example", *to], login="alice").gists == ["451 4.7.1 day"] + [ACCEPTED] * 3
    )


@pytest.mark.parametrize(
    "when, recipient, login, applies",
    [
        ({"recipient_domain": ["gmail.com", "googlemail.com"]}, "a@Gmail.com", "x", True),
        ({"recipient_domain": ["gmail.com"]}, "a@b.example", "x", False),
        ({"recipient_domain": ["*.b.example"]}, "a@sub.b.example", "x", True),
        ({"recipient": ["a@*"]}, "a@b.example", "x", True),
        ({"sender": ["news@shop.example"]}, "a@b.example", "x", True),
        ({"sender_domain": ["other.example"]}, "a@b.example", "x", False),
        ({"login": ["news*"]}, "a@b.example", "newsletter", True),
        ({"account": ["news*"]}, "a@b.example", "shop", False),
        ({"client": ["127.0.0.0/8"]}, "a@b.example", "x", True),
        ({"client": ["192.0.2.0/24"]}, "a@b.example", "x", False),
        ({"login": ["x"], "recipient_domain": ["gmail.com"]}, "a@b.example", "x", False),
    ],
)
def test_when(okited, when, recipient, login, applies):
    limit = {"name": "some", "per": ["everyone"], "quota": "1/24h", "when": when}
    node = okited(limits=(limit,))
    assert node.send([recipient], login=login).gists == [ACCEPTED]
    want = "451 4.7.1 some" if applies else ACCEPTED
    assert node.send([recipient], login=login).gists == [want]


@pytest.mark.parametrize(
    "per, first, second, shared",
    [
        (["recipient_domain"], ("alice", "a@b.example"), ("bob", "c@B.example"), True),
        (["recipient_domain"], ("alice", "a@b.example"), ("alice", "a@d.example"), False),
        (["recipient"], ("alice", "a@b.example"), ("bob", "a@b.example"), True),
        (["account", "recipient_domain"], ("alice", "a@b.example"), ("bob", "a@b.example"), False),
        (["login"], ("alice", "a@b.example"), ("alice", "c@d.example"), True),
        (["sender"], ("alice", "a@b.example"), ("bob", "c@d.example"), True),
        (["sender_domain", "login"], ("alice", "a@b.example"), ("bob", "c@d.example"), False),
        (["client"], ("alice", "a@b.example"), ("bob", "c@d.example"), True),
        (["everyone"], ("alice", "a@b.example"), ("bob", "c@d.example"), True),
    ],
)
def test_per(okited, per, first, second, shared):
    node = okited(limits=({"name": "some", "per": per, "quota": "1/24h"},))
    assert node.send([first[1]], login=first[0]).gists == [ACCEPTED]
    want = "451 4.7.1 some" if shared else ACCEPTED
    assert node.send([second[1]], login=second[0]).gists == [want]
