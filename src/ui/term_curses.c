/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal through ncurses, wide. Curses is here and nowhere else. */
#include "ui/term.h"

#include "base/mem.h"
#include "ui/canvas.h"
#include "ui/key.h"
#include "ui/mouse.h"
#include "ui/term_palette.h"
#include "ui/term_signals.h"
#include "ui/term_stderr.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>
/* term.h defines macros over common words */
#undef lines
#undef columns

enum { ESCAPE_DELAY_MS = 25, PAIR_MAX = 2 * ATTR_SELECTED };

struct terminal {
	SCREEN *screen;
	FILE *in; /* /dev/tty where standard input is no terminal, else stdin */
	bool mouse; /* is asked for */
	bool ascii, all; /* all: the next show draws every row */
	int colors; /* 256, 16, 8, 0 */
	struct cell *shown; /* what is on the terminal, w * h */
	int shown_w, shown_h;
	attr_t attrs[PAIR_MAX]; /* by enum attr */
	char partial[MB_LEN_MAX]; /* bytes of a character that has not ended */
	size_t n_partial;
	int again; /* a key that came in its midst, or ERR */
};

static enum rc no_terminal(struct err *err, const char *why)
{
	return err_set(err, RC_USAGE, "screen",
		"%s; for lists without a terminal: flowdrill list", why);
}

static enum rc check_environment(struct err *err)
{
	const char *name = getenv("TERM");

	if (!isatty(STDOUT_FILENO))
		return no_terminal(err, "standard output is not a terminal");
	if (name == NULL || *name == '\0')
		return no_terminal(err, "TERM is not set");
	if (strcmp(name, "dumb") == 0)
		return no_terminal(err, "TERM is dumb");
	return RC_DONE;
}

/* Appends a capability without its padding ("$<5>"). */
static void add_capability(char *out, size_t size, const char *name)
{
	const char *s = tigetstr(name);
	size_t len = strlen(out);

	if (s == NULL || s == (const char *)-1)
		return;
	while (*s != '\0' && len + 1 < size) {
		if (s[0] == '$' && s[1] == '<') {
			s = strchr(s, '>');
			if (s == NULL)
				break;
			s++;
			continue;
		}
		out[len++] = *s++;
	}
	out[len] = '\0';
}

static bool has_capability(const char *name)
{
	const char *s = tigetstr(name);

	return s != NULL && s != (const char *)-1;
}

/* After setupterm(), before curses changes the modes. */
static void guard_terminal(int in_fd)
{
	static const char *const names[] = { "rmkx", "sgr0", "op", "cnorm", "rmcup" };
	char bytes[256] = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add_capability(bytes, sizeof(bytes), names[i]);
	/* no capability says how the mouse is given back */
	if (has_capability("kmous"))
		strncat(bytes, "\033[?1006;1000l", sizeof(bytes) - strlen(bytes) - 1);
	signals_guard(in_fd, STDOUT_FILENO, bytes, strlen(bytes));
}

static attr_t curses_attrs(unsigned flags)
{
	return ((flags & PALETTE_BOLD) != 0 ? A_BOLD : 0) |
		((flags & PALETTE_DIM) != 0 ? A_DIM : 0) |
		((flags & PALETTE_UNDERLINE) != 0 ? A_UNDERLINE : 0) |
		((flags & PALETTE_REVERSE) != 0 ? A_REVERSE : 0);
}

/* Without gaps: terminals with 8 colours have 64 pairs. */
static short pair_of(unsigned attr)
{
	unsigned kind = attr & (ATTR_SELECTED - 1u);

	if (kind >= ATTRS)
		kind = ATTR_NORMAL;
	return (short)(kind + 1 + ((attr & ATTR_SELECTED) != 0 ? ATTRS : 0));
}

void term_theme(struct terminal *t, const struct theme *theme)
{
	for (unsigned attr = 0; attr < PAIR_MAX; attr++) {
		struct palette_entry e = palette_entry(theme, attr, t->colors);

		t->attrs[attr] = curses_attrs(e.flags);
		if (t->colors > 0)
			init_extended_pair(pair_of(attr), e.fg, e.bg);
	}
	t->all = true;
}

static void set_colors(struct terminal *t, const struct term_options *options)
{
	static const struct theme dark;
	const char *env = getenv("NO_COLOR");

	t->colors = 0;
	if (!options->no_color && (env == NULL || *env == '\0') && has_colors() &&
		start_color() != ERR) {
		use_default_colors();
		t->colors = COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : COLORS >= 8 ? 8 : 0;
	}
	term_theme(t, options->theme != NULL ? options->theme : &dark);
}

static void set_modes(void)
{
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	meta(stdscr, TRUE);
	set_escdelay(ESCAPE_DELAY_MS);
	curs_set(0);
	typeahead(-1); /* a key that waits does not put off what is drawn */
}

