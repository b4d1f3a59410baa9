# SPDX-License-Identifier: GPL-3.0-or-later
"""A transport that was taken over gains nothing: no private key is in its memory, and whoever sits in its place, behind the
product's own seal, reaches no file, socket, process or other session, and is believed nothing."""
import errno
import glob
import hashlib
import os
import signal
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from conftest import BIN, wait_for
# pylint: disable=unused-import
from test_transport_attack import (ALGORITHMS, ANSWERS, DENIED, EXEC, KEY, OPEN, PASSWORD, QUESTIONS, SIGN, START, SUCCESS, VERIFY,  # noqa: F401
                                   TOOLS, place, play)

TRANSPORT = os.path.join(BIN, "sallyport-transport")
SANITIZED = b"__asan_init" in open(TRANSPORT, "rb").read() if os.path.exists(TRANSPORT) else False
HOST_KEYS = {"rsa": "rsa-sha2-512", "ecdsa": "ecdsa-sha2-nistp521", "ed25519": "ssh-ed25519"}
PIECE = 24  # as many bytes of a number, from either end of it, are never there by chance

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="looks into the memory of other uids")


# ---- private keys ----

def number_bytes(value):
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def clamped(seed):
    scalar = bytearray(hashlib.sha512(seed).digest()[:32])
    scalar[0] &= 248
    scalar[31] = scalar[31] & 127 | 64
    return bytes(scalar)


def parts_of(path):
    """({name: bytes} private, {name: bytes} public) of a host key."""
    with open(path, "rb") as file:
        pem = file.read()
    key = serialization.load_pem_private_key(pem, None)
    lines = [line for line in pem.splitlines() if line and not line.startswith(b"-----")]
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        private = {name: number_bytes(getattr(numbers, name)) for name in ("d", "p", "q", "dmp1", "dmq1", "iqmp")}
        public = {"n": number_bytes(numbers.public_numbers.n)}
        lines = lines[8:]  # the modulus comes first
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        private = {"scalar": number_bytes(key.private_numbers().private_value)}
        public = {"x": number_bytes(key.public_key().public_numbers().x)}
        lines = []  # half of it is public
    else:
        assert isinstance(key, ed25519.Ed25519PrivateKey)
        seed = key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
        private = {"seed": seed, "hash": hashlib.sha512(seed).digest()[:32], "prefix": hashlib.sha512(seed).digest()[32:],
                   "clamped": clamped(seed)}
        public = {"point": key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)}
    private.update({f"line {n}": line for n, line in enumerate(lines) if len(line) >= PIECE})
    return private, public


def needles(parts):
    """The pieces to look for: either end, in both orders of bytes."""
    found = {}
    for name, value in parts.items():
        for order, text in (("big", value), ("little", value[::-1])):
            found[f"{name}, {order}-endian, begin"] = text[:PIECE]
            found[f"{name}, {order}-endian, end"] = text[-PIECE:]
    return found


def memory_of(pid):
    blocks = []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            words = line.split()
            if "r" not in words[1] or words[-1] in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                continue
            begin, end = (int(word, 16) for word in words[0].split("-"))
            try:
                mem.seek(begin)
                while begin < end:
                    data = mem.read(end - begin)
                    if not data:
                        break
                    blocks.append(data)
                    begin += len(data)
            except OSError:
                pass
    return b"\n".join(blocks)


def hits(memory, parts):
    return sorted(name for name, piece in needles(parts).items() if piece in memory)


def processes_of(program):
    """pids that run this program of our build."""
    found = []
    for link in glob.glob("/proc/[0-9]*/exe"):
        try:
            if os.path.realpath(os.readlink(link)) == os.path.realpath(program):
                found.append(int(link.split("/")[2]))
        except OSError:
            pass
    return found


@pytest.fixture(scope="module")
def live(product):
    """A live session per type of host key, with a terminal, as operators have them."""
    clients = {}
    out = product.configure("ssh server algorithms host-key ecdsa-nistp521 ed25519 rsa-sha512 rsa-sha256")
    assert "%" not in out, out
    for name, algorithm in HOST_KEYS.items():
        argv = product.ssh_argv(options=[f"HostKeyAlgorithms={algorithm}"])
        clients[name] = subprocess.Popen(argv[:1] + ["-tt"] + argv[1:], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)
    wait_for(lambda: len([s for s in product.sessions() if s["channels"]]) == len(HOST_KEYS), 20, "the sessions")
    yield product
    for client in clients.values():
        client.kill()
        client.wait()


