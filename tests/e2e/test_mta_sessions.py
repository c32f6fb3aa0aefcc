"""Sessions that end badly, reloads and stops under load, behind Postfix and Sendmail."""

import threading

from support.postfix import PASSWORD
from support.smtp import Client
from support.wait import wait_until

ACCEPTED = "accepted"
ALICE = "alice@test.example"
DAY = {"name": "day", "per": ["account"], "quota": "100/24h"}
TO = ["a@y.example", "b@y.example", "c@y.example"]


def alice(mta):
    client = Client(mta.address)
    client.login(ALICE, PASSWORD)
    return client


def test_client_vanishes_after_rcpt(guard, mta):
    node = guard(limits=(DAY,))
    client = alice(mta)
    assert client.envelope(ALICE, TO).gists == [ACCEPTED] * 3
    assert node.used(ALICE, "day") == 3
    client.vanish()
    node.wait_used(ALICE, "day", 0)


def test_client_vanishes_in_the_middle_of_data(guard, mta):
    node = guard(limits=(DAY,))
    client = alice(mta)
    assert client.envelope(ALICE, TO).gists == [ACCEPTED] * 3
    assert client.command("DATA").code == 354
    client.send("Subject: half\r\n\r\nhalf a li")
    client.vanish()
    node.wait_used(ALICE, "day", 0)
    assert node.account(ALICE)["sent"] == 0


def test_rset(guard, mta):
    node = guard(limits=(DAY,))
    with alice(mta) as client:
        client.envelope(ALICE, TO)
        assert client.command("RSET").code == 250
        outcome = client.envelope(ALICE, ["a@y.example"])
        node.wait_used(ALICE, "day", 1)
        assert client.content(outcome).accepted == 1
    node.wait_used(ALICE, "day", 1)


def test_rset_and_quit(guard, mta):
    node = guard(limits=(DAY,))
    with alice(mta) as client:
        client.envelope(ALICE, TO)
        client.command("RSET")
    node.wait_used(ALICE, "day", 0)


def test_message_refused_by_the_mta_itself(guard, mta):
    """It answers 552 to a message above its own limit: it never comes to okited's end."""
    node = guard(limits=(DAY,))
    with alice(mta) as client:
        outcome = client.envelope(ALICE, TO)
        client.command("DATA")
        line = "x" * 900 + "\r\n"
        client.send("Subject: large\r\n\r\n" + line * 12_000 + ".\r\n")  # above 10,240,000 bytes
        assert client.reply().code == 552
    assert outcome.gists == [ACCEPTED] * 3
    node.wait_used(ALICE, "day", 0)


class Senders:
    """Clients that send one message after the other until told to stop."""

    def __init__(self, mta, count):
        self.outcomes, self.errors = [], []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(mta,)) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _run(self, mta):
        try:
            while not self.stopping.is_set():
                with alice(mta) as client:
                    for _ in range(3):
                        self.outcomes.append(client.deliver(ALICE, ["a@y.example", "b@y.example"]))
        except Exception as error:
            self.errors.append(repr(error))

    def wait_sent(self, count):
        goal = len(self.outcomes) + count
        wait_until(lambda: self.errors or len(self.outcomes) >= goal, f"{count} more messages", 30)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def test_reload_under_load(guard, mta):
    node = guard(limits=({**DAY, "quota": "100000/24h"},))
    senders = Senders(mta, 4)
    try:
        for number in range(10):
            node.configure(limits=({**DAY, "quota": f"{100001 + number}/24h"},))
            node.reload()
            senders.wait_sent(5)
    finally:
        senders.stop()
    assert senders.errors == []
    for outcome in senders.outcomes:
        assert outcome.gists == [ACCEPTED] * 2 and outcome.end.accepted, outcome.replies
    assert node.used(ALICE, "day") == 2 * len(senders.outcomes)
    (limit,) = [entry for entry in node.account(ALICE)["limits"] if entry["name"] == "day"]
    assert limit["allowed"] == 100010


def test_reload_takes_effect(guard, mta):
    node = guard(limits=({**DAY, "quota": "1/24h"},))
    with alice(mta) as client:
        assert client.deliver(ALICE, TO).accepted == 1
        node.configure(limits=({**DAY, "quota": "3/24h"},))
        node.reload()
        # The open session's next message is judged by the new law.
        wait_until(lambda: client.deliver(ALICE, ["a@y.example"]).accepted == 1, "the new quota")


def test_broken_configuration_keeps_the_old_one(guard, mta):
    node = guard(limits=({**DAY, "quota": "1/24h"},))
    node.write('mode = "enforce";\nmax_recipients = "many";\nno_such_option = 1;\n')
    node.reload()
    node.log.wait(rf"{node.path}:2: max_recipients: ")
    node.log.wait(rf"{node.path}:3: no_such_option: ")
    with alice(mta) as client:
        assert client.deliver(ALICE, TO).gists == [ACCEPTED] + ["451 4.7.1 day"] * 2
    node.configure(limits=({**DAY, "quota": "2/24h"},))
    node.reload()
    with alice(mta) as client:
        wait_until(
            lambda: client.deliver(ALICE, ["a@y.example"]).accepted == 1, "the repaired file"
        )


def test_sigterm_with_a_message_in_hand(guard, mta):
    """The client is told to come back, and nothing stays charged."""
    node = guard(limits=(DAY,))
    client = alice(mta)
    outcome = client.envelope(ALICE, TO)
    assert outcome.gists == [ACCEPTED] * 3
    assert node.stop() == 0
    client.content(outcome)
    assert outcome.end.code == 451, outcome.end
    client.close()
    node.wait_used(ALICE, "day", 0)
