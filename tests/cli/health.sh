#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Health in lists, as a filter and a sort key; files of thresholds: the user's, a named one, wrong ones.
. "$top_srcdir/tests/cli/lib.sh"
export XDG_CONFIG_HOME=$scratch/config
shop=$top_srcdir/samples/shop.pcapng

# count FILTER...: macroflows that match
count()
{
	"$FLOWDRILL" list macroflows -r "$shop" --format csv --fields id "$@" 2>/dev/null | tail -n +2 | wc -l
}

fd 0 list macroflows -r "$shop" --fields server,server_port,health,why --format csv 'health >= degraded'
silent
# web2 stops for a while: its port refuses
prints '^2001:db8::1:12,8080,degraded,"refused'
# the table is locked for a minute: the database answers late
fd 0 list flows -r "$shop" --fields server_port,why --format csv 'health >= degraded and server_port = 5432'
prints '^5432,.*slow'
every=$(count)
known=$(count 'health >= normal')
[ "$known" -gt 0 ] && [ "$known" -lt "$every" ] || fail "$known of $every macroflows have a health"
fd 0 list macroflows -r "$shop" --fields health --format csv --sort -health --limit 1
prints '^faulty'
# names without TCP and responses have none
fd 1 list macroflows -r "$shop" 'proto = icmp and health >= normal'

# nothing is slow, lost or refused any more
mkdir -p config/flowdrill
cat >config/flowdrill/health <<'END'
# a patient man's
slow off
errors off
rtp-loss off
call off
loss off # the radio
refused off
unanswered off
aborted off
zero-window off
END
[ "$(count 'health >= degraded')" -eq 0 ] || fail "the user's thresholds are not used"
[ "$(count 'health = normal')" -eq "$known" ] || fail "off changes what is known"
echo 'slow time 1us' >impatient
[ "$(count --health impatient 'health = faulty')" -gt 3 ] || fail "--health is not used"
echo 'slow time never' >wrong
fd 2 list macroflows -r "$shop" --health wrong
says "wrong: .*'never'"
fd 3 list macroflows -r "$shop" --health missing
says missing
head -c 70000 /dev/zero >long
fd 4 list macroflows -r "$shop" --health long
done_testing
