# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for channels of any kind: clients that fall silent, idle ones, odd terminals, subsystems, several at once."""
import os
import re
import signal
import socket
import subprocess
import time

import paramiko
import pexpect
import pytest

from conftest import wait_for


def connect(product):
    ssh = paramiko.SSHClient()
    ssh.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    ssh.connect("127.0.0.1", product.port, "admin", key_filename=product.key, look_for_keys=False, allow_agent=False)
    return ssh


def shell(product, term="xterm"):
    argv = product.ssh_argv(options=["RequestTTY=force"])
    session = pexpect.spawn(argv[0], argv[1:], env={**os.environ, "TERM": term}, timeout=20, encoding="utf-8")
    session.expect(r"CPU0:[\w.-]+#")
    return session


def test_a_client_that_has_stopped_is_noticed(own_product):
    product = own_product
    product.configure("ssh server keepalive 1")
    there, stopped = shell(product), shell(product)
    rows = wait_for(lambda: len(product.sessions()) == 2 and product.sessions(), what="two sessions")
    begin = time.monotonic()
    os.kill(stopped.pid, signal.SIGSTOP)
    wait_for(lambda: len(product.sessions()) == 1, 12, "the end of the silent session")
    assert time.monotonic() - begin > 2.5
    assert product.sessions()[0]["session"]["id"] == min(row["session"]["id"] for row in rows)
    # the other one answers and stays
    there.sendline("show version")
    there.expect(r"CPU0:[\w.-]+#")
    assert "has not been heard of" in str(product.history(5))
    stopped.close(force=True)
    there.close(force=True)


def test_idle_channels_and_connections_end(own_product):
    product = own_product
    product.configure("ssh server timeout channel 2", "ssh server timeout connection 2")
    session = shell(product)
    for _ in range(6):  # what is typed keeps it alive
        assert session.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.6) == 0
        session.sendline("")
        session.expect(r"CPU0:[\w.-]+#")
    begin = time.monotonic()
    session.expect("closed after 2 seconds without traffic")
    assert 1.5 < time.monotonic() - begin < 8
    session.expect(pexpect.EOF)
    session.close()
    client = connect(product)
    wait_for(lambda: not client.get_transport().is_active(), 12, "the end of a connection without channels")
    wait_for(lambda: "no channel was open for 2 seconds" in str(product.history(5)), what="the reason in the history")


def test_a_vrf_has_idle_times_of_its_own(own_product):
    product = own_product
    product.configure("ssh server vrf default idle-timeout connection 1")
    client = connect(product)
    wait_for(lambda: not client.get_transport().is_active(), 12, "the end of the connection")


def test_unknown_terminal_is_warned_of_once(own_product):
    product = own_product
    session = shell(product, "xterm-256color")
    session.close(force=True)
    assert "Terminal type" not in product.output()
    session = shell(product, "hp2392")
    session.sendline("show version")
    session.expect(r"CPU0:[\w.-]+#")
    session.close(force=True)
    assert re.findall(r"%SECURITY-SSHD-4-WARN_GENERAL : Terminal type '(\S+)' of user 'admin' on 'vty\d+' is not known", product.output()) \
        == ["hp2392"]


def test_kinds_of_channels_side_by_side(product):
    client = connect(product)
    files = client.open_sftp()
    terminal = client.invoke_shell()
    _, stdout, _ = client.exec_command("show version")
    assert stdout.read() and stdout.channel.recv_exit_status() == 0
    with files.open("harddisk:/beside", "w") as file:
        file.write(b"x" * 100_000)
    port = client.get_transport().sock.getsockname()[1]
    row = next(row for row in product.sessions() if row["session"]["peer_port"] == port)
    assert sorted(channel["type"] for channel in row["channels"]) == ["Command-Line-Interface", "Sftp-Subsystem"]
    terminal.close()
    assert files.stat("harddisk:/beside").st_size == 100_000
    client.close()


def test_the_cli_is_told_where_the_files_are(product):
    """The descriptor that the CLI's own commands use names the same files."""
    client = connect(product)
    client.open_sftp().open("disk0:/seen", "w").close()
    terminal = client.invoke_shell()
    port = client.get_transport().sock.getsockname()[1]
    row = next(row for row in product.sessions() if row["session"]["peer_port"] == port)
    if os.geteuid() != 0:
        pytest.skip("looks into another user's process")

    def cli():
        children = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(row["session"]["pid"])], stdout=subprocess.PIPE, text=True).stdout
        return next((int(line.split()[0]) for line in children.splitlines() if line.split()[1] == "-sallyport"), 0)
    pid = wait_for(cli, what="the CLI")
    with open(f"/proc/{pid}/environ", "rb") as file:
        environ = dict(entry.split(b"=", 1) for entry in file.read().split(b"\0") if entry)
    place = f"/proc/{pid}/fd/{int(environ[b'SALLYPORT_FILES'])}"
    assert sorted(os.listdir(place)) == ["disk0:", "harddisk:"] and os.path.exists(f"{place}/disk0:/seen")
    terminal.close()
    client.close()


