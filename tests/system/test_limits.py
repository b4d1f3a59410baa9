# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds in one VRF and not in another, and the limits of the SSH server: rate, sessions, penalties."""
import os
import re
import socket
import subprocess

from conftest import free_ssh_ports, varlink, wait_for
from test_listener import failed_commit, listeners, needs_root, netns  # noqa: F401


def server(product, vrf=None):
    error, reply = varlink(product.socket_path("sshd.varlink"), "org.sallyport.SSH.GetServer", {"vrf": vrf} if vrf else {})
    assert error is None, error
    return reply["server"]


def tos_of_connections(port, *prefix):
    out = subprocess.run([*prefix, "ss", "-Htn", "--tos", "state", "established", f"( sport = :{port} )"],
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.findall(r"t(?:os|class):(0x[0-9a-f]+)", out)


def identified_from(product, source, port=None):
    """Whether a client at that address of the loopback is served: identification and key exchange, no farewell."""
    with socket.socket() as peer:
        peer.settimeout(5)
        peer.bind((source, 0))
        try:
            peer.connect(("127.0.0.1", port or product.port))
            peer.sendall(b"SSH-2.0-test\r\n")
            data = b""
            while b"\r\n" not in data or len(data.split(b"\r\n", 1)[1]) < 6:
                more = peer.recv(4096)
                if not more:
                    return False
                data += more
        except ConnectionError:
            return False
        return data.split(b"\r\n", 1)[1][5] == 20  # SSH_MSG_KEXINIT; a disconnect is 1


# ---- profiles ----

def test_packets_carry_the_dscp(own_product):
    product = own_product
    for host, family in (("127.0.0.1", "ipv4"), ("::1", "ipv6")):
        with socket.create_connection((host, product.port)):
            assert wait_for(lambda: tos_of_connections(product.port), what=family) == ["0x40"]  # 16
    assert "% " not in product.configure("ssh server dscp 46")
    for host in ("127.0.0.1", "::1"):
        with socket.create_connection((host, product.port)):
            assert wait_for(lambda: "0xb8" in tos_of_connections(product.port))
    assert server(product)["dscp"] == 46
    product.configure("no ssh server dscp")
    with socket.create_connection(("127.0.0.1", product.port)):
        assert "0x40" in wait_for(lambda: tos_of_connections(product.port))


@needs_root
def test_a_vrf_has_a_port_and_a_mark_of_its_own(own_product, netns):  # noqa: F811
    product = own_product
    netns("profiled")
    port, other = free_ssh_ports(2)
    out = product.configure("ssh server vrf profiled", f"ssh server vrf profiled port {port}", "ssh server vrf profiled dscp 10")
    assert "% " not in out, out
    wait_for(lambda: {(row["port"], row["state"]) for row in listeners(product, "profiled")} == {(port, "up")}, what="the port")
    assert {row["port"] for row in listeners(product)} == {product.port}
    inside = ["ip", "netns", "exec", "profiled"]
    client = subprocess.Popen([*inside, "/usr/bin/python3", "-c",
                               "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); "
                               "print(s.recv(8), flush=True); sys.stdin.read()", str(port)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert b"SSH-2.0-" in client.stdout.readline()
        assert "0x28" in tos_of_connections(port, *inside)
    finally:
        client.stdin.close()
        client.wait(10)
    with socket.create_connection(("127.0.0.1", product.port)):
        assert "0x40" in wait_for(lambda: tos_of_connections(product.port))
    # the global port moves those that have none of their own
    assert "% " not in product.configure(f"ssh server port {other}")
    assert {row["port"] for row in listeners(product, "profiled")} == {port}
    assert {row["port"] for row in listeners(product)} == {other}
    assert "% " not in product.configure("no ssh server vrf profiled port")
    assert {row["port"] for row in listeners(product, "profiled")} == {other}


@needs_root
def test_a_vrf_takes_back_what_the_server_says(own_product, netns):  # noqa: F811
    """The flags too: what is turned on or off for all is turned back in one VRF, and only there, for new sessions at once."""
    product = own_product
    netns("takes-back")
    out = product.configure("ssh server penalties exempt 127.0.0.0/8", "ssh server rate-limit 6000", "ssh server disable sftp",
                            "ssh server disable auth-methods public-key", "ssh server enable cipher aes-cbc",
                            "ssh server disable hmac hmac-sha2-512", "ssh server port-forwarding local", "ssh server banner For all",
                            "ssh server keepalive 9", "ssh server penalties disable", "ssh server logging", "ssh server vrf takes-back")
    assert "% " not in out, out
    wait_for(lambda: {row["state"] for row in listeners(product, "takes-back")} == {"up"}, what="the listener")

    def client(where, *words, log="ERROR", options=()):
        argv = product.ssh_argv(*words, options=options)
        argv[argv.index("LogLevel=ERROR")] = "LogLevel=" + log
        prefix = ["ip", "netns", "exec", where] if where else []
        done = subprocess.run([*prefix, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=20)
        return done.stdout

    def settings(vrf):
        row = server(product, vrf)
        return (row["sftp"], "publickey" in row["methods"], "aes128-cbc" in row["ciphers"], "hmac-sha2-512" in row["macs"].split(","),
                row["port_forwarding"], row["keepalive_s"], row["penalties"])

    assert settings("takes-back") == settings("default") == (False, False, True, False, True, 9, False)
    assert "Permission denied (keyboard-interactive,password)" in client("takes-back", "show clock", log="INFO")
    out = product.configure("ssh server vrf takes-back enable auth-methods public-key", "ssh server vrf takes-back enable sftp penalties",
                            "ssh server vrf takes-back enable hmac hmac-sha2-512", "ssh server vrf takes-back disable cipher aes-cbc",
                            "ssh server vrf takes-back disable port-forwarding banner logging", "ssh server vrf takes-back keepalive 0")
    assert "% " not in out, out
    assert settings("takes-back") == (True, True, False, True, False, 0, True)
    assert settings("default") == (False, False, True, False, True, 9, False)
    said = client("takes-back", "show clock", log="INFO", options=["MACs=hmac-sha2-512", "Ciphers=aes128-ctr"])
    assert "UTC" in said and "For all" not in said, said
    assert "no matching cipher" in client("takes-back", "show clock", log="INFO", options=["Ciphers=aes128-cbc"])
    assert "not found" not in client("takes-back", "-s", "sftp")
    shown = {vrf: product.cli("-c", f"show ssh server vrf {vrf}").stdout for vrf in ("default", "takes-back")}
    assert re.search(r"^ +Banner := For all$", shown["default"], re.M) and re.search(r"^ +Banner :=$", shown["takes-back"], re.M), shown
    assert "Logging of sessions := Enabled\n" in shown["default"] and "Logging of sessions := Disabled\n" in shown["takes-back"]
    said = client(None, "show clock", log="INFO")
    assert "For all" in said and "Permission denied (keyboard-interactive,password)" in said, said
    text = product.cli("-c", "show running-config ssh server vrf takes-back").stdout
    assert "ssh server vrf takes-back disable port-forwarding" in text and "ssh server vrf takes-back enable sftp" in text, text
    assert "% " not in product.configure("no ssh server vrf takes-back enable auth-methods public-key")
    assert "Permission denied (keyboard-interactive,password)" in client("takes-back", "show clock", log="INFO")


def test_a_taken_port_of_a_vrf_is_refused_at_its_line(own_product):
    product = own_product
    port = free_ssh_ports(1)[0]
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port))
        holder.listen()
        out = failed_commit(product, f"ssh server vrf default port {port}").split("show configuration failed")[-1]
        assert re.search(rf"ssh server vrf default port {port}\s*\n!!% .*port {port} is in use by", out), out
    assert {row["port"] for row in listeners(product)} == {product.port}


def test_show_ssh_server_of_a_vrf_shows_what_holds_there(own_product):
    product = own_product
    product.configure("ssh server vrf red", "ssh server vrf red dscp 0", "ssh server vrf red rate-limit 120",
                      "ssh server vrf red session-limit 7", "ssh server vrf red port-forwarding local",
                      "ssh server vrf red disable scp", "ssh server rekey-time 33", "ssh server tcp-window-scale 4")
    whole, red = product.cli("-c", "show ssh server").stdout, product.cli("-c", "show ssh server vrf red").stdout
    for label, all_value, red_value in (("DSCP", 16, 0), ("Ratelimit", 60, 120), ("Sessionlimit", 64, 7), ("Rekeytime", 33, 33),
                                        ("Server rekeyvolume", 1024, 1024), ("TCP window scale factor", 4, 4),
                                        ("Port Forwarding", "Disabled", "Local"), ("Scp", "Enabled", "Disabled"),
                                        ("Max Authentication Limit", 20, 20)):
        assert re.search(rf"^ *{label} := {all_value}$", whole, re.M), whole
        assert re.search(rf"^ *{label} := {red_value}$", red, re.M), red
    assert "vrfname:=red" in red and "vrfname:=default" not in red
    assert "does not serve VRF green" in product.cli("-c", "show ssh server vrf green").stdout


# ---- rate and sessions ----

def logins_at_once(product, count, **more):
    running = [subprocess.Popen(product.ssh_argv("show clock", **more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True) for _ in range(count)]
    texts = [one.communicate(timeout=60)[0] for one in running]
    return [one.returncode for one in running], texts


def test_twenty_at_once_pass_the_default_rate(own_product):
    codes, texts = logins_at_once(own_product, 20)
    assert codes == [0] * 20, texts


def test_a_source_has_its_share_and_is_told_why(own_product):
    product = own_product
    assert "% " not in product.configure("ssh server rate-limit 60 burst 6 per-source 20")
    assert [product.ssh("show clock").returncode for _ in range(2)] == [0, 0]
    refused = product.ssh("show clock")
    assert refused.returncode == 255 and re.search(r"Too many new connections from your address: try again in [1-4] s", refused.stderr), \
        refused.stderr
    # the rest of the bucket is for others
    assert product.ssh("show clock", options=["BindAddress=127.0.0.2"]).returncode == 0
    row = server(product)
    assert row["refused_source_rate"] == 1 and row["refused_rate"] == 0, row
    assert re.search(r"^ *Refused by the rate of one source := 1$", product.cli("-c", "show ssh server").stdout, re.M)
    # it comes back with time
    wait_for(lambda: product.ssh("show clock").returncode == 0, 10, "a new token")
    assert all(row["user"] for row in product.history()), "what was refused is no history"


def test_the_rate_of_a_vrf_bounds_all_sources(own_product):
    product = own_product
    assert "% " not in product.configure("ssh server vrf default rate-limit 1 burst 3 per-source 1")
    assert [identified_from(product, f"127.0.0.{n}") for n in range(1, 6)] == [True] * 3 + [False] * 2
    assert server(product)["refused_rate"] == 2
    assert server(product, "default")["refused_rate"] == 2
    wait_for(lambda: re.search(r"2 connections were refused.*2: the rate limit is reached|1: the rate limit", product.output()),
             what="the line about refusals")


def test_the_session_limit_counts_authenticated_sessions(own_product):
    product = own_product
    assert "% " not in product.configure("ssh server session-limit 2")
    held = [subprocess.Popen(product.ssh_argv("-tt"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(2)]
    try:
        wait_for(lambda: sum(1 for s in product.sessions() if s["channels"]) == 2, what="two sessions")
        refused = product.ssh("show clock")
        assert refused.returncode == 255 and "Too many sessions: try again in 5 s" in refused.stderr, refused.stderr
        assert server(product)["refused_sessions"] == 1
        assert "% " not in product.configure("ssh server session-limit 3")
        assert product.ssh("show clock", check=0)
    finally:
        for one in held:
            one.stdin.close()
            one.terminate()
            one.wait(10)


def test_silent_connections_leave_room_in_proportion(own_product):
    product = own_product
    product.configure("ssh server rate-limit 600000", "ssh server session-limit 200")
    peers = [socket.create_connection(("127.0.0.1", product.port)) for _ in range(110)]
    try:
        wait_for(lambda: server(product)["unauthenticated"] + server(product)["refused_source"] == 110, what="them all")
        assert server(product)["unauthenticated"] == 100  # half of 200
        assert product.ssh("show clock", options=["BindAddress=127.0.0.2"], check=0)
    finally:
        for peer in peers:
            peer.close()


# ---- penalties ----

def penalties(product, vrf=None):
    error, reply = varlink(product.socket_path("sshd.varlink"), "org.sallyport.SSH.ListPenalties", {"vrf": vrf} if vrf else {})
    assert error is None, error
    return {row["source"]: row for row in reply["penalties"]}


def fail_login(product, source="127.0.0.1"):
    return product.ssh("show clock", user="nobody-here", options=["BatchMode=yes", f"BindAddress={source}"])


def shut_out(product, source="127.0.0.9"):
    for _ in range(40):
        if "shut out" in fail_login(product, source).stderr:
            return
    raise AssertionError(f"{source} is never shut out")


def test_failed_logins_shut_a_source_out_and_it_can_be_seen_and_cleared(own_product):
    product = own_product
    product.configure("ssh server rate-limit 6000")
    shut_out(product)
    refused = product.ssh("show clock", options=["BindAddress=127.0.0.9"])
    assert re.search(r"Your address is shut out for another \d+ s", refused.stderr), refused.stderr
    assert product.ssh("show clock", options=["BindAddress=127.0.0.10"], check=0)
    row = penalties(product)["127.0.0.9"]
    assert row["shut_out"] and row["reason"] == "authentication-failed" and row["refused"] >= 1 and row["count"] >= 6, row
    assert 0 < row["left_s"] <= 60, row
    assert "127.0.0.9" in penalties(product, "default") and not penalties(product, "red")
    text = product.cli("-c", "show ssh penalties").stdout
    assert re.search(r"^127\.0\.0\.9 +default +shut-out +\d+ +\d+ +\d+ +authentication-failed$", text, re.M), text
    assert product.output().count("Source 127.0.0.9 in VRF default is shut out") == 1
    assert "has no penalty" in product.cli("-c", "clear ssh penalty 127.0.0.11").stdout
    assert "is no source" in product.cli("-c", "clear ssh penalty bogus").stdout
    assert "%" not in product.cli("-c", "clear ssh penalty 127.0.0.9").stdout
    assert product.ssh("show clock", options=["BindAddress=127.0.0.9"], check=0)
    shut_out(product)
    assert "%" not in product.cli("-c", "clear ssh penalty all").stdout
    assert penalties(product) == {}


def test_a_success_takes_failures_back(own_product):
    product = own_product
    product.configure("ssh server rate-limit 6000")
    for _ in range(4):
        for _ in range(3):
            fail_login(product)
        assert wait_for(lambda: penalties(product).get("127.0.0.1"), what="the penalty")["shut_out"] is False
        assert product.ssh("show clock", check=0)
        wait_for(lambda: "127.0.0.1" not in penalties(product), what="its end")


def test_silence_and_junk_are_offences(own_product):
    product = own_product
    with socket.create_connection(("127.0.0.1", product.port)):
        pass
    wait_for(lambda: penalties(product).get("127.0.0.1", {}).get("reason") == "no-authentication", what="the penalty")
    with socket.create_connection(("127.0.0.1", product.port)) as peer:
        peer.sendall(b"GET / HTTP/1.0\r\n\r\n")
        wait_for(lambda: penalties(product).get("127.0.0.1", {}).get("reason") == "not-ssh", what="the penalty")


def test_nobody_is_let_in_again_by_a_crash(own_product):
    product = own_product
    product.configure("ssh server rate-limit 6000")
    shut_out(product)
    before = penalties(product)["127.0.0.9"]
    kept = os.path.join(product.run_dir, "state/ssh/penalties")
    assert "7f000009" in open(kept, encoding="ascii").read(), "a daemon that dies at once leaves it behind"
    assert os.stat(kept).st_mode & 0o777 == 0o600
    product.kill_daemon("sallyport-sshd")
    row = penalties(product)["127.0.0.9"]
    assert row["shut_out"] and row["reason"] == before["reason"] and row["count"] >= before["count"]
    assert 0 < row["left_s"] <= before["left_s"]
    refused = product.ssh("show clock", options=["BindAddress=127.0.0.9"])
    assert "shut out" in refused.stderr, refused.stderr
    assert "Penalties of 1 source are taken over" in product.output()
    # what an operator has taken back stays so
    assert "%" not in product.cli("-c", "clear ssh penalty all").stdout
    assert "7f000009" not in open(kept, encoding="ascii").read()
    product.kill_daemon("sallyport-sshd")
    assert penalties(product) == {}
    assert product.ssh("show clock", options=["BindAddress=127.0.0.9"], check=0)
    # a copy of another boot, or rubbish, is worth nothing
    for text in ("another-boot 5\n99999999999999999 0 1 9 9 4 7f000009 default\n", "\0" * 100, "x" * (2 << 20)):
        with open(kept, "w", encoding="ascii") as file:
            file.write(text)
        product.kill_daemon("sallyport-sshd")
        assert penalties(product) == {}


def test_exempt_sources_and_disabled_penalties(own_product):
    product = own_product
    assert "% " not in product.configure("ssh server rate-limit 6000", "ssh server penalties exempt 127.0.0.8/30")
    for _ in range(10):
        assert "shut out" not in fail_login(product, "127.0.0.9").stderr
    assert penalties(product) == {}
    shut_out(product, "127.0.0.12")
    # an exemption that comes later frees as well
    assert "% " not in product.configure("ssh server vrf default penalties exempt 127.0.0.12")
    assert product.ssh("show clock", options=["BindAddress=127.0.0.12"], check=0)
    shut_out(product, "127.0.0.13")
    assert "% " not in product.configure("ssh server penalties disable")
    assert product.ssh("show clock", options=["BindAddress=127.0.0.13"], check=0)
    assert server(product)["penalties"] is False


@needs_root
def test_only_those_who_may_configure_clear(own_product):
    product = own_product
    product.configure("ssh server rate-limit 6000", "username watcher", "group operator", "secret a-long-Secret-7", "exit")
    shut_out(product)
    done = subprocess.run(["sshpass", "-p", "a-long-Secret-7", *product.ssh_argv(
        "clear ssh penalty all", user="watcher", key=False, options=["PreferredAuthentications=password", "PubkeyAuthentication=no"])],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
    assert "not authorized" in done.stdout, done.stdout
    assert "127.0.0.9" in penalties(product)
