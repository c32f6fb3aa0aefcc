"""okite feedback: what is believed of what comes back, and what is done about it."""

import base64
import json
import quopri
import shutil
import time
from urllib.request import urlopen

import pytest

from support.okited import OKITED, SECRET
from support.redis import SERVER
from support.reports import Sns, bounce, complaint, log_line, returned, ses, stamp
from support.wait import free_port

SHOP = "shop@test.example"
ANN, BOB = "ann@far.example", "bob@far.example"
DAY, MINUTE = 86400, 60


@pytest.fixture
def node(okited):
    return okited(internal_domains=["home.example"], simulator="sim.example")


def token_of(message):
    (token,) = [value for name, value in message.headers if name == "X-Okite-Token"]
    return token


def sent(node, *recipients, login=SHOP):
    """The token of a message to these."""
    return token_of(node.send(list(recipients), login=login))


def learn(node, text, *arguments):
    """What `okite feedback` tells of each recipient."""
    return node.okite("feedback", *arguments, input=text, json=True, check=0).objects


def listed(node, address):
    """(reason, scope) of each entry."""
    found = node.okite("suppress", "show", address, json=True)
    return sorted((entry["reason"], entry["scope"]) for entry in found.objects)


def counters(node, account=SHOP):
    shown = node.account(account)
    return tuple(shown[name] for name in ("hard", "soft", "policy", "complaint"))


def kinds(node):
    return [event["event"] for event in node.events()]


# ---- whom a token covers ----


def test_a_bounce_with_our_token(node):
    (told,) = learn(node, bounce(ANN, token=sent(node, ANN)))
    assert (told["token"], told["trusted"], told["suppressed"]) == ("valid", True, "everyone")
    assert listed(node, ANN) == [("hard", "everyone")] and counters(node) == (1, 0, 0, 0)
    assert node.send([ANN], login=SHOP).gists == ["550 5.1.1 suppressed"]
    (event,) = [event for event in node.events() if event["event"] == "bounce"]
    assert (event["account"], event["recipient"], event["rule"]) == (SHOP, ANN, "userunknown")


def test_without_a_token(node):
    (told,) = learn(node, bounce(ANN))
    assert (told["token"], told["trusted"]) == ("none", False) and "no X-Okite-Token" in told["doubt"]
    assert listed(node, ANN) == [] and kinds(node) == []


def test_a_token_copied_from_a_mail_to_somebody_else(node):
    token = sent(node, BOB)
    (told,) = learn(node, bounce(ANN, token=token))
    assert told["token"] == "invalid" and listed(node, ANN) == listed(node, BOB) == []
    assert counters(node) == (0, 0, 0, 0)


def test_a_token_of_another_fleet(node, new_okited, own_redis):
    other = new_okited(on=own_redis(), secret=bytes(reversed(SECRET))).start()
    (told,) = learn(node, bounce(ANN, token=sent(other, ANN)))
    assert told["token"] == "invalid" and listed(node, ANN) == []


def test_a_token_of_several_proves_less(node):
    """Each of them could use it against the others: for its account alone."""
    token = sent(node, ANN, BOB)
    learn(node, bounce(ANN, token=token))
    assert listed(node, ANN) == [("hard", SHOP)] and listed(node, BOB) == []
    assert counters(node) == (1, 0, 0, 0)
    assert node.send([ANN], login=SHOP).gists == ["550 5.1.1 suppressed"]
    assert node.send([ANN], login="other@test.example").gists == ["accepted"]


def test_more_recipients_than_a_token_holds(okited):
    node = okited(max_recipients=1000)
    many = [f"r{i}@far.example" for i in range(200)]
    learn(node, bounce(many[0], token=sent(node, *many)))
    assert listed(node, many[0]) == [] and counters(node) == (0, 0, 0, 0)


@pytest.fixture
def timed(new_okited, own_redis, clock):
    """A node whose clock, and Redis's, are those of the fixture."""
    redis = own_redis(environment=clock.environment(shutil.which(SERVER)))
    return new_okited(on=redis, environment=clock.environment(OKITED)).start()


