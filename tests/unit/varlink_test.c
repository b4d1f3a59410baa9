/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the Varlink codec, the server against peers that behave and peers that do not, and both clients.
 * Server and peers share one process: each wait turns the loop until the awaited thing is there, or fails
 * after a while.
 */
#include "base/varlink.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/unix_address.h"

#define GUARD_S 30 /* a wait longer than this is a failure */

static void json_auto(json_t **json)
{
	json_decref(*json);
}

/* ---- codec ---- */

static const char two_messages[] = "{\"method\":\"a.B\"}\0{\"x\":[1,\"\xc3\xa4\"]}";

Test(varlink_codec, messages_cut_anywhere)
{
	for (size_t cut = 0; cut <= sizeof(two_messages); cut++) {
		struct varlink_decoder decoder = { 0 };
		json_t *message[2];
		size_t count = 0;

		cr_assert_eq(varlink_decoder_feed(&decoder, two_messages, cut), 0);
		while (varlink_decoder_next(&decoder, &message[count]) == 1)
			count++;
		cr_assert_eq(varlink_decoder_feed(&decoder, two_messages + cut, sizeof(two_messages) - cut),
			     0);
		while (count < 2 && varlink_decoder_next(&decoder, &message[count]) == 1)
			count++;
		cr_assert_eq(count, 2, "cut at %zu", cut);
		cr_assert_str_eq(json_string_value(json_object_get(message[0], "method")), "a.B");
		cr_assert_eq(json_array_size(json_object_get(message[1], "x")), 2);
		json_decref(message[0]);
		json_decref(message[1]);
		cr_assert_eq(varlink_decoder_next(&decoder, &message[0]), 0);
		varlink_decoder_done(&decoder);
	}
}

Test(varlink_codec, what_is_no_object)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ "", 1 },
		{ "{", 2 },
		{ "[]", 3 },
		{ "null", 5 },
		{ "{}{}", 5 },
		{ "{\"a\":1,\"a\":2}", 14 },
		{ "{\"a\":\"\xff\"}", 10 },
		{ "GET / HTTP/1.1\r\n\r\n", 19 },
		{ "{\"a\":99999999999999999999}", 27 },
		{ "{\"a\":\"\\u0000\"}", 15 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct varlink_decoder decoder = { 0 };
		json_t *message = NULL;

		cr_assert_eq(varlink_decoder_feed(&decoder, rows[i].text, rows[i].len), 0);
		cr_assert_eq(varlink_decoder_next(&decoder, &message), -EPROTO, "row %zu", i);
		cr_assert_null(message);
		varlink_decoder_done(&decoder);
	}
}

Test(varlink_codec, length_limit)
{
	const size_t max = VARLINK_MESSAGE_MAX_BYTES;
	char *bytes = malloc(max + 2);
	struct varlink_decoder decoder = { 0 };
	json_t *message = NULL;

	memset(bytes, ' ', max + 2);
	memcpy(bytes, "{}", 2);
	cr_assert_eq(varlink_decoder_feed(&decoder, bytes, max + 1), -EMSGSIZE);
	/* exactly the maximum, in pieces, with the start of the next behind */
	for (size_t at = 0; at < max; at += max / 16)
		cr_assert_eq(varlink_decoder_feed(&decoder, bytes + at, max / 16), 0);
	cr_assert_eq(varlink_decoder_next(&decoder, &message), 0);
	cr_assert_eq(varlink_decoder_feed(&decoder, "", 1), 0);
	cr_assert_eq(varlink_decoder_feed(&decoder, bytes, max), 0);
	cr_assert_eq(varlink_decoder_next(&decoder, &message), 1);
	json_decref(message);
	cr_assert_eq(varlink_decoder_next(&decoder, &message), 0);
	cr_assert_eq(varlink_decoder_feed(&decoder, " ", 1), -EMSGSIZE);
	/* a refused feed changed nothing */
	cr_assert_eq(varlink_decoder_feed(&decoder, "", 1), 0);
	cr_assert_eq(varlink_decoder_next(&decoder, &message), 1);
	json_decref(message);
	varlink_decoder_done(&decoder);
	free(bytes);
}

Test(varlink_codec, too_many_values)
{
	const size_t values = 600000, len = 2 * values + 8;
	char *text = malloc(len + 1);
	struct varlink_decoder decoder = { 0 };
	json_t *message = NULL;

	/* as text they are harmless, as values they are not */
	memset(text, ',', len);
	memcpy(text, "{\"a\":\"\\\"", 8);
	memcpy(text + len - 2, "\"}", 3);
	cr_assert_eq(varlink_decoder_feed(&decoder, text, len + 1), 0);
	cr_assert_eq(varlink_decoder_next(&decoder, &message), 1);
	json_decref(message);
	memcpy(text, "{\"a\":[0,", 8);
	for (size_t i = 6; i < len - 3; i += 2)
		text[i] = '0';
	memcpy(text + len - 3, " ]}", 4);
	message = json_loads(text, 0, NULL);
	cr_assert_not_null(message, "it is JSON, and refused only for its size");
	json_decref(message);
	cr_assert_eq(varlink_decoder_feed(&decoder, text, len + 1), 0);
	cr_assert_eq(varlink_decoder_next(&decoder, &message), -EPROTO);
	varlink_decoder_done(&decoder);
	free(text);
}

/* ---- a world with one server ---- */

static struct event_base *base;
static struct varlink_server *server;
static char dir[] = "/tmp/sallyport-varlink-XXXXXX", path[64];
static bool guard_fired;

static struct varlink_call *kept[4]; /* calls of t.Keep, in order */
static size_t kept_len, gone_count;

static void handle_echo(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	cr_assert_eq(userdata, &kept_len);
	varlink_reply(call, json_deep_copy(parameters));
}

static void handle_keep(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	(void)parameters;
	(void)userdata;
	kept[kept_len++] = call;
}

static void on_gone(void *userdata)
{
	cr_assert_eq(userdata, &gone_count);
	gone_count++;
}

static void handle_keep_until_gone(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	handle_keep(call, parameters, userdata);
	varlink_call_on_gone(call, on_gone, &gone_count);
}

