# src/file: one source or header a line, sorted.
src_file_libfile_a_SOURCES =
