"""The MTA's side of the milter protocol, as Postfix speaks it.

A Session is one SMTP client's connection (or one message from sendmail(1),
LOCAL).  It honours what the milter negotiated: events that it does not want are
not sent, answers that it does not give are not awaited, and of the macros those
are sent that it asked for.
"""

import itertools
import os
import socket
import struct

from support.reply import CONTINUE, Reply, parse_reply

VERSION, ACTIONS, STEPS = 6, 0x1FF, 0x1FFFFF

# Event: its letter, the bit that says "not wanted", the bit that says "no answer".
EVENTS = {
    "connect": (b"C", 0x1, 0x1000),
    "helo": (b"H", 0x2, 0x2000),
    "mail": (b"M", 0x4, 0x4000),
    "rcpt": (b"R", 0x8, 0x8000),
    "data": (b"T", 0x200, 0x10000),
    "header": (b"L", 0x20, 0x80),
    "eoh": (b"N", 0x40, 0x40000),
    "body": (b"B", 0x10, 0x80000),
    "eom": (b"E", 0, 0),
}
SYMLIST_STAGES = ("connect", "helo", "mail", "rcpt", "data", "eom", "eoh")
# What Postfix sends when the milter asks for nothing.
DEFAULT_MACROS = {
    "connect": "j {daemon_name} {daemon_addr} v _",
    "mail": "i {auth_type} {auth_authen} {mail_addr} {mail_host} {mail_mailer}",
    "rcpt": "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
    "data": "i",
    "eoh": "i",
    "eom": "i",
}
KINDS = {b"c": "continue", b"a": "accept", b"d": "discard", b"r": "reject", b"t": "tempfail"}
PLAIN = {
    "reject": Reply("reject", 550, "5.7.1", "Command rejected"),
    "tempfail": Reply("tempfail", 451, "4.7.1", "Service unavailable - try again later"),
}
BODY_CHUNK = 65535
numbers = itertools.count(1)


class Closed(Exception):
    """The milter closed the connection, or answered what no MTA understands."""


class Message:
    """What became of one message: each reply, and what the milter wants changed."""

    def __init__(self, sender, recipients):
        self.sender = sender
        self.recipients = list(recipients)
        self.mail = CONTINUE
        self.replies = []
        self.data = CONTINUE
        self.end = None
        self.queue_id = ""
        self.sent_headers = []
        self.header_changes = []
        self.removed_recipients = []
        self.other_changes = []
        self.quarantine = None
        self.passed = False  # "accept" before the end: the milter sees no more of it
        self.discarded = False

    @property
    def gists(self):
        return [reply.gist for reply in self.replies]

    @property
    def headers(self):
        """The header after the milter's changes, as Postfix makes them: [(name, value)]."""
        headers = list(self.sent_headers)
        for how, name, index, value in self.header_changes:
            if how == "insert":
                headers.insert(index, (name, value))
                continue
            places = [i for i, (known, _) in enumerate(headers) if known.lower() == name.lower()]
            if how == "add" or index > len(places):
                if value:
                    headers.append((name, value))
            elif value:
                headers[places[index - 1]] = (name, value)
            else:
                del headers[places[index - 1]]  # the next one of the name is counted in its place
        return headers

    @property
    def accepted(self):
        """How many recipients the MTA takes the message for."""
        if not self.mail.accepted or (self.end is not None and not self.end.accepted):
            return 0
        return sum(reply.accepted for reply in self.replies)

    @property
    def delivered(self):
        """The recipients that get it."""
        if self.accepted == 0 or self.discarded or self.quarantine is not None:
            return []
        kept = zip(self.recipients, self.replies)
        gone = self.removed_recipients
        return [to for to, reply in kept if reply.accepted and to not in gone]


