#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/session/kill.sh, many times: KILL_ROUNDS (500).
export KILL_ROUNDS=${KILL_ROUNDS-500}
exec bash "$top_srcdir/tests/session/kill.sh"
