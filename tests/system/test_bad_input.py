# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes that no honest operator or client sends, over real SSH sessions: no crash, no hang, and nothing of them obeyed by a terminal."""
import os
import random
import re
import socket
import subprocess
import time

import paramiko
import pytest

from conftest import wait_for

PROMPT = rb"\r?RP/0/RP0/CPU0:[\w.-]+(\([\w-]+\))?#"
# everything that a terminal may obey, but the line ends of a pty
OBEYED = re.compile(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")


class Shell:
    def __init__(self, product, width=200, height=40):
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        self.client.connect("127.0.0.1", product.port, "admin", key_filename=product.key, look_for_keys=False, allow_agent=False, timeout=20)
        self.channel = self.client.invoke_shell(term="vt100", width=width, height=height)
        self.channel.settimeout(15)
        self.kept = b""
        self.until(PROMPT + b"$")

    def until(self, pattern, timeout_s=15.0, take=True):
        """What has come up to the end that matches; it is kept for the next when it is not taken."""
        text, until = self.kept, time.monotonic() + timeout_s
        # what is not taken may have come with all that follows it
        while not re.search(pattern, text[-4000:] if take else text):
            assert time.monotonic() < until, (pattern, text[-300:])
            data = self.channel.recv(65536)
            assert data, text[-300:]
            text += data
        self.kept = b"" if take else text
        return text

    def send(self, data):
        self.channel.sendall(data)

    def still_there(self):
        """A line is dropped, and the next one answered."""
        self.send(b"\x03show clock\r")
        return self.until(rb"\d\d:\d\d:\d\d\.\d{3} UTC \w{3} \w{3} [ \d]\d \d{4}\r\n" + PROMPT + b"$", 30)

    def close(self):
        self.client.close()


@pytest.fixture
def shell(product):
    opened = []

    def start(**more):
        opened.append(Shell(product, **more))
        return opened[-1]
    yield start
    for one in opened:
        one.close()


def clis(product):
    """Processes of sessions' shells."""
    listed = subprocess.run(["ps", "-eo", "pid=,args="], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line.split()[0] for line in listed.splitlines() if re.match(r"\s*\d+ -sallyport", line)]


@pytest.mark.parametrize("size,refused", [(65_000, False), (65_537, True), (400_000, True)])
def test_long_lines(shell, size, refused):
    one = shell()
    one.send(b"show " + b"x" * (size - 5) + b"\r")
    said = one.until(PROMPT + b"$", 60)
    wanted = b"the line is longer than 65536 bytes" if refused else b"% Invalid input detected at '^' marker."
    while wanted not in said:
        said += one.until(PROMPT + b"$", 60)
    one.still_there()
    # a long operand, a long pattern, a name that is too long, a list without end
    for line in (b"show running-config " + b"y" * 60_000, b"show version | include " + b"(" * 5000, b"dir disk0:/" + b"z" * 5000,
                 b"configure\rusername " + b"u" * 3000 + b"\rabort", b"show version " + b"| count " * 5000):
        one.send(line + b"\r")
        one.still_there()


@pytest.mark.parametrize("data", [
    b"\x00" * 1000, b"show\x00 version\r", b"\xff\xfe\xfd\r", b"\xc3\r", b"\xe2\x82\r", b"\xed\xa0\x80\r", b"\xf4\x90\x80\x80\r", b"\xc0\xaf\r",
    b"\xc2\x9b2J\r", b"\x1b[2J\x1b]0;t\x07\r", b"\x1b[?1049h\x1b[A\x1b[B\x1bOP\x1b[200~show\x1b[201~\r", b"\x16\x1b[2J\r", b"\x0e\x0f\x11\x13\x14\r",
    b"\x7f" * 500 + b"\x08" * 500 + b"\r", b"\r\n" * 300, b"?" * 50, b"\t" * 300, b"show ?\x00\xff?", b"a|b|c||\r", b"\"" * 999 + b"\r",
], ids=range(20))
def test_bytes_that_are_no_text(shell, data):
    one = shell()
    one.send(data)
    one.still_there()


def test_random_bytes(shell):
    chooser = random.Random(5)
    one = shell()
    for _ in range(30):
        # the two that leave: end of input, and exit typed by chance is not to be expected
        data = bytes(byte for byte in chooser.randbytes(300) if byte not in b"\x04\x1a")
        one.send(data)
        one.still_there()


def test_bytes_of_others_never_reach_the_terminal(product, shell):
    """User names, programs' versions, commands, terminal types, hosts to forward to, file names, comments: all come from elsewhere."""
    evil = "a\x1b[2J\x1b]0;owned\x07b\x9bc"
    for user in (evil, "x\r\nRP/0/RP0/CPU0:fake#", "\u202eroot"):
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        with pytest.raises(paramiko.SSHException):
            client.connect("127.0.0.1", product.port, user, "wrong", look_for_keys=False, allow_agent=False, timeout=20)
        client.close()
    for version in (b"SSH-2.0-\x1b[2Jevil\x07\r\n", b"SSH-2.0-x\x9b\xff\r\n", b"SSH-2.0-OpenSSH_9.2 \x1b]52;c;eA==\x07\r\n"):
        with socket.create_connection(("127.0.0.1", product.port), 10) as raw:
            raw.sendall(version + b"\x00\x00\x00\x0c")
            raw.settimeout(10)
            assert raw.recv(4096)
    shown = b""
    transport = paramiko.Transport(("127.0.0.1", product.port))
    transport.local_version = "SSH-2.0-paramiko\x1b[2J"
    try:
        transport.connect(username="admin", pkey=paramiko.PKey.from_path(product.key) if hasattr(paramiko.PKey, "from_path") else
                          paramiko.Ed25519Key.from_private_key_file(product.key))
        held = transport.open_session()
        held.get_pty(term=evil[:60])
        held.exec_command("show " + evil)
        held.recv_exit_status()
        for command in (f"show {evil}", f"more {evil}", f"dir {evil}", f"copy {evil} x", f"ping {evil}", f"show running-config {evil}",
                        f"e{evil}", f"show version | include {evil}", f"show version | {evil}"):
            channel = transport.open_session()
            channel.settimeout(15)
            channel.exec_command(command)
            shown += channel.makefile("rb").read() + channel.makefile_stderr("rb").read()
        sftp = transport.open_sftp_client()
        with sftp.open("harddisk:/" + evil, "w") as file:
            file.write("\x1b[31mred\x07\n")
        for port in (1, 9):
            with pytest.raises(paramiko.ChannelException):
                transport.open_channel("direct-tcpip", ("evil\x1b[2J.example", port), ("\x1b[2J", 1))
        one = shell()
        one.send(b"terminal length 0\r")
        one.until(PROMPT + b"$")
        for command in ("show ssh", "show ssh session details", "show users", "show ssh history details", "show ssh history failed",
                        "show logging", "dir harddisk:", "show configuration commit list detail", "show access-lists", "show vrf",
                        "show ssh history details | json", "show ssh penalties", "show clock"):
            one.send(command.encode() + b"\r")
            one.until(re.escape(command.encode()) + b"\r\n", take=False)
            said = one.until(PROMPT + b"$", 20)
            assert not OBEYED.search(said), (command, said)
            assert not re.search(rb"^RP/0/RP0/CPU0:fake#", said, re.M), (command, said)
            shown += said
        sftp.remove("harddisk:/" + evil)
    finally:
        transport.close()
    assert not OBEYED.search(shown), shown
    assert b"\xe2\x80\xae" not in shown  # what is read from right to left looks like another name
    assert b"?[2J" in shown, "none of it was shown at all"
    with open(product.log_path, "rb") as file:
        log = file.read()
    assert not OBEYED.search(log) and b"\n RP/0/RP0/CPU0:fake#" not in log and b"\x9b" not in log.replace(b"\xe2\x80\xae", b"")


def test_a_terminal_that_vanishes(product):
    """In the pager, in a question, in help, in the middle of a paste: the shell ends and its line is free again."""
    before = set(clis(product))
    for typed, until in ((b"show running-config\r", b" --More-- "), (b"configure\rvrf gone\rexit\r", None), (b"show ?", None),
                         (b"configure\r" + b"vrf pasted\r description half\r" * 200, None), (b"delete disk0:/nothing-there", None)):
        one = Shell(product, height=4)
        own = wait_for(lambda: set(clis(product)) - before, what="the shell")
        one.send(typed)
        if until:
            one.until(re.escape(until))
        one.client.get_transport().sock.close()  # without a word
        wait_for(lambda: not own & set(clis(product)), what=f"the end of the shell after {typed[:20]}")
    wait_for(lambda: not product.sessions(), what="no session")
    assert "vrf gone" not in product.cli("-c", "show running-config").stdout


def test_a_pager_left_open_holds_nobody_up(product, shell):
    one = shell(height=4)
    one.send(b"show running-config\r")
    one.until(b" --More-- $")
    mark = product.cli("-c", "show ssh").stdout
    session = re.search(r"^(\d+) .* SESSION_OPEN", mark, re.M)[1]
    # others look and commit meanwhile
    assert "% " not in product.configure("hostname meanwhile")
    assert product.ssh("show clock").returncode == 0
    product.cli("-c", f"clear ssh {session}")
    wait_for(one.channel.exit_status_ready, what="the end of the session")
    product.configure("no hostname")
