# src/trace: one source or header a line, sorted.
src_trace_libtrace_a_SOURCES = \
	src/trace/common.c \
	src/trace/common.h \
	src/trace/fingerprint.c \
	src/trace/fingerprint.h \
	src/trace/imprint.c \
	src/trace/imprint.h \
	src/trace/match.c \
	src/trace/match.h \
	src/trace/match_bytes.c \
	src/trace/match_judge.c \
	src/trace/match_priv.h \
	src/trace/match_prints.c \
	src/trace/order.c \
	src/trace/order.h \
	src/trace/order_priv.h \
	src/trace/order_talk.c \
	src/trace/order_words.c \
	src/trace/places.c \
	src/trace/places.h
