package vulndb

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"
)

// FetchError says that a source could not be reached, or broke off.
type FetchError struct {
	// What was to be fetched, without secrets.
	What string
	Err  error
}

func (e *FetchError) Error() string {
	return fmt.Sprintf("failed to fetch the vulnerability database from %s: %s (offline? use --db with a local folder or archive)", e.What, e.Err)
}

// Unwrap returns the cause.
func (e *FetchError) Unwrap() error { return e.Err }

// dbSource is a place that holds a listing and its archive.
type dbSource interface {
	// listing opens latest.json; archive opens the archive that it names. The
	// size is -1 if it is not known.
	listing(ctx context.Context) (r io.ReadCloser, size int64, err error)
	archive(ctx context.Context, l Listing) (r io.ReadCloser, size int64, err error)
	fmt.Stringer
}

func openSource(opts UpdateOptions) (dbSource, error) {
	if scheme, _, ok := strings.Cut(opts.From, "://"); ok {
		if scheme != "https" && scheme != "http" {
			return nil, errors.Errorf("cannot fetch a vulnerability database by %s://, want https://", scheme)
		}
		if u, err := url.Parse(opts.From); err != nil || u.Host == "" {
			return nil, errors.Errorf("%q is not a URL", redact(opts.From))
		}
		return httpSource{url: ListingURL(opts.From), client: withoutDowngrade(opts.Client)}, nil
	}
	info, err := os.Stat(opts.From)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, &MissingError{Where: opts.From}
	case err != nil:
		return nil, errors.Wrap(err, "failed to open the database folder")
	case !info.IsDir():
		return fileSource{file: opts.From}, nil
	}
	file, err := folderListing(opts.From)
	return fileSource{file: file}, err
}

type httpSource struct {
	// url of the listing.
	url    string
	client *http.Client
}

func (s httpSource) String() string { return redact(s.url) }

func (s httpSource) listing(ctx context.Context) (io.ReadCloser, int64, error) {
	return s.get(ctx, s.url)
}

func (s httpSource) archive(ctx context.Context, l Listing) (io.ReadCloser, int64, error) {
	u, err := l.ArchiveURL(s.url)
	if err != nil {
		return nil, 0, err
	}
	return s.get(ctx, u)
}

func (s httpSource) get(ctx context.Context, u string) (io.ReadCloser, int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, 0, errors.Wrapf(err, "failed to ask for %s", redact(u))
	}
	req.Header.Set("User-Agent", "scan-build")
	resp, err := s.client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, 0, &FetchError{What: redact(u), Err: err}
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, 0, &FetchError{What: redact(u), Err: errors.Errorf("the server answered %s", resp.Status)}
	}
	return resp.Body, resp.ContentLength, nil
}

// withoutDowngrade is a copy of c that follows no redirect from https to http:
// the listing's checksum is only as good as the way it came.
func withoutDowngrade(c *http.Client) *http.Client {
	out := *c
	out.Timeout = 0
	next := c.CheckRedirect
	out.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) >= 10 {
			return errors.New("stopped after 10 redirects")
		}
		if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
			return errors.Errorf("redirected from https to %s", req.URL.Scheme)
		}
		if next != nil {
			return next(req, via)
		}
		return nil
	}
	return &out
}

// fileSource is a listing on disk with its archive beside it.
type fileSource struct{ file string }

func (s fileSource) String() string { return s.file }

func (s fileSource) listing(context.Context) (io.ReadCloser, int64, error) {
	f, err := os.Open(s.file)
	return f, -1, errors.Wrap(err, "failed to open the database listing")
}

func (s fileSource) archive(_ context.Context, l Listing) (io.ReadCloser, int64, error) {
	root, err := os.OpenRoot(filepath.Dir(s.file))
	if err != nil {
		return nil, 0, errors.Wrap(err, "failed to open the database folder")
	}
	defer root.Close()
	name := filepath.FromSlash(l.Path)
	info, err := root.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, 0, &MissingError{Where: filepath.Join(filepath.Dir(s.file), name)}
	case err != nil:
		return nil, 0, errors.Wrap(err, "failed to open the database's archive")
	case !info.Mode().IsRegular():
		return nil, 0, errors.Errorf("the database's archive %s is not a file", l.Path)
	}
	f, err := root.Open(name)
	return f, info.Size(), errors.Wrap(err, "failed to open the database's archive")
}
