/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the name of the router and the domain it completes names with. Both become part of prompts, log
 * lines and DNS questions, so only letters, digits and hyphens (and dots between the labels of the
 * domain) are let in.
 */
#include "conf/system_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* One DNS label of len bytes: NULL, or what is wrong with it. */
static const char *label_fault(const char *label, size_t len)
{
	if (len == 0)
		return "has an empty part";
	if (len > SYSTEM_HOSTNAME_MAX_BYTES)
		return "has a part of more than 63 characters";
	if (label[0] == '-' || label[len - 1] == '-')
		return "begins or ends with a hyphen";
	for (size_t i = 0; i < len; i++) {
		if (!is_letter_or_digit(label[i]) && label[i] != '-')
			return "holds a character other than letters, digits and hyphens";
	}
	return NULL;
}

static int hostname_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	size_t len = strlen(text);
	const char *fault;

	if (len > SYSTEM_HOSTNAME_MAX_BYTES)
		return err_set(err, -EINVAL, "a hostname has at most %u characters, this one has %zu",
			       SYSTEM_HOSTNAME_MAX_BYTES, len);
	fault = label_fault(text, len);
	if (fault)
		return err_set(err, -EINVAL, "the hostname %s", fault);
	(void)arg;
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static int domain_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	size_t len = strlen(text);

	if (len > SYSTEM_DOMAIN_MAX_BYTES)
		return err_set(err, -EINVAL, "a domain name has at most %u characters, this one has %zu",
			       SYSTEM_DOMAIN_MAX_BYTES, len);
	for (const char *label = text;;) {
		const char *dot = strchrnul(label, '.');
		const char *fault = label_fault(label, (size_t)(dot - label));

		if (fault)
			return err_set(err, -EINVAL, "the domain name %s", fault);
		if (!*dot)
			break;
		label = dot + 1;
	}
	(void)arg;
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

const struct arg arg_hostname = {
	.name = "WORD",
	.help = "Name of the router, up to 63 characters",
	.min = 1,
	.max = SYSTEM_HOSTNAME_MAX_BYTES,
	.text = true,
	.words_taken = 1,
	.canonical = hostname_canonical,
};

const struct arg arg_domain_name = {
	.name = "WORD",
	.help = "Domain name",
	.min = 1,
	.max = SYSTEM_DOMAIN_MAX_BYTES,
	.text = true,
	.words_taken = 1,
	.canonical = domain_canonical,
};

const struct stmt system_domain_children[] = {
	{ .kind = STMT_LEAF, .word = "name", .help = "Set the domain that completes names", .arg = &arg_domain_name,
	  .offset = offsetof(struct system_conf, domain_name), .source = "features.md 1C-16; RFC 1035 section 2.3.4" },
	STMT_DONE,
};
