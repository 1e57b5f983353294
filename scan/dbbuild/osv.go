package dbbuild

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pkg/errors"
)

const (
	maxAdvisory = 4 << 20
	maxFiles    = 500_000
)

// advisory is the part of an OSV record (https://ossf.github.io/osv-schema/)
// that a database is made of.
type advisory struct {
	// file is where it was read from, for errors.
	file string

	ID         string      `json:"id"`
	Published  *time.Time  `json:"published"`
	Modified   *time.Time  `json:"modified"`
	Withdrawn  *time.Time  `json:"withdrawn"`
	Aliases    []string    `json:"aliases"`
	Summary    string      `json:"summary"`
	Details    string      `json:"details"`
	Severity   []severity  `json:"severity"`
	Affected   []affected  `json:"affected"`
	References []reference `json:"references"`
	Database   specific    `json:"database_specific"`
}

type severity struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

type reference struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

type affected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Ranges   []affectedRange `json:"ranges"`
	Versions []string        `json:"versions"`
	Severity []severity      `json:"severity"`
	// Database and Ecosystem are where sources put a severity in words.
	Database  specific `json:"database_specific"`
	Ecosystem specific `json:"ecosystem_specific"`
}

type affectedRange struct {
	Type     string   `json:"type"`
	Events   []event  `json:"events"`
	Database fixDates `json:"database_specific"`
}

type event struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
	Limit        string `json:"limit"`
}

// specific is what is read of the members that OSV leaves to each database.
type specific struct {
	// Severity in words, as GitHub's advisories have it.
	Severity string `json:"severity"`
	// FixState is "wont-fix" for a package that will not be fixed.
	FixState string `json:"fix_state"`
	KEV      *kev   `json:"kev"`
	EPSS     *epss  `json:"epss"`
}

type kev struct {
	DateAdded  string `json:"date_added"`
	DueDate    string `json:"due_date"`
	Ransomware string `json:"ransomware"`
}

type epss struct {
	Score      float64 `json:"score"`
	Percentile float64 `json:"percentile"`
	Date       string  `json:"date"`
}

// UnmarshalJSON passes over anything that is not an object with the members
// read here: other databases put anything into these places.
func (s *specific) UnmarshalJSON(b []byte) error {
	var raw map[string]json.RawMessage
	if json.Unmarshal(b, &raw) != nil {
		return nil
	}
	_ = json.Unmarshal(raw["severity"], &s.Severity)
	for name, into := range map[string]any{"fix_state": &s.FixState, "kev": &s.KEV, "epss": &s.EPSS} {
		if v, ok := raw[name]; ok {
			if err := json.Unmarshal(v, into); err != nil {
				return errors.Wrapf(err, "database_specific.%s", name)
			}
		}
	}
	return nil
}

// fixDates are the fixes of a range and since when there has been each, where
// grype's own feeds put them: {"anchore": {"fixes": [{"version", "date", "kind"}]}}.
type fixDates []fixDate

type fixDate struct {
	Version string `json:"version"`
	Date    string `json:"date"`
	Kind    string `json:"kind"`
}

// UnmarshalJSON passes over anything else: see [specific].
func (f *fixDates) UnmarshalJSON(b []byte) error {
	var raw struct {
		Anchore struct {
			Fixes []fixDate `json:"fixes"`
		} `json:"anchore"`
	}
	if json.Unmarshal(b, &raw) == nil {
		*f = raw.Anchore.Fixes
	}
	return nil
}

// errorAt is an error about a field of the advisory.
func (a advisory) errorAt(field, format string, args ...any) error {
	return errors.Errorf("%s: %s: "+format, append([]any{a.file, field}, args...)...)
}

// readFolder reads all advisories below dir, in the order of their paths. Links
// are not followed.
func readFolder(ctx context.Context, dir string) ([]advisory, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, errors.Wrap(err, "failed to open the folder of advisories")
	}
	defer root.Close()
	var files []string
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		hidden := path != "." && strings.HasPrefix(d.Name(), ".")
		switch {
		case d.IsDir() && hidden:
			return fs.SkipDir
		case d.Type().IsRegular() && !hidden && strings.EqualFold(filepath.Ext(path), ".json"):
			files = append(files, path)
		}
		if len(files) > maxFiles {
			return errors.Errorf("more than %d files", maxFiles)
		}
		return nil
	})
	if err != nil {
		return nil, errors.Wrap(err, "failed to list the folder of advisories")
	}
	slices.Sort(files)
	var out []advisory
	byID := map[string]string{}
	for _, file := range files {
		list, err := readFile(root, file)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			if other, ok := byID[a.ID]; ok {
				return nil, a.errorAt("id", "%s is also in %s", a.ID, other)
			}
			byID[a.ID] = file
		}
		out = append(out, list...)
	}
	return out, nil
}

// readFile reads one advisory, or an array of them.
func readFile(root *os.Root, name string) ([]advisory, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, errors.Wrap(err, "failed to open an advisory")
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxAdvisory+1))
	if err != nil {
		return nil, errors.Wrapf(err, "failed to read %s", name)
	}
	if len(b) > maxAdvisory {
		return nil, errors.Errorf("%s: larger than %d bytes", name, maxAdvisory)
	}
	var list []advisory
	if b = bytes.TrimSpace(b); bytes.HasPrefix(b, []byte("[")) {
		err = json.Unmarshal(b, &list)
	} else {
		list = make([]advisory, 1)
		err = json.Unmarshal(b, &list[0])
	}
	if err != nil {
		return nil, errors.Errorf("%s: %s", name, describeJSON(b, err))
	}
	for i := range list {
		list[i].file = name
		if list[i].ID == "" {
			return nil, list[i].errorAt("id", "is missing")
		}
	}
	return list, nil
}

// describeJSON says where in a document an error is.
func describeJSON(b []byte, err error) string {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		line := bytes.Count(b[:min(int(syntax.Offset), len(b))], []byte("\n")) + 1
		return errors.Errorf("line %d: not JSON: %s", line, err).Error()
	case errors.As(err, &typ):
		return errors.Errorf("%s: want %s, got %s", typ.Field, typ.Type, typ.Value).Error()
	}
	return err.Error()
}
