"""One Redis, Postfix and Sendmail for the whole run; an okited, or several, for each test.

OKITE_BUILD is the folder with the programs, RSRV=valkey-server takes another Redis,
OKITE_TEST_PATIENCE=5 makes every deadline five times longer, OKITE_TEST_KEEP=1 keeps
the temporary folder.
"""

import itertools
import os
import re
import shutil
import signal
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.clock import Clock, compiler  # noqa: E402
from support.okited import OKITE, OKITED, Okited  # noqa: E402
from support.postfix import Postfix  # noqa: E402
from support.redis import SERVER, Redis  # noqa: E402
from support.sendmail import Missing, Sendmail, unpack  # noqa: E402
from support.wait import PATIENCE, free_port  # noqa: E402

TEST_SECONDS = 90
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")
CRASHES = [-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL]
numbers = itertools.count(1)


def pytest_sessionstart(session):
    # Started in the background by a shell, we and our children would ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for program in (OKITED, OKITE):
        if not os.access(program, os.X_OK):
            pytest.exit(f"there is no {program}: build first, or set OKITE_BUILD", returncode=2)
    if shutil.which(SERVER) is None:
        pytest.exit(f"there is no {SERVER} on this machine", returncode=2)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, "report_" + call.when, outcome.get_result())


@pytest.fixture(autouse=True)
def deadline(request):
    """A test that hangs is a failure with a traceback, not a run that never ends."""

    def too_late(*_):
        raise TimeoutError(f"{request.node.name} takes more than {TEST_SECONDS} s")

    previous = signal.signal(signal.SIGALRM, too_late)
    signal.setitimer(signal.ITIMER_REAL, TEST_SECONDS * PATIENCE)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, previous)


@pytest.fixture(scope="session")
def top():
    """A short path: a unix socket's name has at most 107 bytes."""
    folder = tempfile.mkdtemp(prefix="okite-")
    os.chmod(folder, 0o755)
    yield folder
    if not os.environ.get("OKITE_TEST_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder(top):
    path = os.path.join(top, str(next(numbers)))
    os.mkdir(path)
    return path


@pytest.fixture(scope="session")
def shared_redis(top):
    server = Redis(os.path.join(top, "redis")).start()
    yield server
    server.stop()


@pytest.fixture
def redis(shared_redis):
    """The shared Redis, empty."""
    shared_redis.flush()
    return shared_redis


@pytest.fixture
def own_redis(folder):
    """A function that starts a Redis for this test alone, to be ill-treated."""
    servers = []

    def start(**settings):
        path = os.path.join(folder, f"redis{len(servers)}")
        servers.append(Redis(path, **settings).start())
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def clock(folder):
    if compiler() is None:
        pytest.skip("needs a C compiler, to move the clock")
    return Clock(os.path.join(folder, "clock"))


@pytest.fixture
def nodes(request, folder):
    """Every Okited of the test: shown when it failed, killed, and searched for crashes."""
    started = []
    yield started
    failed = getattr(request.node, "report_call", None)
    faults = []
    for node in started:
        ended = node.program.status if node.program is not None else None
        node.kill()
        log = node.log.bytes().decode("utf-8", "backslashreplace")
        if failed is not None and failed.failed:
            print(f"---- {node.log.path}\n{log[-6000:]}")
        if SANITIZER.search(log) or ended in CRASHES:
            faults.append(f"okited crashed ({ended}):\n{log[-6000:]}")
    assert not faults, "\n".join(faults)


@pytest.fixture
def new_okited(folder, redis, nodes):
    """A function that writes a configuration; the daemon is not started."""

    def make(listen=None, on=None, secret=None, environment=None, **settings):
        path = os.path.join(folder, f"node{len(nodes)}")
        more = {"secret": secret} if secret is not None else {}
        node = Okited(path, on or redis, settings, listen, environment=environment, **more)
        nodes.append(node)
        return node

    return make


@pytest.fixture
def okited(new_okited):
    """A function that starts an okited with these settings over the tests' own."""
    return lambda **settings: new_okited(**settings).start()


@pytest.fixture(scope="session")
def milter_port():
    return free_port()


@pytest.fixture(scope="session")
def shared_postfix(top, milter_port):
    if os.geteuid() != 0:
        pytest.skip("a private Postfix needs root")
    if shutil.which("postconf") is None:
        pytest.skip("Postfix is not installed")
    server = Postfix(os.path.join(top, "postfix"), f"inet:127.0.0.1:{milter_port}").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sendmail_program(top):
    if os.geteuid() != 0:
        pytest.skip("a private Sendmail needs root")
    try:
        return unpack(os.path.join(top, "sendmail-program"))
    except Missing as missing:
        pytest.skip(f"no Sendmail: {missing}")


@pytest.fixture(scope="session")
def shared_sendmail(top, sendmail_program):
    folder = os.path.join(top, "sendmail")
    server = Sendmail(folder, sendmail_program, f"unix:{folder}.sock").start()
    yield server
    server.stop()


def without_mail(request, server):
    """SERVER for one test, which its milter, the okited of `guard`, need not outlive."""
    server.clear()
    yield server
    failed = getattr(request.node, "report_call", None)
    if failed is not None and failed.failed:
        print(f"---- the mail log\n{server.log.text()[-6000:]}")


@pytest.fixture
def postfix(request, shared_postfix):
    """The shared Postfix, without mail."""
    yield from without_mail(request, shared_postfix)


@pytest.fixture
def sendmail(request, shared_sendmail):
    """The shared Sendmail, without mail."""
    yield from without_mail(request, shared_sendmail)


@pytest.fixture(params=["postfix", "sendmail"])
def mta(request):
    """Each of them, one after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def milter_address(request, milter_port, top):
    """Where the mail server of this test looks for its milter."""
    callspec = getattr(request.node, "callspec", None)
    chosen = callspec.params.get("mta") if callspec is not None else None
    if chosen == "sendmail" or "sendmail" in request.fixturenames:
        return f"unix:{top}/sendmail.sock"
    return f"inet:{milter_port}@127.0.0.1"


@pytest.fixture
def guard(okited, milter_address):
    """A function that starts the okited that the mail server asks."""
    return lambda **settings: okited(**{"listen": milter_address, **settings})
