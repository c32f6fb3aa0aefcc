"""okite suppress: add, remove, show, list, import, export."""

import os
import re
import shutil

import pytest

from support.redis import SERVER

MEMBERS = "address digest reason scope since until source note".split()
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")


@pytest.fixture
def node(new_okited):
    """Only the configuration: the command needs no daemon."""
    return new_okited()


def entries(node, *options):
    listed = node.okite("suppress", "list", *options, json=True, check=0).objects
    return {(one["address"], one["scope"]): one for one in listed}


def fill(node):
    node.suppress("hard@b.example", "--reason", "hard", "--note", "no such user")
    node.suppress("soft@b.example", "--reason", "soft", "--expire", "14d")
    node.suppress("Complaint@B.example", "--reason", "complaint", "--account", "shop")
    node.suppress("unsubscribe@b.example", "--reason", "unsubscribe")
    node.suppress("@gone.example", "--note", 'a "quoted", comma\'d note')


def test_add_show_remove(node):
    assert node.okite("suppress", "show", "a@b.example").status == 1
    node.suppress("A@B.example", "--reason", "hard", "--note", "no such user")
    shown = node.okite("suppress", "show", "a@b.example", json=True, check=0).object
    assert set(MEMBERS) <= set(shown)
    assert (shown["address"], shown["reason"], shown["note"]) == (
        "a@b.example",
        "hard",
        "no such user",
    )
    assert TIME.match(shown["since"]) and re.fullmatch(r"[0-9a-f]{32}", shown["digest"])
    people = node.okite("suppress", "show", "a@b.example", check=0).out
    assert "a@b.example" in people and "hard" in people
    node.okite("suppress", "remove", "A@b.example", check=0)
    assert node.okite("suppress", "show", "a@b.example").status == 1
    assert node.okite("suppress", "remove", "a@b.example").status == 1


def test_added_without_a_reason_is_manual(node):
    node.suppress("a@b.example")
    assert node.okite("suppress", "show", "a@b.example", json=True).object["reason"] == "manual"


def test_not_an_address(node):
    for text in ("nobody", "@", "a@", "", "a b@c.example"):
        answer = node.okite("suppress", "add", text)
        assert answer.status in (1, 64) and answer.err.strip(), (text, answer)
    assert entries(node) == {}


def test_stronger_reason_wins(node):
    for reason, want in (
        ("soft", "soft"),
        ("manual", "manual"),
        ("soft", "manual"),
        ("hard", "hard"),
        ("manual", "hard"),
        ("unsubscribe", "unsubscribe"),
        ("hard", "unsubscribe"),
        ("complaint", "complaint"),
        ("unsubscribe", "complaint"),
    ):
        node.okite("suppress", "import", "-", "--reason", reason, input="a@b.example\n", check=0)
        assert node.okite("suppress", "show", "a@b.example", json=True).object["reason"] == want


def test_scopes_are_entries_of_their_own(node):
    node.suppress("a@b.example", "--reason", "hard")
    node.suppress("a@b.example", "--reason", "complaint", "--account", "shop")
    shown = node.okite("suppress", "show", "a@b.example", json=True, check=0).objects
    assert sorted((one["scope"], one["reason"]) for one in shown) in (
        [("everyone", "hard"), ("shop", "complaint")],
        [("*", "hard"), ("shop", "complaint")],
    )


def test_list(node):
    fill(node)
    assert {address for address, _ in entries(node)} == {
        "hard@b.example",
        "soft@b.example",
        "complaint@b.example",
        "unsubscribe@b.example",
        "@gone.example",
    }
    assert {address for address, _ in entries(node, "--reason", "hard")} == {"hard@b.example"}
    assert {address for address, _ in entries(node, "*@gone.example")} == {"@gone.example"}
    assert {address for address, _ in entries(node, "h*")} == {"hard@b.example"}
    assert len(entries(node, "--since", "1h")) == 5
    people = node.okite("suppress", "list", check=0).out
    assert "complaint@b.example" in people


def test_expiry(new_okited, own_redis, clock):
    redis = own_redis(environment=clock.environment(shutil.which(SERVER)))
    node = new_okited(on=redis).start()
    node.suppress("soft@b.example", "--reason", "soft", "--expire", "14d")
    assert TIME.match(node.okite("suppress", "show", "soft@b.example", json=True).object["until"])
    assert node.send(["soft@b.example"], login="x").gists == ["550 5.1.1 suppressed"]
    clock.advance(14 * 86400 + 60)
    assert node.send(["soft@b.example"], login="x").gists == ["accepted"]
    assert node.okite("suppress", "show", "soft@b.example").status == 1