AGES = {
    "almost 31 days": (31 * DAY - MINUTE, True),
    "more than 31 days": (31 * DAY + MINUTE, False),
    # As far as the clocks of two nodes may be apart.
    "from almost an hour ahead": (MINUTE - 3600, True),
    "from the future": (-3600 - MINUTE, False),
}


@pytest.mark.parametrize("name", AGES)
def test_the_age_of_a_token(timed, clock, name):
    age, believed = AGES[name]
    report = bounce(ANN, token=sent(timed, ANN))
    clock.advance(age)
    (told,) = learn(timed, report)
    assert told["trusted"] is believed
    assert listed(timed, ANN) == ([("hard", "everyone")] if believed else [])


def test_any_report_is_believed_if_so_configured(okited):
    node = okited(feedback={"trust": "any"})
    learn(node, bounce(ANN))
    learn(node, bounce(ANN))
    assert listed(node, ANN) == [("hard", "everyone")]
    assert kinds(node).count("bounce") == 1
    assert [shown["account"] for shown in node.okite("account", "list", json=True).objects] == []


# ---- what other servers do to a header ----

FOLDINGS = {
    "as it was": lambda token: token,
    "in one line": lambda token: "".join(token.split()),
    "blanks for folds": lambda token: " ".join(token.split()),
    "folded elsewhere": lambda token: "\n ".join(
        "".join(token.split())[i : i + 50] for i in range(0, len("".join(token.split())), 50)
    ),
    "folded with tabs and trailing blanks": lambda token: " \n\t\t".join(token.split()),
    "on a line of its own": lambda token: "\n " + "".join(token.split()),
}


@pytest.mark.parametrize("folding", FOLDINGS)
@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_refolded(node, folding, ends):
    token = FOLDINGS[folding](sent(node, ANN))
    (told,) = learn(node, bounce(ANN, token=token).replace("\n", ends))
    assert told["token"] == "valid" and listed(node, ANN) == [("hard", "everyone")]


def encoded(how, token):
    header = f"From: news@shop.example\nX-Okite-Token: {token}\nTo: x\n\nHello\n".encode()
    if how == "base64":
        body = base64.encodebytes(header).decode()
    else:
        body = quopri.encodestring(header).decode()
    return f"Content-Type: message/rfc822\nContent-Transfer-Encoding: {how}\n\n{body}"


@pytest.mark.parametrize("how", ["base64", "quoted-printable"])
def test_encoded_anew(node, how):
    report = bounce(ANN, part=encoded(how, sent(node, ANN)))
    (told,) = learn(node, report)
    assert told["token"] == "valid" and listed(node, ANN) == [("hard", "everyone")]


def test_among_tokens_of_others(node):
    """A list in between has put its own there, too."""
    token = sent(node, ANN)
    more = f"X-Okite-Token: {'A' * 200}\nx-okite-token: {token}\n"
    (told,) = learn(node, bounce(ANN, part=returned("nonsense", more)))
    assert told["token"] == "valid"


# ---- repetitions ----

def test_a_harmless_report_hides_no_true_one(node):
    """An account that writes reports about its own mail."""
    token = sent(node, ANN, BOB)
    learn(node, bounce(ANN, token=token, what="policy"))
    learn(node, bounce(ANN, token=token, what="hard", name="2"))
    assert counters(node) == (1, 0, 1, 0) and listed(node, ANN) == [("hard", SHOP)]


def test_who_is_internal_had_the_token_too(node):
    token = sent(node, ANN, "me@home.example")
    learn(node, bounce(ANN, token=token))
    assert listed(node, ANN) == [("hard", SHOP)]


def test_deliveries_are_told_once(node):
    report = bounce(ANN, token=sent(node, ANN), action="delivered")
    for _ in range(3):
        learn(node, report)
    assert kinds(node).count("delivered") <= 1


# What is not a log, though somebody wrote such words where a mail begins.
NO_LOGS = {
    "the first header has a stranger's HELO": "Received: from postfix]: (x [192.0.2.1])\n",
    "a subject": "Subject:  postfix/smtp[1]: x\n",
}


