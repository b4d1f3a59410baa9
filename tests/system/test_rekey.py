# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys are made anew: by time and volume as the profile says, whoever begins, in the middle of bulk, and an operator sees it."""
import base64
import hashlib
import json
import os
import re
import subprocess

import paramiko
import pytest

import mon_stub
from conftest import BIN, make_directory, wait_for

MIB = 1 << 20


def connect(product):
    ssh = paramiko.SSHClient()
    ssh.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    ssh.connect("127.0.0.1", product.port, "admin", key_filename=product.key, look_for_keys=False, allow_agent=False)
    return ssh


def rekeys(product):
    """{session id: (count, minutes, megabytes)}"""
    rows = json.loads(product.cli("-c", "show ssh rekey | json").stdout)
    return {row["id"]: (row["rekey_count"], row["time_to_rekey_min"], row["volume_to_rekey_mb"]) for row in rows}


def rekeys_as_text(product):
    text = product.cli("-c", "show ssh rekey").stdout
    assert "id      RekeyCount      TimeToRekey(min)      VolumeToRekey(MB)" in text and "Incoming Session" in text
    return {int(m[1]): tuple(int(m[i]) for i in (2, 3, 4)) for m in re.finditer(r"^(\d+) +(\d+) +(\d+) +(\d+) *$", text, re.M)}


@pytest.fixture
def stub():
    """A transport alone, whose monitor may say any limit."""
    directory = make_directory()
    os.chmod(directory, 0o755)
    empty = os.path.join(directory, "empty")
    os.mkdir(empty)
    weak = ["--weak"] if os.geteuid() else ["--uid", "64999", "--gid", "64999"]
    one = mon_stub.MonStub(os.path.join(BIN, "sallyport-transport"), empty, weak)
    yield one
    one.stop()


def stub_connect(stub):
    client = paramiko.Transport(("127.0.0.1", stub.port))
    client.start_client(timeout=20)
    client.auth_password("admin", "right")
    return client


def signatures(stub):
    return stub.connections[-1].names().count("SIGN")


def test_time_makes_keys_anew_even_where_nothing_moves(stub):
    stub.rekey = (1, 1024)
    client = stub_connect(stub)
    channel = client.open_session()
    channel.exec_command("cat")
    # nobody says a word: the first exchange, and at least two more
    wait_for(lambda: signatures(stub) >= 3, 20, "the third key exchange")
    channel.sendall(b"still here\n")
    assert channel.recv(100) == b"still here\n"
    client.close()


def test_data_in_the_middle_of_a_key_exchange_ends_with_words(stub):
    """The client may not (RFC 4253, 7.1), some do, and libssh takes it badly: an operator is to know whose fault it is."""
    client = stub_connect(stub)
    channel = client.open_session()
    channel.exec_command("cat")
    client._send_kex_init()
    message = paramiko.Message()
    message.add_byte(bytes([94]))
    message.add_int(channel.remote_chanid)
    message.add_string(b"too early")
    client.packetizer.send_message(message)
    wait_for(lambda: not client.is_active(), what="the end of the connection")
    connection = stub.connections[-1]
    assert connection.ended.wait(15)
    assert connection.closing[1] == "the client went on sending in the middle of its own key exchange (RFC 4253, 7.1)"


