# SPDX-License-Identifier: GPL-3.0-or-later
"""What system tests share: the product running from the build on a free port, ssh commands to type, waiting for events."""
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("SALLYPORT_BUILD", os.path.join(ROOT, "build"))
BIN = os.path.join(BUILD, "bin")


claims = {}  # port -> a name nobody else on this machine can have while we hold it


def claim(port):
    """Whether the port is ours among all test runs of this machine, and free for a listener on every address."""
    if port in claims:
        return False
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0sallyport-test-port-{port}")
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            with socket.socket(family) as probe:
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
                probe.listen()
    except OSError:
        name.close()
        return False
    claims[port] = name
    return True


def free_port():
    """A port that stays free until somebody of this run listens on it: the kernel gives none below 32768 to clients."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        end = min(int(file.read().split()[0]), 32768)
    for _ in range(1000):
        port = random.randrange(10000, end)
        if claim(port):
            return port
    raise AssertionError("no port is free")


def free_ssh_ports(count):
    """Of 5520-5529, which is what may be configured; ours until the test ends."""
    found = []
    for port in range(5520, 5530):
        if len(found) < count and claim(port):
            found.append(port)
    assert len(found) == count, "the ports 5520-5529 are taken on this machine"
    return found


def is_listening(port):
    """Whether somebody listens on the port, without touching it."""
    for name in ("tcp", "tcp6"):
        with open(f"/proc/net/{name}", encoding="ascii") as file:
            for line in file.read().splitlines()[1:]:
                words = line.split()
                if words[3] == "0A" and int(words[1].rsplit(":", 1)[1], 16) == port:
                    return True
    return False


def is_gone(pid):
    """Whether a process has ended, also when nobody has asked for its status yet."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_for(condition, timeout_s=10.0, what="the condition"):
    """Polls a cheap condition until it holds; returns its value."""
    until = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < until, f"{what} did not come within {timeout_s} s"
        time.sleep(0.01)


