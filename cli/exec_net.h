/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/exec_net.h - ping and traceroute
 *
 * Shapes:  rows, named by the rows of exec.c
 * Units:   none
 * Errors:  0, or a negative number after the operator has been told
 * Owns:    nothing
 * Runs in: sallyport (CLI); the programs themselves are sallyport-sshd's children (services/sshd_probe.c)
 * Source:  IOS XR: ping, traceroute
 * Tests:   tests/system/test_probe.py
 */
#ifndef CLI_EXEC_NET_H
#define CLI_EXEC_NET_H

#include "cli/shell.h"

extern const struct stmt exec_net_ping_rows[], exec_net_traceroute_rows[];

#endif
