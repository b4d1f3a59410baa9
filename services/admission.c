/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: admission. Counts are kept by VRF, and by source as long as a source has something on the way in or a bucket
 * that is not full: what an attacker can make us remember is bounded by what we let in. A bucket holds millionths of a
 * connection and the time of its last filling; full buckets need not be kept.
 */
#include "services/admission.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define UNAUTHENTICATED_LEAST 128u
#define UNAUTHENTICATED_MOST  1024u
#define TOKEN		      1000000 /* one connection */
#define RETRY_SESSIONS_S      5u
#define RETRY_SOON_S	      2u

const char *const admission_verdict_words[] = {
	[ADMISSION_GRANTED] = "granted",
	[ADMISSION_SESSIONS] = "the session limit is reached",
	[ADMISSION_UNAUTHENTICATED] = "too many connections have not authenticated yet",
	[ADMISSION_SOURCE] = "too many connections of one source have not authenticated yet",
	[ADMISSION_RATE] = "the rate limit is reached",
	[ADMISSION_SOURCE_RATE] = "one source has used up its share of the rate limit",
	[ADMISSION_ACCESS_LIST] = "an access list denies them",
	[ADMISSION_PENALTY] = "their source has a penalty",
	[ADMISSION_RESOURCES] = "the system is short of descriptors, processes or memory",
	[ADMISSION_LINE] = "no line (vty-pool) is free, or takes ssh",
	[ADMISSION_VERDICT_MAX] = NULL,
};

struct bucket {
	int64_t tokens, filled_us;
	bool used; /* else it is full */
	/* of the last filling, for the sweep */
	unsigned rate_per_min, burst;
};

struct domain {
	char vrf_name[33];
	unsigned sessions, unauthenticated;
	bool sessions_own;
	struct bucket bucket;
	uint64_t refused[ADMISSION_VERDICT_MAX];
};

struct source_count {
	unsigned count;
	struct bucket bucket;
};

struct admission {
	struct domain **domains;
	size_t domains_len, domains_size;
	struct source_map *sources;
	struct admission_report pending;
	int64_t reported_us, sweep_us;
	bool reported;
};

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

void admission_limits_set(struct admission_limits *limits, unsigned sessions, unsigned rate_per_min, unsigned burst,
			  unsigned source_rate_per_min)
{
	unsigned unauthenticated = sessions < UNAUTHENTICATED_LEAST ? UNAUTHENTICATED_LEAST :
								      least(sessions, UNAUTHENTICATED_MOST);
	uint64_t share = ((uint64_t)burst * source_rate_per_min + rate_per_min - 1) / rate_per_min;

	*limits = (struct admission_limits){ .sessions = sessions,
					     .unauthenticated = unauthenticated,
					     .per_source = unauthenticated / 2,
					     .rate_per_min = rate_per_min,
					     .burst = burst,
					     .source_rate_per_min = source_rate_per_min,
					     .source_burst = share < burst ? (unsigned)share : burst };
}

/* ---- buckets ---- */

static void bucket_fill(struct bucket *bucket, unsigned rate_per_min, unsigned burst, int64_t now_us)
{
	const int64_t most = (int64_t)burst * TOKEN;
	int64_t passed_us = now_us - bucket->filled_us;

	bucket->rate_per_min = rate_per_min;
	bucket->burst = burst;
	if (passed_us > 3600000000) /* longer than any bucket takes; keeps the product small */
		passed_us = 3600000000;
	if (!bucket->used)
		bucket->tokens = most;
	else if (passed_us > 0)
		bucket->tokens += passed_us * rate_per_min / 60;
	if (bucket->tokens > most)
		bucket->tokens = most;
	bucket->filled_us = now_us;
	bucket->used = true;
}

static unsigned bucket_wait_s(const struct bucket *bucket)
{
	int64_t us = (TOKEN - bucket->tokens) * 60 / bucket->rate_per_min;

	return (unsigned)(us / 1000000 + 1);
}

/* ---- VRFs and sources ---- */

static struct domain *domain_find(const struct admission *admission, const char *vrf_name)
{
	for (size_t i = 0; i < admission->domains_len; i++)
		if (!strcmp(admission->domains[i]->vrf_name, vrf_name))
			return admission->domains[i];
	return NULL;
}

