/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what may be said about a VRF. We follow VRFs and never make them: the only setting is which
 * kernel device carries a name that is longer than the kernel's own limit.
 */
#include "vrf/vrf_conf.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "vrf/vrf.h"

#define DEVICE_NAME_MAX_BYTES (IFNAMSIZ - 1)
#define DESCRIPTION_MAX_BYTES 244 /* IOS XR's limit of a VRF description */

static int vrf_name_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	size_t len = strlen(text);

	(void)arg;
	if (len == 0)
		return err_set(err, -EINVAL, "a VRF name has at least 1 character");
	if (len > VRF_NAME_MAX_BYTES)
		return err_set(err, -EINVAL, "a VRF name has at most %u characters, this one has %zu",
			       VRF_NAME_MAX_BYTES, len);
	for (const char *c = text; *c; c++) {
		/* '|' and '"' belong to the command line, '/' would leave the directory of network
		 * namespaces */
		if (*c <= ' ' || *c > '~' || strchr("/|\"?", *c))
			return err_set(err, -EINVAL,
				       "a VRF name holds no spaces, control characters, '/', '|', '?' or '\"'");
	}
	if (text[0] == '!' || !strcmp(text, ".") || !strcmp(text, ".."))
		return err_set(err, -EINVAL, "a VRF cannot have the name '%s'", text);
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

/* The kernel's own rule (dev_valid_name): no '/', no ':', no space, not "." or "..". */
static int device_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	size_t len = strlen(text);

	(void)arg;
	if (len == 0 || len > DEVICE_NAME_MAX_BYTES)
		return err_set(err, -EINVAL, "a device name has 1 to %d characters, this one has %zu",
			       DEVICE_NAME_MAX_BYTES, len);
	for (const char *c = text; *c; c++) {
		if (*c <= ' ' || *c > '~' || *c == '/' || *c == ':')
			return err_set(err, -EINVAL, "a device name holds no spaces, control characters, '/' or ':'");
	}
	if (!strcmp(text, ".") || !strcmp(text, ".."))
		return err_set(err, -EINVAL, "a device cannot have the name '%s'", text);
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static int description_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	size_t len = strlen(text);

	(void)arg;
	if (len == 0 || len > DESCRIPTION_MAX_BYTES)
		return err_set(err, -EINVAL, "a description has 1 to %d characters, this one has %zu",
			       DESCRIPTION_MAX_BYTES, len);
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return err_set(err, -EINVAL, "a description holds no control characters");
	}
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

const struct arg arg_vrf_name = {
	.name = "WORD",
	.help = "VRF name, up to 32 characters",
	.min = 1,
	.max = VRF_NAME_MAX_BYTES,
	.text = true,
	.words_taken = 1,
	.canonical = vrf_name_canonical,
	.complete = "vrf",
};

static const struct arg arg_device = {
	.name = "WORD",
	.help = "Name of a Linux VRF device",
	.min = 1,
	.max = DEVICE_NAME_MAX_BYTES,
	.text = true,
	.words_taken = 1,
	.canonical = device_canonical,
};

static const struct arg arg_description = {
	.name = "LINE",
	.help = "Up to 244 characters describing this VRF",
	.min = 1,
	.max = DESCRIPTION_MAX_BYTES,
	.text = true,
	.words_taken = 0,
	.canonical = description_canonical,
};

const struct stmt vrf_conf_children[] = {
	{ .kind = STMT_LEAF, .word = "description", .help = "Say what the VRF is for", .arg = &arg_description,
	  .offset = offsetof(struct vrf_conf_entry, description), .source = "IOS XR: vrf NAME description" },
	{ .kind = STMT_LEAF, .word = "device",
	  .help = "Name the Linux device of this VRF, when the VRF's own name is too long for one",
	  .arg = &arg_device, .offset = offsetof(struct vrf_conf_entry, device),
	  .source = "architecture.md, A VRF; features.md T1" },
	STMT_DONE,
};
