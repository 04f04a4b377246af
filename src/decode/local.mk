# src/decode: one source or header a line, sorted.
src_decode_libdecode_a_SOURCES =
