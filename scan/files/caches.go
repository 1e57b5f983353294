package files

import (
	"path"
	"strings"
)

// systemCaches are directories that hold what package managers download, and the
// pattern of the files in them that count; an empty one is everything below.
var systemCaches = []struct{ dir, pattern string }{
	{"var/cache/apt/archives/partial", "*.deb"},
	{"var/cache/apt/archives", "*.deb"},
	{"var/cache/apt", "*.bin"},
	{"var/lib/apt/lists", ""},
	{"var/cache/apk", ""},
	{"var/cache/dnf", ""},
	{"var/cache/libdnf5", ""},
	{"var/cache/yum", ""},
	{"var/cache/zypp", ""},
	{"var/cache/pacman/pkg", ""},
	{"usr/local/share/.cache/yarn", ""},
}

// homeCaches are the same below a home directory.
var homeCaches = []string{
	".cache/pip", ".cache/pipenv", ".cache/pypoetry", ".cache/uv", ".cache/go-build", ".cache/yarn", ".cache/pnpm", ".cache/composer",
	".npm/_cacache", ".cargo/registry/cache", ".gradle/caches", ".bundle/cache", "go/pkg/mod/cache",
}

// cacheOf returns the package manager's cache that a file belongs to, empty for
// none.
func cacheOf(p string) string {
	if len(p) < 5 {
		return ""
	}
	switch p[:5] {
	case "var/c", "var/l", "usr/l":
		for _, c := range systemCaches {
			if rest, ok := strings.CutPrefix(p, c.dir+"/"); ok && countsInCache(c.pattern, rest) {
				return c.dir
			}
		}
	case "root/":
		return homeCache(p, len("root"))
	case "home/":
		if i := strings.IndexByte(p[5:], '/'); i > 0 {
			return homeCache(p, 5+i)
		}
	}
	return ""
}

// countsInCache leaves out what a cleaned cache still has: apt's lock.
func countsInCache(pattern, rest string) bool {
	if pattern == "" {
		return rest != "lock"
	}
	ok, err := path.Match(pattern, rest)
	return ok && err == nil
}

// homeCache is cacheOf below the home directory p[:home].
func homeCache(p string, home int) string {
	rest := p[home+1:]
	if rest == "" || rest[0] != '.' && rest[0] != 'g' {
		return ""
	}
	for _, dir := range homeCaches {
		if strings.HasPrefix(rest, dir) && len(rest) > len(dir) && rest[len(dir)] == '/' {
			return p[:home+1+len(dir)]
		}
	}
	return ""
}
