// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: sallyport-transport, the process that speaks SSH with one client
 *
 * It is started by the monitor with the connection as descriptor 3, the request and event sockets as 4 and 5 and an
 * empty directory as 6. It makes itself ready, gives everything up, and only then reads the first byte from the
 * network.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "services/ssh/random.h"
#include "services/ssh/sandbox.h"
#include "services/ssh/selftest.h"
#include "services/ssh/transport.h"
#include "services/ssh/transport_spawner.h"
#include "services/ssh/watchdog.h"

#define ROOT_FD 6

/* libssh and this program share the monitor's answer of each signature. */
static int on_sign(void *userdata, const uint8_t *blob, size_t blob_len, const char *digest, const uint8_t *tbs,
		   size_t tbs_len, uint8_t *signature, size_t size_bytes, size_t *ret_len)
{
	struct transport *transport = userdata;
	struct mon_buf *record = rpc_start(&transport->rpc, MON_SIGN, 0);
	struct mon_string made;
	uint8_t ok;
	int r;

	mon_put_string(record, blob, blob_len);
	mon_put_text(record, digest);
	mon_put_string(record, tbs, tbs_len);
	r = rpc_ask(&transport->rpc, NULL, NULL);
	if (r < 0)
		return r;
	ok = mon_get_u8(record);
	made = mon_get_string(record);
	if (mon_get_end(record) < 0 || ok != 1 || made.len == 0 || made.len > size_bytes)
		return -EACCES;
	memcpy(signature, made.bytes, made.len);
	*ret_len = made.len;
	transport->signatures++;
	return 0;
}

static void on_verify(void *userdata, const uint8_t *tbs, size_t tbs_len, const uint8_t *signature, size_t len)
{
	struct transport *transport = userdata;
	struct mon_buf *record = rpc_start(&transport->rpc, MON_VERIFY, 0);

	mon_put_string(record, tbs, tbs_len);
	mon_put_string(record, signature, len);
	rpc_ask_ok(&transport->rpc);
}

/* Nothing may reach a terminal or a file from behind the seal. */
static int output_close(struct err *err)
{
	AUTO(close) int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd < 0)
		return err_set(err, -errno, "/dev/null: %s", strerror(errno));
	for (int fd = 0; fd <= (SANDBOX_SANITIZED ? 1 : 2); fd++)
		if (dup2(null_fd, fd) < 0)
			return err_set(err, -errno, "cannot close the standard descriptors: %s", strerror(errno));
	return 0;
}

static int socket_prepare(int fd, struct err *err)
{
	int on = 1, flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_set(err, -errno, "the connection: %s", strerror(errno));
	/* not TCP in a test: no harm */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return 0;
}

/* What a process does once, whether it serves one connection or forks for many. */
static int process_init(struct transport *transport, struct err *err)
{
	int r;

	proc_be_prompt();
	transport->provider = (struct provider_calls){ .sign = on_sign, .verify = on_verify, .userdata = transport };
	transport->socket_fd = MON_SOCKET_FD;
	transport->event_fd = MON_EVENT_FD;
	transport->event_record.bytes = malloc(MON_RECORD_MAX_BYTES);
	if (rpc_init(&transport->rpc, MON_RPC_FD) < 0 || !transport->event_record.bytes)
		return err_set(err, -ENOMEM, "no memory");
	r = random_from_kernel(err);
	return r == 0 ? provider_load(&transport->provider, err) : r;
}

static int connection_prepare(struct transport *transport, struct err *err)
{
	int r = socket_prepare(MON_SOCKET_FD, err);

	if (r == 0)
		r = transport_prepare(transport, err);
	if (r == 0)
		r = transport_accept(transport, err);
	return r == 0 ? watchdog_start(MON_RPC_FD, err) : r;
}

/* Gives everything up but the limits and the filter. */
static int process_seal(const struct sandbox *sandbox, struct sandbox_filter *ret_filter, struct err *ret_missing,
			struct err *err)
{
	int r = output_close(err);

	if (r == 0)
		r = sandbox_filter_make(sandbox, ret_filter, err);
	return r == 0 ? sandbox_drop(sandbox, ret_missing, err) : r;
}

