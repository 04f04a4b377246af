#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/cli/escape.sh with each hostile text alone.
export ESCAPE_ALL=1
exec bash "$top_srcdir/tests/cli/escape.sh"
