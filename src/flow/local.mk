# src/flow: one source or header a line, sorted.
src_flow_libflow_a_SOURCES = \
	src/flow/addr.c \
	src/flow/addr.h \
	src/flow/community.c \
	src/flow/counters.c \
	src/flow/derived.c \
	src/flow/derived.h \
	src/flow/derived_marks.c \
	src/flow/digest.c \
	src/flow/digest.h \
	src/flow/derived_media.c \
	src/flow/field.c \
	src/flow/field.h \
	src/flow/field_table.c \
	src/flow/health.c \
	src/flow/health.h \
	src/flow/health_limits.c \
	src/flow/hist.c \
	src/flow/info.c \
	src/flow/mark.c \
	src/flow/mark.h \
	src/flow/observation.c \
	src/flow/observation.h \
	src/flow/media.c \
	src/flow/media.h \
	src/flow/packet.c \
	src/flow/packet.h \
	src/flow/proto.c \
	src/flow/proto.h \
	src/flow/record.c \
	src/flow/record.h \
	src/flow/row.c \
	src/flow/row.h \
	src/flow/sketch.c \
	src/flow/sketch.h \
	src/flow/texts.c \
	src/flow/texts.h
