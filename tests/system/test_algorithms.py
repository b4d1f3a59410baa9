# SPDX-License-Identifier: GPL-3.0-or-later
"""What is negotiated: the worked cases of the reference, each statement, and what a client that is turned away leaves
for the operator to read. The OpenSSH client stands in for others by being told to offer what they offer."""
import json
import os
import re
import shutil
import socket
import subprocess
import time

import pytest

from conftest import wait_for

CTR = ["aes128-ctr", "aes192-ctr", "aes256-ctr"]
GCM = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"]
CBC = ["aes128-cbc", "aes192-cbc", "aes256-cbc"]
TDES = ["3des-cbc"]
NINE = CTR + GCM + CBC + TDES
RESET = ["no ssh server algorithms", "no ssh server enable", "no ssh server disable", "no ssh server vrf default algorithms",
         "no ssh server vrf default disable", "no ssh server v1"]


@pytest.fixture
def product(product):  # pylint: disable=redefined-outer-name
    """The module's product; what a test has configured goes with it."""
    yield product
    product.configure(*RESET)


def session_with(product, *options):
    """The algorithms of a session of a client with these options, or None when it was turned away."""
    done = product.ssh("show ssh session details | json", options=options)
    if done.returncode != 0:
        assert done.returncode == 255, done.stdout + done.stderr  # of the client itself, not of a command
        return None
    rows = json.loads(done.stdout)
    return rows[-1]


def cipher_with(product, ciphers):
    row = session_with(product, "Ciphers=" + ",".join(ciphers))
    return row and row["cipher_in"]


def commit(product, *lines):
    out = product.configure(*lines)
    assert not re.search(r"^ *% (?!WARNING)", out, re.M), out
    return out


def refusal(product, *options):
    """The one new line of the log about a client that shares nothing."""
    before = len(product.output())
    assert session_with(product, *options) is None

    def line():
        found = re.findall(r"^.*%SECURITY-SSHD-4-WARN_GENERAL : (Connection from .* in common: .*)$",
                           product.output()[before:], re.M)
        return found and found[-1]
    return wait_for(line, what="the line about it")


# ---- the five worked cases ----

def test_case_1_all_nine_on_both_sides(product):
    commit(product, "ssh server algorithms cipher aes256-cbc aes256-ctr aes192-ctr aes192-cbc aes128-ctr aes128-cbc "
           "aes128-gcm@openssh.com aes256-gcm@openssh.com 3des-cbc")
    for cipher in NINE:
        assert cipher_with(product, [cipher]) == cipher
    assert cipher_with(product, ["chacha20-poly1305@openssh.com"]) is None, "not one of the nine"


def test_case_2_ctr_on_the_client_and_cbc_on_the_server(product):
    commit(product, "ssh server algorithms cipher aes128-cbc aes256-cbc aes192-cbc 3des-cbc")
    line = refusal(product, "Ciphers=" + ",".join(CTR))
    assert "no cipher in common: the client offers aes128-ctr,aes192-ctr,aes256-ctr;" in line
    assert "offered here: aes128-cbc,aes256-cbc,aes192-cbc,3des-cbc;" in line
    assert line.endswith("'no ssh server algorithms cipher' would offer aes128-ctr"), line
    commit(product, "no ssh server algorithms cipher")
    assert cipher_with(product, CTR) == "aes128-ctr"


def test_case_3_nothing_configured(product):
    assert session_with(product)
    for cipher in CTR + GCM + ["chacha20-poly1305@openssh.com"]:
        assert cipher_with(product, [cipher]) == cipher
    line = refusal(product, "Ciphers=" + ",".join(CBC + TDES))
    assert line.endswith("'ssh server enable cipher aes-cbc' would offer aes128-cbc"), line


def test_case_4_only_deprecated_ones(product):
    commit(product, "ssh server algorithms cipher aes128-cbc aes192-cbc aes256-cbc 3des-cbc")
    for cipher in CBC + TDES:
        assert cipher_with(product, [cipher]) == cipher
    assert cipher_with(product, GCM) is None


