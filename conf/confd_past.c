/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the commits of the past, as configurations. A stored text is read again by today's tables; one that they no
 * longer take whole is not given out, because a part of a configuration is another configuration.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/confd.h"
#include "conf/root.h"

AUTO_DECLARE(struct tree, tree_free)

int confd_past_find(const struct confd *confd, const char *id_or_label, size_t *ret_index)
{
	const struct commit_record *records;
	size_t len;

	records = confd_store_records(confd->store, &len);
	for (size_t i = 0; i < len && i < CONFD_COMMITS_KEPT; i++) {
		char id[16];

		snprintf(id, sizeof(id), "%" PRIu32, records[i].id);
		if (!strcmp(id, id_or_label) || (id_or_label[0] && !strcmp(records[i].label, id_or_label))) {
			*ret_index = i;
			return 0;
		}
	}
	return -ENOENT;
}

/* Nothing was before the first commit of all; before the oldest that is left something was. */
static bool begins_with_nothing(const struct commit_record *records, size_t len)
{
	return len && records[len - 1].id == CONFD_COMMIT_ID_FIRST;
}

size_t confd_past_depth(const struct confd *confd)
{
	const struct commit_record *records;
	size_t len, depth;

	records = confd_store_records(confd->store, &len);
	depth = begins_with_nothing(records, len) ? len : len ? len - 1 : 0;
	return depth < CONFD_COMMITS_KEPT ? depth : CONFD_COMMITS_KEPT;
}

int confd_past_tree(const struct confd *confd, size_t index, struct tree **ret_tree, struct err *err)
{
	AUTO(tree_free) struct tree *tree = NULL;
	const struct commit_record *records;
	char *text = NULL;
	size_t len;
	int r = tree_new(conf_root, &tree);

	if (r < 0)
		return err_set(err, r, "out of memory");
	records = confd_store_records(confd->store, &len);
	if (index > len || (index == len && !begins_with_nothing(records, len)))
		return err_set(err, -ENOENT, "there are no %zu commits to take back", index);
	if (index < len) {
		r = confd_store_text(confd->store, records[index].id, &text, err);
		if (r < 0)
			return r;
		r = tree_parse(tree, text, NULL, NULL, err);
		explicit_bzero(text, strlen(text)); /* password hashes */
		free(text);
		if (r < 0)
			return err_add(err, r, "commit %" PRIu32 " is no longer understood",
				       records[index].id);
	}
	*ret_tree = take(tree);
	return 0;
}
