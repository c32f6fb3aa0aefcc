"""A proxy between okited and Redis that breaks on command.

`mode` is one of
  pass      forward at once
  hang      take what comes, forward nothing: only a time-out helps
  trickle   the server's answers at one byte a second
  garbage   answer with something that is not RESP
  cut       forward half of an answer, then close
  lose      forward nothing of an answer, but close
`fail_once(MODE)` spoils one answer only.  `refuse()` closes the door, `listen()` opens
it again, `reset()` resets what is open.
"""

import socket
import struct
import threading
import time

from support.wait import free_port

GARBAGE = b"HTTP/1.1 400 Bad Request\r\nServer: not-redis\r\n\r\n"


class FaultProxy:
    def __init__(self, upstream):
        self.upstream = upstream  # a socket's path, or (host, port)
        self.port = free_port()
        self.mode, self.once = "pass", None
        self.lock = threading.Lock()
        self.open = set()
        self.door = None
        self.listen()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def listen(self):
        self.door = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self._accept, args=(self.door,), daemon=True).start()

    def fail_once(self, mode):
        self.once = mode

    def refuse(self):
        """Nobody listens any more, and who was connected is cut off."""
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()
        self.reset()

    def reset(self):
        with self.lock:
            victims, self.open = self.open, set()
        for end in victims:
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:  # its pump has closed it meanwhile
                continue
            _shut(end)
            end.close()

    def close(self):
        self.mode = "pass"
        _shut(self.door)
        self.door.close()
        self.reset()

    def _accept(self, door):
        while True:
            try:
                client, _ = door.accept()
            except OSError:
                return
            server = socket.socket(
                socket.AF_UNIX if isinstance(self.upstream, str) else socket.AF_INET
            )
            try:
                server.connect(self.upstream)
            except OSError:
                server.close()
                client.close()
                continue
            with self.lock:
                self.open |= {client, server}
            for source, target, answers in ((client, server, False), (server, client, True)):
                threading.Thread(
                    target=self._pump, args=(source, target, answers), daemon=True
                ).start()

    def _pump(self, source, target, answers):
        try:
            while data := source.recv(65536):
                while self.mode == "hang":
                    time.sleep(0.01)
                if answers:
                    data = self._spoil(data, target)
                if data is None:
                    break
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            _shut(end)
            with self.lock:
                self.open.discard(end)
            end.close()

    def _spoil(self, data, target):
        """What to send of an answer; None: close now."""
        mode, self.once = self.once or self.mode, None
        if mode == "garbage":
            return GARBAGE
        if mode == "lose":
            return None
        if mode == "cut":
            target.sendall(data[: max(1, len(data) // 2)])
            return None
        while self.mode == "trickle" and data:
            target.sendall(data[:1])
            data = data[1:]
            self._pause(1.0)
        return data

    def _pause(self, seconds):
        """Sleep, but not beyond the end of the mode."""
        mode, end = self.mode, time.monotonic() + seconds
        while self.mode == mode and time.monotonic() < end:
            time.sleep(0.01)


def _shut(end):
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
