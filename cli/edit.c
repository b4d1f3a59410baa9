/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the line editor, libedit on a short leash. Programs that drive a router count the bytes of the echo, so libedit
 * is told that the terminal is a dumb one: what is typed at the end of a line is then echoed as itself, whatever the
 * width, and nothing but blanks, backspaces and carriage returns is used to edit; only a person who goes back in a line
 * that has wrapped sees the cursor move up. The modes of the terminal stay raw between lines as well: the kernel would
 * echo what is typed ahead a second time, and a change of modes that flushes would lose it.
 *
 * Only the keys of the table below do something. libedit's own maps reach commands that start an editor or a shell, and
 * this program is the login shell of people who must not have one.
 */
#include "cli/edit.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "conf/stmt.h"

#define EDIT_HISTORY_LINES 500
#define SCREEN_LINES_MAX   512
#define SCREEN_COLUMNS_MAX 4096
#define EDIT_PROMPT_MAX	   256u
#define POLL_MAX_MS	   3600000
#define REST_WAIT_MS	   250

#define KEY_CTRL(c) ((c) & 0x1f)
#define KEY_DELETE  0x7f

#define CHARACTER_BAD 0xfffd /* U+FFFD, the replacement character */

enum edit_action { ACTION_NONE, ACTION_HELP, ACTION_LIST, ACTION_CANCEL, ACTION_LEAVE, ACTION_EXIT };

struct edit {
	int in_fd;
	FILE *out;
	bool terminal;
	struct termios saved; /* modes to put back */
	EditLine *el;
	History *history;
	const struct edit_ops *ops;
	void *userdata;
	unsigned char bytes[4096]; /* read but not yet used */
	size_t at, len;
	bool after_cr; /* the next '\n' belongs to the '\r' before it */
	bool closed;
	int64_t idle_s, until_us; /* 0: for ever */
	enum edit_timeout timed_out;
	bool overflow; /* the line has become too long */
	enum edit_action action;
	char *before;	 /* line up to the cursor when the action was asked for */
	char *preload;	 /* line to put back after help */
	int preload_back; /* how far the cursor stands from its end */
	char prompt[EDIT_PROMPT_MAX];
	int watch_fd; /* -1: nothing is watched */
	bool (*on_watch)(void *userdata);
	void *watch_userdata;
	bool in_line; /* libedit waits for a key */
	struct winsize asked, bounded; /* what the terminal was said to be; what we made of it, 0 by 0 when nothing */
};

/* One terminal per process: what the signal handlers work on. */
static volatile sig_atomic_t size_changed;   /* edit_size_changed() has not told yet */
static volatile sig_atomic_t screen_changed; /* libedit does not know yet */
static volatile sig_atomic_t input_over;     /* the client types no more, but what it has typed still comes */
static int restore_fd = -1;
static struct termios restore_modes;

/* libedit keeps each cell of the screen twice, in four bytes: a client that calls itself 65535 by 65535 would cost
 * 32 GiB. libedit asks the terminal by itself, so that is made smaller, and edit_size() tells what was asked. */
static void screen_bound(struct edit *edit)
{
	struct winsize size;

	if (ioctl(edit->in_fd, TIOCGWINSZ, &size) < 0 ||
	    (size.ws_row == edit->bounded.ws_row && size.ws_col == edit->bounded.ws_col))
		return;
	edit->asked = size;
	edit->bounded = (struct winsize){ .ws_row = 0 };
	if (size.ws_row <= SCREEN_LINES_MAX && size.ws_col <= SCREEN_COLUMNS_MAX)
		return;
	if (size.ws_row > SCREEN_LINES_MAX)
		size.ws_row = SCREEN_LINES_MAX;
	if (size.ws_col > SCREEN_COLUMNS_MAX)
		size.ws_col = SCREEN_COLUMNS_MAX;
	edit->bounded = size;
	ioctl(edit->in_fd, TIOCSWINSZ, &size);
}

