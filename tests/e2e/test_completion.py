"""Completion of the command line in bash and zsh, typed into the real shells."""

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time

import pytest
from support.okited import OKITE, TOP, Okited
from support.redis import Redis
from support.wait import PATIENCE, wait_until

BASH = os.path.join(TOP, "completion", "bash", "okite")
ZSH = os.path.join(TOP, "completion", "zsh")

# Logins are what strangers have written.
HARMLESS = ["shop", "ops@example.com", "ops@example.net", "2001:db8::", "a=b"]
EVIL = ["$(touch pwned)", "`touch pwned`", "a b;touch pwned", "it's", 'x="1"', "back\\slash"]
EVIL += ["!history", "~root", "*", "{a,b}", "$home", "#no", "-rf", "müller"]
CONTROL = ["red\x1b[31m", "two\nlines"]


class Shell:
    """
    An interactive shell of its own: what it makes of a line, and what it offers.
    Both are written into a file by keys that follow the line, so that nothing has
    to be read from the screen.
    """

    def __init__(self, folder, command, setup, environment):
        self.name = command[0]
        self.folder = folder
        self.answer = os.path.join(folder, "answer")
        script = os.path.join(folder, "setup")
        with open(script, "w") as file:
            file.write(setup)
        variables = {"PATH": os.environ["PATH"], "HOME": folder, "TERM": "dumb", "ZDOTDIR": folder}
        variables |= {"LC_ALL": "C.UTF-8", "INPUTRC": "/dev/null", "ANSWER": self.answer}
        variables |= environment
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, variables)
        self.seen = b""
        self.type(f". {script}\r")
        wait_until(self.answered, lambda: f"the shell is ready: {self.seen!r}")

    def type(self, text):
        os.write(self.terminal, text.encode())

    def answered(self):
        """What was written; the screen is read all the time, or the shell would block."""
        while select.select([self.terminal], [], [], 0.01)[0]:
            try:
                self.seen += os.read(self.terminal, 65536)
            except OSError:
                raise AssertionError(f"the shell has ended: {self.seen!r}") from None
        if not os.path.exists(self.answer):
            return None
        with open(self.answer, "rb") as file:
            text = file.read()
        # The last byte tells that it is whole.
        return text.decode() if text.endswith(b"\n") else None

    def press(self, keys):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.answer)
        self.type(keys)
        failure = lambda: f"an answer to {keys!r}: {self.seen[-2000:]!r}"  # noqa: E731
        return wait_until(self.answered, failure)[:-1]

    def complete(self, line):
        """LINE after the tabulator."""
        return self.press(f"{line}\t\x18d")

    def offers(self, line):
        """The candidates."""
        text = self.press(f"{line}\x18o")
        return sorted(set(filter(None, text.split("\0"))))

    def evaluate(self, line):
        """The words of LINE when it is entered."""
        start = [self.name, "--norc" if self.name == "bash" else "-f", "-c"]
        done = subprocess.run(
            [*start, "printf '%s\\0' " + line], capture_output=True, text=True, cwd=self.folder
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\0")[:-1]

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


# Keys: Control-X d tells the line and clears it, Control-X o tells the candidates.
BASH_SETUP = """
PS1='$ ' HISTFILE= COLUMNS=200
{source}
tell() {{ printf '%s\\n' "$READLINE_LINE" >"$ANSWER"; READLINE_LINE= READLINE_POINT=0; }}
offers() {{
	COMP_LINE=$READLINE_LINE COMP_POINT=$READLINE_POINT
	_okite okite '' ''
	{{ printf '%s\\0' "${{COMPREPLY[@]}}"; echo; }} >"$ANSWER"
	READLINE_LINE= READLINE_POINT=0
}}
bind 'set bell-style none' 2>/dev/null
bind 'set completion-query-items 0' 'set page-completions off' 2>/dev/null
bind -x '"\\C-xd": tell'
bind -x '"\\C-xo": offers'
echo >"$ANSWER"
"""

ZSH_SETUP = """
PS1='$ ' COLUMNS=200
fpath=({folder} $fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' list-prompt ''
unsetopt beep list_beep
tell() {{ print -r -- "$BUFFER" >"$ANSWER"; BUFFER= }}
zle -N tell
# Instead of being added, candidates are noted.
offers() {{
	local -a all
	compadd() {{
		local -a hits
		if ((${{argv[(I)-[OAD]]}})); then builtin compadd "$@"; return; fi
		builtin compadd -O hits "$@"
		all+=("${{hits[@]}}")
		((${{#hits}}))
	}}
	_main_complete
	unfunction compadd
	{{ print -rN -- "${{all[@]}}"; echo }} >"$ANSWER"
	compstate[insert]= compstate[list]=
	BUFFER=
}}
clear_and_offer() {{ zle offers; BUFFER= }}
zle -C offers complete-word offers
zle -N clear_and_offer
bindkey '^I' expand-or-complete '^Xd' tell '^Xo' clear_and_offer
echo >"$ANSWER"
"""

SHELLS = {
    "bash": (["bash", "--noprofile", "--norc", "-i"], BASH_SETUP.format(source=f". {BASH}")),
    "zsh": (["zsh", "-f", "-i"], ZSH_SETUP.format(folder=ZSH)),
}


@pytest.fixture(scope="module")
def start(top):
    """A function that starts a shell; EXECUTABLE is its `okite`."""
    shells = []

    def start(name, executable=OKITE):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
        path = os.path.join(top, f"shell{len(shells)}")
        os.makedirs(os.path.join(path, "bin"))
        os.symlink(executable, os.path.join(path, "bin", "okite"))
        environment = {"PATH": f"{path}/bin:{os.environ['PATH']}"}
        shells.append(Shell(path, *SHELLS[name], environment))
        return shells[-1]

    yield start
    for shell in shells:
        shell.close()


@pytest.fixture(scope="module")
def bash(start):
    return start("bash")


@pytest.fixture(scope="module")
def zsh(start):
    return start("zsh")


@pytest.fixture(params=SHELLS)
def shell(request):
    return request.getfixturevalue(request.param)


def usage():
    """The words of each command, and its options."""
    done = subprocess.run([OKITE, "--help"], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        line = line.split("[--json]")[1]
        command = re.match("(?: [a-z][a-z-]*)*", line).group().split()
        yield command, set(re.findall(r"(?<=[ [|])--?[a-z][a-z-]*", line))


COMMON = ["--help", "--json", "-c"]


def reasons():
    """The completions have a list of these, since the usage has none."""
    with open(os.path.join(TOP, "policy", "suppression.c")) as file:
        names = re.findall(r"\[REASON_[A-Z]+\] = \"([a-z]+)\"", file.read())
    return sorted(set(names) - {"none"})


REASONS = reasons()

# What is written, and what is offered for it.
OFFERED = [
    ("a command", "okite su", ["suppress"]),
    ("several commands", "okite e", ["events", "explain"]),
    ("a second word", "okite account re", ["reset", "resume"]),
    ("options of the command", "okite suppress remove -", ["--account", *COMMON]),
    ("options of no command", "okite --", ["--help", "--json", "--version"]),
    ("not one that is there", "okite account pause x --reject --", ["--help", "--json", "--note"]),
    ("nor with its value behind =", "okite account set x --plan=p --pl", []),
    ("one that may be repeated", "okite account set x --limit a=1 --l", ["--limit"]),
    ("several addresses", "okite explain --to a@b.example --t", ["--to"]),
    ("words of a value", "okite suppress import --format au", ["auto"]),
    ("of this command", "okite suppress export --format au", []),
    ("behind =", "okite suppress export --format=pl", ["plain"]),
    ("reasons", "okite suppress list --reason ", REASONS),
    ("a word beside a placeholder", "okite suppress add @b.example --expire ne", ["never"]),
    ("nothing for a placeholder", "okite suppress add a@b.example --note x", []),
    ("options behind the operands", "okite account resume x ", COMMON),
    ("an option before the command", "okite --json -c x.conf verified l", ["list"]),
    ("a value that looks like a command", "okite -c suppress ver", ["verified"]),
    ("an option between the words", "okite suppress --reason hard ad", ["add"]),
    ("no options behind --", "okite account resume -- -", []),
    ("an unknown command", "okite nonsense x", []),
    ("quoted words", "okite 'suppress' \"export\" --format pl", ["plain"]),
]


@pytest.mark.parametrize("line, want", [case[1:] for case in OFFERED], ids=[c[0] for c in OFFERED])
def test_what_is_offered(shell, line, want):
    assert shell.offers(line) == sorted(want)


def test_every_command_of_the_usage_is_offered(shell):
    commands = [command for command, _ in usage()]
    assert set(shell.offers("okite ")) == {command[0] for command in commands}
    for first in {command[0] for command in commands if len(command) > 1}:
        seconds = {command[1] for command in commands if command[0] == first}
        assert set(shell.offers(f"okite {first} ")) == seconds


def test_every_option_of_the_usage_is_offered(shell):
    for command, options in usage():
        got = set(shell.offers(f"okite {' '.join(command)} -")) - {"-"}
        assert got == options | set(COMMON)


# What is typed, and the words that the line has after the tabulator.
TYPED = [
    ("a command", "okite ver", ["verified"]),
    ("the common part", "okite account re", ["account", "res"]),
    ("a file", "okite -c a", ["-c", "a.conf"]),
    ("a file behind =", "okite --config=a", ["--config=a.conf"]),
    ("a file to import", "okite suppress import a", ["suppress", "import", "a.conf"]),
    ("a file with a blank", "okite -c e", ["-c", "e f"]),
    ("more of it", "okite -c e\\ ", ["-c", "e f"]),
    ("a file with a colon", "okite -c d", ["-c", "d:e"]),
    ("more of it, too", "okite -c d:", ["-c", "d:e"]),
    ("a file with a command in its name", "okite -c \\$", ["-c", "$(touch pwned)"]),
    ("in the middle of the line", "okite ver list\x1bb\x02", ["verified", "list"]),
]


@pytest.mark.parametrize("line, want", [case[1:] for case in TYPED], ids=[c[0] for c in TYPED])
def test_what_is_typed(shell, line, want):
    for name in ("a.conf", "e f", "d:e", "$(touch pwned)"):
        with open(os.path.join(shell.folder, name), "w"):
            pass
    assert shell.evaluate(shell.complete(line)) == ["okite", *want]


# ---- accounts ----


@pytest.fixture(scope="module")
def okite(top):
    """The command, with the configuration of a node that knows accounts of such names."""
    server = Redis(os.path.join(top, "completion-redis")).start()
    node = Okited(os.path.join(top, "completion-node"), server)
    for name in HARMLESS + EVIL + CONTROL:
        node.okite("account", "set", "--note", "x", "--", name, check=0)
    yield f"okite -c {node.path}"
    server.stop()


@pytest.fixture
def guarded(shell):
    """A shell in which nobody's name was run."""
    yield shell
    for path in (shell.folder, os.getcwd()):
        assert not os.path.exists(os.path.join(path, "pwned"))


PLACES = ["account show ", "suppress list --account ", "explain --login "]


@pytest.mark.parametrize("place", PLACES)
def test_accounts_are_offered(guarded, okite, place):
    offered = guarded.offers(f"{okite} {place}")
    # bash is given them quoted, zsh quotes them itself.
    names = [guarded.evaluate(word)[0] for word in offered] if guarded.name == "bash" else offered
    assert set(names) == set(HARMLESS + EVIL)


# What is typed of a name, and which it then is.
NAMES = [
    ("plain", "sh", "shop"),
    ("behind @", "ops@example.n", "ops@example.net"),
    ("up to where they differ", "ops@", "ops@example."),
    ("with colons", "2001:d", "2001:db8::"),
    ("with =", "a=", "a=b"),
    ("a command in $()", "\\$\\(", "$(touch pwned)"),
    ("a command in backquotes", "\\`", "`touch pwned`"),
    ("a second command", "a\\ b", "a b;touch pwned"),
    ("a quote", "it", "it's"),
    ("quotes behind =", "x=", 'x="1"'),
    ("a backslash", "back", "back\\slash"),
    ("history", "\\!", "!history"),
    ("a tilde", "\\~", "~root"),
    ("braces", "\\{", "{a,b}"),
    ("a variable", "\\$h", "$home"),
    ("a comment", "\\#", "#no"),
    ("not ASCII", "mü", "müller"),
    ("in quotes", '"ops@example.n', "ops@example.net"),
    ("in single quotes", "'sh", "shop"),
]


@pytest.mark.parametrize("typed, want", [case[1:] for case in NAMES], ids=[c[0] for c in NAMES])
@pytest.mark.parametrize("option", ["account show ", "events --account ", "events --account="])
def test_the_name_of_an_account(guarded, okite, typed, want, option):
    line = guarded.complete(f"{okite} {option}{typed}")
    assert guarded.evaluate(line)[-1].removeprefix("--account=") == want


@pytest.mark.parametrize("typed", ['"$(', "'$(", '"a b', "'a b", '"`'])
def test_in_an_open_quote_nothing_comes_alive(guarded, okite, typed):
    """bash offers nothing, since it could not quote; zsh quotes for the quote that is open."""
    line = f"{okite} account show {typed}"
    got = guarded.complete(line)
    assert got == line or (guarded.name == "zsh" and guarded.evaluate(got)[-1] in EVIL)


def test_redis_that_does_not_answer(shell, own_redis, new_okited):
    server = own_redis()
    node = new_okited(on=server, redis={"timeout": "5s"})
    server.pause()
    began = time.monotonic()
    assert shell.offers(f"okite -c {node.path} account show ") == []
    assert time.monotonic() - began < 4 * PATIENCE
    server.resume()


def test_without_a_configuration(shell):
    assert shell.offers("okite -c nowhere account show ") == []


@pytest.mark.parametrize("name", SHELLS)
def test_no_more_than_a_thousand(start, folder, name):
    program = os.path.join(folder, "many")
    with open(program, "w") as file:
        file.write(f"#!/bin/sh\n[ $1 != --json ] && exec {OKITE} --help\n")
        file.write('seq 2000 | sed \'s/.*/{"account":"n&","plan":"standard"}/\'\n')
    os.chmod(program, 0o755)
    assert len(start(name, program).offers("okite account show ")) == 1000


def test_plans_that_accounts_are_on(shell, okite):
    assert shell.offers(f"{okite} account set x --plan ") == ["standard"]


def test_beside_bash_completion(start):
    """Where it is installed it is loaded first, and changes nothing."""
    library = "/usr/share/bash-completion/bash_completion"
    if not os.path.exists(library):
        pytest.skip("bash-completion is not installed")
    shell = start("bash")
    shell.press(f". {library}; . {BASH}; echo >$ANSWER\r")
    assert shell.complete("okite ver") == "okite verified "
    assert shell.complete("sudo okite ver") == "sudo okite verified "
