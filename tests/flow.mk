# Unit tests of src/flow. A test program is three lines:
#	unit_tests += tests/flow/test_NAME
#	tests_flow_test_NAME_SOURCES = tests/flow/test_NAME.c
#	tests_flow_test_NAME_LDADD = $(flow_test_ldadd)

unit_tests += tests/flow/test_addr
tests_flow_test_addr_SOURCES = tests/flow/test_addr.c
tests_flow_test_addr_LDADD = $(flow_test_ldadd)

unit_tests += tests/flow/test_health
tests_flow_test_health_SOURCES = tests/flow/test_health.c
tests_flow_test_health_LDADD = $(flow_test_ldadd)

unit_tests += tests/flow/test_observation
tests_flow_test_observation_SOURCES = tests/flow/test_observation.c
tests_flow_test_observation_LDADD = $(flow_test_ldadd)

unit_tests += tests/flow/test_packet
tests_flow_test_packet_SOURCES = tests/flow/test_packet.c
tests_flow_test_packet_LDADD = $(flow_test_ldadd)

unit_tests += tests/flow/test_proto
tests_flow_test_proto_SOURCES = tests/flow/test_proto.c
tests_flow_test_proto_LDADD = $(flow_test_ldadd)

unit_tests += tests/flow/test_record
tests_flow_test_record_SOURCES = tests/flow/test_record.c
tests_flow_test_record_LDADD = $(flow_test_ldadd)

unit_tests += tests/flow/test_sketch
tests_flow_test_sketch_SOURCES = tests/flow/test_sketch.c
tests_flow_test_sketch_LDADD = $(flow_test_ldadd)

unit_tests += tests/flow/test_texts
tests_flow_test_texts_SOURCES = tests/flow/test_texts.c
tests_flow_test_texts_LDADD = $(flow_test_ldadd)
