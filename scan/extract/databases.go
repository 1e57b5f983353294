package extract

import (
	"bytes"
	"context"
	"slices"
	"strings"

	cpb "github.com/google/osv-scalibr/binary/proto/config_go_proto"
	scalibr "github.com/google/osv-scalibr/extractor"
	"github.com/google/osv-scalibr/extractor/filesystem/os/apk"
	"github.com/google/osv-scalibr/extractor/filesystem/os/dpkg"
	dpkgmeta "github.com/google/osv-scalibr/extractor/filesystem/os/dpkg/metadata"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

const apkMaxSize = 128 * mib

// apkDatabases are the paths of apk's database of installed packages.
var apkDatabases = []string{"lib/apk/db/installed", "usr/lib/apk/db/installed", "var/lib/apk/db/installed"}

// noPackages claims a file that is read in another way.
func noPackages(context.Context, *input) ([]scan.Package, error) { return nil, nil }

// dpkgDatabase reads dpkg's status file, and the status.d folder of distroless
// images. Packages of which only the configuration is left are dropped; those
// that are unpacked or half configured have their files in place and stay.
func dpkgDatabase() func(context.Context, *input) ([]scan.Package, error) {
	e := must(dpkg.New(&cpb.PluginConfig{PluginSpecific: []*cpb.PluginSpecificConfig{{
		Config: &cpb.PluginSpecificConfig_Dpkg{Dpkg: &cpb.DpkgConfig{IncludeNotInstalled: true}},
	}}}))
	return func(ctx context.Context, in *input) ([]scan.Package, error) {
		b, err := in.content()
		if err != nil {
			return nil, err
		}
		single := strings.Contains(in.path, "status.d/")
		if single && !bytes.HasPrefix(b, []byte("Package:")) && !bytes.Contains(b, []byte("\nPackage:")) {
			// Something else that was put there.
			return nil, nil
		}
		if err := checkDpkg(b, single); err != nil {
			return nil, err
		}
		// scalibr swallows what is wrong with a file below status.d.
		found, err := runScalibr(ctx, e, in, strings.Replace(in.path, "status.d", "status", 1), bytes.NewReader(b), in.size)
		if err != nil {
			return nil, err
		}
		installed := make([]*scalibr.Package, 0, len(found))
		for _, p := range found {
			if m, ok := p.Metadata.(*dpkgmeta.Metadata); !ok || dpkgInstalled(m.Status) {
				installed = append(installed, p)
			}
		}
		out := convert(installed)
		if len(out) == 0 && !single && hasEntries(in, "var/lib/dpkg/info", ".list") {
			return nil, errors.New("no package in the database, but packages are installed: it is truncated or overwritten")
		}
		if !single {
			return out, unlisted(in, found)
		}
		return out, nil
	}
}

// unlisted warns of packages that have their list of files and are not in the
// database: that is how one looks that was cut off between two packages, or from
// which packages were hidden.
func unlisted(in *input, found []*scalibr.Package) error {
	entries, err := in.view.ReadDir("var/lib/dpkg/info")
	if err != nil {
		return nil //nolint:nilerr // a slimmed image has none
	}
	known := make(map[string]bool, len(found))
	for _, p := range found {
		known[p.Name] = true
	}
	var missing []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".list"); ok {
			if name, _, _ = strings.Cut(name, ":"); !known[name] {
				missing = append(missing, name)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return &warning{errors.Errorf("%d packages have files but are not in the database, first %q: their vulnerabilities cannot be found", len(missing), missing[0])}
}

// dpkgInstalled tells from "want flag status" whether a package's files are
// there. Distroless has no status: what is listed is there.
func dpkgInstalled(status string) bool {
	f := strings.Fields(status)
	if len(f) == 0 {
		return true
	}
	switch f[len(f)-1] {
	case "not-installed", "config-files":
		return false
	}
	return true
}

// checkDpkg finds what dpkg itself would refuse and what a cut-off file looks
// like; scalibr skips such stanzas without a word.
func checkDpkg(b []byte, single bool) error {
	if bytes.IndexByte(b, 0) >= 0 {
		return errors.New("not a text file")
	}
	if len(b) > 0 && b[len(b)-1] != '\n' && !single {
		return errors.New("the last line is cut off: the database is truncated")
	}
	for i, s := range stanzas(b) {
		f := fields(s, "Package", "Version", "Status")
		switch {
		case f[0] == "":
			return errors.Errorf("stanza %d has no package name: the database is truncated or broken", i+1)
		case !single && len(strings.Fields(f[2])) != 3:
			return errors.Errorf("package %q has no valid status: the database is truncated or broken", f[0])
		case f[1] == "" && dpkgInstalled(f[2]):
			return errors.Errorf("package %q has no version: the database is truncated or broken", f[0])
		}
	}
	return nil
}

// apkDatabase reads apk's database of installed packages.
func apkDatabase() func(context.Context, *input) ([]scan.Package, error) {
	e := must(apk.New(config()))
	return func(ctx context.Context, in *input) ([]scan.Package, error) {
		b, err := in.content()
		if err != nil {
			return nil, err
		}
		if err := checkAPK(b); err != nil {
			return nil, err
		}
		found, err := runScalibr(ctx, e, in, in.path, bytes.NewReader(b), in.size)
		if err != nil {
			return nil, err
		}
		out := convert(found)
		if len(out) == 0 && hasContent(in, "etc/apk/world") {
			return nil, errors.New("no package in the database, but etc/apk/world asks for some: it is truncated or overwritten")
		}
		return out, nil
	}
}

// checkAPK holds a database to what apk-tools writes: a blank line after every
// package, a name and a version in each.
func checkAPK(b []byte) error {
	if len(b) > 0 && b[len(b)-1] != '\n' {
		return errors.New("the last line is cut off: the database is truncated")
	}
	for i, s := range stanzas(b) {
		f := fields(s, "P", "V")
		if f[0] == "" || f[1] == "" {
			return errors.Errorf("package %d (%q) has no name or no version: the database is truncated or broken", i+1, f[0])
		}
	}
	return nil
}

// stanzas splits at blank lines.
func stanzas(b []byte) [][]byte {
	var out [][]byte
	for len(b) > 0 {
		b = bytes.TrimLeft(b, "\n")
		end := bytes.Index(b, []byte("\n\n"))
		if end < 0 {
			end = len(b)
		}
		if len(bytes.TrimSpace(b[:end])) > 0 {
			out = append(out, b[:end])
		}
		b = b[end:]
	}
	return out
}

// fields returns the values of single-line fields, in the order of their names.
func fields(stanza []byte, names ...string) []string {
	out := make([]string, len(names))
	for line := range bytes.Lines(stanza) {
		for i, n := range names {
			if len(line) > len(n) && line[len(n)] == ':' && strings.EqualFold(string(line[:len(n)]), n) {
				out[i] = strings.TrimSpace(string(line[len(n)+1:]))
			}
		}
	}
	return out
}

func hasEntries(in *input, dir, suffix string) bool {
	entries, err := in.view.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			return true
		}
	}
	return false
}

func hasContent(in *input, name string) bool {
	b, err := readSmall(in.view, name)
	return err == nil && len(bytes.TrimSpace(b)) > 0
}
