# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds in one VRF and not in another, and the limits of the SSH server: rate, sessions, penalties."""
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from conftest import varlink, wait_for
from test_listener import failed_commit, free_ssh_ports, identification, listeners, needs_root, netns, states  # noqa: F401


def server(product, vrf=None):
    error, reply = varlink(product.socket_path("sshd.varlink"), "org.sallyport.SSH.GetServer", {"vrf": vrf} if vrf else {})
    assert error is None, error
    return reply["server"]


def tos_of_connections(port, *prefix):
    out = subprocess.run([*prefix, "ss", "-Htn", "--tos", "state", "established", f"( sport = :{port} )"],
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.findall(r"t(?:os|class):(0x[0-9a-f]+)", out)


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
