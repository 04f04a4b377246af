#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/session/test_power, many times: POWER_POINTS (1000).
export POWER_POINTS=${POWER_POINTS-1000}
exec "$top_builddir/tests/session/test_power"
