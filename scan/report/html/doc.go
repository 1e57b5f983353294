// Package html renders a report as one HTML file for people: the verdict and
// counts as static text, and all findings, packages and layers to filter, sort
// and group. The file asks nothing of any network and works when it is opened
// from a disk.
//
// It knows how findings are shown. It must not judge them: decisions are the
// report's own.
//
// Everything in a report may have been written by strangers. Text is made safe to
// read by package plain before it gets here into the page; static text is escaped
// by html/template, all other text is JSON that the script shows as text only. A
// content security policy names the page's one script and one style by hash, so
// that nothing else would run even if it got in.
package html