def client_argv(client, stub, command):
    if client == "openssh":
        return ["sshpass", "-p", "right", "ssh", "-F", "none", "-p", str(stub.port), "-o", "StrictHostKeyChecking=no", "-o",
                "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "admin@127.0.0.1", command]
    if client == "dropbear":
        return ["dbclient", "-y", "-y", "-p", str(stub.port), "admin@127.0.0.1", command]
    fingerprint = hashlib.sha256(mon_stub.public_blob(mon_stub.host_key("ed25519"))).digest()
    return ["plink", "-ssh", "-batch", "-P", str(stub.port), "-l", "admin", "-pw", "right", "-hostkey",
            "SHA256:" + base64.b64encode(fingerprint).decode().rstrip("="), "127.0.0.1", command]


@pytest.mark.parametrize("client", ["openssh", "putty", "dropbear"])
@pytest.mark.parametrize("way", ["up", "down"])
def test_volume_makes_keys_anew(stub, way, client):
    stub.rekey, stub.host_keys = (3600, 4), ["ed25519"]
    # Dropbear's window is 24 KiB, so that each costs it a turn
    size = 12_000_000 if client == "dropbear" else 50_000_000
    command = f"head -c {size} /dev/zero" if way == "down" else "wc -c"
    done = subprocess.run(client_argv(client, stub, command), input=bytes(size) if way == "up" else b"", stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, env={**os.environ, "DROPBEAR_PASSWORD": "right"})
    assert done.stdout == (bytes(size) if way == "down" else b"%d\n" % size), done.stderr
    # what is under way while the client's own NEWKEYS has not come is counted with the keys that follow
    assert size // 20_000_000 <= signatures(stub) - 1 <= size // 3_500_000


def test_volume_counts_what_goes_past_libssh(stub):
    """With aes-gcm most packets of a download are not libssh's: their volume counts as well, and no byte goes astray."""
    stub.rekey, stub.host_keys = (3600, 1024), ["ed25519"]
    command = f"head -c {1200 * MIB} /dev/zero | openssl enc -aes-128-ctr -K {'6b' * 16} -iv {'69' * 16}"
    digests = []
    for argv in (["sh", "-c", command], client_argv("openssh", stub, command)[:-2] + ["-c", "aes128-gcm@openssh.com", "admin@127.0.0.1", command]):
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            digests.append(hashlib.file_digest(process.stdout, "sha256").hexdigest())
    assert digests[0] == digests[1]
    assert signatures(stub) - 1 == 1


@pytest.mark.parametrize("way", ["up", "down"])
def test_volume_makes_keys_anew_with_libssh2(stub, way, tmp_path):
    stub.rekey, stub.host_keys = (3600, 4), ["ed25519"]
    stub.subsystems = {"sftp": ["/usr/lib/openssh/sftp-server"]}
    here, there = tmp_path / "here", tmp_path / "there"
    here.write_bytes(os.urandom(24 * MIB))
    argv = ["curl", "-sS", "--insecure", "-u", "admin:right", f"sftp://127.0.0.1:{stub.port}{there if way == 'up' else here}"]
    subprocess.run([*argv, *(["-T", str(here)] if way == "up" else ["-o", str(there)])], check=True, timeout=60)
    assert there.read_bytes() == here.read_bytes()
    assert 4 <= signatures(stub) <= 10


def test_volume_and_time_are_those_of_the_profile(own_product):
    product = own_product
    product.configure("ssh server rekey-volume 1025", "ssh server rekey-time 45")
    client = connect(product)
    first = product.sessions()[0]["session"]["id"]
    assert rekeys(product) == {first: (0, 45, 1025)}
    # a session keeps what it began with, the next one has the new limits
    product.configure("ssh server rekey-volume 4095", "no ssh server rekey-time", "ssh server vrf default rekey-time 31")
    other = connect(product)
    both = {first: (0, 45, 1025), first + 1: (0, 31, 4095)}
    assert rekeys(product) == rekeys_as_text(product) == both
    client.get_transport().renegotiate_keys()
    both[first] = (1, 45, 1025)
    wait_for(lambda: rekeys(product) == both, what="the count")
    # the sessions tell it to the next daemon too
    product.kill_daemon("sallyport-sshd")
    wait_for(lambda: rekeys(product) == both, what="the count, of a new daemon")
    other.close()
    client.close()


def test_a_gibibyte_makes_keys_anew(own_product):
    """With the least that can be configured, and what is left is seen to fall on the way."""
    product = own_product
    target = "harddisk:/gibibyte"
    argv = ["sftp", "-q", "-b", "-", *product.ssh_argv(options=["Ciphers=aes128-gcm@openssh.com"])[1:]]
    argv[argv.index("-p")] = "-P"
    source = os.path.join(product.directory, "zeros")
    with open(source, "wb") as file:
        file.truncate(1100 * MIB)
    upload = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    upload.stdin.write(f"put {source} {target}\n".encode())
    upload.stdin.flush()

    def row():
        return next(iter(rekeys(product).values()), (0, 0, 0))
    seen = set()
    wait_for(lambda: seen.add(row()) or row()[0] == 1, 90, "a key exchange")
    assert {left for count, _, left in seen if count == 0 and left}
    assert wait_for(lambda: upload.poll() is not None or row()[2] < 1023, 60, "less left than at the beginning")
    upload.stdin.write(f"ls -l {target}\nrm {target}\n".encode())
    upload.stdin.close()
    assert upload.wait(60) == 0
    wait_for(lambda: not product.sessions(), what="the end of the session")
    ended = product.history(1)[0]
    assert ended["rekeys"] == 1 and ended["bytes_in"] > 1100 * MIB and ended["rekey_volume_mb"] == 1024


@pytest.mark.parametrize("cipher", ["chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr"])
def test_the_client_makes_keys_anew_in_bulk(product, cipher, tmp_path):
    """OpenSSH begins one each mebibyte or so, and counts as many as the router."""
    data = os.urandom(24 * MIB)
    (tmp_path / "up").write_bytes(data)
    options = ["-o", "RekeyLimit=1M", "-o", f"Ciphers={cipher}"]
    argv = product.ssh_argv()[1:-1]
    argv[argv.index("-p")], argv[argv.index("LogLevel=ERROR")] = "-P", "LogLevel=DEBUG"
    where = "admin@127.0.0.1:/harddisk:/" + cipher.split("@")[0]
    for pair in ([str(tmp_path / "up"), where], [where, str(tmp_path / "down")]):
        last = max((row["id"] for row in product.history(1)), default=0)
        done = subprocess.run(["scp", *options, *argv, *pair], stderr=subprocess.PIPE, text=True, timeout=60)
        assert done.returncode == 0, done.stderr[-2000:]
        ended = wait_for(lambda: next((row for row in product.history(1) if row["id"] > last), None), what="the session in the history")
        assert ended["rekeys"] == done.stderr.count("SSH2_MSG_NEWKEYS received") - 1 >= 8
    assert hashlib.sha256((tmp_path / "down").read_bytes()).digest() == hashlib.sha256(data).digest()


def test_paramiko_makes_keys_anew_in_bulk(product):
    client = connect(product)
    files = client.open_sftp()
    data, transport = os.urandom(8 * MIB), client.get_transport()
    with files.open("harddisk:/renegotiated", "wb") as file:
        file.set_pipelined(True)
        for i in range(8):
            file.write(data[i * MIB:(i + 1) * MIB])
            transport.renegotiate_keys()
    with files.open("harddisk:/renegotiated", "rb") as file:
        file.prefetch(len(data))
        got = b""
        for _ in range(8):
            got += file.read(MIB)
            transport.renegotiate_keys()
    assert got == data
    port = transport.sock.getsockname()[1]
    session = next(row["session"]["id"] for row in product.sessions() if row["session"]["peer_port"] == port)
    wait_for(lambda: rekeys(product)[session][0] == 16, what="sixteen counted key exchanges")
    files.remove("harddisk:/renegotiated")
    client.close()


def test_details_say_whether_a_session_is_post_quantum(product):
    """This libssh has no such exchange, so no session has one; the text and the JSON say so."""
    client = connect(product)
    details = product.cli("-c", "show ssh session details").stdout
    sessions = json.loads(product.cli("-c", "show ssh session details | json").stdout)
    offered = product.server()["server"]["key_exchange"]
    strong = [row["id"] for row in sessions if row["kex"].startswith(("mlkem", "sntrup"))]
    assert [row["id"] for row in sessions if row["post_quantum"]] == strong
    said = re.search(r"^Post-quantum key exchange : (.+)$", details, re.M)[1]
    assert said == (", ".join(map(str, strong)) or "none")
    if "mlkem" not in offered and "sntrup" not in offered:
        assert said == "none"
    client.close()
