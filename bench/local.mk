# Benchmarks: noinst_PROGRAMS for the generator, EXTRA_DIST for scripts and tables.
