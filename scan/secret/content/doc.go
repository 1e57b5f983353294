// Package content takes a file to the texts in it, for a search for secrets:
// plain text as it is, UTF-16 as UTF-8, and what is in zip, tar, gzip, zstd and
// bzip2, within each other too.
//
//	problems, err := content.Walk("app.jar", f, size, content.Limits{}, func(path string, r io.Reader) error {
//		hits, err := scanner.Scan(path, r) // path is "app.jar!config/db.properties"
//		…
//	})
//
// It owns what counts as text and how far archives are followed; it must not
// know rules, layers or images. Nothing is trusted: sizes, names and offsets
// are an attacker's choice, memory and work are bounded by [Limits], and what a
// limit or damage kept from being searched is a problem, never silence.
package content
