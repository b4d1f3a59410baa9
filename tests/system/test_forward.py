# SPDX-License-Identifier: GPL-3.0-or-later
"""Local port forwarding: connections that a client has the router make, with OpenSSH, plink and paramiko."""
import base64
import hashlib
import os
import re
import socket
import socketserver
import subprocess
import threading
import time

import paramiko
import pytest

from conftest import Product, free_port, is_listening, make_directory, wait_for

INFO = "%SECURITY-SSHD-6-PORT_FWD_INFO_GENERAL : Port Forwarding, "
ERR = "%SECURITY-SSHD-3-PORT_FWD_ERR_GENERAL : Port Forwarding, "


class Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


class Upper(socketserver.BaseRequestHandler):
    """Answers what it got in capitals, after the end of input only: a client must be able to end one direction."""

    def handle(self):
        data = b""
        while more := self.request.recv(65536):
            data += more
        self.request.sendall(data.upper() + b"END")


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)


class Speaker(socketserver.BaseRequestHandler):
    """Ends its output first and still reads."""

    def handle(self):
        self.request.sendall(b"hello")
        self.request.shutdown(socket.SHUT_WR)
        while data := self.request.recv(65536):
            self.server.heard += data
        self.server.ended.set()


@pytest.fixture
def serve():
    servers = []

    def start(handler, address="127.0.0.1"):
        server = Tcp((address, 0), handler)
        server.heard, server.ended = b"", threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def product():
    directory = make_directory()
    running = Product(directory).start()
    running.configure("ssh server port-forwarding local")
    yield running
    running.stop()


@pytest.fixture
def tunnel(product):
    """ssh -N -L to a target: the local port, once it listens."""
    started = []

    def start(host, port, options=(), on=product):
        local = free_port()
        argv = on.ssh_argv(options=["ExitOnForwardFailure=yes", *options])
        argv = [word if word != "LogLevel=ERROR" else "LogLevel=INFO" for word in argv]
        log = open(os.path.join(on.directory, f"tunnel-{local}"), "w+b")
        process = subprocess.Popen([*argv[:-1], "-N", "-L", f"127.0.0.1:{local}:{host}:{port}", argv[-1]], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=subprocess.STDOUT)
        process.log = log
        started.append(process)

        def listens():
            assert process.poll() is None, words(process)
            return is_listening(local)
        wait_for(listens, what="the local port")
        process.port = local
        return process
    yield start
    for process in started:
        process.kill()
        process.wait()
        process.log.close()


def words(process):
    process.log.seek(0)
    return process.log.read().decode(errors="replace")


def connect(port):
    peer = socket.create_connection(("127.0.0.1", port), timeout=20)
    return peer


def read_all(peer):
    data = b""
    while more := peer.recv(65536):
        data += more
    return data


@pytest.fixture
def client(product):
    ssh = paramiko.SSHClient()
    ssh.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    ssh.connect("127.0.0.1", product.port, "admin", key_filename=product.key, look_for_keys=False, allow_agent=False)
    yield ssh
    ssh.close()


def open_tcp(client, host, port):
    return client.get_transport().open_channel("direct-tcpip", (host, port), ("192.0.2.7", 4711), timeout=30)


def row_of(product, client):
    port = client.get_transport().sock.getsockname()[1]
    return next(row for row in product.sessions() if row["session"]["peer_port"] == port)


# ---- on ----

def test_bytes_go_both_ways_and_each_direction_ends_alone(product, serve, tunnel):
    server = serve(Upper)
    with connect(tunnel("127.0.0.1", server.server_address[1]).port) as peer:
        peer.sendall(b"some words ")
        peer.sendall(b"and more")
        peer.shutdown(socket.SHUT_WR)
        assert read_all(peer) == b"SOME WORDS AND MOREEND"
    speaker = serve(Speaker)
    with connect(tunnel("localhost", speaker.server_address[1]).port) as peer:
        assert read_all(peer) == b"hello"
        peer.sendall(b"still heard")
        peer.shutdown(socket.SHUT_WR)
        assert speaker.ended.wait(20) and speaker.heard == b"still heard"


def test_the_event_says_what_was_connected(product, serve, client):
    port = serve(Echo).server_address[1]
    channel = open_tcp(client, "127.0.0.1", port)
    assert f"{INFO}Target:=127.0.0.1, Port:={port}, Originator:=192.0.2.7,Port:=4711, Vrf:=default, Connection forwarded" in product.output()
    channel.close()


def test_show_ssh_has_its_row(product, serve, client):
    channel = open_tcp(client, "127.0.0.1", serve(Echo).server_address[1])
    (row,) = row_of(product, client)["channels"]
    assert row["type"] == "port-forwarded-local" and not row["has_pty"]
    assert re.search(r"^\d+ +1 +XXX +0/RP0/CPU0 +SESSION_OPEN +admin +127.0.0.1 +v2 +\S+ +port-forwarded-local ",
                     product.cli("-c", "show ssh").stdout, re.M), product.cli("-c", "show ssh").stdout
    channel.close()
    wait_for(lambda: not row_of(product, client)["channels"], what="the end of the row")


