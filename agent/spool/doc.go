// Package spool is the agent's memory: a durable queue of results on the site's own disk, and
// of the numbered batches that they travel in.
//
// It promises that what Append took survives kill -9 at once and a power cut after at most a
// second (at once when it was urgent); that it comes out once, in order, in batches whose bytes
// and numbers never change; that a result is removed only after its batch was acknowledged;
// that a damaged record is set aside and counted and costs no other record; and that everything
// that had to be given up is counted. It knows nothing of networks and of what a result means.
//
// On disk are two logs of append-only segment files. The results log takes every result as it
// is made. The batch log takes a batch before it is first sent, together with the place in the
// results log where the next one starts, so that one write moves both; a batch stays there for
// a day after its acknowledgement.
package spool