static void screen_resize(struct edit *edit)
{
	screen_changed = 0;
	screen_bound(edit);
	el_resize(edit->el);
}

static void on_resize(int signal_number)
{
	(void)signal_number;
	size_changed = screen_changed = 1;
}

static void on_input_over(int signal_number)
{
	(void)signal_number;
	input_over = 1;
}

static void on_end(int signal_number)
{
	if (restore_fd >= 0)
		tcsetattr(restore_fd, TCSANOW, &restore_modes);
	_exit(128 + signal_number);
}

/* ---- bytes ---- */

/* What was written to a pty may still be on its way to this end. */
static bool wait_for_rest(const struct edit *edit)
{
	struct pollfd fds = { .fd = edit->in_fd, .events = POLLIN };
	int r;

	do
		r = poll(&fds, 1, REST_WAIT_MS);
	while (r < 0 && errno == EINTR);
	return r > 0;
}

/* Waits for input as long as the limits allow; false when the time is over. A signal, input and an end of input are all
 * worth a read. While nothing is typed, what comes from elsewhere may be shown above the line. */
static bool wait_in_time(struct edit *edit)
{
	int64_t now_us = clock_monotonic_us(), until_us = edit->until_us, idle_us = now_us + edit->idle_s * 1000000;
	const bool idle = edit->idle_s && (!until_us || idle_us < until_us);

	if (idle)
		until_us = idle_us;
	for (; !until_us || now_us < until_us; now_us = clock_monotonic_us()) {
		const bool watches = edit->watch_fd >= 0 && edit->in_line;
		struct pollfd fds[] = { { .fd = edit->in_fd, .events = POLLIN },
					{ .fd = watches ? edit->watch_fd : -1, .events = POLLIN } };
		int64_t left_ms = until_us ? (until_us - now_us + 999) / 1000 : POLL_MAX_MS;
		int r;

		if (input_over)
			return wait_for_rest(edit);
		if (screen_changed && edit->el)
			screen_resize(edit);
		r = poll(fds, 2, left_ms > POLL_MAX_MS ? POLL_MAX_MS : (int)left_ms);
		if ((r < 0 && errno != EINTR) || fds[0].revents)
			return true;
		if (r > 0 && fds[1].revents && edit->on_watch(edit->watch_userdata))
			el_set(edit->el, EL_REFRESH);
	}
	edit->timed_out = idle ? EDIT_IDLE : EDIT_OVER;
	return false;
}

static int next_byte(struct edit *edit)
{
	int byte;

	while (edit->at == edit->len) {
		ssize_t len;

		if (edit->closed)
			return -1;
		if (!wait_in_time(edit)) {
			edit->closed = true;
			return -1;
		}
		len = read(edit->in_fd, edit->bytes, sizeof(edit->bytes));
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0) {
			edit->closed = true;
			return -1;
		}
		edit->at = 0;
		edit->len = (size_t)len;
	}
	byte = edit->bytes[edit->at];
	edit->bytes[edit->at++] = 0; /* it may be part of a secret */
	return byte;
}

/* The end of a line may be "\n", "\r" or "\r\n"; each is given as one '\n'. NUL is nothing. */
static int next_typed(struct edit *edit)
{
	for (;;) {
		int byte = next_byte(edit);
		bool after_cr = edit->after_cr;

		edit->after_cr = byte == '\r';
		if (byte == '\r')
			return '\n';
		if (byte != 0 && !(byte == '\n' && after_cr))
			return byte;
	}
}

/* Takes what has been typed into the buffer; what does not fit is dropped, so that Ctrl-C is seen behind it. */
static void read_ahead(struct edit *edit)
{
	unsigned char spare[256], *to = edit->bytes + edit->len;
	size_t room = sizeof(edit->bytes) - edit->len;
	ssize_t len;

	if (edit->at == edit->len) {
		to = edit->bytes;
		edit->at = edit->len = 0;
		room = sizeof(edit->bytes);
	}
	len = read(edit->in_fd, room ? to : spare, room ? room : sizeof(spare));
	if (len == 0 || (len < 0 && errno != EINTR && errno != EAGAIN))
		edit->closed = true;
	else if (len > 0 && room)
		edit->len += (size_t)len;
	else if (len > 0 && memchr(spare, KEY_CTRL('C'), (size_t)len))
		edit->bytes[edit->len - 1] = KEY_CTRL('C');
	explicit_bzero(spare, sizeof(spare));
}

