/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/proc.h - what a process is called, what it may do, and that it is ready
 *
 * Shapes:  capabilities are numbers of linux/capability.h
 * Units:   start_ticks clock ticks since boot, as in field 22 of /proc/PID/stat
 * Errors:  0 or -errno with err naming what was refused
 * Owns:    nothing
 * Runs in: every daemon, monitor, transport
 * Source:  capabilities(7), sd_notify protocol, proc(5)
 * Tests:   tests/unit/proc_test.c
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Call first in main: remembers where the title may be written (argv and environ are moved away). */
void proc_title_init(int argc, char **argv);
/* Sets the command line shown by ps, and comm (at most 15 bytes). */
void proc_title(const char *comm, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Gives up root for good: no supplementary groups, all ids, and checks that root cannot be had back. */
int proc_drop_user(uid_t uid, gid_t gid, struct err *err);
/* Keeps only these capabilities in permitted, effective and bounding sets; inheritable and ambient become
 * empty. */
int proc_limit_caps(const unsigned *caps, size_t caps_len, struct err *err);
/* In a child before it executes a program: every signal as it is by default, none blocked. */
void proc_signals_default(void);
/* For what somebody waits for, a key's echo: served soon when it wakes up, at the price of shorter turns. Its children
 * inherit it. A kernel before 6.12 does nothing of it; a failure changes nothing either. */
void proc_be_prompt(void);
/* Sends READY=1 to $NOTIFY_SOCKET (also abstract); nothing to do without it. */
int proc_notify_ready(void);
/* 0, or -ESRCH when there is no such process. */
int proc_start_ticks(pid_t pid, uint64_t *ret_start_ticks);

#endif
