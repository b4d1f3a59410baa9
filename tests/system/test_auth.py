# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication with the clients people use, one method at a time, and with requests that no honest client makes."""
import base64
import os
import struct
import subprocess
import time

import paramiko
import pexpect
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519

from conftest import Product, make_directory, wait_for
from test_transport import Place, RawClient, RealServer

SECRET = "right horse"
METHODS = {"password": "password", "public-key": "publickey", "keyboard-interactive": "keyboard-interactive"}
# what show ssh says
WORDS = {"password": "password", "public-key": "ed25519-pubkey", "keyboard-interactive": "key-intr"}
SERVICE_ACCEPT, FAILURE, SUCCESS, BANNER, QUESTION = 6, 51, 52, 53, 60


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    directory = str(tmp_path_factory.mktemp("keys"))
    for name in ("bob", "stranger"):
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", "", "-t", "ed25519", "-f", os.path.join(directory, name)], check=True)
        subprocess.run(["puttygen", os.path.join(directory, name), "-O", "private", "-o", os.path.join(directory, name + ".ppk")],
                       check=True)
        subprocess.run(["dropbearconvert", "openssh", "dropbear", os.path.join(directory, name), os.path.join(directory, name + ".db")],
                       check=True, capture_output=True)
    return directory


class Router(Product):
    """The product with a user bob, and nothing in the way of many logins in a row."""

    def prepare(self, keys):
        with open(os.path.join(keys, "bob.pub"), encoding="ascii") as file:
            key = file.read().strip()
        self.keys = keys
        out = self.configure("username bob", "group operator", f"secret 0 {SECRET}", f"keystring {key}", "exit",
                             "ssh server rate-limit 600000 burst 10000", "ssh server penalties disable", "ssh server logging")
        assert "%" not in out, out
        self.fingerprint()
        return self

    def only(self, *methods):
        """Leaves these methods, as a profile may."""
        lines = [f"{'no ' if name in methods else ''}ssh server disable auth-methods {name}" for name in METHODS]
        out = self.configure(*lines)
        assert "%" not in out.replace("% No configuration changes to commit.", ""), out

    def past(self):
        wait_for(lambda: not self.sessions(), what="the end of the sessions before")
        return self.history(5)

    def last(self, past=()):
        """The session that ended last and is none of the past ones."""
        known = {row["id"] for row in past}
        return wait_for(lambda: [row for row in self.history(5) if row["id"] not in known], what="a history row")[0]

    def fingerprint(self):
        if not hasattr(self, "_fingerprint"):
            scan = subprocess.run(["ssh-keyscan", "-t", "ed25519", "-p", str(self.port), "127.0.0.1"], capture_output=True, text=True,
                                  check=True)
            line = scan.stdout.split("\n")[0].split(" ", 1)[1]
            done = subprocess.run(["ssh-keygen", "-lf", "-"], input=line, capture_output=True, text=True, check=True)
            self._fingerprint = done.stdout.split()[1]
        return self._fingerprint


@pytest.fixture(scope="module")
def router(keys):
    directory = make_directory()
    running = Router(directory).start().prepare(keys)
    yield running
    running.stop()
    subprocess.run(["rm", "-rf", directory], check=True)


@pytest.fixture
def all_methods(router):
    yield router
    router.only(*METHODS)


# ---- every client, every method ----

def run(argv, **more):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=30, **more)


def with_openssh(router, method, secret, key):
    argv = router.ssh_argv("show clock", user="bob", key=False, options=[f"PreferredAuthentications={METHODS[method]}",
                                                                        "NumberOfPasswordPrompts=1", "IdentitiesOnly=yes"])
    if method == "public-key":
        return run(argv[:1] + ["-i", key] + argv[1:])
    return run(["sshpass", "-p", secret, *argv])


def with_plink(router, method, secret, key):
    argv = ["plink", "-ssh", "-batch", "-P", str(router.port), "-l", "bob", "-hostkey", router.fingerprint(), "-noagent"]
    argv += ["-i", key + ".ppk"] if method == "public-key" else ["-pw", secret]
    return run(argv + ["127.0.0.1", "show clock"])


