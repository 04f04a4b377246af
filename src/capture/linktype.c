/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of link types and BPF filters: the one place that knows libpcap. */
#include "capture/source.h"

#include "base/mem.h"
#include "file/pcapng.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

/*
 * A handle of libpcap for a file's link type. Its own numbers (DLT) differ from those in files for a few types
 * and from system to system, and only its file reader knows how: so it is given a file header.
 * NULL where it does not want the type.
 */
static pcap_t *linktype_open(uint32_t linktype, uint32_t snaplen)
{
	char why[PCAP_ERRBUF_SIZE];
	struct buf header;
	FILE *f = NULL;
	pcap_t *p = NULL;

	buf_init(&header);
	buf_put_le32(&header, 0xa1b2c3d4);
	buf_put_le16(&header, 2);
	buf_put_le16(&header, 4);
	buf_put_zeros(&header, 8);
	buf_put_le32(&header, snaplen);
	buf_put_le32(&header, linktype);
	if (!header.failed)
		f = fmemopen(header.data, header.len, "rb");
	if (f)
		p = pcap_fopen_offline(f, why);
	if (f && !p)
		fclose(f);   /* else pcap_close() does */
	buf_free(&header);
	return p;
}

size_t linktype_format(char *out, size_t size, uint32_t linktype)
{
	pcap_t *p = linktype_open(linktype, 0);
	const char *name = p ? pcap_datalink_val_to_name(pcap_datalink(p)) : NULL;
	int n = name ? snprintf(out, size, "%s", name) : snprintf(out, size, "link-%u", linktype);

	if (p)
		pcap_close(p);
	if (n < 0 || size == 0)
		return 0;
	return (size_t)n < size ? (size_t)n : size - 1;
}

struct bpf_filter {
	struct bpf_program program;
};

enum rc bpf_filter_compile(const char *expression, uint32_t linktype, uint32_t snaplen,
	struct bpf_filter **out, struct err *err)
{
	struct bpf_filter *f = mem_calloc(1, sizeof(*f));
	pcap_t *p;
	enum rc rc = RC_DONE;

	if (!f)
		return err_memory(err);
	p = linktype_open(linktype, snaplen);
	if (!p)
		rc = err_set(err, RC_UNSUPPORTED, expression, "no filter for link type %u",
			linktype);
	else if (pcap_compile(p, &f->program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
		rc = err_set(err, RC_SYNTAX, expression, "%s", pcap_geterr(p));
	if (p)
		pcap_close(p);
	if (rc != RC_DONE)
		mem_free(f);
	else
		*out = f;
	return rc;
}

bool bpf_filter_match(const struct bpf_filter *f, const uint8_t *data, uint32_t caplen, uint32_t len)
{
	struct pcap_pkthdr header = { .caplen = caplen, .len = len };

	return pcap_offline_filter(&f->program, &header, data) != 0;
}

void bpf_filter_free(struct bpf_filter *f)
{
	if (!f)
		return;
	pcap_freecode(&f->program);
	mem_free(f);
}
