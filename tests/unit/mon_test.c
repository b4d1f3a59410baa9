// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/ssh/mon.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

static uint8_t bytes[MON_RECORD_MAX_BYTES], other_bytes[MON_RECORD_MAX_BYTES];

Test(mon, what_is_put_is_got)
{
	struct mon_buf buf = { .bytes = bytes };
	struct mon_string string;
	uint16_t type, channel;
	char text[8];

	mon_put_start(&buf, MON_EXEC, 0x1234);
	mon_put_u8(&buf, 0xa5);
	mon_put_u32(&buf, 0xdeadbeef);
	mon_put_u64(&buf, 0x0123456789abcdefULL);
	mon_put_string(&buf, "a\0b", 3);
	mon_put_text(&buf, "seven77");
	mon_put_text(&buf, "");
	cr_assert_not(buf.bad);
	cr_assert_eq(bytes[0], 0);
	cr_assert_eq(bytes[1], MON_EXEC);
	cr_assert_eq(bytes[2], 0x12);

	cr_assert_eq(mon_get_start(&buf, &type, &channel), 0);
	cr_assert_eq(type, MON_EXEC);
	cr_assert_eq(channel, 0x1234);
	cr_assert_eq(mon_get_u8(&buf), 0xa5);
	cr_assert_eq(mon_get_u32(&buf), 0xdeadbeef);
	cr_assert_eq(mon_get_u64(&buf), 0x0123456789abcdefULL);
	string = mon_get_string(&buf);
	cr_assert_eq(string.len, 3);
	cr_assert_arr_eq(string.bytes, "a\0b", 3);
	mon_get_text(&buf, text, sizeof(text));
	cr_assert_str_eq(text, "seven77");
	cr_assert_eq(mon_get_end(&buf), -EPROTO, "one string is left");
	cr_assert_eq(mon_get_string(&buf).len, 0);
	cr_assert_eq(mon_get_end(&buf), 0);
}

Test(mon, every_cut_is_bad)
{
	struct mon_buf whole = { .bytes = bytes };

	mon_put_start(&whole, MON_PTY, 1);
	mon_put_text(&whole, "vt100");
	mon_put_u32(&whole, 80);
	mon_put_u64(&whole, 5);
	mon_put_u8(&whole, 1);
	for (size_t cut = 0; cut < whole.len; cut++) {
		struct mon_buf buf = { .bytes = bytes, .len = cut };
		uint16_t type, channel;
		char text[16];

		if (mon_get_start(&buf, &type, &channel) < 0) {
			cr_assert_lt(cut, 4);
			continue;
		}
		mon_get_text(&buf, text, sizeof(text));
		mon_get_u32(&buf);
		mon_get_u64(&buf);
		mon_get_u8(&buf);
		cr_assert_eq(mon_get_end(&buf), -EPROTO, "cut at %zu", cut);
	}
}

Test(mon, a_length_beyond_the_record_is_bad)
{
	struct mon_buf buf = { .bytes = bytes };
	uint16_t type, channel;

	mon_put_start(&buf, MON_LOG, 0);
	mon_put_u32(&buf, 0xffffffff);
	mon_put_u32(&buf, 0);
	mon_get_start(&buf, &type, &channel);
	cr_assert_null(mon_get_string(&buf).bytes);
	cr_assert(buf.bad);
	cr_assert_eq(mon_get_u8(&buf), 0, "nothing is read after that");
}

Test(mon, a_text_that_does_not_fit_or_holds_nul_is_bad)
{
	struct mon_buf buf = { .bytes = bytes };
	uint16_t type, channel;
	char text[4] = "old";

	mon_put_start(&buf, MON_LOG, 0);
	mon_put_text(&buf, "four");
	mon_get_start(&buf, &type, &channel);
	mon_get_text(&buf, text, sizeof(text));
	cr_assert(buf.bad);
	cr_assert_str_eq(text, "");
	mon_put_start(&buf, MON_LOG, 0);
	mon_put_string(&buf, "a\0", 2);
	mon_get_start(&buf, &type, &channel);
	mon_get_text(&buf, text, sizeof(text));
	cr_assert(buf.bad);
}

