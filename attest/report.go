package attest

import (
	"context"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"

	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/scan"
)

// ReportOptions say whose word [Report] takes.
type ReportOptions struct {
	Registry Registry
	// Keys are trusted; one of them must have signed.
	Keys []PublicKey
	// Unsigned takes what the build attached to the image, which nobody has signed:
	// whoever can push to the registry can write it. No key is needed then.
	Unsigned bool
	// Platform wanted, in containerd's notation; empty for all of the image's.
	Platform string
}

// Found is the report of an image in a registry.
type Found struct {
	// Reference is the image as it was resolved: repository and digest.
	Reference string
	Report    *scan.Report
}

// Report reads the newest scan report of an image that is to be believed, without
// judging what it says: of every platform its own, which lists the packages, all
// joined into one. No layer is pulled.
//
// The error is a *RejectedError if a platform has no report signed with one of the
// keys, and a *NotScannedError if unsigned ones are asked for and there is none.
func Report(ctx context.Context, image string, o ReportOptions) (*Found, error) {
	switch {
	case o.Unsigned && len(o.Keys) > 0:
		return nil, usagef("a key verifies signatures: unsigned reports need none")
	case o.Unsigned:
		return o.unsigned(ctx, image)
	case len(o.Keys) == 0:
		return nil, usagef("no key to verify with")
	}
	ref, err := o.Registry.parse(image)
	if err != nil {
		return nil, err
	}
	ctx, cancel := o.Registry.withTimeout(ctx)
	defer cancel()
	repo, err := o.Registry.open(ctx, ref.Context(), transport.PullScope)
	if err != nil {
		return nil, err
	}
	res, subjects, err := resolve(ctx, repo, ref, image)
	if err != nil {
		return nil, err
	}
	if subjects, err = o.choose(subjects); err != nil {
		return nil, err
	}
	res.Subjects = make([]SubjectResult, len(subjects))
	reports := make([]scan.Report, len(subjects))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelSubjects)
	for i, s := range subjects {
		g.Go(func() error {
			r, err := o.newest(gctx, repo, s, &res.Subjects[i])
			if err == nil && r != nil {
				reports[i] = *r
			}
			return errors.Wrapf(err, "failed to read the report of %s", s)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if err := res.judge(); err != nil {
		return nil, err
	}
	return &Found{Reference: ref.Context().Digest(res.Digest).String(), Report: joined(reports)}, nil
}

// choose keeps the subjects whose reports are wanted: the platforms of an index
// and not the index itself, whose report lists no packages.
func (o ReportOptions) choose(subjects []subject) ([]subject, error) {
	if len(subjects) > 1 {
		subjects = subjects[1:]
	}
	if o.Platform == "" || subjects[0].platform == "" { // a single manifest's report says its platform
		return subjects, nil
	}
	var ids []string
	for _, s := range subjects {
		ids = append(ids, s.platform)
	}
	i, err := predicate.ChoosePlatform(ids, o.Platform)
	if err != nil {
		return nil, usagef("%v", err)
	}
	return subjects[i : i+1], nil
}

// newest is the newest trusted report of a subject; nil if there is none, with the
// reasons in res.
func (o ReportOptions) newest(ctx context.Context, repo *repository, s subject, res *SubjectResult) (*scan.Report, error) {
	res.Platform, res.Digest = s.platform, s.digest.String()
	good, bad, err := (&policy{keys: o.Keys}).open(ctx, repo, s)
	if err != nil {
		return nil, err
	}
	if len(good) == 0 {
		res.distrust(s, bad)
		return nil, nil
	}
	return &good[0].report, nil
}

func (o ReportOptions) unsigned(ctx context.Context, image string) (*Found, error) {
	img, err := FromImage(ctx, image, o.Registry)
	if err != nil {
		return nil, err
	}
	var reports []scan.Report
	var ids []string
	for _, p := range img.Platforms {
		reports, ids = append(reports, p.Report), append(ids, p.ID)
	}
	if o.Platform != "" {
		i, err := predicate.ChoosePlatform(ids, o.Platform)
		if err != nil {
			return nil, usagef("%v", err)
		}
		reports = reports[i : i+1]
	}
	return &Found{Reference: img.Reference.String(), Report: joined(reports)}, nil
}

func joined(reports []scan.Report) *scan.Report {
	var out *scan.Report
	for i := range reports {
		out = out.Join(&reports[i])
	}
	return out
}
