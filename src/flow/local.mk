# src/flow: one source or header a line, sorted.
src_flow_libflow_a_SOURCES =
