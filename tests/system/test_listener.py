# SPDX-License-Identifier: GPL-3.0-or-later
"""Where sallyport-sshd listens: commits, conflicts, namespaces that come and go, shortage of descriptors."""
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from conftest import free_ssh_ports, wait_for

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="makes network namespaces")


def listeners(product, vrf="default"):
    return [row for row in product.server()["listeners"] if row["vrf"] == vrf]


def states(product, vrf="default"):
    return {row["state"] for row in listeners(product, vrf)}


def identification(port, host="127.0.0.1"):
    """The first line of the service, or None when the connection is refused or closed."""
    try:
        with socket.create_connection((host, port), 5) as peer:
            peer.settimeout(5)
            return peer.makefile("rb").readline() or None
    except (ConnectionError, TimeoutError):
        return None


def failed_commit(product, *lines):
    done = product.cli(text_in="\n".join(["configure", *lines, "commit", "show configuration failed", "abort"]) + "\n")
    return done.stdout


@pytest.fixture
def netns():
    """Makes namespaces and removes them."""
    made = []

    def make(name):
        subprocess.run(["ip", "netns", "add", name], check=True)
        made.append(name)
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)

    make.made = made
    yield make
    for name in made:
        subprocess.run(["ip", "netns", "del", name], check=False)


def test_the_server_by_itself_is_that_of_the_default_vrf(own_product):
    """Seed, step 10: without a VRF the default one is meant, by "no" too; other settings stay, and so do live sessions."""
    product = own_product

    def running(word="running-config"):
        return product.cli("show", word, "ssh").stdout.split("\n", 1)[1]
    with subprocess.Popen(product.ssh_argv(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as live:
        wait_for(product.sessions, what="the session")
        before = running()
        product.configure("ssh server vrf red", "no ssh server")
        assert identification(product.port) is None
        assert running().replace("vrf red", "vrf default") == before
        product.configure("no ssh server vrf red")
        assert "SSH vrfs := none: no client can connect; ssh server\n" in product.cli("show", "ssh", "server").stdout
        assert "The SSH server is up in no VRF" in product.output()
        product.configure("ssh server")
        assert identification(product.port).startswith(b"SSH-2.0-")
        assert running("running-configuration") == before
        assert "hostname router1" in live.communicate("configure\nhostname router1\ncommit\nshow running-config hostname\n", 20)[0]


def test_both_families_listen_apart(own_product):
    product = own_product
    assert sorted((row["family"], row["state"]) for row in listeners(product)) == [("ipv4", "up"), ("ipv6", "up")]
    assert identification(product.port, "127.0.0.1").startswith(b"SSH-2.0-")
    assert identification(product.port, "::1").startswith(b"SSH-2.0-")


def test_new_port_moves_the_service_and_leaves_sessions_alone(own_product):
    product = own_product
    port = free_ssh_ports(1)[0]
    with subprocess.Popen(product.ssh_argv("-tt"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as live:
        wait_for(lambda: any(s["channels"] for s in product.sessions()), what="the session")
        session_id = product.sessions()[0]["session"]["id"]
        out = product.configure(f"ssh server port {port}")
        assert "% " not in out, out
        assert identification(port).startswith(b"SSH-2.0-")
        assert identification(product.port) is None
        assert session_id in [s["session"]["id"] for s in product.sessions()]
        live.stdin.write("show clock\nexit\n")
        live.stdin.flush()
        assert "UTC" in live.stdout.read() and live.wait(10) is not None
    out = product.configure("no ssh server port")
    assert "% " not in out, out
    assert identification(product.port).startswith(b"SSH-2.0-")
    assert identification(port) is None


def test_no_ssh_server_vrf_listens_nowhere(own_product):
    product = own_product
    product.configure("no ssh server vrf default")
    assert product.server()["listeners"] == []
    assert identification(product.port) is None
    product.configure("ssh server vrf default")
    assert states(product) == {"up"}


def test_refused_commit_names_the_port_line_and_changes_nothing(own_product):
    product = own_product
    port = free_ssh_ports(1)[0]
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        out = failed_commit(product, f"ssh server port {port}").split("show configuration failed")[-1]
        assert re.search(rf"ssh server port {port}\s*\n!!% .*VRF default .ipv4.: port {port} is in use by .*; stop that program", out), out
        assert identification(product.port).startswith(b"SSH-2.0-")
        assert {row["port"] for row in listeners(product)} == {product.port}
    assert "% " not in product.configure(f"ssh server port {port}")
    assert {row["port"] for row in listeners(product)} == {port}


@needs_root
def test_port_taken_in_a_namespace_names_the_vrf_line(own_product, netns):
    product = own_product
    netns("taken")
    holder = subprocess.Popen(["ip", "netns", "exec", "taken", "/usr/bin/python3", "-c",
                               "import socket, sys; s = socket.socket(); s.bind(('', int(sys.argv[1]))); s.listen(); "
                               "print('there', flush=True); sys.stdin.read()", str(product.port)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        holder.stdout.readline()
        out = failed_commit(product, "ssh server vrf taken").split("show configuration failed")[-1]
        assert re.search(rf"ssh server vrf taken\s*\n!!% .*VRF taken .ipv4.: port {product.port} is in use by .*; stop that", out), out
        assert listeners(product, "taken") == [] and states(product) == {"up"}
    finally:
        holder.stdin.close()
        holder.wait(10)
    assert "% " not in product.configure("ssh server vrf taken")
    assert states(product, "taken") == {"up"}


def test_conflict_at_start_is_waited_out(own_product):
    product = own_product
    # the daemon is away long enough for another program to take its port
    os.kill(product.process.pid, signal.SIGSTOP)
    try:
        os.kill(product.daemon_pid("sallyport-sshd"), signal.SIGKILL)
        wait_for(lambda: identification(product.port) is None, what="a free port")
        other = socket.socket()
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("0.0.0.0", product.port))
        other.listen()
    finally:
        os.kill(product.process.pid, signal.SIGCONT)

    def in_conflict():
        try:
            return {row["family"]: row["state"] for row in listeners(product)} == {"ipv4": "conflict", "ipv6": "up"}
        except (OSError, AssertionError):
            return False
    wait_for(in_conflict, what="the conflict")
    assert "in use by" in listeners(product)[0]["reason"]
    assert len(re.findall(r"ERR_GENERAL : Not listening in VRF default \(ipv4\): port", product.output())) == 1
    other.close()
    wait_for(lambda: states(product) == {"up"}, 5, "the port after the other program")
    assert identification(product.port).startswith(b"SSH-2.0-")


@needs_root
def test_namespace_that_comes_back_is_served_at_once(own_product, netns):
    product = own_product
    product.configure("ssh server vrf comes")
    assert states(product, "comes") == {"pending"}
    for _ in range(3):
        subprocess.run(["ip", "netns", "add", "comes"], check=True)
        since = time.monotonic()
        wait_for(lambda: states(product, "comes") == {"up"}, 5, "listeners in the namespace")
        assert time.monotonic() - since < 0.5
        subprocess.run(["ip", "netns", "del", "comes"], check=True)
        wait_for(lambda: states(product, "comes") == {"pending"}, 5, "pending again")
    assert states(product) == {"up"}


def test_out_of_descriptors_sheds_and_recovers(own_product):
    product = own_product
    pid = product.daemon_pid("sallyport-sshd")
    used = len(os.listdir(f"/proc/{pid}/fd"))
    subprocess.run(["prlimit", "--pid", str(pid), f"--nofile={used + 1}:"], check=True)
    for _ in range(5):
        assert identification(product.port) is None
    refused = sum(row["refused"] for row in listeners(product))
    assert refused >= 5
    wait_for(lambda: "short of descriptors" in product.output(), 5, "the event")
    subprocess.run(["prlimit", "--pid", str(pid), "--nofile=1024:"], check=True)
    assert identification(product.port).startswith(b"SSH-2.0-")
    assert product.daemon_pid("sallyport-sshd") == pid


def test_refusals_are_counted_and_told_once_a_second(own_product):
    product = own_product
    product.configure("ssh server rate-limit 6000", "ssh server penalties disable")
    peers = [socket.create_connection(("127.0.0.1", product.port)) for _ in range(100)]
    try:
        wait_for(lambda: product.server()["server"]["unauthenticated"] == 64, what="64 of one source")
        wait_for(lambda: sum(row["refused"] for row in listeners(product)) == 36, what="36 refusals")
        wait_for(lambda: "connections were refused" in product.output(), 5, "the event")
        told = re.findall(r"WARN_GENERAL : (\d+) connections? (?:was|were) refused", product.output())
        wait_for(lambda: sum(map(int, re.findall(r"WARN_GENERAL : (\d+) connections? (?:was|were) refused", product.output())))
                 == 36, 5, "all of them told")
        assert len(told) <= 3
    finally:
        for peer in peers:
            peer.close()
    wait_for(lambda: product.server()["server"]["unauthenticated"] == 0, what="places free again")
    assert identification(product.port).startswith(b"SSH-2.0-")


def test_another_address_is_not_hurt_by_a_flood(own_product):
    product = own_product
    peers = [socket.create_connection(("127.0.0.1", product.port)) for _ in range(40)]
    try:
        with socket.create_connection(("127.0.0.1", product.port), 5, source_address=("127.0.0.2", 0)) as peer:
            assert peer.recv(8) == b"SSH-2.0-"
    finally:
        for peer in peers:
            peer.close()
