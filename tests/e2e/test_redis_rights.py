"""
The user in Redis: the rights that the manual page gives are enough for all that okite and
okited do, and each of them is needed.
"""

import glob
import os
import re
import shlex

import pytest

from support.okited import TOP
from support.redis import Client, Redis, RedisError
from support.wait import wait_until

PASSWORD = "sesame"
ALICE = {"login": "alice"}
CHECK_ONLY = {"info"}  # not asked by anything else


def manual_words():
    """The words of `redis-cli ACL SETUSER okite ...` in okite.conf(5), as a shell reads them."""
    with open(os.path.join(TOP, "man", "okite.conf.5")) as file:
        page = file.read()
    found = re.search(r"^redis-cli (ACL SETUSER okite .*?)^\.Ed$", page, re.DOTALL | re.MULTILINE)
    text = found.group(1)
    for escape, character in (("\\(aq", "'"), ("\\(ti", "~"), ("\\e", "\\")):
        text = text.replace(escape, character)
    text = text.replace("\\\n", "").replace("PASSWORD", PASSWORD)
    return shlex.split(text)


RULES = manual_words()[3:]  # behind ACL SETUSER okite
COMMANDS = [rule[1:] for rule in RULES if rule.startswith("+")]


@pytest.fixture
def password_file(folder):
    path = f"{folder}/password"
    with open(path, "w") as file:
        file.write(PASSWORD + "\n")
    return path


@pytest.fixture
def limited(own_redis, new_okited, password_file):
    """A function: a node whose user has the manual page's rights, and MORE."""

    def make(*more, **settings):
        redis = own_redis()
        assert redis.call(*manual_words(), *more) == "OK"
        settings["redis"] = {"user": "okite", "password_file": password_file}
        node = new_okited(on=redis, **settings)
        node.server = redis
        return node

    return make


def complaints(node):
    """What `okite check` says of Redis that is not good."""
    found = node.okite("check", json=True).objects
    return [one["message"] for one in found if one["level"] != "ok" and one["where"] == "redis"]


# ---- they are enough ----


def limit(name, **more):
    return {"name": name, "per": ["account"], "quota": "3/24h", **more}


LIMITS = (
    limit("day", quota="100/24h"),
    limit("rate", rate="1/h", burst=3, when={"login": ["quick"]}),
    limit("people", quota="2/24h", count="distinct_recipients", when={"login": ["wide"]}),
    limit("few", when={"login": ["small"]}),
    limit("held", quota="1/24h", action="hold", when={"login": ["held"]}),
)
del LIMITS[1]["quota"]


def send_all_kinds(node):
    def gists(*to, **who):
        return node.send([f"{one}@b.example" for one in to], **who).gists

    assert gists("a", "b", **ALICE) == ["accepted"] * 2
    assert gists("a", login="quick") == ["accepted"]
    assert gists("a", "b", "c", login="quick")[2].startswith("451")
    assert gists("a", "b", "c", "a", login="wide")[2].startswith("451")
    assert gists("a", "b", "c", "d", login="small")[3].startswith("451")
    assert gists("a", login="held") == gists("b", login="held") == ["accepted"]
    assert gists("a", local=True) == ["accepted"]
    node.suppress("gone@b.example")
    assert gists("gone", "a", **ALICE)[0].startswith("550")
    with node.session(**ALICE) as session:  # given back
        session.envelope("news@shop.example", ["x@b.example"])
        session.abort()
        session.login = "wide2"
        session.envelope("news@shop.example", ["x@b.example"])
        session.abort()
        session.flush()


def run_all_commands(node, folder):
    def okite(*words, **more):
        return node.okite(*words, check=0, **more)

    okite("suppress", "add", "@d.example", "--reason", "hard")
    okite("suppress", "add", "t@d.example", "--expire", "1d", "--account", "alice")
    okite("suppress", "show", "t@d.example")
    okite("suppress", "list")
    okite("suppress", "export", f"{folder}/list")
    okite("suppress", "import", f"{folder}/list")
    okite("suppress", "remove", "@d.example")
    okite("account", "set", "alice", "--limit", "day=5/24h")
    okite("account", "set", "box", "--plan", "sandbox")
    okite("account", "pause", "alice")
    okite("account", "resume", "alice")
    okite("account", "list")
    okite("account", "show", "alice")
    okite("account", "reset", "alice")
    okite("verified", "add", "v@b.example")
    okite("verified", "list")
    assert node.send(["v@b.example", "w@b.example"], login="box").accepted == 1
    okite("verified", "remove", "v@b.example")
    explain = ("explain", "--from", "a@shop.example", "--to", "b@b.example", "--login")
    for login in ("bob", "wide", "small"):
        node.okite(*explain, login)
    okite("events")


def test_enough_for_everything(limited, folder):
    node = limited(limits=LIMITS).start()
    send_all_kinds(node)
    run_all_commands(node, folder)
    assert node.server.call("ACL", "LOG") == []
    assert node.log.lines("(?i)redis:|noperm|refuses") == []


def test_every_command_of_a_script_is_among_them():
    """What a script calls only now and then is not found by trying."""
    for path in glob.glob(os.path.join(TOP, "store", "*.lua")):
        with open(path) as file:
            names = set(re.findall(r"call\('([A-Z]+)'", file.read()))
        assert names and {name.lower() for name in names} <= set(COMMANDS), path


def test_none_is_there_that_nobody_asks():
    """Every right has its reason in the sources, beside those of `okite check`."""
    text = ""
    for path in glob.glob(os.path.join(TOP, "store", "*")):
        if "check" not in os.path.basename(path):
            with open(path) as file:
                text += file.read()
    unused = [one for one in COMMANDS if not set(one.upper().split("|")) <= words_of(text)]
    assert set(unused) == CHECK_ONLY


