"""Where a played world ends: an SMTP and LMTP server that takes mail for everybody.

It keeps what it is given, a file for each recipient and message, with Return-Path
and Delivered-To as a mailbox would have them.  It runs as a program of its own:

    sink.py PORT PATH FOLDER     SMTP on the loopback, LMTP on the unix socket PATH
"""

import email
import glob
import itertools
import os
import re
import socketserver
import sys
import threading

from support.program import Program
from support.wait import free_port

numbers = itertools.count()


class Sink:
    """FOLDER is its own.  `path` is for LMTP, `port` for SMTP."""

    def __init__(self, folder):
        self.folder, self.path, self.port = folder, folder + ".lmtp", free_port()
        self.program = None

    def start(self):
        os.makedirs(self.folder)
        arguments = [str(self.port), self.path, self.folder]
        environment = {"PYTHONPATH": os.path.dirname(os.path.dirname(os.path.abspath(__file__)))}
        command = [sys.executable, "-m", "support.sink", *arguments]
        self.program = Program(command, self.folder + ".out", environment)
        self.program.log.wait("^ready$")

    def stop(self):
        if self.program is not None:
            self.program.kill()

    def received(self):
        messages = []
        for path in sorted(glob.glob(self.folder + "/*.eml")):
            with open(path, "rb") as file:
                messages.append(email.message_from_binary_file(file))
        return messages

    def clear(self):
        for path in glob.glob(self.folder + "/*.eml"):
            os.unlink(path)


# ---- the program ----


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        self.sender, self.recipients = "", []
        self.say("220 sink.test.example takes everything")
        while line := self.rfile.readline():
            words = line.decode("utf-8", "replace").strip()
            verb = words[:4].upper()
            address = re.search(r":\s*<(.*?)>(?: |$)", words)
            if verb in ("EHLO", "LHLO"):
                self.say("250-sink.test.example\r\n250-8BITMIME\r\n250 SMTPUTF8")
            elif verb == "DATA":
                self.say("354 go on")
                self.take()
            elif verb == "QUIT":
                return self.say("221 bye")
            else:
                if verb in ("MAIL", "RSET"):
                    self.sender, self.recipients = address.group(1) if address else "", []
                elif verb == "RCPT":
                    self.recipients.append(address.group(1))
                self.say("250 ok")

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def take(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        for recipient in self.recipients:
            keep(self.server.folder, self.sender, recipient, lines)
        # LMTP answers once for each recipient.
        for _ in self.recipients if self.server.lmtp else (1,):
            self.say("250 taken")


def keep(folder, sender, recipient, lines):
    path = f"{folder}/{next(numbers):06}"
    envelope = f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n"
    with open(path, "wb") as file:
        file.write(envelope.encode() + b"".join(lines))
    os.rename(path, path + ".eml")  # whole from the moment that it is seen


class Tcp(socketserver.ThreadingTCPServer):
    daemon_threads, lmtp, request_queue_size = True, False, 64


class Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads, lmtp, request_queue_size = True, True, 64


def main(port, path, folder):
    servers = [Tcp(("127.0.0.1", int(port)), Conversation), Unix(path, Conversation)]
    os.chmod(path, 0o666)
    for server in servers:
        server.folder = folder
    threading.Thread(target=servers[0].serve_forever, daemon=True).start()
    print("ready", flush=True)
    servers[1].serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
