"""okite setup postfix: on configurations as postmasters have them, and with mail through them."""

import json
import os
import re
import shutil
import subprocess

import pytest

from support.okited import OKITE
from support.setups import LiveSetup, Setup
from support.smtp import Client
from support.wait import free_port

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(shutil.which("postconf") is None, reason="Postfix is not installed"),
]

OKITE_ADDRESS = "inet:127.0.0.1:8896"
OWN = "{ inet:127.0.0.1:8896, default_action=tempfail }"
OWN_PACKED = "{inet:127.0.0.1:8896,default_action=tempfail}"
LIMITS = {"smtpd_soft_error_limit": "1001", "smtpd_hard_error_limit": "1001"}
OWN_DOMAINS = ["mail.example.org", "example.org", "mail", "localhost.localdomain", "localhost"]
MORE_DOMAINS = [*OWN_DOMAINS, "one.example", "two.example", "relay.example", "*.relay.example"]

# Configuration of main.cf, of master.cf, what is set, and what is said beside it.
CASES = {
    "debian": (
        ("", ""),
        {
            "smtpd_milters": OKITE_ADDRESS,
            "non_smtpd_milters": "$smtpd_milters",
            "milter_default_action": "tempfail",
            **LIMITS,
            "internal_domains": OWN_DOMAINS,
        },
        [],
    ),
    "opendkim": (
        ("opendkim", ""),
        {
            "smtpd_milters": f"{OWN}, local:opendkim/opendkim.sock",
            **LIMITS,
            "internal_domains": OWN_DOMAINS,
        },
        ["note: default_action=tempfail is okite's alone"],
    ),
    "opendkim and opendmarc, an old protocol, little patience, stress": (
        ("opendmarc", ""),
        {
            "smtpd_milters": "{ inet:127.0.0.1:8896, default_action=tempfail, protocol=6,"
            " command_timeout=30s }, unix:opendkim/opendkim.sock, unix:opendmarc/opendmarc.sock",
            "non_smtpd_milters": "{ inet:127.0.0.1:8896, default_action=tempfail, protocol=6,"
            " command_timeout=30s }, unix:opendkim/opendkim.sock",
            "smtpd_hard_error_limit": "300",
            "internal_domains": OWN_DOMAINS,
        },
        ["note: default_action=tempfail is okite's alone"],
    ),
    "rspamd": (
        ("rspamd", ""),
        {
            "smtpd_milters": f"inet:localhost:11332, {OWN}",
            "non_smtpd_milters": f"inet:localhost:11332, {OWN}",
            **LIMITS,
            "internal_domains": OWN_DOMAINS,
        },
        ["note: default_action=tempfail is okite's alone"],
    ),
    "many milters by their names": (
        ("many", ""),
        {
            "smtpd_milters": "${clamav_milter} { inet:localhost:11332, connect_timeout=10s,"
            f" {{ default_action = tempfail }} }} {OWN}, $dkim_milter,",
            "non_smtpd_milters": f"{OWN}, $dkim_milter",
            **LIMITS,
            "internal_domains": OWN_DOMAINS,
        },
        ["note: default_action=tempfail is okite's alone"],
    ),
    "submission with milters of its own, domains in tables": (
        ("submission", "submission"),
        {
            "smtpd_milters": f"inet:localhost:11332, {OWN}",
            "non_smtpd_milters": OWN,
            **LIMITS,
            "submission/inet/smtpd_milters": f"{OWN_PACKED},inet:localhost:8891",
            "submissions/inet/smtpd_milters": OWN_PACKED,
            "submissions/inet/smtpd_hard_error_limit": "1001",
            "internal_domains": MORE_DOMAINS,
        },
        [
            "note: default_action=tempfail is okite's alone",
            "warning: mysql:.*/mysql-domains.cf in virtual_mailbox_domains cannot be listed",
            "note: virtual_alias_domains are not taken for internal",
        ],
    ),
    "amavis": (
        ("amavis", "amavis"),
        {
            "smtpd_milters": f"unix:opendmarc/opendmarc.sock, {OWN}, unix:opendkim/opendkim.sock",
            "non_smtpd_milters": OWN,
            **LIMITS,
            "internal_domains": OWN_DOMAINS,
        },
        [
            "note: default_action=tempfail is okite's alone",
            "note: 127.0.0.1:10025/inet has no_milters and is left alone",
        ],
    ),
    "amavis without no_milters": (
        ("amavis", "amavis_old"),
        {
            "smtpd_milters": f"unix:opendmarc/opendmarc.sock, {OWN}, unix:opendkim/opendkim.sock",
            "non_smtpd_milters": OWN,
            **LIMITS,
            "127.0.0.1:10025/inet/smtpd_milters": "unix:opendmarc/opendmarc.sock,"
            "unix:opendkim/opendkim.sock",
            "internal_domains": OWN_DOMAINS,
        },
        ["note: default_action=tempfail is okite's alone"],
    ),
    "a filter before the queue, limits high enough": (
        ("proxy", "proxy"),
        {
            "smtpd_milters": OKITE_ADDRESS,
            "non_smtpd_milters": "$smtpd_milters",
            "internal_domains": OWN_DOMAINS,
        },
        [
            "warning: 465/inet has smtpd_proxy_filter=127.0.0.1:10026: okite cannot guard it",
            "note: 127.0.0.1:10027/inet listens on this host alone and has its own",
        ],
    ),
}
NOBODY_ANSWERS = f"warning: nobody answers on {OKITE_ADDRESS} yet"