static void handle_count(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	(void)userdata;
	if (!varlink_call_wants_more(call)) {
		cr_assert_eq(varlink_reply_continues(call, NULL), -EINVAL);
		varlink_error(call, "org.varlink.service.ExpectedMore", NULL);
		return;
	}
	for (json_int_t i = 1; i < json_integer_value(json_object_get(parameters, "to")); i++)
		cr_assert_eq(varlink_reply_continues(call, json_pack("{s:I}", "i", i)), 0);
	cr_assert_eq(varlink_reply(call, json_pack("{s:s}", "i", "last")), 0);
}

static void handle_refuse(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	(void)userdata;
	if (json_object_get(parameters, "what"))
		varlink_error_parameter(call, "what");
	else
		varlink_error_permission(call);
}

static void handle_peer(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct ucred *peer = varlink_call_peer(call);

	(void)parameters;
	(void)userdata;
	varlink_reply(call, json_pack("{s:i, s:i}", "pid", (int)peer->pid, "uid", (int)peer->uid));
}

static json_t *large_text(size_t len)
{
	char *text = malloc(len);
	json_t *json;

	memset(text, 'x', len);
	json = json_pack("{s:s%}", "text", text, len);
	free(text);
	return json;
}

static void handle_large(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	size_t len = (size_t)json_integer_value(json_object_get(parameters, "bytes"));

	(void)userdata;
	varlink_reply(call, large_text(len));
}

static const struct varlink_method methods[] = {
	{ "Echo", handle_echo },
	{ "Keep", handle_keep },
	{ "KeepUntilGone", handle_keep_until_gone },
	{ "Count", handle_count },
	{ "Refuse", handle_refuse },
	{ "Peer", handle_peer },
	{ "Large", handle_large },
	{ NULL },
};
static const struct varlink_interface interfaces[] = {
	{ .name = "org.other.t", .methods = methods + ARRAY_SIZE(methods) - 1 },
	{ .name = "org.t", .methods = methods },
	{ NULL },
};

static void on_guard(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	(void)userdata;
	guard_fired = true;
}

static void start(void)
{
	const struct timeval guard = { .tv_sec = GUARD_S };
	struct err err = { "" };

	base = event_base_new();
	cr_assert_not_null(base);
	cr_assert_eq(event_base_once(base, -1, EV_TIMEOUT, on_guard, NULL, &guard), 0);
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(chmod(dir, 0755), 0);
	snprintf(path, sizeof(path), "%s/t", dir);
	cr_assert_eq(varlink_server_new(base, path, 0666, interfaces, &kept_len, &server, &err), 0, "%s",
		     err.text);
}

static void stop(void)
{
	varlink_server_free(server);
	event_base_free(base);
	libevent_global_shutdown();
	cr_assert_eq(rmdir(dir), 0, "something was left in %s", dir);
}

TestSuite(varlink_server, .init = start, .fini = stop);
TestSuite(varlink_client, .init = start, .fini = stop);
TestSuite(varlink_link, .init = start, .fini = stop);

#define turn_until(condition)                                                                   \
	do {                                                                                    \
		while (!(condition)) {                                                          \
			cr_assert(!guard_fired, "waited in vain for: %s", #condition);          \
			cr_assert_geq(event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0); \
		}                                                                               \
	} while (0)

/* Everything that can happen without new input has happened. */
static void turn_idle(void)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* ---- peers: raw sockets ---- */

static int peer_connect(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0, "%s", strerror(errno));
	return fd;
}

/* Sends a text with its NUL. */
static void peer_say(int fd, const char *text)
{
	cr_assert_eq(send(fd, text, strlen(text) + 1, MSG_NOSIGNAL), (ssize_t)strlen(text) + 1);
}

static bool peer_readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1;
}

/* The next message the peer gets, compact. */
static const char *peer_hear(int fd)
{
	static char text[65536];
	size_t len = 0;

	do {
		turn_until(peer_readable(fd));
		cr_assert_eq(recv(fd, text + len, 1, 0), 1, "closed after: %.*s", (int)len, text);
	} while (text[len++] != '\0' && len < sizeof(text));
	return text;
}

static bool peer_closed(int fd)
{
	char byte;
	ssize_t got = recv(fd, &byte, 1, MSG_PEEK);

	return got == 0 || (got < 0 && errno != EAGAIN);
}

Test(varlink_server, calls_in_any_pieces)
{
	AUTO(close) int fd = peer_connect();
	const char *call = "{\"method\":\"org.t.Echo\",\"parameters\":{\"a\":[5,\"\xc3\xa4\"]}}";

	for (size_t i = 0; i <= strlen(call); i++) {
		cr_assert_eq(send(fd, call + i, 1, 0), 1);
		turn_idle();
	}
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{\"a\":[5,\"\xc3\xa4\"]}}");
	peer_say(fd, "{\"method\":\"org.t.Echo\"}");
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{}}");
	peer_say(fd, "{\"method\":\"org.t.Echo\",\"parameters\":null,\"more\":null,\"oneway\":false,"
		     "\"future\":1}");
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{}}");
}

Test(varlink_server, pipelined_calls_are_answered_in_order)
{
	AUTO(close) int fd = peer_connect();

	peer_say(fd, "{\"method\":\"org.t.Keep\"}");
	peer_say(fd, "{\"method\":\"org.t.Keep\"}");
	peer_say(fd, "{\"method\":\"org.t.Echo\",\"parameters\":{\"n\":3}}");
	turn_until(kept_len == 1);
	turn_idle();
	cr_assert_eq(kept_len, 1, "the second began before the first was answered");
	cr_assert(!peer_readable(fd));
	cr_assert_eq(varlink_reply(kept[0], json_pack("{s:i}", "n", 1)), 0);
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{\"n\":1}}");
	turn_until(kept_len == 2);
	cr_assert(!peer_readable(fd));
	cr_assert_eq(varlink_reply(kept[1], json_pack("{s:i}", "n", 2)), 0);
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{\"n\":2}}");
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{\"n\":3}}");
}

Test(varlink_server, oneway_is_never_answered)
{
	AUTO(close) int fd = peer_connect();

	peer_say(fd, "{\"method\":\"org.t.Echo\",\"oneway\":true}");
	peer_say(fd, "{\"method\":\"org.t.No\",\"oneway\":true}");
	peer_say(fd, "{\"method\":\"org.t.Keep\",\"oneway\":true,\"more\":true}");
	peer_say(fd, "{\"method\":\"org.t.Echo\",\"parameters\":{\"n\":4}}");
	turn_until(kept_len == 1);
	cr_assert(!varlink_call_wants_more(kept[0]));
	cr_assert_eq(varlink_reply(kept[0], NULL), 0);
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{\"n\":4}}");
}