@pytest.mark.parametrize("by_file", [True, False], ids=["file", "pipe"])
def test_export_and_import_again(node, redis, folder, by_file):
    fill(node)
    before = entries(node)
    path = os.path.join(folder, "export")
    if by_file:
        node.okite("suppress", "export", path, check=0)
        source, text = path, None
    else:
        source, text = "-", node.okite("suppress", "export", check=0).out
    again = node.okite("suppress", "import", source, input=text, json=True, check=0).object
    assert (again["added"], again["changed"], again["unchanged"], again["rejected"]) == (0, 0, 5, 0)
    assert entries(node) == before
    redis.flush()
    anew = node.okite("suppress", "import", source, input=text, json=True, check=0).object
    assert (anew["read"], anew["added"], anew["rejected"]) == (5, 5, 0)
    assert entries(node) == before


def test_import_plain(node, folder):
    path = os.path.join(folder, "list.txt")
    with open(path, "w") as file:
        file.write("a@b.example\n\nC@D.example\r\n@gone.example\na@b.example\n")
    counts = node.okite("suppress", "import", path, "--reason", "hard", json=True, check=0).object
    assert (counts["added"], counts["rejected"]) == (3, 0)
    assert {one["reason"] for one in entries(node).values()} == {"hard"}
    assert not os.path.exists(path + ".rejected")


def test_import_with_bad_lines(node, folder):
    path = os.path.join(folder, "list.txt")
    with open(path, "w") as file:
        file.write("a@b.example\nnot an address\nc@d.example\n@\n")
    answer = node.okite("suppress", "import", path, json=True, check=1)
    assert (answer.object["added"], answer.object["rejected"]) == (2, 2)
    assert re.search(r"\b2\b", answer.err) and re.search(r"\b4\b", answer.err)
    with open(path + ".rejected") as file:
        kept = file.read().splitlines()
    assert kept[1::2] == ["not an address", "@"]
    assert kept[0].startswith(f"# {path}:2: ") and kept[2].startswith(f"# {path}:4: ")
    # Put right and imported again: what was bad is no more.
    with open(path, "w") as file:
        file.write("a@b.example\nc@d.example\n")
    node.okite("suppress", "import", path, check=0)
    assert not os.path.exists(path + ".rejected")


def test_import_of_an_invisible_character(node):
    """Two lists that were joined: the mark of the second is no part of an address."""
    text = "\ufeffa@b.example\n\ufeffc@d.example\nso\u200bft@b.example\n"
    answer = node.okite("suppress", "import", "-", input=text, json=True, check=1)
    assert (answer.object["added"], answer.object["rejected"]) == (1, 2)
    assert answer.err.count("an invisible character") == 2
    assert set(entries(node)) == {("a@b.example", "everyone")}


def test_import_from_a_pipe_with_bad_lines(node):
    answer = node.okite(
        "suppress", "import", "-", input="a@b.example\nrubbish\n", json=True, check=1
    )
    assert (answer.object["added"], answer.object["rejected"]) == (1, 1)
    assert "rubbish" in answer.err


def test_import_of_a_missing_file(node, folder):
    answer = node.okite("suppress", "import", f"{folder}/none")
    assert answer.status not in (0, 75) and f"{folder}/none" in answer.err


def test_import_of_many(node):
    text = "".join(f"r{i}@b{i % 100}.example\n" for i in range(20_000))
    counts = node.okite(
        "suppress", "import", "-", "--format", "plain", input=text, json=True, check=0
    )
    assert counts.object["added"] == 20_000
    assert len(entries(node)) == 20_000


def test_only_digests_are_kept_where_addresses_are_not_stored(new_okited, redis):
    node = new_okited(suppression={"store_addresses": False}).start()
    node.suppress("secret.person@b.example", "--reason", "hard")
    assert node.send(["secret.person@b.example"], login="x").gists == ["550 5.1.1 suppressed"]
    (one,) = node.okite("suppress", "list", json=True, check=0).objects
    assert one["address"] == "" or one["address"] is None
    values = []
    for key in redis.keys():
        kind = redis.call("TYPE", key)
        read = {
            "hash": ["HGETALL", key],
            "string": ["GET", key],
            "stream": ["XRANGE", key, "-", "+"],
        }.get(kind)
        values.append((key, redis.call(*read) if read else None))
    assert "secret.person" not in repr(values)


def test_two_secrets_never_share_a_list(node, new_okited):
    """The command, too, refuses to work on another fleet's list rather than see an empty one."""
    node.suppress("a@b.example")
    node.start()
    node.send(["x@y.example"], login="x")
    foreign = new_okited(secret=bytes(32))
    answer = foreign.okite("suppress", "add", "c@d.example")
    assert answer.status != 0 and "secret" in answer.err.lower()
