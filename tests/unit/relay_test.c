// SPDX-License-Identifier: GPL-3.0-or-later
/* The relay with a channel made of two byte strings and a program made of a socket or a pty. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "services/ssh/relay.h"

enum { STORE_BYTES = 4 * 1024 * 1024 };

/* What libssh would be: it keeps what relay_take() leaves, and may call it in the middle of send() and fetch(). */
struct channel {
	struct relay relay;
	uint8_t *sent, *held;
	size_t sent_len, held_at, held_len, window, most_at_once;
	const char *arrives_in_send, *arrives_in_fetch;
	bool is_gone;
	char stderr_text[64];
	size_t stderr_len;
};

/* The client's packet: libssh puts it behind what it holds and offers everything. */
static void packet_arrives(struct channel *channel, const void *bytes, size_t len)
{
	size_t taken;

	memcpy(channel->held + channel->held_len, bytes, len);
	channel->held_len += len;
	taken = relay_take(&channel->relay, channel->held + channel->held_at, channel->held_len - channel->held_at);
	channel->held_at += taken;
}

static void packet_in_the_middle(struct channel *channel, const char **text)
{
	const char *now = *text;

	*text = NULL;
	if (now)
		packet_arrives(channel, now, strlen(now));
}

static int on_send(void *peer, bool is_stderr, const uint8_t *bytes, size_t len)
{
	struct channel *channel = peer;

	packet_in_the_middle(channel, &channel->arrives_in_send);
	if (channel->is_gone)
		return -1;
	if (len > channel->window)
		len = channel->window;
	if (len > channel->most_at_once)
		len = channel->most_at_once;
	channel->window -= len;
	if (is_stderr) {
		memcpy(channel->stderr_text + channel->stderr_len, bytes, len);
		channel->stderr_len += len;
		return (int)len;
	}
	memcpy(channel->sent + channel->sent_len, bytes, len);
	channel->sent_len += len;
	return (int)len;
}

static size_t on_window(void *peer)
{
	return ((struct channel *)peer)->window;
}

static int on_fetch(void *peer, uint8_t *bytes, size_t size_bytes)
{
	struct channel *channel = peer;
	size_t len;

	packet_in_the_middle(channel, &channel->arrives_in_fetch);
	len = channel->held_len - channel->held_at;
	if (len > size_bytes)
		len = size_bytes;
	memcpy(bytes, channel->held + channel->held_at, len);
	channel->held_at += len;
	return (int)len;
}

static const struct relay_ops ops = { on_send, on_window, on_fetch };

