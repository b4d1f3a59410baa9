// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Functions of libraries, each looked for once: also by a spawner, for those that are forked from it
 */
#include "services/ssh/interpose.h"

#include <dlfcn.h>
#include <stddef.h>

#include "base/cleanup.h"

void *interpose_real(const char *name)
{
	static struct {
		const char *name;
		void *found;
	} known[16];
	size_t i = 0;

	while (i < ARRAY_SIZE(known) && known[i].name && known[i].name != name)
		i++;
	if (i == ARRAY_SIZE(known))
		return dlsym(RTLD_NEXT, name);
	if (!known[i].name) {
		known[i].found = dlsym(RTLD_NEXT, name);
		known[i].name = name;
	}
	return known[i].found;
}