def words_of(text):
    """What stands in quotes in C or Lua."""
    return set(re.findall(r"""["']([A-Z]+)["']""", text))


def test_users_file(folder, new_okited, password_file):
    """The same, as one line of an aclfile."""
    path = f"{folder}/users.acl"
    with open(path, "w") as file:
        file.write("user default on nopass ~* &* +@all\n")
        file.write("user okite " + " ".join(RULES) + "\n")
    redis = Redis(f"{folder}/redis", options=["--aclfile", path])
    redis.start()
    try:
        settings = {"user": "okite", "password_file": password_file}
        node = new_okited(on=redis, limits=LIMITS, redis=settings).start()
        assert node.send(["a@b.example"], **ALICE).gists == ["accepted"]
        assert node.okite("check").status == 0
    finally:
        redis.kill()


def test_nothing_more(limited):
    """Not what others keep in the same Redis, and nothing that harms all."""
    redis = limited().server
    redis.call("SET", "theirs", "1")
    client = Client(redis.path)
    client.call("AUTH", "okite", PASSWORD)
    for words in (
        ["GET", "theirs"],
        ["DEL", "theirs"],
        ["FLUSHALL"],
        ["KEYS", "*"],
        ["CONFIG", "GET", "requirepass"],
        ["ACL", "LIST"],
        ["EVAL", "return redis.call('GET', 'theirs')", "0"],
        ["SHUTDOWN"],
    ):
        with pytest.raises(RedisError, match="NOPERM"):
            client.call(*words)
    client.close()


# ---- and needed ----


@pytest.mark.parametrize("command", COMMANDS)
def test_each_is_missed(limited, command):
    """`okite check` names what was left out."""
    node = limited("-" + command)
    told, name = complaints(node), command.replace("|", " ")
    assert any(re.search(rf"\b{name}\b", one, re.IGNORECASE) for one in told), told
    assert (node.okite("check").status == 0) == (command in CHECK_ONLY)


def test_check_with_them(limited):
    node = limited()
    (told,) = complaints(node)
    assert "whether there are snapshots is not known, since CONFIG GET is refused" in told
    node = limited("+config|get")
    (told,) = complaints(node)
    assert "persistence is off" in told
    node = limited("-info")
    (told,) = complaints(node)
    assert "INFO is refused, so version, role, persistence and memory are not known" in told
    assert "allow +info by ACL SETUSER" in told


# ---- logins ----


LOGINS = [
    ("wrong password", {"password_file": "wrong"}, r"WRONGPASS.*see redis\.user and redis\.pass"),
    ("no such user", {"user": "nobody"}, r"WRONGPASS.*see redis\.user and redis\.pass"),
    ("other keys", {"prefix": "other:"}, r"NOPERM.*okite\.conf\(5\) has the rights"),
    ("no login", {"user": "", "password_file": ""}, r"NOAUTH.*set redis\.password_file"),
    ("no password", {"password_file": ""}, r"NOAUTH.*set redis\.password_file"),
    ("no file", {"password_file": "missing"}, r"redis\.password_file \S+missing cannot be read"),
]


@pytest.mark.parametrize("name, login, words", LOGINS, ids=[one[0] for one in LOGINS])
def test_wrong_login(limited, folder, name, login, words):
    node = limited(limits=LIMITS)
    node.server.call("ACL", "SETUSER", "default", ">else", "-@all")
    with open(f"{folder}/wrong", "w") as file:
        file.write("wrong\n")
    settings = {"user": "okite", "password_file": f"{folder}/password", **login}
    if settings["password_file"] in ("wrong", "missing"):
        settings["password_file"] = f"{folder}/{settings['password_file']}"
    node.configure(limits=LIMITS, redis=settings)
    assert re.search(words, " ".join(complaints(node))), complaints(node)
    node.start()
    assert node.send(["a@b.example"], **ALICE).gists == ["451 4.3.0 redis"]
    assert node.log.wait(words)


def test_login_in_the_url(own_redis, new_okited):
    redis = own_redis(tcp=True)
    redis.call(*manual_words())
    url = f"redis://okite:{PASSWORD}@127.0.0.1:{redis.port}/0"
    node = new_okited(on=redis, limits=LIMITS, redis={"url": url}).start()
    assert node.send(["a@b.example"], **ALICE).gists == ["accepted"]
    assert "user=okite" in redis.call("CLIENT", "LIST")


def test_changed_password(limited, password_file):
    """It is read for each connection: changed on both sides, nothing is restarted."""
    node = limited(limits=LIMITS).start()
    assert node.send(["a@b.example"], **ALICE).gists == ["accepted"]
    node.server.call("ACL", "SETUSER", "okite", "resetpass", ">new")
    with open(password_file, "w") as file:
        file.write("new\n")
    node.server.call("CLIENT", "KILL", "USER", "okite")
    wait_until(
        lambda: node.send(["a@b.example"], **ALICE).gists == ["accepted"], "mail is accepted", 20
    )


def test_rights_that_are_taken_away_while_mail_flows(limited):
    node = limited(limits=LIMITS).start()
    assert node.send(["a@b.example"], **ALICE).gists == ["accepted"]
    node.server.call("ACL", "SETUSER", "okite", "-evalsha")
    assert node.send(["a@b.example"], **ALICE).gists == ["451 4.3.0 redis"]
    assert node.log.wait("NOPERM")
    node.server.call("ACL", "SETUSER", "okite", "+evalsha")
    assert node.send(["a@b.example"], **ALICE).gists == ["accepted"]
