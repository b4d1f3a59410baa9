/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/relay.h - move bytes between one SSH channel and the descriptors of its program
 *
 * Shapes:  struct relay, one channel; the channel is reached through struct relay_ops, so that no libssh is needed
 *          here
 * Units:   bytes
 * Errors:  none upward: a side that fails counts as ended, and relay_is_done() tells
 * Owns:    the descriptors given to relay_start() and the buffers
 * Runs in: sallyport-transport; relay_take() may be called from inside any of the ops (libssh re-enters), nothing
 *          else may
 * Source:  libssh.md 1.2 (pitfalls 3 to 6, 12), T3, T4; ssh-performance.md 1.4
 * Tests:   tests/unit/relay_test.c, tests/system/test_transport.py
 */
#ifndef SERVICES_SSH_RELAY_H
#define SERVICES_SSH_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/ssh/window.h"

/* With what SSH puts around it less than the 32 KiB that clients take; two of them are less than the 64 KiB that TCP
 * sends at once, and eight hold the 261133 bytes that sftp-server says at once. */
#define RELAY_PACKET_BYTES 32650u
/* Of a program's output: what TCP sends at once. A kernel that does not preempt itself lets a key of another session
 * wait while it copies, and copying more gains nothing. */
#define RELAY_OUTPUT_BYTES (2 * RELAY_PACKET_BYTES)
#define RELAY_INPUT_BYTES  (8 * RELAY_PACKET_BYTES) /* for a program, before the client has to wait */
/* Room for all that libssh may hold of one channel (WINDOW_FAR_BYTES) and more: each fetch opens the client's window
 * anew, however much is left behind, so it has to leave nothing. */
#define RELAY_FETCH_BYTES  (WINDOW_FAR_BYTES + 2u * 1024 * 1024)
#define RELAY_POLLS_MAX	   3
#define RELAY_LATE_BYTES   (256u * 1024) /* more than a pty holds; what comes later is of programs in the background */

struct relay_ops {
	/* Takes bytes for the client: how many, 0 when none can go now, negative when none ever will. */
	int (*send)(void *peer, bool is_stderr, const uint8_t *bytes, size_t len);
	/* How many bytes the client will take at most now. */
	size_t (*window)(void *peer);
	/* Bytes of the client that relay_take() left where they were: how many, 0 or negative when there are none. */
	int (*fetch)(void *peer, uint8_t *bytes, size_t size_bytes);
	/* Opens the client's window to size_bytes; returns as fetch() what came meanwhile. NULL: it opens by itself. */
	int (*open)(void *peer, uint8_t *bytes, size_t size_bytes);
};

struct relay_buffer {
	uint8_t *bytes; /* allocated with the first byte */
	size_t at, len, size_bytes;
};

/* One direction of output: the program's stdout (or pty) or its stderr. */
struct relay_source {
	int fd;
	bool is_stderr;
	struct relay_buffer buffer;
};

struct relay {
	const struct relay_ops *ops;
	void *peer;
	bool is_pty;
	bool is_duplex; /* the end of output is not the end of input: a connection, not a program */
	int in_fd; /* the program's stdin; a pty and a socket have one descriptor for both ways */
	struct relay_source sources[2];
	struct relay_buffer to_program;
	struct window window; /* of the client */
	bool held_back;	     /* the peer keeps bytes that we did not take */
	bool draining;	     /* relay_take() takes nothing: the bytes come through fetch(), in order */
	bool peer_eof;	     /* the client sends no more */
	bool peer_gone;	     /* the client takes no more */
	bool input_ended;    /* the program's stdin is closed, or never wants more */
	bool program_ended;  /* relay_program_ended() was called */
	size_t late_bytes;   /* read from the pty since then */
};

void relay_init(struct relay *relay, const struct relay_ops *ops, void *peer);
/* Takes the descriptors, all non-blocking: where stdin is written, where stdout and stderr are read. A pty master and a
 * socket are both in_fd and out_fd; err_fd is -1 where there is none. */
void relay_start(struct relay *relay, int in_fd, int out_fd, int err_fd, bool is_pty);
void relay_done(struct relay *relay);

/* The channel's data callback: returns how many bytes were taken. */
size_t relay_take(struct relay *relay, const uint8_t *bytes, size_t len);
/* The client will send no more. */
void relay_peer_eof(struct relay *relay);
/* The client will take no more: what the program still says is thrown away, what was sent to it still goes in. */
void relay_peer_gone(struct relay *relay);
/* The program has ended. Output already written is still moved; on a pty nothing that comes later is waited for,
 * because a program left in the background may hold it open for ever. */
void relay_program_ended(struct relay *relay);

/* Fills up to RELAY_POLLS_MAX entries; congested means that bytes for the client already wait below. */
size_t relay_polls(struct relay *relay, bool congested, struct pollfd *ret_polls);
/* Moves what can be moved without waiting. polls are those of relay_polls() after poll(), and may be none. */
void relay_move(struct relay *relay, bool congested, const struct pollfd *polls, size_t polls_len);

/* Gives the memory of empty buffers back. */
void relay_trim(struct relay *relay);

/* All output has reached the peer, and no more will come. */
bool relay_output_is_done(const struct relay *relay);
/* Nothing of the client's waits to be written any more. */
bool relay_input_is_done(const struct relay *relay);

#endif
