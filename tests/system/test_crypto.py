# SPDX-License-Identifier: GPL-3.0-or-later
"""Host keys made and taken away while sessions live, and users' keys imported in every form, with real clients."""
import base64
import glob
import json
import os
import re
import stat
import subprocess

import paramiko
import pexpect
import pytest

from conftest import BIN, varlink, wait_for


def keygen(directory, name, kind, bits=None):
    path = os.path.join(directory, name)
    argv = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path, "-C", f"{name}@host"]
    subprocess.run(argv + (["-b", str(bits)] if bits else []), check=True, stdin=subprocess.DEVNULL)
    return path


def public(path):
    with open(path + ".pub", encoding="ascii") as file:
        return file.read()


def convert(path, how):
    return subprocess.run(["ssh-keygen", "-e", "-m", how, "-f", path + ".pub"], check=True, capture_output=True).stdout


def fingerprint(path):
    out = subprocess.run(["ssh-keygen", "-lf", path], check=True, capture_output=True, text=True).stdout
    return out.split()[1]


def blob(path):
    return base64.b64decode(public(path).split()[1])


def write(path, data):
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    directory = str(tmp_path_factory.mktemp("keys"))
    return {"rsa": keygen(directory, "rsa", "rsa", 2048), "ecdsa": keygen(directory, "ecdsa", "ecdsa", 384),
            "ed25519": keygen(directory, "ed25519", "ed25519"), "weak": keygen(directory, "weak", "rsa", 1024), "dsa": keygen(directory, "dsa", "dsa"),
            "other": keygen(directory, "other", "ed25519"), "directory": directory}


def login(product, key, user="admin"):
    """An OpenSSH login with one key; the exit status."""
    argv = product.ssh_argv("show clock", user=user, key=False, options=["BatchMode=yes", "IdentitiesOnly=yes",
                                                                          "PreferredAuthentications=publickey"])
    return subprocess.run(argv[:1] + ["-i", key] + argv[1:], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=20).returncode


def imported(product, user="admin"):
    return json.loads(product.cli("-c", f"show crypto key authentication all username {user} | json").stdout)


def scan(product, kinds="rsa,ecdsa,ed25519"):
    out = subprocess.run(["ssh-keyscan", "-T", "5", "-t", kinds, "-p", str(product.port), "127.0.0.1"], capture_output=True,
                         text=True, timeout=60).stdout
    return {line.split()[1]: line.split()[2] for line in out.splitlines() if not line.startswith("#")}


def host_keys(product, kind=""):
    return json.loads(product.cli("-c", f"show crypto key mypubkey {kind} | json").stdout)


# ---- users' keys ----

