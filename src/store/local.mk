# src/store: one source or header a line, sorted.
src_store_libstore_a_SOURCES = \
	src/store/lock.c \
	src/store/lock.h \
	src/store/sql_export.c \
	src/store/sql_export.h
