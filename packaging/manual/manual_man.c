/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the man pages: options from the tables of the programs, commands and statements from the rows, and the few
 * sentences about each program that no table holds.
 */
#include "packaging/manual/manual.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/confd_options.h"
#include "packaging/run_options.h"
#include "services/sshd_options.h"

/* ---- troff ---- */

static void put(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
}

static void put_line(FILE *out, const char *text)
{
	put(out, text);
	fputc('\n', out);
}

static void section(FILE *out, const char *title)
{
	fprintf(out, ".SH \"%s\"\n", title);
}

static void paragraphs(FILE *out, const char *const *texts)
{
	for (; *texts; texts++) {
		fputs(".PP\n", out);
		put_line(out, *texts);
	}
}

/* Two columns: what is typed or named, and what it is. */
struct item {
	const char *name, *text;
};

static void items(FILE *out, const struct item *rows)
{
	for (; rows->name; rows++) {
		fputs(".TP\n.B ", out);
		put_line(out, rows->name);
		put_line(out, rows->text);
	}
}

static void head(FILE *out, const char *name, const char *number, const char *what)
{
	fprintf(out, ".\\\" Written by make manual from the tables the programs run by.\n.TH \"");
	put(out, name);
	fprintf(out, "\" \"%s\" \"\" \"Sallyport\" \"Sallyport\"\n", number);
	section(out, "NAME");
	put(out, name);
	fputs(" \\- ", out);
	put_line(out, what);
}

/* ---- options ---- */

static void option_put(FILE *out, const struct option_row *row)
{
	fputs("\\fB", out);
	put(out, row->name[1] ? "--" : "-");
	put(out, row->name);
	fputs("\\fR", out);
	if (row->value)
		fprintf(out, "\\ \\fI%s\\fR", row->value);
}

static void synopsis(FILE *out, const char *name, const struct option_row *rows, const char *tail)
{
	section(out, "SYNOPSIS");
	fputs(".B ", out);
	put_line(out, name);
	for (const struct option_row *row = rows; row->type != OPTION_END; row++) {
		fputs(row->required ? "" : "[", out);
		option_put(out, row);
		fputs(row->required ? "\n" : "]\n", out);
	}
	if (tail[0])
		put_line(out, tail);
}

static void options(FILE *out, const struct option_row *rows)
{
	section(out, "OPTIONS");
	for (const struct option_row *row = rows; row->type != OPTION_END; row++) {
		fputs(".TP\n", out);
		option_put(out, row);
		fputc('\n', out);
		put(out, row->help);
		if (row->type == OPTION_U16 || row->type == OPTION_U32)
			fprintf(out, ", %u to %u", row->min, row->max);
		fputs(".", out);
		if (row->def) {
			fputs(" Default: ", out);
			put(out, row->def);
			fputc('.', out);
		}
		fputc('\n', out);
	}
}

/* ---- entries ---- */

static void on_word(const struct manual_word *word, void *userdata)
{
	FILE *out = userdata;

	fputs(".TP\n.B ", out);
	put_line(out, word->text);
	put(out, word->help);
	if (word->values[0]) {
		fputs(" (", out);
		put(out, word->values);
		fputc(')', out);
	}
	if (word->def) {
		fputs(", default ", out);
		put(out, word->def);
	}
	fputs(".\n", out);
}

static void entry_put(const struct manual *manual, const struct manual_entry *entry, FILE *out)
{
	AUTO(free) char *example = manual_example(manual, entry);

	fputs(".SS \"", out);
	put(out, entry->title);
	fputs("\"\n", out);
	manual_syntax(entry, MANUAL_ROFF, out);
	fputs("\n.PP\n", out);
	put(out, manual_help(entry));
	fputs(".\n", out);
	manual_words(entry, on_word, out);
	if (example) {
		fputs(".PP\nExample:\n.B ", out);
		put_line(out, example);
	}
}

