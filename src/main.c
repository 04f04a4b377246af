/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cli.h"
#include "ui/ui.h"

#include <sys/stat.h>

/* cli/ and ui/ do not know each other. */
static enum rc open_screen(struct session *s, const struct cli_screen_options *o, struct err *err)
{
	struct ui_options options = {
		.script = o->script,
		.keys = o->keys,
		.batch = o->batch,
		.dump = o->dump,
		.in = o->in,
		.ansi = o->ansi,
		.width_cells = o->width_cells,
		.height_cells = o->height_cells,
		.filter = o->filter,
		.title = o->title,
		.config = o->config,
		.state = o->state,
		.fresh = o->fresh,
		.ascii = o->ascii,
		.no_color = o->no_color,
	};

	return ui_run(s, &options, err);
}

int main(int argc, char **argv)
{
	/* what is captured is nobody else's business; one of 0777 would also lock us out of what we make */
	umask(077);
	return cli_main(argc, argv, open_screen);
}