bool edit_interrupted(struct edit *edit)
{
	struct pollfd input = { .fd = edit->in_fd, .events = POLLIN };
	const unsigned char *key, *other;

	if (!edit->terminal)
		return false;
	while (!edit->closed && poll(&input, 1, 0) > 0)
		read_ahead(edit);
	key = memrchr(edit->bytes + edit->at, KEY_CTRL('C'), edit->len - edit->at);
	other = memrchr(edit->bytes + edit->at, KEY_CTRL('^'), edit->len - edit->at);
	if (!key || other > key)
		key = other;
	if (key) {
		explicit_bzero(edit->bytes + edit->at, (size_t)(key + 1 - edit->bytes) - edit->at);
		edit->at = (size_t)(key + 1 - edit->bytes);
	}
	return key || edit->closed;
}

void edit_watch(struct edit *edit, int fd, bool (*on_ready)(void *userdata), void *userdata)
{
	edit->watch_fd = fd;
	edit->on_watch = on_ready;
	edit->watch_userdata = userdata;
}

void edit_step_aside(struct edit *edit)
{
	fputc('\n', edit->out);
}

int edit_input_fd(const struct edit *edit)
{
	return edit->terminal && !edit->closed ? edit->in_fd : -1;
}

void edit_limit(struct edit *edit, int64_t idle_s, int64_t until_us)
{
	edit->idle_s = idle_s;
	edit->until_us = until_us;
}

enum edit_timeout edit_timed_out(const struct edit *edit)
{
	return edit->timed_out;
}

int edit_key(struct edit *edit)
{
	return next_typed(edit);
}

/* One character, CHARACTER_BAD for what is not UTF-8 or would be obeyed by a terminal. WEOF at the end. */
static wint_t next_character(struct edit *edit)
{
	int first = next_typed(edit);
	char text[5] = { (char)first };
	size_t need, len = 1;
	wchar_t wide = CHARACTER_BAD;
	mbstate_t state = { 0 };

	if (first < 0)
		return WEOF;
	if (first < 0x80)
		return (wint_t)first;
	need = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	while (first >= 0xc2 && first <= 0xf4 && len < need) {
		int byte = next_byte(edit);

		if (byte < 0)
			return WEOF;
		if ((byte & 0xc0) != 0x80) { /* not ours: give it back */
			edit->bytes[--edit->at] = (unsigned char)byte;
			break;
		}
		text[len++] = (char)byte;
	}
	if (len != need || utf8_character(text, len) != len || mbrtowc(&wide, text, len, &state) != len)
		return CHARACTER_BAD;
	return wide < 0xa0 ? CHARACTER_BAD : (wint_t)wide;
}

/* ---- what libedit calls ---- */

static struct edit *edit_of(EditLine *el)
{
	struct edit *edit = NULL;

	el_get(el, EL_CLIENTDATA, &edit);
	return edit;
}

/* While a line waits to be put back its refresh shows the prompt, and not before: it would stand there twice. */
static char *give_prompt(EditLine *el)
{
	static char nothing[] = "";
	struct edit *edit = edit_of(el);

	return edit->preload ? nothing : edit->prompt;
}

/* After help the line is put back as if it had just been typed. */
static void put_back(struct edit *edit)
{
	AUTO(free) char *line = take(edit->preload);

	if (*line)
		el_insertstr(edit->el, line);
	if (edit->preload_back)
		el_cursor(edit->el, -edit->preload_back);
	el_set(edit->el, EL_REFRESH);
}