static void part_put(const struct manual *manual, enum manual_part part, const char *title,
		     const char *const *texts, FILE *out)
{
	section(out, title);
	paragraphs(out, texts);
	for (size_t i = 0; i < manual->entries_len; i++)
		if (manual->entries[i].part == part)
			entry_put(manual, &manual->entries[i], out);
}

static const char notation[] = "Bold words are typed as they stand, or as far as no other word of the place "
			       "begins the same. <5-120> is a number "
			       "from 5 to 120, WORD one word, LINE the rest of the line; {a | b} is one of "
			       "them, [a] may be left out, ... "
			       "repeats.";

/* ---- the pages ---- */

void manual_man_sallyport(const struct manual *manual, FILE *out)
{
	static const char *const about[] = { "The operator's shell of a router that Sallyport runs on: exec "
					     "mode to look and act, configuration mode to "
					     "change a candidate configuration and commit it. It is the "
					     "login shell of an SSH session; started from a "
					     "Linux shell it speaks to the same daemons.",
					     "With words, or with -c, it runs that one command and its exit "
					     "status says whether the command was taken; "
					     "else it reads lines from its input until it ends or is left.",
					     "In a line, ? says what may follow and TAB completes; what "
					     "stands behind | filters the output.",
					     NULL };
	static const struct item environment[] = {
		{ "SALLYPORT_SOCK_FD",
		  "Number of an open directory with the sockets, used when --run-dir is not given. "
		  "The SSH server sets it." },
		{ "TERM", "Kind of the terminal." },
		{ NULL, NULL },
	};
	static const struct item statuses[] = {
		{ "0", "The command was taken." },
		{ "1", "It was refused; what was said begins with a percent sign." },
		{ "2", "The shell could not start." },
		{ NULL, NULL },
	};
	static const char *const notes[] = { notation, NULL };
	static const char *const mode_notes[] = { "Beside the statements of sallyport-config(5).", NULL };
	static const char *const pipe_notes[] = {
		"Several may follow each other. A pattern is an extended regular "
		"expression, see regex(7).",
		NULL
	};

	head(out, "sallyport", "1", "the operator's shell of Sallyport");
	synopsis(out, "sallyport", manual->cli_options, manual->cli_tail);
	section(out, "DESCRIPTION");
	paragraphs(out, about);
	options(out, manual->cli_options);
	part_put(manual, MANUAL_EXEC, "EXEC COMMANDS", notes, out);
	part_put(manual, MANUAL_MODE, "COMMANDS OF CONFIGURATION MODE", mode_notes, out);
	part_put(manual, MANUAL_PIPE, "OUTPUT FILTERS", pipe_notes, out);
	section(out, "ENVIRONMENT");
	items(out, environment);
	section(out, "EXIT STATUS");
	items(out, statuses);
	section(out, "SEE ALSO");
	put_line(out, "sallyport-config(5), sallyport-confd(8), sallyport-sshd(8), sallyport-run(8)");
}

void manual_man_config(const struct manual *manual, FILE *out)
{
	static const char *const about[] = {
		"The configuration is a list of statements. A statement that opens a mode stands alone on "
		"its line; what "
		"belongs to it follows, one blank further in, up to a line with ! at the margin. Lines that "
		"begin with ! "
		"are comments. The same statement may be written on one line with all of its words: what "
		"show "
		"running-config prints, what is pasted, and what a file holds are one language.",
		"no before a statement takes it back, and with it what was said below it. Nothing is in "
		"force before "
		"commit, which takes all of the changes or none.",
		notation, NULL
	};
	static const char *const none[] = { NULL };

	head(out, "sallyport-config", "5", "the configuration of Sallyport");
	section(out, "DESCRIPTION");
	paragraphs(out, about);
	part_put(manual, MANUAL_STATEMENTS, "STATEMENTS", none, out);
	section(out, "SEE ALSO");
	put_line(out, "sallyport(1), sallyport-confd(8)");
}

