#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# test_flips with 10,000 flips.
export FLOWDRILL_TEST_FLIPS=${FLOWDRILL_TEST_FLIPS-10000}
exec "$top_builddir/tests/session/test_flips"
