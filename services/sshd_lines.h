/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/sshd_lines.h - the methods of org.sallyport.SSH about terminal lines
 *
 * Shapes:  handlers of struct varlink_method
 * Units:   none
 * Errors:  see services/ssh_report.h
 * Owns:    nothing
 * Runs in: sallyport-sshd main loop
 * Source:  services/ssh_report.h
 * Tests:   tests/system/test_line.py
 */
#ifndef SERVICES_SSHD_LINES_H
#define SERVICES_SSHD_LINES_H

#include <jansson.h>

struct varlink_call;

void sshd_lines_get(struct varlink_call *call, const json_t *parameters, void *userdata);
void sshd_lines_list(struct varlink_call *call, const json_t *parameters, void *userdata);

#endif
