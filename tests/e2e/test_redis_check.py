"""What `okite check` says of a Redis that is not good for it, and what is to be done."""

import os
import re
import shutil
import subprocess

import pytest

from support.clock import Clock, compiler
from support.faultproxy import FaultProxy
from support.okited import OKITE
from support.redis import SERVER
from support.wait import wait_until

GOOD = ["--appendonly", "yes"]


class Pretender(FaultProxy):
    """Redis, but INFO and CONFIG GET say what a test wants."""

    def __init__(self, upstream, info, configured):
        self.info, self.configured = info, configured
        super().__init__(upstream)

    def _spoil(self, data, target):
        for name, value in self.configured.items():
            data = re.sub(
                rf"(?<=\r\n{name}\r\n)\$\d+\r\n[^\r]*\r\n".encode(),
                f"${len(value)}\r\n{value}\r\n".encode(),
                data,
            )
        found = re.match(rb"\$(\d+)\r\n(?=# Server)", data)
        if found:
            end = found.end() + int(found.group(1))
            assert len(data) >= end, "INFO came in pieces"
            body = data[found.end() : end]
            for name, value in self.info.items():
                body = re.sub(rf"(?m)^{name}:.*\r\n".encode(), b"", body)
                body += f"{name}:{value}\r\n".encode()
            data = b"$%d\r\n%b%b" % (len(body), body, data[end:])
        return super()._spoil(data, target)


@pytest.fixture
def pretend(own_redis, new_okited):
    """A function: the node of a good Redis that says INFO and is CONFIGURED."""
    proxies = []

    def make(configured=(), **info):
        proxies.append(Pretender(own_redis(options=GOOD).path, info, dict(configured)))
        return new_okited(on=proxies[-1])

    yield make
    for proxy in proxies:
        proxy.close()


@pytest.fixture
def node_of(own_redis, new_okited):
    """A function: the node of a Redis with these settings, which is its `server`."""

    def make(*options, **settings):
        redis = own_redis(options=[*GOOD, *options], **settings)
        node = new_okited(on=redis)
        node.server = redis
        return node

    return make


def bad(node):
    """(level, message) of what is not good in Redis."""
    found = node.okite("check", json=True).objects
    assert all(set(one) == {"level", "where", "message"} for one in found)
    return [
        (one["level"], one["message"])
        for one in found
        if one["level"] != "ok" and one["where"] == "redis"
    ]


def expect(node, level, *words):
    """One finding, with all of WORDS, and an exit status that goes with it."""
    found = bad(node)
    assert len(found) == 1, found
    assert found[0][0] == level, found
    for word in words:
        assert re.search(word, found[0][1]), (word, found[0][1])
    assert (node.okite("check").status == 0) == (level == "warning")


def test_good(node_of):
    assert bad(node_of()) == []
    assert bad(node_of("--save", "3600 1", "--appendonly", "no")) == []


# ---- what is kept ----


def test_no_persistence(node_of):
    node = node_of("--appendonly", "no")
    expect(node, "warning", "persistence is off", 'set "appendonly yes" in redis.conf')


def test_snapshot_that_failed(node_of):
    """Redis then refuses to write; told once, with the reason and not with its symptom."""
    node = node_of("--appendonly", "no", "--save", "3600 1", "--dbfilename", "blocked.rdb")
    blocked = f"{node.server.folder}/blocked.rdb"
    os.mkdir(blocked)  # a file cannot take its place
    node.server.call("BGSAVE")
    wait_until(
        lambda: "rdb_last_bgsave_status:err" in node.server.call("INFO", "persistence"),
        "the snapshot fails",
    )
    expect(node, "error", "its last snapshot failed", "refuse every write", "disk has room")
    os.rmdir(blocked)
    node.server.call("SAVE")
    assert bad(node) == []


def test_snapshot_that_failed_and_nobody_wants(pretend):
    node = pretend(rdb_last_bgsave_status="err")
    expect(node, "warning", "its last snapshot failed")


@pytest.mark.parametrize("field", ["aof_last_write_status", "aof_last_bgrewrite_status"])
def test_append_only_file_that_failed(pretend, field):
    expect(pretend(**{field: "err"}), "error", "append-only file failed", "its log says why")
    assert bad(pretend(**{field: "ok"})) == []


POLICIES = ["allkeys-lru", "volatile-lru", "volatile-ttl", "allkeys-random"]


@pytest.mark.parametrize("policy", POLICIES)
def test_eviction(node_of, policy):
    node = node_of("--maxmemory-policy", policy)
    expect(node, "warning", policy, 'set "maxmemory-policy noeviction" in redis.conf')
    node.server.configure("maxmemory", "100mb")
    expect(node, "error", policy, 'set "maxmemory-policy noeviction" in redis.conf')


MEMORY = [
    (80, None, None),
    (81, "warning", "memory is 81 % full: raise maxmemory"),
    (99, "warning", "memory is 99 % full: raise maxmemory"),
    (100, "error", r"memory is full \(100 % of maxmemory\).*raise maxmemory"),
    (250, "error", r"memory is full \(250 % of maxmemory\).*raise maxmemory"),
]


@pytest.mark.parametrize("percent, level, words", MEMORY)
def test_memory(pretend, percent, level, words):
    node = pretend(maxmemory=10**8, used_memory=percent * 10**6)
    if level is None:
        assert bad(node) == []
    else:
        expect(node, level, words)


