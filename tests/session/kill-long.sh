#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/session/kill.sh and kill-capture.sh, many times: KILL_ROUNDS (200) of each, three to four kills a round.
export KILL_ROUNDS=${KILL_ROUNDS-200}
bash "$top_srcdir/tests/session/kill.sh" || exit 1
exec bash "$top_srcdir/tests/session/kill-capture.sh"
