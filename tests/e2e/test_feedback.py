"""okite feedback --parse-only: what is understood of what comes back, as programs see it."""

import json
import os
import subprocess

import pytest

from support.okited import OKITE

DSN = """\
From: MAILER-DAEMON@mx.shop.example
To: news@shop.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="=b"
Message-Id: <1@mx.shop.example>

--=b

This is the mail system. <ann@far.example>: host mx.far.example[192.0.2.25]
said: 550 5.1.1 no such user here (in reply to RCPT TO command)

--=b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.shop.example

Final-Recipient: rfc822; ann@far.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.far.example
Diagnostic-Code: smtp; 550 5.1.1 no such user here

--=b
Content-Type: text/rfc822-headers

From: news@shop.example
To: ann@far.example
{header}
--=b--
"""
COMPLAINT = """\
From: feedback@provider.example
To: abuse@shop.example
Subject: complaint
Content-Type: multipart/report; report-type=feedback-report; boundary="=c"

--=c

A user complained.

--=c
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Provider/1
Version: 1
Original-Rcpt-To: <bob@provider.example>

--=c
Content-Type: text/rfc822-headers

From: news@shop.example

--=c--
"""
AWAY = """\
From: carol@far.example
To: news@shop.example
Subject: Out of office: Your offer
Auto-Submitted: auto-replied

I am on holiday.
"""
PERSON = "From: dave@far.example\nTo: news@shop.example\nSubject: Hello\n\nHow are you?\n"
SES = json.dumps(
    {
        "notificationType": "Bounce",
        "mail": {"timestamp": "2026-01-02T03:04:05.000Z", "messageId": "1", "source": "a@b.example"},
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": "eve@far.example", "status": "5.1.1"}],
            "timestamp": "2026-01-02T03:04:05.000Z",
            "feedbackId": "2",
        },
    }
)
LOG = (
    "Nov 24 10:52:35 mx postfix/smtp[6665]: 4bXk2P1Zyz: to=<fay@far.example>, "
    "relay=mx.far.example[192.0.2.25]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced "
    "(host mx.far.example[192.0.2.25] said: 550 5.1.1 <fay@far.example>: Recipient address "
    "rejected: User unknown (in reply to RCPT TO command))\n"
    "Nov 24 10:52:36 mx postfix/smtp[6665]: 4bXk2P1Zz0: to=<gus@far.example>, relay=none, "
    "delay=1, delays=0/0/0/1, dsn=5.7.1, status=bounced (550 5.7.1 no [okite:suppressed])\n"
    "Nov 24 10:52:37 mx postfix/qmgr[1]: 4bXk2P1Zyz: removed\n"
)
ANN = ("bounce", "hard", "ann@far.example", "5.1.1", "failed")
BOB = ("complaint", "complaint", "bob@provider.example", "", "")
CAROL = ("auto", "auto", "carol@far.example", "", "")
NOBODY = ("none", "none", "", "", "")


def mbox(*mails):
    return "".join(f"From x Mon Nov 24 00:00:00 2026\n{mail}\n" for mail in mails)


def gist(one):
    return tuple(one[name] for name in ("kind", "class", "recipient", "status", "action"))


@pytest.fixture
def node(new_okited):
    return new_okited()


CASES = {
    "a bounce": ("auto", DSN.format(header="X-Mailer: x\n"), [ANN]),
    "with CRLF": ("auto", DSN.format(header="").replace("\n", "\r\n"), [ANN]),
    "from pipe(8)": ("auto", "From x Mon Nov 24 00:00:00 2026\n" + DSN.format(header=""), [ANN]),
    "a complaint": ("message", COMPLAINT, [BOB]),
    "an automatic reply": ("auto", AWAY, [CAROL]),
    "a person": ("auto", PERSON, [NOBODY]),
    "nothing": ("auto", "", [NOBODY]),
    "an mbox": ("mbox", mbox(DSN.format(header=""), PERSON, COMPLAINT), [ANN, NOBODY, BOB]),
    "an mbox of none": ("mbox", "", []),
    "SES": ("auto", SES, [("bounce", "hard", "eve@far.example", "5.1.1", "")]),
    "SES in SNS": (
        "sns",
        json.dumps({"Type": "Notification", "MessageId": "3", "TopicArn": "t", "Message": SES}),
        [("bounce", "hard", "eve@far.example", "5.1.1", "")],
    ),
    "neither": ("sns", "{]", [NOBODY]),
    # The second was refused by ourselves.
    "a log": ("auto", LOG, [("bounce", "hard", "fay@far.example", "5.1.1", "failed")]),
    "no line of a log": ("log", "x\n\x00\n", []),
}


@pytest.mark.parametrize("name", CASES)
def test_understood(node, name):
    form, text, want = CASES[name]
    answer = node.okite("feedback", "--parse-only", "--format", form, input=text, check=0)
    assert [gist(one) for one in answer.objects] == want
    assert {one["token"] for one in answer.objects} <= {"none"}


