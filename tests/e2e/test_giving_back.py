"""What did not pass the end of the message stays charged nowhere (milter protocol)."""

ACCEPTED = "accepted"
NAME = "alice"
DAY = {"name": "day", "per": ["account"], "quota": "10/24h"}
TO = ["a@b.example", "c@d.example", "e@f.example"]


def open_message(node):
    session = node.session(login=NAME)
    assert session.envelope("news@shop.example", TO).gists == [ACCEPTED] * 3
    return session


def test_charged_at_rcpt(okited):
    node = okited(limits=(DAY,))
    session = open_message(node)
    assert node.used(NAME, "day") == 3
    session.content()
    assert node.used(NAME, "day") == 3
    session.quit()
    assert node.used(NAME, "day") == 3


def test_abort_gives_back(okited):
    node = okited(limits=(DAY,))
    session = open_message(node)
    session.abort()
    session.flush()
    node.wait_used(NAME, "day", 0)
    assert session.send("news@shop.example", ["a@b.example"]).accepted == 1
    node.wait_used(NAME, "day", 1)
    session.quit()


def test_end_of_the_connection_gives_back(okited):
    node = okited(limits=(DAY,))
    session = open_message(node)
    session.close()
    node.wait_used(NAME, "day", 0)


def test_end_of_the_connection_in_the_middle_of_the_body_gives_back(okited):
    node = okited(limits=(DAY,), max_size="1M")
    session = open_message(node)
    session.data()
    session.header("Subject", "half")
    session.eoh()
    session.body(b"half a line")
    session.flush()
    session.close()
    node.wait_used(NAME, "day", 0)


def test_quit_gives_back(okited):
    node = okited(limits=(DAY,))
    open_message(node).quit()
    node.wait_used(NAME, "day", 0)


def test_next_mail_gives_back(okited):
    """Postfix tells of RSET only then; some MTAs send no ABORT at all."""
    node = okited(limits=(DAY,))
    session = open_message(node)
    message = session.envelope("news@shop.example", ["a@b.example"])
    assert message.gists == [ACCEPTED]
    node.wait_used(NAME, "day", 1)
    session.content()
    session.quit()
    node.wait_used(NAME, "day", 1)


def test_abort_after_the_end_gives_nothing_back(okited):
    """Postfix sends ABORT after every message."""
    node = okited(limits=(DAY,))
    with node.session(login=NAME) as session:
        for _ in range(3):
            assert session.send("news@shop.example", ["a@b.example"]).accepted == 1
    assert node.used(NAME, "day") == 3
    assert node.account(NAME)["sent"] == 3


def test_every_count_is_given_back(okited):
    limits = tuple(
        {"name": name, "per": ["account"], "quota": "10/24h", "count": count}
        for name, count in (("r", "recipients"), ("m", "messages"), ("d", "distinct_recipients"))
    )
    node = okited(limits=limits)
    node.send(["a@b.example"], login=NAME)
    before = [node.used(NAME, name) for name in "rmd"]
    session = open_message(node)
    assert [node.used(NAME, name) for name in "rmd"] == [4, 2, 3]
    session.close()
    node.wait_used(NAME, "r", 1)
    assert [node.used(NAME, name) for name in "rmd"] == before == [1, 1, 1]


def test_rate_is_not_given_back(okited):
    node = okited(limits=({"name": "rate", "per": ["account"], "rate": "1/h", "burst": 5}, DAY))
    open_message(node).close()
    node.wait_used(NAME, "day", 0)
    assert node.used(NAME, "rate") == 3


def test_refused_recipient_charges_no_limit(okited):
    """All matched limits in one step, or none: the ones before the full one as well."""
    rate = {"name": "rate", "per": ["account"], "rate": "1/h", "burst": 50}
    full = {"name": "full", "per": ["recipient_domain"], "quota": "1/24h"}
    for limits in ((rate, DAY, full), (full, DAY, rate)):
        node = okited(limits=limits)
        user = "user" + limits[0]["name"]
        to = [f"{user}{i}@{user}.example" for i in range(5)]
        assert node.send(to, login=user).gists == [ACCEPTED] + ["451 4.7.1 full"] * 4
        assert [node.used(user, name) for name in ("rate", "day")] == [1, 1]


def test_sigterm_gives_back_what_is_in_hand(okited):
    node = okited(limits=(DAY,))
    sessions = [open_message(node) for _ in range(3)]
    assert node.used(NAME, "day") == 9
    status = node.stop()
    assert status == 0, node.log.text()
    node.wait_used(NAME, "day", 0)
    for session in sessions:
        session.close()


def test_kill_leaves_at_most_what_was_in_hand(okited):
    node = okited(limits=(DAY,))
    node.send(["a@b.example"], login=NAME)
    open_message(node)
    node.kill()
    node.start()
    assert 1 <= node.used(NAME, "day") <= 4
    assert node.send(["a@b.example"], login=NAME).gists == [ACCEPTED]


def test_reload_in_the_middle_of_a_message(okited):
    """Judged by one law from MAIL to its end, whatever is reloaded meanwhile."""
    node = okited(limits=(DAY,))
    kept, abandoned = open_message(node), open_message(node)
    node.configure(limits=({**DAY, "name": "other"},))
    node.reload()
    node.log.wait("reload")
    abandoned.close()
    assert kept.content().end.accepted
    kept.quit()
    node.configure(limits=(DAY,))
    node.wait_used(NAME, "day", 3)
    assert node.account(NAME)["sent"] == 3


def test_reload_to_another_redis_gives_back_to_the_first(okited, own_redis):
    node = okited(limits=(DAY,))
    session = open_message(node)
    other = own_redis()
    node.configure(limits=(DAY,), redis={"url": other.url})
    node.reload()
    node.log.wait("reload")
    assert node.send(["a@b.example"], login=NAME).accepted == 1
    assert node.used(NAME, "day") == 1
    session.close()
    node.configure(limits=(DAY,))
    node.wait_used(NAME, "day", 0)
