# SPDX-License-Identifier: GPL-3.0-or-later
# one binary with every unit test; the libraries' pure parts only
UNIT_LIBS := cli relay monitor services services_report confmember confdstore confdlockout confroot services_conf aaa vrf_report vrf vrf_conf conf base
unit_SRCS := $(wildcard tests/unit/*_test.c)
unit_PKGS := jansson libevent sqlite3 libnl-3.0 libnl-route-3.0 libcap-ng libcrypto libedit zlib
unit_LIBS := $(UNIT_LIBS)
unit_LDLIBS := -lcriterion -lcrypt
$(eval $(call objects,unit))
$(B)/tests/unit: $(unit_OBJS) $(patsubst %,$(B)/lib/lib%.a,$(UNIT_LIBS))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $(unit_OBJS) $(patsubst %,$(B)/lib/lib%.a,$(UNIT_LIBS) $(UNIT_LIBS)) \
		$(shell pkg-config --libs $(unit_PKGS)) $(unit_LDLIBS) $(ALL_LDFLAGS)

# fuzz targets: with a replay main (any compiler) or with libFuzzer (FUZZ=1, clang)
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
$(B)/tests/replay_%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c $(patsubst %,$(B)/lib/lib%.a,$(UNIT_LIBS))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(shell pkg-config --cflags $(unit_PKGS)) -o $@ $(filter %.c,$^) \
		$(patsubst %,$(B)/lib/lib%.a,$(UNIT_LIBS) $(UNIT_LIBS)) $(shell pkg-config --libs $(unit_PKGS)) -lcrypt $(ALL_LDFLAGS)
$(B)/tests/fuzz_%: tests/fuzz/fuzz_%.c $(patsubst %,$(B)/lib/lib%.a,$(UNIT_LIBS))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) -fsanitize=fuzzer $(ALL_CFLAGS) $(shell pkg-config --cflags $(unit_PKGS)) -o $@ $(filter %.c,$^) \
		$(patsubst %,$(B)/lib/lib%.a,$(UNIT_LIBS) $(UNIT_LIBS)) $(shell pkg-config --libs $(unit_PKGS)) -lcrypt $(ALL_LDFLAGS)
.SECONDARY:
replays: $(patsubst %,$(B)/tests/replay_%,$(FUZZ_NAMES))
fuzzers: $(patsubst %,$(B)/tests/fuzz_%,$(FUZZ_NAMES))

# programs that system tests start: tests/system/NAME.c, any of our libraries
TOOL_NAMES := $(patsubst tests/system/%.c,%,$(wildcard tests/system/*.c))
$(B)/tests/tool/%: tests/system/%.c $(patsubst %,$(B)/lib/lib%.a,$(UNIT_LIBS))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(shell pkg-config --cflags $(unit_PKGS)) -o $@ $(filter %.c,$^) \
		$(patsubst %,$(B)/lib/lib%.a,$(UNIT_LIBS) $(UNIT_LIBS)) $(shell pkg-config --libs $(unit_PKGS)) -lcrypt $(ALL_LDFLAGS)
	$(Q)chmod 0755 $@
# the taken-over transport seals itself by the product's own functions
$(B)/tests/tool/attack_transport: tests/system/takeover/attempts.c services/ssh/sandbox.c
$(B)/tests/tool/attack_transport: LDFLAGS += -lseccomp
# libraries that tests put before the system's
$(B)/tests/tool/%.so: tests/system/preload/%.c
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -O1 -fPIC -shared -o $@ $<
tools: $(patsubst %,$(B)/tests/tool/%,$(TOOL_NAMES)) $(B)/tests/tool/broken_libraries.so

# programs of golden tests: tests/golden/NAME.c
GOLDEN_NAMES := $(patsubst tests/golden/%.c,%,$(wildcard tests/golden/*.c))
$(B)/tests/golden/%: tests/golden/%.c tests/golden/cases.h $(patsubst %,$(B)/lib/lib%.a,$(UNIT_LIBS))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(shell pkg-config --cflags $(unit_PKGS)) -o $@ $(filter %.c,$^) \
		$(patsubst %,$(B)/lib/lib%.a,$(UNIT_LIBS) $(UNIT_LIBS)) $(shell pkg-config --libs $(unit_PKGS)) -lcrypt $(ALL_LDFLAGS)
goldens: $(patsubst %,$(B)/tests/golden/%,$(GOLDEN_NAMES))
.PHONY: replays fuzzers tools goldens
