# Rules as people write them; what iptables 1.8.9 saves of them, and which ones it refuses.
:INPUT,FORWARD,OUTPUT
-j ACCEPT;=;OK
--jump ACCEPT --source 10.20.0.0/255.255.0.0;-s 10.20.0.0/16 -j ACCEPT;OK
! --dst 192.0.2.7 -i eth0 --proto udp;! -d 192.0.2.7/32 -i eth0 -p udp;OK
-p tcp --dport 8080 -j REJECT --reject-with tcp-reset;-p tcp -m tcp --dport 8080 -j REJECT --reject-with tcp-reset;OK
-p tcp -m multiport --dports 25,465,587 -m comment --comment "mail; \"all\" of it" -j ACCEPT;=;OK
-p tcp --syn -m limit --limit 20/s;-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m limit --limit 20/sec;OK
-m mark --mark 0x20/0xf0 -m connmark ! --mark 0x1;=;OK
-m recent --rcheck --seconds 30 --name knock --mask 255.255.255.255 --rsource -m recent --set --name seen --mask 255.255.255.255 --rsource;=;OK
-m comment --comment -j;=;OK
-m comment --comment "";=;OK
-m statistic --mode nth --every 3 --packet 0 -j NFQUEUE --queue-num 4 --queue-bypass;=;OK
-j LOG --log-prefix "odd packet: " --log-level 3;=;OK
-g elsewhere;=;OK
-s 192.0.2.1 -s 192.0.2.2;;FAIL
-j ACCEPT -g elsewhere;;FAIL
-s ! 192.0.2.1;;FAIL
! -j DROP;;FAIL
-m tcp --dport;;FAIL
-p tcp --dport ! 22;;FAIL
-i "";;FAIL
-c 5 -j ACCEPT;;FAIL
--dport 22 -p tcp;;FAIL
-j DROP !;;FAIL
