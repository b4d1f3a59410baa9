/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/log.h - operator events as table rows, and debug lines by topic
 *
 * Shapes:  enum log_event names a row of the event table in log.c (facility, severity, mnemonic)
 * Units:   severity as syslog(3), 0 emergency to 7 debug
 * Errors:  logging never fails the caller
 * Owns:    nothing
 * Runs in: every program but the sealed transport, which logs through the monitor (log_set_sink)
 * Source:  features.md 2F: "SSHD_[pid]: %SECURITY-SSHD-6-INFO_SUCCESS : text"
 * Tests:   tests/unit/log_test.c
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_event {
	LOG_SSHD_INFO_SUCCESS,	   /* %SECURITY-SSHD-6-INFO_SUCCESS */
	LOG_SSHD_INFO_GENERAL,	   /* %SECURITY-SSHD-6-INFO_GENERAL */
	LOG_SSHD_INFO_USER_LOGOUT, /* %SECURITY-SSHD-6-INFO_USER_LOGOUT */
	LOG_SSHD_WARN_GENERAL,	   /* %SECURITY-SSHD-4-WARN_GENERAL */
	LOG_SSHD_ERR_GENERAL,	   /* %SECURITY-SSHD-3-ERR_GENERAL */
	LOG_SSHD_PORT_FWD_INFO_GENERAL, /* %SECURITY-SSHD-6-PORT_FWD_INFO_GENERAL */
	LOG_SSHD_PORT_FWD_ERR_GENERAL,	/* %SECURITY-SSHD-3-PORT_FWD_ERR_GENERAL */
	LOG_CONFIG_DB_COMMIT,	   /* %MGBL-CONFIG-6-DB_COMMIT */
	LOG_CONFIG_WARN_GENERAL,   /* %MGBL-CONFIG-4-WARN_GENERAL */
	LOG_CONFIG_ERR_GENERAL,	   /* %MGBL-CONFIG-3-ERR_GENERAL */
	LOG_VRF_INFO_STATE,	   /* %L2-VRF-6-INFO_STATE */
	LOG_VRF_ERR_GENERAL,	   /* %L2-VRF-3-ERR_GENERAL */
	LOG_SYS_INFO_GENERAL,	   /* %OS-SALLYPORT-6-INFO_GENERAL */
	LOG_SYS_WARN_GENERAL,	   /* %OS-SALLYPORT-4-WARN_GENERAL */
	LOG_SYS_ERR_GENERAL,	   /* %OS-SALLYPORT-3-ERR_GENERAL */
	LOG_SYSLOG_DROPPED,	   /* %OS-SYSLOG-4-LOG_DROPPED */
	LOG_SYSLOG_INFO_GENERAL,   /* %OS-SYSLOG-6-INFO_GENERAL */
	LOG_SYSLOG_WARN_GENERAL,   /* %OS-SYSLOG-4-WARN_GENERAL */
	LOG_SHELL_RUN,		   /* %SECURITY-SHELL-5-RUN */
	LOG_EVENT_MAX,
};

/* program as shown in lines ("SSHD", "CONFD"); lines go to stderr until a sink is set, or, where stderr is /dev/null,
 * to the system's log. */
void log_init(const char *program);
/* From now on lines also go into the store in this directory (base/log_store.h), which stays open; -1: no more. */
void log_keep(int dir_fd);
/* The same descriptor, for those who close all others. */
int log_kept_fd(void);
/* severity and the finished line without newline; NULL restores stderr. */
void log_set_sink(void (*sink)(int severity, const char *line, void *userdata), void *userdata);
void log_set_debug(bool enabled);

/* Writes one event. Control characters in the finished text are shown as \xNN: texts hold remote strings. */
void log_event(enum log_event event, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* topic is one word: "vrf", "mon". Only when debugging is on. */
void log_debug(const char *topic, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