def varlink(path, method, parameters=None, timeout_s=10.0):
    """One Varlink call; returns (error name or None, parameters). The path may be longer than sun_path."""
    directory = os.open(os.path.dirname(path), os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(timeout_s)
            peer.connect(f"/proc/self/fd/{directory}/{os.path.basename(path)}")
            peer.sendall(json.dumps({"method": method, "parameters": parameters or {}}).encode() + b"\0")
            data = b""
            while not data.endswith(b"\0"):
                more = peer.recv(65536)
                assert more, "the daemon closed the connection"
                data += more
    finally:
        os.close(directory)
    reply = json.loads(data[:-1])
    return reply.get("error"), reply.get("parameters", {})


# python3 -c CALL_AS UID PATH METHOD PARAMETERS: a Varlink call by a process of that uid
CALL_AS = r"""
import json, os, socket, sys
uid, path, method, parameters = int(sys.argv[1]), sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
directory = os.open(os.path.dirname(path), os.O_PATH)
os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
peer = socket.socket(socket.AF_UNIX); peer.settimeout(10)
os.fchdir(directory); peer.connect(os.path.basename(path))
peer.sendall(json.dumps({"method": method, "parameters": parameters}).encode() + b"\0")
data = b""
while not data.endswith(b"\0"):
    more = peer.recv(65536)
    if not more: break
    data += more
sys.stdout.write(data[:-1].decode())
"""


class Product:
    """sallyport-run in a directory of its own."""

    def __init__(self, directory, port=None, prefix=()):
        self.directory = directory
        self.run_dir = os.path.join(directory, "run")
        self.port = port or free_port()
        self.prefix = list(prefix)
        self.process = None
        self.log_path = os.path.join(directory, "log")

    def start(self, expect_ready=True):
        self.log = open(self.log_path, "wb")
        argv = self.prefix + [os.path.join(BIN, "sallyport-run"), "--run-dir", self.run_dir, "--port", str(self.port),
                              "--program-dir", BIN]
        self.process = subprocess.Popen(argv, stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                        start_new_session=True)
        if expect_ready:
            wait_for(lambda: self.process.poll() is not None or re.search(r"^ready$", self.output(), re.M), 30,
                     "the line ready")
            assert self.process.poll() is None, self.output()
        return self

    def output(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        self.log.close()
        return self.process.returncode

    @property
    def key(self):
        return os.path.join(self.run_dir, "admin.key")

    @property
    def password(self):
        with open(os.path.join(self.run_dir, "admin.password"), encoding="utf-8") as file:
            return file.read().strip()

    def socket_path(self, name):
        return os.path.join(self.run_dir, "sock", name)

    def ssh_argv(self, *words, user="admin", host="127.0.0.1", options=(), key=True):
        argv = ["ssh", "-F", "none", "-p", str(self.port), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "LogLevel=ERROR", "-o", "IdentityAgent=none"]
        if key:
            argv += ["-i", self.key, "-o", "IdentitiesOnly=yes", "-o", "PreferredAuthentications=publickey"]
        for option in options:
            argv += ["-o", option]
        return argv + [f"{user}@{host}"] + list(words)

    def ssh(self, *words, timeout_s=20, check=None, stdin=subprocess.DEVNULL, text_in=None, **more):
        """Runs one ssh command; returns the finished process with text output."""
        source = {"input": text_in} if text_in is not None else {"stdin": stdin}
        done = subprocess.run(self.ssh_argv(*words, **more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=timeout_s, **source)
        if check is not None:
            assert done.returncode == check, done.stdout + done.stderr + self.output()
        return done

    def cli(self, *words, text_in=None, timeout_s=20):
        """The CLI from a Linux shell, as the uid that runs the test."""
        return subprocess.run([os.path.join(BIN, "sallyport"), "--run-dir", os.path.join(self.run_dir, "sock"), *words],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout_s,
                              input=text_in if text_in is not None else "")

    def configure(self, *lines):
        """Commits configuration lines through the CLI; returns its output."""
        done = self.cli(text_in="\n".join(["configure", *lines, "commit", "end"]) + "\n")
        return done.stdout

    def daemon_pid(self, name):
        """The pid of a daemon that is a child of sallyport-run, or 0."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            for pid in file.read().split():
                try:
                    with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                        if comm.read().strip() == name[:15]:
                            return int(pid)
                except OSError:
                    pass
        return 0

    def kill_daemon(self, name):
        """kill -9 of a daemon; waits until its successor answers."""
        old = wait_for(lambda: self.daemon_pid(name), what=name)
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: self.daemon_pid(name) not in (0, old), what=f"a new {name}")
        path, method = {"sallyport-confd": ("confd.varlink", "org.sallyport.Config.GetCaller"),
                        "sallyport-sshd": ("sshd.varlink", "org.sallyport.SSH.GetServer")}[name]

        def answers():
            try:
                return varlink(self.socket_path(path), method)[0] is None
            except (OSError, AssertionError):
                return False
        wait_for(answers, what=f"an answer of the new {name}")

    def sessions(self):
        error, reply = varlink(self.socket_path("sshd.varlink"), "org.sallyport.SSH.ListSessions")
        assert error is None, error
        return reply["sessions"]

    def history(self, limit=0):
        error, reply = varlink(self.socket_path("sshd.varlink"), "org.sallyport.SSH.ListHistory", {"limit": limit})
        assert error is None, error
        return reply["sessions"]

    def server(self):
        error, reply = varlink(self.socket_path("sshd.varlink"), "org.sallyport.SSH.GetServer")
        assert error is None, error
        return reply


# for tests that log in, fail and misbehave from one address more than any person does
WITHOUT_LIMITS = ("ssh server rate-limit 600000", "ssh server penalties exempt 127.0.0.0/8", "ssh server penalties exempt ::1")


def make_directory():
    # below /tmp with a closed parent: other uids of the product must work there all the same
    directory = tempfile.mkdtemp(prefix="sallyport-test-")
    os.chmod(directory, 0o700)
    return directory


@pytest.fixture(autouse=True)
def ssh_ports_given_back():
    """There are only ten of them, and other runs on this machine want some too."""
    yield
    for port in [port for port in claims if port < 10000]:
        claims.pop(port).close()


@pytest.fixture(scope="module")
def product():
    directory = make_directory()
    running = Product(directory).start()
    said = running.configure(*WITHOUT_LIMITS)
    assert "% " not in said, said
    yield running
    running.stop()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def own_product():
    """One of its own, for tests that break things."""
    directory = make_directory()
    running = Product(directory)
    running.start()
    yield running
    running.stop()
    shutil.rmtree(directory, ignore_errors=True)
