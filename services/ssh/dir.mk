# SPDX-License-Identifier: GPL-3.0-or-later
# record codec shared by both halves
mon_SRCS := services/ssh/mon.c
$(eval $(call lib,mon))

monitor_SRCS := $(addprefix services/ssh/,mon.c hostkey.c hostkey_old.c hostkey_blob.c proof.c monitor.c monitor_auth.c kbdint.c monitor_kbdint.c monitor_session.c \
	monitor_program.c monitor_link.c monitor_spawned.c monitor_warm.c monitor_offer.c monitor_request.c monitor_pool.c random.c spawner.c user_switch.c subsystem.c file_root.c forward.c monitor_forward.c)
monitor_PKGS := jansson libcrypto libcap-ng
$(eval $(call lib,monitor))

# what needs no libssh: linked into the unit tests too
relay_SRCS := $(addprefix services/ssh/,relay.c window.c readahead.c gather.c interpose.c packet_crypto.c bulk.c placeholder.c)
relay_PKGS := libcrypto
$(eval $(call lib,relay))

transport_SRCS := $(addprefix services/ssh/,transport_start.c transport_auth.c transport_channel.c transport_relay.c transport_forward.c \
	transport_idle.c transport_rekey.c transport_loop.c transport_close.c transport_rpc.c provider.c watchdog.c \
	random.c)
transport_PKGS := libssh libcrypto
$(eval $(call lib,transport))

sallyport-transport_SRCS := $(addprefix services/ssh/,transport_main.c transport_spawner.c sandbox.c selftest.c gssapi_none.c)
sallyport-transport_LIBS := transport relay mon base
sallyport-transport_PKGS := libssh libcrypto libseccomp libcap-ng
$(eval $(call prog,sallyport-transport))
# it stands for the libraries of GSSAPI (gssapi_none.c), so that the loader looks for none
$(B)/bin/sallyport-transport: services/ssh/gssapi_none.map
$(B)/bin/sallyport-transport: override LDFLAGS += -Wl,-soname,libgssapi_krb5.so.2 \
	-Wl,--version-script=services/ssh/gssapi_none.map -Wl,--export-dynamic-symbol=gss_* -Wl,--export-dynamic-symbol=GSS_C_*

sallyport-monitor_SRCS := services/ssh/monitor_main.c services/sshd_conf.c
sallyport-monitor_LIBS := monitor services_report services_conf aaa vrf vrf_conf conf base
sallyport-monitor_PKGS := jansson libcap-ng libcrypto
sallyport-monitor_LDLIBS := -lcrypt
$(eval $(call prog,sallyport-monitor))

sallyport-helper_SRCS := $(addprefix services/ssh/,helper_main.c file_root.c file_pattern.c forward.c)
sallyport-helper_LIBS := mon base
$(eval $(call prog,sallyport-helper))

# the fuzz target of the pre-authentication phase needs what the unit tests do not
FUZZ_PREAUTH := $(B)/tests/replay_preauth $(B)/tests/fuzz_preauth
$(FUZZ_PREAUTH): UNIT_LIBS = transport relay mon base
$(FUZZ_PREAUTH): unit_PKGS = libssh libcrypto jansson libevent libcap-ng
$(FUZZ_PREAUTH): $(patsubst %,$(B)/lib/lib%.a,transport relay mon base)