@pytest.mark.parametrize("name", NO_LOGS)
def test_a_mail_is_never_read_as_a_log(logging, redis, name):
    note(redis, "4bXk2P1Zyz")
    learn(logging, NO_LOGS[name] + "\n" + line("4bXk2P1Zyz", ANN, "hard"))
    assert listed(logging, ANN) == [] and counters(logging) == (0, 0, 0, 0)


REPETITIONS = {
    "the very same": {},
    "under another Message-ID": {"name": "2"},
    "as something weaker": {"what": "policy"},
}


@pytest.mark.parametrize("name", REPETITIONS)
def test_a_failure_counts_once(node, name):
    token = sent(node, ANN)
    learn(node, bounce(ANN, token=token))
    (told,) = learn(node, bounce(ANN, **{"token": token, **REPETITIONS[name]}))
    assert told["repeated"] and counters(node) == (1, 0, 0, 0)
    assert kinds(node) == ["bounce", "suppressed"]


def test_two_messages_are_two_failures(node):
    tokens = [sent(node, ANN), sent(node, ANN)]
    for token in tokens:
        learn(node, bounce(ANN, token=token))
    assert counters(node) == (2, 0, 0, 0)


def test_two_recipients_of_one_report(node):
    token = sent(node, ANN, BOB)
    learn(node, bounce(ANN, BOB, token=token))
    assert counters(node) == (2, 0, 0, 0)


def test_a_replay_after_the_postmaster_took_it_off(node):
    report = bounce(ANN, token=sent(node, ANN))
    learn(node, report)
    node.okite("suppress", "remove", ANN, check=0)
    learn(node, report)
    assert listed(node, ANN) == []


# ---- classes ----

CLASSES = {
    "hard": ([("hard", "everyone")], (1, 0, 0, 0)),
    "soft": ([], (0, 1, 0, 0)),
    "policy": ([], (0, 0, 1, 0)),
}


@pytest.mark.parametrize("name", CLASSES)
def test_classes(node, name):
    entries, counts = CLASSES[name]
    learn(node, bounce(ANN, token=sent(node, ANN), what=name))
    assert listed(node, ANN) == entries and counters(node) == counts


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded"])
def test_no_failure(node, action):
    learn(node, bounce(ANN, token=sent(node, ANN), what="soft", action=action))
    assert counters(node) == (0, 0, 0, 0) and listed(node, ANN) == []


def test_internal_and_simulated_recipients(node):
    token = sent(node, ANN)
    for address in ("me@home.example", "bounce@sim.example"):
        (told,) = learn(node, bounce(address, token=token))
        assert told["doubt"] and listed(node, address) == []
    assert counters(node) == (0, 0, 0, 0)


def test_no_report(node):
    for text in ("", "Subject: hello\n\nHow are you?\n", "\x00" * 100):
        assert [told["class"] for told in learn(node, text)] == ["none"]
    assert kinds(node) == []


# ---- complaints ----


def test_a_complaint(node):
    learn(node, complaint(ANN, token=sent(node, ANN)))
    assert listed(node, ANN) == [("complaint", SHOP)] and counters(node) == (0, 0, 0, 1)
    assert node.send([ANN], login=SHOP).gists == ["550 5.7.1 suppressed"]
    assert node.send([ANN], login="other@test.example").gists == ["accepted"]


def test_a_complaint_that_hides_who(node):
    learn(node, complaint(token=sent(node, ANN)))
    assert listed(node, ANN) == [("complaint", SHOP)] and counters(node) == (0, 0, 0, 1)


def test_a_hidden_one_of_several_counts_and_suppresses_nobody(node):
    token = sent(node, ANN, BOB)
    learn(node, complaint(token=token))
    learn(node, complaint(token=token, name="2"))
    assert listed(node, ANN) == listed(node, BOB) == [] and counters(node) == (0, 0, 0, 1)


def test_a_complaint_with_an_unreadable_name(node):
    """RFC 6590: only one was written to, so it is that one."""
    learn(node, complaint("k7x9q2@far.example", token=sent(node, ANN)))
    assert listed(node, ANN) == [("complaint", SHOP)] and counters(node) == (0, 0, 0, 1)


