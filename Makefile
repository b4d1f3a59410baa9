# SPDX-License-Identifier: GPL-3.0-or-later
# make            build everything          make run      run it here, in the foreground
# make check      every test                make lab T=x  one lab scenario
# Variables: B=build directory, SAN=1 sanitizers, CC=clang, V=1 full commands, WERROR=1
B ?= build
V ?= 0
SAN ?= 0
WERROR ?= 0
PORT ?= 5520
RUN_DIR ?= $(B)/run

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@echo '  $(1)	$(patsubst $(B)/%,%,$@)')

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wformat=2 \
	-Wundef -Wvla -Wwrite-strings -Wno-missing-field-initializers
HARDEN := -fstack-protector-strong -fPIE $(if $(filter 1,$(SAN)),,-D_FORTIFY_SOURCE=2) -fno-strict-aliasing
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -I. $(WARN) $(HARDEN) $(if $(filter 1,$(WERROR)),-Werror) \
	$(if $(filter 1,$(SAN)),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed \
	$(if $(filter 1,$(SAN)),-fsanitize=address$(comma)undefined) $(LDFLAGS)
comma := ,

all:
.PHONY: all check run clean deps lab unit golden system lint fuzz bench

# lib NAME: NAME_SRCS, NAME_PKGS  ->  $(B)/lib/libNAME.a
# prog NAME: NAME_SRCS, NAME_LIBS (ours, in link order), NAME_PKGS, NAME_LDLIBS  ->  $(B)/bin/NAME
define objects
$(1)_OBJS := $$(patsubst %.c,$(B)/obj/%.o,$$($(1)_SRCS))
$$($(1)_OBJS): EXTRA_CFLAGS = $$(if $$($(1)_PKGS),$$(shell pkg-config --cflags $$($(1)_PKGS)))
DEPENDS += $$($(1)_OBJS:.o=.d)
endef
define lib
$(call objects,$(1))
$(B)/lib/lib$(1).a: $$($(1)_OBJS)
LIBRARIES += $(B)/lib/lib$(1).a
endef
define prog
$(call objects,$(1))
$(B)/bin/$(1): $$($(1)_OBJS) $$(patsubst %,$(B)/lib/lib%.a,$$($(1)_LIBS))
$(B)/bin/$(1): LINK_LIBS = $$(patsubst %,$(B)/lib/lib%.a,$$($(1)_LIBS)) \
	$$(if $$($(1)_PKGS),$$(shell pkg-config --libs $$($(1)_PKGS))) $$($(1)_LDLIBS)
PROGRAMS += $(B)/bin/$(1)
endef

include base/dir.mk conf/dir.mk vrf/dir.mk aaa/dir.mk services/dir.mk services/ssh/dir.mk cli/dir.mk packaging/dir.mk
include tests/dir.mk tests/bench/dir.mk

all: $(LIBRARIES) $(PROGRAMS)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) $(EXTRA_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/lib/%.a:
	@mkdir -p $(@D)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# 0755 whatever the umask: sessions execute these under other uids
$(B)/bin/%:
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $(filter %.o,$^) $(LINK_LIBS) $(LINK_LIBS) $(ALL_LDFLAGS)
	$(Q)chmod 0755 $@

clean:
	rm -rf $(B)

-include $(DEPENDS)

# ---- what people type ----
deps:
	@packaging/deps build
deps-test:
	@packaging/deps test
.PHONY: deps-test

# a second make, so that pkg-config is asked after the packages are there
run: deps
	@$(MAKE) --no-print-directory all
	@exec $(B)/bin/sallyport-run --trial --run-dir $(RUN_DIR) --port $(PORT) --program-dir $(B)/bin

# T= one stage or one test: unit, golden, fuzz, lint, system, lab; T=unit/stmt, T=system/test_cli.py, T=lab/first_light
check: deps-test
	@/usr/bin/python3 tests/check --build $(B) $(T)

lab: deps-test
	@$(MAKE) --no-print-directory all tools
	@tests/lab/lab $(if $(T),run $(T),shell)
