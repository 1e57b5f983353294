package check

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

var day = time.Date(2026, 2, 3, 10, 0, 0, 0, time.UTC)

// report makes a report of an image that no check finds anything about.
func report() *scan.Report {
	return &scan.Report{Finished: day, Platforms: []scan.Platform{{
		ID: "linux/amd64",
		Image: &scan.ImageConfig{
			User: "app", Healthcheck: true, ExposedPorts: []string{"8080/tcp"}, EnvNames: []string{"PATH", "LANG"},
		},
		Stages: []scan.Stage{{
			Name: "final", Final: true, OS: &scan.OSRelease{ID: "debian", PrettyName: "Debian 12"}, EndOfLife: "2028-06-30",
			Layers: []scan.Layer{
				{Base: "debian:12", Instruction: "ADD rootfs /", File: "Dockerfile", StartLine: 1, EndLine: 1},
				{Base: "debian:12", Instruction: "CMD", File: "Dockerfile", StartLine: 1, EndLine: 1},
				{Instruction: "COPY . /app", File: "Dockerfile", StartLine: 2, EndLine: 2},
				{Instruction: "RUN make", File: "Dockerfile", StartLine: 3, EndLine: 3},
			},
			Packages: []scan.Package{{Name: "libc6", Version: "2.36", Type: "deb", Path: "var/lib/dpkg/status"}},
			Base:     &scan.Base{Ref: "debian:12@sha256:aa", Name: "docker.io/library/debian", Tag: "12", Digest: "sha256:aa", Pinned: true},
			Accounts: &scan.Accounts{Users: []int{0, 1000}, Groups: []int{0, 1000}, Names: map[string]int{"root": 0, "app": 1000, "toor": 0}},
		}},
	}}}
}

// seen lists what Evaluate finds in all stages.
func seen(r *scan.Report) []string {
	Evaluate(r)
	var out []string
	for _, s := range r.AllStages() {
		for _, m := range s.Misconfigurations {
			out = append(out, fmt.Sprintf("%s %d: %s", m.Check, m.Layer, m.Message))
		}
	}
	return out
}

func fact(kind, path string, layer int) scan.FileFact {
	return scan.FileFact{Kind: kind, Path: path, Layer: layer}
}

