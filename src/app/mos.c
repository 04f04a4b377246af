/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/mos.h"

#include <math.h>
#include <string.h>

/*
 * What the defaults of G.107 come to where only packets are known: noise (7.2: No = -61.18 dBm0p), Ro (7.1) and Is (7.3). The rating at
 * no delay is Ro - Is - 0.15 (what the listener hears of himself) = 93.2.
 */
static const double ro = 94.768822, is = 1.413568, no = -61.179214;
static const double rlr = 2, telr = 65, wepl = 110;
/* Rating of a perfect wideband call, and how that scale is mapped onto the one of narrow band (G.107.1). */
static const double ro_wideband = 129, wideband_scale = 1.29;

static const struct codec {
	double ie, bpl;
	bool wideband;
} codecs[MOS_CODECS] = {
	[MOS_G711] = {0, 4.3, false}, [MOS_G711_PLC] = {0, 25.1, false}, [MOS_G722] = {13, 4.3, true},
	[MOS_G729] = {11, 19, false}, [MOS_GSM_EFR] = {5, 10, false}, [MOS_G723] = {15, 16.1, false},
};

static double half_and_root(double x, double square)
{
	return x / 2 + sqrt(x * x / 4 + square);
}

/* Id (7.4): echo of the talker, of the listener, and delay as such. T = Ta = Tr / 2. */
static double delay_impairment(double t)
{
	double terv = telr - 40 * log10((1 + t / 10) / (1 + t / 150)) + 6 * exp(-0.3 * t * t);
	double roe = -1.5 * (no - rlr), re = 80 + 2.5 * (terv - 14);
	double talker = (half_and_root(roe - re, 100) - 1) * (1 - exp(-t));
	double listener = half_and_root(ro - 10.5 * (wepl + 7) * pow(2 * t + 1, -0.25), 169);

	if (t <= 100)
		return talker + listener;
	double x = log2(t / 100);
	return talker + listener + 25 * (pow(1 + pow(x, 6), 1.0 / 6) - 3 * pow(1 + pow(x / 3, 6), 1.0 / 6) + 2);
}

/* Ie,eff (7.5) in the codec's own scale. */
static double equipment_impairment(const struct codec *c, double loss, double burst)
{
	double percent = loss * 100;

	if (percent <= 0)
		return c->ie;
	return c->ie + (95 - c->ie) * percent / (percent / (burst > 1 ? burst : 1) + c->bpl);
}

bool mos_rating(const struct mos_input *in, double *r)
{
	if (in->codec <= MOS_NONE || in->codec >= MOS_CODECS)
		return false;
	const struct codec *c = &codecs[in->codec];
	double ie = equipment_impairment(c, in->loss < 1 ? in->loss : 1, in->burst);
	double id = delay_impairment(in->delay_ms > 0 ? in->delay_ms : 0);

	*r = c->wideband ? (ro_wideband - ie) / wideband_scale - id : ro - is - id - ie;
	return true;
}

double mos_of_rating(double r)
{
	if (r <= 0)
		return 1;
	if (r >= 100)
		return 4.5;
	double mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
	return mos < 1 ? 1 : mos;    /* the polynomial dips below 1 at ratings under 6.5 */
}

bool mos_micro(const struct mos_input *in, uint32_t *mos)
{
	double r;

	if (!mos_rating(in, &r))
		return false;
	*mos = (uint32_t)(mos_of_rating(r) * 1e6 + 0.5);
	return true;
}

enum mos_codec mos_codec_of(const char *name, size_t len)
{
	static const struct { const char *name; enum mos_codec codec; } names[] = {
		{"pcmu", MOS_G711_PLC}, {"pcma", MOS_G711_PLC}, {"g722", MOS_G722}, {"g729", MOS_G729},
		{"gsm-efr", MOS_GSM_EFR}, {"g723", MOS_G723},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t at = 0;

		while (at < len && names[i].name[at] &&
			(name[at] >= 'A' && name[at] <= 'Z' ? name[at] + 32 : name[at]) == names[i].name[at])
			at++;
		if (at == len && names[i].name[at] == '\0')
			return names[i].codec;
	}
	return MOS_NONE;
}