def with_dbclient(router, method, secret, key):
    argv = ["dbclient", "-y", "-y", "-p", str(router.port), "-l", "bob", "127.0.0.1", "show clock"]
    if method == "public-key":
        return run(argv[:1] + ["-i", key + ".db"] + argv[1:])
    return run(["sshpass", "-p", secret, *argv])


def with_paramiko(router, method, secret, key):
    transport = paramiko.Transport(("127.0.0.1", router.port))
    try:
        transport.start_client(timeout=15)
        if method == "password":
            transport.auth_password("bob", secret, fallback=False)
        elif method == "public-key":
            transport.auth_publickey("bob", paramiko.Ed25519Key.from_private_key_file(key))
        else:
            transport.auth_interactive("bob", lambda title, instructions, prompts: [secret for _ in prompts])
        channel = transport.open_session()
        channel.exec_command("show clock")
        status = channel.recv_exit_status()
        return subprocess.CompletedProcess([], status, channel.recv(65536).decode())
    except paramiko.SSHException as error:
        return subprocess.CompletedProcess([], 255, str(error))
    finally:
        transport.close()


def with_curl(router, method, secret, key):
    """libssh2 has no commands here: what it says after a login is not looked at."""
    argv = ["curl", "-sv", "--insecure", f"scp://127.0.0.1:{router.port}/nothing", "-o", "/dev/null"]
    argv += ["-u", "bob:", "--key", key, "--pubkey", key + ".pub"] if method == "public-key" else ["-u", f"bob:{secret}"]
    done = run(argv)
    return subprocess.CompletedProcess(argv, 255 if done.returncode == 67 else 0, done.stdout)


CLIENTS = {"openssh": with_openssh, "plink": with_plink, "dbclient": with_dbclient, "paramiko": with_paramiko, "curl": with_curl}


@pytest.mark.parametrize("method", METHODS)
def test_each_client_logs_in_by_each_method_alone(all_methods, method):
    router = all_methods
    router.only(method)
    for name, client in CLIENTS.items():
        past = router.past()
        done = client(router, method, SECRET, os.path.join(router.keys, "bob"))
        assert done.returncode == 0, (name, done.stdout, router.output())
        row = router.last(past)
        assert (row["user"], row["auth_word"]) == ("bob", WORDS[method]), (name, row)
        if name != "curl":
            assert "UTC" in done.stdout, (name, done.stdout)
        past = router.past()
        done = client(router, method, "wrong horse", os.path.join(router.keys, "stranger"))
        assert done.returncode != 0, (name, done.stdout)
        row = router.last(past)
        assert row["end_reason"] == "authentication-failed" and row["auth_word"] == "--", (name, row)
        reason = {"password": "password: wrong password", "keyboard-interactive": "keyboard-interactive: wrong password",
                  "public-key": "publickey: not a key of this user"}[method]
        assert reason in row["end_text"], (name, row)


def test_show_ssh_says_how(router):
    child = pexpect.spawn("sshpass", ["-p", SECRET] + router.ssh_argv(key=False, user="bob", options=[
        "PreferredAuthentications=keyboard-interactive"])[:1] + ["-tt"] + router.ssh_argv(key=False, user="bob", options=[
            "PreferredAuthentications=keyboard-interactive"])[1:], timeout=20, encoding="utf-8")
    child.expect(r"CPU0:[\w.-]+#")
    child.sendline("show ssh")
    child.expect(r"bob +127\.0\.0\.1 +v2 +key-intr +Command-Line-Interface")
    child.sendline("exit")
    child.expect(pexpect.EOF)


# ---- one request at a time ----

class Client(RawClient):
    """From the key exchange to the answer of each request; banners are kept aside."""

    def __init__(self, router):
        self.banners = []
        super().__init__(router)
        self.ask_service()

    def answer(self):
        number, body = self.expect(FAILURE, SUCCESS, BANNER, QUESTION)
        while number == BANNER:
            length = struct.unpack(">I", body[:4])[0]
            self.banners.append(body[4:4 + length].decode())
            number, body = self.expect(FAILURE, SUCCESS, BANNER, QUESTION)
        return number, body

    def ask(self, method, *rest, user="bob"):
        self.request(method, *rest, user=user)
        return self.answer()

    def methods(self, user="bob"):
        number, body = self.ask("none", user=user)
        assert number == FAILURE
        return body[4:4 + struct.unpack(">I", body[:4])[0]].decode().split(",")

    def answers(self, *answers, count=None):
        self.say((61,), len(answers) if count is None else count, *answers)

    def ended(self, timeout_s=10):
        wait_for(lambda: not self.is_active(), timeout_s, "the end of the connection")


