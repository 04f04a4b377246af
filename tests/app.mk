# Unit tests of src/app. A test program is three lines:
#	unit_tests += tests/app/test_NAME
#	tests_app_test_NAME_SOURCES = tests/app/test_NAME.c
#	tests_app_test_NAME_LDADD = $(app_test_ldadd)

app_turns = tests/app/talking.c tests/app/talking.h tests/app/turns.c tests/app/turns.h

unit_tests += tests/app/test_talk
tests_app_test_talk_SOURCES = tests/app/test_talk.c tests/app/talking.c tests/app/talking.h
tests_app_test_talk_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_http
tests_app_test_http_SOURCES = tests/app/test_http.c tests/app/talking.c tests/app/talking.h tests/app/hellos.c \
	tests/app/hellos.h
tests_app_test_http_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_dns
tests_app_test_dns_SOURCES = tests/app/test_dns.c $(app_turns)
tests_app_test_dns_LDADD = $(app_test_ldadd)
unit_tests += tests/app/test_other
tests_app_test_other_SOURCES = tests/app/test_other.c
tests_app_test_other_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_mos
tests_app_test_mos_SOURCES = tests/app/test_mos.c
tests_app_test_mos_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_rtp
tests_app_test_rtp_SOURCES = tests/app/test_rtp.c
tests_app_test_rtp_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_sdp
tests_app_test_sdp_SOURCES = tests/app/test_sdp.c
tests_app_test_sdp_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_rtcp
tests_app_test_rtcp_SOURCES = tests/app/test_rtcp.c tests/app/talking.c tests/app/talking.h
tests_app_test_rtcp_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_sip
tests_app_test_sip_SOURCES = tests/app/test_sip.c tests/app/talking.c tests/app/talking.h
tests_app_test_sip_LDADD = $(app_test_ldadd)


unit_tests += tests/app/test_tls
tests_app_test_tls_SOURCES = tests/app/test_tls.c tests/app/talking.c tests/app/talking.h \
	tests/app/hellos.c tests/app/hellos.h
tests_app_test_tls_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_dtls
tests_app_test_dtls_SOURCES = tests/app/test_dtls.c $(app_turns) tests/app/hellos.c tests/app/hellos.h
tests_app_test_dtls_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_http2
tests_app_test_http2_SOURCES = tests/app/test_http2.c tests/app/talking.c tests/app/talking.h
tests_app_test_http2_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_ssh
tests_app_test_ssh_SOURCES = tests/app/test_ssh.c $(app_turns)
tests_app_test_ssh_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_smtp
tests_app_test_smtp_SOURCES = tests/app/test_smtp.c $(app_turns)
tests_app_test_smtp_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_ftp
tests_app_test_ftp_SOURCES = tests/app/test_ftp.c $(app_turns)
tests_app_test_ftp_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_pop3
tests_app_test_pop3_SOURCES = tests/app/test_pop3.c $(app_turns)
tests_app_test_pop3_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_imap
tests_app_test_imap_SOURCES = tests/app/test_imap.c $(app_turns)
tests_app_test_imap_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_quic
tests_app_test_quic_SOURCES = tests/app/test_quic.c tests/app/talking.c tests/app/talking.h tests/app/quic_packets.h
tests_app_test_quic_LDADD = $(app_test_ldadd)
EXTRA_DIST += tests/app/quic_packets.py
unit_tests += tests/app/test_postgresql
tests_app_test_postgresql_SOURCES = tests/app/test_postgresql.c $(app_turns)
tests_app_test_postgresql_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_mysql
tests_app_test_mysql_SOURCES = tests/app/test_mysql.c $(app_turns)
tests_app_test_mysql_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_redis
tests_app_test_redis_SOURCES = tests/app/test_redis.c $(app_turns)
tests_app_test_redis_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_smb
tests_app_test_smb_SOURCES = tests/app/test_smb.c $(app_turns)
tests_app_test_smb_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_ntp
tests_app_test_ntp_SOURCES = tests/app/test_ntp.c $(app_turns)
tests_app_test_ntp_LDADD = $(app_test_ldadd)

unit_tests += tests/app/test_dhcp
tests_app_test_dhcp_SOURCES = tests/app/test_dhcp.c $(app_turns)
tests_app_test_dhcp_LDADD = $(app_test_ldadd)


LONG_TESTS += tests/app/tshark-tls.sh
EXTRA_DIST += tests/app/tshark-tls.awk
unit_tests += tests/app/test_media
tests_app_test_media_SOURCES = tests/app/test_media.c
tests_app_test_media_LDADD = $(app_test_ldadd)

# Against tshark; needs FLOWDRILL_CAPTURES.
LONG_TESTS += tests/app/tshark-apps.sh
EXTRA_DIST += tests/app/tshark-apps-theirs.awk tests/app/tshark-apps-compare.awk tests/app/tshark-apps-judge.awk tests/app/tshark-apps.tsv

unit_tests += tests/app/test_transcript
tests_app_test_transcript_SOURCES = tests/app/test_transcript.c
tests_app_test_transcript_LDADD = $(app_test_ldadd)