def test_several_of_one_message_count_once(node):
    token = sent(node, ANN, BOB)
    learn(node, complaint(ANN, token=token))
    learn(node, complaint(BOB, token=token, name="2"))
    assert counters(node) == (0, 0, 0, 1)


def test_complaints_for_everyone_if_so_configured(okited):
    node = okited(suppression={"scope": {"complaint": "everyone"}})
    learn(node, complaint(ANN, token=sent(node, ANN)))
    assert listed(node, ANN) == [("complaint", "everyone")]


TYPES = {
    "abuse": ([("complaint", SHOP)], (0, 0, 0, 1), "complaint"),
    "fraud": ([("complaint", SHOP)], (0, 0, 0, 1), "complaint"),
    "opt-out": ([("unsubscribe", SHOP)], (0, 0, 0, 0), "unsubscribe"),
    "not-spam": ([], (0, 0, 0, 0), None),
    "auth-failure": ([], (0, 0, 0, 0), None),
}


@pytest.mark.parametrize("kind", TYPES)
def test_types_of_feedback(node, kind):
    entries, counts, event = TYPES[kind]
    learn(node, complaint(ANN, token=sent(node, ANN), kind=kind))
    assert listed(node, ANN) == entries and counters(node) == counts
    assert kinds(node) == ([event, "suppressed"] if event else [])


# ---- the log ----


def note(redis, queue_id, ago=0):
    """As okited of the node mx1 notes it at the end of a message, some time ago."""
    moment = int((time.time() - ago) * 1e6)
    redis.call("SET", f"okite:{{q:mx1:{queue_id}}}", f"{moment} * {SHOP}")


@pytest.fixture
def logging(okited):
    return okited(node="mx1", internal_domains=["home.example"])


def line(queue_id, recipient, what, ago=0, **more):
    return log_line(queue_id, recipient, what, time.time() - ago, **more)


def test_a_line_of_a_message_of_ours(logging):
    message = logging.send([ANN], login=SHOP)
    (told,) = learn(logging, line(message.queue_id, ANN, "hard"))
    assert told["suppressed"] == "everyone" and counters(logging) == (1, 0, 0, 0)
    (event,) = [event for event in logging.events() if event["event"] == "bounce"]
    assert (event["queue_id"], event["account"]) == (message.queue_id, SHOP)


def test_a_line_of_other_mail(logging):
    assert learn(logging, line("4bXk2P1Zz9", ANN, "hard")) == []
    assert listed(logging, ANN) == []


def test_another_instance_of_postfix(logging, redis):
    note(redis, "4bXk2P1Zyz")
    learn(logging, line("4bXk2P1Zyz", ANN, "hard", program="postfix-out/smtp"))
    assert counters(logging) == (1, 0, 0, 0)


def test_our_own_refusal_counts_for_nothing(logging, redis):
    note(redis, "4bXk2P1Zyz")
    text = line("4bXk2P1Zyz", ANN, "hard").replace("no such user here", "no [okite:suppressed]")
    assert learn(logging, text) == [] and counters(logging) == (0, 0, 0, 0)


def test_internal_recipients_in_the_log(logging, redis):
    note(redis, "4bXk2P1Zyz")
    learn(logging, line("4bXk2P1Zyz", "me@home.example", "hard"))
    assert counters(logging) == (0, 0, 0, 0) and listed(logging, "me@home.example") == []


def test_somebody_else_under_our_queue_id(logging):
    """always_bcc, the message that had the id before, a user who writes into mail.log."""
    message = logging.send([ANN], login=SHOP)
    assert learn(logging, line(message.queue_id, BOB, "hard")) == []
    learn(logging, line(message.queue_id, ANN, "hard").replace(ANN, "ANN+x@Far.example"))
    assert listed(logging, BOB) == [] and counters(logging) == (0, 0, 0, 0)


