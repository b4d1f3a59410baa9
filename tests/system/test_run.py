# SPDX-License-Identifier: GPL-3.0-or-later
"""run: a Linux shell for root-lr, an event for each, and for nobody else by whatever way."""
import os
import re
import signal
import subprocess

import pexpect
import pytest

from conftest import wait_for

EVENT = "%SECURITY-SHELL-5-RUN : "


@pytest.fixture(scope="module")
def users(product):
    """An operator and a netadmin beside admin."""
    key = open(product.key + ".pub", encoding="ascii").read().split()
    said = product.configure("username looker group operator", f"username looker keystring {key[0]} {key[1]}",
                             "username neta group netadmin", f"username neta keystring {key[0]} {key[1]}")
    assert "% " not in said, said


def shell(product, user="admin"):
    argv = product.ssh_argv(user=user, options=["RequestTTY=yes"])
    child = pexpect.spawn(argv[0], argv[1:], timeout=15, dimensions=(60, 200))
    child.delaybeforesend = None
    child.expect("#$")
    return child


def test_a_command_its_status_and_its_event(product):
    done = product.ssh("run uname -a")
    assert done.returncode == 0 and "Linux" in done.stdout, done.stdout + done.stderr
    assert EVENT + "User 'admin' (process " in product.output() and "runs 'uname -a'" in product.output()
    assert product.ssh("run exit 7").returncode == 7
    assert product.ssh("run kill -9 $$").returncode == 137
    done = product.ssh("run echo 'a  b' | tr a-z A-Z | sed 's/A/x|y/'; echo \"to  err\" >&2")
    assert done.stdout.endswith("x|y  B\n") and done.stderr == "to  err\n"
    assert "runs 'echo 'a  b' | tr a-z A-Z" in product.output()
    # its input is the session's
    assert product.ssh("run cat", text_in="one\ntwo\n").stdout.endswith("one\ntwo\n")


def test_who_it_is(product):
    if os.geteuid() != 0:
        pytest.skip("one uid for all")
    done = product.ssh("run id -u; grep -E 'NoNewPrivs|CapEff|CapPrm' /proc/self/status; ls /proc/self/fd; env")
    lines = done.stdout.splitlines()
    lines = lines[lines.index([line for line in lines if line.isdigit()][0]):]
    assert int(lines[0]) >= 1879100000
    assert {"NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000"} <= set(lines)
    assert not re.search(r"^SALLYPORT_(SOCK|FILES)", done.stdout, re.M)
    descriptors = [line for line in lines[4:] if line.isdigit()]
    assert set(descriptors) <= {"0", "1", "2", "3"}, descriptors  # 3: ls itself


def test_a_shell_on_the_terminal(product):
    child = shell(product)
    child.send("run\r")
    child.expect(r"[$#] $")
    child.send("tty; stty -a | tr ';' '\\n' | grep -cw -e '[^-]icanon' -e '[^-]echo'; echo $((6*7))\r")
    child.expect("/dev/pts/[0-9]+\r\n.*42\r\n")
    child.expect(r"[$#] $")
    child.send("echo $((1+1))go; sleep 1000\r")
    child.expect("2go\r\n")
    child.send("\x03")
    child.expect(r"[$#] $")
    child.send("exit 3\r")
    child.expect(r"CPU0:\S+#$")
    assert "runs a Linux shell" in product.output()
    # the line editor has its terminal back: echo once, help at a key
    child.send("show cl?")
    child.expect("clock")
    child.expect("show cl$")
    child.send("ock\r")
    child.expect(r"UTC \w{3} ")
    # Ctrl-Z stops nothing that nobody could go on with; Ctrl-C ends a command, and the prompt is back each time
    for key in ("\x1a\x03", "\x03", "\x1c"):
        child.send("run echo $((1+1))go; exec sleep 1000\r")
        child.expect("2go\r\n")
        child.send(key)
        child.expect(r"CPU0:\S+#$")
    child.send("configure\r")
    child.expect(r"\(config\)#$")
    child.send("do run echo from $((1+1))\r")
    child.expect("from 2\r\n")
    child.expect(r"\(config\)#$")
    child.close(force=True)


def test_a_terminal_that_goes_away_takes_it_along(product):
    child = shell(product)
    child.send("run\r")
    child.expect(r"[$#] $")
    child.send("echo pid=$$; sleep 4242\r")
    child.expect(r"pid=(\d+)\r\n")
    pid = int(child.match.group(1))
    assert os.path.exists(f"/proc/{pid}")
    child.kill(signal.SIGKILL)
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), what="the end of the shell")
    child.close(force=True)


def test_nobody_else(product, users):
    for user in ("looker", "neta"):
        for line in ("run id", "run", "show version | run id", "show version | ! id", "show version | utility sh", "!id", "do run id"):
            done = product.ssh(line, user=user)
            assert "uid=" not in done.stdout, (user, line, done.stdout)
        assert "This command is not authorized" in product.ssh("run id", user=user).stdout
        child = shell(product, user)
        child.send("?")
        child.expect("terminal")
        child.expect("#$")
        assert not re.search(rb"^  run ", child.before, re.M)
        child.send("ru\t\r")
        child.expect("#$")
        # neither the pager, nor keys of the editor, nor names of files start anything
        child.send("terminal length 3\r")
        child.expect("#$")
        child.send("show version\r")
        child.expect(" --More-- ")
        for key in ("!id\r", "v", "|id\r", ":e /etc/passwd\r", "E", "s/tmp/x\r", "\x18\x05", "\x1bv", "q"):
            child.send(key)
        child.expect("#$")
        for key in ("\x18\x05", "\x1bv", "\x1b!", "\x1bx", "\x1b:", "`id`\r", "$(id)\r", "dir ;id\r", "more |id\r", "copy `id` x\r"):
            child.send(key)
        child.send("\x03\r")
        child.send("show clock\r")
        child.expect(r"UTC \w{3} ")
        assert b"uid=" not in child.before
        child.close(force=True)
    # nor does the environment of a client reach it
    done = product.ssh("run env", options=["SendEnv=LC_ALL", "SetEnv=LC_ALL=C BASH_ENV=/tmp/x ENV=/tmp/x LD_PRELOAD=/tmp/x.so PAGER=/bin/sh"])
    assert not re.search(r"^(BASH_ENV|ENV|LD_PRELOAD|PAGER)=", done.stdout, re.M)


def test_it_is_not_started_unrecorded(own_product):
    """Without sallyport-sshd nobody writes the event; so there is no shell."""
    own_product.kill_daemon("sallyport-sshd")
    done = own_product.cli("run", "echo", "recorded")
    assert done.stdout.endswith("recorded\n")
    os.kill(own_product.process.pid, signal.SIGSTOP)  # nobody restarts it now
    try:
        os.kill(own_product.daemon_pid("sallyport-sshd"), signal.SIGKILL)
        wait_for(lambda: "not running" in own_product.cli("run", "echo", "unrecorded").stdout, what="the refusal")
    finally:
        os.kill(own_product.process.pid, signal.SIGCONT)
