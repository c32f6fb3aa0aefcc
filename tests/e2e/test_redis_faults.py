"""Redis in trouble: the client has its answer in time, the log says it once, and it heals."""

import time

import pytest

from support.faultproxy import FaultProxy
from support.wait import PATIENCE, wait_until

TIMEOUT = 0.5
MARGIN = 1.0
WANT = {"tempfail": "451 4.3.0 redis", "accept": "accepted"}
ALICE = {"login": "alice"}
DAY = {"name": "day", "per": ["account"], "quota": "1000/24h"}


def trouble_lines(node):
    """What the log says about Redis, beside the verdicts on mail."""
    return [line for line in node.log.lines("(?i)redis") if "verdict=" not in line]


class Faults:
    """How each fault is made and healed, between okited and REDIS behind PROXY."""

    def __init__(self, redis, proxy):
        self.redis, self.proxy = redis, proxy

    def stopped(self):
        self.redis.stop()
        return self.redis.start

    def killed(self):
        self.redis.kill()
        return self.redis.start

    def frozen(self):
        self.redis.pause()
        return self.redis.resume

    def out_of_memory(self):
        self.redis.configure("maxmemory", "1")
        return lambda: self.redis.configure("maxmemory", "0")

    def read_only(self):
        self.redis.call("REPLICAOF", "127.0.0.1", "1")
        return lambda: self.redis.call("REPLICAOF", "NO", "ONE")

    def wrong_password(self):
        self.redis.configure("requirepass", "other")
        self.redis.password = "other"
        self.redis.call("CLIENT", "KILL", "TYPE", "normal")

        def heal():
            self.redis.configure("requirepass", "")
            self.redis.password = ""

        return heal

    def refused(self):
        self.proxy.refuse()
        return self.proxy.listen

    def _mode(self, mode):
        self.proxy.mode = mode

        def heal():
            self.proxy.mode = "pass"
            self.proxy.reset()

        return heal

    def hang(self):
        return self._mode("hang")

    def garbage(self):
        return self._mode("garbage")

    def one_byte_a_second(self):
        return self._mode("trickle")

    def cut(self):
        return self._mode("cut")


NAMES = [name for name in vars(Faults) if not name.startswith("_")]


@pytest.fixture
def faults(own_redis):
    redis = own_redis()
    proxy = FaultProxy(redis.path)
    yield Faults(redis, proxy)
    proxy.close()


def timed_reply(session):
    """One recipient's gist and the seconds until it came; the message is finished."""
    start = time.monotonic()
    message = session.envelope("news@shop.example", ["a@b.example"])
    seconds = time.monotonic() - start
    if message.replies[0].accepted:
        session.content()
    session.abort()
    session.flush()
    return message.replies[0].gist, seconds


@pytest.mark.parametrize("answer", ["tempfail", "accept"])
@pytest.mark.parametrize("fault", NAMES)
def test_fault(new_okited, faults, fault, answer):
    settings = {"when_redis_fails": answer, "limits": (DAY,), "redis": {"timeout": "500ms"}}
    node = new_okited(on=faults.proxy, **settings).start()
    with node.session(**ALICE) as session:
        assert timed_reply(session)[0] == "accepted"
        node.log.mark()
        heal = getattr(faults, fault)()
        for _ in range(4):
            gist, seconds = timed_reply(session)
            assert gist == WANT[answer]
            assert seconds < (TIMEOUT + MARGIN) * PATIENCE
        lines = trouble_lines(node)
        assert len(lines) == 1, lines

        node.log.mark()
        heal()
        before = node.used("alice", "day")
        wait_until(lambda: timed_reply(session)[0] == "accepted", "mail is accepted again", 20)
        # Accepted and counted: it heals without a restart.
        wait_until(
            lambda: timed_reply(session)[0] == "accepted" and node.used("alice", "day") > before,
            "mail is counted again",
            20,
        )
        lines = wait_until(lambda: trouble_lines(node), "a line that Redis is back")
        assert len(lines) == 1, lines


def test_end_of_message_while_redis_is_away(new_okited, own_redis):
    """Recipients were accepted and charged; the end of the message still has its answer in time."""
    redis = own_redis()
    node = new_okited(on=redis, limits=(DAY,)).start()
    with node.session(**ALICE) as session:
        message = session.envelope("news@shop.example", ["a@b.example"])
        assert message.gists == ["accepted"]
        redis.pause()
        start = time.monotonic()
        session.content()
        assert time.monotonic() - start < (TIMEOUT + MARGIN) * PATIENCE
        assert message.end.accepted  # it was paid for
        redis.resume()


def test_scripts_flushed(okited, redis):
    node = okited(limits=(DAY,))
    for _ in range(2):
        assert node.send(["a@b.example"], **ALICE).gists == ["accepted"]
        redis.call("SCRIPT", "FLUSH")
    assert node.send(["a@b.example"], **ALICE).gists == ["accepted"]
    assert node.used("alice", "day") == 3
    assert trouble_lines(node) == []


