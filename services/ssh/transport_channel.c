// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Channels
 *
 * What a client opens and asks for is taken from libssh's message queue, where an answer can wait; its callbacks only
 * take bytes and set flags. A channel is ended from the loop, because inside a callback libssh still uses it. A slot
 * stays until the client's own close has come, so that a late packet finds its channel. Forwarded connections
 * (transport_forward.c) are like the channels of programs from the moment they are open. Whatever is neither is refused
 * by libssh's default answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "services/ssh/gather.h"
#include "services/ssh/transport.h"

#define CLOSED_WAIT_US	   5000000 /* for a program to read what its client left behind */
#define SILENT_WAIT_US	   500000  /* from the end of output to the end of the program; then EOF goes alone */
#define OVER_FIRST_US	   50000 /* a shell that is just starting does not hear it, so it is told again */
#define OVER_LAST_US	   2000000
#define REFUSED_WAIT_US	   200000 /* for a client to show the reason before the refusal ends it */
#define WINDOW_MAX_BYTES   (2 * WINDOW_FAR_BYTES) /* more than any version of libssh gives */
#define PIPES		   3 /* of a program without a pty */

/* ---- requests ---- */

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_NO_LATER /* once the client has had time to show why */ };

static struct transport_channel *channel_of(struct transport *transport, ssh_channel ssh)
{
	for (size_t i = 0; i < transport->slots_len; i++)
		if (transport->channels[i].number != 0 && transport->channels[i].ssh == ssh)
			return &transport->channels[i];
	return NULL;
}

static struct mon_buf *channel_request(struct transport_channel *channel, enum mon_type type)
{
	return rpc_start(&channel->transport->rpc, type, channel->number);
}

static bool channel_ask_ok(struct transport_channel *channel)
{
	return rpc_ask_ok(&channel->transport->rpc);
}

/* The accessors of a queued message are deprecated in favour of callbacks, whose answer cannot wait. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static void put_size(struct mon_buf *record, ssh_message message)
{
	mon_put_u32(record, (uint32_t)ssh_message_channel_request_pty_width(message));
	mon_put_u32(record, (uint32_t)ssh_message_channel_request_pty_height(message));
	mon_put_u32(record, (uint32_t)ssh_message_channel_request_pty_pxwidth(message));
	mon_put_u32(record, (uint32_t)ssh_message_channel_request_pty_pxheight(message));
}

static bool pty_ask(struct transport_channel *channel, ssh_message message)
{
	const char *term = ssh_message_channel_request_pty_term(message);
	struct mon_buf *record;

	if (channel->has_pty || channel->started)
		return false;
	record = channel_request(channel, MON_PTY);
	mon_put_text(record, term ? term : "");
	put_size(record, message);
	channel->has_pty = channel_ask_ok(channel);
	channel->transport->had_terminal = channel->transport->had_terminal || channel->has_pty;
	return channel->has_pty;
}

static bool window_ask(struct transport_channel *channel, ssh_message message)
{
	if (!channel->has_pty)
		return false;
	put_size(channel_request(channel, MON_WINDOW), message);
	return channel_ask_ok(channel);
}

static bool env_ask(struct transport_channel *channel, ssh_message message)
{
	const char *name = ssh_message_channel_request_env_name(message);
	const char *value = ssh_message_channel_request_env_value(message);
	struct mon_buf *record;

	if (channel->started || !name || !value)
		return false;
	record = channel_request(channel, MON_ENV);
	mon_put_text(record, name);
	mon_put_text(record, value);
	return channel_ask_ok(channel);
}

/* NULL when there is none, or one too long for a record. */
static const char *message_text(ssh_message message, enum mon_type type)
{
	const char *text = type == MON_EXEC ? ssh_message_channel_request_command(message) :
					      ssh_message_channel_request_subsystem(message);

	return text && strlen(text) <= MON_COMMAND_MAX_BYTES ? text : NULL;
}
#pragma GCC diagnostic pop

static void on_signal(ssh_session session, ssh_channel ssh, const char *name, void *userdata)
{
	struct transport_channel *channel = userdata;

	(void)session;
	(void)ssh;
	if (!channel->started || channel->released || channel->is_forward || !name)
		return;
	mon_put_text(channel_request(channel, MON_SIGNAL), name);
	channel_ask_ok(channel);
}

static int fd_unblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

