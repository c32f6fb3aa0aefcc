"""A private Postfix in a folder: own queue, own ports, own log, logins, played clients.

Mail to box.test is kept in one maildir, whoever it is for; mail to any other
domain is accepted and thrown away, so that tests may write to everybody.  Only
corp.example is its own, where "user%elsewhere@corp.example" is sent elsewhere.  Any
client on the loopback may play another one with XCLIENT.  Needs root.
"""

import email
import grp
import json
import os
import pwd
import re
import socket
import subprocess

from support.program import Log, Program
from support.smtp import Client
from support.wait import free_port, wait_until

LOGIN_DOMAIN = "test.example"
PASSWORD = "secret"
DAEMONS = "/usr/lib/postfix/sbin"

MAIN_CF = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
daemon_directory = {daemons}
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = mx.test.example
myorigin = test.example
mydestination = corp.example
mynetworks = 0.0.0.0/0 [::]/0
inet_interfaces = 127.0.0.1, [::1]
local_transport = discard
default_transport = discard
relay_transport = discard
virtual_transport = virtual
virtual_mailbox_domains = box.test
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
local_recipient_maps =
alias_maps =
alias_database =
biff = no
smtputf8_enable = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {folder}/etc/sasl
smtpd_sasl_local_domain = {login_domain}
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_authorized_xclient_hosts = 127.0.0.0/8, [::1]/128
smtpd_soft_error_limit = 10000
smtpd_hard_error_limit = 10000
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_recipient_limit = 2000
milter_default_action = tempfail
smtpd_milters = {milter}
non_smtpd_milters = {milter}
"""
# pickup never wakes up by itself here: a test says when mail is tried again.
MASTER_CF = """
127.0.0.1:{port} inet n - n - - smtpd
[::1]:{port6} inet n - n - - smtpd
pickup    unix  n - n 0 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""
SASL_CONF = """pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {folder}/sasl/sasldb2
mech_list: PLAIN LOGIN
"""
QUEUES = "active bounce corrupt defer deferred flush hold incoming private saved trace".split()


def names(settings):
    return re.findall(r"(?m)^(\w+) *=", settings)


def without(unwanted, settings):
    """
    A line said twice is a warning of each process, more than a datagram socket holds of
    them where net.unix.max_dgram_qlen is Linux's 10: then postlogd(8) waits for itself.
    """
    if not unwanted:
        return settings
    return re.sub(rf"(?m)^(?:{'|'.join(unwanted)}) *=.*\n?", "", settings)


