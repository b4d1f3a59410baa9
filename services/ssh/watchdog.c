// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The watchdog of a transport
 *
 * A loop inside libssh cannot be left from outside it. A timer that runs only while the process computes tells such a
 * loop from a wait; its handler sends the last words, prepared beforehand, and ends the process.
 */
#include "services/ssh/watchdog.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "services/ssh/mon.h"
#include "services/ssh_report.h"

static volatile sig_atomic_t turns, turns_seen, ticks;
static uint8_t words_bytes[256]; /* of the room that the codec knows, it takes this much */
static struct mon_buf words = { .bytes = words_bytes };
static int words_fd = -1;

static void on_tick(int signal_number)
{
	(void)signal_number;
	if (turns != turns_seen) {
		turns_seen = turns;
		ticks = 0;
		return;
	}
	ticks = ticks + 1;
	if (ticks < WATCHDOG_TICKS)
		return;
	(void)mon_send(words_fd, &words, NULL, 0);
	_exit(1);
}

int watchdog_start(int rpc_fd, struct err *err)
{
	const struct itimerval every = { .it_interval.tv_usec = WATCHDOG_TICK_MS * 1000,
					 .it_value.tv_usec = WATCHDOG_TICK_MS * 1000 };
	struct sigaction action = { .sa_handler = on_tick, .sa_flags = SA_RESTART };

	words_fd = rpc_fd;
	mon_put_start(&words, MON_CLOSING, 0);
	mon_put_u32(&words, END_PROTOCOL_ERROR);
	mon_put_text(&words, "the SSH library went into a loop on what the client sent");
	if (sigaction(SIGVTALRM, &action, NULL) < 0 || setitimer(ITIMER_VIRTUAL, &every, NULL) < 0)
		return err_set(err, -errno, "cannot start the watchdog: %s", strerror(errno));
	return 0;
}

void watchdog_turn(void)
{
	turns = (turns + 1) & 0xffff;
}
