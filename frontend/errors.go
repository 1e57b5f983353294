package frontend

import (
	"bytes"
	"encoding/base64"
	"encoding/json"

	"github.com/containerd/typeurl/v2"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/pkg/errors"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/scan-build/scan-build/scan"
)

// BlockedError says that the build was stopped by policy. It reaches the
// client of any build, also from a frontend image: errors.As finds it.
type BlockedError struct {
	// Report is the whole scan. Across a frontend image it may be cut down to
	// its verdict.
	Report *scan.Report
	// Message lists what blocks and says what to do.
	Message string
}

func (e *BlockedError) Error() string { return e.Message }

// ToProto implements grpcerrors.TypedError.
func (e *BlockedError) ToProto() grpcerrors.TypedErrorProto {
	return newDetail(kindBlocked, e.Message, e.Report)
}

// ScanError says that a scan could not be done, so that nothing is known about
// the image. The build is stopped.
type ScanError struct {
	Err error
}

func (e *ScanError) Error() string { return "scan could not be done: " + e.Err.Error() }

func (e *ScanError) Unwrap() error { return e.Err }

// GRPCStatus keeps the whole message on the way to a client: of an error that
// came from the engine, BuildKit would send only what the engine said.
func (e *ScanError) GRPCStatus() *status.Status {
	code := grpcerrors.Code(e.Err)
	if code == codes.OK {
		code = codes.Unknown
	}
	return status.New(code, e.Error())
}

// ToProto implements grpcerrors.TypedError.
func (e *ScanError) ToProto() grpcerrors.TypedErrorProto {
	return newDetail(kindFailed, e.Err.Error(), nil)
}

const (
	kindBlocked = "blocked"
	kindFailed  = "failed"
)

// detailType is the name under which the error detail travels.
const detailType = "scan-build.Outcome+json"

// Detail carries a BlockedError or ScanError over gRPC. It is a protobuf
// message because BuildKit carries no other; its JSON form is what travels.
type Detail struct {
	structpb.Struct
}

// RegisterErrors makes this package's errors known to BuildKit's error
// transport. Both ends call it once before they build.
func RegisterErrors() {
	typeurl.Register((*Detail)(nil), "github.com/scan-build/scan-build", detailType)
}

// maxDetail keeps an error small enough for gRPC's trailers.
const maxDetail = 256 << 10

func newDetail(kind, message string, r *scan.Report) *Detail {
	fields := map[string]*structpb.Value{
		"kind":    structpb.NewStringValue(kind),
		"message": structpb.NewStringValue(message),
	}
	if enc := encodeReport(r); enc != "" {
		fields["report"] = structpb.NewStringValue(enc)
	}
	d := &Detail{}
	d.Fields = fields
	return d
}

// WrapError implements grpcerrors.TypedErrorProto: it restores the error that
// newDetail was made from.
func (d *Detail) WrapError(err error) error {
	message := d.Fields["message"].GetStringValue()
	switch d.Fields["kind"].GetStringValue() {
	case kindBlocked:
		return &remoteError{error: err, typed: &BlockedError{Message: message, Report: decodeReport(d.Fields["report"].GetStringValue())}}
	case kindFailed:
		return &remoteError{error: err, typed: &ScanError{Err: errors.New(message)}}
	default:
		return err
	}
}

// remoteError is an error that came over gRPC with the typed error it was.
type remoteError struct {
	error
	typed error
}

func (e *remoteError) Unwrap() []error { return []error{e.error, e.typed} }

// encodeReport packs a report, or what of it fits: without packages, and
// without findings other than the blocking ones.
func encodeReport(r *scan.Report) string {
	if r == nil {
		return ""
	}
	for _, cut := range []func(*scan.Stage){nil, cutPackages, cutFindings} {
		if enc := pack(trimmed(r, cut)); len(enc) <= maxDetail {
			return enc
		}
	}
	return ""
}

func cutPackages(s *scan.Stage) { s.Packages, s.Files, s.Owners, s.Accounts = nil, nil, nil, nil }

func cutFindings(s *scan.Stage) {
	cutPackages(s)
	s.Findings, s.Secrets, s.Misconfigurations, s.External, s.Problems = nil, nil, nil, nil, nil
}

// trimmed copies a report down to its stages and cuts each of them.
func trimmed(r *scan.Report, cut func(*scan.Stage)) *scan.Report {
	if cut == nil {
		return r
	}
	out := *r
	out.Platforms = append([]scan.Platform(nil), r.Platforms...)
	for i := range out.Platforms {
		p := &out.Platforms[i]
		p.Stages = append([]scan.Stage(nil), p.Stages...)
		for j := range p.Stages {
			cut(&p.Stages[j])
		}
	}
	return &out
}

func pack(r *scan.Report) string {
	dt, err := json.Marshal(r)
	if err != nil {
		return ""
	}
	if dt, err = scan.Pack(dt); err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(dt)
}

// decodeReport reads what pack wrote; nil if it is not that.
func decodeReport(s string) *scan.Report {
	dt, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(dt) == 0 {
		return nil
	}
	r := new(scan.Report)
	if err := scan.UnpackJSON(bytes.NewReader(dt), maxOutput, r); err != nil {
		return nil
	}
	return r
}
