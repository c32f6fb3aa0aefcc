"""One test for each mistake that programs of this kind have been seen to make."""

import shutil
import time

from support.hammer import hammer, timed_send
from support.okited import OKITED
from support.redis import SERVER
from support.wait import wait_until

ACCEPTED = "accepted"
DAY = {"name": "day", "per": ["account"], "quota": "5/24h"}


def accepted(message):
    return sum(reply.accepted for reply in message.replies)


def test_one_exempt_recipient_does_not_lift_the_limit_for_others(okited):
    node = okited(limits=(DAY,), internal_domains=["home.example"], max_recipients=600)
    to = ["postmaster@home.example", *(f"r{i}@b.example" for i in range(500))]
    message = node.send(to, login="shop")
    assert accepted(message) == 1 + 5
    assert node.used("shop", "day") == 5


def test_first_message_on_a_fresh_key_does_not_always_pass(okited):
    limit = {"name": "rate", "per": ["account"], "rate": "1/h", "burst": 20}
    node = okited(limits=(limit,), max_recipients=1000)
    message = node.send([f"r{i}@b.example" for i in range(1000)], login="shop")
    assert accepted(message) == 20
    assert node.used("shop", "rate") == 20


def test_first_whole_message_on_a_fresh_key_does_not_always_pass(okited):
    limit = {"name": "rate", "per": ["account"], "rate": "1/s", "burst": 20}
    node = okited(limits=(limit,), max_recipients=1000)
    message = node.send([f"r{i}@b.example" for i in range(100)], local=True)
    assert not message.end.accepted
    assert node.used("local", "rate") == 0


def test_message_larger_than_the_whole_window_is_not_deferred_for_ever(okited):
    """Judged as a whole it never fits, however long it waits: a bounce tells its sender so."""
    node = okited(limits=(DAY,), local_submission="tempfail")
    message = node.send([f"r{i}@b.example" for i in range(6)], local=True)
    assert message.end.code // 100 == 5 and message.end.rule == "day", message.end
    assert node.send([f"r{i}@b.example" for i in range(5)], local=True).end.accepted


def test_check_and_count_are_one_step(okited):
    node = okited(limits=(DAY,))

    def send(session, number):
        session.login = "shop"
        return [timed_send(session, f"r{number}@b.example")]

    results = hammer([node.listen], 4, 16, send)
    assert sum(good for _, _, good in results) == 5


def test_earlier_limits_are_not_charged_when_a_later_one_refuses(okited):
    first = {"name": "first", "per": ["account"], "quota": "100/24h"}
    rate = {"name": "rate", "per": ["account"], "rate": "1/h", "burst": 100}
    last = {"name": "last", "per": ["account"], "quota": "1/24h"}
    node = okited(limits=(first, rate, last))
    node.send(["a@b.example"], login="shop")
    before = [node.used("shop", name) for name in ("first", "rate", "last")]
    assert node.send(["c@b.example"], login="shop").gists == ["451 4.7.1 last"]
    assert [node.used("shop", name) for name in ("first", "rate", "last")] == before


def test_clocks_of_the_nodes_do_not_matter(okited, new_okited, clock):
    """The second node is half an hour ahead; both count in the same window."""
    limit = {"name": "hour", "per": ["account"], "quota": "10/10m"}
    rate = {"name": "rate", "per": ["account"], "rate": "1/m", "burst": 10}
    clock.advance(1800)
    here = okited(limits=(limit, rate))
    ahead = new_okited(limits=(limit, rate), environment=clock.environment(OKITED)).start()
    to = [f"r{i}@b.example" for i in range(6)]
    assert accepted(here.send(to, login="shop")) == 6
    assert accepted(ahead.send(to, login="shop")) == 4
    assert accepted(here.send(to, login="shop")) == 0


def test_raising_a_limit_loosens_at_once_and_lowering_tightens(okited):
    rate = {"name": "rate", "per": ["account"], "rate": "1/h", "burst": 5}
    to = [f"r{i}@b.example" for i in range(6)]
    for limit, raised, lowered in ((DAY, "8/24h", "6/24h"), (rate, "3600/h", "1/h")):
        node = okited(limits=(limit,))
        name, who = limit["name"], "shop-" + limit["name"]
        assert accepted(node.send(to, login=who)) == 5
        node.okite("account", "set", who, "--limit", f"{name}={raised}", check=0)
        if name == "day":
            assert accepted(node.send(to, login=who)) == 3
            node.okite("account", "set", who, "--limit", f"{name}={lowered}", check=0)
            assert accepted(node.send(to, login=who)) == 0
        else:
            wait_until(lambda: accepted(node.send(to[:1], login=who)) == 1, "one a second")
            node.okite("account", "set", who, "--limit", f"{name}={lowered}", check=0)
            node.send(to, login=who)
            assert accepted(node.send(to, login=who)) == 0


def test_lowering_a_rate_does_not_forget_what_was_used(new_okited, own_redis, clock):
    """At the old rate it would all have drained away: it is the new one that counts."""
    redis = own_redis(environment=clock.environment(shutil.which(SERVER)))
    rate = {"name": "rate", "per": ["account"], "rate": "10/s", "burst": 20}
    node = new_okited(on=redis, limits=(rate,)).start()
    to = [f"r{i}@b.example" for i in range(50)]
    assert 20 <= accepted(node.send(to, login="shop")) < 50
    node.okite("account", "set", "shop", "--limit", "rate=1/h", check=0)
    clock.advance(10)
    # One at most: what had drained before the last of the fifty was refused.
    assert accepted(node.send(to, login="shop")) <= 1


