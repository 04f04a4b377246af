# src/flow: one source or header a line, sorted.
src_flow_libflow_a_SOURCES = \
	src/flow/addr.c \
	src/flow/addr.h \
	src/flow/packet.c \
	src/flow/packet.h \
	src/flow/proto.c \
	src/flow/proto.h