static void fds_close(int *fds, size_t len)
{
	while (len > 0)
		close(fds[--len]);
}

/* Why not, as the last words of a program that never was: the refusal itself has no place for them. False when there is
 * nothing to say. */
static bool refusal_tell(struct transport_channel *channel)
{
	struct mon_buf *record = &channel->transport->rpc.record;
	char text[256], line[sizeof(text) + 16];

	if (record->bad || record->at == record->len)
		return false;
	mon_get_text(record, text, sizeof(text));
	if (record->bad)
		return false;
	snprintf(line, sizeof(line), "sallyport: %s\r\n", text);
	return ssh_channel_write_stderr(channel->ssh, line, (uint32_t)strlen(line)) > 0;
}

/* The client sends no more. A pty has no end of input: its shell is told when it has got all of it. */
static void input_end(struct transport_channel *channel)
{
	if (!channel->has_pty || !channel->is_shell) {
		relay_peer_eof(&channel->relay);
		return;
	}
	channel->over_us = clock_monotonic_us();
	channel->over_again_us = OVER_FIRST_US;
}

/* The answer to shell, exec and subsystem: one descriptor of a pty, or the other ends of stdin, stdout and stderr. */
static enum answer program_start(struct transport_channel *channel, bool is_shell)
{
	struct rpc *rpc = &channel->transport->rpc;
	int fds[MON_FDS_MAX];
	size_t len = ARRAY_SIZE(fds);
	bool right, told = false;
	uint8_t ok, n;

	if (rpc_ask(rpc, fds, &len) < 0)
		return ANSWER_NO;
	ok = mon_get_u8(&rpc->record);
	n = mon_get_u8(&rpc->record);
	if (!ok)
		told = refusal_tell(channel);
	right = mon_get_end(&rpc->record) == 0 && ok == 1 && n == len && n == (channel->has_pty ? 1 : PIPES);
	for (size_t i = 0; i < len && right; i++)
		right = fd_unblock(fds[i]) == 0;
	if (!right) {
		fds_close(fds, len);
		return told ? ANSWER_NO_LATER : ANSWER_NO;
	}
	channel->started = true;
	channel->is_shell = is_shell;
	if (channel->has_pty)
		relay_start(&channel->relay, fds[0], fds[0], -1, true);
	else
		relay_start(&channel->relay, fds[0], fds[1], fds[2], false);
	if (channel->ends_early)
		input_end(channel);
	return ANSWER_YES;
}

static enum answer program_ask(struct transport_channel *channel, ssh_message message, enum mon_type type)
{
	const char *text = type == MON_SHELL ? "" : message_text(message, type);
	struct mon_buf *record;

	if (channel->started || !text)
		return ANSWER_NO;
	record = channel_request(channel, type);
	if (type != MON_SHELL)
		mon_put_text(record, text);
	return program_start(channel, type == MON_SHELL);
}

static enum answer request_ask(struct transport_channel *channel, ssh_message message)
{
	enum answer simple[] = { ANSWER_NO, ANSWER_YES };

	switch (ssh_message_subtype(message)) {
	case SSH_CHANNEL_REQUEST_PTY:
		return simple[pty_ask(channel, message)];
	case SSH_CHANNEL_REQUEST_WINDOW_CHANGE:
		return simple[window_ask(channel, message)];
	case SSH_CHANNEL_REQUEST_ENV:
		return simple[env_ask(channel, message)];
	case SSH_CHANNEL_REQUEST_SHELL:
		return program_ask(channel, message, MON_SHELL);
	case SSH_CHANNEL_REQUEST_EXEC:
		return program_ask(channel, message, MON_EXEC);
	case SSH_CHANNEL_REQUEST_SUBSYSTEM:
		return program_ask(channel, message, MON_SUBSYSTEM);
	default:
		return ANSWER_NO;
	}
}

/* A refusal that waited: it goes out before any other answer, and when its time has come. */
static void refusal_send(struct transport_channel *channel, bool reply)
{
	if (!channel->refused)
		return;
	if (reply)
		ssh_message_reply_default(channel->refused);
	ssh_message_free(channel->refused);
	channel->refused = NULL;
}

