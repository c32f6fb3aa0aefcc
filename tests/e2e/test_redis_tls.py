"""Redis over TLS: whom okite talks to, what it says of those it does not, and renewed files."""

import os
import shutil
import socket
import threading
import time

import pytest

from support import certificates
from support.certificates import FUTURE, PAST, Authority, Certificate
from support.faultproxy import FaultProxy
from support.hammer import hammer, timed_send
from support.redis import RedisError
from support.wait import PATIENCE, wait_until

TIMEOUT, MARGIN = 0.5, 1.0
ALICE = {"login": "alice"}
DAY = {"name": "day", "per": ["account"], "quota": "1000/24h"}
MUCH = {**DAY, "quota": "1000000/24h"}

pytestmark = pytest.mark.skipif(not certificates.available(), reason="needs the openssl command")


def content(path):
    with open(path) as file:
        return file.read()


class World:
    """Two authorities, and what they have issued."""

    def __init__(self, folder):
        self.ours, self.other = Authority(folder, "ours"), Authority(folder, "other")
        below = self.ours.below("below")
        self.server = self.ours.issue("server")
        self.by_name = self.ours.issue("by-name", "DNS:localhost")
        self.by_address = self.ours.issue("by-address", "IP:127.0.0.1")
        self.wildcard = self.ours.issue("wildcard", "DNS:*.example, DNS:local*")
        self.below = below.issue("server-below")
        self.expired = self.ours.issue("expired", dates=PAST)
        self.not_yet = self.ours.issue("not-yet", dates=FUTURE)
        self.other_name = self.ours.issue("other-name", "DNS:cache.example, IP:192.0.2.7")
        self.no_name = self.ours.issue("no-name", "")
        self.other_server = self.other.issue("other-server")
        self.self_signed = Certificate(folder, "itself", "itself", None, "DNS:localhost")
        old = Authority(folder, "old", dates=PAST)
        self.old, self.old_server = old, old.issue("old-server")
        self.client = self.ours.issue("client", "")
        self.old_client = self.ours.issue("old-client", "", dates=PAST)
        self.stranger = self.other.issue("stranger", "")
        self.bundle = os.path.join(folder, "bundle.pem")
        with open(self.bundle, "w") as file:
            file.write(content(self.other.certificate) + content(self.ours.certificate))


@pytest.fixture(scope="module")
def world(top):
    folder = os.path.join(top, "certificates")
    os.mkdir(folder)
    return World(folder)


@pytest.fixture
def tls_redis(own_redis, world):
    """A function that starts a Redis with a certificate of WORLD."""

    def start(name="server", **settings):
        return own_redis(certificate=getattr(world, name), authority=world.ours, **settings)

    return start


def client_files(certificate):
    return {"cert_file": certificate.chain, "key_file": certificate.key}


def findings(node, level=None):
    """What `okite check` says of Redis."""
    found = [one for one in node.okite("check", json=True).objects if one["where"] == "redis"]
    return [one["message"] for one in found if level in (None, one["level"])]


def gist(node, **who):
    return node.send(["a@b.example"], **{**ALICE, **who}).gists


# ---- whom it talks to ----

GOOD = [
    ("name", "server", "localhost", {}),
    ("address", "server", "127.0.0.1", {}),
    ("name only", "by_name", "localhost", {}),
    ("address only", "by_address", "127.0.0.1", {}),
    ("one between", "below", "localhost", {}),
    ("two authorities", "server", "localhost", {"ca_file": "bundle"}),
    ("the one between is enough", "below", "localhost", {"ca_file": "below.issuer"}),
    ("itself", "self_signed", "localhost", {"ca_file": "self_signed"}),
]


def path_of(world, name):
    thing = world
    for part in name.split("."):
        thing = getattr(thing, part)
    return thing if isinstance(thing, str) else thing.certificate


