/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the VRF table, fed by hand. Every event is written to a log as one word per event, "+blue", "~blue",
 * "-blue", with the state the VRF had when it was told, so a test says what must have been told and nothing
 * else.
 */
#include "vrf/vrf.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct vrf_table *table;
static char told[65536];
static struct err err;
static const char *want_when_told; /* a name the callback wants */

static void on_event(enum vrf_event event, const struct vrf *vrf, void *userdata)
{
	static const char marks[] = {
		[VRF_EVENT_CAME] = '+', [VRF_EVENT_CHANGED] = '~', [VRF_EVENT_WENT] = '-'
	};
	static const char states[] = {
		[VRF_NAMED] = 'n', [VRF_PRESENT] = 'p', [VRF_UP] = 'u', [VRF_GONE] = 'g'
	};
	size_t len = strlen(told);
	const char *name = want_when_told;
	const struct vrf *wanted;

	cr_assert_eq(userdata, told);
	snprintf(told + len, sizeof(told) - len, "%s%c%s:%c", len ? " " : "", marks[event], vrf->name,
		 states[vrf->state]);
	cr_assert_eq(vrf_table_find(table, vrf->name), vrf,
		     "the VRF must be in the table while it is told of");
	want_when_told = NULL;
	if (name)
		cr_assert_eq(vrf_table_want(table, name, &wanted, NULL), 0);
}

static void setup(void)
{
	told[0] = '\0';
	want_when_told = NULL;
	cr_assert_eq(vrf_table_new(on_event, told, &table), 0);
}

static void teardown(void)
{
	vrf_table_free(table);
}

TestSuite(vrf, .init = setup, .fini = teardown);

/* What was told since the last call. */
#define assert_told(text)                     \
	do {                                  \
		cr_assert_str_eq(told, text); \
		told[0] = '\0';               \
	} while (0)

static void link_is(int ifindex, const char *device, uint32_t table_id, bool up, const char *const *altnames)
{
	struct vrf_link link = { .ifindex = ifindex, .table_id = table_id, .up = up, .altnames = altnames };

	snprintf(link.device, sizeof(link.device), "%s", device);
	vrf_table_link_new(table, &link);
}

static const struct vrf *want(const char *name)
{
	const struct vrf *vrf = NULL;

	cr_assert_eq(vrf_table_want(table, name, &vrf, &err), 0, "%s", err.text);
	cr_assert_not_null(vrf);
	return vrf;
}

static const struct vrf *find(const char *name)
{
	const struct vrf *vrf = vrf_table_find(table, name);

	cr_assert_not_null(vrf, "there must be a VRF %s", name);
	return vrf;
}

/* ---- names ---- */

Test(vrf, default_is_there_from_the_start)
{
	const struct vrf *vrf = find(VRF_DEFAULT_NAME);

	cr_assert_eq(vrf->kind, VRF_KIND_DEFAULT);
	cr_assert_eq(vrf->state, VRF_UP);
	cr_assert_eq(vrf->generation, 1);
	cr_assert_eq(want(VRF_DEFAULT_NAME), vrf);
	vrf_table_unwant(table, vrf);
	cr_assert_eq(find(VRF_DEFAULT_NAME), vrf, "nobody needs to want it");
	assert_told("");
}

Test(vrf, default_is_no_device_and_no_namespace)
{
	const struct vrf *vrf = want(VRF_DEFAULT_NAME);

	link_is(7, VRF_DEFAULT_NAME, 70, true, NULL);
	vrf_table_netns_new(table, VRF_DEFAULT_NAME, 4026531999);
	assert_told("");
	cr_assert_eq(vrf->kind, VRF_KIND_DEFAULT);
	cr_assert_eq(vrf_table_map(table, VRF_DEFAULT_NAME, "blue"), -EINVAL);
	cr_assert_null(vrf_table_find_ifindex(table, 7));
	cr_assert_null(vrf_table_find_ifindex(table, 0), "no index is not the default VRF");
}

