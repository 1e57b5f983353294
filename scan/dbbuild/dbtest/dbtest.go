// Package dbtest makes vulnerability databases for tests, from advisories that
// stand in the test.
package dbtest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/scan-build/scan-build/scan/dbbuild"
	"github.com/scan-build/scan-build/scan/match/unpack"
)

// Built is the build time of the databases made here.
func Built() time.Time { return time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC) }

// Advisory is an OSV record with what most tests need; Extra is merged into it.
type Advisory struct {
	ID, Ecosystem, Package string
	// Introduced and Fixed are the range; "0" and none by default.
	Introduced, Fixed string
	Severity          string
	Aliases           []string
	Extra             map[string]any
}

// JSON is the record.
func (a Advisory) JSON() []byte {
	type m = map[string]any
	intro := a.Introduced
	if intro == "" {
		intro = "0"
	}
	events := []m{{"introduced": intro}}
	if a.Fixed != "" {
		events = append(events, m{"fixed": a.Fixed})
	}
	doc := m{
		"id": a.ID, "modified": Built(), "aliases": a.Aliases,
		"summary":  "About " + a.ID + ".",
		"affected": []m{{"package": m{"ecosystem": a.Ecosystem, "name": a.Package}, "ranges": []m{{"type": "ECOSYSTEM", "events": events}}}},
	}
	if a.Severity != "" {
		doc["database_specific"] = m{"severity": a.Severity}
	}
	for k, v := range a.Extra {
		doc[k] = v
	}
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err) // only values that tests write down are encoded
	}
	return b
}

// Layout builds a database of the advisories and returns the folder that holds
// v6/latest.json and the archive.
func Layout(t testing.TB, advisories ...Advisory) string {
	t.Helper()
	dir := t.TempDir()
	for i, a := range advisories {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.json", i)), a.JSON(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return LayoutOf(t, dir)
}

// LayoutOf builds a database of a folder of advisories.
func LayoutOf(t testing.TB, advisories string) string {
	t.Helper()
	out := t.TempDir()
	if _, err := dbbuild.Build(context.Background(), advisories, out, dbbuild.Options{Built: Built()}); err != nil {
		t.Fatal(err)
	}
	return out
}

// Unpack makes a layout ready for matching.
func Unpack(t testing.TB, layout string) string {
	t.Helper()
	out := t.TempDir()
	if _, err := unpack.Unpack(t.Context(), layout, out, unpack.Options{}); err != nil {
		t.Fatal(err)
	}
	return out
}

// Database builds a database of the advisories, ready for matching.
func Database(t testing.TB, advisories ...Advisory) string {
	t.Helper()
	return Unpack(t, Layout(t, advisories...))
}
