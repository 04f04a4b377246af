/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vt.h"

#include <string.h>

enum { TAB_CELLS = 8, MODE_WRAP = 7, MODE_CURSOR = 25, MODE_META = 1034, MODE_OTHER_SCREEN = 1049 };

void vt_init(struct vt *v, int w, int h)
{
	memset(v, 0, sizeof(*v));
	vt_resize(v, w, h);
}

/* What a smaller screen has no room for is lost. */
static void cut(struct vt *v, int old_w, int old_h)
{
	for (int y = 0; y < old_h; y++)
		for (int x = y < v->h ? v->w : 0; x < old_w; x++)
			v->cells[y][x] = 0;
}

void vt_resize(struct vt *v, int w, int h)
{
	int old_w = v->w, old_h = v->h;

	v->w = w < 1 ? 1 : w > VT_MAX_W ? VT_MAX_W : w;
	v->h = h < 1 ? 1 : h > VT_MAX_H ? VT_MAX_H : h;
	v->x = v->x < v->w ? v->x : v->w - 1;
	v->y = v->y < v->h ? v->y : v->h - 1;
	v->top = 0;
	v->bottom = v->h - 1;
	cut(v, old_w, old_h);
}

/* ---- the screen ------------------------------------------------------------------------------- */

static void erase(struct vt *v, int y, int from, int to)
{
	for (int x = from; x < to && x < v->w; x++)
		v->cells[y][x] = 0;
}

static void scroll(struct vt *v, int top, int bottom, int by)
{
	size_t line = sizeof(v->cells[0]);
	int n = by < 0 ? -by : by;

	if (n > bottom - top + 1)
		n = bottom - top + 1;
	if (by > 0)
		memmove(v->cells[top], v->cells[top + n], (size_t)(bottom - top + 1 - n) * line);
	else
		memmove(v->cells[top + n], v->cells[top], (size_t)(bottom - top + 1 - n) * line);
	for (int i = 0; i < n; i++)
		erase(v, by > 0 ? bottom - i : top + i, 0, v->w);
}

static void line_feed(struct vt *v)
{
	if (v->y == v->bottom)
		scroll(v, v->top, v->bottom, 1);
	else if (v->y < v->h - 1)
		v->y++;
}

static void put(struct vt *v, uint32_t cp)
{
	if (v->x == v->w) { /* written behind the last column */
		v->x = 0;
		line_feed(v);
	}
	v->cells[v->y][v->x++] = cp;
	v->last = cp;
}

static void move(struct vt *v, int x, int y)
{
	v->x = x < 0 ? 0 : x < v->w ? x : v->w - 1;
	v->y = y < 0 ? 0 : y < v->h ? y : v->h - 1;
}

/* n > 0: cells come in at the cursor, n < 0: they go. */
static void shift(struct vt *v, int n)
{
	uint32_t *line = v->cells[v->y];
	int room = v->w - v->x, by = n < 0 ? -n : n;

	if (by > room)
		by = room;
	if (n > 0) {
		memmove(line + v->x + by, line + v->x, (size_t)(room - by) * sizeof(*line));
		erase(v, v->y, v->x, v->x + by);
	} else {
		memmove(line + v->x, line + v->x + by, (size_t)(room - by) * sizeof(*line));
		erase(v, v->y, v->w - by, v->w);
	}
}

static void erase_display(struct vt *v, int how)
{
	for (int y = how == 0 ? v->y + 1 : 0; y < (how == 1 ? v->y : v->h); y++)
		erase(v, y, 0, v->w);
	if (how != 2)
		erase(v, v->y, how == 0 ? v->x : 0, how == 0 ? v->w : v->x + 1);
}

/* ---- sequences -------------------------------------------------------------------------------- */

static void find(struct vt *v, const char *what)
{
	if (v->found == NULL)
		v->found = what;
}

static void set_mode(struct vt *v, int mode, bool on)
{
	size_t kept = 0;

	/* on in the beginning */
	if (mode == MODE_CURSOR || mode == MODE_WRAP || mode == MODE_META)
		on = !on;
	for (size_t i = 0; i < v->n_modes; i++)
		if (v->modes[i] != mode)
			v->modes[kept++] = v->modes[i];
	v->n_modes = kept;
	if (on && kept < VT_MODES)
		v->modes[v->n_modes++] = mode;
	if (mode == MODE_OTHER_SCREEN)
		erase_display(v, 2);
}

static int parameter(const struct vt *v, size_t i, int otherwise)
{
	return i < v->n_parameters && v->parameters[i] > 0 ? v->parameters[i] : otherwise;
}

static void set_modes(struct vt *v, bool on)
{
	for (size_t i = 0; i < v->n_parameters; i++)
		set_mode(v, v->mark == '?' ? v->parameters[i] : -v->parameters[i], on);
}

