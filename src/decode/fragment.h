/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fragments: later fragments of a datagram belong to the conversation of the first,
 * where the first was seen before. That is the innermost one: what the first fragment
 * of a tunnel's datagram carries, the later ones carry too. Keeps fragment_key (point,
 * addresses, protocol, identification, VLAN, tunnel of the datagram that was cut up) ->
 * conversation in a table of fixed size (2 MB): the oldest entry of a full bucket goes;
 * entries die after 30 s of packet time (RFC 791, RFC 8200 say 60 s at most for reassembly).
 * What it decides depends on packet order alone. One owner, one thread.
 */
#ifndef FLOWDRILL_DECODE_FRAGMENT_H
#define FLOWDRILL_DECODE_FRAGMENT_H

#include "flow/packet.h"

struct fragment_table;

enum rc fragment_table_new(struct fragment_table **out, struct err *err);
void fragment_table_free(struct fragment_table *t);
/*
 * To be called for every packet with PACKET_FRAGMENT, does nothing for others: remembers the
 * conversation of a first fragment and gives it to later ones (with PACKET_HAS_PORTS where it has
 * ports). Leaves a packet whose first is not known as it is.
 */
void fragment_table_see(struct fragment_table *t, struct packet *p);

#endif
