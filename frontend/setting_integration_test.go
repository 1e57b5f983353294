package frontend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/hack/testenv"
)

// withConfig pushes a base image that exposes a port and has a variable and a user.
func (w *workshop) withConfig(t *testing.T) string {
	t.Helper()
	config := testenv.BaseConfig()
	config.ExposedPorts = map[string]struct{}{"2222/tcp": {}}
	config.Env = append(config.Env, "BASE_TOKEN=x")
	config.Labels = map[string]string{"old": "-v /run/docker.sock", "run": "-v /run/docker.sock"}
	config.User = "root"
	return w.Push(t, repository()+":1", testenv.Image{
		Config: config, Created: time.Unix(1_700_000_000, 0), DockerTypes: true,
		Layers: []testenv.Layer{npmLayer()},
	})
}

func TestConfigurationFindingsNameTheirLine(t *testing.T) {
	w := engine(t)
	base := w.withConfig(t)
	p := w.project(t, map[string]string{"Dockerfile": strings.NewReplacer("BASE", base).Replace(`FROM BASE AS common
ARG PORT=80
ENV A_TOKEN=1 PLAIN=2
EXPOSE 22 8080
EXPOSE 443
LABEL run="docker run -v /var/run/docker.sock:/x"
FROM scratch AS other
EXPOSE 22
FROM common
EXPOSE $PORT 443
ENV A_TOKEN=3 \
  B_TOKEN=4
VOLUME /run/docker.sock
HEALTHCHECK NONE
`)})
	want := []string{
		"docker-socket /run/docker.sock Dockerfile:13-13",
		"docker-socket old Dockerfile:1-1 base",
		"docker-socket run Dockerfile:6-6",
		"root-user root Dockerfile:1-1 base",
		"secret-env A_TOKEN Dockerfile:11-12",
		"secret-env BASE_TOKEN Dockerfile:1-1 base",
		"secret-env B_TOKEN Dockerfile:11-12",
		"ssh-port 22/tcp Dockerfile:4-4",
		"ssh-port 2222/tcp Dockerfile:1-1 base",
		"no-healthcheck  Dockerfile:14-14",
		"privileged-port 443/tcp Dockerfile:10-10",
		"privileged-port 80/tcp Dockerfile:10-10",
	}
	for road, build := range roads() {
		t.Run(road, func(t *testing.T) {
			if diff := cmp.Diff(want, placed(t, p, build)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsMissingIsSaidAtTheImagesOwnStage(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE AS one\nRUN touch /a\nFROM one\nRUN touch /b\n"})
	want := []string{"no-user  Dockerfile:3-3", "no-healthcheck  Dockerfile:3-3"}
	if diff := cmp.Diff(want, placed(t, p, (*project).scanBuild)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// placed lists the findings about an image's configuration with their lines.
func placed(t *testing.T, p *project, build func(*project, *testing.T, ...string) *build) []string {
	t.Helper()
	var out []string
	for _, m := range p.report(t, build, "--build-arg", "SCAN_FAIL_ON=none").Platforms[0].FinalStage().Misconfigurations {
		in := m.Instruction
		if in == nil || m.Layer >= 0 || m.FromLint() {
			continue
		}
		line := fmt.Sprintf("%s %s %s:%d-%d", m.Check, m.Subject, in.File, in.StartLine, in.EndLine)
		if in.Base != "" {
			line += " base"
		}
		out = append(out, line)
	}
	return out
}

// What blocks is shown with its lines, whatever kind it is.
func TestBlockedConfigurationShowsItsLine(t *testing.T) {
	w := engine(t)
	for road, build := range roads() {
		t.Run(road, func(t *testing.T) {
			p := w.project(t, map[string]string{
				"Dockerfile":       "FROM $BASE\nRUN touch /a\nEXPOSE 22\nUSER 1000\nHEALTHCHECK CMD true\n",
				".scan-build.yaml": "checks: {rules: {ssh-port: block}}\n",
			})
			build(p, t).exits(t, blockedCode(road)).says(t, "Dockerfile:3  EXPOSE", "ssh-port", "port of SSH")
		})
	}
}
