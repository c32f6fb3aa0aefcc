"""How an account stands: warned, paused and well again, by what comes back of its mail."""

import os
import re
import shutil
import signal
import time
import urllib.request

import pytest

from support.okited import OKITED
from support.redis import SERVER
from support.reports import bounce, complaint
from support.wait import free_port, wait_until

SHOP = "shop@test.example"
ACCEPTED = "accepted"
PAUSED = "451 4.7.1 paused"


def people(count, domain="far.example", first=0):
    return [f"r{i}@{domain}" for i in range(first, first + count)]


def send(node, recipients, login=SHOP):
    """The token of one message to all of them, who must be taken."""
    message = node.send(recipients, login=login)
    assert message.accepted == len(recipients), message.gists
    (token,) = [value for name, value in message.headers if name == "X-Okite-Token"]
    return token


def learn(node, report):
    return node.okite("feedback", input=report, check=0)


def come_back(node, recipients, token):
    """Hard bounces of these."""
    return learn(node, bounce(*recipients, token=token))


def complain(node, recipient, login=SHOP, name="1"):
    token = send(node, [recipient], login)
    return learn(node, complaint(recipient, token=token, name=name))


def standing(node, account=SHOP):
    return node.account(account)["standing"]


def wait_standing(node, want, account=SHOP):
    wait_until(
        lambda: standing(node, account) == want,
        lambda: f"{account} is {want}, not {node.account(account)}",
    )
    return node.account(account)


def changes(node, account=SHOP):
    """What became of the standing, as events tell."""
    kinds = ("warned", "paused", "resumed", "healthy")
    found = [one for one in node.events("--account", account) if one["event"] in kinds]
    return [one["event"] for one in found]


def gist(node, login=SHOP):
    """What a message to one is answered."""
    return node.send(["one@b.example"], login=login).gists[0]


@pytest.fixture
def told(folder):
    """A command for reputation.notify, and a function that reads what it got each time."""
    path = os.path.join(folder, "told")

    def read(count):
        def all_there():
            try:
                with open(path, "rb") as file:
                    parts = file.read().split(b"=end\n")[:-1]
            except FileNotFoundError:
                return None
            return parts if len(parts) >= count else None

        parts = wait_until(all_there, f"{count} times in {path}")
        assert len(parts) == count
        return [
            dict(line.split("=", 1) for line in part.decode().splitlines() if "=" in line)
            for part in parts
        ]

    return f"(env | grep ^OKITE_; echo =end) >>{path}", read


# ---- the whole way ----


def test_an_account_goes_the_whole_way(okited, told):
    command, read = told
    node = okited(node="mx1", max_recipients=1000, reputation={"notify": command})
    first = people(60)
    token = send(node, first)
    come_back(node, first[:3], token)
    shown = node.account(SHOP)
    assert shown["standing"] == "warned" and shown["bounce_rate"] == 5
    assert (shown["sent"], shown["hard"], shown["reporting"]) == (60, 3, 60)
    assert shown["restarted"] is None and shown["since"]
    answer = come_back(node, first[3:20], token)
    assert re.search(
        rf"warning: standing account={SHOP} from=warned to=paused sent=60 hard=20"
        r" bounce_rate=33\.33 bounce_rate_low=24\.\d+ ",
        answer.err,
    )
    assert standing(node) == "paused"
    assert gist(node) == PAUSED
    assert gist(node, login="other@test.example") == ACCEPTED

    node.okite("account", "resume", SHOP, check=0)
    shown = node.account(SHOP)
    assert shown["standing"] == "reinstated" and shown["restarted"] == shown["since"]
    assert (shown["sent"], shown["hard"], shown["bounce_rate"]) == (0, 0, 0)
    send(node, people(49, "well.example"))
    assert standing(node) == "reinstated"
    send(node, people(1, "well.example"))
    wait_standing(node, "healthy")
    node.log.wait(rf"standing account={SHOP} from=reinstated to=healthy sent=50 ")
    assert changes(node) == ["warned", "paused", "resumed", "healthy"]

    facts = read(4)
    steps = [(one["OKITE_STANDING_BEFORE"], one["OKITE_STANDING"]) for one in facts]
    assert steps == [
        ("healthy", "warned"),
        ("warned", "paused"),
        ("paused", "reinstated"),
        ("reinstated", "healthy"),
    ]
    assert {one["OKITE_ACCOUNT"] for one in facts} == {SHOP}
    assert {one["OKITE_NODE"] for one in facts} == {"mx1"}
    assert {one["OKITE_WINDOW"] for one in facts} == {"7d"}
    paused = facts[1]
    assert (paused["OKITE_SENT"], paused["OKITE_HARD"]) == ("60", "20")
    assert (paused["OKITE_BOUNCE_RATE"], paused["OKITE_COMPLAINT"]) == ("33.33", "0")
    assert 24 < float(paused["OKITE_BOUNCE_RATE_LOW"]) < 25
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", paused["OKITE_TIME"])
    assert set(paused) >= {f"OKITE_{name}" for name in FACTS}