/* Takes the message. */
static void request_answer(struct transport *transport, ssh_message message)
{
	struct transport_channel *channel = channel_of(transport, ssh_message_channel_request_channel(message));
	enum answer answer = ANSWER_NO;

	if (channel)
		refusal_send(channel, true);
	if (channel && !channel->is_forward && !channel->released && !channel->is_over)
		answer = request_ask(channel, message);
	if (answer == ANSWER_NO_LATER) {
		channel->refused = message;
		channel->refused_us = clock_monotonic_us();
		return;
	}
	if (answer == ANSWER_YES)
		ssh_message_channel_request_reply_success(message);
	else
		ssh_message_reply_default(message);
	ssh_message_free(message);
}

/* ---- data ---- */

static int on_data(ssh_session session, ssh_channel ssh, void *bytes, uint32_t len, int is_stderr, void *userdata)
{
	struct transport_channel *channel = userdata;

	(void)session;
	(void)ssh;
	channel->active = true;
	/* a client has no stderr */
	if (is_stderr || channel->is_over || channel->released || channel->transport->is_ending)
		return (int)len;
	/* libssh takes what comes past the window that it gave */
	if (len > WINDOW_MAX_BYTES)
		transport_end(channel->transport, END_PROTOCOL_ERROR, "the client sends more than its window allows");
	return (int)relay_take(&channel->relay, bytes, len);
}

static void on_eof(ssh_session session, ssh_channel ssh, void *userdata)
{
	struct transport_channel *channel = userdata;

	(void)session;
	(void)ssh;
	if (channel->started || channel->is_forward)
		input_end(channel);
	else
		channel->ends_early = true; /* its requests may still be waiting */
}

static void on_close(ssh_session session, ssh_channel ssh, void *userdata)
{
	struct transport_channel *channel = userdata;

	(void)session;
	(void)ssh;
	channel->closed = true;
	channel->closed_us = clock_monotonic_us();
	relay_peer_gone(&channel->relay);
}

/* ---- life ---- */

/* The program's side of the end. libssh is not touched: this may be called inside its callbacks. */
static void channel_release(struct transport_channel *channel)
{
	if (channel->released)
		return;
	channel->released = true;
	relay_done(&channel->relay);
	rpc_start(&channel->transport->rpc, MON_CHANNEL_CLOSE, channel->number);
	rpc_ask(&channel->transport->rpc, NULL, NULL);
}

/* NULL when there is none. How many a client may have the monitor says, and logs; closed ones do not count. */
static struct transport_channel *slot_find(struct transport *transport)
{
	struct transport_channel *free_slot = NULL;

	for (size_t i = 0; i < transport->slots_len; i++) {
		struct transport_channel *channel = &transport->channels[i];

		if (channel->number == 0) {
			free_slot = free_slot ? free_slot : channel;
			continue;
		}
		if (channel->closed && relay_input_is_done(&channel->relay))
			channel_release(channel);
	}
	if (!free_slot && transport->slots_len < ARRAY_SIZE(transport->channels))
		free_slot = &transport->channels[transport->slots_len++];
	return free_slot;
}

struct transport_channel *transport_channel_new(struct transport *transport, bool is_forward)
{
	struct transport_channel *channel = slot_find(transport);

	/* a number names one channel of this connection for ever: late events must not find another */
	if (!channel || transport->last_number == UINT16_MAX || transport->is_ending)
		return NULL;
	*channel = (struct transport_channel){
		.transport = transport, .number = ++transport->last_number, .is_forward = is_forward
	};
	relay_init(&channel->relay, transport_relay_ops(), channel);
	return channel;
}

bool transport_channel_accept(struct transport_channel *channel, ssh_message message)
{
	channel->ssh = ssh_channel_new(channel->transport->session);
	channel->callbacks = (struct ssh_channel_callbacks_struct){
		.userdata = channel,
		.channel_data_function = on_data,
		.channel_eof_function = on_eof,
		.channel_close_function = on_close,
		.channel_signal_function = on_signal,
	};
	ssh_callbacks_init(&channel->callbacks);
	if (!channel->ssh || ssh_set_channel_callbacks(channel->ssh, &channel->callbacks) != SSH_OK) {
		transport_end(channel->transport, END_PROTOCOL_ERROR, "no memory for a channel");
		return false;
	}
	channel->transport->had_channel = true;
	return ssh_message_channel_request_open_reply_accept_channel(message, channel->ssh) == SSH_OK;
}

