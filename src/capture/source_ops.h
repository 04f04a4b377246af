/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is behind a struct source: an ops table, and for capture files the state that the readers of the two
 * formats share. Private to src/capture.
 */
#ifndef FLOWDRILL_CAPTURE_SOURCE_OPS_H
#define FLOWDRILL_CAPTURE_SOURCE_OPS_H

#include "capture/source.h"
#include "capture/stream.h"
#include "file/pcap.h"

struct source_ops {
	enum rc (*next)(struct source *s, struct source_event *out, struct err *err);
	void (*info)(const struct source *s, struct source_info *out);
	void (*close)(struct source *s);
};

/* Every source begins with this. */
struct source {
	const struct source_ops *ops;
};

/* What time and filter need of one interface. */
struct file_interface {
	uint32_t linktype, snaplen;
	uint8_t tsresol;
	int64_t tsoffset_s;
	uint64_t unit_ns;            /* nanoseconds a unit where that is whole and there is no offset; else 0 */
	struct bpf_filter *bpf;      /* or NULL */
};

struct file_source {
	struct source source;
	struct stream stream;
	enum file_kind kind;
	char *bpf;                   /* expression, or NULL */
	enum rc stop;                /* RC_DONE, or what ended it */
	struct err stop_err;
	bool cut_short;
	/* pcap */
	struct pcap_format pcap;
	uint8_t pcap_header[28];
	bool described;              /* the interface was given out */
	/* pcapng: the section that we are in */
	bool big_endian;
	uint32_t section_first, interfaces;
	struct file_interface *iface;    /* interfaces of them; a pcap has one */
	size_t iface_cap;
	int64_t last_time_ns;
	char *name, *description;    /* of the interface given out last */
};

/* Reads the file header at the stream's position. */
enum rc pcap_source_open(struct file_source *f, struct err *err);
enum rc pcapng_source_open(struct file_source *f, struct err *err);
extern const struct source_ops pcap_source_ops, pcapng_source_ops;

/* Adds an interface to the section; compiles its filter. */
enum rc file_source_add(struct file_source *f, const struct file_interface *iface, struct err *err);
/* Frees the filters of the section's interfaces and forgets them. */
void file_source_drop(struct file_source *f);
/*
 * The slow half of reading: `bytes` at the window's position. Else the source has ended: RC_END (with cut_short
 * where something is left), or an error.
 */
enum rc file_source_need(struct file_source *f, size_t bytes, struct err *err);
/* Ends the source with this error, which every later call gives back. */
enum rc file_source_fail(struct file_source *f, const struct err *why, struct err *err);
/* What ended the source, again. */
enum rc file_source_stopped(const struct file_source *f, struct err *err);
void file_source_info(const struct source *s, struct source_info *out);
void file_source_close(struct source *s);

#endif
