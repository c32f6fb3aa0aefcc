"""What the commands print with --json is what okite(1) says of each, and the other way round."""

import os
import re

import pytest
from support.okited import TOP


def macro_names(line):
    """ "Cm a , b and c" without the macro and the punctuation."""
    return [name for name in re.split(" , | ;| [.]$| ,$|$", line) if name]


def read_page():
    """Of each command the members of its objects; of each member that has members, these."""
    with open(os.path.join(TOP, "man", "okite.1")) as file:
        section = re.search(r"^\.Sh JSON\n(.*?)^\.Sh ", file.read(), re.M | re.S).group(1)
    commands, inner, current = {}, {}, []
    for line in section.splitlines():
        macro, _, rest = line.partition(" ")
        if line.startswith(".It Cm "):
            current = macro_names(line.removeprefix(".It Cm ").replace(" Cm ", " "))
            for command in current:
                commands.setdefault(command, set())
        elif line.startswith(".It "):
            current = []
        for name in macro_names(rest) if macro == ".Va" else []:
            outer, dot, member = name.rpartition(".")
            if dot:
                inner.setdefault(outer, set()).add(member)
            else:
                for command in current:
                    commands[command].add(name)
    return commands, inner


COMMANDS, INNER = read_page()
ADDRESS = "a@b.example"
EXPLAIN = ("explain", "--from", "x@shop.example", "--to", ADDRESS)

# The command lines that bring all members of a command, and what comes before them.
LINES = {
    "check": [("check",)],
    "explain": [EXPLAIN, (*EXPLAIN, "--client", "198.51.100.7"), (*EXPLAIN, "--login", "watched")],
    "suppress add": [("suppress", "add", ADDRESS)],
    "suppress remove": [("suppress", "remove", "@suppressed.example")],
    "suppress show": [("suppress", "show", "@suppressed.example")],
    "suppress list": [("suppress", "list")],
    "suppress export": [("suppress", "export")],
    "suppress import": [("suppress", "import", "-")],
    "account list": [("account", "list")],
    "account show": [("account", "show", "shop")],
    "account set": [("account", "set", "shop", "--note", "x")],
    "account pause": [("account", "pause", "shop")],
    "account resume": [("account", "resume", "paused")],
    "account reset": [("account", "reset", "shop")],
    "verified add": [("verified", "add", ADDRESS)],
    "verified remove": [("verified", "remove", "@verified.example")],
    "verified list": [("verified", "list")],
    "feedback": [("feedback", "--format", "message", __file__)],
    "events": [("events",)],
}
# They change a mail server, and have tests of their own.
ELSEWHERE = {"setup postfix"}


@pytest.fixture
def node(new_okited):
    watched = {"name": "watched", "quota": "1/h", "action": "observe", "count": "messages"}
    watched["when"] = {"login": ["watched"]}
    node = new_okited(limits=(watched, {"name": "day", "quota": "9/24h"}))
    node.suppress("@suppressed.example")
    node.okite("account", "set", "shop", "--limit", "day=5/24h", check=0)
    node.okite("account", "pause", "paused", check=0)
    node.okite("verified", "add", "@verified.example", check=0)
    return node


def test_every_command_of_the_page_is_looked_at():
    assert set(LINES) == set(COMMANDS) - ELSEWHERE


@pytest.mark.parametrize("command", LINES)
def test_members(node, command):
    if command == "explain":
        node.start()
        node.send([ADDRESS], login="watched")
    got = set()
    for line in LINES[command]:
        answer = node.okite(*line, json=True, input="c@d.example\n")
        assert answer.objects, answer
        for one in answer.objects:
            got |= set(one)
            for name, value in one.items():
                for entry in value if isinstance(value, list) else []:
                    assert set(entry) == INNER[name]
    assert got == COMMANDS[command]
