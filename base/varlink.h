/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/varlink.h - the Varlink wire protocol over AF_UNIX stream sockets: one server, two clients
 *
 * Shapes:  a message is one JSON object followed by a NUL byte; VARLINK_MESSAGE_MAX bounds it
 * Units:   timeout_ms milliseconds, 0 means no limit
 * Errors:  0 or -errno; -EPROTO the peer broke the protocol, -ETIMEDOUT, -ECONNREFUSED/-ENOENT nobody
 *          listens, -EREMOTEIO the peer answered with a Varlink error (name and text in err / the callback)
 * Owns:    "steals" in a comment means the reference passes to the callee, also on failure
 * Runs in: daemons (libevent server, asynchronous client), CLI (blocking client)
 * Source:  the Varlink protocol description (varlink.org): method, parameters, more, oneway, continues, error
 * Tests:   tests/unit/varlink_test.c, tests/fuzz/fuzz_varlink.c
 */
#ifndef BASE_VARLINK_H
#define BASE_VARLINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/field.h"

struct event_base;

#define VARLINK_MESSAGE_MAX_BYTES (16u << 20) /* a running configuration of 100,000 lines fits */
#define VARLINK_ERROR_TOO_LARGE	  "org.sallyport.ReplyTooLarge"
#define VARLINK_CONNECTIONS_MAX	  1024u /* per server; one more is closed at once */
/* What one uid may hold of a server, root and the server's own uid excepted: connections, and bytes not yet
 * handled. */
#define VARLINK_UID_CONNECTIONS_MAX 128u
#define VARLINK_UID_INPUT_MAX_BYTES (2 * VARLINK_MESSAGE_MAX_BYTES)

/* ---- codec (pure) ---- */

/* Cuts messages out of a byte stream. Zero-initialise; varlink_decoder_done() frees. */
struct varlink_decoder {
	char *bytes;
	size_t start, len, size, scanned;
};

/* Adds bytes from the stream. -EMSGSIZE when a message outgrows VARLINK_MESSAGE_MAX_BYTES. */
int varlink_decoder_feed(struct varlink_decoder *decoder, const void *bytes, size_t len_bytes);
/* 1 and a new reference in *ret_message; 0 when no whole message is there; -EPROTO when it is not a JSON
 * object. */
int varlink_decoder_next(struct varlink_decoder *decoder, json_t **ret_message);
void varlink_decoder_done(struct varlink_decoder *decoder);

/* ---- server (libevent) ---- */

struct varlink_server;
struct varlink_call; /* one call in progress; lives until its last reply */

struct varlink_method {
	const char *name; /* without the interface: "GetRunning" */
	/* Answer now or later with exactly one varlink_reply() or varlink_error(), after any number of
	 * varlink_reply_continues() when varlink_call_wants_more(). parameters is borrowed; never NULL. */
	void (*handle)(struct varlink_call *call, const json_t *parameters, void *userdata);
	const char *parameters, *reply; /* "id: int, vrf: ?string", as in a .varlink file; NULL: none */
	const char *help;		/* one or more sentences */
};

struct varlink_type {
	const char *name;
	const struct field *fields; /* a report; else members */
	const char *members;	    /* "line: string, reason: string"; NULL: none */
	const char *help;
};

struct varlink_interface {
	const char *name; /* "org.sallyport.Config" */
	const char *help;
	const struct varlink_type *types; /* in the order in which they are described; end with {NULL}; may be NULL */
	const struct varlink_method *methods;
	const struct varlink_type *errors; /* as types */
};

/* The text of the .varlink file, which is also what GetInterfaceDescription answers; malloc'ed, NULL: no memory. */
char *varlink_describe(const struct varlink_interface *interface);
/* All of them, with an empty line between two. 0 or -ENOMEM. */
int varlink_describe_all(const struct varlink_interface *interfaces, FILE *out);

/* Listens on path (an old socket there is replaced), which may be relative and of any length.
 * interfaces ends with {NULL} and is borrowed, as is userdata. org.varlink.service is answered by the server.
 */
int varlink_server_new(struct event_base *base, const char *path, mode_t mode,
		       const struct varlink_interface *interfaces, void *userdata,
		       struct varlink_server **ret_server, struct err *err);
void varlink_server_free(struct varlink_server *server); /* NULL is fine; open calls are dropped; removes the
							  * socket; not from within a handler */

