"""okited without -f: what its caller learns by the exit status, and the daemon that is left."""

import os
import re
import socket

import pytest

from support.wait import free_port, wait_until

ACCEPTED = "accepted"
DAY = {"name": "day", "per": ["account"], "quota": "100/24h"}
EX_OK, EX_UNAVAILABLE, EX_CONFIG = 0, 69, 78


@pytest.fixture
def listen():
    return f"inet:{free_port()}@127.0.0.1"


def test_serves_when_its_caller_ends(new_okited, listen):
    node = new_okited(listen=listen, limits=(DAY,)).start(background=True)
    assert node.send(["a@b.example"], login="shop").accepted == 1  # at once
    assert node.used("shop", "day") == 1
    assert node.program.status is None


def test_sigterm_ends_it(new_okited, listen):
    node = new_okited(listen=listen, limits=(DAY,)).start(background=True)
    session = node.session(login="shop")
    assert session.envelope("news@shop.example", ["a@b.example"]).gists == [ACCEPTED]
    assert node.stop() == EX_OK
    with pytest.raises(ConnectionRefusedError):
        node.session(login="shop")
    session.close()
    assert node.used("shop", "day") == 0  # the message in hand was given back


def test_is_a_daemon(new_okited, listen):
    """Nothing of its caller's is kept: terminal, session, folder, standard streams."""
    node = new_okited(listen=listen).start(background=True)
    proc = f"/proc/{node.program.pid}"
    caller, daemon = node.program.process.pid, node.program.pid
    assert os.getsid(daemon) not in (caller, os.getsid(0))
    assert os.readlink(f"{proc}/cwd") == "/"
    assert [os.readlink(f"{proc}/fd/{number}") for number in range(3)] == ["/dev/null"] * 3


def test_broken_configuration(new_okited):
    node = new_okited()
    node.write('mode = "x";\nfleet = 0;\ncolour = 1;\n')
    program = node.launch(background=True)
    assert program.caller_status == EX_CONFIG
    for line in range(1, 4):  # on the caller's standard error
        assert re.search(rf"{node.path}:{line}: ", node.log.text()), node.log.text()


def test_another_secret(okited, new_okited):
    okited().send(["a@b.example"], login="shop")
    foreign = new_okited(secret=bytes(32))
    assert foreign.launch(background=True).caller_status == EX_CONFIG
    assert re.search("(?i)secret", foreign.log.text())


def test_port_in_use(okited, new_okited, listen):
    okited(listen=listen)
    second = new_okited(listen=listen)
    assert second.launch(background=True).caller_status == EX_UNAVAILABLE
    assert listen in second.log.text()


def test_port_in_use_by_another_program(new_okited):
    with socket.create_server(("127.0.0.1", 0)) as other:
        node = new_okited(listen=f"inet:{other.getsockname()[1]}@127.0.0.1")
        assert node.launch(background=True).caller_status == EX_UNAVAILABLE


def test_redis_by_its_name_comes_back(new_okited, own_redis, listen):
    redis = own_redis(tcp=True)
    url = f"redis://localhost:{redis.port}/0"
    settings = {"redis": {"url": url, "timeout": "500ms"}, "limits": (DAY,)}
    node = new_okited(on=redis, listen=listen, **settings).start(background=True)
    with node.session(login="shop") as session:
        assert session.send("news@shop.example", ["a@b.example"]).gists == [ACCEPTED]
        redis.kill()
        assert session.send("news@shop.example", ["a@b.example"]).gists == ["451 4.3.0 redis"]
        redis.start()
        wait_until(
            lambda: session.send("news@shop.example", ["a@b.example"]).accepted == 1,
            "mail is accepted again",
            20,
        )
    assert node.used("shop", "day") == 1


def test_redis_by_its_name_comes_late(new_okited, own_redis, listen):
    redis = own_redis(tcp=True)
    redis.kill()
    url = f"redis://localhost:{redis.port}/0"
    node = new_okited(on=redis, listen=listen, redis={"url": url}).start(background=True)
    assert node.send(["a@b.example"], login="shop").gists == ["451 4.3.0 redis"]
    redis.start()
    wait_until(
        lambda: node.send(["a@b.example"], login="shop").accepted == 1, "mail is accepted", 20
    )


@pytest.mark.parametrize("relative", [False, True], ids=["absolute", "relative"])
def test_reload(new_okited, listen, relative):
    node = new_okited(listen=listen).start(background=True, relative=relative)
    to = ["a@b.example", "c@d.example"]
    assert node.send(to, login="shop").gists == [ACCEPTED] * 2
    node.configure(max_recipients=1)
    node.reload()
    wait_until(
        lambda: node.send(to, login="shop").gists == [ACCEPTED, "452 4.5.3 caps"],
        "the new configuration is in force",
    )
    node.write("max_recipients = 0;\n")
    node.reload()  # is not taken, and changes nothing
    node.reload()
    assert node.send(to, login="shop").gists == [ACCEPTED, "452 4.5.3 caps"]
    assert node.stop() == EX_OK
