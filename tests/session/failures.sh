#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every operation on a file and every allocation fails once: test_failures without sampling.
FLOWDRILL_TEST_ALL=1 exec "$top_builddir/tests/session/test_failures"
