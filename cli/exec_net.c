/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: ping and traceroute in any VRF. The SSH service runs the system's programs for us, because a session can neither
 * enter another namespace nor open a raw socket; closing the call ends them.
 */
#include "cli/exec_net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/column.h"
#include "cli/ping_text.h"
#include "services/probe_report.h"
#include "services/ssh_report.h"

#define COUNT_DEFAULT	    5u
#define SIZE_DEFAULT	    100u /* of the whole datagram, as routers count */
#define TIMEOUT_DEFAULT_S   2u
#define INTERVAL_DEFAULT_MS 100u
#define LINE_MAX_BYTES	    2048u

/* ---- what was asked for ---- */

static uint32_t number(const struct match *match, const char *word, uint32_t otherwise)
{
	const char *text = stmt_match_option(match, word, NULL);

	return text ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

static void request_start(const struct match *match, struct probe_request *request)
{
	const char *vrf = stmt_match_option(match, "vrf", NULL), *host = stmt_match_option(match, "host", NULL);
	const char *source = stmt_match_option(match, "source", NULL);
	bool ipv4 = false, ipv6 = false;

	stmt_match_option(match, "ipv4", &ipv4);
	stmt_match_option(match, "ipv6", &ipv6);
	snprintf(request->vrf, sizeof(request->vrf), "%s", vrf ? vrf : "default");
	snprintf(request->host, sizeof(request->host), "%s", host ? host : "");
	snprintf(request->source, sizeof(request->source), "%s", source ? source : "");
	/* a name is one of IPv4 unless it is said: the size of a datagram depends on it */
	request->family = ipv6 || (!ipv4 && strchr(request->host, ':')) ? 6 : 4;
}

static int refuse_call(struct shell *shell, int r, const struct err *err, const char *error)
{
	if (r == -ECANCELED)
		return 0; /* by the operator */
	if (r == -EREMOTEIO)
		return shell_refuse(shell, "This command is not authorized");
	if (r < 0)
		return shell_refuse(shell, "%s", err->text);
	return error[0] ? shell_refuse(shell, "%s", error) : 0;
}

static bool on_key(void *userdata)
{
	struct shell *shell = *(struct shell **)userdata; /* what each of the two runs begins with */

	return edit_interrupted(shell->edit);
}

static int run_probe(struct shell *shell, const struct probe_request *request,
		     int (*on_reply)(const json_t *reply, void *userdata), void *userdata, struct err *err)
{
	const struct remote_stream stream = { .on_reply = on_reply, .stop = on_key,
					      .watch_fd = edit_input_fd(shell->edit), .userdata = userdata };

	return remote_stream(&shell->remote, REMOTE_SSHD, SSH_INTERFACE ".Probe",
			     json_pack("{s:o}", "request", field_encode(probe_request_fields, request)), &stream,
			     err);
}

static int64_t now_ms(void)
{
	return clock_monotonic_us() / 1000;
}

/* Shows what was written to a stream of memory. */
static void show_and_free(struct shell *shell, FILE *out, char **text)
{
	if (fclose(out) == 0 && *text)
		shell_show(shell, *text);
	free(*text);
}

/* ---- ping ---- */

struct ping_run {
	struct shell *shell; /* first: on_key() */
	struct probe_request request;
	uint32_t size_bytes;
	struct ping_text text;
	bool headed;
	char error[256]; /* of the daemon */
};

static void ping_show(struct ping_run *run, bool ended)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	if (run->text.begun && !run->headed) {
		fprintf(out, "Type escape sequence to abort.\n"
			     "Sending %u, %u-byte ICMP Echos to %s, timeout is %u second%s:\n",
			run->request.count, run->size_bytes, run->text.address, run->request.timeout_s,
			run->request.timeout_s == 1 ? "" : "s");
		run->headed = true;
	}
	if (run->headed)
		ping_text_marks(&run->text, now_ms(), ended, out);
	if (run->headed && ended) {
		fputc('\n', out);
		ping_text_result(&run->text, out);
	}
	show_and_free(run->shell, out, &text);
}

static int on_ping_reply(const json_t *reply, void *userdata)
{
	struct ping_run *run = userdata;
	const char *line = json_string_value(json_object_get(reply, "line"));
	const char *error = json_string_value(json_object_get(reply, "error"));

	if (line && strlen(line) < LINE_MAX_BYTES) {
		ping_text_line(&run->text, line, now_ms());
		if (!run->shell->pipes.json)
			ping_show(run, false);
	}
	if (error)
		snprintf(run->error, sizeof(run->error), "%s", error);
	return 0;
}

