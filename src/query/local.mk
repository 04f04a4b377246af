# src/query: one source or header a line, sorted.
src_query_libquery_a_SOURCES = \
	src/query/choose.c \
	src/query/choose.h \
	src/query/complete.c \
	src/query/filter.h \
	src/query/filter_conversation.c \
	src/query/filter_eval.c \
	src/query/filter_eval.h \
	src/query/filter_lex.c \
	src/query/filter_parse.c \
	src/query/filter_parser.h \
	src/query/filter_plan.c \
	src/query/filter_primitive.c \
	src/query/filter_priv.h \
	src/query/filter_value.c \
	src/query/filter_words.c \
	src/query/group.c \
	src/query/ids.c \
	src/query/locate.c \
	src/query/order.c \
	src/query/order.h \
	src/query/output.c \
	src/query/plan.c \
	src/query/query.h \
	src/query/query_priv.h \
	src/query/result.c \
	src/query/result.h \
	src/query/rows.c \
	src/query/rows.h \
	src/query/run_macro.c \
	src/query/run_packets.c \
	src/query/run_fresh.c \
	src/query/run_records.c \
	src/query/run_tables.c \
	src/query/scope.c
