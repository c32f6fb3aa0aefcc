"""Whole lists in and out: interrupted, killed, watched, and while mail flows."""

import os
import pty
import signal
import stat
import subprocess
import threading
import time

import pytest

from support.hammer import hammer, timed_send
from support.okited import OKITE
from support.wait import PATIENCE, wait_until

MANY = 12_000
HEADER = "status,reason,email,created\n"


@pytest.fixture
def node(new_okited):
    return new_okited()


def rows(count, start=0):
    """With times of their own, so that an import does not depend on when it is."""
    return "".join(
        f'5.1.1,"550 no such user {i}",r{i}@b{i % 100}.example,{1775855000 + i}\n'
        for i in range(start, start + count)
    )


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def read(path):
    with open(path) as file:
        return file.read()


def command(node, *arguments):
    return [OKITE, "-c", node.path, *arguments]


def exported(node):
    return sorted(node.okite("suppress", "export", check=0).out.splitlines())


# ---- stopped in the middle ----


@pytest.fixture
def long_list(folder):
    """Bad rows, doubles, and one that is stronger than the one before."""
    path = f"{folder}/list.csv"
    text = HEADER + rows(MANY) + "5.1.1,no,nobody,1775855000\n" + rows(50, start=7)
    write(path, text)
    return path


def undisturbed(node, redis, path):
    node.okite("suppress", "import", path, check=1)
    want = exported(node)
    assert len(want) == MANY
    redis.flush()
    return want


