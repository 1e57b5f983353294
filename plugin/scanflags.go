package plugin

import (
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/buildx/build"
	"github.com/pkg/errors"
	"github.com/spf13/pflag"

	"github.com/scan-build/scan-build/frontend"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/report"
	"github.com/scan-build/scan-build/scan/vulndb"
)

// scanFlags are the flags that a scan adds to a build's.
type scanFlags struct {
	values func() (config.Values, error)
	sign   signFlags
}

func addScanFlags(fs *pflag.FlagSet) *scanFlags {
	f := &scanFlags{values: config.RegisterFlags(fs)}
	fs.BoolVar(&f.sign.sign, "sign", false, "Sign the scan's attestations after the push")
	fs.StringVar(&f.sign.key, "key", "", "`FILE` of the cosign private key to sign with; its password is read from COSIGN_PASSWORD or asked for")
	return f
}

// setup is everything that a run needs to scan.
type setup struct {
	flags   config.Values
	reports []report.Target
	// contexts are build contexts that carry the scanner and the database from
	// this machine into the build.
	contexts map[string]string
	args     map[string]string
	image    string
	cleanup  func()
}

// prepare checks the flags and finds what they name, before anything is built.
func (f *scanFlags) prepare(env environment) (*setup, error) {
	values, err := f.values()
	if err != nil {
		return nil, err
	}
	opts, err := values.Options()
	if err != nil {
		return nil, err
	}
	s := &setup{flags: values, contexts: map[string]string{}, args: values.BuildArgs(), cleanup: func() {}}
	if s.reports, err = report.ParseTargets(opts.Reports); err != nil {
		return nil, err
	}
	if err := s.scanner(opts.Scanner, env); err != nil {
		return nil, err
	}
	return s, s.database(values, opts.DB, env)
}

// scanner decides where the binaries come from that run inside the build: what
// --scanner names, else those that stand beside this program, else the image
// of this program's release.
func (s *setup) scanner(ref config.Ref, env environment) error {
	switch ref.Kind {
	case config.RefImage:
		s.image = ref.Value
	case config.RefOCILayout:
		s.contexts[frontend.ScannerContext] = "oci-layout://" + ref.Value
		return checkLayout("--scanner", ref.Value)
	case config.RefPath:
		if !hasScanner(ref.Value) {
			return withCode(exitScanFailed, errors.Errorf("--scanner %s: no scan-analyze and scan-match there", ref.Value))
		}
		s.contexts[frontend.ScannerContext] = ref.Value
	default:
		if dir := env.siblings(); hasScanner(dir) {
			s.contexts[frontend.ScannerContext] = dir
			return nil
		}
		s.image = releasedScanner(env.version)
	}
	return nil
}

func hasScanner(dir string) bool {
	for _, name := range []string{"scan-analyze", "scan-match"} {
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || !st.Mode().IsRegular() {
			return false
		}
	}
	return dir != ""
}

// releasedScanner is the frontend image of a release.
func releasedScanner(version string) string {
	return "docker.io/scanbuild/scan-frontend:" + version
}

// database makes a local database a build context. Without --db, the one that
// `db update` has fetched serves builds that name none themselves.
func (s *setup) database(values config.Values, ref config.Ref, env environment) error {
	if !values.Has("db") {
		st, err := env.store.Status()
		var missing *vulndb.MissingError
		if errors.As(err, &missing) {
			return nil
		}
		s.contexts[frontend.DefaultDatabaseContext] = st.Dir
		return withCode(exitScanFailed, err)
	}
	switch ref.Kind {
	case config.RefOCILayout:
		s.contexts[frontend.DatabaseContext] = "oci-layout://" + ref.Value
		return checkLayout("--db", ref.Value)
	case config.RefPath:
		dir, cleanup, err := databaseFolder(ref.Value)
		if err != nil {
			return withCode(exitScanFailed, errors.Wrapf(err, "--db %s", ref.Value))
		}
		s.cleanup = cleanup
		s.contexts[frontend.DatabaseContext] = dir
	}
	return nil
}

// checkLayout looks for a layout before buildx does, to which a missing one is
// a build that failed.
func checkLayout(flag, ref string) error {
	dir, _, _ := strings.Cut(ref, "@")
	if tag := strings.LastIndex(dir, ":"); tag > strings.LastIndexAny(dir, `/\`) {
		dir = dir[:tag]
	}
	_, err := os.Stat(filepath.Join(dir, "index.json"))
	return withCode(exitScanFailed, errors.Wrapf(err, "%s oci-layout://%s", flag, ref))
}

// databaseFolder returns a folder that holds the database and nothing else: a
// build context is a folder.
func databaseFolder(path string) (dir string, cleanup func(), err error) {
	none := func() {}
	st, err := os.Stat(path)
	if err != nil {
		return "", none, err
	}
	if st.IsDir() {
		return path, none, nil
	}
	dir, err = os.MkdirTemp("", "scan-build-db-")
	if err != nil {
		return "", none, err
	}
	cleanup = func() { _ = os.RemoveAll(dir) }
	if err := linkOrCopy(path, filepath.Join(dir, filepath.Base(path))); err != nil {
		cleanup()
		return "", none, err
	}
	return dir, cleanup, nil
}

func linkOrCopy(from, to string) error {
	if resolved, err := filepath.EvalSymlinks(from); err == nil && os.Link(resolved, to) == nil {
		return nil
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := dst.ReadFrom(src); err != nil {
		_ = dst.Close()
		return err
	}
	return dst.Close()
}

// inject gives a target the scan's contexts and arguments.
func (s *setup) inject(o *build.Options) {
	if o.Inputs.NamedContexts == nil {
		o.Inputs.NamedContexts = map[string]build.NamedContext{}
	}
	if o.BuildArgs == nil {
		o.BuildArgs = map[string]string{}
	}
	for name, path := range s.contexts {
		o.Inputs.NamedContexts[name] = build.NamedContext{Path: path}
	}
	maps.Copy(o.BuildArgs, s.args)
}

// addReport adds a report to those that the flags name.
func (s *setup) addReport(spec string) error {
	t, err := report.ParseTargets([]string{spec})
	s.reports = append(s.reports, t...)
	return err
}
