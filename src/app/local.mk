# src/app: one source or header a line, sorted.
src_app_libapp_a_SOURCES = \
	src/app/app.c \
	src/app/app.h \
	src/app/dns.c \
	src/app/ftp.c \
	src/app/http.c \
	src/app/http2.c \
	src/app/imap.c \
	src/app/ja4.c \
	src/app/layers.c \
	src/app/layers.h \
	src/app/line.c \
	src/app/line.h \
	src/app/mos.c \
	src/app/mos.h \
	src/app/parser.c \
	src/app/parser.h \
	src/app/pop3.c \
	src/app/quic.c \
	src/app/quic_crypto.c \
	src/app/quic_crypto.h \
	src/app/rtcp.c \
	src/app/rtcp.h \
	src/app/rtp.c \
	src/app/rtp.h \
	src/app/sdp.c \
	src/app/sdp.h \
	src/app/sip.c \
	src/app/sip.h \
	src/app/smtp.c \
	src/app/ssh.c \
	src/app/talk.c \
	src/app/talk.h \
	src/app/tls.c \
	src/app/tls.h \
	src/app/tls_hello.c \
	src/app/tls_hello.h