static struct domain *domain_get(struct admission *admission, const char *vrf_name)
{
	struct domain *domain = domain_find(admission, vrf_name);

	if (domain)
		return domain;
	if (admission->domains_len == admission->domains_size) {
		size_t size = admission->domains_size ? 2 * admission->domains_size : 16;
		struct domain **grown = reallocarray(admission->domains, size, sizeof(struct domain *));

		if (!grown)
			return NULL;
		admission->domains = grown;
		admission->domains_size = size;
	}
	domain = calloc(1, sizeof(*domain));
	if (!domain)
		return NULL;
	snprintf(domain->vrf_name, sizeof(domain->vrf_name), "%s", vrf_name);
	admission->domains[admission->domains_len++] = domain;
	return domain;
}

int admission_new(struct admission **ret_admission)
{
	struct admission *admission = calloc(1, sizeof(*admission));

	if (!admission)
		return -ENOMEM;
	if (source_map_new(sizeof(struct source_count), ADMISSION_SOURCES_MAX, &admission->sources) < 0) {
		free(admission);
		return -ENOMEM;
	}
	*ret_admission = admission;
	return 0;
}

void admission_free(struct admission *admission)
{
	if (!admission)
		return;
	for (size_t i = 0; i < admission->domains_len; i++)
		free(admission->domains[i]);
	free(admission->domains);
	source_map_free(admission->sources);
	free(admission);
}

static struct source_count *source_get(struct admission *admission, const struct admission_source *source)
{
	struct source_count *count = source_map_find(admission->sources, source);

	return count ? count : source_map_add(admission->sources, source);
}

static bool keep_source(const struct admission_source *source, void *record, void *userdata)
{
	const int64_t now_us = ((struct admission *)userdata)->sweep_us;
	struct source_count *count = record;
	struct bucket *bucket = &count->bucket;

	(void)source;
	if (count->count > 0)
		return true;
	if (!bucket->used)
		return false;
	bucket_fill(bucket, bucket->rate_per_min, bucket->burst, now_us);
	return bucket->tokens < (int64_t)bucket->burst * TOKEN;
}

void admission_sweep(struct admission *admission, int64_t now_us)
{
	admission->sweep_us = now_us;
	source_map_filter(admission->sources, keep_source, admission);
}

/* ---- in and out ---- */

static unsigned sessions_counted(const struct admission *admission, const struct domain *own)
{
	unsigned sessions = 0;

	if (own->sessions_own)
		return own->sessions;
	for (size_t i = 0; i < admission->domains_len; i++)
		if (!admission->domains[i]->sessions_own)
			sessions += admission->domains[i]->sessions;
	return sessions;
}

static enum admission_verdict admission_decide(const struct admission *admission, const struct admission_limits *limits,
					       const struct domain *domain, const struct source_count *count,
					       unsigned *ret_retry_s)
{
	*ret_retry_s = RETRY_SESSIONS_S;
	if (sessions_counted(admission, domain) >= limits->sessions)
		return ADMISSION_SESSIONS;
	*ret_retry_s = RETRY_SOON_S;
	if (count->count >= limits->per_source)
		return ADMISSION_SOURCE;
	if (domain->unauthenticated >= limits->unauthenticated)
		return ADMISSION_UNAUTHENTICATED;
	if (count->bucket.tokens < TOKEN) {
		*ret_retry_s = bucket_wait_s(&count->bucket);
		return ADMISSION_SOURCE_RATE;
	}
	if (domain->bucket.tokens < TOKEN) {
		*ret_retry_s = bucket_wait_s(&domain->bucket);
		return ADMISSION_RATE;
	}
	return ADMISSION_GRANTED;
}

