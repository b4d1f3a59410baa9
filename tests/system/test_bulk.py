# SPDX-License-Identifier: GPL-3.0-or-later
"""Big files up and down across rekeys, and many transfers at once while an operator looks on.

With FULL=1 the file has 4 GiB and keys last as long as the router lets them by default; the figures are printed (pytest -s)."""
import hashlib
import os
import re
import shutil
import statistics
import struct
import subprocess
import time

import pexpect
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from conftest import wait_for

MIB = 1 << 20
FULL = os.environ.get("FULL") == "1"
SIZE_MIB, LIMIT = (4096, "default none") if FULL else (64, "16M")
CIPHER = "aes128-gcm@openssh.com"  # downloads go past libssh (services/ssh/bulk.h)
PARALLEL = 20
PARALLEL_MIB = 256 if FULL else 6
PROMPT = r"CPU0:[\w.-]+#"


def make_file(path, mib):
    """The same bytes each time, which no compression and no sparse file makes smaller."""
    stream, zeros = Cipher(algorithms.AES(b"k" * 16), modes.CTR(b"i" * 16)).encryptor(), bytes(MIB)
    with open(path, "wb") as file:
        for _ in range(mib):
            file.write(stream.update(zeros))
    return str(path)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    path = make_file(tmp_path_factory.mktemp("bulk") / "big", SIZE_MIB)
    yield path, digest(path)
    os.unlink(path)


@pytest.fixture
def master(product, tmp_path):
    """One connection that several clients use one after the other, so that its rekeys can be looked up at leisure."""
    path = str(tmp_path / "master")
    argv = product.ssh_argv(options=[f"ControlPath={path}", "ControlMaster=yes", f"RekeyLimit={LIMIT}", f"Ciphers={CIPHER}"])
    with subprocess.Popen([argv[0], "-N", *argv[1:]], stdin=subprocess.DEVNULL) as process:
        wait_for(lambda: os.path.exists(path), what="the connection")
        yield path
        process.terminate()


def rekeys(product):
    """The count of the only session."""
    return int(re.search(r"^\d+ +(\d+) +\d+ +\d+ *$", product.cli("-c", "show ssh rekey").stdout, re.M)[1])


def rekeys_at_least(product, least):
    """What happened last is told within a second."""
    wait_for(lambda: rekeys(product) >= least, 5, f"{least} key exchanges")
    return rekeys(product)


def moved(what, begin):
    if FULL:
        print(f"\n{what}: {SIZE_MIB / (time.monotonic() - begin):.0f} MiB/s", end="")


@pytest.mark.parametrize("way", ["sftp", "scp", "scp -O"])
def test_a_big_file_is_intact_across_rekeys(product, master, big, tmp_path, way):
    source, sha256 = big
    name = "harddisk:/" + way.replace(" ", "")
    there = os.path.join(product.run_dir, "state", "files", name)
    down, argv = str(tmp_path / "down"), [*way.split(), "-q", "-F", "none", "-o", f"ControlPath={master}"]

    def copy(*words):
        if way == "sftp":
            done = subprocess.run([*argv, "-b", "-", "admin@127.0.0.1"], input=" ".join(words) + "\n", text=True)
        else:
            done = subprocess.run([*argv, *("admin@127.0.0.1:" + word if word == name else word for word in words[1:])])
        assert done.returncode == 0
    begin = time.monotonic()
    copy("put", source, name)
    moved(way + " up", begin)
    assert digest(there) == sha256
    first = rekeys_at_least(product, 3)
    begin = time.monotonic()
    copy("get", name, down)
    moved(way + " down", begin)
    assert digest(down) == sha256
    second = rekeys_at_least(product, first + 3)
    if FULL:
        print(f"\n{way}: {first} rekeys up, {second - first} down", end="")
    os.unlink(there)
    os.unlink(down)