static enum rc open_input(struct terminal *t, struct err *err)
{
	t->in = stdin;
	if (isatty(STDIN_FILENO))
		return RC_DONE;
	t->in = fopen("/dev/tty", "re");
	return t->in != NULL ? RC_DONE : no_terminal(err, "standard input is not a terminal");
}

static void close_input(struct terminal *t)
{
	if (t->in != NULL && t->in != stdin)
		fclose(t->in);
}

static enum rc start_curses(
	struct terminal *t, const struct term_options *options, struct err *err)
{
	int status;

	if (setupterm(NULL, STDOUT_FILENO, &status) != OK)
		return no_terminal(err, "nothing is known of this TERM");
	guard_terminal(fileno(t->in));
	t->screen = newterm(NULL, stdout, t->in);
	if (t->screen == NULL)
		return no_terminal(err, "the terminal cannot be set up");
	set_modes();
	set_colors(t, options);
	term_stderr_hold();
	return RC_DONE;
}

enum rc term_open(const struct term_options *options, struct terminal **out, struct err *err)
{
	struct terminal *t;
	enum rc rc = check_environment(err);

	if (rc != RC_DONE)
		return rc;
	t = mem_calloc(1, sizeof(*t));
	if (t == NULL)
		return err_memory(err);
	t->again = ERR;
	setlocale(LC_CTYPE, "");
	t->ascii = options->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	rc = open_input(t, err);
	if (rc == RC_DONE)
		rc = signals_open(err);
	if (rc == RC_DONE) {
		rc = start_curses(t, options, err);
		if (rc != RC_DONE)
			signals_close();
	}
	if (rc != RC_DONE) {
		close_input(t);
		mem_free(t);
		return rc;
	}
	*out = t;
	return RC_DONE;
}

void term_close(struct terminal *t)
{
	if (t == NULL)
		return;
	signals_writing(true);
	endwin();
	signals_writing(false);
	delscreen(t->screen);
	signals_close();
	term_stderr_release();
	close_input(t);
	mem_free(t->shown);
	mem_free(t);
}

void term_size(const struct terminal *t, int *w, int *h)
{
	(void)t;
	*w = COLS;
	*h = LINES;
}

bool term_ascii(const struct terminal *t)
{
	return t->ascii;
}

static void show_cell(const struct terminal *t, int x, int y, const struct cell *cell)
{
	wchar_t text[CANVAS_MARKS + 2] = { (wchar_t)cell->cp };
	unsigned attr = cell->attr % PAIR_MAX;
	cchar_t out;

	if (cell->width == 0)
		return;
	for (int i = 0; i < CANVAS_MARKS; i++)
		text[i + 1] = (wchar_t)cell->marks[i];
	if (setcchar(&out, text, t->attrs[attr], t->colors > 0 ? pair_of(attr) : 0, NULL) !=
		ERR)
		mvadd_wch(y, x, &out);
}

/* Room to remember what is shown; without it every row counts as changed. */
static void remember_size(struct terminal *t, const struct canvas *c)
{
	if (t->shown != NULL && t->shown_w == c->w && t->shown_h == c->h)
		return;
	mem_free(t->shown);
	t->shown = mem_calloc((size_t)c->w * (size_t)c->h, sizeof(*t->shown));
	t->shown_w = c->w;
	t->shown_h = c->h;
	t->all = true;
}

unsigned term_show(struct terminal *t, const struct canvas *c)
{
	size_t row_bytes = (size_t)c->w * sizeof(*c->cells);
	unsigned drawn = 0;

	remember_size(t, c);
	if (t->all)
		clearok(stdscr, TRUE);
	for (int y = 0; y < c->h && y < LINES; y++) {
		const struct cell *row = c->cells + (size_t)y * (size_t)c->w;
		struct cell *old =
			t->shown == NULL ? NULL : t->shown + (size_t)y * (size_t)c->w;

		if (!t->all && old != NULL && memcmp(old, row, row_bytes) == 0)
			continue;
		if (old != NULL)
			memcpy(old, row, row_bytes);
		for (int x = 0; x < c->w && x < COLS; x++)
			show_cell(t, x, y, &row[x]);
		drawn++;
	}
	t->all = false;
	curs_set(c->cursor_x >= 0 ? 1 : 0);
	if (c->cursor_x >= 0)
		move(c->cursor_y, c->cursor_x);
	signals_writing(true);
	refresh();
	signals_writing(false);
	return drawn;
}

void term_redraw(struct terminal *t)
{
	t->all = true;
}

void term_resize(struct terminal *t)
{
	struct winsize size;

	/* not resizeterm(), which would also put KEY_RESIZE before the keys that wait */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
		size.ws_col > 0 && is_term_resized(size.ws_row, size.ws_col))
		resize_term(size.ws_row, size.ws_col);
	term_redraw(t);
}

