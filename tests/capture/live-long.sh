#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/capture/live.sh with ten floods of ten seconds: LIVE_FLOODS, LIVE_FLOOD_FRAMES.
export LIVE_FLOODS=${LIVE_FLOODS-10} LIVE_FLOOD_FRAMES=${LIVE_FLOOD_FRAMES-3000000}
exec bash "$top_srcdir/tests/capture/live.sh"
