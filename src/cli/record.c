/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/record.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/say.h"
#include "cli/sources.h"
#include "session/confine.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SCREEN_MAX_BYTES = 1 << 30 };

/* ---- options ------------------------------------------------------------------------------ */

static enum rc recorder_args(const struct args *a, bool screen, struct recorder_options *o, struct err *err)
{
	struct session_options session;
	enum rc rc = cli_session_options(a, &session, err);

	if (rc != RC_DONE)
		return rc;
	recorder_options_default(o);
	o->config = session.config;
	o->asked = session.asked;
	o->block_size_set = args_given(a, OPTION_BLOCK_SIZE);
	o->ingest.threads = (unsigned)a->threads;
	o->devices = a->devices;
	o->n_devices = a->n_devices;
	o->live = (struct live_options){
		.bpf = a->bpf, .snaplen = (uint32_t)a->snaplen,
		.buffer_bytes = (uint32_t)a->buffer_size,
		.promiscuous = args_given(a, OPTION_PROMISCUOUS),
		.immediate = args_given(a, OPTION_IMMEDIATE),
	};
	/* fingerprints of what is not kept: the kernel has to give it all */
	if (o->config.fingerprints == FINGERPRINTS_FULL && a->snaplen) {
		o->live.snaplen = 0;
		o->ingest.snaplen = (uint32_t)a->snaplen;
	}
	if (a->buffer_size > INT32_MAX)
		return err_set(err, RC_USAGE, "--buffer-size", "2Gi at most");
	if (a->sync_ns)
		o->sync_ns = a->sync_ns;
	o->retention = (struct retention){
		.max_bytes = a->max_size, .max_age_ns = a->max_age_ns, .min_free_bytes = a->min_free,
		.keep_macroflows_ns = a->keep_macroflows_ns,
	};
	if (screen && a->max_size == 0)
		o->retention.max_bytes = SCREEN_MAX_BYTES;
	o->when_full = a->stop_when_full ? RECORDER_STOP : RECORDER_ROTATE;
	return cli_index_dir(a, &o->config, err);
}

/* ---- a store of its own ------------------------------------------------------------------- */

#define SYSTEM_STATE "/var/lib/flowdrill"

/* base/a/b...: each part is made where it is missing, and given to him. */
static enum rc make_below(char *base, size_t size, const char *const *parts, size_t n, const struct confine_user *who,
	struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < n && rc == RC_DONE; i++) {
		size_t len = strlen(base);
		int more = snprintf(base + len, size - len, "/%s", parts[i]);

		rc = more > 0 && (size_t)more < size - len ? confine_directory(base, who, err)
			: err_set(err, RC_USAGE, "-i", "the directory's name is too long: name a store with -s");
	}
	return rc;
}

/* One for each user, in a directory that is root's: nobody else can have laid something there. */
static enum rc system_state(const struct confine_user *who, char *out, size_t size, struct err *err)
{
	const char *const parts[] = { who->name };

	snprintf(out, size, SYSTEM_STATE);
	if (mkdir(out, 0755) == 0) {
		if (chmod(out, 0755) != 0)       /* whatever the umask took */
			return err_errno(err, out, "cannot open to users");
	} else if (errno != EEXIST) {
		return err_errno(err, out, "cannot make; name a store with -s");
	}
	return make_below(out, size, parts, 1, who, err);
}

/*
 * Recordings are kept until somebody deletes them: they are state, no cache. $XDG_STATE_HOME or ~/.local/state of whom we become; under
 * /var/lib where root becomes somebody without a home, such as `nobody`.
 */
static enum rc state_of(const struct confine_user *who, char *out, size_t size, struct err *err)
{
	static const char *const below_home[] = { ".local", "state", "flowdrill" }, *const below_state[] = { "flowdrill" };
	const char *state = getenv("XDG_STATE_HOME");
	struct stat st;

