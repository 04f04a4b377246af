# src/tier: one source or header a line, sorted.
src_tier_libtier_a_SOURCES = \
	src/tier/analysis.c \
	src/tier/analysis.h \
	src/tier/compact.c \
	src/tier/compact.h \
	src/tier/conversation.c \
	src/tier/conversation.h \
	src/tier/heard.c \
	src/tier/heard.h \
	src/tier/imprinter.c \
	src/tier/imprinter.h \
	src/tier/macro_table.c \
	src/tier/macro_table.h \
	src/tier/merge.c \
	src/tier/merge.h \
	src/tier/sealer.c \
	src/tier/sealer.h \
	src/tier/tcp.c \
	src/tier/tcp.h \
	src/tier/tcp_segments.c \
	src/tier/tcp_state.h \
	src/tier/tcp_syn.c \
	src/tier/tcp_syn.h \
	src/tier/tcp_twice.c \
	src/tier/tcp_usual.c \
	src/tier/tracker.c \
	src/tier/tracker.h \
	src/tier/turns.c \
	src/tier/turns.h \
	src/tier/voice.c \
	src/tier/voice.h
