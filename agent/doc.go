// Package agent is one site's measuring station: it takes its checks from the collector,
// probes them on a fixed grid of instants, has every result on its own disk before anyone
// else sees it, and ships it.
//
// It promises to go on measuring while the collector, the network, the disk or a single check
// fails; to lose nothing that it has on disk; and to report nothing that it did not measure.
// It refuses to run, fetch, write or update anything: there is no verb for it on the wire.
//
// The rooms: agent/schedule decides when which check is probed, agent/spool keeps the results,
// agent/ship delivers them, and this package holds the identity and joins the three.
package agent
