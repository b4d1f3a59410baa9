# SPDX-License-Identifier: GPL-3.0-or-later
# make bench: what a session costs beside sshd; FULL=1 for 500 sessions and 1 GiB
$(B)/tests/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $< -lssh $(ALL_LDFLAGS)
	$(Q)chmod 0755 $@
bench: all $(B)/tests/bench/load $(B)/tests/bench/program
	@/usr/bin/python3 tests/bench/bench --build $(B) $(if $(FULL),--full)