def test_an_alias_leads_elsewhere(logging):
    """Written to was ann; Postfix tried bob."""
    message = logging.send([ANN], login=SHOP)
    text = line(message.queue_id, BOB, "hard").replace(f"<{BOB}>", f"<{BOB}>, orig_to=<{ANN}>")
    (told,) = learn(logging, text)
    assert told["recipient"] == ANN and listed(logging, BOB) == []


def test_more_recipients_than_a_queue_id_keeps(okited):
    node = okited(node="mx1", max_recipients=1000)
    message = node.send([f"r{i}@far.example" for i in range(101)], login=SHOP)
    learn(node, line(message.queue_id, "r100@far.example", "hard"))
    assert counters(node) == (1, 0, 0, 0)


def test_clocks_that_differ(logging):
    message = logging.send([ANN], login=SHOP)
    learn(logging, line(message.queue_id, ANN, "hard", ago=7200))
    assert counters(logging) == (1, 0, 0, 0)


def test_line_and_bounce_of_one_failure(logging):
    message = logging.send([ANN], login=SHOP)
    learn(logging, line(message.queue_id, ANN, "hard"))
    (told,) = learn(logging, bounce(ANN, token=token_of(message)))
    assert told["repeated"] and counters(logging) == (1, 0, 0, 0)


def test_behind_a_content_filter(logging, redis):
    """The id that it had is in the line of the one that it has now."""
    note(redis, "4bXk2P1Zyz")
    filtered = log_line(
        "4bXk2P1Zyz", ANN, "sent", time.time(), said="250 2.0.0 from MTA: 250 ok: queued as 4bXk2Q0000"
    ).replace("relay=mx.far.example[192.0.2.25]:25", "relay=127.0.0.1[127.0.0.1]:10024")
    # Its delivery may be logged before the filter has answered.
    learn(logging, line("4bXk2Q0000", ANN, "hard") + filtered)
    assert counters(logging) == (1, 0, 0, 0) and listed(logging, ANN) == [("hard", "everyone")]


def test_behind_a_content_filter_on_another_host(logging, redis):
    """It has told us its id; what it takes is not delivered yet."""
    note(redis, "4bXk2P1Zyz")
    client = f"{stamp(time.time())} mx postfix/smtpd[7]: 4bXk2Q0000: client=filter[192.0.2.9], "
    client += "orig_queue_id=4bXk2P1Zyz, orig_client=shop[192.0.2.7]\n"
    into = log_line(
        "4bXk2P1Zyz", ANN, "sent", time.time(), said="250 2.0.0 ok: queued as 4bXk2Q0000"
    )
    for text in (client + line("4bXk2Q0000", ANN, "soft"), into):
        learn(logging, text)
    assert counters(logging) == (0, 1, 0, 0)
    assert redis.call("KEYS", "okite:{r:*}:b:*") != []


def test_more_that_expires_than_a_batch_holds(logging, redis):
    note(redis, "4bXk2P1Zyz")
    text = "".join(line("4bXk2P1Zyz", f"r{i}@far.example", "deferred") for i in range(600))
    learn(logging, text)
    expired = f"{stamp(time.time())} mx postfix/qmgr[7]: 4bXk2P1Zyz: "
    expired += "from=<news@shop.example>, status=expired, returned to sender\n"
    assert len(learn(logging, expired)) == 600
    assert counters(logging) == (0, 600, 0, 0)


def test_many_lines_in_one_go(logging, redis):
    lines = ""
    for i in range(700):
        if i % 7 == 0:
            note(redis, f"4bXk2P{i:05d}")
        lines += line(f"4bXk2P{i:05d}", f"r{i}@far.example", "hard")
    assert len(learn(logging, lines, "--format", "log")) == 100
    assert counters(logging) == (100, 0, 0, 0)


# ---- soft bounces in a row ----


def rows(node, redis, *story):
    """STORY: (days ago, what) of one recipient, each of a message of its own."""
    for i, (ago, what) in enumerate(story):
        queue_id = f"4bXk2R{i:04d}"
        note(redis, queue_id, ago=20 * DAY)
        learn(node, line(queue_id, ANN, what, ago=ago * DAY))


