package vulndb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/pkg/errors"
)

const (
	// DefaultListingTimeout bounds the listing's; both timeouts are grype's.
	DefaultListingTimeout = 30 * time.Second
	// DefaultArchiveTimeout bounds the whole download.
	DefaultArchiveTimeout = 300 * time.Second
	// DefaultMaxArchive bounds a download, some ten times the official archive.
	DefaultMaxArchive = 2 << 30
)

// UpdateOptions of an update. The zero value fetches the official database and
// accepts any age.
type UpdateOptions struct {
	// From is a base URL, the URL of a listing (.json), a folder that holds a
	// listing or v6/latest.json, or the path of a listing; empty is
	// [DefaultURL].
	From string
	// MaxAge refuses an older database; 0 is any age.
	MaxAge time.Duration
	// Force fetches the archive even if the store has it.
	Force bool
	// Client fetches URLs; nil is one of its own. Its timeout is not used.
	Client *http.Client
	// Now is the time that ages are counted to; zero is the clock.
	Now time.Time
	// ListingTimeout, ArchiveTimeout and MaxArchive replace the defaults.
	ListingTimeout, ArchiveTimeout time.Duration
	MaxArchive                     int64
	// Progress is told the bytes fetched, and the total or -1.
	Progress func(done, total int64)
}

func (o UpdateOptions) withDefaults() UpdateOptions {
	if o.From == "" {
		o.From = DefaultURL
	}
	if o.Client == nil {
		o.Client = &http.Client{}
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.ListingTimeout == 0 {
		o.ListingTimeout = DefaultListingTimeout
	}
	if o.ArchiveTimeout == 0 {
		o.ArchiveTimeout = DefaultArchiveTimeout
	}
	if o.MaxArchive == 0 {
		o.MaxArchive = DefaultMaxArchive
	}
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	return o
}

// Update makes the store hold the newest database of a source. The store's
// database is replaced only by one that was fetched whole, has the checksum
// that the listing names and is not too old; after an error it is as before.
//
// Errors to branch on: [*SchemaError], [*StaleError], [*FutureError],
// [*ChecksumError], [*FetchError].
func (s *Store) Update(ctx context.Context, opts UpdateOptions) (Status, error) {
	opts = opts.withDefaults()
	src, err := openSource(opts)
	if err != nil {
		return Status{}, err
	}
	l, err := readListing(ctx, src, opts)
	if err != nil {
		return Status{}, err
	}
	if err := CheckAge(l.Built, opts.Now, opts.MaxAge); err != nil {
		return Status{}, err
	}
	release, err := s.lock(ctx)
	if err != nil {
		return Status{}, err
	}
	defer release()
	remote := l
	l.Path = localName(l)
	o := origin{Source: src.String(), Checked: opts.Now.UTC().Truncate(time.Second)}
	if have, err := s.Status(); err == nil && have.Checksum == l.Checksum && have.Built.Equal(l.Built) && !opts.Force {
		if err := s.remember(o); err != nil {
			return Status{}, err
		}
		return s.Status()
	}
	archive, err := s.fetch(ctx, src, remote, opts)
	if err != nil {
		return Status{}, err
	}
	defer os.Remove(archive)
	if err := s.install(l, archive, o); err != nil {
		return Status{}, err
	}
	status, err := s.Status()
	status.Updated = true
	return status, err
}

func readListing(ctx context.Context, src dbSource, opts UpdateOptions) (Listing, error) {
	late := errors.Errorf("no answer within %s", opts.ListingTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, opts.ListingTimeout, late)
	defer cancel()
	r, _, err := src.listing(ctx)
	if err != nil {
		return Listing{}, err
	}
	defer r.Close()
	l, err := ParseListing(r)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return Listing{}, &FetchError{What: src.String(), Err: cause}
	}
	return l, err
}

// fetch downloads the archive into the store's folder, beside nothing that is
// read, and verifies it.
func (s *Store) fetch(ctx context.Context, src dbSource, l Listing, opts UpdateOptions) (_ string, err error) {
	late := errors.Errorf("not complete after %s", opts.ArchiveTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, opts.ArchiveTimeout, late)
	defer cancel()
	r, size, err := src.archive(ctx, l)
	if err != nil {
		return "", err
	}
	defer r.Close()
	if size > opts.MaxArchive {
		return "", errors.Errorf("vulnerability database's archive has %d bytes, more than the allowed %d", size, opts.MaxArchive)
	}
	f, err := os.CreateTemp(s.Dir, ".download-*")
	if err != nil {
		return "", errors.Wrap(err, "failed to create a file for the download")
	}
	defer func() {
		_ = f.Close()
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	sum := sha256.New()
	progress := &progressReader{r: io.LimitReader(r, opts.MaxArchive+1), total: size, report: opts.Progress}
	n, err := io.Copy(io.MultiWriter(f, sum), progress)
	switch {
	case progress.err != nil && context.Cause(ctx) != nil:
		return "", &FetchError{What: path.Base(l.Path), Err: context.Cause(ctx)}
	case progress.err != nil:
		return "", &FetchError{What: path.Base(l.Path), Err: progress.err}
	case err != nil:
		return "", errors.Wrap(err, "failed to write the download")
	case n > opts.MaxArchive:
		return "", errors.Errorf("vulnerability database's archive has more than the allowed %d bytes", opts.MaxArchive)
	}
	if got := "sha256:" + hex.EncodeToString(sum.Sum(nil)); got != l.Checksum {
		return "", &ChecksumError{Name: path.Base(l.Path), Want: l.Checksum, Got: got}
	}
	if err := f.Chmod(0o644); err != nil {
		return "", errors.Wrap(err, "failed to write the download")
	}
	return f.Name(), errors.Wrap(f.Sync(), "failed to write the download")
}

// progressReader reports what was read, and keeps the error of reading apart
// from that of writing.
type progressReader struct {
	r           io.Reader
	done, total int64
	report      func(done, total int64)
	err         error
}

func (p *progressReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.done += int64(n)
	p.report(p.done, p.total)
	if err != nil && !errors.Is(err, io.EOF) {
		p.err = err
	}
	return n, err
}

// folderListing finds the listing of a folder.
func folderListing(dir string) (string, error) {
	for _, name := range []string{ListingFile, filepath.Join(modelDir(), ListingFile)} {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file, nil
		}
	}
	return "", &MissingError{Where: dir}
}
