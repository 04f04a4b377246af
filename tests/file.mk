# Unit tests of src/file. A test program is three lines:
#	unit_tests += tests/file/test_NAME
#	tests_file_test_NAME_SOURCES = tests/file/test_NAME.c
#	tests_file_test_NAME_LDADD = $(file_test_ldadd)
unit_tests += tests/file/test_pcap
tests_file_test_pcap_SOURCES = tests/file/test_pcap.c tests/file/build.h
tests_file_test_pcap_LDADD = $(file_test_ldadd)

unit_tests += tests/file/test_pcapng
tests_file_test_pcapng_SOURCES = tests/file/test_pcapng.c tests/file/build.h
tests_file_test_pcapng_LDADD = $(file_test_ldadd)

unit_tests += tests/file/test_pcapng_names
tests_file_test_pcapng_names_SOURCES = tests/file/test_pcapng_names.c tests/file/build.h
tests_file_test_pcapng_names_LDADD = $(file_test_ldadd)
