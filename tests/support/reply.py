"""What an SMTP client is told, whether it comes from a milter or from Postfix."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Reply:
    """KIND is continue, accept, discard, reject or tempfail; a code makes it one of these."""

    kind: str
    code: int = 0
    status: str = ""
    text: str = ""

    @property
    def accepted(self):
        return self.kind in ("continue", "accept", "discard")

    @property
    def rule(self):
        """RULE of the [okite:RULE] that a refusal of ours ends in, or ''."""
        found = re.search(r"\[okite:([a-z0-9_-]+)\]$", self.text)
        return found.group(1) if found else ""

    @property
    def gist(self):
        """'550 5.1.1 suppressed' or 'accepted': what most tests compare."""
        if self.accepted:
            return "accepted"
        return f"{self.code} {self.status} {self.rule}".strip()

    def __str__(self):
        return f"{self.code} {self.status} {self.text}".strip() if self.code else self.kind


CONTINUE = Reply("continue")


def parse_reply(text):
    """From '550 5.1.1 text', also of several lines."""
    lines = [line for line in re.split(r"\r?\n", text) if line]
    code, status, words = 0, "", []
    for line in lines:
        found = re.match(r"(?:(\d{3})[ -]?)?(?:([245]\.\d{1,3}\.\d{1,3}) ?)?(.*)$", line)
        code = int(found.group(1) or code)
        status = found.group(2) or status
        words.append(found.group(3))
    kind = {2: "continue", 3: "continue", 4: "tempfail", 5: "reject"}.get(code // 100, "continue")
    return Reply(kind, code, status, " ".join(words))