Test(vrf, names_are_checked)
{
	static const char *const bad[] = {
		"", "123456789012345678901234567890123", "a/b", "a\tb", "a\nb", "\x7f", "\x01"
	};
	static const char *const good[] = { "12345678901234567890123456789012", "a b", "r\xc3\xa9seau", "x" };
	const struct vrf *vrf;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		vrf = NULL;
		cr_assert_eq(vrf_table_want(table, bad[i], &vrf, &err), -EINVAL, "'%s' must be refused",
			     bad[i]);
		cr_assert_null(vrf);
		cr_assert_neq(err.text[0], '\0');
		cr_assert_eq(vrf_table_map(table, bad[i], "blue"), -EINVAL);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_assert_str_eq(want(good[i])->name, good[i]);
	cr_assert_eq(vrf_table_map(table, "blue", "a234567890123456"), -EINVAL,
		     "16 bytes are no device name");
	cr_assert_eq(vrf_table_map(table, "blue", "a23456789012345"), 0);
}

/* ---- one device ---- */

Test(vrf, wanted_before_present)
{
	const struct vrf *blue = want("blue");

	cr_assert_eq(blue->state, VRF_NAMED);
	cr_assert_eq(blue->kind, VRF_KIND_UNKNOWN);
	cr_assert_eq(blue->generation, 0);
	link_is(41, "blue", 10, false, NULL);
	assert_told("+blue:p");
	cr_assert_eq(blue->kind, VRF_KIND_L3MDEV);
	cr_assert_eq(blue->ifindex, 41);
	cr_assert_eq(blue->table_id, 10);
	cr_assert_str_eq(blue->device, "blue");
	cr_assert_gt(blue->generation, 1);
	cr_assert_eq(vrf_table_find_ifindex(table, 41), blue);
}

Test(vrf, up_and_down_keep_the_generation)
{
	const struct vrf *blue = want("blue");
	uint64_t generation;

	link_is(41, "blue", 10, false, NULL);
	generation = blue->generation;
	link_is(41, "blue", 10, true, NULL);
	link_is(41, "blue", 10, true, NULL);
	link_is(41, "blue", 10, false, NULL);
	assert_told("+blue:p ~blue:u ~blue:p");
	link_is(41, "blue", 11, false, NULL);
	assert_told("~blue:p");
	cr_assert_eq(blue->table_id, 11);
	cr_assert_eq(blue->generation, generation);
}

Test(vrf, recreated_with_another_index)
{
	const struct vrf *blue = want("blue");
	uint64_t generation;

	link_is(41, "blue", 10, true, NULL);
	generation = blue->generation;
	vrf_table_link_gone(table, 41);
	assert_told("+blue:u -blue:g");
	cr_assert_eq(blue->ifindex, 0);
	cr_assert_eq(blue->table_id, 0);
	cr_assert_str_eq(blue->device, "");
	cr_assert_null(vrf_table_find_ifindex(table, 41));
	link_is(52, "blue", 10, true, NULL);
	assert_told("+blue:u");
	cr_assert_gt(blue->generation, generation);
	cr_assert_eq(blue->ifindex, 52);
}

Test(vrf, recreated_with_the_same_index)
{
	const struct vrf *blue = want("blue");
	uint64_t generation;

	link_is(41, "blue", 10, true, NULL);
	generation = blue->generation;
	vrf_table_link_gone(table, 41);
	link_is(41, "blue", 10, true, NULL);
	assert_told("+blue:u -blue:g +blue:u");
	cr_assert_gt(blue->generation, generation);
}

Test(vrf, renamed)
{
	const struct vrf *blue = want("blue");

	link_is(41, "blue", 10, true, NULL);
	link_is(41, "green", 10, true, NULL);
	assert_told("+blue:u -blue:g +green:u");
	cr_assert_eq(blue->state, VRF_GONE);
	cr_assert_eq(vrf_table_find_ifindex(table, 41), find("green"));
	link_is(41, "blue", 10, true, NULL);
	assert_told("-green:g +blue:u");
	cr_assert_null(vrf_table_find(table, "green"), "nobody wanted green");
}

/* Another device under the name of one whose removal was not heard of. */
Test(vrf, replaced_under_its_name)
{
	const struct vrf *blue = want("blue");

	link_is(41, "blue", 10, true, NULL);
	link_is(42, "blue", 20, true, NULL);
	assert_told("+blue:u -blue:g +blue:u");
	cr_assert_eq(blue->ifindex, 42);
	vrf_table_link_gone(table, 41);
	assert_told("");
}

Test(vrf, gone_of_the_unknown_is_nothing)
{
	vrf_table_link_gone(table, 99);
	vrf_table_netns_gone(table, "nowhere");
	assert_told("");
}