def says(terminal, until):
    text = b""
    while until not in text:
        more = terminal.recv(4096)
        assert more, text
        text += more
    return text


def test_a_terminal_of_any_size_costs_little(product):
    """65535 by 65535 cells, twice in four bytes, would be 32 GiB: the first size as well as one that comes later."""
    client = connect(product)
    terminals = [client.get_transport().open_session() for _ in range(2)]
    for terminal, size in zip(terminals, ((65535, 65535), (80, 24))):
        terminal.settimeout(20)
        terminal.get_pty("vt100", *size)
        terminal.invoke_shell()

    for terminal in terminals:
        says(terminal, b"#")
    terminals[1].resize_pty(4294967295, 4294967295)
    for terminal in terminals:
        terminal.send("show terminal\r")
        assert b"Length: 65535 lines, Width: 65535 columns" in says(terminal, b"ssh.\r\n")
    port = client.get_transport().sock.getsockname()[1]
    row = next(row for row in product.sessions() if row["session"]["peer_port"] == port)
    sizes = subprocess.run(["ps", "-o", "rss=", "--ppid", str(row["session"]["pid"])], stdout=subprocess.PIPE, text=True).stdout.split()
    assert len(sizes) == 2 and max(map(int, sizes)) < 64 * 1024, sizes
    client.close()


def test_another_size_of_the_window(product):
    """It holds from the next line on, leaves alone what was typed, and messages are shown as before."""
    client = connect(product)
    terminal = client.invoke_shell(width=100, height=30)
    terminal.settimeout(20)
    says(terminal, b"#")
    terminal.resize_pty(120, 50)
    terminal.send("show terminal\r")
    assert b"Length: 50 lines, Width: 120 columns" in says(terminal, b"ssh.\r\n")
    for line in ("terminal length 0", "terminal monitor"):
        terminal.send(line + "\r")
        says(terminal, line.encode() + b"\r\n")
    says(terminal, b"#")
    terminal.resize_pty(90, 40)
    terminal.send("show terminal\r")
    assert b"Length: 0 lines, Width: 90 columns" in says(terminal, b"ssh.\r\n")
    terminal.resize_pty(91, 41)
    product.ssh("run true")
    says(terminal, b"runs 'true'")
    client.close()


@pytest.mark.parametrize("typed,shown", [
    ("show version\nshow terminal\n", "Allowed transports are ssh"),
    ("", "#"),
    ("half of a li", "half of a li"),
    ("configure\nhostname never\n", "(config)#hostname never"),
    ("delete harddisk:/never\n", "Delete harddisk:/never[confirm]"),
    ("run sleep 1; echo slept\nshow version\n", "Cisco IOS XR Software"),
    ("show clock\n" * 2000, "UTC"),
], ids=["lines", "nothing", "half a line", "configuration", "question", "program", "much"])
def test_a_shell_ends_with_what_its_client_sends(product, typed, shown):
    """plink and ssh -tt with their input from a pipe, as scripts have it: all of it is done, then the session ends."""
    files = os.path.join(product.run_dir, "state", "files", "harddisk:", "never")
    open(files, "w", encoding="ascii").close()
    done = product.ssh(options=["RequestTTY=force"], text_in=typed)
    assert shown in done.stdout and done.returncode == ("confirm" in shown), done.returncode
    # every line was done, and nothing that nobody confirmed
    assert done.stdout.count("UTC\n") >= typed.count("\n") - typed.count("hostname") - typed.count("run")
    assert "never" not in product.cli("show", "running-config").stdout and os.path.exists(files)


def test_no_user_can_take_all_process_numbers(product):
    """Where the kernel's own limit is above the numbers there are, as with many gigabytes and the old pid_max."""
    with open("/proc/sys/kernel/pid_max", encoding="ascii") as file:
        numbers = int(file.read())
    text = product.ssh("run", "cat /proc/self/limits", check=0).stdout
    soft, hard = re.search(r"^Max processes +(\d+) +(\d+) ", text, re.M).groups()
    assert int(soft) <= numbers // 2 and int(hard) <= numbers // 2, text


def test_no_byte_is_lost_while_the_window_changes(product):
    client = connect(product)
    terminal = client.invoke_shell(width=100, height=30)
    terminal.settimeout(20)
    says(terminal, b"#")
    terminal.send("terminal length 0\r" + "show clock\r" * 500)
    text, size = b"", 0
    while text.count(b" UTC ") < 500 or not text.endswith(b"#"):
        text += terminal.recv(4096)
        size += 1
        terminal.resize_pty(100 + size % 50, 30)
    assert len(re.findall(rb"\r\n[\d:.]+ UTC \w+ \w+ \d+ \d+\r\n", text)) == 500
    client.close()
