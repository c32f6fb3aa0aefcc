"""Two Postfixes that send to each other: ours, and the remote one that returns mail.

Ours sends mail for far.example to the other one over SMTP, and what comes back to
bounce.shop.example goes through pipe(8) into `okite feedback`.  The other one knows
those whose names begin with "good"; it takes mail for those that begin with "late",
"full" and "spam", and returns it afterwards.  Everybody else it refuses at RCPT.
"""

import os
import pwd
import shutil

from support.okited import OKITE
from support.postfix import Postfix

SENDER = "news@bounce.shop.example"
USER = "nobody"

OURS = {
    "smtp_tls_security_level": "none",
    "smtp_connection_cache_on_demand": "no",
    # What is put off is tried again soon, and given up when a test says so.
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "2s",
    "queue_run_delay": "1s",
}
PIPE = """smtp unix - - n - - smtp
okite unix - n n - 10 pipe
  flags=q user={user} argv={okite} -c {conf} feedback --format message
"""
FAR = {
    "mydestination": "",
    "virtual_mailbox_domains": "far.example",
    "virtual_mailbox_maps": "regexp:{folder}/etc/known",
    "transport_maps": "regexp:{folder}/etc/returned",
    "smtp_tls_security_level": "none",
}
KNOWN = "/^(good|late|full|spam).*@far.example$/ box/\n"
RETURNED = """/^late.*@far.example$/ error:5.1.1 no such user here
/^full.*@far.example$/ error:5.2.2 mailbox is full
/^spam.*@far.example$/ error:5.7.1 message looks like spam
/@bounce.shop.example$/ smtp:[127.0.0.1]:{ours}
"""


class Loop:
    """RETURNS: the transport for what comes back; NODE judges and learns; OWN settings of ours."""

    def __init__(self, folder, node, milter, returns="okite:", own=None):
        self.folder = folder
        os.makedirs(folder)
        far_folder = os.path.join(folder, "far")
        self.far = Postfix(
            far_folder,
            "",
            logins=(),
            settings={k: v.format(folder=far_folder) for k, v in FAR.items()},
            services="smtp unix - - n - - smtp\n",
        )
        settings = {**OURS, **(own or {})}
        settings["transport_maps"] = (
            f"inline:{{ {{ far.example = smtp:[127.0.0.1]:{self.far.port} }}, "
            f"{{ bounce.shop.example = {returns} }} }}"
        )
        self.ours = Postfix(
            os.path.join(folder, "ours"),
            milter,
            logins=("alice",),
            settings=settings,
            services=PIPE.format(user=USER, okite=self._program(node), conf=node.path),
        )
        self._write("known", KNOWN)
        self._write("returned", RETURNED.format(ours=self.ours.port))

    def _program(self, node):
        """Where that user may run it, and may read what it needs."""
        copy = os.path.join(self.folder, "okite")
        shutil.copy(OKITE, copy)
        os.chmod(copy, 0o755)
        os.chown(node.secret_path, 0, pwd.getpwnam(USER).pw_gid)
        return copy

    def _write(self, name, text):
        with open(self.far.path("etc/" + name), "w") as file:
            file.write(text)

    def start(self):
        self.far.start()
        self.ours.start()
        return self

    def stop(self):
        self.ours.stop()
        self.far.stop()
