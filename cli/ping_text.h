/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/ping_text.h - the lines of the system's ping and traceroute, as a router writes them
 *
 * Shapes:  struct ping_text, one ping: what became of each packet, in order
 * Units:   _ms milliseconds; now_ms of any clock that does not go back
 * Errors:  -ENOMEM
 * Owns:    ping_text_done()
 * Runs in: sallyport (CLI); pure: the lines hold what the network has sent
 * Source:  ping(8) of iputils, traceroute(8); IOS XR: ping, traceroute
 * Tests:   tests/unit/ping_text_test.c
 */
#ifndef CLI_PING_TEXT_H
#define CLI_PING_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PING_COUNT_MAX	 1000000u
#define PING_LINE_MARKS	 70u /* '!' and '.' on one line */

struct ping_text {
	uint32_t count, interval_ms, timeout_ms;
	uint8_t *marks; /* of each packet: 0 nothing known yet, '!', '.', 'U' … */
	uint32_t next;	/* the first that is not yet shown, from 0 */
	uint32_t seen;	/* packets that were heard of */
	uint32_t received;
	int64_t start_ms;	  /* of the first line */
	bool begun;		  /* ping has said whom it asks */
	char address[64];	  /* and this is it */
	double min_ms, sum_ms, max_ms; /* of round trips */
	uint32_t timed;
	char error[256];	  /* what ping itself complained about, last */
};

int ping_text_begin(struct ping_text *ping, uint32_t count, uint32_t interval_ms, uint32_t timeout_s);
/* Reads one line of ping's output. */
void ping_text_line(struct ping_text *ping, const char *line, int64_t now_ms);
/* Writes the marks that have become known; with ended, every one that is left. */
void ping_text_marks(struct ping_text *ping, int64_t now_ms, bool ended, FILE *out);
/* "Success rate is …". */
void ping_text_result(const struct ping_text *ping, FILE *out);
void ping_text_done(struct ping_text *ping);

/* A line of traceroute: a hop is written to out; an error is copied to error. */
void traceroute_text_line(const char *line, FILE *out, char *error, size_t size_bytes);

#endif
