#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the screen costs, over half a minute each.
export LIVE_IDLE_S=30
exec bash "$top_srcdir/tests/ui/live.sh"
