# SPDX-License-Identifier: GPL-3.0-or-later
"""NETCONF: the program of the operator, as the subsystem of a session, on the port of SSH and on ports of its own."""
import json
import os
import re
import subprocess

import paramiko
import pytest
from ncclient import manager

from conftest import free_port, is_gone, wait_for
from test_listener import failed_commit, needs_root, netns  # noqa: F401

# RFC 6241 and 6242 as far as a client needs them: hello, one answer, the end
PROGRAM = '''#!/usr/bin/python3
import os, re, sys
END = "]]>]]>"
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
def say(text):
    sys.stdout.write(text + END)
    sys.stdout.flush()
say(f'<hello xmlns="{BASE}"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability>'
    f'</capabilities><session-id>{os.environ["SALLYPORT_SESSION"]}</session-id></hello>')
heard = ""
while True:
    more = os.read(0, 65536).decode()
    if not more:
        sys.exit(3)
    heard += more
    while END in heard:
        message, heard = heard.split(END, 1)
        number = re.search('message-id="([^"]*)"', message)
        if not number:
            continue
        head = f'<rpc-reply xmlns="{BASE}" message-id="{number[1]}">'
        if "close-session" in message:
            say(head + "<ok/></rpc-reply>")
            sys.exit(0)
        say(head + f'<data><who uid="{os.getuid()}" user="{os.environ["USER"]}" vrf="{os.environ["SALLYPORT_VRF"]}" '
            f'net="{os.readlink("/proc/self/ns/net")}"/></data></rpc-reply>')
'''


# ncclient calls what Python has given other names
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ncclient")


def make_program(product):
    """Where the user of the session may walk."""
    path = os.path.join(product.directory, "netconf-server")
    with open(path, "w", encoding="ascii") as file:
        file.write(PROGRAM)
    os.chmod(path, 0o755)
    os.chmod(product.directory, 0o755)
    return path


def netconf(product, port=None, words="-s netconf", text_in=""):
    argv = product.ssh_argv()
    argv[argv.index("-p") + 1] = str(port or product.port)
    words = words.split()
    argv[-1:] = [word for word in words if word == "-s"] + argv[-1:] + [word for word in words if word != "-s"]
    return subprocess.run(argv, input=text_in, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)


def connect(product, port):
    ssh = paramiko.SSHClient()
    ssh.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    ssh.connect("127.0.0.1", port, "admin", key_filename=product.key, look_for_keys=False, allow_agent=False)
    return ssh


def said(product, *lines):
    out = product.configure(*lines)
    assert "% " not in out, out


def test_a_client_talks_to_the_program_on_a_port_of_its_own(own_product):
    product, port = own_product, free_port()
    said(product, f"ssh server netconf program {make_program(product)}", f"ssh server netconf vrf default port {port}")
    with manager.connect(host="127.0.0.1", port=port, username="admin", key_filename=product.key, hostkey_verify=False,
                         look_for_keys=False, allow_agent=False, timeout=20) as client:
        row = wait_for(lambda: next((row for row in product.sessions() if row["channels"]), None), what="the session")
        assert int(client.session_id) == row["session"]["id"] and row["session"]["local_port"] == port
        who = client.get().data_xml
        assert f'uid="{row["session"]["uid"]}"' in who and 'user="admin"' in who and 'vrf="default"' in who
        shown = product.cli("-c", "show ssh").stdout
        assert re.search(rf"^{row['session']['id']} +1 +XXX .*admin .* Netconf-Subsystem +default", shown, re.M), shown
    ended = wait_for(lambda: product.history(1), what="the history")[0]
    assert ended["first_type"] == "Netconf-Subsystem" and ended["end_reason"] in ("exit", "closed by client"), ended


