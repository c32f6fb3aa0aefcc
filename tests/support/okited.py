"""One node: its configuration, its secret, the daemon okited, and the command okite."""

import json
import os
import signal
import subprocess

from support import mta
from support.program import Daemon, Log, Program
from support.wait import PATIENCE, wait_until

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("OKITE_BUILD", TOP)
OKITED = os.path.join(BUILD, "okited")
OKITE = os.path.join(BUILD, "okite")
SECRET = bytes(range(32))


def to_libconfig(value, indent=""):
    """dict: a group, tuple: a list ( ), list: an array [ ]."""
    deeper = indent + "  "
    if isinstance(value, dict):
        lines = [f"{deeper}{name} = {to_libconfig(one, deeper)};\n" for name, one in value.items()]
        return "{\n" + "".join(lines) + indent + "}"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(to_libconfig(one, deeper) for one in value)
        return f"( {inner} )" if isinstance(value, tuple) else f"[ {inner} ]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def merge(base, changes):
    merged = dict(base)
    for name, value in changes.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = merge(merged[name], value) if both else value
    return merged


class Answer:
    """What the command said: exit status, output, and the objects of --json."""

    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def objects(self):
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def object(self):
        (only,) = self.objects
        return only

    def __repr__(self):
        return f"<status {self.status}\n{self.out}\n{self.err}>"


class Okited:
    """FOLDER is its own; REDIS needs a `url`.  LISTEN in libmilter's form, or one is chosen."""

    def __init__(self, folder, redis, settings=None, listen=None, secret=SECRET, environment=None):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.listen = listen or f"unix:{folder}/okited.sock"
        self.path = os.path.join(folder, "okite.conf")
        self.secret_path = os.path.join(folder, "secret")
        self.environment = environment
        self.log = Log(os.path.join(folder, "okited.log"))
        self.program = None
        with open(os.open(self.secret_path, os.O_WRONLY | os.O_CREAT, 0o640), "wb") as file:
            file.write(secret)
        self.base = {
            "listen": self.listen,
            "state_dir": folder,
            "secret_file": self.secret_path,
            "redis": {"url": redis.url},
            "limits": (),
            "metrics": "",
            "when_redis_fails": "tempfail",
        }
        self.configure(**(settings or {}))

    def configure(self, **settings):
        """Write okite.conf: what every test needs, and SETTINGS."""
        merged = merge(self.base, settings)
        lines = [f"{name} = {to_libconfig(value)};\n" for name, value in merged.items()]
        self.write("".join(lines))

    def write(self, text):
        with open(self.path, "w") as file:
            file.write(text)

    # ---- the daemon ----

    def start(self, background=False, relative=False):
        """In the BACKGROUND it serves already when its caller has ended: nothing to wait for."""
        self.program = self.launch(background, relative)
        if background:
            assert self.program.caller_status == 0, self.program.log.text()
        else:
            wait_until(self._answers, f"okited answers on {self.listen}")
        return self

    def launch(self, background=False, relative=False):
        """
        Start it without waiting: it may be about to refuse.  RELATIVE names the
        configuration as seen from its own folder.
        """
        path = os.path.basename(self.path) if relative else self.path
        kind, how = (Daemon, []) if background else (Program, ["-f"])
        command = [OKITED, *how, "-c", path]
        return kind(command, self.log.path, self.environment, self.folder if relative else None)

    def _answers(self):
        if self.program.status is not None:
            raise AssertionError(f"okited ended ({self.program.status}):\n{self.log.text()}")
        try:
            session = mta.Session(self.listen)
        except OSError:
            return False
        try:
            return session.negotiate()
        except (mta.Closed, OSError):
            return False
        finally:
            session.close()

    def stop(self):
        return self.program.stop()

    def kill(self):
        if self.program is not None:
            self.program.kill()

    def reload(self):
        self.program.signal(signal.SIGUSR1)

    def session(self, **who):
        """An open milter session of a client (see mta.Session)."""
        return mta.Session(self.listen, **who).open()

    def send(self, recipients, sender="news@shop.example", **who):
        """One message in a session of its own."""
        content = {name: who.pop(name) for name in ("options", "headers", "body") if name in who}
        with self.session(**who) as session:
            return session.send(sender, recipients, **content)

    # ---- the command ----

    def okite(self, *arguments, json=False, input=None, check=None):
        """Run `okite -c FILE ...`; CHECK is the exit status that it must have."""
        command = [OKITE, "-c", self.path, *(["--json"] if json else []), *arguments]
        done = subprocess.run(
            command, input=input, capture_output=True, text=True, timeout=60 * PATIENCE
        )
        answer = Answer(done)
        assert check is None or answer.status == check, f"{' '.join(command)}: {answer}"
        return answer

    def suppress(self, address, *options):
        return self.okite("suppress", "add", address, *options, check=0)

    def account(self, name):
        """The object of `okite account show`."""
        return self.okite("account", "show", name, json=True, check=0).object

    def used(self, account, limit):
        """What the account has used of a limit."""
        limits = self.account(account)["limits"]
        return sum(entry["used"] or 0 for entry in limits if entry["name"] == limit)

    def wait_used(self, account, limit, want):
        wait_until(
            lambda: self.used(account, limit) == want,
            lambda: f"{account} has used {want} of {limit}, not {self.used(account, limit)}",
        )

    def events(self, *arguments):
        return self.okite("events", *arguments, json=True, check=0).objects

    def wait_events(self, kind, count=1):
        """The first COUNT events of a kind: what concerns a message comes with its end."""

        def find():
            found = [event for event in self.events() if event["event"] == kind]
            return found[:count] if len(found) >= count else None

        return wait_until(find, lambda: f"{count} events {kind}: {self.events()}")