FORMS = {
    "line": lambda path: public(path),
    "authorized_keys": lambda path: "# who may come in\r\n\r\n" + public(path).replace("\n", "\r\n"),
    "RFC 4716": lambda path: convert(path, "RFC4716"),
    "PEM SPKI": lambda path: convert(path, "PKCS8"),
    "blob": lambda path: blob(path),
    "base64": lambda path: public(path).split()[1],
    "base64 in lines": lambda path: re.sub("(.{64})", r"\1\n", public(path).split()[1]) + "\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_file_lets_its_owner_in(product, keys, form, tmp_path):
    for kind in ("rsa", "ecdsa", "ed25519"):
        if kind == "ed25519" and form == "PEM SPKI":
            continue  # ssh-keygen cannot write it; the unit test has it from OpenSSL
        assert login(product, keys[kind]) != 0
        path = write(str(tmp_path / kind), FORMS[form](keys[kind]))
        done = product.cli("-c", f"crypto key import authentication {kind} username admin {path}")
        assert done.returncode == 0 and fingerprint(keys[kind] + ".pub") in done.stdout, done.stdout
        assert login(product, keys[kind]) == 0, product.output()
        assert login(product, keys["other"]) != 0
        done = product.cli("-c", f"crypto key zeroize authentication {kind} username admin")
        assert done.returncode == 0 and "Zeroized" in done.stdout, done.stdout
        assert login(product, keys[kind]) != 0
    assert imported(product) == []


def test_pkcs1(product, keys, tmp_path):
    path = write(str(tmp_path / "pkcs1"), convert(keys["rsa"], "PEM"))
    assert b"RSA PUBLIC KEY" in open(path, "rb").read()
    assert product.cli("-c", f"crypto key import authentication rsa username admin {path}").returncode == 0
    assert login(product, keys["rsa"]) == 0
    product.cli("-c", "crypto key zeroize authentication all username admin")


def test_as_ansible_does(product, keys, tmp_path):
    """The raw blob on harddisk:, the command of iosxr_user in both of its spellings, and no question behind it."""
    os.makedirs(tmp_path / "harddisk:")
    write(str(tmp_path / "harddisk:" / "publickey_admin.b64"), blob(keys["rsa"]))
    environment = dict(os.environ, SALLYPORT_FILES=str(tmp_path))
    for admin in ("", "admin "):
        for path in ("harddisk:/publickey_admin.b64", "/harddisk:/publickey_admin.b64"):
            done = subprocess.run([os.path.join(BIN, "sallyport"), "--run-dir", os.path.join(product.run_dir, "sock"), "-c",
                                   f"{admin}crypto key import authentication rsa username admin {path}"], env=environment,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
            assert done.returncode == 0, done.stdout
            assert not re.search("already|removed|really", done.stdout)
    assert len(imported(product)) == 1
    assert login(product, keys["rsa"]) == 0
    done = subprocess.run([os.path.join(BIN, "sallyport"), "--run-dir", os.path.join(product.run_dir, "sock"), "-c",
                           "crypto key import authentication rsa username admin harddisk:/../secret"], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "outside" in done.stdout, done.stdout
    done = product.cli("-c", "admin crypto key zeroize authentication rsa username admin")
    assert done.returncode == 0 and not re.search("already|removed|really", done.stdout)
    assert product.cli("-c", "crypto key zeroize authentication rsa all").returncode == 0
    assert login(product, keys["rsa"]) != 0


def test_own_key_pasted_over_ssh(product, keys):
    """Piped behind the command, and typed at a terminal, for oneself."""
    done = product.ssh("crypto key import authentication ed25519", text_in=public(keys["ed25519"]) + "\n")
    assert done.returncode == 0 and "Enter the public key" in done.stdout, done.stdout
    if os.geteuid() == 0:  # an ordinary user's product has one account for all
        assert login(product, keys["ed25519"]) == 0
    argv = product.ssh_argv(options=["RequestTTY=force"])
    child = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", timeout=20, dimensions=(24, 200))
    child.expect("#")
    child.sendline("crypto key import authentication ecdsa")
    child.expect("Enter the public key")
    for line in convert(keys["ecdsa"], "RFC4716").decode().splitlines():
        child.sendline(line)
    child.sendline("")
    child.expect("Imported the ecdsa key " + re.escape(fingerprint(keys["ecdsa"] + ".pub")))
    child.expect("#")
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()
    if os.geteuid() == 0:
        assert login(product, keys["ecdsa"]) == 0
    product.cli("-c", "crypto key zeroize authentication all all")


def test_places(product, keys):
    def add(kind, place=""):
        return product.cli("-c", f"crypto key import authentication {kind} username admin {place} {keys[kind]}.pub").stdout

    def places():
        return {row["place"]: row["type"] for row in imported(product)}

    assert "the first key" in add("rsa")
    assert "the third key" in add("ecdsa", "third")
    assert "the second key" in add("ed25519")
    assert places() == {1: "rsa", 2: "ed25519", 3: "ecdsa"}
    done = product.cli("-c", f"crypto key import authentication ed25519 username admin {keys['other']}.pub")
    assert "the second key" in done.stdout and "in place of " + fingerprint(keys["ed25519"] + ".pub") in done.stdout
    assert login(product, keys["ed25519"]) != 0 and login(product, keys["other"]) == 0
    assert "the fourth key" in add("ed25519", "fourth")
    for kind in ("rsa", "ecdsa", "ed25519", "other"):
        assert login(product, keys[kind]) == 0, kind
    assert places() == {1: "rsa", 2: "ed25519", 3: "ecdsa", 4: "ed25519"}
    rows = imported(product)
    assert rows[0]["fingerprint"] == fingerprint(keys["rsa"] + ".pub") and rows[0]["comment"] == "rsa@host"
    text = product.cli("-c", "show crypto key authentication rsa all").stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=convert(keys["rsa"], "PKCS8"),
                         capture_output=True, check=True).stdout
    assert re.search(r"^Key label: admin\nType     : RSA public key authentication\nSize     : 2048\nImported : "
                     r"\d\d:\d\d:\d\d UTC \w{3} \w{3} \d\d \d{4}$", text, re.M), text
    assert bytes.fromhex("".join(re.findall(r"^ ((?:[0-9A-F]{2,8} ?)+)$", text, re.M)).replace(" ", "")) == der
    store = os.path.join(product.run_dir, "state", "ssh", "user_keys")
    assert stat.S_IMODE(os.stat(store).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(os.path.join(store, "admin.keys")).st_mode) == 0o600
    product.cli("-c", "crypto key zeroize authentication all username admin")
    assert places() == {}


def test_a_file_of_many_keys(product, keys, tmp_path):
    path = write(str(tmp_path / "authorized_keys"), public(keys["rsa"]) + "ssh-ed448 AAAAB3NzaC1kc3MAAACB new\n" +
                 public(keys["ed25519"]) + public(keys["other"]))
    done = product.cli("-c", f"crypto key import authentication ed25519 username admin {path}")
    assert done.returncode == 0 and "2 keys of other types are left out" in done.stdout, done.stdout
    assert login(product, keys["other"]) == 0 and login(product, keys["ed25519"]) == 0 and login(product, keys["rsa"]) != 0
    assert product.cli("-c", f"crypto key import authentication all username admin {path}").returncode == 0
    assert login(product, keys["rsa"]) == 0
    many = write(str(tmp_path / "many"), "".join(public(keygen(str(tmp_path), f"k{i}", "ed25519")) for i in range(5)))
    before = imported(product)
    done = product.cli("-c", f"crypto key import authentication ed25519 username admin {many}")
    assert done.returncode == 1 and "4 imported keys" in done.stdout, done.stdout
    assert imported(product) == before  # all or nothing
    product.cli("-c", "crypto key zeroize authentication all username admin")


def test_what_is_refused_says_why(product, keys, tmp_path):
    with open(keys["rsa"], encoding="ascii") as file:
        private = file.read()
    cases = {
        "private": (private, "private key"),
        "options": ('from="10.0.0.1" ' + public(keys["rsa"]), "options"),
        "words": ("no key at all\n", "no public key in a form"),
        "cut": (public(keys["rsa"])[:200] + "\n", "cut"),
        "empty": ("", "no key"),
    }
    for name, (data, says) in cases.items():
        done = product.cli("-c", f"crypto key import authentication rsa username admin {write(str(tmp_path / name), data)}")
        assert done.returncode == 1 and says in done.stdout, (name, done.stdout)
    done = product.cli("-c", f"crypto key import authentication rsa username admin {keys['ed25519']}.pub")
    assert done.returncode == 1 and "crypto key import authentication ed25519" in done.stdout
    done = product.cli("-c", f"crypto key import authentication rsa username nobody-here {keys['rsa']}.pub")
    assert done.returncode == 1 and "username nobody-here" in done.stdout
    done = product.cli("-c", f"crypto key import authentication dsa username admin {keys['rsa']}.pub")
    assert done.returncode == 1 and "crypto key import authentication rsa" in done.stdout
    done = product.cli("-c", "crypto key import authentication rsa username admin " + str(tmp_path))
    assert done.returncode == 1 and "not a regular file" in done.stdout
    assert imported(product) == []
    # taken with a warning, and refused where it counts
    for family, key in (("rsa", "weak"), ("dsa", "dsa")):
        done = product.cli("-c", f"crypto key import authentication {family} username admin {keys[key]}.pub")
        assert done.returncode == 0 and "Warning" in done.stdout
        assert login(product, keys[key]) != 0
    product.cli("-c", "crypto key zeroize authentication all username admin")


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's product has one account for all")
def test_users_without_rights_have_their_own_keys_only(own_product, keys):
    product = own_product
    out = product.configure("username viewer group operator", "username viewer keystring " + public(keys["other"]).strip(),
                            "username second group operator")

    def viewer(command, text_in=None):
        argv = product.ssh_argv(command, user="viewer", key=False, options=["BatchMode=yes", "IdentitiesOnly=yes"])
        return subprocess.run(argv[:1] + ["-i", keys["other"]] + argv[1:], input=text_in if text_in is not None else "",
                              capture_output=True, text=True, timeout=20)

    done = viewer("crypto key import authentication ed25519", public(keys["ed25519"]) + "\n")
    assert done.returncode == 0, out + done.stdout + done.stderr + product.output()
    assert login(product, keys["ed25519"], user="viewer") == 0
    assert login(product, keys["ed25519"]) != 0
    for command, text_in in (("crypto key import authentication rsa username admin", public(keys["rsa"]) + "\n"),
                             ("crypto key zeroize authentication all username admin", ""),
                             ("crypto key zeroize authentication all all", ""),
                             ("crypto key generate ed25519", ""), ("crypto key zeroize all", "")):
        done = viewer(command, text_in)
        assert done.returncode == 1 and "not authorized" in done.stdout, (command, done.stdout)
    # the file of another is read with the rights of the operator
    done = viewer(f"crypto key import authentication rsa {product.key}")
    assert done.returncode == 1 and ("Permission denied" in done.stdout or "private" not in done.stdout), done.stdout
    # keys go with their user
    product.configure("no username viewer")
    assert imported(product, "viewer") == []
    product.configure("username viewer group operator")
    assert login(product, keys["ed25519"], user="viewer") != 0


# ---- host keys ----

def test_mypubkey_in_the_layout_of_the_seed(product):
    text = product.cli("-c", "show crypto key mypubkey ecdsa").stdout
    blocks = re.findall(r"Key label: the_default\nType      : ECDSA General Curve Nistp(\d+)\nDegree   : (\d+)\n"
                        r"Created  : \d\d:\d\d:\d\d UTC \w{3} \w{3} \d\d \d{4}\nData     :\n((?:[0-9A-F ]+\n)+)\n", text)
    assert [block[0] for block in blocks] == [block[1] for block in blocks] == ["256", "384", "521"], text
    for block in blocks:
        lines = block[2].splitlines()
        assert all(re.fullmatch(r"([0-9A-F]{8} ){7}[0-9A-F]{8}", line) for line in lines[:-1])
        assert bytes.fromhex(block[2].replace(" ", "").replace("\n", ""))[0] == 4
    text = product.cli("-c", "show crypto key mypubkey ed25519").stdout
    found = re.search(r"^Key label: the_default\nType      : ED25519\nSize     : 256\nCreated  : .*\nData     :\n "
                      r"([0-9A-F]{8}(?: [0-9A-F]{8}){7})\n", text, re.M)
    assert found, text
    row = host_keys(product, "ed25519")[0]
    wire = base64.b64decode(row["public_key"].split()[1])
    assert wire.endswith(bytes.fromhex(found[1]))
    assert scan(product)["ssh-ed25519"] == row["public_key"].split()[1]
    # the file that clients are given says the same
    path = os.path.join(product.run_dir, "state", "ssh", "ssh_host_ed25519_key.pub")
    assert fingerprint(path) == row["fingerprint"]
    assert {row["type"] for row in host_keys(product)} == {"rsa", "ecdsa-nistp256", "ecdsa-nistp384", "ecdsa-nistp521", "ed25519"}
    assert product.cli("-c", "show crypto key mypubkey dsa").stdout.strip().endswith("There is no such key pair")


def session_open(product, log="/dev/null"):
    """A shell on a terminal that stays."""
    argv = product.ssh_argv(options=["RequestTTY=force", "RekeyLimit=16K"])
    argv = argv[:1] + ["-E", log] + ["LogLevel=DEBUG1" if word == "LogLevel=ERROR" else word for word in argv[1:]]
    child = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", timeout=20, dimensions=(24, 120))
    child.expect("#")
    return child


def session_lives(child, log):
    """Bytes until there was another key exchange, with the host key that the session began with."""
    def exchanges():
        with open(log, encoding="utf-8", errors="replace") as file:
            return file.read().count("SSH2_MSG_NEWKEYS received")

    before = exchanges()
    child.sendline("terminal length 0")
    child.expect("#")
    for _ in range(100):
        child.sendline("show crypto key mypubkey")
        child.expect("Key label: the_default")
        child.expect("UTC")
        child.expect("#")
        if exchanges() > before:
            break
    assert exchanges() > before
    child.sendline("show clock")
    child.expect(r"UTC \w{3}")
    child.expect("#")


def test_generate_and_zeroize_under_a_living_session(own_product, tmp_path):
    product = own_product
    log = str(tmp_path / "client.log")
    child = session_open(product, log)
    pid = product.daemon_pid("sallyport-sshd")
    old = scan(product)
    done = product.cli("-c", "crypto key generate rsa 2048 general-keys the_default")
    assert done.returncode == 0 and "[OK]" in done.stdout and "2048 bits" in done.stdout, done.stdout
    new = scan(product)
    assert new["ssh-rsa"] != old["ssh-rsa"] and new["ssh-ed25519"] == old["ssh-ed25519"]
    assert host_keys(product, "rsa")[0]["bits"] == 2048
    done = product.cli("-c", "crypto key generate ed25519")
    assert done.returncode == 0
    assert scan(product)["ssh-ed25519"] != old["ssh-ed25519"]
    session_lives(child, log)  # it rekeys with keys that are no more
    assert product.cli("-c", "crypto key generate rsa usage keys").returncode == 0
    done = product.cli("-c", "crypto key zeroize rsa")
    assert done.returncode == 0 and "Zeroized the rsa key pair" in done.stdout
    assert "ssh-rsa" not in scan(product)
    state = os.path.join(product.run_dir, "state", "ssh")
    assert not glob.glob(os.path.join(state, "ssh_host_rsa_key*[!d]")), os.listdir(state)
    session_lives(child, log)
    assert product.daemon_pid("sallyport-sshd") == pid
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    for name in os.listdir(state):
        if name.endswith("_key"):
            assert stat.S_IMODE(os.stat(os.path.join(state, name)).st_mode) == 0o600


def test_zeroized_keys_stay_away_and_the_others_stay_the_same(own_product, tmp_path):
    product = own_product
    known = str(tmp_path / "known_hosts")

    def connect():
        argv = product.ssh_argv("show clock", options=["GlobalKnownHostsFile=/dev/null"])
        argv = [known.join(["UserKnownHostsFile=", ""]) if word.startswith("UserKnownHostsFile") else
                "StrictHostKeyChecking=" + policy if word.startswith("StrictHostKeyChecking") else word for word in argv]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)

    policy = "accept-new"
    assert connect().returncode == 0
    policy = "yes"
    before = {row["type"]: row["fingerprint"] for row in host_keys(product)}
    assert product.cli("-c", "crypto key zeroize ecdsa nistp384").returncode == 0
    assert product.cli("-c", "crypto key zeroize rsa").returncode == 0
    del before["ecdsa-nistp384"], before["rsa"]
    for restart in (lambda: product.kill_daemon("sallyport-sshd"), lambda: (product.stop(), product.start())):
        restart()
        assert {row["type"]: row["fingerprint"] for row in host_keys(product)} == before
        assert connect().returncode == 0  # what clients know is still true
    assert product.cli("-c", "crypto key generate rsa 2048").returncode == 0
    after = {row["type"]: row["fingerprint"] for row in host_keys(product)}
    product.kill_daemon("sallyport-sshd")
    assert {row["type"]: row["fingerprint"] for row in host_keys(product)} == after
    assert set(after) == set(before) | {"rsa"}
    # one that is damaged is said, left as it is, and costs nobody his login
    product.stop()
    with open(os.path.join(product.run_dir, "state/ssh/ssh_host_rsa_key"), "wb"):
        pass
    product.start()
    assert connect().returncode == 0
    assert "goes on without one of its host keys: state/ssh/ssh_host_rsa_key is not a private key" in product.output()
    assert {row["type"]: row["fingerprint"] for row in host_keys(product)} == before
    assert os.path.getsize(os.path.join(product.run_dir, "state/ssh/ssh_host_rsa_key")) == 0
    assert product.cli("-c", "crypto key generate rsa 2048").returncode == 0
    assert "rsa" in {row["type"] for row in host_keys(product)}


def test_no_host_key_left_is_said(own_product):
    product = own_product
    assert product.cli("-c", "crypto key zeroize all").returncode == 0
    assert scan(product) == {}
    text = wait_for(lambda: re.search(r"A connection in VRF default was refused.*crypto key generate", product.output()),
                    what="the line in the log")
    assert text
    assert re.search(r"Hostkey Algorithms := none", product.cli("-c", "show ssh server").stdout)
    done = product.cli("-c", "crypto key zeroize rsa")
    assert done.returncode == 1 and "no such key pair" in done.stdout
    assert product.cli("-c", "crypto key generate ecdsa").returncode == 0
    rows = host_keys(product)
    assert [row["type"] for row in rows] == ["ecdsa-nistp256"] and rows[0]["offered"]
    assert product.ssh("show clock").returncode == 0
    assert "ecdsa-sha2-nistp256" in product.cli("-c", "show ssh server").stdout


def test_one_ecdsa_key_at_a_time(own_product):
    """libssh holds one: the first that is allowed and there, from the longest curve down (docs/hostkeys.md)."""
    product = own_product
    product.configure("ssh server algorithms host-key ecdsa-nistp521 ecdsa-nistp384 ecdsa-nistp256")

    def offered():
        shown = re.search(r"Hostkey Algorithms := (\S+)", product.cli("-c", "show ssh server").stdout)[1]
        scanned = sorted(scan(product))
        assert [shown] == scanned == [row["public_key"].split()[0] for row in host_keys(product) if row["offered"]]
        return shown

    assert offered() == "ecdsa-sha2-nistp521"
    product.cli("-c", "crypto key zeroize ecdsa nistp521")
    assert offered() == "ecdsa-sha2-nistp384"
    product.cli("-c", "crypto key generate ecdsa nistp521")
    assert offered() == "ecdsa-sha2-nistp521"
    product.configure("ssh server algorithms host-key ecdsa-nistp256")
    assert offered() == "ecdsa-sha2-nistp256"


def by_type(product):
    return {row["type"]: row for row in host_keys(product)}


def test_deprecated_host_keys_are_stored_and_never_offered(own_product):
    product = own_product
    before = by_type(product)
    for command, type_word, bits in (("dsa", "dsa", 1024), ("dsa 512", "dsa", 512), ("rsa 512", "rsa-deprecated", 512),
                                     ("rsa 1024", "rsa-deprecated", 1024)):
        done = product.cli("-c", "crypto key generate " + command)
        assert done.returncode == 0 and "deprecated" in done.stdout and f"{bits} bits" in done.stdout, done.stdout
        assert f"The {type_word} host key of {bits} bits that" in product.output()
        row = by_type(product)[type_word]
        assert row["bits"] == bits and not row["offered"]
    # they take nobody's place
    assert {word: row for word, row in by_type(product).items() if word in before} == before
    shown = product.cli("-c", "show crypto key mypubkey dsa").stdout
    assert re.search(r"Type      : DSA\nSize     : 512\nCreated  : .*\nStatus   : Deprecated, never offered\nData     :\n 30", shown), shown
    state = os.path.join(product.run_dir, "state/ssh")
    for name in ("ssh_host_dsa_key", "ssh_host_rsa_deprecated_key"):
        assert stat.S_IMODE(os.stat(os.path.join(state, name)).st_mode) == 0o600
    server = product.cli("-c", "show ssh server").stdout
    assert "ssh-ed25519,rsa-sha2-512,rsa-sha2-256\n" in server and "dss" not in server
    done = product.cli("-c", "crypto key zeroize rsa")
    assert done.stdout.count("Zeroized the rsa") == 2, done.stdout
    assert product.cli("-c", "crypto key zeroize dsa").returncode == 0
    assert not set(by_type(product)) & {"dsa", "rsa", "rsa-deprecated"}
    for operand in ("rsa 511", "rsa 4097", "rsa mykeys", "rsa general-keys mykeys", "dsa 2048"):
        assert product.cli("-c", f"crypto key generate {operand}").returncode == 1
    assert not set(by_type(product)) & {"dsa", "rsa", "rsa-deprecated"}


def test_a_question_before_a_key_is_replaced_at_a_terminal(own_product):
    product = own_product
    child = session_open(product)
    before = host_keys(product)
    child.sendline("crypto key generate ed25519")
    child.expect(r"You already have keys defined for the_default")
    child.expect(r"really want to replace them \?\? \[yes/no\]: ")
    child.sendline("no")
    child.expect("#")
    assert host_keys(product) == before
    child.sendline("crypto key zeroize ed25519")
    child.expect(r"really want to remove these keys \?\? \[yes/no\]: ")
    child.sendline("yes")
    child.expect("Zeroized the ed25519 key pair")
    child.expect("#")
    child.sendline("crypto key generate ed25519")  # nothing there, nothing asked
    child.expect(r"\[OK\]")
    child.expect("#")
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()


def test_the_loop_goes_on_while_a_key_is_made(own_product):
    product = own_product
    maker = subprocess.Popen([os.path.join(BIN, "sallyport"), "--run-dir", os.path.join(product.run_dir, "sock"), "-c",
                              "crypto key generate rsa 4096"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    answers = 0
    while maker.poll() is None:
        error, _ = varlink(product.socket_path("sshd.varlink"), "org.sallyport.SSH.ListSessions", timeout_s=2)
        assert error is None
        answers += 1
    assert maker.returncode == 0, maker.stdout.read()
    assert answers > 2
    assert host_keys(product, "rsa")[0]["bits"] == 4096


def test_copied_with_scp_and_imported_by_paramiko_as_iosxr_user_does(product, keys):
    """The key goes up to harddisk: and the command, with a carriage return behind it, into an exec channel."""
    copy = os.path.join(keys["directory"], "blob")
    write(copy, blob(keys["rsa"]))
    argv = product.ssh_argv()
    options = argv[argv.index("-o"):-1]
    done = subprocess.run(["scp", "-F", "none", "-P", str(product.port), *options, copy,
                           "admin@127.0.0.1:/harddisk:/publickey_admin.b64"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect("127.0.0.1", port=product.port, username="admin", password=product.password, allow_agent=False,
                   look_for_keys=False, timeout=20)
    try:
        for command, works in (("crypto key import authentication rsa username admin harddisk:/publickey_admin.b64", True),
                               ("crypto key zeroize authentication rsa username admin", False)):
            _, stdout, _ = client.exec_command(command + " \r", timeout=20)
            assert not re.search(b"already|removed|really", stdout.read(100))  # it would answer yes
            stdout.read()
            assert stdout.channel.recv_exit_status() == 0
            assert (login(product, keys["rsa"]) == 0) == works
    finally:
        client.close()


def test_a_daemon_killed_while_it_makes_a_key_keeps_the_old_one(own_product):
    product = own_product
    before = scan(product)
    maker = subprocess.Popen([os.path.join(BIN, "sallyport"), "--run-dir", os.path.join(product.run_dir, "sock"), "-c",
                              "crypto key generate rsa 4096"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)

    def maker_pid():
        daemon = product.daemon_pid("sallyport-sshd")
        with open(f"/proc/{daemon}/task/{daemon}/children", encoding="ascii") as file:
            for pid in file.read().split():
                with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                    if comm.read().strip() == "sallyport-key":
                        return int(pid)
        return 0

    pid = wait_for(maker_pid, what="the process that makes the key")
    product.kill_daemon("sallyport-sshd")
    assert maker.wait(20) == 1 and "went away" in maker.stdout.read()
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), what="the end of that process")
    assert scan(product) == before
