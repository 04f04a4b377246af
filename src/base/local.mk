# src/base: one source or header a line, sorted.
src_base_libbase_a_SOURCES = \
	src/base/buf.c \
	src/base/buf.h \
	src/base/clock.h \
	src/base/cursor.h \
	src/base/err.c \
	src/base/err.h \
	src/base/hash.c \
	src/base/hash.h \
	src/base/hash_wide.c \
	src/base/hash_wide.h \
	src/base/io.c \
	src/base/io.h \
	src/base/mem.c \
	src/base/mem.h \
	src/base/settings.c \
	src/base/settings.h \
	src/base/text.c \
	src/base/text.h \
	src/base/text_format.c \
	src/base/text_parse.c \
	src/base/text_width.c \
	src/base/text_width.h \
	src/base/trace.c \
	src/base/trace.h \
	src/base/wide.c \
	src/base/wide.h \
	src/base/window.c \
	src/base/window.h