@pytest.fixture
def client(router):
    one = Client(router)
    yield one
    one.close()


def questions(body):
    """name, instruction, [(prompt, echo)]"""
    message = paramiko.Message(body)
    name, instruction, _language = message.get_text(), message.get_text(), message.get_text()
    return name, instruction, [(message.get_text(), message.get_boolean()) for _ in range(message.get_int())]


def test_methods_are_the_same_for_everybody(router):
    for user in ("bob", "admin", "nobody", "x" * 200, "\u00fc\x1b["):
        one = Client(router)
        assert one.methods(user) == ["publickey", "keyboard-interactive", "password"]
        one.close()


def ask_by(one, method):
    if method == "password":
        return one.ask("password", False, SECRET)
    if method == "keyboard-interactive":
        return one.ask("keyboard-interactive", "", "")
    with open(os.path.join(one.keys, "bob.pub"), encoding="ascii") as file:
        return one.ask("publickey", False, "ssh-ed25519", base64.b64decode(file.read().split()[1]))


@pytest.mark.parametrize("method", METHODS)
def test_a_disabled_method_is_refused_even_when_asked_for(all_methods, method):
    router = all_methods
    left = [name for name in METHODS if name != method]
    router.only(*left)
    past = router.past()
    one = Client(router)
    one.keys = router.keys
    assert sorted(one.methods()) == sorted(METHODS[name] for name in left)
    assert ask_by(one, method)[0] == FAILURE
    one.close()
    row = router.last(past)
    assert (row["end_reason"], row["end_text"]) == ("authentication-failed", METHODS[method] + ": the method is disabled")
    assert f"Failed {METHODS[method]} for user 'bob' from '127.0.0.1'" in router.output()
    router.only(*METHODS)
    one = Client(router)
    one.keys = router.keys
    assert ask_by(one, method)[0] in (SUCCESS, QUESTION)
    one.close()


def test_with_every_method_disabled_the_connection_ends_and_the_log_says_why(all_methods):
    router = all_methods
    router.only()
    past = router.past()
    one = Client(router)
    one.request("none", user="bob")
    one.ended()
    row = router.last(past)
    assert row["end_reason"] == "authentication-failed" and "every authentication method is disabled" in row["end_text"]
    assert "'no ssh server disable auth-methods'" in router.output()
    done = run(router.ssh_argv("show clock", user="bob"))
    assert "Every authentication method is disabled" in done.stdout, done.stdout


def test_none_is_refused_and_only_the_first_costs_nothing(router):
    past = router.past()
    one = Client(router)
    assert one.ask("none")[0] == FAILURE and one.ask("none")[0] == FAILURE
    one.close()
    row = router.last(past)
    assert (row["end_reason"], row["end_text"]) == ("authentication-failed", "none: nobody is let in without authentication, or by a method not offered")
    past = router.past()
    one = Client(router)
    assert one.ask("none")[0] == FAILURE
    one.close()
    assert router.last(past)["end_reason"] == "client-closed"


# ---- after a failure ----

def test_a_password_counts_whole_and_is_not_changed(client, router):
    """libssh reads to the first zero byte, and takes no notice of a wish for a new password or of bytes behind the request."""
    for rest in ((False, SECRET + "\0x"), (False, SECRET + "\0"), (True, SECRET, "Another-1"), (False, SECRET, "more")):
        assert client.ask("password", *rest)[0] == FAILURE, rest
        assert "holds more than the password" in router.output()
    assert client.ask("password", False, SECRET, user="bob\0x")[0] == FAILURE
    assert client.ask("keyboard-interactive", "", "")[0] == QUESTION
    client.answers(SECRET + "\0x")
    assert client.answer()[0] == FAILURE
    # requests that did not wait for each other's answers
    client.request("password", False, "wrong", user="bob")
    client.request("password", False, "wrong and longer", user="bob")
    client.request("password", False, SECRET, user="bob")
    assert [client.answer()[0] for _ in range(3)] == [FAILURE, FAILURE, SUCCESS]



