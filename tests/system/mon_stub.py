# SPDX-License-Identifier: GPL-3.0-or-later
"""A monitor for tests of the transport alone: it answers every request of services/ssh/mon.h, keeps what was asked, and
can be told to answer otherwise. Host keys and signatures are made with the cryptography package that paramiko brings."""
import array
import base64
import fcntl
import os
import pty
import select
import socket
import struct
import subprocess
import threading

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

(START, SIGN, VERIFY, ALGORITHMS, AUTH_NONE, AUTH_PASSWORD, AUTH_QUERY, AUTH_KEY, CHANNEL_OPEN, PTY, ENV, SHELL, EXEC, SUBSYSTEM,
 WINDOW, SIGNAL, CHANNEL_CLOSE, LOG, STATISTICS, CLOSING, NEGOTIATION, KBDINT_START, KBDINT_ANSWER, FORWARD) = range(1, 25)
NAMES = ("- START SIGN VERIFY ALGORITHMS AUTH_NONE AUTH_PASSWORD AUTH_QUERY AUTH_KEY CHANNEL_OPEN PTY ENV SHELL EXEC SUBSYSTEM WINDOW "
         "SIGNAL CHANNEL_CLOSE LOG STATISTICS CLOSING NEGOTIATION KBDINT_START KBDINT_ANSWER FORWARD").split()
EVENT_EXIT, EVENT_TERMINATE = 64, 65
DENIED, SUCCESS, PARTIAL, DISCONNECT = range(4)
CHANNELS_MAX = 10
METHODS = 2 | 4  # SSH_AUTH_METHOD_PASSWORD, _PUBLICKEY
END_CLIENT_CLOSED, END_EXIT, END_AUTH_FAILED, END_AUTH_TIMEOUT, END_NEGOTIATION, END_CLEARED, END_PROTOCOL_ERROR = range(1, 8)

KEX = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group16-sha512"
CIPHERS = "aes256-gcm@openssh.com,aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes128-ctr"
MACS = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512"
HOSTKEYS = "ssh-ed25519,ecdsa-sha2-nistp521,ecdsa-sha2-nistp384,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256"
PUBKEYS = "ssh-ed25519,ecdsa-sha2-nistp521,ecdsa-sha2-nistp384,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256"


def string(value):
    if isinstance(value, str):
        value = value.encode()
    return struct.pack(">I", len(value)) + value


class Record:
    def __init__(self, data):
        self.type, self.channel = struct.unpack(">HH", data[:4])
        self.data, self.at = data, 4

    def u8(self):
        self.at += 1
        return self.data[self.at - 1]

    def u32(self):
        self.at += 4
        return struct.unpack(">I", self.data[self.at - 4:self.at])[0]

    def u64(self):
        self.at += 8
        return struct.unpack(">Q", self.data[self.at - 8:self.at])[0]

    def bytes(self):
        n = self.u32()
        self.at += n
        assert self.at <= len(self.data)
        return self.data[self.at - n:self.at]

    def text(self):
        return self.bytes().decode("utf-8", "replace")


def public_blob(key):
    line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return base64.b64decode(line.split()[1])


_host_keys = {}


def host_key(name):
    if name not in _host_keys:
        _host_keys[name] = {
            "ed25519": ed25519.Ed25519PrivateKey.generate,
            "ecdsa256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "ecdsa384": lambda: ec.generate_private_key(ec.SECP384R1()),
            "ecdsa521": lambda: ec.generate_private_key(ec.SECP521R1()),
            "rsa": lambda: rsa.generate_private_key(65537, 3072),
        }[name]()
    return _host_keys[name]


def sign(key, digest, tbs):
    algorithm = {"SHA1": hashes.SHA1, "SHA256": hashes.SHA256, "SHA384": hashes.SHA384, "SHA512": hashes.SHA512}.get(digest)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        assert digest == ""
        return key.sign(tbs)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(tbs, padding.PKCS1v15(), algorithm())
    return key.sign(tbs, ec.ECDSA(algorithm()))