static int give_character(EditLine *el, wchar_t *ret_character)
{
	struct edit *edit = edit_of(el);

	if (edit->preload)
		put_back(edit);
	for (;;) {
		const LineInfoW *line = el_wline(el);
		wint_t c;

		edit->in_line = true;
		c = next_character(edit);
		edit->in_line = false;

		if (c == WEOF)
			return 0;
		if (c != L'\n' && c >= L' ' && line->lastchar - line->buffer >= (ptrdiff_t)STMT_LINE_MAX_BYTES)
			edit->overflow = true;
		if (edit->overflow && c != L'\n' && c != KEY_CTRL('C'))
			continue;
		*ret_character = (wchar_t)c;
		return 1;
	}
}

/* Leaves el_gets() with something to do; the line is kept to be put back. */
static unsigned char stop_for(struct edit *edit, enum edit_action action)
{
	const LineInfo *line = el_line(edit->el);

	edit->action = action;
	if (action == ACTION_HELP || action == ACTION_LIST) {
		free(edit->before);
		free(edit->preload);
		edit->before = strndup(line->buffer, (size_t)(line->cursor - line->buffer));
		edit->preload = strndup(line->buffer, (size_t)(line->lastchar - line->buffer));
		edit->preload_back = (int)(el_wline(edit->el)->lastchar - el_wline(edit->el)->cursor);
		if (!edit->before || !edit->preload)
			edit->action = ACTION_CANCEL;
	}
	return CC_NEWLINE;
}

static unsigned char key_help(EditLine *el, int c)
{
	(void)c;
	return stop_for(edit_of(el), ACTION_HELP);
}

static unsigned char key_cancel(EditLine *el, int c)
{
	(void)c;
	return stop_for(edit_of(el), ACTION_CANCEL);
}

static unsigned char key_leave(EditLine *el, int c)
{
	(void)c;
	return stop_for(edit_of(el), ACTION_LEAVE);
}

static unsigned char key_exit(EditLine *el, int c)
{
	const LineInfoW *line = el_wline(el);

	(void)c;
	if (line->lastchar == line->buffer)
		return stop_for(edit_of(el), ACTION_EXIT);
	if (line->cursor == line->lastchar)
		return CC_NORM;
	el_cursor(el, 1);
	el_deletestr(el, 1);
	return CC_REFRESH;
}

/* Ctrl-V: the next key is text, so that a '?' can be part of a password or a description. */
static unsigned char key_literal(EditLine *el, int c)
{
	wint_t next = next_character(edit_of(el));
	wchar_t text[2] = { (wchar_t)next, L'\0' };

	(void)c;
	if (next == WEOF || next < L' ' || next == KEY_DELETE)
		return CC_NORM;
	return el_winsertstr(el, text) < 0 ? CC_NORM : CC_REFRESH;
}

static unsigned char key_complete(EditLine *el, int c)
{
	struct edit *edit = edit_of(el);
	const LineInfo *line = el_line(el);
	AUTO(free) char *before = strndup(line->buffer, (size_t)(line->cursor - line->buffer));
	char insert[256] = "";
	size_t candidates;

	(void)c;
	if (!before)
		return CC_NORM;
	candidates = edit->ops->complete(before, insert, sizeof(insert), edit->userdata);
	if (insert[0])
		return el_insertstr(el, insert) < 0 ? CC_NORM : CC_REFRESH;
	return candidates > 1 ? stop_for(edit, ACTION_LIST) : CC_NORM;
}

static const struct key_function {
	const wchar_t *name; /* wide: libedit would copy a narrow one and lose the copy */
	unsigned char (*run)(EditLine *el, int c);
} key_functions[] = {
	{ L"sp-help", key_help },     { L"sp-complete", key_complete }, { L"sp-cancel", key_cancel },
	{ L"sp-leave", key_leave },   { L"sp-exit", key_exit },	      { L"sp-literal", key_literal },
};

