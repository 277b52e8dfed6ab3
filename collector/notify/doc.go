// Package notify empties the outbox: what the collector has to tell someone leaves it by mail.
//
// It promises that a message is tried until the mail server has taken it, for 72 hours with
// growing pauses, and is then given up where everybody can see it; that a message which is
// tried twice has the same Message-ID, so that a mailbox shows it once; and that no name in a
// message can become a header or a recipient. It refuses to decide what is told to whom: that
// is written by whoever puts a message into the outbox.
package notify