FACTS = (
    "ACCOUNT STANDING STANDING_BEFORE SENT HARD COMPLAINT BOUNCE_RATE BOUNCE_RATE_LOW"
    " COMPLAINT_RATE COMPLAINT_RATE_LOW NODE TIME WINDOW"
).split()


def test_sends_and_feedback_in_any_order(okited):
    """30 of 40 are too few to judge; with 20 more okited itself judges, and pauses."""
    node = okited()
    first = people(40)
    token = send(node, first)
    come_back(node, first[:30], token)
    assert standing(node) == "healthy" and changes(node) == []
    send(node, people(9, first=40))
    assert gist(node) == ACCEPTED
    wait_standing(node, "paused")
    node.log.wait(rf"warning: standing account={SHOP} from=healthy to=paused sent=50 hard=30 ")
    assert gist(node) == PAUSED
    assert changes(node) == ["paused"]


def test_one_bounce_in_thirteen(okited):
    node = okited(reputation={"bounce": {"minimum": 1}})
    first = people(13)
    come_back(node, first[:1], send(node, first))
    assert standing(node) == "warned"
    assert gist(node) == ACCEPTED


def test_well_again_by_sending(okited):
    node = okited(max_recipients=1000)
    first = people(50)
    come_back(node, first[:3], send(node, first))
    assert standing(node) == "warned" and gist(node) == ACCEPTED
    send(node, people(50, "well.example"))
    wait_standing(node, "healthy")
    assert changes(node) == ["warned", "healthy"]


def test_complaints(okited):
    node = okited(reputation={"complaint": {"minimum": 10, "warn": 5.0, "pause": 10.0}})
    send(node, people(18))
    complain(node, "ann@far.example")
    shown = node.account(SHOP)
    assert (shown["standing"], shown["complaint"]) == ("warned", 1)
    assert 5.26 < shown["complaint_rate"] < 5.27
    for number in range(2, 8):
        complain(node, f"c{number}@far.example", name=str(number))
        if standing(node) == "paused":
            break
    shown = node.account(SHOP)
    assert shown["standing"] == "paused" and shown["complaint_rate_low"] >= 10
    assert changes(node) == ["warned", "paused"]


def test_complaints_are_measured_by_who_reports(okited):
    law = {"complaint": {"minimum": 10, "warn": 5.0, "pause": 50.0}}
    law["complaint_domains"] = ["reports.example", "*.reports.example"]
    node = okited(max_recipients=1000, reputation=law)
    send(node, people(300, "quiet.example") + people(8, "Reports.example"))
    complain(node, "ann@eu.reports.example")
    shown = node.account(SHOP)
    assert (shown["sent"], shown["reporting"], shown["standing"]) == (309, 9, "healthy")
    send(node, people(1, "reports.example"))
    shown = wait_standing(node, "warned")
    assert (shown["reporting"], shown["complaint_rate"]) == (10, 10)
    assert "10 of them at providers that report" in node.okite("account", "show", SHOP).out


# ---- pauses and their end ----


@pytest.fixture
def moving(new_okited, own_redis, clock):
    """A function that starts an okited whose time, and Redis's, the test moves."""
    redis = own_redis(environment=clock.environment(shutil.which(SERVER)))

    def start(**settings):
        return new_okited(on=redis, environment=clock.environment(OKITED), **settings).start()

    return start


def test_a_pause_that_ends(moving, clock):
    """It is over at RCPT at once; the record follows, and all begins anew."""
    node = moving(reputation={"resume": "1h"})
    first = people(50)
    come_back(node, first[:30], send(node, first))
    assert gist(node) == PAUSED
    assert " until " in node.okite("account", "show", SHOP).out
    clock.advance(3500)
    assert gist(node) == PAUSED
    clock.advance(110)
    assert gist(node) == ACCEPTED
    shown = wait_standing(node, "reinstated")
    assert shown["restarted"] and shown["hard"] == 0
    assert changes(node) == ["paused", "resumed"]


def test_a_pause_by_hand_does_not_end(moving, clock):
    node = moving(reputation={"resume": "1h"})
    node.okite("account", "pause", SHOP, check=0)
    assert ", by hand" in node.okite("account", "show", SHOP).out
    clock.advance(7200)
    assert gist(node) == PAUSED
    node.okite("account", "resume", SHOP, check=0)
    assert gist(node) == ACCEPTED


