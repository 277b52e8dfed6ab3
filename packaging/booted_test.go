//go:build systemd

// These tests boot a Debian with a real systemd in a container: they want root, debootstrap and systemd-nspawn, and take a
// minute or two. "make test-systemd" installs what they need and runs them; "make test" does so too where CI is set.

package packaging

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nines-monitor/nines/internal/testservers"
)

// A package's whole life: it is installed, started, killed, hung, upgraded, removed, installed again and purged.
func TestPackagesLiveOnABootedSystem(t *testing.T) {
	debs := map[string]string{"nines": buildDeb(t, "nines"), "nines-agent": buildDeb(t, "nines-agent")}
	m := boot(t, debs)
	for name, tc := range map[string]struct {
		config string
		caps   string // in hexadecimal, as /proc has it
	}{
		"nines":       {"/etc/nines/collector.toml", "0000000000000000"},
		"nines-agent": {"/etc/nines/agent.toml", "0000000000002000"}, // CAP_NET_RAW is bit 13
	} {
		t.Run(name, func(t *testing.T) {
			unit, deb := name+".service", "/debs/"+filepath.Base(debs[name])
			state := "/var/lib/" + name

			m.do(t, "dpkg", "-i", deb)
			m.expect(t, "enabled", "systemctl", "is-enabled", unit)
			m.expect(t, "640 root "+name, "stat", "-c", "%a %U %G", tc.config)
			m.expect(t, "700 "+name+" "+name, "stat", "-c", "%a %U %G", state)

			m.do(t, "systemctl", "start", unit) // Type=notify: returns when it is ready
			status := m.do(t, "cat", "/proc/"+m.pid(t, unit)+"/status")
			for _, line := range []string{"NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t" + tc.caps, "CapBnd:\t" + tc.caps} {
				if !strings.Contains(status, line+"\n") {
					t.Errorf("%s runs without %q:\n%s", name, line, status)
				}
			}
			m.expect(t, name, "ps", "-o", "user:20=", "-p", m.pid(t, unit))

			t.Log("killed, it comes back")
			m.restartedBy(t, unit, func(pid string) { m.do(t, "kill", "-KILL", pid) })

			t.Log("hung, the watchdog ends it and it comes back")
			m.do(t, "mkdir", "-p", "/run/systemd/system/"+unit+".d")
			m.do(t, "sh", "-c", "printf '[Service]\\nWatchdogSec=4s\\n' >/run/systemd/system/"+unit+".d/watchdog.conf")
			m.do(t, "systemctl", "daemon-reload")
			m.do(t, "systemctl", "restart", unit)
			m.restartedBy(t, unit, func(pid string) { m.do(t, "kill", "-STOP", pid) })

			t.Log("upgraded, it is restarted with the operator's own configuration")
			m.do(t, "sh", "-c", "echo '# ours' >>"+tc.config)
			m.restartedBy(t, unit, func(string) { m.do(t, "dpkg", "-i", deb) })
			m.expect(t, "# ours", "tail", "-n1", tc.config)

			t.Log("removed, it has stopped and keeps its state")
			m.do(t, "touch", state+"/kept")
			m.do(t, "dpkg", "-r", name)
			m.expect(t, "0", "sh", "-c", "pgrep -xc "+name+" || true")
			m.expect(t, state+"/kept", "ls", state+"/kept")
			m.expect(t, "# ours", "tail", "-n1", tc.config)

			t.Log("installed again, it starts; purged, nothing is left")
			m.do(t, "dpkg", "-i", deb)
			m.do(t, "systemctl", "start", unit)
			m.expect(t, state+"/kept", "ls", state+"/kept")
			m.do(t, "dpkg", "-P", name)
			m.expect(t, "gone", "sh", "-c", "ls -d "+state+" "+tc.config+" /usr/bin/"+name+" /etc/systemd/system/*/"+unit+" 2>/dev/null || echo gone")
			m.expect(t, "gone", "sh", "-c", "getent passwd "+name+" || echo gone")
		})
	}
}

