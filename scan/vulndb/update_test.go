package vulndb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/errors"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// server serves one database; its fields may be changed between requests.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	schema   string
	built    time.Time
	archive  []byte
	checksum string
	// cut ends the archive's transfer after so many bytes; stall never ends it.
	cut      int
	stall    bool
	archives atomic.Int32
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{}
	s.publish("first", now.Add(-time.Hour))
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *server) publish(content string, built time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha256.Sum256([]byte(content))
	s.schema, s.built, s.archive, s.checksum = "v6.1.4", built, []byte(content), "sha256:"+hex.EncodeToString(sum[:])
}

func (s *server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	built, archive, sum, schema, cut, stall := s.built, s.archive, s.checksum, s.schema, s.cut, s.stall
	s.mu.Unlock()
	name := fmt.Sprintf("/v6/db_%d.tar.zst", built.Unix())
	switch r.URL.Path {
	case "/v6/latest.json":
		_ = json.NewEncoder(w).Encode(listingJSON{
			Status: "active", SchemaVersion: schema, Built: built, Path: strings.TrimPrefix(name, "/v6/"), Checksum: sum,
		})
	case name:
		s.archives.Add(1)
		w.Header().Set("Content-Length", strconv.Itoa(len(archive)))
		if cut > 0 {
			_, _ = w.Write(archive[:cut])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		if stall {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		_, _ = w.Write(archive)
	default:
		http.NotFound(w, r)
	}
}

func TestUpdateFetchesTheArchiveThatTheListingNames(t *testing.T) {
	srv := newServer(t)
	store := &Store{Dir: filepath.Join(t.TempDir(), "db")}
	got, err := store.Update(context.Background(), UpdateOptions{From: srv.URL, MaxAge: DefaultMaxAge, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	want := Status{
		Dir:      store.Dir,
		Archive:  filepath.Join(store.Dir, "v6", "vulnerability-db_v6.1.4_20261123T110000Z_"+srv.checksum[7:19]+".tar.zst"),
		Size:     int64(len("first")),
		Schema:   "v6.1.4",
		Built:    srv.built,
		Checksum: srv.checksum,
		Source:   srv.URL + "/v6/latest.json",
		Checked:  now,
		Updated:  true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	expectContent(t, store, "first")

	want.Updated = false
	status, err := store.Status()
	if diff := cmp.Diff(want, status); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestUnchangedDatabaseIsNotFetchedAgain(t *testing.T) {
	srv := newServer(t)
	store := &Store{Dir: t.TempDir()}
	for i, force := range []bool{false, false, true} {
		status, err := store.Update(context.Background(), UpdateOptions{From: srv.URL, Now: now, Force: force})
		if err != nil {
			t.Fatal(err)
		}
		if want := i != 1; status.Updated != want {
			t.Errorf("update %d: Updated is %t", i, status.Updated)
		}
	}
	if n := srv.archives.Load(); n != 2 {
		t.Errorf("the archive was fetched %d times, want 2", n)
	}
}

func TestStoreIsASourceItself(t *testing.T) {
	srv := newServer(t)
	first, second := &Store{Dir: t.TempDir()}, &Store{Dir: t.TempDir()}
	if _, err := first.Update(context.Background(), UpdateOptions{From: srv.URL, Now: now}); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{first.Dir, filepath.Join(first.Dir, "v6"), filepath.Join(first.Dir, "v6", ListingFile)} {
		if _, err := second.Update(context.Background(), UpdateOptions{From: from, Now: now, Force: true}); err != nil {
			t.Fatalf("%s: %v", from, err)
		}
		expectContent(t, second, "first")
	}
}

func TestFailedUpdateLeavesTheDatabaseAsItWas(t *testing.T) {
	var (
		checksum *ChecksumError
		schema   *SchemaError
		stale    *StaleError
		fetch    *FetchError
	)
	tests := []struct {
		name   string
		change func(s *server)
		opts   UpdateOptions
		target any
		want   string
	}{
		{"half download", func(s *server) { s.cut = 3 }, UpdateOptions{}, &fetch, "unexpected EOF"},
		{"stalled download", func(s *server) { s.stall = true }, UpdateOptions{ArchiveTimeout: 50 * time.Millisecond}, &fetch, "not complete after 50ms"},
		{"wrong checksum", func(s *server) { s.archive = []byte("tampered") }, UpdateOptions{}, &checksum, "has checksum sha256:"},
		{"wrong schema", func(s *server) { s.schema = "v5.2.0" }, UpdateOptions{}, &schema, "schema v5.2.0, want v6"},
		{"too old", func(s *server) { s.built = now.Add(-121 * time.Hour) }, UpdateOptions{MaxAge: DefaultMaxAge}, &stale, "121h0m0s ago"},
		{"too large", func(*server) {}, UpdateOptions{MaxArchive: 3}, nil, "more than the allowed"},
		{"nobody there", func(s *server) { s.CloseClientConnections(); s.Listener.Close() }, UpdateOptions{}, &fetch, "offline?"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			srv := newServer(t)
			store := &Store{Dir: t.TempDir()}
			if _, err := store.Update(context.Background(), UpdateOptions{From: srv.URL, Now: now}); err != nil {
				t.Fatal(err)
			}
			before, err := store.Status()
			if err != nil {
				t.Fatal(err)
			}
			srv.publish("second", now)
			srv.set(func() { tc.change(srv) })

			opts := tc.opts
			opts.From, opts.Now, opts.Client = srv.URL, now, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			_, err = store.Update(context.Background(), opts)
			if err == nil || !strings.Contains(err.Error(), tc.want) || (tc.target != nil && !errors.As(err, tc.target)) {
				t.Errorf("got %T %v, want %T with %q", err, err, tc.target, tc.want)
			}
			after, err := store.Status()
			if diff := cmp.Diff(before, after); diff != "" || err != nil {
				t.Error(err, diff)
			}
			expectContent(t, store, "first")
			expectNoDebris(t, store)
		})
	}
}

func TestCancelledUpdateEnds(t *testing.T) {
	srv := newServer(t)
	srv.set(func() { srv.stall = true })
	ctx, cancel := context.WithTimeoutCause(context.Background(), 50*time.Millisecond, errors.New("cancelled by the test"))
	defer cancel()
	store := &Store{Dir: t.TempDir()}
	if _, err := store.Update(ctx, UpdateOptions{From: srv.URL, Now: now}); err == nil {
		t.Error("want an error")
	}
	expectNoDebris(t, store)
}

func TestConcurrentUpdatesAreSafe(t *testing.T) {
	srv := newServer(t)
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			store := &Store{Dir: dir}
			for j := range 5 {
				if i == 0 {
					srv.publish(fmt.Sprintf("edition %d", j), now.Add(time.Duration(j-10)*time.Minute))
				}
				_, err := store.Update(context.Background(), UpdateOptions{From: srv.URL, Now: now, Force: j%2 == 0})
				// The listing may be replaced between the two requests, as on a real server.
				var fetch *FetchError
				var checksum *ChecksumError
				if err != nil && !errors.As(err, &fetch) && !errors.As(err, &checksum) {
					t.Error(err)
				}
				if _, err := store.Status(); err != nil {
					var missing *MissingError
					if j > 0 || !errors.As(err, &missing) {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	store := &Store{Dir: dir}
	if _, err := store.Update(context.Background(), UpdateOptions{From: srv.URL, Now: now}); err != nil {
		t.Fatal(err)
	}
	expectContent(t, store, string(srv.archive))
	expectNoDebris(t, store)
}

func TestArchivesNameDoesNotDecideItsPlace(t *testing.T) {
	for _, name := range []string{"latest.json", "a:b?.tar.gz", "deep/er/db"} {
		from := t.TempDir()
		sum := sha256.Sum256([]byte("content"))
		l, err := Listing{Schema: "v6.1.4", Built: now, Path: "x/" + name, Checksum: "sha256:" + hex.EncodeToString(sum[:])}.write()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(from, "x", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		for f, content := range map[string][]byte{file: []byte("content"), filepath.Join(from, ListingFile): l} {
			if err := os.WriteFile(f, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		store := &Store{Dir: t.TempDir()}
		if _, err := store.Update(context.Background(), UpdateOptions{From: from, Now: now}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		expectContent(t, store, "content")
	}
}

func TestRedirectToPlainHTTPIsNotFollowed(t *testing.T) {
	srv := newServer(t)
	secure := httptest.NewTLSServer(http.RedirectHandler(srv.URL+"/v6/latest.json", http.StatusFound))
	defer secure.Close()
	_, err := (&Store{Dir: t.TempDir()}).Update(context.Background(), UpdateOptions{From: secure.URL, Client: secure.Client(), Now: now})
	if err == nil || !strings.Contains(err.Error(), "redirected from https to http") {
		t.Errorf("got %v", err)
	}
}

func TestMissingDatabase(t *testing.T) {
	var missing *MissingError
	dir := t.TempDir()
	if _, err := (&Store{Dir: filepath.Join(dir, "none")}).Status(); !errors.As(err, &missing) {
		t.Errorf("no folder: got %v", err)
	}
	if _, err := (&Store{Dir: dir}).Status(); !errors.As(err, &missing) {
		t.Errorf("empty folder: got %v", err)
	}
	for _, from := range []string{dir, filepath.Join(dir, "none")} {
		if _, err := (&Store{Dir: t.TempDir()}).Update(context.Background(), UpdateOptions{From: from}); !errors.As(err, &missing) {
			t.Errorf("update from %s: got %v", from, err)
		}
	}
	if _, err := (&Store{Dir: t.TempDir()}).Update(context.Background(), UpdateOptions{From: "ftp://host/db"}); err == nil {
		t.Error("update by ftp: want an error")
	}
}

func expectContent(t *testing.T, s *Store, want string) {
	t.Helper()
	status, err := s.Status()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(status.Archive)
	if err != nil || string(got) != want {
		t.Errorf("archive holds %q, %v; want %q", got, err, want)
	}
}

// expectNoDebris: nothing half done may be left, and of old archives at most one.
func expectNoDebris(t *testing.T, s *Store) {
	t.Helper()
	top, err := filepath.Glob(filepath.Join(s.Dir, ".download-*"))
	if err != nil || len(top) > 0 {
		t.Error(err, top)
	}
	inner, err := filepath.Glob(filepath.Join(s.Dir, "v6", "*"))
	if err != nil || len(inner) > 3 {
		t.Error(err, inner)
	}
}