class Postfix:
    neighbour, stranger = "192.0.2.77", "198.51.100.9"

    def __init__(
        self, folder, milter, logins=("alice", "bob", "carol", "dave"), settings=None, services=""
    ):
        """
        MILTER in Postfix's form: inet:127.0.0.1:PORT or unix:/path; '' for none.  SETTINGS
        take the place of those of main.cf, SERVICES are further lines of master.cf.
        """
        self.folder = folder
        self.port, self.port6 = free_port(), free_port("::1")
        self.address, self.address6 = ("127.0.0.1", self.port), ("::1", self.port6)
        self.log = Log(self.path("maillog"))
        self.program = None
        self._make_folders()
        own = "".join(f"{name} = {value}\n" for name, value in (settings or {}).items())
        self._write("etc/main.cf", without(names(own), MAIN_CF), own, milter=milter)
        self._write("etc/master.cf", MASTER_CF, services)
        # Debian 12 looks here whatever cyrus_sasl_config_path says; Debian 13 obeys it.
        self._write("etc/sasl/smtpd.conf", SASL_CONF)
        for login in logins:
            self._add_login(login)

    def path(self, name):
        return os.path.join(self.folder, name)

    def _write(self, name, template, more="", milter=""):
        text = template.format(
            folder=self.folder,
            daemons=DAEMONS,
            login_domain=LOGIN_DOMAIN,
            port=self.port,
            port6=self.port6,
            milter=milter,
        )
        with open(self.path(name), "w") as file:
            file.write(text.lstrip() + more)

    def _make_folders(self):
        """What `postfix check` would make in three seconds."""
        postfix, nobody = pwd.getpwnam("postfix").pw_uid, 65534
        postdrop = grp.getgrnam("postdrop").gr_gid
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o755)  # Postfix's own user must walk through
        for name in (
            "etc/sasl",
            "sasl",
            "spool/pid",
            "data",
            "mail",
            "spool/maildrop",
            "spool/public",
        ):
            os.makedirs(self.path(name))
        for name in QUEUES:
            os.mkdir(self.path("spool/" + name), 0o700)
            os.chown(self.path("spool/" + name), postfix, 0)
        os.chown(self.path("data"), postfix, 0)
        os.chown(self.path("mail"), nobody, nobody)
        for name, mode in (("maildrop", 0o1730), ("public", 0o2710)):
            os.chown(self.path("spool/" + name), postfix, postdrop)
            os.chmod(self.path("spool/" + name), mode)

    def _add_login(self, login):
        database = self.path("sasl/sasldb2")
        command = ["saslpasswd2", "-p", "-c", "-f", database, "-u", LOGIN_DOMAIN, login]
        subprocess.run(command, input=PASSWORD, text=True, check=True)
        os.chown(database, pwd.getpwnam("postfix").pw_uid, 0)

    def start(self):
        self.program = Program(
            [DAEMONS + "/master", "-c", self.path("etc"), "-d"], self.path("master.out")
        )
        wait_until(self._answers, lambda: f"Postfix answers:\n{self.program.log.text()}")
        assert not self.log.lines("overriding earlier entry"), self.log.text()
        return self

    def _answers(self):
        """A connection alone proves nothing: it may wait in master's queue for ever."""
        with socket.socket() as connection:
            connection.settimeout(5)
            try:
                connection.connect(self.address)
                return connection.recv(1) == b"2"
            except OSError:
                return False

    def stop(self):
        if self.program is not None:
            self.program.stop()

    def client(self, address):
        """A client that is played to have this address."""
        return Client(self.address).play(address)

    def run(self, program, *arguments, **options):
        command = [program, "-c", self.path("etc"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout

    # ---- mail from this machine ----

    def sendmail(self, sender, recipients, text="Subject: test\n\nhello\n"):
        """sendmail(1); it only puts the message in the maildrop queue."""
        command = ["sendmail", "-C", self.path("etc"), "-f", sender, "--", *recipients]
        subprocess.run(command, input=text, text=True, check=True)

    def try_again(self):
        """What pickup(8) does each minute: take what waits in maildrop."""
        command = ["postkick", "-c", self.path("etc"), "public", "pickup", "W"]
        # A pickup that is just ending hangs up: then master has the next one started.
        wait_until(lambda: subprocess.run(command).returncode == 0, "pickup listens")

    # ---- what became of it ----

    def queue_id(self, reply):
        """Of a message, from the reply to its end."""
        return reply.text.rpartition(" ")[2]

    def queue(self, name=None):
        lines = self.run("postqueue", "-j").splitlines()
        entries = [json.loads(line) for line in lines]
        return [entry for entry in entries if name in (None, entry["queue_name"])]

    def wait_queue(self, name, count=1):
        return wait_until(
            lambda: len(found := self.queue(name)) == count and (found or True),
            lambda: f"{count} messages in {name}: {self.queue()}\n{self.log.text()[-2000:]}",
        )

    def wait_idle(self):
        """Nothing is on its way any more; what is held or waits in maildrop may stay."""
        wait_until(
            lambda: not (self.queue("incoming") + self.queue("active") + self.queue("deferred")),
            lambda: f"all mail is delivered: {self.queue()}",
        )

    def wait_held(self, count=1):
        """The recipients of each message on hold."""
        entries = self.wait_queue("hold", count)
        return [[to["address"] for to in entry["recipients"]] for entry in entries]

    def release(self):
        """Postmaster lets go what is on hold."""
        self.run("postsuper", "-H", "ALL")
        self.run("postqueue", "-f")

    def inbox(self):
        """The messages delivered to box.test; Delivered-To tells whom for."""
        folder = self.path("mail/box/new")
        messages = []
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            with open(os.path.join(folder, name), "rb") as file:
                messages.append(email.message_from_binary_file(file))
        return messages

    def wait_inbox(self, *recipients):
        """The messages to these, in this order, as soon as each has its one."""

        def find():
            by_recipient = {message["Delivered-To"]: message for message in self.inbox()}
            if all(recipient in by_recipient for recipient in recipients):
                return [by_recipient[recipient] for recipient in recipients]
            return None

        return wait_until(find, lambda: f"mail for {recipients}:\n{self.log.text()[-3000:]}")

    def wait_sent(self, recipient):
        """Whoever it is for, box.test or elsewhere."""
        self.log.wait(rf"to=<{re.escape(recipient)}>.*status=sent")

    def clear(self):
        """As new: no mail anywhere, the log from here on."""
        if self.queue():
            self.run("postsuper", "-d", "ALL")
            maildrop = self.path("spool/maildrop")
            for name in os.listdir(maildrop):
                os.unlink(os.path.join(maildrop, name))
            wait_until(lambda: not self.queue(), lambda: f"an empty queue: {self.queue()}")
        folder = self.path("mail/box/new")
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            os.unlink(os.path.join(folder, name))
        self.log.mark()
