# Checks of the tree itself.
check_scripts = tests/check-layers.sh tests/check-layers-selftest.sh
TESTS += $(check_scripts)
EXTRA_DIST += $(check_scripts)

EXTRA_DIST += tests/lsan.supp tests/coverage.sh
