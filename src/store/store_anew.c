/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where conversations begin anew, and numbers of frames: what makes an index made again the same. */
#include "store/block_format.h"
#include "store/store_impl.h"

const struct anew_place *store_anew(const struct store *s, size_t *n)
{
	*n = s->view.n_anew;
	return s->view.anew;
}

enum rc store_add_anew(struct store *s, struct anew_place place, struct err *err)
{
	enum rc rc = RC_DONE;

	store_lock(s);
	if (!view_has_anew(&s->view, place))
		rc = store_put_anew(s, place, err);
	if (rc == RC_DONE)
		s->changes++;
	store_unlock(s);
	return rc;
}

enum rc store_put_anew(struct store *s, struct anew_place place, struct err *err)
{
	enum rc rc = catalog_put_anew(s->catalog, place, err);

	return rc == RC_DONE ? view_add_anew(&s->view, place, err) : rc;
}

uint64_t store_next_frame(const struct store *s)
{
	size_t n;
	const struct block_info *b = store_blocks(s, &n);
	uint64_t next = 1;

	for (size_t i = 0; i < n; i++)
		if (b[i].packets > 0 && b[i].first_frame + b[i].packets > next)
			next = b[i].first_frame + b[i].packets;
	return next;
}

uint64_t store_block_frame(const struct store *s, uint32_t block)
{
	struct block_header h = { 0 };
	char path[STORE_PATH];
	struct io_file *f;

	if (s->kind != STORE_OWN)
		return 0;
	store_block_path(s, block, path);
	if (io_open(path, IO_READ, &f, NULL) != RC_DONE)
		return 0;
	if (block_header_read(f, &h, NULL) != RC_DONE)
		h.first_frame = 0;
	io_close(f);
	return h.first_frame;
}

/* ---- an index that is made again as a whole ------------------------------------------------ */

enum rc store_set_rebuilding(struct store *s, bool rebuilding, struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = catalog_set(s->catalog, "rebuilding", rebuilding, err);
	store_unlock(s);
	return rc;
}

bool store_is_rebuilding(struct store *s)
{
	int64_t value = 0;

	store_lock(s);
	enum rc rc = catalog_get(s->catalog, "rebuilding", &value, NULL);
	store_unlock(s);
	return rc == RC_DONE && value != 0;
}