class Okite:
    """okite setup postfix, for one Postfix and one okite.conf."""

    def __init__(self, node, setup, environment=None):
        self.node, self.setup = node, setup
        self.environment = {"MAIL_CONFIG": setup.etc, **(environment or {})}

    def run(self, *arguments, json=False, check=0, wrap=()):
        command = [*wrap, OKITE, "-c", self.node.path, *(["--json"] if json else [])]
        command += ["setup", "postfix", *arguments]
        environment = {**os.environ, **self.environment}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        self.setup.age()
        assert check is None or done.returncode == check, f"{command}: {done}"
        return done

    def objects(self, *arguments, **how):
        return [json.loads(line) for line in self.run(*arguments, json=True, **how).stdout.split("\n")[:-1]]

    def planned(self, *arguments, **how):
        """{name, with its service in front: what it is set to}."""
        planned = {}
        for step in self.objects(*arguments, **how):
            if step["step"] == "set":
                service = step["service"]
                planned[f"{service}/{step['name']}" if service else step["name"]] = step["after"]
        return planned

    def said(self):
        return [f"{one['step']}: {one['message']}" for one in self.objects() if one["step"] != "set"]

    def state(self):
        with open(self.node.path, "rb") as file:
            return {**self.setup.state(), "okite.conf": file.read()}

    def records(self):
        return [name for name in os.listdir(self.node.folder) if name.startswith("setup")]


def listed(array):
    return re.findall(r'"([^"]+)"', array)


@pytest.fixture
def new_setup(folder, new_okited):
    """A function that makes a configuration, and the okite for it."""

    def make(main="", master="", kind=Setup, listen="inet:8896@127.0.0.1", **settings):
        setup = kind(os.path.join(folder, "postfix"), main, master)
        return Okite(new_okited(listen=listen, **settings), setup)

    return make


@pytest.mark.parametrize("name", CASES)
def test_plan(new_setup, name):
    texts, want, said = CASES[name]
    okite = new_setup(*texts)
    before = okite.state()
    got = okite.planned()
    got["internal_domains"] = listed(got["internal_domains"])
    assert got == want
    messages = okite.said()
    for pattern in [*said, NOBODY_ANSWERS]:
        assert any(re.match(pattern, message) for message in messages), (pattern, messages)
    assert len(messages) == len(said) + 1, messages
    assert okite.state() == before and not okite.records()


