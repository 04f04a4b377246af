# src/capture: one source or header a line, sorted.
src_capture_libcapture_a_SOURCES = \
	src/capture/linktype.c \
	src/capture/source.c \
	src/capture/source.h \
	src/capture/source_ops.h \
	src/capture/source_pcap.c \
	src/capture/source_pcapng.c \
	src/capture/stream.c \
	src/capture/stream.h \
	src/capture/stream_gzip.c \
	src/capture/stream_zstd.c
