/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: admission. Only connections that have not authenticated are kept by source: what an attacker can hold open
 * without a password is bounded in total and for each address, while sessions are bounded in total only. The table of
 * sources never outgrows the number of unauthenticated connections, so a linear search is enough.
 */
#include "services/admission.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

const char *const admission_verdict_words[] = {
	[ADMISSION_GRANTED] = "granted",
	[ADMISSION_SESSIONS] = "the session limit is reached",
	[ADMISSION_UNAUTHENTICATED] = "too many connections have not authenticated yet",
	[ADMISSION_SOURCE] = "too many connections of one source have not authenticated yet",
	[ADMISSION_RESOURCES] = "the system is short of descriptors, processes or memory",
	[ADMISSION_VERDICT_MAX] = NULL,
};

struct source_count {
	struct admission_source source;
	unsigned count;
};

struct admission {
	struct admission_limits limits;
	unsigned sessions, unauthenticated;
	struct source_count *sources;
	size_t sources_len, sources_size;
	struct admission_report pending;
	int64_t reported_us;
	bool reported;
};

void admission_source_set(struct admission_source *source, const char *vrf_name, const uint8_t *bytes, size_t len_bytes)
{
	memset(source, 0, sizeof(*source));
	snprintf(source->vrf_name, sizeof(source->vrf_name), "%s", vrf_name);
	source->family = len_bytes == 4 ? 4 : 6;
	/* one IPv6 host owns its whole /64, so that is what is counted */
	memcpy(source->address, bytes, len_bytes < 8 ? len_bytes : 8);
}

int admission_new(const struct admission_limits *limits, struct admission **ret_admission)
{
	struct admission *admission = calloc(1, sizeof(*admission));

	if (!admission)
		return -ENOMEM;
	admission->limits = *limits;
	*ret_admission = admission;
	return 0;
}

void admission_free(struct admission *admission)
{
	if (!admission)
		return;
	free(admission->sources);
	free(admission);
}

static struct source_count *source_find(const struct admission *admission, const struct admission_source *source)
{
	for (size_t i = 0; i < admission->sources_len; i++)
		if (!memcmp(&admission->sources[i].source, source, sizeof(*source)))
			return &admission->sources[i];
	return NULL;
}

static int source_add(struct admission *admission, const struct admission_source *source)
{
	struct source_count *count = source_find(admission, source);

	if (!count && admission->sources_len == admission->sources_size) {
		size_t size = admission->sources_size ? 2 * admission->sources_size : 16;
		struct source_count *grown = reallocarray(admission->sources, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		admission->sources = grown;
		admission->sources_size = size;
	}
	if (!count) {
		count = &admission->sources[admission->sources_len++];
		*count = (struct source_count){ .source = *source };
	}
	count->count++;
	admission->unauthenticated++;
	return 0;
}

static void source_drop(struct admission *admission, const struct admission_source *source)
{
	struct source_count *count = source_find(admission, source);

	if (!count)
		return;
	admission->unauthenticated--;
	if (--count->count == 0)
		*count = admission->sources[--admission->sources_len];
}

static enum admission_verdict admission_decide(const struct admission *admission, const struct admission_source *source)
{
	const struct source_count *count = source_find(admission, source);

	if (admission->sessions >= admission->limits.sessions)
		return ADMISSION_SESSIONS;
	if (count && count->count >= admission->limits.per_source)
		return ADMISSION_SOURCE;
	if (admission->unauthenticated >= admission->limits.unauthenticated)
		return ADMISSION_UNAUTHENTICATED;
	return ADMISSION_GRANTED;
}

enum admission_verdict admission_ask(struct admission *admission, const struct admission_source *source)
{
	enum admission_verdict verdict = admission_decide(admission, source);

	if (verdict == ADMISSION_GRANTED && source_add(admission, source) < 0)
		verdict = ADMISSION_RESOURCES;
	if (verdict != ADMISSION_GRANTED)
		admission_refuse(admission, verdict, source);
	return verdict;
}

int admission_restore(struct admission *admission, const struct admission_source *source, bool authenticated)
{
	if (!authenticated)
		return source_add(admission, source);
	admission->sessions++;
	return 0;
}

bool admission_promote(struct admission *admission, const struct admission_source *source)
{
	source_drop(admission, source);
	admission->sessions++;
	return admission->sessions <= admission->limits.sessions;
}

void admission_leave(struct admission *admission, const struct admission_source *source, bool authenticated)
{
	if (!authenticated)
		source_drop(admission, source);
	else if (admission->sessions > 0)
		admission->sessions--;
}

void admission_refuse(struct admission *admission, enum admission_verdict verdict,
		      const struct admission_source *source)
{
	admission->pending.refused[verdict]++;
	admission->pending.total++;
	admission->pending.last_verdict = verdict;
	admission->pending.last_source = *source;
}

unsigned admission_sessions(const struct admission *admission)
{
	return admission->sessions;
}

unsigned admission_unauthenticated(const struct admission *admission)
{
	return admission->unauthenticated;
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
