"""An SMTP client: logins, played client addresses (XCLIENT), pipelining, sudden ends."""

import smtplib
import socket
import struct

from support.reply import parse_reply

TEXT = "From: test@box.test\r\nTo: test@box.test\r\nSubject: test\r\n\r\nhello\r\n"


class Outcome:
    """The replies to one message; END is None where DATA was not reached."""

    def __init__(self, recipients):
        self.recipients = list(recipients)
        self.mail = None
        self.replies = []
        self.end = None

    @property
    def gists(self):
        return [reply.gist for reply in self.replies]

    @property
    def accepted(self):
        if self.end is None or not self.end.accepted:
            return 0
        return sum(reply.accepted for reply in self.replies)


class Client(smtplib.SMTP):
    """smtplib's connection with its replies kept, refused recipients included."""

    def __init__(self, address, timeout=30.0, source=None):
        """
        ADDRESS: host and port, or the path of a unix socket.  SOURCE is this end's
        address, where it is not to be just any.
        """
        self.where = address
        super().__init__(
            *(address if isinstance(address, tuple) else (address, 25)),
            local_hostname="client.test.example",
            timeout=timeout,
            source_address=None if source is None else (source, 0),
        )
        if isinstance(address, tuple):
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ehlo()

    def _get_socket(self, host, port, timeout):
        if isinstance(self.where, tuple):
            return super()._get_socket(host, port, timeout)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        connection.connect(self.where)
        return connection

    def play(self, address=None, login=None):
        """Be another client from here on, as a trusted proxy may say (XCLIENT)."""
        words = []
        if address is not None:
            words.append("ADDR=" + (f"IPV6:{address}" if ":" in address else address))
        if login is not None:
            words.append("LOGIN=" + login)
        code, text = self.docmd("XCLIENT", " ".join(words))
        if code != 220:
            raise AssertionError(f"XCLIENT refused: {code} {text!r}")
        self.ehlo()
        return self

    def command(self, line):
        self.putcmd(line)
        return self.reply()

    def reply(self):
        code, text = self.getreply()
        return parse_reply(f"{code} {text.decode('utf-8', 'backslashreplace')}")

    def envelope(self, sender, recipients, options=""):
        outcome = Outcome(recipients)
        outcome.mail = self.command(f"MAIL FROM:<{sender}> {options}".rstrip())
        if outcome.mail.accepted:
            outcome.replies = [self.command(f"RCPT TO:<{to}>") for to in recipients]
        return outcome

    def content(self, outcome, text=TEXT):
        go_ahead = self.command("DATA")
        outcome.end = go_ahead
        if go_ahead.code == 354:
            self.send(smtplib._quote_periods(text.encode()) + b".\r\n")
            outcome.end = self.reply()
        return outcome

    def deliver(self, sender, recipients, text=TEXT, options=""):
        outcome = self.envelope(sender, recipients, options)
        if any(reply.accepted for reply in outcome.replies):
            return self.content(outcome, text)
        self.command("RSET")
        return outcome

    def deliver_pipelined(self, sender, recipients, text=TEXT):
        """The whole envelope and DATA in one write (RFC 2920)."""
        lines = [f"MAIL FROM:<{sender}>", *[f"RCPT TO:<{to}>" for to in recipients], "DATA"]
        self.send("".join(line + "\r\n" for line in lines))
        outcome = Outcome(recipients)
        outcome.mail = self.reply()
        outcome.replies = [self.reply() for _ in recipients]
        outcome.end = self.reply()
        if outcome.end.code == 354:
            self.send(smtplib._quote_periods(text.encode()) + b".\r\n")
            outcome.end = self.reply()
        return outcome

    def vanish(self):
        """End as a crashed client does: no QUIT, the connection is reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()
