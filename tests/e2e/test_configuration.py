"""okite.conf: what okited says to a bad one, and that it then does not start."""

import os
import re
import stat

import pytest

from support.wait import free_port

BAD = {
    "an unknown name": ("no_such = 1;\n", 1, "no_such"),
    "a wrong type": ('max_recipients = "fifty";\n', 1, "max_recipients"),
    "out of bounds": ("max_recipients = 0;\n", 1, "max_recipients"),
    "an unknown word": ('mode = "enforced";\n', 1, "mode"),
    "a limit that lets nothing through": (
        'limits = ( { name = "a"; quota = "0/24h"; } );\n',
        1,
        "quota",
    ),
    "a limit without rate or quota": ('limits = ( { name = "a"; } );\n', 1, "limits"),
    "a limit with both": (
        'limits = ( { name = "a"; rate = "1/s"; quota = "1/24h"; } );\n',
        1,
        "limits",
    ),
    "a limit without a window": ('\nlimits = ( { name = "a"; quota = "10"; } );\n', 2, "quota"),
    "two limits of one name": (
        'limits = (\n{ name = "a"; rate = "1/s"; },\n{ name = "a"; rate = "2/s"; } );\n',
        3,
        "limits",
    ),
    "a limit per nothing known": (
        'limits = ( { name = "a"; per = [ "moon" ]; rate = "1/s"; } );\n',
        1,
        "per",
    ),
    "distinct recipients of a rate": (
        'limits = ( { name = "a"; rate = "1/s"; count = "distinct_recipients"; } );\n',
        1,
        "count",
    ),
    "a network with host bits": ('outgoing = { networks = [ "192.0.2.1/24" ]; };\n', 1, "networks"),
    "an unknown account source": ('account = [ "shoe_size" ];\n', 1, "account"),
    "a plan that is not there": ('default_plan = "gold";\n', 1, "default_plan"),
    "an account on no plan": ('accounts = ( { name = "a"; plan = "gold"; } );\n', 1, "plan"),
    "a bad URL": ('redis = {\n  url = "http://127.0.0.1/";\n};\n', 2, "url"),
    "a pattern as the prefix": ('redis = {\n  prefix = "a*:";\n};\n', 2, "prefix"),
    "Redis waited for too long": ('redis = { timeout = "6s"; };\n', 1, "timeout"),
    "a bad duration": ('redis = { timeout = "soon"; };\n', 1, "timeout"),
    "a bad size": ('max_size = "10X";\n', 1, "max_size"),
    "a bad listen": ('listen = "tcp:25";\n', 1, "listen"),
    "a syntax fault": ("mode = ;\n", 1, ""),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_configuration(new_okited, name):
    text, line, option = BAD[name]
    node = new_okited()
    with open(node.path) as file:
        own = file.read()
    # What the case sets is left out of the test's own configuration: twice is a fault too.
    named = set(re.findall(r"^(\w+) =", text, re.MULTILINE))
    kept = re.split(r"(?m)^(?=\w+ = )", own)
    node.write(text + "".join(part for part in kept if part.split(" ")[0] not in named))
    program = node.launch()
    assert program.wait() != 0
    assert re.search(rf"{node.path}:{line}: .*{option}", node.log.text()), node.log.text()
    answer = node.okite("check")
    assert answer.status == 1
    assert re.search(rf"{node.path}:{line}: .*{option}", answer.out + answer.err), answer


def test_every_fault_in_one_run(new_okited):
    node = new_okited()
    node.write('mode = "x";\nfleet = 0;\ncolour = 1;\nmax_size = "y";\nsimulator = 5;\n')
    program = node.launch()
    assert program.wait() != 0
    for line in range(1, 6):
        assert re.search(rf"{node.path}:{line}: ", node.log.text()), node.log.text()


def test_whole_number_for_a_fraction(new_okited):
    node = new_okited(reputation={"bounce": {"warn": 5, "pause": 10}})
    assert node.start().send(["a@b.example"], login="x").accepted == 1


def test_missing_file(new_okited):
    node = new_okited()
    node.path = node.path + ".none"
    program = node.launch()
    assert program.wait() != 0
    assert node.path in node.log.text()


def test_missing_secret_is_made(new_okited):
    node = new_okited()
    os.unlink(node.secret_path)
    node.start()
    found = os.stat(node.secret_path)
    assert (found.st_size, stat.S_IMODE(found.st_mode)) == (32, 0o640)


def test_missing_secret_is_not_made_up_for_a_fleet_that_has_one(okited, new_okited):
    okited().send(["a@b.example"], login="x")
    second = new_okited()
    os.unlink(second.secret_path)
    assert second.launch().wait() != 0
    assert second.log.wait(r"(?i)secret")


def test_missing_secret_is_made_by_who_writes_only(new_okited, redis):
    node = new_okited()
    os.unlink(node.secret_path)
    for arguments in (
        ["explain", "--from", "a@b.example", "--to", "c@d.example"],
        ["suppress", "list"],
        ["suppress", "show", "a@b.example"],
        ["suppress", "export"],
        ["suppress", "remove", "a@b.example"],
        ["account", "list"],
        ["account", "show", "x"],
        ["verified", "list"],
        ["events"],
    ):
        answer = node.okite(*arguments, check=1)
        assert node.secret_path in answer.err and "copy" in answer.err, answer
        assert not os.path.exists(node.secret_path)
    findings = node.okite("check", json=True, check=0).objects
    (told,) = [one for one in findings if one["where"] == node.secret_path]
    assert told["level"] == "warning" and "copy" in told["message"], told
    assert any("Redis" in one["message"] or one["where"] == "redis" for one in findings)
    assert not os.path.exists(node.secret_path) and redis.keys() == []
    node.suppress("a@b.example")
    assert os.stat(node.secret_path).st_size == 32


def test_check_of_a_further_node_without_the_secret(okited, new_okited):
    okited().send(["a@b.example"], login="x")
    second = new_okited()
    os.unlink(second.secret_path)
    findings = second.okite("check", json=True, check=1).objects
    assert [one["level"] for one in findings if one["where"] == "redis"] == ["error"], findings
    assert not os.path.exists(second.secret_path)


@pytest.mark.parametrize("content, mode", [(b"short", 0o640), (b"", 0o640), (bytes(32), 0o666)])
def test_bad_secret(new_okited, content, mode):
    node = new_okited(secret=content)
    os.chmod(node.secret_path, mode)
    assert node.launch().wait() != 0
    assert node.secret_path in node.log.text()


def test_port_in_use(okited, new_okited):
    listen = f"inet:{free_port()}@127.0.0.1"
    okited(listen=listen)
    second = new_okited(listen=listen).launch()
    assert second.wait() != 0
    assert second.log.text().strip()


def test_stale_socket_is_no_hindrance(okited):
    node = okited()
    node.kill()  # leaves its socket behind
    node.start()
    assert node.send(["a@b.example"], login="x").accepted == 1


@pytest.mark.parametrize("kind", ["inet", "inet6", "unix"])
def test_listen(okited, folder, kind):
    listen = {
        "inet": lambda: f"inet:{free_port()}@127.0.0.1",
        "inet6": lambda: f"inet6:{free_port('::1')}@::1",
        "unix": lambda: f"unix:{folder}/s",
    }[kind]()
    node = okited(listen=listen)
    assert node.send(["a@b.example"], login="x").accepted == 1


def test_redis_over_tcp_with_prefix_and_database(new_okited, own_redis):
    redis = own_redis(tcp=True)
    url = f"redis://127.0.0.1:{redis.port}/3"
    node = new_okited(on=redis, redis={"url": url, "prefix": "ours:"}).start()
    assert node.send(["a@b.example"], login="x").accepted == 1
    assert redis.keys() == []
    assert "db3" in redis.call("INFO", "keyspace")
    assert node.account("x")["sent"] == 1


def test_stop(okited):
    node = okited()
    assert node.stop() == 0
    assert node.log.text().strip()
