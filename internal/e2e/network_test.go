package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// The site that the tests run in, and the gateway and resolver that it has.
const (
	hostAddress    = "10.20.0.2"
	gatewayAddress = "10.20.0.1"
)

// layNetwork gives this namespace a loopback device and a default gateway in a namespace of
// its own, which also has the address of this machine's resolver. leave ends it.
func layNetwork() (leave func(), err error) {
	gateway := exec.Command("unshare", "--net", "sh", "-c", "echo ready; exec sleep 1d")
	out, err := gateway.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := gateway.Start(); err != nil {
		return nil, err
	}
	leave = func() {
		_ = gateway.Process.Kill() // it does nothing that could be lost
		_ = gateway.Wait()         // "killed" is what it says
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		leave()
		return nil, fmt.Errorf("make a namespace for the gateway: %w", err)
	}
	if err := joinNetwork(strconv.Itoa(gateway.Process.Pid)); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

func joinNetwork(gateway string) error {
	there := []string{"nsenter", "--target", gateway, "--net", "ip"}
	errs := []error{
		ip("ip", "link", "set", "lo", "up"),
		ip("ip", "link", "add", "site0", "type", "veth", "peer", "name", "site1"),
		ip("ip", "link", "set", "site1", "netns", gateway),
		ip("ip", "address", "add", hostAddress+"/24", "dev", "site0"),
		ip("ip", "link", "set", "site0", "up"),
		ip(append(there, "address", "add", gatewayAddress+"/24", "dev", "site1")...),
		ip(append(there, "link", "set", "site1", "up")...),
		ip("ip", "route", "add", "default", "via", gatewayAddress),
	}
	if r := resolver(); strings.Contains(r, ".") {
		errs = append(errs, ip(append(there, "address", "add", r+"/32", "dev", "site1")...))
	}
	return errors.Join(errs...)
}

func ip(args ...string) error {
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s; these tests need root and Debian's iproute2 and util-linux", strings.Join(args, " "), err, out)
	}
	return nil
}

// resolver is the first in this machine's resolv.conf, if there is one.
func resolver() string {
	text, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "nameserver" {
			return f[1]
		}
	}
	return ""
}
