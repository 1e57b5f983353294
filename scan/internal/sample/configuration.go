package sample

import (
	"time"

	"github.com/scan-build/scan-build/scan"
)

// Configured returns the report of [Report] with facts about configuration,
// files, accounts and base images, of which configuration checks find much, and
// with findings of BuildKit's lint rules.
func Configured() *scan.Report {
	r := Report()
	r.Build = &scan.Build{Revision: "c0ffee", Branch: "main", Dockerfile: "Dockerfile"}
	for i := range r.Platforms {
		p := &r.Platforms[i]
		p.Image = imageConfig()
		configureBuild(&p.Stages[0])
		configureFinal(&p.Stages[1])
	}
	return r
}

func imageConfig() *scan.ImageConfig {
	created := time.Date(2026, 2, 3, 9, 59, 0, 0, time.UTC)
	return &scan.ImageConfig{
		User:         "app",
		ExposedPorts: []string{"8080/tcp", "22/tcp", "80/tcp"},
		EnvNames:     []string{"PATH", "AWS_ACCESS_KEY_ID", "DB_PASSWORD", "DB_PASSWORD_FILE", "GPG_KEY"},
		Volumes:      []string{"/data", "/var/run/docker.sock"},
		Labels:       map[string]string{"org.opencontainers.image.title": "app"},
		Entrypoint:   []string{"/app/bin/tool"},
		WorkingDir:   "/app",
		Created:      &created,
	}
}

func configureBuild(s *scan.Stage) {
	s.Base = &scan.Base{
		Ref: "node:20-alpine", Name: "docker.io/library/node", Tag: "20-alpine", Digest: digest("a"),
	}
	s.Files = []scan.FileFact{{Path: "root/.npm", Kind: scan.FilePackageCache, Size: 30_000_000, Dir: true, Layer: 1}}
}

func configureFinal(s *scan.Stage) {
	s.EndOfLife = "2028-06-30"
	s.Base = &scan.Base{
		Ref: "debian:12@" + digest("d"), Name: "docker.io/library/debian", Tag: "12", Digest: digest("d"), Pinned: true, CurrentDigest: digest("e"),
	}
	s.Accounts = &scan.Accounts{Users: []int{0, 1, 1000}, Groups: []int{0, 1, 1000}, Names: map[string]int{"root": 0, "daemon": 1, "app": 1000}}
	s.Owners = []scan.Owner{
		{UID: 1000, GID: 1000, Count: 3, Path: "app/data", Layer: 2},
		{UID: 501, GID: 20, Count: 214, Path: "app/node_modules/minimist/index.js", Layer: 2},
	}
	s.Files = []scan.FileFact{
		{Path: "core.4711", Kind: scan.FileCore, Mode: "0600", Size: 12_000_000, Layer: 1, Removed: 2},
		{Path: "app/.env", Kind: scan.FileEnv, Mode: "0644", Size: 120, Layer: 2},
		{Path: "app/.env.example", Kind: scan.FileEnv, Mode: "0644", Size: 80, Layer: 2},
		{Path: "app/.git", Kind: scan.FileGit, Mode: "0755", Size: 2_100_000, Dir: true, Layer: 2},
		{Path: "var/lib/apt/lists", Kind: scan.FilePackageCache, Size: 19_400_000, Dir: true, Layer: 1},
		{Path: "usr/local/bin/agent", Kind: scan.FileProgram, Mode: "0755", Size: 8_000_000, Layer: 0},
		{Path: "app/bin/helper", Kind: scan.FileSetuid, Mode: "4755", Size: 90_000, Layer: 2},
		{Path: "usr/bin/passwd", Kind: scan.FileSetuid, Mode: "4755", Size: 68_000, Package: "passwd", Layer: 0},
		{Path: "root/.ssh/id_ed25519", Kind: scan.FileSSHKey, Mode: "0600", Size: 400, Layer: 1, Removed: 2},
		{Path: "app/data", Kind: scan.FileWorldWritable, Mode: "0777", Dir: true, Layer: 2},
	}
	s.Misconfigurations = []scan.Misconfiguration{{
		Check: "dockerfile/SecretsUsedInArgOrEnv", Severity: scan.SeverityMedium, Title: "Sensitive data should not be used in the ARG or ENV commands",
		Message: `Do not use ARG or ENV instructions for sensitive data (ENV "AWS_ACCESS_KEY_ID")`,
		URL:     "https://docs.docker.com/go/dockerfile/rule/secrets-used-in-arg-or-env/", Layer: -1,
		Instruction: &scan.Layer{Instruction: "ENV AWS_ACCESS_KEY_ID=AKIA…WXYZ", Stage: "final", File: "Dockerfile", StartLine: 10, EndLine: 10},
	}}
}

func digest(digit string) string {
	d := "sha256:"
	for len(d) < 7+64 {
		d += digit
	}
	return d
}
