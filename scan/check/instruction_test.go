package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

// ids returns the checks that find something in one instruction.
func ids(text string, final bool) []string {
	keyword, _, _ := strings.Cut(text, " ")
	var out []string
	for _, m := range Instructions([]Instruction{{Keyword: keyword, Text: text, Stage: "final", Final: final}}) {
		out = append(out, m.Check)
	}
	slices.Sort(out)
	return out
}

func TestInstructions(t *testing.T) {
	for _, tc := range []struct {
		want  string
		texts []string
	}{
		{"pipe-to-shell", []string{
			`RUN curl -fsSL https://get.example | sh`,
			`run curl -fsSL https://get.example | bash -s -- -y`,
			`RUN apt-get install -y curl && curl https://x.example/i.sh 2>&1 | bash -e -`,
			"RUN wget -O- https://x.example/install \\\n  | bash",
			`RUN wget -qO - https://x.example | tee i.sh | /bin/bash -ex`,
			`RUN bash <(curl -s https://x.example)`,
			`RUN source <(wget -O- https://x.example)`,
			`RUN . <(curl https://x.example)`,
			`RUN sh -c "$(curl -fsSL https://x.example/install.sh)"`,
			`RUN bash -euxc "curl https://x.example | sh"`,
			"RUN eval \"`curl https://x.example`\"",
			`RUN (curl https://x.example) | ( sh )`,
			`RUN if ! curl https://x.example | sh; then exit 1; fi`,
			`RUN curl https://x.example/get-pip.py | python3`,
			`RUN curl https://x.example/get-pip.py | python3.11 -`,
			`RUN curl https://x.example |& sh`,
			`RUN ["bash", "-c", "curl https://x.example | sh"]`,
			`RUN --mount=type=cache,target=/root/.cache --network=default curl https://x.example | FOO=1 sh`,
			"RUN <<EOF\nset -e\ncurl https://x.example | sh\nEOF",
			`RUN curl https://x.example | env DEBUG=1 sh > /dev/null`,
		}},
		{"", []string{
			`RUN curl https://x.example/a.tar.gz | tar xz`,
			`RUN curl https://x.example/key.asc | gpg --dearmor -o /k.gpg`,
			`RUN curl https://x.example/v.json | python3 -c 'import json'`,
			`RUN curl https://x.example/v.json | python3 -m json.tool`,
			`RUN curl https://x.example | sh -c 'cat > /dev/null'`,
			`RUN curl https://x.example | bash ./process.sh`,
			`RUN V=$(curl https://x.example/v) && echo "$V" | sh -c cat`,
			`RUN curl -o i.sh https://x.example && echo "abc i.sh" | sha256sum -c && sh i.sh`,
			`RUN curl https://x.example || sh fallback.sh`,
			`RUN echo "curl https://x.example | sh"`,
			`RUN echo 'curl x | sh' # curl x | sh`,
			`RUN cat script.sh | sh`,
			`COPY curl.sh /usr/bin/`,
			`RUN curl https://x.example >| sh`,
			`RUN apt-get update && apt-get install -y curl`,
			`RUN apt-get update && ./install.sh`,
			`RUN apk add --no-cache git`,
			`ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://x.example/a.tgz /`,
			`ADD https://github.com/moby/buildkit.git#8f4b2a1c9d3e5f60718293a4b5c6d7e8f9012345 /src`,
			`ADD rootfs.tar.xz /`, `ADD ["a.tgz", "/a dir/"]`, `ADD $FILE /x`,
			`RUN curl -fsSL -o /k https://x.example`, `RUN curl -okey https://x.example`, `RUN curl -Hk:v https://x.example`,
			`RUN echo sudo`, `RUN`, `ADD`, `ADD x`, `RUN "`, `RUN $(`, "RUN `", `RUN []`, `ADD [}`, `RUN |||&&;;`, `RUN \`,
		}},
		{"add-remote", []string{
			`ADD https://x.example/a.tgz /`, `ADD --chown=1 http://x.example/a /`, `ADD git@github.com:moby/buildkit.git /src`,
			`ADD https://github.com/moby/buildkit.git#v0.14.1 /src`, `ADD ["https://x.example/a b", "/x/"]`,
		}},
		{"add-local", []string{`ADD app /app`, `ADD --chown=app . /app`, `ADD ["a b", "c", "/x/"]`}},
		{"unverified-install", []string{
			`RUN apt-get update && apt-get install -y --allow-unauthenticated x`, `RUN yum --nogpgcheck install x`,
			`RUN apk add --allow-untrusted x.apk`, `RUN curl -fsSLk https://x.example -o x`, `RUN wget --no-check-certificate https://x.example`,
			`RUN pip install --trusted-host=pypi.org x`, `RUN zypper --no-gpg-checks in x`,
		}},
		{"update-alone", []string{`RUN apt-get update`, `RUN set -ex; apt-get -qq update && rm -rf /tmp/*`, `RUN apk update`, `RUN sh -c "apt update"`}},
		{"sudo-instruction", []string{`RUN sudo apt-get install -y x`, `RUN cd /x && sudo -E -u root make install`, `RUN sudo -v`, `RUN ["sudo", "ls"]`}},
	} {
		var want []string
		if tc.want != "" {
			want = []string{tc.want}
		}
		for _, text := range tc.texts {
			if diff := cmp.Diff(want, ids(text, true)); diff != "" {
				t.Errorf("%s\n%s", text, diff)
			}
		}
	}
}