static void set_margins(struct vt *v)
{
	v->top = parameter(v, 0, 1) - 1;
	v->bottom = parameter(v, 1, v->h) - 1;
	if (v->bottom >= v->h || v->top >= v->bottom) {
		v->top = 0;
		v->bottom = v->h - 1;
	}
	move(v, 0, 0);
}

/* 30 to 37, 90 to 97 and 38;5;N, and what they are for the ground. */
static void note_color(struct vt *v, size_t *i)
{
	int p = v->parameters[*i], color = -1;

	if ((p == 38 || p == 48) && *i + 2 < v->n_parameters) {
		color = v->parameters[*i + 2];
		*i += 2;
	} else if ((p >= 30 && p <= 37) || (p >= 40 && p <= 47)) {
		color = p % 10;
	} else if ((p >= 90 && p <= 97) || (p >= 100 && p <= 107)) {
		color = 8 + p % 10;
	}
	if (color >= v->colors)
		v->colors = color + 1;
}

static void set_pen(struct vt *v)
{
	for (size_t i = 0; i < v->n_parameters; i++)
		note_color(v, &i);
	v->pen = v->n_parameters > 0 && v->parameters[v->n_parameters - 1] != 0;
	if (v->n_parameters == 2 && v->parameters[0] == 39 && v->parameters[1] == 49)
		v->pen = false;
}

static void finish_private(struct vt *v, uint8_t byte)
{
	if (v->mark == '?' && (byte == 'h' || byte == 'l'))
		set_modes(v, byte == 'h');
	else
		find(v, "a private sequence that does not draw");
}

static void finish_csi(struct vt *v, uint8_t byte)
{
	int n = parameter(v, 0, 1);

	v->state = VT_GROUND;
	if (v->mark != 0) {
		finish_private(v, byte);
		return;
	}
	switch (byte) {
	case 'A': move(v, v->x, v->y - n); break;
	case 'B': move(v, v->x, v->y + n); break;
	case 'C': move(v, v->x + n, v->y); break;
	case 'D': move(v, v->x - n, v->y); break;
	case 'G': move(v, n - 1, v->y); break;
	case 'd': move(v, v->x, n - 1); break;
	case 'H': move(v, parameter(v, 1, 1) - 1, n - 1); break;
	case 'J': erase_display(v, parameter(v, 0, 0)); break;
	case 'K':
		erase(v, v->y, parameter(v, 0, 0) == 0 ? v->x : 0, parameter(v, 0, 0) == 1 ? v->x + 1 : v->w);
		break;
	case 'X': erase(v, v->y, v->x, v->x + n); break;
	case '@': shift(v, n); break;
	case 'P': shift(v, -n); break;
	case 'L': scroll(v, v->y, v->bottom, -n); break;
	case 'M': scroll(v, v->y, v->bottom, n); break;
	case 'S': scroll(v, v->top, v->bottom, n); break;
	case 'T': scroll(v, v->top, v->bottom, -n); break;
	case 'Z': move(v, (v->x - 1) / TAB_CELLS * TAB_CELLS, v->y); break;
	case 'b':
		for (int i = 0; i < n && i < v->w; i++)
			put(v, v->last);
		break;
	case 'r': set_margins(v); break;
	case 'm': set_pen(v); break;
	case 'h':
	case 'l': set_modes(v, byte == 'h'); break;
	case 't': /* the title is kept and given back */
		if (n != 22 && n != 23)
			find(v, "the window is changed or asked");
		break;
	default: find(v, "a sequence that does not draw"); break;
	}
}

static void in_csi(struct vt *v, uint8_t byte)
{
	if (byte >= '0' && byte <= '9') {
		int *p = &v->parameters[v->n_parameters == 0 ? v->n_parameters++ : v->n_parameters - 1];
		*p = *p < 100000 ? *p * 10 + (byte - '0') : *p;
	} else if (byte == ';' || byte == ':') {
		if (v->n_parameters == 0)
			v->n_parameters = 1;
		if (v->n_parameters < VT_PARAMETERS)
			v->parameters[v->n_parameters++] = 0;
	} else if (byte >= 0x20 && byte < 0x40) {
		v->mark = (char)byte;
	} else if (byte >= 0x40 && byte < 0x7f) {
		finish_csi(v, byte);
	} else {
		find(v, "a broken sequence");
		v->state = VT_GROUND;
	}
}