def test_a_pause_by_hand_on_top(moving, clock):
    """Who is paused already is then paused by hand."""
    node = moving(reputation={"resume": "1h"})
    first = people(50)
    come_back(node, first[:30], send(node, first))
    node.okite("account", "pause", SHOP, "--reject", check=0)
    clock.advance(7200)
    assert gist(node) == "554 5.7.1 paused"
    node.okite("account", "resume", SHOP, check=0)
    assert standing(node) == "reinstated" and gist(node) == ACCEPTED


def test_a_trial_ends_with_the_window(moving, clock):
    node = moving(reputation={"window": "1h"})
    node.okite("account", "pause", SHOP, check=0)
    node.okite("account", "resume", SHOP, check=0)
    send(node, people(1))
    clock.advance(3700)
    send(node, people(1))
    wait_standing(node, "healthy")


def test_feedback_about_mail_from_before_a_restart(okited):
    """It may fill the list, but the account has begun anew."""
    node = okited(reputation={"bounce": {"minimum": 1}})
    first = people(2)
    token = send(node, first)
    node.okite("account", "pause", SHOP, check=0)
    node.okite("account", "resume", SHOP, check=0)
    come_back(node, first, token)
    shown = node.account(SHOP)
    assert (shown["standing"], shown["hard"]) == ("reinstated", 0)
    assert node.okite("suppress", "show", first[0]).status == 0


def test_a_reload_changes_the_law(okited):
    node = okited(reputation={"bounce": {"minimum": 1000}})
    first = people(50)
    come_back(node, first[:30], send(node, first))
    assert standing(node) == "healthy"
    node.configure(reputation={"bounce": {"minimum": 50}})
    node.reload()
    node.log.wait("is reloaded")
    assert gist(node) == ACCEPTED
    wait_standing(node, "paused")


def test_no_account_is_judged_all_the_time(new_okited, own_redis):
    """Once a second at most, however much it sends; each time reads record and counters."""
    redis = own_redis()
    node = new_okited(on=redis).start()
    first = people(20)
    come_back(node, first[:1], send(node, first))
    redis.call("CONFIG", "RESETSTAT")
    began = time.monotonic()
    with node.session(login=SHOP) as session:
        for number in range(100):
            session.send("news@shop.example", [f"w{number}@well.example"])
    seconds = time.monotonic() - began
    calls = re.search(r"cmdstat_hgetall:calls=(\d+),", redis.call("INFO", "commandstats"))
    assert calls, "it was not judged at all"
    assert int(calls.group(1)) <= 2 * (seconds + 2)


def test_redis_away_is_waited_for(new_okited, own_redis):
    """What could not be judged is judged when Redis answers again; the log tells once."""
    redis = own_redis()
    node = new_okited(on=redis).start()
    first = people(49)
    come_back(node, first[:30], send(node, first))
    # Mail goes on, but nobody may read a record.
    redis.call("ACL", "SETUSER", "default", "-hgetall")
    assert gist(node) == ACCEPTED
    node.log.wait(rf"warning: account={SHOP} cannot be judged yet: ")
    redis.call("ACL", "SETUSER", "default", "+hgetall")
    wait_standing(node, "paused")
    assert len(node.log.lines("cannot be judged")) == 1


# ---- notify ----


def test_notify_of_strangers_words(okited, told):
    """A name is never on a command line, nor has it what moves a terminal."""
    command, read = told
    node = okited(reputation={"notify": f"{command}; eval ok=1"})
    names = ["$(touch pwned); `id`'\"", "a\\b", "x\x1b[2Jy", "new\nline=1"]
    for name in names:
        node.okite("account", "pause", name, check=0)
    got = [one["OKITE_ACCOUNT"] for one in read(len(names))]
    assert got == ["$(touch pwned); `id`'\"", r"a\x5Cb", r"x\x1B[2jy", r"new\x0Aline=1"]


@pytest.mark.parametrize(
    "command, said",
    [
        ("echo out; echo err >&2; exit 3", r"it failed with status 3$"),
        ("/no/such/command", r"it failed with status 127$"),
        ("kill -9 $$", r"it was killed by signal 9$"),
    ],
)
def test_notify_that_fails(okited, command, said):
    node = okited(reputation={"notify": command})
    answer = node.okite("account", "pause", SHOP, check=0)
    assert re.search(rf"error: reputation\.notify: OKITE_ACCOUNT={SHOP}: {said}", answer.err, re.M)
    assert standing(node) == "paused"
    if "echo" in command:
        assert re.search(r": out$", answer.err, re.M) and re.search(r": err$", answer.err, re.M)