def test_case_5_enable_and_list_add_up(product):
    commit(product, "ssh server enable cipher aes-cbc 3des-cbc", "ssh server algorithms cipher aes128-ctr aes192-ctr aes256-ctr")
    for cipher in CTR + CBC + TDES:
        assert cipher_with(product, [cipher]) == cipher
    assert cipher_with(product, GCM) is None
    assert cipher_with(product, ["3des-cbc", "aes192-ctr"]) == "3des-cbc", "the client's preference decides"


# ---- the other kinds ----

def test_macs(product):
    plain = ["Ciphers=aes128-ctr"]
    assert session_with(product, *plain, "MACs=hmac-sha2-256")["mac_in"] == "hmac-sha2-256"
    line = refusal(product, *plain, "MACs=hmac-sha1")
    assert "no MAC in common: the client offers hmac-sha1; " in line
    assert line.endswith("'ssh server enable hmac hmac-sha1' would offer hmac-sha1")
    commit(product, "ssh server enable hmac hmac-sha1", "ssh server disable hmac hmac-sha2-256")
    assert session_with(product, *plain, "MACs=hmac-sha1")["mac_in"] == "hmac-sha1"
    line = refusal(product, *plain, "MACs=hmac-sha2-256-etm@openssh.com,hmac-sha2-256")
    assert line.endswith("'no ssh server disable hmac hmac-sha2-256' would offer hmac-sha2-256-etm@openssh.com"), line
    assert session_with(product, *plain, "MACs=hmac-sha2-512")["mac_in"] == "hmac-sha2-512"


def test_key_exchanges(product):
    line = refusal(product, "KexAlgorithms=diffie-hellman-group1-sha1")
    assert "no key exchange in common: the client offers diffie-hellman-group1-sha1" in line
    assert "diffie-hellman-group1-sha1 is deprecated and never offered, because its group has 1024 bits" in line
    commit(product, "ssh server algorithms key-exchange ecdh-sha2-nistp384 diffie-hellman-group14-sha1")
    for kex in ("ecdh-sha2-nistp384", "diffie-hellman-group14-sha1"):
        assert session_with(product, f"KexAlgorithms={kex}")["kex"] == kex
    line = refusal(product, "KexAlgorithms=curve25519-sha256")
    assert line.endswith("'no ssh server algorithms key-exchange' would offer curve25519-sha256"), line


@pytest.mark.parametrize("kex", ["curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
                                 "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512",
                                 "diffie-hellman-group18-sha512", "diffie-hellman-group-exchange-sha256", "diffie-hellman-group14-sha1"])
def test_each_key_exchange_of_the_table(product, kex):
    commit(product, f"ssh server algorithms key-exchange {kex}")
    assert session_with(product, f"KexAlgorithms={kex}")["kex"] == kex


def test_host_keys(product):
    assert session_with(product, "HostKeyAlgorithms=ssh-ed25519")
    assert session_with(product, "HostKeyAlgorithms=rsa-sha2-256")
    line = refusal(product, "HostKeyAlgorithms=ecdsa-sha2-nistp256")
    assert "no host key algorithm in common: the client offers ecdsa-sha2-nistp256; " in line
    command = "ssh server algorithms host-key ecdsa-nistp256 ed25519 rsa-sha512 rsa-sha256"
    assert line.endswith(f"'{command}' would offer ecdsa-sha2-nistp256"), line
    commit(product, command)
    for algorithm in ("ecdsa-sha2-nistp256", "ssh-ed25519", "rsa-sha2-512"):
        assert session_with(product, f"HostKeyAlgorithms={algorithm}")
    commit(product, "ssh server algorithms host-key rsa-sha256 ecdsa-nistp521 ecdsa-nistp256")
    assert session_with(product, "HostKeyAlgorithms=ecdsa-sha2-nistp521")
    assert session_with(product, "HostKeyAlgorithms=ecdsa-sha2-nistp256") is None, "one ECDSA key: the first that is named"
    assert session_with(product, "HostKeyAlgorithms=rsa-sha2-512") is None


# ---- per VRF ----

