package probes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nines-monitor/nines/internal/wire"
	"github.com/nines-monitor/nines/probes"
)

// hardship is what a host can do to an agent. A process that suffers it makes one probe.
type hardship struct {
	DropNetRaw    bool   // no CAP_NET_RAW
	NoPingSockets bool   // no unprivileged ones
	Files         bool   // no file descriptor left
	Ports         bool   // no local port left for the check's own address
	Resolver      string // of /etc/resolv.conf, if not the lab's
	NoRoots       bool   // no trusted certificate
	NoLink        bool   // an empty network namespace, with loopback down

	Check wire.Check
}

// elsewhere makes one probe in a process that suffers h.
func elsewhere(t *testing.T, h hardship, check wire.Check) probes.Outcome {
	t.Helper()
	if h.NoPingSockets {
		setForTest(t, pingGroups, closed)
	}
	if h.Ports {
		setForTest(t, localPorts, "50001 50001")
	}
	check.ID, check.IntervalMS, check.TimeoutMS, check.DownAfter, check.UpAfter = "one", 60_000, 2_000, 1, 1
	h.Check = check
	role, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asRole+"="+string(role))
	if h.NoRoots {
		cmd.Env = append(cmd.Env, "SSL_CERT_FILE=/nonexistent")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	if h.NoLink {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWNET
	}
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := startWithout(h.DropNetRaw, cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("probe in a process of its own: %v: %s", err, problems.String())
	}
	var o probes.Outcome
	if err := json.Unmarshal(out.Bytes(), &o); err != nil {
		t.Fatalf("outcome of a process of its own: %v: %s", err, out.String())
	}
	return o
}

// startWithout starts cmd, without CAP_NET_RAW if drop is set. A thread that has dropped it
// from its bounding set is not used again.
func startWithout(drop bool, cmd *exec.Cmd) error {
	if !drop {
		return cmd.Start()
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_NET_RAW, 0, 0, 0); err != nil {
			started <- fmt.Errorf("drop CAP_NET_RAW: %w", err)
			return
		}
		started <- cmd.Start()
	}()
	return <-started
}

// playRole makes the probe that elsewhere asked for, and ends the process.
func playRole() {
	var h hardship
	err := json.Unmarshal([]byte(os.Getenv(asRole)), &h)
	var p probes.Prober
	if err == nil {
		p, err = probes.New(h.Check)
	}
	if err == nil {
		err = h.suffer()
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(p.Probe(context.Background()))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (h hardship) suffer() error {
	if h.Resolver != "" {
		if err := useResolver(os.Getenv(inLab), h.Resolver); err != nil {
			return err
		}
	}
	if h.Ports { // one is left
		if _, err := net.Dial("tcp", h.Check.TCP.Address); err != nil {
			return err
		}
	}
	if h.Files {
		return useFiles()
	}
	return nil
}

// useFiles leaves this process no file descriptor. The runtime's poller has its own by then.
func useFiles() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	l.Close()
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		return err
	}
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: before.Max})
}