@pytest.mark.parametrize("name", CASES)
def test_apply_and_undo(new_setup, name):
    okite = new_setup(*CASES[name][0])
    before = okite.state()
    planned = okite.planned()
    assert okite.planned("--apply") == planned
    applied = okite.state()
    assert applied != before
    values = okite.setup.values().splitlines()
    for name, value in planned.items():
        if name != "internal_domains":
            assert f"{name} = {value.rstrip(',')}".rstrip() in [v.rstrip(" ,") for v in values]
    assert okite.planned() == okite.planned("--apply") == {}
    assert okite.state() == applied
    okite.run("--undo")
    assert okite.state() == before
    assert not okite.records()
    assert "nothing to take back" in okite.run("--undo").stdout
    assert okite.state() == before


@pytest.mark.parametrize(
    "name",
    [
        "debian",
        "opendkim and opendmarc, an old protocol, little patience, stress",
        "many milters by their names",
        "submission with milters of its own, domains in tables",
    ],
)
def test_the_lines_do_the_same_in_a_shell(new_setup, name):
    okite = new_setup(*CASES[name][0])
    before = okite.state()
    lines = okite.run().stdout
    okite.run("--apply")
    applied = okite.setup.values()
    okite.run("--undo")
    assert okite.state() == before
    assert lines.count(" reload\n") == 1
    script = re.sub(r"(?m)^postfix .*reload$", "", lines)
    subprocess.run(["sh", "-eu", "-c", script], check=True)
    assert okite.setup.values() == applied
    assert okite.planned() == {}


def test_a_shell_takes_any_value(new_setup, folder):
    okite = new_setup()
    evil = f"""inet:a'b"c:1, unix:$$(touch {folder}/x), unix:`touch {folder}/x`"""
    okite.setup.write("main.cf", okite.setup.read("main.cf") + f"smtpd_milters = {evil}\n")
    script = re.sub(r"(?m)^postfix .*reload$", "", okite.run().stdout)
    subprocess.run(["sh", "-eu", "-c", script], check=True)
    assert okite.setup.postconf("-h", "smtpd_milters") == f"{evil}, {OWN}\n"
    assert not os.path.exists(f"{folder}/x")


def test_output_for_people(new_setup):
    okite = new_setup("opendkim")
    out = okite.run().stdout
    assert max(len(line) for line in out.splitlines() if line.startswith("#")) <= 78
    assert "okite stands before opendkim, which signs." in out.replace("\n# ", " ")
    assert f"\npostconf -c '{okite.setup.etc}' -e 'smtpd_milters = {OWN}, local:" in out


# ---- the addresses of okited ----


@pytest.mark.parametrize(
    "listen, address",
    [
        ("inet:8896@localhost", "inet:localhost:8896"),
        ("inet:9000@0.0.0.0", "inet:127.0.0.1:9000"),
        ("inet6:8896@::1", "inet:[::1]:8896"),
        ("inet:8896@policy.example.org", "inet:policy.example.org:8896"),
        ("unix:/var/spool/postfix/okite/okite.sock", "unix:okite/okite.sock"),
        ("local:/var/spool/postfix/okite.sock", "unix:okite.sock"),
        ("unix:/run/okite/okite.sock", "unix:/run/okite/okite.sock"),
    ],
)
def test_where_okited_listens(new_setup, listen, address):
    okite = new_setup(listen=listen)
    assert okite.planned()["smtpd_milters"] == address
    chrooted = any("is chrooted in /var/spool/postfix" in said for said in okite.said())
    assert chrooted == address.startswith("unix:/")


