// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: What is made ready before the seal
 *
 * The monitor says which algorithms to offer and shows the public halves of the host keys; everything that would want
 * a file, a user database or a first-time initialization is done here, because behind the seal it could not be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/cleanup.h"
#include "services/ssh/placeholder.h"
#include "services/ssh/gather.h"
#include "services/ssh/packet_crypto.h"
#include "services/ssh/readahead.h"
#include "services/ssh/transport.h"

#define LIST_MAX_BYTES	    1024
#define HOSTKEYS_MAX	    8u
#define BANNER_PREFIX	    "Sallyport_1.0"
#define RSA_BITS_MIN	    2048
#define FORESEEN_FD	    15 /* of the connection, known before there is one; a spawner does not come as far */

struct start {
	char comment[64], kex[LIST_MAX_BYTES], hostkeys[LIST_MAX_BYTES], ciphers[LIST_MAX_BYTES], macs[LIST_MAX_BYTES],
		pubkeys[LIST_MAX_BYTES];
	uint32_t keys;
};

/* Uses everything once that looks around at its first use. */
static int primitives_warm(struct err *err)
{
	unsigned char bytes[32], digest[EVP_MAX_MD_SIZE];
	unsigned len;
	EVP_PKEY *key;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1 || RAND_priv_bytes(bytes, sizeof(bytes)) != 1)
		return err_set(err, -EIO, "OpenSSL has no random numbers");
	if (EVP_Digest(bytes, sizeof(bytes), digest, &len, EVP_sha256(), NULL) != 1 ||
	    EVP_Digest(bytes, sizeof(bytes), digest, &len, EVP_sha512(), NULL) != 1)
		return err_set(err, -EIO, "OpenSSL has no digests");
	key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	if (!key)
		return err_set(err, -EIO, "OpenSSL makes no X25519 key");
	EVP_PKEY_free(key);
	return 0;
}

static bool is_ecdsa(ssh_key key)
{
	enum ssh_keytypes_e type = ssh_key_type(key);

	return type == SSH_KEYTYPE_ECDSA_P256 || type == SSH_KEYTYPE_ECDSA_P384 || type == SSH_KEYTYPE_ECDSA_P521;
}

static int hostkey_import(struct transport *transport, const uint8_t *blob, size_t len, bool *inout_has_ecdsa,
			  struct err *err)
{
	AUTO(free) char *pem = NULL;
	ssh_key key = NULL;
	int r;

	r = placeholder_pem(blob, len, &pem);
	if (r < 0)
		return err_set(err, r, "a host key from the monitor cannot be used: %s", strerror(-r));
	if (ssh_pki_import_privkey_base64(pem, NULL, NULL, NULL, &key) != SSH_OK)
		return err_set(err, -EPROTO, "libssh does not take a host key");
	/* a second ECDSA key would replace the first, which is the preferred one */
	if (is_ecdsa(key) && *inout_has_ecdsa) {
		ssh_key_free(key);
		return 0;
	}
	*inout_has_ecdsa = *inout_has_ecdsa || is_ecdsa(key);
	/* the bind takes ownership, also of a key it refuses */
	if (ssh_bind_options_set(transport->bind, SSH_BIND_OPTIONS_IMPORT_KEY, key) != SSH_OK)
		return err_set(err, -EPROTO, "libssh: %s", ssh_get_error(transport->bind));
	return 0;
}

static int hostkeys_import(struct transport *transport, struct mon_buf *record, uint32_t keys, struct err *err)
{
	bool has_ecdsa = false;
	int r = 0;

	if (keys == 0 || keys > HOSTKEYS_MAX)
		return err_set(err, -EPROTO, "the monitor has %u host keys", keys);
	for (uint32_t i = 0; i < keys && r == 0; i++) {
		struct mon_string blob = mon_get_string(record);

		if (record->bad)
			return err_set(err, -EPROTO, "the monitor's start record is cut short");
		r = hostkey_import(transport, blob.bytes, blob.len, &has_ecdsa, err);
	}
	if (r == 0 && mon_get_end(record) < 0)
		return err_set(err, -EPROTO, "the monitor's start record has bytes left over");
	return r;
}

static int options_set(struct transport *transport, const struct start *start, struct err *err)
{
	char *banner = transport->banner;
	const bool process_config = false;
	const int rsa_bits = RSA_BITS_MIN;
	const struct {
		enum ssh_bind_options_e option;
		const void *value;
		const char *name;
	} options[] = {
		/* first: without it each accept reads the system's libssh configuration */
		{ SSH_BIND_OPTIONS_PROCESS_CONFIG, &process_config, "no configuration file" },
		{ SSH_BIND_OPTIONS_BANNER, banner, "the banner" },
		{ SSH_BIND_OPTIONS_KEY_EXCHANGE, start->kex, start->kex },
		{ SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, start->hostkeys, start->hostkeys },
		{ SSH_BIND_OPTIONS_CIPHERS_C_S, start->ciphers, start->ciphers },
		{ SSH_BIND_OPTIONS_CIPHERS_S_C, start->ciphers, start->ciphers },
		{ SSH_BIND_OPTIONS_HMAC_C_S, start->macs, start->macs },
		{ SSH_BIND_OPTIONS_HMAC_S_C, start->macs, start->macs },
		{ SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES, start->pubkeys, start->pubkeys },
		{ SSH_BIND_OPTIONS_RSA_MIN_SIZE, &rsa_bits, "the least size of RSA keys" },
	};

	snprintf(banner, sizeof(transport->banner), "%s%s%s", BANNER_PREFIX, start->comment[0] ? " " : "",
		 start->comment);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (ssh_bind_options_set(transport->bind, options[i].option, options[i].value) != SSH_OK)
			return err_set(err, -EPROTO, "libssh does not take %s: %s", options[i].name,
				       ssh_get_error(transport->bind));
	return 0;
}

