/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/confine.h"

#include "session/confine_files.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool are_root(void)
{
	return getuid() == 0 || geteuid() == 0;
}

/* ---- who ------------------------------------------------------------------------------------ */

static bool all_digits(const char *s)
{
	return s[0] && s[strspn(s, "0123456789")] == '\0' && strlen(s) <= 9;
}

static const struct passwd *find_user(const char *user)
{
	const struct passwd *p = getpwnam(user);

	if (!p && all_digits(user))
		p = getpwuid((uid_t)strtoul(user, NULL, 10));
	return p;
}

/* Who called sudo; NULL where nobody did, or root. */
static const char *sudo_caller(void)
{
	const char *uid = getenv("SUDO_UID");

	return uid && all_digits(uid) && strtoul(uid, NULL, 10) != 0 ? uid : NULL;
}

static enum rc fill_user(struct confine_user *out, const struct passwd *p)
{
	*out = (struct confine_user){ .uid = p->pw_uid, .gid = p->pw_gid };
	snprintf(out->name, sizeof(out->name), "%s", p->pw_name);
	snprintf(out->home, sizeof(out->home), "%s", p->pw_dir);
	return RC_DONE;
}

/* Not root: who we are already, with or without an entry. */
static enum rc who_we_are(const char *user, struct confine_user *out, struct err *err)
{
	const struct passwd *p = user ? find_user(user) : getpwuid(getuid());

	if (user && (!p || p->pw_uid != getuid()))
		return err_set(err, RC_USAGE, user, "only root can become another user");
	if (p)
		return fill_user(out, p);
	*out = (struct confine_user){ .uid = getuid(), .gid = getgid() };
	snprintf(out->name, sizeof(out->name), "%u", (unsigned)out->uid);
	return RC_DONE;
}

enum rc confine_who(const char *user, struct confine_user *out, struct err *err)
{
	const struct passwd *p;

	if (!are_root())
		return who_we_are(user, out, err);
	if (!user)
		user = sudo_caller();
	if (!user)
		user = "nobody";
	p = find_user(user);
	if (!p)
		return err_set(err, RC_USAGE, user, "no such user");
	if (p->pw_uid == 0 || p->pw_gid == 0)
		return err_set(err, RC_USAGE, user, "is root or of root's group: name an ordinary user");
	return fill_user(out, p);
}

/* ---- directories ---------------------------------------------------------------------------- */

static bool writable_for(const struct stat *st, const struct confine_user *who)
{
	if (st->st_uid == who->uid)
		return (st->st_mode & 0300) == 0300;
	if (st->st_gid == who->gid)
		return (st->st_mode & 0030) == 0030;
	return (st->st_mode & 0003) == 0003;
}

/* What we have just made is given away by descriptor: its name may be another's by now. */
static enum rc give_away(const char *path, const struct confine_user *who, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	enum rc rc = RC_DONE;

	if (fd < 0)
		return err_errno(err, path, "cannot open");
	if (fstat(fd, &st) != 0 || fchmod(fd, 0700) != 0)
		rc = err_errno(err, path, "cannot protect");
	else if (st.st_uid != geteuid())
		rc = err_set(err, RC_DENIED, path, "was exchanged while it was made");
	else if (are_root() && fchown(fd, who->uid, who->gid) != 0)
		rc = err_errno(err, path, "cannot give it to the user");
	close(fd);
	return rc;
}

enum rc confine_directory(const char *path, const struct confine_user *who, struct err *err)
{
	mode_t before = umask(077);
	int made = mkdir(path, 0700), number = errno;
	struct stat st;

	umask(before);
	if (made == 0)
		return give_away(path, who, err);
	errno = number;
	if (errno != EEXIST)
		return err_errno(err, path, "cannot make");
	if (stat(path, &st) != 0)
		return err_errno(err, path, "cannot read");
	if (!S_ISDIR(st.st_mode))
		return err_set(err, RC_USAGE, path, "is no directory");
	if (!writable_for(&st, who))
		return err_set(err, RC_DENIED, path, "%s cannot write there: give it to %s, or name another --user",
			who->name, who->name);
	return RC_DONE;
}