def test_a_vrf_has_its_own(product):
    commit(product, "ssh server algorithms cipher aes128-ctr", "ssh server vrf default algorithms cipher aes256-gcm@openssh.com")
    assert cipher_with(product, ["aes128-ctr", "aes256-gcm@openssh.com"]) == "aes256-gcm@openssh.com"
    line = refusal(product, "Ciphers=aes192-ctr")
    assert line.endswith("'ssh server vrf default algorithms cipher aes256-gcm@openssh.com aes192-ctr' would offer aes192-ctr"), line
    commit(product, "no ssh server vrf default algorithms")
    assert cipher_with(product, ["aes256-gcm@openssh.com", "aes128-ctr"]) == "aes128-ctr"


def test_a_vrf_has_its_own_timeout(product):
    commit(product, "ssh timeout 60", "ssh server vrf default timeout 5")
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", product.port), 15) as peer:
        peer.settimeout(15)
        peer.sendall(b"SSH-2.0-Silent\r\n")
        while peer.recv(4096):
            pass
    commit(product, "no ssh timeout", "no ssh server vrf default timeout")
    assert 4 < time.monotonic() - began < 12


# ---- what cannot be meant, what is deprecated ----

@pytest.mark.parametrize("line, reason", [
    ("ssh server algorithms host-key dsa ssh-rsa", "No host key algorithm would be left to offer"),
    ("ssh server algorithms key-exchange diffie-hellman-group1-sha1", "No key exchange would be left to offer"),
    ("ssh server disable hmac hmac-sha2-256 hmac-sha2-512", "No MAC would be left to offer"),
    ("ssh server vrf default algorithms host-key dsa", "No host key algorithm would be left to offer"),
])
def test_offering_nothing_is_refused(product, line, reason):
    out = product.cli(text_in=f"configure\n{line}\ncommit\nshow configuration failed\nabort\n").stdout
    assert "% Failed to commit" in out, out
    assert reason in out.replace("\n", " "), out
    assert session_with(product)


def test_deprecated_words_are_stored_and_reported_once(product, tmp_path):
    before = len(product.output())
    said = commit(product, "ssh server v1", "ssh server algorithms host-key ed25519 dsa", "username old group netadmin")
    assert "ssh server v1 is deprecated" in said
    assert "dsa is deprecated: 'ssh server algorithms host-key ed25519 dsa' is stored, and dsa has no effect" in said
    assert "ed25519 is" not in said

    def lines():
        return re.findall(r"WARN_GENERAL : ('ssh server .*)$", product.output()[before:], re.M)
    wait_for(lambda: len(lines()) >= 2, what="the two reports")
    assert lines()[0].startswith("'ssh server v1' is deprecated"), lines()
    assert "'ssh server algorithms host-key ... dsa' is accepted, and dsa is deprecated, never offered, because DSA" in lines()[1]
    names = [str(tmp_path / kind) for kind in ("dsa", "rsa")]
    for name, bits in zip(names, ("1024", "1024")):
        subprocess.run(["ssh-keygen", "-q", "-t", os.path.basename(name), "-b", bits, "-N", "", "-C", "", "-f", name], check=True)
        with open(name + ".pub", encoding="ascii") as file:
            said = commit(product, "username old keystring " + file.read().strip())
        assert re.search(r"[DR]SA keys .*are deprecated: 'username old keystring ssh-...* is stored and has no effect", said), said

    def keys():
        return re.findall(r"WARN_GENERAL : 'username old keystring (ssh-...) .*' is accepted, and logins with this key are refused, because",
                          product.output()[before:])
    wait_for(lambda: keys() == ["ssh-dss", "ssh-rsa"], what="the reports of both keys")
    commit(product, "ssh timeout 31")
    commit(product, "no ssh timeout")
    assert len(lines()) == 2 and len(keys()) == 2, "what was so before is not said again"
    assert product.output()[before:].count("User 'old' has neither secret nor keystring") == 1
    running = product.cli("show", "running-config").stdout
    assert "ssh server algorithms host-key ed25519 dsa" in running and "ssh server v1" in running
    assert session_with(product, "HostKeyAlgorithms=ssh-ed25519")


