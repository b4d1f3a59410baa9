# SPDX-License-Identifier: GPL-3.0-or-later
"""The same operations with each client there is. What is particular to one of them is tested where the matter is."""
import contextlib
import os
import re
import socket
import struct
import subprocess
import threading

import paramiko
import pexpect
import pytest

from conftest import WITHOUT_LIMITS, Product, make_directory, wait_for

SECRET = "correct-horse-battery-9"
NETCONF = "#!/bin/sh\necho hello from the program\nread -r line\necho \"$line\"\n"


class Router(Product):
    """With a user who has a password, forwarding, and a program for NETCONF."""

    def prepare(self):
        program = os.path.join(self.directory, "netconf")
        with open(program, "w", encoding="ascii") as file:
            file.write(NETCONF)
        os.chmod(program, 0o755)
        os.chmod(self.directory, 0o755)
        said = self.configure(*WITHOUT_LIMITS, "username bob", "group root-lr", f"secret 0 {SECRET}", "exit",
                              "ssh server port-forwarding local", f"ssh server netconf program {program}")
        assert "% " not in said, said
        line = subprocess.run(["ssh-keyscan", "-t", "ed25519", "-p", str(self.port), "127.0.0.1"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, timeout=20, check=True).stdout
        shown = subprocess.run(["ssh-keygen", "-lf", "-"], input=line, stdout=subprocess.PIPE, text=True, check=True).stdout
        self.fingerprint = shown.split()[1]
        return self


@pytest.fixture(scope="module")
def router():
    directory = make_directory()
    running = Router(directory).start().prepare()
    yield running
    running.stop()
    subprocess.run(["rm", "-rf", directory], check=True)


@pytest.fixture(scope="module")
def echo():
    """A server that sends back what it gets, once."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.sendall(b"echo " + peer.recv(100))
    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


class Program:
    """A client that is a program: status and output of a command line."""

    def __init__(self, router):
        self.router = router

    def run(self, argv, data=b"", timeout_s=30):
        done = subprocess.run(argv, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout_s,
                              env={**os.environ, "DROPBEAR_PASSWORD": SECRET})
        return done.returncode, done.stdout

    def execute(self, command):
        return self.run(self.argv(command))

    def shell(self, typed):
        return self.run(self.argv(terminal=True), typed)[1]

    def subsystem(self, name, data):
        return self.run(self.argv(name, subsystem=True), data)[1]

    def forward(self, port, data):
        return self.run(self.argv(forward=port), data)[1]


class OpenSSH(Program):
    def base(self, port):
        return [port, str(self.router.port), "-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "LogLevel=ERROR", "-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1"]

    def argv(self, *words, terminal=False, subsystem=False, forward=None):
        more = ["-tt"] * terminal + ["-s"] * subsystem + (["-W", f"127.0.0.1:{forward}"] if forward else [])
        return ["sshpass", "-p", SECRET, "ssh", *self.base("-p"), *more, "bob@127.0.0.1", *words]

    def copy(self, local, name, back):
        there = f"bob@127.0.0.1:harddisk:/{name}"
        for pair in ((local, there), (there, back)):
            assert self.run(["sshpass", "-p", SECRET, "scp", *self.base("-P"), *pair])[0] == 0


class Putty(Program):
    def base(self, program):
        return [program, "-batch", "-P", str(self.router.port), "-l", "bob", "-pw", SECRET, "-hostkey", self.router.fingerprint]

    def argv(self, *words, terminal=False, subsystem=False, forward=None):
        more = ["-t"] * terminal + ["-s"] * subsystem + (["-nc", f"127.0.0.1:{forward}"] if forward else [])
        return [*self.base("plink"), "-ssh", "-noagent", *more, "127.0.0.1", *words]

    def copy(self, local, name, back):
        batch = f"put {local} harddisk:/{name}\nget harddisk:/{name} {back}\nquit\n".encode()
        assert self.run([*self.base("psftp"), "-b", "/dev/stdin", "127.0.0.1"], batch)[0] == 0


class Dropbear(Program):
    def argv(self, *words, terminal=False, subsystem=False, forward=None):
        more = ["-t"] * terminal + ["-s"] * subsystem + (["-B", f"127.0.0.1:{forward}"] if forward else [])
        return ["dbclient", "-y", "-y", "-p", str(self.router.port), "-l", "bob", *more, "127.0.0.1", *words]

    def shell(self, typed):
        """It wants a terminal of its own."""
        child = pexpect.spawn(self.argv(terminal=True)[0], self.argv(terminal=True)[1:], timeout=20,
                              env={**os.environ, "DROPBEAR_PASSWORD": SECRET})
        text = b""
        for line in typed.splitlines():
            child.expect("#$")
            text += child.before + child.after
            child.send(line + b"\r")
        child.expect(pexpect.EOF)
        text += child.before
        child.close()
        return text

    def copy(self, local, name, back):
        """It has no program for files; the subsystem answers it."""
        with subprocess.Popen(self.argv("sftp", subsystem=True), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, env={**os.environ, "DROPBEAR_PASSWORD": SECRET}) as process:
            process.stdin.write(struct.pack(">IBI", 5, 1, 3))
            process.stdin.flush()
            got = process.stdout.read(9)
            process.stdin.close()
        assert got[4:9] == struct.pack(">BI", 2, 3) and process.returncode == 0, (got, process.returncode)


class Curl(Program):
    """libssh2, and files only."""
    execute = shell = subsystem = forward = None

    def copy(self, local, name, back):
        for scheme in ("sftp", "scp"):
            url = f"{scheme}://127.0.0.1:{self.router.port}/harddisk:/{scheme}-{name}"
            base = ["curl", "-s", "--insecure", "-u", f"bob:{SECRET}"]
            assert self.run([*base, "-T", local, url])[0] == 0
            assert self.run([*base, "-o", back, url])[0] == 0


class Paramiko:
    def __init__(self, router):
        self.router = router

    @contextlib.contextmanager
    def client(self):
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        client.connect("127.0.0.1", self.router.port, "bob", SECRET, look_for_keys=False, allow_agent=False, timeout=10)
        try:
            yield client
        finally:
            client.close()

    @staticmethod
    def read(channel):
        channel.settimeout(20)
        text = b""
        while data := channel.recv(65536):
            text += data
        return text

    def execute(self, command):
        with self.client() as client:
            channel = client.get_transport().open_session()
            channel.exec_command(command)
            text = self.read(channel)
            return channel.recv_exit_status(), text

    def shell(self, typed):
        with self.client() as client:
            channel = client.invoke_shell("vt100")
            channel.sendall(typed)
            return self.read(channel)

    def subsystem(self, name, data):
        with self.client() as client:
            channel = client.get_transport().open_session()
            channel.invoke_subsystem(name)
            channel.sendall(data)
            return self.read(channel)

    def forward(self, port, data):
        with self.client() as client:
            channel = client.get_transport().open_channel("direct-tcpip", ("127.0.0.1", port), ("127.0.0.1", 1))
            channel.sendall(data)
            return self.read(channel)

    def copy(self, local, name, back):
        with self.client() as client:
            files = client.open_sftp()
            files.put(local, f"/harddisk:/{name}")
            files.get(f"/harddisk:/{name}", back)


CLIENTS = {"openssh": OpenSSH, "putty": Putty, "dropbear": Dropbear, "paramiko": Paramiko, "curl": Curl}


@pytest.mark.parametrize("name", CLIENTS)
def test_every_operation_with_each_client(router, echo, tmp_path, name):
    client, past = CLIENTS[name](router), len(router.history())
    sessions = 0
    if client.execute:
        # a command, its output and its status
        status, text = client.execute("show clock")
        assert status == 0 and re.search(rb"\d\d:\d\d:\d\d\.\d{3} UTC", text), text
        status, text = client.execute("show nonsense")
        assert status == 1 and b"% Invalid input detected" in text, (status, text)
        # a shell with a terminal
        text = client.shell(b"show clock\nexit\n")
        assert text.count(b"RP/0/RP0/CPU0:") >= 2 and b"UTC" in text, text
        # a subsystem
        text = client.subsystem("netconf", b"and back\n")
        assert b"hello from the program" in text and b"and back" in text, text
        # a connection through the router
        assert client.forward(echo, b"through") == b"echo through"
        sessions += 5
    # files
    local, back = tmp_path / "local", tmp_path / "back"
    local.write_bytes(os.urandom(300000))
    client.copy(str(local), f"from-{name}", str(back))
    assert name == "dropbear" or back.read_bytes() == local.read_bytes()
    sessions += 1
    wait_for(lambda: len(router.history()) >= past + sessions, what="the history")
    rows = router.history()[:-past] if past else router.history()
    assert all(row["user"] == "bob" and row["kex"] and row["client_version"] and row["cipher_in"] and row["mac_in"] for row in rows), rows
    assert {row["end_reason"] for row in rows} <= {"exit", "client-closed"}, rows
