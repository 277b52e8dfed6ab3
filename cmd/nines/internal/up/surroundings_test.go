package up

import "testing"

func TestGatewayIPv4(t *testing.T) {
	const header = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	for name, tc := range map[string]struct{ table, want string }{
		"a default route": {header + "eth0\t000014AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\neth0\t00000000\t010014AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", "172.20.0.1"},
		"none":            {header + "eth0\t000014AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n", ""},
		"on a bare link":  {header + "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n", ""},
		"half a default":  {header + "tun0\t00000000\t010014AC\t0003\t0\t0\t0\t00000080\t0\t0\t0\n", ""},
		"rubbish":         {"\x00\nx y z 0 0 0 0 0\n", ""},
	} {
		if got := gatewayIPv4([]byte(tc.table)); got != tc.want {
			t.Errorf("gatewayIPv4(%s) = %q, want %q", name, got, tc.want)
		}
	}
}

func TestGatewayIPv6(t *testing.T) {
	const zero = "00000000000000000000000000000000"
	for name, tc := range map[string]struct{ table, want string }{
		"global":      {zero + " 00 " + zero + " 00 fd000000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n", "fd00::1"},
		"link-local":  {zero + " 00 " + zero + " 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n", "fe80::1%eth0"},
		"unreachable": {zero + " 00 " + zero + " 00 " + zero + " ffffffff 00000001 00000000 00200200       lo\n", ""},
		"a network":   {"fd000000000000000000000000000000 40 " + zero + " 00 " + zero + " 00000100 00000001 00000000 00000001     eth0\n", ""},
	} {
		if got := gatewayIPv6([]byte(tc.table)); got != tc.want {
			t.Errorf("gatewayIPv6(%s) = %q, want %q", name, got, tc.want)
		}
	}
}

func TestResolverIn(t *testing.T) {
	for name, tc := range map[string]struct{ conf, want string }{
		"the first":      {"# comment\nsearch example.com\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n", "192.0.2.53"},
		"IPv6, zoned":    {"nameserver fe80::1%eth0\n", "fe80::1%eth0"},
		"not an address": {"nameserver dns.example\nnameserver 192.0.2.53", "192.0.2.53"},
		"none":           {"options rotate\n", ""},
	} {
		if got := resolverIn([]byte(tc.conf)); got != tc.want {
			t.Errorf("resolverIn(%s) = %q, want %q", name, got, tc.want)
		}
	}
}