	if (state && state[0] == '/' && who->uid == geteuid()) {
		snprintf(out, size, "%s", state);
		enum rc rc = confine_directory(out, who, err);
		return rc == RC_DONE ? make_below(out, size, below_state, 1, who, err) : rc;
	}
	if (who->home[0] == '/' && stat(who->home, &st) == 0 && st.st_uid == who->uid) {
		snprintf(out, size, "%s", who->home);
		return make_below(out, size, below_home, 3, who, err);
	}
	if (geteuid() == 0)
		return system_state(who, out, size, err);
	return err_set(err, RC_USAGE, "-i", "%s has no home to keep a recording in: name a store with -s", who->name);
}

/* live-IFACE-TIME.fdr: interfaces have odd names, files do not. */
static enum rc own_store(const struct args *a, const struct confine_user *who, struct recording *r, struct err *err)
{
	char state[400], name[32] = "", when[32];
	time_t now = time(NULL);
	struct tm tm;

	snprintf(name, sizeof(name), "%s", a->devices[0]);
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-')
			*c = '_';
	strftime(when, sizeof(when), "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
	enum rc rc = state_of(who, state, sizeof(state), err);
	if (rc == RC_DONE)
		snprintf(r->store, sizeof(r->store), "%s/live-%s-%s.fdr", state, name, when);
	r->own = true;
	return rc;
}

static enum rc name_store(const struct args *a, const struct confine_user *who, struct recording *r, struct err *err)
{
	if (a->n_sources == 0)
		return own_store(a, who, r, err);
	if (a->n_sources > 1 || !a->sources[0].is_store)
		return err_set(err, RC_USAGE, "-i", "records into one store, named with -s");
	int n = snprintf(r->store, sizeof(r->store), "%s", a->sources[0].path);
	return n > 0 && (size_t)n < sizeof(r->store) ? RC_DONE
						     : err_set(err, RC_USAGE, "-s", "the name is too long");
}

/* ---- opening ------------------------------------------------------------------------------ */

/* Another user's settings are not for us: they may not even be readable. */
static void become(const struct confine_user *who)
{
	static const char *const names[] = { "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME" };
	struct stat st;

	if (geteuid() != 0)
		return;
	if (stat(who->home, &st) == 0 && st.st_uid == who->uid)
		setenv("HOME", who->home, 1);
	else
		unsetenv("HOME");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

/*
 * Where the index of a store is that exists already, if it lies elsewhere: never made here, because whoever owns the store could have
 * laid the link.
 */
static enum rc find_index(const char *store, const struct confine_user *who, char out[PATH_MAX], struct err *err)
{
	char link[PATH_MAX];
	struct stat st;

	out[0] = '\0';
	int n = snprintf(link, sizeof(link), "%s/index", store);
	if (n < 0 || (size_t)n >= sizeof(link) || lstat(link, &st) != 0 || !S_ISLNK(st.st_mode))
		return RC_DONE;
	if (!realpath(link, out))
		return err_errno(err, link, "leads to no directory: is its file system mounted?");
	return confine_directory(out, who, err);
}

/* Directories that are written to: made and given away while we may. */
static enum rc drop_privileges(struct cli *c, const struct recorder_options *o, struct recording *r, bool screen,
	struct err *err)
{
	const char *dirs[4];
	struct confine_options options = { .user = c->args.user, .write_dirs = dirs };
	struct confine_user who;
	char note[256], here[512], settings[300], index[PATH_MAX];
	const char *reads[] = { settings };
	struct stat st;
	enum rc rc = confine_who(c->args.user, &who, err);

	if (rc == RC_DONE)
		rc = name_store(&c->args, &who, r, err);
	if (rc == RC_DONE)
		rc = confine_directory(r->store, &who, err);
	dirs[options.n_write_dirs++] = r->store;
	if (rc == RC_DONE && o->config.index_dir[0]) {
		rc = confine_directory(o->config.index_dir, &who, err);
		dirs[options.n_write_dirs++] = o->config.index_dir;
	}
	if (rc == RC_DONE)
		rc = find_index(r->store, &who, index, err);
	if (rc == RC_DONE && index[0])
		dirs[options.n_write_dirs++] = index;
	/* exports */
	if (screen && getcwd(here, sizeof(here)))
		dirs[options.n_write_dirs++] = here;
	if (rc == RC_DONE) {
		become(&who);
		snprintf(settings, sizeof(settings), "%s/.config/flowdrill", who.home);
		options.read_paths = reads;
		options.n_read_paths = screen && stat(settings, &st) == 0;
		rc = confine(&options, note, sizeof(note), err);
	}
	if (rc == RC_DONE && note[0])
		say_note("confinement", note);
	return rc;
}

static enum rc start(struct recording *r, struct err *err)
{
	struct store_notes notes = { .recovered = false };
	enum rc rc = recorder_start(r->recorder, &notes, err);

	if (rc == RC_DONE && notes.text[0])
		say_note(r->store, notes.text);
	r->reported_ns = clock_monotonic_ns();     /* rates are since the report before, the first one's since now */
	return rc;
}

enum rc record_open(struct cli *c, bool screen, struct recording *out, struct err *err)
{
	struct recorder_options options;
	enum rc rc = recorder_args(&c->args, screen, &options, err);

	memset(out, 0, sizeof(*out));
	options.store = out->store;
	if (rc == RC_DONE)
		rc = recorder_open(&options, &out->recorder, err);
	if (rc != RC_DONE)
		return rc;
	rc = drop_privileges(c, &options, out, screen, err);
	if (rc == RC_DONE)
		rc = start(out, err);
	if (rc != RC_DONE)
		recorder_close(out->recorder);
	return rc;
}

/* ---- what is said ------------------------------------------------------------------------- */

static void on_event(void *ctx, const char *what, const char *text)
{
	(void)ctx;
	(void)what;
	say_note("capture", text);
}

void record_events(struct recording *r)
{
	recorder_events(r->recorder, on_event, NULL);
}

static void report_point(const struct recorder_point *p)
{
	char text[200];

	snprintf(text, sizeof(text),
		"%" PRIu64 " received, %" PRIu64 " stored, %" PRIu64 " refused, %" PRIu64 " dropped, %" PRIu64
		" dropped by the interface%s",
		p->received, p->stored, p->refused, p->dropped, p->if_dropped,
		p->state == LIVE_GONE ? ", gone" : p->state == LIVE_DOWN ? ", down" : "");
	say_note(p->name, text);
}

void record_report(struct recording *r)
{
	struct recorder_status s;
	struct recorder_point p;
	char text[200], rate[32], size[32];

	recorder_status(r->recorder, &s);
	for (size_t i = 0; i < s.n_points; i++) {
		recorder_point(r->recorder, i, &p);
		report_point(&p);
	}
	int64_t now = clock_monotonic_ns();
	double seconds = (double)(now - r->reported_ns) / 1e9;
	if (seconds <= 0)
		seconds = 1;
	text_bytes(rate, sizeof(rate), (uint64_t)((double)(s.bytes - r->bytes) / seconds));
	text_bytes(size, sizeof(size), s.store_bytes);
	snprintf(text, sizeof(text), "%.0f packets/s, %s/s; %s on disk, %" PRIu64 " blocks evicted%s",
		(double)(s.packets - r->packets) / seconds, rate, size, s.evicted_blocks,
		s.full ? "; the disk is full" : "");
	say_note(r->store, text);
	r->reported_ns = now;
	r->packets = s.packets;
	r->bytes = s.bytes;
}

enum rc record_close(struct recording *r, struct err *err)
{
	enum rc rc = recorder_stop(r->recorder, err);

	record_events(r);
	record_report(r);
	if (r->own)
		say_note(r->store, "is kept: flowdrill -s opens it again");
	recorder_close(r->recorder);
	return rc;
}
