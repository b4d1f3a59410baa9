// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Session channels
 *
 * libssh's callbacks only ask the monitor, take bytes and set flags; ending a channel is done from the loop, because
 * inside a callback libssh still uses it. A slot stays until the client's own close has come, so that a late packet
 * finds its channel. Whatever is not a session channel is refused by libssh's default answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "services/ssh/readahead.h"
#include "services/ssh/transport.h"

#define CLOSED_WAIT_US	   5000000 /* for a program to read what its client left behind */
#define SILENT_WAIT_US	   500000  /* from the end of output to the end of the program; then EOF goes alone */
#define WINDOW_MAX_BYTES   (4 * 1024 * 1024) /* twice what any version of libssh gives */
#define PACKET_BYTES_MIN   64	   /* the least maximum packet of a client that is served */
#define PACKET_HEADER_BYTES 10	   /* libssh takes them off the client's maximum */
#define PACKET_PROBES	   4

/* ---- what the relay needs ---- */

/* libssh has no accessor for the client's maximum packet, and with tiny ones each byte costs a packet: the first bytes
 * that should fill one packet are sent alone, and the packets counted. */
static int send_checked(struct transport_channel *channel, bool is_stderr, const uint8_t *bytes, size_t len)
{
	const size_t probe = PACKET_BYTES_MIN - PACKET_HEADER_BYTES;
	uint64_t before = channel->transport->packet_counter.out_packets;
	int n;

	if (len > probe)
		len = probe;
	n = is_stderr ? ssh_channel_write_stderr(channel->ssh, bytes, (uint32_t)len) :
			ssh_channel_write(channel->ssh, bytes, (uint32_t)len);
	if (n < (int)probe)
		return n;
	/* an answer to something else may have gone out meanwhile, but not each time */
	if (channel->transport->packet_counter.out_packets - before == 1)
		channel->packets_checked = true;
	else if (++channel->packets_suspect == PACKET_PROBES)
		transport_end(channel->transport, END_PROTOCOL_ERROR,
			      "the client takes packets of less than %d bytes only", PACKET_BYTES_MIN);
	return n;
}

static int on_send(void *peer, bool is_stderr, const uint8_t *bytes, size_t len)
{
	struct transport_channel *channel = peer;

	if (channel->is_over || channel->eof_sent)
		return -EPIPE;
	if (!channel->packets_checked)
		return send_checked(channel, is_stderr, bytes, len);
	if (is_stderr)
		return ssh_channel_write_stderr(channel->ssh, bytes, (uint32_t)len);
	return ssh_channel_write(channel->ssh, bytes, (uint32_t)len);
}

static size_t on_window(void *peer)
{
	struct transport_channel *channel = peer;

	return ssh_channel_window_size(channel->ssh);
}

static int on_fetch(void *peer, uint8_t *bytes, size_t size_bytes)
{
	struct transport_channel *channel = peer;

	return ssh_channel_read_nonblocking(channel->ssh, bytes, (uint32_t)size_bytes, 0);
}

/* Asked for more than its window, libssh 0.10 opens it so far. Later versions have a fixed window, which is wide enough. */
static int on_window_open(void *peer, uint8_t *bytes, size_t size_bytes)
{
	struct transport_channel *channel = peer;

	return ssh_channel_read_timeout(channel->ssh, bytes, (uint32_t)size_bytes, 0, 0);
}

static const struct relay_ops relay_ops_plain = { .send = on_send, .window = on_window, .fetch = on_fetch };
static const struct relay_ops relay_ops_opening = {
	.send = on_send, .window = on_window, .fetch = on_fetch, .open = on_window_open,
};

static const struct relay_ops *relay_ops_find(void)
{
	bool opens = ssh_version(SSH_VERSION_INT(0, 11, 0)) || getenv(TRANSPORT_PLAIN);

	return opens ? &relay_ops_plain : &relay_ops_opening;
}

/* ---- requests ---- */

static struct mon_buf *channel_request(struct transport_channel *channel, enum mon_type type)
{
	return rpc_start(&channel->transport->rpc, type, channel->number);
}

static bool channel_ask_ok(struct transport_channel *channel)
{
	return rpc_ask_ok(&channel->transport->rpc);
}

static void put_size(struct mon_buf *record, int columns, int rows, int x_pixels, int y_pixels)
{
	mon_put_u32(record, (uint32_t)columns);
	mon_put_u32(record, (uint32_t)rows);
	mon_put_u32(record, (uint32_t)x_pixels);
	mon_put_u32(record, (uint32_t)y_pixels);
}

