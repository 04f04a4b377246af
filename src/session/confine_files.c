/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/confine_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights in bits, as linux/landlock.h has them; older headers lack the later ones. */
#define RIGHT(n) (UINT64_C(1) << (n))
enum { REFER_BIT = 13, TRUNCATE_BIT = 14, IOCTL_BIT = 15 };
#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define DEVICE_RIGHTS \
	(READ_RIGHTS | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT(TRUNCATE_BIT) | RIGHT(IOCTL_BIT))
#define STORE_RIGHTS \
	(READ_RIGHTS | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE \
		| LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_DIR \
		| LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM | RIGHT(REFER_BIT) | RIGHT(TRUNCATE_BIT))
/* What a rule on a file that is no directory may name. */
#define FILE_RIGHTS \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE \
		| LANDLOCK_ACCESS_FS_READ_FILE | RIGHT(TRUNCATE_BIT) | RIGHT(IOCTL_BIT))

/* struct landlock_ruleset_attr of the newest kernel; older ones are given its beginning. */
struct attributes {
	uint64_t files, net, scoped;
};

struct path_rights {
	const char *path;
	uint64_t rights;
};

/* What a running program needs; what is not there is left out. Of /etc nothing but these. */
static const struct path_rights system_paths[] = {
	{ "/usr", READ_RIGHTS },
	{ "/lib", READ_RIGHTS },
	{ "/lib32", READ_RIGHTS },
	{ "/lib64", READ_RIGHTS },
	{ "/etc/ld.so.cache", READ_RIGHTS },
	{ "/etc/localtime", READ_RIGHTS },
	{ "/etc/terminfo", READ_RIGHTS },
	{ "/etc/inputrc", READ_RIGHTS },
	{ "/etc/nsswitch.conf", READ_RIGHTS },
	{ "/etc/passwd", READ_RIGHTS },
	{ "/etc/group", READ_RIGHTS },
	{ "/etc/services", READ_RIGHTS },
	{ "/etc/protocols", READ_RIGHTS },
	{ "/proc/self", READ_RIGHTS },
	{ "/sys/devices/system/cpu", READ_RIGHTS },
	{ "/dev/urandom", READ_RIGHTS },
	{ "/dev/null", DEVICE_RIGHTS },
	{ "/dev/tty", DEVICE_RIGHTS },
	{ "/dev/pts", DEVICE_RIGHTS },
};

static long real_create(const void *attributes, size_t size, uint32_t flags)
{
	return syscall(SYS_landlock_create_ruleset, attributes, size, flags);
}

static long real_add_path(int ruleset, const void *rule)
{
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, rule, 0);
}

static long real_restrict_self(int ruleset)
{
	return syscall(SYS_landlock_restrict_self, ruleset, 0);
}

const struct confine_calls confine_calls_real = { real_create, real_add_path, real_restrict_self };

struct rules {
	const struct confine_calls *calls;
	int fd;
	uint64_t handled;            /* rights on files that this kernel knows */
};

static enum rc add(
	const struct rules *r, const char *path, uint64_t rights, bool needed, struct err *err)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights & r->handled };
	struct stat st;
	enum rc rc = RC_DONE;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return needed ? err_errno(err, path, "cannot open") : RC_DONE;
	if (fstat(rule.parent_fd, &st) != 0)
		rc = err_errno(err, path, "cannot read");
	else if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FILE_RIGHTS;
	if (rc == RC_DONE && r->calls->add_path(r->fd, &rule) != 0)
		rc = err_errno(err, path, "cannot be let through Landlock");
	close(rule.parent_fd);
	return rc;
}

static enum rc add_terminfo(const struct rules *r, const char *home, struct err *err)
{
	const char *terminfo = getenv("TERMINFO");
	char path[4096];
	enum rc rc = RC_DONE;

	if (terminfo && terminfo[0] == '/')
		rc = add(r, terminfo, READ_RIGHTS, false, err);
	if (rc != RC_DONE || home[0] != '/')
		return rc;
	snprintf(path, sizeof(path), "%s/.terminfo", home);
	rc = add(r, path, READ_RIGHTS, false, err);
	snprintf(path, sizeof(path), "%s/.inputrc", home);
	return rc == RC_DONE ? add(r, path, READ_RIGHTS, false, err) : rc;
}

static enum rc add_all(
	const struct rules *r, const struct confine_options *o, const char *home, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < sizeof(system_paths) / sizeof(system_paths[0]); i++)
		rc = add(r, system_paths[i].path, system_paths[i].rights, false, err);
	for (size_t i = 0; rc == RC_DONE && i < o->n_read_paths; i++)
		rc = add(r, o->read_paths[i], READ_RIGHTS, true, err);
	for (size_t i = 0; rc == RC_DONE && i < o->n_write_dirs; i++)
		rc = add(r, o->write_dirs[i], STORE_RIGHTS, true, err);
	return rc == RC_DONE ? add_terminfo(r, home, err) : rc;
}

/* All rights that this version of Landlock knows are taken away; the rules give some back. */
static size_t attributes_of(long abi, struct attributes *out)
{
	*out = (struct attributes){ .files = RIGHT(REFER_BIT) - 1 };
	if (abi >= 2)
		out->files |= RIGHT(REFER_BIT);
	if (abi >= 3)
		out->files |= RIGHT(TRUNCATE_BIT);
	if (abi >= 5)
		out->files |= RIGHT(IOCTL_BIT);
	if (abi >= 4)
		out->net = 3;            /* to bind and to connect TCP */
	if (abi >= 6)
		out->scoped = 3;         /* abstract Unix sockets and signals, of processes outside */
	return abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
}

enum rc confine_files(const struct confine_options *o, const char *home,
	const struct confine_calls *calls, char *note, size_t note_size, struct err *err)
{
	long abi = calls->create(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION), fd;
	struct attributes attributes;
	struct rules r = { .calls = calls };
	size_t size;
	enum rc rc;

	if (abi < 1) {
		snprintf(note, note_size,
			"this kernel has no Landlock: files outside the store are protected by their modes alone");
		return RC_DONE;
	}
	size = attributes_of(abi, &attributes);
	fd = calls->create(&attributes, size, 0);
	if (fd < 0)
		return err_errno(err, "Landlock", "cannot make a ruleset");
	r.fd = (int)fd;
	r.handled = attributes.files;
	rc = add_all(&r, o, home, err);
	if (rc == RC_DONE && calls->restrict_self(r.fd) != 0)
		rc = err_errno(err, "Landlock", "cannot confine this process");
	close(r.fd);
	return rc;
}
