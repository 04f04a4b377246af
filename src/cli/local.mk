# src/cli: one source or header a line, sorted.
src_cli_libcli_a_SOURCES = \
	src/cli/cli.c \
	src/cli/cli.h
