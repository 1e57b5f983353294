package plugin

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/pkg/errors"
)

// Bounds of a repository's list of tags. Repositories of nightly builds have
// tens of thousands; a registry gives out a thousand or so at a time.
const (
	maxTags      = 50_000
	maxTagPages  = 100
	tagsPatience = 15 * time.Second
	// maxAnswer is the largest answer of a registry's that is read.
	maxAnswer = 8 << 20
)

// boundedAnswers cuts a registry's answers, which the list is decoded from.
type boundedAnswers struct{ inner http.RoundTripper }

func (t boundedAnswers) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.inner.RoundTrip(req)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	return resp, err
}

// listTags lists the tags of a repository, with the credentials that docker has
// for its registry. A list that is too long is cut: what is in it counts.
func listTags(ctx context.Context, repository string) ([]string, error) {
	// A registry on this machine's loopback is asked over plain HTTP.
	repo, err := name.NewRepository(repository)
	if err != nil {
		return nil, errors.Wrapf(err, "invalid repository %q", repository)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, tagsPatience, errors.Errorf("no answer within %s", tagsPatience))
	defer cancel()
	puller, err := ggcr.NewPuller(
		ggcr.WithAuthFromKeychain(registry().Keychain),
		ggcr.WithTransport(boundedAnswers{ggcr.DefaultTransport}),
	)
	if err != nil {
		return nil, errors.Wrap(err, "failed to list tags")
	}
	lister, err := puller.Lister(ctx, repo)
	if err != nil {
		return nil, listError(ctx, err)
	}
	var tags []string
	for page := 0; lister.HasNext() && page < maxTagPages && len(tags) < maxTags; page++ {
		next, err := lister.Next(ctx)
		if err != nil {
			return nil, listError(ctx, err)
		}
		tags = append(tags, next.Tags...)
	}
	return tags[:min(len(tags), maxTags)], nil
}

func listError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return errors.Wrap(err, "failed to list tags")
}
