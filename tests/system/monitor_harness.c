// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Becomes the monitor of one connection, as sallyport-sshd's child does, with everything given on the command line: a test
 * holds the other end of the connection and of the session link, and chooses the transport program.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "services/ssh/monitor.h"

enum { USERS_MAX = 8 };

static struct ssh_conf ssh = { .v2 = true };
static struct ssh_profile profile = {
	.timeout_s = 30, .max_auth_limit = 20, .rekey_time_min = 60, .rekey_volume_mb = 1024, .logging = true,
};
static struct user_conf user_items[USERS_MAX];
static struct user_key_conf key_items[USERS_MAX][USER_KEYS_MAX];
static struct users_conf users = { .users = { .items = user_items } };
static struct vrf session_vrf = {
	.name = VRF_DEFAULT_NAME, .kind = VRF_KIND_DEFAULT, .state = VRF_UP, .generation = 1
};

/* ---- a server that challenges: a password, then two questions, then something to read ---- */

static unsigned challenge_round;

static enum kbdint_step challenge_start(void *userdata, const char *user, void **ret_state, struct kbdint_round *ret_round,
					const char **ret_reason)
{
	(void)userdata;
	(void)user;
	(void)ret_state;
	(void)ret_reason;
	challenge_round = 1;
	ret_round->prompts_len = 1;
	snprintf(ret_round->name, sizeof(ret_round->name), "Login of the lab");
	snprintf(ret_round->prompts[0].text, sizeof(ret_round->prompts[0].text), "Password: ");
	return KBDINT_MORE;
}

static bool answer_is(const struct kbdint_answer *answer, const char *text)
{
	return answer->len == strlen(text) && !memcmp(answer->bytes, text, answer->len);
}

static enum kbdint_step challenge_answer(void *state, const struct kbdint_answer *answers, struct kbdint_round *ret_round,
					 const char **ret_reason)
{
	(void)state;
	*ret_reason = "wrong answer to the challenge";
	switch (challenge_round++) {
	case 1:
		if (!answer_is(&answers[0], "right horse"))
			return KBDINT_WRONG;
		ret_round->prompts_len = 2;
		snprintf(ret_round->instruction, sizeof(ret_round->instruction), "The challenge is 4711.");
		snprintf(ret_round->prompts[0].text, sizeof(ret_round->prompts[0].text), "Response: ");
		ret_round->prompts[0].echo = true;
		snprintf(ret_round->prompts[1].text, sizeof(ret_round->prompts[1].text), "PIN: ");
		return KBDINT_MORE;
	case 2:
		if (!answer_is(&answers[0], "1174") || !answer_is(&answers[1], "0000"))
			return KBDINT_WRONG;
		snprintf(ret_round->instruction, sizeof(ret_round->instruction), "Your password expires soon.");
		return KBDINT_MORE;
	default:
		return KBDINT_RIGHT;
	}
}

static const struct kbdint_source challenge = { .start = challenge_start, .answer = challenge_answer };

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	exit(2);
}

static struct user_conf *last_user(void)
{
	if (users.users.len)
		return &user_items[users.users.len - 1];
	fprintf(stderr, "--user comes first\n");
	exit(2);
}

static void take_option(struct monitor_start *start, int option, char *text)
{
	struct user_conf *user;
	struct err err = { .text = "" };

	switch (option) {
	case 'c':
		start->connection_fd = (int)strtol(text, NULL, 10);
		break;
	case 'l':
		start->link_fd = (int)strtol(text, NULL, 10);
		break;
	case 't':
		start->transport_fd = open_or_die(text, O_RDONLY);
		break;
	case 'p':
		start->cli_fd = open_or_die(text, O_RDONLY);
		break;
	case 's':
		profile.timeout_s = strtol(text, NULL, 10);
		break;
	case 'n':
		session_vrf.kind = VRF_KIND_NETNS;
		snprintf(session_vrf.name, sizeof(session_vrf.name), "%s", text);
		break;
	case 'q':
		start->kbdint = &challenge;
		break;
	case 'm':
		profile.max_auth_limit = strtol(text, NULL, 10);
		break;
	case 'u':
		if (users.users.len == USERS_MAX)
			exit(2);
		user = &user_items[users.users.len];
		user->name = text;
		user->keys.items = key_items[users.users.len++];
		break;
	case 'w':
		if (user_secret_hash(text, &last_user()->secret, &err) < 0)
			exit(2);
		break;
	case 'k':
		user = last_user();
		if (user->keys.len == USER_KEYS_MAX)
			exit(2);
		((struct user_key_conf *)user->keys.items)[user->keys.len++].keystring = text;
		break;
	default:
		exit(2);
	}
}

static const struct option options[] = {
	{ "connection-fd", required_argument, NULL, 'c' }, { "link-fd", required_argument, NULL, 'l' },
	{ "transport", required_argument, NULL, 't' },	   { "cli", required_argument, NULL, 'p' },
	{ "timeout", required_argument, NULL, 's' },	   { "max-tries", required_argument, NULL, 'm' },
	{ "user", required_argument, NULL, 'u' },	   { "password", required_argument, NULL, 'w' },
	{ "key", required_argument, NULL, 'k' },	   { "netns", required_argument, NULL, 'n' },
	{ "challenge", no_argument, NULL, 'q' },
	{ 0 },
};

/* The one argument is a directory with keys/, empty/ and run/ in it. */
int main(int argc, char **argv)
{
	struct monitor_start start = {
		.connection_fd = -1, .link_fd = -1, .transport_fd = -1, .cli_fd = -1, .uidmap_path = "uids",
		.weak = geteuid() != 0, .separate_users = geteuid() == 0, .ssh = &ssh, .profile = &profile, .users = &users,
		.vrf = &session_vrf,
	};
	struct hostkey_set *hostkeys;
	struct err err = { .text = "" };
	int option;

	proc_title_init(argc, argv);
	log_init("SSHD");
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		take_option(&start, option, optarg);
	if (optind + 1 != argc || chdir(argv[optind]) < 0)
		return 2;
	if (hostkey_set_load("keys", &hostkeys, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	start.hostkeys = hostkeys;
	start.run_dir_fd = open_or_die("run", O_PATH | O_DIRECTORY);
	start.empty_dir_fd = open_or_die("empty", O_PATH | O_DIRECTORY);
	start.session = (struct session_report){
		.id = 7, .vty = 3, .peer_address = "127.0.0.1", .peer_port = 4711,
		.local_address = "127.0.0.1", .local_port = 5520, .start_us = clock_wall_us(),
	};
	snprintf(start.session.vrf, sizeof(start.session.vrf), "%s", session_vrf.name);
	monitor_run(&start);
}
