package attest

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/pkg/errors"
)

// Referrers as in the OCI distribution specification 1.1, "Listing Referrers" and
// "Referrers Tag Schema".

// referrers lists what refers to a subject, from the registry's API or, where it
// has none, from the referrers tag.
func (r *repository) referrers(ctx context.Context, subject v1.Hash) ([]v1.Descriptor, error) {
	list, ok, err := r.referrersAPI(ctx, subject)
	if err != nil || ok {
		return list, err
	}
	index, err := r.referrersTag(ctx, subject)
	if err != nil {
		return nil, err
	}
	return index.Manifests, nil
}

// referrersAPI lists through the API; ok is false where the registry has none.
func (r *repository) referrersAPI(ctx context.Context, subject v1.Hash) (list []v1.Descriptor, ok bool, err error) {
	next := r.url("referrers/%s", subject)
	for range maxReferrerPages {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, next.String(), nil)
		if err != nil {
			return nil, false, errors.WithStack(err)
		}
		req.Header.Set("Accept", string(types.OCIImageIndex))
		raw, header, err := r.get(req, maxManifest)
		if len(list) == 0 && noReferrersAPI(header, err) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, errors.Wrapf(err, "failed to list referrers of %s@%s", r.repo, subject)
		}
		var index v1.IndexManifest
		if err := json.Unmarshal(raw, &index); err != nil {
			return nil, false, errors.Wrapf(err, "failed to decode referrers of %s@%s", r.repo, subject)
		}
		list = append(list, index.Manifests...)
		if len(list) > maxReferrers {
			return nil, false, errors.Errorf("%s@%s has more than %d referrers", r.repo, subject, maxReferrers)
		}
		following, err := nextPage(next, header.Get("Link"))
		if err != nil {
			return nil, false, err
		}
		if following == nil {
			return list, true, nil
		}
		next = following
	}
	return nil, false, errors.Errorf("referrers of %s@%s have more than %d pages", r.repo, subject, maxReferrerPages)
}

// noReferrersAPI recognises a registry that predates the API: an error status
// for the unknown path, or some other answer than an index.
func noReferrersAPI(header http.Header, err error) bool {
	if err == nil {
		mt, _, _ := strings.Cut(header.Get("Content-Type"), ";")
		return mt != string(types.OCIImageIndex)
	}
	if errors.Is(err, errNotFound) {
		return true
	}
	var terr *transport.Error
	if !errors.As(err, &terr) {
		return false
	}
	switch terr.StatusCode {
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusNotImplemented:
		return true
	}
	return false
}

var nextLink = regexp.MustCompile(`<([^>]*)>\s*;\s*rel="?next"?`)

// nextPage reads a Link header (RFC 5988). Pages on another host are refused:
// the credentials are for this one.
func nextPage(current *url.URL, link string) (*url.URL, error) {
	m := nextLink.FindStringSubmatch(link)
	if m == nil {
		return nil, nil
	}
	u, err := url.Parse(m[1])
	if err != nil {
		return nil, errors.Wrap(err, "failed to parse link to the next page of referrers")
	}
	next := current.ResolveReference(u)
	if next.Host != current.Host || next.Scheme != current.Scheme {
		return nil, errors.Errorf("next page of referrers is on another host, %s", next.Host)
	}
	return next, nil
}

func referrersTagName(subject v1.Hash) string { return subject.Algorithm + "-" + subject.Hex }

// referrersTag reads the index under the referrers tag; empty if there is none.
func (r *repository) referrersTag(ctx context.Context, subject v1.Hash) (*v1.IndexManifest, error) {
	empty := &v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	m, err := r.manifest(ctx, referrersTagName(subject))
	if errors.Is(err, errNotFound) {
		return empty, nil
	}
	if err != nil {
		return nil, err
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(m.raw, &index); err != nil {
		return nil, errors.Wrapf(err, "failed to decode referrers tag %s of %s", referrersTagName(subject), r.repo)
	}
	if index.MediaType != types.OCIImageIndex || index.SchemaVersion != 2 {
		return nil, errors.Errorf("referrers tag %s of %s is no image index", referrersTagName(subject), r.repo)
	}
	if len(index.Manifests) > maxReferrers {
		return nil, errors.Errorf("%s@%s has more than %d referrers", r.repo, subject, maxReferrers)
	}
	return &index, nil
}

// Updates of the referrers tag: how often a lost one is repeated, and how many
// times in a row it must be seen to count as kept.
const (
	tagAttempts  = 12
	tagSightings = 2
)

// addToReferrersTag makes the referrers tag list what was added to a subject.
//
// A registry without the referrers API has no conditional requests either, so two
// writers can read the same index and the second one drops what the first added.
// Each writer therefore looks again after a random pause that is longer than the
// time between another writer's read and its write, and adds what it misses once
// more; it is done when it has seen its entries twice in a row. The chance that
// remains is a writer that stalls for longer than both pauses between reading
// and writing.
func (r *repository) addToReferrersTag(ctx context.Context, subject v1.Hash, added []v1.Descriptor) error {
	seen := 0
	for range tagAttempts {
		start := time.Now()
		index, err := r.referrersTag(ctx, subject)
		if err != nil {
			return err
		}
		if missing := notIn(index.Manifests, added); len(missing) > 0 {
			seen = 0
			index.Manifests = append(index.Manifests, missing...)
			raw, err := json.Marshal(index)
			if err != nil {
				return errors.WithStack(err)
			}
			if len(raw) > maxManifest {
				return errors.Errorf("%s@%s has too many referrers for one index", r.repo, subject)
			}
			if _, err := r.putManifest(ctx, referrersTagName(subject), raw, types.OCIImageIndex); err != nil {
				return err
			}
		} else if seen++; seen == tagSightings {
			return nil
		}
		// Another writer's window is about as long as ours was.
		window := 2*time.Since(start) + 50*time.Millisecond
		if err := sleep(ctx, window+rand.N(window)); err != nil { //nolint:gosec // spreads writers, guards nothing
			return err
		}
	}
	return errors.Errorf("failed to add to referrers tag %s of %s: other writers kept replacing it", referrersTagName(subject), r.repo)
}

func notIn(list, wanted []v1.Descriptor) []v1.Descriptor {
	have := make(map[v1.Hash]bool, len(list))
	for _, d := range list {
		have[d.Digest] = true
	}
	var missing []v1.Descriptor
	for _, d := range wanted {
		if !have[d.Digest] {
			missing = append(missing, d)
		}
	}
	return missing
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
