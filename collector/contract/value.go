package contract

import (
	"fmt"
	"strings"
	"time"

	"github.com/nines-monitor/nines/slo"
)

// duration is a length of time, such as "30s", "1h30m" or "28d".
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := slo.ParseDuration(string(text))
	if err == nil && parsed%time.Millisecond != 0 {
		err = fmt.Errorf("duration %q: finer than a millisecond", text)
	}
	*d = duration(parsed)
	return err
}

// spoken is a length of time as a contract would write it: "1h30m" rather than "1h30m0s".
func spoken(d time.Duration) string {
	text := d.String()
	for _, idle := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, idle) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func (*duration) Wanted() string { return `a duration in quotes, such as "30s"` }

// date is a day, with or without quotes. The zero value was not given.
type date slo.Date

func (d *date) UnmarshalText(text []byte) error {
	parsed, err := slo.ParseDate(string(text))
	*d = date(parsed)
	return err
}

func (*date) Wanted() string { return "a date, such as 2026-10-01" }

// clock is a time of day, such as "07:00".
type clock struct {
	since time.Duration // local midnight
	given bool
}

func (c *clock) UnmarshalText(text []byte) error {
	parsed, err := slo.ParseClock(string(text))
	*c = clock{parsed, true}
	return err
}

func (*clock) Wanted() string { return `a time of day in quotes, such as "07:00"` }

// percent is a share, such as "99.9%". The zero value was not given.
type percent struct {
	text string // without the mark
}

func (p *percent) UnmarshalText(text []byte) error {
	number, marked := strings.CutSuffix(string(text), "%")
	if !marked || number == "" || strings.Trim(number, "0123456789.") != "" {
		return fmt.Errorf(`%q: want a percentage, such as "99.9%%"`, text)
	}
	p.text = number
	return nil
}

func (*percent) Wanted() string { return `a percentage in quotes, such as "99.9%"` }

// moment is an instant (with an offset) or a wall clock reading (without), with or without
// quotes. The zero value was not given.
type moment struct {
	instant int64 // ms
	local   slo.LocalTime
	form    momentForm
}

type momentForm uint8

const (
	notGiven momentForm = iota
	anInstant
	aLocalTime
)

func (m *moment) UnmarshalText(text []byte) error {
	if t, err := time.Parse(time.RFC3339, string(text)); err == nil {
		if t.Nanosecond()%int(time.Millisecond) != 0 {
			return fmt.Errorf("instant %q: finer than a millisecond", text)
		}
		*m = moment{instant: t.UnixMilli(), form: anInstant}
		return nil
	}
	local, err := slo.ParseLocalTime(string(text))
	if err != nil {
		return fmt.Errorf("time %q: want 2026-10-04T02:00:00, or with an offset 2026-10-04T02:00:00Z", text)
	}
	*m = moment{local: local, form: aLocalTime}
	return nil
}

func (*moment) Wanted() string { return "a date and time, such as 2026-10-04T02:00:00" }
