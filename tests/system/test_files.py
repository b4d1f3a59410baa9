# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the volumes, as an operator and the programs that drive a router handle them."""
import hashlib
import os
import re

import pexpect
import pytest

from conftest import wait_for


def volume(product, name="disk0:"):
    path = os.path.join(product.run_dir, "state", "files", name)
    return wait_for(lambda: os.path.isdir(path) and path, what=path)


def say(product, *lines):
    """Lines to one session, without a terminal; what came back without time lines."""
    done = product.ssh(text_in="terminal exec prompt no-timestamp\n" + "\n".join(lines) + "\n")
    return re.sub(r"^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d\.\d{3} UTC\n", "", done.stdout, count=1, flags=re.M)


@pytest.fixture
def disk(product):
    path = volume(product)
    with open(os.path.join(path, "start.cfg"), "w", encoding="ascii") as file:
        file.write("hostname r7\n!\nend\n")
    yield path
    for name in os.listdir(path):
        full = os.path.join(path, name)
        if os.path.isdir(full) and not os.path.islink(full):
            os.system(f"rm -rf '{full}'")
        else:
            os.unlink(full)


def test_dir_is_what_parsers_read(product, disk):
    os.mkdir(os.path.join(disk, "logs"))
    with open(os.path.join(disk, ".hidden"), "w", encoding="ascii"):
        pass
    os.utime(os.path.join(disk, "start.cfg"), (1546876800, 1546876800))
    lines = say(product, "dir").splitlines()
    assert lines[0] == "Directory of disk0:/"  # Netmiko: "Directory of (.*)/"
    # ntc-templates, 64-bit
    row = re.compile(r"^\s*\d+\s+(?P<mode>[-dl][-rwxtTsS]{9}\.)\s+\d+\s+(?P<size>\d+)\s+(?P<date>\w{3} [ \d]\d (?:\d\d:\d\d| \d{4}))\s+(?P<name>\S+)$")
    rows = {found["name"]: found for found in map(row.match, lines[1:-2])}
    assert set(rows) == {"logs", "start.cfg"}
    assert rows["logs"]["mode"].startswith("d") and rows["start.cfg"]["size"] == "18"
    assert rows["start.cfg"]["date"] == "Jan  7  2019"
    assert lines[-2] == "" and re.fullmatch(r"\d+ kbytes total \(\d+ kbytes free\)", lines[-1])
    assert ".hidden" in say(product, "dir /all")
    one = say(product, "dir disk0:/start.cfg").splitlines()
    assert one[0] == "Directory of disk0:/start.cfg" and "start.cfg" in one[1]
    missing = say(product, "dir disk0:/nothing")
    assert missing == "% disk0:/nothing: No such file or directory\n"
    for other in ("dir /all config:", "dir bootflash:/x", "dir /etc"):
        assert ": Path does not exist" in say(product, other)
    assert '"name": "start.cfg"' in product.ssh("dir disk0: | json").stdout


def test_files_are_shown_and_digested(product, disk):
    assert say(product, "more start.cfg") == "hostname r7\n!\nend\n"
    assert say(product, "show file /disk0:/start.cfg") == "hostname r7\n!\nend\n"
    assert say(product, "more start.cfg | include host") == "hostname r7\n"
    with open(os.path.join(disk, "big"), "wb") as file:
        file.write(os.urandom(300001))
    with open(os.path.join(disk, "big"), "rb") as file:
        digest = hashlib.md5(file.read()).hexdigest()
    assert say(product, "show md5 file /disk0:/big") == digest + "\n"
    os.mkfifo(os.path.join(disk, "pipe"))
    for name in ("pipe", "/", "disk0:"):
        assert "% " in say(product, f"more {name}")


def test_the_working_directory(product, disk):
    os.mkdir(os.path.join(disk, "logs"))
    with open(os.path.join(disk, "logs", "a.txt"), "w", encoding="ascii") as file:
        file.write("here\n")
    assert say(product, "pwd", "cd logs", "pwd", "more a.txt", "more ../start.cfg", "cd ..", "cd harddisk:", "cd") == (
        "disk0:/\ndisk0:/logs\ndisk0:/logs\nhere\nhostname r7\n!\nend\ndisk0:/\nharddisk:/\ndisk0:/\n")
    assert "outside of the volume" in say(product, "cd ..")
    assert "No such file" in say(product, "cd nowhere")
    assert "Not a directory" in say(product, "cd start.cfg")


def test_files_are_changed(product, disk):
    shown = say(product, "mkdir new", "copy start.cfg new/a.cfg", "copy start.cfg harddisk:/exec-b.cfg", "rename new/a.cfg c.cfg",
                "rmdir new", "y", "delete harddisk:/exec-b.cfg", "", "delete start.cfg", "no", "delete /noprompt c.cfg", "dir")
    assert "Created dir disk0:/new" in shown and "18 bytes copied" in shown and "Renamed disk0:/new/a.cfg to disk0:/c.cfg" in shown
    assert "Removed dir disk0:/new" in shown and "Delete harddisk:/exec-b.cfg[confirm]" in shown
    assert os.listdir(disk) == ["start.cfg"]
    assert not os.path.exists(os.path.join(volume(product, "harddisk:"), "exec-b.cfg"))
    say(product, "copy start.cfg other")
    with open(os.path.join(disk, "other"), "r+", encoding="ascii") as file:
        file.write("something longer than the source of the copy\n")
    say(product, "copy start.cfg other", "no")
    assert "longer" in say(product, "more other")
    say(product, "copy start.cfg other", "yes")
    assert say(product, "more other") == "hostname r7\n!\nend\n"
    assert "itself" in say(product, "copy other disk0:/other", "yes")
    assert say(product, "more other") == "hostname r7\n!\nend\n"
    assert "exists" in say(product, "rename other start.cfg")
    assert "load FILE" in say(product, "copy start.cfg running-config")
    for wrong in ("rename other", "copy other", "delete", "mkdir"):
        assert "Incomplete command" in say(product, wrong)
    assert os.path.exists(os.path.join(disk, "start.cfg"))