def host_key_files(product):
    files = {}
    for path in glob.glob(os.path.join(product.run_dir, "**", "ssh_host_*_key"), recursive=True):
        files[os.path.basename(path)] = path
    return files


def test_no_private_key_is_in_the_memory_of_a_transport(live):
    sessions = [s["session"] for s in live.sessions()]
    assert {s["host_key"] for s in sessions} == set(HOST_KEYS.values()), sessions
    keys = {name: parts_of(path) for name, path in host_key_files(live).items()}
    transports = processes_of(TRANSPORT)
    assert len(transports) >= len(HOST_KEYS) and len(keys) >= len(HOST_KEYS), (transports, keys.keys())
    publics = set()
    for pid in transports:
        memory = memory_of(pid)
        assert len(memory) > 1 << 20, pid
        for name, (private, public) in keys.items():
            assert not hits(memory, private), (pid, name, hits(memory, private))
            if hits(memory, public):
                publics.add(name)
    # the search finds what is there: public halves in the transports, and both halves in every monitor
    assert {"ssh_host_rsa_key", "ssh_host_ed25519_key"} <= publics and any("ecdsa" in name for name in publics), publics
    for session in sessions:
        memory = memory_of(session["pid"])
        for name, (private, public) in keys.items():
            found = hits(memory, private)
            assert found and hits(memory, public), (session["pid"], name)


def test_no_private_key_is_in_what_the_session_starts(live):
    keys = {name: parts_of(path)[0] for name, path in host_key_files(live).items()}
    shells = processes_of(os.path.join(BIN, "sallyport"))
    assert len(shells) >= len(HOST_KEYS), shells
    for pid in shells:
        memory = memory_of(pid)
        for name, private in keys.items():
            assert not hits(memory, private), (pid, name)


# ---- behind the seal ----

def attempt_names():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "takeover", "attempts.c"), encoding="utf-8") as file:
        text = file.read()
    names = [word.split(")")[0] for word in text.split("ATTEMPT(")[2:]]
    assert len(names) > 50
    return names


ANSWERED = {"open_file": errno.EACCES, "open_process_memory": errno.EACCES, "open_process_descriptor": errno.EACCES}
FORBIDDEN = [name for name in attempt_names() if name != "descriptors"]


@pytest.fixture(scope="module")
def victim(live):
    """The transport of somebody else's session: of the same uid as the one that was taken over."""
    transports = [pid for pid in processes_of(TRANSPORT) if "sallyport-trans" in comm(pid)]
    assert transports
    return transports[0]