// The steps of docs/install.md, one after the other, with both packages on one machine.
func TestFirstStepsOnABootedSystem(t *testing.T) {
	debs := map[string]string{"nines": buildDeb(t, "nines"), "nines-agent": buildDeb(t, "nines-agent")}
	m := boot(t, debs)
	for _, deb := range debs {
		m.do(t, "apt-get", "install", "-y", "--no-install-recommends", "/debs/"+filepath.Base(deb)) // it has no network
	}
	sh := func(script string) string { t.Helper(); return m.do(t, "bash", "-c", script) }

	t.Log("the collector")
	sh("umask 027; head -c 24 /dev/urandom | base64 >/etc/nines/admin.token; chgrp nines /etc/nines/admin.token")
	sh("printf '[admin]\\ntoken_file = \"admin.token\"\\n' >>/etc/nines/collector.toml")
	sh("install -m 0640 -g nines /usr/share/doc/nines/examples/acme.toml /etc/nines/clients/acme.toml")
	sh("nines check /etc/nines/clients/acme.toml")
	sh("systemctl start nines")
	if cert := sh("cat /var/lib/nines/tls/cert.pem"); !strings.HasPrefix(cert, "-----BEGIN CERTIFICATE-----") {
		t.Fatalf("cert.pem holds %q, want a certificate", cert)
	}

	t.Log("the agent")
	sh("install -m 0644 /var/lib/nines/tls/cert.pem /etc/nines/collector.pem")
	sh(`sed -i 's|^collector = .*|collector = "https://127.0.0.1:8997"|; s|^# ca_file = .*|ca_file = "collector.pem"|' /etc/nines/agent.toml`)
	key, _, _ := strings.Cut(sh("nines-agent key --config /etc/nines/agent.toml 2>/dev/null"), "\n")
	m.expect(t, "600 nines-agent nines-agent", "stat", "-c", "%a %U %G", "/var/lib/nines-agent/agent.key")
	sh("nines agent register --client acme --site hq --id hq-1 --key " + key)
	sh("systemctl start nines-agent")
	m.eventually(t, time.Minute, "the collector has results of the agent", func() bool {
		answer := sh(`exec 3<>/dev/tcp/127.0.0.1/8999
			printf 'GET /api/v1/services HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n' "$(cat /etc/nines/admin.token)" >&3
			cat <&3`)
		return strings.Contains(answer, "200 OK") && strings.Contains(answer, `"last_observation": "2`)
	})
	if said := sh("journalctl --no-pager -u nines-agent"); !strings.Contains(said, "configuration in force") || strings.Contains(said, "level=WARN") {
		t.Errorf("the agent says\n%s\nwant a configuration in force, and no warning", said)
	}
	m.expect(t, "nines-agent", "stat", "-c", "%U", "/var/lib/nines-agent/config.json")

	t.Log("removed, the key stays; purged, it is gone, and what the operator wrote is not")
	m.do(t, "apt-get", "remove", "-y", "nines-agent")
	m.expect(t, key, "sh", "-c", "ls /etc/nines/agent.toml >/dev/null && dpkg -i /debs/nines-agent_*.deb >/dev/null && nines-agent key 2>/dev/null | head -n1")
	m.do(t, "apt-get", "purge", "-y", "nines-agent", "nines")
	m.expect(t, "gone", "sh", "-c", "ls -d /var/lib/nines /var/lib/nines-agent /etc/nines/*.toml 2>/dev/null || echo gone")
	sh("ls /etc/nines/clients/acme.toml /etc/nines/admin.token /etc/nines/collector.pem")
}

// machine is a booted container. leader is the process id of its first process, seen from outside.
type machine struct{ leader string }

// boot starts a fresh copy of a minimal Debian, with the packages in /debs and no network but loopback.
func boot(t *testing.T, debs map[string]string) machine {
	t.Helper()
	shared := t.TempDir()
	for _, deb := range debs {
		run(t, "cp", deb, shared)
	}
	// systemd-nspawn wants a /run of its own to write to, which the mount namespace gives it.
	cmd := exec.Command("unshare", "--mount", "sh", "-c", `mount -t tmpfs run /run && exec systemd-nspawn --quiet --boot --ephemeral \
		--register=no --keep-unit --private-network --console=pipe --directory="$0" --bind-ro="$1:/debs"`, rootfs(t), shared)
	said := &output{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); cmd.Wait() }() //nolint:errcheck // it is powered off in the end

	var m machine
	t.Cleanup(func() {
		if m.leader != "" {
			m.try(context.Background(), "systemctl", "poweroff") //nolint:errcheck // the container goes while it answers
		}
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			cmd.Process.Kill() //nolint:errcheck // it may have ended
			<-ended
		}
	})
	pid := strconv.Itoa(cmd.Process.Pid)
	deadline := time.Now().Add(3 * time.Minute) // the fresh copy comes first
	for m.leader == "" {
		children, _ := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
		for _, child := range strings.Fields(string(children)) {
			if comm, _ := os.ReadFile("/proc/" + child + "/comm"); strings.TrimSpace(string(comm)) == "systemd" {
				m.leader = child
			}
		}
		select {
		case <-ended:
			t.Fatalf("systemd-nspawn ended: %s", said.String())
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("systemd-nspawn has started no system: %s", said.String())
		}
	}
	m.eventually(t, 3*time.Minute, "the system runs", func() bool {
		out, err := m.try(t.Context(), "systemctl", "is-system-running")
		return err == nil && strings.TrimSpace(out) == "running"
	})
	return m
}

// rootfs returns a minimal Debian with systemd, made once and kept in .cache.
func rootfs(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(testservers.Root(t), ".cache", "debian")
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	unfinished := dir + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, "debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus,procps", "bookworm", unfinished)
	if err := os.Rename(unfinished, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// try runs a command inside.
func (m machine) try(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	inside := []string{"--target", m.leader, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd", "--"}
	cmd := exec.CommandContext(ctx, "nsenter", append(inside, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

func (m machine) do(t *testing.T, args ...string) string {
	t.Helper()
	out, err := m.try(t.Context(), args...)
	if err != nil {
		journal, _ := m.try(t.Context(), "journalctl", "--no-pager", "-n", "40")
		t.Fatalf("%v\njournal:\n%s", err, journal)
	}
	return out
}

func (m machine) expect(t *testing.T, want string, args ...string) {
	t.Helper()
	if got := strings.TrimSpace(m.do(t, args...)); got != want {
		t.Errorf("%s: %q, want %q", strings.Join(args, " "), got, want)
	}
}

func (m machine) pid(t *testing.T, unit string) string {
	t.Helper()
	return strings.TrimSpace(m.do(t, "systemctl", "show", "--property=MainPID", "--value", unit))
}

// restartedBy does something to the unit's process and waits until another one runs and is ready.
func (m machine) restartedBy(t *testing.T, unit string, something func(pid string)) {
	t.Helper()
	before := m.pid(t, unit)
	something(before)
	m.eventually(t, 2*time.Minute, unit+" runs again", func() bool {
		state := strings.TrimSpace(m.do(t, "systemctl", "show", "--property=ActiveState", "--value", unit))
		return state == "active" && m.pid(t, unit) != before
	})
}

func (m machine) eventually(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !holds(); <-time.After(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			journal, _ := m.try(t.Context(), "journalctl", "--no-pager", "-n", "40")
			t.Fatalf("not within %s: %s\njournal:\n%s", within, what, journal)
		}
	}
}
