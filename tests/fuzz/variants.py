#!/usr/bin/python3
"""What other servers make of the mails of a folder, for the fuzzer to begin with.

    tests/fuzz/variants.py FOLDER OUT

Each mail as it is, with CRLF, cut behind each of its lines, and with its body, and
the whole of it, in base64 and in quoted-printable.  Nothing of it is for the tree:
what a run finds is reduced, and written anew.
"""

import base64
import os
import quopri
import re
import sys

HEAD = b"From: a@b.example\nSubject: fw\nMIME-Version: 1.0\n"
ENCODERS = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}


def encode_body(text, name):
    header, _, body = text.partition(b"\n\n")
    header = re.sub(rb"(?im)^content-transfer-encoding:.*\n?", b"", header).rstrip(b"\n")
    encoding = f"\nContent-Transfer-Encoding: {name}\n\n".encode()
    return header + encoding + ENCODERS[name](body)


def wrap(text, name):
    parts = b'Content-Type: multipart/mixed; boundary="=w"\n\n--=w\n'
    part = f"Content-Type: message/rfc822\nContent-Transfer-Encoding: {name}\n\n".encode()
    return HEAD + parts + part + ENCODERS[name](text) + b"\n--=w--\n"


def variants(text):
    yield "as-it-is", text
    text = text.replace(b"\r\n", b"\n")
    yield "crlf", text.replace(b"\n", b"\r\n")
    for name in ENCODERS:
        yield f"body-{name}", encode_body(text, name)
        yield f"whole-{name}", wrap(text, name)
    lines = text.splitlines(keepends=True)
    for count in range(1, len(lines)):
        yield f"cut-{count}", b"".join(lines[:count])


def main():
    folder, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    number = 0
    for parent, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            with open(os.path.join(parent, name), "rb") as file:
                text = file.read()
            number += 1
            for kind, bytes_of in variants(text):
                with open(os.path.join(out, f"{number}-{kind}"), "wb") as file:
                    file.write(bytes_of)


main()
