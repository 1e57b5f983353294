package extract

import (
	"bytes"
	"compress/zlib"
	"context"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"io"

	"github.com/pkg/errors"
	"github.com/tidwall/gjson"

	"github.com/scan-build/scan-build/scan"
)

const (
	auditableSection = ".dep-v0"
	auditableMax     = 8 * mib
	auditableMaxJSON = 64 * mib
)

// cargoAuditable reads the dependency list that cargo auditable puts into a
// section of a Rust binary, compressed with zlib. scalibr's extractor inflates it
// without a limit. https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md
func cargoAuditable(_ context.Context, in *input) ([]scan.Package, error) {
	section := auditableData(in.reader)
	if section == nil {
		return nil, nil
	}
	compressed, err := readLimited(section, auditableMax)
	if err != nil {
		return nil, errors.Wrap(err, "failed to read "+auditableSection)
	}
	z, err := zlib.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, errors.Wrap(err, "failed to inflate "+auditableSection)
	}
	defer z.Close()
	b, err := readLimited(z, auditableMaxJSON)
	if err != nil {
		return nil, errors.Wrap(err, "failed to inflate "+auditableSection)
	}
	doc, err := parseJSON(b)
	if err != nil {
		return nil, err
	}
	var out []scan.Package
	doc.Get("packages").ForEach(func(_, p gjson.Result) bool {
		if p.Get("kind").Str != "build" {
			out = append(out, scan.Package{Name: text(p.Get("name")), Version: text(p.Get("version")), Type: "cargo"})
		}
		return true
	})
	return withVersion(out), nil
}

// auditableData finds the section; nil if the file has none, or is no binary
// that Rust makes.
func auditableData(r io.ReaderAt) io.Reader {
	if f, err := elf.NewFile(r); err == nil {
		if s := f.Section(auditableSection); s != nil && s.Type != elf.SHT_NOBITS {
			return s.Open()
		}
		return nil
	}
	if f, err := pe.NewFile(r); err == nil {
		if s := f.Section(auditableSection); s != nil {
			return s.Open()
		}
		return nil
	}
	if f, err := macho.NewFile(r); err == nil {
		if s := f.Section(auditableSection); s != nil {
			return s.Open()
		}
	}
	return nil
}

// readLimited reads all there is, and fails if that is more than a limit.
func readLimited(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, errors.Errorf("more than %d bytes", limit)
	}
	return b, nil
}
