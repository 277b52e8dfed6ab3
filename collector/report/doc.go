// Package report makes a client's monthly report: every service and SLO of one month in the
// client's zone, as a page that can be mailed and printed and as JSON with exact integers.
//
// It promises that both show the same numbers, that they are the ledger's, and that a report
// is sent by itself once a month: when the month's data is in, and 72 hours late at most. It
// refuses to compute availability, and to make a number look better than it is.
package report