func TestFacts(t *testing.T) {
	type image = scan.ImageConfig
	type stage = scan.Stage
	for name, tc := range map[string]struct {
		change func(*image, *stage)
		want   []string
	}{
		"nothing":                {func(*image, *stage) {}, nil},
		"root":                   {func(i *image, _ *stage) { i.User = "root:root" }, []string{"root-user -1: USER root:root is root"}},
		"id 0":                   {func(i *image, _ *stage) { i.User = "0:0" }, []string{"root-user -1: USER 0:0 is root"}},
		"id 0 by name":           {func(i *image, _ *stage) { i.User = "toor" }, []string{"root-user -1: USER toor has the id 0 in /etc/passwd, which is root's"}},
		"group 0 alone":          {func(i *image, _ *stage) { i.User = "1001:0" }, nil},
		"user that nobody knows": {func(i *image, _ *stage) { i.User = "stranger" }, nil},
		"no user":                {func(i *image, _ *stage) { i.User = "" }, []string{"no-user -1: the image's configuration has no user: containers run as root"}},
		"no health check":        {func(i *image, _ *stage) { i.Healthcheck = false }, []string{"no-healthcheck -1: neither the Dockerfile nor the base image has a HEALTHCHECK"}},
		"ports": {func(i *image, _ *stage) {
			i.ExposedPorts = []string{"443/tcp", "80", "22/tcp", "53/udp", "3000-3010", "x"}
		}, []string{"ssh-port -1: EXPOSE 22/tcp: port of SSH", "privileged-port -1: EXPOSE 443/tcp: port below 1024", "privileged-port -1: EXPOSE 53/udp: port below 1024", "privileged-port -1: EXPOSE 80: port below 1024"}},
		"socket in configuration": {func(i *image, _ *stage) {
			i.Volumes = []string{"/var/run/docker.sock", "/data"}
			i.Labels = map[string]string{"RUN": "docker run -v /var/run/docker.sock:/x img"}
		}, []string{"docker-socket -1: VOLUME /var/run/docker.sock is an engine's socket", "docker-socket -1: label RUN mounts docker.sock"}},
		"secret names": {func(i *image, _ *stage) { i.EnvNames = []string{"DB_PASSWORD", "GPG_KEY"} }, []string{"secret-env -1: ENV DB_PASSWORD is named like a secret"}},
		"latest": {func(_ *image, s *stage) {
			s.Base = &scan.Base{Ref: "debian:latest", Name: "docker.io/library/debian", Tag: "latest"}
		}, []string{"base-latest 0: FROM debian:latest"}},
		"untagged": {func(_ *image, s *stage) {
			s.Base = &scan.Base{Ref: "debian", Name: "docker.io/library/debian", Tag: "latest", Untagged: true}
		}, []string{"base-latest 0: FROM debian names no tag, which means latest"}},
		"latest, but pinned":  {func(_ *image, s *stage) { s.Base.Tag = "latest" }, nil},
		"base of no registry": {func(_ *image, s *stage) { s.Base = &scan.Base{Ref: "oci-layout://x"} }, nil},
		"unpinned":            {func(_ *image, s *stage) { s.Base.Pinned, s.Base.Ref = false, "debian:12" }, []string{"base-unpinned 0: FROM debian:12 has no digest: it is sha256:aa now"}},
		"moved":               {func(_ *image, s *stage) { s.Base.CurrentDigest = "sha256:bb" }, []string{"base-tag-moved 0: FROM debian:12@sha256:aa: the tag 12 is sha256:bb now"}},
		"gone":                {func(_ *image, s *stage) { s.Base.Missing = true }, []string{"base-tag-gone 0: FROM debian:12@sha256:aa: the registry does not have the tag 12 any more"}},
		"old release":         {func(_ *image, s *stage) { s.EndOfLife = "2026-02-01" }, []string{"eol-distribution 0: Debian 12 reached its end of life on 2026-02-01"}},
		"last day":            {func(_ *image, s *stage) { s.EndOfLife = "2026-02-03" }, nil},
		"old by os-release":   {func(_ *image, s *stage) { s.EndOfLife, s.OS.SupportEnd = "", "2025-11-26" }, []string{"eol-distribution 0: Debian 12 reached its end of life on 2025-11-26"}},
		"files of one kind": {func(_ *image, s *stage) {
			s.Files = []scan.FileFact{
				{Kind: scan.FileGit, Path: "app/.git", Dir: true, Size: 2_100_000, Layer: 2}, fact(scan.FileGit, "app/b/.git", 2), fact(scan.FileGit, "app/c/.git", 2),
				fact(scan.FileGit, "app/d/.git", 2), fact(scan.FileGit, "app/e/.git", 2), fact(scan.FileGit, "x/.git", 0), fact(scan.FileGit, "y/.git", 1),
			}
		}, []string{
			"git-directory 0: /x/.git and /y/.git are in the image: base image debian:12",
			"git-directory 2: /app/.git (2.1 MB), /app/b/.git, /app/c/.git and 2 more are in the image: COPY . /app",
		}},
		"one file": {func(_ *image, s *stage) {
			s.Files = []scan.FileFact{{Kind: scan.FileGit, Path: "app/.git", Dir: true, Size: 2_100_000, Layer: 2}}
		}, []string{"git-directory 2: /app/.git (2.1 MB) is in the image: COPY . /app"}},
		"removed leak": {func(_ *image, s *stage) {
			s.Files = []scan.FileFact{{Kind: scan.FileSSHKey, Path: "root/.ssh/id_rsa", Layer: 2, Removed: 3}, fact(scan.FileSSHKey, "root/.ssh/id_rsa.pub", 2)}
		}, []string{"ssh-key 2: /root/.ssh/id_rsa is in the image, deleted by a later layer but still in this one: COPY . /app"}},
		"examples and packages": {func(_ *image, s *stage) {
			s.Files = []scan.FileFact{
				fact(scan.FileEnv, "app/.env.example", 2), fact(scan.FileEnv, "app/.env.sample", 2), fact(scan.FileEnv, "app/example.env", 2),
				{Kind: scan.FileSSHKey, Path: "usr/share/doc/x/id_rsa", Package: "x", Layer: 0},
				{Kind: scan.FileSetuid, Path: "usr/bin/su", Mode: "4755", Package: "util-linux", Layer: 0},
				{Kind: scan.FileSetuid, Path: "app/gone", Mode: "4755", Layer: 2, Removed: 3},
				{Kind: scan.FileSetgid, Path: "app/shared", Mode: "2775", Dir: true, Layer: 2},
				{Kind: scan.FileWorldWritable, Path: "app/tmp", Mode: "1777", Dir: true, Layer: 2},
				{Kind: scan.FileWorldWritable, Path: "dev/null", Mode: "0666", Layer: 0},
				{Kind: scan.FileWorldWritable, Path: "app/gone", Mode: "0666", Layer: 2, Removed: 3},
			}
		}, nil},
		"permissions": {func(_ *image, s *stage) {
			s.Files = []scan.FileFact{
				{Kind: scan.FileSetgid, Path: "app/both", Mode: "6755", Layer: 2}, {Kind: scan.FileSetuid, Path: "app/both", Mode: "6755", Layer: 2},
				{Kind: scan.FileWorldWritable, Path: "app/data", Mode: "0777", Dir: true, Layer: 3},
			}
		}, []string{
			"setuid-file 2: /app/both (mode 6755) is setuid or setgid and of no package: COPY . /app",
			"world-writable 3: /app/data (mode 0777) is writable for everybody: RUN make",
		}},
		"setuid by the package and after it": {func(_ *image, s *stage) {
			s.Packages = []scan.Package{{Name: "sudo", Type: "deb", First: 2, Last: 2}, {Name: "bash", Type: "deb", First: 0, Last: 0}}
			s.Files = []scan.FileFact{
				{Kind: scan.FileSetuid, Path: "usr/bin/sudo", Mode: "4755", Package: "sudo", Layer: 2},
				{Kind: scan.FileSetuid, Path: "usr/bin/bash", Mode: "4755", Package: "bash", Layer: 3},
			}
		}, []string{
			"setuid-file 3: /usr/bin/bash (mode 4755) was made setuid or setgid after its package had been installed: RUN make",
			"sudo-installed 2: sudo  is installed: COPY . /app",
		}},
		"owners": {func(i *image, s *stage) {
			i.User = "2000"
			s.Owners = []scan.Owner{
				{UID: 1000, GID: 1000, Count: 1, Path: "a", Layer: 2}, {UID: 2000, GID: 2000, Count: 1, Path: "b", Layer: 2},
				{UID: 501, GID: 20, Count: 3, Path: "c", Layer: 2}, {UID: 0, GID: 33, Count: 1, Path: "d", Layer: 3},
			}
		}, []string{
			"unknown-owner 2: /c and 2 more belong to user 501 and group 20, which the image does not know: COPY . /app",
			"unknown-owner 3: /d belongs to group 33, which the image does not know: RUN make",
		}},
		"owners without accounts": {func(_ *image, s *stage) {
			s.Accounts, s.Owners = nil, []scan.Owner{{UID: 501, GID: 20, Count: 3, Path: "c", Layer: 2}}
		}, nil},
		"caches": {func(_ *image, s *stage) {
			s.Files = []scan.FileFact{
				{Kind: scan.FilePackageCache, Path: "var/lib/apt/lists", Size: 19_400_000, Layer: 3}, {Kind: scan.FilePackageCache, Path: "root/.cache/pip", Size: 600_000, Layer: 3},
				{Kind: scan.FilePackageCache, Path: "var/cache/apt", Size: 99_000, Layer: 2}, {Kind: scan.FilePackageCache, Path: "var/cache/base", Size: 99_000_000, Layer: 0},
			}
		}, []string{"package-cache 3: 20 MB in /var/lib/apt/lists (19.4 MB) and /root/.cache/pip (600 kB) left by package managers: RUN make"}},
		"sudo": {func(_ *image, s *stage) {
			s.Packages = append(s.Packages, scan.Package{Name: "sudo", Version: "1.9", Type: "deb", First: 3}, scan.Package{Name: "sudo", Version: "1", Type: "npm"})
		}, []string{"sudo-installed 3: sudo 1.9 is installed: RUN make"}},
		"programs of the base": {func(_ *image, s *stage) {
			s.Files = []scan.FileFact{
				fact(scan.FileProgram, "opt/a", 0), fact(scan.FileProgram, "opt/b", 1), fact(scan.FileProgram, "opt/go", 0), fact(scan.FileProgram, "app/own", 2),
				fact(scan.FileProgram, "usr/local/lib/node_modules/npm/bin/npm", 0), fact(scan.FileProgram, "usr/local/lib/python3.12/site-packages/x/x.so", 0),
			}
			s.Packages = append(s.Packages,
				scan.Package{Name: "m", Type: "golang", Path: "opt/go"},
				scan.Package{Name: "npm", Type: "npm", Path: "usr/local/lib/node_modules/npm/package.json"},
				scan.Package{Name: "pip", Type: "pypi", Path: "usr/local/lib/python3.12/site-packages/pip.dist-info/METADATA"})
		}, []string{"unexplained-program 0: 2 programs, /opt/a and /opt/b belong to no package: base image debian:12"}},
		"socket file": {func(_ *image, s *stage) {
			s.Files = []scan.FileFact{fact(scan.FileSocket, "run/docker.sock", 3), fact(scan.FileSocket, "run/app.sock", 3)}
		}, []string{"docker-socket 3: /run/docker.sock is the socket of an engine: RUN make"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := report()
			tc.change(r.Platforms[0].Image, &r.Platforms[0].Stages[0])
			if diff := cmp.Diff(tc.want, seen(r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEvaluatingAgainChangesNothing(t *testing.T) {
	r := sample.Configured()
	Evaluate(r)
	first := map[string][]scan.Misconfiguration{}
	for _, s := range r.AllStages() {
		first[s.Name] = s.Misconfigurations
	}
	Evaluate(r)
	for _, s := range r.AllStages() {
		if diff := cmp.Diff(first[s.Name], s.Misconfigurations); diff != "" {
			t.Error(diff)
		}
	}
	again := sample.Configured()
	Evaluate(again)
	if diff := cmp.Diff(r, again); diff != "" {
		t.Error(diff)
	}
}

func TestFindingsNameTheirSubject(t *testing.T) {
	r := report()
	image := r.Platforms[0].Image
	image.User, image.Healthcheck = "0", false
	image.ExposedPorts = []string{"22/tcp", "2222/tcp"}
	image.EnvNames = []string{"B_TOKEN", "PATH", "A_SECRET"}
	image.Volumes = []string{"/run/docker.sock"}
	image.Labels = map[string]string{"run": "docker run -v /run/docker.sock:/x"}
	subjects := func() (out []string) {
		Evaluate(r)
		for i, m := range r.Platforms[0].Stages[0].Misconfigurations {
			out = append(out, m.Check+" "+m.Subject)
			r.Platforms[0].Stages[0].Misconfigurations[i].Instruction = &scan.Layer{Instruction: m.Subject}
		}
		return out
	}
	want := []string{
		"docker-socket /run/docker.sock", "docker-socket run", "root-user 0", "secret-env A_SECRET", "secret-env B_TOKEN",
		"ssh-port 22/tcp", "ssh-port 2222/tcp", "no-healthcheck ",
	}
	if diff := cmp.Diff(want, subjects()); diff != "" {
		t.Error(diff)
	}
	Evaluate(r)
	for _, m := range r.Platforms[0].Stages[0].Misconfigurations {
		if m.Instruction == nil || m.Instruction.Instruction != m.Subject {
			t.Errorf("%s %s: its instruction became %+v", m.Check, m.Subject, m.Instruction)
		}
	}
}

func TestFindingsOfOthersAreKept(t *testing.T) {
	r := report()
	s := &r.Platforms[0].Stages[0]
	s.Misconfigurations = append(Instructions([]Instruction{{Keyword: "ADD", Text: "ADD x /y"}}),
		scan.Misconfiguration{Check: "dockerfile/StageNameCasing", Severity: scan.SeverityLow, Layer: -1},
		scan.Misconfiguration{Check: "root-user", Severity: scan.SeverityHigh, Layer: -1, Message: "of another time"})
	if diff := cmp.Diff([]string{"add-local -1: ADD x /y: COPY does the same", "dockerfile/StageNameCasing -1: "}, seen(r)); diff != "" {
		t.Error(diff)
	}
}

func TestBuildStagesAreQuiet(t *testing.T) {
	r := report()
	p := &r.Platforms[0]
	build := p.Stages[0]
	build.Name, build.Final = "build", false
	build.Files = []scan.FileFact{fact(scan.FileSetuid, "a", 2), fact(scan.FileGit, ".git", 2), {Kind: scan.FilePackageCache, Path: "c", Size: 1e9, Layer: 2}}
	build.EndOfLife = "2020-01-01"
	p.Stages = []scan.Stage{build, p.Stages[0]}
	if got := seen(r); got != nil {
		t.Error(got)
	}
}

func TestSharedBaseIsReportedOnce(t *testing.T) {
	r := report()
	p := &r.Platforms[0]
	p.Stages[0].Base = &scan.Base{Ref: "debian", Name: "docker.io/library/debian", Tag: "latest", Untagged: true}
	build, other := p.Stages[0], p.Stages[0]
	build.Name, build.Final = "build", false
	other.Name, other.Final, other.Base = "other", false, &scan.Base{Ref: "alpine", Name: "docker.io/library/alpine", Tag: "latest", Untagged: true}
	p.Stages = []scan.Stage{build, other, p.Stages[0]}
	Evaluate(r)
	var got []int
	for _, s := range p.Stages {
		got = append(got, len(s.Misconfigurations))
	}
	if diff := cmp.Diff([]int{0, 1, 1}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPathsAreBounded(t *testing.T) {
	r := report()
	s := &r.Platforms[0].Stages[0]
	for i := range 100 {
		s.Files = append(s.Files, fact(scan.FileGit, fmt.Sprintf("%03d/.git", i), 2))
	}
	Evaluate(r)
	m := s.Misconfigurations[0]
	if len(m.Paths) != 20 || m.Count != 100 || m.Paths[0] != "000/.git" {
		t.Errorf("%d paths of %d, first %s", len(m.Paths), m.Count, m.Paths[0])
	}
}

func TestHostileFactsAreHarmless(t *testing.T) {
	evil := "\x1b[2J\nx"
	r := report()
	p := &r.Platforms[0]
	p.Image = &scan.ImageConfig{User: evil, ExposedPorts: []string{evil, "-", "99999999999999999999", "1-" + evil}, EnvNames: []string{"A_SECRET" + "", evil + "_TOKEN"}, Volumes: []string{evil + "/docker.sock"}, Labels: map[string]string{evil: "/docker.sock"}}
	s := &p.Stages[0]
	s.Base = &scan.Base{Ref: evil, Name: evil, Tag: evil, CurrentDigest: evil, Pinned: true, Missing: true}
	for _, kind := range []string{scan.FileSetuid, scan.FileSetgid, scan.FileWorldWritable, scan.FileGit, scan.FileEnv, scan.FileSSHKey, scan.FileCore, scan.FilePackageCache, scan.FileSocket, scan.FileProgram} {
		for _, layer := range []int{-5, 0, 2, 99} {
			s.Files = append(s.Files, scan.FileFact{Kind: kind, Path: evil, Mode: evil, Size: 1 << 62, Layer: layer})
		}
	}
	s.Owners = []scan.Owner{{UID: -1, GID: 1 << 40, Count: 2, Path: evil, Layer: 99}}
	s.Packages = append(s.Packages, scan.Package{Name: "sudo", Version: evil, Type: "deb", First: -9}, scan.Package{Name: "stdlib", Type: "golang", Version: "1.10", Path: evil, Last: 99})
	for _, m := range seen(r) {
		for _, c := range m {
			if c < ' ' {
				t.Errorf("%q", m)
				break
			}
		}
	}
}
