# Examples: installed as documentation; whoever runs a recorder copies what he wants.
exampledir = $(docdir)/examples
dist_example_DATA = contrib/config
nodist_example_DATA = contrib/flowdrill-capture@.service
EXTRA_DIST += contrib/flowdrill-capture@.service.in contrib/pictures.sh contrib/ansi2svg.py
CLEANFILES += contrib/flowdrill-capture@.service

contrib/flowdrill-capture@.service: contrib/flowdrill-capture@.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) contrib && \
	$(SED) 's|@bindir[@]|$(bindir)|' '$(srcdir)/contrib/flowdrill-capture@.service.in' >$@

TESTS += tests/contrib.sh
EXTRA_DIST += tests/contrib.sh
