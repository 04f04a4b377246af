# Benchmarks: a generator of captures (for tests too), and what runs us and others on them.
noinst_PROGRAMS += bench/flowdrill-gen
bench_flowdrill_gen_SOURCES = bench/gen.h bench/gen.c bench/gen-flow.c bench/gen-tcp.c \
	bench/gen-packet.c bench/gen-out.c

noinst_PROGRAMS += bench/flowdrill-limit
bench_flowdrill_limit_SOURCES = bench/limit.c
bench_flowdrill_limit_CPPFLAGS = $(AM_CPPFLAGS) $(XXHASH_CFLAGS)
bench_flowdrill_limit_LDADD = $(XXHASH_LIBS)

noinst_PROGRAMS += bench/flowdrill-year
bench_flowdrill_year_SOURCES = bench/year.c
bench_flowdrill_year_LDADD = $(store_ldadd)

unit_tests += bench/test_gen
bench_test_gen_SOURCES = bench/test_gen.c
bench_test_gen_LDADD = $(CMOCKA_LIBS)

EXTRA_DIST += bench/README.md bench/cost.svg bench/run.sh bench/live.py bench/measure.py bench/related.py bench/report.py bench/results.py bench/run.py bench/screen.py bench/shop.py bench/shop_map.py

TESTS += bench/test-truth.sh
EXTRA_DIST += bench/test-truth.sh
LONG_TESTS += bench/test-flood.sh
