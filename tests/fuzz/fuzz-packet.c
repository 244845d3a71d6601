/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The views of any bytes: no read beyond them (the sanitizer sees it), and what a view says lies inside the packet. */
#include <nfverdict/packet.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool inside(const struct nfv_packet *p, uint32_t offset, uint32_t len)
{
	return len == 0 || nfv_bytes_at(p, offset, len) != NULL;
}

static uint8_t touch(const uint8_t *bytes, uint32_t len)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum;
}

static void look(const struct nfv_packet *p)
{
	volatile uint8_t sink = 0;
	struct nfv_ip ip;
	struct nfv_tcp tcp;
	struct nfv_udp udp;
	struct nfv_icmp icmp;
	bool is_tcp, is_udp, is_icmp;

	if (!nfv_view_ip(p, &ip)) {
		require(!ip.has_transport);
		return;
	}
	require(ip.total_len <= nfv_view_packet_len(p) && ip.total_len >= 20 && ip.transport_offset <= ip.total_len);
	require(!ip.fragment_offset || !ip.has_transport);
	require(ip.fragment == (ip.more_fragments || ip.fragment_offset));
	sink = touch(ip.source, ip.address_len);
	sink = touch(ip.destination, ip.address_len);

	is_tcp = nfv_view_tcp(p, &ip, &tcp);
	is_udp = nfv_view_udp(p, &ip, &udp);
	is_icmp = nfv_view_icmp(p, &ip, &icmp);
	require(is_tcp + is_udp + is_icmp <= (ip.has_transport ? 1 : 0));
	require(inside(p, tcp.payload_offset, tcp.payload_len) && tcp.payload_offset <= ip.total_len);
	require(inside(p, udp.payload_offset, udp.payload_len) && udp.payload_offset <= ip.total_len);
	require(inside(p, icmp.payload_offset, icmp.payload_len) && icmp.payload_offset <= ip.total_len);
	sink = touch(tcp.options, tcp.options_len);
	sink = touch(p->data + udp.payload_offset, udp.payload_len);
	(void)sink;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nfv_packet p = {
		.size = sizeof(p),
		.data = (uint8_t *)data, /* the views only read */
		.captured_len = (uint32_t)size,
		.original_len = (uint32_t)size,
	};

	look(&p);
	p.flags = NFV_GSO;
	look(&p);
	p.original_len += 60000;
	look(&p);
	p.flags = 0;
	p.original_len -= 59000;
	look(&p);
	return 0;
}
