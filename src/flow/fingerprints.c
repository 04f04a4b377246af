/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/fingerprints.h"

#include <stddef.h>
#include <string.h>

static const char *const names[FINGERPRINTS_KINDS] = {
	[FINGERPRINTS_OFF] = "off", [FINGERPRINTS_SPARSE] = "sparse", [FINGERPRINTS_FULL] = "full",
};

bool fingerprints_parse(const char *text, unsigned *out)
{
	for (unsigned i = 0; i < FINGERPRINTS_KINDS; i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*out = i;
		return true;
	}
	return false;
}

const char *fingerprints_name(unsigned which)
{
	return which < FINGERPRINTS_KINDS ? names[which] : NULL;
}
