# SPDX-License-Identifier: GPL-3.0-or-later
"""Transports are forked from a warm spawner: few from each, none after a crash, and nothing is lost where there is none."""
import hashlib
import os
import re
import signal
import subprocess
import time

import pytest
from cryptography.hazmat.primitives import serialization

from conftest import Product, make_directory, wait_for

BIG = 24 * 1024 * 1024


def status(pid, field):
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].split() for line in file if line.startswith(field + ":"))
    except (OSError, StopIteration):
        return []


def children(pid):
    return [int(p) for p in os.listdir("/proc") if p.isdigit() and status(p, "PPid") == [str(pid)]]


def is_spawner(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"--spawner" in file.read()
    except OSError:
        return False


def spawners(product):
    return [pid for pid in children(product.daemon_pid("sallyport-sshd")) if is_spawner(pid)]


def transports(product):
    """{transport: spawner}"""
    return {child: spawner for spawner in spawners(product) for child in children(spawner)}


class Session:
    """A connection that stays: no command, no shell."""

    def __init__(self, product):
        before = len(product.sessions())
        self.process = subprocess.Popen(product.ssh_argv()[:1] + ["-N"] + product.ssh_argv()[1:], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_for(lambda: sum(s["session"]["user"] == "admin" and s["session"]["uid"] != 0 for s in product.sessions()) > before or
                 self.process.poll() is not None, what="the session")

    def close(self):
        self.process.terminate()
        self.process.wait()


def with_connections(number):
    os.environ["SALLYPORT_SPAWNER_CONNECTIONS"] = str(number)
    try:
        return Product(make_directory()).start()
    finally:
        del os.environ["SALLYPORT_SPAWNER_CONNECTIONS"]


def test_a_transport_is_a_child_of_a_spawner_and_has_nothing(product):
    session = Session(product)
    try:
        pid, spawner = next(iter(transports(product).items()))
        for process in (pid, spawner):
            if os.geteuid() == 0:
                assert "0" not in status(process, "Uid") + status(process, "Gid") and status(process, "Groups") == []
                assert os.listdir(f"/proc/{process}/root") == []
            assert status(process, "CapEff") == status(process, "CapPrm") == ["0" * 16]
            assert status(process, "NoNewPrivs") == ["1"]
        assert status(pid, "Seccomp") == ["2"]
        # the connection twice (libssh's and ours), requests and events; standard descriptors are /dev/null
        fds = {os.readlink(f"/proc/{pid}/fd/{fd}").split(":")[0] for fd in os.listdir(f"/proc/{pid}/fd")}
        assert fds == {"/dev/null", "socket"} and len(os.listdir(f"/proc/{pid}/fd")) == 7
        # libssh would bring them; services/ssh/gssapi_none.c says why they stay away
        with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
            assert not re.findall("lib(?:gssapi|krb5|k5crypto|com_err|keyutils)", maps.read())
    finally:
        session.close()


def memory(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb") as file:
        for line in maps:
            if "r" not in line.split()[1] or "[v" in line:
                continue
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            try:
                file.seek(start)
                yield file.read(end - start)
            except OSError:
                pass


@pytest.mark.skipif(os.geteuid() != 0, reason="reads memory of other users")
def test_no_private_key_in_spawner_or_transport(product):
    with open(os.path.join(product.run_dir, "state", "ssh", "ssh_host_ed25519_key"), "rb") as file:
        key = serialization.load_pem_private_key(file.read(), None)
    secret = key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    session = Session(product)
    try:
        pid, spawner = next(iter(transports(product).items()))
        assert any(public in block for block in memory(pid))
        assert not any(secret in block for process in (pid, spawner) for block in memory(process))
        # the control: who signs has it
        assert any(secret in block for block in memory(product.daemon_pid("sallyport-sshd")))
    finally:
        session.close()


def test_a_spawner_serves_so_many_connections_and_no_more():
    product = with_connections(3)
    try:
        first = wait_for(lambda: spawners(product))
        held = [Session(product) for _ in range(7)]
        served = {}
        for child, spawner in transports(product).items():
            served.setdefault(spawner, []).append(child)
        assert sum(map(len, served.values())) == 7 and sorted(map(len, served.values())) == [1, 3, 3], served
        assert first[0] in served
        for session in held:
            session.close()
        # used ones end with their last transport
        wait_for(lambda: first[0] not in spawners(product), what="the end of the first spawner")
    finally:
        product.stop()


def test_a_crash_of_a_transport_ends_the_service_of_its_spawner(own_product):
    product = own_product
    session, other = Session(product), Session(product)
    found = transports(product)
    assert len(found) == 2 and len(set(found.values())) == 1
    old = next(iter(found.values()))
    os.kill(max(found), signal.SIGSEGV)
    wait_for(lambda: session.process.poll() is not None or other.process.poll() is not None, what="the end of one session")
    wait_for(lambda: "died by signal 11" in product.output(), what="the event")
    new = Session(product)
    assert [spawner for spawner in transports(product).values() if spawner != old], "the old layout was used again"
    # the session beside the one that crashed lives on
    assert [session.process.poll(), other.process.poll()].count(None) == 1
    for one in (session, other, new):
        one.close()


def test_sessions_outlive_their_spawner(own_product):
    product = own_product
    session = Session(product)
    pid, spawner = next(iter(transports(product).items()))
    os.kill(spawner, signal.SIGKILL)
    wait_for(lambda: not os.path.exists(f"/proc/{spawner}"), what="the death of the spawner")
    assert product.ssh("show clock", check=0)
    assert session.process.poll() is None and os.path.exists(f"/proc/{pid}")
    # and are ended by the operator all the same
    live = [s["session"] for s in product.sessions() if s["session"]["user"] == "admin"]
    assert live
    product.cli("clear", "ssh", str(live[0]["id"]))
    wait_for(lambda: session.process.poll() is not None, what="the end of the session")
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), what="the end of the transport")


def test_without_a_spawner_each_connection_executes_its_own():
    product = with_connections(0)
    try:
        assert product.ssh("show clock", check=0)
        assert spawners(product) == []
    finally:
        product.stop()


def test_a_request_that_no_spawner_takes_is_served_all_the_same(own_product):
    """The spawner is stopped with the request unread, and dies: the monitor executes a transport, the client sees nothing."""
    product = own_product
    ready = wait_for(lambda: spawners(product))
    for pid in ready:
        os.kill(pid, signal.SIGSTOP)
    client = subprocess.Popen(product.ssh_argv("show clock"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    wait_for(product.sessions, what="the connection")
    time.sleep(0.2)  # nothing else may answer it meanwhile
    assert client.poll() is None
    for pid in ready:
        os.kill(pid, signal.SIGKILL)
    out, _ = client.communicate(timeout=20)
    assert client.returncode == 0, out
    assert "No spawner of transports" in product.output()


@pytest.mark.parametrize("cipher", ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr"])
def test_bytes_are_the_same_through_rekeys_both_ways(product, cipher, tmp_path):
    data = os.urandom(BIG)
    (tmp_path / "up").write_bytes(data)
    options = product.ssh_argv()[1:-1]
    options[options.index("-p")] = "-P"
    batch = f"put {tmp_path}/up /harddisk:/spawner-test\nget /harddisk:/spawner-test {tmp_path}/down\nrm /harddisk:/spawner-test\n"
    done = subprocess.run(["sftp", "-q", "-o", "RekeyLimit=1M", "-o", f"Ciphers={cipher}", "-b", "-", *options, "admin@127.0.0.1"],
                          input=batch, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + product.output()
    assert hashlib.md5((tmp_path / "down").read_bytes()).digest() == hashlib.md5(data).digest()