static void daemon_page(FILE *out, const char *name, const char *what, const struct option_row *rows,
			const char *const *about, const struct item *files, const struct item *signals)
{
	head(out, name, "8", what);
	synopsis(out, name, rows, "");
	section(out, "DESCRIPTION");
	paragraphs(out, about);
	options(out, rows);
	section(out, "FILES");
	items(out, files);
	section(out, "SIGNALS");
	items(out, signals);
	section(out, "SEE ALSO");
	put_line(out, "sallyport(1), sallyport-config(5)");
}

void manual_man_confd(const struct manual *manual, FILE *out)
{
	static const char *const about[] = { "Keeps the running configuration and the last hundred commits, "
					     "takes commits from sallyport(1), and hands "
					     "each daemon its part. A commit is in force in all daemons or "
					     "in none; kill -9 or power loss at any moment "
					     "leaves the old or the new configuration.",
					     "It needs no capability: started as root it makes its socket "
					     "and becomes the user of --user-id.",
					     NULL };
	static const struct item files[] = {
		{ "RUN_DIR/confd.varlink",
		  "Socket of org.sallyport.Config; callers are known by their uid." },
		{ "STATE_DIR/conf", "The commits, readable by the daemon alone." },
		{ NULL, NULL },
	};
	static const struct item signals[] = { { "SIGTERM, SIGINT", "End." }, { NULL, NULL } };

	(void)manual;
	daemon_page(out, "sallyport-confd", "the configuration daemon of Sallyport", confd_option_rows, about,
		    files, signals);
}

void manual_man_sshd(const struct manual *manual, FILE *out)
{
	static const char *const about[] = {
		"Listens for SSH in the VRFs and network namespaces of the configuration, decides who may "
		"connect, and "
		"keeps the table of sessions and their history. Each connection is served by a monitor, "
		"which holds host "
		"keys and terminals, and by sallyport-transport, which alone reads what the network sends, "
		"under a uid and "
		"in a root of its own.",
		"Sessions live on when the daemon ends or dies: their monitors register with the next one.",
		NULL
	};
	static const struct item files[] = {
		{ "RUN_DIR/sshd.varlink", "Socket of org.sallyport.SSH; callers are known by their uid." },
		{ "RUN_DIR/sshd.sessions", "Socket by which monitors report; root only." },
		{ "STATE_DIR/ssh/ssh_host_*_key", "Host keys, made at the first start." },
		{ "STATE_DIR/ssh/history.db", "Sessions that have ended." },
		{ "STATE_DIR/ssh/uids", "User ids that users of the configuration were given." },
		{ NULL, NULL },
	};
	static const struct item signals[] = {
		{ "SIGTERM", "Stop listening and end; sessions go on." },
		{ "SIGINT", "End the sessions too." },
		{ NULL, NULL },
	};

	(void)manual;
	daemon_page(out, "sallyport-sshd", "the SSH daemon of Sallyport", sshd_option_rows, about, files,
		    signals);
}

void manual_man_run(const struct manual *manual, FILE *out)
{
	static const char *const about[] = {
		"Runs the product in the foreground without touching the system: makes its directory, a user "
		"admin with a "
		"random password and a key, and a first configuration that serves the default VRF and every "
		"VRF and named "
		"network namespace there is; starts the daemons, starts again what dies, and ends all of it "
		"with itself. "
		"It prints the line \"ready\" when connections are accepted.",
		"As an ordinary user it works too; all sessions then share that user's account.", NULL
	};
	static const struct item files[] = {
		{ "RUN_DIR/admin.password, RUN_DIR/admin.key", "How admin logs in." },
		{ "RUN_DIR/sock", "The sockets: sallyport --run-dir RUN_DIR/sock." },
		{ "RUN_DIR/state", "Configuration, host keys, history." },
		{ NULL, NULL },
	};
	static const struct item signals[] = { { "SIGTERM, SIGINT", "End, sessions included." },
					       { NULL, NULL } };

	(void)manual;
	daemon_page(out, "sallyport-run", "run Sallyport in the foreground", run_option_rows, about, files,
		    signals);
}
