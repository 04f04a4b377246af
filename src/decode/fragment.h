/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fragments: later fragments of a datagram belong to the conversation of the first,
 * where the first was seen before. Keeps (point, addresses, protocol, identification,
 * VLAN, tunnel) -> ports in a table of fixed size: the oldest entry of a full
 * bucket goes; entries die after 30 s of packet time (RFC 791, RFC 8200 say 60 s
 * at most for reassembly). What it decides depends on packet order alone.
 * One owner, one thread.
 */
#ifndef FLOWDRILL_DECODE_FRAGMENT_H
#define FLOWDRILL_DECODE_FRAGMENT_H

#include "flow/packet.h"

struct fragment_table;

enum rc fragment_table_new(struct fragment_table **out, struct err *err);
void fragment_table_free(struct fragment_table *t);
/*
 * To be called for every packet with PACKET_FRAGMENT: remembers the ports of a first fragment, gives
 * them to a later one (and sets PACKET_HAS_PORTS). Leaves a packet without a known first as it is.
 */
void fragment_table_see(struct fragment_table *t, struct packet *p);

#endif
