# src/cli: one source or header a line, sorted.
src_cli_libcli_a_SOURCES = \
	src/cli/capture.c \
	src/cli/check.c \
	src/cli/cli.c \
	src/cli/cli.h \
	src/cli/command.c \
	src/cli/command.h \
	src/cli/dump.c \
	src/cli/export.c \
	src/cli/find.c \
	src/cli/grid.c \
	src/cli/grid.h \
	src/cli/help.c \
	src/cli/help.h \
	src/cli/import.c \
	src/cli/list.c \
	src/cli/map.c \
	src/cli/option.c \
	src/cli/option.h \
	src/cli/record.c \
	src/cli/record.h \
	src/cli/related.c \
	src/cli/say.c \
	src/cli/say.h \
	src/cli/screen.c \
	src/cli/select.c \
	src/cli/select.h \
	src/cli/show.c \
	src/cli/show.h \
	src/cli/show_packet.c \
	src/cli/sources.c \
	src/cli/sources.h \
	src/cli/stats.c \
	src/cli/thresholds.c \
	src/cli/thresholds.h
