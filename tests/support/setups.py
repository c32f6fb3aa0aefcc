"""Postfix configurations of all kinds, to put okite into and to take it out again.

The texts are in tests/e2e/postfix_setups.  A Setup is one of them in a folder of its
own; make_live() changes what keeps it from running beside another Postfix: ports, queue
folder, log.
"""

import os
import re
import stat
import subprocess

from support.postfix import Postfix, names, without
from support.wait import free_port

TEXTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e")
TEXTS = os.path.join(TEXTS, "postfix_setups")
LIVE = """
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
default_transport = discard
local_transport = discard
relay_transport = discard
virtual_transport = discard
local_recipient_maps =
alias_maps =
inet_interfaces = 127.0.0.1
smtpd_peername_lookup = no
"""


def text_of(name):
    path = os.path.join(TEXTS, name)
    if not os.path.exists(path):
        return ""
    with open(path) as file:
        return file.read()


class Setup:
    def __init__(self, folder, main, master):
        """MAIN and MASTER name what follows Debian's own lines; '' for nothing."""
        self.folder = folder
        self.etc = os.path.join(folder, "etc")
        os.makedirs(self.etc, exist_ok=True)
        self.write("main.cf", text_of("debian.main.cf") + text_of(main + ".main.cf"))
        self.write("master.cf", text_of("debian.master.cf") + text_of(master + ".master.cf"))
        self.write("domains", "one.example ok\ntwo.example ok\n")
        self.write("mailboxes", "a@example.org a/\n")
        for name in ("domains", "mailboxes"):
            subprocess.run(["postmap", "-c", self.etc, "hash:" + self.path(name)], check=True)

    def path(self, name):
        return os.path.join(self.etc, name)

    def read(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text.replace("/etc/postfix/", self.etc + "/"))
        self.age()

    def age(self):
        """Postfix waits a moment before it reads a file that has just been changed."""
        for name in ("main.cf", "master.cf"):
            if os.path.exists(self.path(name)):
                os.utime(self.path(name), (0, 0))

    def state(self):
        """Both files to the byte, and whose they are."""
        state = {}
        for name in ("main.cf", "master.cf"):
            with open(self.path(name), "rb") as file:
                found = os.stat(self.path(name))
                whose = (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)
                state[name] = (file.read(), whose, os.path.islink(self.path(name)))
        return state

    def postconf(self, *arguments):
        command = ["postconf", "-c", self.etc, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def values(self):
        """All that postconf knows of both files; where they are, 3.10 tells of old files only."""
        lines = (self.postconf("-n") + self.postconf("-P")).splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("config_directory ="))


class LiveSetup(Setup):
    """One that can run, with a port of this host for each of its services."""

    def __init__(self, folder, main, master):
        self.postfix = Postfix(folder, "", logins=())
        super().__init__(folder, main, master)
        self.ports = {}
        # Of a port only the number is another: where it listens decides what it is for.
        self.write("master.cf", re.sub(r"(?m)^(\S*:)?(\S+)(\s+inet)", self._other, self.master))
        main = self.read("main.cf").replace(":10024", f":{self.ports.get('10025', 10024)}")
        self.write("main.cf", without(names(LIVE), main) + LIVE.format(folder=folder))
        self.postfix.port = self.ports["smtp"]
        self.postfix.address = ("127.0.0.1", self.ports["smtp"])

    @property
    def master(self):
        return self.read("master.cf")

    def _other(self, match):
        host, port, rest = match.groups()
        self.ports[port] = free_port()
        return f"{host or ''}{self.ports[port]}{rest}"