@pytest.mark.parametrize("name, server, host, files", GOOD, ids=[one[0] for one in GOOD])
def test_good_server(new_okited, tls_redis, world, name, server, host, files):
    redis = tls_redis(server)
    ca_file = path_of(world, files.get("ca_file", "ours"))
    settings = {"url": redis.url_for(host), "ca_file": ca_file}
    node = new_okited(on=redis, limits=(DAY,), redis=settings).start()
    assert gist(node) == ["accepted"]
    assert node.used("alice", "day") == 1
    assert any("encrypted (TLSv1.3)" in one for one in findings(node, "ok")), findings(node)


BAD = [
    ("expired", "expired", "localhost", r"its certificate has expired at 2020-02-01T00:00:00Z"),
    ("not yet valid", "not_yet", "localhost", r"valid only from 2098-01-01T00:00:00Z on.*clock"),
    (
        "another name",
        "other_name",
        "localhost",
        r"is for cache\.example, 192\.0\.2\.7 and not for localhost: write a name",
    ),
    ("another address", "other_name", "127.0.0.1", r"and not for 127\.0\.0\.1"),
    ("a name and no address", "by_name", "127.0.0.1", r"is for localhost and not for 127"),
    ("an address and no name", "by_address", "localhost", r"is for 127\.0\.0\.1 and not for"),
    ("part of a name", "wildcard", "localhost", r"\*\.example, local\* and not for localhost"),
    ("no name", "no_name", "localhost", r"is for no-name and not for localhost"),
    ("another authority", "other_server", "localhost", r'"other authority".*redis\.ca_file'),
    ("itself", "self_signed", "localhost", r'"itself".*redis\.ca_file'),
]


@pytest.mark.parametrize("name, server, host, words", BAD, ids=[one[0] for one in BAD])
def test_bad_server(new_okited, tls_redis, world, name, server, host, words):
    """Nothing is said to it, mail waits, and the reason is told once and in words."""
    redis = tls_redis(server)
    settings = {"url": redis.url_for(host), "ca_file": world.ours.certificate}
    node = new_okited(on=redis, limits=(DAY,), redis=settings).start()
    assert gist(node) == ["451 4.3.0 redis"]
    assert node.log.wait(words)
    (fault,) = findings(node)
    assert f"Redis at {host} port {redis.port}: " in fault
    assert node.okite("check").status == node.okite("account", "list").status == 75
    assert node.okite("check").out.count("error") == 1
    assert redis.keys() == []


def test_expired_authority(new_okited, tls_redis, world):
    redis = tls_redis("old_server")
    node = new_okited(on=redis, redis={"ca_file": world.old.certificate})
    (fault,) = findings(node)
    assert 'authority "old authority" has expired at 2020-02-01' in fault


def test_without_a_ca_file_the_systems_authorities_count(new_okited, tls_redis, world):
    redis = tls_redis()
    node = new_okited(on=redis)
    (fault,) = findings(node)
    assert "does not know: set redis.ca_file to the certificate of that authority" in fault
    trusting = {"SSL_CERT_FILE": world.ours.certificate}
    node = new_okited(on=redis, environment=trusting).start()
    assert gist(node) == ["accepted"]


# ---- who we are ----

CLIENTS = [
    ("ours", "client", None),
    ("none", None, r"wants a client certificate: set redis\.cert_file and redis\.key_file"),
    ("another authority", "stranger", r"certificate.*authority that the server knows"),
    ("expired", "old_client", r"certificate.*in force"),
]