Test(varlink_server, more)
{
	AUTO(close) int fd = peer_connect();

	peer_say(fd, "{\"method\":\"org.t.Count\",\"more\":true,\"parameters\":{\"to\":3}}");
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{\"i\":1},\"continues\":true}");
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{\"i\":2},\"continues\":true}");
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{\"i\":\"last\"}}");
	peer_say(fd, "{\"method\":\"org.t.Count\"}");
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{},\"error\":\"org.varlink.service.ExpectedMore\"}");
}

Test(varlink_server, standard_errors)
{
	static const struct {
		const char *call, *answer;
	} rows[] = {
		{ "{\"method\":\"org.t.No\"}", "{\"parameters\":{\"method\":\"org.t.No\"},\"error\":\"org."
					       "varlink.service.MethodNotFound\"}" },
		{ "{\"method\":\"org.other.t.Echo\"}", "{\"parameters\":{\"method\":\"org.other.t.Echo\"},"
						       "\"error\":\"org.varlink.service.MethodNotFound\"}" },
		{ "{\"method\":\"org.unknown.Echo\"}",
		  "{\"parameters\":{\"interface\":\"org.unknown\"},\"error\":\"org.varlink.service."
		  "InterfaceNotFound\"}" },
		{ "{\"method\":\"\"}", "{\"parameters\":{\"interface\":\"\"},\"error\":\"org.varlink.service."
				       "InterfaceNotFound\"}" },
		{ "{\"method\":\"org.t\"}", "{\"parameters\":{\"interface\":\"org\"},\"error\":\"org.varlink."
					    "service.InterfaceNotFound\"}" },
		{ "{\"method\":\"org.t.Echo\",\"parameters\":[]}",
		  "{\"parameters\":{\"parameter\":\"parameters\"},\"error\":\"org.varlink.service."
		  "InvalidParameter\"}" },
		{ "{\"method\":\"org.t.Echo\",\"upgrade\":true}",
		  "{\"parameters\":{\"parameter\":\"upgrade\"},\"error\":\"org.varlink.service."
		  "InvalidParameter\"}" },
		{ "{\"method\":\"org.t.Refuse\",\"parameters\":{\"what\":1}}",
		  "{\"parameters\":{\"parameter\":\"what\"},\"error\":\"org.varlink.service."
		  "InvalidParameter\"}" },
		{ "{\"method\":\"org.t.Refuse\"}",
		  "{\"parameters\":{},\"error\":\"org.varlink.service.PermissionDenied\"}" },
	};
	AUTO(close) int fd = peer_connect();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		peer_say(fd, rows[i].call);
		cr_assert_str_eq(peer_hear(fd), rows[i].answer);
	}
}

struct sample {
	int colour;
	char name[8];
};
static const char *const colours[] = { "red", "dark-blue", NULL };
static const struct field sample_fields[] = {
	FIELD_ENUM_OF(struct sample, colour, colours, "What it looks like"),
	FIELD_OF(FIELD_STR, struct sample, name, "What it is called"),
	FIELD_END,
};

Test(varlink_describe, says_types_methods_and_errors_in_this_order)
{
	static const struct varlink_type types[] = {
		{ "Sample", sample_fields, .help = "A thing." },
		{ "Pair", .members = "one: Sample, other: ?Sample" },
		{ NULL },
	};
	static const struct varlink_method some[] = {
		{ "Find", handle_echo, "name: string, colour: ?string, limit: ?int, since_us: ?int, until_us: ?int",
		  "found: []Sample",
		  "Looks for things, and says in more than one line of the page that there is something to be said "
		  "about it." },
		{ NULL },
	};
	static const struct varlink_type errors[] = { { "Gone", .members = "name: string" }, { "Shut" }, { NULL } };
	static const struct varlink_interface interface = {
		.name = "org.sample", .help = "Samples.", .types = types, .methods = some, .errors = errors,
	};
	char *text = varlink_describe(&interface);

	cr_assert_str_eq(text,
			 "# Samples.\n"
			 "interface org.sample\n"
			 "\n"
			 "# A thing.\n"
			 "type Sample (\n"
			 "  # What it looks like: red, dark-blue\n"
			 "  colour: string,\n"
			 "  # What it is called\n"
			 "  name: string\n"
			 ")\n"
			 "\n"
			 "type Pair (one: Sample, other: ?Sample)\n"
			 "\n"
			 "# Looks for things, and says in more than one line of the page that there is something to be said\n"
			 "# about it.\n"
			 "method Find(name: string, colour: ?string, limit: ?int, since_us: ?int, until_us: ?int)\n"
			 "  -> (found: []Sample)\n"
			 "\n"
			 "error Gone (name: string)\n"
			 "\n"
			 "error Shut ()\n",
			 "%s", text);
	free(text);
}

Test(varlink_server, describes_itself)
{
	AUTO(close) int fd = peer_connect();

	peer_say(fd, "{\"method\":\"org.varlink.service.GetInfo\"}");
	cr_assert_not_null(
		strstr(peer_hear(fd), "\"interfaces\":[\"org.varlink.service\",\"org.other.t\",\"org.t\"]"));
	peer_say(fd, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		     "\"parameters\":{\"interface\":\"org.t\"}}");
	cr_assert_not_null(strstr(peer_hear(fd), "{\"parameters\":{\"description\":\"interface org.t\\n\\n"
						"method Echo() -> ()\\n\\nmethod Keep() -> ()\\n"));
	peer_say(fd, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		     "\"parameters\":{\"interface\":\"org.varlink.service\"}}");
	cr_assert_not_null(strstr(peer_hear(fd), "error InterfaceNotFound"));
	peer_say(fd, "{\"method\":\"org.varlink.service.GetInterfaceDescription\"}");
	cr_assert_not_null(strstr(peer_hear(fd), "{\"parameter\":\"interface\"}"));
	peer_say(fd, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		     "\"parameters\":{\"interface\":\"org.x\"}}");
	cr_assert_not_null(strstr(peer_hear(fd), "InterfaceNotFound"));
}

Test(varlink_server, knows_its_peer)
{
	AUTO(close) int fd = peer_connect();
	char wanted[80];

	snprintf(wanted, sizeof(wanted), "{\"parameters\":{\"pid\":%d,\"uid\":%u}}", getpid(), geteuid());
	peer_say(fd, "{\"method\":\"org.t.Peer\"}");
	cr_assert_str_eq(peer_hear(fd), wanted);
}