/* ---- holding ---- */

static void count_vrf(const struct vrf *vrf, void *userdata)
{
	(void)vrf;
	++*(unsigned *)userdata;
}

Test(vrf, forgotten_only_when_idle)
{
	unsigned count = 0;
	const struct vrf *blue;

	link_is(41, "blue", 10, true, NULL);
	blue = find("blue");
	cr_assert_eq(want("blue"), blue, "an unwanted VRF that is there is the one that is wanted");
	want("blue");
	cr_assert_eq(blue->wanted, 2);
	vrf_table_link_gone(table, 41);
	vrf_table_unwant(table, blue);
	cr_assert_eq(find("blue"), blue);
	cr_assert_eq(vrf_table_each(table, count_vrf, &count), 2);
	cr_assert_eq(count, 2);
	vrf_table_unwant(table, blue);
	cr_assert_null(vrf_table_find(table, "blue"));
	assert_told("+blue:u -blue:g");
	vrf_table_unwant(table, want("never"));
	cr_assert_null(vrf_table_find(table, "never"));
}

Test(vrf, wanted_again_is_named)
{
	const struct vrf *blue;

	cr_assert_eq(vrf_table_map(table, "blue", "vrf-b"), 0);
	blue = want("blue");
	link_is(41, "vrf-b", 10, true, NULL);
	vrf_table_link_gone(table, 41);
	vrf_table_unwant(table, blue);
	cr_assert_eq(blue->state, VRF_GONE, "the map keeps it");
	want("blue");
	cr_assert_eq(blue->state, VRF_NAMED);
}

Test(vrf, want_from_the_callback)
{
	want_when_told = "a-customer-with-a-long-name";
	link_is(41, "blue", 10, true, (const char *const[]){ "a-customer-with-a-long-name", NULL });
	assert_told("+blue:u -blue:g +a-customer-with-a-long-name:u");
	cr_assert_eq(find("a-customer-with-a-long-name")->ifindex, 41);
	cr_assert_null(vrf_table_find(table, "blue"));
}

/* ---- altnames ---- */

#define LONG_NAME "customer-0123456789-abcdefghijkl" /* 32 bytes */

Test(vrf, long_altname)
{
	static const char *const altnames[] = { "too-long-to-be-the-name-of-any-vrf", "b", LONG_NAME, NULL };
	const struct vrf *vrf = want(LONG_NAME);

	cr_assert_eq(strlen(LONG_NAME), VRF_NAME_MAX_BYTES);
	link_is(41, "blue", 10, true, altnames);
	assert_told("+" LONG_NAME ":u");
	cr_assert_str_eq(vrf->device, "blue");
	cr_assert_eq(vrf_table_find_ifindex(table, 41), vrf);
	link_is(41, "azure", 10, true, altnames);
	assert_told("~" LONG_NAME ":u");
	cr_assert_str_eq(vrf->device, "azure", "renaming the device changes nothing of the VRF but that");
	vrf_table_unwant(table, vrf);
	assert_told("-" LONG_NAME ":g +azure:u");
}

Test(vrf, altname_comes_later)
{
	const struct vrf *vrf;

	link_is(41, "blue", 10, true, NULL);
	vrf = want(LONG_NAME);
	assert_told("+blue:u");
	link_is(41, "blue", 10, true, (const char *const[]){ LONG_NAME, NULL });
	assert_told("-blue:g +" LONG_NAME ":u");
	link_is(41, "blue", 10, true, NULL);
	assert_told("-" LONG_NAME ":g +blue:u");
	cr_assert_eq(vrf->state, VRF_GONE);
}

/* Long altname before device name before short altname. */
Test(vrf, one_device_has_one_name)
{
	static const char *const altnames[] = { "b", LONG_NAME, NULL };
	const struct vrf *by_short = want("b"), *by_device, *by_long;

	link_is(41, "blue", 10, true, altnames);
	assert_told("+b:u");
	by_device = want("blue");
	assert_told("-b:g +blue:u");
	by_long = want(LONG_NAME);
	assert_told("-blue:g +" LONG_NAME ":u");
	cr_assert_eq(by_long->ifindex, 41);
	cr_assert_eq(by_device->ifindex, 0);
	cr_assert_eq(by_short->ifindex, 0);
	vrf_table_map(table, "b", "blue");
	assert_told("-" LONG_NAME ":g +b:u");
	vrf_table_map(table, "b", "");
	assert_told("-b:g +" LONG_NAME ":u");
}

