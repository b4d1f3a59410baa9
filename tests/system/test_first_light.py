# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole product on this machine, as an operator uses it: log in, look, configure, break things."""
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import paramiko
import pexpect
import pytest

from conftest import BIN, Product, free_ssh_ports, make_directory, wait_for

ROW = re.compile(r"^(\d+) +(\d+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+)\s*$", re.M)


def test_show_ssh_lists_the_session_that_asks(product):
    done = product.ssh("show ssh", check=0)
    assert "SSH version : Cisco-2.0" in done.stdout
    row = ROW.search(done.stdout)
    assert row, done.stdout
    assert row[4] == "0/RP0/CPU0" and row[6] == "admin" and row[7] == "127.0.0.1" and row[8] == "v2"
    assert row[10] == "Exec-Command" and row[11] == "default"


def test_identification_has_no_comment(product):
    with socket.create_connection(("127.0.0.1", product.port), 10) as peer:
        peer.settimeout(10)
        assert peer.recv(100) == b"SSH-2.0-Sallyport_1.0\r\n"


def test_password_login(product):
    done = subprocess.run(["sshpass", "-p", product.password, *product.ssh_argv("show vrf", key=False, options=[
        "PreferredAuthentications=password", "PubkeyAuthentication=no"])], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=20)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^default +default +up", done.stdout, re.M), done.stdout


def test_json_rows(product):
    rows = json.loads(product.ssh("show ssh | json", check=0).stdout)
    assert rows and rows[0]["user"] == "admin" and rows[0]["vrf"] == "default"


def test_exec_of_a_wrong_command_fails_with_its_place(product):
    done = product.ssh("show nonsense")
    assert done.returncode == 1
    assert "% Invalid input detected at '^' marker." in done.stdout


def test_commit_over_ssh_is_in_force_and_survives_restart(own_product):
    product = own_product
    done = subprocess.run(product.ssh_argv(options=["RequestTTY=no"]), text=True, timeout=30, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          input="configure\nhostname edge-1\ncommit\nend\nshow running-config hostname\n")
    assert re.search(r"^hostname edge-1$", done.stdout, re.M), done.stdout
    product.stop()
    product.start()
    assert re.search(r"^hostname edge-1\s*$", product.ssh("show running-config hostname", check=0).stdout, re.M)


def test_bad_configuration_is_refused_with_a_reason(product):
    out = product.configure("vrf " + "x" * 33)
    assert "32" in out, out
    for port in ("5519", "5530", "0", "99999", "x"):
        out = product.configure(f"ssh server port {port}")
        assert "% Invalid input detected" in out, out
    assert "ssh server port" not in product.cli("show", "running-config").stdout


def test_port_in_use_refuses_the_commit_and_says_so(own_product):
    product = own_product
    with socket.socket() as other:
        port = free_ssh_ports(1)[0]
        other.bind(("127.0.0.1", port))
        other.listen()
        out = product.cli(text_in=f"configure\nssh server port {port}\ncommit\nshow configuration failed\nabort\n").stdout
        assert "% Failed to commit" in out and str(port) in out.split("show configuration failed")[-1], out
        assert "!!%" in out, out
    assert product.ssh("show clock", check=0)


def test_vrf_that_is_not_there_is_pending_and_comes_up(own_product):
    product = own_product
    out = product.configure("ssh server vrf later")
    assert "% " not in out, out
    rows = [l for l in product.server()["listeners"] if l["vrf"] == "later"]
    assert rows and all(l["state"] == "pending" for l in rows)
    if os.geteuid() == 0:
        subprocess.run(["ip", "netns", "add", "later"], check=True)
        try:
            wait_for(lambda: all(l["state"] == "up" for l in product.server()["listeners"] if l["vrf"] == "later"), 5, "listeners in later")
            subprocess.run(["ip", "-n", "later", "link", "set", "lo", "up"], check=True)
            done = subprocess.run(["ip", "netns", "exec", "later", *product.ssh_argv("show ssh")], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=20)
            assert done.returncode == 0 and ROW.search(done.stdout)[11] == "later", done.stdout
        finally:
            subprocess.run(["ip", "netns", "del", "later"], check=True)
        wait_for(lambda: all(l["state"] == "pending" for l in product.server()["listeners"] if l["vrf"] == "later"), 5, "pending again")


def interactive(product, **more):
    argv = product.ssh_argv(**more)
    child = pexpect.spawn(argv[0], ["-tt"] + argv[1:], timeout=20, encoding="utf-8")
    child.expect(r"CPU0:[\w.-]+#")
    return child