def test_another_address_takes_the_place_of_the_first(new_setup):
    okite = new_setup("opendkim")
    before = okite.setup.state()
    okite.run("--apply")
    okite.node.configure(listen="inet:9000@127.0.0.1", internal_domains=["example.org"])
    own = "{ inet:127.0.0.1:9000, default_action=tempfail }, local:opendkim/opendkim.sock"
    assert okite.planned("--apply") == {"smtpd_milters": own}
    # Both are what --apply did, and --undo takes both back.
    okite.run("--undo", check=None)
    assert okite.setup.state() == before


# ---- what is there already ----


@pytest.mark.parametrize(
    "milters",
    [
        "inet:127.0.0.1:8896",
        "inet:localhost:8896 inet:localhost:8891",
        "{ inet:127.0.0.1:8896, default_action=accept }",
        "$mine",
    ],
)
def test_okite_is_there_already(new_setup, milters):
    okite = new_setup()
    text = f"mine = inet:127.0.0.1:8896\nsmtpd_milters = {milters}\nnon_smtpd_milters = $mine\n"
    text += "milter_default_action = tempfail\nsmtpd_recipient_limit = 5\n"
    text += "smtpd_hard_error_limit = 20\n"
    okite.setup.write("main.cf", okite.setup.read("main.cf") + text)
    assert list(okite.planned()) == ["internal_domains"]


def test_internal_domains_of_the_postmaster_stay(new_setup):
    okite = new_setup(internal_domains=["*.example.org", "localhost*", "mail"])
    assert "internal_domains" not in okite.planned()
    assert any("it lacks example.org" in said for said in okite.said())
    conf = okite.state()["okite.conf"]
    okite.run("--apply")
    assert okite.state()["okite.conf"] == conf


def test_okite_conf_keeps_owner_and_comments(new_setup):
    okite = new_setup()
    with open(okite.node.path, "a") as file:
        file.write('# a comment\nmode = "enforce"; # the last line has no end\nmax_recipients = 9;')
    os.chmod(okite.node.path, 0o640)
    os.chown(okite.node.path, 0, 65534)
    before = okite.state()["okite.conf"]
    okite.run("--apply")
    found = os.stat(okite.node.path)
    assert (found.st_mode & 0o7777, found.st_gid) == (0o640, 65534)
    after = okite.state()["okite.conf"]
    assert after.startswith(before + b"\n")
    assert okite.node.okite("explain", "--from", "a@b.example", "--to", "x@example.org").status == 0
    okite.run("--undo")
    assert okite.state()["okite.conf"] == before


# ---- taking back what others changed meanwhile ----


def test_undo_leaves_what_others_changed(new_setup):
    okite = new_setup("opendkim", "submission")
    values = okite.setup.values()
    okite.run("--apply")
    milters = okite.setup.postconf("-h", "smtpd_milters").strip()
    okite.setup.postconf("-e", f"smtpd_milters = inet:localhost:11332, {milters}")
    okite.setup.postconf("-e", "smtpd_soft_error_limit = 5000", "delay_warning_time = 4h")
    with open(okite.node.path, "a") as file:
        file.write("max_recipients = 7;\n")
    answer = okite.run("--undo", check=1)
    assert "smtpd_soft_error_limit: was changed since, and stays: 5000" in answer.stdout
    want = values.replace(
        "smtpd_milters = local:", "smtpd_milters = inet:localhost:11332, local:", 1
    )
    got = okite.setup.values().replace("delay_warning_time = 4h\n", "", 1)
    assert got.replace("smtpd_soft_error_limit = 5000\n", "", 1) == want.replace("{ smtpd", "{smtpd")
    conf = okite.state()["okite.conf"].decode()
    assert "internal_domains" not in conf and conf.endswith("max_recipients = 7;\n")
    assert not okite.records()


def test_changed_between_two_applies(new_setup):
    okite = new_setup("opendkim")
    values = okite.setup.values()
    okite.run("--apply")
    okite.setup.postconf("-e", "delay_warning_time = 4h")
    okite.setup.postconf("-X", "smtpd_hard_error_limit")
    assert okite.planned("--apply") == {"smtpd_hard_error_limit": "1001"}
    okite.run("--undo")
    assert okite.setup.values().replace("delay_warning_time = 4h\n", "", 1) == values