def test_files_are_named(node):
    paths = []
    for number, text in enumerate((DSN.format(header=""), AWAY)):
        paths.append(os.path.join(node.folder, f"{number}.eml"))
        with open(paths[-1], "w") as file:
            file.write(text)
    answer = node.okite("feedback", "--parse-only", *paths, check=0)
    assert [(one["file"], gist(one)) for one in answer.objects] == list(zip(paths, (ANN, CAROL)))
    answer = node.okite("feedback", "--parse-only", node.folder + "/missing", check=75)
    assert "missing cannot be read" in answer.err


def test_a_token_proves_its_recipient(okited):
    node = okited()
    message = node.send(["ann@far.example", "hal@far.example"])
    (token,) = [value for name, value in message.headers if name == "X-Okite-Token"]
    header = f"X-Okite-Token: {token}\n"
    cases = [
        (DSN.format(header=header), "valid"),
        (DSN.format(header=header).replace("ann@", "ida@"), "invalid"),
        (DSN.format(header=f"X-Okite-Token: {'A' * 200}\n"), "invalid"),
    ]
    for text, want in cases:
        answer = node.okite("feedback", "--parse-only", input=text, check=0)
        assert [one["token"] for one in answer.objects] == [want]


def test_no_configuration_is_needed_without_a_token(node):
    """Nor would an MTA bounce a report because of one that is broken."""
    for header, status in (("", 0), ("X-Okite-Token: abc\n", 75)):
        done = subprocess.run(
            [OKITE, "-c", node.folder + "/missing", "feedback", "--parse-only"],
            input=DSN.format(header=header),
            capture_output=True,
            text=True,
        )
        assert done.returncode == status, done.stderr


USAGES = {
    "no format": (("--format", "pdf"), "--format is auto, message, mbox, sns or log"),
    "follow and show": (("--parse-only", "--follow", "x"), "exclude each other"),
    "follow nothing": (("--follow",), "wants the one file"),
    "an unknown option": (("--bogus",), "unknown option"),
    "follow two": (("--follow", "x", "y"), "wants the one file"),
}


@pytest.mark.parametrize("name", USAGES)
def test_wrong_usage(node, name):
    arguments, want = USAGES[name]
    # Not 64: an MTA would return the report to who reported it.
    assert want in node.okite("feedback", *arguments, check=75).err


# ---- a postmaster's own tables ----

OWN_PHRASES = """# of our relay
[72 hard userunknown]
schnick schnack => 550 schnick schnack
"""
OWN_FORMATS = """format ours
see this is the relay of shop.example
shape alone
reason below
format any
delay we keep trying all the same
"""
OWN_REPORT = """\
From: MAILER-DAEMON@relay.shop.example
To: news@shop.example
Subject: your mail

This is the relay of shop.example.

ann@far.example
   550 schnick schnack
"""


def own(node, phrases="", formats=""):
    """Files of these, and a configuration that names them."""
    named = {}
    for name, text in (("phrases", phrases), ("formats", formats)):
        if text:
            named[name] = os.path.join(node.folder, name)
            with open(named[name], "w") as file:
                file.write(text)
    node.configure(feedback=named)
    return node


def classes(node, text):
    told = node.okite("feedback", "--parse-only", input=text, check=0).objects
    return [(one["class"], one["recipient"]) for one in told]


def test_own_tables(node):
    ann = "ann@far.example"
    assert classes(node, OWN_REPORT) != [("hard", ann)]
    assert classes(own(node, OWN_PHRASES, OWN_FORMATS), OWN_REPORT) == [("hard", ann)]
    # What is built in stays.
    assert classes(node, DSN.format(header="")) == [("hard", ann)]


FAULTS = {
    "a phrase": ({"phrases": "[72 heavy userunknown]\n"}, "phrases:1: \"heavy\": is no class"),
    "a format": ({"formats": "format x\nsaw y\n"}, "formats:2: \"saw\": there is no such word"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_own_tables_with_faults(node, name):
    tables, want = FAULTS[name]
    own(node, **tables)
    for arguments in (("feedback",), ("feedback", "--parse-only")):
        assert want in node.okite(*arguments, input=PERSON, check=75).err
    answer = node.okite("check", check=1)
    assert want in answer.out


def test_own_tables_that_are_not_there(node):
    node.configure(feedback={"phrases": "/nowhere/phrases"})
    answer = node.okite("feedback", input=PERSON, check=75)
    assert "/nowhere/phrases: cannot be read: No such file" in answer.err


def test_check_misses_the_certificates(node):
    node.configure(feedback={"sns_topics": ["arn:aws:sns:x:1:y"], "sns_certificates": "/nowhere"})
    assert "warning  feedback.sns_certificates: /nowhere cannot be read" in node.okite("check").out