def test_channels_of_one_connection_do_not_mix(product, master, big, tmp_path):
    """Down, down, up, a slow reader and commands, all at once, with a key exchange every 16 MiB."""
    source, sha256 = big
    there = os.path.join(product.run_dir, "state", "files", "harddisk:")
    shutil.copy(source, os.path.join(there, "shared"))
    mux = ["-q", "-F", "none", "-o", f"ControlPath={master}"]

    def sftp(batch):
        process = subprocess.Popen(["sftp", *mux, "-b", "-", "admin@127.0.0.1"], stdin=subprocess.PIPE, text=True)
        process.stdin.write(batch + "\n")
        process.stdin.close()
        return process
    slow = subprocess.Popen(["ssh", *mux, "-s", "admin@127.0.0.1", "sftp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    slow.stdin.write(sftp_reads("/harddisk:/shared", 40))
    slow.stdin.flush()
    running = [sftp(f"get harddisk:/shared {tmp_path}/one"), sftp(f"get harddisk:/shared {tmp_path}/two"),
               sftp(f"put {source} harddisk:/three")]
    commands = 0
    while any(process.poll() is None for process in running):
        done = subprocess.run(["ssh", *mux, "admin@127.0.0.1", "show clock"], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0 and "UTC" in done.stdout, done
        commands += 1
    assert commands and [process.returncode for process in running] == [0, 0, 0]
    assert [digest(path) for path in (f"{tmp_path}/one", f"{tmp_path}/two", f"{there}/three")] == [sha256] * 3
    with open(source, "rb") as file:
        assert sftp_replies(slow.stdout, 40) == file.read(40 * SFTP_READ_BYTES)
    slow.stdin.close()
    assert slow.wait(10) == 0
    for name in ("shared", "three"):
        os.unlink(os.path.join(there, name))


SFTP_READ_BYTES = 32768


def sftp_string(data):
    return struct.pack(">I", len(data)) + data


def sftp_reads(path, count):
    """Everything a client may ask at once: version, open, and reads of what will be the first handle."""
    packets = [b"\x01" + struct.pack(">I", 3), b"\x03" + struct.pack(">I", 1) + sftp_string(path.encode()) + struct.pack(">II", 1, 0)]
    packets += [b"\x05" + struct.pack(">I", 2 + i) + sftp_string(bytes(4)) + struct.pack(">QI", i * SFTP_READ_BYTES, SFTP_READ_BYTES)
                for i in range(count)]
    return b"".join(map(sftp_string, packets))


def sftp_replies(stream, count):
    def packet():
        return stream.read(struct.unpack(">I", stream.read(4))[0])
    assert packet()[0] == 2 and packet()[0] == 102
    data = []
    for i in range(count):
        reply = packet()
        assert reply[0] == 103 and struct.unpack(">II", reply[1:9]) == (2 + i, SFTP_READ_BYTES)
        data.append(reply[9:])
    return b"".join(data)


def transfer(product, source, number, place):
    """Up, down, and a mark that both are done; then the client waits to be told to go."""
    # on a router the clients are elsewhere: here they give way to it
    argv = ["nice", "-n", "19", "sftp", "-q", "-b", "-", *product.ssh_argv()[1:]]
    argv[argv.index("-p")] = "-P"
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    process.stdin.write(f"put {source} harddisk:/p{number}\nget harddisk:/p{number} {place}/p{number}\n"
                        f"rm harddisk:/p{number}\n!touch {place}/done{number}\n".encode())
    process.stdin.flush()
    return process


def figures(*series_ms):
    """Of what an operator waits for, and of the daemon's part in it."""
    texts = []
    for name, series in zip(("show ssh", "ListSessions"), map(sorted, series_ms)):
        texts.append(f"{name}, {len(series)} times: median {statistics.median(series):.1f} ms, p99 {series[len(series) * 99 // 100]:.1f} ms")
    return "; ".join(texts)


def test_twenty_transfers_while_an_operator_looks_on(product, tmp_path):
    source = make_file(tmp_path / "source", PARALLEL_MIB)
    argv = product.ssh_argv(options=["RequestTTY=force"])
    operator = pexpect.spawn(argv[0], argv[1:], env={**os.environ, "TERM": "dumb"}, timeout=30, encoding="utf-8")
    operator.delaybeforesend = None  # which would be measured too
    operator.expect(PROMPT)
    operator.sendline("terminal length 0")
    operator.expect(PROMPT)
    times_ms, daemon_ms, most = [], [], 0

    def look():
        begin = time.monotonic()
        operator.sendline("show ssh")
        operator.expect(PROMPT)
        times_ms.append((time.monotonic() - begin) * 1000)
        begin = time.monotonic()
        product.sessions()
        daemon_ms.append((time.monotonic() - begin) * 1000)
        return len(re.findall(r"^\d+ .* SESSION_OPEN .* Sftp-Subsystem ", operator.before, re.M))

    def all_done():
        nonlocal most
        most = max(most, look())
        return all((tmp_path / f"done{number}").exists() for number in range(PARALLEL))
    for _ in range(20):
        look()
    quiet = figures(times_ms, daemon_ms)
    times_ms, daemon_ms = [], []
    clients = [transfer(product, source, number, tmp_path) for number in range(PARALLEL)]
    begin = time.monotonic()
    wait_for(all_done, 300 if FULL else 60, "the end of all transfers")
    seconds = time.monotonic() - begin
    assert most == PARALLEL == look()
    for client in clients:
        client.stdin.close()
        assert client.wait(30) == 0
    assert {digest(tmp_path / f"p{number}") for number in range(PARALLEL)} == {digest(source)}
    operator.sendline("exit")
    operator.expect(pexpect.EOF)
    operator.close()
    if FULL:
        print(f"\n{PARALLEL} transfers of {PARALLEL_MIB} MiB up and down in {seconds:.1f} s\n{figures(times_ms, daemon_ms)}\nand before: {quiet}")