def test_nothing_else_is_served_there(own_product):
    product, port = own_product, free_port()
    said(product, f"ssh server netconf program {make_program(product)}", f"ssh server netconf port {port}",
         "ssh server port-forwarding local")
    for words in ("", "show version", "-s sftp", "scp -t /harddisk:/x"):
        done = netconf(product, port, words)
        assert done.returncode == 255 and "only NETCONF is served on this port" in done.stdout, (words, done.stdout)
    client = connect(product, port)
    with pytest.raises(paramiko.ChannelException):
        client.get_transport().open_channel("direct-tcpip", ("127.0.0.1", product.port), ("127.0.0.1", 1))
    assert "Only NETCONF is served on the port" in product.output()
    # a refused channel may still ask for what is served
    channel = client.get_transport().open_session()
    with pytest.raises(paramiko.SSHException):
        channel.exec_command("show version")
    client.close()
    assert "<hello" in netconf(product, port).stdout
    # and the port of SSH serves all of it
    assert "Sallyport" in netconf(product, None, "show version").stdout and "<hello" in netconf(product).stdout


def test_it_is_refused_where_it_is_not_served(own_product):
    product, port = own_product, free_port()
    done = netconf(product)
    assert done.returncode == 255 and "ssh server netconf program PATH" in done.stdout
    assert "begins with '/'" in product.configure("ssh server netconf program netconf")
    said(product, f"ssh server netconf program {make_program(product)}", f"ssh server netconf port {port}",
         "ssh server netconf disable ssh-port")
    done = netconf(product)
    assert done.returncode == 255 and "not served on the port of SSH" in done.stdout
    done = netconf(product, port, text_in="no end of a message")
    assert "<hello" in done.stdout and done.returncode == 3
    said(product, "no ssh server netconf disable ssh-port", "ssh server netconf program /no/such/program")
    done = netconf(product)
    assert done.returncode == 255 and "not there: /no/such/program: No such file or directory" in done.stdout, done.stdout