/* ---- maps ---- */

Test(vrf, mapped_name)
{
	const struct vrf *vrf = want("a-name-of-many-letters");

	link_is(41, "vrf-a", 10, true, NULL);
	assert_told("+vrf-a:u");
	cr_assert_eq(vrf_table_map(table, "a-name-of-many-letters", "vrf-a"), 0);
	assert_told("-vrf-a:g +a-name-of-many-letters:u");
	cr_assert_str_eq(vrf->mapped_device, "vrf-a");
	cr_assert_eq(vrf_table_map(table, "a-name-of-many-letters", "vrf-c"), 0);
	assert_told("-a-name-of-many-letters:g +vrf-a:u");
	link_is(43, "vrf-c", 30, true, NULL);
	assert_told("+a-name-of-many-letters:u");
	cr_assert_eq(vrf->ifindex, 43);
	cr_assert_eq(vrf_table_map(table, "a-name-of-many-letters", ""), 0);
	assert_told("-a-name-of-many-letters:g +vrf-c:u");
}

/* The map names blue's device: the device called blue is not it, nor is a namespace. */
Test(vrf, map_comes_before_the_device_name)
{
	const struct vrf *blue = want("blue");

	cr_assert_eq(vrf_table_map(table, "blue", "vrf-b"), 0);
	link_is(41, "blue", 10, true, NULL);
	vrf_table_netns_new(table, "blue", 4026532001);
	assert_told("");
	link_is(42, "vrf-b", 20, true, NULL);
	assert_told("+blue:u");
	cr_assert_eq(blue->table_id, 20);
}

Test(vrf, two_names_for_one_device)
{
	cr_assert_eq(vrf_table_map(table, "second", "vrf-b"), 0);
	cr_assert_eq(vrf_table_map(table, "first", "vrf-b"), 0);
	link_is(42, "vrf-b", 20, true, NULL);
	assert_told("+first:u");
	cr_assert_eq(find("second")->state, VRF_NAMED);
	cr_assert_eq(vrf_table_map(table, "first", ""), 0);
	assert_told("-first:g +second:u");
}

/* ---- namespaces ---- */

Test(vrf, namespaces)
{
	const struct vrf *mgmt = want("mgmt");
	uint64_t generation;

	vrf_table_set_netns_dir(table, "/run/somewhere");
	vrf_table_netns_new(table, "mgmt", 4026532001);
	assert_told("+mgmt:u");
	cr_assert_eq(mgmt->kind, VRF_KIND_NETNS);
	cr_assert_eq(mgmt->netns_inode, 4026532001);
	cr_assert_str_eq(mgmt->netns_dir, "/run/somewhere");
	generation = mgmt->generation;
	vrf_table_netns_new(table, "mgmt", 4026532001);
	assert_told("");
	vrf_table_netns_new(table, "mgmt", 4026532777);
	assert_told("-mgmt:g +mgmt:u");
	cr_assert_gt(mgmt->generation, generation);
	generation = mgmt->generation;
	vrf_table_netns_gone(table, "mgmt");
	vrf_table_netns_new(table, "mgmt", 4026532777);
	assert_told("-mgmt:g +mgmt:u");
	cr_assert_gt(mgmt->generation, generation, "the inode may be used again");
	vrf_table_netns_new(table, "a-name-that-is-longer-than-32-bytes", 4026532778);
	assert_told("");
}

Test(vrf, device_before_namespace)
{
	const struct vrf *blue = want("blue");

	vrf_table_netns_new(table, "blue", 4026532001);
	link_is(41, "blue", 10, true, NULL);
	assert_told("+blue:u -blue:g +blue:u");
	cr_assert_eq(blue->kind, VRF_KIND_L3MDEV);
	cr_assert_eq(blue->netns_inode, 0);
	vrf_table_link_gone(table, 41);
	assert_told("-blue:g +blue:u");
	cr_assert_eq(blue->kind, VRF_KIND_NETNS);
	cr_assert_eq(blue->ifindex, 0);
	cr_assert_str_eq(blue->device, "");
}

/* ---- dumps ---- */

