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
    "sendgrid unsubscribes": (
        "sendgrid",
        "email,created\na@b.example,1775855000\n",
        {"a": "unsubscribe"},
    ),
    "sendgrid api": (
        "sendgrid",
        '[{"created":1775855000,"email":"a@b.example","reason":"no","status":"5.1.1"}]',
        {"a": "hard"},
    ),
    "mailgun complaints": (
        "mailgun",
        'address,created_at\na@b.example,"Fri, 10 Apr 2026 21:03:05 UTC"\n',
        {"a": "complaint"},
    ),
    "mailgun api": (
        "mailgun",
        '{"items":[{"address":"a@b.example","code":"550","error":"no",'
        '"created_at":"Fri, 10 Apr 2026 21:03:05 GMT"}],"paging":{"next":"https://x.example/"}}',
        {"a": "hard"},
    ),
    "sparkpost api": (
        "sparkpost",
        '{"results":[{"recipient":"a@b.example","type":"transactional","source":"Bounce Rule"}],'
        '"links":[],"total_count":1}',
        {"a": "hard"},
    ),
    "sparkpost csv": (
        "sparkpost",
        "recipient,transactional,non_transactional,description,subaccount_id\n"
        "a@b.example,true,true,their wish,0\n",
        {"a": "manual"},
    ),
    "plain csv": ("plain", "Name,E-mail\nBob,a@b.example\n", {"a": "manual"}),
}


@pytest.fixture
def node(new_okited):
    return new_okited()


def entries(node):
    listed = node.okite("suppress", "list", json=True, check=0).objects
    return sorted(listed, key=lambda one: one["address"])


@pytest.mark.parametrize("auto", [False, True], ids=["named", "auto"])
@pytest.mark.parametrize("name", CASES)
def test_format(node, name, auto):
    form, text, want = CASES[name]
    options = ["--format", "auto" if auto else form]
    counts = node.okite("suppress", "import", "-", *options, input=text, json=True, check=0).object
    assert (counts["added"], counts["rejected"]) == (len(want), 0)
    assert counts["format"] == form
    listed = entries(node)
    assert {entry["address"][0]: entry["reason"] for entry in listed} == want
    again = node.okite("suppress", "import", "-", *options, input=text, json=True, check=0).object
    assert (again["read"], again["unchanged"]) == (len(want), len(want))
    assert entries(node) == listed


def test_what_was_said_and_when_is_kept(node):
    form, text, _ = CASES["sendgrid csv"]
    node.okite("suppress", "import", "-", input=text, check=0)
    (one,) = entries(node)
    assert one["note"] == '550 5.1.1 no, "never", heard of'
    assert one["since"] == "2026-04-10T21:03:20Z"
    assert one["source"] == form


def test_the_reason_given_counts_where_the_list_tells_none(node):
    """SendGrid's spam reports look like its bounces; SES tells the reason of each."""
    for text, want in (
        ("status,reason,email,created\n,spam,a@b.example,1775855000\n", "complaint"),
        ("a@b.example,BOUNCE\n", "hard"),
        ("a@b.example\n", "complaint"),
    ):
        node.okite("suppress", "import", "-", "--reason", "complaint", input=text, check=0)
        assert [one["reason"] for one in entries(node)] == [want]
        node.okite("suppress", "remove", "a@b.example", check=0)


def test_blocks_are_no_bounces(node):
    text = "status,reason,email,created\n5.7.1,spam,a@b.example,1775855000\n"
    answer = node.okite("suppress", "import", "-", input=text, json=True, check=1)
    assert answer.object["rejected"] == 1 and "block" in answer.err
    assert entries(node) == []
    node.okite("suppress", "import", "-", "--reason", "hard", input=text, check=0)
    assert [one["reason"] for one in entries(node)] == ["hard"]


@pytest.mark.parametrize(
    "text",
    [
        "address,domain\na@b.example,\n",
        '{"items":[{"type":"address","value":"a@b.example","reason":"x","createdAt":"y"}]}',
    ],
    ids=["csv", "api"],
)
@pytest.mark.parametrize("form", ["auto", "mailgun"])
def test_an_allowlist_is_not_suppressed(node, text, form):
    answer = node.okite("suppress", "import", "-", "--format", form, input=text, check=1)
    assert "allowlist" in answer.err and entries(node) == []


