# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible itself with its collection cisco.iosxr, unmodified, over network_cli: facts, command, config, replace, users, files."""
import json
import os
import shutil
import subprocess

import pytest

from conftest import WITHOUT_LIMITS

pytestmark = pytest.mark.skipif(not shutil.which("ansible-playbook"), reason="needs ansible: packaging/deps test")

INVENTORY = """[routers]
router ansible_host=127.0.0.1 ansible_port={port} ansible_user=admin ansible_password={password}
[routers:vars]
ansible_connection=ansible.netcommon.network_cli
ansible_network_os=cisco.iosxr.iosxr
ansible_network_cli_ssh_type=paramiko
ansible_python_interpreter=/usr/bin/python3
"""

PLAYBOOK = """- hosts: routers
  gather_facts: no
  tasks:
  - {name: facts, cisco.iosxr.iosxr_facts: {gather_subset: all}}
  - {name: command, cisco.iosxr.iosxr_command: {commands: [show version, show ssh, show users], wait_for: ['result[1] contains vty']}}
  - {name: config, cisco.iosxr.iosxr_config: {lines: [ssh timeout 61, ssh server session-limit 100], comment: by a test,
     label: label1, backup: yes, backup_options: {dir_path: backup, filename: before.txt}}}
  - {name: again, cisco.iosxr.iosxr_config: {lines: [ssh timeout 61, ssh server session-limit 100]}}
  - {name: parents, cisco.iosxr.iosxr_config: {lines: [group operator], parents: [username carl], exclusive: yes}}
  - {name: wrong, cisco.iosxr.iosxr_config: {lines: [ssh nonsense 60]}, ignore_errors: yes}
  - {name: after wrong, cisco.iosxr.iosxr_config: {lines: [ssh timeout 62]}}
  - {name: user, cisco.iosxr.iosxr_user: {name: bob, configured_password: Sesame7, group: sysadmin, update_password: always}}
  - {name: hostname, cisco.iosxr.iosxr_hostname: {config: {hostname: edge1}}}
  - {name: check, ansible.netcommon.cli_config: {config: ssh timeout 63}, check_mode: yes}
  - {name: put, ansible.netcommon.net_put: {src: whole.txt, dest: 'harddisk:/whole.txt', protocol: scp}}
  - {name: get, ansible.netcommon.net_get: {src: 'harddisk:/whole.txt', dest: back.txt, protocol: sftp}}
  - {name: replace, cisco.iosxr.iosxr_config: {src: whole.txt, replace: config}}
  - {name: after replace, ansible.netcommon.cli_command: {command: show running-config}}
"""


@pytest.fixture(scope="module")
def played(product, tmp_path_factory):
    """The playbook's results by the names of its tasks."""
    product.configure("hostname edge0")
    place = tmp_path_factory.mktemp("ansible")
    (place / "inventory").write_text(INVENTORY.format(port=product.port, password=product.password))
    (place / "play.yml").write_text(PLAYBOOK)
    whole = ["hostname edge2", "username admin", " group root-lr", f" secret 0 {product.password}", "!", *WITHOUT_LIMITS,
             "ssh server vrf default", "ssh timeout 77", "end"]
    (place / "whole.txt").write_text("\n".join(whole) + "\n")
    environment = dict(os.environ, ANSIBLE_HOST_KEY_CHECKING="False", ANSIBLE_STDOUT_CALLBACK="json", HOME=str(place),
                       ANSIBLE_LOCAL_TEMP=str(place / "tmp"), ANSIBLE_PERSISTENT_CONTROL_PATH_DIR=str(place / "pc"))
    done = subprocess.run(["ansible-playbook", "-i", "inventory", "play.yml"], cwd=place, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=180)
    output = done.stdout[done.stdout.index("{"):]
    results = {task["task"]["name"]: task["hosts"]["router"] for task in json.loads(output)["plays"][0]["tasks"]}
    results["place"] = place
    return results


def test_facts_and_commands(played):
    facts = played["facts"]["ansible_facts"]
    assert facts["ansible_net_system"] == "iosxr" and facts["ansible_net_hostname"] == "edge0" and facts["ansible_net_version"], facts
    assert "ssh server" in facts["ansible_net_config"], facts
    version, ssh, users = played["command"]["stdout"]
    assert "Cisco IOS XR Software" in version and "Incoming sessions" in ssh and "admin" in users


def test_config_is_committed_once(played, product):
    assert played["config"]["changed"] and played["config"]["commands"] == ["ssh timeout 61", "ssh server session-limit 100"]
    assert not played["again"]["changed"]
    assert "ssh server" in (played["place"] / "backup" / "before.txt").read_text()
    assert played["parents"]["changed"] and not played["parents"].get("failed")
    commits = product.cli("show", "configuration", "commit", "list").stdout
    assert "label1" in commits, commits


def test_a_wrong_line_fails_the_task_and_nothing_else(played):
    assert played["wrong"]["failed"] and "% Invalid input detected at '^' marker." in played["wrong"]["msg"], played["wrong"]
    assert played["after wrong"]["changed"] and not played["after wrong"].get("failed"), played["after wrong"]


def test_users_hostname_check_and_files(played):
    assert played["user"]["changed"] and not played["user"].get("failed"), played["user"]
    assert played["hostname"]["after"] == {"hostname": "edge1"}, played["hostname"]
    assert played["check"]["changed"], played["check"]
    assert not played["put"].get("failed") and not played["get"].get("failed"), (played["put"], played["get"])
    assert (played["place"] / "back.txt").read_text() == (played["place"] / "whole.txt").read_text()


def test_replace_of_the_whole_configuration(played, product):
    assert played["replace"]["changed"] and not played["replace"].get("failed"), played["replace"]
    running = played["after replace"]["stdout"]
    assert "hostname edge2" in running and "ssh timeout 77" in running, running
    assert "username bob" not in running and "session-limit" not in running, running
    # the clear password of the file is stored as a hash that fits, and nowhere in clear
    assert product.password not in running
    logged_in = subprocess.run(["sshpass", "-p", product.password, *product.ssh_argv("show clock", key=False, options=(
        "PreferredAuthentications=password",))], stdout=subprocess.PIPE, text=True, timeout=20, check=False)
    assert logged_in.returncode == 0, logged_in
