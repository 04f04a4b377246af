# src/query: one source or header a line, sorted.
src_query_libquery_a_SOURCES =
