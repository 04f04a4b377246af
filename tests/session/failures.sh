#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every operation on a file and every allocation fails once: test_calls and test_failures without sampling.
export FLOWDRILL_TEST_ALL=1
"$top_builddir/tests/store/test_calls" && exec "$top_builddir/tests/session/test_failures"
