# SPDX-License-Identifier: GPL-3.0-or-later
"""Monitors are forked from a small process that knows the configuration and the host keys and no session: it may be killed, is
replaced when what it knows has changed, and what it forks sees nothing of other sessions."""
import os
import signal
import subprocess
import time

import pytest

from conftest import BIN, wait_for
from test_spawner import Session, memory, status, transports

MONITOR = os.path.realpath(os.path.join(BIN, "sallyport-monitor"))
SANITIZED = os.path.exists(MONITOR) and b"__asan_init" in open(MONITOR, "rb").read()
ADDRESS, TERMINAL = "127.0.0.77", "xterm-of-somebody-else"


def children(product):
    """pids of the daemon's children that run sallyport-monitor: the spawner, and the monitors."""
    found = []
    with open(f"/proc/{product.daemon_pid('sallyport-sshd')}/task/{product.daemon_pid('sallyport-sshd')}/children", encoding="ascii") as file:
        for pid in map(int, file.read().split()):
            try:
                if os.path.realpath(os.readlink(f"/proc/{pid}/exe")) == MONITOR:
                    found.append(pid)
            except OSError:
                pass
    return found


def spawner(product):
    """The one that serves; those that have been replaced end by themselves."""
    return wait_for(lambda: [p for p in children(product) if status(p, "Name") == ["sallyport-monit"]], what="the spawner")[-1]


def monitor_of(session):
    return session["session"]["pid"]


def live(product):
    return [s for s in product.sessions() if s["session"]["user"] == "admin" and s["session"]["uid"]]


def test_monitors_are_the_daemons_children_and_have_what_is_theirs(product):
    session = Session(product)
    try:
        pid = monitor_of(live(product)[-1])
        assert pid in children(product) and pid != spawner(product)
        sockets = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        # the link, requests and events of the transport, and the word of its spawner; the connection is the transport's
        assert sum(name.startswith("socket:") for name in sockets) == 4, sockets
        held = {os.readlink(f"/proc/{spawner(product)}/fd/{fd}") for fd in os.listdir(f"/proc/{spawner(product)}/fd")}
        assert not {name for name in sockets if name.startswith("socket:")} & held
        if os.geteuid() == 0:
            assert status(pid, "CapEff") != ["0" * 16] and int(status(pid, "CapEff")[0], 16) < int(status(spawner(product), "CapEff")[0], 16)
    finally:
        session.close()


@pytest.mark.skipif(os.geteuid() != 0 or SANITIZED, reason="reads memory of other users, of which a sanitizer has terabytes")
def test_no_session_is_in_the_memory_of_another(own_product):
    product = own_product
    argv = product.ssh_argv(options=[f"BindAddress={ADDRESS}"])
    first = subprocess.Popen(argv[:1] + ["-tt"] + argv[1:], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             env={**os.environ, "TERM": TERMINAL})
    wait_for(lambda: [s for s in live(product) if s["channels"]], what="the first session")
    others = set(transports(product))
    second = Session(product)
    try:
        by_address = {s["session"]["peer_address"]: monitor_of(s) for s in live(product)}
        mine = by_address[ADDRESS]
        theirs = next(pid for address, pid in by_address.items() if address != ADDRESS)
        daemon, nursery = product.daemon_pid("sallyport-sshd"), spawner(product)
        transport, = set(transports(product)) - others
        marks = [ADDRESS.encode(), TERMINAL.encode()]

        def has(pid):
            blocks = list(memory(pid))
            assert sum(map(len, blocks)) > 1 << 20, pid
            return [any(mark in block for block in blocks) for mark in marks]
        # the control: who should know does
        assert has(mine) == [True, True]
        assert has(daemon)[0]
        for pid in (theirs, nursery, transport):
            assert has(pid) == [False, False], (pid, status(pid, "Name"))
        # nor is there a way to the other's processes and files through a descriptor
        reach = {os.readlink(f"/proc/{mine}/fd/{fd}") for fd in os.listdir(f"/proc/{mine}/fd")}
        for pid in (theirs, nursery):
            found = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
            assert not {name for name in found & reach if name.startswith(("socket:", "/dev/pt"))}, found
    finally:
        second.close()
        first.kill()
        first.wait()


def test_a_spawner_that_dies_is_replaced_and_sessions_live_on(own_product):
    product = own_product
    session = Session(product)
    old = spawner(product)
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: "The spawner of monitors died by signal 9" in product.output(), what="the event")
    assert product.ssh("show clock", check=0)
    assert spawner(product) != old and session.process.poll() is None
    session.close()
    wait_for(lambda: not live(product), what="the end of the session")


def test_what_a_spawner_leaves_unread_is_asked_for_again(own_product):
    product = own_product
    old = spawner(product)
    os.kill(old, signal.SIGSTOP)
    client = subprocess.Popen(product.ssh_argv("show clock"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    wait_for(product.sessions, what="the connection")
    time.sleep(0.2)  # nobody else may answer it meanwhile
    assert client.poll() is None and product.sessions()[0]["session"]["pid"] == 0
    os.kill(old, signal.SIGKILL)
    out, _ = client.communicate(timeout=20)
    assert client.returncode == 0, out
    row = wait_for(product.history, what="the history row")[0]
    assert row["user"] == "admin", row


def test_a_crashed_monitor_and_a_commit_end_the_service_of_a_spawner(own_product):
    product = own_product
    session, other = Session(product), Session(product)
    old = spawner(product)
    os.kill(monitor_of(live(product)[0]), signal.SIGKILL)  # a sanitizer would catch any other
    wait_for(lambda: spawner(product) != old, what="another layout of memory")
    wait_for(lambda: not os.path.exists(f"/proc/{old}"), what="the end of the old spawner")
    assert [session.process.poll(), other.process.poll()].count(None) >= 1 and product.ssh("show clock", check=0)
    old = spawner(product)
    assert "%" not in product.configure("ssh timeout 77")
    wait_for(lambda: spawner(product) != old and not os.path.exists(f"/proc/{old}"), what="a spawner with the configuration")
    assert product.ssh("show clock", check=0)
    session.close()
    other.close()


def test_the_spawner_ends_with_its_daemon(own_product):
    product = own_product
    session = Session(product)
    old, pid = spawner(product), monitor_of(live(product)[0])
    product.kill_daemon("sallyport-sshd")
    wait_for(lambda: not os.path.exists(f"/proc/{old}"), what="the end of the spawner")
    wait_for(lambda: [s for s in live(product) if monitor_of(s) == pid], what="the session's registration")
    assert session.process.poll() is None and product.ssh("show clock", check=0)
    session.close()