class Connection:
    """One transport and the thread that plays its monitor."""

    def __init__(self, stub, tcp):
        self.stub = stub
        self.asked = []        # (name, channel, fields…)
        self.programs = {}     # channel -> Popen
        self.open = set()
        self.pty = {}          # channel -> (master, slave)
        self.environment = {}
        self.ended = threading.Event()
        self.closing = None
        rpc, rpc_theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        events, events_theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.rpc, self.events = rpc, events
        root = os.open(stub.empty, os.O_PATH)
        fds = {3: tcp.fileno(), 4: rpc_theirs.fileno(), 5: events_theirs.fileno(), 6: root}

        def place():
            spare = {to: fcntl.fcntl(fd, fcntl.F_DUPFD, 512) for to, fd in fds.items()}
            for to, fd in spare.items():
                os.dup2(fd, to)
                os.close(fd)

        self.process = subprocess.Popen(stub.prefix + [stub.program, *stub.arguments], preexec_fn=place, pass_fds=(3, 4, 5, 6),
                                        stdin=subprocess.DEVNULL)
        for one in (tcp, rpc_theirs, events_theirs):
            one.close()
        os.close(root)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def names(self):
        return [entry[0] for entry in self.asked]

    def entries(self, name):
        return [entry for entry in self.asked if entry[0] == name]

    def event(self, kind, channel, body):
        self.events.send(struct.pack(">HH", kind, channel) + body)

    def terminate(self, text):
        self.event(EVENT_TERMINATE, 0, string(text))

    def run(self):
        try:
            while True:
                data = self.rpc.recv(70000)
                if not data:
                    break
                self.answer(Record(data))
        except OSError:
            pass
        for process in self.programs.values():
            if process.poll() is None:
                process.kill()
        self.process.wait()
        self.rpc.close()
        self.events.close()
        self.ended.set()

    def reply(self, record, body=b"", fds=()):
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.rpc.sendmsg([struct.pack(">HH", record.type, record.channel) + body], ancillary)

    def answer(self, record):
        kind = record.type
        note = [NAMES[kind], record.channel]
        self.asked.append(note)
        ok = b"\1"
        if kind == START:
            keys = [public_blob(host_key(name)) for name in self.stub.host_keys]
            body = string(self.stub.comment) + struct.pack(">I", self.stub.timeout_s)
            for one in (self.stub.kex, HOSTKEYS, self.stub.ciphers, MACS, PUBKEYS):
                body += string(one)
            body += struct.pack(">5I", *self.stub.rekey, *self.stub.idle)
            body += struct.pack(">I", len(keys)) + b"".join(string(key) for key in keys)
            self.reply(record, body)
        elif kind == SIGN:
            blob, digest, tbs = record.bytes(), record.text(), record.bytes()
            key = next((host_key(n) for n in self.stub.host_keys if public_blob(host_key(n)) == blob), None)
            note += [digest, len(tbs)]
            self.reply(record, ok + string(sign(key, digest, tbs)) if key else b"\0" + string(b""))
        elif kind == VERIFY:
            note += [record.bytes(), record.bytes()]
            self.reply(record, ok)
        elif kind == ALGORITHMS:
            note += [record.text() for _ in range(6)]
            self.reply(record)
        elif kind == AUTH_NONE:
            note += [record.text()]
            self.reply(record, bytes([DENIED]) + struct.pack(">I", METHODS) + string(self.stub.banner))
        elif kind == AUTH_PASSWORD:
            note += [record.text(), record.text()]
            verdict = SUCCESS if note[3] == self.stub.password else self.stub.wrong
            self.reply(record, bytes([verdict]) + struct.pack(">I", METHODS))
        elif kind == AUTH_QUERY:
            note += [record.text(), record.bytes()]
            self.reply(record, bytes([SUCCESS if note[3] in self.stub.keys else DENIED]))
        elif kind == AUTH_KEY:
            note += [record.text(), record.bytes()]
            verdict = SUCCESS if note[3] in self.stub.keys and "VERIFY" in self.names() else self.stub.wrong
            self.reply(record, bytes([verdict]) + struct.pack(">I", METHODS))
        elif kind == PTY:
            note += [record.text(), *[record.u32() for _ in range(4)]]
            self.pty[record.channel] = pty.openpty()
            self.reply(record, ok)
        elif kind == ENV:
            note += [record.text(), record.text()]
            self.environment[note[2]] = note[3]
            self.reply(record, ok)
        elif kind == SHELL:
            self.start(record, self.stub.shell)
        elif kind in (EXEC, SUBSYSTEM):
            note += [record.text()]
            argv = ["/bin/sh", "-c", note[2]] if kind == EXEC else self.stub.subsystems.get(note[2])
            if argv:
                self.start(record, argv)
            else:
                self.reply(record, b"\0\0")
        elif kind == WINDOW:
            note += [record.u32() for _ in range(4)]
            self.reply(record, ok)
        elif kind == SIGNAL:
            note += [record.text()]
            process = self.programs.get(record.channel)
            if process:
                process.send_signal({"TERM": 15, "INT": 2, "KILL": 9}.get(note[2], 15))
            self.reply(record, ok)
        elif kind == CHANNEL_OPEN:
            fits = len(self.open) < CHANNELS_MAX
            if fits:
                self.open.add(record.channel)
            self.reply(record, ok if fits else b"\0")
        elif kind == CHANNEL_CLOSE:
            self.open.discard(record.channel)
            process = self.programs.get(record.channel)
            if process and process.poll() is None:
                process.send_signal(1)
            self.reply(record)
        elif kind == LOG:
            note += [record.u8(), record.text()]
            self.reply(record)
        elif kind == STATISTICS:
            note += [record.u64(), record.u64(), record.u64()]
            self.reply(record)
        elif kind == NEGOTIATION:
            note += [record.u32(), record.text()]
            self.reply(record)
        elif kind == FORWARD:
            note += [record.text(), record.u32(), record.text(), record.u32()]
            self.reply(record, b"\0")
        elif kind == CLOSING:
            note += [record.u32(), record.text()]
            self.closing = (note[2], note[3])
            self.reply(record)
        else:
            self.reply(record, ok)

    def start(self, record, argv):
        channel = record.channel
        environment = {**os.environ, **self.environment}
        if channel in self.pty:
            master, slave = self.pty[channel]
            process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=environment,
                                       preexec_fn=lambda: fcntl.ioctl(0, 0x540E, 0))
            os.close(slave)
            self.reply(record, b"\1\1", [master])
            os.close(master)
        else:
            process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                                       start_new_session=True, env=environment)
            pipes = [process.stdin, process.stdout, process.stderr]
            self.reply(record, b"\1\3", [pipe.fileno() for pipe in pipes])
            for pipe in pipes:
                pipe.close()
        self.programs[channel] = process
        threading.Thread(target=self.reap, args=(channel, process), daemon=True).start()

    def reap(self, channel, process):
        status = process.wait()
        name = {15: "TERM", 2: "INT", 9: "KILL", 1: "HUP", 13: "PIPE"}.get(-status, "")
        try:
            self.event(EVENT_EXIT, channel, bytes([status < 0]) + struct.pack(">I", abs(status)) + string(name))
        except OSError:
            pass


