# src/store: one source or header a line, sorted.
src_store_libstore_a_SOURCES = \
	src/store/block.h \
	src/store/block_format.c \
	src/store/block_format.h \
	src/store/block_read.c \
	src/store/cache.h \
	src/store/catalog.c \
	src/store/catalog.h \
	src/store/catalog_impl.h \
	src/store/catalog_macro.c \
	src/store/catalog_read.c \
	src/store/catalog_write.c \
	src/store/check.h \
	src/store/lock.c \
	src/store/lock.h \
	src/store/macro_codec.c \
	src/store/macro_codec.h \
	src/store/sql_export.c \
	src/store/sql_export.h \
	src/store/store.c \
	src/store/store.h \
	src/store/store_impl.h \
	src/store/store_macro.c \
	src/store/store_open.c \
	src/store/store_recover.c \
	src/store/store_write.c \
	src/store/view.c \
	src/store/view.h
