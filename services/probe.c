/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: From a request to argv. Every number is bounded here again, whatever the caller has checked, and texts are what
 * they say they are: an address, or a host name that begins with no dash.
 */
#include "services/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define TIME_MAX_S 3600u /* nobody watches longer, and a session may have been left */

static void put(struct probe_words *words, const char *word)
{
	/* the longest command below has fewer words than there is room for */
	words->argv[words->len++] = (char *)(uintptr_t)word;
	words->argv[words->len] = NULL;
}

static void put_number(struct probe_words *words, const char *option, uint32_t number)
{
	char *text = words->texts[words->len];

	snprintf(text, sizeof(words->texts[0]), "%u", number);
	put(words, option);
	put(words, text);
}

/* 4 or 6, 0 when it is no address. A zone of a link-local one may follow. */
static uint32_t address_family(const char *text)
{
	char bare[64];
	uint8_t bytes[sizeof(struct in6_addr)];

	snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(text, "%"), text);
	if (inet_pton(AF_INET, text, bytes) == 1)
		return 4;
	return inet_pton(AF_INET6, bare, bytes) == 1 ? 6 : 0;
}

static bool text_allowed(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";

	return *text && *text != '-' && strspn(text, allowed) == strlen(text);
}

static int check_texts(const struct probe_request *request, bool has_resolver, struct err *err)
{
	uint32_t family = address_family(request->host);

	if (!text_allowed(request->host))
		return err_set(err, -EINVAL, "%s is neither an address nor a name", request->host);
	if (!family && !has_resolver)
		return err_set(err, -EINVAL, "Names are resolved in the default VRF only; give an address");
	if (family && request->family && family != request->family)
		return err_set(err, -EINVAL, "%s is no address of IPv%u", request->host, request->family);
	if (!request->source[0])
		return 0;
	family = address_family(request->source);
	if (!text_allowed(request->source) || !family)
		return err_set(err, -EINVAL, "The source %s is no address", request->source);
	if (request->family && family != request->family)
		return err_set(err, -EINVAL, "The source %s is no address of IPv%u", request->source, request->family);
	return 0;
}

static int check_numbers(const struct probe_request *request, struct err *err)
{
	const struct bound {
		const char *name;
		uint32_t value, min, max;
	} bounds[] = {
		{ "count", request->count, 1, PROBE_COUNT_MAX },
		{ "payload", request->payload_bytes, 0, PROBE_PAYLOAD_MAX },
		{ "interval", request->interval_ms, PROBE_INTERVAL_MIN_MS, PROBE_INTERVAL_MAX_MS },
		{ "timeout", request->timeout_s, 1, PROBE_TIMEOUT_MAX_S },
		{ "probe", request->probes, 1, PROBE_PROBES_MAX },
		{ "minttl", request->min_ttl, 1, PROBE_TTL_MAX },
		{ "maxttl", request->max_ttl, 1, PROBE_TTL_MAX },
	};

	if (request->family != 0 && request->family != 4 && request->family != 6)
		return err_set(err, -EINVAL, "family must be 4 or 6");
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++)
		if (bounds[i].value && (bounds[i].value < bounds[i].min || bounds[i].value > bounds[i].max))
			return err_set(err, -EINVAL, "%s must be from %u to %u", bounds[i].name, bounds[i].min,
				       bounds[i].max);
	if (request->min_ttl && request->max_ttl && request->min_ttl > request->max_ttl)
		return err_set(err, -EINVAL, "minttl is larger than maxttl");
	return 0;
}

static void ping_words(const struct probe_request *request, const char *device, struct probe_words *words)
{
	char *interval = words->texts[PROBE_WORDS_MAX - 1];

	put(words, "ping");
	if (request->numeric)
		put(words, "-n");
	put(words, "-O"); /* says which answer is late */
	if (request->family)
		put(words, request->family == 4 ? "-4" : "-6");
	put_number(words, "-c", request->count ? request->count : 5);
	if (request->has_payload)
		put_number(words, "-s", request->payload_bytes);
	if (request->interval_ms) {
		snprintf(interval, sizeof(words->texts[0]), "%u.%03u", request->interval_ms / 1000,
			 request->interval_ms % 1000);
		put(words, "-i");
		put(words, interval);
	}
	if (request->timeout_s)
		put_number(words, "-W", request->timeout_s);
	if (request->dont_fragment) {
		put(words, "-M");
		put(words, "do");
	}
	if (device) {
		put(words, "-I");
		put(words, device);
	}
	if (request->source[0]) {
		put(words, "-I");
		put(words, request->source);
	}
}

static void traceroute_words(const struct probe_request *request, const char *device, struct probe_words *words)
{
	put(words, "traceroute");
	if (request->numeric)
		put(words, "-n");
	if (request->family)
		put(words, request->family == 4 ? "-4" : "-6");
	if (request->probes)
		put_number(words, "-q", request->probes);
	if (request->timeout_s)
		put_number(words, "-w", request->timeout_s);
	if (request->min_ttl)
		put_number(words, "-f", request->min_ttl);
	if (request->max_ttl)
		put_number(words, "-m", request->max_ttl);
	if (device) {
		put(words, "-i");
		put(words, device);
	}
	if (request->source[0]) {
		put(words, "-s");
		put(words, request->source);
	}
}

int probe_words_make(const struct probe_request *request, const char *device, bool has_resolver,
		     struct probe_words *words, struct err *err)
{
	int r = check_numbers(request, err);

	if (r == 0)
		r = check_texts(request, has_resolver, err);
	if (r < 0)
		return r;
	*words = (struct probe_words){ .len = 0 };
	if (request->program == PROBE_PING)
		ping_words(request, device, words);
	else
		traceroute_words(request, device, words);
	put(words, "--");
	put(words, request->host);
	return 0;
}

uint32_t probe_time_max_s(const struct probe_request *request)
{
	uint64_t timeout_s = request->timeout_s ? request->timeout_s : 10, total_s;

	if (request->program == PROBE_PING)
		total_s = (uint64_t)(request->count ? request->count : 5) *
				  (request->interval_ms ? request->interval_ms : 1000) / 1000 + 2 * timeout_s;
	else
		total_s = (uint64_t)(request->max_ttl ? request->max_ttl : 30) *
			  (request->probes ? request->probes : 3) * timeout_s;
	total_s += 30; /* names */
	return total_s < TIME_MAX_S ? (uint32_t)total_s : TIME_MAX_S;
}
