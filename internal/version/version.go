// Package version knows which build this is. The linker stamps it (see the Makefile); a build without a stamp says so.
package version

import "runtime/debug"

// stamp is set by the linker: -X github.com/nines-monitor/nines/internal/version.stamp=1.2.3.
var stamp string

// String returns the version of this build, such as "1.2.3", "1.3.0-dev.20261123124111+g07c63703559a",
// or "dev" (with the commit, where Go recorded it) for a build that nobody stamped. It is never empty.
func String() string {
	if stamp != "" {
		return stamp
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	return unstamped(info.Settings)
}

func unstamped(settings []debug.BuildSetting) string {
	for _, s := range settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "dev+g" + s.Value[:12]
		}
	}
	return "dev"
}
