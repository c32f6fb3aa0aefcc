"""A private Sendmail in a folder, beside whatever mail server is installed.

Nothing is installed: two .debs are unpacked, and every path is given in the .cf.
It has the same face as support.postfix, so that one test serves both.  box.test
and all the world are one server that keeps what it gets (support.sink); only
corp.example and the host's own name are Sendmail's, whose local users are
whoever is named.  Needs root, for a host name of its own.

OKITE_SENDMAIL_DEBS is a folder with the .debs; without it they are downloaded.
"""

import glob
import os
import re
import shutil
import socket
import subprocess

from support.postfix import LOGIN_DOMAIN, PASSWORD
from support.program import Log, Program
from support.sink import Sink
from support.smtp import Client
from support.wait import free_port, wait_until

HOST = "mx.test.example"
NOBODY = 65534
PACKAGES = ("sendmail-bin", "sendmail-cf")

COMMON_MC = """
divert(0)dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{host}')dnl
define(`ALIAS_FILE', `{folder}/etc/aliases')dnl
define(`HELP_FILE', `')dnl
define(`confCONTROL_SOCKET_NAME', `')dnl
define(`confHOST_STATUS_DIRECTORY', `')dnl
define(`confSERVICE_SWITCH_FILE', `{folder}/etc/switch')dnl
define(`confDONT_PROBE_INTERFACES', `true')dnl
define(`confTO_IDENT', `0')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confDELAY_LA', `1000')dnl
define(`confDONT_BLAME_SENDMAIL', `{blame}')dnl
"""
SENDMAIL_MC = """
define(`confPID_FILE', `{folder}/sendmail.pid')dnl
define(`QUEUE_DIR', `{folder}/queue')dnl
define(`STATUS_FILE', `{folder}/statistics')dnl
define(`confCW_FILE', `{folder}/etc/local-host-names')dnl
define(`confDEF_USER_ID', `nobody:nogroup')dnl
define(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl
define(`confAUTH_OPTIONS', `A')dnl
TRUST_AUTH_MECH(`PLAIN LOGIN')dnl
define(`confCONNECTION_RATE_THROTTLE', `0')dnl
define(`confMAX_MESSAGE_SIZE', `10240000')dnl
define(`SMART_HOST', `esmtp:[127.0.0.1]')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h {sink}')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`use_cw_file')dnl
FEATURE(`virtusertable', `text -k0 -v1 {folder}/etc/virtusertable')dnl
FEATURE(`mailertable', `text -k0 -v1 {folder}/etc/mailertable')dnl
FEATURE(`local_lmtp', `[IPC]', `FILE {folder}/sink.lmtp')dnl
MODIFY_MAILER_FLAGS(`LOCAL', `-w')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA, Addr=127.0.0.1, Port={port}')dnl
DAEMON_OPTIONS(`Family=inet6, Name=MTA6, Addr=::1, Port={port6}')dnl
{milter}
{more}
MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_CONFIG
ESASL_CONF_PATH={folder}/etc/sasl
"""
# Of sendmail(1), which hands its mail to the daemon by SMTP.
SUBMIT_MC = """
define(`MSP_QUEUE_DIR', `{folder}/clientqueue')dnl
define(`STATUS_FILE', `{folder}/statistics')dnl
define(`confPID_FILE', `{folder}/submit.pid')dnl
define(`confRUN_AS_USER', `nobody:nogroup')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {port}')dnl
FEATURE(`msp', `[127.0.0.1]')dnl
"""
# Of the folders above ours, such as /tmp.
BLAME = """AssumeSafeChown, ClassFileInUnsafeDirPath, MapInUnsafeDirPath,
LinkedAliasFileInWritableDir, GroupReadableSASLDBFile, InsufficientEntropy, TrustStickyBit"""
FILES = {
    "etc/aliases": "nobody: postmaster\n",
    "etc/local-host-names": "corp.example\n",
    "etc/switch": "hosts files\naliases files\n",
    "etc/virtusertable": "",
    "etc/mailertable": "",
}
# With a short host name Sendmail sleeps a minute before it starts; this one has dots,
# and no name server is asked for it.
ISOLATED = ["unshare", "--uts", "sh", "-c", 'hostname 127.0.0.1 && exec "$@"', "sh"]