static void session_open(struct transport *transport, ssh_message message)
{
	struct transport_channel *channel = transport_channel_new(transport, false);

	if (channel) {
		rpc_start(&transport->rpc, MON_CHANNEL_OPEN, channel->number);
		if (rpc_ask_ok(&transport->rpc)) {
			transport_channel_accept(channel, message);
			return;
		}
		channel->number = 0;
	}
	ssh_message_reply_default(message);
}

static void message_answer(struct transport *transport, ssh_message message)
{
	int type = ssh_message_type(message), subtype = ssh_message_subtype(message);

	if (type == SSH_REQUEST_CHANNEL) {
		request_answer(transport, message);
		return;
	}
	if (type == SSH_REQUEST_CHANNEL_OPEN && subtype == SSH_CHANNEL_DIRECT_TCPIP) {
		transport_forward_open(transport, message);
		return;
	}
	if (type == SSH_REQUEST_CHANNEL_OPEN && subtype == SSH_CHANNEL_SESSION)
		session_open(transport, message);
	else
		ssh_message_reply_default(message);
	ssh_message_free(message);
}

void transport_channels_messages(struct transport *transport)
{
	ssh_message message;

	/* asking libssh for a message costs a system call */
	if (transport->phase != PHASE_OPEN || transport->messages_seen == transport->packet_counter.in_packets)
		return;
	while (!transport->is_ending && !transport->rpc.lost && (message = ssh_message_get(transport->session)))
		message_answer(transport, message);
	transport->messages_seen = transport->packet_counter.in_packets;
}

/* Our half of the end: data has gone; now EOF, how the program ended, close. */
static void channel_finish(struct transport_channel *channel)
{
	channel->is_over = true;
	if (!channel->closed) {
		ssh_channel_send_eof(channel->ssh);
		if (channel->exit_known && channel->exit_signaled)
			ssh_channel_request_send_exit_signal(channel->ssh, channel->exit_signal, 0, "", "");
		else if (channel->exit_known)
			ssh_channel_request_send_exit_status(channel->ssh, (int)channel->exit_status);
	}
	ssh_channel_close(channel->ssh);
	channel_release(channel);
}

static void channel_forget(struct transport_channel *channel)
{
	refusal_send(channel, false);
	ssh_remove_channel_callbacks(channel->ssh, &channel->callbacks);
	ssh_channel_free(channel->ssh);
	channel->ssh = NULL;
	channel->number = 0;
}

static bool channel_is_finished(const struct transport_channel *channel)
{
	if (channel->closed)
		return relay_input_is_done(&channel->relay) ||
		       clock_monotonic_us() - channel->closed_us > CLOSED_WAIT_US;
	if (channel->is_forward)
		return channel->eof_sent && channel->relay.input_ended;
	return channel->exit_known && relay_output_is_done(&channel->relay);
}

/* A program that has closed its output and lives on. A moment is given to the usual case, where it is just ending:
 * some clients close the channel as soon as they read EOF, and would miss the exit status. */
static void channel_look_silent(struct transport_channel *channel)
{
	if (channel->is_over || channel->closed || channel->eof_sent || !channel->started ||
	    !relay_output_is_done(&channel->relay))
		return;
	if (channel->silent_us == 0)
		channel->silent_us = clock_monotonic_us();
	if (!channel->is_forward && clock_monotonic_us() - channel->silent_us < SILENT_WAIT_US)
		return;
	ssh_channel_send_eof(channel->ssh);
	channel->eof_sent = true;
}

static void channel_look_over(struct transport_channel *channel)
{
	int64_t now_us;

	if (!channel->over_us || channel->is_over || channel->released || channel->exit_known ||
	    !relay_input_is_done(&channel->relay))
		return;
	now_us = clock_monotonic_us();
	if (now_us < channel->over_us)
		return;
	mon_put_text(channel_request(channel, MON_SIGNAL), MON_SIGNAL_OVER);
	channel_ask_ok(channel);
	channel->over_us = now_us + channel->over_again_us;
	if (channel->over_again_us < OVER_LAST_US)
		channel->over_again_us *= 2;
}

static void channel_move(struct transport_channel *channel, bool congested, const struct pollfd *polls,
			 size_t polls_len)
{
	if (!channel->ssh)
		return; /* a connection that is still being made */
	if (!channel->is_over && channel->started && !channel->released)
		relay_move(&channel->relay, congested, polls, polls_len);
	channel_look_silent(channel);
	channel_look_over(channel);
	if (!channel->is_over && channel_is_finished(channel))
		channel_finish(channel);
	if (channel->refused && clock_monotonic_us() - channel->refused_us >= REFUSED_WAIT_US)
		refusal_send(channel, true);
	if (channel->is_over && channel->closed)
		channel_forget(channel);
}

