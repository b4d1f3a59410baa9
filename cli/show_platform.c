/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: A router is one machine here: one chassis and one route processor in it. The names of both are those that the
 * firmware gives; a virtual machine or a container may have none.
 */
#include "cli/show_platform.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include "cli/column.h"
#include "cli/exec.h"

#define NOT_KNOWN "N/A"

struct machine {
	char vendor[64], product[64], version[64], serial[64], processor[64];
};

/* The first line of a file, without blanks around it and quotes in it; NOT_KNOWN when there is nothing to see. */
static void line_read(const char *path, char *text, size_t size_bytes)
{
	FILE *file = fopen(path, "re");
	char line[256] = "", *start = line;
	size_t len;

	if (file && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	start += strspn(start, " \t");
	len = strcspn(start, "\n");
	while (len && (start[len - 1] == ' ' || start[len - 1] == '\t'))
		len--;
	start[len] = '\0';
	for (char *c = start; *c; c++)
		if (*c == '"' || *c == ',')
			*c = ' ';
	column_clean(start, strlen(start), false);
	snprintf(text, size_bytes, "%.*s", (int)size_bytes - 1, start[0] ? start : NOT_KNOWN);
}

static void machine_read(struct machine *machine)
{
	struct utsname system = { .machine = NOT_KNOWN };

	uname(&system);
	line_read("/sys/class/dmi/id/sys_vendor", machine->vendor, sizeof(machine->vendor));
	line_read("/sys/class/dmi/id/product_name", machine->product, sizeof(machine->product));
	line_read("/sys/class/dmi/id/product_version", machine->version, sizeof(machine->version));
	line_read("/sys/class/dmi/id/product_serial", machine->serial, sizeof(machine->serial)); /* root's to read */
	snprintf(machine->processor, sizeof(machine->processor), "%.*s", (int)sizeof(machine->processor) - 1,
		 system.machine);
}

/* Words that are one word for a table. */
static const char *one_word(char *text)
{
	for (char *c = text; *c; c++)
		if (*c == ' ' || *c == '\t')
			*c = '-';
	return text;
}

int exec_show_platform(struct shell *shell, const struct match *match)
{
	struct machine machine;
	char type[80];

	(void)match;
	machine_read(&machine);
	if (strcmp(machine.product, NOT_KNOWN) == 0)
		snprintf(machine.product, sizeof(machine.product), "%s", machine.processor);
	one_word(machine.product);
	if (shell_wants_json(shell))
		return column_json(shell->out, json_pack("[{s:s, s:s, s:s}]", "node", SHELL_LOCATION, "type",
							 machine.product, "state", "IOS XR RUN"));
	fputs("Node              Type                       State             Config state\n", shell->out);
	fputs("--------------------------------------------------------------------------------\n", shell->out);
	snprintf(type, sizeof(type), "%s(Active)", machine.product);
	fprintf(shell->out, "%-17s %-26s %-17s %s\n", SHELL_LOCATION, type, "IOS XR RUN", "NSHUT");
	return 0;
}

static void item_print(FILE *out, const char *name, const char *description, const struct machine *machine)
{
	fprintf(out, "NAME: \"%s\", DESCR: \"%s\"\n", name, description);
	fprintf(out, "PID: %s, VID: %s, SN: %s\n\n", machine->product, machine->version, machine->serial);
}

int exec_show_inventory(struct shell *shell, const struct match *match)
{
	struct machine machine;
	char chassis[160];

	(void)match;
	machine_read(&machine);
	snprintf(chassis, sizeof(chassis), "%s %s", machine.vendor, machine.product);
	one_word(machine.product);
	one_word(machine.version);
	one_word(machine.serial);
	if (shell_wants_json(shell))
		return column_json(shell->out, json_pack("[{s:s, s:s, s:s, s:s, s:s}]", "name", "Rack 0", "description",
							 chassis, "pid", machine.product, "vid", machine.version, "sn",
							 machine.serial));
	item_print(shell->out, "Rack 0", chassis, &machine);
	item_print(shell->out, SHELL_LOCATION, machine.processor, &machine);
	return 0;
}

#define INVENTORY_ROW(word_, help_)                                                                      \
	{ .kind = STMT_RUN, .word = (word_), .help = (help_), .run = exec_show_inventory,               \
	  .task = "basic-services", .source = "clients.md section 2: RANCID, Oxidized" }

const struct stmt exec_inventory_rows[] = {
	INVENTORY_ROW("all", "The same: there is one machine"),
	INVENTORY_ROW("raw", "The same"),
	STMT_DONE,
};

/* ---- memory ---- */

/* Kibibytes of a line of /proc/meminfo, 0 when it has none of the name. */
static unsigned long meminfo_kib(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			kib = strtoul(line + strlen(name), NULL, 10);
	if (file)
		fclose(file);
	return kib;
}

int exec_show_memory(struct shell *shell, const struct match *match)
{
	unsigned long total_kib = meminfo_kib("MemTotal:"), free_kib = meminfo_kib("MemAvailable:");

	(void)match;
	if (shell_wants_json(shell))
		return column_json(shell->out, json_pack("[{s:s, s:I, s:I}]", "node", SHELL_LOCATION, "total_kib",
							 (json_int_t)total_kib, "available_kib",
							 (json_int_t)free_kib));
	fputs("node:      node0_RP0_CPU0\n", shell->out);
	fputs("------------------------------------------------------------------\n\n", shell->out);
	fprintf(shell->out, " Physical Memory: %luM total (%luM available)\n", total_kib / 1024, free_kib / 1024);
	fprintf(shell->out, " Application Memory : %luM (%luM available)\n\n", total_kib / 1024, free_kib / 1024);
	return 0;
}

/* ---- clock ---- */

int exec_show_clock_detail(struct shell *shell, const struct match *match)
{
	struct timex state = { .modes = 0 };
	int r = exec_show_clock(shell, match);

	if (r == 0 && !shell->pipes.json)
		fprintf(shell->out, "Time source is %s\n",
			adjtimex(&state) >= 0 && !(state.status & STA_UNSYNC) ? "NTP" : "calendar");
	return r;
}