/* ---- giving up ------------------------------------------------------------------------------ */

/* Uids and capabilities are each thread's own: one that runs already would keep its. */
static enum rc expect_no_threads(struct err *err)
{
	struct stat st;

	if (stat("/proc/self/task", &st) != 0)
		return err_errno(err, "/proc/self/task", "cannot count the threads");
	if (st.st_nlink != 3)
		return err_set(err, RC_UNSUPPORTED, "threads", "run already: privileges are given up before");
	return RC_DONE;
}

static enum rc drop_bounding(bool root, struct err *err)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		/* who is not root may lack the right to, and gains nothing from it by no_new_privs */
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && root)
			return err_errno(err, "capabilities", "cannot empty the bounding set");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
		return err_errno(err, "capabilities", "cannot empty the ambient set");
	return RC_DONE;
}

static enum rc become(const struct confine_user *who, struct err *err)
{
	if (setgroups(0, NULL) != 0)
		return err_errno(err, who->name, "cannot leave root's groups");
	if (setresgid(who->gid, who->gid, who->gid) != 0)
		return err_errno(err, who->name, "cannot become of its group");
	if (setresuid(who->uid, who->uid, who->uid) != 0)
		return err_errno(err, who->name, "cannot become this user");
	return RC_DONE;
}

static enum rc drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2];

	memset(none, 0, sizeof(none));
	if (syscall(SYS_capset, &header, none) != 0)
		return err_errno(err, "capabilities", "cannot give them up");
	return RC_DONE;
}

static enum rc forbid(struct err *err)
{
	struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_errno(err, "no_new_privs", "cannot be set");
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_errno(err, "core dumps", "cannot be switched off");
	return RC_DONE;
}

static bool has_capabilities(bool root)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct now[2];

	if (syscall(SYS_capget, &header, now) != 0)
		return true;
	for (int i = 0; i < 2; i++)
		if (now[i].effective | now[i].permitted | now[i].inheritable)
			return true;
	for (int cap = 0; root && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			return true;
	return false;
}

static bool has_ids(const struct confine_user *who)
{
	uid_t u[3];
	gid_t g[3];

	if (getresuid(&u[0], &u[1], &u[2]) != 0 || getresgid(&g[0], &g[1], &g[2]) != 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (u[i] != who->uid || g[i] != who->gid)
			return false;
	return true;
}

/* Not what the calls returned, but what the kernel says now. */
static enum rc verify(const struct confine_user *who, bool root, struct err *err)
{
	if (root && (!has_ids(who) || getgroups(0, NULL) != 0))
		return err_set(err, RC_DENIED, who->name, "did not become this user");
	if (setuid(0) == 0 || seteuid(0) == 0 || geteuid() == 0 || getuid() == 0)
		return err_set(err, RC_DENIED, who->name, "could become root again");
	if (has_capabilities(root))
		return err_set(err, RC_DENIED, "capabilities", "were not given up");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return err_set(err, RC_DENIED, "no_new_privs", "is not set");
	return RC_DONE;
}

static bool confined;

bool confine_done(void)
{
	return confined;
}

enum rc confine(const struct confine_options *o, char *note, size_t note_size, struct err *err)
{
	struct confine_user who;
	bool root = are_root();
	enum rc rc = expect_no_threads(err);

	note[0] = '\0';
	confined = true; /* half of it counts as well */
	if (rc == RC_DONE)
		rc = confine_who(o->user, &who, err);
	if (rc == RC_DONE)
		rc = drop_bounding(root, err);
	if (rc == RC_DONE && root)
		rc = become(&who, err);
	if (rc == RC_DONE)
		rc = drop_capabilities(err);
	if (rc == RC_DONE)
		rc = forbid(err);
	if (rc == RC_DONE)
		rc = confine_files(o, who.home, &confine_calls_real, note, note_size, err);
	if (rc == RC_DONE)
		rc = verify(&who, root, err);
	return rc;
}
