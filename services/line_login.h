/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/line_login.h - whether some line of a configuration would take a login
 *
 * Shapes:  one question
 * Units:   none
 * Errors:  what cannot be found out is allowed
 * Owns:    nothing
 * Runs in: sallyport-confd (the guard against locking oneself out); pure
 * Source:  services/line_conf.h
 * Tests:   tests/unit/line_test.c, tests/system/test_line.py
 */
#ifndef SERVICES_LINE_LOGIN_H
#define SERVICES_LINE_LOGIN_H

#include "conf/root.h"
#include "conf/tree.h"

bool line_login_allowed(const struct tree *tree, const struct conf_login *login);

#endif
