/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: Packets are numbered by ping, and late answers come out of turn; an operator reads marks from left to right. So
 * a packet is given up, for the eye, when its answer is overdue; the count of answers is of all that came.
 */
#include "cli/ping_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

int ping_text_begin(struct ping_text *ping, uint32_t count, uint32_t interval_ms, uint32_t timeout_s)
{
	*ping = (struct ping_text){ .count = count, .interval_ms = interval_ms, .timeout_ms = timeout_s * 1000 };
	ping->marks = calloc(count ? count : 1, 1);
	return ping->marks ? 0 : -ENOMEM;
}

void ping_text_done(struct ping_text *ping)
{
	free(ping->marks);
	ping->marks = NULL;
}

static const char *after(const char *line, const char *text)
{
	const char *at = strstr(line, text);

	return at ? at + strlen(text) : NULL;
}

/* The number of the packet, from 0, that a line is about. Only 16 bits of it are on the wire. */
static bool packet_of(const struct ping_text *ping, const char *line, uint32_t *ret_packet)
{
	const char *at = after(line, "icmp_seq=");
	unsigned long number = at ? strtoul(at, NULL, 10) : 0;
	int64_t packet;

	if (!at || number > UINT16_MAX)
		return false;
	packet = (int64_t)ping->next + (int16_t)(uint16_t)(number - 1 - ping->next);
	if (packet < 0 || packet >= ping->count)
		return false;
	*ret_packet = (uint32_t)packet;
	return true;
}

static void take_time(struct ping_text *ping, const char *line)
{
	const char *at = after(line, "time=");
	double time_ms = at ? strtod(at, NULL) : -1;

	if (!(time_ms >= 0 && time_ms < 2e6))
		return;
	ping->min_ms = !ping->timed || time_ms < ping->min_ms ? time_ms : ping->min_ms;
	ping->max_ms = time_ms > ping->max_ms ? time_ms : ping->max_ms;
	ping->sum_ms += time_ms;
	ping->timed++;
}

