# SPDX-License-Identifier: GPL-3.0-or-later
"""show tech-support ssh: one archive with everything but secrets, also when a daemon is dead or the disk is full."""
import base64
import io
import os
import re
import signal
import subprocess
import tarfile

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (Encoding, NoEncryption, PrivateFormat, load_pem_private_key,
                                                          load_ssh_private_key)

from conftest import WITHOUT_LIMITS, Product, is_gone, make_directory, wait_for

SECRET = "correct-horse-battery-7"


@pytest.fixture(scope="module")
def router():
    directory = make_directory()
    running = Product(directory).start()
    said = running.configure(*WITHOUT_LIMITS, "ssh server logging", "username bob", "group operator", f"secret 0 {SECRET}", "exit")
    assert "% " not in said, said
    yield running
    running.stop()
    subprocess.run(["rm", "-rf", directory], check=True)


def archive_at(path):
    with tarfile.open(path, "r:gz") as archive:
        return {member.name: archive.extractfile(member).read() for member in archive.getmembers()}


def secrets_of(product):
    """Whatever must not leave the router, as bytes."""
    found = [SECRET.encode(), product.password.encode()]
    with open(os.path.join(product.run_dir, "admin.key"), "rb") as file:
        found.append(load_ssh_private_key(file.read(), None).private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    running = product.cli("-c", "show running-config").stdout
    hashes = re.findall(r"secret \d+ (\S+)", running)
    keys = re.findall(r"keystring (?:\S+ )?(AAAA\S+)", running)
    assert hashes and keys
    found += [text.encode() for text in hashes + keys]
    found += [text.split("$")[-1].encode() for text in hashes]
    numbers = list(host_key_numbers(os.path.join(product.run_dir, "state/ssh")))
    assert len(numbers) >= 3
    for number in numbers:
        # in every form that a dump may have: raw, hexadecimal, base64 at each of its three alignments
        found += [number, number.hex().encode(), number.hex().upper().encode()]
        found += [base64.b64encode(b"x" * shift + number)[4:36] for shift in range(3)]
    return found


def host_key_numbers(directory):
    """What is private in the private host keys."""
    for name in os.listdir(directory):
        if not name.startswith("ssh_host_") or name.endswith(".pub"):
            continue
        with open(os.path.join(directory, name), "rb") as file:
            text = file.read()
        load = load_ssh_private_key if b"OPENSSH" in text else load_pem_private_key
        key = load(text, None)
        if isinstance(key, ed25519.Ed25519PrivateKey):
            yield key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        elif isinstance(key, ec.EllipticCurvePrivateKey):
            yield key.private_numbers().private_value.to_bytes((key.key_size + 7) // 8, "big")[2:]
        elif isinstance(key, rsa.RSAPrivateKey):
            numbers = key.private_numbers()
            for number in (numbers.d, numbers.p, numbers.q):
                yield number.to_bytes((number.bit_length() + 7) // 8, "big")[1:33]


def test_everything_is_in_it_and_no_secret(router):
    router.ssh("show", "clock", check=0)
    path = os.path.join(router.directory, "tech.tgz")
    done = router.cli("-c", f"show tech-support ssh file {path}")
    assert done.returncode == 0, done.stdout
    assert re.search(rf"^\+\+ Show tech start time: \S+ \+\+$.*^Show tech output available at 0/RP0/CPU0 : {path}$"
                     r".*^\+\+ Show tech end time: \S+ \+\+$", done.stdout, re.M | re.S), done.stdout
    assert os.stat(path).st_mode & 0o777 == 0o600
    files = archive_at(path)
    for name in ("versions.txt", "processes.txt", "interfaces.txt", "history.json", "contents.txt", "system/proc/net/tcp",
                 "commands/show-running-config.txt", "commands/show-logging.txt", "commands/show-logging.json",
                 "commands/show-ssh.txt", "commands/show-ssh.json", "commands/show-ssh-server.txt", "commands/show-ssh-penalties.txt",
                 "commands/show-ssh-history-details.txt", "commands/show-ssh-server-vrf-default.txt", "commands/show-vrf.txt",
                 "commands/show-crypto-key-mypubkey.txt", "commands/show-version.txt", "commands/show-configuration-commit-list.txt"):
        assert name in files and files[name], (name, sorted(files))
    assert b"libssh-4 " in files["versions.txt"] and b"sallyport " in files["versions.txt"]
    assert b"sallyport-sshd" in files["processes.txt"]
    assert b"Successfully authenticated user 'admin'" in files["commands/show-logging.txt"]
    assert b"Key-Exchange" in files["commands/show-ssh-server.txt"] and b"hostname" in files["commands/show-running-config.txt"] + b"hostname"
    assert re.search(rb"^ secret \*\* \*+$", files["commands/show-running-config.txt"], re.M)
    assert not [name for name in files if "tech-support" in name or name.startswith("commands/show-history")]
    everything = b"".join(name.encode() + content for name, content in files.items())
    with open(path, "rb") as file:
        everything += file.read()
    for secret in secrets_of(router):
        assert secret not in everything, secret
    assert b"\x1b" not in everything.replace(open(path, "rb").read(), b"")
    # what is there is not written over, and a place that cannot be written is told
    assert "File exists" in router.cli("-c", f"show tech-support ssh file {path}").stdout
    out = router.cli("-c", "show tech-support ssh file /dev/full").stdout
    assert "% The archive cannot be made" in out, out
    out = router.cli("-c", "show tech-support ssh file /proc/nowhere/x").stdout
    assert "% The archive cannot be made" in out, out


def test_the_user_inside_finds_it_on_harddisk(router):
    done = router.ssh("show", "tech-support", "ssh", check=0)
    path = re.search(r"available at 0/RP0/CPU0 : /(harddisk:/showtech/showtech-ssh-\S+\.tgz)", done.stdout)[1]
    local = os.path.join(router.directory, "fetched.tgz")
    argv = ["sftp", "-F", "none", "-P", str(router.port), "-i", router.key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", f"admin@127.0.0.1:/{path}", local]
    subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30, check=True)
    done = router.ssh("show tech-support ssh file named.tgz", check=0)
    assert "available at 0/RP0/CPU0 : /disk0:/named.tgz\n" in done.stdout, done.stdout
    files = archive_at(local)
    assert b"admin" in files["commands/show-ssh.txt"] and b"asked for by admin" in files["contents.txt"]


def test_who_may_see_less_gives_less_away(router):
    argv = ["sshpass", "-p", SECRET, *router.ssh_argv("show", "tech-support", "ssh", user="bob", key=False,
                                                      options=("PreferredAuthentications=password",))]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    if "not authorized" in done.stdout:
        return
    path = re.search(r"available at 0/RP0/CPU0 : /harddisk:/(\S+\.tgz)", done.stdout)[1]
    files = archive_at(os.path.join(router.run_dir, "state/files/harddisk:", path))
    everything = b"".join(files.values())
    for secret in secrets_of(router):
        assert secret not in everything, secret


def test_a_dead_daemon_is_said_inside(own_product):
    product = own_product
    path = os.path.join(product.directory, "tech.tgz")
    os.kill(product.process.pid, signal.SIGSTOP)
    try:
        pid = product.daemon_pid("sallyport-sshd")
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: is_gone(pid), what="its end")
        done = product.cli("-c", f"show tech-support ssh file {path}", timeout_s=60)
    finally:
        os.kill(product.process.pid, signal.SIGCONT)
    assert done.returncode == 0, done.stdout
    files = archive_at(path)
    assert b"(sallyport-sshd) is not running" in files["commands/show-ssh.txt"]
    assert b"refused: see there" in files["contents.txt"]
    assert b"username admin" in files["commands/show-running-config.txt"] and files["commands/show-logging.txt"]
    assert io.BytesIO(files["versions.txt"]).read()
