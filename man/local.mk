# Manual pages: dist_man_MANS += man/NAME.SECTION