static void unblock(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* Returns the program's end. */
static int start(struct channel *channel)
{
	int pair[2];

	*channel = (struct channel){ .window = STORE_BYTES, .most_at_once = STORE_BYTES };
	channel->sent = malloc(STORE_BYTES);
	channel->held = malloc(STORE_BYTES);
	cr_assert(channel->sent && channel->held);
	cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	unblock(pair[0]);
	relay_init(&channel->relay, &ops, channel);
	relay_start(&channel->relay, pair[0], pair[0], -1, false);
	return pair[1];
}

static void finish(struct channel *channel, int program_fd)
{
	relay_done(&channel->relay);
	free(channel->sent);
	free(channel->held);
	if (program_fd >= 0)
		close(program_fd);
}

/* One turn of the loop, without waiting. */
static void turn(struct channel *channel, bool congested)
{
	struct pollfd polls[RELAY_POLLS_MAX];
	size_t n = relay_polls(&channel->relay, congested, polls);

	cr_assert(n <= RELAY_POLLS_MAX);
	poll(polls, n, 0);
	relay_move(&channel->relay, congested, polls, n);
}

static size_t read_all(int fd, uint8_t *bytes, size_t size_bytes)
{
	size_t len = 0;
	ssize_t n;

	while (len < size_bytes && (n = recv(fd, bytes + len, size_bytes - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	return len;
}

Test(relay, carries_both_ways)
{
	struct channel channel;
	int program = start(&channel);
	char text[32] = "";

	packet_arrives(&channel, "to the program", 14);
	turn(&channel, false);
	cr_assert(read(program, text, sizeof(text)) == 14 && memcmp(text, "to the program", 14) == 0);
	cr_assert(write(program, "to the client", 13) == 13);
	turn(&channel, false);
	cr_assert(channel.sent_len == 13 && memcmp(channel.sent, "to the client", 13) == 0);
	cr_assert(!relay_output_is_done(&channel.relay));
	finish(&channel, program);
}

Test(relay, bytes_that_came_before_the_program_are_its_first)
{
	struct channel channel;
	int program = start(&channel), ours = channel.relay.in_fd;
	char text[32] = "";

	relay_init(&channel.relay, &ops, &channel);
	packet_arrives(&channel, "early ", 6);
	packet_arrives(&channel, "bird", 4);
	cr_assert(channel.held_at == 0);
	relay_start(&channel.relay, ours, ours, -1, false);
	turn(&channel, false);
	cr_assert(read(program, text, sizeof(text)) == 10);
	cr_assert_str_eq(text, "early bird");
	finish(&channel, program);
}

Test(relay, a_full_program_takes_in_order_what_libssh_kept)
{
	static uint8_t wanted[2 * 1024 * 1024], got[sizeof(wanted)];
	struct channel channel;
	int program = start(&channel);
	size_t len = 0, limit = 0;

	for (size_t i = 0; i < sizeof(wanted); i++)
		wanted[i] = (uint8_t)(i * 2654435761u >> 24);
	for (size_t at = 0; at < sizeof(wanted); at += 32768) {
		packet_arrives(&channel, wanted + at, 32768);
		turn(&channel, false);
	}
	/* nobody has read: the relay holds its buffer, the rest is where it was */
	cr_assert(channel.held_len - channel.held_at > sizeof(wanted) / 2);
	cr_assert(!relay_input_is_done(&channel.relay));
	for (int i = 0; i < 10000 && len < sizeof(wanted); i++) {
		channel.arrives_in_fetch = NULL;
		limit = len + 40000 < sizeof(got) ? len + 40000 : sizeof(got);
		len += read_all(program, got + len, limit - len);
		turn(&channel, false);
	}
	len += read_all(program, got + len, sizeof(got) - len);
	cr_assert(len == sizeof(wanted) && memcmp(got, wanted, len) == 0);
	cr_assert(relay_input_is_done(&channel.relay));
	finish(&channel, program);
}

Test(relay, a_packet_in_the_middle_of_a_fetch_does_not_overtake)
{
	static uint8_t many[1024 * 1024];
	uint8_t *got = malloc(STORE_BYTES);
	struct channel channel;
	int program = start(&channel);
	size_t len = 0;

	memset(many, 'a', sizeof(many));
	packet_arrives(&channel, many, sizeof(many));
	turn(&channel, false);
	channel.arrives_in_fetch = "LAST";
	for (int i = 0; i < 1000 && len < sizeof(many) + 4; i++) {
		len += read_all(program, got + len, STORE_BYTES - len);
		turn(&channel, false);
	}
	cr_assert(len == sizeof(many) + 4);
	cr_assert(memchr(got, 'L', len) == got + sizeof(many) && memcmp(got + sizeof(many), "LAST", 4) == 0);
	free(got);
	finish(&channel, program);
}

Test(relay, short_counts_and_a_closed_window_lose_nothing)
{
	static uint8_t many[300000];
	struct channel channel;
	int program = start(&channel);
	size_t written = 0;
	ssize_t n;

	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = (uint8_t)(i % 251);
	unblock(program);
	channel.most_at_once = 999;
	channel.window = 0;
	for (int i = 0; i < 100000 && channel.sent_len < sizeof(many); i++) {
		if (written < sizeof(many) && (n = write(program, many + written, sizeof(many) - written)) > 0)
			written += (size_t)n;
		turn(&channel, false);
		if (i % 3 == 0)
			channel.window += 1500;
	}
	cr_assert(channel.sent_len == sizeof(many) && memcmp(channel.sent, many, sizeof(many)) == 0);
	finish(&channel, program);
}

Test(relay, a_shut_window_or_congestion_stops_reading)
{
	struct channel channel;
	int program = start(&channel);
	struct pollfd polls[RELAY_POLLS_MAX];

	cr_assert(write(program, "wait", 4) == 4);
	channel.window = 0;
	cr_assert(relay_polls(&channel.relay, false, polls) == 0);
	channel.window = 100;
	cr_assert(relay_polls(&channel.relay, true, polls) == 0);
	cr_assert(relay_polls(&channel.relay, false, polls) == 1);
	turn(&channel, true);
	cr_assert(channel.sent_len == 0);
	turn(&channel, false);
	cr_assert(channel.sent_len == 4);
	finish(&channel, program);
}

Test(relay, a_packet_in_the_middle_of_a_send_goes_the_other_way)
{
	struct channel channel;
	int program = start(&channel);
	char text[16] = "";

	channel.arrives_in_send = "meanwhile";
	cr_assert(write(program, "out", 3) == 3);
	turn(&channel, false);
	turn(&channel, false);
	cr_assert(channel.sent_len == 3);
	cr_assert(read(program, text, sizeof(text)) == 9);
	cr_assert_str_eq(text, "meanwhile");
	finish(&channel, program);
}

Test(relay, end_of_input_comes_behind_the_last_byte)
{
	struct channel channel;
	int program = start(&channel);
	char text[16] = "";

	packet_arrives(&channel, "last", 4);
	relay_peer_eof(&channel.relay);
	turn(&channel, false);
	cr_assert(read(program, text, sizeof(text)) == 4);
	cr_assert(read(program, text, sizeof(text)) == 0);
	/* the other way is still open */
	cr_assert(write(program, "answer", 6) == 6);
	turn(&channel, false);
	cr_assert(channel.sent_len == 6);
	finish(&channel, program);
}

Test(relay, output_is_done_only_when_everything_is_sent)
{
	struct channel channel;
	int program = start(&channel);

	channel.window = 3;
	cr_assert(write(program, "output", 6) == 6);
	close(program);
	relay_program_ended(&channel.relay);
	turn(&channel, false);
	cr_assert(channel.sent_len == 3 && !relay_output_is_done(&channel.relay));
	channel.window = 100;
	turn(&channel, false);
	turn(&channel, false);
	cr_assert(channel.sent_len == 6 && relay_output_is_done(&channel.relay));
	finish(&channel, -1);
}

Test(relay, standard_error_has_its_own_way)
{
	struct channel channel;
	int program = start(&channel), errors[2];

	cr_assert(pipe(errors) == 0);
	unblock(errors[0]);
	relay_start(&channel.relay, channel.relay.in_fd, channel.relay.in_fd, errors[0], false);
	cr_assert(write(errors[1], "oops", 4) == 4 && write(program, "fine", 4) == 4);
	turn(&channel, false);
	cr_assert(channel.sent_len == 4 && channel.stderr_len == 4 && memcmp(channel.stderr_text, "oops", 4) == 0);
	close(program);
	turn(&channel, false);
	cr_assert(!relay_output_is_done(&channel.relay));
	close(errors[1]);
	turn(&channel, false);
	cr_assert(relay_output_is_done(&channel.relay));
	finish(&channel, -1);
}

/* Returns the program's ends. */
static void start_pipes(struct channel *channel, int *ret_in, int *ret_out)
{
	int in[2], out[2];

	close(start(channel));
	relay_done(&channel->relay);
	cr_assert(pipe(in) == 0 && pipe(out) == 0);
	unblock(in[1]);
	unblock(out[0]);
	relay_init(&channel->relay, &ops, channel);
	relay_start(&channel->relay, in[1], out[0], -1, false);
	*ret_in = in[0];
	*ret_out = out[1];
}

Test(relay, pipes_end_one_by_one)
{
	struct channel channel;
	int in, out;
	char text[16] = "";

	start_pipes(&channel, &in, &out);
	packet_arrives(&channel, "first", 5);
	cr_assert(write(out, "said", 4) == 4);
	turn(&channel, false);
	cr_assert(channel.sent_len == 4);
	/* a program that has said everything may still read */
	close(out);
	turn(&channel, false);
	cr_assert(relay_output_is_done(&channel.relay));
	packet_arrives(&channel, "last", 4);
	relay_peer_eof(&channel.relay);
	turn(&channel, false);
	cr_assert(relay_input_is_done(&channel.relay));
	cr_assert(read(in, text, sizeof(text)) == 9);
	cr_assert_str_eq(text, "firstlast");
	cr_assert(read(in, text, sizeof(text)) == 0);
	finish(&channel, in);
}

Test(relay, pipes_give_up_a_program_that_reads_no_more)
{
	struct channel channel;
	int in, out;

	signal(SIGPIPE, SIG_IGN);
	start_pipes(&channel, &in, &out);
	close(in);
	packet_arrives(&channel, "nobody", 6);
	turn(&channel, false);
	packet_arrives(&channel, "listens", 7);
	turn(&channel, false);
	cr_assert(channel.held_at == channel.held_len && relay_input_is_done(&channel.relay));
	/* what it still says goes out */
	cr_assert(write(out, "still here", 10) == 10);
	turn(&channel, false);
	cr_assert(channel.sent_len == 10 && !relay_output_is_done(&channel.relay));
	finish(&channel, out);
}

Test(relay, a_program_that_reads_no_more_does_not_stop_the_client)
{
	struct channel channel;
	int program = start(&channel);

	signal(SIGPIPE, SIG_IGN);
	shutdown(program, SHUT_RD);
	packet_arrives(&channel, "nobody", 6);
	turn(&channel, false);
	packet_arrives(&channel, "listens", 7);
	turn(&channel, false);
	cr_assert(channel.held_at == channel.held_len && relay_input_is_done(&channel.relay));
	finish(&channel, program);
}

Test(relay, a_client_that_is_gone_gets_nothing_but_its_bytes_still_arrive)
{
	struct channel channel;
	int program = start(&channel);
	char text[16] = "";

	packet_arrives(&channel, "will", 4);
	relay_peer_gone(&channel.relay);
	cr_assert(write(program, "unheard", 7) == 7);
	turn(&channel, false);
	cr_assert(read(program, text, sizeof(text)) == 4);
	cr_assert_str_eq(text, "will");
	cr_assert(channel.sent_len == 0 && relay_input_is_done(&channel.relay));
	finish(&channel, program);
}

/* A pty in raw mode; returns the program's end. */
static int start_pty(struct channel *channel)
{
	int master, slave;
	struct termios raw;

	close(start(channel));
	relay_done(&channel->relay);
	cr_assert(openpty(&master, &slave, NULL, NULL, NULL) == 0);
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	unblock(master);
	relay_init(&channel->relay, &ops, channel);
	relay_start(&channel->relay, master, master, -1, true);
	return slave;
}

Test(relay, the_end_of_a_pty_is_an_error_that_means_end)
{
	struct channel channel;
	int slave = start_pty(&channel);

	cr_assert(write(slave, "bye", 3) == 3);
	close(slave);
	for (int i = 0; i < 10 && !relay_output_is_done(&channel.relay); i++)
		turn(&channel, false);
	cr_assert(channel.sent_len == 3 && relay_output_is_done(&channel.relay));
	finish(&channel, -1);
}

Test(relay, a_pty_held_open_ends_with_its_program_and_loses_nothing)
{
	static uint8_t many[3000];
	struct channel channel;
	int slave = start_pty(&channel);

	memset(many, 'x', sizeof(many));
	cr_assert(write(slave, many, sizeof(many)) == sizeof(many));
	channel.window = 100;
	relay_program_ended(&channel.relay);
	turn(&channel, false);
	cr_assert(!relay_output_is_done(&channel.relay));
	for (int i = 0; i < 100 && !relay_output_is_done(&channel.relay); i++) {
		channel.window += 100;
		turn(&channel, false);
	}
	/* the slave is still open here */
	cr_assert(channel.sent_len == sizeof(many) && relay_output_is_done(&channel.relay));
	finish(&channel, slave);
}

Test(relay, a_program_left_on_a_pty_cannot_talk_for_ever)
{
	static uint8_t many[4000];
	struct channel channel;
	int slave = start_pty(&channel);

	memset(many, 'x', sizeof(many));
	unblock(slave);
	relay_program_ended(&channel.relay);
	channel.window = 1;
	for (int i = 0; i < 2000000 && !relay_output_is_done(&channel.relay); i++) {
		cr_assert(write(slave, many, sizeof(many)) >= -1);
		channel.window = 4000;
		turn(&channel, false);
	}
	cr_assert(relay_output_is_done(&channel.relay));
	cr_assert(channel.sent_len <= RELAY_LATE_BYTES + sizeof(many));
	finish(&channel, slave);
}
