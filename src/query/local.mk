# src/query: one source or header a line, sorted.
src_query_libquery_a_SOURCES = \
	src/query/complete.c \
	src/query/filter.h \
	src/query/filter_eval.c \
	src/query/filter_eval.h \
	src/query/filter_lex.c \
	src/query/filter_parse.c \
	src/query/filter_plan.c \
	src/query/filter_priv.h \
	src/query/filter_value.c \
	src/query/filter_words.c \
	src/query/query.h \
	src/query/result.h
