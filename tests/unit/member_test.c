/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A member and a confd made here, on one loop: what the member calls is written as letters (c check, p prepare, A apply,
 * X abort), and what it was given stays beside them.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "conf/config_report.h"
#include "conf/member.h"
#include "conf/root.h"

static char dir[] = "/tmp/member-test-XXXXXX";
static char confd_path[64], member_path[64];
static struct event_base *base;
static struct member *member;
static struct varlink_server *confd_server, *member_server;

/* what the daemon behind the member saw */
static char calls[64];
static char in_force[200]; /* hostname of the configuration that was applied */
static char aside[200];
static unsigned firsts;
static bool refuse_check, refuse_prepare;

/* what confd answers */
static char slice_id[16], slice_text[400];
static unsigned slices_asked;
static bool hold_slice;
static struct varlink_call *held;
static unsigned logged;

static void on_log(int severity, const char *line, void *userdata)
{
	(void)severity;
	(void)line;
	(void)userdata;
	logged++;
}

static void call_note(char letter)
{
	size_t len = strlen(calls);

	cr_assert_lt(len, sizeof(calls) - 1);
	calls[len] = letter;
	calls[len + 1] = '\0';
}

static int on_check(const struct tree *slice, void (*report)(const struct member_fault *fault, void *to),
		    void *to, void *userdata)
{
	struct member_fault fault = { .line = "hostname bad", .reason = "no good" };

	cr_assert_eq(userdata, calls);
	cr_assert_not_null(slice);
	call_note('c');
	if (refuse_check)
		report(&fault, to);
	return 0;
}

static int on_prepare(const struct tree *slice, void (*report)(const struct member_fault *fault, void *to),
		      void *to, void *userdata)
{
	const char *hostname = tree_get(slice, "hostname");

	(void)report;
	(void)to;
	(void)userdata;
	call_note('p');
	snprintf(aside, sizeof(aside), "%s", hostname ? hostname : "(none)");
	return refuse_prepare ? -EADDRINUSE : 0;
}

static void on_apply(void *userdata)
{
	(void)userdata;
	call_note('A');
	memcpy(in_force, aside, sizeof(aside));
}

static void on_abort(void *userdata)
{
	(void)userdata;
	call_note('X');
}

static const struct member_ops ops = {
	.check = on_check, .prepare = on_prepare, .apply = on_apply, .abort = on_abort
};

static void on_first(void *userdata)
{
	(void)userdata;
	firsts++;
}

static json_t *slice_json(void)
{
	return json_pack("{s:s, s:s}", "commit_id", slice_id, "text", slice_text);
}

static void handle_get_slice(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	(void)userdata;
	cr_assert_str_eq(json_string_value(json_object_get(parameters, "member")), "tester");
	slices_asked++;
	if (hold_slice)
		held = call;
	else
		varlink_reply(call, slice_json());
}

static struct member *member_of(void *userdata)
{
	return *(struct member **)userdata;
}

static const struct varlink_method confd_methods[] = { { "GetSlice", handle_get_slice }, { NULL } };
static const struct varlink_interface confd_table[] = { { .name = CONFIG_INTERFACE,
							  .methods = confd_methods },
							{ NULL } };
static struct varlink_interface member_table[] = { { NULL }, { NULL } }; /* the first is member_interface */

static void confd_start(void)
{
	struct err err = { .text = "" };

	cr_assert_eq(varlink_server_new(base, confd_path, 0600, confd_table, NULL, &confd_server, &err), 0,
		     "%s", err.text);
}

static void set_slice(const char *id, const char *text)
{
	snprintf(slice_id, sizeof(slice_id), "%s", id);
	snprintf(slice_text, sizeof(slice_text), "%s", text);
}

static void setup(void)
{
	struct err err = { .text = "" };

	log_set_sink(on_log, NULL);
	cr_assert_not_null(mkdtemp(dir));
	snprintf(confd_path, sizeof(confd_path), "%s/confd", dir);
	snprintf(member_path, sizeof(member_path), "%s/member", dir);
	base = event_base_new();
	member_table[0] = member_interface;
	member_set_lookup(member_of);
	cr_assert_eq(varlink_server_new(base, member_path, 0600, member_table, &member, &member_server, &err),
		     0);
}