def test_undo_after_a_crash(new_setup):
    """The record is written first: wherever it ended, --undo gives the files back."""
    okite = new_setup("submission", "submission")
    before = okite.state()
    okite.run("--apply")
    (record,) = okite.records()
    path = os.path.join(okite.node.folder, record)
    applied = okite.state()
    shutil.copy2(path, path + ".kept")
    # Nothing was changed yet; then main.cf alone.
    for name in ((), ("main.cf",)):
        for file in ("main.cf", "master.cf"):
            with open(okite.setup.path(file), "wb") as out:
                out.write((applied if file in name else before)[file][0])
        os.replace(path + ".kept", path)
        shutil.copy2(path, path + ".kept")
        okite.run("--undo")
        assert okite.state() == before


@pytest.mark.parametrize("foreign", ["owner", "mode", "link", "text"])
def test_a_record_that_is_not_ours_is_not_believed(new_setup, foreign):
    okite = new_setup()
    okite.run("--apply")
    (record,) = okite.records()
    path = os.path.join(okite.node.folder, record)
    assert os.stat(path).st_mode & 0o777 == 0o600
    if foreign == "owner":
        os.chown(path, 65534, 65534)
    elif foreign == "mode":
        os.chmod(path, 0o620)
    elif foreign == "link":
        os.rename(path, path + ".else")
        os.symlink(path + ".else", path)
    else:
        with open(path, "w") as file:
            file.write('{"folder": 7}')
    before = okite.state()
    for arguments in (["--undo"], ["--apply"], []):
        assert record in okite.run(*arguments, check=1).stderr
    assert okite.state() == before


def test_a_link_stays_a_link(new_setup):
    okite = new_setup()
    for name in ("main.cf", "master.cf"):
        os.rename(okite.setup.path(name), okite.setup.path(name + ".real"))
        os.symlink(name + ".real", okite.setup.path(name))
    before = okite.state()
    okite.run("--apply")
    assert os.path.islink(okite.setup.path("main.cf"))
    okite.run("--undo")
    assert okite.state() == before


# ---- what cannot be ----


def test_only_root_applies(new_setup):
    okite = new_setup()
    subprocess.run(["chmod", "-R", "a+rX", okite.node.folder, okite.setup.folder], check=True)
    as_nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    before = okite.state()
    for option in ("--apply", "--undo"):
        assert "only root" in okite.run(option, check=1, wrap=as_nobody).stderr
    assert okite.state() == before
    if subprocess.run([*as_nobody, "test", "-x", OKITE]).returncode == 0:
        assert okite.planned(wrap=as_nobody)["smtpd_milters"] == OKITE_ADDRESS


def test_without_postfix(new_setup):
    okite = new_setup()
    hide = 'mount --bind /dev/null "$(command -v postconf)" && exec "$@"'
    if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("mounts of its own cannot be had here, as in a chroot")
    answer = okite.run(check=1, wrap=("unshare", "-m", "sh", "-c", hide, "sh"))
    assert "postconf: there is no such program" in answer.stderr
    assert "is Postfix installed?" in answer.stderr


def test_wrong_usage(new_setup):
    assert "exclude each other" in new_setup().run("--apply", "--undo", check=64).stderr


def test_a_broken_configuration(new_setup):
    okite = new_setup()
    okite.node.write('listen = "inet:nowhere";\n')
    assert f"{okite.node.path}:1: listen" in okite.run(check=1).stderr


def test_a_broken_main_cf(new_setup):
    okite = new_setup()
    okite.setup.write("main.cf", "this is no setting\n")
    before = okite.state()
    assert "postconf fails" in okite.run("--apply", check=1).stderr
    assert okite.state() == before


