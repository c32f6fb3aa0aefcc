"""Certificates for tests, good ones and bad ones, by the openssl command."""

import os
import shutil
import subprocess

PRESENT, PAST, FUTURE = ("20200101", "20990101"), ("20200101", "20200201"), ("20980101", "20990101")

CONFIGURATION = """
[ca]
default_ca = own
[own]
database = {folder}/index
new_certs_dir = {folder}
serial = {folder}/serial
unique_subject = no
default_md = sha256
policy = anything
[anything]
commonName = supplied
[req]
distinguished_name = dn
[dn]
[leaf]
basicConstraints = critical, CA:FALSE
{names}
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
"""


def available():
    return shutil.which("openssl") is not None


class Certificate:
    """`certificate` and `key` are files; `chain` has those between it and its root as well."""

    extensions = "leaf"

    def __init__(self, parent, name, common_name, issuer=None, sans="", dates=PRESENT):
        self.issuer = issuer
        self.folder = os.path.join(parent, name)
        os.makedirs(self.folder)
        self.certificate, self.key = self._path("certificate.pem"), self._path("key.pem")
        self.chain, self.request = self._path("chain.pem"), self._path("request.pem")
        self.configuration = self._path("openssl.cnf")
        names = f"subjectAltName = {sans}" if sans else ""
        self._write("openssl.cnf", CONFIGURATION.format(folder=self.folder, names=names))
        self._write("index", "")
        self._write("serial", "01\n")
        self._make(common_name, dates)
        with open(self.certificate) as file:
            text = file.read()
        if issuer is not None and issuer.issuer is not None:
            with open(issuer.chain) as file:
                text += file.read()
        self._write("chain.pem", text)

    def _make(self, common_name, dates):
        run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out", self.key)
        request = f"req -new -config {self.configuration} -key {self.key} -out {self.request}"
        run(f"{request} -subj", f"/CN={common_name}")
        # `openssl ca`, since the others take no dates in all versions.
        start, end = dates
        sign = f"ca -batch -notext -startdate {start}000000Z -enddate {end}000000Z"
        sign += f" -config {self.configuration} -extensions {self.extensions}"
        sign += f" -keyfile {(self.issuer or self).key} -in {self.request}"
        sign += f" -cert {self.issuer.certificate}" if self.issuer else " -selfsign"
        run(f"{sign} -out", self.certificate)

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _write(self, name, text):
        with open(self._path(name), "w") as file:
            file.write(text)

    def locked_key(self, password="open-sesame"):
        """A file with the same key behind a password."""
        path = self._path("locked.pem")
        run(f"pkey -in {self.key} -aes256 -passout pass:{password} -out", path)
        return path


class Authority(Certificate):
    """Issues others into the folder that it is in itself."""

    extensions = "authority"

    def __init__(self, parent, name, issuer=None, **more):
        super().__init__(parent, name, f"{name} authority", issuer, **more)
        self.parent = parent

    def issue(self, name, sans="DNS:localhost, IP:127.0.0.1", **more):
        return Certificate(self.parent, name, name, self, sans, **more)

    def below(self, name):
        return Authority(self.parent, name, self)


def run(command, *more):
    """openssl COMMAND, in words, and MORE as they are."""
    done = subprocess.run(["openssl", *command.split(), *more], capture_output=True, text=True)
    assert done.returncode == 0, f"openssl {command}: {done.stderr}"
