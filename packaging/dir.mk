# SPDX-License-Identifier: GPL-3.0-or-later
run_options_SRCS := packaging/run_options.c
$(eval $(call lib,run_options))

sallyport-run_SRCS := packaging/run_main.c
sallyport-run_LIBS := run_options services_report aaa vrf vrf_report conf base
sallyport-run_PKGS := jansson libevent libcap-ng libnl-3.0 libnl-route-3.0
sallyport-run_LDLIBS := -lcrypt
$(eval $(call prog,sallyport-run))

# the manual is written from the tables; what is checked in is compared by "make check T=manual"
manual_SRCS := $(addprefix packaging/manual/,manual_main.c manual_collect.c manual_syntax.c manual_words.c manual_commands.c \
	manual_man.c manual_json.c manual_bash.c)
manual_LIBS := run_options cli confroot services_report services_conf aaa vrf_report vrf_conf conf base
manual_PKGS := jansson libedit zlib libevent libcap-ng
$(eval $(call objects,manual))
$(B)/tests/manual: $(manual_OBJS) $(patsubst %,$(B)/lib/lib%.a,$(manual_LIBS))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $(manual_OBJS) $(patsubst %,$(B)/lib/lib%.a,$(manual_LIBS) $(manual_LIBS)) \
		$(shell pkg-config --libs $(manual_PKGS)) -lcrypt $(ALL_LDFLAGS)
manual: $(B)/tests/manual $(B)/bin/sallyport-confd $(B)/bin/sallyport-sshd
	@$(B)/tests/manual --programs $(B)/bin
.PHONY: manual