class Missing(Exception):
    """There is no Sendmail on this machine, and none can be had."""


def unpack(folder):
    """Sendmail's program and its m4 files, in FOLDER."""
    debs = os.environ.get("OKITE_SENDMAIL_DEBS")
    if not debs:
        debs = os.path.join(folder, "debs")
        os.makedirs(debs)
        command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *PACKAGES]
        done = subprocess.run(command, cwd=debs, capture_output=True, text=True)
        if done.returncode != 0:
            raise Missing(f"apt-get cannot download it: {done.stderr.strip()[-200:]}")
    for package in PACKAGES:
        for deb in glob.glob(os.path.join(debs, package + "_*.deb")):
            subprocess.run(["dpkg", "-x", deb, folder], check=True)
    program = os.path.join(folder, "usr/libexec/sendmail/sendmail")
    if not os.path.exists(program):
        raise Missing(f"there are no packages of it in {debs}")
    # Without its group's rights, it keeps the signal that ends it with the tests.
    os.chmod(program, 0o755)
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    if missing := re.findall(r"(\S+) => not found", libraries):
        raise Missing(f"it needs the libraries {' '.join(missing)}")
    for name in ("m4", "saslpasswd2"):
        if shutil.which(name) is None:
            raise Missing(f"it needs {name}")
    if subprocess.run([*ISOLATED, "true"], capture_output=True).returncode != 0:
        raise Missing("it needs a host name of its own, which cannot be made here")
    return program