static const struct key_row {
	const char *key, *function;
} keys[] = {
	{ "?", "sp-help" },
	{ "^I", "sp-complete" },
	{ "^C", "sp-cancel" },
	{ "^Z", "sp-leave" },
	{ "^D", "sp-exit" },
	{ "^V", "sp-literal" },
	{ "^J", "ed-newline" },
	{ "^M", "ed-newline" },
	{ "^A", "ed-move-to-beg" },
	{ "^E", "ed-move-to-end" },
	{ "^B", "ed-prev-char" },
	{ "^F", "ed-next-char" },
	{ "^H", "em-delete-prev-char" },
	{ "^?", "em-delete-prev-char" },
	{ "^K", "ed-kill-line" },
	{ "^U", "em-kill-line" },
	{ "^W", "ed-delete-prev-word" },
	{ "^Y", "em-yank" },
	{ "^T", "ed-transpose-chars" },
	{ "^L", "ed-redisplay" },
	{ "^R", "ed-redisplay" },
	{ "^P", "ed-prev-history" },
	{ "^N", "ed-next-history" },
	{ "\033[A", "ed-prev-history" },
	{ "\033[B", "ed-next-history" },
	{ "\033[C", "ed-next-char" },
	{ "\033[D", "ed-prev-char" },
	{ "\033OA", "ed-prev-history" },
	{ "\033OB", "ed-next-history" },
	{ "\033OC", "ed-next-char" },
	{ "\033OD", "ed-prev-char" },
	{ "\033[H", "ed-move-to-beg" },
	{ "\033[F", "ed-move-to-end" },
	{ "\033[1~", "ed-move-to-beg" },
	{ "\033[4~", "ed-move-to-end" },
	{ "\033[3~", "ed-delete-next-char" },
	{ "\033[2~", "ed-ignore" },
	{ "\033[5~", "ed-ignore" },
	{ "\033[6~", "ed-ignore" },
};

/* ---- setting up ---- */

