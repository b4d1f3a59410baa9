/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/monitor_state.h - what the files of the monitor share: its state, and the functions between them
 *
 * Shapes:  struct monitor, one per process; struct monitor_channel, one per channel and as long as its program lives
 * Units:   _us microseconds of the monotonic clock, 0 means not armed
 * Errors:  an answer function returns 0, or a negative errno with err saying what the transport did that no honest one
 *          does: the connection ends
 * Owns:    the monitor owns its descriptors and children
 * Runs in: monitor
 * Source:  style.md section 7 "A request crosses privilege only through a row"
 * Tests:   tests/system/test_transport_attack.py
 */
#ifndef SERVICES_SSH_MONITOR_STATE_H
#define SERVICES_SSH_MONITOR_STATE_H

#include "aaa/uidmap.h"
#include "services/ssh/mon.h"
#include "services/ssh/monitor.h"
#include "services/ssh/proof.h"

#define MONITOR_ENVS_MAX	    16u	 /* variables a client may set per channel */
#define MONITOR_ENV_NAME_MAX_BYTES  32u
#define MONITOR_ENV_VALUE_MAX_BYTES 256u
#define MONITOR_REFUSALS_LOGGED_MAX 100u
#define MONITOR_HASH_MAX_BYTES	    64u	 /* SHA-512, the longest that is signed */
#define MONITOR_KILL_AFTER_US	    2000000 /* between the hang-up of a program and SIGKILL */
#define MONITOR_TERMINATE_AFTER_US  1000000 /* between asking the transport to end and SIGKILL */

enum monitor_phase { PHASE_STARTING, PHASE_BEFORE_AUTH, PHASE_AFTER_AUTH, PHASE_ENDING, PHASE_MAX };

struct monitor_channel {
	bool open;	  /* on the wire */
	uint16_t channel; /* the transport's number */
	uint32_t shown;	  /* 1, 2 … */
	bool has_pty;
	int master_fd, slave_fd; /* -1 when there is none; a forwarded connection's master_fd is its helper's result */
	char tty_path[64], term[64];
	size_t envs_len;
	char *envs[MONITOR_ENVS_MAX]; /* "NAME=value" */
	int type;		      /* enum channel_type */
	char command[256];	      /* cut, for the report */
	pid_t pid;		      /* 0: no program lives */
	bool started;		      /* a channel runs one program in its life */
	int64_t kill_us;	      /* SIGKILL is due */
};

/* Descriptors that go out with an answer; they are closed behind it. */
struct monitor_reply {
	int fds[MON_FDS_MAX];
	size_t fds_len;
};

struct monitor {
	const struct monitor_start *start;
	struct session_report session;
	bool dirty; /* the session table does not know yet */

	enum monitor_phase phase;
	uint32_t counts[MON_TYPE_MAX];
	int rpc_fd, event_fd, signal_fd;
	bool transport_lives;
	pid_t transport_pid;		   /* when it is our child */
	int status_fd, transport_pid_fd;   /* when a spawner forked it (monitor_spawned.c); else -1 */
	int64_t login_us;    /* authentication must be done */
	int64_t transport_kill_us;
	bool rpc_ended;
	int64_t give_back_us; /* nothing was asked for a while: what it took is given back */

	/* key exchange and authentication */
	uint8_t hash[MONITOR_HASH_MAX_BYTES];
	size_t hash_len;
	const uint8_t *hostkey; /* blob of the host key that signed first; in the set */
	size_t hostkey_len;
	double sign_tokens;
	int64_t sign_filled_us;
	struct proof proof;
	bool user_pinned;
	char pinned_user[PROOF_USER_MAX_BYTES + 1];
	unsigned tries, queries, nones;
	struct kbdint kbdint;
	char refusal[128]; /* the last one, for the history: "password: wrong password" */
	struct uid_identity identity;

	uint32_t last_shown;
	unsigned forward_refusals, channel_refusals; /* how many were logged, at most MONITOR_REFUSALS_LOGGED_MAX */
	bool terminal_warned;
	unsigned logs;

	/* session link */
	int link_fd;
	bool link_is_first; /* the one that we were made with: the other end has made us */
	bool link_recorded;
	int64_t link_retry_us, link_due_us;
	int64_t link_pause_us;

	/* twice as many slots, because a program may outlive its channel for a moment; last, because what is not
	 * written of them takes no memory, and what was never used is not looked at: before a login that were all */
	size_t channels_used; /* slots; any of them may be free again */
	struct monitor_channel channels[2 * SESSION_CHANNELS_MAX + SESSION_FORWARDS_MAX];
};

typedef int monitor_answer(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			   struct monitor_reply *reply, struct err *err);

/* ---- monitor.c ---- */
/* The first reason stays. text NULL when the reason says it all. */
void monitor_end(struct monitor *m, enum session_end reason, const char *text);
/* Asks the transport to end; it is killed when it does not. text is shown to the client. */
void monitor_stop(struct monitor *m, enum session_end reason, const char *text);
/* Sends an event; a transport that does not read its events is killed. */
void monitor_event(struct monitor *m, const struct mon_buf *event);
/* The same with a descriptor; -1: without. It stays the caller's. */
void monitor_event_fd(struct monitor *m, const struct mon_buf *event, int fd);
/* Copies a record's string into text, cut to its size, with '?' for control characters. */
void monitor_text(struct mon_string string, char *text, size_t size_bytes);

