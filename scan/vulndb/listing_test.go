package vulndb

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/errors"
)

const goodSum = "sha256:9db8f4f2824aaa85a03f40d8153f62cd38f507f26536e186dbeb9ea6da3d2bf1"

func TestListingIsReadAsGrypeWritesIt(t *testing.T) {
	got, err := ParseListing(strings.NewReader(`{
 "status": "active",
 "schemaVersion": "v6.1.10",
 "built": "2026-11-22T09:05:05Z",
 "path": "vulnerability-db_v6.1.10_2025-08-25T00:00:00Z_1795338305.tar.zst",
 "checksum": "` + goodSum + `"
}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Listing{
		Status:   "active",
		Schema:   "v6.1.10",
		Built:    time.Date(2026, 11, 22, 9, 5, 5, 0, time.UTC),
		Path:     "vulnerability-db_v6.1.10_2025-08-25T00:00:00Z_1795338305.tar.zst",
		Checksum: goodSum,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBadListingIsRefused(t *testing.T) {
	listing := func(schema, built, path, sum string) string {
		return `{"status":"active","schemaVersion":"` + schema + `","built":"` + built + `","path":"` + path + `","checksum":"` + sum + `"}`
	}
	const built = "2026-11-22T09:05:05Z"
	tests := []struct {
		name, in, want string
	}{
		{"not JSON", "<html>", "failed to parse"},
		{"empty", "", "failed to parse"},
		{"empty object", "{}", "schema version"},
		{"too large", `{"status":"` + strings.Repeat("x", maxListing) + `"}`, "larger than"},
		{"schema 5", listing("v5.0.0", built, "a.tar.zst", goodSum), "schema v5.0.0, want v6"},
		{"schema without numbers", listing("six", built, "a.tar.zst", goodSum), "not of the form"},
		{"no build time", `{"schemaVersion":"v6.1.4","path":"a","checksum":"` + goodSum + `"}`, "built is missing"},
		{"build time not a time", listing("v6.1.4", "yesterday", "a", goodSum), "failed to parse"},
		{"no path", listing("v6.1.4", built, "", goodSum), "path is missing"},
		{"absolute path", listing("v6.1.4", built, "/etc/passwd", goodSum), "leads out"},
		{"path that climbs", listing("v6.1.4", built, "a/../../b", goodSum), "leads out"},
		{"URL as path", listing("v6.1.4", built, "https://example.com/a", goodSum), "not a relative path"},
		{"no checksum", listing("v6.1.4", built, "a", ""), "checksum"},
		{"weak checksum", listing("v6.1.4", built, "a", "md5:d41d8cd98f00b204e9800998ecf8427e"), "checksum"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ParseListing(strings.NewReader(tc.in))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestOtherSchemaIsATypedError(t *testing.T) {
	var schema *SchemaError
	if err := CheckSchema("v7.0.1"); !errors.As(err, &schema) || schema.Schema != "v7.0.1" {
		t.Errorf("got %v", err)
	}
	if err := CheckSchema("6.1.4"); err != nil {
		t.Errorf("schema without a v: %v", err)
	}
}

func TestArchiveURLLiesBesideTheListing(t *testing.T) {
	tests := []struct{ base, path, want string }{
		{DefaultURL, "db_v6_2026-11-22T09:05:05Z.tar.zst", "https://grype.anchore.io/databases/v6/db_v6_2026-11-22T09:05:05Z.tar.zst"},
		{"https://host/a/", "x.tar.zst", "https://host/a/v6/x.tar.zst"},
		{"https://host", "x.tar.zst", "https://host/v6/x.tar.zst"},
		{"https://host/a/listing.json", "sub/x.tar.zst", "https://host/a/sub/x.tar.zst"},
		{"https://host/a/listing.json?sig=1", "x.tar.zst", "https://host/a/x.tar.zst?sig=1"},
		{"https://host/a?sig=1", "x.tar.zst", "https://host/a/v6/x.tar.zst?sig=1"},
		{"https://user:pw@host/a", "x.tar.zst", "https://user:pw@host/a/v6/x.tar.zst"},
	}
	for _, tc := range tests {
		got, err := Listing{Path: tc.path}.ArchiveURL(ListingURL(tc.base))
		if err != nil || got != tc.want {
			t.Errorf("%s + %s: got %s, %v; want %s", tc.base, tc.path, got, err, tc.want)
		}
	}
}

func TestAge(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var stale *StaleError
	var future *FutureError
	tests := []struct {
		name   string
		age    time.Duration
		max    time.Duration
		target any
	}{
		{"young", time.Hour, DefaultMaxAge, nil},
		{"at the limit", DefaultMaxAge, DefaultMaxAge, nil},
		{"past the limit", DefaultMaxAge + time.Second, DefaultMaxAge, &stale},
		{"any age", 10000 * time.Hour, 0, nil},
		{"clock a little off", -30 * time.Minute, DefaultMaxAge, nil},
		{"from the future", -48 * time.Hour, DefaultMaxAge, &future},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			err := CheckAge(now.Add(-tc.age), now, tc.max)
			if tc.target == nil {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			if !errors.As(err, tc.target) {
				t.Errorf("got %v, want %T", err, tc.target)
			}
		})
	}
}

func TestSecretsOfAURLAreNotShown(t *testing.T) {
	got := redact("https://user:secret@host/a/latest.json?signature=secret")
	if strings.Contains(got, "secret") {
		t.Error(got)
	}
}
