package extract

import (
	"io"
	"io/fs"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/layer"
)

const (
	osReleaseName = "os/osrelease"
	maxOSRelease  = 64 << 10
)

// readOSRelease reads os-release where os-release(5) says it is: /etc before
// /usr/lib, either of which may be a symlink.
func readOSRelease(view layer.View) (*scan.OSRelease, *scan.Problem) {
	for _, name := range []string{"etc/os-release", "usr/lib/os-release"} {
		real, err := view.Resolve(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var b []byte
		if err == nil {
			b, err = readSmall(view, real)
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, &scan.Problem{Path: name, Extractor: osReleaseName, Message: message(err), Fatal: true}
		}
		r := parseOSRelease(string(b))
		r.Path = ValidPath(real)
		return r, nil
	}
	return nil, nil
}

func readSmall(view layer.View, name string) ([]byte, error) {
	f, err := view.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxOSRelease+1))
	if err != nil {
		return nil, errors.Wrap(err, "failed to read")
	}
	if len(b) > maxOSRelease {
		return nil, errors.Errorf("larger than %d bytes", maxOSRelease)
	}
	return b, nil
}

// parseOSRelease reads the shell-like assignments of os-release(5). A missing
// ID means "linux", as it says there.
func parseOSRelease(s string) *scan.OSRelease {
	v := map[string]string{}
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		key, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		v[strings.TrimSpace(key)] = unquote(strings.TrimSpace(value))
	}
	r := &scan.OSRelease{
		ID: v["ID"], VersionID: v["VERSION_ID"], Version: v["VERSION"],
		Codename: v["VERSION_CODENAME"], PrettyName: v["PRETTY_NAME"], SupportEnd: v["SUPPORT_END"],
		IDLike: strings.Fields(v["ID_LIKE"]),
	}
	if r.ID == "" {
		r.ID = "linux"
	}
	return r
}

// unquote undoes shell quoting as far as os-release(5) allows it.
func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		quote := s[0]
		s = s[1 : len(s)-1]
		if quote == '\'' {
			return validText(s)
		}
	}
	if !strings.Contains(s, `\`) {
		return validText(s)
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return validText(b.String())
}
