# src/capture: one source or header a line, sorted.
src_capture_libcapture_a_SOURCES =