static int ping_json(struct shell *shell, const struct ping_run *run)
{
	const struct ping_text *text = &run->text;

	return column_json(shell->out,
			   json_pack("[{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i}]", "vrf", run->request.vrf, "host",
				     run->request.host, "address", text->address, "sent", (int)text->seen, "received",
				     (int)text->received, "min_us", (int)(text->min_ms * 1000), "avg_us",
				     text->timed ? (int)(text->sum_ms * 1000 / text->timed) : 0, "max_us",
				     (int)(text->max_ms * 1000)));
}

static int ping_end(struct ping_run *run, int r, const struct err *err)
{
	struct shell *shell = run->shell;

	if (r == 0 && !run->error[0] && run->text.error[0])
		snprintf(run->error, sizeof(run->error), "%s", run->text.error);
	r = refuse_call(shell, r, err, run->error);
	if (r == 0)
		shell->status = run->text.received ? 0 : 1;
	return r;
}

static int run_ping(struct shell *shell, const struct match *match)
{
	struct ping_run run = { .shell = shell };
	struct err err = { .text = "" };
	uint32_t headers_bytes;
	bool json = shell_wants_json(shell);
	int r;

	request_start(match, &run.request);
	headers_bytes = run.request.family == 6 ? 48 : 28;
	run.size_bytes = number(match, "size", SIZE_DEFAULT);
	if (run.size_bytes < headers_bytes)
		run.size_bytes = headers_bytes;
	run.request.program = PROBE_PING;
	run.request.numeric = true;
	run.request.count = number(match, "count", COUNT_DEFAULT);
	run.request.has_payload = true;
	run.request.payload_bytes = run.size_bytes - headers_bytes;
	run.request.timeout_s = number(match, "timeout", TIMEOUT_DEFAULT_S);
	run.request.interval_ms = number(match, "interval", INTERVAL_DEFAULT_MS);
	stmt_match_option(match, "df-bit", &run.request.dont_fragment);
	if (run.request.interval_ms < PROBE_INTERVAL_MIN_MS)
		run.request.interval_ms = PROBE_INTERVAL_MIN_MS;
	r = ping_text_begin(&run.text, run.request.count, run.request.interval_ms, run.request.timeout_s);
	if (r < 0)
		return shell_refuse(shell, "Out of memory");
	r = run_probe(shell, &run.request, on_ping_reply, &run, &err);
	if (json && r >= 0 && !run.error[0] && !run.text.error[0])
		r = ping_json(shell, &run);
	else if (!json)
		ping_show(&run, true);
	r = ping_end(&run, r, &err);
	ping_text_done(&run.text);
	return r;
}

/* ---- traceroute ---- */

struct trace_run {
	struct shell *shell; /* first: on_key() */
	char error[256];
	char refusal[256]; /* of the daemon */
};

static int on_trace_reply(const json_t *reply, void *userdata)
{
	struct trace_run *run = userdata;
	const char *line = json_string_value(json_object_get(reply, "line"));
	const char *error = json_string_value(json_object_get(reply, "error"));
	char *text = NULL;
	size_t len;
	FILE *out = line && strlen(line) < LINE_MAX_BYTES ? open_memstream(&text, &len) : NULL;

	if (out) {
		traceroute_text_line(line, out, run->error, sizeof(run->error));
		show_and_free(run->shell, out, &text);
	}
	if (error)
		snprintf(run->refusal, sizeof(run->refusal), "%s", error);
	return 0;
}

static int run_traceroute(struct shell *shell, const struct match *match)
{
	struct probe_request request = { .program = PROBE_TRACEROUTE };
	struct trace_run run = { .shell = shell };
	struct err err = { .text = "" };
	int r;

	request_start(match, &request);
	request.timeout_s = number(match, "timeout", 0);
	request.probes = number(match, "probe", 0);
	request.min_ttl = number(match, "minttl", 0);
	request.max_ttl = number(match, "maxttl", 0);
	stmt_match_option(match, "numeric", &request.numeric);
	if (strcmp(request.vrf, "default") != 0)
		request.numeric = true; /* the names are another network's */
	r = run_probe(shell, &request, on_trace_reply, &run, &err);
	if (r == -ECANCELED)
		shell_show(shell, "\n");
	return refuse_call(shell, r, &err, run.refusal[0] ? run.refusal : run.error);
}

/* ---- rows ---- */

static const struct arg arg_vrf = {
	.name = "WORD", .help = "Name of the VRF", .min = 1, .max = 32, .text = true, .words_taken = 1,
	.complete = "vrf",
};

static const struct arg arg_host = {
	.name = "WORD", .help = "Address or host name", .min = 1, .max = 255, .text = true, .words_taken = 1,
};

