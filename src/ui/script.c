/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/script.h"

#include "base/buf.h"
#include "base/text.h"
#include "ui/config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, WAIT_MS = 100, WAIT_MAX_S = 300, UNTIL_MAX_S = 60 };

struct script {
	struct screen *screen;
	const char *path;
	unsigned line;
	struct err *err;
};

static enum rc wrong(const struct script *sc, const char *why, const char *what)
{
	return err_set(sc->err, RC_USAGE, sc->path, "line %u: %s '%s'", sc->line, why, what);
}

static void show(struct script *sc)
{
	screen_update(sc->screen);
	screen_draw(sc->screen);
}

static void press(struct script *sc, uint32_t key)
{
	screen_key(sc->screen, key);
	show(sc);
}

static enum rc do_key(struct script *sc, char *arguments)
{
	const char *s = arguments;
	uint32_t keys[KEYMAP_SEQUENCE_MAX];
	unsigned n;

	while ((n = keymap_next_sequence(&s, keys)) > 0)
		for (unsigned i = 0; i < n; i++)
			press(sc, keys[i]);
	return *s == '\0' ? RC_DONE : wrong(sc, "no such key:", s);
}

static enum rc do_type(struct script *sc, char *arguments)
{
	const char *s = arguments;
	uint32_t cp;
	unsigned cells;
	size_t n;

	while ((n = text_next(s, &cp, &cells)) > 0) {
		press(sc, cp);
		s += n;
	}
	return RC_DONE;
}

static enum rc do_click(struct script *sc, char *arguments)
{
	struct mouse_event e = { .kind = MOUSE_CLICK };

	if (sscanf(arguments, "%d %d", &e.x, &e.y) != 2)
		return wrong(sc, "no place:", arguments);
	e.x--;
	e.y--;
	mouse_take(sc->screen, &e);
	show(sc);
	return RC_DONE;
}

static enum rc do_wheel(struct script *sc, char *arguments)
{
	bool up = strcmp(arguments, "up") == 0;
	const struct mouse_event e = { .kind = up ? MOUSE_WHEEL_UP : MOUSE_WHEEL_DOWN };

	if (!up && strcmp(arguments, "down") != 0)
		return wrong(sc, "neither up nor down:", arguments);
	mouse_take(sc->screen, &e);
	show(sc);
	return RC_DONE;
}

static time_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* Blocks until the session has news, at most WAIT_MS. */
static void wait_for_news(struct script *sc)
{
	struct pollfd fd = { .fd = session_wake_fd(sc->screen->session), .events = POLLIN };
	char drain[256];

	if (poll(&fd, 1, WAIT_MS) > 0 && (fd.revents & POLLIN) != 0 &&
		read(fd.fd, drain, sizeof(drain)) < 0)
		return;
}

static bool has_row(const struct screen *s)
{
	const struct view *v = screen_top(s);
	struct id id;

	return v->ops->selected != NULL && v->ops->selected(v, &id);
}

/* False where it takes too long. */
static bool wait_for(struct script *sc, bool rows)
{
	for (time_t end = now_s() + WAIT_MAX_S; now_s() <= end;) {
		show(sc);
		if (!screen_busy(sc->screen) || (rows && has_row(sc->screen)))
			return true;
		wait_for_news(sc);
	}
	return false;
}

static enum rc do_wait(struct script *sc, char *arguments)
{
	bool rows = strcmp(arguments, "rows") == 0;

	if (!rows && strcmp(arguments, "idle") != 0)
		return wrong(sc, "cannot wait for", arguments);
	return wait_for(sc, rows) ? RC_DONE : wrong(sc, "waited too long for", arguments);
}

static enum rc do_dump(struct script *sc, char *arguments)
{
	show(sc);
	return script_write(sc->screen->canvas, arguments, canvas_dump, sc->err);
}

static enum rc do_attrs(struct script *sc, char *arguments)
{
	show(sc);
	return script_write(sc->screen->canvas, arguments, canvas_dump_attrs, sc->err);
}

/* Into a file, or "-". */
static enum rc write_text(const struct buf *text, const char *path, struct err *err)
{
	FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	bool failed;

	if (file == NULL)
		return err_errno(err, path, "cannot write");
	failed = text->failed || fwrite(text->data, 1, text->len, file) != text->len;
	failed |= file == stdout ? fflush(file) != 0 : fclose(file) != 0;
	return failed ? err_errno(err, path, "cannot write") : RC_DONE;
}

/* FILE [N] */
static enum rc do_ansi(struct script *sc, char *arguments)
{
	char *number = strrchr(arguments, ' ');
	unsigned colors = 256;
	struct buf text;
	enum rc rc;

	if (number != NULL) {
		*number++ = '\0';
		if (sscanf(number, "%u", &colors) != 1 || colors > 256)
			return wrong(sc, "no number of colours:", number);
	}
	show(sc);
	buf_init(&text);
	canvas_dump_colors(sc->screen->canvas, &sc->screen->config->theme, (int)colors, &text);
	rc = write_text(&text, arguments, sc->err);
	buf_free(&text);
	return rc;
}

static enum rc do_resize(struct script *sc, char *arguments)
{
	unsigned w, h;

	if (sscanf(arguments, "%ux%u", &w, &h) != 2 || w > 4096 || h > 4096)
		return wrong(sc, "no size:", arguments);
	screen_resize(sc->screen, (int)w, (int)h);
	show(sc);
	return RC_DONE;
}

