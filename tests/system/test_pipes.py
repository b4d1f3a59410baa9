# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters behind "|" as an operator types them, over the real product."""
import os
import re
import time

import pytest

from conftest import wait_for

LINES = ("hostname pipes", "username zoe group operator", "username abe group operator", "username zoe group netadmin",
         "vrf filtered description 10 green bottles")


@pytest.fixture(scope="module")
def run(product):
    said = product.configure(*LINES)
    assert "% " not in said, said

    def one(command):
        done = product.ssh(command)
        return re.sub(r"^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d\.\d{3} UTC\n", "", done.stdout)
    return one


def test_filters_and_their_options(run):
    users = run("show running-config | include ^username")
    assert users.splitlines()[:1] == ["username abe"] and "username zoe" in users
    assert run("show running-config | utility egrep ^username | utility sort -r | utility head -n 1") == "username zoe\n"
    assert run("show running-config | section ^username zoe") == "username zoe\n group netadmin\n group operator\n"
    assert run("show running-config | utility egrep -i -c USERNAME") == run("show running-config | include username | count")
    assert run("show running-config | utility fgrep -v -n e | include 10$") == ""
    assert re.fullmatch(r"\d+:username zoe\n\d+- group netadmin\n", run("show running-config | utility egrep -n -A 1 zoe$"))
    assert run("show running-config username | utility cut -d \" \" -f 2 | utility sort | utility uniq -c | include zoe") == "      1 zoe\n"
    assert run("show running-config | utility egrep \"group (oper|net)\" | utility sort -u | utility wc -l") == "2\n"
    assert run("show running-config | include green|nothing | utility cut -c 2-12") == "description\n"
    assert run("show running-config | begin ^vrf filtered | utility head -n 2 | utility tail -n 1") == " description 10 green bottles\n"
    assert run("show running-config | no-more | include hostname") == "hostname pipes\n"


@pytest.mark.parametrize("pipes,says", [
    ("include (", "( without )"), ("include *", "nothing before it"), ("include (a)\\1", "back-references"),
    ("include x{255}{255}", "too large"), ("utility egrep", "Incomplete"), ("utility egrep -i", "Incomplete"), ("utility", "Incomplete"),
    ("include", "Incomplete"), ("utility xargs rm", "Invalid input"), ("utility less", "Invalid input"), ("utility sort -o x", "Invalid input"),
    ("utility cut -f x", "list of cut"), ("file", "Incomplete"), ("file /etc/passwd", "Path does not exist"),
    ("file ../../../etc/passwd", "outside"), ("include x | json", "json must be the first"), ("", "Incomplete"),
    ("count | " * 16 + "count", "At most 16"), ("file disk0:/x | count", "Nothing may follow"), ("! id", "Incomplete"),
])
def test_what_is_wrong_is_said(run, pipes, says):
    shown = run(f"show running-config | {pipes}")
    assert says in shown and "hostname" not in shown, shown


def test_output_to_a_file(product, run):
    path = os.path.join(product.run_dir, "state", "files", "disk0:")
    wait_for(lambda: os.path.isdir(path), what=path)
    assert run("show running-config | include zoe | file saved") == ""
    assert run("more saved") == "username zoe\n"
    assert "exists" in run("show running-config | include abe | file disk0:/saved")
    assert run("show running-config | include abe | file disk0:/saved append") == ""
    assert run("more saved") == "username zoe\nusername abe\n"
    assert run("show running-config | include hostname | file saved overwrite") == ""
    assert run("more saved") == "hostname pipes\n"
    assert run("show vrf | json | file rows") == "" and run("more rows").startswith("[")
    # a complaint is for the operator, not for the file
    assert "% " in run("show running-config nothing | file wrong")
    os.symlink("/etc/hostname", os.path.join(path, "link"))
    assert "% " in run("show version | file link overwrite")
    for name in ("saved", "rows", "link", "wrong"):
        if os.path.lexists(os.path.join(path, name)):
            os.unlink(os.path.join(path, name))


def test_no_expression_takes_long(run):
    start = time.monotonic()
    for evil in ("(a*)*b$", "(.*)*(.*)*x9$", "((a{0,20}){0,20}e?)*q$", "(x+x+)+y"):
        run(f"show running-config | include {evil}")
    assert time.monotonic() - start < 5