def test_kill_9_of_each_daemon_loses_nothing(own_product):
    product = own_product
    product.ssh("show clock", check=0)
    child = interactive(product)
    live = wait_for(lambda: [s for s in product.sessions() if s["channels"]], what="the live session")[0]["session"]
    history = {row["id"] for row in wait_for(product.history, what="a history row")}
    for name in ("sallyport-confd", "sallyport-sshd"):
        product.kill_daemon(name)
        again = wait_for(lambda: [s["session"] for s in product.sessions() if s["session"]["id"] == live["id"]],
                         what=f"the live session after the death of {name}")[0]
        assert (again["vty"], again["start_us"], again["user"]) == (live["vty"], live["start_us"], live["user"])
        assert history <= {row["id"] for row in product.history()}
        child.sendline("show ssh")
        child.expect(r"admin.*default")
        child.expect(r"CPU0:[\w.-]+#")
    # a new session gets another id and vty than the one that lives
    done = product.ssh("show ssh", check=0)
    ids = [(m[1], m[3]) for m in ROW.finditer(done.stdout)]
    assert len(ids) == 2 and len(set(i for i, _ in ids)) == 2, done.stdout
    child.sendline("exit")
    child.expect(pexpect.EOF)
    row = wait_for(lambda: [r for r in product.history() if r["id"] == live["id"]], what="the history row")[0]
    assert row["end_us"] > row["start_us"] == live["start_us"]


def test_session_that_ends_while_sshd_is_dead_is_in_history(own_product):
    product = own_product
    child = interactive(product)
    live = wait_for(product.sessions, what="the session")[0]["session"]
    # sshd is stopped from coming back for a moment by killing it and ending the session at once
    os.kill(product.daemon_pid("sallyport-sshd"), signal.SIGKILL)
    child.sendline("exit")
    child.expect(pexpect.EOF)
    wait_for(lambda: product.daemon_pid("sallyport-sshd"), what="a new sshd")

    def there():
        try:
            return [r for r in product.history() if r["id"] == live["id"]]
        except (OSError, AssertionError):
            return None
    assert wait_for(there, what="the history row")[0]["end_us"] > 0


def test_clear_ssh_ends_that_session(own_product):
    product = own_product
    one, two = interactive(product), interactive(product)
    ids = sorted(s["session"]["id"] for s in wait_for(lambda: len(product.sessions()) == 2 and product.sessions(), what="two sessions"))
    done = product.cli("clear", "ssh", str(ids[0]))
    assert done.returncode == 0, done.stdout
    one.expect(pexpect.EOF)
    two.sendline("show clock")
    two.expect("UTC|GMT|[A-Z]{3}")
    row = wait_for(lambda: [r for r in product.history() if r["id"] == ids[0]], what="the history row")[0]
    assert row["end_reason"] == "cleared", row
    assert "% " in product.cli("clear", "ssh", "424242").stdout


def test_wrong_password_and_unknown_user_look_the_same(product):
    def attempt(user):
        began = time.monotonic()
        done = subprocess.run(["sshpass", "-p", "wrong-one", *product.ssh_argv("show clock", user=user, key=False, options=[
            "PreferredAuthentications=password", "PubkeyAuthentication=no", "NumberOfPasswordPrompts=1"])], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=30)
        return done.returncode, re.sub(user, "USER", done.stdout), time.monotonic() - began
    known, unknown = attempt("admin"), attempt("nobody-here")
    assert known[:2] == unknown[:2] and known[0] != 0
    times = {"admin": [], "nobody-here": []}
    for _ in range(4):
        for user in times:
            times[user].append(attempt(user)[2])
    assert abs(min(times["admin"]) - min(times["nobody-here"])) < 0.1, times


def test_too_many_tries_end_the_connection(product):
    transport = paramiko.Transport(("127.0.0.1", product.port))
    transport.start_client(timeout=10)
    tries = 0
    with pytest.raises((paramiko.SSHException, EOFError)) as ended:
        while tries < 100:
            try:
                tries += 1
                transport.auth_password("admin", "wrong")
            except paramiko.AuthenticationException as refused:
                if not transport.is_active():
                    raise EOFError from refused
    assert tries <= 21, tries
    transport.close()
    del ended


def test_junk_and_silence_are_closed_and_harm_nobody(product):
    def read_all(peer):
        data = b""
        try:
            while more := peer.recv(4096):
                data += more
        except ConnectionError:
            pass
        return data
    for junk in (b"GET / HTTP/1.0\r\n\r\n", b"\x00" * 4096, b"SSH-1.5-old\r\n", b"A" * 100000, b"SSH-2.0-x\r\n" + b"\xff" * 64):
        with socket.create_connection(("127.0.0.1", product.port), timeout=10) as peer:
            try:
                peer.sendall(junk)
            except ConnectionError:
                pass
            data = read_all(peer)
            assert data.startswith(b"SSH-2.0-") or data == b"" or b"mismatch" in data, data
    assert product.ssh("show clock", check=0)


