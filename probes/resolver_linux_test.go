package probes_test

import (
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"
)

// Names that the lab's resolver knows. Every other name does not exist.
const (
	named       = "answers.test." // 127.0.0.1
	named6      = "six.test."     // ::1
	brokenName  = "broken.test."  // SERVFAIL
	unknownName = "missing.test."
	silentName  = "silent.test." // no answer
)

// serveDNS answers at address over UDP for as long as this process lives.
func serveDNS(address string) error {
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		return fmt.Errorf("serve names: %w", err)
	}
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var query dnsmessage.Message
			if query.Unpack(buf[:n]) != nil || len(query.Questions) != 1 {
				continue
			}
			if reply, ok := answer(query); ok {
				_, _ = conn.WriteTo(reply, from) // a lost reply is a silent resolver
			}
		}
	}()
	return nil
}

func answer(query dnsmessage.Message) ([]byte, bool) {
	q := query.Questions[0]
	reply := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: query.ID, Response: true, RecursionAvailable: true},
		Questions: query.Questions,
	}
	header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
	switch q.Name.String() {
	case named:
		if q.Type == dnsmessage.TypeA {
			body := &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}
			reply.Answers = []dnsmessage.Resource{{Header: header, Body: body}}
		}
	case named6:
		if q.Type == dnsmessage.TypeAAAA {
			body := &dnsmessage.AAAAResource{AAAA: netip.IPv6Loopback().As16()}
			reply.Answers = []dnsmessage.Resource{{Header: header, Body: body}}
		}
	case brokenName:
		reply.RCode = dnsmessage.RCodeServerFailure
	case silentName:
		return nil, false
	default:
		reply.RCode = dnsmessage.RCodeNameError
	}
	packed, err := reply.Pack()
	return packed, err == nil
}
