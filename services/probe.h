/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/probe.h - the words that ping or traceroute is started with
 *
 * Shapes:  struct probe_words, ended by NULL
 * Units:   see probe_report.h
 * Errors:  -EINVAL with err for the operator
 * Owns:    the words are inside
 * Runs in: sallyport-sshd; pure: a request is another process's, and nothing of it becomes an option
 * Source:  ping(8) of iputils, traceroute(8)
 * Tests:   tests/unit/probe_test.c
 */
#ifndef SERVICES_PROBE_H
#define SERVICES_PROBE_H

#include "base/err.h"
#include "services/probe_report.h"

#define PROBE_WORDS_MAX 32u

struct probe_words {
	char *argv[PROBE_WORDS_MAX];
	size_t len;
	char texts[PROBE_WORDS_MAX][24]; /* numbers */
};

/* device: of a VRF that is one, else NULL; has_resolver: names may be asked for (the default VRF). The words point into
 * request, too. */
int probe_words_make(const struct probe_request *request, const char *device, bool has_resolver,
		     struct probe_words *words, struct err *err);
/* A longer run than the request can honestly take is ended. */
uint32_t probe_time_max_s(const struct probe_request *request);

#endif