def test_silent_client_is_closed_by_ssh_timeout(own_product):
    product = own_product
    out = product.configure("ssh timeout 5")
    assert "% " not in out, out
    with socket.create_connection(("127.0.0.1", product.port), timeout=15) as peer:
        began = time.monotonic()
        while peer.recv(4096):
            pass
        assert 4 < time.monotonic() - began < 8


def test_connection_flood_does_not_stop_the_operator(own_product):
    product = own_product
    product.configure("ssh server penalties disable")
    peers = []
    try:
        for _ in range(300):
            peer = socket.socket()
            peer.settimeout(5)
            try:
                peer.connect(("127.0.0.1", product.port))
                peers.append(peer)
            except OSError:
                pass
        # the flood comes from one source; another source still gets in
        done = product.ssh("show clock", options=["BindAddress=127.0.0.2"])
        assert done.returncode == 0, done.stdout + done.stderr
        assert sum(l["refused"] for l in product.server()["listeners"]) > 0
    finally:
        for peer in peers:
            peer.close()
    wait_for(lambda: product.server()["server"]["unauthenticated"] == 0, 10, "the flood to be gone")
    wait_for(lambda: product.ssh("show clock").returncode == 0, 10, "the rate to let the source of the flood in again")


def test_many_sessions_at_once(own_product):
    product = own_product
    results = []

    def one():
        results.append(product.ssh("show clock", timeout_s=60).returncode)
    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [0] * 20


def test_broken_configuration_starts_with_the_last_good_one(own_product):
    product = own_product
    product.configure("hostname first")
    product.configure("hostname second")
    product.stop()
    conf = os.path.join(product.run_dir, "state/conf")
    newest = None
    for directory, _, names in os.walk(conf):
        for name in names:
            path = os.path.join(directory, name)
            with open(path, encoding="utf-8", errors="replace") as file:
                if "hostname second" in file.read() and (not newest or os.stat(path).st_mtime_ns > os.stat(newest).st_mtime_ns):
                    newest = path
    assert newest, os.listdir(conf)
    with open(newest, "r+b") as file:
        file.truncate(os.path.getsize(newest) // 2)
    product.start()
    assert "hostname first" in product.ssh("show running-config hostname", check=0).stdout
    assert re.search(r"CONFIG-[34]-", product.output()) and os.path.basename(newest) in product.output()


def test_second_run_in_the_same_directory_says_why_not(product):
    done = subprocess.run([os.path.join(BIN, "sallyport-run"), "--run-dir", product.run_dir, "--port", "1", "--program-dir", BIN],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=10)
    assert done.returncode == 1 and "another sallyport-run uses" in done.stdout


def test_port_taken_at_start_is_said_and_not_ready(tmp_path):
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        directory = make_directory()
        broken = Product(directory, port=other.getsockname()[1])
        broken.start(expect_ready=False)
        assert broken.process.wait(30) == 1
        assert "used by another program" in broken.output() and not re.search(r"^ready$", broken.output(), re.M)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes an ordinary user")
def test_as_an_ordinary_user():
    directory = make_directory()
    os.chown(directory, 65534, 65534)
    running = Product(directory, prefix=["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])
    running.start()
    try:
        assert "Weaker than as root" in running.output()
        os.chmod(os.path.join(running.run_dir, "admin.key"), 0o600)
        done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *running.ssh_argv("show ssh")],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20, cwd=directory)
        assert done.returncode == 0 and ROW.search(done.stdout), done.stdout + running.output()
    finally:
        running.stop()
        subprocess.run(["rm", "-rf", directory], check=True)


def test_sigterm_and_sigint_end_everything():
    for how in (signal.SIGTERM, signal.SIGINT):
        directory = make_directory()
        running = Product(directory).start()
        child = interactive(running)
        assert running.stop(how) == 0
        child.expect(pexpect.EOF)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    assert running.run_dir.encode() not in file.read() and os.readlink(f"/proc/{pid}/cwd") != running.run_dir
            except OSError:
                continue
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", running.port)) != 0
        subprocess.run(["rm", "-rf", directory], check=True)


def test_what_is_typed_ahead_is_seen_once(product):
    argv = product.ssh_argv()
    done = subprocess.run([argv[0], "-tt", *argv[1:]], input="show clock\nexit\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=20)
    assert done.stdout.count("show clock") == 1 and re.search(r"CPU0:[\w.-]+#show clock\r?\n", done.stdout), repr(done.stdout)