@pytest.mark.parametrize("versions", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("name, client, words", CLIENTS, ids=[one[0] for one in CLIENTS])
def test_server_wants_a_certificate(
    new_okited, tls_redis, world, name, client, words, versions
):
    redis = tls_redis(wants_clients=True, options=["--tls-protocols", versions])
    files = client_files(getattr(world, client)) if client else {}
    node = new_okited(on=redis, redis={"ca_file": world.ours.certificate, **files}).start()
    if words is None:
        assert gist(node) == ["accepted"]
        assert any(f"encrypted ({versions})" in one for one in findings(node, "ok"))
    else:
        assert gist(node) == ["451 4.3.0 redis"]
        assert node.log.wait(words)
        (fault,) = findings(node)


def test_certificate_that_nobody_wants(new_okited, tls_redis, world):
    files = {"ca_file": world.ours.certificate, **client_files(world.client)}
    node = new_okited(on=tls_redis(), redis=files).start()
    assert gist(node) == ["accepted"]


# ---- servers that speak otherwise ----


def test_server_that_is_too_old(new_okited, tls_redis, world):
    old = ["--tls-protocols", "TLSv1.1", "--tls-ciphers", "DEFAULT@SECLEVEL=0"]
    node = new_okited(on=tls_redis(options=old), redis={"ca_file": world.ours.certificate})
    (fault,) = findings(node)
    assert "no TLS that is new enough: allow TLSv1.2 or TLSv1.3 by tls-protocols" in fault


def test_tls_to_a_port_without(new_okited, own_redis, world):
    redis = own_redis(tcp=True)
    url = f"rediss://localhost:{redis.port}/0"
    node = new_okited(on=redis, redis={"url": url, "ca_file": world.ours.certificate})
    (fault,) = findings(node)
    assert "speak TLS on that port" in fault and "tls-port" in fault


def test_tls_to_what_answers_in_clear_text(new_okited, world):
    with socket.create_server(("127.0.0.1", 0)) as door:

        def answer():
            client, _ = door.accept()
            client.recv(65536)
            client.sendall(b"-ERR unknown command\r\n")
            client.close()

        talker = threading.Thread(target=answer)
        talker.start()
        url = f"rediss://127.0.0.1:{door.getsockname()[1]}/0"
        node = new_okited(redis={"url": url, "ca_file": world.ours.certificate})
        (fault,) = findings(node)
        talker.join()
    assert "does not speak TLS on that port: write its tls-port into redis.url" in fault


def test_clear_text_to_a_tls_port(new_okited, tls_redis, world):
    redis = tls_redis()
    node = new_okited(on=redis, redis={"url": redis.url.replace("rediss:", "redis:")})
    (fault,) = findings(node)
    assert "write rediss:// into redis.url" in fault


# ---- files ----


def broken_files(world, folder):
    """By name: the settings, and what is said of them."""
    empty, fifo = f"{folder}/empty.pem", f"{folder}/fifo.pem"
    open(empty, "w").close()
    os.mkfifo(fifo)
    ca_file, client = {"ca_file": world.ours.certificate}, client_files(world.client)
    none = "/nowhere/file.pem"
    return {
        "no ca_file": ({"ca_file": none}, f"redis.ca_file {none} cannot be read: No such file"),
        "empty ca_file": ({"ca_file": empty}, f"redis.ca_file {empty} has no certificate in it"),
        "a key for a ca_file": ({"ca_file": world.client.key}, "has no certificate in it"),
        "a folder": ({"ca_file": folder}, f"redis.ca_file {folder} is not a regular file"),
        "a fifo": ({"ca_file": fifo}, f"redis.ca_file {fifo} is not a regular file"),
        "no cert_file": ({**ca_file, **client, "cert_file": none}, f"redis.cert_file {none} c"),
        "empty cert_file": ({**ca_file, **client, "cert_file": empty}, "has no certificate in it"),
        "no key_file": ({**ca_file, **client, "key_file": none}, f"redis.key_file {none} cannot"),
        "empty key_file": ({**ca_file, **client, "key_file": empty}, f"{empty} has no key in it"),
        "another's key": (
            {**ca_file, **client, "key_file": world.stranger.key},
            f"redis.key_file {world.stranger.key} is not the key of redis.cert_file",
        ),
        "a locked key": (
            {**ca_file, **client, "key_file": world.client.locked_key()},
            "is locked by a password, which nobody is there to give",
        ),
    }


NAMES_OF_BROKEN = [
    "no ca_file",
    "empty ca_file",
    "a key for a ca_file",
    "a folder",
    "a fifo",
    "no cert_file",
    "empty cert_file",
    "no key_file",
    "empty key_file",
    "another's key",
    "a locked key",
]


@pytest.mark.parametrize("name", NAMES_OF_BROKEN)
def test_broken_file(new_okited, tls_redis, world, folder, name):
    settings, words = broken_files(world, folder)[name]
    node = new_okited(on=tls_redis(), redis=settings)
    (fault,) = findings(node)
    assert words in fault
    assert node.okite("account", "list").status == 1
    assert node.launch().wait() == 78
    assert words in node.log.text()


# ---- one deadline, TLS included ----


@pytest.mark.parametrize("mode", ["hang", "trickle", "cut", "lose", "garbage"])
def test_trouble_in_the_middle_of_a_handshake(new_okited, tls_redis, world, mode):
    redis = tls_redis()
    proxy = FaultProxy(("127.0.0.1", redis.port))
    url = f"rediss://localhost:{proxy.port}/0"
    settings = {"url": url, "ca_file": world.ours.certificate, "timeout": "500ms"}
    node = new_okited(on=redis, limits=(DAY,), redis=settings).start()
    try:
        assert gist(node) == ["accepted"]
        proxy.mode = mode
        proxy.reset()
        for _ in range(3):
            start = time.monotonic()
            assert gist(node) == ["451 4.3.0 redis"]
            assert time.monotonic() - start < (TIMEOUT + MARGIN) * PATIENCE
        proxy.mode = "pass"
        proxy.reset()
        wait_until(lambda: gist(node) == ["accepted"], "mail is accepted again", 20)
        assert node.used("alice", "day") >= 2
    finally:
        proxy.close()


@pytest.mark.parametrize("mode", ["hang", "trickle", "cut", "lose"])
def test_trouble_on_a_connection_that_is_up(new_okited, tls_redis, world, mode):
    redis = tls_redis()
    proxy = FaultProxy(("127.0.0.1", redis.port))
    url = f"rediss://localhost:{proxy.port}/0"
    settings = {"url": url, "ca_file": world.ours.certificate, "timeout": "500ms"}
    node = new_okited(on=redis, limits=(DAY,), redis=settings).start()
    try:
        assert gist(node) == ["accepted"]
        proxy.mode = mode
        start = time.monotonic()
        assert gist(node) == ["451 4.3.0 redis"]
        assert time.monotonic() - start < (TIMEOUT + MARGIN) * PATIENCE
        proxy.mode = "pass"
        proxy.reset()
        wait_until(lambda: gist(node) == ["accepted"], "mail is accepted again", 20)
    finally:
        proxy.close()


# ---- one connection, and exact counts ----


def connections(redis):
    """The numbers of those that came over TLS."""
    lines = redis.call("CLIENT", "LIST", "TYPE", "normal").splitlines()
    clients = [dict(word.partition("=")[::2] for word in line.split()) for line in lines]
    return sorted(one["id"] for one in clients if one["laddr"].endswith(f":{redis.port}"))


@pytest.mark.parametrize("versions", ["TLSv1.2", "TLSv1.3"])
def test_idle_connection_is_kept(new_okited, tls_redis, world, versions):
    """Tickets for a later session come after the handshake, and are no reason to leave."""
    redis = tls_redis(options=["--tls-protocols", versions])
    files = {"ca_file": world.ours.certificate}
    node = new_okited(on=redis, limits=(DAY,), redis=files).start()
    (first,) = connections(redis)
    for _ in range(5):
        assert gist(node) == ["accepted"]
        assert connections(redis) == [first]


def test_idle_connection_that_was_closed_is_replaced(new_okited, tls_redis, world):
    redis = tls_redis()
    files = {"ca_file": world.ours.certificate}
    node = new_okited(on=redis, limits=(DAY,), redis=files).start()
    (first,) = connections(redis)
    redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert gist(node) == ["accepted"]
    assert connections(redis) != [first]
    assert node.used("alice", "day") == 1


def test_many_at_once_are_counted_exactly(new_okited, tls_redis, world):
    redis = tls_redis()
    files = {"ca_file": world.ours.certificate, "timeout": "5s"}
    quota = {**DAY, "quota": "150/24h"}
    node = new_okited(on=redis, limits=(quota,), redis=files).start()
    (first,) = connections(redis)

    def send(session, number):
        session.login = "shop"
        return [timed_send(session, f"r{number}x{i}@b.example") for i in range(8)]

    results = hammer([node.listen], 4, 8, send)
    assert len(results) == 256
    assert sum(accepted for _, _, accepted in results) == 150
    assert node.used("shop", "day") == node.account("shop")["sent"] == 150
    assert first in connections(redis)


def test_long_questions_and_answers(new_okited, tls_redis, world):
    """More than one record of TLS at a time, both ways."""
    node = new_okited(on=tls_redis(), redis={"ca_file": world.ours.certificate, "timeout": "5s"})
    addresses = [f"r{i}@{'x' * 50}.b.example" for i in range(3000)]
    node.okite("suppress", "import", "-", input="\n".join(addresses), check=0)
    listed = node.okite("suppress", "list", json=True, check=0).objects
    assert sorted(one["address"] for one in listed) == sorted(addresses)


# ---- renewed files ----


class Mail:
    """Messages as fast as they go, in a thread, until `stop`; `gists` has what became of them."""

    def __init__(self, node):
        self.node, self.gists, self.ends, self.stopping = node, [], [], False
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        with self.node.session(login="flow") as session:
            while not self.stopping:
                message = session.send("news@shop.example", [f"r{len(self.gists)}@b.example"])
                self.gists += message.gists
                self.ends.append(message.end is not None and message.end.accepted)

    def wait(self, more=20):
        wanted = len(self.gists) + more
        wait_until(
            lambda: len(self.gists) >= wanted or not self.thread.is_alive(), "mail flows", 30
        )

    def stop(self):
        self.stopping = True
        self.thread.join()


class Files:
    """okite's files of TLS, in places that stay the same."""

    def __init__(self, folder, world):
        self.ca_file, self.cert_file = f"{folder}/ca.pem", f"{folder}/cert.pem"
        self.key_file = f"{folder}/key.pem"
        self.settings = {
            "ca_file": self.ca_file,
            "cert_file": self.cert_file,
            "key_file": self.key_file,
        }
        self.put(world.ours.certificate, world.client)

    def put(self, ca_file, client):
        shutil.copy(ca_file, self.ca_file)
        shutil.copy(client.chain, self.cert_file)
        shutil.copy(client.key, self.key_file)


def reload(node, want):
    node.log.mark()
    node.reload()
    node.log.wait(want)


def test_renewed_files_while_mail_flows(new_okited, tls_redis, world, folder):
    """Redis changes to another authority, for itself and its clients; nothing is refused."""
    redis = tls_redis(wants_clients=True)
    files = Files(folder, world)
    node = new_okited(on=redis, limits=(MUCH,), redis=files.settings).start()
    mail = Mail(node)
    try:
        mail.wait()
        # As one does it: first who is trusted, on both sides, then who one is.
        redis.configure("tls-ca-cert-file", world.bundle)
        files.put(world.bundle, world.stranger)
        reload(node, "is reloaded")
        mail.wait()
        redis.call(
            *("CONFIG", "SET", "tls-cert-file", world.other_server.chain),
            *("tls-key-file", world.other_server.key),
            *("tls-ca-cert-file", world.other.certificate),
        )
        files.put(world.other.certificate, world.stranger)
        reload(node, "is reloaded")
        mail.wait()
    finally:
        mail.stop()
    assert set(mail.gists) == {"accepted"} and all(mail.ends)
    node.wait_used("flow", "day", len(mail.gists))
    assert node.account("flow")["sent"] == len(mail.gists)
    # The connections from before are gone, and new ones are made by the new files.
    redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert gist(node) == ["accepted"]


def test_many_reloads_while_mail_flows(new_okited, tls_redis, world):
    redis = tls_redis()
    files = {"ca_file": world.ours.certificate}
    node = new_okited(on=redis, limits=(MUCH,), redis=files).start()
    mail = Mail(node)
    try:
        for _ in range(10):
            mail.wait(5)
            reload(node, "is reloaded")
    finally:
        mail.stop()
    assert set(mail.gists) == {"accepted"} and all(mail.ends)
    node.wait_used("flow", "day", len(mail.gists))
    wait_until(lambda: len(connections(redis)) == 1, "the former connections are closed")


def test_server_is_back_with_another_authority(new_okited, tls_redis, world, folder):
    """It was changed too early: mail waits, and a reload is all that is needed."""
    redis = tls_redis()
    files = Files(folder, world)
    node = new_okited(on=redis, limits=(DAY,), redis=files.settings).start()
    assert gist(node) == ["accepted"]
    redis.stop()
    redis.certificate, redis.authority = world.other_server, world.other
    redis.start()
    assert gist(node) == ["451 4.3.0 redis"]
    assert node.log.wait('"other authority", an authority that is not in redis.ca_file')
    files.put(world.other.certificate, world.stranger)
    reload(node, "is reloaded")
    assert gist(node) == ["accepted"]


BROKEN_AT_RELOAD = [
    ("no certificate in it", "ca_file", lambda world: "nonsense\n"),
    ("is not the key of redis.cert_file", "key_file", lambda world: content(world.stranger.key)),
    (
        'comes from "ours authority".*it still answers',
        "ca_file",
        lambda world: content(world.other.certificate),
    ),
]


@pytest.mark.parametrize(
    "words, which, broken", BROKEN_AT_RELOAD, ids=["nonsense", "another's key", "another CA"]
)
def test_broken_files_at_reload(new_okited, tls_redis, world, folder, words, which, broken):
    """Those from before stay in force, for new connections too, and the log says why."""
    redis = tls_redis(wants_clients=True)
    files = Files(folder, world)
    node = new_okited(on=redis, limits=(DAY,), redis=files.settings).start()
    before = content(files.settings[which])
    with open(files.settings[which], "w") as file:
        file.write(broken(world))
    reload(node, "is not taken: the configuration before stays")
    assert node.log.wait(words)
    assert gist(node) == ["accepted"]
    redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert gist(node) == ["accepted"]
    with open(files.settings[which], "w") as file:
        file.write(before)
    reload(node, "is reloaded")
    assert gist(node) == ["accepted"]


# ---- check ----


def test_certificates_that_end_soon(new_okited, tls_redis, own_redis, world, folder):
    def days(count):
        moment = time.gmtime(time.time() + count * 86400)
        return ("20200101", time.strftime("%Y%m%d", moment))

    files = {"ca_file": world.ours.certificate}
    soon = world.ours.issue("soon", dates=days(10))
    later = world.ours.issue("later", dates=days(30))
    redis = own_redis(certificate=soon, authority=world.ours)
    node = new_okited(on=redis, redis={**files, **client_files(soon)})
    told = " ".join(findings(node, "warning"))
    assert "the server's certificate ends at" in told and "redis.cert_file, ends at" in told
    redis = own_redis(certificate=later, authority=world.ours)
    node = new_okited(on=redis, redis={**files, **client_files(later)})
    assert "ends at" not in " ".join(findings(node, "warning"))
    assert "the server's certificate ends at" in " ".join(findings(node, "ok"))


def test_password_over_tls(new_okited, tls_redis, world, folder):
    redis = tls_redis(password="open sesame")
    path = f"{folder}/password"
    with open(path, "w") as file:
        file.write("open sesame\n")
    files = {"ca_file": world.ours.certificate}
    node = new_okited(on=redis, redis={**files, "password_file": path}).start()
    assert gist(node) == ["accepted"]
    node = new_okited(on=redis, redis=files)
    (fault,) = findings(node)
    assert "NOAUTH" in fault and "redis.password_file" in fault
    with pytest.raises(RedisError):
        redis.password = ""
        redis.call("PING")