def test_a_program_that_fails_is_told_to_the_operator(own_product):
    """To a client of NETCONF a crash looks like any end."""
    product = own_product
    path = make_program(product)

    def run(text, mode=0o755, text_in=""):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, mode)
        return netconf(product, text_in=text_in)

    said(product, f"ssh server netconf program {product.directory}")
    assert "is not there" in netconf(product).stdout
    said(product, f"ssh server netconf program {path}")
    done = run("#!/bin/sh\nkill -SEGV $$\n")
    assert done.returncode == 255, done.stdout
    wait_for(lambda: re.search(rf"%SECURITY-SSHD-4-WARN_GENERAL : The NETCONF program of user 'admin' on 'vty\d+' was ended by signal "
                               rf"11 \(SEGV\): {path}$", product.output(), re.M), what="the line about the crash")
    for text, mode in (("#!/no/such/shell\n", 0o755), ("#!/bin/sh\n", 0o644)):
        before = product.output().count("could not be executed")
        done = run(text, mode)
        assert done.returncode == 127 and f"sallyport: {path}: " in done.stdout, done.stdout
        wait_for(lambda: product.output().count("could not be executed") == before + 1, what="the line about the program")
    # what it says on stderr is kept apart, also more than a pipe holds; its status goes out
    done = run("#!/bin/sh\nhead -c 300000 /dev/zero >&2\nexec cat\n", text_in="<rpc/>]]>]]>")
    assert done.returncode == 0 and done.stdout.count("\0") == 300000 and "<rpc/>]]>]]>" in done.stdout
    # one that hangs is ended with its session, and says nothing of a crash
    before = product.output().count("was ended by signal")
    run("#!/bin/sh\nexec sleep 1000\n", 0o644)
    os.chmod(path, 0o755)
    with subprocess.Popen([*product.ssh_argv()[:-1], "-s", product.ssh_argv()[-1], "netconf"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        wait_for(lambda: any(row["channels"] for row in product.sessions()), what="the session")
        session = product.sessions()[0]
        assert session["channels"][0]["type"] == "Netconf-Subsystem"
        program = int(subprocess.run(["pgrep", "-P", str(session["session"]["pid"])], stdout=subprocess.PIPE, check=True).stdout)
        product.cli("-c", f"clear ssh {session['session']['id']}")
        assert client.wait(10) == 255
    wait_for(lambda: is_gone(program), what="its end")
    assert product.output().count("was ended by signal") == before


def test_access_lists_ports_and_what_is_shown(own_product):
    product, port = own_product, free_port()
    listed = failed_commit(product, "ssh server netconf vrf default ipv4 access-list NONE").split("show configuration failed")[-1]
    assert re.search(r"ssh server netconf vrf default ipv4 access-list NONE\s*\n!!% There is no 'ipv4 access-list NONE'", listed), listed
    taken = failed_commit(product, f"ssh server netconf vrf default port {product.port}").split("show configuration failed")[-1]
    assert f"ssh server netconf vrf default port {product.port}" in taken and "give NETCONF another one" in taken, taken
    said(product, f"ssh server netconf program {make_program(product)}", "ipv4 access-list NC", "10 permit tcp host 127.0.0.9 any", "exit",
         f"ssh server netconf vrf default ipv4 access-list NC port {port}")
    assert netconf(product, port).returncode == 255 and "<hello" in netconf(product).stdout
    text = product.cli("-c", "show ssh server").stdout
    assert re.search(r"^ +Netconf Port := 830$", text, re.M), text
    assert re.search(r"^ +Netconf Vrfs := vrfname:=default \(v4-acl:=NC, v6-acl:=\)$", text, re.M), text
    assert re.search(r"^ +SSH vrfs := vrfname:=default \(v4-acl:=, v6-acl:=\)$", text, re.M), text
    rows = json.loads(product.cli("-c", "show ssh server | json").stdout)[0]["listeners"]
    assert {(row["port"], row["service"], row["state"]) for row in rows} == {(product.port, "ssh", "up"), (port, "netconf", "up")}
    refused = next(row for row in rows if row["service"] == "netconf" and row["family"] == "ipv4")
    assert refused["refused"] == 1 and refused["accepted"] == 0
    # the same socket serves on when only the list goes
    said(product, "no ssh server netconf vrf default ipv4 access-list NC")
    assert "<hello" in netconf(product, port).stdout
    said(product, "no ssh server netconf vrf default")
    assert "Connection refused" in netconf(product, port).stdout
    assert re.search(r"^ +Netconf Vrfs :=$", product.cli("-c", "show ssh server").stdout, re.M)


@needs_root
def test_a_vrf_has_its_port_and_its_program_there(own_product, netns):  # noqa: F811
    """The VRF is served for NETCONF alone; the program is in its namespace."""
    product, port = own_product, free_port()
    netns("nc-vrf")
    said(product, f"ssh server netconf program {make_program(product)}", "ssh server netconf vrf nc-vrf", f"ssh server netconf port {port}")
    wait_for(lambda: all(row["state"] == "up" for row in product.server()["listeners"]), what="the listeners")
    assert [row["vrf"] for row in product.server()["listeners"] if row["service"] == "netconf"] == ["nc-vrf"] * 2
    argv = product.ssh_argv()
    argv[argv.index("-p") + 1] = str(port)
    ask = '<rpc message-id="7"><get/></rpc>]]>]]>'
    done = subprocess.run(["ip", "netns", "exec", "nc-vrf", *argv[:-1], "-s", argv[-1], "netconf"], input=ask, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=20)
    inside = subprocess.run(["ip", "netns", "exec", "nc-vrf", "readlink", "/proc/self/ns/net"], stdout=subprocess.PIPE, text=True).stdout
    assert 'vrf="nc-vrf"' in done.stdout and f'net="{inside.strip()}"' in done.stdout, done.stdout
    text = product.cli("-c", "show ssh server vrf nc-vrf").stdout
    assert re.search(rf"^ +SSH vrfs :=$.*^ +Netconf Port := {port}$.*^ +Netconf Vrfs := vrfname:=nc-vrf .*^nc-vrf +ipv4 +{port} +up +netconf ",
                     text, re.M | re.S), text
    assert "Connection refused" in netconf(product, port).stdout
