# src/capture: one source or header a line, sorted.
src_capture_libcapture_a_SOURCES = \
	src/capture/linktype.c \
	src/capture/live.c \
	src/capture/live.h \
	src/capture/live_filter.c \
	src/capture/live_ops.h \
	src/capture/live_pcap.c \
	src/capture/live_synthetic.c \
	src/capture/source.c \
	src/capture/source.h \
	src/capture/source_ops.h \
	src/capture/source_pcap.c \
	src/capture/source_pcapng.c \
	src/capture/stream.c \
	src/capture/stream.h \
	src/capture/stream_gzip.c \
	src/capture/stream_zstd.c
