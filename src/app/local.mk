# src/app: one source or header a line, sorted.
src_app_libapp_a_SOURCES = \
	src/app/app.c \
	src/app/app.h \
	src/app/dns.c \
	src/app/http.c \
	src/app/layers.c \
	src/app/layers.h \
	src/app/parser.c \
	src/app/parser.h \
	src/app/talk.c \
	src/app/talk.h
