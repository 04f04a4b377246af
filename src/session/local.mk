# src/session: one source or header a line, sorted.
src_session_libsession_a_SOURCES = \
	src/session/confine.c \
	src/session/confine.h \
	src/session/confine_files.c \
	src/session/confine_files.h \
	src/session/feed.c \
	src/session/feed.h \
	src/session/import.c \
	src/session/reindex.c \
	src/session/ingest.c \
	src/session/ingest.h \
	src/session/job.c \
	src/session/pipeline.c \
	src/session/pipeline.h \
	src/session/pipeline_hold.c \
	src/session/pipeline_parts.h \
	src/session/pipeline_seal.c \
	src/session/pipeline_threads.c \
	src/session/pipeline_work.c \
	src/session/recorder.c \
	src/session/recorder.h \
	src/session/recorder_keep.c \
	src/session/recorder_parts.h \
	src/session/recorder_sample.c \
	src/session/recorder_take.c \
	src/session/recorder_write.c \
	src/session/session.c \
	src/session/session.h \
	src/session/session_parts.h