ROWS = {
    "three, a day apart": ([(3, "soft"), (2, "soft"), (1, "soft")], True),
    "two": ([(3, "soft"), (2, "soft")], False),
    "three on one day": ([(1, "soft"), (0.9, "soft"), (0.8, "soft")], False),
    "not quite a day apart": ([(3, "soft"), (2.01, "soft"), (1.02, "soft")], False),
    "a delivery between": ([(3, "soft"), (2, "soft"), (1.5, "sent"), (1, "soft")], False),
    "a delivery before": ([(4, "sent"), (3, "soft"), (2, "soft"), (1, "soft")], True),
    "told late": ([(1, "soft"), (3, "soft"), (2, "soft")], False),
    "a delivery told late": ([(3, "soft"), (2, "soft"), (2.5, "sent"), (1, "soft")], True),
    "policy does not count": ([(3, "policy"), (2, "policy"), (1, "policy")], False),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows(logging, redis, name):
    story, suppressed = ROWS[name]
    rows(logging, redis, *story)
    assert listed(logging, ANN) == ([("soft", "everyone")] if suppressed else [])


def test_a_soft_entry_ends(logging, redis):
    rows(logging, redis, (3, "soft"), (2, "soft"), (1, "soft"))
    (entry,) = logging.okite("suppress", "show", ANN, json=True).objects
    assert entry["until"] is not None


# ---- mail that expires ----


def test_expired_names_those_who_wait(logging, redis):
    note(redis, "4bXk2P1Zyz", ago=6 * DAY)
    text = line("4bXk2P1Zyz", ANN, "deferred", ago=2) + line("4bXk2P1Zyz", BOB, "deferred", ago=2)
    learn(logging, text)
    learn(logging, line("4bXk2P1Zyz", BOB, "sent", ago=1))
    expired = f"{stamp(time.time())} mx postfix/qmgr[7]: 4bXk2P1Zyz: "
    expired += "from=<news@shop.example>, status=expired, returned to sender\n"
    (told,) = learn(logging, expired)
    assert (told["recipient"], told["class"]) == (ANN, "soft")
    assert counters(logging) == (0, 1, 0, 0)


# ---- SNS ----


@pytest.fixture
def sns(folder):
    return Sns(f"{folder}/sns")


@pytest.fixture
def subscribed(okited, sns):
    return okited(feedback={"sns_topics": [Sns.TOPIC], "sns_certificates": sns.folder})


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_signed_notification(subscribed, sns, version):
    event = ses("Bounce", ANN, at=time.time())
    learn(subscribed, sns.notification(event, time.time(), version))
    assert listed(subscribed, ANN) == [("hard", "everyone")]


def test_a_signed_notification_with_our_token(subscribed, sns):
    event = ses("Bounce", ANN, at=time.time(), token=sent(subscribed, ANN))
    text = sns.notification(event, time.time())
    learn(subscribed, text)
    (told,) = learn(subscribed, text)
    assert told["repeated"] and counters(subscribed) == (1, 0, 0, 0)


def test_a_complaint_by_sns(subscribed, sns):
    event = ses("Complaint", ANN, at=time.time(), token=sent(subscribed, ANN))
    learn(subscribed, sns.notification(event, time.time()))
    assert listed(subscribed, ANN) == [("complaint", SHOP)]
    assert counters(subscribed) == (0, 0, 0, 1)


def test_a_delivery_by_sns(subscribed, sns):
    event = ses("Delivery", ANN, at=time.time(), token=sent(subscribed, ANN))
    learn(subscribed, sns.notification(event, time.time()))
    assert kinds(subscribed) == ["delivered"]


FORGERIES = {
    "changed after it was signed": {"Message": json.dumps(ses("Bounce", BOB, at=0))},
    "another topic": {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:other"},
    "a certificate from elsewhere": {"SigningCertURL": "https://evil.example/" + Sns.NAME},
    "a certificate that is not there": {
        "SigningCertURL": Sns.URL.replace("0123456789abcdef", "fedcba9876543210")
    },
    "no signature": {"Signature": ""},
    "an unknown version": {"SignatureVersion": "3"},
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_notification(subscribed, sns, name):
    """Whatever token is in it: it may have been copied."""
    event = ses("Bounce", ANN, at=time.time(), token=sent(subscribed, ANN))
    (told,) = learn(subscribed, sns.notification(event, time.time(), **FORGERIES[name]))
    assert not told["trusted"] and told["doubt"]
    assert listed(subscribed, ANN) == listed(subscribed, BOB) == []
    assert counters(subscribed) == (0, 0, 0, 0)


def test_no_topic_is_ours(okited, sns):
    node = okited(feedback={"sns_certificates": sns.folder})
    learn(node, sns.notification(ses("Bounce", ANN, at=time.time()), time.time()))
    assert listed(node, ANN) == []


def test_an_old_notification(subscribed, sns):
    event = ses("Bounce", ANN, at=time.time() - 40 * DAY)
    learn(subscribed, sns.notification(event, time.time() - 40 * DAY))
    assert listed(subscribed, ANN) == []


def test_the_object_alone_needs_a_token(subscribed):
    learn(subscribed, json.dumps(ses("Bounce", BOB, at=time.time())))
    learn(subscribed, json.dumps(ses("Bounce", ANN, at=time.time(), token=sent(subscribed, ANN))))
    assert listed(subscribed, BOB) == [] and listed(subscribed, ANN) == [("hard", "everyone")]


# ---- the simulator ----


def test_the_simulator_touches_neither_list_nor_rates(node):
    boxes = ("success", "bounce", "softbounce", "complaint", "suppressionlist")
    for box in boxes:
        node.send([f"{box}+label@sim.example"], login=SHOP)
    node.wait_events("complaint")
    assert counters(node) == (0, 0, 0, 0) and node.account(SHOP)["sent"] == 0
    for box in boxes:
        assert listed(node, f"{box}+label@sim.example") == []
    assert {"delivered", "bounce", "complaint"} <= set(kinds(node))


# ---- faults ----


def test_redis_is_away(okited, new_okited, own_redis):
    """The MTA tries again, and then all of it is done."""
    redis = own_redis(options=("--appendonly", "yes", "--appendfsync", "always"))
    node = new_okited(on=redis).start()
    report = bounce(ANN, token=sent(node, ANN))
    redis.stop()
    answer = node.okite("feedback", input=report, check=75)
    assert "Redis" in answer.err and answer.out == ""
    redis.restart()
    (told,) = learn(node, report)
    assert not told["repeated"] and counters(node) == (1, 0, 0, 0)


def test_a_broken_configuration(node):
    node.write('listen = "inet:nowhere";\n')
    node.okite("feedback", input=bounce(ANN), check=75)


def test_addresses_are_not_kept_if_so_configured(okited):
    node = okited(suppression={"store_addresses": False})
    learn(node, bounce(ANN, token=sent(node, ANN)))
    text = json.dumps(node.events()) + json.dumps(node.okite("suppress", "show", ANN, json=True).objects)
    assert listed(node, ANN) == [("hard", "everyone")] and "ann@" not in text


def test_all_of_it_is_counted(okited):
    port = free_port()
    node = okited(metrics=f"127.0.0.1:{port}")
    token = sent(node, ANN)
    for report in (bounce(ANN, token=token), bounce(ANN, token=token), bounce(BOB)):
        learn(node, report)
    text = urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    labels = 'kind="bounce",class="hard",source="message"'
    assert f'okite_feedback_total{{{labels},trusted="yes"}} 1' in text
    assert f'okite_feedback_total{{{labels},trusted="no"}} 1' in text
    assert 'okite_feedback_repeated_total{source="message"} 1' in text
    assert 'okite_suppressed_total{reason="hard"} 1' in text


def test_what_people_read(node):
    token = sent(node, ANN)
    for want in ("suppressed for everyone, counted for shop@test.example", "known already"):
        out = node.okite("feedback", input=bounce(ANN, token=token), check=0).out
        assert want in out and ANN in out
    assert "no X-Okite-Token" in node.okite("feedback", input=bounce(BOB), check=0).out
