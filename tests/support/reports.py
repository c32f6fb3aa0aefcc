"""Reports about mail of ours, as others would send them: bounces, complaints, SNS, log lines."""

import base64
import datetime
import json
import os
import subprocess

from support.certificates import run

BOUNCE = """\
From: MAILER-DAEMON@mx.far.example
To: news@shop.example
Subject: Undelivered Mail Returned to Sender
Message-Id: <{name}@mx.far.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=b"

--=b

This is the mail system. {people}

--=b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.far.example
{groups}
--=b
{returned}
--=b--
"""
GROUP = """
Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.far.example
Diagnostic-Code: smtp; {said}
"""
COMPLAINT = """\
From: feedback@provider.example
To: abuse@shop.example
Subject: complaint about message
Message-Id: <{name}@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="=c"

--=c

A user complained.

--=c
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Provider/1
Version: 1
{recipient}
--=c
{returned}
--=c--
"""
SAID = {
    "hard": ("5.1.1", "550 5.1.1 no such user here"),
    "soft": ("5.2.2", "552 5.2.2 mailbox is full"),
    "policy": ("5.7.1", "550 5.7.1 message looks like spam"),
}


def returned(token, more=""):
    """The part with our message's header; TOKEN is a value of X-Okite-Token, or None."""
    header = f"X-Okite-Token: {token}\n" if token is not None else ""
    return f"Content-Type: text/rfc822-headers\n\nFrom: news@shop.example\n{header}{more}"


def bounce(*recipients, token=None, what="hard", name="1", action="failed", part=None):
    status, said = SAID[what]
    groups = "".join(
        GROUP.format(recipient=one, action=action, status=status, said=said) for one in recipients
    )
    return BOUNCE.format(
        name=name,
        people=", ".join(f"<{one}>: {said}" for one in recipients),
        groups=groups,
        returned=part or returned(token),
    )


def complaint(recipient=None, token=None, kind="abuse", name="1"):
    """RECIPIENT None: hidden, as most providers do."""
    named = f"Original-Rcpt-To: <{recipient}>\n" if recipient is not None else ""
    return COMPLAINT.format(name=name, kind=kind, recipient=named, returned=returned(token))


def stamp(seconds):
    """A moment as rsyslog writes it since Debian 12."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def log_line(queue_id, recipient, what, at, program="postfix/smtp", said=None):
    """WHAT is sent, deferred, or the class of what was returned."""
    if what == "sent":
        dsn, state, said = "2.0.0", "sent", said or "250 2.0.0 ok"
    elif what == "deferred":
        dsn, state, said = "4.2.2", "deferred", "452 4.2.2 mailbox is full"
    else:
        dsn, said = SAID[what]
        state = "bounced"
    if what != "sent":
        said = f"host mx.far.example[192.0.2.25] said: {said} (in reply to RCPT TO command)"
    return (
        f"{stamp(at)} mx {program}[66]: {queue_id}: to=<{recipient}>, "
        f"relay=mx.far.example[192.0.2.25]:25, delay=1, delays=0/0/0/1, dsn={dsn}, "
        f"status={state} ({said})\n"
    )


class Sns:
    """SNS's envelopes, signed by a key whose certificate is in FOLDER."""

    TOPIC = "arn:aws:sns:eu-west-1:123456789012:feedback"
    NAME = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
    URL = f"https://sns.eu-west-1.amazonaws.com/{NAME}"

    def __init__(self, folder):
        os.makedirs(folder)
        self.folder = folder
        self.key = os.path.join(folder, "key.pem")
        name = "sns.amazonaws.com"
        run(
            f"req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={name}"
            f" -addext subjectAltName=DNS:{name} -keyout {self.key} -out",
            os.path.join(folder, self.NAME),
        )

    def _sign(self, text, digest):
        command = ["openssl", "dgst", f"-{digest}", "-sign", self.key]
        done = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
        return base64.b64encode(done.stdout).decode()

    def notification(self, event, at, version="2", **changes):
        """EVENT is SES's object; CHANGES are made after it was signed."""
        moment = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
        envelope = {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": self.TOPIC,
            "Message": json.dumps(event),
            "Timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "SignatureVersion": version,
            "SigningCertURL": self.URL,
        }
        signed = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        text = "".join(f"{name}\n{envelope[name]}\n" for name in signed if name in envelope)
        envelope["Signature"] = self._sign(text, {"1": "sha1", "2": "sha256"}[version])
        return json.dumps({**envelope, **changes})


def ses(kind, *recipients, at, token=None, feedback="1"):
    """KIND is Bounce, Complaint or Delivery."""
    moment = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
    when = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    headers = [{"name": "X-Okite-Token", "value": token}] if token is not None else []
    event = {
        "notificationType": kind,
        "mail": {
            "timestamp": when,
            "messageId": "0102-ses",
            "source": "news@shop.example",
            "headers": [{"name": "From", "value": "news@shop.example"}, *headers],
        },
    }
    people = [{"emailAddress": one} for one in recipients]
    if kind == "Bounce":
        event["bounce"] = {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [{**one, "action": "failed", "status": "5.1.1"} for one in people],
            "timestamp": when,
            "feedbackId": feedback,
        }
    elif kind == "Complaint":
        event["complaint"] = {
            "complainedRecipients": people,
            "timestamp": when,
            "feedbackId": feedback,
            "complaintFeedbackType": "abuse",
        }
    else:
        event["delivery"] = {"recipients": list(recipients), "timestamp": when}
    return event
