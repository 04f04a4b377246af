# src/session: one source or header a line, sorted.
src_session_libsession_a_SOURCES =
