# Manual pages: dist_man_MANS += man/NAME.SECTION
dist_man_MANS += \
	man/flowdrill.1 \
	man/flowdrill-capture.1 \
	man/flowdrill-check.1 \
	man/flowdrill-config.5 \
	man/flowdrill-dump.1 \
	man/flowdrill-export.1 \
	man/flowdrill-fields.7 \
	man/flowdrill-filter.7 \
	man/flowdrill-find.1 \
	man/flowdrill-health.5 \
	man/flowdrill-import.1 \
	man/flowdrill-keys.7 \
	man/flowdrill-list.1 \
	man/flowdrill-map.1 \
	man/flowdrill-related.1 \
	man/flowdrill-show.1 \
	man/flowdrill-stats.1 \
	man/flowdrill-store.5

# Writes flowdrill-fields.7, which is kept in the tree; tests/cli/man-fields.sh sees that it is up to date.
noinst_PROGRAMS += man/make-fields
man_make_fields_SOURCES = man/make-fields.c
man_make_fields_LDADD = $(flow_ldadd)
