/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls that open stores by themselves. */
#include "calls.h"

#include <stdio.h>

enum rc calls_open_write(const char *path, struct err *err)
{
	struct store_notes notes;
	struct store *s;
	enum rc rc = store_open(path, true, &s, &notes, err);

	if (rc == RC_DONE)
		store_close(s);
	return rc;
}

enum rc calls_open_read(const char *path, struct err *err)
{
	struct store_notes notes;
	struct store *s;
	enum rc rc = store_open(path, false, &s, &notes, err);

	if (rc == RC_DONE)
		store_close(s);
	return rc;
}

enum rc calls_create(const char *path, struct err *err)
{
	struct store_config config;
	struct store *s;
	char new[300];

	/* what failed may have left a whole store behind */
	snprintf(new, sizeof(new), "%s/s.fdr", path);
	store_config_default(&config);
	enum rc rc = store_create(new, &config, &s, err);
	if (rc == RC_USAGE)
		rc = store_open(new, true, &s, NULL, err);
	if (rc == RC_DONE)
		store_close(s);
	return rc;
}

enum rc calls_open_placed_write(const char *path, struct err *err)
{
	struct store *s;
	enum rc rc = calls_open_placed(path, true, &s, err);

	if (rc == RC_DONE)
		store_close(s);
	return rc;
}

enum rc calls_open_placed_read(const char *path, struct err *err)
{
	struct store *s;
	enum rc rc = calls_open_placed(path, false, &s, err);

	if (rc == RC_DONE)
		store_close(s);
	return rc;
}
