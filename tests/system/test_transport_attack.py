# SPDX-License-Identifier: GPL-3.0-or-later
"""A transport that was taken over: whatever it says to its monitor is refused, ends in an event, and starts nothing."""
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from conftest import BUILD, wait_for

TOOLS = os.path.join(BUILD, "tests", "tool")
START, SIGN, VERIFY, ALGORITHMS, NONE, PASSWORD, QUERY, KEY, OPEN, PTY, ENV, SHELL, EXEC, SUBSYSTEM, WINDOW, SIGNAL = range(1, 17)
NEGOTIATION = 21
QUESTIONS, ANSWERS = 22, 23
DENIED, SUCCESS, DISCONNECT, MORE = 0, 1, 3, 4


class Monitor:
    """One monitor with the attacking transport; the test is both the client's and the daemon's end."""

    def __init__(self, directory, case, *options, answer_end=True, keep_link=True):
        self.directory = directory
        self.answer_end = answer_end
        self.connection, theirs = socket.socketpair()
        self.link, their_link = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.log_path = os.path.join(directory, "log")
        self.messages = []
        self.text = ""
        self.connection.sendall(case.encode() + b"\n")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [os.path.join(TOOLS, "monitor_harness"), "--connection-fd", str(theirs.fileno()), "--link-fd", str(their_link.fileno()),
                 "--transport", os.path.join(TOOLS, "attack_transport"), "--cli", os.path.join(TOOLS, "attack_cli"),
                 "--user", "admin", "--password", "right horse", "--key", attack_key(), "--user", "guest", "--key", attack_key(),
                 *options, directory], pass_fds=(theirs.fileno(), their_link.fileno()), stderr=log, stdout=log, stdin=subprocess.DEVNULL)
        theirs.close()
        their_link.close()
        if not keep_link:
            self.link.close()
            self.link = None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def step(self, timeout_s=0.05):
        sources = [s for s in (self.connection, self.link) if s]
        for source in select.select(sources, [], [], timeout_s)[0]:
            try:
                data = source.recv(65536)
            except ConnectionResetError:  # it never read what we had sent
                data = b""
            if source is self.connection:
                self.text += data.decode(errors="replace")
                if not data:
                    self.connection.close()
                    self.connection = None
            elif not data:
                self.link.close()
                self.link = None
            else:
                self.messages.append(json.loads(data))
                if self.messages[-1]["type"] == "end" and self.answer_end:
                    self.link.send(json.dumps({"type": "recorded"}).encode())

    def run(self, timeout_s=30):
        """To the end; returns the session as the history gets it."""
        until = time.monotonic() + timeout_s
        while self.process.poll() is None:
            assert time.monotonic() < until, self.log() + self.text
            self.step()
        while self.link or self.connection:
            self.step(0)
        assert self.process.returncode == 0, self.log()
        assert self.messages and self.messages[-1]["type"] == "end", self.messages
        return self.messages[-1]["session"]

    def wait_text(self, pattern, timeout_s=10):
        until = time.monotonic() + timeout_s
        while not re.search(pattern, self.text):
            assert time.monotonic() < until and self.process.poll() is None, self.log() + self.text
            self.step()

    def answers(self):
        """[(request, first byte or None)] as the transport saw them."""
        found = []
        for line in self.text.splitlines():
            match = re.match(r"^(\d+) (gone|-?\d+)", line)
            if match:
                found.append((int(match[1]), None if match[2] == "gone" else int(match[2])))
        return found

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def attack_key(_cache=[]):
    if not _cache:
        _cache.append(subprocess.run([os.path.join(TOOLS, "attack_transport"), "--key"], check=True, capture_output=True,
                                     text=True).stdout.strip())
    return _cache[0]


