/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/show_ssh.h - the answers of sallyport-sshd as tables, blocks or JSON
 *
 * Shapes:  each function takes the parameters of one reply of org.sallyport.SSH
 * Units:   idle_s seconds
 * Errors:  0 or -errno; -EPROTO the reply is not what services/ssh_report.h says, with err
 * Owns:    nothing; replies are borrowed
 * Runs in: sallyport (CLI); pure: writes to the stream given
 * Source:  clients.md section 4, features.md 2B, the seed's "show ssh server"
 * Tests:   tests/golden/show
 */
#ifndef CLI_SHOW_SSH_H
#define CLI_SHOW_SSH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "services/ssh_report.h"

int show_ssh_sessions(FILE *out, const json_t *reply, bool as_json, struct err *err);
int show_ssh_session_details(FILE *out, const json_t *reply, bool as_json, struct err *err);
int show_ssh_history(FILE *out, const json_t *reply, bool as_json, struct err *err);
int show_ssh_history_details(FILE *out, const json_t *reply, bool as_json, struct err *err);
int show_ssh_server(FILE *out, const json_t *reply, bool as_json, struct err *err);
/* What the keys of each session have left at now_us of the wall clock. */
int show_ssh_rekey(FILE *out, const json_t *reply, int64_t now_us, bool as_json, struct err *err);
extern const struct field show_ssh_rekey_fields[];
int show_vrfs(FILE *out, const json_t *reply, bool as_json, struct err *err);

#define SHOW_SSH_VERSION_LINE "SSH version : Cisco-2.0\n"
/* Each session of a reply with "sessions"; nested: it stands in a member "session" beside its channels. */
int show_ssh_each_session(const json_t *reply, bool nested,
			  void (*on_row)(const struct session_report *row, void *userdata), void *userdata,
			  struct err *err);

struct show_users_ask {
	uint32_t own_session_id;	 /* marked; 0: the asking line is not in the reply and is added */
	const char *own_line, *own_user; /* used when own_session_id is 0 */
	/* How long nothing was typed in the session; -1 when that cannot be known. */
	int64_t (*idle_s)(const struct session_report *session);
};
int show_users(FILE *out, const json_t *reply, const struct show_users_ask *ask, bool as_json, struct err *err);

#endif