def test_every_counter_expires(okited, redis):
    """Whatever a message leaves in Redis goes by itself."""
    node = okited(
        limits=(
            DAY,
            {"name": "rate", "per": ["account"], "rate": "14/s", "burst": 50},
            {
                "name": "people",
                "per": ["account"],
                "quota": "10/24h",
                "count": "distinct_recipients",
            },
            {"name": "domain", "per": ["recipient_domain"], "quota": "100/1h", "count": "messages"},
        )
    )
    before = set(redis.keys())
    for number in range(3):
        node.send([f"r{number}@b.example", "a@b.example"], login="shop")
    new = set(redis.keys()) - before
    assert len(new) >= 4
    lasting = [key for key in new if redis.call("PTTL", key) < 0]
    # The list of events is capped, not timed; of the accounts each has its own end.
    assert [key for key in lasting if not key.endswith(("events", "accounts"))] == []
    assert float(redis.call("ZSCORE", "okite:accounts", "shop")) <= time.time() + 31 * 86400


def test_limit_keys_end_with_their_window(new_okited, own_redis, clock):
    redis = own_redis(environment=clock.environment(shutil.which(SERVER)))
    node = new_okited(
        on=redis, limits=(DAY, {"name": "hour", "per": ["account"], "quota": "5/1h"})
    ).start()
    node.send(["a@b.example"], login="shop")
    assert node.used("shop", "day") == 1
    clock.advance(2 * 86400)
    assert node.used("shop", "day") == 0
    assert [key for key in redis.keys() if ":l:" in key] == []


def test_each_of_several_limits_is_enforced(okited):
    """Not only the last in the file: three windows, each trips alone."""
    windows = (("minute", "1m"), ("hour", "1h"), ("day", "24h"))
    for tripped, _ in windows:
        limits = tuple(
            {"name": name, "per": ["account"], "quota": f"{2 if name == tripped else 100}/{window}"}
            for name, window in windows
        )
        node = okited(limits=limits)
        message = node.send(["a@b.example", "c@d.example", "e@f.example"], login="for-" + tripped)
        assert message.gists == [ACCEPTED, ACCEPTED, f"451 4.7.1 {tripped}"]


def test_clients_without_a_login_do_not_share_a_bucket(okited):
    by_login = {"name": "login", "per": ["login"], "quota": "1/24h"}
    node = okited(limits=(by_login, {**DAY, "quota": "2/24h"}))
    to = ["a@b.example", "c@d.example"]
    assert accepted(node.send(to, client="127.0.0.2")) == 2
    assert accepted(node.send(to, client="127.0.0.3")) == 2
    assert node.send(to, client="127.0.0.2").gists == ["451 4.7.1 day"] * 2
    assert node.send(to, login="shop").gists == [ACCEPTED, "451 4.7.1 login"]


def test_null_sender_is_nobodys_address(okited):
    """<> is neither refused nor counted as one more user that all of them share."""
    by_domain = {"name": "domain", "per": ["sender_domain"], "quota": "1/24h"}
    by_sender = {"name": "sender", "per": ["sender"], "quota": "1/24h"}
    node = okited(limits=(by_domain, by_sender, DAY))
    to = ["a@b.example", "c@d.example"]
    for login in ("alice", "bob"):
        assert node.send(to, sender="", login=login).gists == [ACCEPTED] * 2
        assert node.used(login, "day") == 2


def test_addresses_are_not_folded_too_widely(okited):
    node = okited()
    node.suppress("john@b.example")
    others = [
        "john-smith@b.example",
        "johnsmith@b.example",
        "jo.hn@b.example",
        "john@sub.b.example",
    ]
    assert node.send(others, login="shop").gists == [ACCEPTED] * 4
    assert node.send(["john@b.example"], login="shop").gists == ["550 5.7.1 suppressed"]


def test_list_does_not_mind_the_case(okited):
    node = okited()
    node.suppress("Some.One@B.Example")
    for address in ("some.one@b.example", "Some.One@b.EXAMPLE"):
        assert node.send([address], login="shop").gists == ["550 5.7.1 suppressed"]
        assert node.okite("suppress", "show", address, json=True, check=0).object
    again = node.okite("suppress", "import", "-", input="some.one@b.example\n", json=True)
    assert again.object["added"] == 0


def test_what_time_heals_is_4xx_and_what_it_does_not_is_5xx(okited):
    node = okited(limits=(DAY,), max_recipients=7)
    node.suppress("gone@b.example")
    message = node.send([f"r{i}@b.example" for i in range(6)] + ["gone@b.example"], login="shop")
    assert message.replies[5].code // 100 == 4
    assert message.replies[6].code // 100 == 5


def test_internationalized_domain_is_one_domain(okited):
    node = okited()
    node.suppress("a@bücher.example")
    assert node.send(["a@xn--bcher-kva.example"], login="shop").gists == ["550 5.7.1 suppressed"]
    assert node.send(["a@Bücher.example"], login="shop").gists == ["550 5.7.1 suppressed"]


def test_a_second_connection_does_not_start_afresh(okited):
    node = okited(limits=(DAY,))
    total = sum(accepted(node.send([f"r{i}@b.example"], login="shop")) for i in range(8))
    assert total == 5


def test_restart_forgets_nothing(okited):
    node = okited(limits=(DAY,))
    assert accepted(node.send([f"r{i}@b.example" for i in range(4)], login="shop")) == 4
    node.kill()
    node.start()
    assert accepted(node.send([f"s{i}@b.example" for i in range(4)], login="shop")) == 1