static void bind_keys(EditLine *el)
{
	for (unsigned c = 0; c < 0x100; c++) {
		char name[8];

		/* printable characters of any script insert themselves, everything else does nothing */
		snprintf(name, sizeof(name), "\\%03o", c);
		el_set(el, EL_BIND, name, (c >= ' ' && c < KEY_DELETE) || c >= 0xa0 ? "ed-insert" : "ed-ignore", NULL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(key_functions); i++)
		el_wset(el, EL_ADDFN, key_functions[i].name, key_functions[i].name, key_functions[i].run);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		el_set(el, EL_BIND, keys[i].key, keys[i].function, NULL);
}

/* libedit keeps three sets of terminal modes; all three become the one we set ourselves. */
static void keep_modes(EditLine *el)
{
	static const char *const sets[] = { "-d", "-x", "-q" };

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		el_set(el, EL_SETTY, sets[i], "-inlcr", "-icrnl", "-igncr", "-ixon", "+opost", "+onlcr", "-isig",
		       "-icanon", "-echo", "-echoe", "-echok", "-echonl", "-echoctl", "-echoke", "-iexten", NULL);
}

/* Without this one escape sequence nobody could go back into the first row of a line that takes two. */
static void allow_cursor_up(EditLine *el)
{
	static const char *const without[] = { "dumb", "unknown", "network", "emacs" };
	const char *type = getenv("TERM");

	for (size_t i = 0; type && i < ARRAY_SIZE(without); i++)
		if (!strcmp(type, without[i]))
			return;
	if (type && type[0])
		el_set(el, EL_SETTC, "up", "\033[A", NULL);
}

static int raw_modes(struct edit *edit)
{
	struct termios modes;

	if (tcgetattr(edit->in_fd, &edit->saved) < 0)
		return -errno;
	restore_modes = edit->saved;
	restore_fd = edit->in_fd;
	modes = edit->saved;
	modes.c_iflag &= ~(tcflag_t)(INLCR | ICRNL | IGNCR | IXON | IXOFF | ISTRIP | BRKINT | INPCK | PARMRK);
	modes.c_oflag |= OPOST | ONLCR;
	modes.c_lflag &= ~(tcflag_t)(ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHONL | ECHOCTL | ECHOKE | IEXTEN);
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	return tcsetattr(edit->in_fd, TCSANOW, &modes) < 0 ? -errno : 0; /* never TCSAFLUSH: type-ahead */
}

void edit_lend(struct edit *edit)
{
	struct termios modes;

	if (!edit->terminal || tcgetattr(edit->in_fd, &modes) < 0)
		return;
	/* not those from before our start: a session's terminal is quiet until its shell is there */
	modes.c_iflag |= ICRNL | IXON | BRKINT;
	modes.c_lflag |= ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	tcsetattr(edit->in_fd, TCSADRAIN, &modes);
}

void edit_take_back(struct edit *edit)
{
	struct termios before = edit->saved;

	if (!edit->terminal)
		return;
	raw_modes(edit);
	edit->saved = restore_modes = before;
	size_changed = screen_changed = 1;
}

static void catch_signals(void)
{
	/* poll(2) is woken all the same, and what is being written is not cut */
	struct sigaction resize = { .sa_handler = on_resize, .sa_flags = SA_RESTART };
	struct sigaction over = { .sa_handler = on_input_over, .sa_flags = SA_RESTART };
	struct sigaction end = { .sa_handler = on_end };

	sigaction(SIGWINCH, &resize, NULL);
	sigaction(SIGURG, &over, NULL);
	sigaction(SIGHUP, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
}

/* By another name libedit would look the terminal up, and tell the operator about each that it does not know. */
static EditLine *init_dumb(struct edit *edit)
{
	const char *type = getenv("TERM");
	AUTO(free) char *kept = type ? strdup(type) : NULL;
	FILE *in = stdin; /* named only: bytes come through give_character() */
	EditLine *el = NULL;

	if ((type && !kept) || setenv("TERM", "dumb", 1) < 0)
		return NULL;
	el = el_init_fd("sallyport", in, edit->out, stderr, edit->in_fd, fileno(edit->out), STDERR_FILENO);
	if (kept ? setenv("TERM", kept, 1) < 0 : unsetenv("TERM") < 0) {
		el_end(el);
		return NULL;
	}
	return el;
}

static int open_terminal(struct edit *edit)
{
	HistEvent event;
	int r;

	/* characters are UTF-8 on every terminal we meet; this locale needs no files */
	setlocale(LC_CTYPE, "C.UTF-8");
	r = raw_modes(edit);
	if (r < 0)
		return r;
	screen_bound(edit);
	edit->el = init_dumb(edit);
	edit->history = history_init();
	if (!edit->el || !edit->history)
		return -ENOMEM;
	el_set(edit->el, EL_CLIENTDATA, edit);
	el_set(edit->el, EL_TERMINAL, "dumb");
	allow_cursor_up(edit->el);
	el_set(edit->el, EL_SIGNAL, 0);
	el_set(edit->el, EL_EDITOR, "emacs");
	el_set(edit->el, EL_PROMPT, give_prompt);
	el_set(edit->el, EL_GETCFN, give_character);
	keep_modes(edit->el);
	bind_keys(edit->el);
	history(edit->history, &event, H_SETSIZE, EDIT_HISTORY_LINES);
	history(edit->history, &event, H_SETUNIQUE, 1);
	el_set(edit->el, EL_HIST, history, edit->history);
	catch_signals();
	return 0;
}

int edit_new(int in_fd, FILE *out, const struct edit_ops *ops, void *userdata, struct edit **ret_edit)
{
	struct edit *edit = calloc(1, sizeof(*edit));
	int r;

	if (!edit)
		return -ENOMEM;
	edit->in_fd = in_fd;
	edit->watch_fd = -1;
	edit->out = out;
	edit->ops = ops;
	edit->userdata = userdata;
	edit->terminal = ops && isatty(in_fd) && isatty(fileno(out));
	if (edit->terminal) {
		r = open_terminal(edit);
		if (r < 0) {
			edit_free(edit);
			return r;
		}
	}
	*ret_edit = edit;
	return 0;
}

void edit_free(struct edit *edit)
{
	if (!edit)
		return;
	if (edit->el) {
		el_set(edit->el, EL_EDITMODE, 0); /* or el_end() would flush what is typed ahead for the next program */
		el_end(edit->el);
	}
	if (edit->history)
		history_end(edit->history);
	if (restore_fd >= 0 && restore_fd == edit->in_fd) {
		tcsetattr(edit->in_fd, TCSADRAIN, &edit->saved);
		restore_fd = -1;
	}
	free(edit->before);
	free(edit->preload);
	explicit_bzero(edit->bytes, sizeof(edit->bytes));
	free(edit);
}

bool edit_is_terminal(const struct edit *edit)
{
	return edit->terminal;
}

/* ---- lines ---- */

static enum edit_result line_from_pipe(struct edit *edit, char **ret_line)
{
	AUTO(free) char *line = NULL;
	size_t len = 0, size = 0;
	bool too_long = false;
	int byte;

	while ((byte = next_typed(edit)) >= 0 && byte != '\n') {
		if (len + 1 >= size && !too_long) {
			char *more;

			size = size ? size * 2 : 256;
			more = realloc(line, size);
			if (!more)
				return EDIT_CLOSED;
			line = more;
		}
		if (len >= STMT_LINE_MAX_BYTES)
			too_long = true;
		else
			line[len++] = (char)byte;
	}
	if (byte < 0 && len == 0)
		return EDIT_CLOSED;
	if (too_long)
		return EDIT_LONG;
	if (!line) {
		line = calloc(1, 1);
		if (!line)
			return EDIT_CLOSED;
	}
	line[len] = '\0';
	*ret_line = take(line);
	return EDIT_LINE;
}

/* What was typed, without the newline; NULL when memory is short. */
static char *text_of(const wchar_t *wide, int count)
{
	size_t size = (size_t)count * 4 + 1, len = 0;
	char *text = malloc(size);
	mbstate_t state = { 0 };

	if (!text)
		return NULL;
	for (int i = 0; i < count && wide[i] != L'\n'; i++) {
		char bytes[16];
		size_t written = wcrtomb(bytes, wide[i], &state);

		if (written > 4) /* cannot be: next_character() made it */
			continue;
		memcpy(text + len, bytes, written);
		len += written;
	}
	text[len] = '\0';
	return text;
}

static enum edit_result finish_action(struct edit *edit, char **ret_line, bool *ret_again)
{
	enum edit_action action = edit->action;

	*ret_again = false;
	switch (action) {
	case ACTION_HELP:
	case ACTION_LIST:
		fputs(action == ACTION_HELP ? "?\n" : "\n", edit->out);
		edit->ops->help(edit->before, edit->userdata);
		*ret_again = true;
		break;
	case ACTION_LEAVE:
		fputc('\n', edit->out);
		return EDIT_LEAVE;
	case ACTION_EXIT:
		fputc('\n', edit->out);
		return EDIT_EXIT;
	case ACTION_CANCEL:
		fputc('\n', edit->out);
		*ret_line = calloc(1, 1);
		return *ret_line ? EDIT_LINE : EDIT_CLOSED;
	case ACTION_NONE:
		break;
	}
	return EDIT_LINE;
}

enum edit_result edit_line(struct edit *edit, const char *prompt, char **ret_line)
{
	*ret_line = NULL;
	if (!edit->terminal)
		return line_from_pipe(edit, ret_line);
	snprintf(edit->prompt, sizeof(edit->prompt), "%s", prompt);
	edit->overflow = false;
	for (;;) {
		enum edit_result result;
		const wchar_t *wide;
		bool again;
		int count = 0;

		edit->action = ACTION_NONE;
		wide = el_wgets(edit->el, &count);
		if (edit->closed && edit->at == edit->len && (!wide || count <= 0 || wide[count - 1] != L'\n'))
			return EDIT_CLOSED;
		if (edit->action == ACTION_NONE) {
			if (!wide || count <= 0)
				return EDIT_CLOSED;
			if (edit->overflow)
				return EDIT_LONG;
			*ret_line = text_of(wide, count);
			return *ret_line ? EDIT_LINE : EDIT_CLOSED;
		}
		result = finish_action(edit, ret_line, &again);
		if (!again)
			return result;
	}
}

enum edit_result edit_ask(struct edit *edit, const char *question, char *answer, size_t size_bytes)
{
	size_t len = 0;
	int byte;

	fputs(question, edit->out);
	fflush(edit->out);
	while ((byte = next_typed(edit)) >= 0 && byte != '\n') {
		if (byte == KEY_CTRL('C') || byte == KEY_CTRL('Z')) {
			len = 0;
			break;
		}
		if ((byte == '\b' || byte == KEY_DELETE) && len > 0) {
			len--;
			if (edit->terminal)
				fputs("\b \b", edit->out);
		} else if (byte >= ' ' && byte < KEY_DELETE && len + 1 < size_bytes) {
			answer[len++] = (char)byte;
			if (edit->terminal)
				fputc(byte, edit->out);
		}
		fflush(edit->out);
	}
	answer[len] = '\0';
	fputc('\n', edit->out);
	fflush(edit->out);
	return byte < 0 ? EDIT_CLOSED : EDIT_LINE;
}

void edit_remember(struct edit *edit, const char *line)
{
	HistEvent event;

	if (edit->history && *line)
		history(edit->history, &event, H_ENTER, line);
}

void edit_remember_lines(struct edit *edit, unsigned count)
{
	HistEvent event;

	if (!edit->history)
		return;
	history(edit->history, &event, H_SETSIZE, (int)count);
	/* libedit shortens what it has only with the next line */
	while (history(edit->history, &event, H_GETSIZE) >= 0 && event.num > (int)count)
		if (history(edit->history, &event, H_LAST) < 0 || history(edit->history, &event, H_DEL, event.num) < 0)
			break;
}

void edit_each_line(struct edit *edit, void (*on_line)(const char *line, void *userdata), void *userdata)
{
	HistEvent event;

	if (!edit->history)
		return;
	for (int r = history(edit->history, &event, H_LAST); r >= 0; r = history(edit->history, &event, H_PREV)) {
		AUTO(free) char *line = strndup(event.str, strcspn(event.str, "\n"));

		if (line)
			on_line(line, userdata);
	}
	history(edit->history, &event, H_FIRST); /* where the arrow keys begin */
}

/* libedit hands its buffers out as constant, and keeps them for the next line. */
static void wipe(const void *bytes, size_t len_bytes)
{
	explicit_bzero((void *)(uintptr_t)bytes, len_bytes);
}

void edit_wipe(struct edit *edit)
{
	const LineInfoW *wide;
	const LineInfo *narrow;

	if (!edit->el)
		return;
	narrow = el_line(edit->el); /* fills and returns the narrow copy */
	wipe(narrow->buffer, (size_t)(narrow->lastchar - narrow->buffer));
	wide = el_wline(edit->el);
	wipe(wide->buffer, (size_t)(wide->lastchar - wide->buffer) * sizeof(wchar_t));
}

void edit_size(const struct edit *edit, unsigned *ret_lines, unsigned *ret_columns)
{
	struct winsize size = { 0 };

	*ret_lines = *ret_columns = 0;
	if (edit->terminal && ioctl(edit->in_fd, TIOCGWINSZ, &size) == 0) {
		if (size.ws_row == edit->bounded.ws_row && size.ws_col == edit->bounded.ws_col)
			size = edit->asked;
		*ret_lines = size.ws_row;
		*ret_columns = size.ws_col;
	}
}

bool edit_size_changed(struct edit *edit)
{
	bool changed = size_changed;

	(void)edit;
	size_changed = 0;
	return changed;
}
