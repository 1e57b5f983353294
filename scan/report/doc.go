// Package report owns the formats in which a scan's report leaves a build, and
// the files it is written to.
//
// A format is a value: [Formats] lists them all, and everything that speaks of
// formats (the --report flag, its errors, the help) is derived from the list.
// To add one, write a function that renders a [scan.Report] and list it there.
//
// The package must not know how a report came about or what decides a verdict;
// it renders what it is given, and treats every text in it as written by a
// stranger.
package report
