package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pkg/errors"
	"github.com/spf13/pflag"

	"github.com/scan-build/scan-build/attest"
	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/scan"
)

// maxReport bounds a report that is read.
const maxReport = 256 << 20

// stdinReport stands for standard input where a file is named.
const stdinReport = "-"

// reportFlags say where reports are read from, and whose are believed.
type reportFlags struct {
	keys     []string
	unsigned bool
	platform string
}

func (f *reportFlags) register(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.keys, "key", nil, "`FILE` of a trusted cosign public key, for images; repeatable, one of them must have signed")
	fs.BoolVar(&f.unsigned, "unsigned", false, "Believe the report that an image carries without a signature: whoever can push can write it")
	fs.StringVar(&f.platform, "platform", "", "Only this `PLATFORM` of the image, e.g. linux/arm64")
}

// source is where a report came from.
type source struct {
	// name as given; reference is what an image was resolved to, empty for a file.
	name, reference string
	report          *scan.Report
}

// read reads a report from a file or, of an image, from its registry. Notes that a
// user must see go to notes.
func (f *reportFlags) read(ctx context.Context, arg string, in io.Reader, notes io.Writer) (*source, error) {
	if isReportFile(arg) {
		r, err := readReport(arg, in)
		if err == nil {
			r, err = f.choose(r)
		}
		return &source{name: arg, report: r}, withCode(exitScanFailed, err)
	}
	o := attest.ReportOptions{Registry: registry(), Unsigned: f.unsigned, Platform: f.platform}
	switch {
	case len(f.keys) > 0 && f.unsigned:
		return nil, errors.New("--key and --unsigned exclude each other: a signature is verified or it is not")
	case len(f.keys) == 0 && !f.unsigned:
		return nil, errors.Errorf("--key is missing: the public key that signed the report of %s, or --unsigned to believe it without", arg)
	}
	var err error
	if o.Keys, err = publicKeys(f.keys); err != nil {
		return nil, err
	}
	found, err := attest.Report(ctx, arg, o)
	if err != nil {
		return nil, reportError(errors.Wrapf(err, "failed to read the report of %s", arg))
	}
	if f.unsigned {
		fmt.Fprintf(notes, "Note: the report of %s is not signed: whoever can push to its registry can write it\n", found.Reference)
	}
	r, err := f.choose(found.Report) // of a single manifest only its report knows the platform
	return &source{name: arg, reference: found.Reference, report: r}, withCode(exitScanFailed, err)
}

// choose keeps one platform, if one is asked for.
func (f *reportFlags) choose(r *scan.Report) (*scan.Report, error) {
	if f.platform == "" {
		return r, nil
	}
	var ids []string
	for _, p := range r.Platforms {
		ids = append(ids, p.ID)
	}
	i, err := predicate.ChoosePlatform(ids, f.platform)
	if err != nil {
		return nil, errors.Wrap(err, "--platform")
	}
	one, err := predicate.ScanReport(*r, ids[i])
	return &one, err
}

// reportError gives an error about an image's report its exit code. That there is
// no report to believe is no verdict.
func reportError(err error) error {
	if attest.ClassOf(err) == attest.ClassUsage {
		return withCode(exitFailed, err)
	}
	return withCode(exitScanFailed, err)
}

// isReportFile tells a file from an image: what is there is one, and so is what no
// image is called.
func isReportFile(arg string) bool {
	if arg == stdinReport || strings.HasSuffix(arg, ".json") || strings.HasPrefix(arg, "/") || strings.HasPrefix(arg, ".") {
		return true
	}
	info, err := os.Stat(arg)
	return err == nil && !info.IsDir()
}

// readReport reads a report in the JSON format of --report.
func readReport(file string, in io.Reader) (*scan.Report, error) {
	name := file
	if file == stdinReport {
		name = "standard input"
	} else {
		f, err := os.Open(file)
		if err != nil {
			return nil, errors.Wrap(err, "failed to read the report")
		}
		defer f.Close()
		in = f
	}
	data, err := readAtMost(in, name, maxReport)
	if err != nil {
		return nil, err
	}
	// Of a report of another version, nothing but the version can be relied on.
	var version struct {
		SchemaVersion *int `json:"schemaVersion"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return nil, errors.Wrapf(err, "%s is no report: want the file that --report json=FILE wrote", name)
	}
	if version.SchemaVersion == nil {
		return nil, errors.Errorf("%s is no report: it has no schemaVersion; want the file that --report json=FILE wrote", name)
	}
	if v := *version.SchemaVersion; v != scan.SchemaVersion {
		return nil, errors.Errorf("%s is no report that this version understands: its schemaVersion is %d, not %d", name, v, scan.SchemaVersion)
	}
	r := new(scan.Report)
	return r, errors.Wrapf(json.Unmarshal(data, r), "%s is no report: want the file that --report json=FILE wrote", name)
}
