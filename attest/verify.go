package attest

import (
	"context"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"

	"github.com/scan-build/scan-build/scan"
)

// VerifyOptions are the policy of [Verify].
type VerifyOptions struct {
	Registry Registry
	// Keys are trusted; one of them must have signed.
	Keys []PublicKey
	// FailOn is the severity from which findings reject the image, decided anew
	// over the signed findings of the final image. "none" and empty never do.
	// A signed verdict to block rejects the image in any case.
	FailOn string
	// OnlyFixed leaves findings without a fix out of FailOn's decision.
	OnlyFixed bool
	// Strict counts findings too that the signed policy has accepted: by an
	// exception, a VEX statement or a grace period that is not over.
	Strict bool
	// Policies are digests that must be among the verdict's: of policies that the
	// build's options extend, or of all that decided.
	Policies []string
	// MaxAge bounds how long ago the scan finished, MaxDBAge how long ago its
	// vulnerability database was built. Zero is any age.
	MaxAge, MaxDBAge time.Duration
	// Now is the time that ages are measured at; zero means the current time.
	Now time.Time
}

// Result is what was checked.
type Result struct {
	// Image is the reference as given, Digest what it was resolved to.
	Image  string `json:"image"`
	Digest string `json:"digest"`
	OK     bool   `json:"ok"`
	// Subjects are the index, if there is one, and its platforms.
	Subjects []SubjectResult `json:"subjects"`
}

// SubjectResult is what was checked of one manifest.
type SubjectResult struct {
	// Platform is empty for the image index.
	Platform string `json:"platform,omitempty"`
	Digest   string `json:"digest"`
	OK       bool   `json:"ok"`
	// Checks in the order they were made. The first that finds nothing to go on
	// with (no trusted statement) is the last.
	Checks []Check `json:"checks"`
	// Scan sums up the report that was trusted; nil if there was none.
	Scan *ScanSummary `json:"scan,omitempty"`
	// Notes are things that did not decide: other attestations that were passed
	// over, packages that could not be matched.
	Notes []string `json:"notes,omitempty"`

	rejections []Rejection
}

// Check is one check of a subject.
type Check struct {
	// Name is digest, signature, subject, predicate, age, database, verdict,
	// policy or findings.
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason Reason `json:"reason,omitempty"`
	Detail string `json:"detail"`
}

// ScanSummary is what a trusted report says, in short.
type ScanSummary struct {
	Finished      time.Time      `json:"finished"`
	Scanner       string         `json:"scanner"`
	Database      string         `json:"database"`
	DatabaseBuilt time.Time      `json:"databaseBuilt"`
	Outcome       scan.Outcome   `json:"outcome"`
	PolicyDigest  string         `json:"policyDigest,omitempty"`
	Counts        map[string]int `json:"counts,omitempty"`
}

func (s *SubjectResult) pass(check, detail string) {
	s.Checks = append(s.Checks, Check{Name: check, OK: true, Detail: detail})
}

func (s *SubjectResult) fail(check string, reason Reason, detail string) {
	s.Checks = append(s.Checks, Check{Name: check, Reason: reason, Detail: detail})
	s.rejections = append(s.rejections, Rejection{Reason: reason, Platform: s.Platform, Digest: s.Digest, Message: detail})
}

// Verify checks that an image has scan attestations by a trusted key that
// satisfy the policy. The reference is resolved to a digest once, and the result
// is about that digest. An image index must satisfy the policy itself and with
// every platform.
//
// Of several trusted attestations of a subject the newest counts, so that a
// later scan that blocks overrules an earlier one that passed. One that cannot
// be trusted beside one that can is noted and does no harm.
//
// The result is never nil when the error is nil or a *RejectedError; any other
// error means that the question could not be answered.
func Verify(ctx context.Context, image string, o VerifyOptions) (*Result, error) {
	p, err := o.policy()
	if err != nil {
		return nil, err
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
		return res, err
	}
	res.Subjects = make([]SubjectResult, len(subjects))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelSubjects)
	for i, s := range subjects {
		g.Go(func() error {
			r, err := p.verify(gctx, repo, s)
			if err != nil {
				return errors.Wrapf(err, "failed to verify %s", s)
			}
			res.Subjects[i] = *r
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return res, res.judge()
}

// subject is a manifest to verify.
type subject struct {
	platform string
	digest   v1.Hash
}

func (s subject) String() string {
	if s.platform == "" {
		return s.digest.String()
	}
	return s.platform + " (" + s.digest.String() + ")"
}

// resolve finds what has to be verified: the index and its platforms, or a
// single manifest. The result is set as well if the error is a *RejectedError.
func resolve(ctx context.Context, repo *repository, ref name.Reference, image string) (*Result, []subject, error) {
	top, err := repo.manifest(ctx, ref.Identifier())
	if digestErr := (*digestError)(nil); errors.As(err, &digestErr) {
		s := SubjectResult{Digest: ref.Identifier()}
		s.fail("digest", ReasonTampered, digestErr.Error())
		res := &Result{Image: image, Digest: ref.Identifier(), Subjects: []SubjectResult{s}}
		return res, nil, res.judge()
	}
	if err != nil {
		return nil, nil, errors.Wrapf(err, "failed to resolve %s", image)
	}
	res := &Result{Image: image, Digest: top.digest.String()}
	subjects := []subject{{digest: top.digest}}
	if !top.mediaType.IsIndex() {
		return res, subjects, nil
	}
	idx, err := readIndex(top)
	if err != nil {
		return nil, nil, errors.Wrapf(err, "failed to read index of %s", image)
	}
	for _, p := range idx.platforms {
		subjects = append(subjects, subject{platform: p.id, digest: p.descriptor.Digest})
	}
	return res, subjects, nil
}

// judge sets OK everywhere and returns a *RejectedError unless all is.
func (r *Result) judge() error {
	var rejections []Rejection
	for i := range r.Subjects {
		s := &r.Subjects[i]
		s.OK = len(s.rejections) == 0
		rejections = append(rejections, s.rejections...)
	}
	r.OK = len(rejections) == 0
	if r.OK {
		return nil
	}
	return errors.WithStack(&RejectedError{Image: r.Image, Rejections: rejections})
}