@pytest.mark.parametrize("configured", [False, True])
def test_a_client_of_version_1(product, configured):
    if configured:
        commit(product, "ssh server v1")
    before = len(product.output())
    with socket.create_connection(("127.0.0.1", product.port), 10) as peer:
        peer.settimeout(10)
        port = peer.getsockname()[1]
        peer.sendall(b"SSH-1.5-OldClient\n")
        got = b""
        while True:
            more = peer.recv(4096)
            if not more:
                break
            got += more
    assert got.startswith(b"SSH-2.0-Sallyport"), got
    assert got.endswith(b"Protocol major versions differ.\r\n"), got
    wait_for(lambda: re.search(rf"%SECURITY-SSHD-4-WARN_GENERAL : Connection from '127.0.0.1' port {port} vrf 'default' on 'vty\d+': "
                               r"the client does not speak SSH version 2: SSH-1\.5-OldClient", product.output()[before:]),
             what="the event")


# ---- clients by what they offer (clients.md section 5) ----

CLIENTS = {
    "libssh2": ["KexAlgorithms=curve25519-sha256,ecdh-sha2-nistp256,diffie-hellman-group14-sha256", "Ciphers=aes128-ctr,aes256-cbc",
                "MACs=hmac-sha2-256,hmac-sha1", "HostKeyAlgorithms=ecdsa-sha2-nistp256,ssh-ed25519,ssh-rsa"],
    "net-ssh without curve25519": ["KexAlgorithms=ecdh-sha2-nistp521,ecdh-sha2-nistp256,diffie-hellman-group-exchange-sha256,"
                                   "diffie-hellman-group14-sha256,diffie-hellman-group14-sha1", "Ciphers=aes256-ctr",
                                   "MACs=hmac-sha2-512", "HostKeyAlgorithms=ssh-ed25519,ecdsa-sha2-nistp256,ssh-rsa"],
    "Go": ["KexAlgorithms=curve25519-sha256@libssh.org,ecdh-sha2-nistp256,diffie-hellman-group14-sha1", "Ciphers=aes128-gcm@openssh.com,aes128-ctr",
           "MACs=hmac-sha2-256-etm@openssh.com,hmac-sha2-256", "HostKeyAlgorithms=ecdsa-sha2-nistp256,rsa-sha2-256,ssh-ed25519"],
    "paramiko": ["KexAlgorithms=curve25519-sha256@libssh.org,ecdh-sha2-nistp256", "Ciphers=aes128-ctr", "MACs=hmac-sha2-256",
                 "HostKeyAlgorithms=ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512"],
    "erlang": ["KexAlgorithms=ecdh-sha2-nistp384,curve25519-sha256", "Ciphers=aes256-gcm@openssh.com", "MACs=hmac-sha2-256",
               "HostKeyAlgorithms=ecdsa-sha2-nistp384,ssh-ed25519"],
}


@pytest.mark.parametrize("client", CLIENTS)
def test_clients_connect_by_default(product, client):
    assert session_with(product, *CLIENTS[client]), client


def test_the_oldest_client_is_let_in_by_the_commands_of_the_log(product):
    jsch = ["KexAlgorithms=ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group14-sha1",
            "HostKeyAlgorithms=ssh-rsa,ecdsa-sha2-nistp256", "Ciphers=aes128-ctr,aes128-cbc", "MACs=hmac-sha1,hmac-sha2-256"]
    for kind in ("key exchange", "host key algorithm"):
        line = refusal(product, *jsch)
        assert f"no {kind} in common" in line
        commit(product, re.search(r"'(ssh server [^']*)' would offer", line)[1])
    assert session_with(product, *jsch)["kex"] == "ecdh-sha2-nistp256"


@pytest.mark.skipif(not shutil.which("ssh-audit"), reason="ssh-audit is not here")
def test_ssh_audit_fails_nothing_by_default(product):
    done = subprocess.run(["ssh-audit", "-n", "-p", str(product.port), "127.0.0.1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=60)
    assert "(kex) curve25519-sha256" in done.stdout and "(key) ssh-ed25519" in done.stdout, done.stdout
    assert "[fail]" not in done.stdout, done.stdout
