# SPDX-License-Identifier: GPL-3.0-or-later
"""What collectors ask a router about itself: answers in the layouts of public parsers, or XR's own refusal."""
import json
import re

import pytest


def ask(product, command):
    done = product.ssh(command)
    stamp, _, text = done.stdout.partition("\n")
    assert re.fullmatch(r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d\.\d{3} UTC", stamp), done.stdout
    return text


def test_platform_inventory_and_memory(product):
    # ntc-templates cisco_xr_show_platform, cisco_xr_show_inventory; Ansible's iosxr_facts
    lines = ask(product, "show platform").splitlines()
    assert re.match(r"^Node\s+Type\s+State\s+Config state$", lines[0]) and re.match(r"^-+$", lines[1])
    assert re.fullmatch(r"\d+/RP\d+/CPU\d+\s+\S+\(Active\)\s+IOS XR RUN\s+NSHUT", lines[2]), lines
    for command in ("show inventory", "show inventory all", "show inventory raw"):
        rows = re.findall(r'^NAME: "([^"]+)", DESCR: "([^"]+)"\nPID: (\S+)\s*, VID: (\S+)\s*, SN: (\S+)\n$', ask(product, command), re.M)
        assert [row[0] for row in rows] == ["Rack 0", "0/RP0/CPU0"], command
    found = re.search(r"Physical Memory: (\d+)M total \((\d+)", ask(product, "show memory summary"))
    assert int(found[1]) > int(found[2]) > 0
    for command in ("show platform | json", "show inventory | json", "show memory summary | json", "show clock detail | json"):
        assert isinstance(json.loads(product.ssh(command).stdout), list)


def test_clock_detail(product):
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} UTC \w{3} \w{3} [ \d]\d \d{4}\nTime source is (NTP|calendar)\n",
                        ask(product, "show clock detail"))


@pytest.mark.parametrize("command", ["show install active", "show license udi", "show hw-module fpd", "show redundancy", "show env all",
                                     "show controllers description", "show diag", "show debug", "show rpl maximum", "show interfaces",
                                     "show ipv6 interface", "show lldp neighbors detail", "admin show platform"])
def test_what_there_is_not_is_refused_as_xr_does(product, command):
    done = product.ssh(command)
    assert re.fullmatch(r" *\^\n% Invalid input detected at '\^' marker\.\n", done.stdout) and done.returncode == 1, done.stdout
