"""A private Redis (or Valkey: RSRV=valkey-server) in a folder, and a client of forty lines."""

import os
import signal
import socket

from support.program import Program
from support.wait import free_port, wait_until

SERVER = os.environ.get("RSRV", "redis-server")


class RedisError(Exception):
    """An error reply, or a closed connection."""


class Client:
    """One RESP2 connection; answers come as int, str, None or lists of these."""

    def __init__(self, address, timeout=10.0):
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise
        self.file = self.socket.makefile("rb")

    def call(self, *words):
        parts = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        text = b"*%d\r\n" % len(parts)
        text += b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        self.socket.sendall(text)
        return self._answer()

    def _answer(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise RedisError("connection closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest.decode()
        if int(rest) < 0:
            return None
        if kind == b"*":
            return [self._answer() for _ in range(int(rest))]
        return self.file.read(int(rest) + 2)[:-2].decode("utf-8", "backslashreplace")

    def close(self):
        self.file.close()
        self.socket.close()


class Redis:
    """
    Keeps nothing on disk unless OPTIONS say so.  Listens on a socket, and on TCP if asked:
    in clear text, or, with a certificate (support.certificates) and its AUTHORITY, in TLS.
    Clients then need a certificate of that authority where WANTS_CLIENTS says so.
    """

    def __init__(
        self,
        folder,
        tcp=False,
        password="",
        options=(),
        environment=None,
        certificate=None,
        authority=None,
        wants_clients=False,
    ):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.path = os.path.join(folder, "redis.sock")
        self.certificate, self.authority = certificate, authority
        self.wants_clients = wants_clients
        self.port = free_port() if tcp or certificate else 0
        self.password = password
        self.options = list(options)
        self.environment = environment
        self.program = None

    @property
    def address(self):
        return ("127.0.0.1", self.port) if self.port else self.path

    @property
    def url(self):
        if self.certificate:
            return self.url_for("localhost")
        if self.port:
            return f"redis://127.0.0.1:{self.port}/0"
        return f"unix://{self.path}?db=0"

    def url_for(self, host):
        return f"rediss://{host}:{self.port}/0"

    def _tls_options(self):
        files = {
            "port": self.port,
            "cert-file": self.certificate.chain,
            "key-file": self.certificate.key,
            "ca-cert-file": self.authority.certificate,
            "auth-clients": "yes" if self.wants_clients else "no",
        }
        return [word for name, value in files.items() for word in (f"--tls-{name}", str(value))]

    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        arguments = [SERVER, "--bind", "127.0.0.1"]
        arguments += ["--port", "0" if self.certificate else str(self.port)]
        arguments += self._tls_options() if self.certificate else []
        arguments += ["--unixsocket", self.path, "--dir", self.folder]
        arguments += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        if self.password:
            arguments += ["--requirepass", self.password]
        self.program = Program(
            arguments + self.options, os.path.join(self.folder, "redis.log"), self.environment
        )
        wait_until(self._answers, f"Redis in {self.folder} answers")
        return self

    def _answers(self):
        if self.program.status is not None:
            raise AssertionError(f"Redis ended: {self.program.log.text()}")
        try:
            return self.call("PING") == "PONG"
        except (OSError, RedisError):
            return False

    def call(self, *words):
        """One command on a connection of its own."""
        client = Client(self.path)
        try:
            if self.password:
                client.call("AUTH", self.password)
            return client.call(*words)
        finally:
            client.close()

    def flush(self):
        self.call("FLUSHALL")

    def keys(self, pattern="*"):
        return sorted(self.call("KEYS", pattern))

    def configure(self, option, value):
        self.call("CONFIG", "SET", option, value)

    def pause(self):
        """Connections are accepted by the kernel, and nobody answers."""
        self.program.signal(signal.SIGSTOP)

    def resume(self):
        self.program.signal(signal.SIGCONT)

    def stop(self):
        if self.program is not None:
            self.program.stop()

    def kill(self):
        if self.program is not None:
            self.program.kill()

    def restart(self):
        """An empty one in the same place."""
        self.kill()
        return self.start()
