"""Neither too much nor too little, however many ask at once."""

import shutil
import time

import pytest

from support.hammer import hammer, timed_send
from support.redis import SERVER

PROCESSES, CONNECTIONS = 8, 8
QUOTA = 300
RATE, BURST, SECONDS = 60, 20, 2.5


def attempts(count):
    """Each session sends COUNT messages of one recipient each."""

    def send(session, number):
        session.login = "shop"
        return [timed_send(session, f"r{number}x{i}@b.example") for i in range(count)]

    return send


def until_time_is_up(session, number):
    session.login = "shop"
    results, end = [], time.monotonic() + SECONDS
    while time.monotonic() < end:
        results.append(timed_send(session, f"r{number}x{len(results)}@b.example"))
    return results


def check_quota(nodes):
    results = hammer([node.listen for node in nodes], PROCESSES, CONNECTIONS, attempts(8))
    assert len(results) == PROCESSES * CONNECTIONS * 8 > QUOTA
    assert sum(accepted for _, _, accepted in results) == QUOTA
    for node in nodes:
        assert node.used("shop", "day") == QUOTA
        assert node.account("shop")["sent"] == QUOTA


def most_in_any_window(accepted, rate, burst):
    """By how much the accepted ones exceed BURST + RATE * time, at worst."""
    worst = -burst
    starts = sorted(before for before, _ in accepted)
    ends = sorted(after for _, after in accepted)
    for start in starts:
        inside = sorted(after for before, after in accepted if before >= start)
        for count, end in enumerate(inside, 1):
            worst = max(worst, count - burst - rate * (end - start))
    assert len(starts) == len(ends)
    return worst


def fullest(accepted, start, end, rate):
    """The highest that the bucket can have been at START, for a question of START to END."""
    level, at = 0.0, 0.0
    for moment in sorted(min(after, start) for before, after in accepted if before <= end):
        level = max(0.0, level - (moment - at) * rate) + 1
        at = moment
    return max(0.0, level - (start - at) * rate)


def check_rate(nodes):
    results = hammer([node.listen for node in nodes], PROCESSES, CONNECTIONS, until_time_is_up)
    accepted = [(before, after) for before, after, good in results if good]
    refused = [(before, after) for before, after, good in results if not good]
    assert most_in_any_window(accepted, RATE, BURST) <= 1, len(accepted)
    assert len(accepted) > BURST + RATE  # it regrew
    for before, after in refused[:: max(1, len(refused) // 500)]:
        level = fullest(accepted, before, after, RATE)
        assert (
            level + 1 > BURST - 1e-3
        ), f"refused at {before}, with at most {level} of {BURST} used"


DAY = {"name": "day", "per": ["account"], "quota": f"{QUOTA}/24h"}
SMOOTH = {"name": "rate", "per": ["account"], "rate": f"{RATE}/s", "burst": BURST}


def test_quota_through_one_okited(okited):
    check_quota([okited(limits=(DAY,))])


def test_quota_through_two_okiteds_on_one_redis(okited):
    check_quota([okited(limits=(DAY,), node=name) for name in ("one", "two")])


def test_rate_through_one_okited(okited):
    check_rate([okited(limits=(SMOOTH,))])


def test_rate_through_two_okiteds_on_one_redis(okited):
    check_rate([okited(limits=(SMOOTH,), node=name) for name in ("one", "two")])


def test_one_of_two_limits_full_leaves_the_other_exact(okited):
    """Parallel sessions, two limits: what the smaller one refuses, the larger never sees."""
    large = {**DAY, "name": "large", "quota": "100000/24h"}
    node = okited(limits=(large, DAY))
    results = hammer([node.listen], PROCESSES, CONNECTIONS, attempts(8))
    assert sum(accepted for _, _, accepted in results) == QUOTA
    assert [node.used("shop", name) for name in ("large", "day")] == [QUOTA, QUOTA]


@pytest.mark.parametrize("count", ["messages", "distinct_recipients"])
def test_other_counts_are_exact_too(okited, count):
    node = okited(limits=({**DAY, "count": count},))

    def send(session, number):
        """Each recipient is written to by two sessions."""
        session.login = "shop"
        return [timed_send(session, f"r{number // 2}x{i}@b.example") for i in range(16)]

    results = hammer([node.listen], PROCESSES, CONNECTIONS, send)
    accepted = sum(accepted for _, _, accepted in results)
    assert node.used("shop", "day") == QUOTA
    if count == "messages":
        assert accepted == QUOTA
    else:
        assert QUOTA <= accepted <= 2 * QUOTA


def test_given_back_under_load(okited):
    """Half of the messages are given up after RCPT: in the end only the others count."""
    node = okited(limits=({**DAY, "quota": "100000/24h"},))

    def send(session, number):
        session.login = "shop"
        results = []
        for i in range(20):
            session.envelope("news@shop.example", [f"r{number}x{i}@b.example"])
            if i % 2:
                session.content()
            session.abort()
            session.flush()
            results.append((0, 0, i % 2))
        return results

    hammer([node.listen], PROCESSES, CONNECTIONS, send)
    node.wait_used("shop", "day", PROCESSES * CONNECTIONS * 10)
    assert node.account("shop")["sent"] == PROCESSES * CONNECTIONS * 10


def test_window_rolls(new_okited, own_redis, clock):
    """A day's quota comes back a day (and a 96th) later, not before, by Redis's clock."""
    redis = own_redis(environment=clock.environment(shutil.which(SERVER)))
    node = new_okited(on=redis, limits=({**DAY, "quota": "3/24h"},)).start()
    to = [f"r{i}@b.example" for i in range(4)]

    def accepted():
        return sum(reply.accepted for reply in node.send(to, login="shop").replies)

    assert accepted() == 3
    clock.advance(12 * 3600)
    assert accepted() == 0
    clock.advance(12 * 3600 - 60)
    assert accepted() == 0
    clock.advance(900 + 120)
    assert accepted() == 3