def run_until(node, redis, path, keys):
    """An import that has come to so many entries."""
    process = subprocess.Popen(
        command(node, "suppress", "import", path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(
        lambda: redis.call("DBSIZE") >= keys or process.poll() is not None,
        f"{keys} entries",
        60,
    )
    return process


def test_killed_and_done_again(node, redis, long_list):
    """Not once, but again and again, each time a little later."""
    want = undisturbed(node, redis, long_list)
    for keys in (1, 3_500, 5_001, 9_000):
        process = run_until(node, redis, long_list, keys)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "it was over too early"
    node.okite("suppress", "import", long_list, check=1)
    assert exported(node) == want


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_done_again(node, redis, long_list, number):
    want = undisturbed(node, redis, long_list)
    process = run_until(node, redis, long_list, 2_000)
    process.send_signal(number)
    _, told = process.communicate(timeout=30 * PATIENCE)
    assert process.returncode == -number
    assert "interrupted" in told and "again does no harm" in told
    assert 0 < len(exported(node)) < MANY
    node.okite("suppress", "import", long_list, check=1)
    assert exported(node) == want


def test_interrupted_while_it_waits_for_a_pipe(node):
    process = subprocess.Popen(
        command(node, "suppress", "import", "-"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    waits = f"/proc/{process.pid}/syscall"
    # read(2) of the standard input
    wait_until(lambda: read(waits).startswith("0 0x0 "), "it waits for its input")
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30 * PATIENCE)
    assert process.returncode == -signal.SIGINT and "interrupted" in told


def test_redis_goes_away_and_comes_back(new_okited, own_redis, long_list):
    redis = own_redis()
    node = new_okited(on=redis)
    want = undisturbed(node, redis, long_list)
    process = run_until(node, redis, long_list, 5_000)
    redis.pause()
    _, told = process.communicate(timeout=30 * PATIENCE)
    assert process.returncode == 75 and "again does no harm" in told
    redis.resume()
    node.okite("suppress", "import", long_list, check=1)
    assert exported(node) == want


# ---- what is bad ----


def test_links_are_not_followed(node, folder):
    path, other = f"{folder}/list", f"{folder}/other"
    for make in (os.symlink, os.link):
        write(path, "nobody\n")
        write(other, "precious\n")
        make(other, path + ".rejected")
        answer = node.okite("suppress", "import", path, check=1)
        assert "nobody" in answer.err and path + ".rejected" in answer.err
        assert read(other) == "precious\n"
        os.unlink(path + ".rejected")


def test_a_pipe_in_the_place_of_the_bad(node, folder):
    path = f"{folder}/list"
    write(path, "nobody\n")
    os.mkfifo(path + ".rejected")
    assert "nobody" in node.okite("suppress", "import", path, check=1).err


def test_a_name_with_an_end_of_line(node, folder):
    path = f"{folder}/list\nx@y.example"
    write(path, "nobody\n")
    node.okite("suppress", "import", path, check=1)
    assert stat.S_IMODE(os.stat(path + ".rejected").st_mode) == 0o600
    again = node.okite("suppress", "import", path + ".rejected", json=True, check=1).object
    assert (again["read"], again["rejected"]) == (1, 1)


def test_only_the_first_are_told(node, folder):
    path = f"{folder}/list"
    write(path, "nobody\n" * 1000 + "a@b.example\n")
    answer = node.okite("suppress", "import", path, json=True, check=1)
    assert answer.object["rejected"] == 1000 and len(answer.err.splitlines()) < 30
    assert "980 more" in answer.err
    assert read(path + ".rejected").count("nobody\n") == 1000


# ---- memory ----


def peak_of(node, path):
    """In KB, of an import that ends well or has bad entries."""
    environment = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1"}
    process = subprocess.Popen(
        command(node, "suppress", "import", path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1)
    return usage.ru_maxrss


def test_memory_does_not_depend_on_the_list(node, folder):
    """One answer on one line, and what is bad in it."""

    def answer(count):
        path = f"{folder}/{count}.json"
        entries = ",".join(
            '{"EmailAddress":"%s","Reason":"BOUNCE"}' % (f"r{i}@b.example" if i % 2 else "nobody")
            for i in range(count)
        )
        write(path, '{"NextToken":"x","SuppressedDestinationSummaries":[%s]}\n' % entries)
        return path

    small, large = answer(4_000), answer(100_000)
    assert os.path.getsize(large) > 4 << 20
    assert peak_of(node, large) - peak_of(node, small) < 3 << 10


# ---- progress ----


def on_a_terminal(node, *arguments):
    """What the standard error is told when it is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(node, *arguments), stdout=subprocess.DEVNULL, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    told = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # nobody has the other end any more
            break
        if not piece:
            break
        told += piece
    os.close(ours)
    assert process.wait() == 0
    return told.decode()


def test_progress_on_a_terminal_only(new_okited, own_redis, folder):
    redis = own_redis()
    node = new_okited(on=redis)
    path = f"{folder}/list.csv"
    write(path, HEADER + rows(MANY))

    def hold_up():
        """Long enough for the second that is told of, and shorter than the time-out."""
        for _ in range(4):
            redis.pause()
            time.sleep(0.35)
            redis.resume()
            time.sleep(0.02)

    holding = threading.Thread(target=hold_up)
    holding.start()
    told = on_a_terminal(node, "suppress", "import", path)
    holding.join()
    assert "%" in told and "/s" in told and "left" in told
    silent = node.okite("suppress", "import", path, check=0)
    assert silent.err == "" and "\r" not in silent.out


# ---- export ----


def fill(node, path, count):
    write(path, HEADER + rows(count))
    node.okite("suppress", "import", path, check=0)


def test_an_export_that_fails_leaves_the_last_one(new_okited, own_redis, folder):
    redis = own_redis()
    node = new_okited(on=redis)
    path = f"{folder}/export"
    fill(node, f"{folder}/list", 2000)
    node.okite("suppress", "export", path, check=0)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    before, names = read(path), sorted(os.listdir(folder))
    assert before.count("\n") == 2000
    redis.pause()
    node.okite("suppress", "export", path, check=75)
    redis.resume()
    assert read(path) == before and sorted(os.listdir(folder)) == names


def test_an_export_into_a_pipe_leaves_it_one(node, folder):
    path = f"{folder}/pipe"
    fill(node, f"{folder}/list", 10)
    os.mkfifo(path)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(read(path).splitlines()))
    reader.start()
    node.okite("suppress", "export", path, check=0)
    reader.join()
    assert len(lines) == 10 and stat.S_ISFIFO(os.stat(path).st_mode)


def test_export_in_other_formats(node):
    node.suppress("hard@b.example", "--reason", "hard")
    node.suppress("complaint@b.example", "--reason", "complaint")
    node.suppress("soft@b.example", "--reason", "soft")
    node.suppress("@gone.example", "--reason", "hard")
    node.suppress('"a,b"@c.example', "--reason", "hard")
    node.suppress("shop@b.example", "--reason", "hard", "--account", "shop")
    plain = node.okite("suppress", "export", "--format", "plain", check=0)
    assert sorted(plain.out.split()) == [
        '"a,b"@c.example',
        "@gone.example",
        "complaint@b.example",
        "hard@b.example",
        "soft@b.example",
    ]
    assert "1 entries" in plain.err
    ses = node.okite("suppress", "export", "--format", "ses", check=0)
    assert sorted(ses.out.split()) == [
        '"""a,b""@c.example",BOUNCE',
        "complaint@b.example,COMPLAINT",
        "hard@b.example,BOUNCE",
    ]
    assert "3 entries" in ses.err
    again = node.okite("suppress", "import", "-", input=ses.out, json=True, check=0).object
    assert (again["format"], again["unchanged"]) == ("ses", 3)
    one = node.okite("suppress", "export", "--format", "ses", "--account", "shop", check=0)
    assert one.out == "shop@b.example,BOUNCE\n"
    node.okite("suppress", "export", "--format", "mailgun", check=64)


def test_export_while_mail_flows_and_the_list_changes(new_okited, folder):
    node = new_okited(limits=({"name": "day", "per": ["account"], "quota": "1000000/24h"},))
    node.start()
    fill(node, f"{folder}/list", 2 * MANY)
    path = f"{folder}/export"
    done = threading.Event()

    def send(session, number):
        session.login = "shop"
        times = []
        while not done.is_set() and len(times) < 20_000:
            times.append(timed_send(session, f"x{number}.{len(times)}@y.example"))
            if len(times) % 50 == 0 and os.path.exists(path):
                break
        return times

    change = subprocess.Popen(command(node, "suppress", "import", "-"), stdin=subprocess.PIPE)
    exporting = threading.Thread(
        target=lambda: node.okite("suppress", "export", path, check=0), daemon=True
    )
    exporting.start()
    change.stdin.write((HEADER + rows(MANY, start=10 * MANY)).encode())
    change.stdin.close()
    results = hammer([node.listen], 2, 4, send)
    exporting.join()
    done.set()
    assert change.wait() == 0
    assert results and all(accepted for _, _, accepted in results)
    # Redis looks at 500 keys at a time: nobody waits for the whole of it.
    assert max(after - before for before, after, _ in results) < 0.5 * PATIENCE
    found = [line for line in read(path).splitlines()]
    there_throughout = {f"r{i}@b{i % 100}.example" for i in range(2 * MANY)}
    addresses = [line.split('"address":"')[1].split('"')[0] for line in found]
    assert there_throughout <= set(addresses)
    # Twice is allowed only where Redis's table grew meanwhile, and then does no harm.
    assert len(addresses) < 1.1 * 3 * MANY
    again = node.okite("suppress", "import", path, json=True, check=0).object
    assert again["unchanged"] == len(found)


def test_what_redis_forgets_by_itself_follows_the_end(node, redis):
    """An end that goes away takes Redis's own with it, and one that moves moves it."""
    key = None
    for reason, expire, least, most in (
        ("soft", "1h", 3500, 3600),
        ("soft", "2h", 7000, 7200),
        ("soft", "1h", 7000, 7200),
        ("hard", "never", None, None),
        ("soft", "1h", None, None),
    ):
        node.suppress("a@b.example", "--reason", reason, "--expire", expire)
        (key,) = redis.keys("*{r:*")
        left = redis.call("TTL", key)
        assert left == -1 if least is None else least <= left <= most, (reason, expire, left)
