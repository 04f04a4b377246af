# src/tier: one source or header a line, sorted.
src_tier_libtier_a_SOURCES =