Test(vrf, dump_without_an_entry)
{
	const struct vrf *blue = want("blue"), *red = want("red");
	uint64_t generation;

	link_is(41, "blue", 10, true, NULL);
	link_is(42, "red", 20, true, NULL);
	vrf_table_netns_new(table, "mgmt", 4026532001);
	assert_told("+blue:u +red:u +mgmt:u");
	generation = red->generation;
	vrf_table_dump_begin(table, VRF_KIND_L3MDEV);
	link_is(42, "red", 20, true, NULL);
	link_is(43, "green", 30, false, NULL);
	assert_told("");
	vrf_table_dump_end(table, VRF_KIND_L3MDEV);
	assert_told("-blue:g +green:p");
	cr_assert_eq(blue->state, VRF_GONE);
	cr_assert_eq(red->generation, generation, "what the dump shows again is the same");
	cr_assert_eq(find("mgmt")->state, VRF_UP, "a dump of devices says nothing of namespaces");
	vrf_table_dump_begin(table, VRF_KIND_NETNS);
	vrf_table_dump_end(table, VRF_KIND_NETNS);
	assert_told("-mgmt:g");
}

Test(vrf, dump_shows_a_replaced_device)
{
	const struct vrf *blue = want("blue");
	uint64_t generation;

	link_is(41, "blue", 10, true, NULL);
	generation = blue->generation;
	assert_told("+blue:u");
	vrf_table_dump_begin(table, VRF_KIND_L3MDEV);
	link_is(52, "blue", 10, true, NULL);
	vrf_table_dump_end(table, VRF_KIND_L3MDEV);
	assert_told("-blue:g +blue:u");
	cr_assert_gt(blue->generation, generation);
	cr_assert_eq(vrf_table_find_ifindex(table, 52), blue);
}

Test(vrf, dump_shows_exchanged_names)
{
	const struct vrf *blue = want("blue"), *red = want("red");

	link_is(41, "blue", 10, true, NULL);
	link_is(42, "red", 20, true, NULL);
	told[0] = '\0';
	vrf_table_dump_begin(table, VRF_KIND_L3MDEV);
	link_is(41, "red", 10, true, NULL);
	link_is(42, "blue", 20, true, NULL);
	vrf_table_dump_end(table, VRF_KIND_L3MDEV);
	assert_told("-blue:g -red:g +blue:u +red:u");
	cr_assert_eq(blue->ifindex, 42);
	cr_assert_eq(red->ifindex, 41);
}

Test(vrf, dump_begun_twice)
{
	link_is(41, "blue", 10, true, NULL);
	told[0] = '\0';
	vrf_table_dump_begin(table, VRF_KIND_L3MDEV);
	link_is(41, "blue", 10, true, NULL);
	vrf_table_dump_begin(table, VRF_KIND_L3MDEV);
	vrf_table_dump_end(table, VRF_KIND_L3MDEV);
	assert_told("-blue:g");
}

Test(vrf, change_during_a_dump)
{
	const struct vrf *blue = want("blue"), *red;

	link_is(41, "blue", 10, true, NULL);
	told[0] = '\0';
	vrf_table_dump_begin(table, VRF_KIND_L3MDEV);
	link_is(41, "blue", 10, true, NULL);
	link_is(42, "red", 20, true, NULL);
	red = want("red");
	cr_assert_eq(red->state, VRF_NAMED);
	vrf_table_link_gone(table, 41);
	vrf_table_dump_end(table, VRF_KIND_L3MDEV);
	assert_told("-blue:g +red:u");
	cr_assert_eq(blue->state, VRF_GONE);
}

/* ---- many ---- */

Test(vrf, a_thousand, .timeout = 20)
{
	char name[16];

	for (int i = 1; i <= 1000; i++) {
		snprintf(name, sizeof(name), "vrf%d", i);
		if (i % 2)
			want(name);
		link_is(i, name, (uint32_t)i, true, NULL);
	}
	cr_assert_eq(vrf_table_each(table, NULL, NULL), 1001);
	cr_assert_str_eq(vrf_table_find_ifindex(table, 737)->name, "vrf737");
	for (int i = 1; i <= 1000; i++)
		vrf_table_link_gone(table, i);
	cr_assert_eq(vrf_table_each(table, NULL, NULL), 501, "the wanted ones and the default one stay");
}