/* Executes a transport of our own on the connection, which it takes. */
int monitor_transport_exec(struct monitor *m);
/* The transport is gone: its last words are heard, and what its end means is noted. status as of waitpid(). */
void monitor_transport_ended(struct monitor *m, int status);

/* ---- monitor_spawned.c ---- */
void monitor_spawned_begin(struct monitor *m);
/* -1: nothing to poll. */
int monitor_spawned_poll_fd(const struct monitor *m);
void monitor_spawned_readable(struct monitor *m);
/* Also before it is known who it is. */
void monitor_spawned_kill(struct monitor *m);

/* ---- monitor_auth.c ---- */
monitor_answer monitor_auth_start, monitor_auth_sign, monitor_auth_verify, monitor_auth_algorithms,
	monitor_auth_negotiation, monitor_auth_none, monitor_auth_password, monitor_auth_query, monitor_auth_key,
	monitor_auth_over;
/* Bits as libssh counts them. */
enum { METHOD_PASSWORD = 2, METHOD_PUBLIC_KEY = 4, METHOD_KEYBOARD_INTERACTIVE = 16 };
/* Every attempt begins here: MON_MORE to go on, a verdict when the attempt is over already, or -EPROTO. method_bit 0:
 * no method that could be disabled. */
int monitor_auth_begin(struct monitor *m, const char *user, const char *method, unsigned method_bit, struct err *err);
enum mon_verdict monitor_auth_denied(struct monitor *m);
enum mon_verdict monitor_auth_let_in(struct monitor *m, const char *method, enum session_auth how,
				     const char *auth_word);
void monitor_auth_log_refusal(struct monitor *m, const char *user, const char *method, const char *reason);
/* Until an answer's time tells nothing. */
void monitor_auth_refusal_wait(int64_t start_us);
/* The text of a user name for the log, whatever it holds; false when no user can have it. */
bool monitor_auth_get_user(struct mon_buf *ask, char user[static PROOF_USER_MAX_BYTES + 1]);
/* Why a password was refused, NULL when it was right. The work is the same in every case. */
const char *monitor_auth_check_password(const struct monitor *m, const char *user, bool possible,
					struct mon_string given);
void monitor_auth_put_verdict(const struct monitor *m, struct mon_buf *answer, enum mon_type type,
			      enum mon_verdict verdict);

/* ---- monitor_kbdint.c ---- */
monitor_answer monitor_kbdint_start, monitor_kbdint_answer;

/* ---- monitor_session.c ---- */
monitor_answer monitor_session_open, monitor_session_pty, monitor_session_env, monitor_session_program,
	monitor_session_subsystem, monitor_session_window, monitor_session_signal, monitor_session_close;
/* A free slot, taken for this channel. -EPROTO: no honest transport asks for it; -EBUSY: too many of its kind. */
int monitor_session_slot(struct monitor *m, uint16_t channel, enum channel_type type, struct monitor_channel **ret_slot,
			 struct err *err);
void monitor_session_release(struct monitor_channel *slot);
/* Collects programs that have ended and tells the transport. */
void monitor_session_reap(struct monitor *m);
/* Kills what has outstayed its hang-up. */
void monitor_session_timers(struct monitor *m, int64_t now_us);
/* Hangs every program up; kill_after_us until SIGKILL. */
void monitor_session_hang_up(struct monitor *m, int64_t kill_after_us);
unsigned monitor_session_alive(const struct monitor *m);

/* ---- monitor_program.c ---- */
/* A pty whose slave belongs to the session's user, or an error; fills master_fd, slave_fd, tty_path. */
int monitor_program_pty(struct monitor *m, struct monitor_channel *channel, const uint32_t window[4]);
void monitor_program_window(struct monitor_channel *channel, const uint32_t window[4]);
struct monitor_program {
	int fd;		   /* what is executed; -1: the file that argv[0] names, as the user finds it */
	char *const *argv; /* ended by NULL */
	bool is_cli;	   /* it gets the sockets, the file root, and the user's home to be in */
	int dir_fd;	   /* where it starts instead of there; -1 */
	bool sends_bulk;   /* it asks nothing of its standard output but that it can be written */
};
/* Starts it as the session's user. The reply gets what the transport needs. */
int monitor_program_start(struct monitor *m, struct monitor_channel *channel, const struct monitor_program *program,
			  struct monitor_reply *reply, struct err *err);

/* The same without streams: result_fd becomes its descriptor 3. */
int monitor_program_help(struct monitor *m, struct monitor_channel *channel, const struct monitor_program *program,
			 int result_fd, struct err *err);

/* ---- monitor_forward.c ---- */
monitor_answer monitor_forward;
/* Its helper has ended. */
void monitor_forward_ended(struct monitor *m, struct monitor_channel *slot);

/* ---- monitor_link.c ---- */
void monitor_link_init(struct monitor *m);
/* The session has changed: told at once (now), or with the next due message. */
void monitor_link_changed(struct monitor *m, bool now);
void monitor_link_readable(struct monitor *m);
void monitor_link_timers(struct monitor *m, int64_t now_us);
int64_t monitor_link_next_us(const struct monitor *m);
/* Says "end" and waits until it is recorded, through restarts of sallyport-sshd. */
void monitor_link_finish(struct monitor *m);

#endif