Test(varlink_server, broken_peers_are_closed_and_others_served)
{
	static const char *const junk[] = {
		"SSH-2.0-x\r\n",
		"[]",
		"{}",
		"{\"method\":7}",
		"{\"method\":\"org.t.Echo\",\"more\":1}",
		"{\"method\":\"org.t.Echo\",\"oneway\":\"yes\"}",
	};
	AUTO(close) int good = peer_connect();

	for (size_t i = 0; i < ARRAY_SIZE(junk); i++) {
		AUTO(close) int bad = peer_connect();

		peer_say(bad, junk[i]);
		turn_until(peer_closed(bad));
	}
	peer_say(good, "{\"method\":\"org.t.Echo\"}");
	cr_assert_str_eq(peer_hear(good), "{\"parameters\":{}}");
}

/* Half a message, and then nothing or the end. */
Test(varlink_server, half_messages)
{
	int half = peer_connect(), reset = peer_connect();
	AUTO(close) int waiting = peer_connect(), good = peer_connect();

	cr_assert_gt(send(half, "{\"meth", 6, 0), 0);
	cr_assert_gt(send(reset, "{\"meth", 6, 0), 0);
	cr_assert_gt(send(waiting, "{\"meth", 6, 0), 0);
	turn_idle();
	shutdown(half, SHUT_WR);
	turn_until(peer_closed(half));
	close(half);
	close(reset);
	peer_say(good, "{\"method\":\"org.t.Echo\"}");
	cr_assert_str_eq(peer_hear(good), "{\"parameters\":{}}");
	cr_assert(!peer_closed(waiting));
}

Test(varlink_server, half_closed_peers_get_their_answers)
{
	AUTO(close) int fd = peer_connect();

	peer_say(fd, "{\"method\":\"org.t.Keep\"}");
	peer_say(fd, "{\"method\":\"org.t.Echo\",\"parameters\":{\"n\":2}}");
	shutdown(fd, SHUT_WR);
	turn_until(kept_len == 1);
	turn_idle();
	varlink_reply(kept[0], NULL);
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{}}");
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{\"n\":2}}");
	turn_until(peer_closed(fd));
}

Test(varlink_server, gone_is_told_once_and_ends_the_call)
{
	int fd = peer_connect(), half = peer_connect();

	peer_say(fd, "{\"method\":\"org.t.KeepUntilGone\"}");
	peer_say(half, "{\"method\":\"org.t.KeepUntilGone\"}");
	shutdown(half, SHUT_WR);
	turn_until(kept_len == 2);
	turn_idle();
	cr_assert_eq(gone_count, 0);
	close(fd);
	turn_until(gone_count == 1);
	/* one that had ended its own direction before */
	close(half);
	turn_until(gone_count == 2);
	turn_idle();
	cr_assert_eq(gone_count, 2);
}

