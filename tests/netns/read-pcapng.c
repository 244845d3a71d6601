/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints each packet of a capture file as libpcap reads it, in few words. */
#include <pcap/pcap.h>

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *bytes;
	pcap_t *capture;

	if (argc != 2)
		return 64;
	capture = pcap_open_offline(argv[1], why);
	if (!capture || pcap_datalink(capture) != DLT_RAW) {
		fprintf(stderr, "%s\n", capture ? "not raw IP" : why);
		return 1;
	}
	while (pcap_next_ex(capture, &header, &bytes) == 1) {
		struct iphdr ip;
		struct udphdr udp;
		char from[INET_ADDRSTRLEN], to[INET_ADDRSTRLEN];

		if (header->caplen < sizeof(ip) + sizeof(udp))
			return 1;
		memcpy(&ip, bytes, sizeof(ip));
		memcpy(&udp, bytes + sizeof(ip), sizeof(udp));
		if (ip.protocol != IPPROTO_UDP || ntohs(ip.tot_len) != header->len)
			return 1;
		inet_ntop(AF_INET, &ip.saddr, from, sizeof(from));
		inet_ntop(AF_INET, &ip.daddr, to, sizeof(to));
		printf("UDP %s > %s port %u\n", from, to, ntohs(udp.dest));
	}
	pcap_close(capture);
	return 0;
}
