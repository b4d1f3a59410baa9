/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: who is in configuration mode, and who has it for himself. A session is an open call: when its process ends, by
 * whatever way, the kernel closes the connection and the session and its lock are gone. Which session a commit comes
 * from is told by the process at the other end of its connection, never by anything it says.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "conf/confd.h"

#define SESSIONS_MAX 1024u

struct confd_sessions {
	struct confd *confd;
	struct confd_session *first;
	size_t len;
};

int confd_sessions_new(struct confd *confd, struct confd_sessions **ret_sessions)
{
	struct confd_sessions *sessions = calloc(1, sizeof(*sessions));

	if (!sessions)
		return -ENOMEM;
	sessions->confd = confd;
	*ret_sessions = sessions;
	return 0;
}

void confd_sessions_free(struct confd_sessions *sessions)
{
	while (sessions && sessions->first)
		confd_session_close(sessions->first);
	free(sessions);
}

struct confd_session *confd_session_open(struct confd_sessions *sessions, const struct confd_caller *caller,
					 const char *line, bool exclusive)
{
	struct confd_session *session = sessions->len < SESSIONS_MAX ? calloc(1, sizeof(*session)) : NULL;

	if (!session)
		return NULL;
	*session = (struct confd_session){ .next = sessions->first,
					   .confd = sessions->confd,
					   .process = caller->process,
					   .since_us = clock_wall_us(),
					   .exclusive = exclusive };
	snprintf(session->user, sizeof(session->user), "%s", caller->user);
	snprintf(session->line, sizeof(session->line), "%s", line);
	sessions->first = session;
	sessions->len++;
	return session;
}

void confd_session_close(struct confd_session *session)
{
	struct confd_sessions *sessions = session->confd->sessions;

	for (struct confd_session **slot = &sessions->first; *slot; slot = &(*slot)->next) {
		if (*slot != session)
			continue;
		*slot = session->next;
		sessions->len--;
		break;
	}
	free(session);
}

bool confd_session_locks_out(const struct confd_sessions *sessions, struct confd_process process)
{
	for (const struct confd_session *session = sessions->first; session; session = session->next) {
		if (session->exclusive && !confd_process_is(session->process, process))
			return true;
	}
	return false;
}

const char *confd_session_id(struct confd_process process, char buffer[27])
{
	snprintf(buffer, 27, "00001000-%08" PRIx32 "-00000000", process.pid);
	return buffer;
}

json_t *confd_sessions_json(const struct confd_sessions *sessions)
{
	json_t *list = json_array();

	for (const struct confd_session *session = sessions->first; session; session = session->next) {
		char id[27];

		/* the oldest first, as they came */
		json_array_insert_new(list, 0,
				      json_pack("{s:s, s:s, s:s, s:I, s:b}", "session_id",
						confd_session_id(session->process, id), "line", session->line,
						"user", session->user, "since_us",
						(json_int_t)session->since_us, "exclusive",
						session->exclusive));
	}
	return list;
}