static bool is_congested(const struct transport *transport)
{
	return (ssh_get_status(transport->session) & SSH_WRITE_PENDING) != 0 || gather_own_pending() > 0;
}

void transport_channels_move(struct transport *transport, const struct pollfd *polls, size_t polls_len)
{
	for (size_t i = 0; i < transport->slots_len; i++)
		if (transport->channels[i].number != 0 && !transport->is_ending)
			channel_move(&transport->channels[i], is_congested(transport), polls, polls_len);
}

static void channel_end_idle(struct transport_channel *channel, uint32_t timeout_s)
{
	char line[80];

	snprintf(line, sizeof(line), "\r\nsallyport: closed after %u seconds without traffic\r\n", timeout_s);
	if (channel->has_pty)
		ssh_channel_write(channel->ssh, line, (uint32_t)strlen(line));
	rpc_log(&channel->transport->rpc, LOG_INFO, "a channel is closed after %u seconds without traffic", timeout_s);
	channel_finish(channel);
}

int64_t transport_channels_idle(struct transport *transport, int64_t now_us, uint32_t timeout_s)
{
	int64_t first = -1, due;

	for (size_t i = 0; i < transport->slots_len; i++) {
		struct transport_channel *channel = &transport->channels[i];

		if (channel->number == 0 || !channel->ssh || channel->is_over)
			continue;
		if (channel->active || !channel->active_us)
			channel->active_us = now_us;
		channel->active = false;
		due = channel->active_us + timeout_s * INT64_C(1000000);
		if (due <= now_us)
			channel_end_idle(channel, timeout_s);
		else if (first < 0 || due < first)
			first = due;
	}
	return first;
}

unsigned transport_channels_live(const struct transport *transport)
{
	unsigned live = 0;

	for (size_t i = 0; i < transport->slots_len; i++)
		live += transport->channels[i].number != 0 && !transport->channels[i].is_over &&
			!transport->channels[i].exit_known;
	return live;
}

size_t transport_channels_polls(struct transport *transport, struct pollfd *ret_polls)
{
	bool congested = is_congested(transport);
	size_t n = 0;

	for (size_t i = 0; i < transport->slots_len; i++) {
		struct transport_channel *channel = &transport->channels[i];

		if (channel->number != 0 && !channel->is_over && channel->started)
			n += relay_polls(&channel->relay, congested, ret_polls + n);
	}
	return n;
}

int64_t transport_channels_deadline_us(const struct transport *transport)
{
	int64_t first = -1;

	for (size_t i = 0; i < transport->slots_len; i++) {
		const struct transport_channel *channel = &transport->channels[i];
		int64_t at = -1;

		if (channel->number == 0 || channel->is_over)
			continue;
		if (channel->closed)
			at = channel->closed_us + CLOSED_WAIT_US + 1000;
		else if (channel->silent_us > 0 && !channel->eof_sent)
			at = channel->silent_us + SILENT_WAIT_US + 1000;
		else if (channel->over_us && !channel->exit_known && relay_input_is_done(&channel->relay))
			at = channel->over_us + 1000;
		else if (channel->refused)
			at = channel->refused_us + REFUSED_WAIT_US + 1000;
		if (at >= 0 && (first < 0 || at < first))
			first = at;
	}
	return first;
}

void transport_channel_exited(struct transport *transport, struct mon_buf *record, uint16_t number)
{
	uint8_t signaled = mon_get_u8(record);
	uint32_t status = mon_get_u32(record);
	char name[sizeof(transport->channels[0].exit_signal)];

	mon_get_text(record, name, sizeof(name));
	if (mon_get_end(record) < 0)
		return;
	for (size_t i = 0; i < transport->slots_len; i++) {
		struct transport_channel *channel = &transport->channels[i];

		if (channel->number != number || channel->is_over)
			continue;
		channel->exit_known = true;
		channel->exit_signaled = signaled != 0;
		channel->exit_status = status;
		memcpy(channel->exit_signal, name, sizeof(name));
		relay_program_ended(&channel->relay);
	}
}