def test_the_right_password_after_wrong_ones_on_one_connection(client):
    assert client.ask("password", False, "wrong")[0] == FAILURE
    assert client.ask("keyboard-interactive", "", "")[0] == QUESTION
    client.answers("wrong")
    assert client.answer()[0] == FAILURE
    assert client.ask("password", False, SECRET)[0] == SUCCESS


def test_every_failure_is_in_history_and_log(router):
    def fail(user, *requests):
        past = router.past()
        one = Client(router)
        for request in requests:
            assert one.ask(*request, user=user)[0] == FAILURE
        one.close()
        return router.last(past)
    row = fail("nobody", ("password", False, "x"))
    assert (row["user"], row["end_reason"], row["end_text"]) == ("nobody", "authentication-failed", "password: no such user")
    assert "%SECURITY-SSHD-4-WARN_GENERAL : Failed password for user 'nobody' from '127.0.0.1' port " in router.output()
    row = fail("bob", ("password", False, ""))
    assert row["end_text"] == "password: wrong password"
    stranger = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    blob = struct.pack(">I", 11) + b"ssh-ed25519" + struct.pack(">I", 32) + stranger
    row = fail("bob", ("publickey", False, "ssh-ed25519", blob))
    assert row["end_text"] == "publickey: not a key of this user"
    assert f"on 'vty{row['vty']}' ended before login: authentication-failed, publickey: not a key of this user" in router.output()


def test_a_client_with_too_many_keys_is_told(own_router):
    router = own_router
    assert "%" not in router.configure("ssh server max-auth-limit 3")
    past = router.past()
    names = []
    for n in range(4):
        names += ["-i", os.path.join(router.directory, f"key{n}")]
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", names[-1]], check=True)
    argv = router.ssh_argv("show clock", user="bob", key=False, options=["IdentitiesOnly=yes", "PreferredAuthentications=publickey"])
    done = run(argv[:1] + names + argv[1:])
    assert done.returncode == 255 and "Too many authentication failures" in done.stdout, done.stdout
    row = router.last(past)
    assert row["end_reason"] == "authentication-failed"
    assert row["end_text"] == "too many authentication tries; publickey: not a key of this user"
    assert "Too many authentication tries (3) for user 'bob' from '127.0.0.1'" in router.output()
    # the third is the last, whatever is mixed
    one = Client(router)
    assert one.ask("password", False, "wrong")[0] == FAILURE
    assert one.ask("password", False, "wrong")[0] == FAILURE
    one.request("password", False, SECRET + "?", user="bob")
    one.ended()


@pytest.fixture
def own_router(keys):
    directory = make_directory()
    running = Router(directory).start().prepare(keys)
    yield running
    running.stop()
    subprocess.run(["rm", "-rf", directory], check=True)


# ---- requests that cannot be read ----


def strings(*fields):
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)


