# Examples: installed as documentation; whoever runs a recorder copies what he wants.
exampledir = $(docdir)/examples
dist_example_DATA = contrib/config
nodist_example_DATA = contrib/flowdrill-capture@.service
EXTRA_DIST += contrib/flowdrill-capture@.service.in contrib/pictures.sh contrib/ansi2svg.py contrib/screen.svg
CLEANFILES += contrib/flowdrill-capture@.service

contrib/flowdrill-capture@.service: contrib/flowdrill-capture@.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) contrib && \
	$(SED) 's|@bindir[@]|$(bindir)|' '$(srcdir)/contrib/flowdrill-capture@.service.in' >$@

# Completion, under the names that the shells look for; made by tests/cli/completion.sh.
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = contrib/_flowdrill
EXTRA_DIST += contrib/flowdrill.bash
install-data-local: install-bash-completion
uninstall-local: uninstall-bash-completion
install-bash-completion:
	$(MKDIR_P) '$(DESTDIR)$(bashcompletiondir)'
	$(INSTALL_DATA) '$(srcdir)/contrib/flowdrill.bash' '$(DESTDIR)$(bashcompletiondir)/flowdrill'
uninstall-bash-completion:
	rm -f '$(DESTDIR)$(bashcompletiondir)/flowdrill'
.PHONY: install-bash-completion uninstall-bash-completion

TESTS += tests/contrib.sh
EXTRA_DIST += tests/contrib.sh
