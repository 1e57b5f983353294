package frontend

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/result"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/report"
)

// statement is one attestation that a scan adds to a platform.
type statement struct {
	predicateType, file string
	body                func(r *scan.Report, platform string) ([]byte, error)
}

func statements() []statement {
	return []statement{
		{predicate.TypeSPDX, "sbom.spdx.json", func(r *scan.Report, platform string) ([]byte, error) {
			doc, err := report.SPDX(r, platform)
			if err != nil {
				return nil, err
			}
			var buf bytes.Buffer
			err = json.Compact(&buf, doc)
			return buf.Bytes(), err
		}},
		{predicate.TypeVulns, "vulns.json", func(r *scan.Report, platform string) ([]byte, error) {
			return encode(predicate.VulnsV02(*r, platform))
		}},
		{predicate.TypeReport, "report.json", func(r *scan.Report, platform string) ([]byte, error) {
			return encode(predicate.ScanReport(*r, platform))
		}},
	}
}

func encode[T any](v T, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return predicate.Encode(v)
}

// AttachOptions say how the result will be exported.
type AttachOptions struct {
	// Always attaches the statements in every export that can be made to hold
	// them, an OCI layout among them. Without it they go into images only: what a
	// frontend image, which cannot know the export, has to do lest a folder of
	// files gets three more.
	Always bool
}

// Attach adds the scan's attestations to the build's result: per platform the
// SBOM (unless the build has one already), the vulnerabilities and the full
// report; and with them the cache records of the analyses.
func (o *Outcome) Attach(ctx context.Context, res *gwclient.Result, opt AttachOptions) error {
	dropScans(res)
	for i := range o.Report.Platforms {
		p := &o.Report.Platforms[i]
		if err := o.attachStatements(ctx, res, p.ID, opt); err != nil {
			return err
		}
	}
	o.attachCarriers(res)
	return nil
}

func (o *Outcome) attachStatements(ctx context.Context, res *gwclient.Result, platform string, opt AttachOptions) error {
	for _, st := range statements() {
		if st.predicateType == predicate.TypeSPDX && hasSBOM(res, platform) {
			continue
		}
		body, err := st.body(o.Report, platform)
		if err != nil {
			return errors.Wrapf(err, "failed to write attestation %s", st.predicateType)
		}
		file, err := o.file(body, st.file)
		if err != nil {
			return errors.Wrapf(err, "failed to attach %s of %s", st.predicateType, platform)
		}
		ref, err := o.solver.solveState(ctx, file)
		if err != nil {
			return errors.Wrap(err, "failed to attach attestation")
		}
		res.AddAttestation(platform, gwclient.Attestation{
			Kind:     gwpb.AttestationKind_InToto,
			Ref:      ref,
			Path:     "/" + st.file,
			Metadata: metadata(!opt.Always),
			InToto:   result.InTotoAttestation{PredicateType: st.predicateType},
		})
	}
	return nil
}

// file is the state of one file of any size that BuildKit's exporter takes.
func (o *Outcome) file(body []byte, name string) (llb.State, error) {
	title := "[scan] attest " + name
	if len(body) > predicate.MaxSize {
		return llb.State{}, errors.Errorf("it has %d bytes, BuildKit takes at most %d", len(body), predicate.MaxSize)
	}
	if len(body) <= maxInline {
		return llb.Scratch().File(llb.Mkfile("/"+name, 0o644, body), llb.WithCustomName(title)), nil
	}
	packed, err := scan.Pack(body)
	if err != nil {
		return llb.State{}, err
	}
	if len(packed) > maxInline {
		return llb.State{}, errors.Errorf("it has %d bytes packed, at most %d can be attached", len(packed), maxInline)
	}
	return largeFile(o.tools.match, packed, name, title, llb.Platform(o.solver.native)), nil
}

// scanReason marks the attestations of a scan.
const scanReason = "scan"

// dropScans removes what a frontend image attached that scanned the result
// before: a frontend is chosen by the Dockerfile, so its word is not taken.
func dropScans(res *gwclient.Result) {
	for platform, as := range res.Attestations {
		res.Attestations[platform] = slices.DeleteFunc(as, func(a gwclient.Attestation) bool {
			return string(a.Metadata[result.AttestationReasonKey]) == scanReason || a.InToto.PredicateType == predicate.TypeVulns || a.InToto.PredicateType == predicate.TypeReport
		})
	}
}

// metadata marks an attestation of a scan. inlineOnly keeps it out of exports
// that are plain files.
func metadata(inlineOnly bool) map[string][]byte {
	return map[string][]byte{
		result.AttestationInlineOnlyKey: []byte(strconv.FormatBool(inlineOnly)),
		result.AttestationReasonKey:     []byte(scanReason),
	}
}

func hasSBOM(res *gwclient.Result, platform string) bool {
	for _, a := range res.Attestations[platform] {
		if a.InToto.PredicateType == predicate.TypeSPDX || string(a.Metadata[result.AttestationReasonKey]) == result.AttestationReasonSBOM {
			return true
		}
	}
	return false
}

// results are those of all operations on layers.
func (p *plan) results() []gwclient.Reference {
	var out []gwclient.Reference
	for _, a := range p.analyses {
		out = append(out, a.ref)
	}
	for _, r := range p.external {
		out = append(out, r.ref)
	}
	return out
}

// attachCarriers makes the analyses part of the result's cache: one empty
// bundle for each, see carrierPath.
func (o *Outcome) attachCarriers(res *gwclient.Result) {
	if len(o.Report.Platforms) == 0 {
		return
	}
	platform := o.Report.Platforms[0].ID
	for _, ref := range o.plan.results() {
		res.AddAttestation(platform, gwclient.Attestation{
			Kind:     gwpb.AttestationKind_Bundle,
			Ref:      ref,
			Path:     carrierPath,
			Metadata: metadata(true),
		})
	}
}