def dsa_blob():
    numbers = dsa.generate_private_key(1024).public_key().public_numbers()
    parts = [n.to_bytes(n.bit_length() // 8 + 1, "big") for n in
             (numbers.parameter_numbers.p, numbers.parameter_numbers.q, numbers.parameter_numbers.g, numbers.y)]
    return strings(b"ssh-dss", *parts)


def certificate(keys):
    """bob's own key, certified by an authority of nobody's."""
    authority = os.path.join(keys, "authority")
    if not os.path.exists(authority):
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", authority], check=True)
        subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", "bob", "-n", "bob", os.path.join(keys, "bob.pub")], check=True)
    with open(os.path.join(keys, "bob-cert.pub"), encoding="ascii") as file:
        return base64.b64decode(file.read().split()[1])


def unreadable(kind, keys):
    with open(os.path.join(keys, "bob.pub"), encoding="ascii") as file:
        own = base64.b64decode(file.read().split()[1])
    cert = b"ssh-ed25519-cert-v01@openssh.com"
    return {"DSA": (False, "ssh-dss", dsa_blob()),
            "DSA signed": (True, "ssh-dss", dsa_blob(), strings(b"ssh-dss", bytes(40))),
            "unknown type": (False, "ssh-mldsa65", strings(b"ssh-mldsa65", bytes(1952))),
            "certificate": (False, cert.decode(), certificate(keys)),
            "certificate signed": (True, cert.decode(), certificate(keys), strings(cert, bytes(64))),
            "no blob": (False, "ssh-ed25519", b""),
            "signature of no form": (True, "ssh-ed25519", own, b"\0\0\1"),
            "signature of another type": (True, "ssh-ed25519", own, strings(b"ssh-rsa", bytes(256))),
            "signature cut": (True, "ssh-ed25519", own, strings(b"ssh-ed25519", bytes(63))),
            "signature wrong": (True, "ssh-ed25519", own, strings(b"ssh-ed25519", bytes(64))),
            "no signature": (True, "ssh-ed25519", own)}[kind]


KINDS = ["DSA", "DSA signed", "unknown type", "certificate", "certificate signed", "no blob", "signature of no form",
         "signature of another type", "signature cut", "signature wrong", "no signature"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_that_cannot_be_read_is_refused_at_once(router, kind):
    past = router.past()
    one = Client(router)
    one.methods()
    started = time.monotonic()
    assert one.ask("publickey", *unreadable(kind, router.keys))[0] == FAILURE
    assert time.monotonic() - started < 2
    # and the connection goes on
    assert one.ask("password", False, "wrong")[0] == FAILURE
    one.close()
    assert router.last(past)["end_text"] == "password: wrong password"
    past = router.past()
    one = Client(router)
    one.methods()
    assert one.ask("publickey", *unreadable(kind, router.keys))[0] == FAILURE
    one.close()
    row = router.last(past)
    assert row["end_reason"] == "authentication-failed" and row["end_text"].startswith("publickey: "), row


def test_requests_that_cannot_be_read_are_counted(own_router):
    router = own_router
    assert "%" not in router.configure("ssh server max-auth-limit 4")
    one = Client(router)
    one.methods()
    for _ in range(3):
        assert one.ask("publickey", *unreadable("unknown type", router.keys))[0] == FAILURE
    one.request("publickey", *unreadable("unknown type", router.keys), user="bob")
    one.ended()
    assert router.output().count("Failed publickey for user 'bob' from '127.0.0.1'") == 4
    assert "Too many authentication tries (4)" in router.output()


@pytest.mark.parametrize("method, rest", [
    ("password", (False, "x" * 200000)), ("keyboard-invented", ()), ("", ()),
    ("hostbased", ("ssh-rsa", "blob", "host", "user", "signature")),
    ("gssapi-with-mic", (1, "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"))])
def test_tries_of_any_kind_are_counted(own_router, method, rest):
    router = own_router
    assert "%" not in router.configure("ssh server max-auth-limit 3")
    past = router.past()
    one = Client(router)
    one.methods()
    for _ in range(2):
        assert one.ask(method, *rest)[0] == FAILURE
    one.request(method, *rest, user="bob")
    one.ended()
    assert "Too many authentication tries (3) for user 'bob'" in router.output()
    assert router.last(past)["end_text"].startswith("too many authentication tries; ")


# ---- keyboard-interactive ----

def test_one_question_for_the_local_secret_whoever_asks(router):
    for user in ("bob", "nobody"):
        one = Client(router)
        number, body = one.ask("keyboard-interactive", "", "pam", user=user)
        assert number == QUESTION and questions(body) == ("", "", [("Password: ", False)])
        started = time.monotonic()
        one.answers("wrong")
        assert one.answer()[0] == FAILURE
        assert time.monotonic() - started >= 0.29
        one.close()


@pytest.mark.parametrize("answers", [(), (SECRET, ""), (SECRET,) * 16, (SECRET,) * 17, ("x" * 5000,), ("x\0y",), (b"\xff\xfe",)],
                         ids=["none", "two", "sixteen", "seventeen", "long", "NUL", "no UTF-8"])
def test_answers_that_do_not_fit_are_refused(client, answers):
    assert client.ask("keyboard-interactive", "", "")[0] == QUESTION
    client.answers(*answers)
    assert client.answer()[0] == FAILURE
    # the question is over; the next one is asked as ever
    assert client.ask("keyboard-interactive", "", "")[0] == QUESTION
    client.answers(SECRET)
    assert client.answer()[0] == SUCCESS


def test_answers_that_nobody_asked_for(router):
    past = router.past()
    one = Client(router)
    assert one.ask("keyboard-interactive", "", "")[0] == QUESTION
    one.answers("wrong")
    assert one.answer()[0] == FAILURE
    one.answers(SECRET)
    assert one.answer()[0] == FAILURE
    one.close()
    row = router.last(past)
    assert row["auth_word"] == "--" and row["end_reason"] == "authentication-failed", row


def test_answers_before_any_question_end_the_connection(router):
    past = router.past()
    one = Client(router)
    one.answers(SECRET)
    one.ended()
    assert router.last(past)["auth_word"] == "--"


def test_what_belongs_behind_the_login_ends_the_connection(router):
    past = router.past()
    one = Client(router)
    one.methods()
    one.say((90,), "session", 0, 2 ** 20, 32768)
    one.ended()
    row = router.last(past)
    assert row["end_reason"] == "protocol-error" and "packet of type 90 before login" in row["end_text"], row


@pytest.mark.parametrize("count,answers", [(1, ()), (3, ("x",)), (255, ("x",))])
def test_answers_that_are_cut_short_are_refused_at_once(client, count, answers):
    assert client.ask("keyboard-interactive", "", "")[0] == QUESTION
    client.answers(*answers, count=count)
    assert client.answer()[0] == FAILURE
    assert client.ask("password", False, SECRET)[0] == SUCCESS


def test_a_new_request_gives_the_question_up(router):
    past = router.past()
    one = Client(router)
    assert one.ask("keyboard-interactive", "", "")[0] == QUESTION
    assert one.ask("password", False, "wrong")[0] == FAILURE
    one.answers(SECRET)
    assert one.answer()[0] == FAILURE
    one.close()
    assert router.last(past)["auth_word"] == "--"
    assert "Failed keyboard-interactive for user 'bob' from '127.0.0.1'" in router.output()
    assert "the questions were not answered" in router.output()


@pytest.fixture(scope="module")
def place():
    one = Place()
    yield one
    subprocess.run(["rm", "-rf", one.directory], check=True)


@pytest.fixture
def challenging(place):
    one = RealServer(place, options=["--challenge"])
    yield one
    one.stop()


def test_rounds_of_questions_with_openssh(challenging):
    argv = ["-F", "none", "-p", str(challenging.port), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
            "LogLevel=INFO", "-o", "PreferredAuthentications=keyboard-interactive", "-o", "PubkeyAuthentication=no",
            "admin@127.0.0.1", "echo let in"]
    child = pexpect.spawn("ssh", argv, timeout=20, encoding="utf-8")
    for wait, say in ((r"Login of the lab[\s\S]*Password: ", "right horse"), (r"The challenge is 4711\.[\s\S]*Response: ", "1174"),
                      ("PIN: ", "0000")):
        child.expect(wait)
        child.sendline(say)
    child.expect(r"Your password expires soon\.")
    child.expect("let in")
    child.expect(pexpect.EOF)
    assert challenging.session()["auth_word"] == "key-intr"


def test_rounds_of_questions_with_paramiko(challenging):
    asked = []
    answers = {"Password: ": "right horse", "Response: ": "1174", "PIN: ": "0000"}

    def handler(title, instructions, prompts):
        asked.append((title, instructions, [tuple(p) for p in prompts]))
        return [answers[text] for text, _ in prompts]

    transport = paramiko.Transport(("127.0.0.1", challenging.port))
    transport.start_client(timeout=15)
    transport.auth_interactive("admin", handler)
    assert transport.is_authenticated()
    transport.close()
    assert asked == [("Login of the lab", "", [("Password: ", False)]),
                     ("", "The challenge is 4711.", [("Response: ", True), ("PIN: ", False)]), ("", "Your password expires soon.", [])]


@pytest.mark.parametrize("said", [["wrong"], ["right horse", "1174", "0001"]])
def test_a_wrong_answer_in_any_round(challenging, said):
    left = list(said)
    transport = paramiko.Transport(("127.0.0.1", challenging.port))
    transport.start_client(timeout=15)
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_interactive("admin", lambda title, instructions, prompts: [left.pop(0) for _ in prompts])
    transport.close()
    assert challenging.end() == ("authentication-failed", "keyboard-interactive: wrong answer to the challenge")


# ---- banner, deadline ----

def talkative(argv):
    return ["LogLevel=INFO" if word == "LogLevel=ERROR" else word for word in argv]


def test_the_banner_comes_once_before_the_first_answer(own_router):
    router = own_router
    assert "%" not in router.configure(r"ssh server banner Authorized users only\nAll is logged")
    text = "Authorized users only\nAll is logged\n"
    one = Client(router)
    one.methods()
    assert one.banners == [text]
    assert one.ask("password", False, "wrong")[0] == FAILURE and one.ask("none")[0] == FAILURE and one.banners == [text]
    one.close()
    # a client that does not begin with "none"
    one = Client(router)
    assert one.ask("password", False, SECRET)[0] == SUCCESS and one.banners == [text]
    one.close()
    done = run(["sshpass", "-p", SECRET, *talkative(router.ssh_argv("show clock", user="bob", key=False))])
    assert done.returncode == 0 and done.stdout.replace("\r", "").count(text) == 1, done.stdout
    assert "%" not in router.configure("no ssh server banner")
    one = Client(router)
    one.methods()
    assert one.banners == []
    one.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes network namespaces")
def test_a_vrf_has_its_own_banner_methods_and_limit(own_router):
    router = own_router
    name = f"sp-auth-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        out = router.configure("ssh server banner of the server", f"ssh server vrf {name} banner of the VRF",
                               f"ssh server vrf {name} disable auth-methods password",
                               f"ssh server vrf {name} disable auth-methods keyboard-interactive")
        assert "%" not in out, out
        wait_for(lambda: [l for l in router.server()["listeners"] if l["vrf"] == name and l["state"] == "up"], what="the listener")
        argv = talkative(router.ssh_argv("show clock", user="bob", key=False, options=["PreferredAuthentications=none"]))
        inside = run(["ip", "netns", "exec", name, *argv])
        outside = run(argv)
        assert "of the VRF" in inside.stdout and "(publickey)" in inside.stdout, inside.stdout
        assert "of the server" in outside.stdout and "(publickey,keyboard-interactive,password)" in outside.stdout, outside.stdout
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.mark.parametrize("state", ["silent", "asked"])
def test_the_deadline_holds_over_the_whole_authentication(own_router, state):
    router = own_router
    assert "%" not in router.configure("ssh timeout 5")
    past = router.past()
    started = time.monotonic()
    one = Client(router)
    if state == "asked":
        # answers do not win more time
        wait_for(lambda: time.monotonic() - started > 3, what="a part of the time")
        assert one.ask("password", False, "wrong")[0] == FAILURE
        assert one.ask("keyboard-interactive", "", "")[0] == QUESTION
    one.ended(12)
    assert 4.5 <= time.monotonic() - started < 9
    row = router.last(past)
    assert row["end_reason"] == "authentication-timeout", row
    assert "No authentication within 5 s from '127.0.0.1'" in router.output()


# ---- events ----

def test_success_and_logout_in_the_words_of_the_reference(router):
    past = router.past()
    router.ssh("show clock", check=0)
    row = router.last(past)
    cipher, mac, vty = row["cipher_in"], row["mac_in"], row["vty"]
    assert f"%SECURITY-SSHD-6-INFO_SUCCESS : Successfully authenticated user 'admin' from '127.0.0.1' on 'vty{vty}'" \
           f"(cipher '{cipher}', mac '{mac}')" in router.output()
    assert f"%SECURITY-SSHD-6-INFO_USER_LOGOUT : User 'admin' from '127.0.0.1' logged out on 'vty{vty}'" in router.output()