static int session_make(struct transport *transport, struct err *err)
{
	const uint64_t rekey_bytes = (uint64_t)transport->rekey.volume_mb << 20; /* in either direction */
	const uint32_t rekey_s = transport->rekey.time_s;

	transport->session = ssh_new(); /* asks the user database: cannot be done behind the seal */
	transport->event = ssh_event_new();
	if (!transport->session || !transport->event)
		return err_set(err, -ENOMEM, "no memory for the session");
	if (ssh_options_set(transport->session, SSH_OPTIONS_REKEY_DATA, &rekey_bytes) != SSH_OK ||
	    ssh_options_set(transport->session, SSH_OPTIONS_REKEY_TIME, &rekey_s) != SSH_OK ||
	    ssh_options_set(transport->session, SSH_OPTIONS_COMPRESSION, "none") != SSH_OK)
		return err_set(err, -EPROTO, "libssh: %s", ssh_get_error(transport->session));
	ssh_set_counters(transport->session, &transport->socket_counter, &transport->packet_counter);
	ssh_set_blocking(transport->session, 0);
	return 0;
}

static void settings_read(struct transport *transport, struct mon_buf *record)
{
	transport->rekey.time_s = mon_get_u32(record);
	transport->rekey.volume_mb = mon_get_u32(record);
	transport->idle.keepalive_s = mon_get_u32(record);
	transport->idle.channel_timeout_s = mon_get_u32(record);
	transport->idle.connection_timeout_s = mon_get_u32(record);
}

/* Makes what the monitor's answer to MON_START asks for. */
static int start_make(struct transport *transport, struct mon_buf *record, struct err *err)
{
	AUTO(free) struct start *start = calloc(1, sizeof(*start));
	int r;

	if (!start)
		return err_set(err, -ENOMEM, "no memory");
	mon_get_text(record, start->comment, sizeof(start->comment));
	transport->auth_timeout_s = mon_get_u32(record);
	mon_get_text(record, start->kex, sizeof(start->kex));
	mon_get_text(record, start->hostkeys, sizeof(start->hostkeys));
	mon_get_text(record, start->ciphers, sizeof(start->ciphers));
	mon_get_text(record, start->macs, sizeof(start->macs));
	mon_get_text(record, start->pubkeys, sizeof(start->pubkeys));
	settings_read(transport, record);
	start->keys = mon_get_u32(record);
	if (record->bad)
		return err_set(err, -EPROTO, "the monitor's start record cannot be read");
	transport->bind = ssh_bind_new();
	if (!transport->bind)
		return err_set(err, -ENOMEM, "no memory for libssh");
	r = hostkeys_import(transport, record, start->keys, err);
	if (r == 0)
		r = options_set(transport, start, err);
	return r == 0 ? session_make(transport, err) : r;
}

static void start_undo(struct transport *transport)
{
	ssh_event_free(take(transport->event));
	ssh_free(take(transport->session));
	ssh_bind_free(take(transport->bind));
	free(take(transport->foreseen));
	transport->foreseen_len = 0;
}

void transport_foresee(struct transport *transport, const struct mon_buf *record)
{
	struct mon_buf copy = { .bytes = malloc(record->len), .len = record->len };
	struct err ignored = { .text = "" };
	uint16_t type, channel;

	start_undo(transport);
	if (copy.bytes)
		memcpy(copy.bytes, record->bytes, record->len);
	transport->foreseen = copy.bytes;
	transport->foreseen_len = record->len;
	/* libssh looks at the descriptor when the key exchange begins, and then the connection is there */
	if (!copy.bytes || mon_get_start(&copy, &type, &channel) < 0 || type != MON_START ||
	    start_make(transport, &copy, &ignored) < 0 ||
	    ssh_bind_accept_fd(transport->bind, transport->session, FORESEEN_FD) != SSH_OK)
		start_undo(transport);
}

int transport_prepare(struct transport *transport, struct err *err)
{
	struct mon_buf *record;
	int r = transport->warm ? 0 : primitives_warm(err);

	if (r < 0)
		return r;
	record = rpc_start(&transport->rpc, MON_START, 0);
	r = rpc_ask(&transport->rpc, NULL, NULL);
	if (r < 0)
		return err_set(err, r, "the monitor does not answer: %s", strerror(-r));
	/* the monitor's answer is what counts: only what was made for the very same one is used */
	if (transport->foreseen && transport->foreseen_len == record->len &&
	    !memcmp(transport->foreseen, record->bytes, record->len))
		return 0;
	start_undo(transport);
	return start_make(transport, record, err);
}

int transport_accept(struct transport *transport, struct err *err)
{
	/* libssh closes its descriptor on every error; ours stays for the last words */
	int fd = transport->foreseen ? dup3(transport->socket_fd, FORESEEN_FD, O_CLOEXEC) :
				       fcntl(transport->socket_fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return err_set(err, -errno, "cannot duplicate the connection: %s", strerror(errno));
	if (!transport->foreseen && ssh_bind_accept_fd(transport->bind, transport->session, fd) != SSH_OK)
		return err_set(err, -EIO, "libssh: %s", ssh_get_error(transport->bind));
	/* for measuring: as libssh does it by itself */
	if (!getenv(TRANSPORT_PLAIN)) {
		readahead_start(fd);
		gather_start(fd);
		packet_crypto_start();
		bulk_start();
	}
	return 0;
}
