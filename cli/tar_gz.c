/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: an archive in the making. The two formats are small and old; a library would bring twenty others along.
 */
#include "cli/tar_gz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK	    512u
#define GZIP_WINDOW (15 + 16) /* the largest, in a gzip wrapper */

struct tar_gz {
	int fd, failed;
	uint64_t left_bytes;
	z_stream stream;
	unsigned char out[32768];
};

struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], padding[12];
};

_Static_assert(sizeof(struct ustar) == BLOCK, "the header is one block");

int tar_gz_new(int fd, uint64_t max_bytes, struct tar_gz **ret_archive)
{
	struct tar_gz *archive = calloc(1, sizeof(*archive));

	if (!archive)
		return -ENOMEM;
	archive->fd = fd;
	archive->left_bytes = max_bytes;
	if (deflateInit2(&archive->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) !=
	    Z_OK) {
		free(archive);
		return -ENOMEM;
	}
	*ret_archive = archive;
	return 0;
}

static int write_all(int fd, const unsigned char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, bytes, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? -errno : -EIO;
		bytes += put;
		len -= (size_t)put;
	}
	return 0;
}

static int squeeze(struct tar_gz *archive, const void *bytes, size_t len, int flush)
{
	/* zlib reads only; its pointer is not const in every version */
	archive->stream.next_in = (unsigned char *)(uintptr_t)bytes;
	archive->stream.avail_in = (unsigned)len;
	do {
		archive->stream.next_out = archive->out;
		archive->stream.avail_out = sizeof(archive->out);
		if (deflate(&archive->stream, flush) == Z_STREAM_ERROR)
			return -EIO;
		archive->failed =
			write_all(archive->fd, archive->out, sizeof(archive->out) - archive->stream.avail_out);
		if (archive->failed < 0)
			return archive->failed;
	} while (archive->stream.avail_out == 0);
	return 0;
}

static void header_fill(struct ustar *header, const char *name, int64_t mtime_s, size_t len)
{
	unsigned sum = 0;

	snprintf(header->name, sizeof(header->name), "%s", name);
	snprintf(header->mode, sizeof(header->mode), "%07o", 0600);
	snprintf(header->uid, sizeof(header->uid), "%07o", 0);
	snprintf(header->gid, sizeof(header->gid), "%07o", 0);
	snprintf(header->size, sizeof(header->size), "%011llo", (unsigned long long)len);
	snprintf(header->mtime, sizeof(header->mtime), "%011llo", (unsigned long long)mtime_s);
	header->type = '0';
	memcpy(header->magic, "ustar", 6);
	memcpy(header->version, "00", 2);
	memset(header->checksum, ' ', sizeof(header->checksum));
	for (size_t i = 0; i < sizeof(*header); i++)
		sum += ((const unsigned char *)header)[i];
	snprintf(header->checksum, sizeof(header->checksum), "%06o", sum);
}

int tar_gz_add(struct tar_gz *archive, const char *name, int64_t mtime_s, const void *bytes, size_t len_bytes)
{
	static const char zeros[BLOCK];
	struct ustar header = { .type = 0 };
	int r;

	if (archive->failed < 0)
		return archive->failed;
	if (strlen(name) >= sizeof(header.name))
		return -ENAMETOOLONG;
	if (len_bytes > archive->left_bytes)
		return -EFBIG;
	archive->left_bytes -= len_bytes;
	header_fill(&header, name, mtime_s, len_bytes);
	r = squeeze(archive, &header, sizeof(header), Z_NO_FLUSH);
	if (r == 0 && len_bytes > 0)
		r = squeeze(archive, bytes, len_bytes, Z_NO_FLUSH);
	if (r == 0 && len_bytes % BLOCK)
		r = squeeze(archive, zeros, BLOCK - len_bytes % BLOCK, Z_NO_FLUSH);
	if (r < 0)
		archive->failed = r;
	return r;
}

int tar_gz_close(struct tar_gz *archive)
{
	static const char zeros[2 * BLOCK];
	int r;

	if (!archive)
		return 0;
	r = archive->failed;
	if (r == 0)
		r = squeeze(archive, zeros, sizeof(zeros), Z_FINISH);
	deflateEnd(&archive->stream);
	free(archive);
	return r;
}