def test_much_data_through_rekeys(product, serve, tunnel):
    data = os.urandom(1 << 20) * 20
    process = tunnel("127.0.0.1", serve(Echo).server_address[1], options=["RekeyLimit=2M"])
    with connect(process.port) as peer:
        threading.Thread(target=lambda: (peer.sendall(data), peer.shutdown(socket.SHUT_WR)), daemon=True).start()
        back = read_all(peer)
    assert hashlib.sha256(back).digest() == hashlib.sha256(data).digest()


def test_a_server_that_does_not_read_stops_only_its_own_connection(product, client):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    channel = open_tcp(client, "127.0.0.1", listener.getsockname()[1])
    accepted, _ = listener.accept()
    channel.settimeout(2)
    with pytest.raises(socket.timeout):
        while True:
            channel.send(bytes(32768))
    _, stdout, _ = client.exec_command("show version", timeout=20)
    assert stdout.read()
    accepted.close()
    listener.close()


def test_ssh_W_and_plink(product, serve):
    port = serve(Upper).server_address[1]
    argv = product.ssh_argv()
    done = subprocess.run([*argv[:-1], "-W", f"127.0.0.1:{port}", argv[-1]], input=b"abc", stdout=subprocess.PIPE, timeout=20)
    assert done.stdout == b"ABCEND"
    scan = subprocess.run(["ssh-keyscan", "-p", str(product.port), "-t", "ed25519", "127.0.0.1"], stdout=subprocess.PIPE, text=True).stdout
    blob = base64.b64decode(next(line.split()[2] for line in scan.splitlines() if line.startswith("[")))
    print_ = "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    done = subprocess.run(["plink", "-batch", "-P", str(product.port), "-pw", product.password, "-hostkey", print_, "-nc", f"127.0.0.1:{port}",
                           "admin@127.0.0.1"], input=b"xyz", stdout=subprocess.PIPE, timeout=20)
    assert done.stdout == b"XYZEND"


def test_ipv6(product, serve, client):
    class Tcp6(Tcp):
        address_family = socket.AF_INET6
    try:
        server = Tcp6(("::1", 0), Echo)
    except OSError:
        pytest.skip("no IPv6")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    channel = open_tcp(client, "::1", server.server_address[1])
    channel.sendall(b"six")
    assert channel.recv(10) == b"six"
    server.shutdown()
    server.server_close()


def test_nobody_listens(product, tunnel, client):
    port = free_port()
    with pytest.raises(paramiko.ChannelException):
        open_tcp(client, "127.0.0.1", port)
    assert f"{ERR}Target:=127.0.0.1, Port:={port}, Originator:=192.0.2.7,Port:=4711, Vrf:=default, Connection failed: Connection refused" \
        in product.output()
    process = tunnel("127.0.0.1", port)
    with connect(process.port) as peer:
        assert read_all(peer) == b""
    wait_for(lambda: "open failed" in words(process), what="the client's error")
    assert process.poll() is None
    assert row_of(product, client)["channels"] == []


def test_a_target_that_makes_no_sense(product, client):
    for host, port in (("", 80), ("a b", 80), ("$(id)", 80), ("x" * 300, 80), ("127.0.0.1", 0), ("127.0.0.1", 65536), ("-h", 1), ("a\nb", 1)):
        with pytest.raises(paramiko.ChannelException):
            open_tcp(client, host, port)
    assert client.exec_command("show version", timeout=20)[1].read()


def test_a_slow_target_holds_nobody_up(product, client):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port = listener.getsockname()[1]
    # who comes when the queue is full waits
    queued = []
    for _ in range(8):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
        queued.append(one)
    answers = []

    def ask():
        try:
            answers.append(open_tcp(client, "127.0.0.1", port))
        except paramiko.SSHException as error:
            answers.append(error)
    asker = threading.Thread(target=ask)
    asker.start()
    wait_for(lambda: [row for row in row_of(product, client)["channels"] if row["type"] == "port-forwarded-local"], what="the wish")
    begin = time.monotonic()
    assert client.exec_command("show version", timeout=20)[1].read()
    assert time.monotonic() - begin < 3 and not answers
    asker.join(30)
    assert isinstance(answers[0], paramiko.ChannelException)
    assert "Connection failed: Connection timed out" in product.output()
    for one in [*queued, listener]:
        one.close()


