# SPDX-License-Identifier: GPL-3.0-or-later
"""ping and traceroute of the operator's shell, in VRFs that are network namespaces; VRF devices are the lab's."""
import json
import os
import re
import shutil
import subprocess
import time

import pexpect
import pytest

from conftest import varlink, wait_for

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")
needs_traceroute = pytest.mark.skipif(not shutil.which("traceroute"), reason="needs traceroute: packaging/deps build")


def sh(*argv):
    subprocess.run(argv, check=True)


def children(product, name):
    """Processes of that name anywhere below the product."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,user:32=,comm="], stdout=subprocess.PIPE, text=True, check=True).stdout
    daemon = str(product.daemon_pid("sallyport-sshd"))
    return [line.split() for line in listed.splitlines() if line.split()[1] == daemon and line.split()[3] == name]


@pytest.fixture(scope="module")
def vrf(product):
    """A VRF with one network of its own, 10.77.0.0/24, whose other host is in a namespace that is none of the router's."""
    if os.geteuid() != 0:
        pytest.skip("namespaces need root")
    names, host = ("probe-blue", "probe-dark"), f"host-{os.getpid()}"
    try:
        for name in names:
            sh("ip", "netns", "add", name)
        os.makedirs("/run/sallyport-test-netns", exist_ok=True)
        holder = subprocess.Popen(["unshare", "-n", "sleep", "1000"])
        wait_for(lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"), what="a namespace")
        inside = ["ip", "netns", "exec", "probe-blue"]
        sh(*inside, "ip", "link", "add", "up0", "type", "veth", "peer", "name", "far0", "netns", str(holder.pid))
        sh(*inside, "ip", "link", "set", "lo", "up")
        sh(*inside, "ip", "link", "set", "up0", "up", "mtu", "1400")
        for address in ("10.77.0.1/24", "10.77.0.11/24"):
            sh(*inside, "ip", "addr", "add", address, "dev", "up0")
        far = ["nsenter", "-n", "-t", str(holder.pid)]
        sh(*far, "ip", "addr", "add", "10.77.0.2/24", "dev", "far0")
        sh(*far, "ip", "link", "set", "far0", "up", "mtu", "1400")
        sh(*far, "ip", "link", "set", "lo", "up")

        def known():
            error, reply = varlink(product.socket_path("sshd.varlink"), "org.sallyport.SSH.ListVrfs")
            return error is None and {"probe-blue", "probe-dark"} <= {row["name"] for row in reply["vrfs"] if row["state"] != "gone"}
        wait_for(known, what="the VRFs in the table")
        yield "probe-blue"
    finally:
        holder.kill()
        holder.wait()
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False)


SENDING = r"Type escape sequence to abort\.\nSending (\d+), (\d+)-byte ICMP Echos to (\S+), timeout is (\d+) seconds?:\n"
# genie, iosxr and iosxe
SUCCESS = r"Success rate is (\d+) percent \((\d+)/(\d+)\)(?:, round-trip min/avg/max = (\d+)/(\d+)/(\d+) ms)?\n"


def test_ping_as_parsers_read_it(product):
    done = product.ssh("ping 127.0.0.1")
    found = re.search(SENDING + "!!!!!\n" + SUCCESS, done.stdout)
    assert found and found.groups()[:7] == ("5", "100", "127.0.0.1", "2", "100", "5", "5") and found.group(8), done.stdout
    assert done.returncode == 0 and re.match(r"\w{3} \w{3} [ \d]\d \d\d:", done.stdout)
    done = product.ssh("ping ipv6 ::1 count 3 size 200 interval 20 timeout 1 source ::1")
    assert re.search(SENDING.replace(r"(\S+)", "::1") + "!!!\n" + SUCCESS, done.stdout), done.stdout
    assert product.ssh("ping 127.0.0.1 count 2 | include Success").stdout.count("\n") == 2
    rows = json.loads(product.ssh("ping 127.0.0.1 count 2 | json").stdout)
    assert rows[0]["sent"] == rows[0]["received"] == 2 and rows[0]["max_us"] >= rows[0]["min_us"] > 0


@pytest.mark.parametrize("line,says", [
    ("ping nowhere.invalid", "% nowhere.invalid: "),
    ("ping vrf nothing 10.0.0.1", "% There is no VRF nothing"),
    ("ping -f", "% -f is neither an address nor a name"),
    ("ping ipv6 10.0.0.1", "% 10.0.0.1 is no address of IPv6"),
    ("ping 127.0.0.1 source eth0", "% The source eth0 is no address"),
    ("ping 127.0.0.1 source 10.99.99.99", "% "),
    ("ping", "% Incomplete command."),
    ("ping vrf", "% Incomplete command."),
    ("ping 127.0.0.1 count", "% Incomplete command."),
    ("ping 127.0.0.1 count 0", "% Invalid input detected"),
    ("traceroute nowhere.invalid", "% nowhere.invalid: "),
    ("traceroute 127.0.0.1 minttl 9 maxttl 3", "% minttl is larger than maxttl"),
])
def test_what_is_wrong_is_said(product, line, says):
    done = product.ssh(line)
    assert says in done.stdout and "Success" not in done.stdout and done.returncode == 1, done.stdout


