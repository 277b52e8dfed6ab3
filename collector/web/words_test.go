package web

import (
	"testing"
)

func TestAges(t *testing.T) {
	for ms, want := range map[int64]string{
		-5: "0 s", 0: "0 s", 999: "0 s", 89_999: "89 s", 90_000: "1 min", 90*minute - 1: "89 min", 90 * minute: "1 h",
		48*hour - 1: "47 h", 48 * hour: "2 days", 400 * dayMS: "400 days",
	} {
		if got := age(ms); got != want {
			t.Errorf("age(%d) = %q, want %q", ms, got, want)
		}
	}
}

func TestLengthsAreCutOff(t *testing.T) {
	for ms, want := range map[int64]string{
		0: "0 s", 999: "999 ms", 1999: "1 s", minute: "1 min", minute + 1999: "1 min 1 s", hour - 1: "59 min 59 s",
		hour + 59*minute + 59*second: "1 h 59 min", 25*hour + 59*minute: "1 d 1 h", 10 * dayMS: "10 d",
	} {
		if got := length(ms); got != want {
			t.Errorf("length(%d) = %q, want %q", ms, got, want)
		}
	}
}
