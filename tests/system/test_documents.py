# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables that name tests name tests that there are."""
import os
import re

import pytest

from conftest import ROOT

SHORT = {"T": "tests/system/test_transport.py", "A": "tests/system/test_auth.py", "R": "tests/unit/relay_test.c"}
NAMED = re.compile(r"(?:\b([TAR])|(tests/[\w/]+\.(?:py|c)))?::(\w+)")
FILE = re.compile(r"(?<![\w/])(tests/[\w/.]+\.(?:py|c))")


def names_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    found = re.findall(r"^def (test_\w+)", text, re.M) if path.endswith(".py") else re.findall(r"^Test\(\w+, (\w+)", text, re.M)
    return set(found)


@pytest.mark.parametrize("document", ["docs/libssh-traps.md", "tests/README.md"])
def test_every_test_that_is_named_is_there(document):
    with open(os.path.join(ROOT, document), encoding="utf-8") as file:
        text = file.read()
    assert len(NAMED.findall(text)) > 20
    missing, path = [], None
    for line in text.splitlines():
        for short, long, name in NAMED.findall(line):
            path = SHORT.get(short) or long or path
            if name not in names_of(path):
                missing.append(f"{path}::{name}")
        missing += [file for file in FILE.findall(line) if not os.path.exists(os.path.join(ROOT, file))]
    assert not missing, missing