func TestFlagsMayComeApartFromTheText(t *testing.T) {
	in := Instruction{Keyword: "ADD", Text: "https://x.example/a /", Flags: []string{"--checksum=sha256:ab"}}
	if got := Instructions([]Instruction{in}); got != nil {
		t.Error(got)
	}
}

func TestSudoMattersInTheImageAlone(t *testing.T) {
	if got := ids("RUN sudo make", false); got != nil {
		t.Error(got)
	}
	if got := ids("RUN curl https://x.example | sh", false); len(got) != 1 {
		t.Error("what a build stage downloads goes into the image as well")
	}
}

func TestFindingOfAnInstructionSaysWhere(t *testing.T) {
	in := Instruction{Keyword: "RUN", Text: "RUN curl \x1b[2Jhttps://x.example | sh", Stage: "build", File: "Dockerfile", StartLine: 3, EndLine: 4}
	got := Instructions([]Instruction{in})
	want := []scan.Misconfiguration{{
		Check: "pipe-to-shell", Severity: scan.SeverityMedium, Title: "A download is run without having been checked",
		Message: `what curl gets is run by sh unseen: RUN curl \x1b[2Jhttps://x.example | sh`,
		URL:     "https://docs.docker.com/reference/dockerfile/#add---checksum", Layer: -1,
		Instruction: &scan.Layer{Instruction: in.Text, Stage: "build", File: "Dockerfile", StartLine: 3, EndLine: 4},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHostileScriptsEnd(t *testing.T) {
	for _, text := range []string{
		"RUN " + strings.Repeat("$(", 200_000), "RUN " + strings.Repeat("sh -c '", 50_000), "RUN " + strings.Repeat("`", 300_001),
		"RUN " + strings.Repeat("curl x | ", 60_000), "RUN " + strings.Repeat("sudo ", 100_000), "RUN " + strings.Repeat("$(curl ", 50_000) + strings.Repeat(")", 50_000),
		"RUN " + strings.Repeat("--x ", 100_000), "RUN " + strings.Repeat("\\\n", 100_000),
	} {
		ids(text, true)
	}
}

func FuzzInstructions(f *testing.F) {
	for _, s := range []string{"RUN curl x | sh", `RUN ["a"]`, "ADD a b", "RUN $(`\"'\\"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		ids(text, true)
		Instructions([]Instruction{{Keyword: "RUN", Text: text}, {Keyword: "ADD", Text: text}, {Text: text}})
	})
}
