package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

func printed(warnings []Warning) string {
	var b strings.Builder
	for _, w := range warnings {
		fmt.Fprintf(&b, "line %d: %s\n", w.Layer.StartLine, w.Short)
		for _, d := range w.Detail {
			fmt.Fprintf(&b, "    %s\n", d)
		}
		if w.URL != "" {
			fmt.Fprintf(&b, "    %s\n", w.URL)
		}
	}
	return b.String()
}

func TestSecretsReadWell(t *testing.T) {
	o := options("critical", true)
	o.Secrets.Mode = config.SecretsBlock
	golden(t, "block-secrets.txt", BlockMessage(evaluated(t, sample.Report(), o))+"\n")

	o = judgingSecrets(config.SecretsWarn, until("2025-12-31", config.SecretAllow{Rule: "private-key", Path: "root/**"}))
	r := evaluated(t, sample.Report(), o)
	for i := range r.Platforms {
		for j := range r.Platforms[i].Stages {
			r.Platforms[i].Stages[j].Findings = nil
		}
	}
	golden(t, "warnings-secrets.txt", printed(Warnings(r)))
}

func TestBlockHeadlineNamesWhatThereIs(t *testing.T) {
	one := fileSecret("a", "1", "x", 1, 0)
	both := sample.Report()
	o := options("critical", false)
	o.Secrets.Mode = config.SecretsBlock
	for want, r := range map[string]*scan.Report{
		"1 secret blocks this image": evaluated(t, withSecrets([]scan.Secret{one}), o),
		"2 secrets block this image": evaluated(t, withSecrets([]scan.Secret{one, fileSecret("a", "2", "x", 1, 0)}), o),
		"3 secrets and 3 findings block this image: 3 critical (fail-on critical)": evaluated(t, both, o),
	} {
		got, _, _ := strings.Cut(BlockMessage(r), "\n")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestOneSecretInManyPlacesIsSaidOnce(t *testing.T) {
	run := &scan.Layer{Instruction: "RUN curl -H ab…yz", Stage: "final", File: "Dockerfile", StartLine: 3, EndLine: 3}
	secrets := []scan.Secret{
		{Rule: "a", Fingerprint: "1", Source: scan.SecretInConfig, Path: "History", Line: 4, Layer: -1},
		fileSecret("a", "1", "srv/b", 2, 1),
		fileSecret("a", "1", "srv/a", 1, 0),
		{Rule: "a", Fingerprint: "1", Source: scan.SecretInDockerfile, Path: "Dockerfile", Line: 3, Layer: -1, Instruction: run, Redacted: "ab…yz"},
	}
	for i := range 3 {
		secrets = append(secrets, fileSecret("a", "1", fmt.Sprintf("srv/c%d", i), 1, 1))
	}
	r := evaluated(t, withSecrets(secrets, fileSecret("a", "1", "root/x", 8, 0)), judgingSecrets(config.SecretsBlock))
	m := BlockMessage(r)
	for _, want := range []string{
		"1 secret blocks this image\n\nDockerfile:3  RUN curl -H ab…yz\n  SECRET  a  ab…yz  Dockerfile:3\n",
		"also in srv/a:1 (Dockerfile:5), srv/b:2 (Dockerfile:6), srv/c0:1 (Dockerfile:6), 4 more\n",
	} {
		if !strings.Contains(m, want) {
			t.Errorf("no %q in\n%s", want, m)
		}
	}
	if n := strings.Count(m, "SECRET"); n != 1 {
		t.Errorf("said %d times:\n%s", n, m)
	}
	if w := Warnings(r); len(w) != 0 {
		t.Errorf("the image's secret is repeated for the build stage: %+v", w)
	}
}

func TestPlaceOfABuildStageIsNamed(t *testing.T) {
	r := evaluated(t, withSecrets([]scan.Secret{fileSecret("a", "1", "app/x", 1, 0)}, fileSecret("a", "1", "src/x", 1, 0)), judgingSecrets(config.SecretsBlock))
	if m := BlockMessage(r); !strings.Contains(m, "also in src/x:1 (Dockerfile:2)\n") {
		t.Error(m)
	}
}

func TestDeletedFileIsSaidToBeInTheImage(t *testing.T) {
	s := fileSecret("a", "1", "x", 1, 0)
	s.Removed = 1
	const want = "removed by Dockerfile:6, but deleting the file in a later layer does not remove it from the image"
	r := evaluated(t, withSecrets([]scan.Secret{s}), judgingSecrets(config.SecretsBlock))
	if m := BlockMessage(r); !strings.Contains(m, want) {
		t.Error(m)
	}
	r = evaluated(t, r, judgingSecrets(config.SecretsWarn))
	if w := printed(Warnings(r)); !strings.Contains(w, want) {
		t.Error(w)
	}
}

func TestSecretRemediesFitTheInstruction(t *testing.T) {
	in := func(source scan.SecretSource, path, text, base string) scan.BlockingSecret {
		return scan.BlockingSecret{
			Secret: scan.Secret{Rule: "npm-access-token", Fingerprint: "1", Source: source, Path: path},
			Layer:  scan.Layer{Instruction: text, Base: base, StartLine: 1},
		}
	}
	const file, conf, dockerfile = scan.SecretInFile, scan.SecretInConfig, scan.SecretInDockerfile
	for name, tc := range map[string]struct {
		found scan.BlockingSecret
		want  string
	}{
		"RUN":        {in(file, "root/.npmrc", "RUN npm login", ""), "mount the secret into the step instead of writing it: RUN --mount=type=secret,id=npmrc,target=/root/.npmrc …, built with --secret id=npmrc,src=FILE"},
		"COPY":       {in(file, "app/.env", "copy . .", ""), "list the file in .dockerignore; a step that needs it: RUN --mount=type=secret,id=env,target=/app/.env …, built with --secret id=env,src=FILE"},
		"odd path":   {in(file, "app/a b,c.env", "COPY . .", ""), "list the file in .dockerignore; a step that needs it: RUN --mount=type=secret,id=abc.env …, built with --secret id=abc.env,src=FILE"},
		"archive":    {in(file, "app/x.zip!.env", "ADD x.zip .", ""), "list the file in .dockerignore; a step that needs it: RUN --mount=type=secret,id=x.zip …, built with --secret id=x.zip,src=FILE"},
		"COPY stage": {in(file, "app/.env", "COPY --from=build /src /app", ""), "copy only what the image needs, and leave the secret where it is"},
		"base image": {in(file, "etc/key", "ADD rootfs /", "docker.io/team/base:1@sha256:ab"), "use another base image, or have whoever publishes team/base:1 take it out"},
		"ARG":        {in(dockerfile, "Dockerfile", "ARG TOKEN=npm_…", ""), "give it to the step that needs it, RUN --mount=type=secret,id=npm-access-token,env=NAME …, built with --secret id=npm-access-token, or to the container when it starts"},
		"RUN's text": {in(dockerfile, "Dockerfile", "RUN echo npm_…", ""), "mount the secret into the step instead of writing it down: RUN --mount=type=secret,id=npm-access-token,env=NAME …, built with --secret id=npm-access-token"},
		"LABEL":      {in(conf, "Labels", "LABEL x=npm_…", ""), "give it to the step that needs it, RUN --mount=type=secret,id=npm-access-token,env=NAME …, built with --secret id=npm-access-token, or to the container when it starts"},
		"unknown":    {in(conf, "Env", "", ""), "it comes with a build argument or the base image: use a build secret, RUN --mount=type=secret,id=npm-access-token,env=NAME …, built with --secret id=npm-access-token, or the environment of the container"},
	} {
		t.Run(name, func(t *testing.T) {
			g := byOrigin(groupSecrets([]scan.BlockingSecret{tc.found}))
			if diff := cmp.Diff(tc.want, g[0].remedy()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The entry that a message proposes accepts the secret once a reason is given,
// and is refused before.
func TestProposedEntryAcceptsTheSecret(t *testing.T) {
	r := evaluated(t, sample.Report(), judgingSecrets(config.SecretsBlock))
	_, snippet, ok := strings.Cut(BlockMessage(r), "with a reason:\n")
	snippet, _, _ = strings.Cut(snippet, "\n\n")
	if !ok {
		t.Fatal("no entry is proposed")
	}
	if _, err := config.ParseYAML(config.FileName, []byte(snippet)); err == nil || !strings.Contains(err.Error(), "reason: is empty") {
		t.Errorf("without a reason: %v", err)
	}
	file, err := config.ParseYAML(config.FileName, []byte(strings.ReplaceAll(snippet, `reason: ""`, "reason: revoked")))
	if err != nil {
		t.Fatalf("%v in\n%s", err, snippet)
	}
	o, err := file.Options()
	if err != nil {
		t.Fatal(err)
	}
	if v := evaluated(t, r, judgingSecrets(config.SecretsBlock, o.Secrets.Allow...)).Verdict; len(v.Secrets) != 0 {
		t.Errorf("still blocked by %v", blockingSecrets(v))
	}
}

func TestManySecretsAreCountedNotListed(t *testing.T) {
	var secrets []scan.Secret
	for i := range 1000 {
		secrets = append(secrets, fileSecret("a", fmt.Sprint(i), fmt.Sprintf("f%d", i), 1, i%2))
	}
	r := evaluated(t, withSecrets(secrets), judgingSecrets(config.SecretsBlock))
	m := BlockMessage(r)
	if !strings.Contains(m, "1000 secrets block this image") || !strings.Contains(m, "… and 990 more secrets") {
		t.Error(m)
	}
	if n := strings.Count(m, "\n"); n >= screen {
		t.Errorf("%d lines", n)
	}
	for i := range secrets { // one in each of many instructions
		secrets[i].Layer, secrets[i].Instruction = -1, &scan.Layer{Instruction: "ENV x", StartLine: i + 1}
	}
	w := Warnings(evaluated(t, r, judgingSecrets(config.SecretsWarn)))
	if len(w) != shownSecretWarnings+1 || w[shownSecretWarnings].Short != "995 more secrets in 995 other instructions" {
		t.Errorf("%d warnings, the last is %q", len(w), w[len(w)-1].Short)
	}
}

func TestOneKeyInTenThousandFilesIsGroupedInTime(t *testing.T) {
	var secrets []scan.Secret
	for i := range 50_000 {
		secrets = append(secrets, fileSecret("a", "1", fmt.Sprintf("f%d", i), 1, 0))
	}
	r := evaluated(t, withSecrets(secrets), judgingSecrets(config.SecretsBlock))
	if m := BlockMessage(r); !strings.Contains(m, "49996 more\n") {
		t.Error(m)
	}
}

func TestForeignTextOfSecretsCannotDriveTheTerminal(t *testing.T) {
	evil := "\x1b[2J\r\nERROR\u202e"
	s := fileSecret("a"+evil, "1"+evil, "p"+evil, 1, 0)
	s.Redacted, s.Description, s.Removed = evil+strings.Repeat("x", 500), evil, 1
	c := s
	c.Source, c.Layer, c.Fingerprint = scan.SecretInConfig, -1, ""
	r := withSecrets([]scan.Secret{s, c}, fileSecret("b"+evil, "2", evil, 1, 0))
	allow := until("2020-01-01", config.SecretAllow{Rule: evil, Path: evil, Fingerprint: evil})
	allow.File += evil
	text := BlockMessage(evaluated(t, r, judgingSecrets(config.SecretsBlock, allow)))
	for _, mode := range []config.SecretMode{config.SecretsBlock, config.SecretsWarn} {
		for _, w := range Warnings(evaluated(t, r, judgingSecrets(mode, allow))) {
			text += w.Short + strings.Join(w.Detail, "") + w.URL
		}
	}
	if i := strings.IndexAny(text, "\x1b\r\u202e"); i >= 0 {
		t.Errorf("control character in %q", text[max(0, i-40):i+10])
	}
	if strings.Contains(text, strings.Repeat("x", redactedWidth)) {
		t.Error("a redacted form is shown at any length")
	}
}