static char refusal_mark(const char *line)
{
	static const struct {
		const char *text;
		char mark;
	} rows[] = {
		{ "Frag", 'M' },	{ "Packet too big", 'M' }, { "too long", 'M' }, { "Net Unreachable", 'N' },
		{ "No route", 'N' },	{ "Unreachable", 'U' },	  { "unreachable", 'U' }, { "prohibited", 'A' },
		{ "Filtered", 'A' },	{ "exceeded", '&' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strstr(line, rows[i].text))
			return rows[i].mark;
	return '?';
}

static void take_address(struct ping_text *ping, const char *line)
{
	const char *open = strchr(line, '(');
	size_t len = open ? strcspn(open + 1, ")") : 0;

	snprintf(ping->address, sizeof(ping->address), "%.*s", (int)(len < sizeof(ping->address) ? len : 0),
		 open ? open + 1 : "");
	ping->begun = true;
}

static void note(struct ping_text *ping, uint32_t packet, uint8_t mark)
{
	if (packet + 1 > ping->seen)
		ping->seen = packet + 1;
	if (mark && !ping->marks[packet])
		ping->marks[packet] = mark;
}

/* ping's own complaints: of a packet that could not be sent, or of why there is none. */
static void take_complaint(struct ping_text *ping, const char *text)
{
	bool packet = !strncmp(text, "local error:", 12) || !strncmp(text, "sendmsg:", 8);

	if (!strncmp(text, "Warning", 7))
		return;
	if (packet && ping->seen < ping->count)
		note(ping, ping->seen, (uint8_t)refusal_mark(text));
	else
		snprintf(ping->error, sizeof(ping->error), "%s", !strncmp(text, "connect: ", 9) ? text + 9 : text);
}

/* What ping has sent, when it has ended by itself. */
static void take_total(struct ping_text *ping, const char *line)
{
	unsigned long total = strtoul(line, NULL, 10);

	if (total > ping->seen && total <= ping->count)
		ping->seen = (uint32_t)total;
}

void ping_text_line(struct ping_text *ping, const char *line, int64_t now_ms)
{
	uint32_t packet;

	if (!ping->begun && !strncmp(line, "PING ", 5)) {
		ping->start_ms = now_ms;
		take_address(ping, line);
	} else if (!strncmp(line, "ping: ", 6)) {
		take_complaint(ping, line + 6);
	} else if (strstr(line, " packets transmitted, ")) {
		take_total(ping, line);
	} else if (!packet_of(ping, line, &packet)) {
		if (!ping->begun && line[0])
			snprintf(ping->error, sizeof(ping->error), "%s", line);
	} else if (strstr(line, " bytes from ")) {
		if (strstr(line, "(DUP!)"))
			return;
		ping->received++;
		take_time(ping, line);
		note(ping, packet, '!');
	} else {
		note(ping, packet, !strncmp(line, "From ", 5) ? (uint8_t)refusal_mark(line) : 0);
	}
}

void ping_text_marks(struct ping_text *ping, int64_t now_ms, bool ended, FILE *out)
{
	const uint32_t end = ended ? ping->seen : ping->count;

	while (ping->next < end) {
		uint8_t mark = ping->marks[ping->next];
		int64_t due_ms = ping->start_ms + (int64_t)ping->next * ping->interval_ms + ping->timeout_ms;

		if (!mark && !ended && now_ms < due_ms)
			break;
		if (!mark)
			ping->marks[ping->next] = mark = '.';
		if (ping->next + 1 > ping->seen)
			ping->seen = ping->next + 1;
		fputc(mark, out);
		ping->next++;
		if (ping->next % PING_LINE_MARKS == 0 && ping->next < ping->count)
			fputc('\n', out);
	}
}

/* As routers count: whole milliseconds, and nothing takes none. */
static long whole(double time_ms)
{
	return time_ms < 1 ? 1 : time_ms < 9999999 ? (long)(time_ms + 0.5) : 9999999;
}

void ping_text_result(const struct ping_text *ping, FILE *out)
{
	uint32_t received = ping->received < ping->seen ? ping->received : ping->seen;

	fprintf(out, "Success rate is %u percent (%u/%u)",
		ping->seen ? (unsigned)((uint64_t)received * 100 / ping->seen) : 0, received, ping->seen);
	if (ping->timed)
		fprintf(out, ", round-trip min/avg/max = %ld/%ld/%ld ms", whole(ping->min_ms),
			whole(ping->sum_ms / ping->timed), whole(ping->max_ms));
	fputc('\n', out);
}

/* ---- traceroute ---- */

static bool is_hop(const char *line)
{
	size_t blanks = strspn(line, " "), digits = strspn(line + blanks, "0123456789");

	return digits && digits <= 3 && line[blanks + digits] == ' ';
}

/* "0.059" before "ms". */
static bool is_time(const char *word, size_t len, const char *next)
{
	return len && strspn(word, "0123456789.") == len && !strncmp(next, "ms", 2) &&
	       (!next[2] || isspace((unsigned char)next[2]));
}

static void hop_write(const char *line, FILE *out)
{
	const char *at = line + strspn(line, " ");
	bool first = true;

	while (*at) {
		size_t len = strcspn(at, " ");
		const char *next = at + len + strspn(at + len, " ");

		if (first) {
			fprintf(out, "%2.*s ", (int)len, at);
		} else if (is_time(at, len, next)) {
			fprintf(out, " %ld msec", whole(strtod(at, NULL)));
			next += 2 + strspn(next + 2, " ");
		} else {
			fprintf(out, " %.*s", (int)len, at);
		}
		first = false;
		at = next;
	}
	fputc('\n', out);
}

void traceroute_text_line(const char *line, FILE *out, char *error, size_t size_bytes)
{
	const char *open;

	if (!strncmp(line, "traceroute to ", 14)) {
		open = strchr(line, '(');
		fprintf(out, "Type escape sequence to abort.\nTracing the route to %.*s\n\n",
			open ? (int)strcspn(open + 1, ")") : 0, open ? open + 1 : "");
	} else if (is_hop(line)) {
		hop_write(line, out);
	} else if (line[0] && strncmp(line, "Cannot handle", 13) != 0 && !error[0]) {
		snprintf(error, size_bytes, "%s", !strncmp(line, "traceroute: ", 12) ? line + 12 : line);
	}
}