Test(varlink_server, gone_is_noticed_behind_a_full_pipeline)
{
	int fd = peer_connect();
	char spaces[4096];

	memset(spaces, ' ', sizeof(spaces));
	peer_say(fd, "{\"method\":\"org.t.KeepUntilGone\"}");
	turn_until(kept_len == 1);
	/* until the server stopped reading and the socket is full */
	for (int full = 0; full < 50; full++) {
		if (send(fd, spaces, sizeof(spaces), MSG_NOSIGNAL) > 0)
			full = 0;
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	cr_assert_eq(gone_count, 0);
	close(fd);
	turn_until(gone_count == 1);
}

Test(varlink_server, answered_calls_are_not_told_gone)
{
	int fd = peer_connect();

	peer_say(fd, "{\"method\":\"org.t.KeepUntilGone\"}");
	turn_until(kept_len == 1);
	cr_assert_eq(varlink_reply(kept[0], NULL), 0);
	close(fd);
	turn_idle();
	cr_assert_eq(gone_count, 0);
}

/* Without on_gone the call outlives its peer until it is answered; the sanitizer watches. SIGPIPE would end
 * the test. */
Test(varlink_server, late_replies_are_dropped)
{
	int fd = peer_connect();

	signal(SIGPIPE, SIG_DFL);
	for (size_t i = 0; i < 3; i++) {
		peer_say(fd, "{\"method\":\"org.t.Keep\",\"more\":true}");
		turn_until(kept_len == i + 1);
		close(fd);
		turn_idle();
		fd = peer_connect();
	}
	cr_assert_eq(varlink_reply_continues(kept[0], NULL), -EPIPE);
	cr_assert_eq(varlink_call_peer(kept[0])->pid, getpid());
	cr_assert_eq(varlink_reply(kept[0], json_pack("{s:i}", "n", 1)), -EPIPE);
	cr_assert_eq(varlink_error_permission(kept[1]), -EPIPE);
	/* asked for when it has happened already */
	varlink_call_on_gone(kept[2], on_gone, &gone_count);
	cr_assert_eq(gone_count, 0);
	turn_until(gone_count == 1);
	/* a reply to a peer that has just gone, before the loop knows */
	peer_say(fd, "{\"method\":\"org.t.Keep\"}");
	turn_until(kept_len == 4);
	close(fd);
	cr_assert_eq(varlink_reply(kept[3], NULL), -EPIPE);
}

Test(varlink_server, freed_with_calls_open)
{
	AUTO(close) int first = peer_connect(), second = peer_connect();
	int third = peer_connect();

	peer_say(first, "{\"method\":\"org.t.KeepUntilGone\"}");
	turn_until(kept_len == 1);
	peer_say(second, "{\"method\":\"org.t.Keep\"}");
	turn_until(kept_len == 2);
	peer_say(third, "{\"method\":\"org.t.Keep\"}");
	turn_until(kept_len == 3);
	close(third);
	turn_idle();
	varlink_server_free(server);
	server = NULL;
	cr_assert_eq(gone_count, 1);
	cr_assert_eq(varlink_reply(kept[1], NULL), -EPIPE);
	cr_assert_eq(varlink_reply(kept[2], NULL), -EPIPE);
	cr_assert(peer_closed(first) && peer_closed(second));
}

Test(varlink_server, a_peer_that_does_not_read_is_closed)
{
	AUTO(close) int fd = peer_connect();
	size_t sent = 0;
	int r = 0;

	peer_say(fd, "{\"method\":\"org.t.KeepUntilGone\",\"more\":true}");
	turn_until(kept_len == 1);
	while (r == 0 && sent < 3 * VARLINK_MESSAGE_MAX_BYTES) {
		r = varlink_reply_continues(kept[0], large_text(1 << 20));
		sent += 1 << 20;
	}
	cr_assert_eq(r, -ENOBUFS);
	cr_assert_geq(sent, 2 * VARLINK_MESSAGE_MAX_BYTES);
	cr_assert_eq(gone_count, 0, "the call ended below the handler");
	cr_assert_eq(varlink_reply_continues(kept[0], NULL), -EPIPE);
	turn_until(gone_count == 1);
}

/* Nobody reads, so at some point no further call may be handled, and memory stays small. */
Test(varlink_server, calls_wait_while_answers_are_unread)
{
	AUTO(close) int fd = peer_connect();
	const char *call = "{\"method\":\"org.t.Large\",\"parameters\":{\"bytes\":100000}}";
	int calls = 0, stuck = 0, answers = 0, nuls = 0;
	char bytes[65536];
	ssize_t got;

	while (stuck < 50 && calls < 20000) {
		if (send(fd, call, strlen(call) + 1, MSG_NOSIGNAL) > 0) {
			calls++;
			stuck = 0;
		} else {
			stuck++;
		}
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	cr_assert_lt(calls, 20000, "the server takes calls without end");
	/* and all of them are answered when the peer reads at last */
	while (answers < calls) {
		turn_until(peer_readable(fd));
		got = recv(fd, bytes, sizeof(bytes), 0);
		cr_assert_gt(got, 0);
		for (nuls = 0; got > 0; got--)
			nuls += bytes[got - 1] == '\0';
		answers += nuls;
	}
}

Test(varlink_server, largest_reply_and_one_beyond)
{
	AUTO(close) int fd = peer_connect();
	size_t want = VARLINK_MESSAGE_MAX_BYTES + 1, len = 0; /* with its NUL */
	char call[100], *bytes = malloc(want);
	ssize_t got;

	/* {"parameters":{"text":"…"}} */
	snprintf(call, sizeof(call), "{\"method\":\"org.t.Large\",\"parameters\":{\"bytes\":%zu}}",
		 want - 1 - 26);
	peer_say(fd, call);
	while (len < want) {
		turn_until(peer_readable(fd));
		got = recv(fd, bytes + len, want - len, 0);
		cr_assert_gt(got, 0);
		len += (size_t)got;
	}
	cr_assert_eq(bytes[want - 1], '\0');
	cr_assert_eq(memchr(bytes, '\0', want), bytes + want - 1);
	free(bytes);
	snprintf(call, sizeof(call), "{\"method\":\"org.t.Large\",\"parameters\":{\"bytes\":%zu}}",
		 want - 26);
	peer_say(fd, call);
	cr_assert_str_eq(peer_hear(fd), "{\"error\":\"org.sallyport.ReplyTooLarge\"}");
	peer_say(fd, "{\"method\":\"org.t.Echo\"}");
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{}}");
}

Test(varlink_server, too_long_a_message_closes)
{
	AUTO(close) int fd = peer_connect();
	char spaces[65536];
	size_t sent = 0;
	ssize_t r;

	memset(spaces, ' ', sizeof(spaces));
	while (!peer_closed(fd) && sent <= 2 * VARLINK_MESSAGE_MAX_BYTES) {
		r = send(fd, spaces, sizeof(spaces), MSG_NOSIGNAL);
		sent += r > 0 ? (size_t)r : 0;
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	cr_assert_gt(sent, VARLINK_MESSAGE_MAX_BYTES);
	cr_assert_leq(sent, VARLINK_MESSAGE_MAX_BYTES + 10 * sizeof(spaces));
}

static void raise_files(rlim_t count)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < count)
		cr_skip_test("needs %ju descriptors", (uintmax_t)count);
	limit.rlim_cur = count;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

Test(varlink_server, one_connection_too_many)
{
	static int fds[VARLINK_CONNECTIONS_MAX];

	raise_files(2 * VARLINK_CONNECTIONS_MAX + 64);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = peer_connect();
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	peer_say(fds[0], "{\"method\":\"org.t.Echo\"}");
	cr_assert_str_eq(peer_hear(fds[0]), "{\"parameters\":{}}");
	{
		AUTO(close) int refused = peer_connect();

		turn_until(peer_closed(refused));
	}
	close(fds[0]);
	turn_idle();
	fds[0] = peer_connect();
	peer_say(fds[0], "{\"method\":\"org.t.Echo\"}");
	cr_assert_str_eq(peer_hear(fds[0]), "{\"parameters\":{}}");
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

static int peer_connect_as(uid_t uid)
{
	int fd;

	cr_assert_eq(seteuid(uid), 0);
	fd = peer_connect();
	cr_assert_eq(seteuid(0), 0);
	turn_idle();
	return fd;
}

Test(varlink_server, one_user_cannot_take_all_connections)
{
	int fds[VARLINK_UID_CONNECTIONS_MAX + 1];

	if (geteuid() != 0)
		cr_skip_test("needs root");
	raise_files(1024);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = peer_connect_as(54321);
	turn_until(peer_closed(fds[VARLINK_UID_CONNECTIONS_MAX]));
	cr_assert(!peer_closed(fds[VARLINK_UID_CONNECTIONS_MAX - 1]));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	{
		AUTO(close) int other = peer_connect_as(54322);

		peer_say(other, "{\"method\":\"org.t.Echo\"}");
		cr_assert_str_eq(peer_hear(other), "{\"parameters\":{}}");
	}
}

/* Sends bytes that end no message; false when the server closed. */
static bool peer_fill(int fd, size_t bytes)
{
	static char spaces[65536];
	size_t sent = 0;
	ssize_t r;

	memset(spaces, ' ', sizeof(spaces));
	while (sent < bytes && !peer_closed(fd)) {
		r = send(fd, spaces, sizeof(spaces), MSG_NOSIGNAL);
		sent += r > 0 ? (size_t)r : 0;
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	turn_idle();
	return !peer_closed(fd);
}

Test(varlink_server, one_user_cannot_fill_the_memory)
{
	int fds[3];

	if (geteuid() != 0)
		cr_skip_test("needs root");
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = peer_connect_as(54321);
	cr_assert(peer_fill(fds[0], 12 << 20));
	cr_assert(peer_fill(fds[1], 12 << 20));
	cr_assert(!peer_fill(fds[2], 12 << 20));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	turn_idle();
	fds[0] = peer_connect_as(54321);
	cr_assert(peer_fill(fds[0], 12 << 20), "what was freed is still counted");
	close(fds[0]);
}

Test(varlink_server, short_of_descriptors_is_waited_out)
{
	struct rlimit limit, small;
	int low = dup(0), fd = peer_connect();

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	small = limit;
	small.rlim_cur = (rlim_t)low; /* no number is left for a new one */
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &small), 0);
	peer_say(fd, "{\"method\":\"org.t.Echo\"}");
	turn_idle();
	cr_assert(!peer_readable(fd));
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{}}");
	close(fd);
	close(low);
}