@pytest.mark.parametrize(
    "text, words",
    [
        ("a@b.example,foo\nc@d.example\n", ["--format"]),
        ("name,phone\nBob,1\n", ["--format"]),
        ('{"message":"Forbidden"}', ["--format"]),
        ("a@b.example\n".encode("utf-16").decode("latin-1"), ["UTF-16"]),
    ],
    ids=["fields", "a table", "an object", "UTF-16"],
)
def test_what_cannot_be_told_is_not_imported(node, folder, text, words):
    path = f"{folder}/list"
    with open(path, "w", encoding="latin-1", newline="") as file:
        file.write(text)
    answer = node.okite("suppress", "import", path, check=1)
    assert all(word in answer.err for word in [path, *words]), answer
    assert entries(node) == []


def test_a_wrong_format(node):
    assert "plain" in node.okite("suppress", "import", "-", "--format", "xml", input="").err
    text = CASES["ses csv"][1]
    for form in ("sendgrid", "mailgun", "postmark", "sparkpost"):
        node.okite("suppress", "import", "-", "--format", form, input=text, check=1)
    answer = node.okite("suppress", "import", "-", "--format", "plain", input=text, check=1)
    assert answer.err.count("-:") == 2
    assert entries(node) == []


# What is bad in each, and what it is when it has been put right.
BAD = {
    "plain": ("a@b.example\nnobody\nc@d.example\n", "nobody", "e@f.example"),
    "rows": (
        "status,reason,email,created\r\n5.1.1,no,a@b.example,1775855000\r\n"
        '5.1.1,"no,\nnever",nobody,1775855000\r\n5.1.1,no,c@d.example,1775855000\r\n',
        "nobody",
        "e@f.example",
    ),
    "rows without a header": (
        "a@b.example,BOUNCE\nnobody,BOUNCE\nc@d.example,BOUNCE\n",
        "nobody",
        "e@f.example",
    ),
    "lines of JSON": (
        '{"emailAddress":"a@b.example","reason":"BOUNCE"}\n'
        '{"emailAddress":"e@f.example" "reason":"BOUNCE"}\n'
        '{"emailAddress":"c@d.example","reason":"BOUNCE"}\n',
        '" "',
        '", "',
    ),
    "a document": (
        '{"SuppressedDestinationSummaries": [\n'
        '  {\n    "EmailAddress": "a@b.example",\n    "Reason": "BOUNCE"\n  },\n'
        '  {\n    "EmailAddress": "e@f.example",\n    "Reason": "BOUNCED"\n  },\n'
        '  {\n    "EmailAddress": "c@d.example",\n    "Reason": "BOUNCE"\n  }\n]}\n',
        "BOUNCED",
        "BOUNCE",
    ),
    "okite": (
        '{"address":"a@b.example"}\n{"address":"nobody"}\n{"address":"c@d.example"}\n',
        "nobody",
        "e@f.example",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_bad_can_be_put_right_and_imported(node, folder, name):
    text, wrong, right = BAD[name]
    path = f"{folder}/list"
    with open(path, "w", newline="") as file:
        file.write(text)
    counts = node.okite("suppress", "import", path, json=True, check=1).object
    assert (counts["read"], counts["added"], counts["rejected"]) == (3, 2, 1)
    with open(path + ".rejected", newline="") as file:
        kept = file.read()
    assert f"# {path}:" in kept and wrong in kept
    # As it is it comes to the same once more.
    again = node.okite("suppress", "import", path + ".rejected", json=True, check=1).object
    assert (again["read"], again["rejected"]) == (1, 1)
    with open(path + ".rejected", "w", newline="") as file:
        file.write(kept.replace(wrong, right))
    counts = node.okite("suppress", "import", path + ".rejected", json=True, check=0).object
    assert (counts["read"], counts["added"]) == (1, 1)
    assert {one["address"] for one in entries(node)} == {
        "a@b.example",
        "c@d.example",
        "e@f.example",
    }


def test_a_quote_that_is_not_closed_costs_its_line(node, folder):
    path = f"{folder}/list.csv"
    good = "".join(f"5.1.1,no,r{i}@b.example,1775855000\n" for i in range(5000))
    with open(path, "w") as file:
        file.write(f'status,reason,email,created\n5.1.1,"no,a@b.example,1\n{good}')
    answer = node.okite("suppress", "import", path, json=True, check=1)
    assert (answer.object["added"], answer.object["rejected"]) == (5000, 1)
    assert f"{path}:2: " in answer.err and "next line" in answer.err


def test_entries_that_have_ended_already(new_okited):
    node = new_okited(suppression={"expire": {"hard": "30d"}})
    text = "status,reason,email,created\n5.1.1,no,a@b.example,1000000000\n5.1.1,no,c@d.example,\n"
    answer = node.okite("suppress", "import", "-", input=text, json=True, check=0)
    assert (answer.object["added"], answer.object["unchanged"]) == (1, 1)
    assert "ended" in answer.err
    assert [one["address"] for one in entries(node)] == ["c@d.example"]
