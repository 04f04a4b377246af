# src/file: one source or header a line, sorted.
src_file_libfile_a_SOURCES = \
	src/file/kind.c \
	src/file/kind.h \
	src/file/pcap.c \
	src/file/pcap.h \
	src/file/pcapng.c \
	src/file/pcapng.h \
	src/file/pcapng_names.c \
	src/file/pcapng_put.c