class Session:
    def __init__(self, address, client="127.0.0.1", port=40001, login="", local=False):
        self.client, self.login, self.local = client, login, local
        self.port = 0 if local else port
        self.macros, self.rcpt_seen, self.message, self.queue_id = {}, False, None, "4TEST"
        self.wanted_macros = dict(DEFAULT_MACROS)
        self.steps = self.actions = 0
        self.pending = b""
        self.socket = open_socket(address)

    # ---- packets ----

    def send_packet(self, letter, data=b""):
        self.pending += struct.pack(">I", len(data) + 1) + letter + data

    def flush(self):
        pending, self.pending = self.pending, b""
        try:
            self.socket.sendall(pending)
        except OSError as error:
            raise Closed(str(error)) from error

    def send_raw(self, data):
        self.pending += data
        self.flush()

    def read_exactly(self, count):
        data = b""
        while len(data) < count:
            try:
                more = self.socket.recv(count - len(data))
            except ConnectionError as error:
                raise Closed(str(error)) from error
            if not more:
                raise Closed("end of file")
            data += more
        return data

    def read_packet(self):
        self.flush()
        (length,) = struct.unpack(">I", self.read_exactly(4))
        if not 1 <= length <= 1 << 20:
            raise Closed(f"a packet of {length} bytes")
        data = self.read_exactly(length)
        return data[:1], data[1:]

    # ---- events ----

    def negotiate(self, steps=STEPS):
        self.send_packet(b"O", struct.pack(">III", VERSION, ACTIONS, steps))
        letter, data = self.read_packet()
        if letter != b"O" or len(data) < 12:
            raise Closed(f"negotiation answered by {letter!r}")
        _, self.actions, self.steps = struct.unpack(">III", data[:12])
        rest = data[12:]
        while len(rest) >= 5:
            (stage,) = struct.unpack(">I", rest[:4])
            names, _, rest = rest[4:].partition(b"\0")
            self.wanted_macros[SYMLIST_STAGES[stage]] = names.decode()
        return self

    def event(self, name, data=b"", values=None):
        """Send an event with its macros; its reply, or CONTINUE where none is wanted."""
        letter, unwanted, silent = EVENTS[name]
        if self.steps & unwanted:
            return CONTINUE
        self.send_macros(name, letter, values or {})
        self.send_packet(letter, data)
        if self.steps & silent:
            return CONTINUE
        return self.read_reply()

    def send_macros(self, name, letter, values):
        known = {**self.macros, **values}
        pairs = []
        for word in self.wanted_macros.get(name, "").replace(",", " ").split():
            value = known.get(word.strip("{}"))
            if value is not None:
                pairs += [word, value]
        data = b"".join(encode(text) + b"\0" for text in pairs)
        self.send_packet(b"D", letter + data)

    def read_reply(self):
        """The reply to an event; modifications before it go into the message."""
        while True:
            letter, data = self.read_packet()
            if letter == b"y":
                text = data.rstrip(b"\0").decode("utf-8", "backslashreplace")
                return parse_reply(text.replace("%%", "%"))
            if letter == b"s":  # skip the rest of the body
                return CONTINUE
            if letter in KINDS:
                kind = KINDS[letter]
                return PLAIN.get(kind, Reply(kind))
            self.note_change(letter, data)

    def note_change(self, letter, data):
        if letter == b"p":  # progress: still at it
            return
        if self.message is None or letter not in b"+2-himebq":
            raise Closed(f"an answer {letter!r} that has no place here")
        words = data.rstrip(b"\0").decode("utf-8", "backslashreplace").split("\0")
        if letter == b"h":
            self.message.header_changes.append(("add", words[0], 0, words[1]))
        elif letter in b"im":
            (index,) = struct.unpack(">I", data[:4])
            name, _, value = data[4:].rstrip(b"\0").decode().partition("\0")
            how = "insert" if letter == b"i" else "change"
            self.message.header_changes.append((how, name, index, value))
        elif letter == b"-":
            self.message.removed_recipients.append(words[0].strip("<>"))
        elif letter == b"q":
            self.message.quarantine = words[0]
        else:
            self.message.other_changes.append((letter.decode(), words))

    def connect(self):
        family, host = ("6" if ":" in self.client else "4"), "localhost"
        address = f"IPv6:{self.client}" if family == "6" else self.client
        if self.client not in ("127.0.0.1", "::1"):
            host = f"[{self.client}]"
        self.macros = {
            "j": "mx.test.example",
            "v": "Postfix 3.7.11",
            "_": f"{host} [{self.client}]",
            "daemon_name": "mx.test.example",
            "daemon_addr": "127.0.0.1",
            "daemon_port": "25",
            "client_addr": address,
            "client_name": host,
            "client_port": str(self.port),
            "client_ptr": host,
            "client_connections": "0",
        }
        data = host.encode() + b"\0" + family.encode() + struct.pack(">H", self.port)
        return self.event("connect", data + address.encode() + b"\0")

    def helo(self, name="client.test.example"):
        return self.event("helo", encode(name) + b"\0")

    def mail(self, sender, *options):
        """SENDER without <>, '' for the null sender."""
        self.rcpt_seen = False
        self.queue_id = f"{os.getpid():X}{next(numbers):06X}"
        for name in ("i", "auth_type", "auth_authen"):
            self.macros.pop(name, None)
        if self.local:
            self.macros["i"] = self.queue_id
        elif self.login:
            self.macros.update(auth_type="PLAIN", auth_authen=self.login)
        words = [sender if self.local else f"<{sender}>", *options]
        values = {"mail_addr": sender} | ({} if self.local else {"mail_mailer": "smtp"})
        return self.event("mail", zero_ended(words), values)

    def rcpt(self, recipient, *options):
        if self.rcpt_seen:  # Postfix has a queue id only once a recipient was accepted
            self.macros["i"] = self.queue_id
        words = [recipient if self.local else f"<{recipient}>", *options]
        values = {"rcpt_addr": recipient, "rcpt_mailer": "smtp"}
        reply = self.event("rcpt", zero_ended(words), values)
        self.rcpt_seen = self.rcpt_seen or reply.accepted
        return reply

    def data(self):
        self.macros["i"] = self.queue_id
        return self.event("data")

    def header(self, name, value):
        return self.event("header", zero_ended([name, value]))

    def eoh(self):
        return self.event("eoh")

    def body(self, data):
        return self.event("body", data)

    def eom(self):
        return self.event("eom")

    def abort(self):
        self.send_packet(b"A")

    def quit(self):
        try:
            self.abort()
            self.send_packet(b"Q")
            self.flush()
        except Closed:
            pass
        self.close()

    def close(self):
        self.socket.close()

    # ---- whole conversations ----

    def open(self, steps=STEPS):
        self.negotiate(steps)
        for reply in (self.connect(), self.helo()):
            if not reply.accepted:
                raise Closed(f"refused at the start: {reply}")
        return self

    def envelope(self, sender, recipients, options=()):
        """MAIL and all RCPTs; the message is then in hand."""
        message = self.message = Message(sender, recipients)
        message.mail = self.mail(sender, *options)
        message.queue_id = self.queue_id
        if message.mail.kind == "accept":
            message.passed = True
        for recipient in recipients if message.mail.accepted else ():
            if message.passed:
                message.replies.append(CONTINUE)
                continue
            reply = self.rcpt(recipient)
            message.replies.append(reply)
            if reply.kind == "accept":
                message.passed = True
            message.discarded = message.discarded or reply.kind == "discard"
        return message

    def content(self, headers=(("Subject", "test"),), body=b"hello\r\n"):
        """From DATA to the end of the message in hand."""
        message = self.message
        if message.passed or message.discarded:
            message.end = CONTINUE
            return message
        message.sent_headers = list(headers)
        message.data = self.data()
        for name, value in headers:
            self.header(name, value)
        self.eoh()
        for start in range(0, len(body), BODY_CHUNK):
            self.body(body[start : start + BODY_CHUNK])
        message.end = self.eom()
        message.discarded = message.end.kind == "discard"
        return message

    def send(
        self, sender, recipients, options=(), headers=(("Subject", "test"),), body=b"hello\r\n"
    ):
        message = self.envelope(sender, recipients, options)
        if any(reply.accepted for reply in message.replies):
            self.content(headers, body)
        self.abort()  # as Postfix does after every message, good or not
        self.flush()
        return message

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.quit()


def open_socket(address, timeout=30.0):
    """ADDRESS in libmilter's form: inet:PORT@HOST, inet6:PORT@HOST or unix:PATH."""
    kind, _, where = address.partition(":")
    if kind == "unix":
        family, where = socket.AF_UNIX, where
    else:
        port, _, host = where.partition("@")
        family, where = (socket.AF_INET6 if kind == "inet6" else socket.AF_INET), (host, int(port))
    connection = socket.socket(family)
    connection.settimeout(timeout)
    try:
        connection.connect(where)
    except OSError:
        connection.close()
        raise
    if family != socket.AF_UNIX:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def encode(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def zero_ended(words):
    return b"".join(encode(word) + b"\0" for word in words)