/* Everything up to the first byte from the network. */
static int start(struct transport *transport, const struct sandbox *sandbox, struct err *err)
{
	struct err missing = { "" };
	struct sandbox_filter filter;
	int r;

	r = process_init(transport, err);
	if (r == 0)
		r = connection_prepare(transport, err);
	if (r == 0)
		r = process_seal(sandbox, &filter, &missing, err);
	if (r == 0)
		r = sandbox_confine(&filter, err);
	if (r == 0 && missing.text[0])
		rpc_log(&transport->rpc, LOG_NOTICE, "transport sandbox without %s", missing.text);
	return r;
}

/* The same in the child of a spawner, where the first and the third step are done already. */
static int start_warm(struct transport *transport, const struct sandbox_filter *filter, const struct err *missing,
		      struct err *err)
{
	int r = connection_prepare(transport, err);

	if (r == 0)
		r = sandbox_confine(filter, err);
	if (r == 0 && missing->text[0])
		rpc_log(&transport->rpc, LOG_NOTICE, "transport sandbox without %s", missing->text);
	return r;
}

static struct transport transport;

static int finish(int r, const struct err *err)
{
	if (r == 0) {
		transport_run(&transport);
	} else if (transport.rpc.record.bytes) {
		rpc_log(&transport.rpc, LOG_ERR, "transport does not start: %s", err->text);
		rpc_closing(&transport.rpc, END_PROTOCOL_ERROR, err->text);
	}
	return r == 0 ? 0 : 1;
}

static int run(const struct sandbox *sandbox)
{
	struct err err = { "" };
	int r = start(&transport, sandbox, &err);

	return finish(r, &err);
}

/* Becomes a spawner; comes back in each transport. */
static int run_spawner(const struct sandbox *sandbox, unsigned connections)
{
	struct err err = { "" }, missing = { "" };
	struct sandbox_filter filter;
	int r = process_init(&transport, &err);

	if (r == 0)
		r = spawner_warm(&err);
	if (r == 0)
		r = process_seal(sandbox, &filter, &missing, &err);
	if (r < 0) {
		dprintf(STDERR_FILENO, "sallyport-transport: no spawner: %s\n", err.text);
		return 1;
	}
	transport.warm = true;
	spawner_serve(connections, &transport);
	r = start_warm(&transport, &filter, &missing, &err);
	return finish(r, &err);
}

static bool read_id(const char *text, unsigned *ret_id)
{
	char *end;
	unsigned long id;

	errno = 0;
	id = strtoul(text, &end, 10);
	if (errno || *end || end == text || id >= UINT32_MAX)
		return false;
	*ret_id = (unsigned)id;
	return true;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "uid", required_argument, NULL, 'u' },  { "gid", required_argument, NULL, 'g' },
		{ "weak", no_argument, NULL, 'w' },	  { "self-test", no_argument, NULL, 't' },
		{ "spawner", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	struct sandbox sandbox = { .root_fd = ROOT_FD, .socket_fd = MON_SOCKET_FD, .rpc_fd = MON_RPC_FD,
				   .event_fd = MON_EVENT_FD };
	bool has_uid = false, has_gid = false;
	unsigned connections = 0;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'u')
			has_uid = read_id(optarg, &sandbox.uid);
		else if (option == 'g')
			has_gid = read_id(optarg, &sandbox.gid);
		else if (option == 'w')
			sandbox.weak = true;
		else if (option == 't')
			_exit(selftest_run());
		else if (option == 's' && read_id(optarg, &connections) && connections > 0)
			continue;
		else
			_exit(2);
	}
	if (!sandbox.weak && (!has_uid || !has_gid)) {
		fprintf(stderr, "sallyport-transport is started by sallyport-sshd; by hand only: sallyport-transport "
				"--self-test\n");
		_exit(2);
	}
	/* the exit handlers of the libraries have nothing to do here, and would call what the seal forbids */
	signal(SIGPIPE, SIG_IGN);
	_exit(connections > 0 ? run_spawner(&sandbox, connections) : run(&sandbox));
}
