# Fuzz targets. tests/fuzz/fuzz_NAME.c has LLVMFuzzerTestOneInput. A target is four lines:
#	fuzz_targets += tests/fuzz/fuzz_NAME
#	tests_fuzz_fuzz_NAME_SOURCES = tests/fuzz/fuzz_NAME.c $(fuzz_main)
#	tests_fuzz_fuzz_NAME_LDADD = $(LAYER_ldadd)
#	tests_fuzz_fuzz_NAME_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
# Normally it is linked with standalone.c and `make check` replays tests/fuzz/corpus/NAME/*;
# under --enable-fuzzing it is linked with libFuzzer: `./dev fuzz NAME SECONDS`.
# A dictionary tests/fuzz/NAME.dict is used where it exists (EXTRA_DIST it).
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/standalone.c
if FUZZING
fuzz_main =
noinst_PROGRAMS += $(fuzz_targets)
else
fuzz_main = tests/fuzz/standalone.c
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
endif

fuzz_targets += tests/fuzz/fuzz_pcap
tests_fuzz_fuzz_pcap_SOURCES = tests/fuzz/fuzz_pcap.c tests/fuzz/fuzz_source.h $(fuzz_main)
tests_fuzz_fuzz_pcap_LDADD = $(capture_ldadd)
tests_fuzz_fuzz_pcap_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

fuzz_targets += tests/fuzz/fuzz_pcapng
tests_fuzz_fuzz_pcapng_SOURCES = tests/fuzz/fuzz_pcapng.c tests/fuzz/fuzz_source.h $(fuzz_main)
tests_fuzz_fuzz_pcapng_LDADD = $(capture_ldadd)
tests_fuzz_fuzz_pcapng_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

fuzz_targets += tests/fuzz/fuzz_index
tests_fuzz_fuzz_index_SOURCES = tests/fuzz/fuzz_index.c $(fuzz_main)
tests_fuzz_fuzz_index_LDADD = $(store_ldadd)
tests_fuzz_fuzz_index_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

fuzz_targets += tests/fuzz/fuzz_filter
tests_fuzz_fuzz_filter_SOURCES = tests/fuzz/fuzz_filter.c tests/query/rows.h $(fuzz_main)
tests_fuzz_fuzz_filter_LDADD = $(query_ldadd)
tests_fuzz_fuzz_filter_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/filter.dict

fuzz_targets += tests/fuzz/fuzz_talk
tests_fuzz_fuzz_talk_SOURCES = tests/fuzz/fuzz_talk.c $(fuzz_main)
tests_fuzz_fuzz_talk_LDADD = $(app_ldadd)
tests_fuzz_fuzz_talk_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
# `./dev fuzz talk:http` fuzzes one parser alone, with its section of the dictionary.
# Seeds also come from the conversations of tests/app/test_*: FLOWDRILL_TEST_SEEDS names the folder (tests/app/turns.c).
EXTRA_DIST += tests/fuzz/talk.dict

# The same, but what QUIC's Initial packets hold is not sealed: quic_clear.c stands in for src/app/quic_crypto.c.
fuzz_targets += tests/fuzz/fuzz_quic
tests_fuzz_fuzz_quic_SOURCES = tests/fuzz/fuzz_talk.c tests/fuzz/quic_clear.c $(fuzz_main)
tests_fuzz_fuzz_quic_LDADD = $(app_ldadd)
tests_fuzz_fuzz_quic_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

fuzz_targets += tests/fuzz/fuzz_media
tests_fuzz_fuzz_media_SOURCES = tests/fuzz/fuzz_media.c $(fuzz_main)
tests_fuzz_fuzz_media_LDADD = $(app_ldadd)
tests_fuzz_fuzz_media_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/media.dict