static const struct arg arg_source = {
	.name = "A.B.C.D or X:X::X", .help = "An address of this router", .min = 2, .max = 63, .text = true,
	.words_taken = 1,
};

static const struct arg arg_count = { .help = "Number", .min = 1, .max = PROBE_COUNT_MAX, .words_taken = 1 };
static const struct arg arg_size = { .help = "Size, headers included", .unit = "bytes", .min = 36, .max = 65535,
				     .words_taken = 1 };
static const struct arg arg_ping_timeout = { .help = "Time", .unit = "seconds",
					     .min = 1, .max = 36, .words_taken = 1 };
static const struct arg arg_interval = { .help = "Time", .unit = "milliseconds", .min = 0,
					 .max = PROBE_INTERVAL_MAX_MS, .words_taken = 1 };
static const struct arg arg_trace_timeout = { .help = "Time", .unit = "seconds",
					      .min = 1, .max = PROBE_TIMEOUT_MAX_S, .words_taken = 1 };
static const struct arg arg_probe = { .help = "Number", .min = 1, .max = PROBE_PROBES_MAX,
				      .words_taken = 1 };
static const struct arg arg_ttl = { .help = "Number of hops", .min = 1, .max = PROBE_TTL_MAX, .words_taken = 1 };

#define NET_ROW(kind_, word_, help_, run_, arg_, flags_)                                                      \
	.kind = (kind_), .word = (word_), .help = (help_), .run = (run_), .arg = (arg_), .flags = (flags_), \
	.task = "basic-services", .source = "IOS XR"
#define PING_OPTION(word_, help_, arg_) { NET_ROW(STMT_LEAF, word_, help_, run_ping, arg_, STMT_MORE) }
#define TRACE_OPTION(word_, help_, arg_) { NET_ROW(STMT_LEAF, word_, help_, run_traceroute, arg_, STMT_MORE) }
#define HOST_ROW(run_, options_) \
	{ NET_ROW(STMT_RUN, "host", "Whom to ask", run_, &arg_host, STMT_BARE), .sub = (options_) }
#define FAMILY_ROWS(hosts_)                                                                                     \
	{ NET_ROW(STMT_NODE, "ipv4", "Use IPv4", NULL, NULL, 0), .sub = (hosts_) },                              \
	{ NET_ROW(STMT_NODE, "ipv6", "Use IPv6", NULL, NULL, 0), .sub = (hosts_) }
#define VRF_ROW(hosts_) { NET_ROW(STMT_RUN, "vrf", "In this VRF", NULL, &arg_vrf, 0), .sub = (hosts_) }

static const struct stmt ping_options[] = {
	PING_OPTION("count", "How many packets", &arg_count),
	{ NET_ROW(STMT_FLAG, "df-bit", "Packets may not be fragmented", run_ping, NULL, STMT_MORE) },
	PING_OPTION("interval", "Time between packets", &arg_interval),
	PING_OPTION("size", "Size of a datagram", &arg_size),
	PING_OPTION("source", "Address to send from", &arg_source),
	PING_OPTION("timeout", "How long to wait", &arg_ping_timeout),
	STMT_DONE,
};

static const struct stmt ping_hosts[] = { HOST_ROW(run_ping, ping_options), STMT_DONE };
static const struct stmt ping_vrf_rows[] = { FAMILY_ROWS(ping_hosts), HOST_ROW(run_ping, ping_options), STMT_DONE };

const struct stmt exec_net_ping_rows[] = {
	FAMILY_ROWS(ping_hosts),
	VRF_ROW(ping_vrf_rows),
	HOST_ROW(run_ping, ping_options),
	STMT_DONE,
};

static const struct stmt trace_options[] = {
	TRACE_OPTION("maxttl", "Last hop", &arg_ttl),
	TRACE_OPTION("minttl", "First hop", &arg_ttl),
	{ NET_ROW(STMT_FLAG, "numeric", "Addresses without names", run_traceroute, NULL, STMT_MORE) },
	TRACE_OPTION("probe", "Packets to each hop", &arg_probe),
	TRACE_OPTION("source", "Address to send from", &arg_source),
	TRACE_OPTION("timeout", "How long to wait", &arg_trace_timeout),
	STMT_DONE,
};

static const struct stmt trace_hosts[] = { HOST_ROW(run_traceroute, trace_options), STMT_DONE };
static const struct stmt trace_vrf_rows[] = { FAMILY_ROWS(trace_hosts), HOST_ROW(run_traceroute, trace_options),
					      STMT_DONE };

const struct stmt exec_net_traceroute_rows[] = {
	FAMILY_ROWS(trace_hosts),
	VRF_ROW(trace_vrf_rows),
	HOST_ROW(run_traceroute, trace_options),
	STMT_DONE,
};
