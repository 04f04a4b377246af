/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SIP (RFC 3261): one message, as far as its bytes are there. Pure; texts point into them. */
#ifndef FLOWDRILL_APP_SIP_H
#define FLOWDRILL_APP_SIP_H

#include "app/app.h"

struct sip_message {
	bool is_request;
	uint16_t status;                     /* of a response */
	struct said_text method, uri;        /* of a request */
	struct said_text reason;             /* "486 Busy Here" */
	struct said_text call_id, from, to, cseq, content_type;
	bool whole_header;                   /* the empty line was there */
	size_t header_len;                   /* with the empty line, if it is there */
	bool has_length;
	uint64_t length;                     /* of the body, as Content-Length says */
	struct said_text body;               /* what of it is there */
};

/* False where no SIP message begins with these bytes. Headers may be folded or in their compact form. */
bool sip_read(const void *p, size_t n, struct sip_message *out);
/* Whether the body is SDP. */
bool sip_has_sdp(const struct sip_message *m);

#endif