def test_a_client_that_leaves_while_a_connection_is_made(product):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    queued = [socket.socket() for _ in range(8)]
    for one in queued:
        one.setblocking(False)
        one.connect_ex(listener.getsockname())
    process = subprocess.Popen([*product.ssh_argv()[:-1], "-W", f"127.0.0.1:{listener.getsockname()[1]}", product.ssh_argv()[-1]],
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    row = wait_for(lambda: next((row for row in product.sessions() if [c for c in row["channels"] if c["type"] == "port-forwarded-local"]), None),
                   what="the wish")
    process.kill()
    process.wait()
    wait_for(lambda: row["session"]["id"] not in [one["session"]["id"] for one in product.sessions()], what="the end of the session")
    for one in [*queued, listener]:
        one.close()


def test_as_many_as_are_allowed(product, serve, client):
    port = serve(Echo).server_address[1]
    channels = [open_tcp(client, "127.0.0.1", port) for _ in range(64)]
    with pytest.raises(paramiko.ChannelException):
        open_tcp(client, "127.0.0.1", port)
    assert f"{ERR}too many connections are forwarded for one client" in product.output()
    # each has its row, and so has what is opened behind them
    terminal = client.invoke_shell()
    wait_for(lambda: len(row_of(product, client)["channels"]) == 65, what="65 rows")
    terminal.close()
    # sessions have a limit of their own
    assert client.exec_command("show version", timeout=20)[1].read()
    # at one time, each with more than fits into any buffer on the way
    data = {number: bytes([number]) * 600_000 for number in range(64)}
    for number, channel in enumerate(channels):
        threading.Thread(target=channel.sendall, args=(data[number],), daemon=True).start()
    for number, channel in enumerate(channels):
        assert channel.makefile("rb").read(600_000) == data[number], number
    for channel in channels:
        channel.close()

    def again():
        try:
            return open_tcp(client, "127.0.0.1", port)
        except paramiko.ChannelException:
            return None
    wait_for(again, what="a connection when others have ended")


def test_remote_forwarding_is_refused(product, client):
    with pytest.raises(paramiko.SSHException):
        client.get_transport().request_port_forward("127.0.0.1", free_port())
    argv = product.ssh_argv(options=["ExitOnForwardFailure=yes"])
    done = subprocess.run([*argv[:-1], "-N", "-R", f"{free_port()}:127.0.0.1:1", argv[-1]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=20)
    assert done.returncode == 255 and "remote port forwarding failed" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="looks at another user's socket")
def test_the_socket_is_the_users_own(product, serve, client):
    port = serve(Echo).server_address[1]
    channel = open_tcp(client, "127.0.0.1", port)
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file if line.split()[2].endswith(f":{port:04X}") and line.split()[3] == "01"]
    session = row_of(product, client)["session"]
    assert [int(row[7]) for row in rows] == [session["uid"]] and session["uid"] != 0
    channel.close()


def test_names_of_the_default_vrf(product, serve, client):
    port = serve(Echo).server_address[1]
    channel = open_tcp(client, "localhost", port)
    channel.sendall(b"x")
    assert channel.recv(1) == b"x"
    with pytest.raises(paramiko.ChannelException):
        open_tcp(client, "no-such-name.invalid", port)
    assert "Connection failed: cannot resolve the name" in product.output()


# ---- off ----

def test_off_by_default_and_said(own_product, serve, tunnel):
    product = own_product
    process = tunnel("127.0.0.1", serve(Echo).server_address[1], on=product)
    with connect(process.port) as peer:
        assert read_all(peer) == b""
    wait_for(lambda: "administratively prohibited" in words(process), what="the client's error")
    assert ERR + "Port forwarding is not enabled" in product.output()
    assert [row["channels"] for row in product.sessions()] == [[]]


# ---- in a VRF and nowhere else ----

SERVER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    peer, _ = listener.accept()
    peer.sendall(sys.argv[2].encode())
    peer.close()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="makes network namespaces")
def test_the_connection_is_made_in_the_vrf_of_the_session(own_product):
    product, name, port = own_product, "forward-blue", free_port()
    only_here = free_port()
    servers = []

    def server(where, text, prefix=()):
        servers.append(subprocess.Popen([*prefix, "/usr/bin/python3", "-c", SERVER, str(where), text], stdout=subprocess.PIPE))
        servers[-1].stdout.readline()
    subprocess.run(["ip", "netns", "add", name], check=True)
    inside = ["ip", "netns", "exec", name]
    try:
        subprocess.run([*inside, "ip", "link", "set", "lo", "up"], check=True)
        server(port, "blue", inside)
        server(port, "default")
        server(only_here, "default")
        product.configure("ssh server port-forwarding local", f"ssh server vrf {name}")
        listen = ["sh", "-c", f"ss -Hltn sport = :{product.port} | grep -q ."]
        wait_for(lambda: subprocess.run([*inside, *listen]).returncode == 0, what="the listener in the namespace")

        def ask(host, port, prefix=()):
            argv = product.ssh_argv()
            return subprocess.run([*prefix, *argv[:-1], "-W", f"{host}:{port}", argv[-1]], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  stdin=subprocess.DEVNULL, timeout=30)
        assert ask("127.0.0.1", port).stdout == b"default"
        assert ask("127.0.0.1", port, inside).stdout == b"blue"
        assert ask("localhost", port, inside).stdout == b"blue"
        assert ask("127.0.0.1", only_here).stdout == b"default"
        done = ask("127.0.0.1", only_here, inside)
        assert done.returncode != 0 and done.stdout == b""
        assert f"Vrf:={name}, Connection forwarded" in product.output()
        # the system's resolver asks in the default VRF
        assert ask("a-name.example", port, inside).returncode != 0
        assert "names are resolved in the default VRF only" in product.output()
    finally:
        for one in servers:
            one.kill()
            one.wait()
        subprocess.run(["ip", "netns", "del", name], check=False)
