package spool

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk mounts a file system of the given size. It needs root, as all network and disk
// tests of this house do.
func smallDisk(t *testing.T, bytes string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+bytes); err != nil {
		t.Fatalf("mount a tmpfs: %v: run the tests as root", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

func TestAFullDiskIsSurvived(t *testing.T) {
	dir := smallDisk(t, "2m")
	s := openWith(t, filepath.Join(dir, "spool"), Options{MaxBytes: 64 << 20})
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close() = %v, want nil", err)
		}
	}()
	kept, n := 0, 0
	for ; n < 100_000; n++ {
		if s.Append(entry(n), false) != nil {
			break
		}
		kept++
	}
	if n == 100_000 {
		t.Fatal("100000 results fit on a disk of 2 MiB, want it full")
	}
	for range 10 {
		if err := s.Append(entry(n), false); err == nil {
			t.Error("Append on a full disk = nil, want an error")
		}
	}
	if lost := s.metrics.set.GetOrCreateCounter(lostName("disk")).Get(); lost != 11 {
		t.Errorf("%d results counted as lost, want 11", lost)
	}
	// What is there can be shipped although no byte is free, and that frees the disk.
	if got := drain(t, s); !reflect.DeepEqual(got, upTo(0, kept)) {
		t.Errorf("%d delivered from a full disk, want the %d that were kept", len(got), kept)
	}
	add(t, s, n+1, n+101)
	if got := drain(t, s); !reflect.DeepEqual(got, upTo(n+1, n+101)) {
		t.Errorf("%d delivered after the disk had room again, want 100", len(got))
	}
}

func TestADiskThatOthersFilledIsSurvived(t *testing.T) {
	dir := smallDisk(t, "2m")
	s := openWith(t, filepath.Join(dir, "spool"), Options{MaxBytes: 64 << 20})
	add(t, s, 0, 100)
	hog := filepath.Join(dir, "hog")
	if err := os.WriteFile(hog, make([]byte, 4<<20), 0o600); err == nil {
		t.Fatal("4 MiB fit on a disk of 2 MiB")
	}
	n := 100
	for s.Append(entry(n), false) == nil { // the rest of the last page
		n++
	}
	if err := os.Remove(hog); err != nil {
		t.Fatal(err)
	}
	add(t, s, n+1, n+50)
	got := drain(t, s)
	if want := append(upTo(0, n), upTo(n+1, n+50)...); !reflect.DeepEqual(got, want) {
		t.Errorf("%d delivered, want all but the ones counted as lost, %d", len(got), len(want))
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close() = %v, want nil", err)
	}
}
