# Unit tests of src/tier. A test program is three lines:
#	unit_tests += tests/tier/test_NAME
#	tests_tier_test_NAME_SOURCES = tests/tier/test_NAME.c
#	tests_tier_test_NAME_LDADD = $(tier_test_ldadd)

unit_tests += tests/tier/test_tracker
tests_tier_test_tracker_SOURCES = tests/tier/test_tracker.c
tests_tier_test_tracker_LDADD = $(tier_test_ldadd)

unit_tests += tests/tier/test_compact
tests_tier_test_compact_SOURCES = tests/tier/test_compact.c tests/store/made.c tests/store/made.h \
	tests/store/place.h
tests_tier_test_compact_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/store
tests_tier_test_compact_LDADD = $(tier_test_ldadd)

check_PROGRAMS += tests/tier/tcp_dump
tests_tier_tcp_dump_SOURCES = tests/tier/tcp_dump.c
tests_tier_tcp_dump_LDADD = src/tier/libtier.a src/trace/libtrace.a src/store/libstore.a $(SQLITE_LIBS) $(capture_ldadd)

# Against tshark: the first two need FLOWDRILL_CAPTURES, the third root.
LONG_TESTS += tests/tier/tcp-tshark.sh tests/tier/response-tshark.sh tests/tier/lossy.sh
EXTRA_DIST += tests/tier/tshark-lib.sh tests/tier/tcp-lib.sh tests/tier/differences.awk \
	tests/tier/tcp-compare.awk tests/tier/tcp-twice.awk tests/tier/tcp-differences.tsv \
	tests/tier/response-compare.awk tests/tier/response-differences.tsv \
	tests/tier/make-lossy.sh tests/tier/lossy-traffic.py

unit_tests += tests/tier/test_tcp
tests_tier_test_tcp_SOURCES = tests/tier/test_tcp.c tests/tier/tcp_script.c tests/tier/tcp_script.h
tests_tier_test_tcp_LDADD = $(tier_test_ldadd)

unit_tests += tests/tier/test_tcp_state
tests_tier_test_tcp_state_SOURCES = tests/tier/test_tcp_state.c tests/tier/tcp_script.c tests/tier/tcp_script.h
tests_tier_test_tcp_state_LDADD = $(tier_test_ldadd)

TESTS += tests/tier/tcp-samples.sh
EXTRA_DIST += tests/tier/tcp-samples.sh tests/tier/tcp-samples.tsv

unit_tests += tests/tier/test_turns
tests_tier_test_turns_SOURCES = tests/tier/test_turns.c
tests_tier_test_turns_LDADD = $(tier_test_ldadd)

# Against tshark's table of RTP streams in FLOWDRILL_CAPTURES.
TESTS += tests/tier/rtp-truth.sh tests/tier/rtp-samples.sh
EXTRA_DIST += tests/tier/rtp-truth.sh tests/tier/rtp-samples.sh tests/tier/rtp-differences.tsv

unit_tests += tests/tier/test_voice
tests_tier_test_voice_SOURCES = tests/tier/test_voice.c
tests_tier_test_voice_LDADD = $(tier_test_ldadd)