def test_nothing_leads_out_of_a_volume(product, disk):
    outside = os.path.join(product.directory, "secret")
    with open(outside, "w", encoding="ascii") as file:
        file.write("SECRET\n")
    os.chmod(product.directory, 0o755)
    os.symlink(outside, os.path.join(disk, "link"))
    os.symlink("..", os.path.join(disk, "up"))
    os.symlink("/", os.path.join(disk, "root"))
    for line in ("more link", "more disk0:/../../../secret", "more up/disk0:/start.cfg", "more root/etc/passwd", "more /etc/passwd",
                 "show file /etc/passwd", "show md5 file link", "copy link got", "copy start.cfg link", "copy start.cfg up/got",
                 "copy start.cfg root/tmp/got", "mkdir up/got", "mkdir root/tmp/got", "delete /noprompt up/harddisk:", "dir root",
                 "dir up", "cd up", "rename start.cfg up/got", "copy start.cfg /tmp/got", "copy start.cfg tftp://10.0.0.1/x"):
        shown = say(product, line, "yes")
        assert "% " in shown and "SECRET" not in shown and "root:x:" not in shown, (line, shown)
    with open(outside, encoding="ascii") as file:
        assert file.read() == "SECRET\n"
    assert not os.path.exists(os.path.join(disk, "got"))
    # the link itself is its owner's to delete
    assert "not permitted" in say(product, "delete /noprompt link")
    say(product, "copy start.cfg mine")
    os.lchown(os.path.join(disk, "link"), os.stat(os.path.join(disk, "mine")).st_uid, -1)
    say(product, "delete /noprompt link")
    assert os.path.exists(outside) and not os.path.lexists(os.path.join(disk, "link"))
    os.chmod(product.directory, 0o700)


def test_names_of_others_do_not_reach_the_terminal(product, disk):
    name = b"a\x1b[2J\nb\x07\xff\xc2\x9bz"
    with open(os.path.join(disk.encode(), name), "wb") as file:
        file.write(b"x\x1b]0;title\x07y\r\x9b2J\n")
    shown = product.ssh("dir disk0:").stdout
    assert "a?[2J?b??" in shown and not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)
    os.rename(os.path.join(disk.encode(), name), os.path.join(disk.encode(), b"plain"))
    shown = product.ssh("more plain").stdout
    assert "x?]0;title?y" in shown and not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)


def test_netmiko_transfers_a_file(product, disk, tmp_path):
    """Its FileTransfer: is there room, is it there already, SCP, and the digest afterwards."""
    netmiko = pytest.importorskip("netmiko", reason="needs python3-netmiko: packaging/deps test")
    source = tmp_path / "image.bin"
    source.write_bytes(os.urandom(200_000))
    net = netmiko.ConnectHandler(device_type="cisco_xr", host="127.0.0.1", port=product.port, username="admin", password=product.password)
    try:
        assert net._autodetect_fs() == "disk0:"  # what it does when no file system is given
        with netmiko.FileTransfer(net, source_file=str(source), dest_file="image.bin", file_system="disk0:") as transfer:
            assert not transfer.check_file_exists()
            assert transfer.verify_space_available()
            transfer.put_file()
            assert transfer.check_file_exists()
            assert transfer.verify_file()
        with open(os.path.join(disk, "image.bin"), "rb") as file:
            assert file.read() == source.read_bytes()
    finally:
        net.disconnect()


def test_names_are_completed(product, disk):
    os.mkdir(os.path.join(disk, "logs"))
    for name in ("logs/alpha.txt", "logs/alpine.txt", "odd name", "odd|x"):
        with open(os.path.join(disk, name), "w", encoding="ascii"):
            pass
    argv = product.ssh_argv(options=["RequestTTY=yes"])
    child = pexpect.spawn(argv[0], argv[1:], timeout=15, dimensions=(60, 120))
    child.delaybeforesend = None
    child.expect("#$")
    for typed, becomes in (("more st", "more start.cfg $"), ("dir lo", "dir logs/$"), ("more logs/al", "more logs/alp$"),
                           ("show md5 file disk0:/logs/alph", "disk0:/logs/alpha.txt $"), ("copy start.cfg ha", "harddisk:$"),
                           ("show version | file sta", "file start.cfg $"), ("more odd", "more odd$")):
        child.send(typed + "\t")
        child.expect(becomes)
        child.send("\x03")
        child.expect("#$")
    child.send("more logs/?")
    child.expect("  logs/alpha.txt\r\n  logs/alpine.txt\r\n.*#more logs/$")
    child.close(force=True)
