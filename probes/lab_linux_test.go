package probes_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The tests of this package run in a network and a mount namespace of their own, where they
// are free to lay routes, drop packets and answer for the resolver. TestMain starts the test
// binary a second time, inside.
const (
	inLab  = "NINES_PROBES_LAB"  // the lab's folder
	asRole = "NINES_PROBES_ROLE" // see elsewhere
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asRole) != "":
		playRole()
	case os.Getenv(inLab) == "":
		os.Exit(enterLab())
	}
	if err := buildLab(os.Getenv(inLab)); err != nil {
		fmt.Fprintln(os.Stderr, "build the test network:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// enterLab runs this test binary in namespaces of its own, and gives its exit code.
func enterLab() int {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "the tests of probes lay a network of their own, which takes root: run `sudo make test`, or these alone with `go test -exec sudo ./probes/`")
		return 1
	}
	dir, err := os.MkdirTemp("", "nines-probes-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), inLab+"="+dir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		fmt.Fprintln(os.Stderr, "start in a network namespace (needs CAP_SYS_ADMIN):", err)
		return 1
	}
	return 0
}

// Addresses of the lab, each with a fate of its own.
const (
	silent      = "127.1.0.1" // drops every packet
	turnsBack   = "127.1.0.2" // answers host unreachable, as a router would
	losesFirst  = "127.1.0.3" // drops the first echo request of each probe
	walledOff   = "127.1.0.4" // this host's own firewall drops what goes there
	filtered    = "127.1.0.5" // answers administratively prohibited
	absent      = "10.8.0.99" // on the link, but nobody answers to the address
	noEcho      = "10.8.0.50" // a rule of this host forbids ICMP there, and nothing else
	prohibited  = "10.9.0.1"  // a route of this host forbids it
	blackholed  = "10.9.0.2"
	unreachable = "10.9.0.3"
	nowhere     = "10.9.0.4" // no route at all
	prohibited6 = "fd09::1"
	nowhere6    = "fd07::1"
	filtered6   = "[::1]:99" // answers administratively prohibited, which the kernel calls EACCES
)

const routes = `
link set lo up
link add link0 type veth peer name link1
addr add 10.8.0.1/24 dev link0
link set link0 up
link set link1 up
route add prohibit 10.9.0.1
route add blackhole 10.9.0.2
route add unreachable 10.9.0.3
rule add to 10.8.0.50 ipproto icmp prohibit
-6 route add prohibit fd09::1
`

const firewall = `
table inet lab {
	chain in {
		type filter hook input priority 0
		ip daddr 127.1.0.1 drop
		ip daddr 127.1.0.2 reject with icmp host-unreachable
		ip daddr 127.1.0.3 icmp type echo-request icmp sequence 0 drop
		ip daddr 127.1.0.5 reject with icmp admin-prohibited
		ip6 daddr ::1 tcp dport 99 reject with icmpv6 admin-prohibited
	}
	chain out {
		type filter hook output priority 0
		ip daddr 127.1.0.4 drop
	}
}
`

// settings of the kernel: unprivileged ping sockets for everybody, and an absent neighbour is
// given up after 3 x 50 ms instead of 3 s.
var settings = map[string]string{
	pingGroups: openToAll,
	"/proc/sys/net/ipv4/neigh/link0/retrans_time_ms": "50",
}

const (
	localPorts = "/proc/sys/net/ipv4/ip_local_port_range"
	pingGroups = "/proc/sys/net/ipv4/ping_group_range"
	openToAll  = "0 2147483647"
	closed     = "1 0"
)

func buildLab(dir string) error {
	for _, line := range strings.Split(strings.TrimSpace(routes), "\n") {
		if err := command("ip", strings.Fields(line), ""); err != nil {
			return err
		}
	}
	if err := command("nft", []string{"-f", "-"}, firewall); err != nil {
		return err
	}
	for path, value := range settings {
		if err := os.WriteFile(path, []byte(value), 0o644); err != nil {
			return err
		}
	}
	if err := useResolver(dir, "127.0.0.1"); err != nil {
		return err
	}
	if err := serveDNS("127.0.0.1:53"); err != nil {
		return err
	}
	// A probe must not look at these. Every request through them would fail.
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		if err := os.Setenv(name, "http://127.0.0.1:1"); err != nil {
			return err
		}
	}
	return trustLab(dir)
}

// setForTest gives a setting of the kernel another value until the test ends.
func setForTest(t *testing.T, path, value string) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(value), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.WriteFile(path, before, 0o644); err != nil {
			t.Errorf("restore %s: %v", path, err)
		}
	})
}

func command(name string, args []string, stdin string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	if path, err := lookPath(name); err == nil {
		cmd.Path, cmd.Err = path, nil
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s (the tests need iproute2 and nftables; `make test` installs them)", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// lookPath finds a program of the administrator's, whose folders a user's PATH often lacks.
func lookPath(name string) (string, error) {
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return exec.LookPath(name)
}

// useResolver puts a resolv.conf that names server in place of the host's, in this mount
// namespace alone.
func useResolver(dir, server string) error {
	path := filepath.Join(dir, "resolv.conf."+server)
	if err := os.WriteFile(path, []byte("nameserver "+server+"\noptions timeout:1 attempts:1\n"), 0o644); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts private: %w", err)
	}
	if err := unix.Mount(path, "/etc/resolv.conf", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount over /etc/resolv.conf: %w", err)
	}
	return nil
}
