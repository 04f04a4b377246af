# Manual pages: dist_man_MANS += man/NAME.SECTION
dist_man_MANS += man/flowdrill-keys.7