def test_memory_that_is_full(node_of):
    node = node_of()
    node.server.configure("maxmemory", "1")
    expect(node, "error", "memory is full", "raise maxmemory")


# ---- what it is ----


VERSIONS = [
    ({"redis_version": "2.8.24"}, "redis 2.8.24 is too old: install 6.2 or later"),
    ({"redis_version": "6.0.16"}, "redis 6.0.16 is too old: install 6.2 or later"),
    ({"redis_version": "6.2.0"}, None),
    ({"redis_version": "8.0.2"}, None),
    ({"redis_version": "10.0.0"}, None),
    ({"redis_version": "7.2.4", "server_name": "valkey", "valkey_version": "8.1.1"}, None),
    ({"redis_version": "new"}, "does not tell its version"),
]


@pytest.mark.parametrize("says, words", VERSIONS, ids=[str(one[0]) for one in VERSIONS])
def test_version(pretend, says, words):
    node = pretend(**says)
    if words is None:
        assert bad(node) == []
    else:
        expect(node, "error" if "too old" in words else "warning", words)


def test_replica(node_of):
    node = node_of()
    node.server.call("REPLICAOF", "127.0.0.1", "1")
    expect(node, "error", "read-only replica", "write the master's address into redis.url")
    node.server.configure("replica-read-only", "no")
    expect(node, "error", "is a replica, and loses", "write the master's address")


def test_too_few_replicas(node_of):
    node = node_of("--min-replicas-to-write", "1")
    expect(node, "error", "misses replicas", "min-replicas-to-write")


def test_node_of_a_cluster(node_of, pretend):
    node = node_of("--cluster-enabled", "yes", "--port", "0")
    expect(node, "error", "CLUSTERDOWN", "node of a cluster, which this version cannot use")
    expect(pretend(cluster_enabled=1), "error", "node of a cluster", '"cluster-enabled no"')


@pytest.mark.parametrize(
    "seconds, words",
    [(0, None), (3, None), (3600, "ahead of ours"), (-3600, "behind ours"), (60, "ahead of ours")],
)
def test_clock(new_okited, own_redis, clock, seconds, words):
    clock.advance(seconds)
    redis = own_redis(options=GOOD, environment=clock.environment(shutil.which(SERVER)))
    node = new_okited(on=redis)
    if words is None:
        assert bad(node) == []
    else:
        expect(node, "warning", r"its clock is (\d+) seconds " + words, "set both by NTP")


# ---- who else reaches it ----

ELSEWHERE = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

/* The other end is far away, whoever it is. */
int getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict size)
{
	struct sockaddr_in far = { .sin_family = AF_INET };
	(void)fd;
	inet_pton(AF_INET, "192.0.2.9", &far.sin_addr);
	memcpy(address, &far, sizeof(far));
	*size = sizeof(far);
	return 0;
}

/* And so are we, from the loopback. */
int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict size)
{
	int result = getpeername(fd, address, size);
	inet_pton(AF_INET, "192.0.2.1", &((struct sockaddr_in *)address)->sin_addr);
	return result;
}
"""


@pytest.fixture
def far(folder, monkeypatch):
    """A function: from now on `okite` believes that TCP leads to another host."""
    if compiler() is None:
        pytest.skip("needs a C compiler")
    source, library = f"{folder}/far.c", f"{folder}/far.so"
    with open(source, "w") as file:
        file.write(ELSEWHERE)
    subprocess.run([compiler(), "-shared", "-fPIC", "-o", library, source], check=True)
    clock = Clock(f"{folder}/preload")
    clock.library = library

    def go():
        for name, value in clock.environment(OKITE).items():
            monkeypatch.setenv(name, value)

    return go


def test_clear_text_over_the_network(node_of, folder, far):
    node = node_of(tcp=True, password="sesame")
    with open(f"{folder}/password", "w") as file:
        file.write("sesame\n")
    node.configure(redis={"password_file": f"{folder}/password"})
    assert bad(node) == []
    far()
    expect(node, "warning", "leaves this host in clear text", "rediss:// into redis.url")


def test_without_a_password_over_the_network(node_of, far):
    node = node_of(tcp=True)
    assert bad(node) == []
    far()
    clear, open_to_all = bad(node)
    assert "in clear text" in clear[1]
    assert open_to_all[0] == "warning"
    assert "from other hosts without a password" in open_to_all[1]
    assert "set requirepass" in open_to_all[1]


OPEN = [
    ({"protected-mode": "no", "bind": "* -::*"}, True),
    ({"protected-mode": "no", "bind": ""}, True),
    ({"protected-mode": "no", "bind": "127.0.0.1 192.0.2.1"}, True),
    ({"protected-mode": "no", "bind": "*", "port": "0", "tls-port": "6379"}, True),
    ({"protected-mode": "no", "bind": "*", "port": "0"}, False),
    ({"protected-mode": "no", "bind": "127.0.0.1 -::1"}, False),
    ({"protected-mode": "yes", "bind": "*"}, False),
]


@pytest.mark.parametrize("says, is_open", OPEN, ids=[str(one[0]) for one in OPEN])
def test_open_to_other_hosts(pretend, says, is_open):
    """Seen from this host: by what is configured."""
    node = pretend(configured={"port": "6379", **says})
    if is_open:
        expect(node, "warning", "from other hosts without a password")
    else:
        assert bad(node) == []