/* Whether the text is on the screen; the screen goes to `otherwise` (or NULL) where it is not. */
static bool is_shown(struct script *sc, const char *what, FILE *otherwise)
{
	struct buf text;
	bool found;

	show(sc);
	buf_init(&text);
	canvas_dump(sc->screen->canvas, &text);
	found = strstr(buf_text(&text), what) != NULL;
	if (!found && otherwise != NULL)
		fputs(buf_text(&text), otherwise);
	buf_free(&text);
	return found;
}

static enum rc do_expect(struct script *sc, char *arguments)
{
	return is_shown(sc, arguments, stderr)
		? RC_DONE
		: err_set(sc->err, RC_NOTHING, sc->path, "line %u: not on the screen: %s",
			  sc->line, arguments);
}

/* What happens by itself a few times a second: here it has its place among the keys. */
static enum rc do_news(struct script *sc, char *arguments)
{
	if (*arguments != '\0')
		return wrong(sc, "nothing follows news:", arguments);
	live_see(sc->screen);
	return do_wait(sc, (char[]){ "idle" });
}

/* Something is under way, or may come from a recorder. */
static bool may_change(const struct screen *s)
{
	return screen_busy(s) || (s->live.can && !s->live.paused);
}

static enum rc do_until(struct script *sc, char *arguments)
{
	for (time_t end = now_s() + UNTIL_MAX_S; now_s() <= end;) {
		bool change = may_change(sc->screen);

		if (is_shown(sc, arguments, NULL))
			return RC_DONE;
		if (!change)
			break;
		wait_for_news(sc);
	}
	return do_expect(sc, arguments);
}

static const struct {
	const char *name;
	enum rc (*run)(struct script *sc, char *arguments);
} steps[] = {
	{ "key", do_key },
	{ "type", do_type },
	{ "click", do_click },
	{ "wheel", do_wheel },
	{ "wait", do_wait },
	{ "dump", do_dump },
	{ "attrs", do_attrs },
	{ "ansi", do_ansi },
	{ "resize", do_resize },
	{ "expect", do_expect },
	{ "news", do_news },
	{ "until", do_until },
};

static enum rc run_line(struct script *sc, char *line)
{
	char *arguments;

	line[strcspn(line, "\n")] = '\0';
	line += strspn(line, " \t");
	if (*line == '\0' || *line == '#')
		return RC_DONE;
	arguments = line + strcspn(line, " ");
	if (*arguments != '\0')
		*arguments++ = '\0';
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].name, line) == 0)
			return steps[i].run(sc, arguments);
	return wrong(sc, "no such step:", line);
}

enum rc script_run(struct screen *s, const char *path, struct err *err)
{
	struct script sc = { .screen = s, .path = path, .err = err };
	char line[LINE_MAX_BYTES];
	enum rc rc = RC_DONE;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return err_errno(err, path, "cannot read");
	show(&sc);
	while (rc == RC_DONE && !s->quit && fgets(line, sizeof(line), file) != NULL) {
		sc.line++;
		rc = run_line(&sc, line);
	}
	fclose(file);
	return rc;
}

enum rc script_write(const struct canvas *c, const char *path,
	void (*dump)(const struct canvas *, struct buf *), struct err *err)
{
	struct buf text;
	enum rc rc;

	buf_init(&text);
	dump(c, &text);
	rc = write_text(&text, path, err);
	buf_free(&text);
	return rc;
}

/*
 * ---- keys
 * -----------------------------------------------------------------------------------------
 */

static enum rc settle(struct script *sc)
{
	return wait_for(sc, false) ? RC_DONE : err_set(sc->err, RC_LIMIT, sc->path, "waited too long");
}

/* "text" at *keys is typed, and *keys moves behind it; false where there is none. */
static bool type_quoted(struct script *sc, const char **keys)
{
	const char *end = **keys == '"' ? strchr(*keys + 1, '"') : NULL;
	char text[LINE_MAX_BYTES];

	if (end == NULL || (end[1] != ' ' && end[1] != '\0') || (size_t)(end - *keys) > sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(end - *keys - 1), *keys + 1);
	do_type(sc, text);
	*keys = end + 1;
	return true;
}

/* One key, or a sequence that is bound: "Entr" is neither. */
static bool is_key(const char *name)
{
	uint32_t key;
	size_t n, len = strlen(name);
	const struct keymap_row *rows = keymap_rows(&n);

	if (key_parse(name, &key))
		return true;
	for (size_t i = 0; i < n; i++)
		for (const char *k = rows[i].keys; *k != '\0'; k += strspn(k, " ")) {
			size_t k_len = strcspn(k, " ");

			if (k_len == len && strncmp(k, name, len) == 0)
				return true;
			k += k_len;
		}
	return false;
}

/* Each sequence by itself, so that who is told to open something opens what is there. */
enum rc script_press(struct screen *s, const char *keys, struct err *err)
{
	struct script sc = { .screen = s, .path = "--keys", .err = err };
	enum rc rc = settle(&sc);

	while (rc == RC_DONE && !s->quit) {
		char name[64];
		int len;

		keys += strspn(keys, " ");
		if (*keys == '\0')
			break;
		if (!type_quoted(&sc, &keys)) {
			len = (int)strcspn(keys, " ");
			snprintf(name, sizeof(name), "%.*s", len, keys);
			keys += len;
			rc = is_key(name) ? do_key(&sc, name) : err_set(err, RC_USAGE, "--keys", "no such key: '%s'", name);
		}
		if (rc == RC_DONE)
			rc = settle(&sc);
	}
	return rc;
}