def comm(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
        return file.read()


def result(monitor, name):
    """(value, errno) of an attempt, None when it never came back."""
    for line in monitor.text.splitlines():
        words = line.split()
        if words and words[0] == name:
            return int(words[1]), int(words[2])
    return None


@pytest.mark.skipif(SANITIZED, reason="a sanitizer leaves no room for the filter")
@pytest.mark.parametrize("name", FORBIDDEN)
def test_nothing_is_reached_from_behind_the_seal(play, victim, name):
    monitor = play(f"sealed try {name} {victim}")
    end = monitor.run()
    if name in ANSWERED:
        assert result(monitor, name) == (-1, ANSWERED[name]), monitor.text
        return
    assert result(monitor, name) is None, monitor.text
    assert f"died by signal {signal.SIGSYS.value} (SIGSYS)" in monitor.log()
    assert end["end_reason"] == "protocol-error" and os.path.exists(f"/proc/{victim}")


def test_control_without_the_seal_each_attempt_comes_back(play, victim):
    """What refuses them above is the seal, not that they were made wrong; some even succeed."""
    found = {}
    for name in FORBIDDEN:
        monitor = play(f"try {name} {victim}")
        monitor.run()
        found[name] = result(monitor, name)
        assert found[name] is not None, (name, monitor.log())
    for name in ("open_file", "make_memory_file", "read_link", "leave_root", "change_root", "socket_inet", "socket_unix", "socket_pair",
                 "pass_descriptor", "make_process", "signal_process", "process_descriptor", "become_root", "executable_memory",
                 "memory_made_executable", "be_dumpable"):
        assert found[name][0] >= 0, (name, found[name])


def test_descriptors_are_those_that_a_transport_needs(play):
    monitor = play("sealed try descriptors 0")
    monitor.run()
    # three that lead nowhere, the connection, requests, events
    assert result(monitor, "descriptors") == (0b111111, 0), monitor.text


# what is left when the filter should have a hole
@pytest.mark.parametrize("name,code", [
    ("open_file", errno.ENOENT), ("open_process_memory", errno.ENOENT), ("open_process_descriptor", errno.ENOENT),
    ("read_link", errno.ENOENT), ("trace", errno.EPERM), ("memory_read", errno.EPERM), ("memory_write", errno.EPERM),
    ("compare", errno.EPERM), ("change_root", errno.EPERM), ("mount_proc", errno.EPERM), ("become_root", errno.EPERM),
    ("enter_namespace", errno.EINVAL)])
def test_below_the_filter_there_is_no_file_no_privilege_and_no_other_process(play, victim, name, code):
    monitor = play(f"dropped try {name} {victim}")
    monitor.run()
    assert result(monitor, name) == (-1, code), monitor.text


# ---- what it may still say ----

def test_control_an_honest_transport_works_behind_the_seal(play):
    monitor = play("sealed honest")
    monitor.run()
    assert monitor.answers()[:5] == [(START, 0), (SIGN, 1), (VERIFY, 1), (KEY, SUCCESS), (OPEN, 1)]
    assert "arg one two" in monitor.text and "SIGSYS" not in monitor.log()


LIES = [
    # to sign something else than a hash, with something else than a host key, more often than a key exchange does
    ("sign_other_data", SIGN, [], "asked to sign 100 bytes that are no hash"),
    ("sign_unknown_key", SIGN, [], "a key that is not a host key"),
    ("sign_sha1", SIGN, [], "digest 'SHA1', which the key does not use"),
    ("sign_often", SIGN, [1], "request 2 more than 1 times"),
    # to have authenticated
    ("verify_other_session", KEY, [DENIED], "signed for another connection"),
    ("verify_before_kex", KEY, [], "asked to authenticate before the key exchange"),
    ("verify_bad_signature", KEY, [DENIED], "the signature is wrong"),
    ("key_never_proved", KEY, [DENIED], "no proof that the client holds this key"),
    ("proof_of_other_user", KEY, [DENIED], "no proof that the client holds this key"),
    ("user_changed", OPEN, [], "the user name was changed"),
    ("kbdint_answers_first", ANSWERS, [], "answered questions before anybody asked for any"),
    ("kbdint_answers_unasked", ANSWERS, [DENIED] * 4, "answers that nobody asked for"),
    # to be somebody else afterwards
    ("auth_after_auth", PASSWORD, [], "request 6, which is not permitted after authentication"),
    ("kbdint_after_auth", QUESTIONS, [], "request 22, which is not permitted after authentication"),
    # to have what only a session has, and channels of others
    ("exec_before_auth", EXEC, [], "request 13, which is not permitted before authentication"),
    ("open_before_auth", OPEN, [], "request 9, which is not permitted before authentication"),
    ("channel_not_open", EXEC, [], "spoke of channel 2, which is not open"),
]


@pytest.mark.parametrize("case,request_type,answers,event", LIES)
def test_a_lie_is_refused(play, case, request_type, answers, event):
    monitor = play("sealed " + case)
    monitor.run()
    assert event in monitor.log() and "SIGSYS" not in monitor.log(), monitor.log()
    assert [a for t, a in monitor.answers() if t == request_type and a is not None] == answers, monitor.text
    assert "arg " not in monitor.text and not any(line.endswith(("fds 1", "fds 2")) for line in monitor.text.splitlines())
    if case not in ("auth_after_auth", "kbdint_after_auth", "channel_not_open"):
        assert "Successfully authenticated" not in monitor.log()