/* ---- the socket ---- */

Test(varlink_server, socket_file)
{
	struct varlink_server *other = NULL;
	struct err err = { "" };
	char file[80];
	struct stat st;

	umask(077);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert(S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0666);
	/* the next daemon replaces it, and ours leaves that one alone */
	cr_assert_eq(varlink_server_new(base, path, 0640, interfaces, &kept_len, &other, &err), 0, "%s",
		     err.text);
	cr_assert(stat(path, &st) == 0 && (st.st_mode & 0777) == 0640);
	varlink_server_free(server);
	server = NULL;
	{
		AUTO(close) int fd = peer_connect();

		peer_say(fd, "{\"method\":\"org.t.Echo\"}");
		cr_assert_str_eq(peer_hear(fd), "{\"parameters\":{}}");
	}
	varlink_server_free(other);
	cr_assert_neq(access(path, F_OK), 0);
	/* what is no socket is not ours to remove */
	snprintf(file, sizeof(file), "%s/file", dir);
	close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	cr_assert_eq(varlink_server_new(base, file, 0600, interfaces, NULL, &other, &err), -EEXIST);
	cr_assert_not_null(strstr(err.text, file));
	cr_assert_eq(unlink(file), 0);
	cr_assert_eq(varlink_server_new(base, "/nowhere/at/all", 0600, interfaces, NULL, &other, &err),
		     -ENOENT);
	cr_assert_eq(varlink_server_new(base, "/tmp/", 0600, interfaces, NULL, &other, &err), -EINVAL);
}

/* ---- the clients ---- */

/* The server in a process of its own, for the client that blocks. */
static pid_t serve(void)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid > 0)
		return pid;
	event_reinit(base);
	while (!guard_fired)
		event_base_loop(base, EVLOOP_ONCE);
	_exit(1);
}

