# SPDX-License-Identifier: GPL-3.0-or-later
"""Access lists: who comes in by which entry, what is counted, what a commit refuses."""
import json
import re

from conftest import free_ssh_ports, wait_for
from test_listener import failed_commit, identification
from test_limits import identified_from, server

MGMT = ("ipv4 access-list MGMT", "10 remark the office", "20 deny host 127.0.0.66", "30 permit tcp 127.0.0.0 0.0.0.255 any",
        "exit")


def entries(product, words="show access-lists"):
    """{(family, list, number): (action, text, matches)}"""
    rows = json.loads(product.cli("-c", f"{words} | json").stdout)
    return {(row["family"], row["list"], row["number"]): (row["action"], row["text"], row["matches"]) for row in rows}


def test_the_first_entry_that_fits_decides_and_is_counted(own_product):
    product = own_product
    out = product.configure(*MGMT, "ssh server vrf default ipv4 access-list MGMT")
    assert "% " not in out, out
    assert identified_from(product, "127.0.0.1")
    assert not identified_from(product, "127.0.0.66")
    assert not identified_from(product, "127.1.0.1")
    assert not identified_from(product, "127.1.0.2")
    assert identification(product.port, "::1"), "the other family has no list"
    counted = entries(product)
    assert counted[("ipv4", "MGMT", 20)] == ("deny", "ipv4 host 127.0.0.66 any", 1)
    assert counted[("ipv4", "MGMT", 30)] == ("permit", "tcp 127.0.0.0 0.0.0.255 any", 1)
    assert counted[("ipv4", "MGMT", 0)][2] == 2
    text = product.cli("-c", "show access-lists ipv4 MGMT").stdout
    assert re.search(r"^ipv4 access-list MGMT$", text, re.M), text
    assert re.search(r"^ 10 remark the office$", text, re.M), text
    assert re.search(r"^ 20 deny ipv4 host 127\.0\.0\.66 any \(1 match\)$", text, re.M), text
    assert re.search(r"^ \(implicit\) deny ipv4 any any \(2 matches\)$", text, re.M), text
    assert server(product)["refused_access_list"] == 3
    assert product.ssh("show clock", check=0)
    assert "% There is no 'ipv6 access-list MGMT'" in product.cli("-c", "clear access-list ipv6 MGMT").stdout
    assert "%" not in product.cli("-c", "clear access-list ipv4 MGMT").stdout
    assert {matches for _, _, matches in entries(product).values()} == {0}
    assert not identified_from(product, "127.0.0.66") and entries(product)[("ipv4", "MGMT", 20)][2] == 1
    assert "%" not in product.cli("-c", "clear access-list ipv4").stdout and entries(product)[("ipv4", "MGMT", 20)][2] == 0
    assert "Counters of 1 access list are cleared by 'root'" in product.output()
    # nothing of it is history, and a flood of it is one line
    assert all(row["peer_address"] in ("127.0.0.1", "::1") for row in product.history())
    wait_for(lambda: "an access list denies them" in product.output(), what="the line about refusals")


def test_a_change_holds_at_once_and_keeps_counters_of_what_stays(own_product):
    product = own_product
    product.configure(*MGMT, "ssh server vrf default ipv4 access-list MGMT")
    assert identified_from(product, "127.0.0.1")
    assert "% " not in product.configure("ipv4 access-list MGMT", "no 20", "permit host 127.1.0.1", "exit")
    assert identified_from(product, "127.0.0.66")
    assert identified_from(product, "127.1.0.1")
    counted = entries(product)
    assert counted[("ipv4", "MGMT", 30)][2] == 2
    assert counted[("ipv4", "MGMT", 40)] == ("permit", "ipv4 host 127.1.0.1 any", 1)
    assert "% " not in product.configure("no ssh server vrf default ipv4 access-list")
    assert identified_from(product, "127.1.0.2")
    assert server(product)["refused_access_list"] == 0


def test_ports_and_ipv6(own_product):
    product = own_product
    port = free_ssh_ports(1)[0]
    out = product.configure("ipv6 access-list SIX", f"10 permit tcp ::1/128 any eq {port}", "exit",
                            "ssh server vrf default ipv6 access-list SIX")
    assert "% " not in out, out
    assert not identification(product.port, "::1")
    assert identification(product.port, "127.0.0.1")
    assert "% " not in product.configure(f"ssh server port {port}")
    assert identification(port, "::1")
    assert entries(product, "show access-lists ipv6")[("ipv6", "SIX", 10)][2] == 1
    assert entries(product, "show access-lists ipv4") == {}


def test_a_list_that_is_not_there_is_refused_at_its_line(own_product):
    product = own_product
    out = failed_commit(product, "ssh server vrf default ipv4 access-list NONE").split("show configuration failed")[-1]
    assert re.search(r"ssh server vrf default ipv4 access-list NONE\s*\n!!% There is no 'ipv4 access-list NONE'", out), out
    assert "% " not in product.configure(*MGMT, "ssh server vrf default ipv4 access-list MGMT")
    out = failed_commit(product, "no ipv4 access-list MGMT").split("show configuration failed")[-1]
    assert "There is no 'ipv4 access-list MGMT'" in out, out
    for words in ("ipv4 NONE", "ipv6 MGMT", "ipv6 MGMT | json"):
        done = product.cli("-c", f"show access-lists {words}")
        assert done.returncode != 0 and f"% There is no '{words[:4]} access-list {words[5:9]}'" in done.stdout, done.stdout
    assert identified_from(product, "127.0.0.1")


def test_lists_are_shown_as_they_are_configured(own_product):
    product = own_product
    product.configure(*MGMT)
    text = product.cli("-c", "show running-config ipv4 access-list MGMT").stdout
    assert ("ipv4 access-list MGMT\n 10 remark the office\n 20 deny ipv4 host 127.0.0.66 any\n"
            " 30 permit tcp 127.0.0.0 0.0.0.255 any\n!") in text, text


def test_lists_hold_after_a_restart_of_the_daemon(own_product):
    product = own_product
    product.configure(*MGMT, "ssh server vrf default ipv4 access-list MGMT")
    product.kill_daemon("sallyport-sshd")
    wait_for(lambda: identified_from(product, "127.0.0.1"), what="the list")
    assert not identified_from(product, "127.0.0.66")
