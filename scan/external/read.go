package external

import (
	"bytes"
	"cmp"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/nested"
)

// SourcePath is where an analyzer finds what it is to look at: as BuildKit's
// scanner protocol has it.
const SourcePath = "/run/src/core/sbom"

// The bounds of what one run may write.
const (
	MaxFiles = 100
	// MaxFile is of one file, MaxTotal of all of them, in bytes.
	MaxFile  = 64 << 20
	MaxTotal = 128 << 20

	maxDepth    = 100
	maxFindings = 20_000
	maxPackages = 100_000
)

// Analyzer is whose output is read.
type Analyzer struct {
	// Name as in the options.
	Name string
	// Context says that it looked at the build context.
	Context bool
}

// File is one that it wrote.
type File struct {
	Name string
	Data []byte
}

// Output is what one run found. Layers are not set.
type Output struct {
	// Findings are different from each other, sorted by path, line, rule and
	// fingerprint.
	Findings []scan.ExternalFinding
	Packages []scan.Package
	// Problems are what the tool says it could not look at.
	Problems []scan.Problem
	// Suppressed counts what the tool itself says is to be disregarded.
	Suppressed int
	// Elsewhere counts packages of the build context: they are none of the image's.
	Elsewhere int
}

// formats by the ending of a file's name.
var formats = []struct {
	ending string
	read   func(*reader, []byte) error
}{
	{".sarif", (*reader).sarif},
	{".sarif.json", (*reader).sarif},
	{".spdx.json", (*reader).spdx},
	{".cdx.json", (*reader).cyclonedx},
	{".cyclonedx.json", (*reader).cyclonedx},
}

// Endings are those of the files that are read, e.g. for a pattern.
func Endings() []string {
	var out []string
	for _, f := range formats {
		out = append(out, f.ending)
	}
	return out
}

// Known says whether a file of this name is one to read.
func Known(name string) bool {
	return slices.ContainsFunc(Endings(), func(e string) bool { return strings.HasSuffix(name, e) })
}

// Read reads all files of one run. None at all is an error: an analyzer that
// found nothing has to say so.
func Read(a Analyzer, files []File) (Output, error) {
	if len(files) == 0 {
		return Output{}, errors.Errorf("it has written no result: want a file that ends with %s", strings.Join(Endings(), ", "))
	}
	r := &reader{analyzer: a}
	for _, f := range files {
		i := slices.IndexFunc(formats, func(g struct {
			ending string
			read   func(*reader, []byte) error
		}) bool {
			return strings.HasSuffix(f.Name, g.ending)
		})
		if i < 0 {
			return Output{}, errors.Errorf("%s is in no format that is known", path.Base(f.Name))
		}
		if err := r.file(f.Data, formats[i].read); err != nil {
			return Output{}, errors.Wrapf(err, "its result %s cannot be read", path.Base(f.Name))
		}
	}
	return r.output(), nil
}

// reader collects what files say.
type reader struct {
	analyzer Analyzer
	out      Output
	seen     map[string]int
}

func (r *reader) file(data []byte, read func(*reader, []byte) error) error {
	if len(data) > MaxFile {
		return errors.Errorf("has %d bytes, more than %d", len(data), MaxFile)
	}
	if err := nested.JSON(data, maxDepth); err != nil {
		return err
	}
	data, err := predicateOf(data)
	if err != nil {
		return err
	}
	return read(r, data)
}

// predicateOf returns the document that an in-toto statement is about, or the
// document itself: BuildKit's protocol asks for statements, and tools write
// documents.
func predicateOf(data []byte) ([]byte, error) {
	var statement struct {
		Type      string          `json:"_type"`
		Predicate json.RawMessage `json:"predicate"`
	}
	if err := decode(data, &statement); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(statement.Type, "https://in-toto.io/Statement/") {
		return data, nil
	}
	if len(statement.Predicate) == 0 {
		return nil, errors.New("is an in-toto statement without a predicate")
	}
	return statement.Predicate, nil
}

func decode(data []byte, v any) error {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	err := json.Unmarshal(data, v)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return errors.Errorf("line %d: %v", 1+bytes.Count(data[:syntax.Offset], []byte("\n")), err)
	}
	return err
}

func (r *reader) add(f scan.ExternalFinding, parts ...string) error {
	f.Analyzer, f.Context, f.Layer = r.analyzer.Name, r.analyzer.Context, -1
	f.Rule, f.Message, f.URL = text(f.Rule, maxName), text(f.Message, maxMessage), link(f.URL)
	f.Message = cmp.Or(f.Message, f.Rule)
	r.identify(&f, parts)
	if r.out.Findings = append(r.out.Findings, f); len(r.out.Findings) > maxFindings {
		return errors.Errorf("has more than %d findings", maxFindings)
	}
	return nil
}

func (r *reader) addPackage(p scan.Package) error {
	if r.analyzer.Context {
		r.out.Elsewhere++
		return nil
	}
	p.Extractor = r.analyzer.Name
	if r.out.Packages = append(r.out.Packages, p); len(r.out.Packages) > maxPackages {
		return errors.Errorf("has more than %d packages", maxPackages)
	}
	return nil
}

func (r *reader) output() Output {
	slices.SortStableFunc(r.out.Findings, func(a, b scan.ExternalFinding) int {
		return cmp.Or(
			strings.Compare(a.Path, b.Path), a.Line-b.Line, strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.Fingerprint, b.Fingerprint),
		)
	})
	r.out.Findings = slices.Compact(r.out.Findings)
	return r.out
}