static void teardown(void)
{
	member_free(member);
	varlink_server_free(member_server);
	varlink_server_free(confd_server);
	event_base_free(base);
	rmdir(dir);
}

TestSuite(member, .init = setup, .fini = teardown, .timeout = 30);

static void member_start(uid_t peer_uid)
{
	struct err err = { .text = "" };

	cr_assert_eq(member_new(base, confd_path, "tester", OWNER_CONFD, conf_root, peer_uid, &ops, on_first,
				calls, &member, &err),
		     0);
}

/* Runs the loop until the condition holds. */
#define RUN_UNTIL(condition)                                                                        \
	do {                                                                                        \
		int64_t until_us = clock_monotonic_us() + 10 * 1000000;                             \
		while (!(condition)) {                                                              \
			cr_assert_lt(clock_monotonic_us(), until_us, "never came: %s", #condition); \
			event_base_loop(base, EVLOOP_ONCE);                                         \
		}                                                                                   \
	} while (0)

struct answer {
	bool came;
	int result;
	char error[80];
	json_t *parameters;
};

static void on_answer(int result, const char *error_name, const json_t *parameters, void *userdata)
{
	struct answer *answer = userdata;

	answer->came = true;
	answer->result = result;
	snprintf(answer->error, sizeof(answer->error), "%s", error_name ? error_name : "");
	answer->parameters = json_deep_copy(parameters);
}

/* One call to the member as confd makes it. text may be NULL. Returns the number of faults, or -1 for an error. */
static int ask(const char *method, const char *id, const char *text)
{
	struct answer answer = { .came = false };
	char name[80];
	json_t *parameters = json_pack("{s:s}", "commit_id", id);
	int faults;

	if (text)
		json_object_set_new(parameters, "text", json_string(text));
	snprintf(name, sizeof(name), MEMBER_INTERFACE ".%s", method);
	cr_assert_eq(varlink_link_call(base, member_path, name, parameters, 5000, on_answer, &answer, NULL),
		     0);
	RUN_UNTIL(answer.came);
	faults = (int)json_array_size(json_object_get(answer.parameters, "faults"));
	json_decref(answer.parameters);
	return answer.result < 0 ? -1 : faults;
}

static void start_with(const char *id, const char *text)
{
	confd_start();
	set_slice(id, text);
	member_start(geteuid());
	RUN_UNTIL(firsts);
}

Test(member, takes_its_slice_at_start)
{
	start_with("1000000003", "hostname r3\n");
	cr_assert_str_eq(calls, "cpA");
	cr_assert_str_eq(in_force, "r3");
	cr_assert_eq(firsts, 1);
	cr_assert_eq(slices_asked, 1);
}

Test(member, waits_for_a_confd_that_starts_later)
{
	member_start(geteuid());
	set_slice("1000000001", "hostname late\n");
	for (int i = 0; i < 3; i++)
		event_base_loop(base, EVLOOP_ONCE);
	confd_start();
	RUN_UNTIL(in_force[0]);
	cr_assert_str_eq(in_force, "late");
	RUN_UNTIL(firsts);
	cr_assert_eq(firsts, 1);
}

Test(member, begins_without_confd_after_two_seconds)
{
	int64_t start_us = clock_monotonic_us();

	member_start(geteuid());
	RUN_UNTIL(firsts);
	cr_assert_geq(clock_monotonic_us() - start_us, 1900000);
	cr_assert_str_eq(calls, "", "nothing is made up");
	cr_assert_eq(logged, 0, "an absent confd is no event");

	confd_start();
	set_slice("1000000001", "hostname late\n");
	RUN_UNTIL(in_force[0]);
	cr_assert_eq(firsts, 1, "once");
}

Test(member, commit)
{
	start_with("1000000001", "hostname old\n");
	cr_assert_eq(ask("Check", "1000000002", "hostname new\n"), 0);
	cr_assert_eq(ask("Prepare", "1000000002", "hostname new\n"), 0);
	cr_assert_str_eq(in_force, "old", "nothing is in force before apply");
	cr_assert_eq(ask("Apply", "1000000002", NULL), 0);
	cr_assert_str_eq(in_force, "new");
	cr_assert_str_eq(calls, "cpAcpA");
	cr_assert_eq(ask("Apply", "1000000002", NULL), 0, "said twice, done once");
	cr_assert_str_eq(calls, "cpAcpA");
	cr_assert_eq(slices_asked, 1);
}

Test(member, abort_at_each_step)
{
	start_with("1000000001", "hostname old\n");
	cr_assert_eq(ask("Check", "1000000002", "hostname new\n"), 0);
	cr_assert_eq(ask("Abort", "1000000002", NULL), 0);
	cr_assert_str_eq(calls, "cpAc", "what was only checked is not aborted");
	cr_assert_eq(ask("Check", "1000000002", "hostname new\n"), 0);
	cr_assert_eq(ask("Prepare", "1000000002", "hostname new\n"), 0);
	cr_assert_eq(ask("Abort", "1000000002", NULL), 0);
	cr_assert_str_eq(calls, "cpAccpX");
	cr_assert_eq(ask("Abort", "1000000002", NULL), 0, "nothing to abort is fine");
	cr_assert_eq(ask("Apply", "1000000002", NULL), -1, "an aborted commit is not applied");
	cr_assert_str_eq(in_force, "old");
	cr_assert_str_eq(calls, "cpAccpX");
}

Test(member, apply_needs_its_own_prepare)
{
	start_with("1000000001", "hostname old\n");
	cr_assert_eq(ask("Apply", "1000000002", NULL), -1);
	cr_assert_eq(ask("Check", "1000000002", "hostname new\n"), 0);
	cr_assert_eq(ask("Apply", "1000000002", NULL), -1, "checked is not prepared");
	cr_assert_eq(ask("Prepare", "1000000002", "hostname new\n"), 0);
	cr_assert_eq(ask("Apply", "1000000003", NULL), -1, "another's commit");
	cr_assert_eq(ask("Abort", "1000000003", NULL), 0, "another's abort");
	cr_assert_str_eq(in_force, "old");
	cr_assert_eq(ask("Apply", "1000000002", NULL), 0);
	cr_assert_str_eq(in_force, "new");
}

Test(member, faults)
{
	start_with("1000000001", "hostname old\n");
	refuse_check = true;
	cr_assert_eq(ask("Check", "1000000002", "hostname bad\n"), 1);
	cr_assert_eq(ask("Apply", "1000000002", NULL), -1);
	refuse_check = false;
	refuse_prepare = true;
	cr_assert_eq(ask("Check", "1000000002", "hostname bad\n"), 0);
	cr_assert_eq(ask("Prepare", "1000000002", "hostname bad\n"), 1);
	cr_assert_str_eq(calls, "cpAccp", "abort is not called for what was not prepared");
	cr_assert_eq(ask("Apply", "1000000002", NULL), -1);
	cr_assert_eq(ask("Check", "1000000002", "hostname not ours\nnonsense\n"), 2,
		     "each line that does not match");
	cr_assert_str_eq(in_force, "old");
}

Test(member, prepare_without_check)
{
	start_with("1000000001", "hostname old\n");
	cr_assert_eq(ask("Prepare", "1000000002", "hostname new\n"), 0, "it was restarted after the check");
	cr_assert_eq(ask("Check", "1000000003", "hostname third\n"), 0, "the commit of another confd");
	cr_assert_str_eq(calls, "cpAcpXc");
	cr_assert_eq(ask("Prepare", "1000000003", "hostname fourth\n"), 0, "a changed mind is checked again");
	cr_assert_eq(ask("Apply", "1000000003", NULL), 0);
	cr_assert_str_eq(in_force, "fourth");
	cr_assert_str_eq(calls, "cpAcpXccpA");
}

Test(member, same_text_changes_nothing)
{
	start_with("1000000001", "hostname old\n");
	cr_assert_eq(ask("Check", "1000000005", "hostname old\n"), 0);
	cr_assert_eq(ask("Prepare", "1000000005", "hostname old\n"), 0);
	cr_assert_eq(ask("Abort", "1000000005", NULL), 0);
	cr_assert_eq(ask("Prepare", "1000000005", "hostname old\n"), 0);
	cr_assert_eq(ask("Apply", "1000000005", NULL), 0);
	cr_assert_eq(ask("Apply", "1000000005", NULL), 0);
	cr_assert_str_eq(calls, "cpA");
}

Test(member, older_slice_does_not_undo_a_commit)
{
	confd_start();
	hold_slice = true;
	member_start(geteuid());
	RUN_UNTIL(held);
	cr_assert_eq(ask("Check", "1000000002", "hostname new\n"), 0);
	cr_assert_eq(ask("Prepare", "1000000002", "hostname new\n"), 0);
	cr_assert_eq(ask("Apply", "1000000002", NULL), 0);
	cr_assert_eq(firsts, 1, "a commit is as good as a slice");
	set_slice("1000000001", "hostname old\n");
	varlink_reply(held, slice_json());
	cr_assert_eq(ask("Apply", "1000000002", NULL), 0);
	cr_assert_str_eq(in_force, "new");
	cr_assert_str_eq(calls, "cpA");
}

Test(member, slice_that_comes_between_two_steps)
{
	confd_start();
	hold_slice = true;
	member_start(geteuid());
	RUN_UNTIL(held);
	cr_assert_eq(ask("Check", "1000000002", "hostname new\n"), 0);
	set_slice("1000000001", "hostname old\n");
	hold_slice = false;
	varlink_reply(held, slice_json());
	cr_assert_eq(ask("Prepare", "1000000002", "hostname new\n"), 0);
	cr_assert_eq(ask("Abort", "1000000002", NULL), 0);
	RUN_UNTIL(in_force[0]);
	cr_assert_str_eq(in_force, "old", "asked again after the abort");
	cr_assert_eq(slices_asked, 2);
}

/* confd died after prepare: the member is not left hanging with what it holds. */
Test(member, left_alone_between_two_steps)
{
	start_with("1000000001", "hostname old\n");
	cr_assert_eq(ask("Check", "1000000002", "hostname new\n"), 0);
	cr_assert_eq(ask("Prepare", "1000000002", "hostname new\n"), 0);
	set_slice("1000000002", "hostname new\n");
	{
		int64_t until_us = clock_monotonic_us() + 20 * 1000000;

		while (strcmp(in_force, "new")) {
			cr_assert_lt(clock_monotonic_us(), until_us);
			event_base_loop(base, EVLOOP_ONCE);
		}
	}
	cr_assert_str_eq(calls, "cpAcpXcpA");
}

Test(member, slice_that_is_refused_is_told_once)
{
	confd_start();
	set_slice("1000000001", "hostname bad\n");
	refuse_check = true;
	member_start(geteuid());
	RUN_UNTIL(slices_asked >= 3);
	cr_assert_eq(logged, 1);
	cr_assert_str_eq(in_force, "");
	refuse_check = false;
	RUN_UNTIL(in_force[0]);
}

Test(member, strangers_may_not)
{
	uid_t uid = geteuid();

	start_with("1000000001", "hostname old\n");
	member_free(member);
	member = NULL;
	member_start(uid + 1);
	calls[0] = '\0';
	/* root may always: be somebody else while the connection is made */
	cr_assert_eq(chmod(dir, 0755) | chmod(member_path, 0666), 0);
	if (uid == 0)
		cr_assert_eq(seteuid(65534), 0);
	cr_assert_eq(ask("Check", "1000000002", "hostname new\n"), -1);
	cr_assert_eq(ask("Prepare", "1000000002", "hostname new\n"), -1);
	cr_assert_eq(ask("Apply", "1000000001", NULL), -1);
	cr_assert_eq(ask("Abort", "1000000002", NULL), -1);
	if (uid == 0)
		cr_assert_eq(seteuid(0), 0);
	cr_assert_null(strchr(in_force, 'n'));
	cr_assert_null(strchr(calls, 'X'));
}
