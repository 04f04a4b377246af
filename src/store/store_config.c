/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store's configuration: what it may be, how it is kept in the catalog, and found again in the blocks. */
#include "store/block_format.h"
#include "store/store_impl.h"

#include "base/io.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static const int64_t second_ns = 1000000000;

void store_config_default(struct store_config *c)
{
	*c = (struct store_config){
		.micro_ns = 5 * second_ns,
		.flow_ns = 300 * second_ns,
		.macro_ns = 900 * second_ns,
		.block_size = 256u << 20,
		.attributes = ATTRIBUTES_ALL,
		.fingerprints = FINGERPRINTS_SPARSE,
	};
}

enum rc store_config_check(const struct store_config *c, struct err *err)
{
	if (c->micro_ns <= 0 || c->flow_ns <= 0 || c->macro_ns <= 0)
		return err_set(err, RC_USAGE, "slices", "must be longer than nothing");
	if (c->flow_ns % c->micro_ns != 0)
		return err_set(err, RC_USAGE, "slices",
			"the slice of a microflow must divide that of a flow");
	if (c->macro_ns % c->flow_ns != 0)
		return err_set(err, RC_USAGE, "slices",
			"the slice of a flow must divide a macroflow's window");
	if (c->block_size < 1u << 20 || c->block_size > 256u << 20)
		return err_set(err, RC_USAGE, "block size", "must be from 1 MiB to 256 MiB");
	if (c->attributes & ~(uint32_t)ATTRIBUTES_ALL)
		return err_set(err, RC_USAGE, "attributes", "there are no such");
	if (c->fingerprints >= FINGERPRINTS_KINDS)
		return err_set(err, RC_USAGE, "fingerprints", "there are no such");
	if (c->index_dir[0] && c->index_dir[0] != '/')
		return err_set(err, RC_USAGE, c->index_dir, "must be an absolute path");
	return RC_DONE;
}

const char *store_config_differs(const struct store_config *a, const struct store_config *b, unsigned parts)
{
	if ((parts & CONFIG_SLICES) &&
		(a->micro_ns != b->micro_ns || a->flow_ns != b->flow_ns || a->macro_ns != b->macro_ns))
		return "slices";
	if ((parts & CONFIG_ATTRIBUTES) &&
		(a->attributes != b->attributes || strcmp(a->attributes_for, b->attributes_for) != 0))
		return "attributes";
	if ((parts & CONFIG_FINGERPRINTS) && a->fingerprints != b->fingerprints)
		return "fingerprints";
	return NULL;
}

/* ---- in the catalog --------------------------------------------------------------------- */

enum rc store_put_config(struct store *s, struct err *err)
{
	const struct {
		const char *name;
		int64_t value;
	} all[] = {
		{ "kind", s->kind },
		{ "micro_ns", s->config.micro_ns },
		{ "flow_ns", s->config.flow_ns },
		{ "macro_ns", s->config.macro_ns },
		{ "block_size", (int64_t)s->config.block_size },
		{ "attributes", s->config.attributes },
		{ "fingerprints", s->config.fingerprints },
		{ "identity_low", (int64_t)s->identity.low },
		{ "identity_high", (int64_t)s->identity.high },
	};
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < sizeof(all) / sizeof(all[0]); i++)
		rc = catalog_set(s->catalog, all[i].name, all[i].value, err);
	if (rc == RC_DONE)
		rc = catalog_set_text(s->catalog, "attributes_for", s->config.attributes_for, err);
	return rc;
}

static int64_t get_number(struct store *s, const char *name, enum rc *rc, struct err *err)
{
	int64_t v = 0;

	if (*rc == RC_DONE)
		*rc = catalog_get(s->catalog, name, &v, err);
	return v;
}

/* Catalogs that were made before there was a choice do not say: everything. */
static enum rc get_attributes(struct store *s, struct err *err)
{
	struct store_config *c = &s->config;
	int64_t which;
	enum rc rc = catalog_get(s->catalog, "attributes", &which, err);

	c->attributes = rc == RC_DONE ? (uint32_t)which : ATTRIBUTES_ALL;
	c->attributes_for[0] = '\0';
	if (rc == RC_DONE)
		rc = catalog_get_text(s->catalog, "attributes_for", c->attributes_for, sizeof(c->attributes_for), err);
	return rc == RC_MISSING ? RC_DONE : rc;
}

/* The same: none. */
static enum rc get_fingerprints(struct store *s, struct err *err)
{
	int64_t which = FINGERPRINTS_OFF;
	enum rc rc = catalog_get(s->catalog, "fingerprints", &which, err);

	s->config.fingerprints = rc == RC_DONE ? (uint32_t)which : FINGERPRINTS_OFF;
	return rc == RC_MISSING ? RC_DONE : rc;
}

enum rc store_get_config(struct store *s, struct err *err)
{
	enum rc rc = RC_DONE;
	int64_t kind = get_number(s, "kind", &rc, err);
	char path[STORE_PATH];

	s->config.micro_ns = get_number(s, "micro_ns", &rc, err);
	s->config.flow_ns = get_number(s, "flow_ns", &rc, err);
	s->config.macro_ns = get_number(s, "macro_ns", &rc, err);
	s->config.block_size = (uint64_t)get_number(s, "block_size", &rc, err);
	if (rc == RC_DONE)
		rc = get_attributes(s, err);
	if (rc == RC_DONE)
		rc = get_fingerprints(s, err);
	s->identity.low = (uint64_t)get_number(s, "identity_low", &rc, err);
	s->identity.high = (uint64_t)get_number(s, "identity_high", &rc, err);
	store_name_path(s, "catalog.db", path);
	if (rc == RC_MISSING || (rc == RC_DONE && (kind != (int64_t)s->kind ||
			store_config_check(&s->config, NULL) != RC_DONE)))
		return err_damaged(err, path, 0, "what it says of the store cannot be");
	return rc;
}

/* ---- in the blocks ---------------------------------------------------------------------- */

void store_config_from_blocks(struct store *s)
{
	char path[STORE_PATH];
	struct dirent *e;
	DIR *d;
	bool found = false;

	store_config_default(&s->config);
	snprintf(path, sizeof(path), "%s/blocks", s->path);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		unsigned number;
		struct io_file *f;
		struct block_header h;

		if (sscanf(e->d_name, "%8u.pcapng", &number) != 1)
			continue;
		store_block_path(s, number, path);
		if (io_open(path, IO_READ, &f, NULL) != RC_DONE)
			continue;
		found = block_header_read(f, &h, NULL) == RC_DONE;
		io_close(f);
		if (!found)
			continue;
		found = store_config_check(&h.config, NULL) == RC_DONE;
		if (!found)
			continue;
		s->config = h.config;
		s->identity = h.identity;
	}
	if (d)
		closedir(d);
}