enum admission_verdict admission_ask(struct admission *admission, const struct admission_limits *limits,
				     const struct admission_source *source, int64_t now_us, unsigned *ret_retry_s)
{
	struct domain *domain = domain_get(admission, source->vrf_name);
	struct source_count *count = domain ? source_get(admission, source) : NULL;
	enum admission_verdict verdict = ADMISSION_RESOURCES;

	*ret_retry_s = RETRY_SOON_S;
	if (domain && count) {
		domain->sessions_own = limits->sessions_own;
		bucket_fill(&domain->bucket, limits->rate_per_min, limits->burst, now_us);
		bucket_fill(&count->bucket, limits->source_rate_per_min, limits->source_burst, now_us);
		verdict = admission_decide(admission, limits, domain, count, ret_retry_s);
	}
	if (verdict != ADMISSION_GRANTED) {
		admission_refuse(admission, verdict, source);
		return verdict;
	}
	domain->bucket.tokens -= TOKEN;
	count->bucket.tokens -= TOKEN;
	count->count++;
	domain->unauthenticated++;
	return verdict;
}

int admission_restore(struct admission *admission, const struct admission_source *source, bool authenticated)
{
	struct domain *domain = domain_get(admission, source->vrf_name);
	struct source_count *count = domain && !authenticated ? source_get(admission, source) : NULL;

	if (!domain || (!authenticated && !count))
		return -ENOMEM;
	if (authenticated) {
		domain->sessions++;
		return 0;
	}
	count->count++;
	domain->unauthenticated++;
	return 0;
}

static void source_leave(struct admission *admission, struct domain *domain, const struct admission_source *source)
{
	struct source_count *count = source_map_find(admission->sources, source);

	if (!count || count->count == 0 || domain->unauthenticated == 0)
		return;
	count->count--;
	domain->unauthenticated--;
}

bool admission_promote(struct admission *admission, const struct admission_limits *limits,
		       const struct admission_source *source)
{
	struct domain *domain = domain_get(admission, source->vrf_name);

	if (!domain)
		return false;
	source_leave(admission, domain, source);
	domain->sessions_own = limits->sessions_own;
	domain->sessions++;
	return sessions_counted(admission, domain) <= limits->sessions;
}

void admission_leave(struct admission *admission, const struct admission_source *source, bool authenticated)
{
	struct domain *domain = domain_find(admission, source->vrf_name);

	if (domain && !authenticated)
		source_leave(admission, domain, source);
	else if (domain && domain->sessions > 0)
		domain->sessions--;
}

void admission_refuse(struct admission *admission, enum admission_verdict verdict,
		      const struct admission_source *source)
{
	struct domain *domain = domain_get(admission, source->vrf_name);

	if (domain)
		domain->refused[verdict]++;
	admission->pending.refused[verdict]++;
	admission->pending.total++;
	admission->pending.last_verdict = verdict;
	admission->pending.last_source = *source;
}

/* ---- telling ---- */

unsigned admission_sessions(const struct admission *admission, const char *vrf_name)
{
	unsigned sessions = 0;

	for (size_t i = 0; i < admission->domains_len; i++)
		if (!vrf_name || !strcmp(admission->domains[i]->vrf_name, vrf_name))
			sessions += admission->domains[i]->sessions;
	return sessions;
}

unsigned admission_unauthenticated(const struct admission *admission, const char *vrf_name)
{
	unsigned unauthenticated = 0;

	for (size_t i = 0; i < admission->domains_len; i++)
		if (!vrf_name || !strcmp(admission->domains[i]->vrf_name, vrf_name))
			unauthenticated += admission->domains[i]->unauthenticated;
	return unauthenticated;
}

uint64_t admission_refused(const struct admission *admission, const char *vrf_name, enum admission_verdict verdict)
{
	uint64_t refused = 0;

	for (size_t i = 0; i < admission->domains_len; i++)
		if (!vrf_name || !strcmp(admission->domains[i]->vrf_name, vrf_name))
			refused += admission->domains[i]->refused[verdict];
	return refused;
}

bool admission_report_due(struct admission *admission, int64_t now_us, struct admission_report *ret_report)
{
	if (admission->pending.total == 0)
		return false;
	if (admission->reported && now_us - admission->reported_us < ADMISSION_REPORT_INTERVAL_US)
		return false;
	admission->reported = true;
	admission->reported_us = now_us;
	*ret_report = admission->pending;
	memset(&admission->pending, 0, sizeof(admission->pending));
	return true;
}