class Sendmail:
    # Any address of the loopback's network is a client's who binds to it.
    neighbour, stranger = "127.0.0.77", "127.0.0.66"

    def __init__(self, folder, program, milter, flags="F=T", more="", logins=("alice", "bob")):
        """
        PROGRAM from `unpack`.  MILTER in libmilter's form: inet:PORT@127.0.0.1 or
        unix:/path; '' for none.  FLAGS say what is done without it, MORE is for the .mc.
        """
        self.folder, self.program = folder, program
        self.port, self.port6 = free_port(), free_port("::1")
        self.address, self.address6 = ("127.0.0.1", self.port), ("::1", self.port6)
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        os.makedirs(self.path("etc/sasl"))
        os.mkdir(self.path("queue"), 0o700)
        os.mkdir(self.path("clientqueue"))
        os.chown(self.path("clientqueue"), NOBODY, NOBODY)
        os.chmod(self.path("clientqueue"), 0o770)
        self.sink = Sink(self.path("sink"))
        self.log = Log(self.path("traffic"))
        self.server = None
        for name, text in FILES.items():
            self.write(name, text)
        self._make_logins(logins)
        milters = f"INPUT_MAIL_FILTER(`okite', `S={milter}, {flags}, T=S:30s;R:30s;E:1m')dnl"
        self._make_cf("sendmail", SENDMAIL_MC, milter=milters if milter else "", more=more)
        self._make_cf("submit", SUBMIT_MC)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)

    def _make_cf(self, name, template, **values):
        values |= {"folder": self.folder, "host": HOST, "sink": self.sink.port, "port": self.port}
        values |= {"port6": self.port6, "blame": " ".join(BLAME.split())}
        self.write(f"etc/{name}.mc", (COMMON_MC + template).format(**values))
        macros = os.path.join(os.path.dirname(self.program), "../../share/sendmail/cf/")
        macros = os.path.normpath(macros) + "/"
        command = ["m4", f"-D_CF_DIR_={macros}", macros + "m4/cf.m4", self.path(f"etc/{name}.mc")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        self.write(f"etc/{name}.cf", done.stdout)

    def _make_logins(self, logins):
        database = self.path("etc/sasl/sasldb2")
        conf = f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {database}\n"
        self.write("etc/sasl/Sendmail.conf", conf)
        for login in logins:
            command = ["saslpasswd2", "-p", "-c", "-f", database, "-u", LOGIN_DOMAIN, login]
            subprocess.run(command, input=PASSWORD, text=True, check=True)
        os.chmod(database, 0o600)

    def _command(self, *arguments, cf="sendmail"):
        """Sendmail with these, in its own place."""
        return [*ISOLATED, self.program, "-C", self.path(f"etc/{cf}.cf"), *arguments]

    def run(self, *arguments, check=True, cf="sendmail", **options):
        command = self._command(*arguments, cf=cf)
        return subprocess.run(command, capture_output=True, text=True, check=check, **options)

    def popen(self, *arguments):
        """One that is spoken to."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        return subprocess.Popen(self._command(*arguments), **pipes)

    def table(self, name, text):
        """Write aliases, virtusertable or mailertable."""
        self.write("etc/" + name, text)
        if name == "aliases":
            self.run("-bi")

    def start(self):
        self.sink.start()
        self.run("-bi")
        command = self._command("-bD", "-X", self.log.path)
        self.server = Program(command, self.path("sendmail.out"))
        wait_until(self._answers, lambda: f"Sendmail answers:\n{self.server.log.text()}")
        return self

    def _answers(self):
        with socket.socket() as connection:
            return connection.connect_ex(self.address) == 0

    def stop(self):
        if self.server is not None:
            self.server.stop()
        self.sink.stop()

    def client(self, address=None):
        """A client with this address, of 127.0.0.0/8."""
        return Client(self.address, source=address)

    # ---- mail from this machine ----

    def sendmail(self, sender, recipients, text="Subject: test\n\nhello\n"):
        """sendmail(1) as users know it: it hands the message to the daemon at once."""
        arguments = ["-f", sender, "-odi", "--", *recipients]
        return self.run(*arguments, cf="submit", check=False, input=text)

    def try_again(self):
        """What cron has it do: try once more what could not be handed over."""
        self.run("-q", cf="submit")

    def waiting(self):
        """How many messages from sendmail(1) wait to be handed over."""
        return len(glob.glob(self.path("clientqueue/qf*")))

    # ---- what became of it ----

    def queue_id(self, reply):
        """Of a message, from the reply to its end."""
        return re.match(r"(\S+) Message accepted", reply.text).group(1)

    def wait_idle(self):
        """Nothing is on its way any more; what is held may stay."""
        wait_until(
            lambda: not glob.glob(self.path("queue/[qtx]f*")),
            lambda: f"all mail is delivered: {os.listdir(self.path('queue'))}",
        )

    def held(self):
        """The recipients of each message in quarantine."""
        found = []
        for path in glob.glob(self.path("queue/hf*")):
            with open(path, errors="replace") as file:
                found.append(re.findall(r"^R\w*:<(.*)>$", file.read(), re.MULTILINE))
        return found

    def wait_held(self, count=1):
        return wait_until(
            lambda: len(found := self.held()) == count and found,
            lambda: f"{count} messages in quarantine: {self.held()}\n{self.log.text()[-2000:]}",
        )

    def release(self):
        """Postmaster lets go what is in quarantine."""
        self.run("-qQ", "-Q")
        self.run("-q")

    def inbox(self):
        """The messages delivered to box.test; Delivered-To tells whom for."""
        everything = self.sink.received()
        return [message for message in everything if "@box.test" in message["Delivered-To"]]

    def wait_inbox(self, *recipients):
        """The messages to these, in this order, as soon as each has its one."""
        return [self.wait_sent(recipient) for recipient in recipients]

    def wait_sent(self, recipient):
        """Whoever it is for, box.test or elsewhere."""

        def find():
            found = [one for one in self.sink.received() if one["Delivered-To"] == recipient]
            return found[0] if found else None

        return wait_until(find, lambda: f"mail for {recipient}:\n{self.log.text()[-3000:]}")

    def clear(self):
        """As new: no mail anywhere, the log from here on."""
        self.wait_idle()
        for path in glob.glob(self.path("queue/*")) + glob.glob(self.path("clientqueue/*")):
            os.unlink(path)
        self.sink.clear()
        self.log.mark()