Test(mon, a_record_never_outgrows_its_room)
{
	struct mon_buf buf = { .bytes = bytes };

	mon_put_start(&buf, MON_EXEC, 1);
	mon_put_string(&buf, other_bytes, MON_RECORD_MAX_BYTES - 8);
	cr_assert_not(buf.bad);
	cr_assert_eq(buf.len, MON_RECORD_MAX_BYTES);
	mon_put_u8(&buf, 1);
	cr_assert(buf.bad);
	mon_put_start(&buf, MON_EXEC, 1);
	mon_put_string(&buf, other_bytes, MON_RECORD_MAX_BYTES - 7);
	cr_assert(buf.bad);
	cr_assert_eq(mon_send(-1, &buf, NULL, 0), -EMSGSIZE, "a bad record is not sent");
}

static void pair(int fds[2])
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
}

Test(mon, records_and_descriptors_travel)
{
	struct mon_buf out = { .bytes = bytes }, in = { .bytes = other_bytes };
	int sockets[2], ends[2], fds[MON_FDS_MAX];
	size_t fds_len = MON_FDS_MAX;
	char byte = 0;

	pair(sockets);
	cr_assert_eq(pipe(ends), 0);
	mon_put_start(&out, MON_SHELL, 3);
	mon_put_u8(&out, 1);
	cr_assert_eq(mon_send(sockets[0], &out, ends, 2), 0);
	cr_assert_eq(mon_receive(sockets[1], &in, fds, &fds_len), 0);
	cr_assert_eq(fds_len, 2);
	cr_assert_eq(in.len, out.len);
	cr_assert_arr_eq(in.bytes, out.bytes, out.len);
	cr_assert(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	cr_assert_eq(write(fds[1], "x", 1), 1);
	cr_assert_eq(read(ends[0], &byte, 1), 1);
	cr_assert_eq(byte, 'x');
}

Test(mon, surplus_descriptors_are_closed)
{
	struct mon_buf out = { .bytes = bytes }, in = { .bytes = other_bytes };
	int sockets[2], ends[2], fds[1], sent[3];
	size_t fds_len = 1;
	char byte;

	pair(sockets);
	cr_assert_eq(pipe(ends), 0);
	sent[0] = ends[0];
	sent[1] = sent[2] = ends[1];
	mon_put_start(&out, MON_SHELL, 3);
	cr_assert_eq(mon_send(sockets[0], &out, sent, 3), 0);
	cr_assert_eq(mon_receive(sockets[1], &in, fds, &fds_len), 0);
	cr_assert_eq(fds_len, 1);
	close(ends[1]);
	cr_assert_eq(read(ends[0], &byte, 1), 0, "a writing end is still open");
}

Test(mon, what_is_no_record_is_refused)
{
	static uint8_t huge[MON_RECORD_MAX_BYTES + 1];
	struct mon_buf in = { .bytes = other_bytes };
	int sockets[2];

	pair(sockets);
	cr_assert_eq(write(sockets[0], "abc", 3), 3);
	cr_assert_eq(mon_receive(sockets[1], &in, NULL, NULL), -EPROTO);
	cr_assert_eq(write(sockets[0], huge, sizeof(huge)), (ssize_t)sizeof(huge));
	cr_assert_eq(mon_receive(sockets[1], &in, NULL, NULL), -EPROTO);
	close(sockets[0]);
	cr_assert_eq(mon_receive(sockets[1], &in, NULL, NULL), -EPIPE);
	mon_put_start(&in, MON_LOG, 0);
	cr_assert_eq(mon_send(sockets[1], &in, NULL, 0), -EPIPE);
}
