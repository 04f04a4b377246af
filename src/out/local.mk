# src/out: one source or header a line, sorted.
src_out_libout_a_SOURCES = \
	src/out/behind.c \
	src/out/behind.h \
	src/out/cells.c \
	src/out/cells.h \
	src/out/csv.c \
	src/out/file_out.c \
	src/out/file_out.h \
	src/out/format.h \
	src/out/json.c \
	src/out/out.c \
	src/out/out.h \
	src/out/pcapng_out.c \
	src/out/pcapng_out.h \
	src/out/report.c \
	src/out/report.h \
	src/out/table.c