static void serve_end(pid_t pid)
{
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(varlink_client, calls)
{
	pid_t pid = serve();
	struct varlink_client *client = NULL;
	AUTO(json) json_t *reply = NULL, *refused = NULL;
	AUTO(free) char *error = NULL;
	struct err err = { "" };

	cr_assert_eq(varlink_client_open(path, 5000, &client, &err), 0, "%s", err.text);
	cr_assert_eq(varlink_client_call(client, "org.t.Echo", json_pack("{s:i}", "n", 6), 5000, &reply,
					 &error, &err),
		     0, "%s", err.text);
	cr_assert_eq(json_integer_value(json_object_get(reply, "n")), 6);
	cr_assert_null(error);
	cr_assert_eq(varlink_client_call(client, "org.t.Refuse", json_pack("{s:s}", "what", "\x7f"), 5000,
					 &refused, &error, &err),
		     -EREMOTEIO);
	cr_assert_str_eq(error, "org.varlink.service.InvalidParameter");
	cr_assert_str_eq(json_string_value(json_object_get(refused, "parameter")), "what");
	cr_assert_str_eq(err.text, "org.varlink.service.InvalidParameter {\"parameter\":\"what\"}");
	/* an error ends nothing, and nobody has to take the results */
	cr_assert_eq(varlink_client_call(client, "org.t.Echo", NULL, 0, NULL, NULL, NULL), 0);
	cr_assert_eq(varlink_client_call(client, "org.t.No", NULL, 0, NULL, NULL, NULL), -EREMOTEIO);
	varlink_client_free(client);
	serve_end(pid);
}

Test(varlink_client, large_both_ways)
{
	pid_t pid = serve();
	struct varlink_client *client = NULL;
	AUTO(json) json_t *reply = NULL;
	struct err err = { "" };

	cr_assert_eq(varlink_client_open(path, 5000, &client, &err), 0, "%s", err.text);
	cr_assert_eq(varlink_client_call(client, "org.t.Echo", large_text(15 << 20), 30000, &reply, NULL,
					 &err),
		     0, "%s", err.text);
	cr_assert_eq(json_string_length(json_object_get(reply, "text")), 15 << 20);
	cr_assert_eq(varlink_client_call(client, "org.t.Echo", large_text(17 << 20), 5000, NULL, NULL, &err),
		     -EMSGSIZE);
	/* nothing was sent, so the connection is still good */
	cr_assert_eq(varlink_client_call(client, "org.t.Echo", NULL, 5000, NULL, NULL, &err), 0);
	varlink_client_free(client);
	serve_end(pid);
}

static int sum_replies(const json_t *parameters, void *userdata)
{
	*(json_int_t *)userdata += json_integer_value(json_object_get(parameters, "i"));
	return *(json_int_t *)userdata > 100 ? -ECANCELED : 0;
}

Test(varlink_client, more)
{
	pid_t pid = serve();
	struct varlink_client *client = NULL;
	struct err err = { "" };
	json_int_t sum = 0;

	cr_assert_eq(varlink_client_open(path, 5000, &client, &err), 0, "%s", err.text);
	cr_assert_eq(varlink_client_call_more(client, "org.t.Count", json_pack("{s:i}", "to", 5), 5000,
					      sum_replies, &sum, &err),
		     0, "%s", err.text);
	cr_assert_eq(sum, 1 + 2 + 3 + 4);
	cr_assert_eq(varlink_client_call_more(client, "org.t.Refuse", NULL, 5000, sum_replies, &sum, &err),
		     -EREMOTEIO);
	cr_assert_not_null(strstr(err.text, "PermissionDenied"));
	cr_assert_eq(varlink_client_call_more(client, "org.t.Count", json_pack("{s:i}", "to", 50), 5000,
					      sum_replies, &sum, &err),
		     -ECANCELED);
	/* replies are under way that nobody asked for now */
	cr_assert_eq(varlink_client_call(client, "org.t.Echo", json_object(), 5000, NULL, NULL, &err),
		     -ENOTCONN);
	varlink_client_free(client);
	serve_end(pid);
}

Test(varlink_client, timeout_and_after)
{
	pid_t pid = serve();
	struct varlink_client *client = NULL;
	struct err err = { "" };

	cr_assert_eq(varlink_client_open(path, 5000, &client, &err), 0, "%s", err.text);
	cr_assert_eq(varlink_client_call(client, "org.t.Keep", NULL, 50, NULL, NULL, &err), -ETIMEDOUT);
	cr_assert_not_null(strstr(err.text, "org.t.Keep"));
	cr_assert_eq(varlink_client_call(client, "org.t.Echo", NULL, 50, NULL, NULL, &err), -ENOTCONN);
	varlink_client_free(client);
	serve_end(pid);
}

Test(varlink_client, nobody_there)
{
	struct varlink_client *client = NULL;
	struct err err = { "" };
	char absent[80];

	snprintf(absent, sizeof(absent), "%s/absent", dir);
	cr_assert_eq(varlink_client_open(absent, 100, &client, &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, absent));
	snprintf(absent, sizeof(absent), "%s/no/dir", dir);
	cr_assert_eq(varlink_client_open(absent, 100, &client, &err), -ENOENT);
	{
		/* a socket file whose daemon was killed */
		struct sockaddr_un sun = { .sun_family = AF_UNIX };
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/dead", dir);
		cr_assert_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
		close(fd);
		cr_assert_eq(varlink_client_open(sun.sun_path, 100, &client, &err), -ECONNREFUSED);
		cr_assert_eq(unlink(sun.sun_path), 0);
	}
	cr_assert_null(client);
	varlink_client_free(NULL);
}

/* A server that says whatever it is told. The descriptor of the listener. */
static int liar_listen(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%s", dir, name);
	cr_assert_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	cr_assert_eq(listen(fd, 0), 0);
	return fd;
}

static const struct {
	const char *says;
	size_t len;
	int result;
} lies[] = {
	{ "", 0, -ECONNRESET },
	{ "{\"parameters\":", 14, -ECONNRESET },
	{ "junk", 5, -EPROTO },
	{ "{\"parameters\":7}", 17, -EPROTO },
	{ "{\"error\":7}", 12, -EPROTO },
	{ "{\"continues\":7}", 16, -EPROTO },
	{ "{\"continues\":true}", 19, -EPROTO },
	{ "{\"error\":\"a.B\"}", 16, -EREMOTEIO },
	{ "{\"error\":\"a.\\u001b[2J\",\"parameters\":{\"x\":\"\\u001b\"}}", 52, -EREMOTEIO },
	{ "{}", 3, 0 },
};

Test(varlink_client, servers_that_lie)
{
	AUTO(close) int listen_fd = liar_listen("liar");
	char liar[80];

	snprintf(liar, sizeof(liar), "%s/liar", dir);
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		struct varlink_client *client = NULL;
		AUTO(close) int fd = -1;
		struct err err = { "" };

		cr_assert_eq(varlink_client_open(liar, 1000, &client, &err), 0);
		fd = accept(listen_fd, NULL, NULL);
		cr_assert_eq(send(fd, lies[i].says, lies[i].len, 0), (ssize_t)lies[i].len);
		shutdown(fd, SHUT_WR);
		cr_assert_eq(varlink_client_call(client, "a.C", NULL, 1000, NULL, NULL, &err), lies[i].result,
			     "lie %zu: %s", i, err.text);
		cr_assert_null(strchr(err.text, '\x1b'));
		varlink_client_free(client);
	}
	cr_assert_eq(unlink(liar), 0);
}

Test(varlink_client, a_full_backlog_is_not_waited_for_without_end)
{
	AUTO(close) int listen_fd = liar_listen("liar");
	struct varlink_client *clients[8] = { NULL };
	struct err err = { "" };
	char liar[80];
	int r = 0;

	cr_assert_geq(listen_fd, 0);
	snprintf(liar, sizeof(liar), "%s/liar", dir);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(clients); i++)
		r = varlink_client_open(liar, 50, &clients[i], &err);
	cr_assert_eq(r, -ETIMEDOUT);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		varlink_client_free(clients[i]);
	cr_assert_eq(unlink(liar), 0);
}

struct answer {
	int count, result;
	char error[80], parameters[80];
	struct varlink_link *free_within;
};

static void on_answer(int result, const char *error_name, const json_t *parameters, void *userdata)
{
	struct answer *answer = userdata;
	char *text = parameters ? json_dumps(parameters, JSON_COMPACT) : strdup("-");

	answer->count++;
	answer->result = result;
	snprintf(answer->error, sizeof(answer->error), "%s", error_name ? error_name : "-");
	snprintf(answer->parameters, sizeof(answer->parameters), "%s", text);
	free(text);
	varlink_link_free(answer->free_within);
}

Test(varlink_link, answers)
{
	struct answer good = { 0 }, bad = { 0 }, absent = { 0 }, large = { 0 };
	struct varlink_link *link = NULL;
	char nowhere[80];

	snprintf(nowhere, sizeof(nowhere), "%s/no/where", dir);
	cr_assert_eq(varlink_link_call(base, path, "org.t.Echo", json_pack("{s:i}", "n", 8), 5000, on_answer,
				       &good, &link),
		     0);
	good.free_within = link;
	cr_assert_eq(varlink_link_call(base, path, "org.t.Refuse", NULL, 0, on_answer, &bad, NULL), 0);
	cr_assert_eq(varlink_link_call(base, nowhere, "org.t.Echo", NULL, 0, on_answer, &absent, NULL), 0);
	cr_assert_eq(varlink_link_call(base, path, "org.t.Echo", large_text(15 << 20), 0, on_answer, &large,
				       NULL),
		     0);
	cr_assert_eq(varlink_link_call(base, path, "org.t.Echo", NULL, 0, NULL, NULL, NULL), 0);
	cr_assert_eq(varlink_link_call(base, path, "org.t.Echo", large_text(17 << 20), 0, on_answer, &large,
				       NULL),
		     -EMSGSIZE);
	cr_assert_eq(good.count + bad.count + absent.count, 0, "told before the loop ran");
	turn_until(good.count && bad.count && absent.count && large.count);
	turn_idle();
	cr_assert(good.count == 1 && bad.count == 1 && absent.count == 1 && large.count == 1);
	cr_assert_eq(good.result, 0);
	cr_assert_str_eq(good.parameters, "{\"n\":8}");
	cr_assert_eq(bad.result, -EREMOTEIO);
	cr_assert_str_eq(bad.error, "org.varlink.service.PermissionDenied");
	cr_assert_str_eq(bad.parameters, "{}");
	cr_assert_eq(absent.result, -ENOENT);
	cr_assert_str_eq(absent.parameters, "-");
	cr_assert_eq(large.result, 0);
}

