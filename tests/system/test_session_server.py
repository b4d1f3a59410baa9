# SPDX-License-Identifier: GPL-3.0-or-later
"""The session table and the history, through restarts, lost processes, broken disks and strangers on the sockets."""
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

from conftest import BIN, is_listening, varlink, wait_for

SSH = "org.sallyport.SSH."


class Live:
    """An interactive session that stays."""

    def __init__(self, product, **more):
        before = {s["session"]["id"] for s in product.sessions()}
        self.process = subprocess.Popen(product.ssh_argv("-tt", **more), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        new = wait_for(lambda: [s for s in product.sessions() if s["session"]["id"] not in before and s["channels"]],
                       what="the session")
        self.row = new[0]["session"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)
        self.process.stdin.close()
        self.process.stdout.close()


def identity(row):
    return {name: row[name] for name in ("id", "vty", "start_us", "pid", "user", "peer_port")}


def live_rows(product):
    try:
        return {s["session"]["id"]: s for s in product.sessions()}
    except (OSError, AssertionError):
        return {}


def ended(product, session_id):
    rows = [row for row in product.history() if row["id"] == session_id]
    return rows[0] if rows else None


def sshd_alone(product):
    """sallyport-sshd in the product's directories, without confd and without the supervisor."""
    argv = [os.path.join(BIN, "sallyport-sshd"), "--run-dir", "sock", "--state-dir", "state", "--program-dir", BIN,
            "--empty-dir", "empty", "--default-port", str(product.port)]
    log = open(os.path.join(product.directory, "alone"), "wb")
    return subprocess.Popen(argv, cwd=product.run_dir, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def answers(product):
    try:
        return varlink(product.socket_path("sshd.varlink"), SSH + "GetServer")[1]
    except (OSError, AssertionError):
        return None


def test_reserved_session_keeps_its_id_and_vty_until_it_registers(own_product):
    product = own_product
    with Live(product) as first, Live(product) as second:
        os.kill(first.row["pid"], signal.SIGSTOP)  # this one cannot register
        try:
            product.kill_daemon("sallyport-sshd")
            wait_for(lambda: live_rows(product).get(second.row["id"], {}).get("channels"), what="the second session")
            rows = live_rows(product)
            assert identity(rows[first.row["id"]]["session"]) == identity(first.row)
            assert rows[first.row["id"]]["channels"] == []
            with Live(product) as third:
                assert third.row["vty"] not in (first.row["vty"], second.row["vty"])
                assert third.row["id"] > second.row["id"]
        finally:
            os.kill(first.row["pid"], signal.SIGCONT)
        wait_for(lambda: live_rows(product)[first.row["id"]]["channels"], what="the first session")
        for live in (first, second):
            assert identity(live_rows(product)[live.row["id"]]["session"]) == identity(live.row)


def test_session_that_dies_while_reserved_is_lost_not_forgotten(own_product):
    product = own_product
    with Live(product) as live:
        os.kill(live.row["pid"], signal.SIGSTOP)
        product.kill_daemon("sallyport-sshd")
        assert live.row["id"] in live_rows(product)
        os.kill(live.row["pid"], signal.SIGKILL)
        row = wait_for(lambda: ended(product, live.row["id"]), what="the history row")
        assert row["end_reason"] == "lost" and row["user"] == "admin" and row["end_us"] > row["start_us"]
        assert live.row["id"] not in live_rows(product)


def test_process_that_died_while_nobody_looked_is_lost(own_product):
    product = own_product
    with Live(product) as live:
        os.kill(product.process.pid, signal.SIGSTOP)
        try:
            os.kill(product.daemon_pid("sallyport-sshd"), signal.SIGKILL)
            os.kill(live.row["pid"], signal.SIGKILL)
            live.process.wait(10)
        finally:
            os.kill(product.process.pid, signal.SIGCONT)
        wait_for(lambda: answers(product), what="the new daemon")
        assert wait_for(lambda: ended(product, live.row["id"]))["end_reason"] == "lost"


def test_killed_monitor_frees_its_place(own_product):
    product = own_product
    with Live(product) as live:
        os.kill(live.row["pid"], signal.SIGKILL)
        assert wait_for(lambda: ended(product, live.row["id"]))["end_reason"] == "lost"
        assert live.process.wait(10) != 0
    with Live(product) as after:
        assert after.row["vty"] == live.row["vty"] and after.row["id"] > live.row["id"]


def test_sigterm_leaves_sessions_and_they_register_again(own_product):
    product = own_product
    with Live(product) as live:
        old = product.daemon_pid("sallyport-sshd")
        os.kill(old, signal.SIGTERM)
        wait_for(lambda: product.daemon_pid("sallyport-sshd") not in (0, old), what="a new daemon")
        wait_for(lambda: live_rows(product).get(live.row["id"], {}).get("channels"), what="the session")
        assert identity(live_rows(product)[live.row["id"]]["session"]) == identity(live.row)
        assert live.process.poll() is None
    assert "live sessions that go on: 1" in product.output()


def test_ids_go_on_after_the_database_is_lost(own_product):
    product = own_product
    with Live(product) as live:
        os.kill(product.process.pid, signal.SIGSTOP)
        try:
            os.kill(product.daemon_pid("sallyport-sshd"), signal.SIGKILL)
            path = os.path.join(product.run_dir, "state/ssh/history.db")
            for suffix in ("-wal", "-shm"):
                if os.path.exists(path + suffix):
                    os.unlink(path + suffix)
            with open(path, "wb") as file:
                file.write(b"no database " * 1000)
        finally:
            os.kill(product.process.pid, signal.SIGCONT)
        wait_for(lambda: live_rows(product).get(live.row["id"]), what="the session")
        assert identity(live_rows(product)[live.row["id"]]["session"]) == identity(live.row)
        assert os.path.exists(path + ".broken")
        assert "moved to history.db.broken" in product.output()
        with Live(product) as after:
            assert after.row["id"] > live.row["id"]


def test_no_line_is_given_twice_after_the_database_is_lost(own_product):
    """Whoever connects first after the restart gets a line that no session has which the new daemon has yet to hear of."""
    product = own_product
    with Live(product) as first, Live(product) as second:
        path = os.path.join(product.run_dir, "state/ssh/history.db")
        os.kill(product.process.pid, signal.SIGSTOP)
        try:
            os.kill(product.daemon_pid("sallyport-sshd"), signal.SIGKILL)
            wait_for(lambda: not is_listening(product.port), what="the end of the listener")
            for suffix in ("-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path + suffix)
            with open(path, "wb") as file:
                file.write(b"no database " * 1000)
        finally:
            os.kill(product.process.pid, signal.SIGCONT)

        def connect():
            try:
                return socket.create_connection(("127.0.0.1", product.port), 5)
            except ConnectionRefusedError:
                return None
        with wait_for(connect, what="a listener") as early:
            assert early.recv(4) == b"SSH-"
            wait_for(lambda: len(live_rows(product)) == 3, what="three sessions")
            rows = live_rows(product)
            assert sorted(row["session"]["vty"] for row in rows.values()) == [0, 1, 2]
            for live in (first, second):
                assert identity(rows[live.row["id"]]["session"]) == identity(live.row)


def test_rows_wait_for_a_database_that_is_held(own_product):
    product = own_product
    other = sqlite3.connect(os.path.join(product.run_dir, "state/ssh/history.db"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert product.ssh("show clock").returncode == 0
    rows = wait_for(product.history, what="the row, still in memory")
    assert rows[0]["user"] == "admin"
    other.execute("ROLLBACK")
    other.close()
    wait_for(lambda: "session history is written again" in product.output(), 5, "the end of the trouble")
    assert product.output().count("session history cannot be written") == 1
    with contextlib.closing(sqlite3.connect(os.path.join(product.run_dir, "state/ssh/history.db"))) as database:
        assert database.execute("SELECT user, end_reason FROM session WHERE id = ?", (rows[0]["id"],)).fetchone() == ("admin", "exit")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_full_disk_stops_no_session_and_loses_no_row(own_product):
    product = own_product
    assert product.stop() == 0
    ssh_dir = os.path.join(product.run_dir, "state/ssh")
    keep = os.path.join(product.directory, "keep")
    subprocess.run(["cp", "-a", ssh_dir, keep], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0755", "tmpfs", ssh_dir], check=True)
    try:
        subprocess.run(["cp", "-a", keep + "/.", ssh_dir], check=True)
        product.start()
        filler = os.open(os.path.join(ssh_dir, "filler"), os.O_WRONLY | os.O_CREAT, 0o600)
        with pytest.raises(OSError, match="No space left"):
            while True:
                os.write(filler, b"x" * 4096)
        os.close(filler)
        for _ in range(3):
            assert product.ssh("show clock").returncode == 0
        wait_for(lambda: "session history cannot be written" in product.output(), 5, "the event")
        rows = wait_for(lambda: len(product.history()) >= 3 and product.history(), what="the rows")
        os.unlink(os.path.join(ssh_dir, "filler"))
        wait_for(lambda: "session history is written again" in product.output(), 5, "the end of the trouble")
        with contextlib.closing(sqlite3.connect(os.path.join(ssh_dir, "history.db"))) as database:
            stored = {row[0] for row in database.execute("SELECT id FROM session WHERE end_us > 0")}
        assert {row["id"] for row in rows} <= stored
    finally:
        product.stop()
        subprocess.run(["umount", ssh_dir], check=True)


def test_starts_from_the_last_slice_when_confd_is_away(own_product):
    product = own_product
    product.configure("ssh timeout 77")
    assert product.stop() == 0
    alone = sshd_alone(product)
    try:
        server = wait_for(lambda: (answers(product) or {}).get("listeners"), 6, "listeners without confd")
        assert {row["state"] for row in server} == {"up"}
        assert answers(product)["server"]["timeout_s"] == 77
        with socket.create_connection(("127.0.0.1", product.port), 5) as peer:
            assert peer.recv(4) == b"SSH-"
    finally:
        alone.terminate()
        assert alone.wait(10) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_strangers_may_neither_look_nor_clear(own_product):
    product = own_product
    os.chmod(product.directory, 0o711)
    os.chmod(product.run_dir, 0o711)
    client = os.path.join(BIN, "sallyport")

    def as_user(uid, *words):
        return subprocess.run(["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", client, "--run-dir",
                               product.socket_path("."), *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=20, input="")
    with Live(product) as live:
        assert "not authorized" in as_user(65534, "show", "ssh").stdout
        assert "admin" in as_user(live.row["uid"], "show", "ssh").stdout
        refused = as_user(65534, "clear", "ssh", str(live.row["id"]))
        assert refused.returncode != 0 and live.row["id"] in live_rows(product), refused.stdout
        assert as_user(live.row["uid"], "clear", "ssh", str(live.row["id"])).returncode == 0
        row = wait_for(lambda: ended(product, live.row["id"]))
        assert row["end_reason"] == "cleared" and row["end_text"] == "cleared by admin"


def test_clear_ends_a_session_that_does_not_listen(own_product):
    product = own_product
    with Live(product) as live:
        os.kill(live.row["pid"], signal.SIGSTOP)
        assert varlink(product.socket_path("sshd.varlink"), SSH + "ClearSession", {"id": live.row["id"]})[0] is None
        row = wait_for(lambda: ended(product, live.row["id"]), 15, "the end by force")
        assert row["end_reason"] == "cleared"


@pytest.mark.parametrize("parameters", [{}, {"id": "1"}, {"id": 0}, {"id": -1}, {"id": 1 << 40}, {"id": True}])
def test_clear_without_a_proper_id_is_refused(product, parameters):
    error, _ = varlink(product.socket_path("sshd.varlink"), SSH + "ClearSession", parameters)
    assert error == "org.varlink.service.InvalidParameter"


def test_clear_of_nobody_says_so(product):
    assert varlink(product.socket_path("sshd.varlink"), SSH + "ClearSession", {"id": 4000000000})[0] == SSH + "NoSuchSession"


def test_strange_datagrams_on_the_session_socket_harm_nobody(own_product):
    product = own_product
    path = product.socket_path("sshd.sessions")
    assert os.stat(path).st_mode & 0o777 == 0o600
    with Live(product) as live:
        stolen = {"type": "session", "session": {**live.row, "user": "mallory"}, "channels": []}
        for datagram in (b"x", b"{}", b"\xff" * 30000, b"x" * 60000, json.dumps(stolen).encode(),
                         b'{"type":"end","session":{"id":' + str(live.row["id"]).encode() + b"}}",
                         b'{"type":"terminate","reason":"cleared","text":"x"}', b'{"type":"recorded"}'):
            directory = os.open(os.path.dirname(path), os.O_PATH)
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
                peer.settimeout(5)
                peer.connect(f"/proc/self/fd/{directory}/sshd.sessions")
                peer.send(datagram)
                try:
                    assert peer.recv(100) == b"", datagram[:40]
                except ConnectionError:
                    pass
            os.close(directory)
        row = live_rows(product)[live.row["id"]]["session"]
        assert identity(row) == identity(live.row) and row["user"] == "admin"
        assert live.process.poll() is None
    assert ended(product, live.row["id"]) or wait_for(lambda: ended(product, live.row["id"]))


def test_sessions_are_no_children_of_a_dead_daemon_with_its_sockets(own_product):
    """A monitor must not hold listeners, databases or links of others open."""
    product = own_product
    with Live(product) as first, Live(product) as second:
        for live in (first, second):
            targets = [os.readlink(f"/proc/{live.row['pid']}/fd/{fd}") for fd in os.listdir(f"/proc/{live.row['pid']}/fd")]
            assert not [t for t in targets if "history" in t or "eventpoll" in t], targets
            with open(f"/proc/{live.row['pid']}/net/tcp", encoding="ascii") as table:
                listening = {line.split()[9] for line in table.readlines()[1:] if line.split()[3] == "0A"}
            assert not [t for t in targets if t.startswith("socket:[") and t[8:-1] in listening], targets
            with open(f"/proc/{live.row['pid']}/limits", encoding="ascii") as limits:
                soft = [line.split()[3] for line in limits if line.startswith("Max open files")][0]
            assert int(soft) <= 65536


def test_history_is_bounded_by_its_limit_parameter(product):
    for _ in range(3):
        assert product.ssh("show clock").returncode == 0
    wait_for(lambda: len(product.history()) >= 3, what="three rows")
    rows = product.history(2)
    assert len(rows) == 2 and rows[0]["id"] > rows[1]["id"]
    assert varlink(product.socket_path("sshd.varlink"), SSH + "ListHistory", {"limit": -1})[0] == "org.varlink.service.InvalidParameter"


def test_sigint_ends_every_session(own_product):
    product = own_product
    with Live(product) as live:
        since = time.monotonic()
        os.kill(product.daemon_pid("sallyport-sshd"), signal.SIGINT)
        assert live.process.wait(5) != 0 or True
        assert time.monotonic() - since < 4
        wait_for(lambda: answers(product), what="the next daemon")
        assert wait_for(lambda: ended(product, live.row["id"]))["end_reason"] == "shutdown"