def test_notify_is_for_changes_only(okited, told):
    command, read = told
    node = okited(reputation={"notify": command})
    node.okite("account", "pause", SHOP, check=0)
    node.okite("account", "pause", SHOP, "--reject", check=0)
    node.okite("account", "resume", SHOP, check=0)
    assert node.okite("account", "resume", SHOP).status == 1
    assert [one["OKITE_STANDING"] for one in read(2)] == ["paused", "reinstated"]


def test_notify_and_the_end_of_okited(okited, folder):
    """The reply to the MTA never waits for it; the end of okited does, for a while."""
    path = os.path.join(folder, "pid")
    node = okited(reputation={"notify": f"echo $$ >{path}.new; mv {path}.new {path}; sleep 600"})
    first = people(49)
    come_back(node, first[:30], send(node, first))
    assert gist(node) == ACCEPTED
    wait_standing(node, "paused")
    wait_until(lambda: os.path.exists(path), "the command runs")
    assert gist(node) == PAUSED
    assert node.stop() == 0
    assert node.log.lines(r"error: reputation\.notify: .*: it did not end in time and was killed$")
    with open(path) as file:
        pid = int(file.read())
    wait_until(lambda: not alive(pid), "it is killed")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_notify_gets_nothing_of_okited(okited, folder):
    path = os.path.join(folder, "seen")
    show = f"(ls -l /proc/self/fd; cat; grep Sig /proc/self/status; pwd) >{path}.new 2>&1"
    node = okited(reputation={"notify": f"{show}; mv {path}.new {path}"})
    session = node.session(login="other@test.example")
    first = people(49)
    come_back(node, first[:30], send(node, first))
    send(node, people(1, "well.example"))
    wait_until(lambda: os.path.exists(path), "the command has run")
    session.quit()
    with open(path) as file:
        text = file.read()
    assert "socket:" not in text and "pipe:" not in text
    assert re.search(r"^SigBlk:\s0+$", text, re.M)
    ignored = int(re.search(r"^SigIgn:\s(\w+)$", text, re.M).group(1), 16)
    assert not ignored & 1 << (signal.SIGPIPE - 1)
    assert text.endswith("\n/\n")


# ---- lists and numbers ----


def test_the_worst_come_first(okited):
    node = okited(max_recipients=1000)
    bounces = {"healthy": 0, "little": 1, "more": 2, "warned": 4, "worse": 5, "paused": 30}
    for login, count in bounces.items():
        first = people(60)
        token = send(node, first, login)
        if count:
            learn(node, bounce(*first[:count], token=token))
            for address in first[:count]:
                node.okite("suppress", "remove", address)
                node.okite("suppress", "remove", address, "--account", login)
    node.okite("account", "pause", "back", check=0)
    node.okite("account", "resume", "back", check=0)
    complain(node, "ann@far.example", login="complained")
    listed = node.okite("account", "list", json=True, check=0).objects
    names = [one["account"] for one in listed]
    assert names[:4] == ["paused", "worse", "warned", "back"]
    assert names[4:] == ["complained", "more", "little", "healthy"]
    assert {"restarted", "reporting"} <= set(listed[0])
    shown = node.okite("account", "list", check=0).out.splitlines()
    assert [line.split()[0] for line in shown[1:]] == names


def metrics(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return answer.read().decode()


def test_metrics(new_okited, own_redis):
    port, redis = free_port(), own_redis()
    node = new_okited(on=redis, metrics=f"127.0.0.1:{port}").start()
    first = people(50)
    token = send(node, first)
    come_back(node, first[:3], token)
    come_back(node, first[:1], token)
    learn(node, bounce("stranger@far.example"))
    redis.call("HSET", "okite:totals", 'feedback:x"y:hard:log:yes', 7)
    redis.call("HSET", "okite:totals", "feedback:far:too:many:labels:here", 7)
    text = metrics(port)
    for line in (
        'okite_feedback_total{kind="bounce",class="hard",source="message",trusted="yes"} 3',
        'okite_feedback_total{kind="bounce",class="hard",source="message",trusted="no"} 1',
        'okite_feedback_repeated_total{source="message"} 1',
        'okite_suppressed_total{reason="hard"} 3',
        'okite_accounts{standing="warned"} 1',
    ):
        assert re.search(rf"^{re.escape(line)}$", text, re.M), text
    assert 'x"y' not in text and "labels" not in text and SHOP not in text
    families = re.findall(r"^# TYPE (\S+)", text, re.M)
    assert len(families) == len(set(families))
    redis.kill()
    text = metrics(port)
    assert "okite_messages_total" in text and "okite_build_info" in text
    assert not re.search(r"okite_(feedback|suppressed|accounts)", text)