def test_restart_between_messages(new_okited, own_redis):
    """Redis restarted while nothing was asked: the next message does not pay for it."""
    redis = own_redis()
    node = new_okited(on=redis, limits=(DAY,)).start()
    with node.session(**ALICE) as session:
        assert timed_reply(session)[0] == "accepted"
        redis.restart()
        assert timed_reply(session)[0] == "accepted"


@pytest.mark.parametrize("how", ["cut", "lose"])
@pytest.mark.parametrize("times", ["once", "always"])
def test_answer_to_a_charge_is_lost(new_okited, faults, how, times):
    """It may have been charged: asked again, it might be charged twice."""
    node = new_okited(on=faults.proxy, limits=(DAY,)).start()
    with node.session(**ALICE) as session:
        assert timed_reply(session)[0] == "accepted"
        if times == "once":
            faults.proxy.fail_once(how)
        else:
            faults.proxy.mode = how
        assert timed_reply(session)[0] == "451 4.3.0 redis"
        faults.proxy.mode = "pass"
        charged = node.used("alice", "day")
        assert charged in (1, 2)
        wait_until(lambda: timed_reply(session)[0] == "accepted", "mail is accepted again", 20)
    assert node.used("alice", "day") == charged + 1
    assert node.account("alice")["sent"] == 2


def test_idle_connection_that_was_closed_is_replaced(new_okited, faults):
    node = new_okited(on=faults.proxy, limits=(DAY,)).start()
    with node.session(**ALICE) as session:
        assert timed_reply(session)[0] == "accepted"
        faults.proxy.reset()
        message = session.envelope("news@shop.example", ["a@b.example"])
        assert message.gists == ["accepted"]
        faults.proxy.reset()
        session.content()
        assert message.end.accepted
        faults.proxy.reset()
        assert timed_reply(session)[0] == "accepted"
    assert node.used("alice", "day") == node.account("alice")["sent"] == 3
    assert trouble_lines(node) == []


def test_start_before_redis(new_okited, own_redis):
    redis = own_redis()
    redis.kill()
    node = new_okited(on=redis).start()
    with node.session(**ALICE) as session:
        assert timed_reply(session)[0] == "451 4.3.0 redis"
        redis.start()
        wait_until(lambda: timed_reply(session)[0] == "accepted", "mail is accepted", 20)


def test_password(new_okited, own_redis, folder):
    redis = own_redis(password="open sesame")
    node = new_okited(on=redis)
    password_file = f"{folder}/password"
    settings = {"limits": (DAY,), "redis": {"password_file": password_file}}
    with open(password_file, "w") as file:
        file.write("wrong\n")
    node.configure(**settings)
    node.start()
    assert node.send(["a@b.example"], **ALICE).gists == ["451 4.3.0 redis"]
    assert node.okite("account", "show", "alice").status == 75
    node.kill()
    with open(password_file, "w") as file:
        file.write("open sesame\n")
    node.start()
    assert node.send(["a@b.example"], **ALICE).gists == ["accepted"]


def test_parallel_sessions_all_have_their_answer_in_time(new_okited, own_redis):
    """Sixteen wait for a frozen Redis at once: none of them waits for the others' time-outs."""
    redis = own_redis()
    node = new_okited(on=redis).start()
    sessions = [node.session(**ALICE) for _ in range(16)]
    redis.pause()
    for session in sessions:
        session.mail("news@shop.example")
        session.send_macros("rcpt", b"R", {})
        session.send_packet(b"R", b"<a@b.example>\0")
        session.flush()
    start = time.monotonic()
    for session in sessions:
        assert session.read_reply().gist == "451 4.3.0 redis"
    assert time.monotonic() - start < (TIMEOUT + MARGIN) * PATIENCE
    redis.resume()
    for session in sessions:
        session.quit()


def test_degraded_and_restored_are_events(new_okited, own_redis):
    redis = own_redis()
    node = new_okited(on=redis).start()
    redis.pause()
    node.send(["a@b.example"], **ALICE)
    redis.resume()
    wait_until(lambda: node.send(["a@b.example"], **ALICE).accepted == 1, "recovery", 20)
    wait_until(
        lambda: {"degraded", "restored"} <= {event["event"] for event in node.events()},
        lambda: f"both events: {node.events()}",
    )


def test_another_secret_is_refused(okited, new_okited):
    """A node with another secret would see an empty suppression list: it must not start."""
    node = okited()
    node.send(["a@b.example"], **ALICE)
    foreign = new_okited(secret=bytes(32))
    program = foreign.launch()
    assert program.wait() not in (0, None)
    assert foreign.log.wait(r"(?i)secret")
