/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs one fuzz target over the files of its corpus, and over each of them cut short and with bits turned,
 * the same way each time. It is what make check does where libFuzzer is not at hand; CI also lets libFuzzer
 * search.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static void run_exact(const uint8_t *bytes, size_t len_bytes)
{
	/* an allocation of its own size lets the sanitizer see one byte too far */
	uint8_t *copy = malloc(len_bytes ? len_bytes : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, len_bytes);
	LLVMFuzzerTestOneInput(copy, len_bytes);
	free(copy);
}

static unsigned replay(const char *text, size_t len_bytes)
{
	uint8_t *bytes = malloc(len_bytes ? len_bytes : 1);
	uint32_t random = 2463534242u;
	unsigned runs = 0;

	if (!bytes)
		abort();
	memcpy(bytes, text, len_bytes);
	run_exact(bytes, len_bytes);
	for (size_t cut = 0; cut < len_bytes && cut < 2048; cut++, runs++)
		run_exact(bytes, cut);
	for (int round = 0; round < 200 && len_bytes > 0; round++, runs++) {
		size_t at;

		random ^= random << 13;
		random ^= random >> 17;
		random ^= random << 5;
		at = random % len_bytes;
		bytes[at] = (uint8_t)(bytes[at] ^ (1u << (random >> 29)));
		run_exact(bytes, len_bytes);
	}
	free(bytes);
	return runs + 1;
}

int main(int argc, char **argv)
{
	unsigned files = 0, runs = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *entry;

		while (dir && (entry = readdir(dir))) {
			char path[4096], *text;
			size_t len;

			snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
			if (entry->d_name[0] == '.' || fs_read(path, 16u << 20, &text, &len) < 0)
				continue;
			files++;
			runs += replay(text, len);
			free(text);
		}
		if (dir)
			closedir(dir);
	}
	printf("%u files, %u runs\n", files, runs);
	return files ? 0 : 1; /* a target without a corpus proves nothing */
}