static int on_pty(ssh_session session, ssh_channel ssh, const char *term, int columns, int rows, int x_pixels,
		  int y_pixels, void *userdata)
{
	struct transport_channel *channel = userdata;
	struct mon_buf *record;

	(void)session;
	(void)ssh;
	if (channel->has_pty || channel->started || channel->released)
		return -1;
	record = channel_request(channel, MON_PTY);
	mon_put_text(record, term ? term : "");
	put_size(record, columns, rows, x_pixels, y_pixels);
	channel->has_pty = channel_ask_ok(channel);
	return channel->has_pty ? 0 : -1;
}

static int on_window_change(ssh_session session, ssh_channel ssh, int columns, int rows, int x_pixels, int y_pixels,
			    void *userdata)
{
	struct transport_channel *channel = userdata;

	(void)session;
	(void)ssh;
	if (!channel->has_pty || channel->released)
		return -1;
	put_size(channel_request(channel, MON_WINDOW), columns, rows, x_pixels, y_pixels);
	return channel_ask_ok(channel) ? 0 : -1;
}

static int on_env(ssh_session session, ssh_channel ssh, const char *name, const char *value, void *userdata)
{
	struct transport_channel *channel = userdata;
	struct mon_buf *record;

	(void)session;
	(void)ssh;
	if (channel->started || channel->released || !name || !value)
		return -1;
	record = channel_request(channel, MON_ENV);
	mon_put_text(record, name);
	mon_put_text(record, value);
	return channel_ask_ok(channel) ? 0 : -1;
}

