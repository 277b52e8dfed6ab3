package up

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
)

// surroundings is what there is to probe on any machine.
type surroundings struct {
	Gateway     string // address of the default gateway; empty when there is none
	Resolver    string // address of the first resolver; empty when there is none
	ResolverTCP bool   // it takes connections on port 53
}

// look finds the default gateway and the resolver of this machine. What cannot be found is
// left out: a starter contract without a gateway is better than one with a guess.
func look(ctx context.Context) surroundings {
	s := surroundings{Gateway: defaultGateway(), Resolver: firstResolver()}
	if s.Resolver != "" {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(s.Resolver, "53"))
		if err == nil {
			s.ResolverTCP = true
			_ = conn.Close() // nothing was sent that could be lost
		}
	}
	return s
}

// defaultGateway reads the kernel's routing tables as Linux shows them; elsewhere it finds none.
func defaultGateway() string {
	if table, err := os.ReadFile("/proc/net/route"); err == nil {
		if gw := gatewayIPv4(table); gw != "" {
			return gw
		}
	}
	if table, err := os.ReadFile("/proc/net/ipv6_route"); err == nil {
		return gatewayIPv6(table)
	}
	return ""
}

// gatewayIPv4 reads /proc/net/route: Iface Destination Gateway Flags ..., addresses as
// hexadecimal words in the machine's byte order.
func gatewayIPv4(table []byte) string {
	for lines := bufio.NewScanner(bytes.NewReader(table)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" {
			continue
		}
		raw, err := hex.DecodeString(f[2])
		if err != nil || len(raw) != 4 {
			continue
		}
		var a [4]byte
		binary.NativeEndian.PutUint32(a[:], binary.BigEndian.Uint32(raw))
		if addr := netip.AddrFrom4(a); !addr.IsUnspecified() {
			return addr.String()
		}
	}
	return ""
}

// gatewayIPv6 reads /proc/net/ipv6_route: destination, prefix length, source, prefix length,
// next hop, ... device. A link-local next hop needs its device to be reached.
func gatewayIPv6(table []byte) string {
	for lines := bufio.NewScanner(bytes.NewReader(table)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 10 || strings.Trim(f[0], "0") != "" || f[1] != "00" {
			continue
		}
		raw, err := hex.DecodeString(f[4])
		if err != nil || len(raw) != 16 {
			continue
		}
		addr := netip.AddrFrom16([16]byte(raw))
		switch {
		case addr.IsUnspecified():
		case addr.IsLinkLocalUnicast():
			return addr.WithZone(f[9]).String()
		default:
			return addr.String()
		}
	}
	return ""
}

func firstResolver() string {
	conf, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		return ""
	}
	return resolverIn(conf)
}

func resolverIn(conf []byte) string {
	for lines := bufio.NewScanner(bytes.NewReader(conf)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 2 || f[0] != "nameserver" {
			continue
		}
		if addr, err := netip.ParseAddr(f[1]); err == nil {
			return addr.String()
		}
	}
	return ""
}
