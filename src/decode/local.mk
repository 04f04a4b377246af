# src/decode: one source or header a line, sorted.
src_decode_libdecode_a_SOURCES = \
	src/decode/arp.c \
	src/decode/decode.c \
	src/decode/decode.h \
	src/decode/ethernet.c \
	src/decode/fragment.c \
	src/decode/fragment.h \
	src/decode/gre.c \
	src/decode/icmp.c \
	src/decode/ipproto.c \
	src/decode/ipv4.c \
	src/decode/ipv6.c \
	src/decode/layer.c \
	src/decode/layer.h \
	src/decode/llc.c \
	src/decode/mpls.c \
	src/decode/ppp.c \
	src/decode/rawlink.c \
	src/decode/sll.c \
	src/decode/sum.c \
	src/decode/sum.h \
	src/decode/tcp.c \
	src/decode/udp.c \
	src/decode/udptunnel.c \
	src/decode/wlan.c
