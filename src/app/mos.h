/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a call sounds: the E-model (ITU-T G.107, defaults of its table 2 for all that is not given here). Pure.
 *
 * Codecs are judged by Ie and Bpl of ITU-T G.113, appendix I; G.722 by the wideband model's Ie (G.107.1, G.113 appendix IV), whose
 * scale is mapped onto that of narrow band (R / 1.29). Others are not judged.
 */
#ifndef FLOWDRILL_APP_MOS_H
#define FLOWDRILL_APP_MOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mos_codec {
	MOS_NONE,                    /* not judged */
	MOS_G711,                    /* nothing conceals what is lost: Ie 0, Bpl 4.3 */
	MOS_G711_PLC,                /* concealed (G.711 appendix I): Ie 0, Bpl 25.1 */
	MOS_G722,                    /* 64 kbit/s: Ie,WB 13; Bpl as that of G.711 without concealment */
	MOS_G729,                    /* 8 kbit/s, annex A with VAD: Ie 11, Bpl 19 */
	MOS_GSM_EFR,                 /* Ie 5, Bpl 10 */
	MOS_G723,                    /* 6.3 kbit/s, annex A with VAD: Ie 15, Bpl 16.1 */
	MOS_CODECS
};

struct mos_input {
	enum mos_codec codec;
	double loss;                 /* of packets, 0..1 */
	double burst;                /* mean length of runs of lost packets to that of random loss; 1 random. Below 1 counts as 1 */
	double delay_ms;             /* one way, mouth to ear */
};

/* The rating R, 0..100 (may be a little above); false where the codec is not judged. */
bool mos_rating(const struct mos_input *in, double *r);
/* MOS of a rating, 1..4.5 (G.107, annex B). */
double mos_of_rating(double r);
/* MOS in millionths. */
bool mos_micro(const struct mos_input *in, uint32_t *mos);
/* By the codec's name in SDP, capitals or not: PCMU, PCMA, G722, G729, GSM-EFR, G723; G.711 with concealment. */
enum mos_codec mos_codec_of(const char *name, size_t len);

#endif