class MonStub:
    """Listens on a free port of 127.0.0.1 and gives each connection a transport."""

    def __init__(self, program, empty, arguments=("--uid", "64999", "--gid", "64999"), prefix=()):
        self.program, self.empty, self.arguments, self.prefix = program, empty, list(arguments), list(prefix)
        self.kex, self.ciphers, self.comment, self.timeout_s, self.banner = KEX, CIPHERS, "", 30, ""
        self.rekey, self.idle = (3600, 1024), (0, 0, 0)  # seconds, MiB; seconds of keepalive, channels, connections
        self.host_keys = ["ed25519", "ecdsa256", "rsa"]
        self.password, self.keys, self.wrong = "right", [], DENIED
        self.shell, self.subsystems = ["/bin/sh"], {"cat": ["/bin/cat"]}
        self.connections = []
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.wake_read, self.wake_write = os.pipe()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            ready, _, _ = select.select([self.listener, self.wake_read], [], [])
            if self.wake_read in ready:
                return
            tcp, _ = self.listener.accept()
            self.connections.append(Connection(self, tcp))

    def stop(self):
        os.write(self.wake_write, b"x")
        self.thread.join()
        self.listener.close()
        for connection in self.connections:
            if connection.process.poll() is None:
                connection.process.kill()
            connection.ended.wait(10)


if __name__ == "__main__":
    import sys
    import tempfile
    stub = MonStub(sys.argv[1], tempfile.mkdtemp(), sys.argv[2:] or ("--uid", "64999", "--gid", "64999"))
    for path in [p for p in os.environ.get("KEYS", "").split(":") if p]:
        with open(path, encoding="ascii") as file:
            stub.keys.append(base64.b64decode(file.read().split()[1]))
    print(stub.port, flush=True)
    seen = {}
    while True:
        for connection in list(stub.connections):
            at = seen.get(connection, 0)
            for entry in connection.asked[at:]:
                print(connection.process.pid, *[str(field)[:400] for field in entry], flush=True)
            seen[connection] = len(connection.asked)
            if connection.ended.is_set():
                print(connection.process.pid, "exit", connection.process.returncode, flush=True)
                stub.connections.remove(connection)
        import time
        time.sleep(0.05)