@pytest.fixture(scope="module")
def place():
    directory = tempfile.mkdtemp(prefix="sallyport-attack-")
    for name in ("keys", "run", "empty"):
        os.mkdir(os.path.join(directory, name))
    os.chmod(os.path.join(directory, "run"), 0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def play(place):
    running = []

    def start(case, *options, **more):
        running.append(Monitor(place, case, *options, **more))
        return running[-1]
    yield start
    for monitor in running:
        monitor.stop()


def test_control_an_honest_transport_logs_in_by_key(play):
    monitor = play("honest")
    end = monitor.run()
    assert monitor.answers()[:5] == [(START, 0), (SIGN, 1), (VERIFY, 1), (KEY, SUCCESS), (OPEN, 1)]
    assert (EXEC, 1) in monitor.answers()
    assert "arg sallyport\narg -c\narg one two\n" in monitor.text and "to stderr" in monitor.text
    assert "event 64 channel 1 signaled 0 value 7" in monitor.text
    assert "%SECURITY-SSHD-6-INFO_SUCCESS : Successfully authenticated user 'admin' from '127.0.0.1' on 'vty3'(cipher '" in monitor.log()
    assert "%SECURITY-SSHD-6-INFO_USER_LOGOUT : User 'admin' from '127.0.0.1' logged out on 'vty3'" in monitor.log()
    assert end["end_reason"] == "exit" or end["end_reason"] == "client-closed", end
    assert end["auth_word"] == "ed25519-pubkey" and end["key_fingerprint"].startswith("SHA256:")
    assert end["host_key"] == "ssh-ed25519" and end["first_type"] == "Exec-Command" and "had_pty" not in end
    assert monitor.messages[0] == {"type": "hello"}
    states = [m["session"]["state"] for m in monitor.messages[1:]]
    assert "authenticated" in states and "SESSION_OPEN" in states and states[-1] == "session-closed"
    assert any(c["command"] == "one two" for m in monitor.messages for c in m.get("channels", []))


def test_control_what_a_program_starts_with(play):
    monitor = play("honest_password")
    end = monitor.run()
    text = monitor.text.replace("\r", "")
    assert (PASSWORD, SUCCESS) in monitor.answers() and (PTY, 1) in monitor.answers() and (SHELL, 1) in monitor.answers()
    assert [a for t, a in monitor.answers() if t == ENV] == [1, 0] and (SUBSYSTEM, 0) in monitor.answers()
    assert "this server has no files" in monitor.log()
    assert "arg -sallyport\n" in text and "tty 1 foreground 1" in text
    env = dict(line[4:].split("=", 1) for line in text.splitlines() if line.startswith("env "))
    assert env["TERM"] == "vt100" and env["LC_ALL"] == "C.UTF-8" and "LD_PRELOAD" not in env
    assert env["SSH_CONNECTION"] == "127.0.0.1 4711 127.0.0.1 5520" and env["SALLYPORT_SESSION"] == "7"
    assert env["SALLYPORT_LINE"] == "vty3" and env["SALLYPORT_VRF"] == "default" and env["USER"] == "admin"
    assert env["SSH_TTY"].startswith("/dev/pts/") and env["SALLYPORT_SOCK_FD"] == "3"
    assert "fds f\n" in text, text
    assert "core 0 umask 22" in text and " sid 1 " in text
    assert not re.search(r"^Cap(Eff|Prm|Inh|Amb):\s*0*[1-9a-f]", text, re.M)
    for mask in re.findall(r"^Sig(?:Blk|Ign):\s*([0-9a-f]+)", text, re.M):
        assert int(mask, 16) & 0x7fffffff == 0, text  # 32 and 33 are the C library's own and cannot be set
    assert re.search(r"^NoNewPrivs:\s*1", text, re.M)
    if os.geteuid() == 0:
        uid = int(re.search(r"^uid (\d+) ", text, re.M)[1])
        assert uid != 0 and end["uid"] == uid
        assert re.search(rf"^uid {uid} {uid} gid (\d+) \1 ", text, re.M)
    assert end["had_pty"] and end["auth_word"] == "password" and end["first_type"] == "Command-Line-Interface"


def test_control_keyboard_interactive_lets_in(play):
    monitor = play("kbdint_honest")
    end = monitor.run()
    assert monitor.answers()[2:5] == [(QUESTIONS, MORE), (ANSWERS, SUCCESS), (OPEN, 1)]
    assert (end["authentication"], end["auth_word"]) == ("key-intr", "key-intr")


# case, a request, the answers it got before the connection was ended, what the event says
REFUSED = [
    ("sign_other_data", SIGN, [], "asked to sign 100 bytes that are no hash"),
    ("sign_unknown_key", SIGN, [], "a key that is not a host key"),
    ("sign_sha1", SIGN, [], "digest 'SHA1', which the key does not use"),
    ("sign_often", SIGN, [1], "request 2 more than 1 times"),
    ("verify_other_session", KEY, [DENIED], "signed for another connection"),
    ("verify_before_kex", KEY, [], "asked to authenticate before the key exchange"),
    ("verify_bad_signature", KEY, [DENIED], "the signature is wrong"),
    ("key_never_proved", EXEC, [], "no proof that the client holds this key"),
    ("key_never_proved", EXEC, [], "request 13, which is not permitted before authentication"),
    ("proof_of_other_user", KEY, [DENIED], "no proof that the client holds this key"),
    ("proof_spoiled_by_second", KEY, [DENIED], "the signature is wrong"),
    ("user_changed", PASSWORD, [DENIED, DISCONNECT], "the user name was changed"),
    ("exec_before_auth", EXEC, [], "request 13, which is not permitted before authentication"),
    ("open_before_auth", OPEN, [], "request 9, which is not permitted before authentication"),
    ("pty_before_kex", PTY, [], "request 10, which is not permitted before authentication"),
    ("start_twice", START, [0], "request 1, which is not permitted before authentication"),
    ("algorithms_twice", ALGORITHMS, [-1], "request 4 more than 1 times"),
    ("negotiation_twice", NEGOTIATION, [-1], "request 21 more than 1 times"),
    ("negotiation_kind", NEGOTIATION, [], "request 21: malformed"),
    ("password_before_kex", PASSWORD, [], "asked to authenticate before the key exchange"),
    ("kbdint_before_kex", QUESTIONS, [], "asked to authenticate before the key exchange"),
    ("kbdint_answers_first", ANSWERS, [], "answered questions before anybody asked for any"),
    ("kbdint_answers_unasked", ANSWERS, [DENIED] * 4, "answers that nobody asked for"),
    ("kbdint_answers_unasked", OPEN, [], "another number of answers than of questions"),
    ("kbdint_many_answers", ANSWERS, [], "request 23: malformed"),
    ("kbdint_after_auth", QUESTIONS, [], "request 22, which is not permitted after authentication"),
    ("auth_after_auth", PASSWORD, [], "request 6, which is not permitted after authentication"),
    ("junk", START, [], "a record of no right size"),
    ("surplus", START, [], "request 1: malformed"),
    ("cut", PASSWORD, [], "request 6: malformed"),
    ("oversize", START, [], "a record of no right size"),
    ("unknown_type", 999, [], "request 999, which is not permitted"),
    ("event_as_request", 65, [], "request 65, which is not permitted"),
    ("channel_not_open", EXEC, [], "spoke of channel 2, which is not open"),
    ("channel_zero", OPEN, [], "which is no number of a channel"),
    ("channel_twice", OPEN, [1], "opened channel 1, which is open already"),
    ("deaf", START, [], "does not read its answers"),
    ("speaks_on_events", OPEN, [], "request 9, which is not permitted before authentication"),
    ("login_replayed", VERIFY, [1], "request 3, which is not permitted after authentication"),
    ("sign_other_data_after_login", SIGN, [1], "asked to sign 100 bytes that are no hash"),
]


@pytest.mark.parametrize("case,request_type,answers,event", REFUSED)
def test_refused(play, case, request_type, answers, event):
    monitor = play(case)
    end = monitor.run()
    assert event in monitor.log(), monitor.log()
    assert [a for t, a in monitor.answers() if t == request_type and a is not None] == answers, monitor.text
    assert "arg " not in monitor.text
    if DENIED not in answers[:1] or case == "start_twice":
        assert end["end_reason"] == "protocol-error", end
    if case not in ("auth_after_auth", "kbdint_after_auth", "event_as_request", "channel_not_open", "channel_zero", "channel_twice",
                    "login_replayed", "sign_other_data_after_login"):
        assert "Successfully authenticated" not in monitor.log()


def test_what_a_client_offers_in_vain_stays_one_line(play):
    monitor = play("negotiation_twice")
    monitor.run()
    lines = [line for line in monitor.log().splitlines() if "no cipher in common" in line]
    assert len(lines) == 1 and "'ssh server enable cipher aes-cbc' would offer aes128-cbc" in lines[0], monitor.log()
    assert "forged" in lines[0] and not re.search(r"^%SECURITY", monitor.log(), re.M), lines


def test_channels_are_bounded(play):
    monitor = play("channels_many")
    monitor.run()
    assert [a for t, a in monitor.answers() if t == OPEN] == [1] * 10 + [0, 0]
    assert "one more is refused" in monitor.log()


def test_one_program_per_channel(play):
    monitor = play("two_programs")
    monitor.run()
    assert [a for t, a in monitor.answers() if t == EXEC] == [1, 0]
    assert "arg two" not in monitor.text


def test_password_tries_end_and_take_their_time(play):
    monitor = play("passwords", "--max-tries", "4")
    started = time.monotonic()
    end = monitor.run()
    assert [a for t, a in monitor.answers() if t == PASSWORD] == [DENIED, DENIED, DENIED, DISCONNECT, DISCONNECT]
    assert [a for t, a in monitor.answers() if t == OPEN and a is not None] == []
    assert time.monotonic() - started >= 4 * 0.3
    assert end["end_reason"] == "authentication-failed"
    assert monitor.log().count("Failed password for user 'admin'") == 4 and "Too many authentication tries (4)" in monitor.log()


def test_guesses_at_once_are_heard_one_by_one(play):
    """As many as without, and no faster; the right one comes too late."""
    monitor = play("guesses_at_once", "--max-tries", "4")
    started = time.monotonic()
    end = monitor.run()
    # it is ended for what comes behind them, maybe before it has read all answers
    answers = [a for t, a in monitor.answers() if t == PASSWORD]
    assert answers[:3] == [DENIED] * 3 and set(answers[3:]) <= {DISCONNECT}, monitor.text
    assert monitor.log().count("Failed password for user 'admin'") == 4 and "Too many authentication tries (4)" in monitor.log()
    assert time.monotonic() - started >= 4 * 0.3
    assert end["end_reason"] == "authentication-failed" and "Successfully authenticated" not in monitor.log()


def test_a_proof_is_worth_nothing_once_the_transport_was_told_to_go(play):
    monitor = play("proof_after_the_end")
    end = monitor.run()
    assert [a for t, a in monitor.answers() if t in (PASSWORD, KEY)] == [DENIED, DISCONNECT, DISCONNECT, DISCONNECT], monitor.text
    assert "request 9, which is not permitted before authentication" in monitor.log() and "Successfully" not in monitor.log()
    assert end["end_reason"] == "authentication-failed"


def test_descriptors_sent_to_the_monitor_are_closed(play):
    monitor = play("gives_descriptors")
    monitor.run()
    assert monitor.text.splitlines()[0] == "0"


def test_a_transport_that_dies_by_a_signal_is_an_event(play):
    monitor = play("dies")
    end = monitor.run()
    assert "died by signal 31 (SIGSYS)" in monitor.log()
    assert end["end_reason"] == "protocol-error"


def test_a_silent_transport_meets_the_login_deadline(play):
    monitor = play("silent", "--timeout", "1")
    started = time.monotonic()
    end = monitor.run()
    assert 1.0 <= time.monotonic() - started < 4.0
    assert "No authentication within 1 s" in monitor.log()
    assert end["end_reason"] == "authentication-timeout"


def program_pid(monitor):
    for pid in os.listdir("/proc"):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if int(fields[1]) == monitor.process.pid and b"stay" in file.read():
                    return int(pid)
        except (OSError, ValueError, IndexError):
            pass
    return 0


def test_a_program_goes_with_its_transport_even_when_it_will_not_hear(play):
    monitor = play("stays")
    monitor.wait_text(r"(?m)^13 1 fds 1")
    pid = wait_for(lambda: program_pid(monitor))
    with open(f"/proc/{monitor.process.pid}/task/{monitor.process.pid}/children", encoding="ascii") as file:
        transport = [int(p) for p in file.read().split() if int(p) != pid]
    os.kill(transport[0], signal.SIGKILL)
    end = monitor.run()
    assert not os.path.exists(f"/proc/{pid}")
    assert "died by signal 9 (SIGKILL)" in monitor.log() and end["end_reason"] == "protocol-error"


def test_the_monitor_keeps_only_what_it_needs_of_root(play):
    if os.geteuid() != 0:
        pytest.skip("it has nothing to give up")
    monitor = play("stays")
    monitor.wait_text(r"(?m)^13 1 fds 1")
    with open(f"/proc/{monitor.process.pid}/status", encoding="utf-8") as file:
        status = dict(line.split(":\t", 1) for line in file.read().splitlines())
    # chown, kill, setgid, setuid, setpcap, sys_chroot
    needed = sum(1 << number for number in (0, 5, 6, 7, 8, 18))
    for name in ("CapPrm", "CapEff", "CapBnd"):
        assert int(status[name], 16) == needed, (name, status[name])
    assert int(status["CapInh"], 16) == 0 and int(status["CapAmb"], 16) == 0
    with open(f"/proc/{monitor.process.pid}/limits", encoding="utf-8") as file:
        assert re.search(r"Max core file size\s+0\s+0", file.read())
    # its program hears nothing but what a monitor that ends says
    monitor.link.send(json.dumps({"type": "terminate", "reason": "cleared", "text": "the test is over"}).encode())
    monitor.run()


def test_terminate_from_the_daemon_ends_the_session(play):
    monitor = play("stays")
    monitor.wait_text(r"(?m)^13 1 fds 1")
    monitor.link.send(json.dumps({"type": "terminate", "reason": "cleared", "text": "cleared by admin"}).encode())
    monitor.wait_text(r"event 65")
    end = monitor.run()
    assert end["end_reason"] == "cleared" and end["end_text"] == "cleared by admin"


def test_only_some_signals_reach_a_program(play):
    monitor = play("signals")
    monitor.run()
    # before there is a program, three that are not allowed, one that is, after the program has gone
    assert [a for t, a in monitor.answers() if t == SIGNAL] == [0, 0, 0, 0, 1, 0]
    assert "event 64 channel 1 signaled 1 value 15" in monitor.text


def test_a_history_row_is_waited_for_but_not_against_the_system(play):
    monitor = play("leaves", answer_end=False)
    until = time.monotonic() + 10
    while not monitor.messages or monitor.messages[-1]["type"] != "end":
        assert time.monotonic() < until
        monitor.step()
    with pytest.raises(subprocess.TimeoutExpired):
        monitor.process.wait(0.5)
    monitor.process.send_signal(signal.SIGTERM)
    monitor.process.wait(3)
    assert "could not be recorded" in monitor.log()


def test_the_system_can_stop_a_session(play):
    monitor = play("stays")
    monitor.wait_text(r"(?m)^13 1 fds 1")
    monitor.process.send_signal(signal.SIGTERM)
    monitor.wait_text(r"event 65")
    started = time.monotonic()
    assert monitor.run()["end_reason"] == "shutdown"
    assert time.monotonic() - started < 1.5


def test_programs_run_in_the_namespace_of_the_session(play):
    if os.geteuid() != 0:
        pytest.skip("only root makes network namespaces")
    name = f"sallyport-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        inside = subprocess.run(["ip", "netns", "exec", name, "readlink", "/proc/self/ns/net"], check=True, capture_output=True,
                                text=True).stdout.strip()
        assert inside != os.readlink("/proc/self/ns/net")
        monitor = play("honest", "--netns", name)
        monitor.run()
        assert f"netns {inside}\n" in monitor.text
        assert f"env SALLYPORT_VRF={name}\n" in monitor.text
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)
    # the namespace went between accept and start: nobody is let into another network
    monitor = play("honest", "--netns", name)
    assert monitor.run()["end_reason"] == "refused"
    assert "arg " not in monitor.text and "its namespace" in monitor.log()


