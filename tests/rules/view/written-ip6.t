:INPUT,FORWARD,OUTPUT
-s fe80::/10 -p icmpv6 --icmpv6-type 135 -j ACCEPT;-s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT;OK
! -d 2001:db8::/32 -m hl --hl-lt 2 -j DROP;=;OK
-m rt --rt-type 0 ! --rt-segsleft 0 -j DROP;=;OK
-m frag --fragid 1:9 --fragfirst;=;OK
