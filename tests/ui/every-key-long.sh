#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same with keys at random.
export EVERY_KEY_RANDOM=${EVERY_KEY_RANDOM:-100}
exec bash "$top_srcdir/tests/ui/every-key.sh"
