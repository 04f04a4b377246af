# Sample captures and the scripts that made them: EXTRA_DIST += samples/NAME