static void on_signal(ssh_session session, ssh_channel ssh, const char *name, void *userdata)
{
	struct transport_channel *channel = userdata;

	(void)session;
	(void)ssh;
	if (!channel->started || channel->released || !name)
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

/* Why not, as the last words of a program that never was: the refusal itself has no place for them. */
static void refusal_tell(struct transport_channel *channel)
{
	struct mon_buf *record = &channel->transport->rpc.record;
	char text[256], line[sizeof(text) + 16];

	if (record->bad || record->at == record->len)
		return;
	mon_get_text(record, text, sizeof(text));
	if (record->bad)
		return;
	snprintf(line, sizeof(line), "sallyport: %s\r\n", text);
	ssh_channel_write_stderr(channel->ssh, line, (uint32_t)strlen(line));
}

/* The answer to shell, exec and subsystem: one descriptor of a pty, or a socket and maybe the read end of stderr. */
static int program_start(struct transport_channel *channel)
{
	struct rpc *rpc = &channel->transport->rpc;
	int fds[MON_FDS_MAX];
	size_t len = ARRAY_SIZE(fds);
	bool right;
	uint8_t ok, n;

	if (rpc_ask(rpc, fds, &len) < 0)
		return -1;
	ok = mon_get_u8(&rpc->record);
	n = mon_get_u8(&rpc->record);
	if (!ok)
		refusal_tell(channel);
	right = mon_get_end(&rpc->record) == 0 && ok == 1 && n == len &&
		(channel->has_pty ? n == 1 : n == 1 || n == 2);
	for (size_t i = 0; i < len && right; i++)
		right = fd_unblock(fds[i]) == 0;
	if (!right) {
		fds_close(fds, len);
		return -1;
	}
	channel->started = true;
	relay_start(&channel->relay, fds[0], len == 2 ? fds[1] : -1, channel->has_pty);
	return 0;
}

static int on_shell(ssh_session session, ssh_channel ssh, void *userdata)
{
	struct transport_channel *channel = userdata;

	(void)session;
	(void)ssh;
	if (channel->started || channel->released)
		return -1;
	channel_request(channel, MON_SHELL);
	return program_start(channel);
}

static int on_exec(ssh_session session, ssh_channel ssh, const char *command, void *userdata)
{
	struct transport_channel *channel = userdata;

	(void)session;
	(void)ssh;
	if (channel->started || channel->released || !command || strlen(command) > MON_COMMAND_MAX_BYTES)
		return -1;
	mon_put_text(channel_request(channel, MON_EXEC), command);
	return program_start(channel);
}

static int on_subsystem(ssh_session session, ssh_channel ssh, const char *name, void *userdata)
{
	struct transport_channel *channel = userdata;

	(void)session;
	(void)ssh;
	if (channel->started || channel->released || !name)
		return -1;
	mon_put_text(channel_request(channel, MON_SUBSYSTEM), name);
	return program_start(channel);
}

/* ---- data ---- */

static int on_data(ssh_session session, ssh_channel ssh, void *bytes, uint32_t len, int is_stderr, void *userdata)
{
	struct transport_channel *channel = userdata;

	(void)session;
	(void)ssh;
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
	relay_peer_eof(&channel->relay);
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

/* NULL when the limit is reached. Channels that their client has closed do not count. */
static struct transport_channel *slot_find(struct transport *transport)
{
	struct transport_channel *free_slot = NULL;
	unsigned used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(transport->channels); i++) {
		struct transport_channel *channel = &transport->channels[i];

		if (channel->number == 0) {
			free_slot = free_slot ? free_slot : channel;
			continue;
		}
		if (channel->closed && relay_input_is_done(&channel->relay))
			channel_release(channel);
		used += !channel->released;
	}
	return used < SESSION_CHANNELS_MAX ? free_slot : NULL;
}

static void callbacks_fill(struct transport_channel *channel)
{
	channel->callbacks = (struct ssh_channel_callbacks_struct){
		.userdata = channel,
		.channel_data_function = on_data,
		.channel_eof_function = on_eof,
		.channel_close_function = on_close,
		.channel_signal_function = on_signal,
		.channel_pty_request_function = on_pty,
		.channel_pty_window_change_function = on_window_change,
		.channel_shell_request_function = on_shell,
		.channel_exec_request_function = on_exec,
		.channel_env_request_function = on_env,
		.channel_subsystem_request_function = on_subsystem,
	};
	ssh_callbacks_init(&channel->callbacks);
}

static ssh_channel on_open(ssh_session session, void *userdata)
{
	struct transport *transport = userdata;
	struct transport_channel *channel = slot_find(transport);

	/* a number names one channel of this connection for ever: late events must not find another */
	if (!channel || transport->last_number == UINT16_MAX || transport->is_ending)
		return NULL;
	rpc_start(&transport->rpc, MON_CHANNEL_OPEN, (uint16_t)(transport->last_number + 1));
	if (!rpc_ask_ok(&transport->rpc))
		return NULL;
	*channel = (struct transport_channel){ .transport = transport, .number = ++transport->last_number };
	channel->ssh = ssh_channel_new(session);
	callbacks_fill(channel);
	if (!channel->ssh || ssh_set_channel_callbacks(channel->ssh, &channel->callbacks) != SSH_OK) {
		transport_end(transport, END_PROTOCOL_ERROR, "no memory for a channel");
		return NULL;
	}
	relay_init(&channel->relay, relay_ops_find(), channel);
	transport->had_channel = true;
	return channel->ssh;
}

void transport_channels_start(struct transport *transport)
{
	transport->callbacks = (struct ssh_server_callbacks_struct){
		.userdata = transport,
		.channel_open_request_session_function = on_open,
	};
	ssh_callbacks_init(&transport->callbacks);
	if (ssh_set_server_callbacks(transport->session, &transport->callbacks) != SSH_OK)
		transport_end(transport, END_PROTOCOL_ERROR, "libssh takes no callbacks");
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
	if (clock_monotonic_us() - channel->silent_us < SILENT_WAIT_US)
		return;
	ssh_channel_send_eof(channel->ssh);
	channel->eof_sent = true;
}

static void channel_move(struct transport_channel *channel, bool congested, const struct pollfd *polls,
			 size_t polls_len)
{
	if (!channel->is_over && channel->started && !channel->released)
		relay_move(&channel->relay, congested, polls, polls_len);
	if (!channel->is_over && channel_is_finished(channel))
		channel_finish(channel);
	channel_look_silent(channel);
	if (channel->is_over && channel->closed)
		channel_forget(channel);
}

static bool is_congested(const struct transport *transport)
{
	return (ssh_get_status(transport->session) & SSH_WRITE_PENDING) != 0;
}

void transport_channels_move(struct transport *transport, const struct pollfd *polls, size_t polls_len)
{
	for (size_t i = 0; i < ARRAY_SIZE(transport->channels); i++)
		if (transport->channels[i].number != 0 && !transport->is_ending)
			channel_move(&transport->channels[i], is_congested(transport), polls, polls_len);
}

unsigned transport_channels_live(const struct transport *transport)
{
	unsigned live = 0;

	for (size_t i = 0; i < ARRAY_SIZE(transport->channels); i++)
		live += transport->channels[i].number != 0 && !transport->channels[i].is_over &&
			!transport->channels[i].exit_known;
	return live;
}

size_t transport_channels_polls(struct transport *transport, struct pollfd *ret_polls)
{
	bool congested = is_congested(transport);
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(transport->channels); i++) {
		struct transport_channel *channel = &transport->channels[i];

		if (channel->number != 0 && !channel->is_over && channel->started)
			n += relay_polls(&channel->relay, congested, ret_polls + n);
	}
	return n;
}

int64_t transport_channels_deadline_us(const struct transport *transport)
{
	int64_t first = -1;

	for (size_t i = 0; i < ARRAY_SIZE(transport->channels); i++) {
		const struct transport_channel *channel = &transport->channels[i];
		int64_t at = -1;

		if (channel->number == 0 || channel->is_over)
			continue;
		if (channel->closed)
			at = channel->closed_us + CLOSED_WAIT_US + 1000;
		else if (channel->silent_us > 0 && !channel->eof_sent)
			at = channel->silent_us + SILENT_WAIT_US + 1000;
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
	for (size_t i = 0; i < ARRAY_SIZE(transport->channels); i++) {
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
