package probes

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// checkHost refuses what cannot be the name or the address of one host.
func checkHost(host string) error {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return checkName(host)
	}
	switch {
	case addr.IsUnspecified():
		return errors.New("the unspecified address is no target: name the host itself")
	case addr.IsMulticast(), addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return errors.New("a group of hosts is no target: name one host")
	case addr.Is6() && addr.IsLinkLocalUnicast() && addr.Zone() == "":
		return errors.New("a link-local address needs its interface: write fe80::1%eth0")
	}
	return nil
}

// checkName holds name to the letters, digits and hyphens of RFC 1123 section 2.1, and the
// underscore that is met in practice.
func checkName(name string) error {
	trimmed := strings.TrimSuffix(name, ".")
	if trimmed == "" || len(trimmed) > 253 {
		return errors.New("want a name or an address of a host")
	}
	labels := strings.Split(trimmed, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "-") != label {
			return errors.New("not a host name: a part is empty, too long, or has a hyphen at an end")
		}
		for _, r := range label {
			if !isNameRune(r) {
				return fmt.Errorf("not a host name: %q is not allowed (write a name beyond ASCII in its xn-- form)", r)
			}
		}
	}
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		return errors.New("neither an address nor a name: its last part is a number")
	}
	return nil
}

func isNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// checkAddress refuses what is not host:port, with a port that is a number.
func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("want host:port, with an IPv6 address in brackets")
	}
	if err := checkPort(port); err != nil {
		return err
	}
	return checkHost(host)
}

func checkPort(port string) error {
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("port %q: want 1 to 65535", port)
	}
	return nil
}