bool varlink_call_wants_more(const struct varlink_call *call);
/* SO_PEERCRED of the connection at its start. */
const struct ucred *varlink_call_peer(const struct varlink_call *call);
/* Replies return 0, -EPIPE (the peer has gone), -ENOBUFS (it does not read and is being closed), -EMSGSIZE
 * (too large for a message: the peer gets the error VARLINK_ERROR_TOO_LARGE in its place, or nothing when it
 * was to continue). */
int varlink_reply(struct varlink_call *call, json_t *parameters); /* steals; NULL means {}; ends the call */
int varlink_reply_continues(struct varlink_call *call, json_t *parameters); /* steals */
/* name like "org.sallyport.Config.Conflict"; parameters stolen, may be NULL; ends the call. */
int varlink_error(struct varlink_call *call, const char *name, json_t *parameters);
/* org.varlink.service.PermissionDenied and .InvalidParameter with the right parameters; end the call. */
int varlink_error_permission(struct varlink_call *call);
int varlink_error_parameter(struct varlink_call *call, const char *parameter);
/* Who frees a call: it stays allocated until its last reply, also when the peer has gone: replies are then
 * dropped (-EPIPE) and the last one frees it. Only with on_gone set is it freed at once when the peer goes:
 * on_gone is called, and the call pointer is dead from then on. So a handler that answers later either keeps the
 * pointer and replies in any case, or sets on_gone and forgets the pointer there. on_gone is called once at
 * most, from the loop or from varlink_server_free(), never from within a call of the handler; not after the
 * last reply. NULL takes it back. */
void varlink_call_on_gone(struct varlink_call *call, void (*on_gone)(void *userdata), void *userdata);

/* ---- blocking client ---- */

struct varlink_client;

int varlink_client_open(const char *path, int timeout_ms, struct varlink_client **ret_client,
			struct err *err);
/* As above but path is relative to the directory dir_fd (O_PATH is enough). */
int varlink_client_open_at(int dir_fd, const char *path, int timeout_ms, struct varlink_client **ret_client,
			   struct err *err);
void varlink_client_free(struct varlink_client *client);
/* parameters stolen, may be NULL. *ret_reply is the reply's parameters (new reference), given also on
 * -EREMOTEIO with the error's parameters; *ret_error then holds the error name (malloc'ed). Either ret_
 * pointer may be NULL. */
int varlink_client_call(struct varlink_client *client, const char *method, json_t *parameters, int timeout_ms,
			json_t **ret_reply, char **ret_error, struct err *err);
/* One call with "more" whose first reply is taken and whose others never are: it lives until the client is freed.
 * Answers as varlink_client_call(); an error ends the call. */
int varlink_client_hold(struct varlink_client *client, const char *method, json_t *parameters, int timeout_ms,
			json_t **ret_reply, char **ret_error, struct err *err);
/* A call that is held: what to poll, and the next of its later replies without waiting. 1 and a new reference, 0 none
 * is there, -errno when there will be none. */
int varlink_client_fd(const struct varlink_client *client);
int varlink_client_next(struct varlink_client *client, json_t **ret_reply);
/* One call with "more": on_reply gets each reply's parameters (borrowed); it returns <0 to stop early. */
int varlink_client_call_more(struct varlink_client *client, const char *method, json_t *parameters,
			     int timeout_ms, int (*on_reply)(const json_t *parameters, void *userdata),
			     void *userdata, struct err *err);

/* While an answer is waited for, stop() is asked whenever fd can be read; true ends the call with -ECANCELED. stop()
 * takes what there is to read. */
void varlink_client_watch(struct varlink_client *client, int fd, bool (*stop)(void *userdata), void *userdata);

/* ---- asynchronous client (libevent) ---- */

struct varlink_link;

/* result 0: parameters is the reply; -EREMOTEIO: error_name and parameters say what; other -errno: no answer.
 */
typedef void (*varlink_on_answer)(int result, const char *error_name, const json_t *parameters,
				  void *userdata);

/* Opens a connection for one call and closes it after the answer. The callback runs from the loop, exactly
 * once, unless the link is freed before; freeing from within the callback is not needed (the link frees
 * itself). A peer that cannot be reached is told to the callback as well; -errno is returned only when
 * nothing was
 * started (-ENOMEM, -EMSGSIZE), and the callback then never runs. ret_link may be NULL. */
int varlink_link_call(struct event_base *base, const char *path, const char *method, json_t *parameters,
		      int timeout_ms, varlink_on_answer on_answer, void *userdata,
		      struct varlink_link **ret_link);
void varlink_link_free(struct varlink_link *link); /* cancels; NULL is fine */

#endif
