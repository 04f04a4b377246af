#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/session/test_power and test_power_recorder, many times: POWER_POINTS (1000) of each.
export POWER_POINTS=${POWER_POINTS-1000}
"$top_builddir/tests/session/test_power" || exit 1
exec "$top_builddir/tests/session/test_power_recorder"