def test_the_session_outlives_the_daemon_and_registers_again(play, place):
    path = os.path.join(place, "run", "sshd.sessions")
    monitor = play("stays", keep_link=False)
    monitor.wait_text(r"(?m)^13 1 fds 1")
    # no daemon for a while: nothing ends
    with pytest.raises(subprocess.TimeoutExpired):
        monitor.process.wait(0.3)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as daemon:
        daemon.bind(path)
        daemon.listen()
        daemon.settimeout(5)
        try:
            started = time.monotonic()
            first, _ = daemon.accept()
            assert time.monotonic() - started < 1.5
            state = json.loads(first.recv(65536))
            assert state["type"] == "session" and state["session"]["id"] == 7 and state["session"]["state"] == "SESSION_OPEN"
            assert state["channels"][0]["has_pty"] and state["session"]["pid"] == monitor.process.pid
            first.send(json.dumps({"type": "terminate", "reason": "cleared", "text": ""}).encode())
            # this daemon dies before the end is recorded: the next one is told
            while json.loads(first.recv(65536))["type"] != "end":
                pass
            first.close()
            monitor.link, _ = daemon.accept()
            end = monitor.run()
            assert end["end_reason"] == "cleared" and end["end_us"] > end["start_us"]
        finally:
            os.unlink(path)