static uint32_t key_of_curses(wint_t code)
{
	static const struct {
		wint_t code;
		uint32_t key;
	} keys[] = {
		{ KEY_UP, UKEY_UP },
		{ KEY_DOWN, UKEY_DOWN },
		{ KEY_LEFT, UKEY_LEFT },
		{ KEY_RIGHT, UKEY_RIGHT },
		{ KEY_HOME, UKEY_HOME },
		{ KEY_END, UKEY_END },
		{ KEY_PPAGE, UKEY_PGUP },
		{ KEY_NPAGE, UKEY_PGDN },
		{ KEY_IC, UKEY_INSERT },
		{ KEY_DC, UKEY_DELETE },
		{ KEY_BTAB, UKEY_BACKTAB },
		{ KEY_ENTER, UKEY_ENTER },
		{ KEY_BACKSPACE, UKEY_BACKSPACE },
		{ KEY_RESIZE, UKEY_RESIZE },
		{ KEY_MOUSE, UKEY_MOUSE },
		{ KEY_A1, UKEY_HOME },
		{ KEY_C1, UKEY_END },
		{ KEY_A3, UKEY_PGUP },
		{ KEY_C3, UKEY_PGDN },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].code == code)
			return keys[i].key;
	if (code >= KEY_F(1) && code <= KEY_F(12))
		return (uint32_t)(UKEY_F1 + (code - KEY_F(1)));
	return UKEY_NONE;
}

/*
 * One more byte of the locale's encoding. The character that it ends, UKEY_NONE where more have to come.
 * Bytes that are broken are dropped, but never the one behind them: it may be Escape.
 */
static uint32_t key_of_byte(struct terminal *t, char byte)
{
	mbstate_t state = { 0 };
	wchar_t wide = 0;
	size_t n;

	t->partial[t->n_partial++] = byte;
	n = mbrtowc(&wide, t->partial, t->n_partial, &state);
	if (n == (size_t)-2 && t->n_partial < sizeof(t->partial))
		return UKEY_NONE;
	if (n == (size_t)-1 && t->n_partial > 1)
		t->again = (unsigned char)byte;
	t->n_partial = 0;
	return n < (size_t)-2 ? (uint32_t)wide : UKEY_NONE;
}

static uint32_t key_of_code(struct terminal *t, int code)
{
	if (code > UCHAR_MAX) {
		t->n_partial = 0;
		return key_of_curses((wint_t)code);
	}
	if (t->n_partial == 0 && (code == '\n' || code == '\r'))
		return UKEY_ENTER;
	if (t->n_partial == 0 && code == '\b')
		return UKEY_BACKSPACE;
	return key_of_byte(t, (char)code);
}

uint32_t term_key(struct terminal *t)
{
	for (;;) {
		int code = t->again;
		uint32_t key;

		t->again = ERR;
		if (code == ERR)
			code = getch(); /* not get_wch(), which swallows what follows broken bytes */
		if (code == ERR)
			return UKEY_NONE;
		key = key_of_code(t, code);
		if (key != UKEY_NONE)
			return key;
	}
}

/* The Linux console: for its mouse curses would load a library, and leave some of it behind. */
static bool is_console(void)
{
	const char *name = getenv("TERM");

	return name != NULL && strncmp(name, "linux", 5) == 0;
}

void term_want_mouse(struct terminal *t, bool wanted)
{
	wanted = wanted && !is_console();
	if (t->mouse == wanted)
		return;
	t->mouse = wanted;
	mouseinterval(0); /* clicks are told from others by where they are, at once */
	mousemask(wanted ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
}

bool term_mouse(struct terminal *t, struct mouse_event *out)
{
	MEVENT e;

	if (!t->mouse || getmouse(&e) != OK)
		return false;
	out->x = e.x;
	out->y = e.y;
	if ((e.bstate & BUTTON1_PRESSED) != 0)
		out->kind = MOUSE_CLICK;
	else if ((e.bstate & BUTTON4_PRESSED) != 0)
		out->kind = MOUSE_WHEEL_UP;
	else if ((e.bstate & BUTTON5_PRESSED) != 0)
		out->kind = MOUSE_WHEEL_DOWN;
	else
		return false;
	return true;
}

int term_fd(const struct terminal *t)
{
	return fileno(t->in);
}

void term_continue(struct terminal *t)
{
	reset_prog_mode();
	term_resize(t);
}

void term_suspend(struct terminal *t)
{
	struct sigaction stop = { .sa_handler = SIG_DFL }, before;

	endwin();
	sigaction(SIGTSTP, &stop, &before);
	raise(SIGTSTP); /* continues here */
	sigaction(SIGTSTP, &before, NULL);
	term_continue(t);
	refresh();
}