@needs_root
def test_ping_in_a_namespace(product, vrf):
    done = product.ssh(f"ping vrf {vrf} 10.77.0.2 source 10.77.0.11")
    assert re.search("!!!!!\n" + SUCCESS, done.stdout), done.stdout
    # the default VRF has no such network; a namespace without routes says so
    assert not re.search("!", product.ssh("ping 10.77.0.2 count 2 timeout 1").stdout)
    assert "Network is unreachable" in product.ssh("ping vrf probe-dark 10.77.0.2").stdout
    # nobody answers: marks for each, none counted, and scripts see it
    done = product.ssh(f"ping vrf {vrf} 10.77.0.99 count 3 timeout 1")
    assert re.search(r"\n[.U]{3}\nSuccess rate is 0 percent \(0/3\)\n", done.stdout) and done.returncode == 1, done.stdout
    assert re.search(r"\n[M]{2,5}\n", product.ssh(f"ping vrf {vrf} 10.77.0.2 size 1450 df-bit").stdout)
    assert "!!!!!" in product.ssh(f"ping vrf {vrf} 10.77.0.2 size 3000").stdout
    # the system's resolver belongs to the default VRF
    assert "default VRF only" in product.ssh(f"ping vrf {vrf} localhost").stdout


@needs_root
@needs_traceroute
def test_traceroute(product, vrf):
    done = product.ssh(f"traceroute vrf {vrf} 10.77.0.2 probe 2 timeout 1 maxttl 3")
    assert re.search(r"Tracing the route to 10\.77\.0\.2\n\n 1  10\.77\.0\.2 \d+ msec \d+ msec\n$", done.stdout), done.stdout
    done = product.ssh("traceroute 127.0.0.1 numeric source 127.0.0.1 minttl 1")
    assert re.search(r"\n 1  127\.0\.0\.1 \d+ msec \d+ msec \d+ msec\n$", done.stdout), done.stdout


@needs_root
def test_it_runs_as_the_user_without_privilege(product, vrf):
    child = pexpect.spawn(product.ssh_argv()[0], product.ssh_argv(options=["RequestTTY=yes"])[1:], timeout=15)
    child.expect("#$")
    child.send(f"ping vrf {vrf} 10.77.0.2 count 1000 interval 1000\r")
    running = wait_for(lambda: children(product, "ping"), what="ping")
    assert len(running) == 1
    with open(f"/proc/{running[0][0]}/status", encoding="ascii") as file:
        status = dict(line.split(":\t", 1) for line in file.read().splitlines())
    assert int(status["Uid"].split()[0]) >= 1879100000 and len(set(status["Uid"].split())) == 1
    assert status["NoNewPrivs"] == "1" and status["Groups"].strip() == ""
    assert int(status["CapPrm"], 16) & ~(1 << 13) == 0 and int(status["CapEff"], 16) & ~(1 << 13) == 0  # CAP_NET_RAW at most
    links = sorted(os.listdir(f"/proc/{running[0][0]}/fd"))
    assert len(links) <= 6, [os.readlink(f"/proc/{running[0][0]}/fd/{link}") for link in links]
    # what was typed behind it is for the shell; Ctrl-C ends it at once and the prompt is back
    start = time.monotonic()
    child.expect("!")
    child.send("\x03")
    child.expect(SUCCESS.replace("\n", "\r\n").replace(r"\n", "\r\n"))
    child.expect("#$")
    assert time.monotonic() - start < 3
    wait_for(lambda: not children(product, "ping"), what="the end of ping")
    child.send("show clock\r")
    child.expect(r"UTC \w{3} \w{3}")
    # a terminal that goes away takes it along
    child.send(f"ping vrf {vrf} 10.77.0.2 count 1000 interval 1000\r")
    wait_for(lambda: children(product, "ping"), what="ping")
    child.close(force=True)
    wait_for(lambda: not children(product, "ping"), what="the end of ping")
    assert "ended by signal" not in product.output()


def test_there_is_an_end_to_how_many(product):
    started = [subprocess.Popen(product.ssh_argv("ping 127.0.0.1 count 1000 interval 1000"), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
               for _ in range(4)]
    wait_for(lambda: len(children(product, "ping")) == 4, what="four of them")
    assert "Too many of them" in product.ssh("ping 127.0.0.1").stdout
    for process in started:
        process.kill()
        process.wait()
    wait_for(lambda: not children(product, "ping"), what="their end")
    assert "!!!!!" in product.ssh("ping 127.0.0.1").stdout
    # nobody else than who has a login, and only what is asked in its form
    path = product.socket_path("sshd.varlink")
    assert varlink(path, "org.sallyport.SSH.Probe", {"request": {"host": "127.0.0.1"}})[0].endswith("InvalidParameter")