def test_no_record_no_change(new_setup):
    okite = new_setup()
    okite.node.configure(state_dir=f"{okite.node.folder}/missing")
    before = okite.state()
    assert "cannot be recorded" in okite.run("--apply", check=1).stderr
    assert okite.state() == before
    assert sorted(os.listdir(okite.setup.etc)) == sorted(
        ["main.cf", "master.cf", "domains", "domains.db", "mailboxes", "mailboxes.db"]
    )


# ---- mail ----


@pytest.fixture
def live(new_setup):
    """A function that starts a Postfix and an okited; okite is not in Postfix yet."""
    started = []

    def start(main="", master="", listen=None, **settings):
        listen = listen or f"inet:{free_port()}@127.0.0.1"
        okite = new_setup(main, master, LiveSetup, listen=listen, **settings)
        started.append(okite.setup.postfix)
        okite.setup.postfix.start()
        return okite

    yield start
    for postfix in started:
        postfix.stop()


def send(okite, port, recipients):
    with Client(("127.0.0.1", okite.setup.ports[port])) as client:
        return client.deliver("news@shop.example", recipients)


DAY = {"name": "day", "per": ["account"], "quota": "40/24h"}
# Refusals beyond Postfix's usual patience: none ends the session.
MANY = [f"r{i}@far.example" for i in range(60)]

LIVES = {
    "debian": ("", "", ["smtp"]),
    "opendkim is away, and accepts": ("opendkim", "submission", ["smtp", "submission", "10587"]),
    "old protocol": ("opendmarc", "submission", ["smtp", "submission", "submissions"]),
    "amavis": ("amavis", "amavis", ["smtp"]),
    "amavis without no_milters": ("amavis", "amavis_old", ["smtp"]),
}


@pytest.mark.parametrize("name", LIVES)
def test_mail_is_judged_until_undone(live, name):
    main, master, ports = LIVES[name]
    okite = live(main, master, limits=(DAY,), max_recipients=100)
    before = okite.state()
    assert send(okite, "smtp", ["x@far.example"]).accepted == 1
    okite.node.start()
    said = okite.run("--apply").stdout
    assert "Postfix runs and was told to read its configuration again." in said
    for port in ports:
        okite.node.okite("account", "reset", "127.0.0.1", check=0)
        # smtpd(8) processes of before serve at most the session that they have.
        outcome = send(okite, port, MANY)
        assert outcome.gists == ["accepted"] * 40 + ["451 4.7.1 day"] * 20
        assert outcome.end.accepted
        okite.setup.postfix.wait_idle()
        assert okite.node.used("127.0.0.1", "day") == 40
    # Mail to an own domain does not count; okited has to be told.
    okite.node.reload()
    okite.node.log.wait("is reloaded")
    assert send(okite, "smtp", ["x@example.org"]).accepted == 1
    okite.node.stop()
    assert send(okite, "smtp", ["x@far.example"]).mail.code == 451
    okite.run("--undo")
    assert okite.state() == before
    assert send(okite, "smtp", ["x@far.example"]).accepted == 1


def test_mail_through_a_socket_in_the_queue_folder(live, folder):
    socket = os.path.join(folder, "postfix/spool/okite/okite.sock")
    okite = live(listen=f"unix:{socket}", limits=(DAY,))
    os.mkdir(os.path.dirname(socket))
    os.chmod(os.path.dirname(socket), 0o755)
    okite.node.start()
    os.chmod(socket, 0o666)
    assert okite.planned("--apply")["smtpd_milters"] == "unix:okite/okite.sock"
    assert send(okite, "smtp", ["x@far.example"]).accepted == 1
    assert okite.node.used("127.0.0.1", "day") == 1


def test_mail_from_sendmail(live):
    okite = live("opendkim", limits=(DAY,))
    okite.node.start()
    okite.run("--apply")
    okite.setup.postfix.sendmail("root@example.org", ["x@far.example"])
    okite.setup.postfix.try_again()
    okite.node.wait_used("local", "day", 1)