Test(varlink_link, timeout_and_cancel)
{
	struct answer late = { 0 }, cancelled = { 0 }, unstarted = { 0 };
	struct varlink_link *link = NULL, *never = NULL;

	cr_assert_eq(varlink_link_call(base, path, "org.t.KeepUntilGone", NULL, 50, on_answer, &late, NULL),
		     0);
	cr_assert_eq(varlink_link_call(base, path, "org.t.KeepUntilGone", NULL, 0, on_answer, &cancelled,
				       &link),
		     0);
	cr_assert_eq(varlink_link_call(base, path, "org.t.Keep", NULL, 0, on_answer, &unstarted, &never), 0);
	varlink_link_free(never);
	turn_until(kept_len == 2);
	varlink_link_free(link);
	turn_until(late.count == 1 && gone_count == 2);
	cr_assert_eq(late.result, -ETIMEDOUT);
	cr_assert_eq(cancelled.count + unstarted.count, 0);
	cr_assert_eq(kept_len, 2);
	varlink_link_free(NULL);
}

Test(varlink_link, servers_that_lie)
{
	AUTO(close) int listen_fd = liar_listen("liar");
	char liar[80];

	snprintf(liar, sizeof(liar), "%s/liar", dir);
	fcntl(listen_fd, F_SETFL, O_NONBLOCK);
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		struct answer answer = { 0 };
		AUTO(close) int fd = -1;

		cr_assert_eq(varlink_link_call(base, liar, "a.C", NULL, 5000, on_answer, &answer, NULL), 0);
		turn_until((fd = accept(listen_fd, NULL, NULL)) >= 0);
		cr_assert_eq(send(fd, lies[i].says, lies[i].len, 0), (ssize_t)lies[i].len);
		shutdown(fd, SHUT_WR);
		turn_until(answer.count == 1);
		cr_assert_eq(answer.result, lies[i].result, "lie %zu", i);
	}
	cr_assert_eq(unlink(liar), 0);
}

Test(varlink_link, a_full_backlog_is_waited_out)
{
	AUTO(close) int listen_fd = liar_listen("liar");
	struct answer answers[4] = { { 0 } };
	size_t accepted = 0;
	char liar[80];
	int fd;

	snprintf(liar, sizeof(liar), "%s/liar", dir);
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		cr_assert_eq(varlink_link_call(base, liar, "a.C", NULL, 0, on_answer, &answers[i], NULL), 0);
	turn_idle();
	fcntl(listen_fd, F_SETFL, O_NONBLOCK);
	while (accepted < ARRAY_SIZE(answers)) {
		turn_until((fd = accept(listen_fd, NULL, NULL)) >= 0);
		cr_assert_eq(send(fd, "{}", 3, 0), 3);
		shutdown(fd, SHUT_WR);
		turn_idle();
		close(fd);
		accepted++;
	}
	turn_until(answers[0].count && answers[1].count && answers[2].count && answers[3].count);
	cr_assert_eq(unlink(liar), 0);
}

/* ---- long paths and directory descriptors ---- */

Test(varlink_server, paths_longer_than_an_address)
{
	char deep[300], name[500];
	struct varlink_server *far = NULL;
	struct varlink_client *client = NULL;
	struct answer answer = { 0 };
	struct err err = { "" };
	AUTO(close) int dir_fd = -1;
	pid_t pid;

	snprintf(deep, sizeof(deep), "%s/%0*d", dir, 200, 7);
	cr_assert_eq(mkdir(deep, 0755), 0);
	snprintf(name, sizeof(name), "%s/t", deep);
	cr_assert_eq(varlink_server_new(base, name, 0666, interfaces, &kept_len, &far, &err), 0, "%s",
		     err.text);
	cr_assert_eq(varlink_link_call(base, name, "org.t.Echo", NULL, 0, on_answer, &answer, NULL), 0);
	turn_until(answer.count == 1);
	cr_assert_eq(answer.result, 0);
	dir_fd = open(deep, O_PATH | O_DIRECTORY | O_CLOEXEC);
	pid = serve();
	cr_assert_eq(varlink_client_open(name, 5000, &client, &err), 0, "%s", err.text);
	cr_assert_eq(varlink_client_call(client, "org.t.Echo", NULL, 5000, NULL, NULL, &err), 0, "%s",
		     err.text);
	varlink_client_free(client);
	cr_assert_eq(varlink_client_open_at(dir_fd, "t", 5000, &client, &err), 0, "%s", err.text);
	cr_assert_eq(varlink_client_call(client, "org.t.Echo", NULL, 5000, NULL, NULL, &err), 0, "%s",
		     err.text);
	varlink_client_free(client);
	serve_end(pid);
	/* the last part alone must fit */
	snprintf(name, sizeof(name), "%s/%0*d", deep, 108, 7);
	cr_assert_eq(varlink_client_open(name, 100, &client, &err), -ENAMETOOLONG);
	varlink_server_free(far);
	cr_assert_eq(rmdir(deep), 0, "the socket was left");
}

Test(varlink_server, relative_path_outlives_a_change_of_directory)
{
	struct varlink_server *here = NULL;
	struct err err = { "" };
	char name[80];

	cr_assert_eq(chdir(dir), 0);
	cr_assert_eq(varlink_server_new(base, "here", 0600, interfaces, NULL, &here, &err), 0, "%s",
		     err.text);
	cr_assert_eq(chdir("/"), 0);
	snprintf(name, sizeof(name), "%s/here", dir);
	cr_assert_eq(access(name, F_OK), 0);
	varlink_server_free(here);
	cr_assert_neq(access(name, F_OK), 0);
}
