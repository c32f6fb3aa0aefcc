"""okite suppress import: what the other services' lists look like when they are exported."""

import json

import pytest

CASES = {
    "ses csv": (
        "ses",
        "a@b.example,BOUNCE\nC@d.example,COMPLAINT\n",
        {"a": "hard", "c": "complaint"},
    ),
    "ses json lines": (
        "ses",
        '{"emailAddress":"a@b.example","reason":"BOUNCE"}\n'
        '{"emailAddress":"c@d.example","reason":"COMPLAINT"}\n',
        {"a": "hard", "c": "complaint"},
    ),
    "ses api": (
        "ses",
        json.dumps(
            {
                "SuppressedDestinationSummaries": [
                    {
                        "EmailAddress": "a@b.example",
                        "Reason": "BOUNCE",
                        "LastUpdateTime": "2026-04-10T21:03:05Z",
                    },
                    {
                        "EmailAddress": "c@d.example",
                        "Reason": "COMPLAINT",
                        "LastUpdateTime": "2026-04-10T21:03:05Z",
                    },
                ]
            }
        ),
        {"a": "hard", "c": "complaint"},
    ),
    "sendgrid csv": (
        "sendgrid",
        "status,reason,email,created\n"
        '5.1.1,"550 5.1.1 no, ""never"",\nheard of",a@b.example,1775855000\n',
        {"a": "hard"},
    ),
    "mailgun bounces": (
        "mailgun",
        "address,code,error,created_at\n"
        'a@b.example,550,"no such user, sorry","Fri, 10 Apr 2026 21:03:05 UTC"\n',
        {"a": "hard"},
    ),
    "mailgun unsubscribes": (
        "mailgun",
        'address,tags,created_at\na@b.example,*,"Fri, 10 Apr 2026 21:03:05 UTC"\n',
        {"a": "unsubscribe"},
    ),
    "postmark": (
        "postmark",
        json.dumps(
            {
                "Suppressions": [
                    {
                        "EmailAddress": "a@b.example",
                        "SuppressionReason": "HardBounce",
                        "Origin": "Recipient",
                        "CreatedAt": "2026-04-10T21:03:05-04:00",
                    },
                    {
                        "EmailAddress": "c@d.example",
                        "SuppressionReason": "SpamComplaint",
                        "Origin": "Recipient",
                        "CreatedAt": "2026-04-10T21:03:05-04:00",
                    },
                    {
                        "EmailAddress": "e@f.example",
                        "SuppressionReason": "ManualSuppression",
                        "Origin": "Customer",
                        "CreatedAt": "2026-04-10T21:03:05-04:00",
                    },
                ]
            }
        ),
        {"a": "hard", "c": "complaint", "e": "manual"},
    ),
    "sparkpost": (
        "sparkpost",
        '{"recipient":"a@b.example","type":"transactional","source":"Bounce Rule"}\n'
        '{"recipient":"c@d.example","type":"non_transactional","source":"Spam Complaint"}\n'
        '{"recipient":"e@f.example","type":"non_transactional","source":"List Unsubscribe"}\n',
        {"a": "hard", "c": "complaint", "e": "unsubscribe"},
    ),
}


@pytest.mark.parametrize("auto", [False, True], ids=["named", "auto"])
@pytest.mark.parametrize("name", CASES)
def test_format(new_okited, name, auto):
    form, text, want = CASES[name]
    node = new_okited()
    if node.okite("suppress", "import", "-", "--format", form, input="").status == 64:
        pytest.skip(f"this okite does not know the format {form} yet")
    options = ["--format", "auto" if auto else form]
    counts = node.okite("suppress", "import", "-", *options, input=text, json=True, check=0).object
    assert (counts["added"], counts["rejected"]) == (len(want), 0)
    listed = node.okite("suppress", "list", json=True, check=0).objects
    assert {entry["address"][0]: entry["reason"] for entry in listed} == want