static void in_escape(struct vt *v, uint8_t byte)
{
	v->state = VT_GROUND;
	switch (byte) {
	case '[':
		memset(v->parameters, 0, sizeof(v->parameters));
		v->n_parameters = 0;
		v->mark = 0;
		v->state = VT_CSI;
		break;
	case '(': v->state = VT_CHARSET; break;
	case ')': v->state = VT_CHARSET_1; break;
	case '=':
	case '>': v->keypad = byte == '='; break;
	case '7':
		v->saved_x = v->x;
		v->saved_y = v->y;
		break;
	case '8': move(v, v->saved_x, v->saved_y); break;
	case 'M':
		if (v->y == v->top)
			scroll(v, v->top, v->bottom, -1);
		else
			move(v, v->x, v->y - 1);
		break;
	case ']':
	case 'P':
	case 'X':
	case '^':
	case '_':
		find(v, "a string to the terminal");
		v->state = VT_STRING;
		break;
	default: find(v, "an escape sequence that does not draw"); break;
	}
}

/* ---- characters ------------------------------------------------------------------------------- */

static const char *forbidden(uint32_t cp)
{
	if (cp >= 0x80 && cp < 0xa0)
		return "C1";
	if (cp == 0x61c || (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
		(cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff || cp == 0xad || (cp >= 0xe0000 && cp < 0xe0080))
		return "an invisible or bidirectional character";
	return NULL;
}

static void control(struct vt *v, uint8_t byte)
{
	switch (byte) {
	case 0: break;
	case '\b': move(v, v->x - 1, v->y); break;
	case '\t': move(v, (v->x / TAB_CELLS + 1) * TAB_CELLS, v->y); break;
	case '\n': line_feed(v); break;
	case '\r': v->x = 0; break;
	case 0x1b: v->state = VT_ESCAPE; break;
	case 0x0e: /* the other character set, where one was chosen, and back */
	case 0x0f: v->graphics = byte == 0x0e; break;
	default: find(v, "a control character"); break;
	}
}

/* Bytes from 0x80 on, as UTF-8. */
static void high(struct vt *v, uint8_t byte)
{
	if (v->more > 0 && (byte & 0xc0) == 0x80) {
		v->cp = v->cp << 6 | (byte & 0x3f);
		if (--v->more > 0)
			return;
		if (forbidden(v->cp) != NULL)
			find(v, forbidden(v->cp));
		put(v, v->cp);
		return;
	}
	if (v->more > 0 || (byte & 0xc0) == 0x80)
		find(v, "broken UTF-8");
	v->more = byte < 0xc0 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	v->cp = byte & (0x3fu >> v->more);
}

static void ground(struct vt *v, uint8_t byte)
{
	if (byte < 0x80 && v->more > 0) {
		find(v, "broken UTF-8");
		v->more = 0;
	}
	if (byte >= 0x80)
		high(v, byte);
	else if (byte < 0x20 || byte == 0x7f)
		control(v, byte);
	else
		put(v, byte);
}

static void take(struct vt *v, uint8_t byte)
{
	switch (v->state) {
	case VT_GROUND: ground(v, byte); break;
	case VT_ESCAPE: in_escape(v, byte); break;
	case VT_CHARSET_1: v->state = VT_GROUND; break;
	case VT_CHARSET:
		v->graphics = byte == '0';
		v->state = VT_GROUND;
		break;
	case VT_CSI: in_csi(v, byte); break;
	case VT_STRING: v->state = byte == 0x1b ? VT_STRING_ESCAPE : byte == 7 ? VT_GROUND : VT_STRING; break;
	case VT_STRING_ESCAPE: v->state = byte == '\\' ? VT_GROUND : VT_STRING; break;
	}
}

void vt_bytes(struct vt *v, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		take(v, bytes[i]);
}

/* ---- asking ----------------------------------------------------------------------------------- */

const char *vt_left_over(const struct vt *v)
{
	if (v->state != VT_GROUND || v->more > 0)
		return "within a sequence";
	if (v->n_modes > 0)
		return "a mode";
	if (v->graphics)
		return "the character set";
	if (v->pen)
		return "a colour or attribute";
	if (v->keypad)
		return "the keypad's mode";
	if (v->top != 0 || v->bottom != v->h - 1)
		return "margins";
	return NULL;
}

static size_t encode(char *out, uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

const char *vt_line(const struct vt *v, int y)
{
	static char out[4 * VT_MAX_W + 1];
	size_t len = 0, end = 0;

	for (int x = 0; x < v->w; x++) {
		len += encode(out + len, v->cells[y][x] == 0 ? ' ' : v->cells[y][x]);
		if (out[len - 1] != ' ')
			end = len;
	}
	out[end] = '\0';
	return out;
}

int vt_find(const struct vt *v, const char *text)
{
	for (int y = 0; y < v->h; y++)
		if (strstr(vt_line(v, y), text) != NULL)
			return y;
	return -1;
}
